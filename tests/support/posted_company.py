"""A company of the sandbox over HTTP, to which drafts are posted one after the other as the codec writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from raccord.plugin import Money
from raccord.plugin.drafts import (
    Account,
    Control,
    Customer,
    Draft,
    Expense,
    ExpenseLine,
    Item,
    JournalEntry,
    LedgerId,
    Link,
    PaymentType,
    Ref,
    RefundReceipt,
    SalesLine,
    SalesReceipt,
    Side,
    TaxMode,
    Vendor,
    money_effect,
)
from raccord.quickbooks.codec import (
    CompanyFacts,
    Target,
    TaxRate,
    encode,
    entity_of,
    fill,
    money_of,
    placeholder,
    read_marker,
    summary_of,
)
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
DAY = date(2026, 3, 2)


@dataclass
class Company:
    """One company over HTTP: posts drafts in order and remembers what each became."""

    http: httpx.Client
    realm: str
    facts: CompanyFacts
    accounts: dict[str, str]
    codes: dict[str, str]
    item: str
    ids: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    posted: int = 0

    @property
    def currency(self) -> str:
        return self.facts.home_currency

    def resolve(self, ref: Ref) -> str:
        match ref:
            case Link():
                return placeholder(ref.key)
            case LedgerId():
                return ref.id
            case _:
                raise AssertionError(f"no test draft uses {ref}")

    def kind_of(self, ref: Ref) -> str:
        return self.kinds.get(ref.key, "") if isinstance(ref, Link) else ""

    def account(self, subtype: str) -> LedgerId:
        return LedgerId(self.accounts[subtype])

    def post(self, draft: Draft, update: Target | None = None) -> Doc:
        self.posted += 1
        mark = f"[raccord {self.posted:010d} r1]"
        number = f"R-{self.posted:010d}"
        encoded = encode(
            draft, self.resolve, self.facts, marker=mark, number=number, update=update, kind_of=self.kind_of
        )
        assert encoded.kind == entity_of(draft)
        payload = fill(encoded.payload, self.ids)
        reply = self.http.post(
            f"/v3/company/{self.realm}/{encoded.kind.lower()}",
            content=payload,
            headers={"Content-Type": "application/json"},
        )
        answer = json.loads(reply.text, parse_float=Decimal)
        assert encoded.kind in answer, (answer, payload)
        document: Doc = answer[encoded.kind]
        self.ids[draft.key], self.kinds[draft.key] = document["Id"], encoded.kind
        if not isinstance(draft, Account | Customer | Vendor | Item):
            account, amount = money_effect(draft)
            place = str(account) if isinstance(account, Control) else self.resolve(account)
            assert money_of(encoded.kind, document, place) == amount
            assert read_marker(document) == mark
            assert summary_of(encoded.kind, document).total == Money(_total(draft), draft.currency)
            assert document.get("DocNumber", number) == (getattr(draft, "number", "") or number)
        return document

    def balance(self, subtype: str) -> Decimal:
        found = self.http.get(f"/v3/company/{self.realm}/account/{self.accounts[subtype]}")
        return Decimal(json.loads(found.text, parse_float=Decimal)["Account"]["CurrentBalance"])

    def sale(self, total: str, *amounts: str, tax: TaxMode = TaxMode.NONE, code: str = "") -> SalesReceipt:
        lines = tuple(
            SalesLine(
                item=LedgerId(self.item), amount=Decimal(each), tax_code=LedgerId(self.codes[code]) if code else None
            )
            for each in amounts or (total,)
        )
        return SalesReceipt(
            key=f"sale-{self.posted}",
            day=DAY,
            currency=self.currency,
            deposit_to=self.account("UndepositedFunds"),
            lines=lines,
            total=Decimal(total),
            tax_mode=tax,
        )

    def refund(self, total: str, **more: Any) -> RefundReceipt:
        sale = self.sale(total, **more)
        return RefundReceipt(
            key=sale.key, day=DAY, currency=sale.currency, paid_from=sale.deposit_to, lines=sale.lines,
            total=sale.total, tax_mode=sale.tax_mode,
        )  # fmt: skip

    def expense(self, total: str, paid: PaymentType, **more: Any) -> Expense:
        line = ExpenseLine(account=self.account("BankCharges"), amount=Decimal(total), tax_code=more.pop("code", None))
        source = "CreditCard" if paid is PaymentType.CARD else "Checking"
        return Expense(
            key=f"expense-{self.posted}", day=DAY, currency=self.currency, paid_from=self.account(source),
            payment_type=paid, lines=(line,), total=Decimal(total), **more,
        )  # fmt: skip


def _total(draft: Any) -> Decimal:
    if isinstance(draft, JournalEntry):
        return sum((line.amount for line in draft.lines if line.side is Side.DEBIT), Decimal(0))
    total: Decimal = draft.total
    return total


def every(http: httpx.Client, realm: str, kind: str) -> list[Doc]:
    statement = f"select * from {kind} maxresults 1000"  # noqa: S608 - a kind of this test, in QuickBooks' own language
    answer = http.get(f"/v3/company/{realm}/query", params={"query": statement})
    found: list[Doc] = json.loads(answer.text, parse_float=Decimal)["QueryResponse"].get(kind, [])
    return found


def facts_of(http: httpx.Client, realm: str, country: str, currency: str) -> tuple[CompanyFacts, dict[str, str]]:
    rates = {
        rate["Id"]: TaxRate(rate["Id"], rate["Name"], Decimal(rate["RateValue"]))
        for rate in every(http, realm, "TaxRate")
    }
    codes = every(http, realm, "TaxCode")

    def table(side: str) -> dict[str, tuple[TaxRate, ...]]:
        return {
            code["Id"]: tuple(
                rates[each["TaxRateRef"]["value"]] for each in code.get(side, {}).get("TaxRateDetail", ())
            )
            for code in codes
            if code["Id"] not in ("TAX", "NON")
        }

    names = {code["Name"]: code["Id"] for code in codes}
    facts = CompanyFacts(
        country, currency, False, country != "US", table("SalesTaxRateList"), names.get("Exonéré", ""),
        table("PurchaseTaxRateList"),
    )  # fmt: skip
    return facts, names


def company_of(server: SandboxServer, template: str, country: str, currency: str) -> Iterator[Company]:
    realm = server.store.of_template(template).realm
    token = server.store.grants.grant(realm)["access_token"]
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=10) as http:
        facts, codes = facts_of(http, realm, country, currency)
        accounts = {account["AccountSubType"]: account["Id"] for account in every(http, realm, "Account")}
        yield Company(http, realm, facts, accounts, codes, every(http, realm, "Item")[0]["Id"])
