"""Which days of a connection are in the books' reach: intervals, each with its reason, without a day between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.store.models import Connection, ConnectionState, Gap, Run, RunState
from raccord.sync.days import today_of

COVERED = "covered"
FAILING = "failing"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """Days on end of one kind: covered, or left out for a reason; ``first`` is empty for all days before ``last``."""

    reason: str
    first: date | None
    last: date


def coverage_of(session: Session, connection: Connection, clock: Clock) -> Sequence[Interval]:
    """Return a connection's intervals from the beginning of time to today, in its time zone, if it was ever one."""
    if connection.state == ConnectionState.UNCONNECTED:
        return []
    today = today_of(connection, clock.now())
    gaps = session.scalars(select(Gap).where(Gap.connection_id == connection.id)).all()
    holes = [(gap.first_day, min(gap.last_day or today, today), gap.reason) for gap in gaps]
    failing = _failing_since(session, connection)
    if failing is not None and failing <= today:
        holes.append((failing, today, FAILING))
    found: list[Interval] = []
    following: date | None = None
    for first, last, reason in sorted(holes, key=lambda hole: (hole[0] or date.min, hole[1])):
        if following is not None and first is not None and first > following:
            found.append(Interval(COVERED, following, first - _DAY))
        start = first if following is None or first is None else max(first, following)
        if start is None or start <= last:
            found.append(Interval(reason, start, last))
            following = last + _DAY if following is None else max(following, last + _DAY)
    start = following or connection.starts_on
    if start <= today:
        found.append(Interval(COVERED, start, today))
    return found


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
