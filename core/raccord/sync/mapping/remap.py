"""Mapping again: what could not be mapped once settings changed, and what is not posted once the mapping did."""

from __future__ import annotations

from datetime import date
from typing import cast

from sqlalchemy import CursorResult, exists, update
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, LinkRow, LinkState, RecordState, SourceRecord
from raccord.sync.fetching.keep import LEFT_OUT, RESOLVED_BY_HAND, UNSAID


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
            SourceRecord.reason.not_in({*LEFT_OUT, *UNSAID, RESOLVED_BY_HAND}),
        )
        .values(state=RecordState.NEW, reason="")
    )
    return cast(CursorResult[object], changed).rowcount


def map_failed(session: Session, connection_id: str) -> None:
    """Map again the records of which nothing could be made."""
    session.execute(
        update(SourceRecord)
        .where(SourceRecord.connection_id == connection_id, SourceRecord.state == RecordState.FAILED)
        .values(state=RecordState.NEW, reason="")
        .execution_options(synchronize_session=False)
    )


def map_unposted(session: Session, connection_id: str, first: date = date.min, *, failed: bool = False) -> None:
    """Map again the records of days from ``first`` on of which nothing is in QuickBooks; those that ``failed`` too."""
    states = (RecordState.MAPPED, RecordState.SKIPPED, *([RecordState.FAILED] if failed else []))
    posted = (
        exists()
        .where(
            DraftRow.record_id == SourceRecord.id,
            LinkRow.connection_id == DraftRow.connection_id,
            LinkRow.key == DraftRow.key,
            LinkRow.state == LinkState.LIVE,
        )
        .correlate(SourceRecord)
    )
    session.execute(
        update(SourceRecord)
        .where(
            SourceRecord.connection_id == connection_id,
            SourceRecord.state.in_(states),
            SourceRecord.reason.not_in({*LEFT_OUT, *UNSAID, RESOLVED_BY_HAND}),
            SourceRecord.day >= first,
            ~posted,
        )
        .values(state=RecordState.NEW)
        .execution_options(synchronize_session=False)
    )
