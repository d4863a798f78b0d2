"""Changing a source's time zone or cut-off hour: from a day on, or for all days while nothing is posted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.days import read_cut_off
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, LinkRow, LinkState, Schedule, StreamCursor
from raccord.sync.days import today_of
from raccord.sync.mapping.remap import map_unposted
from raccord.sync.planning.plans import set_aside
from raccord.sync.workshop import Workshop

_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")


class DayRuleError(RaccordError):
    """Raised when days cannot change as asked; says why and what to do."""


@dataclass(frozen=True, slots=True)
class DayChange:
    """What counts from ``first`` on; ``date.min`` where it counts for all days."""

    first: date
    time_zone: str
    cut_off: str


def change_days(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    *,
    time_zone: str = "",
    cut_off: str = "",
    first: date | None = None,
) -> DayChange:
    """Let a connection's days follow another time zone or cut-off hour from ``first`` on.

    While none of its documents is in QuickBooks, any day may be given, and without one the rule counts for all days;
    records are then read and mapped again. Afterwards it counts from tomorrow if no day is given; days before keep the
    rule they had, whenever their records are read again, and a day that is over, or that has documents, is refused:
    nothing posted moves.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        granted = connection.manage_granted_at is not None
        require(actor, Power.MANAGE, None if admitted is None else admitted.info, manage_granted=granted)
        zone = read_zone(time_zone or connection.time_zone).key
        hour = f"{read_hour(cut_off or connection.cut_off):%H:%M}"
        before = _newest(connection)
        if last_posted_day(session, connection.id) is None:
            start = date.min if first is None or first <= connection.starts_on else first
            _read_again(session, connection, now)
        else:
            start = first or today_of(connection, now) + timedelta(days=1)
            _check(session, connection, start, now)
        _set(session, connection, DayChange(start, zone, hour))
        _note(session, actor, connection, before, now)
        return DayChange(start, zone, hour)


def say_days(
    session: Session, actor: Actor, connection: Connection, time_zone: str, cut_off: str, now: datetime
) -> None:
    """Let a connection that is set up, or set up again, have the zone and cut-off that were said for all its days.

    Empty means: as it is. What differs from its newest rule is refused once one of its documents is in QuickBooks.
    """
    zone, hour = read_zone(time_zone or connection.time_zone).key, read_hour(cut_off or connection.cut_off)
    said = DayChange(date.min, zone, f"{hour:%H:%M}")
    if (said.time_zone, said.cut_off) == (connection.time_zone, connection.cut_off):
        return
    posted = last_posted_day(session, connection.id)
    if posted is not None:
        kept = f"{connection.time_zone}, {connection.cut_off}"
        raise DayRuleError(
            "connection.days_posted",
            Text(
                f"Les jours de « {connection.label} » suivent {kept}, et ses documents vont jusqu'au {posted} :"
                " un autre fuseau ou une autre heure les déplacerait.",
                f"The days of “{connection.label}” follow {kept}, and it has documents up to {posted}: another time"
                " zone or hour would move them.",
            ),
            Text(
                "Reliez sans ce choix, puis changez un jour à venir : raccord connect days.",
                "Connect without this choice, then change it from a coming day on: raccord connect days.",
            ),
        )
    before = _newest(connection)
    _read_again(session, connection, now)
    _set(session, connection, said)
    _note(session, actor, connection, before, now)


def _set(session: Session, connection: Connection, change: DayChange) -> None:
    """Let the rule count from its day on, in place of all that would count from that day or a later one."""
    first = change.first.isoformat()
    rules = [*connection.earlier_days, _newest(connection)]
    connection.earlier_days = [each for each in rules if each["from"] < first]
    schedule = session.get(Schedule, connection.id)
    if change.first == date.min and schedule is not None and schedule.time_zone == connection.time_zone:
        schedule.time_zone = change.time_zone
    connection.time_zone, connection.cut_off = change.time_zone, change.cut_off
    connection.days_from = None if change.first == date.min else change.first
    connection.revision += 1


def _read_again(session: Session, connection: Connection, now: datetime) -> None:
    """Ask the source again for all of it, as a record's day is said when it is read, and let no old plan go out."""
    session.execute(delete(StreamCursor).where(StreamCursor.connection_id == connection.id))
    map_unposted(session, connection.id, failed=True)
    set_aside(session, connection.id, now)


def _note(session: Session, actor: Actor, connection: Connection, before: dict[str, str], now: datetime) -> None:
    events.append(
        session,
        actor=actor.name,
        action="connection.days_changed",
        subject=connection.label,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={"before": before, "after": _newest(connection)},
    )


def last_posted_day(session: Session, connection_id: str) -> date | None:
    """Return the newest day of a record that has a document, or nothing."""
    return session.scalar(
        select(func.max(func.coalesce(LinkRow.record_day, LinkRow.day))).where(
            LinkRow.connection_id == connection_id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
        )
    )


def _newest(connection: Connection) -> dict[str, str]:
    first = (connection.days_from or date.min).isoformat()
    return {"from": first, "time_zone": connection.time_zone, "cut_off": connection.cut_off}


def _check(session: Session, connection: Connection, start: date, now: datetime) -> None:
    today = today_of(connection, now)
    posted = last_posted_day(session, connection.id)
    earliest = max(today, connection.days_from or date.min)
    if posted is not None:
        earliest = max(earliest, posted + timedelta(days=1))
    if start < earliest:
        raise DayRuleError(
            "connection.days_past",
            Text(
                f"Le {start} est passé, ou a déjà des documents : un autre fuseau ou une autre heure les déplacerait.",
                f"{start} is over or has documents already: another time zone or hour would move them.",
            ),
            Text(f"Choisissez un jour à partir du {earliest}.", f"Choose a day from {earliest} on."),
        )


def read_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name."""
    try:
        return ZoneInfo(name if _ZONE.fullmatch(name) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # What is too long, or a folder's name, is refused in its own way by each system.
        raise refused(
            "connection.time_zone",
            Text(f"Fuseau horaire inconnu : {name[:60]}.", f"Unknown time zone: {name[:60]}."),
            Text("Employez un nom comme America/Toronto.", "Use a name such as America/Toronto."),
        ) from None


def read_hour(text: str) -> time:
    """Return a cut-off hour as typed."""
    try:
        return read_cut_off(text)
    except ValueError:
        raise refused(
            "connection.cut_off",
            Text(f"Heure de coupure inconnue : {text[:20]}.", f"Unknown cut-off hour: {text[:20]}."),
            Text("Employez une heure comme 17:00 ; minuit est 00:00.", "Use an hour such as 17:00; midnight is 00:00."),
        ) from None
