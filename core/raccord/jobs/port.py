"""What the rest of Raccord asks of a job engine, whichever engine it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Advance = Callable[[str], str]
"""Executes one bounded, committed unit of a run, given by its id; returns ``more``, ``done`` or ``stopped``.

It records in the run's row whatever stopped it. It raises ``Fenced`` when another execution took the run over, and
errors of the network or the database when trying again may help.
"""


class Outcome(StrEnum):
    """What one step of a run came to."""

    MORE = "more"
    DONE = "done"
    STOPPED = "stopped"
    """Paused, cancelled, failed or waiting for approval; the run's row says which."""
    SUPERSEDED = "superseded"
    """Another execution has this run, or it is no longer open: nothing was done."""
    LATER = "later"
    """The source asked to be left alone for a while."""
    BUSY = "busy"
    """Another process works on this company: nothing was done."""
    HANDED_BACK = "handed_back"
    """This process is stopping: nothing was done, somebody else goes on."""


class EngineState(StrEnum):
    """What the engine knows of a run's present epoch; people are shown the run's row instead."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    EXECUTING = "executing"
    FINISHED = "finished"
    BROKEN = "broken"
    """Ended by an error, a cancellation or too many recoveries."""


@dataclass(frozen=True, slots=True)
class Key:
    """One epoch of a run: what an engine queues, executes and forgets."""

    run_id: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.run_id}.{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Return the key that ``str()`` wrote; raises ValueError for any other text."""
        run_id, _, epoch = text.rpartition(".")
        return cls(run_id, int(epoch))


class EngineLostError(Exception):
    """Raised when the engine's own database is gone; starting the engine again makes a new one."""


class EngineStoppedError(Exception):
    """Raised by an engine that has stopped, in whatever thread still asks something of it."""


class JobEngine(Protocol):
    """Executes runs; the truth about them stays in our tables."""

    def start(self) -> None:
        """Take up work."""
        ...

    def stop(self) -> None:
        """Let steps that run come to their end, hand everything else back and let go of all resources."""
        ...

    def submit(self, run_id: str) -> None:
        """Have an open run executed; submitting it again changes nothing. The run's row must be committed."""
        ...

    def state(self, run_id: str) -> EngineState:
        """Return what the engine knows of a run."""
        ...

    def cancel(self, run_id: str) -> None:
        """Let go of a run even while a step of it hangs; closing the run's row is the caller's part."""
        ...

    def housekeeping(self) -> int:
        """Forget a bounded number of runs that ended long ago; return how many."""
        ...


class DurableEngine(JobEngine, Protocol):
    """An engine with a queue of its own that outlives the process, and so needs a reaper and a reconciler."""

    @property
    def executor_id(self) -> str:
        """The id under which this process executes."""
        ...

    def executing(self) -> Mapping[Key, str]:
        """Return what is being executed, with the id of its executor, living or dead."""
        ...

    def states(self, keys: Collection[Key]) -> Mapping[Key, EngineState]:
        """Return what the engine knows of these; all of them are in the answer."""
        ...

    def in_hand(self) -> Collection[Key]:
        """Return what this very process executes at this moment."""
        ...

    def take_over(self, keys: Collection[Key]) -> None:
        """Queue again what dead executors left behind."""
        ...

    def release(self, keys: Collection[Key]) -> None:
        """Let go of these even while their steps hang."""
        ...
