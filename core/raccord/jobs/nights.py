"""The proof that nobody asks for: each night, in each company's own time zone, for each of its connections."""

from __future__ import annotations

import hashlib
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.jobs.errors import unknown_company
from raccord.jobs.port import JobEngine
from raccord.jobs.requests import insert_run
from raccord.jobs.schedules import next_at
from raccord.jobs.tuning import Tuning
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, CompanyState, Connection, Night
from raccord.sync.blocking import Block
from raccord.sync.phases import PROOF, Phase
from raccord.sync.zones import PROVEN_STATES, zone_of

FIRST_MINUTE, MINUTES = 2 * 60, 3 * 60
"""Nights begin between two and five o'clock, each company's at a minute of its own, so that not all ask at once."""


def usual_minute(company_id: str) -> int:
    """Return the minute of the day at which a company's night usually begins, always the same for one company."""
    return FIRST_MINUTE + int.from_bytes(hashlib.sha256(company_id.encode()).digest()[:4], "big") % MINUTES


def start_nights(database: Database, engine: JobEngine, clock: Clock, tuning: Tuning) -> list[str]:
    """Start the proofs of every company whose night is due; return the runs' ids."""
    started: list[str] = []
    while True:
        now = clock.now()
        with database.begin() as session:
            _add_missing(session, now)
            nights = session.scalars(
                select(Night)
                .where(Night.enabled, Night.next_at <= now)
                .order_by(Night.next_at)
                .limit(tuning.batch)
                .with_for_update(skip_locked=True)
            ).all()
            run_ids = [run_id for night in nights for run_id in _begin(session, night, now)]
        for run_id in run_ids:
            engine.submit(run_id)
        started += run_ids
        if len(nights) < tuning.batch:
            return started


def set_night(
    database: Database, company_id: str, *, enabled: bool, at: time | None = None, by: str, clock: Clock
) -> datetime:
    """Switch a company's nightly proof on or off, at a time of its own if given; return when it is due next."""
    now = clock.now()
    with database.begin() as session:
        if session.get(Company, company_id) is None:
            raise unknown_company(company_id)
        night = session.get(Night, company_id) or _new(session, company_id, now)
        if at is not None:
            night.minute = at.hour * 60 + at.minute
        night.enabled, night.time_zone = enabled, zone_of(session, company_id)
        night.next_at = _next(night, now)
        session.add(night)
        events.append(
            session,
            actor=by,
            action="night.on" if enabled else "night.off",
            subject=f"{night.minute // 60:02}:{night.minute % 60:02} {night.time_zone}",
            company_id=company_id,
            now=now,
        )
        return night.next_at


def _add_missing(session: Session, now: datetime) -> None:
    """Give each connected company that has documents to prove its night."""
    wanted = (
        select(Company.id)
        .where(Company.state == CompanyState.CONNECTED, Company.id.not_in(select(Night.company_id)))
        .where(Company.id.in_(select(Connection.company_id).where(Connection.state.in_(PROVEN_STATES))))
    )
    for company_id in session.scalars(wanted).all():
        try:
            with session.begin_nested():
                session.add(_new(session, company_id, now))
        except IntegrityError:
            continue  # another worker was first


def _new(session: Session, company_id: str, now: datetime) -> Night:
    zone = zone_of(session, company_id)
    night = Night(company_id=company_id, time_zone=zone, minute=usual_minute(company_id), enabled=True)
    night.next_at = _next(night, now)
    return night


def _begin(session: Session, night: Night, now: datetime) -> list[str]:
    """Move a night on to the next one and return the runs it starts, one for each connection."""
    day = night.next_at.astimezone(ZoneInfo(night.time_zone)).date()
    night.time_zone = zone_of(session, night.company_id)
    night.next_at = _next(night, now)
    company = session.get_one(Company, night.company_id)
    # Of a company whose subscription ended the books can be read all the same.
    readable = company.state == CompanyState.BLOCKED and company.blocked_by == Block.SUBSCRIPTION
    if company.state != CompanyState.CONNECTED and not readable:
        return []
    night.last_at = now
    connections = session.scalars(
        select(Connection)
        .where(Connection.company_id == company.id, Connection.state.in_(PROVEN_STATES))
        .order_by(Connection.id)
    ).all()
    runs = [
        insert_run(
            session, connection, trigger=PROOF, by=PROOF, now=now, slot=f"{PROOF}:{connection.id}:{day}",
            phase=Phase.PROVE,
        )
        for connection in connections
    ]  # fmt: skip
    return [run.id for run in runs if run is not None]


def _next(night: Night, now: datetime) -> datetime:
    hour, minute = divmod(night.minute, 60)
    return next_at(f"{minute} {hour} * * *", night.time_zone, now)
