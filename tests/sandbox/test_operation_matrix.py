"""The operation matrix of the reference: each entity does what it says, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
MATRIX = {
    "CompanyInfo": "RQUS",
    "Preferences": "RQUS",
    "Account": "CRQUSA",
    "Customer": "CRQUSA",
    "Vendor": "CRQUSA",
    "Employee": "CRQUSA",
    "Item": "CRQUSA",
    "Class": "CRQUSA",
    "Department": "CRQUSA",
    "Term": "CRQUSA",
    "PaymentMethod": "CRQUSA",
    "CustomerType": "RQ",
    "TaxCode": "RQ",
    "TaxRate": "RQ",
    "TaxAgency": "CRQ",
    "CompanyCurrency": "CRQUS",
    "Invoice": "CRQUSDVPM",
    "SalesReceipt": "CRQUSDVPM",
    "RefundReceipt": "CRQUSDPM",
    "CreditMemo": "CRQUSDPM",
    "Payment": "CRQUSDVPM",
    "Deposit": "CRQUSD",
    "Purchase": "CRQUSD",
    "Bill": "CRQUSD",
    "BillPayment": "CRQUSDV",
    "VendorCredit": "CRQUSD",
    "Transfer": "CRQUSD",
    "JournalEntry": "CRQUSD",
    "Estimate": "CRQUSDPM",
    "PurchaseOrder": "CRQUSDPM",
    "Attachable": "CRQUSD",
    "RecurringTransaction": "CRQUSD",
    "TimeActivity": "CRQUSD",
    "InventoryAdjustment": "CRQUSD",
    "CreditCardPayment": "CRQUSD",
    "ReimburseCharge": "RQ",
}
"""Create, read, query, update, sparse update, delete, void, deactivate, PDF, mail."""
KEY = {"CreditCardPayment": "CreditCardPaymentTxn"}
NOBODY = {"Id": "987654321", "SyncToken": "0"}
FIRST = {"CompanyInfo": "1", "Preferences": "1"}


def refused_as_unsupported(us: Books, method: str, path: str, body: Any = None, **query: str) -> bool:
    """Tell whether a request is fault 500; one that is supported finds nothing (610) or misses something."""
    headers = {"Content-Type": "application/json" if body is not None else "application/octet-stream"}
    content = None if body is None else json.dumps(body).encode()
    answer = us.http.request(method, f"{us.base}/{path}", content=content, params=query, headers=headers)
    if answer.status_code == 200:
        return False
    assert answer.status_code == 400
    return bool(answer.json()["Fault"]["Error"][0]["code"] == "500")


@pytest.mark.parametrize(("entity", "letters"), MATRIX.items(), ids=MATRIX)
def test_an_entity_has_its_operations_and_no_others(us: Books, entity: str, letters: str) -> None:
    path, key = entity.lower(), FIRST.get(entity, NOBODY["Id"])
    unsupported = {
        "C": refused_as_unsupported(us, "POST", path, {}),
        "R": refused_as_unsupported(us, "GET", f"{path}/{key}"),
        "U": refused_as_unsupported(us, "POST", path, NOBODY),
        "S": refused_as_unsupported(us, "POST", path, {**NOBODY, "sparse": True}),
        "D": refused_as_unsupported(us, "POST", path, NOBODY, operation="delete"),
        "V": refused_as_unsupported(us, "POST", path, NOBODY, operation="void"),
        "P": refused_as_unsupported(us, "GET", f"{path}/{NOBODY['Id']}/pdf"),
        "M": refused_as_unsupported(us, "POST", f"{path}/{NOBODY['Id']}/send"),
    }
    assert {letter for letter, refused in unsupported.items() if not refused} == set(letters) - {"Q", "A"}
    assert "totalCount" in us.query(f"select count(*) from {KEY.get(entity, entity)}")  # noqa: S608  # the language under test


@pytest.mark.parametrize("entity", [entity for entity, letters in MATRIX.items() if "A" in letters])
def test_a_name_is_made_inactive_and_active_again(us: Books, entity: str) -> None:
    income = us.account("SalesOfProductIncome")["Id"]
    more: dict[str, dict[str, Any]] = {
        "Account": {"AccountType": "Bank"},
        "Item": {"Type": "Service", "IncomeAccountRef": {"value": income}},
        "Employee": {"GivenName": "Ada", "FamilyName": "Z"},
        "Term": {"DueDays": 3},
    }
    name = {"Customer": "DisplayName", "Vendor": "DisplayName", "Employee": "DisplayName"}.get(entity, "Name")
    made = us.make(entity, {name: "Zenith", **more.get(entity, {})})
    gone = us.make(entity, {**made, "Active": False})
    assert (gone["Active"], gone["Id"]) == (False, made["Id"])
    assert made["Id"] not in {doc["Id"] for doc in us.all(entity)}
    back = us.make(entity, {**gone, "Active": True})
    assert (back["Active"], back[name]) == (True, made[name])


def test_tax_service_and_exchange_rates_have_addresses_of_their_own(us: Books) -> None:
    assert not refused_as_unsupported(us, "POST", "taxservice/taxcode", {})
    assert refused_as_unsupported(us, "GET", "taxservice/taxcode")
    assert not refused_as_unsupported(us, "GET", "exchangerate", sourcecurrencycode="CAD")
    assert not refused_as_unsupported(us, "POST", "exchangerate", {})
    assert us.get("query", query="select * from ExchangeRate")["QueryResponse"] == {}
