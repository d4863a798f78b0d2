"""Documents that are not in the books although an intent says that they were to be sent: their drafts wait again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from raccord.quickbooks import Fault
from raccord.store.models import DraftRow, DraftState, LineState, PlanLine, Posting, PostingState
from raccord.sync.books.sending import Job
from raccord.sync.posting.links import Outcomes


def turn_back(outcomes: Outcomes, posting_id: int, fault: Fault, tid: str) -> None:
    """Let a document wait that was refused for what its company is blocked by: nobody has to settle each of them."""
    posting, line, draft = outcomes.postings[posting_id], outcomes.lines[posting_id], outcomes.drafts.get(posting_id)
    if posting.state != PostingState.INTENT:
        return
    posting.state, posting.finished_at, posting.tid = PostingState.REFUSED, outcomes.now, tid
    posting.fault_code, posting.fault_detail = fault.code, fault.detail[:500]
    line.state, line.reason = LineState.LEFT, str(fault.cause)
    if draft is not None and draft.state == DraftState.PLANNED:
        draft.state = DraftState.WAITING


def give_back(session: Session, job: Job, connection_id: str, now: datetime) -> None:
    """An intent of an earlier run that is not in the books: its draft is planned again under the same mark."""
    posting = update(Posting).where(Posting.id == job.posting_id)
    session.execute(posting.values(state=PostingState.LOST, finished_at=now))
    session.execute(update(PlanLine).where(PlanLine.id == job.line_id).values(state=LineState.LEFT))
    session.execute(
        update(DraftRow)
        .where(
            DraftRow.connection_id == connection_id,
            DraftRow.key == job.key,
            DraftRow.state == DraftState.PLANNED,
        )
        .values(state=DraftState.WAITING)
    )
