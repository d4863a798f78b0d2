"""Account and card numbers as people may see them: only the last four digits, wherever a key or id carries one.

What a source calls a record may hold the number of an account (a bank's transaction id often begins with it). The id is
kept as it is, for it tells records apart; pages, exports, log lines and the audit journal show it masked.
"""

from __future__ import annotations

import logging
import re

SHOWN = 4
_LONG = re.compile(r"(?<![0-9a-f])\d{9,}(?![0-9a-f])")
"""A number of nine digits or more; not the digits that happen to follow each other in a hash."""
_GROUPED = re.compile(r"(?<!\d)\d{4}([ -])(?:\d{4}\1){2,}\d{1,7}(?!\d)")
_STARRED = re.compile(r"(?<!\d)\d{4,6}[*xX•#]{2,}(\d{4})(?!\d)")
"""A card number of which the first and the last digits are shown."""


_KEY = re.compile(r"(?:[a-z]+-)+(?:(\w{3,4})-)?(?=[0-9a-f]*\d)[0-9a-f]{6,}(?:-[0-9a-f]+)*")
"""How programs tell accounts and files apart: a kind, what is seen of a number, a hash."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24,}")


def known(text: str) -> str:
    """Return what a person knows of a key that programs made: the end of an account's number, or nothing.

    Any other text stays as it is, its long numbers masked.
    """
    if found := _KEY.fullmatch(text):
        return f"…{found[1]}" if found[1] else ""
    return "" if _UUID.fullmatch(text) else masked(text)


def masked(text: str) -> str:
    """Return a text in which each long number, plain, in groups of four or half starred, is its last four digits."""
    text = _STARRED.sub(lambda found: f"…{found[1]}", text)
    text = _GROUPED.sub(lambda found: _tail(found[0]), text)
    return _LONG.sub(lambda found: _tail(found[0]), text)


def _tail(number: str) -> str:
    return "…" + "".join(filter(str.isdigit, number))[-SHOWN:]


class MaskedFormatter(logging.Formatter):
    """Writes log lines without whole account or card numbers."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
