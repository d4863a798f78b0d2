"""Tax codes opened up: their rates in order, what each is computed on, and the account of its agency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.tax.lines import ZERO, Side, rounded


@dataclass(frozen=True, slots=True)
class RateUse:
    """One rate of a code: on the amount, on the amount with the taxes before it, or on those taxes alone."""

    rate: Doc
    applies: str
    order: int

    @property
    def id(self) -> str:
        """Return the id of the rate."""
        return str(self.rate["Id"])

    @property
    def part(self) -> Decimal:
        """Return the rate as a part of one."""
        return Decimal(self.rate["RateValue"]) / 100


def uses_of(work: Work, code: str, side: Side) -> list[RateUse]:
    """Return the rates of a code on one side, by tax order."""
    stored = work.get("TaxCode", code)
    if stored is None:
        return []
    found = []
    for detail in stored.get(side, {}).get("TaxRateDetail", []):
        rate = work.get("TaxRate", detail["TaxRateRef"]["value"])
        if rate is not None:
            found.append(RateUse(rate, detail.get("TaxTypeApplicable", "TaxOnAmount"), int(detail.get("TaxOrder", 0))))
    return sorted(found, key=lambda use: use.order)


def bases(net: Decimal, uses: Sequence[RateUse]) -> list[Decimal]:
    """Return what each rate is computed on; the taxes of lower order count rounded, as they are charged."""
    amounts: list[Decimal] = []
    found = []
    for use in uses:
        before = sum((tax for tax, other in zip(amounts, uses, strict=False) if other.order < use.order), ZERO)
        match use.applies:
            case "TaxOnAmountPlusTax":
                base = net + before
            case "TaxOnTax":
                base = before
            case _:
                base = net
        found.append(base)
        amounts.append(rounded(base * use.part))
    return found


def factor(uses: Sequence[RateUse]) -> Decimal:
    """Return what one unit of net costs with its taxes."""
    parts: list[Decimal] = []
    for use in uses:
        before = sum((part for part, other in zip(parts, uses, strict=False) if other.order < use.order), ZERO)
        match use.applies:
            case "TaxOnAmountPlusTax":
                parts.append((1 + before) * use.part)
            case "TaxOnTax":
                parts.append(before * use.part)
            case _:
                parts.append(use.part)
    return 1 + sum(parts, ZERO)


def tax_account(work: Work, rate: Doc, side: Side) -> str | None:
    """Return the account of a rate's agency; None where the agency gives no tax on purchases back.

    A negative rate on a purchase is the tax that the buyer owes in the seller's place (reverse charge): it goes where
    the tax on sales goes.
    """
    key = rate["AgencyRef"]["value"]
    agency = work.get("TaxAgency", key) or {}
    if side is Side.PURCHASE:
        if not agency.get("TaxTrackedOnPurchases", True):
            return None
        deductible: str | None = work.company.settings.get("input_tax_accounts", {}).get(key)
        if deductible is not None and rate["RateValue"] >= 0:
            return deductible
    payable: str | None = work.company.settings["tax_accounts"].get(key)
    if payable is not None:
        return payable
    subtype = "SalesTaxPayable" if work.company.is_us else "GlobalTaxPayable"
    name = f"{agency.get('DisplayName', 'Sales tax')} Payable"[:100]
    return str(system_account(work, name, "Other Current Liability", subtype)["Id"])
