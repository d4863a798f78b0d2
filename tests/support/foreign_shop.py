"""A company of the United States that deals abroad, for the rules of multicurrency, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
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
