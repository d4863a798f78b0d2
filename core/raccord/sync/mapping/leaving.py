"""Leaving records out whose days are no longer asked for, as they would be if they came now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, DraftState, RecordState, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.attached import BY_HAND
from raccord.sync.lines.line_answers import ask_other_side
from raccord.sync.mapping.taken_back import posted_keys
from raccord.sync.problems import close_problems
from raccord.sync.resolving.holds import close_hold

_KEPT = (DraftState.RESOLVED, DraftState.SKIPPED)
"""What a person decided stays decided."""


def leave_days_out(
    session: Session, connection_id: str, first: date | None, last: date, reason: str, now: datetime, since: int = 0
) -> int:
    """Leave out what arrived of these days and is not in QuickBooks, and return how many records that is.

    Their drafts are withdrawn, their questions and problems closed. With ``since`` only records count of which every
    draft was mapped under that revision of the connection or a later one: what was taken before stays.
    """
    mine = (
        SourceRecord.connection_id == connection_id,
        SourceRecord.day >= (first or date.min),
        SourceRecord.day <= last,
        SourceRecord.state.not_in((RecordState.SUPERSEDED, RecordState.SKIPPED)),
    )
    left = 0
    for some in chunks(list(session.scalars(select(SourceRecord.id).where(*mine).order_by(SourceRecord.id))), CHUNK):
        records = session.scalars(select(SourceRecord).where(SourceRecord.id.in_(some)))
        drafts = _drafts(session, some)
        posted = posted_keys(session, connection_id, [each.key for every in drafts.values() for each in every])
        for record in records:
            its = drafts.get(record.id, [])
            if any(each.state == DraftState.POSTED or each.key in posted for each in its):
                continue
            if any(each.state in _KEPT or (each.mapped_under < since and each.mapped_by != BY_HAND) for each in its):
                continue
            record.state, record.reason = RecordState.SKIPPED, reason
            left += 1
            for draft in its:
                _withdraw(session, draft, reason, now)
            close_problems(session, connection_id, f"{record.stream}/{record.source_id}", now)
    return left


def _drafts(session: Session, records: list[int]) -> Mapping[int, list[DraftRow]]:
    found: dict[int, list[DraftRow]] = {}
    for draft in session.scalars(select(DraftRow).where(DraftRow.record_id.in_(records))):
        if draft.record_id is not None:
            found.setdefault(draft.record_id, []).append(draft)
    return found


def _withdraw(session: Session, draft: DraftRow, reason: str, now: datetime) -> None:
    ask_other_side(session, draft)
    draft.state, draft.reason = DraftState.WITHDRAWN, reason
    close_hold(session, draft, now)
    close_problems(session, draft.connection_id, draft.key, now)
