"""What the beginning of a file tells: whether it is MT940 or MT942, and what ends its lines."""

from __future__ import annotations

import re

from raccord_bankfeed.readers.charset import first_lines

FINTS_LINE_END = "@@"
"""What some banks of Germany send by FinTS in the place of a line end; programs save it as it comes."""
_START = re.compile(r":(?:20|25P?|28C?|60[FM]):")
"""What no other file holds as a rule, found in a fraction of the time."""
_STARTS = re.compile(rf"^[ \t]{{0,8}}{_START.pattern}", re.MULTILINE)
_ENTRIES = re.compile(r"^[ \t]{0,8}:6[01][FM]?:|^[ \t]{0,8}:(?:34F|62[FM]):", re.MULTILINE)
_ENTRY = re.compile(r"\s*:61:[0-9]{6}(?:[0-9]{4})?R?[CD][A-Z]?\s*[0-9]*,")
"""A line of a statement, with which a file begins whose account and balances somebody cut off."""


def looks_like_mt940(head: str) -> bool:
    """Tell from a file's beginning: an account or a reference, and a balance or a line."""
    if _START.search(head) is None:
        return _ENTRY.match(head) is not None
    first = first_lines(head)
    # What stands in the place of line ends is told by all of it.
    return (FINTS_LINE_END not in first and _holds_entries(first)) or _holds_entries(head)


def _holds_entries(head: str) -> bool:
    plain = head.replace("\r\n", "\n").replace("\r", "\n").replace("{4:", "\n")
    if line_end := line_end_of(plain):
        plain = plain.replace(line_end, "\n")
    return _STARTS.search(plain) is not None and _ENTRIES.search(plain) is not None


def line_end_of(head: str) -> str:
    """Return what stands before most fields in the place of a line end; nothing where line ends do."""
    plain = head.replace("\r", "\n")
    return FINTS_LINE_END if plain.count(f"{FINTS_LINE_END}:") > plain.count("\n:") else ""
