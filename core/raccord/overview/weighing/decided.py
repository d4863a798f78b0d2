"""Questions that somebody decided already: nobody has to answer them, the next run acts on what was said."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, exists, false, func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.store.models import DraftRow, Hold
from raccord.sync.resolving.conflict_rules import ALLOWED, KINDS
from raccord.sync.resolving.conflicts import DECISION


def is_decided() -> ColumnElement[bool]:
    """Return the condition on a hold that its conflict has an answer that it allows and no run has acted on yet."""
    # Read once for each draft: JSON takes longer than all else.
    way = DraftRow.decisions[(DECISION, "kind")].as_string()
    allowed = sorted(f"{code} {way}" for code, kind in KINDS.items() for way in ALLOWED[kind])
    said = select(DraftRow.id).where(DraftRow.id == Hold.draft_id, (Hold.code + " " + way).in_(allowed)).correlate(Hold)
    # Few questions are conflicts: drafts are looked at of these alone, for which SQLite needs a CASE.
    return case((Hold.code.in_(sorted(KINDS)), exists(said)), else_=false())


def count_decided(session: Session, connection_id: str | None = None, *, within: Within = None) -> int:
    """Return how many questions are decided and wait for the next run alone."""
    mine = [] if connection_id is None else [Hold.connection_id == connection_id]
    asked = select(func.count()).select_from(Hold).where(Hold.closed_at.is_(None), is_decided())
    return session.scalar(asked.where(*mine, *among(Hold.connection_id, within))) or 0
