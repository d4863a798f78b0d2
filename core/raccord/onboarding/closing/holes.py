"""The holes of a connection: days that were not brought over, and what is known to lie in them (K17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.closing.left_days import LeftDays, left_days
from raccord.store.models import Connection, Gap, RecordState, SourceRecord
from raccord.sync.workshop import Workshop

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
    account: str = ""
    """The one account that it is a hole of, where others are covered."""


def holes_of(
    workshop: Workshop, session: Session, connection: Connection, left: Sequence[LeftDays] | None = None
) -> list[Hole]:
    """Return a connection's holes to today in the order of their days: what is left out on purpose, the days before
    its first one among it, and the days that no file covers or of which its source was not asked.

    ``left`` is what ``left_days`` returned, where that was asked already.
    """
    return [
        Hole(each.reason, each.first, each.last, 0, {}, {}, each.account)
        if each.gap is None
        else _hole(session, each.gap)
        for each in (left_days(workshop, session, connection) if left is None else left)
    ]


def before_start(session: Session, connection_id: str) -> Hole | None:
    """Return the hole before a connection's first day."""
    gaps = select(Gap).where(Gap.connection_id == connection_id, Gap.reason == BEFORE_START)
    gap = session.scalars(gaps.order_by(Gap.last_day).limit(1)).first()
    return None if gap is None else _hole(session, gap)


@dataclass(frozen=True, slots=True)
class Outside:
    """What a first day leaves out: how many records that move money, of which days, and what they come to."""

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
        SourceRecord.amount != 0,
    )
    days = func.min(SourceRecord.day), func.max(SourceRecord.day)
    records, first, last = session.execute(select(func.count(), *days).where(*mine)).one()
    if not records:
        return None
    hole = before_start(session, connection.id)
    return None if hole is None else Outside(records, first, last, hole.totals)


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
