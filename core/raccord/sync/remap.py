"""Mapping again what could not be mapped: after the connection's settings changed, a record may make sense."""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from raccord.store.models import RecordState, SourceRecord
from raccord.sync.keep import LEFT_OUT, RESOLVED_BY_HAND


def map_again(session: Session, connection_id: str) -> int:
    """Give the connection's failed and skipped records to the next run's mapping; return how many there are.

    Records that are out of scope (before the first day, in a pause) or entered by hand stay so: that is not the
    mapping's to say.
    """
    changed = session.execute(
        update(SourceRecord)
        .where(
            SourceRecord.connection_id == connection_id,
            SourceRecord.state.in_((RecordState.FAILED, RecordState.SKIPPED)),
            SourceRecord.reason.not_in({*LEFT_OUT, RESOLVED_BY_HAND}),
        )
        .values(state=RecordState.NEW, reason="")
    )
    return cast(CursorResult[object], changed).rowcount
