"""Amounts and ids from text: exact, in whole minor units, or not at all."""

from __future__ import annotations

import re
from decimal import Decimal

from raccord.plugin.money import exponent

_AMOUNT = re.compile(r"[+-]?(\d{1,13}(\.\d{0,8})?|\.\d{1,8})")
ID_LENGTH_MAX = 100


def parse_exact(text: str) -> Decimal | None:
    """Return the number a decimal text holds, at its own scale, or nothing."""
    text = text.strip()
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def parse_amount(text: str, currency: str) -> Decimal | None:
    """Return an amount at the currency's scale (``12.5`` gives 12.50), or nothing where part of a cent is left."""
    amount = parse_exact(text)
    if amount is None:
        return None
    # A negative zero would be another text than zero, hence another record.
    in_minor_units = amount.quantize(Decimal(1).scaleb(-exponent(currency))) + 0
    return in_minor_units if in_minor_units == amount else None
