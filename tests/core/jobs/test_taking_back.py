"""A worker takes back what it does not have in hand, and stops whichever of its threads is told to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from raccord.clock import FixedClock
from raccord.jobs.port import EngineState, Key
from raccord.jobs.reaper import alone
from raccord.jobs.tuning import Tuning
from raccord.jobs.worker import Worker
from raccord.store.database import Database

ENDED, WORKED_ON, ELSEWHERE = Key("ended", 3), Key("worked on", 1), Key("elsewhere", 1)


@dataclass
class Engine:
    """An engine that was not told of the end of one execution."""

    executor_id: str = "me"
    taken: list[Key] = field(default_factory=list)
    hands: set[Key] = field(default_factory=lambda: {WORKED_ON})

    def executing(self) -> Mapping[Key, str]:
        return {ENDED: "me", WORKED_ON: "me", ELSEWHERE: "another"}

    def in_hand(self) -> Collection[Key]:
        return self.hands

    def take_over(self, keys: Collection[Key]) -> None:
        self.taken += keys

    def states(self, keys: Collection[Key]) -> Mapping[Key, EngineState]:
        return dict.fromkeys(keys, EngineState.EXECUTING)

    def release(self, keys: Collection[Key]) -> None:
        raise AssertionError("nothing was cancelled")

    def housekeeping(self) -> int:
        return 0

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def submit(self, run_id: str) -> None: ...
    def cancel(self, run_id: str) -> None: ...
    def state(self, run_id: str) -> EngineState:
        return EngineState.EXECUTING


def test_an_execution_that_ended_without_a_word_is_queued_again_after_a_lease(
    sqlite_database: Database, clock: FixedClock
) -> None:
    engine, tuning = Engine(), Tuning(lease=timedelta(seconds=30))
    worker = Worker(sqlite_database, engine, "me", clock, tuning)
    worker._reap_from_ms = 10**9  # what dead workers leave is another matter
    worker.chores()
    clock.advance(timedelta(seconds=29))
    worker.chores()
    assert engine.taken == [], "it may just have been taken, or be just ending"
    clock.advance(timedelta(seconds=1))
    worker.chores()
    assert engine.taken == [ENDED]


def test_one_that_is_taken_up_meanwhile_is_left_alone(sqlite_database: Database, clock: FixedClock) -> None:
    engine = Engine()
    worker = Worker(sqlite_database, engine, "me", clock, Tuning(lease=timedelta(seconds=30)))
    worker._reap_from_ms = 10**9
    worker.chores()
    engine.hands.add(ENDED)
    clock.advance(timedelta(seconds=20))
    worker.chores()
    engine.hands.discard(ENDED)
    clock.advance(timedelta(seconds=20))
    worker.chores()
    assert engine.taken == []


@pytest.mark.timeout(20)
def test_a_signal_that_the_kernel_gives_to_another_thread_ends_the_wait(
    sqlite_database: Database, clock: FixedClock
) -> None:
    worker = Worker(sqlite_database, Engine(), "me", clock, Tuning())
    before = signal.signal(signal.SIGUSR1, lambda *_: worker.ask_to_stop())
    # A thread whose own wait the signal interrupts nothing of, as those of a process that was just thawed.
    told = threading.Event()
    other = threading.Thread(target=told.wait, daemon=True)
    other.start()
    assert other.ident is not None
    timer = threading.Timer(0.1, signal.pthread_kill, (other.ident, signal.SIGUSR1))
    timer.start()
    try:
        worker.wait()
    finally:
        told.set()
        timer.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_freezes_while_it_takes_over_keeps_the_others_from_it_for_a_moment_only(database: Database) -> None:
    patience = timedelta(milliseconds=300)
    with ExitStack() as held:
        frozen = held.enter_context(alone(database, patience))
        assert frozen is not None
        with alone(database, patience) as another:
            assert another is None
        for _ in range(200):
            threading.Event().wait(0.05)
            with alone(database, patience) as another:
                if another is not None:
                    break
        else:
            pytest.fail("nobody else may take over")
        with pytest.raises(OperationalError):
            frozen.execute(text("SELECT 1"))
        frozen.rollback()
