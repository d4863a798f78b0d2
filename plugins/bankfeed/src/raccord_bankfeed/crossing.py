"""One line that comes by two roads: a table and an OFX file of one account share no ids, yet each line is one.

A file is compared with those that arrived before it by another road (another format, another layout) for the same
account: the same key, the same number, or the same name given in the settings. Lines pair one to one, so three equal
coffees here and two there leave one:

* *the same day and amount*: one line, where the text agrees, or where one text says nothing and both files cover that
  day whole (it is neither the first nor the last day of either), so that both list all there is;
* *the same amount and a like text up to three days apart*: one line where all lines of the two roads lie so many days
  apart, else asked;
* *the same day and amount, another text*: asked, after what is alike on near days;
* *an equal amount that is left over in both*, on days that both have: asked.

``pairing.py`` has the rules.

What is known already by the file's own road stays what it is, and what was the other of one line is not that of another
in a later file. Two files of one road are never compared: there equal ids tell. A road that tells changes alone (Plaid)
covers no day whole; a line that it takes back is no line's other. The result depends on the files and on what people
said alone, so it is the same whenever it is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.identity import Identities, normalised, plain_amount
from raccord_bankfeed.pairing import DAYS_APART, Candidate, Days, Entry, Twin, around, twins_among, words_in
from raccord_bankfeed.readers import TELL_CHANGES, reader_for, road_of
from raccord_bankfeed.readers.contract import Account, CorrectionAction, Line, Question, Statement
from raccord_bankfeed.readers.told import Known

LINES_MAX = 100_000
"""So many lines of all files are compared at most; beyond it, a line that comes twice is found when it is posted."""

_MARGIN = 10


@dataclass(slots=True)
class _File:
    """A file's lines as they are compared, and which days it covers of each account."""

    road: str
    entries: list[Entry] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    gone: set[str] = field(default_factory=set)
    """The ids of earlier lines that the file takes back."""
    whole: bool = True

    def near(self, other: _File) -> bool:
        """Tell whether two files share an account and a stretch of time."""
        theirs = other.days.spans
        return any(
            token in theirs and (first - theirs[token][1]).days <= _MARGIN >= (theirs[token][0] - last).days
            for token, (first, last) in self.days.spans.items()
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
        road = road_of(opened)
        found = _File(road, days=Days(whole=road not in TELL_CHANGES))
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


def _keep(file: _File, entry: Entry) -> None:
    file.entries.append(entry)
    file.days.take(entry)


def _entry(line: Line, number: int, source_id: str, tokens: frozenset[str]) -> Entry:
    words, wordy = words_in(f"{line.name} {line.memo} {line.reference} {line.check_number}")
    return Entry(number, source_id, tokens, line.day, plain_amount(line.amount), line.currency, words, wordy)


def _tokens(account: Account, names: dict[str, str]) -> frozenset[str]:
    """Return what an account is known by."""
    name = names.get(account.key, "")
    return frozenset(filter(None, (account.key, account.number, name and f"name {normalised(name)}")))


class _Index:
    """The lines of the files before, each once, by amount; and the ids of each road."""

    def __init__(self) -> None:
        self._by_amount: dict[str, dict[date, dict[str, tuple[Entry, _File]]]] = {}
        self._ids: dict[str, set[str]] = {}
        self._places: dict[str, tuple[str, date]] = {}
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
                self._places[entry.id] = (entry.amount, entry.day)
                self._by_amount.setdefault(entry.amount, {}).setdefault(entry.day, {})[entry.id] = (entry, file)
                self.size += 1
            else:
                self._taken[file.road, twin.id] = entry.id
        for id_ in file.gone:
            self._drop(id_)

    def _drop(self, id_: str) -> None:
        """Forget a line that its source took back, or tells with another amount from now on."""
        if (place := self._places.pop(id_, None)) is not None:
            amount, day = place
            del self._by_amount[amount][day][id_]

    def pair(self, file: _File) -> dict[int, Twin]:
        """Pair a file's lines with those of other roads."""
        own = self._ids.get(file.road, set())
        mine = [entry for entry in file.entries if entry.id not in own and entry.amount in self._by_amount]

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
                if where.road != file.road and _of_one_account(entry, other)
                # What was the other of one line is not that of another in a later file.
                if self._taken.get((file.road, other.id), entry.id) == entry.id
            )

        return twins_among(mine, others, file.days)


def _of_one_account(entry: Entry, other: Entry) -> bool:
    currencies = {entry.currency, other.currency} - {""}
    return len(currencies) < 2 and not entry.tokens.isdisjoint(other.tokens)
