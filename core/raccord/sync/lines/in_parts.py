"""Which lines of a plan together are one document that the books hold as a whole; pure.

Looked at last, among lines and documents that nothing fits alone. Of two different ways to come to a document none is
taken, and none is ever certain: of many lines some always add up to something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple, TypeVar

from raccord.sync.lines.pairing import ALIKE, DAYS_APART, Found, Line

LINES = 12
"""Lines, the nearest in days, that are put together for one document."""
TOGETHER_MAX = 4
"""Of them, those that it holds together at most."""


class Moved(NamedTuple):
    """What a line moves, without its text."""

    id: int
    account: str
    amount: Decimal
    day: date


Near = TypeVar("Near", Line, Moved)


@dataclass(frozen=True, slots=True)
class Group:
    """A document, and the lines that come to all that no line before them was of it."""

    found: Found
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Sums:
    """What lines near a day come to together, so that a document is left out at once that no lines can be."""

    _lines: dict[tuple[str, bool], list[Moved]] = field(default_factory=lambda: defaultdict(list))
    _near: dict[tuple[str, bool, date], frozenset[Decimal]] = field(default_factory=dict)

    def take(self, moved: Moved) -> None:
        """Take in a line, before the first question."""
        if moved.amount:
            self._lines[moved.account, moved.amount > 0].append(moved)

    def come_to(self, account: str, amount: Decimal, day: date) -> bool:
        """Tell whether two or more lines on the account come to an amount within some days of this one."""
        place = (account, amount > 0, day)
        if place not in self._near:
            some = nearest(self._lines.get(place[:2], []), day)
            self._near[place] = frozenset(
                sum((each.amount for each in group), Decimal(0))
                for count in range(2, TOGETHER_MAX + 1)
                for group in combinations(some, count)
            )
        return amount in self._near[place]


def nearest(lines: Iterable[Near], day: date) -> list[Near]:
    """Return the lines nearest to a day, ``LINES`` at most; the order of those given plays no part."""
    near = [each for each in lines if abs((each.day - day).days) <= DAYS_APART]
    return sorted(near, key=lambda each: (abs((each.day - day).days), each.day, each.amount, each.id))[:LINES]


def in_parts(lines: Iterable[Line], found: Iterable[Found]) -> list[Group]:
    """Return the documents that lines come to together, two to ``TOGETHER_MAX`` of them, or one where others were of
    the document before; no line and no document is of two.
    """
    free = {line.id: line for line in lines if line.kind not in ALIKE}
    groups = []
    for each in sorted(found, key=lambda each: (each.day, each.kind, each.id)):
        if not each.summed or each.told_in or each.other_leg or not each.left:
            continue
        fitting = [line for line in free.values() if _fits(line, each)]
        some = _only(nearest(fitting, each.day), each)
        if some:
            groups.append(Group(each, some))
            for line in some:
                del free[line.id]
    return groups


def _fits(line: Line, found: Found) -> bool:
    same_way = (line.amount > 0) == (found.left > 0)
    return line.account == found.account and same_way and line.may_be(found)


def _only(lines: Sequence[Line], found: Found) -> tuple[Line, ...]:
    """Return the nearest lines that come to what is left, unless lines of other amounts do too."""
    sums = [
        some
        for count in range(1 if found.covered else 2, TOGETHER_MAX + 1)
        for some in combinations(lines, count)
        if sum((line.amount for line in some), Decimal(0)) == found.left
    ]
    ways = {tuple(sorted(line.amount for line in some)) for some in sums}
    return sums[0] if len(ways) == 1 else ()
