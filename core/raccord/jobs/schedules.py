"""When a connection runs by itself: cron lines read in their own time zone, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import CroniterBadCronError, CroniterBadDateError

from raccord.clock import Clock
from raccord.jobs.errors import bad_cron, bad_time_zone, unknown_connection
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Connection, Schedule

FIELDS = 5
LONGEST_CLOCK_CHANGE = timedelta(hours=3)


def next_at(cron: str, time_zone: str, after: datetime) -> datetime:
    """Return the first moment after ``after``, in UTC, at which a cron line is due by the clocks of its time zone.

    An hour that clocks skip moves its runs on by the length of the gap (02:30 becomes 03:30), so no day is left out;
    an hour that they repeat is counted once, the first time. Raises JobError for a line or zone that means nothing.
    """
    zone = _zone(time_zone)
    # On the wall a skipped time comes before the gap, in truth after it: start early and look a little too far.
    times = _times(cron, (after - LONGEST_CLOCK_CHANGE).astimezone(zone).replace(tzinfo=None))
    first: datetime | None = None
    until: datetime | None = None
    while (wall := _next(times, cron)) <= (until or wall):
        # fold=0: of two moments with this wall time the first, and for none the one counted from before the gap.
        moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment > after and (first is None or moment < first):
            first, until = moment, wall + LONGEST_CLOCK_CHANGE
    if first is None:
        raise bad_cron(cron)
    return first


def slot_of(connection_id: str, time_zone: str, due: datetime) -> str:
    """Return the name of a due time, equal for all moments with the same wall time in the zone."""
    return f"{connection_id}:{due.astimezone(_zone(time_zone)):%Y-%m-%dT%H:%M}"


def set_schedule(
    database: Database,
    connection_id: str,
    cron: str,
    time_zone: str,
    *,
    clock: Clock,
    enabled: bool = True,
    by: str = "",
) -> datetime | None:
    """Give a connection its schedule, in place of any other; return when it is first due (None if not enabled).

    Who did it (``by``) is told in the audit chain.
    """
    first = next_at(cron, time_zone, clock.now())
    with database.begin() as session:
        connection = session.get(Connection, connection_id)
        if connection is None:
            raise unknown_connection(connection_id)
        due = first if enabled else None
        session.merge(
            Schedule(connection_id=connection_id, cron=cron, time_zone=time_zone, enabled=enabled, next_at=due)
        )
        if by:
            events.append(
                session,
                actor=by,
                action="connection.scheduled",
                subject=connection.label,
                company_id=connection.company_id,
                connection_id=connection.id,
                now=clock.now(),
                body={"cron": cron if enabled else "", "time_zone": time_zone},
            )
    return due


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A path or a folder's name is refused in its own way by each system.
        raise bad_time_zone(name) from None


def _times(cron: str, start: datetime) -> croniter[datetime]:
    if len(cron.split()) != FIELDS and not cron.startswith("@"):
        raise bad_cron(cron)
    try:
        return croniter(cron, start, ret_type=datetime)
    except (CroniterBadCronError, ValueError):
        raise bad_cron(cron) from None


def _next(times: croniter[datetime], cron: str) -> datetime:
    try:
        found: datetime = times.get_next(datetime)
    except CroniterBadDateError:
        raise bad_cron(cron) from None
    return found
