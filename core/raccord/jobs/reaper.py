"""Takes over from dead workers, and makes the engine agree with our tables, which know better."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.jobs.errors import RunFault
from raccord.jobs.locks import advisory_key, cut_off
from raccord.jobs.port import DurableEngine, EngineState, Key
from raccord.jobs.steps import LIVE, close_failed
from raccord.jobs.tuning import Tuning
from raccord.jobs.workers import living
from raccord.store.database import Database
from raccord.store.models import Run, RunState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mended:
    """What one pass put right."""

    submitted: int
    failed: int
    released: int


def take_over(database: Database, engine: DurableEngine, tuning: Tuning) -> int:
    """Queue again the runs whose worker has been silent for longer than the lease; return how many.

    One worker at a time does it. After trouble with the database every heartbeat is old: wait one lease before.
    """
    executing = engine.executing()  # before asking who lives, so that a worker that starts meanwhile is not missed
    if not executing:
        return 0
    with alone(database, 2 * tuning.lease) as session:
        if session is None:
            return 0
        # This process lives, even when its own heartbeat is late.
        alive = {engine.executor_id, *living(session, tuning.lease)}
        dead = {key: executor for key, executor in executing.items() if executor not in alive}
        if not dead:
            return 0
        if database.dialect == "postgresql":
            cut_off(session.connection(), set(dead.values()))
        log.warning("Taking over %d run(s) of %s", len(dead), ", ".join(sorted(set(dead.values()))))
        engine.take_over(list(dead))
    return len(dead)


def reconcile(database: Database, engine: DurableEngine, clock: Clock, tuning: Tuning) -> Mended:
    """Bring the engine in line with our tables: submit what it does not know or gave up, close what it gave up too
    often, and let go of what was cancelled by force from another process."""
    submitted = failed = 0
    for batch in _open_runs(database, tuning.batch):
        states = engine.states(batch)
        for key in batch:
            match states[key]:
                case EngineState.UNKNOWN:
                    engine.submit(key.run_id)
                    submitted += 1
                case EngineState.FINISHED:
                    # Its execution ended without closing the run, as one does that another execution had fenced.
                    if next_epoch(database, key) is not None:
                        engine.submit(key.run_id)
                        submitted += 1
                case EngineState.BROKEN:
                    # Not the run's end: the engine gives up what it could not write down in its own tables.
                    if _another_epoch(database, key, clock, tuning):
                        engine.submit(key.run_id)
                        submitted += 1
                    else:
                        failed += 1
                case EngineState.WAITING | EngineState.EXECUTING:
                    pass
    cancelled = _cancelled(database, engine.executing(), clock, tuning)
    if cancelled:
        engine.release(cancelled)
    return Mended(submitted, failed, len(cancelled))


def next_epoch(database: Database, key: Key) -> str | None:
    """Move a run that may be executed to its next epoch; return its company, or None if somebody else has moved it."""
    with database.begin() as session:
        return session.scalar(
            update(Run)
            .where(Run.id == key.run_id, Run.epoch == key.epoch, Run.state.in_(LIVE))
            .values(epoch=Run.epoch + 1)
            .returning(Run.company_id)
        )


@contextmanager
def alone(database: Database, patience: timedelta) -> Iterator[Session | None]:
    """Yield a session in which no other worker reaps, or None while one does.

    The database ends one that asks nothing for ``patience``: a process frozen in here would keep all others from
    taking over from it.
    """
    if database.dialect == "sqlite":
        with database.read() as session:  # one worker per data directory; nothing to be kept apart
            yield session
        return
    with database.begin() as session:
        limit = {"name": "idle_in_transaction_session_timeout", "ms": str(patience // timedelta(milliseconds=1))}
        session.execute(text("SELECT set_config(:name, :ms, true)"), limit)
        taken = session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": advisory_key("worker", "reap")})
        yield session if taken else None


def _open_runs(database: Database, size: int) -> Iterator[list[Key]]:
    last = ""
    while True:
        with database.read() as session:
            rows = session.execute(
                select(Run.id, Run.epoch).where(Run.state.in_(LIVE), Run.id > last).order_by(Run.id).limit(size)
            )
            batch = [Key(run_id, epoch) for run_id, epoch in rows]
        if batch:
            yield batch
            last = batch[-1].run_id
        if len(batch) < size:
            return


def _cancelled(database: Database, executing: Mapping[Key, str], clock: Clock, tuning: Tuning) -> list[Key]:
    """Return what is still executed long after its run was cancelled."""
    if not executing:
        return []
    ids = {key.run_id for key in executing}
    with database.read() as session:
        gone = set(
            session.scalars(
                select(Run.id).where(
                    Run.id.in_(ids),
                    Run.state == RunState.CANCELLED,
                    Run.finished_at < clock.now() - tuning.lease,
                )
            )
        )
    return [key for key in executing if key.run_id in gone]


def _another_epoch(database: Database, key: Key, clock: Clock, tuning: Tuning) -> bool:
    """Move a run that the engine gave up to its next epoch, or close it if that has happened too often."""
    with database.begin() as session:
        run = session.get(Run, key.run_id, with_for_update=True)
        if run is None or run.epoch != key.epoch or run.state not in LIVE:
            return True  # somebody else has moved it, and the engine is only asked again
        run.restarts += 1
        if run.restarts > tuning.max_restarts:
            return not close_failed(session, run.id, RunFault.ENGINE_STOPPED, {}, clock)
        run.epoch += 1
        return True
