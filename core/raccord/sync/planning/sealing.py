"""A plan whose lines are all there: how many they are, and what is done with it once nothing of it changes any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, LineState, Plan, PlanLine, PlanState, Run, RunState
from raccord.sync.phases import Phase, Progress
from raccord.sync.planning.figures import keep_figures
from raccord.sync.planning.plans import NOTHING, plan_hash
from raccord.sync.planning.reposts import open_repost

STANDING = "standing"
"""Who approved the plans of a connection that runs by itself."""

_OF_PLAN = PlanLine.plan_id == bindparam("which", type_=PlanLine.plan_id.type)
_SOME = select(PlanLine.id).where(_OF_PLAN).limit(bindparam("most", type_=Integer))
_TO_SEND = select(func.count()).select_from(PlanLine).where(_OF_PLAN, PlanLine.state == LineState.PENDING)


def lines_up_to(session: Session, plan_id: str, most: int) -> int:
    """Return how many lines a plan has, or ``most`` where it has more."""
    return len(session.scalars(_SOME, {"which": plan_id, "most": most}).all())


def seal(
    session: Session, run: Run, connection: Connection, plan: Plan, now: datetime, *, empty: bool = False
) -> Progress:
    """Seal a plan, ``empty`` where it is known to have no line; the first one, and each one where the owner reviews,
    waits for a person.
    """
    plan.hash = NOTHING if empty else plan_hash(session, plan.id)
    keep_figures(session, plan, empty=empty)
    if empty or not session.scalar(_TO_SEND, {"which": plan.id}):
        plan.state, run.phase = PlanState.APPLIED, Phase.REPORT
        return Progress.MORE
    waits = connection.approved_at is None or connection.review_each or connection.review_next
    waits = waits or open_repost(session, connection.id) is not None
    if run.stop_after == "plan" or waits:
        plan.state, run.state, run.phase = PlanState.WAITING, RunState.APPROVAL, Phase.POST
        return Progress.STOPPED
    plan.state, plan.approved_at, plan.approved_by = PlanState.APPROVED, now, STANDING
    run.phase = Phase.POST
    return Progress.MORE
