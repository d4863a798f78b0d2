"""Hides card and account numbers before anything is kept, logged or shown."""

from __future__ import annotations

import re

_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){11,}")
_CARD_DIGITS_MIN = 13


def mask_number(text: str) -> str:
    """Keep the first six and last four places of a card number, the last four of a shorter one; masks stay masks."""
    places = sum(_is_place(character) for character in text)
    if places <= 4:
        return text
    head = 6 if places >= _CARD_DIGITS_MIN else 0
    seen = 0
    masked = []
    for character in text:
        if _is_place(character):
            seen += 1
            hidden = head < seen <= places - 4 and character.isdigit()
            masked.append("*" if hidden else character)
        else:
            masked.append(character)
    return "".join(masked)


def mask_excerpt(text: str, limit: int = 240) -> str:
    """Return the beginning of a row with every number of twelve digits or more masked, fit for a message."""
    # Masked before it is cut: a number cut in two would no longer look like one.
    masked = _LONG_NUMBER.sub(lambda found: mask_number(found.group()), text[: limit * 4])
    return masked[:limit]


def _is_place(character: str) -> bool:
    return character.isdigit() or character in "*Xx#"
