"""What the morning's board shows of each connection beside its clocks: its days, what waits, why, yesterday's proof.

All of it for many connections at once: the page asks as often for fifty as for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from raccord.onboarding.arriving.freshness import DayStatus
from raccord.overview.coverage import Interval, but_due, coverage_of_each
from raccord.overview.runs import ACTIVE
from raccord.overview.weighing.queues import Queue, held_drafts, waiting_documents
from raccord.store.models import Connection, ConnectionState, Problem, ProblemState, Proof, Run, Schedule
from raccord.sync.days import today_of
from raccord.sync.workshop import Workshop

CAUSES_MAX = 3
"""Causes of failures that one line names; the largest first."""
SLACK = timedelta(hours=1)
"""How late a run may begin before its silence counts: workers are stopped for an upgrade, and machines restarted."""


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many open problems have one code, and the values of one of them, so that it can be said."""

    code: str
    params: Mapping[str, Any]
    count: int


@dataclass(frozen=True, slots=True)
class DayProof:
    """How many cells of a day were proven, and how many of them differ."""

    day: date
    cells: int
    unequal: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One connection of the board; ``problems`` counts those of all causes."""

    intervals: Sequence[Interval]
    queue: Queue
    causes: Sequence[CauseCount]
    problems: int
    proof: DayProof | None
    """Yesterday's, by the connection's clocks; nothing where nothing of that day was proven."""
    next_run: datetime | None
    silent_since: datetime | None
    """When its run should have begun that did not, where it is connected and none is under way."""


def board_rows(
    workshop: Workshop, session: Session, connection_ids: Sequence[str], due: Mapping[str, DayStatus], now: datetime
) -> dict[str, BoardRow]:
    """Return the rows of connections, by their id; ``due`` tells how the day stands whose data comes next."""
    if not connection_ids:
        return {}
    under_way = exists().where(Run.connection_id == Connection.id, Run.state.in_(ACTIVE))
    planned = and_(Schedule.connection_id == Connection.id, Schedule.enabled.is_(True))
    rows = session.execute(
        select(Connection, Schedule.next_at, under_way, waiting_documents(), held_drafts())
        .outerjoin(Schedule, planned)
        .where(Connection.id.in_(connection_ids))
    ).all()
    connections = [row[0] for row in rows]
    bars = coverage_of_each(workshop, session, connections)
    causes = _causes(session, connection_ids)
    proofs = _proofs(session, {each.id: today_of(each, now) - timedelta(days=1) for each in connections})
    found = {}
    for each, next_at, running, waiting, held in rows:
        runs = each.state == ConnectionState.CONNECTED
        silent = runs and not running and next_at is not None and now > next_at + SLACK
        mine = causes.get(each.id, [])
        found[each.id] = BoardRow(
            but_due(bars[each.id], due.get(each.id)),
            Queue(int(waiting), held),
            mine[:CAUSES_MAX],
            sum(cause.count for cause in mine),
            proofs.get(each.id),
            next_at if runs else None,
            next_at if silent else None,
        )
    return found


def _causes(session: Session, connection_ids: Sequence[str]) -> dict[str, list[CauseCount]]:
    """Return the open problems of connections by code, the most frequent first."""
    each = (
        select(func.min(Problem.id).label("id"), func.count().label("count"))
        .where(Problem.connection_id.in_(connection_ids), Problem.state == ProblemState.OPEN)
        .group_by(Problem.connection_id, Problem.code)
        .subquery()
    )
    rows = session.execute(
        select(Problem.connection_id, Problem.code, Problem.params, each.c.count)
        .join(each, each.c.id == Problem.id)
        .order_by(each.c.count.desc(), Problem.code)
    )
    found: dict[str, list[CauseCount]] = {}
    for id_, code, params, count in rows:
        found.setdefault(id_, []).append(CauseCount(code, params, count))
    return found


def _proofs(session: Session, days: Mapping[str, date]) -> dict[str, DayProof]:
    """Return the proofs of one day of each connection; the days are few, for zones are."""
    by_day: dict[date, list[str]] = {}
    for id_, day in days.items():
        by_day.setdefault(day, []).append(id_)
    rows = session.execute(
        select(Proof.connection_id, Proof.day, func.count(), func.sum(cast(case((Proof.equal, 0), else_=1), Integer)))
        .where(or_(*(and_(Proof.connection_id.in_(ids), Proof.day == day) for day, ids in by_day.items())))
        .group_by(Proof.connection_id, Proof.day)
    )
    return {id_: DayProof(day, cells, int(unequal)) for id_, day, cells, unequal in rows}
