"""Each documented rule of multicurrency as one case, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.currency import rate_on
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, Work, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import Origin, read, write
from raccord_sandbox.refusing.faults import FaultError

Doc = dict[str, Any]
EUR: Doc = {"CurrencyRef": {"value": "EUR"}}
USD: Doc = {"CurrencyRef": {"value": "USD"}}
RATES = {"EUR": {"2026-01-01": "1.10", "2026-02-01": "1.20", "2026-03-01": "1.0877"}, "GBP": {"2026-02-01": "1.30"}}
STORE = Store(SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, tzinfo=UTC)), seeds=()))


def person(company: Company, kind: str, body: Doc) -> Doc:
    return write(company, KINDS[kind], body, Operation.UPDATE, origin=Origin(by="person"))


def turn_on(company: Company) -> None:
    token = (company.get("Preferences", "1") or {})["SyncToken"]
    on = {"CurrencyPrefs": {"MultiCurrencyEnabled": True}}
    person(company, "Preferences", {"Id": "1", "SyncToken": token, "sparse": True, **on})


def add_currencies(company: Company) -> None:
    """Put what the lists of currencies and rates hold."""
    work = Work(company)
    meta = {"CreateTime": "2026-01-01T00:00:00-08:00", "LastUpdatedTime": "2026-01-01T00:00:00-08:00"}
    for number, (code, rates) in enumerate(RATES.items(), start=1):
        head = {"SyncToken": "0", "MetaData": meta, "domain": "QBO", "sparse": False}
        work.put("CompanyCurrency", {"Id": str(number), "Code": code, "Name": code, "Active": True, **head})
        for day, rate in rates.items():
            row = {"SourceCurrencyCode": code, "TargetCurrencyCode": "USD", "AsOfDate": day, "Rate": Decimal(rate)}
            work.put("ExchangeRate", {"Id": f"{code}{day}", **row, **head})
    work.commit()


@dataclass
class Shop:
    """A company of the United States with customers and vendors at home and in Europe."""

    company: Company

    def make(self, kind: str, body: Doc) -> Doc:
        made = write(self.company, KINDS[kind], body, Operation.UPDATE if "Id" in body else Operation.CREATE)
        assert_books_balance(self.company)
        return made

    def remove(self, kind: str, doc: Doc) -> None:
        token = self.read(kind, doc)["SyncToken"]
        write(self.company, KINDS[kind], {"Id": doc["Id"], "SyncToken": token}, Operation.DELETE)
        assert_books_balance(self.company)

    def read(self, kind: str, doc: Doc) -> Doc:
        return read(self.company, KINDS[kind], doc["Id"])

    def refused(self, kind: str, body: Doc) -> FaultError:
        before = [(row.kind, row.id, row.doc, row.entries) for row in self.company.rows()]
        with pytest.raises(FaultError) as found:
            write(self.company, KINDS[kind], body, Operation.UPDATE if "Id" in body else Operation.CREATE)
        assert before == [(row.kind, row.id, row.doc, row.entries) for row in self.company.rows()]
        return found.value

    def account(self, subtype: str, currency: str = "USD") -> Doc:
        found = self.company.accounts_of(AccountSubType=subtype)
        key = next(key for key in found if (self.company.get("Account", key) or {})["CurrencyRef"]["value"] == currency)
        return {"value": key}

    def name(self, kind: str, display: str, **more: Any) -> Doc:
        return {"value": self.make(kind, {"DisplayName": display, **more})["Id"]}

    def lines(self, *amounts: object) -> list[Doc]:
        item = {"ItemRef": {"value": next(iter(self.company.table("Item")))["Id"]}}
        return [
            {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": dict(item)}
            for amount in amounts
        ]

    def costs(self, *amounts: object) -> list[Doc]:
        detail = {"AccountRef": self.account("Travel")}
        return [
            {
                "Amount": amount,
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": dict(detail),
            }
            for amount in amounts
        ]

    def side(self, posting: str, account: Doc, amount: object, **more: Any) -> Doc:
        detail = {"PostingType": posting, "AccountRef": account, **more}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    def balances(self) -> dict[str, Decimal]:
        """Return what the ledger holds in home currency, debits positive, without what is nothing."""
        found = {doc["Name"]: self.company.ledger.balance(doc["Id"]) for doc in self.company.table("Account")}
        return {name: amount for name, amount in found.items() if amount}

    def invoice(self, rate: str, *amounts: object, **more: Any) -> Doc:
        customer = next(doc for doc in self.company.table("Customer") if doc["DisplayName"] == "Anne")
        body = {"CustomerRef": {"value": customer["Id"]}, "ExchangeRate": rate, "Line": self.lines(*amounts), **EUR}
        return self.make("Invoice", {**body, **more})

    def pay(self, rate: str, total: object, *settles: tuple[str, Doc, object], **more: Any) -> Doc:
        customer = next(doc for doc in self.company.table("Customer") if doc["DisplayName"] == "Anne")
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]} for kind, doc, amount in settles
        ]
        body = {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": total, "ExchangeRate": rate, "Line": lines, **EUR}
        return self.make("Payment", {**body, **more})


def prepared() -> Shop:
    shop = Shop(STORE.add("us"))
    turn_on(shop.company)
    add_currencies(shop.company)
    shop.name("Customer", "Anne", **EUR)
    shop.name("Customer", "Bob")
    shop.name("Vendor", "Fournisseur", **EUR)
    shop.make("Account", {"Name": "Euro bank", "AccountSubType": "Checking", **EUR})
    shop.make("Account", {"Name": "Euro card", "AccountSubType": "CreditCard", **EUR})
    STORE.snapshot(shop.company, "start")
    return shop


OFF = Shop(STORE.add("us"))
STORE.snapshot(OFF.company, "start")
ON = prepared()


@pytest.fixture
def off() -> Iterator[Shop]:
    """A company without multicurrency."""
    yield OFF
    STORE.restore(OFF.company, "start")


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A company with euros and pounds beside its dollars."""
    yield ON
    STORE.restore(ON.company, "start")


def named(shop: Shop, kind: str, display: str) -> Doc:
    return {"value": next(doc["Id"] for doc in shop.company.table(kind) if doc["DisplayName"] == display)}


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


@dataclass(frozen=True)
class Posted:
    """A foreign document and what the ledger holds of it in dollars."""

    kind: str
    body: Any
    balances: dict[str, str]


def _journal(shop: Shop) -> Doc:
    bank, travel = shop.account("Checking", "EUR"), shop.account("Travel")
    return {
        "Line": [
            shop.side("Debit", travel, "33.33"),
            shop.side("Debit", travel, "33.33"),
            shop.side("Credit", bank, "66.66"),
        ]
    }


POSTED = {
    "a sale's rounding falls on its largest line": Posted(
        "SalesReceipt",
        lambda shop: {"Line": shop.lines("33.33", "33.33", "33.34")},
        {"Undeposited Funds": "108.77", "Services": "-108.77"},
    ),
    "a refund mirrors a sale": Posted(
        "RefundReceipt",
        lambda shop: {"Line": shop.lines("10.01"), "DepositToAccountRef": shop.account("Checking", "EUR")},
        {"Euro bank": "-10.89", "Services": "10.89"},
    ),
    "an expense from a bank abroad": Posted(
        "Purchase",
        lambda shop: {
            "PaymentType": "Cash",
            "AccountRef": shop.account("Checking", "EUR"),
            "Line": shop.costs("33.33", "33.33", "33.34"),
        },
        {"Euro bank": "-108.77", "Travel": "108.77"},
    ),
    "a card abroad": Posted(
        "Purchase",
        lambda shop: {
            "PaymentType": "CreditCard",
            "AccountRef": shop.account("CreditCard", "EUR"),
            "Line": shop.costs(20),
        },
        {"Euro card": "-21.75", "Travel": "21.75"},
    ),
    "money goes home": Posted(
        "Transfer",
        lambda shop: {
            "FromAccountRef": shop.account("Checking", "EUR"),
            "ToAccountRef": shop.account("Checking"),
            "Amount": 200,
        },
        {"Euro bank": "-217.54", "Checking": "217.54"},
    ),
    "a card is paid down abroad": Posted(
        "CreditCardPaymentTxn",
        lambda shop: {
            "CreditCardAccountRef": shop.account("CreditCard", "EUR"),
            "BankAccountRef": shop.account("Checking", "EUR"),
            "Amount": 10,
        },
        {"Euro bank": "-10.88", "Euro card": "10.88"},
    ),
    "a journal entry's rounding falls on what is no money": Posted(
        "JournalEntry", _journal, {"Euro bank": "-72.51", "Travel": "72.51"}
    ),
    "a deposit of income": Posted(
        "Deposit",
        lambda shop: {
            "DepositToAccountRef": shop.account("Checking", "EUR"),
            "Line": [
                {
                    "Amount": "10.01",
                    "DetailType": "DepositLineDetail",
                    "DepositLineDetail": {"AccountRef": shop.account("ServiceFeeIncome")},
                }
            ],
        },
        {"Euro bank": "10.89", "Services": "-10.89"},
    ),
    "a vendor credit": Posted(
        "VendorCredit",
        lambda shop: {"VendorRef": named(shop, "Vendor", "Fournisseur"), "Line": shop.costs(10)},
        {"Accounts Payable (A/P) - EUR": "10.88", "Travel": "-10.88"},
    ),
    "a credit memo": Posted(
        "CreditMemo",
        lambda shop: {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(10)},
        {"Accounts Receivable (A/R) - EUR": "-10.88", "Services": "10.88"},
    ),
}


@pytest.mark.parametrize("case", POSTED.values(), ids=POSTED.keys())
def test_foreign_documents_post_in_home_currency(shop: Shop, case: Posted) -> None:
    made = shop.make(case.kind, {**case.body(shop), "TxnDate": "2026-03-02", **EUR})
    assert made["ExchangeRate"] == Decimal("1.0877")
    assert shop.balances() == {name: Decimal(amount) for name, amount in case.balances.items()}


def test_rounding_falls_on_the_largest_line_and_never_on_tax(shop: Shop) -> None:
    def posted(doc: Doc) -> list[Decimal]:
        posting = shop.company.ledger.posting("SalesReceipt", doc["Id"])
        return [] if posting is None else [entry.amount for entry in posting.entries]

    body = {"Line": shop.lines("33.33", "33.34", "33.33"), "ExchangeRate": "1.0877", **EUR}
    thirds = posted(shop.make("SalesReceipt", body))
    assert thirds == [Decimal(text) for text in ("108.77", "-36.25", "-36.27", "-36.25")]
    lines = shop.lines("0.05", "0.05")
    lines[0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    taxed = {"Line": lines, "TxnTaxDetail": {"TotalTax": "50.05"}, "ExchangeRate": "1.1", **EUR}
    amounts = posted(shop.make("SalesReceipt", taxed))
    assert amounts == [Decimal(text) for text in ("55.17", "-0.05", "-0.06", "-55.06")]


def test_a_bank_abroad_shows_its_own_currency_and_the_ledger_dollars(shop: Shop) -> None:
    bank = shop.account("Checking", "EUR")
    shop.make("SalesReceipt", {"Line": shop.lines(100), "DepositToAccountRef": bank, "ExchangeRate": "1.10", **EUR})
    spent = {"PaymentType": "Cash", "AccountRef": bank, "Line": shop.costs(40), "ExchangeRate": "1.30", **EUR}
    shop.make("Purchase", spent)
    shown = read(shop.company, KINDS["Account"], bank["value"])
    assert (shown["CurrentBalance"], shown["CurrentBalanceWithSubAccounts"]) == (60, 60)
    assert shop.company.ledger.balance(bank["value"]) == 58


def test_an_opening_balance_abroad_counts_at_the_rate_of_its_day(shop: Shop) -> None:
    body = {
        "Name": "Old",
        "AccountSubType": "Savings",
        "OpeningBalance": 100,
        "OpeningBalanceDate": "2026-02-02",
        **EUR,
    }
    made = shop.make("Account", body)
    assert read(shop.company, KINDS["Account"], made["Id"])["CurrentBalance"] == 100
    assert shop.company.ledger.balance(made["Id"]) == 120
    assert "ExchangeRate" not in read(shop.company, KINDS["Account"], made["Id"])


def test_accounts_of_another_currency_are_refused(shop: Shop) -> None:
    bank = shop.account("Checking", "EUR")
    fault = shop.refused("SalesReceipt", {"Line": shop.lines(1), "DepositToAccountRef": bank, **USD})
    assert (fault.code, "is kept in EUR" in fault.detail) == (6000, True)
    pounds = {"Line": shop.lines(1), "DepositToAccountRef": bank, "CurrencyRef": {"value": "GBP"}}
    assert shop.refused("SalesReceipt", pounds).code == 6000
    sides = [shop.side("Debit", bank, 5), shop.side("Credit", shop.account("Savings"), 5)]
    assert shop.refused("JournalEntry", {"Line": sides, **USD}).code == 6000
    shop.make("JournalEntry", {"Line": sides, **EUR})


def test_a_receivable_line_names_somebody_of_its_currency(shop: Shop) -> None:
    shop.invoice("1.1", 1)
    anne, bob = ({"Entity": {"Type": "Customer", "EntityRef": named(shop, "Customer", who)}} for who in ("Anne", "Bob"))
    euro, dollar = shop.account("AccountsReceivable", "EUR"), shop.account("AccountsReceivable")
    other = shop.side("Credit", shop.account("ServiceFeeIncome"), 5)
    fault = shop.refused("JournalEntry", {"Line": [shop.side("Debit", euro, 5, **bob), other], **EUR})
    assert (fault.code, "is kept in EUR, Bob in USD" in fault.detail) == (6000, True)
    assert shop.refused("JournalEntry", {"Line": [shop.side("Debit", dollar, 5, **anne), other], **USD}).code == 6000
    shop.make("JournalEntry", {"Line": [shop.side("Debit", euro, 5, **anne), other], **EUR})
    shop.make("JournalEntry", {"Line": [shop.side("Debit", dollar, 5, **bob), other], **USD})


@dataclass(frozen=True)
class Settled:
    """An invoice of 100 euros at 1.10, payments as (rate, amount), and what they gain; a loss is negative."""

    payments: list[tuple[str, str]]
    gain: str
    at_home: str = "0"


SETTLED = {
    "the euro rose": Settled([("1.20", "100")], "10.00"),
    "the euro fell": Settled([("1.05", "100")], "-5.00"),
    "the same rate": Settled([("1.10", "100")], "0"),
    "in part": Settled([("1.20", "40")], "4.00", "66.00"),
    "in three parts": Settled([("1.10", "33.33"), ("1.20", "33.33"), ("1.0877", "33.34")], "2.92"),
}


@pytest.mark.parametrize("case", SETTLED.values(), ids=SETTLED.keys())
def test_payments_take_the_difference_of_rates_as_gain_or_loss(shop: Shop, case: Settled) -> None:
    invoice = shop.invoice("1.10", 100)
    for rate, amount in case.payments:
        shop.pay(rate, amount, ("Invoice", invoice, amount))
    balances = shop.balances()
    assert -balances.get("Exchange Gain or Loss", Decimal(0)) == Decimal(case.gain)
    assert balances.get("Accounts Receivable (A/R) - EUR", 0) == Decimal(case.at_home)
    shown = shop.read("Invoice", invoice)
    assert shown["HomeBalance"] == Decimal(case.at_home)
    assert shown["HomeTotalAmt"] == 110


def test_what_is_open_to_the_last_cent_goes_with_the_last_payment(shop: Shop) -> None:
    invoice = shop.invoice("1.337", "0.10")
    payments = [shop.pay("1.337", "0.01", ("Invoice", invoice, "0.01")) for _ in range(10)]
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()
    shop.remove("Payment", payments[3])
    assert shop.read("Invoice", invoice)["Balance"] == Decimal("0.01")
    shop.pay("9", "0.01", ("Invoice", invoice, "0.01"))
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()


def test_a_new_rate_on_an_invoice_is_carried_to_its_payments_and_deposits(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    payment = shop.pay("1.20", 100, ("Invoice", invoice, 100))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    bank = shop.account("Checking", "EUR")
    shop.make("Deposit", {"DepositToAccountRef": bank, "Line": [line], "ExchangeRate": "1.25"})
    assert shop.balances() == {"Euro bank": 125, "Services": -110, "Exchange Gain or Loss": -15}
    token = shop.read("Invoice", invoice)["SyncToken"]
    shop.make("Invoice", {"Id": invoice["Id"], "SyncToken": token, "sparse": True, "ExchangeRate": "1.15"})
    assert shop.balances() == {"Euro bank": 125, "Services": -115, "Exchange Gain or Loss": -10}
    assert shop.read("Payment", payment)["SyncToken"] == "1"


def test_a_new_rate_is_refused_where_it_would_change_a_closed_payment(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100, TxnDate="2026-02-10")
    shop.pay("1.20", 100, ("Invoice", invoice, 100), TxnDate="2026-01-10")
    work = Work(shop.company)
    work.touch("Preferences", "1")["AccountingInfoPrefs"]["BookCloseDate"] = "2026-01-31"
    work.commit()
    head = {"Id": invoice["Id"], "SyncToken": shop.read("Invoice", invoice)["SyncToken"], "sparse": True}
    assert shop.refused("Invoice", {**head, "ExchangeRate": "1.15"}).code == 6200
    assert shop.make("Invoice", {**head, "PrivateNote": "x"})["ExchangeRate"] == Decimal("1.10")


def test_credits_and_invoices_meet_at_their_own_rates(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    memo = {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(30), "ExchangeRate": "1.20", **EUR}
    credit = shop.make("CreditMemo", memo)
    shop.pay("1.50", 0, ("Invoice", invoice, 30), ("CreditMemo", credit, 30))
    assert shop.balances() == {
        "Accounts Receivable (A/R) - EUR": 77,
        "Services": -74,
        "Exchange Gain or Loss": -3,
    }
    assert shop.read("CreditMemo", credit)["HomeBalance"] == 0


def test_money_paid_in_advance_keeps_its_rate_until_it_is_applied(shop: Shop) -> None:
    payment = shop.pay("1.20", 100)
    assert shop.balances() == {"Undeposited Funds": 120, "Accounts Receivable (A/R) - EUR": -120}
    invoice = shop.invoice("1.10", 100)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    shop.make("Payment", {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "Line": [line]})
    assert shop.balances() == {"Undeposited Funds": 120, "Services": -110, "Exchange Gain or Loss": -10}
    shop.remove("Payment", payment)
    assert shop.balances() == {"Accounts Receivable (A/R) - EUR": 110, "Services": -110}


def test_a_journal_line_on_receivables_is_settled_at_its_own_rate(shop: Shop) -> None:
    shop.invoice("1.10", 1)
    anne = named(shop, "Customer", "Anne")
    who = {"Entity": {"Type": "Customer", "EntityRef": anne}}
    receivable = shop.account("AccountsReceivable", "EUR")
    sides = [shop.side("Debit", receivable, 50, **who), shop.side("Credit", shop.account("ServiceFeeIncome"), 50)]
    entry = shop.make("JournalEntry", {"Line": sides, "ExchangeRate": "1.30", **EUR})
    shop.pay("1.00", 50, ("JournalEntry", entry, 50))
    assert shop.balances()["Exchange Gain or Loss"] == 15
    assert shop.balances()["Accounts Receivable (A/R) - EUR"] == Decimal("1.10")


def bill(shop: Shop, rate: str, amount: object) -> Doc:
    vendor = named(shop, "Vendor", "Fournisseur")
    return shop.make("Bill", {"VendorRef": vendor, "Line": shop.costs(amount), "ExchangeRate": rate, **EUR})


def pay_bill(shop: Shop, rate: str, total: object, *settles: tuple[str, Doc, object]) -> Doc:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]} for kind, doc, amount in settles]
    body = {"VendorRef": named(shop, "Vendor", "Fournisseur"), "TotalAmt": total, "PayType": "Check", "Line": lines}
    check = {"CheckPayment": {"BankAccountRef": shop.account("Checking", "EUR")}}
    return shop.make("BillPayment", {**body, **check, "ExchangeRate": rate, **EUR})


@pytest.mark.parametrize(
    ("rate", "loss"), [("1.20", "10.00"), ("1.05", "-5.00"), ("1.10", "0")], ids=["rose", "fell", "same"]
)
def test_bills_are_paid_at_another_rate(shop: Shop, rate: str, loss: str) -> None:
    owed = bill(shop, "1.10", 100)
    paid = pay_bill(shop, rate, 100, ("Bill", owed, 100))
    balances = shop.balances()
    assert balances.get("Exchange Gain or Loss", 0) == Decimal(loss)
    assert balances["Euro bank"] == -100 * Decimal(rate)
    assert "Accounts Payable (A/P) - EUR" not in balances
    assert shop.read("Bill", owed)["HomeBalance"] == 0
    shop.remove("BillPayment", paid)
    assert shop.balances() == {"Accounts Payable (A/P) - EUR": -110, "Travel": 110}


def test_vendor_credits_meet_bills_at_their_own_rates(shop: Shop) -> None:
    owed = bill(shop, "1.10", 100)
    body = {"VendorRef": named(shop, "Vendor", "Fournisseur"), "Line": shop.costs(20), "ExchangeRate": "1.40", **EUR}
    credit = shop.make("VendorCredit", body)
    pay_bill(shop, "1.20", 80, ("Bill", owed, 100), ("VendorCredit", credit, 20))
    assert shop.balances() == {"Euro bank": -96, "Travel": 82, "Exchange Gain or Loss": 14}


def test_a_deposit_takes_the_currency_of_its_account_and_of_its_payments(shop: Shop) -> None:
    payment = shop.pay("1.20", 100)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    fault = shop.refused("Deposit", {"DepositToAccountRef": shop.account("Checking"), "Line": [line]})
    assert (fault.code, "is in EUR, the deposit in USD" in fault.detail) == (6000, True)
    fee = {
        "Amount": "-3.33",
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": shop.account("BankCharges")},
    }
    body = {"DepositToAccountRef": shop.account("Checking", "EUR"), "Line": [line, fee], "ExchangeRate": "1.10"}
    made = shop.read("Deposit", shop.make("Deposit", body))
    assert (made["CurrencyRef"]["value"], made["TotalAmt"]) == ("EUR", Decimal("96.67"))
    assert made["HomeTotalAmt"] == Decimal("106.34")
    assert shop.balances() == {
        "Euro bank": Decimal("106.34"),
        "Bank Charges": Decimal("3.66"),
        "Accounts Receivable (A/R) - EUR": -120,
        "Exchange Gain or Loss": 10,
    }


def test_tax_abroad_is_owed_in_home_currency(shop: Shop) -> None:
    lines = shop.lines("10.01")
    lines[0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    group = next(doc["Id"] for doc in shop.company.table("TaxCode") if doc["Name"] == "State")
    body = {"Line": lines, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": group}}, "ExchangeRate": "1.0877", **EUR}
    made = shop.make("SalesReceipt", body)
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("0.80"), Decimal("10.81"))
    assert shop.balances() == {
        "Undeposited Funds": Decimal("11.76"),
        "Sales tax payable": Decimal("-0.87"),
        "Services": Decimal("-10.89"),
    }


def test_a_foreign_customers_opening_balance_is_an_invoice_in_its_currency(shop: Shop) -> None:
    body = {"DisplayName": "Old", "Balance": 50, "OpenBalanceDate": "2026-02-10", **EUR}
    made = shop.make("Customer", body)
    assert read(shop.company, KINDS["Customer"], made["Id"])["Balance"] == 50
    assert shop.balances() == {"Accounts Receivable (A/R) - EUR": 60, "Opening Balance Equity": -60}


def test_a_deactivated_foreign_customer_must_owe_nothing_in_its_currency(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    anne = named(shop, "Customer", "Anne")["value"]
    stored = shop.company.get("Customer", anne) or {}
    gone = {"Id": anne, "SyncToken": stored["SyncToken"], "sparse": True, "Active": False}
    assert shop.refused("Customer", gone).code == 6220
    shop.pay("1.2", 100, ("Invoice", invoice, 100))
    assert shop.make("Customer", gone)["Active"] is False


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "pay", "pay", "advance", "rate", "worth", "delete", "void", "deposit"]),
        st.integers(1, 5_000),
        st.sampled_from(["1.1", "1.337", "0.9", "1.0877"]),
        st.integers(0, 9),
    ),
    max_size=14,
)


def _step(shop: Shop, action: str, cents: int, rate: str, pick: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    table = shop.company.table
    invoices, payments = list(table("Invoice")), list(table("Payment"))
    if action == "invoice":
        shop.invoice(rate, amount, amount / 2)
    elif action == "advance":
        shop.pay(rate, amount)
    elif action == "deposit":
        waiting = [doc for doc in payments if not doc["LinkedTxn"] and doc["TotalAmt"]][:2]
        lines = [
            {"Amount": doc["TotalAmt"], "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Payment"}]} for doc in waiting
        ]
        bank = shop.account("Checking", "EUR")
        shop.make("Deposit", {"DepositToAccountRef": bank, "Line": lines, "ExchangeRate": rate})
    elif not invoices:
        return
    elif action == "pay":
        doc = invoices[pick % len(invoices)]
        part = min(amount, doc["Balance"])
        shop.pay(rate, part, ("Invoice", doc, part))
    elif action == "void":
        doc = invoices[pick % len(invoices)]
        write(shop.company, KINDS["Invoice"], {"Id": doc["Id"], "SyncToken": doc["SyncToken"]}, Operation.VOID)
    elif action == "delete" and payments:
        shop.remove("Payment", payments[pick % len(payments)])
    else:
        doc = invoices[pick % len(invoices)]
        head = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
        changes: Doc = {"ExchangeRate": rate} if action == "rate" else {"Line": shop.lines(amount)}
        shop.make("Invoice", {**head, **changes})


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_sequence_of_foreign_documents_settles_to_the_cent(steps: list[tuple[str, int, str, int]]) -> None:
    STORE.restore(ON.company, "start")
    for action, cents, rate, pick in steps:
        before = [(row.kind, row.id, row.doc, row.entries) for row in ON.company.rows()]
        try:
            _step(ON, action, cents, rate, pick)
        except FaultError:
            assert before == [(row.kind, row.id, row.doc, row.entries) for row in ON.company.rows()]
        assert_books_balance(ON.company)
    for doc in list(ON.company.table("Invoice")):
        if doc["Balance"]:
            ON.pay("1.234", doc["Balance"], ("Invoice", doc, doc["Balance"]))
    unapplied = sum((doc["UnappliedAmt"] for doc in ON.company.table("Payment")), Decimal(0))
    receivable = ON.company.accounts_of(AccountType="Accounts Receivable")
    owed = sum((ON.company.ledger.foreign_balance(key) for key in receivable), Decimal(0))
    assert owed == -unapplied
    if not unapplied:
        assert sum((ON.company.ledger.balance(key) for key in receivable), Decimal(0)) == 0
    STORE.restore(ON.company, "start")


def test_foreign_books_outlive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, tzinfo=UTC)), seeds=("us",), data=tmp_path)
    first = Store(config)
    shop = Shop(first.of_template("us"))
    turn_on(shop.company)
    add_currencies(shop.company)
    shop.name("Customer", "Anne", **EUR)
    invoice = shop.invoice("1.10", "100.01")
    shop.pay("1.20", 40, ("Invoice", invoice, 40))
    shop.company.flush()
    held = shop.balances()
    first.close()
    again = Store(config)
    shop = Shop(again.of_template("us"))
    assert_books_balance(shop.company)
    assert shop.balances() == held
    assert shop.read("Invoice", invoice)["HomeBalance"] == Decimal("66.01")
    shop.pay("1.20", "60.01", ("Invoice", invoice, "60.01"))
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()
    again.close()


def test_stock_bought_and_sold_abroad_is_valued_at_home(shop: Shop) -> None:
    accounts = {
        "IncomeAccountRef": shop.account("SalesOfProductIncome"),
        "ExpenseAccountRef": shop.account("SuppliesMaterialsCogs"),
        "AssetAccountRef": shop.account("Inventory"),
    }
    stock = {"Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 0, "InvStartDate": "2026-01-01"}
    widget = {"value": shop.make("Item", {"Name": "Widget", **stock, **accounts})["Id"]}
    bought = {"ItemRef": widget, "Qty": 3, "UnitPrice": "11.11"}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": bought}
    vendor = named(shop, "Vendor", "Fournisseur")
    day = {"TxnDate": "2026-02-01", **EUR}
    owed = shop.make("Bill", {"VendorRef": vendor, "Line": [line], "ExchangeRate": "1.1", **day})
    sold = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": widget, "Qty": 2, "UnitPrice": 20}}
    shop.invoice("1.3", Line=[sold], TxnDate="2026-02-03")
    held = shop.balances()
    assert (held["Inventory Asset"], held["Cost of Goods Sold"]) == (Decimal("12.22"), Decimal("24.44"))
    head = {"Id": owed["Id"], "SyncToken": "0", "sparse": True, "VendorRef": vendor}
    shop.make("Bill", {**head, "ExchangeRate": "1.15"})
    held = shop.balances()
    assert (held["Inventory Asset"], held["Cost of Goods Sold"]) == (Decimal("12.78"), Decimal("25.55"))
