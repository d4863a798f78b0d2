"""The statement that is being read: what is counted and what the bank says of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord.plugin import Text
from raccord_bankfeed.readers.contract import Account, Balance, Line, Note, Numbered, Statement
from raccord_bankfeed.readers.texts import excerpt

NOTES_MAX = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: its line, and what is written there, with its tag, element or code."""

    line: int
    text: str


@dataclass(slots=True)
class Tally:
    """Counts the lines of one statement."""

    account: Account
    line: int
    currency: str = ""
    institution: str = ""
    starts: date | None = None
    partial: bool = False
    ends: date | None = None
    opening: Balance | None = None
    ledger: Balance | None = None
    available: Balance | None = None
    lines: int = 0
    pending: int = 0
    unreadable: int = 0
    left_out: int = 0
    total: Decimal = Decimal(0)
    first_day: date | None = None
    last_day: date | None = None
    numbered: Numbered | None = None
    notes: list[Note] = field(default_factory=list)
    opens_at: Place | None = None
    """Where the balances that its lines are held against stand in the file."""
    closes_at: Place | None = None

    def count(self, line: Line) -> None:
        """Count a line that was read."""
        self.add(line.day, line.amount, pending=line.pending)

    def add(self, day: date, amount: Decimal, *, pending: bool) -> None:
        """Count what a line comes to."""
        if pending:
            self.pending += 1
            return
        self.lines += 1
        self.total += amount
        if self.last_day is None or self.first_day is None:
            self.first_day = self.last_day = day
        elif day > self.last_day:
            self.last_day = day
        elif day < self.first_day:
            self.first_day = day

    def add_run(self, days: Sequence[date], amounts: Sequence[Decimal]) -> None:
        """Count what lines that are not pending come to, at least one."""
        self.add_sum(set(days), len(amounts), sum(amounts, Decimal(0)))

    def add_sum(self, days: Collection[date], lines: int, amount: Decimal) -> None:
        """Count so many lines of some days that are not pending by what they come to together."""
        self.lines += lines
        self.total += amount
        first, last = min(days), max(days)
        self.first_day = first if self.first_day is None else min(first, self.first_day)
        self.last_day = last if self.last_day is None else max(last, self.last_day)

    def note(self, line: int, reason: Text, text: str, day: date | None = None) -> None:
        """Keep that a row is no transaction, up to a number of them; all are counted, and of which ``day`` they are."""
        self.left_out += 1
        if day is not None:
            self.first_day = day if self.first_day is None else min(day, self.first_day)
            self.last_day = day if self.last_day is None else max(day, self.last_day)
        if len(self.notes) < NOTES_MAX:
            self.notes.append(Note(line, reason, excerpt(text)))

    def statement(self) -> Statement:
        """Return what was counted."""
        return Statement(
            account=self.account,
            currency=self.currency,
            institution=self.institution,
            starts=self.starts,
            ends=self.ends,
            ledger=self.ledger,
            available=self.available,
            lines=self.lines,
            pending=self.pending,
            unreadable=self.unreadable,
            left_out=self.left_out,
            total=self.total,
            last_day=self.last_day,
            line=self.line,
            opening=self.opening,
            numbered=self.numbered,
            notes=tuple(self.notes),
            partial=self.partial,
        )
