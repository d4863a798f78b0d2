"""One step of a run, the same for every engine: the company's lock, the attempts, and what becomes of errors."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.jobs.errors import RunFault
from raccord.jobs.locks import CompanyLocks, Held
from raccord.jobs.port import Advance, Outcome
from raccord.jobs.tuning import Tuning
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import ThrottledError, UnavailableError
from raccord.store.database import Database
from raccord.store.models import Run, RunState
from raccord.sync.execution import Fenced, StillUnderWay
from raccord.sync.problems import AWAY, close_problems, open_problem, subject_of

log = logging.getLogger(__name__)

RETRYABLE = (
    OSError,
    httpx.TransportError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    UnavailableError,
    ThrottledError,
)
"""Errors after which the same step is tried again: the network, the database or QuickBooks was away."""

LIVE = (RunState.QUEUED, RunState.RUNNING)
"""States in which a run may be executed."""

Pause = Callable[[timedelta], bool]
"""Waits for a span and returns whether the process is asked to stop meanwhile."""


class Steps:
    """Executes steps of runs; safe to use from several threads, each with a ``Slice`` of its own."""

    def __init__(
        self,
        database: Database,
        advance: Advance,
        locks: CompanyLocks,
        clock: Clock,
        tuning: Tuning,
        pause: Pause | None = None,
    ) -> None:
        self.database = database
        self.advance = advance
        self.locks = locks
        self.clock = clock
        self.tuning = tuning
        self.stopping = threading.Event()
        self.pause = pause or self._pause

    def slice(self, run_id: str, epoch: int | None = None) -> Slice:
        """Return one execution of a run; ``epoch`` is checked if given. Use it as a context manager."""
        return Slice(self, run_id, epoch)

    def _pause(self, span: timedelta) -> bool:
        return self.stopping.wait(span.total_seconds())


class Slice:
    """Consecutive steps of one run in one process; holds the company from its first step to its end."""

    def __init__(self, steps: Steps, run_id: str, epoch: int | None) -> None:
        self.later = timedelta(0)
        """How long the run asked to be left alone, after ``Outcome.LATER``."""
        self.put_off: RetryLater | None = None
        """Why, after ``Outcome.LATER``."""
        self._steps = steps
        self._run_id = run_id
        self._epoch = epoch
        self._held: Held | None = None
        self._restarts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if isinstance(error, KeyboardInterrupt):
                self._came_through()  # a person's doing, not the run's
        finally:
            if self._held is not None:
                self._held.release()

    def step(self) -> Outcome:
        """Execute one unit of the run; whatever goes wrong is in the run's row before this returns.

        Raises only if the row itself cannot be written.
        """
        try:
            with UnexpectedRecorded(self._steps, self._run_id):
                return self._step()
        except CrashedError:
            return Outcome.STOPPED

    def _step(self) -> Outcome:
        if self._steps.stopping.is_set():
            return Outcome.HANDED_BACK
        if self._held is None:
            refused = self._begin()
            if refused is not None:
                return refused
        return self._attempts()

    def _begin(self) -> Outcome | None:
        """Take the company and count the execution; return why not, if so."""
        with self._steps.database.read() as session:
            run = session.get(Run, self._run_id)
            if run is None or not self._ours(run):
                return Outcome.SUPERSEDED
            company_id = run.company_id
        self._held = self._wait_for(company_id)
        if self._held is None:
            return Outcome.HANDED_BACK if self._steps.stopping.is_set() else Outcome.BUSY
        with self._steps.database.begin() as session:
            run = session.get(Run, self._run_id, with_for_update=True)
            # The wait for the company may have been long.
            if run is None or not self._ours(run):
                return Outcome.SUPERSEDED
            run.restarts += 1
            if run.restarts > self._steps.tuning.max_restarts:
                restarts = {"restarts": self._steps.tuning.max_restarts}
                close_failed(session, run.id, RunFault.TOO_MANY_RESTARTS, restarts, self._steps.clock)
                return Outcome.STOPPED
            run.state = RunState.RUNNING
            run.started_at = run.started_at or self._steps.clock.now()
            self._restarts = run.restarts
        return None

    def _ours(self, run: Run) -> bool:
        return run.state in LIVE and self._epoch in (None, run.epoch)

    def _wait_for(self, company_id: str) -> Held | None:
        deadline = self._steps.clock.elapsed_ms() + self._steps.tuning.patience // timedelta(milliseconds=1)
        while True:
            held = self._steps.locks.take(company_id)
            if held is not None or self._steps.clock.elapsed_ms() >= deadline:
                return held
            if self._steps.pause(self._steps.tuning.lock_poll):
                return None

    def _attempts(self) -> Outcome:
        tuning = self._steps.tuning
        wait, fault = tuning.first_wait, ""
        for attempt in range(1, tuning.attempts + 1):
            # Whoever lost the company (a process that was frozen) must not claim the run again from its new owner.
            if self._held is None or not self._held.alive():
                return Outcome.SUPERSEDED
            try:
                outcome = Outcome(self._steps.advance(self._run_id))
            except Fenced:
                log.info("Run %s goes on in another execution", self._run_id)
                return Outcome.SUPERSEDED
            except RetryLater as error:
                return self._put_off(error)
            except RETRYABLE as error:
                # The text of such errors may hold addresses and values; their kind says enough here.
                fault = kind_of(error)
                log.warning("Run %s: attempt %d of %d failed: %s", self._run_id, attempt, tuning.attempts, fault)
            else:
                self._came_through()
                return outcome
            if attempt < tuning.attempts and self._steps.pause(wait):
                self._came_through()
                return Outcome.HANDED_BACK
            wait = min(wait * 2, tuning.longest_wait)
        return self._give_up(fault, tuning.attempts)

    def give_up(self) -> None:
        """Close the run as failed where nobody waits any longer for the source that put it off."""
        if self.put_off is not None:
            self._give_up(kind_of(self.put_off), self._restarts, self.put_off)

    def _put_off(self, error: RetryLater) -> Outcome:
        if self._restarts >= self._steps.tuning.max_restarts:
            return self._give_up(kind_of(error), self._restarts, error)
        if not isinstance(error, StillUnderWay):
            self._tell_away(error)
        self.put_off = error
        self.later = min(max(error.after, self._steps.tuning.first_wait), self._steps.tuning.longest_later)
        return Outcome.LATER

    def _tell_away(self, error: RetryLater) -> None:
        """Let people see meanwhile that the source is away, and what it said; gone with the first step after it."""
        with self._steps.database.begin() as session:
            run = session.get_one(Run, self._run_id)
            open_problem(
                session,
                connection_id=run.connection_id,
                run_id=run.id,
                code=AWAY,
                subject=subject_of(run.trigger),
                params={"fr": error.text.fr, "en": error.text.en},
                now=self._steps.clock.now(),
            )

    def _give_up(self, fault: str, attempts: int, error: RetryLater | None = None) -> Outcome:
        said = {} if error is None else {"fr": error.text.fr, "en": error.text.en}
        with self._steps.database.begin() as session:
            self._no_longer_away(session)
            params = {"error": fault, "attempts": attempts, **said}
            close_failed(session, self._run_id, RunFault.RETRIES_EXHAUSTED, params, self._steps.clock)
        return Outcome.STOPPED

    def _came_through(self) -> None:
        if self._restarts:
            with self._steps.database.begin() as session:
                session.execute(update(Run).where(Run.id == self._run_id).values(restarts=0))
                if self._restarts > 1:
                    self._no_longer_away(session)
            self._restarts = 0

    def _no_longer_away(self, session: Session) -> None:
        run = session.get_one(Run, self._run_id)
        close_problems(session, run.connection_id, subject_of(run.trigger), self._steps.clock.now(), AWAY)


class CrashedError(Exception):
    """Raised in the place of an unexpected error once the run's row tells of it; holds none of its text."""


class UnexpectedRecorded:
    """Guard of a run's edge: a mistake in our code fails this run visibly, and no other run with it."""

    def __init__(self, steps: Steps, run_id: str) -> None:
        self._steps = steps
        self._run_id = run_id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # An exit asked for inside a step would silently end the engine's thread and leave the run executing for ever.
        if not isinstance(error, Exception | SystemExit):
            return
        where = place_of(tb)
        # Frames show code only; the error's own text may hold what a log must not.
        frames = "".join(traceback.format_tb(tb))
        log.error("Run %s failed unexpectedly: %s at %s\n%s", self._run_id, kind_of(error), where, frames)
        with self._steps.database.begin() as session:
            params = {"error": kind_of(error), "where": where}
            close_failed(session, self._run_id, RunFault.UNEXPECTED, params, self._steps.clock)
        raise CrashedError(f"{kind_of(error)} at {where}") from None


def close_failed(session: Session, run_id: str, fault: RunFault, params: Mapping[str, object], clock: Clock) -> bool:
    """Close a run as failed, with an open problem, and fence whatever executes it; return False if it was closed."""
    now = clock.now()
    closed = session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state.in_(LIVE))
        .values(
            state=RunState.FAILED,
            error_code=fault,
            error_params=dict(params),
            finished_at=now,
            fence=Run.fence + 1,
        )
        .returning(Run.connection_id, Run.trigger)
    ).first()
    if closed is None:
        return False
    connection_id, trigger = closed
    subject = subject_of(trigger)
    open_problem(
        session, connection_id=connection_id, run_id=run_id, code=fault, subject=subject, params=params, now=now
    )
    return True


def kind_of(error: BaseException) -> str:
    """Return an error's kind without its text, which may hold addresses, names or amounts."""
    cause = getattr(error, "orig", None)
    return type(error).__name__ if cause is None else f"{type(error).__name__} ({type(cause).__name__})"


def place_of(tb: TracebackType | None) -> str:
    """Return file and line where a traceback ends."""
    if tb is None:
        return ""
    while tb.tb_next is not None:
        tb = tb.tb_next
    return f"{Path(tb.tb_frame.f_code.co_filename).name}:{tb.tb_lineno}"
