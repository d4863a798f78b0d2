"""What a source told of that a person keeps out of the books, or whose document is there no more.

A source that gives its records new ids tells of them again, and neither a rule nor a suggestion may book them then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import and_, case, exists, or_, select
from sqlalchemy.orm import Session, aliased

from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    Drift,
    DriftState,
    LinkRow,
    LinkState,
    RecordState,
    SourceRecord,
)
from raccord.sync.days import around
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.conflict_rules import DELETED, VOIDED

LEFT_OUT, UNDONE, GONE = "aside_left_out", "aside_undone", "aside_deleted"
"""Why: a person left it out, its document was undone, or was deleted or voided in QuickBooks."""
ID_DAYS_APART = 7
"""How many days a record may move with its id, from purchase to posting: a long weekend between two banks."""

_EDITED = "edited"
_BY_DRIFT, BY_PERSON = "drift.", "person:"
"""How the reason begins of a draft that is left out: after its document went, or in a person's words."""
_GONE = exists().where(Drift.link_id == LinkRow.id, Drift.state == DriftState.OPEN, Drift.change != _EDITED)
_SKIPPED = DraftRow.state == DraftState.SKIPPED
_DELETED = or_(
    and_(LinkRow.state == LinkState.LIVE, _GONE),
    and_(DraftRow.state == DraftState.HELD, DraftRow.reason.in_((DELETED, VOIDED))),
    and_(_SKIPPED, DraftRow.reason.startswith(_BY_DRIFT)),
    and_(_SKIPPED, LinkRow.state.in_((LinkState.DELETED, LinkState.VOIDED))),
)
_WHY = case(
    (LinkRow.state == LinkState.UNDONE, UNDONE),
    (_DELETED, GONE),
    (and_(_SKIPPED, DraftRow.reason.startswith(BY_PERSON)), LEFT_OUT),
    else_="",
)
_NEWEST = aliased(SourceRecord)
# With a file that was taken back went what was said of its lines, too.
_UNSAID = exists().where(
    _NEWEST.connection_id == SourceRecord.connection_id,
    _NEWEST.stream == SourceRecord.stream,
    _NEWEST.source_id == SourceRecord.source_id,
    _NEWEST.state != RecordState.SUPERSEDED,
    _NEWEST.reason.in_(UNSAID),
)
_SET_ASIDE = (
    select(
        _WHY.label("why"),
        DraftRow.key,
        DraftRow.kind,
        DraftRow.body,
        SourceRecord.id.label("number"),
        SourceRecord.source_id,
        SourceRecord.run_id,
        SourceRecord.delivery,
        SourceRecord.amount,
        SourceRecord.day,
    )
    .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
    .outerjoin(LinkRow, and_(LinkRow.connection_id == DraftRow.connection_id, LinkRow.key == DraftRow.key))
    .where(SourceRecord.amount.is_not(None), _WHY != "", ~_UNSAID)
    .order_by(SourceRecord.id)
)


class Aside(NamedTuple):
    """A draft that is set aside, and how its record was told."""

    why: str
    key: str
    kind: str
    body: str
    number: int
    """A later record has a greater."""
    source_id: str
    run_id: str
    delivery: str
    amount: Decimal
    day: date


def set_aside(session: Session, connection: Connection, days: Collection[date]) -> list[Aside]:
    """Return what was told near some days and is set aside; nothing where no day is given."""
    if not days:
        return []
    near = SourceRecord.day.between(*around(min(days), max(days), ID_DAYS_APART))
    rows = session.execute(_SET_ASIDE.where(DraftRow.connection_id == connection.id, near))
    return [Aside(*row) for row in rows]
