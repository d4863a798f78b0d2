"""How a file lays out its transactions, learnt from the first ones, so that most of the others are one match.

A bank writes thousands of transactions with the same tags in the same order. A layout is that order as one pattern:
what it matches, whole, is read without looking at single tags; everything else goes the general way. Both ways give the
same line for the same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from raccord_bankfeed.readers.contract import Account, Line
from raccord_bankfeed.readers.ofx_line import HOLD, Days
from raccord_bankfeed.readers.ofx_values import AGGREGATES, PLAIN_AMOUNT, read_amount, unescape

LAYOUTS_MAX = 8
"""More are not learnt, so that a file in which no two transactions are alike costs no patterns."""

_OPEN_LEAF = re.compile(r"<([A-Z][A-Z0-9._]{0,31})>")
_CLOSED_LEAF = re.compile(r"<([A-Z][A-Z0-9._]{0,31})>[^<]*</\1>")
_AMOUNT = re.compile(r"<TRNAMT>([^<]*)")
_START, _BLANKS, _END = r"\s*<STMTTRN>\s*", r"\s*", r"\s*()"
_ANY_VALUE = r"([^<]*)"
_DAY_VALUE = r"\s*([0-9]{8}[^<]*)"
_AMOUNT_VALUE = rf"\s*({PLAIN_AMOUNT.pattern})\s*"
_PICKED = ("FITID", "DTPOSTED", "TRNAMT", "NAME", "MEMO", "TRNTYPE", "REFNUM", "CHECKNUM")
_NEEDED = frozenset({"DTPOSTED", "TRNAMT"})
_NOT_PLAIN = AGGREGATES | {"EXTDNAME", "CORRECTFITID", "DTTRAN"}


@dataclass(frozen=True, slots=True)
class Layout:
    """One order of tags; ``pick`` takes from the values those that a line has of its own, an empty one for no tag."""

    pattern: re.Pattern[str]
    tags: tuple[str, ...]
    amount_of: Callable[[str], Decimal]
    pick: Callable[[tuple[str, ...]], tuple[str, ...]]

    def line(
        self, found: re.Match[str], account: Account, currency: str, pending: bool, offset: int, days: Days
    ) -> Line:
        """Turn what the pattern found into a line; raises ``RowFault`` for an impossible day or amount."""
        values = tuple(map(str.strip, found.groups()))
        if "&" in found.string:
            values = tuple(map(unescape, values))
        native, day, amount, name, memo, type_, reference, check_number = self.pick(values)
        type_ = type_.upper()
        return Line(
            account,
            native,
            days[day[:8]],
            self.amount_of(amount),
            currency,
            name,
            memo,
            type_,
            reference,
            check_number if check_number.strip("0") else "",
            pending or type_ == HOLD,
            None,
            self.tags,
            values,
            offset,
        )


def learn(known: list[Layout], body: str) -> None:
    """Add the layout of one transaction to ``known`` if it is plain leaves of one style, new, and there is room."""
    closed = "</" in body
    tags = tuple((_CLOSED_LEAF if closed else _OPEN_LEAF).findall(body))
    plain = len(tags) * (2 if closed else 1) == body.count("<") and len(set(tags)) == len(tags)
    if len(known) >= LAYOUTS_MAX or not plain or not _NEEDED.issubset(tags) or not _NOT_PLAIN.isdisjoint(tags):
        return
    found = _AMOUNT.search(body)
    exact = found is not None and PLAIN_AMOUNT.fullmatch(found[1].strip()) is not None
    values = {"DTPOSTED": _DAY_VALUE, "TRNAMT": _AMOUNT_VALUE if exact else _ANY_VALUE}
    leaves = [f"<{re.escape(tag)}>{values.get(tag, _ANY_VALUE)}" for tag in tags]
    if closed:
        leaves = [f"{leaf}</{re.escape(tag)}>{_BLANKS}" for leaf, tag in zip(leaves, tags, strict=True)]
    pattern = re.compile(_START + "".join(leaves) + _END)
    if all(layout.pattern.pattern != pattern.pattern for layout in known):
        at = {tag: number for number, tag in enumerate(tags)}
        known.append(
            Layout(pattern, tags, Decimal if exact else read_amount, itemgetter(*(at.get(tag, -1) for tag in _PICKED)))
        )
