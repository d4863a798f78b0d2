"""Time activities: codes 6290 to 6390 of the reference's §19.3, and the invoices that bill them."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def worker(books: Books) -> Any:
    return books.make("Employee", {"GivenName": "Zoé", "FamilyName": "Platt"})


def hours(worker: Doc, **more: Any) -> Doc:
    body = {"NameOf": "Employee", "EmployeeRef": {"value": worker["Id"]}, "TxnDate": "2026-03-01", "Hours": 3}
    return {name: value for name, value in {**body, **more}.items() if value is not None}


def test_hours_are_kept_and_post_nothing(books: Books, worker: Any) -> None:
    made = books.make("TimeActivity", hours(worker, Description="Lighting"))
    assert (made["Hours"], made["Minutes"], made["BillableStatus"]) == (3, 0, "NotBillable")
    assert (made["HourlyRate"], made["Taxable"], made["EmployeeRef"]["name"]) == (0, False, "Zoé Platt")
    assert books.read("TimeActivity", made["Id"]) == made
    assert books.all("TimeActivity", "where TxnDate = '2026-03-01' and BillableStatus = 'NotBillable'") == [made]
    token = {"Id": made["Id"], "SyncToken": "0"}
    noted = books.make("TimeActivity", {**token, "sparse": True, "NameOf": "Employee", "Minutes": 30})
    assert (noted["Hours"], noted["Minutes"], noted["Description"]) == (3, 30, "Lighting")
    books.refuse("timeactivity", {**hours(worker), **token}, "5010")
    assert books.make("TimeActivity", {**token, "SyncToken": "1"}, operation="delete")["status"] == "Deleted"


def test_a_clocked_time_belongs_to_its_day(books: Books, worker: Any) -> None:
    clocked = {"Hours": None, "StartTime": "08:00:00-08:00", "EndTime": "17:00:00-08:00", "BreakHours": 1}
    made = books.make("TimeActivity", hours(worker, **clocked))
    assert (made["StartTime"], made["EndTime"]) == ("2026-03-01T08:00:00-08:00", "2026-03-01T17:00:00-08:00")
    assert "Hours" not in made
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "NameOf": "Employee"}
    turned = books.make("TimeActivity", {**token, "Hours": 8})
    assert not {"StartTime", "EndTime", "BreakHours"} & turned.keys()
    full = {"TxnDate": None, "Hours": None, "StartTime": "2026-02-03T09:00:00", "EndTime": "2026-02-03T10:00:00"}
    assert books.make("TimeActivity", hours(worker, **full))["TxnDate"] == "2026-02-03"


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"NameOf": None}, "2020", "NameOf"),
        ({"EmployeeRef": None}, "2020", "EmployeeRef"),
        ({"NameOf": "Other"}, "2170", "NameOf"),
        ({"VendorRef": "vendor"}, "6290", "EmployeeRef"),
        ({"EmployeeRef": {"value": "424242"}}, "2500", "EmployeeRef"),
        ({"BillableStatus": "Billable", "HourlyRate": 5}, "6310", "CustomerRef"),
        ({"BillableStatus": "Billable", "CustomerRef": "customer"}, "6330", "HourlyRate"),
        ({"BillableStatus": "HasBeenBilled"}, "6320", "BillableStatus"),
        ({"Hours": None, "StartTime": "soon", "EndTime": "17:00:00"}, "6340", "StartTime"),
        ({"Hours": None}, "6350", "Hours"),
        ({"Hours": None, "StartTime": "08:00:00"}, "6360", "StartTime"),
        ({"Hours": None, "StartTime": "08:00:00-08:00", "EndTime": "09:00:00"}, "6360", "EndTime"),
        ({"Hours": None, "StartTime": "17:00:00", "EndTime": "08:00:00"}, "6370", "StartTime"),
        ({"Hours": 0}, "6380", "Hours"),
        ({"Hours": None, "StartTime": "08:00:00", "EndTime": "09:00:00", "BreakHours": 1}, "6380", "BreakHours"),
        ({"StartTime": "08:00:00", "EndTime": "09:00:00"}, "6390", "Hours"),
        ({"Hours": 8761}, "2240", "Hours"),
        ({"Minutes": 60}, "2240", "Minutes"),
        ({"HourlyRate": -1}, "2290", "HourlyRate"),
        ({"Description": "x" * 4001}, "2050", "Description"),
        ({"Amount": 5}, "2010", "Amount"),
    ],
)
def test_bad_time_changes_nothing(books: Books, worker: Any, change: Any, code: str, element: str) -> None:
    known = {
        "vendor": lambda: books.make("Vendor", {"DisplayName": "V"}),
        "customer": lambda: {"Id": books.customer()["value"]},
    }
    change = {
        name: {"value": known[value]()["Id"]} if isinstance(value, str) and value in known else value
        for name, value in change.items()
    }
    assert books.refuse("timeactivity", hours(worker, **change), code)["element"] == element


def test_an_invoice_bills_time_and_lets_it_go(books: Books, worker: Any) -> None:
    customer = books.customer("Kim")
    time = books.make("TimeActivity", hours(worker, CustomerRef=customer, BillableStatus="Billable", HourlyRate=60))
    away = {"Id": customer["value"], "SyncToken": "0", "sparse": True, "Active": False}
    books.refuse("customer", away, "6280")
    invoice = books.invoice(180, customer, LinkedTxn=[{"TxnId": time["Id"], "TxnType": "TimeActivity"}])
    billed = books.read("TimeActivity", time["Id"])
    assert billed["BillableStatus"] == "HasBeenBilled"
    token = {"Id": time["Id"], "SyncToken": billed["SyncToken"]}
    books.refuse("timeactivity", token, "800", operation="delete")
    kept = books.make("TimeActivity", {**token, "sparse": True, "NameOf": "Employee", "BillableStatus": "NotBillable"})
    assert kept["BillableStatus"] == "HasBeenBilled"
    books.make("Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="delete")
    assert books.read("TimeActivity", time["Id"])["BillableStatus"] == "Billable"


def test_time_is_spent_on_services(us: Books) -> None:
    worker = us.make("Employee", {"GivenName": "Zoé"})
    goods = us.make(
        "Item",
        {"Name": "Cable", "Type": "NonInventory", "ExpenseAccountRef": {"value": us.account("Travel")["Id"]}},
    )
    us.refuse("timeactivity", hours(worker, ItemRef={"value": goods["Id"]}), "6000")
    assert us.make("TimeActivity", hours(worker, ItemRef={"value": us.item()["Id"]}))["ItemRef"]["name"]
