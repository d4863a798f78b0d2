"""Hides card and account numbers before anything is kept, logged or shown."""

from __future__ import annotations

import re

_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){11,}")
_CARD_DIGITS_MIN = 13


def mask_number(text: str) -> str:
    """Keep the first six and last four digits of a card number, the last four of a shorter one; masked text stays."""
    digits = sum(character.isdigit() for character in text)
    if digits <= 4:
        return text
    head = 6 if digits >= _CARD_DIGITS_MIN else 0
    seen = 0
    masked = []
    for character in text:
        if character.isdigit():
            seen += 1
            masked.append(character if seen <= head or seen > digits - 4 else "*")
        else:
            masked.append(character)
    return "".join(masked)


def mask_excerpt(text: str, limit: int = 240) -> str:
    """Return the beginning of a row with every number of twelve digits or more masked, fit for a message."""
    # Masked before it is cut: a number cut in two would no longer look like one.
    masked = _LONG_NUMBER.sub(lambda found: mask_number(found.group()), text[: limit * 4])
    return masked[:limit]
