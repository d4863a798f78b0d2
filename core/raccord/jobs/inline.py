"""A job engine without a queue: the caller's own thread executes the run to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from raccord.jobs.errors import company_busy, unknown_run
from raccord.jobs.port import EngineState, Outcome
from raccord.jobs.steps import Slice, Steps
from raccord.plugin.texts import Text
from raccord.store.models import Run
from raccord.sync.execution import SourceAway


class InlineEngine:
    """Executes each submitted run at once; ``submit`` returns when the run is done or stopped.

    It holds the run's company as a worker does, so the two never work on one company at the same time: it waits for
    the worker's slice to end (``Tuning.patience``), then raises JobError ``jobs.company_busy`` and leaves the run
    queued. A worker that runs beside it takes the run up when this process dies.

    A person waits for it: a source that puts the run off is waited for while ``Tuning.command_patience`` lasts, and
    ``on_later`` is told each time why and for how long; then the run fails.
    """

    def __init__(self, steps: Steps, on_later: Callable[[Text, timedelta], None] | None = None) -> None:
        self._steps = steps
        self._on_later = on_later

    def start(self) -> None:
        """Nothing to take up: work comes with ``submit``."""

    def stop(self) -> None:
        """Ask the run that another thread executes to stop after its step; a worker or the next submit goes on."""
        self._steps.stopping.set()

    def submit(self, run_id: str) -> None:
        waits: list[timedelta] = []
        while True:
            with self._steps.slice(run_id) as execution:
                while (outcome := execution.step()) is Outcome.MORE:
                    waits.clear()
                if outcome is not Outcome.LATER or execution.put_off is None:
                    break
                later = self._wait(execution, len(waits))
                if sum(waits, later) > self._steps.tuning.command_patience:
                    execution.give_up()
                    break
            if self._on_later is not None:
                self._on_later(execution.put_off.text, later)
            if self._steps.pause(later):
                return
            waits.append(later)
        if outcome is Outcome.BUSY:
            raise company_busy(self._company(run_id))

    def _wait(self, execution: Slice, before: int) -> timedelta:
        """Return how long to wait: as long as the source asked for; less at first where it gave no answer at all."""
        if not isinstance(execution.put_off, SourceAway):
            return execution.later
        longer: timedelta = self._steps.tuning.away_wait * (1 << before)
        return min(longer, execution.later)

    def state(self, run_id: str) -> EngineState:
        """Return ``unknown`` for every run: there is no queue that could know of it."""
        return EngineState.UNKNOWN

    def cancel(self, run_id: str) -> None:
        """Nothing to let go of: the closed row stops the run at its next commit."""

    def housekeeping(self) -> int:
        return 0

    def _company(self, run_id: str) -> str:
        with self._steps.database.read() as session:
            company_id = session.scalar(select(Run.company_id).where(Run.id == run_id))
        if company_id is None:
            raise unknown_run(run_id)
        return company_id


class HandOver:
    """The engine of a process that executes nothing (the web pages beside workers, a command without ``--wait``).

    A submitted run is already in our table; a worker's reconciler takes it from there within ``Tuning.chores_every``.
    """

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def submit(self, run_id: str) -> None:
        """Leave the run where the reconciler finds it."""

    def state(self, run_id: str) -> EngineState:
        """Return ``unknown``: only workers see the engine's queue."""
        return EngineState.UNKNOWN

    def cancel(self, run_id: str) -> None:
        """Leave it to the reconciler, which lets go of executions whose run is closed."""

    def housekeeping(self) -> int:
        return 0
