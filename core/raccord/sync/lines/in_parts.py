"""Which lines of a plan together are one document that the books hold as a whole, and which of its lines is several of
their documents; pure.

Looked at last, among lines and documents that nothing fits alone. Of two different ways to come to a document none is
taken, and none is ever certain: of many lines some always add up to something. How likely that is shows in how many
other sums come near the amount; ``bench/together.py`` measures what the limits let through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple, TypeVar

from raccord.sync.days import around
from raccord.sync.lines.pairing import ALIKE, DAYS_APART, Found, Line

LINES = 12
"""Lines, or documents, of so few days that are put together; among more of them, some always come to the amount."""
TOGETHER_MAX = 4
"""Of them, those that one holds together at most."""
NEAR_MAX = 24
"""Where more lines than these stand near a document, or more documents near a line, none are put together."""
OTHERS = (2, 1, 0)
"""Of lines 0, 1, 2 … days apart: how many other sums may come near an amount for one that hits it to be no accident."""
REACH, REACH_WHOLE = Decimal(5), Decimal(50)
"""How near that is. An amount without cents is easier hit by others without: none of them may come near."""


class Moved(NamedTuple):
    """What a line moves, without its text."""

    id: int
    account: str
    amount: Decimal
    day: date


Near = TypeVar("Near", Line, Moved, Found)


@dataclass(frozen=True, slots=True)
class Group:
    """A document, and the lines that come to all that no line before them was of it."""

    found: Found
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """A line, and the documents that come to it, none of which is of another line."""

    line: Line
    found: tuple[Found, ...]


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
            near = nearest(self._lines.get(place[:2], []), day)
            self._near[place] = frozenset(
                sum((each.amount for each in group), Decimal(0))
                for apart in range(len(OTHERS))
                for some in _windows(near, apart)
                for count in range(2, TOGETHER_MAX + 1)
                for group in combinations(some, count)
            )
        return amount in self._near[place]


@dataclass(slots=True)
class Pieces:
    """What moves how much on an account near a day, one way: to leave out at once what no sum can be made of."""

    _there: dict[tuple[str, bool, date], list[Decimal]] = field(default_factory=lambda: defaultdict(list))

    def take(self, account: str, amount: Decimal, day: date) -> None:
        """Take in what moves an account."""
        if amount:
            self._there[account, amount > 0, day].append(abs(amount))

    def larger(self, account: str, amount: Decimal, day: date) -> bool:
        """Tell whether anything moves more than an amount, the same way, within some days of this one."""
        return any(each > abs(amount) for each in self._near(account, amount, day))

    def smaller(self, account: str, amount: Decimal, day: date) -> int:
        """Return how many move less."""
        return sum(each < abs(amount) for each in self._near(account, amount, day))

    def _near(self, account: str, amount: Decimal, day: date) -> Iterator[Decimal]:
        first, last = around(day, day, DAYS_APART)
        for apart in range((last - first).days + 1):
            yield from self._there.get((account, amount > 0, first + timedelta(apart)), ())


def nearest(lines: Iterable[Near], day: date) -> list[Near]:
    """Return the lines within some days of a day, the nearest first; the order of those given plays no part."""
    near = [each for each in lines if abs((each.day - day).days) <= DAYS_APART]
    return sorted(near, key=lambda each: (abs((each.day - day).days), each.day, each.amount, each.id))


def _windows(near: Sequence[Near], apart: int) -> list[list[Near]]:
    """Return the lines that stand at most so many days apart, for each day; nothing where any are too many."""
    starts = sorted({each.day for each in near})
    some = [[each for each in near if 0 <= (each.day - start).days <= apart] for start in starts]
    return some if max(map(len, some), default=0) <= LINES else []


def in_parts(lines: Iterable[Line], found: Iterable[Found]) -> list[Group]:
    """Return the documents that lines come to together, two to ``TOGETHER_MAX`` of them, or one where others were of
    the document before; no line and no document is of two.
    """
    free = {line.id: line for line in lines if line.kind not in ALIKE}
    groups = []
    for each in sorted(found, key=lambda each: (each.day, each.kind, each.id)):
        if not each.summed or each.told_in or each.other_leg or not each.left:
            continue
        some = _no_accident(nearest([line for line in free.values() if _fits(line, each)], each.day), each)
        if some:
            groups.append(Group(each, some))
            for line in some:
                del free[line.id]
    return groups


def of_several(lines: Iterable[Line], found: Iterable[Found]) -> list[Several]:
    """Return the lines that two to ``TOGETHER_MAX`` documents of one day come to; no line and no document is of two.

    Of many documents some always come to something: those of different days are not added up, nor those of a day that
    has more than ``LINES``, nor where more than ``NEAR_MAX`` stand near or two days come to the line.
    """
    free = {
        each.place: each
        for each in sorted(found, key=lambda each: (each.day, each.kind, each.id))
        if not each.told_in and not each.other_leg and not each.covered
    }
    some = []
    for line in sorted(lines, key=lambda each: (each.day, each.id)):
        pieces = [each for each in free.values() if is_piece(line, each) and line.may_be(each)]
        if len(pieces) > NEAR_MAX:
            continue
        days: dict[date, list[Found]] = defaultdict(list)
        for each in pieces:
            days[each.day].append(each)
        ways = [way for of in days.values() if len(of) <= LINES and (way := _one_way(of, line.amount, 2))]
        if line.kind not in ALIKE and len(ways) == 1:
            some.append(Several(line, ways[0]))
            for each in ways[0]:
                del free[each.place]
    return some


def is_piece(line: Near, found: Found) -> bool:
    """Tell whether a document near a line moves a part of what it moves."""
    same_way = (line.amount > 0) == (found.amount > 0)
    near = line.account == found.account and abs((found.day - line.day).days) <= DAYS_APART
    return near and same_way and abs(found.amount) < abs(line.amount)


def _fits(line: Line, found: Found) -> bool:
    same_way = (line.amount > 0) == (found.left > 0)
    return line.account == found.account and same_way and line.may_be(found)


def _no_accident(near: Sequence[Line], found: Found) -> tuple[Line, ...]:
    """Return the lines, as few days apart as can be, that come to what is left; none where that may be by accident."""
    if len(near) > NEAR_MAX:
        return ()
    least = 1 if found.covered else 2
    for apart, others in enumerate(OTHERS):
        sums = {
            frozenset(each.id for each in some): some
            for window in _windows(near, apart)
            for count in range(least, TOGETHER_MAX + 1)
            for some in combinations(window, count)
        }
        hits = [some for some in sums.values() if _total(some) == found.left]
        if hits:
            whole = found.left == found.left.to_integral_value()
            beside = sum(_comes_near(some, found.left, whole) for ids, some in sums.items() if not _within(ids, hits))
            return hits[0] if _is_one_way(hits) and beside <= (0 if whole else others) else ()
    return ()


def _within(ids: frozenset[int], hits: Sequence[tuple[Line, ...]]) -> bool:
    return any(ids <= {each.id for each in hit} for hit in hits)


def _comes_near(some: Iterable[Line], amount: Decimal, whole: bool) -> bool:
    total = _total(some)
    if whole:
        return abs(total - amount) <= REACH_WHOLE and total == total.to_integral_value()
    return abs(total - amount) <= REACH


def _total(some: Iterable[Near]) -> Decimal:
    return sum((each.amount for each in some), Decimal(0))


def _is_one_way(sums: Iterable[Sequence[Near]]) -> bool:
    return len({tuple(sorted(each.amount for each in some)) for some in sums}) == 1


def _one_way(near: Sequence[Near], amount: Decimal, least: int) -> tuple[Near, ...]:
    """Return the first of those that come to an amount, unless others of other amounts do too."""
    sums = [
        some for count in range(least, TOGETHER_MAX + 1) for some in combinations(near, count) if _total(some) == amount
    ]
    return sums[0] if _is_one_way(sums) else ()
