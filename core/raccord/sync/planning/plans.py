"""Plans as a whole: begun, sealed, set aside; and whether one is still what a person saw."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, Update, and_, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from raccord.store.made_once import made_once
from raccord.store.models import (
    REMOVALS,
    Action,
    Connection,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    PlanState,
    Run,
    RunState,
)
from raccord.sync.books.readback import MARKED
from raccord.sync.phases import PLAN_CHANGED

SUPERSEDED = "plan.superseded"
NOTHING = hashlib.sha256().hexdigest()
"""The hash of a plan without a line."""
REVISION = "revision"
"""Under this name a run's progress keeps the connection's revision that its plan was made with."""


def start_plan(session: Session, connection: Connection, run: Run, now: datetime, books_closed_on: date | None) -> Plan:
    """Open a new plan; what an older one planned and did not send is planned again."""
    set_aside(session, connection.id, now)
    session.execute(*_unplan(connection.id))
    plan = Plan(
        connection_id=connection.id, run_id=run.id, state=PlanState.BUILDING, created_at=now, hash="", approved_by="",
        books_closed_on=books_closed_on,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    run.plan_id = plan.id
    run.progress = {**run.progress, REVISION: connection.revision}
    return plan


def set_aside(session: Session, connection_id: str, now: datetime) -> None:
    """Let nobody carry out a connection's plans any more, and end the runs that wait for their approval."""
    session.execute(*_stale(connection_id))
    session.execute(*_no_approval(connection_id, now))


@made_once
def _unplan(connection_id: str) -> Update:
    planned = update(DraftRow).where(DraftRow.connection_id == connection_id, DraftRow.state == DraftState.PLANNED)
    return planned.values(state=DraftState.WAITING)


@made_once
def _stale(connection_id: str) -> Update:
    alive = (PlanState.BUILDING, PlanState.WAITING, PlanState.APPROVED)
    of = update(Plan).where(Plan.connection_id == connection_id, Plan.state.in_(alive))
    return of.values(state=PlanState.STALE)


@made_once
def _no_approval(connection_id: str, now: datetime) -> Update:
    waiting = update(Run).where(Run.connection_id == connection_id, Run.state == RunState.APPROVAL)
    return waiting.values(state=RunState.CANCELLED, finished_at=now, error_code=SUPERSEDED)


def blocked_alone(session: Session, plan_id: str) -> int:
    """Return how many documents of a plan are blocked, where it writes no document at all; else none."""
    of_plan = PlanLine.plan_id == plan_id, PlanLine.kind.in_(MARKED)
    written = select(PlanLine.id).where(*of_plan, PlanLine.state == LineState.PENDING).limit(1)
    if session.scalars(written).first() is not None:
        return 0
    blocked = select(func.count()).select_from(PlanLine).where(*of_plan, PlanLine.action == Action.BLOCKED)
    return session.scalar(blocked) or 0


def leave_changed(session: Session, plan_id: str) -> None:
    """Leave the lines whose drafts or documents are not what was planned any more to the next run."""
    session.execute(
        update(PlanLine)
        .where(PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING, line_changed(session, plan_id))
        .values(state=LineState.LEFT, reason=PLAN_CHANGED)
    )


def line_changed(session: Session, plan_id: str) -> ColumnElement[bool]:
    """Tell of a line whether its draft was revised since; of a removal, whether its document is no longer linked."""
    draft_changed = exists().where(
        DraftRow.id == PlanLine.draft_id,
        or_(DraftRow.state != DraftState.PLANNED, DraftRow.revision != PlanLine.revision),
    )
    connection_id = session.get_one(Plan, plan_id).connection_id
    linked = exists().where(
        LinkRow.connection_id == connection_id,
        LinkRow.key == PlanLine.key,
        LinkRow.document_id == PlanLine.document_id,
        LinkRow.revision == PlanLine.revision,
        LinkRow.state == LinkState.LIVE,
    )
    removes = PlanLine.action.in_(REMOVALS)
    return or_(and_(not_(removes), draft_changed), and_(removes, not_(linked)))


def plan_hash(session: Session, plan_id: str) -> str:
    """Return the hash of everything a plan will do, in the order it will do it."""
    state = hashlib.sha256()
    for row in session.execute(*_hashed(plan_id)):
        state.update("\x1f".join(map(str, row)).encode() + b"\x1e")
    return state.hexdigest()


@made_once
def _hashed(plan_id: str) -> Select[int, str, str, str, int, str, str]:
    return (
        select(
            PlanLine.rank,
            PlanLine.action,
            PlanLine.kind,
            PlanLine.key,
            PlanLine.revision,
            PlanLine.document_id,
            PlanLine.payload_hash,
        )
        .where(PlanLine.plan_id == plan_id)
        .order_by(PlanLine.rank, PlanLine.id)
        .execution_options(yield_per=1000)
    )
