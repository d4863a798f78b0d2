"""What is known of a statement of an OFX file while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers.contract import Account, AccountKind, Balance, Line, Note
from raccord_bankfeed.readers.ofx.markup import LOAN_ROW
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.tally import NOTES_MAX
from raccord_bankfeed.readers.texts import excerpt


@dataclass(slots=True)
class OpenStatement:
    """The statement being read."""

    kind: AccountKind
    read: bool
    line: int
    ids: dict[str, str] = field(default_factory=dict)
    account: Account | None = None
    currency: str = ""
    days: dict[str, date | None] = field(default_factory=dict)
    balances: dict[str, Balance | None] = field(default_factory=dict)
    lines: int = 0
    pending: int = 0
    unreadable: int = 0
    left_out: int = 0
    of_loan: bool = False
    """Whether a loan's own transactions were seen."""
    total: Decimal = Decimal(0)
    last_day: date | None = None
    notes: list[Note] = field(default_factory=list)

    def leave(self, name: str) -> None:
        """Count a transaction that is not read; one of a loan may hold another, which is no further one."""
        if name == LOAN_ROW and not self.of_loan:
            self.of_loan, self.left_out = True, 0
        self.left_out += name == LOAN_ROW or not self.of_loan

    def note(self, line: int, text: str) -> None:
        self.left_out += 1
        if len(self.notes) < NOTES_MAX:
            self.notes.append(Note(line, notes.SUM, excerpt(text)))

    def count_all(self, lines: Sequence[Line]) -> None:
        booked = [line for line in lines if not line.pending]
        self.pending += len(lines) - len(booked)
        if booked:
            self.count_booked([line.day for line in booked], [line.amount for line in booked])

    def count_booked(self, days: Sequence[date], amounts: Sequence[Decimal]) -> None:
        self.lines += len(amounts)
        self.total = sum(amounts, self.total)
        last_day = max(days)
        self.last_day = last_day if self.last_day is None else max(last_day, self.last_day)
