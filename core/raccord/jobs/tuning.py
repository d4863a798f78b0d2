"""How often, how long and how many: the numbers of the jobs layer in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Tuning:
    """Limits and periods of a worker; the defaults suit a person's machine and a small server alike."""

    slots: int = 4
    """Runs executed at once by one process; PostgreSQL needs about two connections for each."""
    slice_steps: int = 10
    """Steps after which a run goes to the back of its queue, so that no company starves another."""
    attempts: int = 8
    """Times a step is tried when the network or the database is away."""
    first_wait: timedelta = timedelta(milliseconds=500)
    """Before the second attempt; doubled for each one after it."""
    longest_wait: timedelta = timedelta(seconds=30)
    longest_later: timedelta = timedelta(hours=1)
    """The longest that a source may put its run off; how often it may is ``max_restarts``."""
    away_wait: timedelta = timedelta(seconds=10)
    """Before a command asks again at a source that gave no answer; doubled for each time after it."""
    command_patience: timedelta = timedelta(minutes=3)
    """How long a command that a person waits for stays with a source that puts it off."""
    patience: timedelta = timedelta(seconds=60)
    """How long a step waits for another process to leave its company."""
    lock_poll: timedelta = timedelta(milliseconds=500)
    """How often it looks whether that process has left."""
    max_restarts: int = 5
    """Executions in a row that end without a word before the run is given up."""
    lease: timedelta = timedelta(seconds=30)
    """Silence after which a worker counts as dead."""
    beat_every: timedelta = timedelta(seconds=5)
    chores_every: timedelta = timedelta(seconds=2)
    watch_every: timedelta = timedelta(minutes=1)
    """How often it is looked whether somebody must be told of something."""
    poll_every: timedelta = timedelta(seconds=1)
    """How often the engine looks for queued work."""
    drain: timedelta = timedelta(seconds=20)
    """How long a stopping process waits for steps that run."""
    busy_wait: timedelta = timedelta(seconds=5)
    """How long a run stays out of the queue when its company was busy."""
    housekeeping_every: timedelta = timedelta(hours=1)
    keep_finished: timedelta = timedelta(days=7)
    batch: int = 500
    """Rows handled by one query of the reaper, the reconciler, the ticker and the housekeeping."""
