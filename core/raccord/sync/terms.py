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
class DatedTerms:
    """The tables that hold from each of ``days`` on; the connector's own holds before the first."""

    table: TermTable
    days: Sequence[date]
    tables: Sequence[TermTable]

    @classmethod
    def read(cls, session: Session, connection_id: str, table: TermTable) -> DatedTerms:
        rows = session.execute(
            select(TermOverride.word, TermOverride.ledger, TermOverride.valid_from)
            .where(TermOverride.connection_id == connection_id)
            .order_by(TermOverride.valid_from)
        ).all()
        days = sorted({row.valid_from for row in rows})
        laid_over = [
            table.with_overrides({row.word: row.ledger for row in rows if row.valid_from <= day}) for day in days
        ]
        return cls(table, days, laid_over)

    def on(self, day: date) -> TermTable:
        """Return the table for a record of ``day``."""
        place = bisect_right(self.days, day)
        return self.tables[place - 1] if place else self.table
