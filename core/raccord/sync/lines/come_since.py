"""Possible doubles that came into the books after a plan was made: looked for again before what a person approved, who
may have read it days ago, is sent, and whenever some time has passed since the books were last looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from raccord.store.models import Connection, Plan, Run
from raccord.sync.execution import Execution
from raccord.sync.lines.concerned import Sought, documents_near
from raccord.sync.lines.doubles import Doubles
from raccord.sync.lines.lump_sums import leave_alone
from raccord.sync.lines.pairing import Found
from raccord.sync.resolving.views import View
from raccord.sync.workshop import Bench

LOOK_AGAIN_AFTER = timedelta(minutes=5)
"""How old what was seen of the books may be when lines are sent; some requests for a month of lines, none for each."""
LOOKED = "looked_at"
"""Under this name a run's progress keeps when they were looked at last, once that was after its plan was made."""


def looked_long_ago(run: Run, plan: Plan, now: datetime) -> bool:
    """Tell whether the books are to be looked at again before more of a plan is sent."""
    looked = run.progress.get(LOOKED)
    return now - (plan.created_at if looked is None else datetime.fromisoformat(str(looked))) >= LOOK_AGAIN_AFTER


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
    with execution.begin() as (session, run):
        run.progress = {**run.progress, LOOKED: now.isoformat()}
        if held:
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
    lines = Sought(session, plan_id, bench.connection).concerned(*days, found)
    doubles = Doubles(session, bench.company, connection, bench.scope, view, now)
    return doubles.hold_new(lines, found, days[1], plan_id)
