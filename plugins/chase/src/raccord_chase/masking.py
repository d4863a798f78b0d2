"""Hides card and account numbers before anything is kept, logged or shown."""

from __future__ import annotations

import re

_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){11,}")
_UNBROKEN = re.compile(r"[0-9*Xx#]*")
_STARS = str.maketrans("0123456789", "*" * 10)
_CARD_DIGITS_MIN = 13


def mask_number(text: str) -> str:
    """Keep the first six and last four places of a card number, the last four of a shorter one; masks stay masks."""
    if _UNBROKEN.fullmatch(text):
        return _masked(text)
    # With blanks or dashes inside: mask the places alone, then put the others back where they were.
    places = iter(_masked("".join(filter(_is_place, text))))
    return "".join(next(places) if _is_place(character) else character for character in text)


def mask_excerpt(text: str, limit: int = 240) -> str:
    """Return the beginning of a row with every number of twelve digits or more masked, fit for a message."""
    # Masked before it is cut: a number cut in two would no longer look like one.
    masked = _LONG_NUMBER.sub(lambda found: mask_number(found.group()), text[: limit * 4])
    return masked[:limit]


def _masked(places: str) -> str:
    if len(places) <= 4:
        return places
    head = 6 if len(places) >= _CARD_DIGITS_MIN else 0
    return places[:head] + places[head:-4].translate(_STARS) + places[-4:]


def _is_place(character: str) -> bool:
    return character in "0123456789*Xx#"
