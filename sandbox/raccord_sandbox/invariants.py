"""What must be true of every document and its posting, whatever a client sends."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.faults import Doc
from raccord_sandbox.ledger import Posting

ZERO = Decimal(0)
BARE_TOTAL = "TotalTax"
"""Stands for the rate of a sent total that has no tax lines."""


def assert_taxes_follow(doc: Doc, posting: Posting) -> None:
    """Raise AssertionError unless what each rate posts is its tax line, with one sign for the whole document."""
    detail: Doc = doc.get("TxnTaxDetail", {})
    stated: dict[str, Decimal] = {}
    for line in detail.get("TaxLine", []):
        rate = line["TaxLineDetail"]["TaxRateRef"]["value"]
        stated[rate] = stated.get(rate, ZERO) + line["Amount"]
    if sum(stated.values(), ZERO) != detail.get("TotalTax", ZERO):
        if stated:
            raise AssertionError(f"{posting.kind} {posting.id}: TotalTax is not the sum of its tax lines")
        stated[BARE_TOTAL] = detail["TotalTax"]
    posted: dict[str, Decimal] = {}
    for entry in posting.entries:
        if entry.tax:
            posted[entry.tax] = posted.get(entry.tax, ZERO) + entry.amount
    rates = set(stated) | set(posted)
    if not any(all(posted.get(rate, ZERO) == sign * stated.get(rate, ZERO) for rate in rates) for sign in (1, -1)):
        raise AssertionError(f"{posting.kind} {posting.id}: states the taxes {stated} and posts {posted}")
