"""Statements of an account of which one goes on where another ended: an equal line of both is two lines.

Lines without a telling id of the bank are counted within a file (``identity.py``): of two files that share a day the
fuller one counts, for they may be downloads that overlap. Two statements that share no line cannot: the closing balance
of the first is the opening one of the second, which begins when the first ended or later. What they overlapped in would
come to nothing, so this is no proof where equal lines of both go in and out; nor where one may lie within the other.
There, and where no balance tells, equal lines are one as before.

A line that is proven to be another one than an equal line of a file before gets the first number that none of those
has, in whatever order the files arrive: the same statement sent again, or a longer one that has both, finds the numbers
that its lines got first. Where fewer files are looked at than before, numbers are smaller, never others.

Of three statements the middle one may come last: until then nothing tells that the other two are apart, and an equal
line of these is one. Once it has come, the files after it are read again with it in view: what is one more then gets a
number of its own, and what was told keeps its.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.identity import NOTHING_TAKEN, Taken, base_of, first_free
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.seen_files import LINES_MAX, Listed, files_seen

FILES_MAX = 100
"""So many files before the one that is read are looked at."""
BYTES_MAX = 16 * 1024 * 1024
"""Of these together with it, as far as they may be chained."""
DAYS_MAX = 800
"""The days of a longer statement are not looked at, but its first and its last."""
DAYS_APART = 5
"""How far the two dates of a line may lie apart that both have."""


class _Name(NamedTuple):
    """Which statement of which file."""

    file: int
    ordinal: int


_Held = Mapping[str, Sequence[tuple[date, Decimal]]]
"""By what lines of a statement move the day of each, and what the account held after it."""


class Chains:
    """Finds for the files of a connection which numbers of equal lines are taken by lines of other statements."""

    def __init__(
        self,
        files: FileBox,
        known: Known,
        said: str,
        names: Mapping[str, str],
        keys: Callable[[int], Mapping[str, str]],
        until: int = 0,
    ) -> None:
        """Take the files, what people said of them, and what tells the keys of a file's accounts; those ``until`` one
        are in view of the files before it too.
        """
        self._until = until
        self._files, self._known, self._said, self._names, self._keys = files, known, said, names, keys
        self._sources: list[SourceFile] = []
        self._listed: dict[int, dict[_Name, Listed]] = {}
        """By file its statements that say what the account held."""
        self._by_day: dict[tuple[str, str, int], list[int]] = defaultdict(list)
        """By account, currency and day the files whose statements name it, in order of arrival."""
        self._found: dict[int, Taken] = {}

    def taken(self, source: SourceFile) -> Taken:
        """Return the numbers that a file's lines may not have, by statement."""
        if source.number not in self._found:
            self._look_until(source.number)
            self._found[source.number] = self._look(source, self._until)
        return self._found[source.number]

    def torn(self, source: SourceFile) -> int:
        """Return the first earlier file of which a file that came between shows that lines of it are others; 0 where
        none is.
        """
        if source.number <= self._until:
            return 0
        self._look_until(source.number)
        statements = self._listed.get(source.number, {}).values()
        places = {place for each in statements for place in _days_of(each)}
        before = sorted({number for place in places for number in self._by_day[place]} - {source.number})
        before = before[-FILES_MAX:]
        others = [each for number in before for each in self._listed[number].values()]
        if len(before) < 2 or not any(self._is_between(each, others) for each in statements):
            return 0
        earlier = [each for each in self._sources if each.number in before]
        changed = (each for each in earlier if self._look(each, source.number) != self.taken(each))
        return next((each.number for each in changed), 0)

    @staticmethod
    def _is_between(one: Listed, others: Sequence[Listed]) -> bool:
        """Tell whether a statement goes on where another ended, and another goes on where it ends."""
        alike = [each for each in others if (each.account, each.currency) == (one.account, one.currency)]
        return any(each.closing == one.opening and each.ends <= one.begins for each in alike) and any(
            each.opening == one.closing and one.ends <= each.begins for each in alike
        )

    def _look_until(self, number: int) -> None:
        """Take in the statements of the files up to one."""
        found = self._files.after(self._sources[-1].number if self._sources else 0)
        while found is not None and found.number <= number:
            self._sources.append(found)
            span = files_seen.span(found, self._known, self._said)
            if span is not None and span.listed:
                keys = self._keys(found.number)
                self._listed[found.number] = {
                    _Name(found.number, ordinal): each._replace(account=keys.get(each.account, each.account))
                    for ordinal, each in span.listed
                }
                for place in {place for each in self._listed[found.number].values() for place in _days_of(each)}:
                    self._by_day[place].append(found.number)
            found = self._files.after(found.number)

    def _look(self, source: SourceFile, until: int) -> Taken:
        mine = self._listed.get(source.number)
        if not mine:
            return NOTHING_TAKEN
        self._look_until(until)
        end = bisect_left(self._sources, source.number, key=lambda each: each.number)
        last = max(end, bisect_right(self._sources, until, key=lambda each: each.number) - 1)
        looked = {each.number: each for each in self._sources[max(end - FILES_MAX, 0) : min(last, end + FILES_MAX) + 1]}
        places = {place for each in mine.values() for place in _days_of(each)}
        near = {number for place in places for number in self._by_day[place] if number in looked}
        if len(near) < 2:
            return NOTHING_TAKEN
        chain = _Chain(
            {
                name: each
                for number in near
                for name, each in self._listed[number].items()
                if not places.isdisjoint(_days_of(each))
            }
        )
        chain.link()
        numbers = sorted({name.file for name in chain.linked()})
        if source.number not in numbers or len(numbers) < 2:
            return NOTHING_TAKEN
        if sum(looked[each].size for each in numbers) > BYTES_MAX:
            return NOTHING_TAKEN
        for number in numbers:
            if not chain.read(number, self._lines(looked[number])):
                return NOTHING_TAKEN
        return chain.taken(source.number, numbers)

    def _lines(self, source: SourceFile) -> Mapping[int, Sequence[Entry]] | None:
        """Return a file's lines by statement; nothing where it has too many."""
        file = files_seen.of(source, self._known, self._said, self._names)
        if not file.whole or len(file.entries) > LINES_MAX:
            return None
        ends = pairwise((0, *file.statement_ends))
        return {ordinal: file.entries[first:last] for ordinal, (first, last) in enumerate(ends)}


class _Chain:
    """The statements around one file, and which of them follow which."""

    def __init__(self, listed: Mapping[_Name, Listed]) -> None:
        self.listed = dict(listed)
        self._after: dict[_Name, set[_Name]] = {}
        self._held: dict[_Name, _Held] = {}
        self._lines: dict[int, list[tuple[int, str, int]]] = {}
        """By file its lines in order: of which statement, what equal lines have in common, and its number of them."""

    def link(self) -> None:
        """Find which statements begin with the balance that others end with."""
        opening: dict[tuple[str, str, Decimal], list[_Name]] = defaultdict(list)
        for name, each in self.listed.items():
            opening[each.account, each.currency, each.opening].append(name)
        for name, each in self.listed.items():
            following = opening.get((each.account, each.currency, each.closing), ())
            self._after[name] = {
                other for other in following if other != name and each.ends <= self.listed[other].begins
            }

    def linked(self) -> Iterator[_Name]:
        """Yield the statements that follow others, or that others follow."""
        for name, following in self._after.items():
            yield from (name, *following) if following else ()

    def read(self, number: int, lines: Mapping[int, Sequence[Entry]] | None) -> bool:
        """Take in a file's lines; false where it has too many."""
        if lines is None:
            return False
        self._lines[number] = []
        for ordinal, entries in sorted(lines.items()):
            name = _Name(number, ordinal)
            held: dict[str, list[tuple[date, Decimal]]] = {}
            now = self.listed[name].opening if name in self.listed else Decimal(0)
            for entry in entries:
                now += Decimal(entry.amount)
                held.setdefault(entry.amount, []).append((entry.day, now))
                if base := base_of(entry.id, entry.day):
                    self._lines[number].append((ordinal, base, int(entry.id.partition("~")[2] or 1)))
            self._held[name] = held
        return True

    def taken(self, mine: int, numbers: Sequence[int]) -> Taken:
        """Return the numbers that the lines of a file may not have, those of the files before it given first."""
        given: dict[_Name, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        apart = self._apart()
        for number in numbers:
            taken: dict[int, dict[str, frozenset[int]]] = {}
            for ordinal, base in {(ordinal, base) for ordinal, base, _ in self._lines[number]}:
                others = (given[other].get(base, set()) for other in apart.get(_Name(number, ordinal), ()))
                if some := frozenset(number for each in others for number in each):
                    taken.setdefault(ordinal, {})[base] = some
            if number == mine:
                return taken
            numbered = {base for some in taken.values() for base in some}
            used: dict[str, set[int]] = defaultdict(set)
            for ordinal, base, as_counted in self._lines[number]:
                free = as_counted
                if base in numbered:
                    free = first_free(used[base], taken.get(ordinal, {}).get(base, frozenset()))
                    used[base].add(free)
                given[_Name(number, ordinal)][base].add(free)
        return NOTHING_TAKEN

    def _apart(self) -> dict[_Name, set[_Name]]:
        """Return by statement those that are proven to share no line with it."""
        proven = {
            name: {other for other in following if self._proves(name, other)} for name, following in self._after.items()
        }
        apart: dict[_Name, set[_Name]] = defaultdict(set)
        for name in proven:
            reached, left = {name}, [*proven[name]]
            while left:
                other = left.pop()
                if other in reached:
                    continue
                reached.add(other)
                left += proven.get(other, ())
                if self._proves(name, other):
                    apart[name].add(other)
                    apart[other].add(name)
        return apart

    def _proves(self, name: _Name, other: _Name) -> bool:
        """Tell whether equal lines of a statement and of a later one are no overlap of both.

        What was worded otherwise meanwhile, has another id or another day near, would be of an overlap too.
        """
        mine, theirs = self._held.get(name), self._held.get(other)
        if mine is None or theirs is None:
            return False
        shared = {amount for amount in mine.keys() & theirs.keys() if _are_near(mine[amount], theirs[amount])}
        if len({amount.startswith("-") for amount in shared}) > 1:
            return False
        if self.listed[name].begins < self.listed[other].begins:
            return True
        # Of one day, the later may have begun before the first: then what was held after an equal line is the same.
        return all({held for _, held in mine[each]}.isdisjoint(held for _, held in theirs[each]) for each in shared)


def _are_near(some: Sequence[tuple[date, Decimal]], others: Sequence[tuple[date, Decimal]]) -> bool:
    days = sorted({day for day, _ in others})
    for day, _ in some:
        at = bisect_left(days, day)
        if any(abs((near - day).days) <= DAYS_APART for near in days[max(at - 1, 0) : at + 1]):
            return True
    return False


def _days_of(listed: Listed) -> Iterator[tuple[str, str, int]]:
    """Yield the days that a statement names, the first of very many and the last: with its account and currency."""
    first, last = min(listed.begins, listed.first).toordinal(), max(listed.ends, listed.last).toordinal()
    days = range(first, last + 1) if last - first < DAYS_MAX else (first, last)
    for day in days:
        yield listed.account, listed.currency, day
