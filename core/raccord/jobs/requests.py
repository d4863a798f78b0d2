"""What people and schedules ask of runs, written in our tables first and told to the engine afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.jobs.errors import not_ready, other_run_open, unknown_connection, unknown_run, wrong_state
from raccord.jobs.port import JobEngine
from raccord.plugin.texts import Text
from raccord.store.database import Database
from raccord.store.made_once import made_once
from raccord.store.models import Connection, ConnectionState, Control, Run, RunState
from raccord.sync.phases import LISTS, PROOF, UNDO, Phase

OPEN_STATES = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)
"""States of which a connection has one run at most (``uq_run_open``)."""

RUNNABLE = (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE)
"""States of a connection in which a person may run it; after signing in again, a run is what proves it."""

TRIES = 3


def request_run(
    database: Database,
    engine: JobEngine,
    connection_id: str,
    *,
    trigger: str,
    by: str,
    clock: Clock,
    stop_after: str = "",
) -> str:
    """Return the id of the connection's open run, started if there is none; asking twice gives the same run.

    ``stop_after="plan"`` starts a dry run. A run already open keeps its own ``stop_after``; a paused one stays paused.
    """
    with database.begin() as session:
        connection = session.get(Connection, connection_id)
        if connection is None:
            raise unknown_connection(connection_id)
        # After too long a pause the connection must be authorised again first; its day of pause stays until then.
        if connection.state not in RUNNABLE or connection.paused_at is not None:
            raise not_ready(connection.label, connection.state)
        run = _open_run(session, connection, trigger, by, clock.now(), stop_after)
        run_id, state = run.id, run.state
    if state != RunState.PAUSED:
        engine.submit(run_id)
    return run_id


def pause(database: Database, run_id: str) -> None:
    """Stop a run at its next step; one that has not begun is paused at once."""
    with database.begin() as session:
        run = _locked_run(session, run_id)
        match run.state:
            case RunState.QUEUED:
                run.state = RunState.PAUSED
            case RunState.RUNNING:
                # A cancellation already asked for is not taken back by a pause.
                if run.control == Control.GO:
                    run.control = Control.PAUSE
            case RunState.PAUSED:
                pass
            case state:
                raise wrong_state(run_id, state, Text(fr="être mise en pause", en="be paused"))


def resume(database: Database, engine: JobEngine, run_id: str) -> None:
    """Let a paused run go on where it was."""
    with database.begin() as session:
        run = _locked_run(session, run_id)
        match run.state:
            case RunState.PAUSED:
                _queue_again(run)
            case RunState.RUNNING if run.control == Control.PAUSE:
                # The pause was not seen yet; whoever executes it just goes on.
                run.control = Control.GO
            case RunState.QUEUED | RunState.RUNNING:
                pass
            case state:
                raise wrong_state(run_id, state, Text(fr="reprendre", en="be resumed"))
    engine.submit(run_id)


def resubmit(database: Database, engine: JobEngine, run_id: str) -> None:
    """Queue a run again whose plan has been approved; raises JobError while its connection has another open run."""
    with database.begin() as session:
        run = _locked_run(session, run_id)
        if run.state not in (RunState.APPROVAL, RunState.QUEUED):
            raise wrong_state(run_id, run.state, Text(fr="être remise en file", en="be queued again"))
        try:
            with session.begin_nested():
                _queue_again(run)
        except IntegrityError:
            raise other_run_open(run.connection_id) from None
    engine.submit(run_id)


def cancel(database: Database, engine: JobEngine, run_id: str, *, clock: Clock, force: bool = False) -> None:
    """End a run at its next step; one that is not being executed ends at once, one already ended stays as it is.

    ``force`` is for a run whose step hangs: its row is closed at once, and whatever the step still does is refused at
    its next commit by the fence.
    """
    with database.begin() as session:
        run = _locked_run(session, run_id)
        running = run.state == RunState.RUNNING
        if running and not force:
            run.control = Control.CANCEL
        elif running or run.state in (RunState.QUEUED, RunState.PAUSED, RunState.APPROVAL):
            run.state, run.finished_at = RunState.CANCELLED, clock.now()
            run.fence += 1
    if force:
        engine.cancel(run_id)


def insert_run(
    session: Session,
    connection: Connection,
    *,
    trigger: str,
    by: str,
    now: datetime,
    stop_after: str = "",
    slot: str | None = None,
    phase: Phase = Phase.FETCH,
) -> Run | None:
    """Return a new queued run, or None when the connection has an open one or the slot already had its run.

    A proof alone makes way for it: every other run proves at its end too. A run that only brings lists to the source
    becomes it instead, and goes on with it once the lists are there.
    """
    if trigger != PROOF:
        _close_proof(session, connection.id, now)
    run = Run(
        connection_id=connection.id,
        company_id=connection.company_id,
        trigger=trigger,
        started_by=by,
        stop_after=stop_after,
        phase=phase,
        slot=slot,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        return _of_lists(session, run) if trigger not in _ALONE else None
    return run


_ALONE = (PROOF, UNDO, LISTS)
"""Triggers of runs that do something else than bring records over."""


def open_run(session: Session, connection_id: str) -> Run | None:
    """Return a connection's open run, held to the end of the transaction; proofs alone make way and do not count."""
    found = session.scalars(*_open_one(connection_id)).one_or_none()
    if found is None:
        return None
    run = session.get(Run, found.id, with_for_update=True, populate_existing=True)
    return run if run is not None and run.state in OPEN_STATES else None


def _of_lists(session: Session, wanted: Run) -> Run | None:
    """Let an open run that only brings lists over go on as the run that is wanted; return it, if there is one."""
    run = open_run(session, wanted.connection_id)
    if run is None or run.trigger != LISTS:
        return None
    run.trigger, run.started_by, run.stop_after = wanted.trigger, wanted.started_by, wanted.stop_after
    run.slot = wanted.slot
    return run


def _close_proof(session: Session, connection_id: str, now: datetime) -> None:
    """End an open proof; the fence refuses whatever its execution still does, and it writes nothing to QuickBooks."""
    session.execute(
        update(Run)
        .where(Run.connection_id == connection_id, Run.trigger == PROOF, Run.state.in_(OPEN_STATES))
        .values(state=RunState.CANCELLED, finished_at=now, fence=Run.fence + 1)
    )


@made_once
def _open_one(connection_id: str) -> Select[Run]:
    return select(Run).where(Run.connection_id == connection_id, Run.state.in_(OPEN_STATES), Run.trigger != PROOF)


def _open_run(session: Session, connection: Connection, trigger: str, by: str, now: datetime, stop_after: str) -> Run:
    for _ in range(TRIES):
        found = session.scalars(*_open_one(connection.id)).one_or_none()
        run: Run | None = found
        if found is None or found.trigger == LISTS:
            run = insert_run(session, connection, trigger=trigger, by=by, now=now, stop_after=stop_after)
        if run is not None:
            return run
    raise other_run_open(connection.id)


def _queue_again(run: Run) -> None:
    run.state, run.control, run.restarts = RunState.QUEUED, Control.GO, 0
    run.epoch += 1


def _locked_run(session: Session, run_id: str) -> Run:
    run = session.get(Run, run_id, with_for_update=True)
    if run is None:
        raise unknown_run(run_id)
    return run
