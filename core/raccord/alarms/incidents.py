"""Keeping what stands, and writing the messages about what began, got worse or is over: each once, in one commit."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.alarms.conditions import Condition, Standing
from raccord.alarms.letters import letter
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.reach import is_over
from raccord.plugin.texts import Language
from raccord.store.models import Company, Connection, Incident, Membership, Notice, Person
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zones_of

log = logging.getLogger("raccord.alarms")

TOLD = (RoleName.OWNER, RoleName.ADMIN)
"""Who is told of a company's incidents; of those of the whole installation its operators are told too."""


class News(StrEnum):
    BEGAN = "began"
    WORSE = "worse"
    OVER = "over"


def bring_up_to_date(workshop: Workshop, standing: Standing, now: datetime) -> None:
    """Compare what stands with the open incidents, and write what is news; several workers may do so at once."""
    wanted = {each.key: each for each in standing.conditions}
    lines: list[str] = []
    with workshop.database.begin() as session:
        open_ones = {row.key: row for row in session.scalars(select(Incident).where(Incident.closed_at.is_(None)))}
        for key, condition in sorted(wanted.items()):
            found = open_ones.get(key)
            if found is None:
                found = _began(session, condition, now)
                if found is not None:
                    lines.append(_tell(workshop, session, found, News.BEGAN, now))
            elif _changed(session, found, condition):
                lines.append(_tell(workshop, session, found, News.WORSE, now))
        for key in sorted(open_ones.keys() - wanted.keys() - standing.unknown):
            found = open_ones[key]
            gone = update(Incident).where(Incident.id == found.id, Incident.closed_at.is_(None)).values(closed_at=now)
            if session.connection().execute(gone).rowcount:
                lines.append(_tell(workshop, session, found, News.OVER, now))
    for line in lines:
        log.warning("incident %s", line)


def told_people(session: Session, company_id: str, now: datetime) -> Sequence[Person]:
    """Return who is told of what happens to a company, or to the whole installation; nobody whose role is over."""
    roles = [*TOLD, RoleName.OPERATOR] if company_id == EVERYWHERE else list(TOLD)
    rows = session.execute(
        select(Person, Membership.company_id, Membership.ends_on)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Person.disabled_at.is_(None),
            Membership.company_id.in_({company_id, EVERYWHERE}),
            Membership.role.in_(roles),
        )
        .order_by(Person.email)
    ).all()
    told = {
        person.id: person
        for person, place, ends_on in rows
        if ends_on is None or not is_over(session, place, ends_on, now)
    }
    return list(told.values())


def _began(session: Session, condition: Condition, now: datetime) -> Incident | None:
    found = Incident(key=condition.key, company_id=condition.company_id, connection_id=condition.connection_id)
    found.opened_at = now
    _fill(found, condition)
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError:
        return None  # another worker was first, and tells it
    return found


def _changed(session: Session, found: Incident, condition: Condition) -> bool:
    """Bring an incident to what stands now; return whether it got worse, and this worker is the one to say so."""
    worse = condition.step > found.step
    rise = (
        update(Incident)
        .where(Incident.id == found.id, Incident.step == found.step, Incident.closed_at.is_(None))
        .values(step=condition.step)
    )
    ours = bool(session.connection().execute(rise).rowcount)
    if ours:
        session.refresh(found)
        _fill(found, condition)
        session.flush()
    return ours and worse


def _fill(found: Incident, condition: Condition) -> None:
    found.code, found.step, found.grave = condition.code, condition.step, condition.grave
    found.text_fr, found.text_en = condition.text.fr, condition.text.en
    found.fix_fr, found.fix_en = condition.fix.fr, condition.fix.en


def _tell(workshop: Workshop, session: Session, incident: Incident, news: News, now: datetime) -> str:
    """Write the messages, where a mail server is set, and return the line for the log."""
    company = session.get(Company, incident.company_id) if incident.company_id else None
    connection = session.get(Connection, incident.connection_id) if incident.connection_id else None
    settings = workshop.settings
    people = told_people(session, incident.company_id, now) if settings.smtp_host else ()
    zone = zones_of(session).of(incident.company_id or "")
    for person in people:
        language = language_of(person, company, settings.language)
        where = " · ".join(each for each in (company and company.name, connection and connection.label) if each)
        subject, body = letter(incident, news, where, person.name, language, settings.web_url, zone)
        session.add(
            Notice(
                incident_id=incident.id, news=news, person_id=person.id, language=language, subject=subject, body=body,
                made_at=now, try_at=now,
            )
        )  # fmt: skip
    return json.dumps(
        {
            "id": incident.id,
            "news": str(news),
            "code": incident.code,
            "grave": incident.grave,
            "company": incident.company_id,
            "connection": incident.connection_id,
            "since": incident.opened_at.isoformat(),
            "told": len(people),
        }
    )


def language_of(person: Person, company: Company | None, usual: Language) -> Language:
    """Return the language in which a person is told: their own, else the company's, else the usual one."""
    for wanted in (person.language, company and company.language, usual):
        if wanted == "fr":
            return "fr"
        if wanted == "en":
            return "en"
    return "fr"
