"""Statements of an account of which one goes on where another ended: an equal line of both is two lines.

Lines without a telling id of the bank are counted within a file (``identity.py``): of two files that share a day the
fuller one counts, for they may be downloads that overlap. Two statements that share no line cannot: the closing balance
of the first is the opening one of the second, which begins when the first ended or later. What they overlapped in would
come to nothing, so this is no proof where equal lines of both go in and out; nor where one may lie within the other.
There, and where no balance tells, equal lines are one as before.

A line that is proven to be another one than an equal line of a file before gets the first number that none of those
has, in whatever order the files arrive: the same statement sent again, or a longer one that has both, finds the numbers
that its lines got first. Where fewer files are looked at than before, numbers are smaller, never others.

What this cannot see: of three statements the middle one comes last, and until then nothing tells that the other two are
apart. Equal lines of these stay one, for what was told once keeps its id.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
"""Of these together with it, as far as they may be chained, the nearest first."""


class _Name(NamedTuple):
    """Which statement of which file."""

    file: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class _Held:
    """What an equal line moves, and what the account held after each of them."""

    amount: str
    after: Sequence[Decimal]


class Chains:
    """Finds for the files of a connection which numbers of equal lines are taken by lines of other statements."""

    def __init__(
        self,
        files: FileBox,
        known: Known,
        said: str,
        names: Mapping[str, str],
        keys: Callable[[int], Mapping[str, str]],
    ) -> None:
        """Take the files, what people said of them, and what tells the keys of a file's accounts."""
        self._files, self._known, self._said, self._names, self._keys = files, known, said, names, keys
        self._sources: list[SourceFile] = []
        self._found: dict[int, Taken] = {}

    def taken(self, source: SourceFile) -> Taken:
        """Return the numbers that a file's lines may not have, by statement."""
        if source.number not in self._found:
            self._found[source.number] = self._look(source)
        return self._found[source.number]

    def _look(self, source: SourceFile) -> Taken:
        mine = self._listed(source)
        if not mine:
            return NOTHING_TAKEN
        chain = _Chain(mine)
        near: dict[int, SourceFile] = {source.number: source}
        for each in self._before(source):
            for name, listed in self._listed(each).items():
                if any(_may_share_days(listed, one) for one in mine.values()):
                    chain.listed[name] = listed
                    near[each.number] = each
        chain.link()
        numbers = sorted({name.file for name in chain.linked()})
        if source.number not in numbers or len(numbers) < 2 or sum(near[each].size for each in numbers) > BYTES_MAX:
            return NOTHING_TAKEN
        for number in numbers:
            if not chain.read(number, self._lines(near[number])):
                return NOTHING_TAKEN
        return chain.taken(source.number, numbers)

    def _listed(self, source: SourceFile) -> dict[_Name, Listed]:
        span = files_seen.span(source, self._known, self._said)
        if span is None or not span.listed:
            return {}
        keys = self._keys(source.number)
        return {
            _Name(source.number, ordinal): each._replace(account=keys.get(each.account, each.account))
            for ordinal, each in span.listed
        }

    def _before(self, source: SourceFile) -> Iterator[SourceFile]:
        """Yield the last files that arrived before one, the latest first."""
        found = self._files.after(self._sources[-1].number if self._sources else 0)
        while found is not None and found.number < source.number:
            self._sources.append(found)
            found = self._files.after(found.number)
        end = bisect_left(self._sources, source.number, key=lambda each: each.number)
        yield from reversed(self._sources[max(end - FILES_MAX, 0) : end])

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
        self._held: dict[_Name, dict[str, _Held]] = {}
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
            held: dict[str, tuple[str, list[Decimal]]] = {}
            now = self.listed[name].opening if name in self.listed else Decimal(0)
            for entry in entries:
                now += Decimal(entry.amount)
                if base := base_of(entry.id, entry.day):
                    self._lines[number].append((ordinal, base, int(entry.id.partition("~")[2] or 1)))
                    held.setdefault(base, (entry.amount, []))[1].append(now)
            self._held[name] = {base: _Held(*some) for base, some in held.items()}
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
        """Tell whether equal lines of a statement and of a later one are no overlap of both."""
        mine, theirs = self._held.get(name), self._held.get(other)
        if mine is None or theirs is None:
            return False
        shared = mine.keys() & theirs.keys()
        if len({mine[base].amount.startswith("-") for base in shared}) > 1:
            return False
        if self.listed[name].begins < self.listed[other].begins:
            return True
        # Of one day, the later may have begun before the first: then what was held after an equal line is the same.
        return all({*mine[base].after}.isdisjoint(theirs[base].after) for base in shared)


def _may_share_days(one: Listed, other: Listed) -> bool:
    days = (one.first <= other.last and other.first <= one.last) or (
        one.begins <= other.ends and other.begins <= one.ends
    )
    return days and (one.account, one.currency) == (other.account, other.currency)
