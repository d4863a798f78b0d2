"""What a source said last of one record, or another connection to it of some days, for a connector that must know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import bindparam, select

from raccord.plugin.beside import BESIDE_MAX, OTHERS_MAX, Beside
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Record
from raccord.store.database import Database
from raccord.store.models import Connection, ConnectionState, RecordState, SourceRecord

# Asked for each record that a connector looks back from, so made once.
_RAW = select(SourceRecord.raw).where(
    SourceRecord.connection_id == bindparam("connection", type_=SourceRecord.connection_id.type),
    SourceRecord.stream == bindparam("of", type_=SourceRecord.stream.type),
    SourceRecord.source_id == bindparam("named", type_=SourceRecord.source_id.type),
    SourceRecord.state != RecordState.SUPERSEDED,
)


def said_last(database: Database, connection_id: str, stream: str, source_id: str) -> Mapping[str, JSON] | None:
    """Return the newest revision of a connection's record as the source said it, if it ever did."""
    with database.read() as session:
        raw = session.scalar(_RAW, {"connection": connection_id, "of": stream, "named": source_id})
    said: Mapping[str, JSON] | None = None if raw is None else json.loads(raw, parse_float=Decimal)
    return said


def told_beside(database: Database, connection_id: str, stream: str, first: date, last: date) -> list[Beside]:
    """Return what the company's other connections of the same connector told of some days, in order of their labels.

    Not what was left out there, nor what a connection told that was disconnected.
    """
    with database.read() as session:
        mine = session.get_one(Connection, connection_id)
        others = select(Connection).where(
            Connection.company_id == mine.company_id,
            Connection.connector == mine.connector,
            Connection.id != mine.id,
            Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
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
            records = [_record(row) for row in session.scalars(told)]
            pair = sha256("/".join(sorted((mine.id, other.id))).encode()).hexdigest()[:12]
            earlier = (other.set_up_at, other.id) < (mine.set_up_at, mine.id)
            settings = dict(other.settings)
            found.append(Beside(label=other.label, pair=pair, first=earlier, settings=settings, records=records[::-1]))
        return found


def _record(row: SourceRecord) -> Record:
    raw: Mapping[str, JSON] = json.loads(row.raw, parse_float=Decimal)
    amount = None if row.amount is None or row.currency is None else Money(row.amount, row.currency)
    return Record(row.stream, row.source_id, row.day, raw, amount)
