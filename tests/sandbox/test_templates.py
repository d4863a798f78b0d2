"""The companies that a template gives."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from time import process_time
from typing import Any

import httpx
import pytest

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.currencies import NAMES
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import shown
from raccord_sandbox.seeds import TEMPLATES, facts_of
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(SandboxConfig(seeds=TEMPLATES))


def test_a_sandbox_with_every_template_is_ready_in_a_moment() -> None:
    begun = process_time()
    Store(SandboxConfig(seeds=TEMPLATES))
    assert process_time() - begun < 1.5


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_whole(store: Store, template: str) -> None:
    company = store.of_template(template)
    assert_books_balance(company)
    info, preferences = company.get("CompanyInfo", "1"), company.get("Preferences", "1")
    assert info is not None
    assert preferences is not None
    assert info["CompanyName"] == company.settings["name"] == facts_of(template).name
    assert preferences["CurrencyPrefs"]["HomeCurrency"] == {"value": company.home_currency}
    for subtype in ("AccountsReceivable", "AccountsPayable", "UndepositedFunds", "RetainedEarnings"):
        assert len(company.accounts_of(AccountSubType=subtype)) == 1, subtype
    assert {doc["SyncToken"] for table in company.tables.values() for doc in table} == {"0"}
    assert {write["by"] for write in company.writes} <= {"seed"}


US_VALUES = [
    ("Account", "1", "Services"),
    ("Account", "4", "Undeposited Funds"),
    ("Account", "33", "Accounts Payable (A/P)"),
    ("Account", "35", "Checking"),
    ("Account", "36", "Savings"),
    ("Account", "41", "Mastercard"),
    ("Account", "42", "Visa"),
    ("Account", "79", "Sales of Product Income"),
    ("Account", "80", "Cost of Goods Sold"),
    ("Account", "81", "Inventory Asset"),
    ("Account", "84", "Accounts Receivable (A/R)"),
    ("Account", "86", "Discounts given"),
    ("PaymentMethod", "1", "Cash"),
    ("PaymentMethod", "2", "Check"),
    ("Term", "1", "Due on receipt"),
    ("Term", "2", "Net 15"),
    ("Term", "3", "Net 30"),
    ("Term", "4", "Net 60"),
    ("Item", "1", "Services"),
    ("Item", "2", "Hours"),
    ("Item", "4", "Design"),
    ("Item", "10", "Pest Control"),
    ("Item", "11", "Pump"),
    ("Customer", "1", "Amy's Bird Sanctuary"),
    ("Customer", "9", "55 Twin Lane"),
    ("Vendor", "56", "Bob's Burger Joint"),
    ("Employee", "55", "Emily Platt"),
    ("TaxCode", "TAX", "TAX"),
    ("TaxCode", "NON", "NON"),
]


@pytest.mark.parametrize(("kind", "key", "name"), US_VALUES)
def test_the_company_of_the_united_states_has_the_usual_ids(store: Store, kind: str, key: str, name: str) -> None:
    found = store.of_template("us").get(kind, key)
    assert found is not None
    assert found.get("DisplayName", found.get("Name")) == name


def test_the_pump_is_kept_in_stock_and_there_is_none_yet(store: Store) -> None:
    company = store.of_template("us")
    stored = company.get("Item", "11")
    assert stored is not None
    pump = shown(company, KINDS["Item"], stored)
    assert (pump["Type"], pump["QtyOnHand"], pump["AssetAccountRef"]["value"]) == ("Inventory", 0, "81")
    assert not any(company.ledger.balance(account["Id"]) for account in company.table("Account"))


def test_new_objects_have_ids_above_those_of_the_template(store: Store) -> None:
    company = Store(SandboxConfig(seeds=("us",))).of_template("us")
    taken = {int(doc["Id"]) for kind in ("Customer", "Vendor", "Employee") for doc in company.table(kind)}
    assert taken == set(range(1, 58))
    assert company.settings["sequences"]["name"] == 57


def test_sub_accounts_and_sub_customers_stand_below_their_parents(store: Store) -> None:
    company = store.of_template("us")
    account, customer = company.get("Account", "48"), company.get("Customer", "8")
    assert account is not None
    assert customer is not None
    name = "Landscaping Services:Job Materials:Fountains and Garden Lighting"
    assert (account["FullyQualifiedName"], account["SubAccount"]) == (name, True)
    assert customer["FullyQualifiedName"] == "Freeman Sporting Goods:0969 Ocean View Road"
    assert (customer["Level"], customer["Job"]) == (1, True)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(seeds=("france", "empty"))) as running:
        yield running


def post(server: SandboxServer, company: Company, entity: str, body: Doc) -> Doc:
    token = server.store.grants.grant(company.realm)["access_token"]
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    url = f"{server.url}/v3/company/{company.realm}/{entity.lower()}"
    answer = httpx.post(url, json=body, headers=headers).json()
    assert entity in answer, answer
    with company.lock:
        assert_books_balance(company)
    found: Doc = answer[entity]
    return found


def named(company: Company, kind: str, name: str) -> Doc:
    return next(doc for doc in company.table(kind) if doc["Name"] == name)


def balance(company: Company, number: str) -> Decimal:
    account = next(doc for doc in company.table("Account") if doc.get("AcctNum") == number)
    return company.ledger.balance(account["Id"])


@pytest.mark.parametrize(
    ("code", "tax"), [("TVA 20 %", "20.00"), ("TVA 10 %", "10.00"), ("TVA 5,5 %", "5.50"), ("TVA 2,1 %", "2.10")]
)
def test_the_french_company_collects_and_deducts_its_tva_on_two_accounts(
    server: SandboxServer, code: str, tax: str
) -> None:
    company = server.store.of_template("france")
    before = balance(company, "445710"), balance(company, "445660"), balance(company, "512000")
    key = named(company, "TaxCode", code)["Id"]
    item, bank = named(company, "Item", "Prestations"), named(company, "Account", "512 Banques")
    detail = {"ItemRef": {"value": item["Id"]}, "TaxCodeRef": {"value": key}}
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    sale = post(server, company, "SalesReceipt", {"Line": [line], "DepositToAccountRef": {"value": bank["Id"]}})
    assert Decimal(str(sale["TotalAmt"])) == 100 + Decimal(tax)
    cost = named(company, "Account", "6064 Fournitures administratives")
    spent = {"AccountRef": {"value": cost["Id"]}, "TaxCodeRef": {"value": key}}
    line = {
        "Amount": 100,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": spent,
    }
    post(server, company, "Purchase", {"PaymentType": "Cash", "AccountRef": {"value": bank["Id"]}, "Line": [line]})
    after = balance(company, "445710"), balance(company, "445660"), balance(company, "512000")
    assert [new - old for new, old in zip(after, before, strict=True)] == [-Decimal(tax), Decimal(tax), 0]


def test_a_french_journal_entry_is_kept_in_a_journal(server: SandboxServer) -> None:
    company = server.store.of_template("france")
    bank, fees = named(company, "Account", "512 Banques"), named(company, "Account", "627 Services bancaires")

    def entry(**more: Any) -> Doc:
        lines = [
            {
                "Amount": 3,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account["Id"]}},
            }
            for side, account in (("Debit", fees), ("Credit", bank))
        ]
        return post(server, company, "JournalEntry", {"Line": lines, "GlobalTaxCalculation": "NotApplicable", **more})

    assert entry()["JournalCodeRef"]["name"] == "OD"
    code = named(company, "JournalCode", "BQ")
    assert entry(JournalCodeRef={"value": code["Id"]})["JournalCodeRef"] == {"value": code["Id"], "name": "BQ"}
    assert post(server, company, "JournalCode", {"Name": "SAL", "Type": "Wages"})["Active"] is True


@pytest.mark.parametrize(("country", "currency"), [("GB", "GBP"), ("FR", "EUR"), ("US", "USD"), ("SN", "XOF")])
def test_the_empty_company_has_the_country_and_the_currency_that_are_asked(
    server: SandboxServer, country: str, currency: str
) -> None:
    lab = {"Authorization": f"Bearer {server.lab_token}"}
    body = {"template": "empty", "name": f"Bare {country}", "country": country.lower(), "currency": currency}
    made = httpx.post(f"{server.url}/sandbox/companies", json=body, headers=lab).json()
    assert (made["name"], made["country"], made["currency"]) == (f"Bare {country}", country, currency)
    company = server.store.get(made["realm"])
    assert company is not None
    info = company.get("CompanyInfo", "1")
    assert info is not None
    assert info["Country"] == country
    vendor = post(server, company, "Vendor", {"DisplayName": "First"})
    name = NAMES[currency][country == "FR"]
    assert vendor["CurrencyRef"] == {"value": currency, "name": name}
    httpx.delete(f"{server.url}/sandbox/companies/{made['realm']}", headers=lab)
