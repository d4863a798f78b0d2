"""A connector's term table with the company's own answers laid over it, each from its day on (K9)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.terms import TermTable
from raccord.store.models import TermOverride


@dataclass(frozen=True, slots=True)
class DatedTerm:
    """What a word of the source means from a day on."""

    word: str
    ledger: str
    first: date


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """The tables that hold from each of ``days`` on; the connector's own holds before the first."""

    table: TermTable
    days: Sequence[date]
    tables: Sequence[TermTable]

    @classmethod
    def read(cls, session: Session, connection_id: str, table: TermTable, also: Sequence[DatedTerm] = ()) -> DatedTerms:
        """Read the company's answers, with some laid over them that are not saved."""
        rows = session.execute(
            select(TermOverride.word, TermOverride.ledger, TermOverride.valid_from)
            .where(TermOverride.connection_id == connection_id)
            .order_by(TermOverride.valid_from)
        )
        answers = {(word, first): ledger for word, ledger, first in rows}
        answers |= {(each.word, each.first): table.meaning(each.word, each.ledger) for each in also}
        ordered = sorted(answers, key=lambda place: place[1])
        days = sorted({first for _, first in ordered})
        laid_over = [
            table.with_overrides({word: answers[word, first] for word, first in ordered if first <= day})
            for day in days
        ]
        return cls(table, days, laid_over)

    def on(self, day: date) -> TermTable:
        """Return the table for a record of ``day``."""
        place = bisect_right(self.days, day)
        return self.tables[place - 1] if place else self.table
