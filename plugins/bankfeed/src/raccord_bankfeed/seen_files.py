"""What the files of a connection hold, as they are compared with one another: their lines, days and balances."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from threading import Lock

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.identity import Identities, normalised, plain_amount
from raccord_bankfeed.pairing import Days, Entry, payee_in, words_in
from raccord_bankfeed.readers import TELL_CHANGES, reader_for, road_of
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import Account, Balance, CorrectionAction, Line, Question, Statement
from raccord_bankfeed.readers.told import Known

LINES_MAX = 100_000
"""So many lines of all files are compared at most; beyond it, a line that comes twice is found when it is posted."""

_MARGIN = 10


@dataclass(slots=True)
class Nameless:
    """What a file holds of an account that it does not name."""

    account: Account
    ids: set[str] = field(default_factory=set)
    days: dict[date, Counter[str]] = field(default_factory=dict)
    """What moved on each day: how often which amount."""
    opening: Balance | None = None
    closing: Balance | None = None

    @property
    def first(self) -> date:
        """The first day with a line."""
        return min(self.days)

    @property
    def last(self) -> date:
        """The last day with a line."""
        return max(self.days)


@dataclass(slots=True)
class FileLines:
    """A file's lines as they are compared, and which days it covers of each account."""

    road: str
    entries: list[Entry] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    gone: set[str] = field(default_factory=set)
    """The ids of earlier lines that the file takes back."""
    whole: bool = True
    open: bool = False
    """Whether something is asked about how it is read: until then nothing rests on what it says."""
    accounts: dict[str, Account] = field(default_factory=dict)
    nameless: dict[str, Nameless] = field(default_factory=dict)

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
        made = FileLines(
            self.road, days=Days(self.days.whole, stated=self.days.stated), gone=self.gone, whole=self.whole
        )
        for entry in self.entries:
            key = next((key for key in keys if entry.id.startswith(f"{key}/")), "")
            id_ = f"{keys[key]}{entry.id.removeprefix(key)}" if key else entry.id
            made.keep(entry._replace(id=id_, tokens=tokens.get(entry.tokens, entry.tokens)))
        return made

    def keep(self, entry: Entry) -> None:
        """Take in a line."""
        self.entries.append(entry)
        self.days.take(entry)


class _Files:
    """The last files that were looked at, so that each is read once for many that follow it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], FileLines] = OrderedDict()
        self._lock = Lock()

    def of(self, source: SourceFile, known: Known, said: str, names: Mapping[str, str]) -> FileLines:
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


files_seen = _Files()
"""Process-wide; it holds nothing but what the bytes of files say."""


def files_before(files: FileBox, number: int) -> Iterator[SourceFile]:
    """Yield the files that arrived before one, in order."""
    found = files.after(0)
    while found is not None and found.number < number:
        yield found
        found = files.after(found.number)


def _read(source: SourceFile, known: Known, names: Mapping[str, str]) -> FileLines:
    tokens: dict[str, frozenset[str]] = {}
    identities, held, number = Identities(), False, -1
    with source.open() as opened:
        road = road_of(opened)
        found = FileLines(road, days=Days(whole=road not in TELL_CHANGES))
        with closing(reader_for(opened, known).events(opened)) as events:
            for event in events:
                match event:
                    case Question():
                        held = found.open = True
                    case Statement():
                        held = False
                        _balances(found, event)
                        _stated(found, event, names)
                        identities.statement_ended()
                    case Line():
                        number += 1
                        source_id = identities.of(event)
                        if event.correction is not None and event.correction.action is CorrectionAction.GONE:
                            found.gone.add(source_id)
                            continue
                        account = event.account
                        if account.key.startswith(UNNAMED):
                            found.nameless.setdefault(account.key, Nameless(account))
                        if held or event.pending:
                            continue
                        if len(found.entries) >= LINES_MAX:
                            found.whole = False
                            return found
                        if account.key not in tokens:
                            tokens[account.key] = tokens_of(account, names)
                            found.accounts[account.key] = account
                        found.keep(_entry(event, number, source_id, tokens[account.key]))
                        if account.key.startswith(UNNAMED):
                            _nameless(found, event, source_id)
                    case _:
                        pass
    return found


def _nameless(file: FileLines, line: Line, source_id: str) -> None:
    mine = file.nameless[line.account.key]
    mine.ids.add(source_id)
    mine.days.setdefault(line.day, Counter())[plain_amount(line.amount)] += 1


def _balances(file: FileLines, statement: Statement) -> None:
    """Keep what a nameless account held before and after its statement."""
    if (mine := file.nameless.get(statement.account.key)) is not None:
        mine.opening, mine.closing = mine.opening or statement.opening, statement.ledger or mine.closing


def _stated(file: FileLines, statement: Statement, names: Mapping[str, str]) -> None:
    """Keep which days a statement says that it lists; one with an opening balance of its first day begins after it."""
    first, last, opening = statement.starts, statement.ends, statement.opening
    if first is None or last is None:
        return
    if opening is not None and opening.day == first:
        first += timedelta(1)
    for token in tokens_of(statement.account, names):
        file.days.stated.setdefault(token, []).append((first, last))


def _entry(line: Line, number: int, source_id: str, tokens: frozenset[str]) -> Entry:
    words, wordy = words_in(f"{line.name} {line.memo} {line.reference} {line.check_number}")
    return Entry(
        number, source_id, tokens, line.day, plain_amount(line.amount), line.currency, words, wordy,
        payee_in(line.name, line.memo), line.native,
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
