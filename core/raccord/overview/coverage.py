"""Which days of a connection are in the books' reach: intervals, each with its reason, without a day between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.arriving.freshness import DayStatus, Lateness
from raccord.onboarding.closing.left_days import NO_FILE, LeftDays, left_days, outside
from raccord.onboarding.setting_up.steps import UNFINISHED
from raccord.overview.connections import has_documents
from raccord.store.models import Connection, ConnectionState, Run, RunState, SourceRecord
from raccord.sync.days import today_of
from raccord.sync.workshop import Workshop

COVERED = "covered"
FAILING = "failing"
NOT_YET = "not_yet"
"""Its set-up is not finished: nothing was brought over, whatever files were read."""
NOT_DUE = "not_due"
"""No file covers them yet, nor need one by now."""
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
    if connection.state == ConnectionState.UNCONNECTED:
        return []
    today = today_of(connection, workshop.clock.now())
    left = left_days(workshop, session, connection) if left is None else left
    failing = _failing_since(session, connection)
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
    if connection.approved_at is None and connection.state in UNFINISHED and not has_documents(session, connection.id):
        return [replace(each, reason=NOT_YET) if each.reason == COVERED else each for each in found]
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


def _failing_since(session: Session, connection: Connection) -> date | None:
    """Return the day from which nothing came over because runs fail, or nothing while they do not."""
    newest = session.scalars(
        select(Run)
        .where(Run.connection_id == connection.id, Run.state.in_((RunState.DONE, RunState.FAILED)))
        .order_by(Run.created_at.desc(), Run.id.desc())
        .limit(1)
    ).first()
    broken = connection.state in (ConnectionState.FAULTY, ConnectionState.REAUTHORISE)
    if not broken and (newest is None or newest.state == RunState.DONE):
        return None
    good = session.scalar(
        select(func.max(Run.finished_at)).where(Run.connection_id == connection.id, Run.state == RunState.DONE)
    )
    return connection.starts_on if good is None else today_of(connection, good) + _DAY
