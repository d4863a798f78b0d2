"""What a source said last of one record, for a connector that must know it to understand another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import select

from raccord.plugin.records import JSON
from raccord.store.database import Database
from raccord.store.models import RecordState, SourceRecord


def said_last(database: Database, connection_id: str, stream: str, source_id: str) -> Mapping[str, JSON] | None:
    """Return the newest revision of a connection's record as the source said it, if it ever did."""
    asked = select(SourceRecord.raw).where(
        SourceRecord.connection_id == connection_id,
        SourceRecord.stream == stream,
        SourceRecord.source_id == source_id,
        SourceRecord.state != RecordState.SUPERSEDED,
    )
    with database.read() as session:
        raw = session.scalar(asked)
    said: Mapping[str, JSON] | None = None if raw is None else json.loads(raw, parse_float=Decimal)
    return said
