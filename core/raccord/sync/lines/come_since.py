"""Possible doubles that came into the books after a plan was made: looked for again before what a person approved, who
may have read it days ago, is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Action, Connection, Hold, LineState, PlanLine
from raccord.sync.execution import Execution
from raccord.sync.lines.concerned import Sought, documents_near
from raccord.sync.lines.doubles import Doubles
from raccord.sync.lines.lump_sums import leave_alone
from raccord.sync.lines.pairing import Found
from raccord.sync.lines.several_documents import SEVERAL
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.views import View
from raccord.sync.workshop import Bench


def hold_come_since(execution: Execution, bench: Bench, plan_id: str, view: View, now: datetime) -> int:
    """Hold the lines still to be sent that a document may be which was not there when the plan was made.

    Month by month, as when the plan was made: what was held, linked or left then has its document already. May be
    repeated. Returns how many lines were held.
    """
    with execution.database.read() as session:
        wanted = [
            (first, last, ways)
            for sought in (Sought(session, plan_id, bench.connection),)
            for first, last in sought.months()
            if (ways := sought.ways(first, last)).days
        ]
    held = 0
    for first, last, ways in wanted:
        found = documents_near(bench.client(), ways)
        with execution.begin() as (session, _):
            held += _held(session, bench, plan_id, view, now, (first, last), found)
    if held:
        with execution.begin() as (session, _):
            leave_alone(session, plan_id)
    return held


def _held(
    session: Session,
    bench: Bench,
    plan_id: str,
    view: View,
    now: datetime,
    days: tuple[date, date],
    found: Sequence[Found],
) -> int:
    connection = session.get_one(Connection, bench.connection.id)
    spoken_for = _spoken_for(session, connection.id, plan_id)
    left = [each for each in found if (each.kind, each.id) not in spoken_for]
    lines = Sought(session, plan_id, bench.connection).concerned(*days, left)
    doubles = Doubles(session, bench.company, connection, bench.scope, view, now)
    return doubles.hold_new(lines, left, days[1])


def _spoken_for(session: Session, connection_id: str, plan_id: str) -> set[tuple[str, str]]:
    """Return the documents that an open question of the connection names, and those that the plan touches."""
    asked = select(Hold.params).where(
        Hold.connection_id == connection_id, Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS
    )
    named: set[tuple[str, str]] = set()
    for params in session.scalars(asked):
        for each in (params, *params.get(SEVERAL, ())):
            named.add((str(each.get("kind", "")), str(each.get("id", ""))))
    touched = select(PlanLine.kind, PlanLine.document_id).where(
        PlanLine.plan_id == plan_id,
        PlanLine.document_id != "",
        PlanLine.action != Action.CREATE,
        PlanLine.state != LineState.LEFT,
    )
    return named | {(kind, document_id) for kind, document_id in session.execute(touched)}
