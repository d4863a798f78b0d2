"""The job engine DBOS Transact: durable queues in SQLite or PostgreSQL, no server.

Its database is disposable: our tables tell what there is to do, and the reconciler queues it again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from raccord.clock import Clock
from raccord.jobs.dbos_setup import EngineDatabase, quiet_dbos_log, tables_gone
from raccord.jobs.errors import second_process, unknown_run
from raccord.jobs.locks import FileLock
from raccord.jobs.port import EngineLostError, EngineState, EngineStoppedError, Key, Outcome
from raccord.jobs.reaper import next_epoch
from raccord.jobs.steps import LIVE, Slice, Steps
from raccord.jobs.tuning import Tuning
from raccord.store.models import Run, RunState

log = logging.getLogger(__name__)

QUEUE = "sync"
APPLICATION = "raccord"
VERSION = "engine-1"
"""Pinned, for the engine would otherwise leave every run of an older release waiting for ever."""

MAX_RECOVERIES = 100
"""The engine's own limit; ours (``Tuning.max_restarts``) is lower and survives the loss of its database."""

CONTINUING, BEGINNING = 1, 10
"""Priorities within a company: a run that has begun is brought to its end before another begins."""

GOES_ON: Mapping[str, int] = {
    Outcome.MORE: CONTINUING,
    Outcome.HANDED_BACK: CONTINUING,
    Outcome.LATER: CONTINUING,
    Outcome.BUSY: BEGINNING,
}
"""How slices end that another one follows, and the priority of that one."""

RUN_IDS_A_QUERY = 500
_STATES = {
    "ENQUEUED": EngineState.WAITING,
    "DELAYED": EngineState.WAITING,
    "PENDING": EngineState.EXECUTING,
    "SUCCESS": EngineState.FINISHED,
}


class DbosEngine:
    """DBOS in this process; there is one at a time, for DBOS itself is one a process.

    ``alone_in`` names the data directory of the embedded mode: the executor's id is then always ``local``, so that a
    restart goes on at once, and a lock on the directory keeps a second process from doing the same.
    Call it from threads, never inside a running event loop.
    """

    def __init__(
        self, steps: Steps, url: str | URL, executor_id: str, clock: Clock, tuning: Tuning, alone_in: Path | None = None
    ) -> None:
        self.executor_id = executor_id
        self.steps = steps
        self._url = make_url(url)
        self._clock = clock
        self._tuning = tuning
        self._alone_in = alone_in
        self._lock: FileLock | None = None
        self._database: EngineDatabase | None = None
        self._idle = threading.Condition()
        self._active: list[Key] = []

    def start(self) -> None:
        if self._alone_in is not None:
            self._lock = FileLock.take(self._alone_in / "engine.lock")
            if self._lock is None:
                raise second_process(str(self._alone_in))
        with ExitStack() as undo:
            undo.callback(self.stop)
            quiet_dbos_log()
            self.steps.stopping.clear()
            self._database = EngineDatabase(self._url)
            DBOS(config=self._config(self._database))
            _current[:] = [self]
            DBOS.launch()
            DBOS.register_queue(
                QUEUE,
                partition_concurrency=1,
                worker_concurrency=self._tuning.slots,
                polling_interval_sec=self._tuning.poll_every.total_seconds(),
                on_conflict="always_update",
            )
            undo.pop_all()

    def stop(self) -> None:
        self.steps.stopping.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._active, self._tuning.drain.total_seconds())
        if self._database is not None:
            DBOS.destroy()
            _current.clear()
            self._database.shut()
            self._database = None
        if self._lock is not None:
            self._lock.release()

    def submit(self, run_id: str) -> None:
        with self.steps.database.read() as session:
            run = session.get(Run, run_id)
            if run is None:
                raise unknown_run(run_id)
            if run.state not in LIVE:
                return
            key, company_id, begun = Key(run.id, run.epoch), run.company_id, run.state == RunState.RUNNING
        with self._translated():
            self.enqueue(key, company_id, CONTINUING if begun else BEGINNING)

    def enqueue(self, key: Key, company_id: str, priority: int, delay: timedelta = timedelta(0)) -> None:
        """Queue one epoch; the only place that does, for a row without its partition would never be executed."""
        seconds = delay.total_seconds() if delay else None
        options = SetEnqueueOptions(queue_partition_key=company_id, priority=priority, delay_seconds=seconds)
        with SetWorkflowID(str(key)), options:
            DBOS.enqueue_workflow(QUEUE, sync_run_v1, key.run_id, key.epoch, self._tuning.slice_steps)

    def state(self, run_id: str) -> EngineState:
        key = self._key(run_id)
        return self.states([key])[key]

    def states(self, keys: Collection[Key]) -> Mapping[Key, EngineState]:
        wanted = [str(key) for key in keys]
        found: dict[Key, EngineState] = dict.fromkeys(keys, EngineState.UNKNOWN)
        with self._translated():
            for start in range(0, len(wanted), RUN_IDS_A_QUERY):
                part = wanted[start : start + RUN_IDS_A_QUERY]
                for status in DBOS.list_workflows(workflow_ids=part, load_input=False, load_output=False):
                    found[Key.parse(status.workflow_id)] = _STATES.get(status.status, EngineState.BROKEN)
        return found

    def executing(self) -> Mapping[Key, str]:
        with self._translated():
            pending = DBOS.list_workflows(name=NAME, status="PENDING", load_input=False, load_output=False)
        return {Key.parse(status.workflow_id): status.executor_id or "" for status in pending}

    def take_over(self, keys: Collection[Key]) -> None:
        with self._translated():
            # Without the queue's name they would lose their place among the company's runs.
            DBOS.resume_workflows([str(key) for key in keys], queue_name=QUEUE)

    def release(self, keys: Collection[Key]) -> None:
        with self._translated():
            DBOS.cancel_workflows([str(key) for key in keys])

    def cancel(self, run_id: str) -> None:
        self.release([self._key(run_id)])

    def housekeeping(self) -> int:
        before = (self._clock.now() - self._tuning.keep_finished).isoformat()
        with self._translated():
            ended = DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=before,
                limit=self._tuning.batch,
                load_input=False,
                load_output=False,
            )
            if ended:
                DBOS.delete_workflows([status.workflow_id for status in ended])
        return len(ended)

    def in_hand(self) -> Collection[Key]:
        with self._idle:
            return set(self._active)

    @contextmanager
    def working(self, key: Key) -> Iterator[None]:
        """Tell what is executed, so that stopping can wait for it."""
        with self._idle:
            self._active.append(key)
        try:
            yield
        finally:
            with self._idle:
                self._active.remove(key)
                self._idle.notify_all()

    def wait_after(self, execution: Slice, outcome: str) -> timedelta:
        """Return how long a run stays out of the queue after a slice that ended with ``outcome``."""
        match outcome:
            case Outcome.LATER:
                return execution.later
            case Outcome.BUSY:
                return self._tuning.busy_wait
            case Outcome.HANDED_BACK:
                return self._tuning.poll_every  # or this very process would take it again before it has stopped
            case _:
                return timedelta(0)

    def _config(self, database: EngineDatabase) -> DBOSConfig:
        return DBOSConfig(
            name=APPLICATION,
            system_database_url=self._url.render_as_string(hide_password=False),
            system_database_engine=database.engine,
            application_version=VERSION,
            executor_id=self.executor_id,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
        )

    def _key(self, run_id: str) -> Key:
        with self.steps.database.read() as session:
            run = session.get(Run, run_id)
            if run is None:
                raise unknown_run(run_id)
            return Key(run.id, run.epoch)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._database is None:
            raise EngineStoppedError
        try:
            yield
        except (OperationalError, ProgrammingError) as error:
            if not tables_gone(error):
                raise
            raise EngineLostError("the engine's tables are gone") from error


NAME = "sync_run_v1"
_current: list[DbosEngine] = []
"""The engine of this process; workflows are registered once and for all when this module is read."""


@DBOS.workflow(name=NAME, max_recovery_attempts=MAX_RECOVERIES)
def sync_run_v1(run_id: str, epoch: int, slice_steps: int) -> str:
    """Execute up to ``slice_steps`` steps of a run, then queue its next epoch.

    The order of its steps is a contract with every stored execution: changing it needs a new name (``sync_run_v2``).
    """
    engine = _current[0]
    with engine.working(Key(run_id, epoch)), engine.steps.slice(run_id, epoch) as execution:
        outcome: str = Outcome.MORE
        for _ in range(slice_steps):
            outcome = _durable("advance", execution.step)
            if outcome != Outcome.MORE:
                break
        if outcome not in GOES_ON:
            return outcome
        key = Key(run_id, epoch)
        company_id = _durable("next_epoch", lambda: next_epoch(engine.steps.database, key) or "")
        if company_id:
            engine.enqueue(Key(run_id, epoch + 1), company_id, GOES_ON[outcome], engine.wait_after(execution, outcome))
        return outcome


def _durable(name: str, step: Callable[[], str]) -> str:
    return DBOS.run_step({"name": name}, step)
