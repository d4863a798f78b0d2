"""Currencies and exchange rates over HTTP, from turning multicurrency on to a foreign invoice paid."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
OFF = "Business Validation Error: Multi Currency should be enabled to perform this operation"


@pytest.fixture
def abroad(us: Books) -> Books:
    """The company of the United States with multicurrency on and euros in use."""
    us.deed("edit", entity="Preferences", id="1", changes={"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    us.make("CompanyCurrency", {"Code": "EUR"})
    return us


def rate(books: Books, day: str, value: object, **more: Any) -> Doc:
    body = {"SourceCurrencyCode": "EUR", "AsOfDate": day, "Rate": value, **more}
    found: Doc = books.post("exchangerate", body)["ExchangeRate"]
    return found


def test_without_multicurrency_there_are_no_currencies_and_rates(us: Books) -> None:
    assert us.refuse("companycurrency", {"Code": "EUR"}, "6000")["Detail"] == OFF
    body = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-01", "Rate": 1}
    assert us.refuse("exchangerate", body, "6000")["Detail"] == OFF
    assert us.get("exchangerate", sourcecurrencycode="EUR")["Fault"]["Error"][0]["code"] == "6000"
    assert us.query("select * from CompanyCurrency") == {}


def test_a_currency_is_named_listed_and_made_inactive(abroad: Books) -> None:
    made = abroad.make("CompanyCurrency", {"Code": "gbp"})
    assert (made["Code"], made["Name"], made["Active"]) == ("GBP", "British Pound Sterling", True)
    assert [doc["Code"] for doc in abroad.all("CompanyCurrency")] == ["EUR", "GBP"]
    gone = abroad.make("CompanyCurrency", {"Id": made["Id"], "SyncToken": "0", "Code": "GBP", "Active": False})
    assert (gone["Active"], gone["SyncToken"]) == (False, "1")
    assert [doc["Code"] for doc in abroad.all("CompanyCurrency")] == ["EUR"]
    assert abroad.read("CompanyCurrency", made["Id"])["Code"] == "GBP"
    abroad.refuse("customer", {"DisplayName": "X", "CurrencyRef": {"value": "GBP"}}, "2220")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "2020"),
        ({"Code": "Euro"}, "2220"),
        ({"Code": "USD"}, "6000"),
        ({"Code": "EUR"}, "6240"),
    ],
    ids=["missing", "no code", "home", "twice"],
)
def test_a_currency_that_cannot_be(abroad: Books, body: Doc, code: str) -> None:
    abroad.refuse("companycurrency", body, code)


def test_a_rate_is_entered_corrected_and_asked_for(abroad: Books) -> None:
    made = rate(abroad, "2026-01-31", "1.1")
    assert made["TargetCurrencyCode"] == "USD"
    assert (made["Rate"], made["AsOfDate"], made["SyncToken"]) == (Decimal("1.1"), "2026-01-31", "0")
    assert "Id" not in made
    assert list(made["MetaData"]) == ["LastUpdatedTime"]
    assert rate(abroad, "2026-01-31", "1.15", SyncToken="0", TargetCurrencyCode="USD")["SyncToken"] == "1"
    asked = abroad.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-02-28")["ExchangeRate"]
    assert (asked["Rate"], asked["AsOfDate"]) == (Decimal("1.15"), "2026-02-28")
    assert abroad.get("exchangerate", sourcecurrencycode="eur", asofdate="2025-12-31")["ExchangeRate"]["Rate"] == 1
    assert abroad.get("exchangerate", sourcecurrencycode="EUR")["ExchangeRate"]["AsOfDate"] == "2026-03-02"
    rate(abroad, "2026-02-01", "1.2")
    found = abroad.query("select * from ExchangeRate where SourceCurrencyCode = 'EUR'")["ExchangeRate"]
    assert [(doc["AsOfDate"], doc["Rate"]) for doc in found] == [
        ("2026-01-31", Decimal("1.15")),
        ("2026-02-01", Decimal("1.2")),
    ]
    one = abroad.query("select * from exchangerate where sourcecurrencycode in ('EUR') and asofdate='2026-02-01'")
    assert one["totalCount"] == 1


WRONG: dict[str, tuple[Callable[[Doc], Doc], str]] = {
    "no currency": (lambda body: {**body, "SourceCurrencyCode": None}, "2020"),
    "no rate": (lambda body: {**body, "Rate": None}, "2020"),
    "no day": (lambda body: {**body, "AsOfDate": None}, "2020"),
    "the home currency": (lambda body: {**body, "SourceCurrencyCode": "USD"}, "6000"),
    "a currency not in use": (lambda body: {**body, "SourceCurrencyCode": "CHF"}, "2220"),
    "into another currency": (lambda body: {**body, "TargetCurrencyCode": "GBP"}, "6000"),
    "nothing": (lambda body: {**body, "Rate": 0}, "2240"),
    "no date": (lambda body: {**body, "AsOfDate": "soon"}, "2060"),
    "superseded": (lambda body: {**body, "SyncToken": "7"}, "5010"),
}


@pytest.mark.parametrize(("change", "code"), WRONG.values(), ids=WRONG.keys())
def test_a_rate_that_cannot_be(abroad: Books, change: Any, code: str) -> None:
    body = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-31", "Rate": "1.1"}
    rate(abroad, "2026-01-31", "1.1")
    abroad.refuse("exchangerate", change(body), code)


@pytest.mark.parametrize(
    ("query", "code"),
    [({}, "2020"), ({"sourcecurrencycode": "USD"}, "6000"), ({"sourcecurrencycode": "CHF"}, "2220")],
    ids=["no currency", "home", "not in use"],
)
def test_a_question_for_a_rate_that_cannot_be(abroad: Books, query: dict[str, str], code: str) -> None:
    assert abroad.get("exchangerate", **query)["Fault"]["Error"][0]["code"] == code


def test_an_invoice_abroad_is_paid_and_deposited_and_every_report_agrees(abroad: Books) -> None:
    rate(abroad, "2026-01-01", "1.10")
    euro = {"CurrencyRef": {"value": "EUR"}}
    customer = abroad.customer("Anne", **euro)
    bank = abroad.make("Account", {"Name": "Euro bank", "AccountSubType": "Checking", **euro})
    invoice = abroad.invoice("100.01", customer, **euro)
    half = abroad.invoice(40, customer, **euro)
    rate(abroad, "2026-03-02", "1.25")
    line = {"Amount": "100.01", "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    paid = abroad.pay("100.01", customer, line, TxnDate="2026-03-02", **euro)
    assert (paid["HomeTotalAmt"], paid["ExchangeRate"]) == (Decimal("125.01"), Decimal("1.25"))
    link = {"Amount": "100.01", "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment"}]}
    deposit = {"DepositToAccountRef": {"value": bank["Id"]}, "Line": [link], "ExchangeRate": "1.3", **euro}
    abroad.make("Deposit", deposit)
    assert abroad.read("Account", bank["Id"])["CurrentBalance"] == Decimal("100.01")
    assert abroad.owed(customer) == 40
    assert abroad.read("Invoice", half["Id"])["HomeBalance"] == 44
    rows = abroad.get("reports/TrialBalance", end_date="2026-12-31")["Rows"]["Row"]
    shown = {row["ColData"][0]["value"]: [cell["value"] for cell in row["ColData"][1:]] for row in rows[:-1]}
    assert shown["Euro bank"] == ["130.01", ""]
    assert shown["Accounts Receivable (A/R) - EUR"] == ["44.00", ""]
    assert shown["Exchange Gain or Loss"] == ["", "20.00"]
    aged = abroad.get("reports/AgedReceivables", report_date="2026-03-31")["Rows"]["Row"][-1]["Summary"]["ColData"]
    assert aged[-1]["value"] == "44.00"


def test_changes_of_currencies_are_told(abroad: Books) -> None:
    since = "2026-03-01T00:00:00-08:00"
    block = abroad.get("cdc", entities="CompanyCurrency", changedSince=since)["CDCResponse"][0]["QueryResponse"][0]
    assert [doc["Code"] for doc in block["CompanyCurrency"]] == ["EUR"]


def test_names_of_two_currencies_and_accounts_of_tax_cannot_be_merged(abroad: Books) -> None:
    euro = abroad.customer("Anne", CurrencyRef={"value": "EUR"})
    dollar = abroad.customer("Bob")
    tax = abroad.account("SalesTaxPayable")["Id"]
    other = abroad.make("Account", {"Name": "Owed", "AccountType": "Other Current Liability"})["Id"]
    for entity, gone, kept in (("Customer", euro["value"], dollar["value"]), ("Account", tax, other)):
        path = f"companies/{abroad.company.realm}/person/merge"
        answer = abroad.ask("POST", path, {"entity": entity, "id": gone, "into": kept})
        assert (answer.status_code, answer.json()["code"]) == (400, "6000"), answer.text
