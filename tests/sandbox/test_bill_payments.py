"""Bill payments: §§7.11, 8.1 and 9 of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def vendor(books: Books) -> Any:
    return books.make("Vendor", {"DisplayName": "Norton Lumber"})


def bill(books: Books, vendor: Doc, amount: object, **more: Any) -> Doc:
    made: Doc = books.make("Bill", books.bill(vendor, books.expense(amount), **more))
    return made


def credit(books: Books, vendor: Doc, amount: object) -> Doc:
    made: Doc = books.make("VendorCredit", books.bill(vendor, books.expense(amount)))
    return made


def takes(doc: Doc, amount: object, kind: str = "Bill") -> Doc:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]}


def payment(books: Books, vendor: Doc, total: object, *lines: Doc, **more: Any) -> Doc:
    bank = {"BankAccountRef": {"value": books.account("Checking")["Id"]}}
    body = {"VendorRef": {"value": vendor["Id"]}, "TotalAmt": total, "PayType": "Check", "CheckPayment": bank}
    return {**body, "TxnDate": "2026-03-02", "Line": list(lines), **more}


def journal(books: Books, vendor: Doc, amount: object, *, owed: bool) -> Doc:
    """Make an entry that adds to what the vendor is owed, or takes off it."""

    def side(posting: str, subtype: str, **detail: Any) -> Doc:
        body = {"PostingType": posting, "AccountRef": {"value": books.account(subtype)["Id"]}, **detail}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": body}

    entity = {"Type": "Vendor", "EntityRef": {"value": vendor["Id"]}}
    sides = ("Credit", "Debit") if owed else ("Debit", "Credit")
    lines = [side(sides[0], "AccountsPayable", Entity=entity), side(sides[1], "Travel")]
    made: Doc = books.make("JournalEntry", {"TxnDate": "2026-03-01", "Line": lines})
    return made


def refund(books: Books, vendor: Doc, amount: object) -> Doc:
    """Make a deposit of money that the vendor gave back."""
    detail = {
        "AccountRef": {"value": books.account("AccountsPayable")["Id"]},
        "Entity": {"value": vendor["Id"], "type": "VENDOR"},
    }
    line = {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
    checking = {"value": books.account("Checking")["Id"]}
    made: Doc = books.make("Deposit", {"DepositToAccountRef": checking, "TxnDate": "2026-03-01", "Line": [line]})
    return made


def stored(books: Books, doc: Doc, kind: str = "Bill") -> Doc:
    found: Doc = books.get(f"{kind.lower()}/{doc['Id']}")[kind]
    return found


def test_a_cheque_pays_a_bill_and_both_show_it(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 200)
    made = books.make("BillPayment", payment(books, vendor, 200, takes(owed, 200), PrivateNote="Acct. 1JK90"))
    assert made["Line"] == [takes(owed, Decimal("200.00"))]
    assert (made["TotalAmt"], made["CheckPayment"]["PrintStatus"]) == (200, "NotSet")
    assert made["VendorRef"]["name"] == "Norton Lumber"
    assert not {"APAccountRef", "Balance", "DocNumber"} & made.keys()
    paid = stored(books, owed)
    assert (paid["Balance"], paid["SyncToken"]) == (0, "1")
    assert paid["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "BillPaymentCheck"}]
    assert (books.owed_to(vendor), books.balance("AccountsPayable"), books.balance("Checking")) == (0, 0, -200)
    assert books.all("BillPayment", f"where VendorRef = '{vendor['Id']}'") == [made]


def test_a_card_pays_a_part_and_another_payment_the_rest(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 100)
    card = {"CCAccountRef": {"value": books.account("CreditCard")["Id"]}}
    by_card = payment(books, vendor, 40, takes(owed, 40), PayType="CreditCard", CreditCardPayment=card)
    made = books.make("BillPayment", by_card)
    assert "CheckPayment" not in made
    assert stored(books, owed)["Balance"] == 60
    assert stored(books, owed)["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "BillPaymentCreditCard"}]
    assert books.balance("CreditCard") == 40
    rest = books.make("BillPayment", payment(books, vendor, 60, takes(owed, 60)))
    assert [link["TxnId"] for link in stored(books, owed)["LinkedTxn"]] == [made["Id"], rest["Id"]]
    assert stored(books, owed)["Balance"] == 0


@pytest.mark.parametrize("owed", [True, False], ids=["journal entry as a bill", "journal entry as a credit"])
def test_journal_entries_on_payables_are_paid_and_applied_like_bills_and_credits(
    books: Books, vendor: Any, owed: bool
) -> None:
    entry = journal(books, vendor, 50, owed=owed)
    if owed:
        made = books.make("BillPayment", payment(books, vendor, 50, takes(entry, 50, "JournalEntry")))
        assert books.balance("Checking") == -50
    else:
        lines = [takes(bill(books, vendor, 80), 80), takes(entry, 50, "JournalEntry")]
        made = books.make("BillPayment", payment(books, vendor, 30, *lines))
        assert books.balance("Checking") == -30
    assert books.owed_to(vendor) == 0
    assert stored(books, entry, "JournalEntry")["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "BillPaymentCheck"}]
    again = payment(books, vendor, 1, takes(entry, 1, "JournalEntry"))
    books.refuse("billpayment", again, "6000")


def test_a_vendor_credit_is_applied_without_money_or_bank(books: Books, vendor: Any) -> None:
    owed, back = bill(books, vendor, 30), credit(books, vendor, 45)
    body = payment(books, vendor, 0, takes(owed, 30), takes(back, 30, "VendorCredit"))
    body["CheckPayment"] = {"PrintStatus": "NotSet"}
    made = books.make("BillPayment", body)
    assert made["TotalAmt"] == 0
    assert (stored(books, owed)["Balance"], stored(books, back, "VendorCredit")["Balance"]) == (0, 15)
    assert (books.owed_to(vendor), books.balance("Checking")) == (-15, 0)
    assert stored(books, back, "VendorCredit")["LinkedTxn"][0]["TxnType"] == "BillPaymentCheck"


def test_money_that_the_vendor_gave_back_settles_its_credit(books: Books, vendor: Any) -> None:
    back, given = credit(books, vendor, 45), refund(books, vendor, 45)
    body = payment(books, vendor, 0, takes(given, 45, "Deposit"), takes(back, 45, "VendorCredit"))
    del body["CheckPayment"]
    made = books.make("BillPayment", body)
    assert (books.owed_to(vendor), stored(books, back, "VendorCredit")["Balance"]) == (0, 0)
    assert stored(books, given, "Deposit")["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "BillPaymentCheck"}]
    books.refuse("deposit", {"Id": given["Id"], "SyncToken": "1"}, "800", operation="delete")


def test_several_bills_and_credits_are_settled_by_one_cheque(books: Books, vendor: Any) -> None:
    first, second, back = bill(books, vendor, 70), bill(books, vendor, 50), credit(books, vendor, 20)
    lines = [takes(first, 70), takes(second, 50), takes(back, 20, "VendorCredit")]
    books.make("BillPayment", payment(books, vendor, 100, *lines))
    assert [stored(books, doc)["Balance"] for doc in (first, second)] == [0, 0]
    assert (books.owed_to(vendor), books.balance("Checking")) == (0, -100)


def test_what_is_paid_too_much_is_a_credit_of_the_vendor(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 70)
    books.make("BillPayment", payment(books, vendor, 100, takes(owed, 70)))
    assert (books.owed_to(vendor), books.balance("AccountsPayable"), stored(books, owed)["Balance"]) == (-30, 30, 0)


def test_a_payment_follows_the_payables_account_of_its_bill(books: Books, vendor: Any) -> None:
    second = books.make("Account", {"Name": "A/P imports", "AccountType": "Accounts Payable"})
    owed = bill(books, vendor, 70, APAccountRef={"value": second["Id"]})
    books.make("BillPayment", payment(books, vendor, 70, takes(owed, 70)))
    assert books.get(f"account/{second['Id']}")["Account"]["CurrentBalance"] == 0
    moved = {**books.bill(vendor, books.expense(70)), "Id": owed["Id"], "SyncToken": "1"}
    assert books.make("Bill", moved)["Balance"] == 0
    assert books.balance("AccountsPayable") == 0


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"VendorRef": None}, "2020", "VendorRef"),
        ({"TotalAmt": None}, "2020", "TotalAmt"),
        ({"PayType": None}, "2020", "PayType"),
        ({"Line": None}, "2020", "Line"),
        ({"Line": [{"Amount": 10}]}, "2020", "LinkedTxn"),
        ({"Line": [{"Amount": 10, "LinkedTxn": []}]}, "2020", "LinkedTxn"),
        ({"Line": [{"Amount": 10, "LinkedTxn": [{"TxnType": "Bill"}]}]}, "2020", "TxnId"),
        ({"Line": [{"Amount": 10, "LinkedTxn": [{"TxnId": "1"}]}]}, "2020", "TxnType"),
        ({"Line": [{"Amount": 10, "LinkedTxn": [{"TxnId": "999999", "TxnType": "Bill"}]}]}, "610", "TxnId"),
        ({"Line": [{"Amount": 10, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}, "620", "TxnType"),
        ({"CheckPayment": None}, "2020", "CheckPayment"),
        ({"CheckPayment": {}}, "2020", "CheckPayment"),
        ({"CheckPayment": {"PrintStatus": "NotSet"}}, "2020", "BankAccountRef"),
        ({"PayType": "CreditCard"}, "2020", "CreditCardPayment"),
        ({"PayType": "Cash"}, "2170", "PayType"),
        ({"TotalAmt": -1}, "2290", "TotalAmt"),
        ({"TotalAmt": 9}, "6000", "TotalAmt"),
        ({"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ({"VendorRef": {"value": "424242"}}, "2500", "VendorRef"),
        ({"UnappliedAmt": 1}, "2010", "UnappliedAmt"),
    ],
)
def test_a_bad_bill_payment_changes_nothing(books: Books, vendor: Any, change: Any, code: str, element: str) -> None:
    body = {**payment(books, vendor, 10, takes(bill(books, vendor, 10), 10)), **change}
    assert books.refuse("billpayment", body, code)["element"] == element


def test_what_cannot_be_paid_is_refused(books: Books, vendor: Any) -> None:
    owed, other = bill(books, vendor, 10), books.make("Vendor", {"DisplayName": "Other"})
    books.refuse("billpayment", payment(books, vendor, 11, takes(owed, 11)), "6000")
    books.refuse("billpayment", payment(books, vendor, 11, takes(owed, 10), takes(owed, 1)), "6000")
    books.refuse("billpayment", payment(books, vendor, 10, takes(owed, -10)), "2290")
    books.refuse("billpayment", payment(books, other, 10, takes(owed, 10)), "6000")
    back = credit(books, vendor, 20)
    books.refuse("billpayment", payment(books, vendor, 0, takes(back, 20, "VendorCredit")), "6000")
    books.refuse("billpayment", payment(books, vendor, 0, takes(owed, 10), takes(back, 20, "VendorCredit")), "6000")
    entry = journal(books, vendor, 5, owed=True)
    books.refuse("billpayment", payment(books, other, 5, takes(entry, 5, "JournalEntry")), "620")
    wrong = {"BankAccountRef": {"value": books.account("Travel")["Id"]}}
    books.refuse("billpayment", payment(books, vendor, 10, takes(owed, 10), CheckPayment=wrong), "6430")
    card = {"CCAccountRef": {"value": books.account("Checking")["Id"]}}
    by_card = payment(books, vendor, 10, takes(owed, 10), PayType="CreditCard", CreditCardPayment=card)
    books.refuse("billpayment", by_card, "6430")
    double = {"Amount": 10, "LinkedTxn": [*takes(owed, 10)["LinkedTxn"], *takes(back, 10, "VendorCredit")["LinkedTxn"]]}
    books.refuse("billpayment", payment(books, vendor, 10, double), "6000")


def test_a_link_to_a_purchase_is_dropped_without_a_word(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 10)
    lines = [takes(owed, 10), {"Amount": 3, "LinkedTxn": [{"TxnId": "1", "TxnType": "Purchase"}]}]
    made = books.make("BillPayment", payment(books, vendor, 10, *lines))
    assert made["Line"] == [takes(owed, Decimal("10.00"))]


def test_paying_a_paid_bill_is_taken_and_void_at_once(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 10)
    books.make("BillPayment", payment(books, vendor, 10, takes(owed, 10)))
    made = books.make("BillPayment", payment(books, vendor, 10, takes(owed, 10)))
    assert (made["Line"], made["TotalAmt"], made["PrivateNote"]) == ([], 0, "Voided")
    assert (books.owed_to(vendor), books.balance("Checking")) == (0, -10)


@pytest.mark.parametrize("how", ["void", "void by update", "delete"])
def test_a_payment_taken_back_opens_what_it_paid(books: Books, vendor: Any, how: str) -> None:
    owed, back = bill(books, vendor, 30), credit(books, vendor, 10)
    lines = [takes(owed, 30), takes(back, 10, "VendorCredit")]
    made = books.make("BillPayment", payment(books, vendor, 20, *lines, PrivateNote="march"))
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    if how == "delete":
        books.make("BillPayment", token, operation="delete")
    else:
        options = {"operation": "void"} if how == "void" else {"operation": "update", "include": "void"}
        void = books.make("BillPayment", token, **options)
        assert (void["TotalAmt"], void["Line"], void["PrivateNote"]) == (0, [], "Voided - march")
    assert (stored(books, owed)["Balance"], stored(books, owed)["LinkedTxn"]) == (30, [])
    assert stored(books, back, "VendorCredit")["Balance"] == 10
    assert (books.owed_to(vendor), books.balance("Checking")) == (20, 0)


def test_a_payment_is_applied_anew_by_an_update(books: Books, vendor: Any) -> None:
    first, second = bill(books, vendor, 30), bill(books, vendor, 40)
    made = books.make("BillPayment", payment(books, vendor, 30, takes(first, 30)))
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    noted = books.make("BillPayment", {**token, "PrivateNote": "x"})
    assert (noted["Line"], stored(books, first)["Balance"]) == (made["Line"], 0)
    moved = books.make("BillPayment", {**token, "SyncToken": "1", "TotalAmt": 40, "Line": [takes(second, 40)]})
    assert moved["PrivateNote"] == "x"
    assert [stored(books, doc)["Balance"] for doc in (first, second)] == [30, 0]
    assert stored(books, first)["LinkedTxn"] == []
    books.refuse("billpayment", {**token, "SyncToken": "2", "Line": [takes(second, 41)]}, "6000")
    books.refuse("billpayment", {"Id": made["Id"], "SyncToken": "2"}, "2020")


def test_cheques_and_bill_payments_share_their_numbers(books: Books, vendor: Any) -> None:
    owed = bill(books, vendor, 30)
    checking = {"value": books.account("Checking")["Id"]}
    cheque = {"PaymentType": "Check", "AccountRef": checking, "DocNumber": "101", "Line": [books.expense(5)]}
    books.make("Purchase", cheque)
    body = payment(books, vendor, 10, takes(owed, 10), DocNumber="101")
    books.refuse("billpayment", body, "6140")
    books.make("BillPayment", {**body, "DocNumber": "102"})
    books.refuse("purchase", {**cheque, "DocNumber": "102"}, "6140")
    card = {"CCAccountRef": {"value": books.account("CreditCard")["Id"]}}
    by_card = {**body, "PayType": "CreditCard", "CreditCardPayment": card}
    books.make("BillPayment", by_card)
    books.refuse("billpayment", by_card, "6140")
    books.make("BillPayment", body, include="allowduplicatedocnum")


def test_a_bill_that_shrinks_takes_back_what_it_is_not_worth_any_more(books: Books, vendor: Any) -> None:
    owed, back = bill(books, vendor, 100), credit(books, vendor, 30)
    first = books.make("BillPayment", payment(books, vendor, 20, takes(owed, 50), takes(back, 30, "VendorCredit")))
    last = books.make("BillPayment", payment(books, vendor, 50, takes(owed, 50)))
    lines = [books.expense(70)]
    token = {"Id": owed["Id"], "SyncToken": "2", "sparse": True, "VendorRef": owed["VendorRef"]}
    shrunk = books.make("Bill", {**token, "Line": lines})
    assert shrunk["Balance"] == 0
    assert stored(books, last, "BillPayment")["Line"] == [takes(owed, Decimal("20.00"))]
    assert books.owed_to(vendor) == -30
    shrunk = books.make("Bill", {**token, "SyncToken": "3", "Line": [books.expense(10)]})
    assert (shrunk["Balance"], shrunk["LinkedTxn"]) == (0, [{"TxnId": first["Id"], "TxnType": "BillPaymentCheck"}])
    assert stored(books, last, "BillPayment")["Line"] == []
    kept = stored(books, first, "BillPayment")
    assert [line["Amount"] for line in kept["Line"]] == [10, 10]
    assert stored(books, back, "VendorCredit")["Balance"] == 20
    grown = books.make("Bill", {**token, "SyncToken": "4", "Line": [books.expense(25)]})
    assert grown["Balance"] == 15


def test_a_credit_that_shrinks_opens_the_bill_that_it_settled(books: Books, vendor: Any) -> None:
    owed, back = bill(books, vendor, 30), credit(books, vendor, 30)
    body = payment(books, vendor, 0, takes(owed, 30), takes(back, 30, "VendorCredit"))
    made = books.make("BillPayment", body)
    token = {"Id": back["Id"], "SyncToken": "1", "sparse": True}
    less = books.make("VendorCredit", {**token, "Line": [books.expense(12)]})
    assert (less["Balance"], stored(books, owed)["Balance"]) == (0, 18)
    assert [line["Amount"] for line in stored(books, made, "BillPayment")["Line"]] == [12, 12]


def test_another_vendor_or_side_of_an_entry_lets_the_payment_go(books: Books, vendor: Any) -> None:
    owed, other = bill(books, vendor, 30), books.make("Vendor", {"DisplayName": "Other"})
    entry = journal(books, vendor, 20, owed=True)
    lines = [takes(owed, 30), takes(entry, 20, "JournalEntry")]
    made = books.make("BillPayment", payment(books, vendor, 50, *lines))
    moved = {**books.bill(other, books.expense(30)), "Id": owed["Id"], "SyncToken": "1"}
    assert books.make("Bill", moved)["Balance"] == 30
    assert (books.owed_to(vendor), books.owed_to(other)) == (-30, 30)
    turned = stored(books, entry, "JournalEntry")
    for line in turned["Line"]:
        detail = line["JournalEntryLineDetail"]
        detail["PostingType"] = "Debit" if detail["PostingType"] == "Credit" else "Credit"
    assert books.make("JournalEntry", turned)["LinkedTxn"] == []
    assert stored(books, made, "BillPayment")["Line"] == []
    assert books.owed_to(vendor) == -70


def test_what_is_paid_cannot_be_deleted_unless_the_company_lets_it(books: Books, vendor: Any) -> None:
    owed, back = bill(books, vendor, 30), credit(books, vendor, 10)
    made = books.make("BillPayment", payment(books, vendor, 20, takes(owed, 30), takes(back, 10, "VendorCredit")))
    token = {"Id": owed["Id"], "SyncToken": "1"}
    error = books.refuse("bill", token, "800", operation="delete")
    assert error["Message"] == "Cannot delete object"
    books.refuse("vendorcredit", {"Id": back["Id"], "SyncToken": "1"}, "800", operation="delete")
    books.here("POST", "switches", delete_linked=True)
    books.make("Bill", token, operation="delete")
    assert stored(books, made, "BillPayment")["Line"] == []
    assert (stored(books, back, "VendorCredit")["Balance"], books.owed_to(vendor)) == (10, -30)


def test_a_person_may_delete_what_is_paid(books: Books, vendor: Any) -> None:
    owed, back = bill(books, vendor, 30), credit(books, vendor, 30)
    made = books.make("BillPayment", payment(books, vendor, 0, takes(owed, 30), takes(back, 30, "VendorCredit")))
    books.deed("delete", entity="VendorCredit", id=back["Id"])
    assert stored(books, made, "BillPayment")["Line"] == []
    assert stored(books, owed)["Balance"] == 30


def test_a_card_is_paid_down_from_the_bank(books: Books) -> None:
    card, bank = books.account("CreditCard")["Id"], books.account("Checking")["Id"]
    body = {"CreditCardAccountRef": {"value": card}, "BankAccountRef": {"value": bank}, "Amount": "100"}
    answer = books.post("creditcardpayment", {**body, "TxnDate": "2026-03-01"})
    made = answer["CreditCardPaymentTxn"]
    assert (made["Amount"], made["TxnDate"]) == (100, "2026-03-01")
    assert (books.balance("CreditCard"), books.balance("Checking")) == (-100, -100)
    assert books.get(f"creditcardpayment/{made['Id']}")["CreditCardPaymentTxn"] == made
    assert books.query("select * from CreditCardPayment")["CreditCardPaymentTxn"] == [made]
    target = {"EntityRef": {"type": "CreditCardPayment", "value": made["Id"]}}
    [attached] = books.make("Attachable", {"Note": "slip", "AttachableRef": [target]})["AttachableRef"]
    assert attached["EntityRef"] == target["EntityRef"]
    token = {"Id": made["Id"], "SyncToken": "0"}
    noted = books.post("creditcardpayment", {**body, **token, "sparse": True, "PrivateNote": "x", "Amount": 40})
    assert noted["CreditCardPaymentTxn"]["PrivateNote"] == "x"
    assert books.balance("CreditCard") == -40
    gone = books.post("creditcardpayment", {**token, "SyncToken": "1"}, operation="delete")
    assert gone["CreditCardPaymentTxn"]["status"] == "Deleted"
    assert books.balance("Checking") == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CreditCardAccountRef": None}, "2020"),
        ({"BankAccountRef": None}, "2020"),
        ({"Amount": None}, "2020"),
        ({"Amount": 0}, "2290"),
        ({"Amount": -5}, "2290"),
        ({"CreditCardAccountRef": "bank"}, "6430"),
        ({"BankAccountRef": "card"}, "6430"),
        ({"Line": []}, "2010"),
        ({"DepartmentRef": {"value": "1"}}, "2010"),
    ],
)
def test_a_bad_card_payment_changes_nothing(books: Books, change: Any, code: str) -> None:
    accounts = {
        "card": {"value": books.account("CreditCard")["Id"]},
        "bank": {"value": books.account("Checking")["Id"]},
    }
    body = {"CreditCardAccountRef": accounts["card"], "BankAccountRef": accounts["bank"], "Amount": 5}
    change = {name: accounts.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    books.refuse("creditcardpayment", {**body, **change}, code)
