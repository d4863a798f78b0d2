"""The lines a tax is computed on, the properties that requests carry, and the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.schema import MONEY, Block, Choice, Day, Flag, Line, Many, Number, Property, Ref, fitted

ZERO = Decimal(0)
CENTS = Decimal("0.00")

TAX_PROPERTIES: Mapping[str, Property] = {
    "GlobalTaxCalculation": Choice(("TaxExcluded", "TaxInclusive", "NotApplicable")),
    "TxnTaxDetail": Block(
        {
            "TxnTaxCodeRef": Ref(("TaxCode",)),
            "TotalTax": MONEY,
            "UseAutomatedSalesTax": Flag(),
            "TaxLine": Many(
                Line(
                    {
                        "TaxLineDetail": Block(
                            {
                                "TaxRateRef": Ref(("TaxRate",)),
                                "PercentBased": Flag(),
                                "TaxPercent": Number(),
                                "NetAmountTaxable": MONEY,
                                "TaxInclusiveAmount": MONEY,
                                "OverrideDeltaAmount": MONEY,
                                "ServiceDate": Day(),
                            }
                        )
                    }
                )
            ),
        },
        frozenset({"TaxReviewStatus"}),
    ),
}


class Side(StrEnum):
    """Which of a tax code's two lists of rates applies."""

    SALES = "SalesTaxRateList"
    PURCHASE = "PurchaseTaxRateList"


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """A line with the detail that holds its tax code; both are changed where the price includes tax."""

    line: Doc
    detail: Doc
    account: str = ""
    """The account that the line posts to: tax that nobody gives back is part of it."""
    side: Side = Side.SALES
    discounted: bool = True
    """Whether a discount on the whole document counts on this line."""


@dataclass(frozen=True, slots=True)
class TaxPosting:
    """What one rate puts on one account, with the sign of the document's tax."""

    rate: str
    account: str
    amount: Decimal
    line: Doc = field(default_factory=dict)
    """The line that the tax is part of, where nobody gives it back."""


@dataclass(slots=True)
class Taxes:
    """The outcome: the total, the block to store, and what each account receives."""

    total: Decimal = CENTS
    detail: Doc | None = None
    postings: list[TaxPosting] = field(default_factory=list)

    def entries(self, sign: int, name: str) -> list[Entry]:
        """Return the tax's side of the document's posting; `sign` is 1 for a debit."""
        return [
            Entry(one.account, sign * one.amount, "", name, one.line.get("Id", ""), one.rate) for one in self.postings
        ]


def rounded(amount: Decimal) -> Decimal:
    """Round half up to cents; an amount that no money field holds is fault 2140."""
    return fitted(amount, 2, "Amount")


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share an amount out in proportion, to the cent; what rounding leaves falls on the last share with a weight."""
    whole = sum(weights, ZERO)
    if not whole:
        weights = [Decimal(1)] * len(weights)
        whole = Decimal(len(weights))
    shares = [rounded(total * weight / whole) for weight in weights]
    last = max(place for place, weight in enumerate(weights) if weight)
    shares[last] += total - sum(shares, CENTS)
    return shares
