"""Amounts of bank lines, as people type them to search."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def amounts_typed(text: str) -> list[Decimal]:
    """Return the amounts that a person may mean: of either direction, however the source wrote its cents."""
    plain = text.replace("\u00a0", "").replace(" ", "").replace("\u2212", "-").lstrip("-+").strip("$€£")
    if plain.count(",") == 1 and "." not in plain and len(plain.partition(",")[2]) <= 2:
        plain = plain.replace(",", ".")
    try:
        amount = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        return []
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        return []
    bare = amount.normalize()
    least = max(0, -int(bare.as_tuple().exponent)) if bare.is_finite() else 0
    forms = [amount.quantize(Decimal(1).scaleb(-places)) for places in range(least, max(least, 4) + 1)]
    return [each for form in forms for each in (form, -form)]
