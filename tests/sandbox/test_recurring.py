"""Recurring transactions at list level: §3.2 of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


def schedule(name: str = "Rent", **more: Any) -> Doc:
    plan = {"StartDate": "2026-04-01", "IntervalType": "Monthly", "NumInterval": 1, "DayOfMonth": 1}
    return {"Name": name, "RecurType": "Automated", "Active": True, "ScheduleInfo": plan, **more}


@pytest.fixture
def bill(books: Books) -> Any:
    vendor = books.make("Vendor", {"DisplayName": "Cal Telephone"})
    body = books.bill(vendor, books.expense("74.36"))
    del body["TxnDate"]
    return body


def entries_and_balances(books: Books) -> list[Any]:
    return [row.entries for row in books.company.rows() if row.entries]


def test_a_template_is_computed_and_posts_nothing(books: Books, bill: Any) -> None:
    before = entries_and_balances(books)
    answer = books.make("RecurringTransaction", {"Bill": {**bill, "RecurringInfo": schedule()}})
    made = answer["Bill"]
    assert (made["TotalAmt"], made["Balance"]) == (Decimal("74.36"), Decimal("74.36"))
    assert made["RecurringInfo"] == schedule()
    assert made["RecurDataRef"]["value"]
    assert not {"TxnDate", "DocNumber", "LinkedTxn"} & made.keys()
    assert entries_and_balances(books) == before
    assert books.all("Bill") == []
    assert books.get(f"recurringtransaction/{made['Id']}")["RecurringTransaction"] == answer
    assert books.query("select * from RecurringTransaction")["RecurringTransaction"] == [answer]
    assert books.query("select * from RecurringTransaction where Type = 'Invoice'") == {}


def test_a_template_is_replaced_and_deleted_by_the_id_inside_it(books: Books, bill: Any) -> None:
    made = books.make("RecurringTransaction", {"Bill": {**bill, "RecurringInfo": schedule()}})["Bill"]
    token = {"Id": made["Id"], "SyncToken": "0"}
    changed = {**bill, **token, "Line": [books.expense(80)], "RecurringInfo": schedule(Active=False)}
    after = books.make("RecurringTransaction", {"Bill": changed})["Bill"]
    assert (after["Id"], after["SyncToken"], after["TotalAmt"]) == (made["Id"], "1", 80)
    assert after["RecurDataRef"] == made["RecurDataRef"]
    books.refuse("recurringtransaction", {"Bill": changed}, "5010")
    other = {"TxnDate": "2026-03-01", **token, "SyncToken": "1", "RecurringInfo": schedule()}
    books.refuse("recurringtransaction", {"SalesReceipt": {**books.sale(5), **other}}, "2120")
    gone = books.make("RecurringTransaction", {"Bill": {**token, "SyncToken": "1"}}, operation="delete")
    assert gone["status"] == "Deleted"
    assert books.query("select count(*) from RecurringTransaction")["totalCount"] == 0


@pytest.mark.parametrize("entity", ["SalesReceipt", "Invoice", "CreditMemo", "Estimate", "RefundReceipt"])
def test_sales_forms_recur(books: Books, entity: str) -> None:
    funds = {"DepositToAccountRef": {"value": books.account("Checking")["Id"]}} if entity == "RefundReceipt" else {}
    body = books.sale(55, CustomerRef=books.customer(), **funds)
    answer = books.make("RecurringTransaction", {entity: {**body, "RecurringInfo": schedule(entity)}})
    assert answer[entity]["TotalAmt"] == 55
    assert books.all(entity) == []


def test_other_documents_recur(books: Books, bill: Any) -> None:
    checking, savings = ({"value": books.account(name)["Id"]} for name in ("Checking", "Savings"))
    bodies: Doc = {
        "Transfer": {"FromAccountRef": checking, "ToAccountRef": savings, "Amount": 5},
        "Purchase": {"PaymentType": "Cash", "AccountRef": checking, "Line": [books.expense(5)]},
        "VendorCredit": bill,
        "PurchaseOrder": {**bill, "APAccountRef": {"value": books.account("AccountsPayable")["Id"]}},
    }
    for entity, body in bodies.items():
        answer = books.make("RecurringTransaction", {entity: {**body, "RecurringInfo": schedule(entity)}})
        assert list(answer) == [entity]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"RecurringInfo": None}, "2020"),
        ({"RecurringInfo": {"RecurType": "Unscheduled"}}, "2020"),
        ({"RecurringInfo": {"Name": "N", "RecurType": "Automated"}}, "2020"),
        ({"RecurringInfo": {"Name": "N", "RecurType": "Sometimes"}}, "2170"),
        ({"RecurringInfo": {"Name": "N", "ScheduleInfo": {"IntervalType": "Hourly"}}}, "2170"),
        ({"RecurringInfo": {"Name": "N", "ScheduleInfo": {"DayOfMonth": 32}}}, "2240"),
        ({"RecurringInfo": {"Name": "N", "Colour": "red"}}, "2010"),
        ({"VendorRef": None}, "2020"),
        ({"VendorRef": {"value": "424242"}}, "2500"),
        ({"Line": []}, "2020"),
    ],
)
def test_a_bad_template_changes_nothing(books: Books, bill: Any, change: Any, code: str) -> None:
    books.refuse("recurringtransaction", {"Bill": {**bill, "RecurringInfo": schedule(), **change}}, code)


def test_a_template_is_one_document_with_a_name_of_its_own(books: Books, bill: Any) -> None:
    whole = {"Bill": {**bill, "RecurringInfo": schedule()}}
    books.refuse("recurringtransaction", {}, "2020")
    books.refuse("recurringtransaction", {**whole, "VendorCredit": bill}, "2600")
    books.refuse("recurringtransaction", {"BillPayment": bill}, "2010")
    books.make("RecurringTransaction", whole)
    books.refuse("recurringtransaction", {"Bill": {**bill, "RecurringInfo": schedule("RENT")}}, "6240")
