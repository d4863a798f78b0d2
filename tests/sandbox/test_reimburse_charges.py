"""What is spent for a customer and is to be billed: billable lines and reimburse charges, codes 6280 and 6400."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def tracking(books: Books) -> Any:
    """A company that tracks billable expenses."""
    read = books.get("preferences")["Preferences"]
    prefs = {"VendorAndPurchasesPrefs": {"BillableExpenseTracking": True}}
    books.make("Preferences", {"Id": "1", "SyncToken": read["SyncToken"], "sparse": True, **prefs})
    return books


def document(books: Books, entity: str, *lines: Doc) -> Doc:
    if entity == "Bill":
        return dict(books.bill(books.make("Vendor", {"DisplayName": "V"}), *lines))
    checking = {"value": books.account("Checking")["Id"]}
    return {"PaymentType": "Cash", "AccountRef": checking, "TxnDate": "2026-03-01", "Line": list(lines)}


def charges(books: Books) -> list[Doc]:
    found: list[Doc] = books.all("ReimburseCharge", "where HasBeenInvoiced = false")
    return found


@pytest.mark.parametrize("entity", ["Bill", "Purchase"])
def test_a_billable_line_is_charged_to_its_customer_with_its_markup(tracking: Books, entity: str) -> None:
    customer = tracking.customer("Kim")
    line = tracking.expense(50, CustomerRef=customer, BillableStatus="Billable", MarkupInfo={"Percent": 10})
    made = tracking.make(entity, document(tracking, entity, line, tracking.expense(5)))
    [charge] = charges(tracking)
    assert made["LinkedTxn"] == [{"TxnId": charge["Id"], "TxnType": "ReimburseCharge"}]
    assert (charge["Amount"], charge["CustomerRef"]["name"], charge["TxnDate"]) == (55, "Kim", "2026-03-01")
    assert [row["Amount"] for row in charge["Line"]] == [50, 5]
    assert charge["Line"][1]["Description"] == "10% markup"
    assert "Source" not in charge
    assert tracking.get(f"reimbursecharge/{charge['Id']}")["ReimburseCharge"] == charge
    tracking.refuse("reimbursecharge", {"CustomerRef": customer, "Amount": 5}, "500")
    away = {"Id": customer["value"], "SyncToken": "0", "sparse": True, "Active": False}
    tracking.refuse("customer", away, "6280")


@pytest.mark.parametrize("entity", ["Bill", "Purchase"])
def test_charges_follow_their_lines(tracking: Books, entity: str) -> None:
    line = tracking.expense(50, CustomerRef=tracking.customer("Kim"), BillableStatus="Billable")
    made = tracking.make(entity, document(tracking, entity, line))
    [before] = charges(tracking)
    head = {"VendorRef": made["VendorRef"]} if entity == "Bill" else {"PaymentType": "Cash"}
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True, **head}
    changed = tracking.make(entity, {**token, "Line": [{**made["Line"][0], "Amount": 60}]})
    [after] = charges(tracking)
    assert (after["Id"], after["Amount"], after["SyncToken"]) == (before["Id"], Decimal("60.00"), "1")
    assert changed["LinkedTxn"] == made["LinkedTxn"]
    plain = tracking.make(entity, {**token, "SyncToken": "1", "Line": [tracking.expense(7)]})
    assert (plain["LinkedTxn"], charges(tracking)) == ([], [])
    again = tracking.make(entity, {**token, "SyncToken": "2", "Line": [line]})
    assert len(charges(tracking)) == 1
    tracking.make(entity, {"Id": made["Id"], "SyncToken": again["SyncToken"]}, operation="delete")
    assert charges(tracking) == []


def test_a_voided_purchase_charges_nobody(tracking: Books) -> None:
    line = tracking.expense(50, CustomerRef=tracking.customer("Kim"), BillableStatus="Billable")
    made = tracking.make("Purchase", document(tracking, "Purchase", line))
    tracking.deed("void", entity="Purchase", id=made["Id"])
    assert charges(tracking) == []


@pytest.mark.parametrize("entity", ["Bill", "Purchase"])
def test_what_was_billed_holds_its_purchase(tracking: Books, entity: str) -> None:
    line = tracking.expense(50, CustomerRef=tracking.customer("Kim"), BillableStatus="HasBeenBilled")
    made = tracking.make(entity, document(tracking, entity, line))
    assert charges(tracking) == []
    token = {"Id": made["Id"], "SyncToken": "0"}
    tracking.refuse(entity.lower(), token, "6400", operation="delete")


def test_a_company_that_does_not_track_has_no_charges(books: Books) -> None:
    line = books.expense(50, CustomerRef=books.customer("Kim"), BillableStatus="Billable")
    made = books.make("Purchase", document(books, "Purchase", line))
    assert "LinkedTxn" not in made
    assert charges(books) == []
