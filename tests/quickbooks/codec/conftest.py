"""A Quebec and an American company, a resolver of made-up ids, and QuickBooks' own arithmetic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from raccord.plugin.drafts import (
    Decision,
    Draft,
    ItemFor,
    LedgerId,
    Link,
    MoneyOf,
    Ref,
    Role,
    SalesLine,
    SalesReceipt,
    TaxMode,
)
from raccord.quickbooks.codec import CompanyFacts, TaxRate, encode, placeholder

GST = TaxRate("8", "TPS", Decimal("5"))
QST = TaxRate("9", "TVQ", Decimal("9.975"))
HST = TaxRate("11", "TVH", Decimal("13"))
VAT = TaxRate("12", "TVA 20", Decimal("20"))
CENT = Decimal("0.01")
CODES = {"5": (GST, QST), "6": (GST,), "7": (HST,), "10": (VAT,), "3": (TaxRate("2", "Exonéré", Decimal(0)),), "4": ()}
PURCHASE_CODES = {
    "5": (TaxRate("18", "TPS (CTI)", Decimal("5")), TaxRate("19", "TVQ (RTI)", Decimal("9.975"))),
    "3": (TaxRate("22", "Exonéré (achats)", Decimal(0)),),
}


def answer(ref: Ref) -> str:
    match ref:
        case Link():
            return placeholder(ref.key)
        case Role():
            return f"role-{ref.name}"
        case LedgerId():
            return ref.id
        case ItemFor():
            return f"item-{ref.account.name}"
        case Decision():
            return f"chosen-{ref.name}"
        case MoneyOf():
            return f"money-of-{ref.payment.key}"


@dataclass(frozen=True)
class Desk:
    """What most tests do: encode a draft and look at the JSON."""

    quebec: CompanyFacts
    us: CompanyFacts
    marker: str = "[raccord 7K2M9QX4TW r1]"

    def body(self, draft: Draft, facts: CompanyFacts | None = None, **options: Any) -> dict[str, Any]:
        options = {"marker": self.marker, "number": "R-7K2M9QX4TW", **options}
        payload = encode(draft, answer, facts or self.quebec, **options).payload
        decoded = json.loads(payload, parse_float=Decimal)
        assert isinstance(decoded, dict)
        return decoded

    def receipt(self, total: str, *amounts: str, tax: TaxMode = TaxMode.NONE, code: str | None = None) -> SalesReceipt:
        bears = None if code is None else LedgerId(code)
        return SalesReceipt(
            key="sales/1",
            day=date(2026, 3, 2),
            currency="CAD",
            deposit_to=Role("clearing"),
            lines=tuple(
                SalesLine(item=ItemFor(Role("sales")), amount=Decimal(amount), tax_code=bears)
                for amount in amounts or (total,)
            ),
            total=Decimal(total),
            tax_mode=tax,
        )


@pytest.fixture(scope="session")
def quebec() -> CompanyFacts:
    return CompanyFacts("CA", "CAD", False, True, CODES, "3", PURCHASE_CODES)


@pytest.fixture(scope="session")
def us() -> CompanyFacts:
    return CompanyFacts("US", "USD", False, False, {"2": (TaxRate("1", "State 8%", Decimal(8)),)})


@pytest.fixture(scope="session")
def desk(quebec: CompanyFacts, us: CompanyFacts) -> Desk:
    return Desk(quebec, us)


@pytest.fixture(scope="session")
def resolve() -> Callable[[Ref], str]:
    return answer


def quickbooks_total(body: Mapping[str, Any], codes: Mapping[str, tuple[TaxRate, ...]] = CODES) -> Decimal:
    """Add up a sales form as the reference says that QuickBooks does; sent tax counts within five cents of its own."""
    bases: dict[str, Decimal] = {}
    percents: dict[str, Decimal] = {}
    net = Decimal(0)
    for line in body["Line"]:
        net += line["Amount"]
        detail = line[line["DetailType"]]
        for rate in codes[detail["TaxCodeRef"]["value"]] if "TaxCodeRef" in detail else ():
            bases[rate.id] = bases.get(rate.id, Decimal(0)) + line["Amount"]
            percents[rate.id] = rate.percent
    taxes = {key: (base * percents[key] / 100).quantize(CENT, ROUND_HALF_UP) for key, base in bases.items()}
    for line in body.get("TxnTaxDetail", {}).get("TaxLine", ()):
        key = line["TaxLineDetail"]["TaxRateRef"]["value"]
        assert abs(line["Amount"] - taxes[key]) <= Decimal("0.05")
        taxes[key] = line["Amount"]
    return net + sum(taxes.values(), Decimal(0))


@pytest.fixture(scope="session")
def add_up_as_quickbooks() -> Callable[[Mapping[str, Any]], Decimal]:
    return quickbooks_total
