"""Changing a source's time zone or cut-off hour, from a day on; days that have documents stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.days import read_cut_off
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, LinkRow, LinkState
from raccord.sync.days import today_of
from raccord.sync.workshop import Workshop


class DayRuleError(RaccordError):
    """Raised when days cannot change as asked; says why and what to do."""


@dataclass(frozen=True, slots=True)
class DayChange:
    """What counts from ``first`` on."""

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
    """Let a connection's days follow another time zone or cut-off hour from ``first`` on, tomorrow if not given.

    Days before it keep the rule they had, whenever their records are read again. A day that is over, or that has
    documents already, is refused: nothing posted moves.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        granted = connection.manage_granted_at is not None
        require(actor, Power.MANAGE, None if admitted is None else admitted.info, manage_granted=granted)
        zone = read_zone(time_zone or connection.time_zone).key
        hour = f"{read_hour(cut_off or connection.cut_off):%H:%M}"
        start = first or today_of(connection, now) + timedelta(days=1)
        _check(session, connection, start, now)
        before = {"from": (connection.days_from or date.min).isoformat(), **_rule(connection)}
        if connection.days_from != start:
            connection.earlier_days = [*connection.earlier_days, before]
        connection.time_zone, connection.cut_off, connection.days_from = zone, hour, start
        connection.revision += 1
        events.append(
            session,
            actor=actor.name,
            action="connection.days_changed",
            subject=connection.label,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"before": before, "after": {"from": start.isoformat(), **_rule(connection)}},
        )
        return DayChange(start, zone, hour)


def last_posted_day(session: Session, connection_id: str) -> date | None:
    """Return the newest day of a record that has a document, or nothing."""
    return session.scalar(
        select(func.max(func.coalesce(LinkRow.record_day, LinkRow.day))).where(
            LinkRow.connection_id == connection_id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
        )
    )


def _rule(connection: Connection) -> dict[str, str]:
    return {"time_zone": connection.time_zone, "cut_off": connection.cut_off}


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
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise refused(
            "connection.time_zone",
            Text(f"Fuseau horaire inconnu : {name}.", f"Unknown time zone: {name}."),
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
