"""What of a connection waits: documents of a plan that were not sent yet, and drafts that are held for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.store.models import Hold, LineState, Plan, PlanLine, PlanState


@dataclass(frozen=True, slots=True)
class Queue:
    """``waiting`` documents go out by themselves or with an approval; ``held`` drafts wait for an answer."""

    waiting: int = 0
    held: int = 0


NOTHING = Queue()


def queues(session: Session, connection_ids: Collection[str]) -> Mapping[str, Queue]:
    """Return what waits in each connection that has anything; asks twice, however many they are."""
    # Plan by plan, each in its index: a join from the lines reads those of all plans that ever were.
    todo = (
        select(func.count())
        .where(PlanLine.plan_id == Plan.id, PlanLine.state.in_((LineState.PENDING, LineState.SENDING)))
        .correlate(Plan)
        .scalar_subquery()
    )
    waiting: dict[str, int] = {}
    for id_, lines in session.execute(
        select(Plan.connection_id, todo).where(
            Plan.connection_id.in_(connection_ids), Plan.state.in_((PlanState.WAITING, PlanState.APPROVED))
        )
    ):
        waiting[id_] = waiting.get(id_, 0) + lines
    open_ = Hold.connection_id.in_(connection_ids), Hold.closed_at.is_(None)
    counted = session.execute(select(Hold.connection_id, func.count()).where(*open_).group_by(Hold.connection_id))
    held = {row[0]: row[1] for row in counted}
    found = {id_: Queue(waiting.get(id_, 0), held.get(id_, 0)) for id_ in {*waiting, *held}}
    return {id_: queue for id_, queue in found.items() if queue != NOTHING}
