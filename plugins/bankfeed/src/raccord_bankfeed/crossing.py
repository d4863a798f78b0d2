"""One line that comes by two roads: a table and an OFX file of one account share no ids, yet each line is one.

A file is compared with those that arrived before it by another road (another format, another layout) for the same
account: the same key, the same number, or the same name given in the settings. Lines pair one to one, so three equal
coffees here and two there leave one:

* *the same id at PayPal*, whose lists and search share them: one line, or asked where the amounts differ; lines of two
  such ids are never one;
* *the same day and amount*: one line, where the text agrees, or where one text says nothing and both files cover that
  day whole (it is neither the first nor the last day of either), so that both list all there is;
* *the same amount and a like text up to three days apart*: one line where all lines of the two roads lie so many days
  apart, else asked;
* *the same day and amount, another text*: asked, after what is alike on near days;
* *an equal amount that is left over in both*, on days that both have: asked;
* *the same amount and a like text up to five days apart, where one file ends and the other begins*: asked, unless the
  two roads date alike what both had, or what the files say of other days of the lines tells them apart.

A text that is the beginning of the other is the same: banks cut texts.

``pairing.py`` has the rules. Accounts of two whole numbers that bear one name, and those of one number of which a bank
has several, are perhaps one: what they have in common is asked, until it is most of what either has.

What is known already by the file's own road stays what it is, asked about or not, and what was the other of one line
is not that of another in a later file. A line that a person said is another one is no further line that a third road's
could be; where a person said that it is not, the other is free for what is left. Two files of one road are not compared
here: there equal ids tell, and ``replacing.py`` looks for what a bank tells anew. A road that tells changes alone
(Plaid) covers no day whole. A line that a provider takes back is no line's other: those that were taken for it are told
again, as one, and it is compared with them should it come back. The result depends on the files and on what people said
alone, so it is the same whenever it is asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.elsewhere import Away
from raccord_bankfeed.pairing import DAYS_APART, Candidate, Days, Entry, Twin, around, twins_among
from raccord_bankfeed.placing import Places, placed_lines
from raccord_bankfeed.readers.account import NUMBER
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import SAME, SEPARATE, Known
from raccord_bankfeed.seen_files import LINES_MAX, FileLines, files_before, files_seen
from raccord_bankfeed.vanished import vanished_in

COMMON_MIN, COMMON_SHARE = 3, Decimal("0.6")
"""So many lines, and so large a part of what either has, tell that accounts are one that are perhaps two."""


def twins_of(
    files: FileBox,
    source: SourceFile,
    known: Known,
    said: str,
    names: Mapping[str, str],
    places: Places,
    over: Mapping[int, Collection[str]] = MappingProxyType({}),
) -> dict[int, Twin]:
    """Return which lines of a file, by number, came before by another road; ``names`` are those of the accounts, and
    ``places`` tells which accounts are those that files do not name. Of lines that are ``over`` since a file by their
    bank's word, it is asked whether a later file has one of them still.
    """
    road = files_seen.road(source)
    earlier = list(files_before(files, source.number))
    were = places.of(source.number).were
    left = places.ended(source.number)
    if {files_seen.road(each) for each in earlier} <= {road} and not (were or left):
        return {}
    as_told = files_seen.of(source, known, said, names)
    mine = placed_lines(as_told, source, names, places)
    if mine is None:
        return {}
    before: dict[int, Twin] = {}
    if were:
        for each in (each for each in earlier if files_seen.road(each) == road):
            other = placed_lines(files_seen.of(each, known, said, names), each, names, places)
            before |= {} if other is None else _read_as_another(as_told, were, other)
    index = _Index(known)
    for posted in _posted_elsewhere(mine, left, known):
        index.add(posted, {})
    for each in earlier:
        other = placed_lines(files_seen.of(each, known, said, names), each, names, places)
        if other is None:
            continue
        if other.gone or other.near(mine):
            index.add(other, index.pair(other))
            index.forget(entry.id for entry in vanished_in(files, each, known, said, names, places))
        index.doubt(over.get(each.number, ()))
        if index.size > LINES_MAX or not (other.whole and mine.whole):
            return before
    return {**index.pair(mine), **before}


def freed_in(
    files: FileBox,
    source: SourceFile,
    known: Known,
    said: str,
    names: Mapping[str, str],
    places: Places,
    gone: Iterable[str],
) -> list[Freed]:
    """Return the lines of files before that were taken for lines that a file takes back (``gone``, their ids)."""
    index = _Index(known)
    for each in files_before(files, source.number):
        other = placed_lines(files_seen.of(each, known, said, names), each, names, places)
        if other is None:
            continue
        index.add(other, index.pair(other))
        index.forget(entry.id for entry in vanished_in(files, each, known, said, names, places))
        if index.size > LINES_MAX or not other.whole:
            break
    return index.forget(gone)


def _posted_elsewhere(mine: FileLines, left: Iterable[Away], known: Known) -> Iterator[FileLines]:
    """Yield what other connections posted of a file's accounts before they ended, each as a file of its own road."""
    tokens = {entry.id.partition("/")[0]: entry.tokens for entry in mine.entries}
    for away in left:
        for key in (key for key in tokens if away.is_one(key, known.answers)):
            file = FileLines(away.key, days=Days(whole=False))
            for entry in away.entries:
                file.keep(replace(entry, tokens=tokens[key]))
            yield file


def answer_key(id_: str) -> str:
    """Return under which key a person says whether a line is the one that it may be by another road."""
    return f"line-{digest(id_)}"


def _read_as_another(mine: FileLines, were: Mapping[str, str], other: FileLines) -> dict[int, Twin]:
    """Return which lines a file of the same road brought before it was said of which account such files are."""
    ids = {entry.id for entry in other.entries}
    twins = {}
    for entry in mine.entries:
        key, _, rest = entry.id.partition("/")
        if key in were and (id_ := f"{were[key]}/{rest}") in ids:
            twins[entry.number] = Twin(id_, certain=True)
    return twins


class Freed(NamedTuple):
    """A line that another one was, which its source took back, and which one it is now, if any."""

    entry: Entry
    twin: Twin | None = None


class _Index:
    """The lines of the files before, each once, by amount; and the ids of each road."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._by_amount: dict[str, dict[date, dict[str, tuple[Entry, FileLines]]]] = {}
        self._ids: dict[str, set[str]] = {}
        self._places: dict[str, tuple[str, date]] = {}
        self._alike: dict[str, set[str]] = defaultdict(set)
        """Lines by the id that several roads of one source share."""
        self._taken: dict[tuple[str, str], str] = {}
        """Of which line a road's other line was the twin, by road and the other's id."""
        self._asked: dict[str, Twin] = {}
        """What was asked about a line, by its id: asked again wherever the line comes again."""
        self._left: dict[str, list[tuple[Entry, FileLines, Twin]]] = defaultdict(list)
        """By line those that were taken for it, or are asked whether they are it."""
        self._doubted: set[str] = set()
        """Lines that their bank replaced or withdrew."""
        self._gone: set[str] = set()
        """Lines that their source took back, and did not tell again."""
        self._apart: dict[frozenset[str], Counter[int]] = defaultdict(Counter)
        """By two roads how far apart they dated what both had, and how often."""
        self._types: dict[tuple[str, str], set[str]] = defaultdict(set)
        """By road and number which kinds of account it is the number of."""
        self._several: set[str] = set()
        """Numbers of more than one account."""
        self._days: dict[str, tuple[date, date]] = {}
        """By account the first and the last day of its lines."""
        self._common: Counter[tuple[str, str]] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()
        """By two accounts that are perhaps one how many lines they have in common, of how many."""
        self.size = 0

    def add(self, file: FileLines, twins: dict[int, Twin]) -> None:
        """Take the lines of a file that came by no other road before."""
        ids = self._ids.setdefault(file.road, set())
        self._note_types(file)
        for entry in file.entries:
            self._gone.discard(entry.id)
            twin = twins.get(entry.number)
            if twin is not None:
                self._left[twin.id].append((entry, file, twin))
            if twin is not None and not twin.certain:
                self._asked[entry.id] = twin
                ids.add(entry.id)
            if twin is None or not (twin.certain or self._says(entry) == SAME):
                self._put(entry, file)
            else:
                self._taken[file.road, twin.id] = entry.id
                self._note_days(file.road, entry, twin.id)
        self.forget(file.gone)

    def _note_days(self, road: str, entry: Entry, id_: str) -> None:
        """Note how far apart two roads dated one line."""
        if (place := self._places.get(id_)) is not None:
            amount, day = place
            _, file = self._by_amount[amount][day][id_]
            self._apart[frozenset((road, file.road))][abs((entry.day - day).days)] += 1

    def _note_types(self, file: FileLines) -> None:
        """Note which numbers a road gives to accounts of several kinds."""
        for tokens, type_ in {(entry.tokens, entry.type) for entry in file.entries if entry.type}:
            for number in (token for token in tokens if token.startswith(NUMBER)):
                types = self._types[file.road, number]
                types.add(type_)
                if len(types) > 1:
                    self._several.add(number)

    def _put(self, entry: Entry, file: FileLines) -> None:
        self._ids.setdefault(file.road, set()).add(entry.id)
        first, last = self._days.get(key_of(entry), (entry.day, entry.day))
        self._days[key_of(entry)] = (min(first, entry.day), max(last, entry.day))
        self._drop(entry.id)
        self._places[entry.id] = (entry.amount, entry.day)
        if entry.alike:
            self._alike[entry.alike].add(entry.id)
        self._by_amount.setdefault(entry.amount, {}).setdefault(entry.day, {})[entry.id] = (entry, file)
        self.size += 1

    def forget(self, ids: Iterable[str]) -> list[Freed]:
        """Forget lines that their source took back, and return those that were taken for them: each is one again, the
        first of them that the others are too.
        """
        freed: list[Freed] = []
        gone = list(ids)
        self._gone.update(gone)
        for id_ in gone:
            self._drop(id_)
            for known in self._ids.values():
                # Told again, it is compared like a new one.
                known.discard(id_)
            first: tuple[Entry, Twin] | None = None
            for entry, file, twin in self._left.pop(id_, ()):
                self._taken.pop((file.road, id_), None)
                self._asked.pop(entry.id, None)
                if entry.id in self._gone:
                    continue
                if not (twin.certain or self._says(entry) == SAME):
                    freed.append(Freed(entry))
                elif first is None:
                    first = (entry, twin)
                    self._put(entry, file)
                    freed.append(Freed(entry))
                else:
                    now = Twin(first[0].id, twin.certain and first[1].certain and entry.day == first[0].day)
                    self._taken[file.road, now.id] = entry.id
                    self._left[now.id].append((entry, file, now))
                    freed.append(Freed(entry, now))
        return freed

    def _drop(self, id_: str) -> None:
        """Forget a line that its source took back, or tells with another amount from now on."""
        if (place := self._places.pop(id_, None)) is not None:
            amount, day = place
            del self._by_amount[amount][day][id_]

    def pair(self, file: FileLines) -> dict[int, Twin]:
        """Pair a file's lines with those of other roads."""
        self._note_types(file)
        own = self._ids.get(file.road, set())
        # Two layouts of one bank's tables may make one id of a line: it is itself, and no other's twin.
        itself = {entry.id for entry in file.entries if entry.id in self._places}
        new = [entry for entry in file.entries if entry.id not in own and entry.id not in itself]
        alike = self._alike_among(new, file, itself)
        others_taken = {*itself, *(twin.id for twin in alike.values())}
        mine = [entry for entry in new if entry.number not in alike and entry.amount in self._by_amount]

        def others(entry: Entry, apart: int | None) -> Iterator[Candidate]:
            days = self._by_amount[entry.amount]
            if apart is None:
                here: Iterable[date] = [day for day in days if file.days.reach(entry.tokens, day, DAYS_APART)]
            else:
                here = around(entry.day, apart)
            return (
                Candidate(entry, other, where.road, where.days)
                for day in here
                for other, where in days.get(day, {}).values()
                if where.road != file.road
                and _of_one_account(entry, other)
                and other.id not in others_taken
                and not (entry.alike and other.alike)
                # What was the other of one line is not that of another in a later file.
                if self._taken.get((file.road, other.id), entry.id) == entry.id
            )

        known = (entry for entry in file.entries if entry.id in own or entry.id in itself)
        asked = ((entry.number, self._asked.get(entry.id)) for entry in known)
        again = {number: twin for number, twin in asked if twin is not None and twin.id in self._places}
        apart_of = {road: some for roads, some in self._apart.items() if file.road in roads for road in roads}
        paired = partial(twins_among, others=others, mine=file.days, apart=apart_of)
        found = paired(mine)
        apart = {entry.number for entry in mine if self._says(entry) == SEPARATE}
        if apart:
            told = {number: twin._replace(certain=False) for number, twin in found.items() if number in apart}
            found = (
                twins_among([entry for entry in mine if entry.number not in apart], others, file.days, apart_of) | told
            )
        return self._undoubted({**alike, **self._proven(found, new)}, new, file.road) | again

    def doubt(self, ids: Iterable[str]) -> None:
        """Take a line that comes from now on for one of these only if it was that before."""
        self._doubted.update(ids)

    def _undoubted(self, found: dict[int, Twin], new: Sequence[Entry], road: str) -> dict[int, Twin]:
        if self._doubted:
            mine = {entry.number: entry.id for entry in new}
            for number, twin in found.items():
                if twin.id in self._doubted and self._taken.get((road, twin.id)) != mine[number]:
                    found[number] = twin._replace(certain=False)
        return found

    def _proven(self, found: Mapping[int, Twin], new: Sequence[Entry]) -> dict[int, Twin]:
        """Return pairs, those of accounts that are perhaps one as not certain until they have most lines in common."""
        mine = {entry.number: entry for entry in new}
        perhaps: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, twin in found.items():
            amount, day = self._places[twin.id]
            other = self._by_amount[amount][day][twin.id][0]
            if twin.certain and _perhaps_two(mine[number], other, self._several):
                perhaps[key_of(mine[number]), key_of(other)].append(number)
        proven = dict(found)
        for both, numbers in perhaps.items():
            first, last = self._days[both[1]]
            self._of[both] += sum(key_of(entry) == both[0] and first <= entry.day <= last for entry in new)
            self._common[both] += len(numbers)
            if self._common[both] < COMMON_MIN or self._common[both] < COMMON_SHARE * self._of[both]:
                proven |= {number: found[number]._replace(certain=False) for number in numbers}
        return proven

    def _alike_among(self, entries: Sequence[Entry], file: FileLines, itself: set[str]) -> dict[int, Twin]:
        """Pair lines by the id that several roads of one source share, those of one amount first, each once."""
        found: dict[int, Twin] = {}
        taken = set(itself)
        some = [entry for entry in entries if entry.alike in self._alike]
        for certain in (True, False):
            for entry in some:
                other = next(self._others_alike(entry, file, taken, certain=certain), None)
                if other is not None and entry.number not in found:
                    found[entry.number] = Twin(other, certain)
                    taken.add(other)
        return found

    def _others_alike(self, entry: Entry, file: FileLines, taken: set[str], *, certain: bool) -> Iterator[str]:
        for id_ in sorted(self._alike[entry.alike] - taken):
            if (place := self._places.get(id_)) is None:
                continue
            amount, day = place
            other, where = self._by_amount[amount][day][id_]
            if where.road == file.road or not _of_one_account(entry, other):
                continue
            # What was the other of one line is not that of another in a later file.
            free = self._taken.get((file.road, id_), entry.id) == entry.id
            one_way = amount.startswith("-") is entry.amount.startswith("-")
            if free and (amount == entry.amount if certain else one_way):
                yield id_

    def _says(self, entry: Entry) -> str:
        return self._known.says(answer_key(entry.id), SAME, SEPARATE)


def key_of(entry: Entry) -> str:
    """Return the key of a line's account."""
    return entry.id.partition("/")[0]


def _perhaps_two(entry: Entry, other: Entry, several: Collection[str]) -> bool:
    """Tell whether two accounts that are taken for one may be two: by whole numbers of their own, under one name, or
    under a number that several have.
    """
    shared = entry.tokens & other.tokens
    if any(" " not in token for token in shared):
        return False
    numbers = {token for token in shared if token.startswith(NUMBER)}
    if numbers or any(not token.startswith("name ") for token in shared):
        return not numbers.isdisjoint(several)
    return all(any(token.startswith(NUMBER) for token in each.tokens) for each in (entry, other))


def _of_one_account(entry: Entry, other: Entry) -> bool:
    currencies = {entry.currency, other.currency} - {""}
    return len(currencies) < 2 and not entry.tokens.isdisjoint(other.tokens)
