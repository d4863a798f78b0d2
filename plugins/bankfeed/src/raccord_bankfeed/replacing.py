"""A line that a bank tells anew, under another id and with another amount: a tip was added, a pump took less.

Where the source says which line that was, or marks what is pending, it is believed (Plaid's changes, SimpleFIN's and
OFX's marks): what is pending is never posted. Other files list what is pending like all else, and later without it.
So a line that is new is perhaps an earlier one, where all of this shows:

* the earlier one is of the same account and road, and moves money the same way, by another amount;
* it has the same name, numbers apart, or the bank's id;
* it lies few days before;
* the file that brings the new line covers its day and no longer has it.

So it may be where a line comes under the bank's id, where that tells lines apart, some days off, of another amount, or
on the same day the other way, in a file that has the first no more: a bank books on another day, or corrects, what it
said first. Where several lines of one file bear an id, that is not asked.

It is asked, and the new line waits. If both are one, the new line goes on under the id of the earlier one, so that what
was posted of that one is corrected rather than posted beside it. A file that has both of them shows that they are two.
A new line of the same amount under another id is the likelier one, and core's matter, which asks about it.

What is found depends on the files and on what people said alone, so it is the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.corrections import Corrections
from raccord_bankfeed.identity import is_telling
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.placing import Places, placed_lines
from raccord_bankfeed.readers import TELL_ALL, TELL_CHANGES
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import SAME, Known
from raccord_bankfeed.seen_files import LINES_MAX, FileLines, files_seen, sharing_days

DAYS_AFTER, DAYS_BEFORE = 10, 1
"""How many days after the earlier line, and before it, the new one may be dated."""
FILES_MAX = 100
"""So many files before the one that is read are looked at, and after it."""
BYTES_MAX = 16 * 1024 * 1024
"""Of these together with it, the nearest first."""


class Replaced(NamedTuple):
    """The earlier line that a new one perhaps is."""

    id: str
    day: str
    amount: str
    file: int
    """The number of the last file that has it."""
    answer: str
    """Under which key a person says whether it is."""
    same: bool
    """Whether a person said that it is."""


@dataclass(frozen=True, slots=True)
class Replacing:
    """What a file's lines replace, by their number, and the ids of lines that others are by now."""

    lines: Mapping[int, Replaced] = field(default_factory=dict)
    over: frozenset[str] = frozenset()


NOTHING_REPLACED = Replacing()


def answer_key(id_: str) -> str:
    """Return under which key a person says whether a line replaces an earlier one."""
    return f"replaces-{digest(id_)}"


def replaced_in(
    files: FileBox,
    source: SourceFile,
    known: Known,
    said: str,
    names: Mapping[str, str],
    places: Places,
    corrections: Corrections,
) -> Replacing:
    """Return what a file's lines may replace of those that came before by its own road."""
    road = files_seen.road(source)
    if road in TELL_CHANGES:
        return NOTHING_REPLACED
    # What a person called the same is told under the earlier id from the file on that has the later one.
    ahead = any(key.startswith("replaces-") for key in known.answers)
    some = sharing_days(_of_road(files, source, road, ahead=ahead), source, known, said, DAYS_AFTER)
    if len(some) < 2:
        return NOTHING_REPLACED
    found, size = _Found(known, corrections), 0
    for each in some:
        lines = placed_lines(files_seen.of(each, known, said, names), each, names, places)
        if lines is None:
            continue
        size += len(lines.entries)
        if size > LINES_MAX or not lines.whole:
            return NOTHING_REPLACED
        found.take(lines, each.number, mine=each.number == source.number)
    return Replacing(found.of_mine(), found.over(believed=road in TELL_ALL))


def _of_road(files: FileBox, source: SourceFile, road: str, *, ahead: bool) -> list[SourceFile]:
    before: list[SourceFile] = []
    after: list[SourceFile] = []
    left = BYTES_MAX - source.size
    each = files.after(0)
    while each is not None and (each.number <= source.number or (ahead and len(after) < FILES_MAX)):
        (before if each.number <= source.number else after).append(each)
        each = files.after(each.number)
    found = [source]
    for each in (*reversed(before[-FILES_MAX - 1 : -1]), *after):
        left -= each.size
        if left < 0:
            break
        if files_seen.road(each) == road:
            found.append(each)
    return sorted(found, key=lambda each: each.number)


class _Found:
    """The lines of the files so far, and which of them replace which."""

    def __init__(self, known: Known, corrections: Corrections) -> None:
        self._known, self._corrections = known, corrections
        self._by_day: dict[date, dict[str, Entry]] = {}
        self._files: dict[str, int] = {}
        """By line the last file that has it."""
        self._mine: Sequence[Entry] = ()
        self.pairs: dict[str, Replaced] = {}
        self._old: dict[str, str] = {}
        """By line the one that it may replace."""
        self._by_id: dict[tuple[str, str], dict[str, Entry]] = {}
        """Lines by account and the bank's id, where that tells lines apart."""
        self._used_again: set[tuple[str, str]] = set()
        """Such ids that several lines of one file bear."""

    def take(self, file: FileLines, number: int, *, mine: bool) -> None:
        """Take the lines of a file; those that are new may replace what it lacks."""
        here = {entry.id for entry in file.entries}
        for id_, old_id in list(self._old.items()):
            if id_ in here and old_id in here and not (id_ in self.pairs and self.pairs[id_].same):
                del self._old[id_]
                self.pairs.pop(id_, None)
        over = self._corrections.over
        # One that is corrected goes on as the earlier one that it was said to be: that one stays what it is by now.
        new = [
            entry
            for entry in file.entries
            if entry.id not in self._files and (entry.id not in over or self._known.says(answer_key(entry.id), SAME))
        ]
        self._note_ids(file)
        # A line by which its bank corrects another one says itself which.
        says = {entry.id for entry, _ in file.corrections}
        asked = [entry for entry in new if entry.id not in says]
        for entry, old in self._told_otherwise(asked, here):
            self._replace(entry, old)
        left = [entry for entry in asked if entry.id not in self._old]
        for entry, old in self._found_in(file, left, here) if left else ():
            self._old[entry.id] = old.id
            if entry.amount != old.amount:
                self._replace(entry, old)
        for entry in new:
            self._by_day.setdefault(entry.day, {})[entry.id] = entry
            if (place := _id_of(entry)) is not None:
                self._by_id.setdefault(place, {})[entry.id] = entry
        self._files.update(dict.fromkeys(here, number))
        if mine:
            self._mine = file.entries

    def _replace(self, entry: Entry, old: Entry) -> None:
        self._old[entry.id] = old.id
        key = answer_key(entry.id)
        same, day = bool(self._known.says(key, SAME)), old.day.isoformat()
        self.pairs[entry.id] = Replaced(self._told_as(old.id), day, old.amount, self._files[old.id], key, same)

    def _note_ids(self, file: FileLines) -> None:
        """Note which of the bank's ids several lines of a file bear."""
        ids: dict[tuple[str, str], str] = {}
        for entry in file.entries:
            place = _id_of(entry)
            if place is not None and ids.setdefault(place, entry.id) != entry.id:
                self._used_again.add(place)

    def _told_otherwise(self, new: Sequence[Entry], here: set[str]) -> Iterator[tuple[Entry, Entry]]:
        """Yield new lines that have the bank's id of one on a near day, which the file lacks; one of the same amount
        first.
        """
        for entry in new:
            place = _id_of(entry)
            if place is None or place in self._used_again:
                continue
            taken = {*self._old.values()}
            near = [
                (old.amount != entry.amount, abs((entry.day - old.day).days), old.id, old)
                for old in self._by_id.get(place, {}).values()
                if old.id not in here and old.id not in taken and abs((entry.day - old.day).days) <= DAYS_AFTER
                and (_may_be_one(entry, old) or (old.day == entry.day and _turned(entry, old)))
            ]  # fmt: skip
            if near:
                yield entry, min(near)[-1]

    def _found_in(self, file: FileLines, new: Sequence[Entry], here: set[str]) -> list[tuple[Entry, Entry]]:
        """Return which new lines of a file may replace which known ones that it lacks.

        The days that a file says it lists are believed as long as all that it lacks of them may be replaced.
        """
        lacking = self._lacking(file, here)
        pairs = list(_pairs(new, lacking))
        found = {old.id for _, old in pairs}
        if all(file.days.cover(each) or each.id in found for each in lacking):
            return pairs
        return list(_pairs(new, [each for each in lacking if file.days.cover(each)]))

    def _lacking(self, file: FileLines, here: set[str]) -> list[Entry]:
        """Return the known lines that a file lacks, of days that it covers or says it does; not those replaced."""
        spans = list(file.days.all_spans())
        if not spans:
            return []
        first, last = min(one for one, _ in spans), max(other for _, other in spans)
        taken = {*self._old.values()}
        return [
            entry
            for day in self._by_day
            if first <= day <= last
            for id_, entry in self._by_day[day].items()
            if id_ not in here and id_ not in taken and (file.days.cover(entry) or file.days.state(entry))
        ]

    def of_mine(self) -> dict[int, Replaced]:
        """Return by line of the file in question what it may replace."""
        return {entry.number: self.pairs[entry.id] for entry in self._mine if entry.id in self.pairs}

    def over(self, *, believed: bool) -> frozenset[str]:
        """Return the ids of lines that others are by now; not of one that a file ``believed`` to tell what the bank
        has now has again in place of the other.
        """
        here = {entry.id for entry in self._mine} if believed else set()
        again = {old for new, old in self._old.items() if old in here and new not in here}
        return frozenset(each.id for each in self.pairs.values() if each.same and each.id not in again)

    def _told_as(self, id_: str) -> str:
        """Return under which id a line is told: its own, or that of the one that it was said to be."""
        pair = self.pairs.get(id_)
        return pair.id if pair is not None and pair.same else self._corrections.told_as.get(id_, id_)


def _id_of(entry: Entry) -> tuple[str, str] | None:
    """Return account and the bank's id of a line; nothing where that tells no lines apart."""
    return (entry.id.partition("/")[0], entry.native) if is_telling(entry.native, entry.day) else None


def _pairs(new: Sequence[Entry], lacking: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Pair new lines with lacking ones, each once: those of one amount first, then the nearest by day and amount."""
    named: dict[tuple[tuple[str, str], int], list[Entry]] = {}
    for old in lacking:
        for name in _names(old):
            named.setdefault((name, old.day.toordinal()), []).append(old)
    able = {
        (entry.amount != old.amount, abs(apart), _difference(entry, old), entry.number, old.id): (entry, old)
        for entry in (new if lacking else ())
        for name in _names(entry)
        for apart in range(-DAYS_BEFORE, DAYS_AFTER + 1)
        for old in named.get((name, entry.day.toordinal() - apart), ())
        if _may_be_one(entry, old)
    }
    used: set[str] = set()
    for _, (entry, old) in sorted(able.items()):
        if used.isdisjoint((entry.id, old.id)):
            used.update((entry.id, old.id))
            yield entry, old


def _names(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield by what a line of its account is found again: its name and the bank's id."""
    account = entry.id.partition("/")[0]
    if entry.payee:
        yield account, entry.payee
    if is_telling(entry.native, entry.day):
        yield account, f"id {entry.native}"


def _may_be_one(entry: Entry, other: Entry) -> bool:
    same_way = (Decimal(entry.amount) > 0) is (Decimal(other.amount) > 0)
    return same_way and len({entry.currency, other.currency} - {""}) < 2


def _turned(entry: Entry, other: Entry) -> bool:
    return Decimal(entry.amount) == -Decimal(other.amount) and len({entry.currency, other.currency} - {""}) < 2


def _difference(entry: Entry, other: Entry) -> Decimal:
    return abs(Decimal(entry.amount) - Decimal(other.amount))
