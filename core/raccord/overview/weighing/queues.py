"""What of a connection waits: documents of a plan that were not sent yet, and drafts that are held for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, Hold, LineState, Plan, PlanLine, PlanState


@dataclass(frozen=True, slots=True)
class Queue:
    """``waiting`` documents go out by themselves or with an approval; ``held`` drafts wait for an answer."""

    waiting: int = 0
    held: int = 0


NOTHING = Queue()


def waiting_documents() -> ScalarSelect[int]:
    """Return the column of a question about connections that counts the documents that are not sent yet."""
    # Plan by plan, each in its index: a join from the lines reads those of all plans that ever were.
    todo = (
        select(func.count())
        .where(PlanLine.plan_id == Plan.id, PlanLine.state.in_((LineState.PENDING, LineState.SENDING)))
        .correlate(Plan)
        .scalar_subquery()
    )
    return (
        select(func.coalesce(func.sum(todo), 0))
        .where(Plan.connection_id == Connection.id, Plan.state.in_((PlanState.WAITING, PlanState.APPROVED)))
        .correlate(Connection)
        .scalar_subquery()
    )


def held_drafts() -> ScalarSelect[int]:
    """Return the column of a question about connections that counts the drafts that are held."""
    mine = Hold.connection_id == Connection.id, Hold.closed_at.is_(None)
    return select(func.count()).select_from(Hold).where(*mine).correlate(Connection).scalar_subquery()


def queues(session: Session, connection_ids: Collection[str]) -> Mapping[str, Queue]:
    """Return what waits in each connection that has anything; asks once, however many they are."""
    if not connection_ids:
        return {}
    rows = session.execute(
        select(Connection.id, waiting_documents(), held_drafts()).where(Connection.id.in_(connection_ids))
    )
    return {id_: Queue(int(waiting), held) for id_, waiting, held in rows if waiting or held}
