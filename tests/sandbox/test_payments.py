from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


def on(doc: Doc, kind: str, amount: object, **more: str) -> Doc:
    """Return the payment line that settles a document."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind, **more}]}


def journal(books: Books, customer: Doc, side: str, amount: object) -> Doc:
    """Make a journal entry whose first line is the customer's."""

    def line(posting: str, type_: str, **more: Any) -> Doc:
        account = next(doc for doc in books.all("Account") if doc["AccountType"] == type_)
        detail = {"PostingType": posting, "AccountRef": {"value": account["Id"]}, **more}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    other = "Credit" if side == "Debit" else "Debit"
    entity = {"Type": "Customer", "EntityRef": customer}
    lines = [line(side, "Accounts Receivable", Entity=entity), line(other, "Equity")]
    made: Doc = books.make("JournalEntry", {"TxnDate": "2026-03-01", "Line": lines})
    return made


def update(books: Books, kind: str, doc: Doc, **changes: Any) -> Doc:
    """Update sparsely with the current SyncToken."""
    token = books.read(kind, doc["Id"])["SyncToken"]
    made: Doc = books.make(kind, {"Id": doc["Id"], "SyncToken": token, "sparse": True, **changes})
    return made


def end(books: Books, kind: str, doc: Doc, operation: str) -> Doc:
    token = books.read(kind, doc["Id"])["SyncToken"]
    made: Doc = books.make(kind, {"Id": doc["Id"], "SyncToken": token}, operation=operation)
    return made


def test_a_payment_settles_an_invoice(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(120, kim)
    assert (invoice["TotalAmt"], invoice["Balance"], books.owed(kim)) == (120, 120, 120)
    paid = books.pay(120, kim, on(invoice, "Invoice", 120), PaymentRefNum="ch_9f2")
    assert paid["DepositToAccountRef"]["value"] == books.account("UndepositedFunds")["Id"]
    assert (paid["UnappliedAmt"], paid["ProcessPayment"], paid["LinkedTxn"]) == (0, False, [])
    assert (paid["CustomerRef"]["name"], paid["PaymentRefNum"], paid["SyncToken"]) == ("Kim", "ch_9f2", "0")
    after = books.read("Invoice", invoice["Id"])
    assert (after["Balance"], after["TotalAmt"], after["SyncToken"]) == (0, 120, "1")
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert (books.owed(kim), books.balance("UndepositedFunds"), books.balance("AccountsReceivable")) == (0, 120, 0)


def test_every_line_shows_what_its_transaction_has_open_for_this_payment(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(100, kim, number="W-7")
    first = books.pay(40, kim, on(invoice, "Invoice", 40))

    def shown(payment: Doc) -> Doc:
        (line,) = books.read("Payment", payment["Id"])["Line"]
        pairs = line["LineEx"]["any"]
        assert {pair["name"] for pair in pairs} == {"{http://schema.intuit.com/finance/v3}NameValue"}
        assert {pair["declaredType"] for pair in pairs} == {"com.intuit.schema.finance.v3.NameValue"}
        return {pair["value"]["Name"]: pair["value"]["Value"] for pair in pairs}

    assert shown(first) == {"txnId": invoice["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": "W-7"}
    second = books.pay(25, kim, on(invoice, "Invoice", 25))
    assert (shown(first)["txnOpenBalance"], shown(second)["txnOpenBalance"]) == ("75.00", "60.00")
    read = books.read("Payment", first["Id"])
    books.refuse("payment", read, "2010")
    books.refuse("payment", {**read, "sparse": True}, "2010")


def test_one_payment_may_settle_several_documents_and_leave_a_rest(books: Books) -> None:
    kim = books.customer()
    one, two = books.invoice(50, kim), books.invoice(70, kim)
    owing = journal(books, kim, "Debit", 15)
    lines = (on(one, "Invoice", 50), on(two, "Invoice", 20), on(owing, "JournalEntry", 15, TxnLineId="0"))
    paid = books.pay(100, kim, *lines)
    assert paid["UnappliedAmt"] == 15
    assert [books.read("Invoice", doc["Id"])["Balance"] for doc in (one, two)] == [0, 50]
    assert books.read("JournalEntry", owing["Id"])["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert books.owed(kim) == 35


@pytest.mark.parametrize("kind", ["CreditMemo", "JournalEntry"])
def test_a_zero_payment_applies_a_credit_without_money(books: Books, kind: str) -> None:
    kim = books.customer()
    invoice = books.invoice(100, kim)
    credit = books.credit(30, kim) if kind == "CreditMemo" else journal(books, kim, "Credit", 30)
    paid = books.pay(0, kim, on(invoice, "Invoice", 30), on(credit, kind, 30))
    assert (paid["TotalAmt"], paid["UnappliedAmt"]) == (0, 0)
    assert "DepositToAccountRef" not in paid
    assert books.read("Invoice", invoice["Id"])["Balance"] == 70
    after = books.read(kind, credit["Id"])
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    if kind == "CreditMemo":
        assert (after["Balance"], after["RemainingCredit"], after["TotalAmt"], after["SyncToken"]) == (0, 0, 30, "1")
    assert books.owed(kim) == 70
    books.refuse("payment", {"CustomerRef": kim, "TotalAmt": 0, "Line": [on(credit, kind, 1)]}, "6000")


def test_money_and_credit_may_settle_an_invoice_together(books: Books) -> None:
    kim = books.customer()
    invoice, credit = books.invoice(100, kim), books.credit(30, kim)
    paid = books.pay(75, kim, on(invoice, "Invoice", 100), on(credit, "CreditMemo", 30))
    assert paid["UnappliedAmt"] == 5
    assert (books.read("Invoice", invoice["Id"])["Balance"], books.owed(kim)) == (0, -5)


def test_a_payment_without_lines_stays_unapplied_until_it_is_applied_by_an_update(books: Books) -> None:
    kim = books.customer()
    one, two = books.invoice(60, kim), books.invoice(60, kim)
    paid = books.make("Payment", {"CustomerRef": kim, "TotalAmt": 100})
    assert (paid["Line"], paid["UnappliedAmt"], books.owed(kim)) == ([], 100, 20)
    paid = update(books, "Payment", paid, Line=[on(one, "Invoice", 60), on(two, "Invoice", 30)])
    assert (paid["UnappliedAmt"], paid["SyncToken"], books.owed(kim)) == (10, "1", 20)
    paid = update(books, "Payment", paid, Line=[on(two, "Invoice", 50)])
    assert (paid["UnappliedAmt"], paid["TotalAmt"]) == (50, 100)
    first, second = (books.read("Invoice", doc["Id"]) for doc in (one, two))
    assert (first["Balance"], first["LinkedTxn"], first["SyncToken"]) == (60, [], "2")
    assert (second["Balance"], second["SyncToken"]) == (10, "2")
    noted = update(books, "Payment", paid, PrivateNote="by hand")
    assert (noted["UnappliedAmt"], noted["PrivateNote"]) == (50, "by hand")
    assert books.read("Invoice", two["Id"])["SyncToken"] == "2"  # nothing about it changed
    dropped = update(books, "Payment", paid, Line=[on(two, "Invoice", 0)])
    assert (dropped["Line"], dropped["UnappliedAmt"]) == ([], 100)


def test_a_full_update_without_lines_leaves_the_whole_unapplied(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(60, kim)
    paid = books.pay(60, kim, on(invoice, "Invoice", 60), PrivateNote="x")
    body = {"Id": paid["Id"], "SyncToken": "0", "CustomerRef": kim, "TotalAmt": 45}
    changed = books.make("Payment", body)
    assert (changed["UnappliedAmt"], changed["Line"], "PrivateNote" in changed) == (45, [], False)
    assert books.read("Invoice", invoice["Id"])["Balance"] == 60


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"CustomerRef": None}, "2020", "CustomerRef"),
        ({"TotalAmt": None}, "6000", "TotalAmt"),
        ({"TotalAmt": -1, "Line": []}, "6000", "TotalAmt"),
        ({"TotalAmt": 10}, "6000", "TotalAmt"),
        ({"CustomerRef": {"value": "424242"}}, "2500", "CustomerRef"),
        ({"DepositToAccountRef": {"value": "income"}}, "6430", "DepositToAccountRef"),
        ({"ARAccountRef": {"value": "income"}}, "6430", "ARAccountRef"),
        ({"PaymentRefNum": "x" * 22}, "2050", "PaymentRefNum"),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"TxnDate": "soon"}, "2060", "TxnDate"),
        ({"TotalAmt": "many"}, "2080", "TotalAmt"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", "CurrencyRef"),
        ({"Unknown": 1}, "2010", ""),
        ({"Line": [{"Amount": 1, "DetailType": "SalesItemLineDetail"}]}, "2170", "DetailType"),
    ],
)
def test_a_bad_payment_changes_nothing(books: Books, change: Doc, code: str, element: str) -> None:
    kim = books.customer()
    invoice = books.invoice(50, kim)
    income = {"value": books.account("ServiceFeeIncome")["Id"]}
    change = {name: income if value == {"value": "income"} else value for name, value in change.items()}
    body = {"CustomerRef": kim, "TotalAmt": 50, "Line": [on(invoice, "Invoice", 50)], **change}
    error = books.refuse("payment", body, code)
    if element:
        assert error["element"] == element
    if change == {"TotalAmt": None}:
        assert error["Detail"] == "Business Validation Error: You must set a transaction amount."


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"Amount": 50.01}, "6000"),  # more than the invoice has open
        ({"Amount": -5}, "2290"),
        ({"Amount": None}, "2020"),
        ({"LinkedTxn": []}, "2020"),
        ({"LinkedTxn": [{"TxnType": "Invoice"}]}, "2020"),
        ({"LinkedTxn": [{"TxnId": "1"}]}, "2020"),
        ({"LinkedTxn": [{"TxnId": "99999", "TxnType": "Invoice"}]}, "610"),
        ({"LinkedTxn": [{"TxnId": "number", "TxnType": "Invoice"}]}, "610"),
        ({"LinkedTxn": [{"TxnId": "1", "TxnType": "SalesReceipt"}]}, "620"),
        ({"LinkedTxn": [{"TxnId": "1", "TxnType": "Check"}]}, "620"),
        ({"LinkedTxn": [{"TxnId": "same", "TxnType": "Invoice"}] * 2}, "6000"),
        ({"LineEx": {"any": []}}, "2010"),
    ],
)
def test_a_bad_payment_line_changes_nothing(us: Books, line: Doc, code: str) -> None:
    kim = us.customer()
    invoice = us.invoice(50, kim, number="number")
    for link in line.get("LinkedTxn", []):
        if link.get("TxnId") == "same":
            link["TxnId"] = invoice["Id"]
    us.refuse("payment", {"CustomerRef": kim, "TotalAmt": 60, "Line": [{**on(invoice, "Invoice", 50), **line}]}, code)


def test_an_invoice_is_never_paid_twice(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(50, kim)
    books.pay(30, kim, on(invoice, "Invoice", 30))
    error = books.refuse("payment", {"CustomerRef": kim, "TotalAmt": 30, "Line": [on(invoice, "Invoice", 30)]}, "6000")
    assert "exceeds its open balance" in error["Detail"]
    twice = [on(invoice, "Invoice", 15), on(invoice, "Invoice", 15)]
    books.refuse("payment", {"CustomerRef": kim, "TotalAmt": 30, "Line": twice}, "6000")
    books.pay(20, kim, on(invoice, "Invoice", 15), on(invoice, "Invoice", 5))
    assert books.read("Invoice", invoice["Id"])["Balance"] == 0


def test_a_parent_and_those_billed_with_it_may_pay_for_each_other_and_nobody_else(books: Books) -> None:
    parent, stranger = books.customer("Parent"), books.customer("Stranger")
    with_it = books.customer("Site", Job=True, ParentRef=parent, BillWithParent=True)
    apart = books.customer("Branch", Job=True, ParentRef=parent)
    below = books.customer("Room", Job=True, ParentRef=with_it, BillWithParent=True)
    for payer, debtor in ((parent, with_it), (with_it, parent), (below, parent), (below, with_it)):
        invoice = books.invoice(10, debtor)
        books.pay(10, payer, on(invoice, "Invoice", 10))
        assert (books.owed(payer), books.owed(debtor)) == (0, 0)
    for payer, debtor in ((parent, stranger), (stranger, with_it), (parent, apart), (apart, with_it)):
        invoice = books.invoice(10, debtor)
        body = {"CustomerRef": payer, "TotalAmt": 10, "Line": [on(invoice, "Invoice", 10)]}
        books.refuse("payment", body, "6000")
    total = books.read("Customer", parent["value"])
    assert (total["Balance"], total["BalanceWithJobs"]) == (0, 30)


def test_a_payment_stands_when_its_family_changes(us: Books) -> None:
    parent = us.customer("Parent")
    site = us.customer("Site", Job=True, ParentRef=parent, BillWithParent=True)
    invoice = us.invoice(10, site)
    paid = us.pay(10, parent, on(invoice, "Invoice", 10))
    token = us.read("Customer", site["value"])["SyncToken"]
    elsewhere = {"Id": site["value"], "SyncToken": token, "sparse": True, "ParentRef": us.customer("Other")}
    us.make("Customer", elsewhere)
    assert update(us, "Payment", paid, PrivateNote="x")["UnappliedAmt"] == 0
    paid = us.read("Payment", paid["Id"])
    body = {"Id": paid["Id"], "SyncToken": paid["SyncToken"], "sparse": True, "Line": [on(invoice, "Invoice", 5)]}
    us.refuse("payment", body, "6000")


def test_a_deleted_payment_opens_again_what_it_settled(books: Books) -> None:
    kim = books.customer()
    invoice, credit = books.invoice(100, kim), books.credit(30, kim)
    paid = books.pay(70, kim, on(invoice, "Invoice", 100), on(credit, "CreditMemo", 30))
    assert end(books, "Payment", paid, "delete") == {"status": "Deleted", "domain": "QBO", "Id": paid["Id"]}
    assert books.get(f"payment/{paid['Id']}")["Fault"]["Error"][0]["code"] == "610"
    reopened = books.read("Invoice", invoice["Id"])
    assert (reopened["Balance"], reopened["LinkedTxn"], reopened["SyncToken"]) == (100, [], "2")
    assert books.read("CreditMemo", credit["Id"])["RemainingCredit"] == 30
    assert (books.balance("UndepositedFunds"), books.owed(kim)) == (0, 70)


@pytest.mark.parametrize("form", [{"operation": "void"}, {"operation": "update", "include": "void"}])
def test_a_voided_payment_is_empty_readable_and_settles_nothing(books: Books, form: dict[str, str]) -> None:
    kim = books.customer()
    invoice = books.invoice(100, kim)
    paid = books.pay(120, kim, on(invoice, "Invoice", 100), PrivateNote="cheque 7")
    void = books.make("Payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True}, **form)
    assert (void["TotalAmt"], void["UnappliedAmt"], void["Line"]) == (0, 0, [])
    assert (void["PrivateNote"], void["SyncToken"]) == ("Voided - cheque 7", "1")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100
    assert len(books.all("Payment", f"where Id = '{paid['Id']}'")) == 1
    assert books.owed(kim) == 100
    books.refuse("payment", {"Id": paid["Id"], "SyncToken": "0"}, "5010", operation="void")


def test_a_deposited_payment_is_frozen_until_it_leaves_the_deposit(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(100, kim)
    paid = books.pay(100, kim, on(invoice, "Invoice", 100))
    bank = {"value": books.account("Checking")["Id"]}
    deposit = books.make("Deposit", {"DepositToAccountRef": bank, "Line": [on(paid, "Payment", 100, TxnLineId="0")]})
    held = books.read("Payment", paid["Id"])
    assert held["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    token = {"Id": paid["Id"], "SyncToken": held["SyncToken"]}
    books.refuse("payment", {**token, "sparse": True, "PrivateNote": "x"}, "6540")
    books.refuse("payment", token, "6540", operation="void")
    books.refuse("payment", token, "6540", operation="delete")
    assert books.balance("Checking") == 100
    end(books, "Deposit", deposit, "delete")
    end(books, "Payment", paid, "delete")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100


def test_only_money_from_undeposited_funds_is_deposited(books: Books) -> None:
    kim = books.customer()
    bank = {"value": books.account("Checking")["Id"]}
    straight = books.pay(10, kim, DepositToAccountRef=bank)
    body = {"DepositToAccountRef": bank, "Line": [on(straight, "Payment", 10)]}
    books.refuse("deposit", body, "620")
    assert books.balance("Checking") == 10


def test_payments_of_journal_lines_follow_what_the_lines_become(books: Books) -> None:
    kim, lee = books.customer(), books.customer("Lee")
    owing = journal(books, kim, "Debit", 80)
    paid = books.pay(80, kim, on(owing, "JournalEntry", 80))
    assert paid["Line"][0]["LinkedTxn"][0]["TxnLineId"] == "0"
    lines = [{**line, "Amount": 50} for line in books.read("JournalEntry", owing["Id"])["Line"]]
    update(books, "JournalEntry", owing, Line=lines)
    assert books.read("Payment", paid["Id"])["UnappliedAmt"] == 30
    lines[0]["JournalEntryLineDetail"]["Entity"]["EntityRef"] = lee
    changed = update(books, "JournalEntry", owing, Line=lines)
    assert changed["LinkedTxn"] == []
    assert (books.read("Payment", paid["Id"])["UnappliedAmt"], books.owed(kim), books.owed(lee)) == (80, -80, 50)
    books.refuse("payment", {"CustomerRef": kim, "TotalAmt": 1, "Line": [on(owing, "JournalEntry", 1)]}, "620")


def test_an_expense_lent_to_a_customer_is_paid_back(books: Books) -> None:
    kim = books.customer()
    bank, receivable = ({"value": books.account(name)["Id"]} for name in ("Checking", "AccountsReceivable"))
    detail: Doc = {"AccountRef": receivable, "CustomerRef": kim, "BillableStatus": "NotBillable"}
    if not books.company.is_us:
        detail["TaxCodeRef"] = {"value": books.tax_code("Exonéré")["Id"]}
    line = {"Amount": 40, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    lent = books.make("Purchase", {"PaymentType": "Cash", "AccountRef": bank, "Line": [line]})
    assert books.owed(kim) == 40
    paid = books.pay(40, kim, on(lent, "Expense", 40))
    assert books.read("Purchase", lent["Id"])["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert books.owed(kim) == 0
    cheque = books.make("Purchase", {"PaymentType": "Check", "AccountRef": bank, "Line": [line]})
    books.refuse("payment", {"CustomerRef": kim, "TotalAmt": 1, "Line": [on(cheque, "Expense", 1)]}, "620")
    nobody = {**line, "AccountBasedExpenseLineDetail": {**detail, "CustomerRef": None}}
    books.refuse("purchase", {"PaymentType": "Cash", "AccountRef": bank, "Line": [nobody]}, "6000")


def test_a_payment_may_name_one_of_several_receivable_accounts(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(30, kim)
    second = books.make("Account", {"Name": "Long receivables", "AccountType": "Accounts Receivable"})
    other = {"value": second["Id"]}
    paid = books.pay(10, kim, ARAccountRef=other)
    assert paid["ARAccountRef"]["value"] == second["Id"]
    assert books.read("Account", second["Id"])["CurrentBalance"] == -10
    assert (books.owed(kim), books.balance("AccountsReceivable")) == (20, 30)
    body = {"CustomerRef": kim, "TotalAmt": 30, "ARAccountRef": other, "Line": [on(invoice, "Invoice", 30)]}
    assert books.refuse("payment", body, "6000")["element"] == "ARAccountRef"
    mixed = books.pay(35, kim, on(invoice, "Invoice", 30))
    assert (mixed["UnappliedAmt"], books.balance("AccountsReceivable")) == (5, -5)


def test_payments_are_found_by_customer_day_amount_and_reference(us: Books) -> None:
    kim = us.customer()
    made = us.pay(Decimal("12.50"), kim, PaymentRefNum="ch_1", TxnDate="2026-02-14")
    us.pay(9, us.customer("Lee"))
    for where in (
        f"CustomerRef = '{kim['value']}'",
        "TxnDate = '2026-02-14'",
        "TotalAmt > '10'",
        "PaymentRefNum = 'ch_1'",
    ):
        assert [doc["Id"] for doc in us.all("Payment", f"where {where}")] == [made["Id"]]
