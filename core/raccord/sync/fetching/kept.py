"""What a source said last of one record, or another connection to it of some days, for a connector that must know."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from raccord.plugin.beside import BESIDE_MAX, OTHERS_MAX, Beside
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Record
from raccord.store.database import Database
from raccord.store.models import (
    Connection,
    ConnectionState,
    DraftRow,
    LinkRow,
    LinkState,
    Match,
    RecordState,
    SourceRecord,
    ToldAs,
)
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import RESOLVED_BY_HAND, UNSAID
from raccord.sync.fetching.told_as import Place

_MINE = bindparam("connection", type_=SourceRecord.connection_id.type)
_OF = bindparam("of", type_=SourceRecord.stream.type)
_NAMED = bindparam("named", type_=SourceRecord.source_id.type)
_KEPT_AS = select(ToldAs.kept_as).where(ToldAs.connection_id == _MINE, ToldAs.stream == _OF, ToldAs.source_id == _NAMED)
# Asked for each record that a connector looks back from, so made once.
_RAW = select(SourceRecord.raw).where(
    SourceRecord.connection_id == _MINE,
    SourceRecord.stream == _OF,
    SourceRecord.source_id == func.coalesce(_KEPT_AS.scalar_subquery(), _NAMED),
    SourceRecord.state != RecordState.SUPERSEDED,
    SourceRecord.reason.not_in(UNSAID),
)


def said_last(database: Database, connection_id: str, stream: str, source_id: str) -> Mapping[str, JSON] | None:
    """Return the newest revision of a connection's record as the source said it, if it ever did."""
    with database.read() as session:
        raw = session.scalar(_RAW, {"connection": connection_id, "of": stream, "named": source_id})
    said: Mapping[str, JSON] | None = None if raw is None else json.loads(raw, parse_float=Decimal)
    return said


def told_beside(database: Database, connection_id: str, stream: str, first: date, last: date) -> list[Beside]:
    """Return what the company's other connections of the same connector told of some days, in order of their labels.

    Not what was left out there; of a connection that was disconnected only what is in the books.
    """
    with database.read() as session:
        mine = session.get_one(Connection, connection_id)
        others = select(Connection).where(
            Connection.company_id == mine.company_id,
            Connection.connector == mine.connector,
            Connection.id != mine.id,
            Connection.state != ConnectionState.UNCONNECTED,
        )
        found = []
        for other in session.scalars(others.order_by(Connection.label, Connection.id).limit(OTHERS_MAX)):
            told = (
                select(SourceRecord)
                .where(
                    SourceRecord.connection_id == other.id,
                    SourceRecord.stream == stream,
                    SourceRecord.day.between(first, last),
                    SourceRecord.state.not_in((RecordState.SUPERSEDED, RecordState.SKIPPED)),
                    SourceRecord.amount.is_not(None),
                )
                .order_by(SourceRecord.day.desc(), SourceRecord.id.desc())
                .limit(BESIDE_MAX)
            )
            connected = other.state != ConnectionState.DISCONNECTED
            rows = session.scalars(told if connected else told.where(_in_books())).all()
            there = _there(session, [row.id for row in rows])
            pair = sha256("/".join(sorted((mine.id, other.id))).encode()).hexdigest()[:12]
            earlier = (other.set_up_at, other.id) < (mine.set_up_at, mine.id)
            settings = dict(other.settings)
            found.append(
                Beside(
                    label=other.label, pair=pair, first=earlier, settings=settings,
                    records=[_record(row) for row in reversed(rows)],
                    in_books=frozenset(row.source_id for row in rows if row.id in there), connected=connected,
                )
            )  # fmt: skip
        return found


def in_books_among(session: Session, connection_id: str, places: Collection[Place]) -> set[Place]:
    """Return those records of which QuickBooks has a document, or of which a person said so."""
    found: set[Place] = set()
    for stream in {stream for stream, _ in places}:
        for some in chunks(sorted(id_ for of, id_ in places if of == stream), CHUNK):
            rows = select(SourceRecord.source_id).where(
                SourceRecord.connection_id == connection_id,
                SourceRecord.stream == stream,
                SourceRecord.source_id.in_(some),
                or_(_in_books(), SourceRecord.reason == RESOLVED_BY_HAND),
            )
            found.update((stream, id_) for id_ in session.scalars(rows))
    return found


def _there(session: Session, ids: Sequence[int]) -> set[int]:
    """Return those of some records of which QuickBooks has a document."""
    found: set[int] = set()
    for some in chunks(ids, CHUNK):
        found.update(session.scalars(select(SourceRecord.id).where(SourceRecord.id.in_(some), _in_books())))
    return found


def _in_books() -> ColumnElement[bool]:
    """Tell of a record whether a draft of it was posted, and not undone since, or is a document that was there."""
    drafts = exists().where(DraftRow.record_id == SourceRecord.id)
    posted = drafts.where(
        LinkRow.connection_id == DraftRow.connection_id,
        LinkRow.key == DraftRow.key,
        LinkRow.state == LinkState.LIVE,
    )
    return or_(posted.correlate(SourceRecord), drafts.where(Match.draft_id == DraftRow.id).correlate(SourceRecord))


def _record(row: SourceRecord) -> Record:
    raw: Mapping[str, JSON] = json.loads(row.raw, parse_float=Decimal)
    amount = None if row.amount is None or row.currency is None else Money(row.amount, row.currency)
    return Record(row.stream, row.source_id, row.day, raw, amount)
