"""Starts the runs that are due. One thread of ours drives every schedule.

The engine's own schedules would cost a thread each in every process, and a tick needs nothing durable: a due time is
a row, its run carries the slot it stands for, so ticking twice, late, or in two workers at once starts one run.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.jobs.errors import JobError
from raccord.jobs.port import JobEngine
from raccord.jobs.requests import insert_run
from raccord.jobs.schedules import next_at, slot_of
from raccord.jobs.tuning import Tuning
from raccord.store.database import Database
from raccord.store.models import Connection, ConnectionState, Plan, PlanState, Run, RunState, Schedule, WebhookDelivery

log = logging.getLogger(__name__)

TRIGGER = "schedule"
MESSAGE = "webhook"


def tick(database: Database, engine: JobEngine, clock: Clock, tuning: Tuning) -> list[str]:
    """Start one run for every schedule that is due, however many of its times have passed; return the runs' ids."""
    started: list[str] = []
    while True:
        handled, run_ids = _batch(database, clock.now(), tuning.batch)
        for run_id in run_ids:
            engine.submit(run_id)
        started += run_ids
        if handled < tuning.batch:
            return started


def heed_messages(database: Database, engine: JobEngine, clock: Clock, tuning: Tuning) -> list[str]:
    """Start one run for every connection whose source sent messages, unless one is going on; return the runs' ids.

    A run under way may have read its files already: what came meanwhile waits for the next one. It waits too while a
    plan is being read by a person: another run would set that aside, with each message anew.
    """
    with database.begin() as session:
        waiting = session.scalars(
            select(WebhookDelivery.connection_id)
            .where(WebhookDelivery.run_id.is_(None))
            .distinct()
            .order_by(WebhookDelivery.connection_id)
            .limit(tuning.batch)
        ).all()
        started = [run_id for connection_id in waiting if (run_id := _heed(session, connection_id, clock.now()))]
    for run_id in started:
        engine.submit(run_id)
    return started


def _heed(session: Session, connection_id: str, now: datetime) -> str | None:
    connection = session.get_one(Connection, connection_id)
    if connection.state != ConnectionState.CONNECTED or connection.paused_at is not None:
        return None
    read = select(Run.id).where(Run.connection_id == connection_id, Run.state == RunState.APPROVAL)
    waits = read.join(Plan, Plan.id == Run.plan_id).where(Plan.state == PlanState.WAITING)
    if session.scalar(waits.limit(1)) is not None:
        return None
    run = insert_run(session, connection, trigger=MESSAGE, by=MESSAGE, now=now)
    if run is None:
        return None
    session.flush()
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.connection_id == connection_id, WebhookDelivery.run_id.is_(None))
        .values(run_id=run.id)
    )
    return run.id


def _batch(database: Database, now: datetime, size: int) -> tuple[int, list[str]]:
    due = (
        select(Schedule)
        .where(Schedule.enabled, or_(Schedule.next_at <= now, Schedule.next_at.is_(None)))
        .order_by(Schedule.next_at)
        .limit(size)
        .with_for_update(skip_locked=True)
    )
    with database.begin() as session:
        schedules = session.scalars(due).all()
        run_ids = [run_id for schedule in schedules if (run_id := _start(session, schedule, now))]
    return len(schedules), run_ids


def _start(session: Session, schedule: Schedule, now: datetime) -> str | None:
    """Move a schedule on and return the run it started, if it started one."""
    due = schedule.next_at
    try:
        schedule.next_at = next_at(schedule.cron, schedule.time_zone, now)
    except JobError as error:
        # Written by hand or by another version; left on, it would stop everybody else's schedules.
        log.warning("Schedule of connection %s switched off: %s", schedule.connection_id, error)
        schedule.enabled = False
        return None
    connection = session.get_one(Connection, schedule.connection_id)
    if due is None or connection.state != ConnectionState.CONNECTED:
        return None
    run = insert_run(
        session,
        connection,
        trigger=TRIGGER,
        by=TRIGGER,
        now=now,
        slot=slot_of(connection.id, schedule.time_zone, due),
    )
    return None if run is None else run.id
