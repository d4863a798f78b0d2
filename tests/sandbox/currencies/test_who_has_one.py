"""Multicurrency is switched on once; days have rates, names and accounts a currency: each rule as one case."""

from __future__ import annotations

from decimal import Decimal

import pytest
from foreign_shop import EUR, USD, Doc, Shop, named, person, turn_on

from raccord_sandbox.currency import rate_on
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.operations import read
from raccord_sandbox.refusing.faults import FaultError

LISTS = {"Customer": {"DisplayName": "X"}, "Vendor": {"DisplayName": "X"}, "Account": {"Name": "X"}}


@pytest.mark.parametrize("kind", LISTS)
def test_without_multicurrency_foreign_names_and_accounts_are_refused(off: Shop, kind: str) -> None:
    body = {**LISTS[kind], **({"AccountSubType": "Checking"} if kind == "Account" else {})}
    fault = off.refused(kind, {**body, **EUR})
    assert fault.code == 6000
    assert fault.detail == "Business Validation Error: Multi Currency should be enabled to perform this operation"
    assert off.make(kind, {**body, **USD})["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}


def test_without_multicurrency_a_foreign_document_is_refused_and_no_rate_is_kept(off: Shop) -> None:
    assert "Multi Currency should be enabled" in off.refused("SalesReceipt", {"Line": off.lines(1), **EUR}).detail
    made = off.make("SalesReceipt", {"Line": off.lines(1), "ExchangeRate": "1.5", **USD})
    assert "ExchangeRate" not in made
    assert "HomeTotalAmt" not in off.read("SalesReceipt", made)


def test_multicurrency_cannot_be_turned_off(shop: Shop) -> None:
    stored = shop.company.get("Preferences", "1") or {}
    head = {"Id": "1", "SyncToken": stored["SyncToken"], "sparse": True}
    with pytest.raises(FaultError) as found:
        person(shop.company, "Preferences", {**head, "CurrencyPrefs": {"MultiCurrencyEnabled": False}})
    assert (found.value.code, "cannot be turned off" in found.value.detail) == (6000, True)
    kept = shop.make("Preferences", {**head, "ReportPrefs": {"ReportBasis": "Cash"}})["CurrencyPrefs"]
    assert kept == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    gain = shop.account("ExchangeGainOrLoss")
    assert (shop.company.get("Account", gain["value"]) or {})["Name"] == "Exchange Gain or Loss"


def test_the_api_shows_multicurrency_and_does_not_turn_it_on(off: Shop) -> None:
    token = (off.company.get("Preferences", "1") or {})["SyncToken"]
    on = {"CurrencyPrefs": {"MultiCurrencyEnabled": True}}
    assert off.refused("Preferences", {"Id": "1", "SyncToken": token, "sparse": True, **on}).code == 2010


def test_simple_start_has_no_multicurrency(off: Shop) -> None:
    work = Work(off.company)
    work.touch("CompanyInfo", "1")["NameValue"] = [{"Name": "OfferingSku", "Value": "QuickBooks Online Simple Start"}]
    work.commit()
    with pytest.raises(FaultError) as found:
        turn_on(off.company)
    assert found.value.code == 5030


@pytest.mark.parametrize(
    ("code", "day", "rate"),
    [
        ("EUR", "2026-02-01", "1.20"),
        ("EUR", "2026-02-28", "1.20"),
        ("EUR", "2026-03-09", "1.0877"),
        ("EUR", "2025-12-31", "1"),
        ("GBP", "2026-01-31", "1"),
        ("USD", "2026-02-01", "1"),
        ("CHF", "2026-02-01", "1"),
    ],
)
def test_the_rate_of_a_day_is_the_latest_entered_or_one(shop: Shop, code: str, day: str, rate: str) -> None:
    assert rate_on(shop.company, code, day) == Decimal(rate)


def test_a_document_takes_the_rate_of_its_day_unless_one_is_sent(shop: Shop) -> None:
    body = {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(100), "TxnDate": "2026-02-10", **EUR}
    made = shop.read("Invoice", shop.make("Invoice", body))
    assert (made["ExchangeRate"], made["HomeTotalAmt"], made["HomeBalance"]) == (Decimal("1.20"), 120, 120)
    assert made["CurrencyRef"] == {"value": "EUR", "name": "EUR"}
    own = shop.read("Invoice", shop.make("Invoice", {**body, "ExchangeRate": "1.25"}))
    assert (own["ExchangeRate"], own["HomeTotalAmt"]) == (Decimal("1.25"), 125)
    head = {"Id": own["Id"], "SyncToken": "0", "sparse": True}
    moved = shop.make("Invoice", {**head, "TxnDate": "2026-01-05"})
    assert moved["ExchangeRate"] == Decimal("1.25")
    assert shop.refused("Invoice", {**body, "ExchangeRate": 0}).code == 2240
    assert shop.refused("Invoice", {**body, "ExchangeRate": "-1"}).code == 2240
    home = shop.make("SalesReceipt", {"Line": shop.lines(5), **USD, "ExchangeRate": 7})
    shown = shop.read("SalesReceipt", home)
    assert (shown["ExchangeRate"], shown["HomeTotalAmt"], shown["HomeBalance"]) == (1, 5, 0)


def test_every_document_needs_its_currency_and_that_of_its_name(shop: Shop) -> None:
    anne, bob = named(shop, "Customer", "Anne"), named(shop, "Customer", "Bob")
    vendor = named(shop, "Vendor", "Fournisseur")
    body: Doc = {"Line": shop.lines(1)}
    for kind, who in (("Invoice", anne), ("SalesReceipt", anne), ("CreditMemo", bob)):
        missing = shop.refused(kind, {**body, "CustomerRef": who})
        assert (missing.code, missing.element) == (6000, "CurrencyRef")
    other = shop.refused("Invoice", {**body, "CustomerRef": anne, **USD})
    assert (other.code, "EUR, not USD" in other.detail) == (6000, True)
    assert shop.refused("Invoice", {**body, "CustomerRef": bob, **EUR}).code == 6000
    bill = {"VendorRef": vendor, "Line": shop.costs(1)}
    assert shop.refused("Bill", bill).code == 6000
    assert shop.refused("Bill", {**bill, **USD}).code == 6000
    assert shop.refused("SalesReceipt", {**body, "CurrencyRef": {"value": "CHF"}}).code == 2220
    shop.company.settings["currency_ref_optional"] = True
    assert shop.make("Invoice", {**body, "CustomerRef": anne})["CurrencyRef"]["value"] == "EUR"


def test_a_person_need_not_say_the_currency(shop: Shop) -> None:
    body = {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(1)}
    assert person(shop.company, "Invoice", body)["CurrencyRef"]["value"] == "EUR"


@pytest.mark.parametrize("kind", LISTS)
def test_currencies_of_names_and_accounts_are_fixed_at_creation(shop: Shop, kind: str) -> None:
    body = {**LISTS[kind], **({"AccountSubType": "Savings"} if kind == "Account" else {})}
    made = shop.make(kind, {**body, **EUR})
    head = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    fault = shop.refused(kind, {**head, **USD})
    assert (fault.code, "cannot be changed" in fault.detail) == (6000, True)
    assert shop.make(kind, {**head, **EUR})["CurrencyRef"]["value"] == "EUR"
    full = {**body, "Id": made["Id"], "SyncToken": "1"}
    assert shop.make(kind, full)["CurrencyRef"]["value"] == "EUR"
    other = {name: "Y" if value == "X" else value for name, value in body.items()}
    assert shop.refused(kind, {**other, "CurrencyRef": {"value": "CHF"}}).code == 2220


@pytest.mark.parametrize(
    ("subtype", "allowed"),
    [
        ("Checking", True),
        ("CreditCard", True),
        ("AccountsReceivable", True),
        ("AccountsPayable", True),
        ("Travel", False),
        ("OtherCurrentAssets", False),
        ("ServiceFeeIncome", False),
        ("NotesPayable", False),
    ],
)
def test_only_money_receivables_and_payables_have_a_currency(shop: Shop, subtype: str, allowed: bool) -> None:
    body = {"Name": "Abroad", "AccountSubType": subtype, **EUR}
    if allowed:
        assert shop.make("Account", body)["CurrencyRef"]["value"] == "EUR"
    else:
        assert shop.refused("Account", body).code == 6000


def test_below_a_parent_the_currency_is_the_parents(shop: Shop) -> None:
    anne = named(shop, "Customer", "Anne")
    below = {"DisplayName": "Below", "Job": True, "ParentRef": anne}
    assert shop.make("Customer", below)["CurrencyRef"]["value"] == "EUR"
    assert shop.refused("Customer", {**below, "DisplayName": "Other", **USD}).code == 6000
    bank = {"Name": "Below", "AccountSubType": "Checking", "SubAccount": True, "ParentRef": shop.account("Checking")}
    assert shop.refused("Account", {**bank, **EUR}).code == 6000


def test_receivables_and_payables_stand_apart_by_currency(shop: Shop) -> None:
    shop.invoice("1.10", 100)
    bob = {"CustomerRef": named(shop, "Customer", "Bob"), "Line": shop.lines(7), **USD}
    shop.make("Invoice", bob)
    bill = {"VendorRef": named(shop, "Vendor", "Fournisseur"), "Line": shop.costs(50), "ExchangeRate": "1.2", **EUR}
    shop.make("Bill", bill)
    assert shop.balances() == {
        "Accounts Receivable (A/R) - EUR": 110,
        "Accounts Receivable (A/R)": 7,
        "Accounts Payable (A/P) - EUR": -60,
        "Services": -117,
        "Travel": 60,
    }
    assert read(shop.company, KINDS["Customer"], named(shop, "Customer", "Anne")["value"])["Balance"] == 100
    assert read(shop.company, KINDS["Vendor"], named(shop, "Vendor", "Fournisseur")["value"])["Balance"] == 50
    shop.invoice("1.10", 1)
    assert len(shop.company.accounts_of(AccountType="Accounts Receivable")) == 2
