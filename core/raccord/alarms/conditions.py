"""What stands now that somebody must be told of: silence, authorisations that end, readings that run out, failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.keeping.standing import troubles_of
from raccord.onboarding.access.authority import Authority, authorities_of, given
from raccord.onboarding.access.members import MEMBERS_MAX
from raccord.onboarding.access.reach import today_there
from raccord.onboarding.arriving.arrivals import credentials_end_of, freshness_of
from raccord.onboarding.arriving.freshness import BY_FILES, Lateness
from raccord.onboarding.connecting.pausing import pause_of
from raccord.overview.explain import explain
from raccord.plugin.texts import Text
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Membership,
    Person,
    Problem,
    ProblemState,
    ProofMonth,
    RecordState,
    SourceRecord,
)
from raccord.sync.books.meter import Budget, use_of_month
from raccord.sync.problems import WHOLE_RUNS
from raccord.sync.workshop import Workshop

COUNTDOWN = (30, 14, 7, 1)
"""Days before the end of an authorisation at which somebody is told, each time once."""
GRAVE_DAYS = 7
PAUSED_DAYS = (7, 30, 180, 335)
"""Days of a pause after which somebody is reminded of it, each time once; after a year it must be authorised again."""
WATCHED = (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE, ConnectionState.FAULTY)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that stands; with a higher ``step`` it is worse than before, and is told again."""

    key: str
    code: str
    text: Text
    fix: Text
    grave: bool
    step: int = 0
    company_id: str = ""
    connection_id: str = ""


@dataclass(slots=True)
class Standing:
    """All that stands; of the keys in ``unknown`` nothing could be said, so that they are neither new nor over."""

    conditions: list[Condition] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


def conditions_of(workshop: Workshop, now: datetime) -> Standing:
    """Return what stands at ``now``; asks our own tables and the vault, never QuickBooks or a source."""
    standing = Standing()
    with workshop.database.read() as session:
        companies = session.scalars(select(Company).where(Company.state != CompanyState.DISCONNECTED)).all()
        authorities = authorities_of(session, map(given, companies), now)
        for company in companies:
            _authorisation(workshop, company, now, standing)
            standing.conditions += _of_authority(company, authorities.get(company.id))
            connections = session.scalars(
                select(Connection).where(Connection.company_id == company.id, Connection.state.in_(WATCHED))
            ).all()
            for connection in connections:
                standing.conditions += _of_connection(session, connection)
                standing.conditions += _of_records(workshop, session, connection)
                _of_source(workshop, session, connection, now, standing)
            resting = select(Connection).where(
                Connection.company_id == company.id, Connection.state == ConnectionState.PAUSED
            )
            standing.conditions += [
                found for each in session.scalars(resting) if (found := _of_pause(each, now)) is not None
            ]
        standing.conditions += _of_roles(session, now)
        standing.conditions += _of_house(session, workshop, now)
        standing.conditions += _of_readings(session, workshop.settings.quickbooks_reads_per_month, now)
    return standing


def days_left(end: date, now: datetime, zone: ZoneInfo) -> int:
    """Return how many days are left until the end of ``end``."""
    return (end - now.astimezone(zone).date()).days


def step_of(days: int) -> int:
    """Return which step of the countdown a number of days has reached: 0 before the first, the last one is highest."""
    return sum(days <= limit for limit in COUNTDOWN)


def said(code: str, params: Mapping[str, object]) -> tuple[Text, Text]:
    """Return what a code says and what to do, in both languages."""
    french, english = (explain(code, params, language, "page") for language in ("fr", "en"))
    return Text(french.what, english.what), Text(french.fix, english.fix)


def _authorisation(workshop: Workshop, company: Company, now: datetime, standing: Standing) -> None:
    key = f"authorisation/{company.id}"
    if company.state == CompanyState.REAUTHORISE:
        text, fix = said("quickbooks.reauthorise", {})
        last = len(COUNTDOWN) + 1
        standing.conditions.append(
            Condition(key, "quickbooks.reauthorise", text, fix, grave=True, step=last, company_id=company.id)
        )
        return
    try:
        tokens = workshop.stored_tokens(company).load()
    except RaccordError:
        standing.unknown.add(key)
        return
    if tokens is None:
        standing.unknown.add(key)
        return
    end = tokens.refresh_ends.astimezone(now.tzinfo).date()
    days = (end - now.date()).days
    if step := step_of(days):
        text, fix = said("alarm.authorisation_ends", {"days": days, "day": end.isoformat()})
        standing.conditions.append(
            Condition(
                key, "alarm.authorisation_ends", text, fix, grave=days <= GRAVE_DAYS, step=step, company_id=company.id
            )
        )


def _of_authority(company: Company, authority: Authority | None) -> Iterator[Condition]:
    """Tell that whoever authorised a company may link it no more; who authorises again ends it."""
    if authority is not None and authority.left and company.state == CompanyState.CONNECTED:
        text, fix = said("alarm.authority_left", {"person": authority.by, "company": company.name})
        yield Condition(f"authority/{company.id}", "alarm.authority_left", text, fix, grave=True, company_id=company.id)


def _of_connection(session: Session, connection: Connection) -> Iterator[Condition]:
    if connection.state in (ConnectionState.REAUTHORISE, ConnectionState.FAULTY):
        code = f"connection.{connection.state}"
        text, fix = said(code, {})
        yield Condition(
            f"state/{connection.id}",
            code,
            text,
            fix,
            grave=True,
            company_id=connection.company_id,
            connection_id=connection.id,
        )
    problem = session.scalars(
        select(Problem)
        .where(
            Problem.connection_id == connection.id,
            Problem.state == ProblemState.OPEN,
            Problem.subject.in_(WHOLE_RUNS),
        )
        .order_by(Problem.opened_at.desc())
        .limit(1)
    ).first()
    if problem is not None:
        text, fix = said(problem.code, problem.params)
        yield Condition(
            f"run/{connection.id}",
            problem.code,
            text,
            fix,
            grave=True,
            company_id=connection.company_id,
            connection_id=connection.id,
        )
    months, cells = session.execute(
        select(func.count(), func.sum(ProofMonth.unequal)).where(
            ProofMonth.connection_id == connection.id, ProofMonth.unequal > 0
        )
    ).one()
    if months:
        text, fix = said("alarm.proof_unequal", {"months": months, "cells": cells, "connection": connection.label})
        yield Condition(
            f"proof/{connection.id}",
            "alarm.proof_unequal",
            text,
            fix,
            grave=True,
            company_id=connection.company_id,
            connection_id=connection.id,
        )


def _of_records(workshop: Workshop, session: Session, connection: Connection) -> Iterator[Condition]:
    """Tell of records that failed, once for each kind of them (EX-10); what was left out on purpose is no failure."""
    left_out = exists().where(
        SourceRecord.connection_id == Problem.connection_id,
        SourceRecord.stream == Problem.stream,
        SourceRecord.source_id == func.substr(Problem.subject, func.length(Problem.stream) + 2),
        SourceRecord.state == RecordState.SKIPPED,
        SourceRecord.reason == Problem.code,
    )
    rows = session.execute(
        select(Problem.stream, func.count())
        .where(
            Problem.connection_id == connection.id,
            Problem.state == ProblemState.OPEN,
            Problem.subject.not_in(WHOLE_RUNS),
            Problem.stream != "",
            ~left_out,
        )
        .group_by(Problem.stream)
        .order_by(Problem.stream)
    )
    admitted = workshop.scopes.catalog.get(connection.connector)
    labels = {} if admitted is None else {each.name: each.label for each in admitted.info.streams}
    for stream, count in rows:
        label = labels.get(stream, Text(stream, stream))
        params = {"count": count, "kind_fr": label.fr, "kind_en": label.en, "connection": connection.label}
        text, fix = said("alarm.records_failed", params)
        key = f"records/{connection.id}/{stream}"
        yield _about(connection, key, "alarm.records_failed", text, fix, grave=False)


def _about(
    connection: Connection, key: str, code: str, text: Text, fix: Text, *, grave: bool, step: int = 0
) -> Condition:
    return Condition(key, code, text, fix, grave, step, connection.company_id, connection.id)


def _of_source(workshop: Workshop, session: Session, connection: Connection, now: datetime, standing: Standing) -> None:
    """Add what the connector's own clocks say: data that should have come, credentials that end."""
    silence, lasting = f"silence/{connection.id}", f"credentials/{connection.id}"
    if connection.state != ConnectionState.CONNECTED:
        # Nothing is expected of it; but nothing has come either.
        standing.unknown |= {silence, lasting}
        return
    try:
        fresh = freshness_of(workshop, session, connection)
        end = credentials_end_of(workshop, session, connection)
    except RaccordError:
        standing.unknown |= {silence, lasting}
        return
    if fresh is not None and fresh.status.state in (Lateness.LATE, Lateness.MISSING):
        missing = fresh.status.state is Lateness.MISSING
        code = f"freshness.{fresh.status.state}"
        calls = ", ".join(f"{each.label.en} {each.phone or each.url}" for each in fresh.contacts)
        _, fix = said(code, {"connection": connection.label, "contacts": calls})
        fix = BY_FILES if fresh.by_files else fix
        standing.conditions.append(
            Condition(
                silence,
                code,
                fresh.status.text,
                fix,
                grave=missing,
                step=int(missing),
                company_id=connection.company_id,
                connection_id=connection.id,
            )
        )
    if (ends := ending(connection, end, now)) is not None:
        standing.conditions.append(ends)


def ending(connection: Connection, end: date | None, now: datetime) -> Condition | None:
    """Return what is told of credentials that end on a day; nothing where they last or that is still far off."""
    if end is None or not (step := step_of(days := days_left(end, now, ZoneInfo(connection.time_zone)))):
        return None
    params = {"days": days, "day": end.isoformat(), "connection": connection.label}
    text, fix = said("alarm.credentials_end", params)
    key, grave = f"credentials/{connection.id}", days <= GRAVE_DAYS
    return _about(connection, key, "alarm.credentials_end", text, fix, grave=grave, step=step)


def _of_pause(connection: Connection, now: datetime) -> Condition | None:
    """Return the reminder of a pause that lasts; nothing in its first days."""
    pause = pause_of(connection, now)
    if pause is None or not (step := sum(pause.days >= limit for limit in PAUSED_DAYS)):
        return None
    params = {
        "connection": connection.label, "days": pause.days, "day": pause.since.isoformat(),
        "until": pause.until.isoformat(),
    }  # fmt: skip
    text, fix = said("alarm.paused_long", params)
    grave = step == len(PAUSED_DAYS)
    return _about(connection, f"pause/{connection.id}", "alarm.paused_long", text, fix, grave=grave, step=step)


def _of_roles(session: Session, now: datetime) -> Iterator[Condition]:
    """Tell of roles that end by themselves soon, so that somebody lengthens them or lets them go."""
    rows = session.execute(
        select(Membership, Person.email)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.ends_on >= now.astimezone(UTC).date() - timedelta(days=1),
            Membership.ends_on <= now.astimezone(UTC).date() + timedelta(days=COUNTDOWN[0] + 1),
            Person.disabled_at.is_(None),
        )
        .order_by(Membership.ends_on, Person.email)
        .limit(MEMBERS_MAX)
    ).all()
    for held, email in rows:
        if held.ends_on is None or (days := (held.ends_on - today_there(session, held.company_id, now)).days) < 0:
            continue
        if step := step_of(days):
            params = {"person": email, "days": days, "day": held.ends_on.isoformat()}
            text, fix = said("alarm.role_ends", params)
            key = f"role/{held.person_id}/{held.company_id}"
            yield Condition(key, "alarm.role_ends", text, fix, grave=False, step=step, company_id=held.company_id)


def _of_house(session: Session, workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Tell of backups and drills: of the whole installation, to those who run it."""
    for each in troubles_of(session, workshop.settings, now):
        text, fix = said(each.code, each.params)
        yield Condition(f"house/{each.key}", each.code, text, fix, each.grave, int(each.grave))


def _of_readings(session: Session, limit: int, now: datetime) -> Iterator[Condition]:
    use = use_of_month(session, limit, now)
    if use.state not in (Budget.LOW, Budget.TIGHT):
        return
    code = f"alarm.readings_{use.state}"
    text, fix = said(code, {"reads": use.reads, "limit": use.limit, "forecast": use.forecast})
    tight = use.state is Budget.TIGHT
    yield Condition(f"readings/{use.month:%Y-%m}", code, text, fix, grave=tight, step=int(tight))
