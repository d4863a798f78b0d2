"""What the files of a connection hold, as they are compared with one another: their lines, days and balances."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Lock
from typing import NamedTuple, TypeVar

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.identity import NOTHING_TAKEN, Identities, Taken, normalised, plain_amount, plain_taken
from raccord_bankfeed.pairing import Days, Entry
from raccord_bankfeed.paypal_ids import id_at_paypal
from raccord_bankfeed.readers import TELL_CHANGES, reader_for, road_of
from raccord_bankfeed.readers.account import UNNAMED, is_unnamed
from raccord_bankfeed.readers.contract import (
    Account,
    Balance,
    Correction,
    CorrectionAction,
    Line,
    Question,
    Statement,
)
from raccord_bankfeed.readers.packed import opened
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.second_days import second_days

LINES_MAX = 100_000
"""So many lines of all files are compared at most; beyond it, a line that comes twice is found when it is posted."""

LISTED_MAX = 1_000
"""Statements of one file whose balances are remembered."""

FILES_MAX = 2_000
"""Of so many files it is remembered by which road they came and which days they name."""

_MARGIN = 10
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(slots=True)
class Nameless:
    """What a file holds of an account that it does not name."""

    account: Account
    ids: set[str] = field(default_factory=set)
    """Those of its lines, without the account's key."""
    currency: str = ""
    institution: str = ""
    days: dict[date, Counter[str]] = field(default_factory=dict)
    """What moved on each day: how often which amount."""
    opening: Balance | None = None
    closing: Balance | None = None
    reckoned: Decimal | None = None
    """What it held before, by its bank's closing balance and its lines."""

    @property
    def first(self) -> date:
        """The first day with a line."""
        return min(self.days)

    @property
    def last(self) -> date:
        """The last day with a line."""
        return max(self.days)

    def held_after(self, day: date) -> Decimal | None:
        """Return what the account held at the end of a day, which the file has whole; nothing where it tells none."""
        if self.opening is None:
            return None
        counted = [some for on, some in self.days.items() if on <= day]
        moved = (Decimal(amount) * times for some in counted for amount, times in some.items())
        return self.opening.amount + sum(moved, Decimal(0))


@dataclass(slots=True)
class FileLines:
    """A file's lines as they are compared, and which days it covers of each account."""

    road: str
    entries: list[Entry] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    gone: set[str] = field(default_factory=set)
    """The ids of earlier lines that the file takes back."""
    pending: set[str] = field(default_factory=set)
    """Those of lines that are not booked yet."""
    corrections: list[tuple[Entry, Correction]] = field(default_factory=list)
    """Lines that replace or withdraw an earlier one; what withdraws one is none of the entries: it moves no money."""
    whole: bool = True
    open: bool = False
    """Whether something is asked about how it is read: until then nothing rests on what it says."""
    accounts: dict[str, Account] = field(default_factory=dict)
    nameless: dict[str, Nameless] = field(default_factory=dict)
    statement_ends: list[int] = field(default_factory=list)
    """How many lines there are up to the end of each statement."""

    def near(self, other: FileLines) -> bool:
        """Tell whether two files share an account and a stretch of time."""
        theirs = other.days.spans
        return any(
            token in theirs and (first - theirs[token][1]).days <= _MARGIN >= (theirs[token][0] - last).days
            for token, (first, last) in self.days.spans.items()
        )

    def under(self, keys: Mapping[str, str], names: Mapping[str, str]) -> FileLines:
        """Return the same with accounts under other keys."""
        tokens = {
            frozenset({*tokens_of(account, names)}): tokens_of(replace(account, key=keys[key]), names)
            for key, account in self.accounts.items()
            if keys.get(key, key) != key
        }
        if not tokens:
            return self

        def moved(id_: str) -> str:
            key, _, rest = id_.partition("/")
            return f"{keys[key]}/{rest}" if key in keys else id_

        made = FileLines(
            self.road,
            days=Days(self.days.whole, stated=self.days.stated),
            gone={*map(moved, self.gone)},
            pending={*map(moved, self.pending)},
            whole=self.whole,
        )

        def under(entry: Entry) -> Entry:
            return replace(entry, id=moved(entry.id), tokens=tokens.get(entry.tokens, entry.tokens))

        made.corrections = [(under(entry), correction) for entry, correction in self.corrections]
        for entry in self.entries:
            made.keep(under(entry))
        return made

    def keep(self, entry: Entry) -> None:
        """Take in a line."""
        self.entries.append(entry)
        self.days.take(entry)


class Listed(NamedTuple):
    """A statement that says what the account held before its lines and after them, and whose lines come to that."""

    account: str
    currency: str
    opening: Decimal
    closing: Decimal
    begins: date
    ends: date
    """The days of these balances."""
    first: date
    last: date
    """The days of its lines."""


class Span(NamedTuple):
    """The first and last day that a file names, of lines or of what it lists."""

    first: date
    last: date
    dated: bool
    """Whether a line on another day is another line: not where the source promises its ids."""
    accounts: frozenset[str] = frozenset()
    """The keys of the accounts that its lines are of."""
    lines: int = 0
    listed: tuple[tuple[int, Listed], ...] = ()
    """Its statements with both balances, each with its number among all, from 0."""
    corrects: bool = False
    """Whether a line of it says that it corrects an earlier one."""


class _Files:
    """The last files that were looked at, so that each is read once for many that follow it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], FileLines] = OrderedDict()
        self._roads: OrderedDict[str, str] = OrderedDict()
        self._spans: OrderedDict[tuple[str, str], Span | None] = OrderedDict()
        self._lock = Lock()

    def of(
        self, source: SourceFile, known: Known, said: str, names: Mapping[str, str], taken: Taken = NOTHING_TAKEN
    ) -> FileLines:
        """Return what a file holds; its lines have no number that is ``taken``."""
        key = (source.sha256, f"{said} {plain_taken(taken)}" if taken else said)
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        made = _read(source, known, names, taken)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(len(each.entries) for each in self._kept.values()) > LINES_MAX:
                self._kept.popitem(last=False)
        return made

    def road(self, source: SourceFile) -> str:
        """Return by which road a file's lines come."""
        return self._once(self._roads, source.sha256, lambda: _road(source))

    def span(self, source: SourceFile, known: Known, said: str) -> Span | None:
        """Return which days a file names; nothing where it names none."""
        return self._once(self._spans, (source.sha256, said), lambda: _span(source, known))

    def _once(self, kept: OrderedDict[_Key, _Value], key: _Key, read: Callable[[], _Value]) -> _Value:
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = read()
        with self._lock:
            kept[key] = made
            while len(kept) > FILES_MAX:
                kept.popitem(last=False)
        return made


files_seen = _Files()
"""Process-wide; it holds nothing but what the bytes of files say."""


def files_before(files: FileBox, number: int) -> Iterator[SourceFile]:
    """Yield the files that arrived before one, in order."""
    found = files.after(0)
    while found is not None and found.number < number:
        yield found
        found = files.after(found.number)


def sharing_days(
    files: Sequence[SourceFile], source: SourceFile, known: Known, said: str, apart: int = 0
) -> list[SourceFile]:
    """Return the files that share days with one, or with one that does, and those that lie so many days ``apart`` of it
    at most; all where the day is no part of a line's id.

    Files that share no day hold no line in common, and none lacks what another has.
    """
    spans = {each.number: span for each in files if (span := files_seen.span(each, known, said)) is not None}
    mine = spans.get(source.number)
    if mine is None or not all(span.dated for span in spans.values()):
        return list(files)
    together: list[int] = []
    last = date.min
    for number, span in sorted(spans.items(), key=lambda each: (each[1].first, each[0])):
        if span.first > last:
            if source.number in together:
                break
            together = []
        together.append(number)
        last = max(last, span.last)
    near = {number for number, span in spans.items() if _apart(span, mine) <= apart}
    return [each for each in files if each.number in near.union(together)]


def _apart(span: Span, other: Span) -> int:
    """Return how many days lie from the end of the one to the beginning of the other."""
    return max((span.first - other.last).days, (other.first - span.last).days)


def _road(source: SourceFile) -> str:
    with opened(source) as content:
        return road_of(content)


def _span(source: SourceFile, known: Known) -> Span | None:
    first, last, dated, lines, corrects = date.max, date.min, True, 0, False
    accounts: set[str] = set()
    listed: list[tuple[int, Listed]] = []
    statements, part = 0, _Part()
    with opened(source) as content, closing(reader_for(content, known).events(content)) as events:
        for event in events:
            match event:
                case Line():
                    days = (event.day, event.day)
                    lines += 1
                    accounts.add(event.account.key)
                    dated = dated and not (event.stable or event.lasting)
                    corrects = corrects or event.correction is not None
                    part.take(event)
                case Statement():
                    days = (event.starts or date.max, event.ends or date.min)
                    if (found := part.listed(event)) is not None and len(listed) < LISTED_MAX:
                        listed.append((statements, found))
                    statements, part = statements + 1, _Part()
                case Question():
                    part.whole = False
                    continue
                case _:
                    continue
            first, last = min(first, days[0]), max(last, days[1])
    return Span(first, last, dated, frozenset(accounts), lines, tuple(listed), corrects) if first <= last else None


@dataclass(slots=True)
class _Part:
    """The lines of the statement that is read."""

    accounts: set[str] = field(default_factory=set)
    first: date = date.max
    last: date = date.min
    whole: bool = True
    """Whether nothing is asked about it."""

    def take(self, line: Line) -> None:
        self.accounts.add(line.account.key)
        self.first, self.last = min(self.first, line.day), max(self.last, line.day)

    def listed(self, statement: Statement) -> Listed | None:
        """Return the statement with its balances; nothing where they do not tell that these are all its lines."""
        opening, ledger, key = statement.opening, statement.ledger, statement.account.key
        if opening is None or ledger is None or not self.whole or self.accounts != {key} or statement.unreadable:
            return None
        if opening.amount + statement.total != ledger.amount:
            return None
        begins, ends = opening.day or statement.starts or self.first, ledger.day or statement.ends or self.last
        return Listed(key, statement.currency, opening.amount, ledger.amount, begins, ends, self.first, self.last)


def _read(source: SourceFile, known: Known, names: Mapping[str, str], taken: Taken) -> FileLines:
    tokens: dict[str, frozenset[str]] = {}
    identities, held, number = Identities(taken), False, -1
    road = files_seen.road(source)
    with opened(source) as content:
        found = FileLines(road, days=Days(whole=road not in TELL_CHANGES))
        with closing(reader_for(content, known).events(content)) as events:
            for event in events:
                match event:
                    case Question():
                        held = found.open = True
                    case Statement():
                        held = False
                        _balances(found, event)
                        _stated(found, event, names)
                        identities.statement_ended()
                        found.statement_ends.append(len(found.entries))
                    case Line():
                        number += 1
                        source_id = identities.of(event)
                        if event.correction is not None and event.correction.action is CorrectionAction.GONE:
                            found.gone.add(source_id)
                            continue
                        account = event.account
                        if account.key.startswith(UNNAMED):
                            found.nameless.setdefault(account.key, Nameless(account))
                        if event.pending:
                            found.pending.add(source_id)
                        if held or event.pending:
                            continue
                        if len(found.entries) >= LINES_MAX:
                            found.whole = False
                            return found
                        if account.key not in tokens:
                            tokens[account.key] = tokens_of(account, names)
                            found.accounts[account.key] = account
                        entry = _entry(event, number, source_id, tokens[account.key])
                        if event.correction is not None:
                            found.corrections.append((entry, event.correction))
                            if event.correction.action is CorrectionAction.DELETE:
                                continue
                        found.keep(entry)
                        if account.key.startswith(UNNAMED):
                            _nameless(found, event, source_id)
                    case _:
                        pass
    return found


def _nameless(file: FileLines, line: Line, source_id: str) -> None:
    mine = file.nameless[line.account.key]
    mine.ids.add(source_id.partition("/")[2])
    mine.days.setdefault(line.day, Counter())[plain_amount(line.amount)] += 1


def _balances(file: FileLines, statement: Statement) -> None:
    """Keep what a nameless account held before and after its statement."""
    if (mine := file.nameless.get(statement.account.key)) is not None:
        mine.opening, mine.closing = mine.opening or statement.opening, statement.ledger or mine.closing
        mine.currency, mine.institution = statement.currency, statement.institution
        if is_unnamed(statement.account.key) and statement.ledger is not None and not statement.unreadable:
            mine.reckoned = statement.ledger.amount - statement.total


def _stated(file: FileLines, statement: Statement, names: Mapping[str, str]) -> None:
    """Keep which days a statement says that it lists; one with an opening balance of its first day begins after it."""
    first, last, opening = statement.starts, statement.ends, statement.opening
    if first is None or last is None or statement.partial or statement.unreadable:
        return
    if opening is not None and opening.day == first:
        first += timedelta(1)
    for token in tokens_of(statement.account, names):
        file.days.stated.setdefault(token, []).append((first, last))


def _entry(line: Line, number: int, source_id: str, tokens: frozenset[str]) -> Entry:
    return Entry(
        number, source_id, tokens, line.day, plain_amount(line.amount), line.currency, line.name, line.memo,
        (line.reference, line.check_number), line.native, id_at_paypal(line), second_days(line),
        line.account.type,
    )  # fmt: skip


def tokens_of(account: Account, names: Mapping[str, str]) -> frozenset[str]:
    """Return what an account is known by."""
    name = names.get(account.key, "")
    return frozenset(filter(None, (account.key, account.number, name and f"name {normalised(name)}")))


_DIGITS = re.compile(r"[0-9]+")
_DATED = re.compile(r"(?:19|20)[0-9]{2}(?:[0-9]{2}){0,5}|[0-9]{4}(?:19|20)[0-9]{2}|[0-9]{1,2}")
_MONTHS = re.compile(
    r"(?<![a-z])(?:janvier|fevrier|février|mars|avril|mai|juin|juillet|aout|août|septembre|octobre|novembre|decembre"
    r"|décembre|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|fev|fév|mar|apr|avr|jun|jul|juil|aug|sept?|oct|nov|dec|déc)(?![a-z])"
)


def name_pattern(name: str) -> str:
    """Return what files are called month after month: days, months and counters as ``#``; other numbers stay."""
    plain = _MONTHS.sub("#", unicodedata.normalize("NFC", name).casefold())
    return re.sub(
        r"[\s_.()\-]*#[\s_.()\-#]*", "#", _DIGITS.sub(lambda f: "#" if _DATED.fullmatch(f[0]) else f[0], plain)
    )
