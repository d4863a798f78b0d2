"""What a source said last of one record, for a connector that must know it to understand another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import bindparam, select

from raccord.plugin.records import JSON
from raccord.store.database import Database
from raccord.store.models import RecordState, SourceRecord

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
