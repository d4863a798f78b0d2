"""One message a day in the first week after a first plan was approved: the proof of each day, drift and doubles."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.alarms.conditions import said
from raccord.alarms.incidents import language_of, told_people
from raccord.alarms.letters import summary_letter
from raccord.overview.beginning.first_week import DAYS, FirstWeek, first_week
from raccord.store.models import Company, CompanyState, Connection, Incident, Notice
from raccord.sync.days import days_of
from raccord.sync.life import LIVE
from raccord.sync.workshop import Workshop

log = logging.getLogger("raccord.alarms")

CODE, RED = "alarm.first_week", "alarm.first_week_red"
MORNING = timedelta(hours=8)
"""How long after a day's end its summary goes: the night's proof has it by then."""


def tell_first_weeks(workshop: Workshop, now: datetime) -> int:
    """Write the summaries that are due, once each, however many workers there are; return of how many connections.

    Of days on which nobody looked only the newest is told. Where no mail server is set nothing is written.
    """
    if not workshop.settings.smtp_host:
        return 0
    recent = Connection.approved_at.is_not(None), Connection.approved_at > now - timedelta(DAYS + 3)
    with workshop.database.read() as session:
        wanted = (
            select(Connection)
            .join(Company, Company.id == Connection.company_id)
            .where(*recent, Connection.state.in_(LIVE), Company.state != CompanyState.DISCONNECTED)
        )
        due = [row.id for row in session.scalars(wanted) if _due(row, now) and not _told(session, row, now)]
    told = 0
    for connection_id in due:
        with workshop.database.begin() as session:
            connection = session.get_one(Connection, connection_id, with_for_update=True)
            week = first_week(session, connection, now)
            if week is not None and not _told(session, connection, now):
                _tell(workshop, session, connection, week, now)
                told += 1
    return told


def _due(connection: Connection, now: datetime) -> int:
    """Return how many days of the first week are over and can be told; 0 outside of it."""
    if connection.approved_at is None:
        return 0
    days = days_of(connection)
    number = (days.day_of(now - MORNING) - days.day_of(connection.approved_at)).days
    return number if 0 < number <= DAYS else 0


def _key(connection: Connection, now: datetime) -> str:
    return f"week/{connection.id}/{connection.approved_at:%Y-%m-%d}/{_due(connection, now)}"


def _told(session: Session, connection: Connection, now: datetime) -> bool:
    told = select(Incident.id).where(Incident.key == _key(connection, now), Incident.connection_id == connection.id)
    return session.scalars(told.limit(1)).first() is not None


def _tell(workshop: Workshop, session: Session, connection: Connection, week: FirstWeek, now: datetime) -> None:
    company, settings = session.get_one(Company, connection.company_id), workshop.settings
    code, number = RED if week.red else CODE, _due(connection, now)
    days = list(week.days[:number])
    params = {
        "connection": connection.label, "number": number, "of": DAYS, "drifts": week.drifts, "held": week.held,
        "unequal": sum(bool(each.apart) for each in days), "twice": len(week.twice),
        "day": connection.starts_on.isoformat(),
    }  # fmt: skip
    text, fix = said(code, params)
    told = Incident(
        key=_key(connection, now), company_id=company.id, connection_id=connection.id, code=code, step=number,
        grave=week.red, text_fr=text.fr, text_en=text.en, fix_fr=fix.fr, fix_en=fix.en, opened_at=now, closed_at=now,
    )  # fmt: skip
    session.add(told)
    session.flush()
    people = told_people(session, company.id, now)
    address = f"{settings.web_url.rstrip('/')}/connections/{connection.id}" if settings.web_url else ""
    for person in people:
        language = language_of(person, company, settings.language)
        where = f"{company.name} · {connection.label}"
        subject, body = summary_letter(told, days, where, person.name, language, address, red=week.red)
        session.add(
            Notice(
                incident_id=told.id, news="summary", person_id=person.id, language=language, subject=subject,
                body=body, made_at=now, try_at=now,
            )
        )  # fmt: skip
    log.info("summary of the first week, day %d, of connection %s: %d told", number, connection.id, len(people))
