"""The holes of a connection: days that the normal flow never brings over, and what is known to lie in them (K17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, Gap, RecordState, SourceRecord

BEFORE_START = "before_start"


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of days left out, an open end being empty; counted are the records that arrived and were left out."""

    reason: str
    first_day: date | None
    last_day: date | None
    records: int
    totals: Mapping[str, Decimal]
    """By currency."""
    by_stream: Mapping[str, Mapping[str, Decimal]]
    """The same for each stream: amounts of several kinds of record are no sum of anything."""


def holes_of(session: Session, connection_id: str) -> list[Hole]:
    """Return a connection's holes in the order of their days, the one before its first day included."""
    gaps = session.scalars(select(Gap).where(Gap.connection_id == connection_id))
    ordered = sorted(gaps, key=lambda gap: (gap.first_day or date.min, gap.opened_at))
    return [_hole(session, gap) for gap in ordered]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a first day leaves out: how many records, of which days, and what they come to by currency."""

    records: int
    first_day: date
    last_day: date
    totals: Mapping[str, Decimal]


def left_outside(session: Session, connection: Connection) -> Outside | None:
    """Return what arrived and stays out because it is of days before the first one; nothing where nothing does."""
    mine = (
        SourceRecord.connection_id == connection.id,
        SourceRecord.state == RecordState.SKIPPED,
        SourceRecord.reason == f"scope.{BEFORE_START}",
    )
    first: date | None = session.scalar(select(func.min(SourceRecord.day)).where(*mine))
    last: date | None = session.scalar(select(func.max(SourceRecord.day)).where(*mine))
    if first is None or last is None:
        return None
    hole = next(each for each in holes_of(session, connection.id) if each.reason == BEFORE_START)
    return Outside(hole.records, first, last, hole.totals)


def _hole(session: Session, gap: Gap) -> Hole:
    inside = [SourceRecord.day >= (gap.first_day or date.min), SourceRecord.day <= (gap.last_day or date.max)]
    if gap.reason == BEFORE_START:
        # There is one such hole, and a source may say of a record that it began before its own day (a cut-over).
        inside = []
    rows = session.execute(
        select(SourceRecord.stream, SourceRecord.currency, SourceRecord.amount)
        .where(
            SourceRecord.connection_id == gap.connection_id,
            SourceRecord.state == RecordState.SKIPPED,
            SourceRecord.reason == f"scope.{gap.reason}",
            *inside,
        )
        .execution_options(yield_per=1000)
    )
    records, totals, by_stream = 0, dict[str, Decimal](), dict[str, dict[str, Decimal]]()
    for stream, currency, amount in rows:
        records += 1
        if amount is not None and currency:
            totals[currency] = totals.get(currency, Decimal(0)) + amount
            sums = by_stream.setdefault(stream, {})
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return Hole(gap.reason, gap.first_day, gap.last_day, records, totals, by_stream)
