"""Lines by which a bank corrects earlier ones and says so: OFX's ``CORRECTFITID`` with ``REPLACE`` or ``DELETE``.

What is replaced goes on under its own id (or that of the earlier line that it was said to be) with what the new line
says, so that what was posted of it is corrected rather than posted beside it; the new line itself says so and posts
nothing. What is withdrawn is set aside: core drops what is not posted, and asks about what is. Where the corrected line
is in no file so far, a line that replaces it is a line of its own, and the one that it replaces is set aside should it
come after all.

Believed is what can mean one line only. It is asked where several lines bear the id, where the line is much older or of
another currency (banks use ids again), where not all earlier lines could be looked at, and where the line was left out
as one that another format told, which has it still.

What is found depends on the files alone, and on all that have arrived: a file that is read again says what the line is
by now. The order in a file is of no account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.placing import Places, placed_lines
from raccord_bankfeed.readers.contract import CorrectionAction
from raccord_bankfeed.readers.ofx.reader import OfxReader
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.seen_files import LINES_MAX, FileLines, files_before, files_seen

FILES_MAX = 1_000
"""So many files are looked at, those nearest before the one that is read first."""
DAYS_MAX = 185
"""How much older a corrected line may be; an older one is perhaps another, whose id the bank used again."""


class Corrects(NamedTuple):
    """What a line does to an earlier one."""

    id: str = ""
    """Under which id that one is told; empty where none is known."""
    day: str = ""
    amount: str = ""
    """What it was until then."""
    sure: bool = True
    last: bool = True
    """Whether nothing has corrected it since."""


class Corrected(NamedTuple):
    """What became of a line that another one corrects."""

    native: str
    """The bank's id of that other one."""
    action: CorrectionAction
    goes_on: bool = False
    """Whether the other one is told under its id."""
    sure: bool = True


@dataclass(slots=True)
class Corrections:
    """What a file's lines correct, by their number, and what became of lines that are corrected, by their id."""

    lines: dict[int, Corrects] = field(default_factory=dict)
    over: dict[str, Corrected] = field(default_factory=dict)
    told_as: dict[str, str] = field(default_factory=dict)
    """By line that replaces another one, under which id it is told."""
    since: dict[int, set[str]] = field(default_factory=dict)
    """By file the lines that are over since then."""

    def __bool__(self) -> bool:
        return bool(self.lines or self.over)

    def plain(self) -> str:
        """Return all of it as one text."""
        return repr((sorted(self.lines.items()), sorted(self.over.items()), sorted(self.told_as.items())))


def corrected_in(
    files: FileBox, source: SourceFile, known: Known, said: str, names: Mapping[str, str], places: Places
) -> Corrections:
    """Return what a file's lines correct, and what became of those that lines of any file correct."""
    some, all_seen = _looked_at(files, source, known, said)
    if not any(span.corrects for each in some if (span := files_seen.span(each, known, said)) is not None):
        return Corrections()
    found = _Found(all_seen)
    mine: FileLines | None = None
    for each in some:
        lines = placed_lines(files_seen.of(each, known, said, names), each, names, places)
        if lines is None:
            continue
        found.take(lines, each.number)
        mine = lines if each.number == source.number else mine
    return found.said_of(mine)


def _looked_at(files: FileBox, source: SourceFile, known: Known, said: str) -> tuple[list[SourceFile], bool]:
    """Return the OFX files whose lines are looked at, in order, and whether these are all that came before."""
    before = [each for each in files_before(files, source.number + 1) if _is_ofx(each)]
    found: list[SourceFile] = []
    size, all_seen = 0, True
    for each in (*reversed(before), *_after(files, source.number)):
        span = files_seen.span(each, known, said) if len(found) < FILES_MAX else None
        if span is None and len(found) < FILES_MAX:
            continue
        size += 0 if span is None else span.lines
        if span is None or size > LINES_MAX:
            all_seen = all_seen and each.number > source.number
            break
        found.append(each)
    return sorted(found, key=lambda each: each.number), all_seen


def _is_ofx(source: SourceFile) -> bool:
    return files_seen.road(source) == OfxReader.__name__


def _after(files: FileBox, number: int) -> Iterator[SourceFile]:
    each = files.after(number)
    while each is not None:
        if _is_ofx(each):
            yield each
        each = files.after(each.number)


_Native = tuple[str, str]


class _Found:
    """The lines of the files so far, and what became of them."""

    def __init__(self, all_seen: bool) -> None:
        self._all_seen = all_seen
        self._by_id: dict[_Native, dict[str, Entry]] = defaultdict(dict)
        """Lines by account and the bank's id."""
        self._now: dict[str, Entry] = {}
        """What is told under an id, where that is another line's."""
        self._last: dict[str, str] = {}
        """By line the one that corrected it last."""
        self._early: dict[_Native, tuple[Entry, CorrectionAction]] = {}
        """Lines that correct one that no file had so far, by its account and id."""
        self._decided: dict[str, Corrects] = {}
        self._found = Corrections()

    def take(self, file: FileLines, number: int) -> None:
        """Take the lines of a file."""
        new: dict[_Native, list[Entry]] = defaultdict(list)
        for entry in file.entries:
            place = (entry.id.partition("/")[0], entry.native)
            if entry.native and entry.id not in self._by_id[place]:
                self._by_id[place][entry.id] = entry
                new[place].append(entry)
        for place in [place for place in self._early if place in new]:
            self._come_after(place, new[place], number)
        for entry, correction in file.corrections:
            if entry.id not in self._decided:
                place = (entry.id.partition("/")[0], correction.native)
                self._decided[entry.id] = self._decide(entry, place, correction.action, number)

    def _come_after(self, place: _Native, entries: Sequence[Entry], number: int) -> None:
        """Take lines that were corrected before they came; of several, or of one that is later, it is asked."""
        by, action = self._early[place]
        some = [entry for entry in entries if entry.id != by.id and entry.id not in self._decided]
        for entry in some:
            sure = len(some) == 1 and entry.day <= by.day and _may_be(entry, by)
            self._over(entry.id, Corrected(by.native, action, sure=sure), number)
            if sure:
                del self._early[place]

    def _decide(self, entry: Entry, place: _Native, action: CorrectionAction, number: int) -> Corrects:
        some = [old for id_, old in self._by_id[place].items() if id_ != entry.id]
        told = {self._told_as(old.id) for old in some}
        if not some:
            if self._all_seen:
                self._early[place] = (entry, action)
            return Corrects(sure=self._all_seen)
        id_ = self._told_as(some[-1].id)
        was = self._now.get(id_, some[-1])
        if len(told) > 1 or not _may_be(was, entry):
            return Corrects(id_, was.day.isoformat(), was.amount, sure=False)
        self._last[id_] = entry.id
        self._found.told_as[entry.id] = id_
        self._now[id_] = entry
        self._over(id_, Corrected(entry.native, action, goes_on=action is CorrectionAction.REPLACE), number)
        return Corrects(id_, was.day.isoformat(), was.amount)

    def _over(self, id_: str, corrected: Corrected, number: int) -> None:
        self._found.over[id_] = corrected
        self._found.since.setdefault(number, set()).add(id_)

    def _told_as(self, id_: str) -> str:
        return self._found.told_as.get(id_, id_)

    def said_of(self, mine: FileLines | None) -> Corrections:
        """Return what is known by now, and what the lines of the file in question correct."""
        for entry, _ in () if mine is None else mine.corrections:
            if (corrects := self._decided.get(entry.id)) is not None:
                last = self._last.get(corrects.id, entry.id) == entry.id
                self._found.lines[entry.number] = corrects._replace(last=last)
        return self._found


def _may_be(old: Entry, entry: Entry) -> bool:
    near = abs((entry.day - old.day).days) <= DAYS_MAX
    return near and len({entry.currency, old.currency} - {""}) < 2
