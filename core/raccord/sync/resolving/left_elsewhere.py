"""Lines that a person left out of the books where another connection of the company brought them.

A bank account may come by a file and by a provider: what was left out there once is told here as a new line, and a
rule or the next person would book what somebody decided to keep out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from raccord.store.models import Action, Connection, DraftRow, DraftState, Hold, PlanLine, SourceRecord
from raccord.sync.days import around
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.set_aside import BY_PERSON

LEFT_ELSEWHERE = "aside_elsewhere"
"""The case of a question about such a line."""
SEVERAL_DAYS_APART = 5
"""How many days apart two connections may date one line: as far as a line and a document may lie apart."""
OWNER_KEY = "owner_key"


class LeftElsewhere(NamedTuple):
    """A line that was left out, where, by whom, when and why."""

    key: str
    kind: str
    body: str
    label: str
    """Of its connection."""
    amount: Decimal
    day: date
    account: str
    """The account of the books that it moved."""
    by: str
    at: datetime
    reason: str

    @property
    def why(self) -> str:
        """What the person said."""
        return self.reason.removeprefix(BY_PERSON).strip()


def left_elsewhere(session: Session, connection: Connection, days: Collection[date]) -> list[LeftElsewhere]:
    """Return what was left out at other connections near some days and no line of this one was said to be yet."""
    if not days:
        return []
    account = (
        select(PlanLine.money_account)
        .where(PlanLine.draft_id == DraftRow.id, PlanLine.money_account != "")
        .order_by(PlanLine.id.desc())
        .limit(1)
        .correlate(DraftRow)
        .scalar_subquery()
    )
    later = aliased(Hold)
    last = (
        select(later.id)
        .where(later.draft_id == DraftRow.id, later.closed_at.is_not(None))
        .order_by(later.closed_at.desc(), later.id.desc())
        .limit(1)
        .correlate(DraftRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            DraftRow.key, DraftRow.kind, DraftRow.body, Connection.label, SourceRecord.amount, SourceRecord.day,
            account, Hold.closed_by, Hold.closed_at, DraftRow.reason,
        )
        .join(Connection, Connection.id == DraftRow.connection_id)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .join(Hold, Hold.id == last)
        .where(
            Connection.company_id == connection.company_id,
            DraftRow.connection_id != connection.id,
            DraftRow.state == DraftState.SKIPPED,
            DraftRow.reason.startswith(BY_PERSON),
            SourceRecord.amount.is_not(None),
            SourceRecord.day.between(*around(min(days), max(days), SEVERAL_DAYS_APART)),
        )
        .order_by(DraftRow.id)
    ).all()  # fmt: skip
    found = [LeftElsewhere(*row) for row in rows if row[6]]
    told = _told_here(session, connection, [each.key for each in found]) if found else set()
    return [each for each in found if each.key not in told]


def _told_here(session: Session, connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which of some lines a line of a connection was said to be."""
    told = PlanLine.params[OWNER_KEY].as_string()
    return set(
        session.scalars(
            select(told)
            .join(DraftRow, DraftRow.id == PlanLine.draft_id)
            .where(
                DraftRow.connection_id == connection.id,
                DraftRow.state == DraftState.SKIPPED,
                DraftRow.reason == ALREADY_EXISTS,
                PlanLine.action == Action.SKIP,
                PlanLine.reason == ALREADY_EXISTS,
                told.in_(sorted(keys)),
            )
        )
    )
