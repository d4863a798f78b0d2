"""Documents that hold lines' movements, deleted or voided in QuickBooks: nothing holds these then, so it is asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from raccord.quickbooks import Changes
from raccord.quickbooks.codec import is_voided
from raccord.store.models import DraftRow, DraftState, Match
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.mapping.matched_otherwise import asked_of_match
from raccord.sync.resolving.conflict_rules import DELETED, VOIDED
from raccord.sync.resolving.conflicts import without_decision
from raccord.sync.resolving.holds import open_hold


def ask_about_gone(session: Session, company_id: str, changes: Changes, now: datetime) -> int:
    """Ask about the lines that were said to be documents which are gone; return how many.

    Of several documents that a line is together, the others alone are not it.
    """
    gone, asked = gone_in(changes), 0
    for some in chunks(sorted({id_ for _, id_ in gone}), CHUNK):
        matches = select(Match).where(Match.company_id == company_id, Match.document_id.in_(some))
        for match in session.scalars(matches.order_by(Match.id)).all():
            code, draft = gone.get((match.kind, match.document_id)), session.get_one(DraftRow, match.draft_id)
            if code is None or not (asked_of_match(draft) or draft.state == DraftState.SKIPPED):
                continue
            draft.decisions = without_decision(draft)
            session.execute(delete(Match).where(Match.draft_id == draft.id))
            said = {"kind": match.kind, "id": match.document_id, "document": f"{match.kind} {match.document_id}"}
            draft.state, draft.reason = DraftState.HELD, code
            open_hold(session, match.connection_id, draft, code, {**said, "day": match.day.isoformat()}, now)
            asked += 1
    return asked


def gone_in(changes: Changes) -> dict[tuple[str, str], str]:
    """Return kind and id of the documents that were deleted or voided, with which of the two."""
    deleted = {(kind, str(id_)): DELETED for kind, ids in changes.deleted.items() for id_ in ids}
    voided = ((kind, row) for kind, rows in changes.changed.items() for row in rows if is_voided(row))
    return deleted | {(kind, str(row["Id"])): VOIDED for kind, row in voided}
