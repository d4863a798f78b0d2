"""A connector's term table with the company's own answers laid over it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.terms import TermTable
from raccord.store.models import TermOverride


def overrides_of(session: Session, connection_id: str, day: date) -> dict[str, str]:
    """Return the company's answers valid on ``day``, by the source's word."""
    rows = session.execute(
        select(TermOverride.word, TermOverride.ledger)
        .where(TermOverride.connection_id == connection_id, TermOverride.valid_from <= day)
        .order_by(TermOverride.valid_from)
    )
    return {row.word: row.ledger for row in rows}


def terms_of(session: Session, connection_id: str, table: TermTable, day: date) -> TermTable:
    """Return the table that holds for a record of ``day`` (K9)."""
    return table.with_overrides(overrides_of(session, connection_id, day))
