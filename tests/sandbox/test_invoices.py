from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


def on(doc: Doc, kind: str, amount: object) -> Doc:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]}


def current(books: Books, kind: str, doc: Doc) -> Doc:
    """Return the id and the current SyncToken of a document."""
    return {"Id": doc["Id"], "SyncToken": books.read(kind, doc["Id"])["SyncToken"]}


def update(books: Books, kind: str, doc: Doc, **changes: Any) -> Doc:
    made: Doc = books.make(kind, {**current(books, kind, doc), "sparse": True, **changes})
    return made


def test_what_an_answer_adds_to_a_short_invoice(us: Books) -> None:
    address = {"Line1": "1 Quay", "City": "Oslo", "Country": "NO"}
    kim = us.customer(BillAddr=address, ShipAddr={"Line1": "2 Quay"}, PrimaryEmailAddr={"Address": "kim@example.test"})
    made = us.invoice(120, kim)
    item = us.item()
    assert made["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": Decimal(120),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": item["Id"], "name": item["Name"]},
                "TaxCodeRef": {"value": "NON"},
                "ItemAccountRef": item["IncomeAccountRef"],
            },
        },
        {"Amount": Decimal(120), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    expected = {
        "TotalAmt": 120,
        "Balance": 120,
        "Deposit": 0,
        "TxnTaxDetail": {"TotalTax": 0},
        "LinkedTxn": [],
        "CustomField": [],
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
        "BillAddr": address,
        "ShipAddr": {"Line1": "2 Quay"},
        "BillEmail": {"Address": "kim@example.test"},
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "DocNumber": "1001",
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
    }
    assert {name: made[name] for name in expected} == expected
    assert "InvoiceLink" not in made


def test_an_invoice_posts_receivables_income_and_tax(quebec: Books) -> None:
    kim = quebec.customer()
    made = quebec.invoice(100, kim, code="TPS/TVQ QC - 9,975")
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]["TotalTax"]) == (
        Decimal("114.98"), Decimal("114.98"), Decimal("14.98"),
    )  # fmt: skip
    assert (quebec.balance("AccountsReceivable"), quebec.owed(kim)) == (Decimal("114.98"), Decimal("114.98"))
    posting = quebec.company.ledger.posting("Invoice", made["Id"])
    assert sorted(entry.amount for entry in posting.entries) == [-100, Decimal("-9.98"), -5, Decimal("114.98")]


@pytest.mark.parametrize(
    ("term", "day", "due"),
    [
        ({"DueDays": 0}, "2026-02-10", "2026-02-10"),
        ({"DueDays": 30}, "2026-02-10", "2026-03-12"),
        ({"DayOfMonthDue": 20}, "2026-02-10", "2026-02-20"),
        ({"DayOfMonthDue": 5}, "2026-02-10", "2026-03-05"),
        ({"DayOfMonthDue": 31}, "2026-02-10", "2026-02-28"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 15}, "2026-02-10", "2026-03-20"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 10}, "2026-02-10", "2026-02-20"),
        ({"DayOfMonthDue": 31}, "2026-12-31", "2026-12-31"),
        ({"DayOfMonthDue": 30}, "2026-12-31", "2027-01-30"),
    ],
)
def test_the_due_date_follows_from_the_term(us: Books, term: Doc, day: str, due: str) -> None:
    ref = {"value": us.make("Term", {"Name": "Odd", **term})["Id"]}
    kim = us.customer()
    assert us.invoice(1, kim, TxnDate=day, SalesTermRef=ref)["DueDate"] == due
    lee = us.customer("Lee", SalesTermRef=ref)
    assert us.invoice(1, lee, TxnDate=day)["DueDate"] == due
    assert us.invoice(1, lee, TxnDate=day, DueDate="2026-09-09")["DueDate"] == "2026-09-09"
    assert us.invoice(1, kim, TxnDate=day)["DueDate"] == day
    us.make("Preferences", {"Id": "1", "SyncToken": "0", "sparse": True, "SalesFormsPrefs": {"DefaultTerms": ref}})
    assert us.invoice(1, kim, TxnDate=day)["DueDate"] == due
    made = us.invoice(1, kim, TxnDate=day, DueDate="2026-09-09")
    assert update(us, "Invoice", made, PrivateNote="x")["DueDate"] == "2026-09-09"
    assert update(us, "Invoice", made, SalesTermRef=ref)["DueDate"] == due


def test_an_advance_reduces_what_is_open(books: Books) -> None:
    kim = books.customer()
    made = books.invoice(100, kim, Deposit=30)
    assert (made["TotalAmt"], made["Deposit"], made["Balance"], books.owed(kim)) == (100, 30, 70, 70)
    assert made["DepositToAccountRef"]["value"] == books.account("UndepositedFunds")["Id"]
    bank = {"value": books.account("Checking")["Id"]}
    other = books.invoice(100, kim, Deposit=100, DepositToAccountRef=bank)
    assert (other["Balance"], books.balance("Checking"), books.balance("UndepositedFunds")) == (0, 100, 30)
    for amount in (101, -1):
        body = books.sale(100, CustomerRef=kim, Deposit=amount)
        assert books.refuse("invoice", body, "6460")["element"] == "Deposit"
    income = {"value": books.account("ServiceFeeIncome")["Id"]}
    books.refuse("invoice", books.sale(9, CustomerRef=kim, Deposit=1, DepositToAccountRef=income), "6430")


@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "424242"}}, "2500"),
        ({"Line": []}, "2020"),
        ({"Line": None}, "2020"),
        ({"Line": [{"DetailType": "SubTotalLineDetail", "Amount": 3}]}, "2020"),
        ({"Line": [{"DetailType": "Mystery"}]}, "2170"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "Amount": -1}]}, "6000"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"TxnDate": "2026-02-30"}, "2060"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"PrintStatus": "Maybe"}, "2170"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"Surprise": 1}, "2010"),
    ],
)
def test_a_bad_form_changes_nothing(books: Books, entity: str, change: Doc, code: str) -> None:
    body = {**books.sale(10, CustomerRef=books.customer()), **change}
    for line in body["Line"] or ():
        if line.get("Amount") == -1 and not books.company.is_us:
            line["SalesItemLineDetail"] = {"TaxCodeRef": {"value": books.tax_code("Exonéré")["Id"]}}
    books.refuse(entity.lower(), body, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DueDate": "2026-13-01"}, "2060"),
        ({"SalesTermRef": {"value": "999"}}, "2500"),
        ({"AllowOnlinePayment": "maybe"}, "2230"),
        ({"ShipMethodRef": 5, "TrackingNum": "x" * 32}, "2050"),
    ],
)
def test_a_bad_invoice_changes_nothing(books: Books, change: Doc, code: str) -> None:
    books.refuse("invoice", {**books.sale(10, CustomerRef=books.customer()), **change}, code)


def test_numbers_are_shared_by_the_sales_forms(us: Books) -> None:
    kim = us.customer()
    assert us.invoice(1, kim)["DocNumber"] == "1001"
    assert us.credit(1, kim)["DocNumber"] == "1002"
    assert us.make("SalesReceipt", us.sale(1))["DocNumber"] == "1003"
    assert us.invoice(1, kim, number="AUTO_GENERATE")["DocNumber"] == "1004"


def test_a_number_of_ones_own_is_refused_a_second_time(quebec: Books) -> None:
    kim = quebec.customer()
    first = quebec.invoice(1, kim, number="F-1")
    error = quebec.refuse("creditmemo", quebec.sale(1, "F-1", CustomerRef=kim), "6140")
    assert f"DocNumber=F-1 is assigned to TxnType=Invoice with TxnId={first['Id']}" in error["Detail"]
    assert "DocNumber" not in quebec.invoice(1, kim)
    quebec.make("Invoice", quebec.sale(1, "F-1", CustomerRef=kim), include="allowduplicatedocnum")


def test_full_updates_clear_and_sparse_ones_keep(books: Books) -> None:
    kim = books.customer()
    made = books.invoice(50, kim, PrivateNote="n", TrackingNum="T1", CustomerMemo={"value": "thanks"})
    books.refuse("invoice", current(books, "Invoice", made), "2020")
    books.refuse("invoice", {**current(books, "Invoice", made), "CustomerRef": kim}, "2020")
    kept = update(books, "Invoice", made, PrivateNote="m")
    assert (kept["TrackingNum"], kept["Line"], kept["SyncToken"]) == ("T1", made["Line"], "1")
    books.refuse("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True}, "5010")
    books.refuse("invoice", {"Id": made["Id"], "sparse": True}, "2020")
    books.refuse("invoice", {"Id": "9999", "SyncToken": "0", "sparse": True}, "610")
    books.refuse("invoice", {"Id": "x", "SyncToken": "0", "sparse": True}, "2030")
    full = books.make("Invoice", {**books.sale(60, CustomerRef=kim), **current(books, "Invoice", made)})
    assert ("TrackingNum" in full, "CustomerMemo" in full, "PrivateNote" in full) == (False, False, False)
    assert (full["Balance"], full["SyncToken"], full.get("DocNumber")) == (60, "2", made.get("DocNumber"))


def test_a_paid_invoice_that_shrinks_gives_the_money_back_to_its_payments_latest_first(books: Books) -> None:
    kim = books.customer()
    made = books.invoice(100, kim)
    first = books.pay(60, kim, on(made, "Invoice", 60))
    second = books.pay(40, kim, on(made, "Invoice", 40))
    body = books.sale(70, CustomerRef=kim)
    changed = books.make("Invoice", {**body, **current(books, "Invoice", made)})
    assert (changed["Balance"], len(changed["LinkedTxn"])) == (0, 2)
    assert [books.read("Payment", doc["Id"])["UnappliedAmt"] for doc in (first, second)] == [0, 30]
    changed = books.make("Invoice", {**books.sale(50, CustomerRef=kim), **current(books, "Invoice", made)})
    assert changed["LinkedTxn"] == [{"TxnId": first["Id"], "TxnType": "Payment"}]
    assert [books.read("Payment", doc["Id"])["UnappliedAmt"] for doc in (first, second)] == [10, 40]
    grown = books.make("Invoice", {**books.sale(90, CustomerRef=kim), **current(books, "Invoice", made)})
    assert (grown["Balance"], books.owed(kim)) == (40, -10)


def test_an_invoice_that_shrinks_gives_credit_back_before_money(books: Books) -> None:
    kim = books.customer()
    invoice, credit = books.invoice(100, kim), books.credit(100, kim)
    paid = books.pay(0, kim, on(invoice, "Invoice", 100), on(credit, "CreditMemo", 100))
    update(books, "Invoice", invoice, Line=books.sale(60)["Line"])
    assert books.read("CreditMemo", credit["Id"])["RemainingCredit"] == 40
    after = books.read("Payment", paid["Id"])
    assert ([line["Amount"] for line in after["Line"]], after["UnappliedAmt"]) == ([60, 60], 0)
    update(books, "CreditMemo", credit, Line=books.sale(50)["Line"])
    after = books.read("Payment", paid["Id"])
    assert [line["Amount"] for line in after["Line"]] == [50, 50]
    assert books.read("Invoice", invoice["Id"])["Balance"] == 10


def test_an_invoice_that_moves_to_another_customer_leaves_its_payments_behind(books: Books) -> None:
    kim, lee = books.customer(), books.customer("Lee")
    made = books.invoice(40, kim)
    paid = books.pay(40, kim, on(made, "Invoice", 40))
    moved = update(books, "Invoice", made, CustomerRef=lee)
    assert (moved["Balance"], moved["LinkedTxn"], moved["CustomerRef"]["name"]) == (40, [], "Lee")
    assert books.read("Payment", paid["Id"])["UnappliedAmt"] == 40
    assert (books.owed(kim), books.owed(lee)) == (-40, 40)


def test_a_voided_invoice_is_empty_and_its_payments_unapplied(books: Books) -> None:
    kim = books.customer()
    made = books.invoice(100, kim, Deposit=20, PrivateNote="wrong")
    paid = books.pay(50, kim, on(made, "Invoice", 50))
    void = books.make("Invoice", current(books, "Invoice", made), operation="void")
    assert (void["TotalAmt"], void["Balance"], void["Deposit"], void["LinkedTxn"]) == (0, 0, 0, [])
    assert (void["PrivateNote"], void["SyncToken"]) == ("Voided - wrong", "2")
    assert {line["Amount"] for line in void["Line"]} == {0}
    after = books.read("Payment", paid["Id"])
    assert (after["Line"], after["UnappliedAmt"], after["SyncToken"]) == ([], 50, "1")
    assert books.owed(kim) == -50
    assert books.read("Invoice", made["Id"])["TotalAmt"] == 0
    body = {"CustomerRef": kim, "TotalAmt": 50, "Line": [on(made, "Invoice", 1)]}
    books.refuse("payment", body, "6000")
    again = update(books, "Invoice", made, Line=books.sale(5)["Line"])
    assert (again["Balance"], books.owed(kim)) == (5, -45)


@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo"])
def test_what_payments_settle_is_deleted_only_where_the_switch_lets_them_go(books: Books, entity: str) -> None:
    kim = books.customer()
    invoice, credit = books.invoice(100, kim), books.credit(30, kim)
    paid = books.pay(0, kim, on(invoice, "Invoice", 30), on(credit, "CreditMemo", 30))
    gone, left = (invoice, credit) if entity == "Invoice" else (credit, invoice)
    other = "CreditMemo" if entity == "Invoice" else "Invoice"
    error = books.refuse(entity.lower(), current(books, entity, gone), "800", operation="delete")
    assert error["Message"] == "Cannot delete object"
    books.here("POST", "switches", delete_linked=True)
    books.make(entity, current(books, entity, gone), operation="delete")
    assert books.read("Payment", paid["Id"])["Line"] == []
    after = books.read(other, left["Id"])
    assert (after["Balance"], after["LinkedTxn"]) == (after["TotalAmt"], [])


def test_an_unpaid_invoice_is_deleted_and_owes_nothing(books: Books) -> None:
    kim = books.customer()
    made = books.invoice(100, kim)
    assert books.make("Invoice", current(books, "Invoice", made), operation="delete")["status"] == "Deleted"
    assert (books.owed(kim), books.balance("AccountsReceivable")) == (0, 0)
    assert books.all("Invoice") == []


def test_a_person_may_delete_or_void_in_the_browser_what_the_api_does_not(books: Books) -> None:
    kim = books.customer()
    invoice, credit = books.invoice(100, kim), books.credit(30, kim)
    paid = books.pay(70, kim, on(invoice, "Invoice", 100), on(credit, "CreditMemo", 30))
    books.refuse("creditmemo", current(books, "CreditMemo", credit), "500", operation="void")
    books.deed("void", entity="CreditMemo", id=credit["Id"])
    void = books.read("CreditMemo", credit["Id"])
    assert (void["TotalAmt"], void["Balance"], void["RemainingCredit"], void["PrivateNote"]) == (0, 0, 0, "Voided")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 30
    books.deed("delete", entity="Invoice", id=invoice["Id"])
    assert books.read("Payment", paid["Id"])["UnappliedAmt"] == 70
    assert books.here("GET", "check") == {"balanced": True}


def test_a_credit_memo_owes_the_customer_until_it_is_applied(books: Books) -> None:
    kim = books.customer()
    made = books.credit(30, kim, InvoiceRef={"value": books.invoice(100, kim)["Id"]})
    assert (made["TotalAmt"], made["Balance"], made["RemainingCredit"], made["LinkedTxn"]) == (30, 30, 30, [])
    assert books.owed(kim) == 70  # the reference to the invoice applies nothing
    income = books.item()["IncomeAccountRef"]["value"]
    assert books.company.ledger.balance(income) == -70


def test_a_customer_who_owes_or_is_owed_cannot_be_made_inactive(books: Books) -> None:
    kim = books.customer()
    invoice = books.invoice(10, kim)
    token = {**current(books, "Customer", {"Id": kim["value"]}), "sparse": True, "Active": False}
    error = books.refuse("customer", token, "6220")
    assert error["Message"] == "Delete List Has Balance Error"
    paid = books.pay(15, kim, on(invoice, "Invoice", 10))
    books.refuse("customer", token, "6220")
    books.make("Payment", current(books, "Payment", paid), operation="delete")
    books.make("Invoice", current(books, "Invoice", invoice), operation="delete")
    assert books.make("Customer", token)["Active"] is False


def test_the_link_to_an_invoice_comes_when_it_is_asked_for_and_can_be_paid(us: Books) -> None:
    kim = us.customer(PrimaryEmailAddr={"Address": "kim@example.test"})
    payable = us.invoice(10, kim, AllowOnlineCreditCardPayment=True)
    plain = us.invoice(10, kim)
    asked = {"include": "invoiceLink", "minorversion": "36"}
    link = us.get(f"invoice/{payable['Id']}", **asked)["Invoice"]["InvoiceLink"]
    assert link.startswith("https://connect.intuit.com/t/scs-v1-")
    assert "InvoiceLink" not in us.read("Invoice", payable["Id"])
    assert "InvoiceLink" not in us.get(f"invoice/{plain['Id']}", **asked)["Invoice"]
    found = us.get("query", query="select * from Invoice", **asked)["QueryResponse"]["Invoice"]
    assert [doc.get("InvoiceLink") for doc in found] == [link, None]
    again = us.make("Invoice", {**current(us, "Invoice", payable), "sparse": True}, include="invoiceLink")
    assert again["InvoiceLink"] == link


def test_open_invoices_are_found_by_balance_customer_and_due_date(us: Books) -> None:
    kim = us.customer()
    first, second = us.invoice(10, kim, DueDate="2026-04-01"), us.invoice(20, kim, DueDate="2026-05-01")
    us.invoice(5, us.customer("Lee"))
    us.pay(10, kim, on(first, "Invoice", 10))
    where = f"where CustomerRef = '{kim['value']}'"
    assert [doc["Id"] for doc in us.all("Invoice", f"{where} and Balance > '0'")] == [second["Id"]]
    assert [doc["Id"] for doc in us.all("Invoice", f"{where} and DueDate < '2026-04-15'")] == [first["Id"]]


def test_the_invoice_of_an_opening_balance_stays_one_when_it_is_edited(books: Books) -> None:
    kim = books.customer(Balance=75, OpenBalanceDate="2026-01-01")
    (opening,) = books.all("Invoice", f"where CustomerRef = '{kim['value']}'")
    assert (opening["Balance"], books.owed(kim), books.balance("OpeningBalanceEquity")) == (75, 75, 75)
    noted = update(books, "Invoice", opening, PrivateNote="from the old books")
    assert (noted["Line"], noted["TotalAmt"]) == (opening["Line"], 75)
    assert books.balance("OpeningBalanceEquity") == 75
    paid = books.pay(75, kim, on(opening, "Invoice", 75))
    assert (paid["UnappliedAmt"], books.owed(kim)) == (0, 0)


def test_closed_books_refuse_invoices_and_payments_before_the_date(us: Books) -> None:
    kim = us.customer()
    old = us.invoice(10, kim, TxnDate="2026-01-31")
    us.deed("close-books", date="2026-01-31")
    us.refuse("invoice", us.sale(1, CustomerRef=kim, TxnDate="2026-01-31"), "6200")
    us.refuse("invoice", current(us, "Invoice", old), "6200", operation="void")
    body = {"CustomerRef": kim, "TotalAmt": 10, "TxnDate": "2026-01-31", "Line": [on(old, "Invoice", 10)]}
    us.refuse("payment", body, "6200")
    us.make("Payment", {**body, "TxnDate": "2026-02-01"})
    assert us.read("Invoice", old["Id"])["Balance"] == 0
