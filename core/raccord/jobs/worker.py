"""A process, or a part of one, that executes runs: the engine, its heartbeat and its chores."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError

from raccord.clock import Clock
from raccord.jobs.locks import WORK_NAME, application_name, company_locks
from raccord.jobs.nights import start_nights
from raccord.jobs.port import Advance, DurableEngine, EngineLostError, EngineStoppedError, Key
from raccord.jobs.reaper import reconcile, take_over
from raccord.jobs.steps import Steps
from raccord.jobs.ticker import heed_messages, tick
from raccord.jobs.tuning import Tuning
from raccord.jobs.workers import beat, forget_dead, sign_off
from raccord.store.database import Database

log = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)
LOCAL = "local"
"""The executor's id in the embedded mode, the same at every start."""
_LOOK_UP = timedelta(milliseconds=500)


class Worker:
    """Executes runs from ``start`` to ``stop``; both may be called from anywhere, an event loop included.

    ``wait`` returns when the worker has stopped or can no longer do its work, which ``broken`` tells; whoever runs
    the process then ends it, and its supervisor starts another.
    """

    def __init__(
        self,
        database: Database,
        engine: DurableEngine,
        executor_id: str,
        clock: Clock,
        tuning: Tuning,
        watch: Callable[[], None] | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        self.engine = engine
        self.executor_id = executor_id
        self._database = database
        self._clock = clock
        self._tuning = tuning
        self._watch = watch
        self._keep = keep
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._started = False
        self._reap_from_ms = 0
        self._dropped: dict[Key, int] = {}
        self._housekeeping_at_ms = 0

    @property
    def broken(self) -> bool:
        """Whether a thread of the worker has died."""
        return self._ended.is_set() and not self._stopping.is_set()

    def start(self) -> None:
        # The heartbeat comes first: work taken before it would look abandoned.
        beat(self._database, self.executor_id)
        # After an outage that ended this process too, every peer's heartbeat is old for a moment.
        self._reap_from_ms = self._clock.elapsed_ms() + _ms(self._tuning.lease)
        _elsewhere(self.engine.start)
        loops = [("heartbeat", self._heartbeat), ("chores", self._chores)]
        for name, deed in (("alarms", self._watch), ("keeping", self._keep)):
            if deed is not None:
                # Each in a thread of its own: a mail server or a backup may be slow, and nobody's runs wait for it.
                loops.append((name, partial(self._by_the_minute, deed)))
        for name, loop in loops:
            thread = threading.Thread(target=self._until_ended, args=(loop,), name=f"raccord-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._started = True
        log.info("Worker %s is at work", self.executor_id)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            # While its database is away the engine waits in the chores for it; stopping the engine ends that.
            thread.join(self._tuning.drain.total_seconds())
        self._threads.clear()
        _elsewhere(self.engine.stop)
        if not self._started:
            return  # refused at the start; in the embedded mode the heartbeat is another process's
        self._started = False
        try:
            sign_off(self._database, self.executor_id)
        except DATABASE_AWAY as error:
            # The others find out when the lease is over.
            log.warning("Worker %s could not sign off: %s", self.executor_id, type(error).__name__)
        log.info("Worker %s has stopped", self.executor_id)

    def wait(self, timeout: timedelta | None = None) -> None:
        """Block until the worker has ended, or for ``timeout``.

        Looks up every half second: a signal that the kernel gives to another thread, as it does right after a process
        was thawed, wakes the main thread from no wait, and only there its handler runs.
        """
        left = timedelta.max if timeout is None else timeout
        while left > timedelta(0) and not self._ended.wait(min(left, _LOOK_UP).total_seconds()):
            left -= _LOOK_UP

    def ask_to_stop(self) -> None:
        """Make ``wait`` return, from a signal handler for one; ``stop`` is still to be called."""
        self._stopping.set()
        self._ended.set()

    def chores(self) -> None:
        """Do once what is done every ``Tuning.chores_every``: reap, reconcile, start what is due, keep house."""
        now_ms = self._clock.elapsed_ms()
        if now_ms >= self._reap_from_ms:
            take_over(self._database, self.engine, self._tuning)
        self._take_back(now_ms)
        mended = reconcile(self._database, self.engine, self._clock, self._tuning)
        if mended.submitted or mended.failed or mended.released:
            log.info("Reconciled: %s", mended)
        tick(self._database, self.engine, self._clock, self._tuning)
        heed_messages(self._database, self.engine, self._clock, self._tuning)
        start_nights(self._database, self.engine, self._clock, self._tuning)
        if now_ms >= self._housekeeping_at_ms:
            while self.engine.housekeeping() == self._tuning.batch:
                pass
            forget_dead(self._database)
            self._housekeeping_at_ms = now_ms + _ms(self._tuning.housekeeping_every)

    def _take_back(self, now_ms: int) -> None:
        """Queue again what the engine believes to be executed here and is not: the trouble that ended an execution, a
        database that went away, may have kept the engine from writing down that it ended.
        """
        executing, in_hand = self.engine.executing(), self.engine.in_hand()
        dropped = [key for key, executor in executing.items() if executor == self.executor_id and key not in in_hand]
        # One that has just been taken, or is just ending, is in nobody's hands for a moment.
        self._dropped = {key: self._dropped.get(key, now_ms) for key in dropped}
        lost = [key for key, since in self._dropped.items() if now_ms - since >= _ms(self._tuning.lease)]
        if lost:
            log.warning("Taking back %d run(s) whose execution ended without a word", len(lost))
            self.engine.take_over(lost)
            self._dropped = {}

    def _heartbeat(self) -> None:
        while not self._stopping.wait(self._tuning.beat_every.total_seconds()):
            try:
                beat(self._database, self.executor_id)
            except DATABASE_AWAY as error:
                log.warning("The heartbeat did not reach the database: %s", type(error).__name__)

    def _chores(self) -> None:
        while not self._stopping.is_set():
            try:
                self.chores()
            except EngineStoppedError:
                return
            except EngineLostError:
                log.warning("The engine's database is gone; a new one is made from our tables")
                self.engine.stop()
                self.engine.start()
                continue
            except DATABASE_AWAY as error:
                log.warning("The database is away: %s", type(error).__name__)
                # Every worker's heartbeat is old now; judging before they had time to renew it would take all for dead.
                self._reap_from_ms = self._clock.elapsed_ms() + _ms(self._tuning.lease)
            self._stopping.wait(self._tuning.chores_every.total_seconds())

    def _by_the_minute(self, deed: Callable[[], None]) -> None:
        while not self._stopping.wait(self._tuning.watch_every.total_seconds()):
            try:
                deed()
            except DATABASE_AWAY as error:
                log.warning("The alarms or the backup did not reach the database: %s", type(error).__name__)

    def _until_ended(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        finally:
            self._ended.set()


def embedded_worker(
    database: Database,
    engine_url: str | URL,
    advance: Advance,
    data_dir: Path,
    clock: Clock,
    tuning: Tuning,
    watch: Callable[[], None] | None = None,
    keep: Callable[[], None] | None = None,
) -> Worker:
    """Return the worker of ``raccord serve`` on SQLite: alone on its data directory, JobError otherwise at start."""
    return _worker(database, engine_url, advance, LOCAL, clock, tuning, data_dir, watch, keep)


def spread_worker(
    database: Database,
    engine_url: str | URL,
    advance: Advance,
    clock: Clock,
    tuning: Tuning,
    watch: Callable[[], None] | None = None,
    keep: Callable[[], None] | None = None,
) -> Worker:
    """Return a worker of ``raccord worker`` on PostgreSQL, one of any number."""
    # Never used again, so that what a dead process left is never taken for a living one's.
    executor_id = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    # So that whoever takes over from it can cut the transactions that it left open.
    database.rename(application_name(executor_id, WORK_NAME))
    return _worker(database, engine_url, advance, executor_id, clock, tuning, None, watch, keep)


def _worker(
    database: Database,
    engine_url: str | URL,
    advance: Advance,
    executor_id: str,
    clock: Clock,
    tuning: Tuning,
    data_dir: Path | None,
    watch: Callable[[], None] | None,
    keep: Callable[[], None] | None,
) -> Worker:
    from raccord.jobs.dbos_engine import DbosEngine  # a second of imports that most commands spare

    steps = Steps(database, advance, company_locks(database, executor_id), clock, tuning)
    engine = DbosEngine(steps, engine_url, executor_id, clock, tuning, data_dir)
    return Worker(database, engine, executor_id, clock, tuning, watch, keep)


def _elsewhere(call: Callable[[], None]) -> None:
    """Call in a thread of its own, for the engine refuses to be called inside a running event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(call).result()


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
