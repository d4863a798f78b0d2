"""Which days of a connection are in the books' reach: intervals, each with its reason, without a day between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from raccord.onboarding.arriving.freshness import DayStatus, Lateness
from raccord.onboarding.closing.left_days import NO_FILE, LeftDays, left_days_of_each, outside
from raccord.onboarding.setting_up.steps import UNFINISHED
from raccord.overview.connections import with_documents
from raccord.store.models import Connection, ConnectionState, Run, RunState, SourceRecord
from raccord.sync.days import today_of
from raccord.sync.phases import LISTS
from raccord.sync.workshop import Workshop

COVERED = "covered"
FAILING = "failing"
NOT_YET = "not_yet"
"""Its set-up is not finished: nothing was brought over, whatever files were read."""
NOT_DUE = "not_due"
"""No file covers them yet, nor need one by now."""
BROKEN = ConnectionState.FAULTY, ConnectionState.REAUTHORISE
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """Days on end of one kind: covered, or left out for a reason; ``first`` is empty for all days before ``last``."""

    reason: str
    first: date | None
    last: date


def coverage_of(
    workshop: Workshop, session: Session, connection: Connection, left: Sequence[LeftDays] | None = None
) -> Sequence[Interval]:
    """Return a connection's intervals from the beginning of time to today, in its time zone, if it was ever one.

    ``left`` is what ``left_days`` returned, where that was asked already. A day is covered when it is of every account.
    """
    every = None if left is None else {connection.id: left}
    return coverage_of_each(workshop, session, [connection], every)[connection.id]


def coverage_of_each(
    workshop: Workshop,
    session: Session,
    connections: Collection[Connection],
    left: Mapping[str, Sequence[LeftDays]] | None = None,
) -> dict[str, Sequence[Interval]]:
    """Return by connection what ``coverage_of`` returns, asking as often for many as for one."""
    found: dict[str, Sequence[Interval]] = {each.id: [] for each in connections}
    ever = [each for each in connections if each.state != ConnectionState.UNCONNECTED]
    if not ever:
        return found
    left = left_days_of_each(workshop, session, ever) if left is None else left
    failing = _failing_since(session, ever)
    unfinished = [each.id for each in ever if each.approved_at is None and each.state in UNFINISHED]
    nothing = set(unfinished) - with_documents(session, unfinished) if unfinished else set()
    for each in ever:
        today = today_of(each, workshop.clock.now())
        intervals = _intervals(each, today, left[each.id], failing.get(each.id))
        if each.id in nothing:
            intervals = [replace(one, reason=NOT_YET) if one.reason == COVERED else one for one in intervals]
        found[each.id] = intervals
    return found


def _intervals(
    connection: Connection, today: date, left: Sequence[LeftDays], failing: date | None
) -> Sequence[Interval]:
    failed = [] if failing is None or failing > today else [(failing, today)]
    holes: list[tuple[date | None, date, str]] = [(first, last, FAILING) for first, last in failed]
    for each in left:
        if each.gap is not None or each.first is None:
            holes.append((each.first, min(each.last or today, today), each.reason))
        else:
            # While runs fail that is the reason to tell.
            holes += [(*rest, each.reason) for rest in outside((each.first, each.last or today), failed)]
    found: list[Interval] = []
    following: date | None = None
    for first, last, reason in sorted(holes, key=lambda hole: (hole[0] or date.min, hole[1])):
        if following is not None and first is not None and first > following:
            found.append(Interval(COVERED, following, first - _DAY))
        start = first if following is None or first is None else max(first, following)
        if start is None or start <= last:
            if found and found[-1].reason == reason and start is not None and found[-1].last + _DAY == start:
                found[-1] = Interval(reason, found[-1].first, last)
            else:
                found.append(Interval(reason, start, last))
            following = last + _DAY if following is None else max(following, last + _DAY)
    start = following or connection.starts_on
    if start <= today:
        found.append(Interval(COVERED, start, today))
    return found


def but_due(intervals: Sequence[Interval], due: DayStatus | None) -> Sequence[Interval]:
    """Return a connection's intervals with what is not expected by now apart from what is missing; ``due`` tells how
    the day stands whose data comes next.
    """
    if not intervals or not not_due(intervals[-1].reason, intervals[-1].first, due):
        return intervals
    return [*intervals[:-1], replace(intervals[-1], reason=NOT_DUE)]


def not_due(reason: str, first: date | None, due: DayStatus | None) -> bool:
    """Tell whether days to today that no file covers begin with one of which nothing is expected by now."""
    waits = due is not None and due.state is Lateness.NOT_YET_EXPECTED
    return waits and reason == NO_FILE and first is not None and due is not None and first >= due.day


def given_from(session: Session, connection: Connection) -> date | None:
    """Return the day of the oldest that a source gave, where that is later than the first day that is asked of it."""
    oldest = session.scalar(select(func.min(SourceRecord.day)).where(SourceRecord.connection_id == connection.id))
    return oldest if oldest is not None and oldest > connection.starts_on else None


_BRINGS = Run.connection_id == Connection.id, Run.trigger != LISTS
"""Tells a connection's runs but those that only bring lists to the source."""


def _failing_since(session: Session, connections: Collection[Connection]) -> dict[str, date]:
    """Return the day from which nothing came over because runs fail, of each connection whose runs do."""
    newest = (
        select(Run.state)
        .where(*_BRINGS, Run.state.in_((RunState.DONE, RunState.FAILED)))
        .order_by(Run.created_at.desc(), Run.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    good = select(func.max(Run.finished_at)).where(*_BRINGS, Run.state == RunState.DONE).scalar_subquery()
    # Of runs that do well nobody asks when the last good one was.
    last = case((Connection.state.in_(BROKEN) | (newest == RunState.FAILED), good))
    by_id = {each.id: each for each in connections}
    rows = session.execute(select(Connection.id, newest, last).where(Connection.id.in_(by_id)))
    return {
        id_: by_id[id_].starts_on if ended is None else today_of(by_id[id_], ended) + _DAY
        for id_, state, ended in rows
        if by_id[id_].state in BROKEN or state == RunState.FAILED
    }
