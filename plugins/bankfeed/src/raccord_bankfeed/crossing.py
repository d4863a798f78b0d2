"""One line that comes by two roads: a table and an OFX file of one account share no ids, yet each line is one.

A file is compared with those that arrived before it by another road (another format, another layout) for the same
account: the same key, the same number, or the same name given in the settings. Lines pair one to one, so three equal
coffees here and two there leave one:

* *the same day and amount*: one line, where the text agrees, or where both files cover that day whole (it is neither
  the first nor the last day of either), so that both list all there is;
* *the same day and amount, another text, on a day that one file may cover in part*, or *the same amount and a like text
  up to three days apart*: asked.

What is known already by the file's own road stays what it is, and what was the other of one line is not that of another
in a later file. Two files of one road are never compared: there equal ids tell. A road that tells changes alone (Plaid)
covers no day whole; a line that it takes back is no line's other. The result depends on the files and on what people
said alone, so it is the same whenever it is asked for.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import NamedTuple

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.identity import Identities, normalised, plain_amount
from raccord_bankfeed.readers import TELL_CHANGES, reader_for, road_of
from raccord_bankfeed.readers.contract import Account, CorrectionAction, Line, Question, Statement
from raccord_bankfeed.readers.told import Known

DAYS_APART = 3
LINES_MAX = 100_000
"""So many lines of all files are compared at most; beyond it, a line that comes twice is found when it is posted."""

_MARGIN = timedelta(10)
_WORD = re.compile(r"[^\W_]{4,}")


class Twin(NamedTuple):
    """The id of the same line by another road, and whether that is certain."""

    id: str
    certain: bool


class _Entry(NamedTuple):
    """What is compared of a line."""

    number: int
    """Which of the file's lines it is."""
    id: str
    tokens: frozenset[str]
    day: date
    amount: str
    currency: str
    words: frozenset[str]


@dataclass(slots=True)
class _File:
    """A file's lines as they are compared, and which days it covers of each account."""

    road: str
    entries: list[_Entry] = field(default_factory=list)
    days: dict[str, tuple[date, date]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """The ids of earlier lines that the file takes back."""
    whole: bool = True

    def covers(self, entry: _Entry) -> bool:
        """Tell whether the file lists all of an entry's day."""
        if self.road in TELL_CHANGES:
            return False
        spans = (self.days[token] for token in entry.tokens if token in self.days)
        return any(first < entry.day < last for first, last in spans)

    def reaches(self, tokens: frozenset[str], day: date) -> bool:
        """Tell whether a day lies between the first and the last that the file has of an account."""
        spans = (self.days[token] for token in tokens if token in self.days)
        return any(first <= day <= last for first, last in spans)

    def near(self, other: _File) -> bool:
        """Tell whether two files share an account and a stretch of time."""
        return any(
            token in other.days and first - _MARGIN <= other.days[token][1] and other.days[token][0] <= last + _MARGIN
            for token, (first, last) in self.days.items()
        )


class _Files:
    """The last files that were looked at, so that each is read once for many that follow it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _File] = OrderedDict()
        self._lock = Lock()

    def of(self, source: SourceFile, known: Known, said: str, names: dict[str, str]) -> _File:
        key = (source.sha256, said)
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        made = _read(source, known, names)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(len(each.entries) for each in self._kept.values()) > LINES_MAX:
                self._kept.popitem(last=False)
        return made


_files = _Files()


def twins_of(files: FileBox, source: SourceFile, known: Known, said: str, names: dict[str, str]) -> dict[int, Twin]:
    """Return which lines of a file, by number, came before by another road; ``names`` are those of the accounts."""
    with source.open() as opened:
        road = road_of(opened)
    earlier = list(_before(files, source.number))
    roads = set()
    for each in earlier:
        with each.open() as opened:
            roads.add(road_of(opened))
    if roads <= {road}:
        return {}
    mine = _files.of(source, known, said, names)
    index = _Index()
    for each in earlier:
        other = _files.of(each, known, said, names)
        if other.gone or other.near(mine):
            index.add(other, index.pair(other))
        if index.size > LINES_MAX or not (other.whole and mine.whole):
            return {}
    return index.pair(mine)


def _before(files: FileBox, number: int) -> Iterator[SourceFile]:
    found = files.after(0)
    while found is not None and found.number < number:
        yield found
        found = files.after(found.number)


def _read(source: SourceFile, known: Known, names: dict[str, str]) -> _File:
    tokens: dict[str, frozenset[str]] = {}
    identities, held, number = Identities(), False, -1
    with source.open() as opened:
        found = _File(road_of(opened))
        with closing(reader_for(opened, known).events(opened)) as events:
            for event in events:
                match event:
                    case Question():
                        held = True
                    case Statement():
                        held = False
                        identities.statement_ended()
                    case Line():
                        number += 1
                        source_id = identities.of(event)
                        if event.correction is not None and event.correction.action is CorrectionAction.GONE:
                            found.gone.add(source_id)
                            continue
                        if held or event.pending:
                            continue
                        if len(found.entries) >= LINES_MAX:
                            found.whole = False
                            return found
                        account = event.account
                        if account.key not in tokens:
                            tokens[account.key] = _tokens(account, names)
                        _keep(found, _entry(event, number, source_id, tokens[account.key]))
                    case _:
                        pass
    return found


def _keep(file: _File, entry: _Entry) -> None:
    file.entries.append(entry)
    for token in entry.tokens:
        first, last = file.days.get(token, (entry.day, entry.day))
        file.days[token] = (min(first, entry.day), max(last, entry.day))


def _entry(line: Line, number: int, source_id: str, tokens: frozenset[str]) -> _Entry:
    text = normalised(f"{line.name} {line.memo} {line.reference} {line.check_number}")
    words = frozenset(_WORD.findall(text))
    return _Entry(number, source_id, tokens, line.day, plain_amount(line.amount), line.currency, words)


def _tokens(account: Account, names: dict[str, str]) -> frozenset[str]:
    """Return what an account is known by."""
    name = names.get(account.key, "")
    return frozenset(filter(None, (account.key, account.number, name and f"name {normalised(name)}")))


class _Index:
    """The lines of the files before, each once, by amount; and the ids of each road."""

    def __init__(self) -> None:
        self._by_amount: dict[str, dict[str, tuple[_Entry, _File]]] = {}
        self._ids: dict[str, set[str]] = {}
        self._amounts: dict[str, str] = {}
        self._taken: dict[tuple[str, str], str] = {}
        """Of which line a road's other line was the twin, by road and the other's id."""
        self.size = 0

    def add(self, file: _File, twins: dict[int, Twin]) -> None:
        """Take the lines of a file that came by no other road before."""
        ids = self._ids.setdefault(file.road, set())
        for entry in file.entries:
            twin = twins.get(entry.number)
            if twin is None or not twin.certain:
                ids.add(entry.id)
                self._drop(entry.id)
                self._amounts[entry.id] = entry.amount
                self._by_amount.setdefault(entry.amount, {})[entry.id] = (entry, file)
                self.size += 1
            else:
                self._taken[file.road, twin.id] = entry.id
        for id_ in file.gone:
            self._drop(id_)

    def _drop(self, id_: str) -> None:
        """Forget a line that its source took back, or tells with another amount from now on."""
        if (amount := self._amounts.pop(id_, None)) is not None:
            del self._by_amount[amount][id_]

    def pair(self, file: _File) -> dict[int, Twin]:
        """Pair a file's lines with those of other roads: equal days first, then like texts on near days."""
        own = self._ids.get(file.road, set())
        mine = [entry for entry in file.entries if entry.id not in own and entry.amount in self._by_amount]
        taken: set[str] = set()
        found: dict[int, Twin] = {}
        for apart in (False, True):
            ranked = [
                (rank, entry.number, other.id, certain, entry)
                for entry in mine
                if entry.number not in found
                for other, where in self._by_amount[entry.amount].values()
                if where.road != file.road
                and other.id not in taken
                and self._taken.get((file.road, other.id), entry.id) == entry.id
                if (judged := _judge(entry, file, other, where, apart=apart)) is not None
                for rank, certain in (judged,)
            ]
            for _, number, other_id, certain, _ in sorted(ranked, key=lambda each: each[:3]):
                if number not in found and other_id not in taken:
                    found[number] = Twin(other_id, certain)
                    taken.add(other_id)
        return found


def _judge(entry: _Entry, file: _File, other: _Entry, where: _File, *, apart: bool) -> tuple[int, bool] | None:
    """Return how far two lines are from being one (0: not at all), and whether they surely are; nothing if not."""
    days = abs((entry.day - other.day).days)
    if (days > 0) is not apart or days > DAYS_APART or entry.tokens.isdisjoint(other.tokens):
        return None
    if entry.currency and other.currency and entry.currency != other.currency:
        return None
    like = not entry.words.isdisjoint(other.words)
    if apart:
        # Two files of different times, one after the other, hold different lines.
        overlap = file.reaches(entry.tokens, other.day) or where.reaches(other.tokens, entry.day)
        return (10 * days, False) if like and overlap else None
    covered = file.covers(entry) and where.covers(entry)
    return (0 if like else 1), like or covered
