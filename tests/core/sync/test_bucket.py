"""The book of a company's requests in the database: all processes together stay under the limits, people first."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from raccord.clock import FixedClock
from raccord.quickbooks import PUBLISHED, Governor, Lane, Limits, NoPermitError
from raccord.store.database import Database
from raccord.store.models import Company, RateBucket
from raccord.sync.books.bucket import AHEAD_US, CHUNK, GRACE_MS, Rate, StoredBucket

MINUTE_MS = 60_000
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def company_id(database: Database) -> str:
    with database.begin() as session:
        session.add(Company(id="c1", realm="1", environment="production", name="Boulangerie", created_at=START))
    return "c1"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@contextmanager
def process(
    database: Database, company_id: str, clock: FixedClock, limits: Limits = PUBLISHED
) -> Iterator[StoredBucket]:
    """A bucket as another process has it: with a database of its own."""
    own = Database(database.url)
    try:
        yield StoredBucket(own, company_id, limits, clock)
    finally:
        own.dispose()


def most_within(starts: Sequence[int], span_ms: int) -> int:
    return max(sum(1 for other in starts if start <= other < start + span_ms) for start in starts)


def drive(clock: FixedClock, takers: Sequence[Callable[[], int]], until_ms: int, step_ms: int = 10) -> list[list[int]]:
    """Let every taker ask as soon as it may, on one clock; returns when each got what it asked for."""
    got: list[list[int]] = [[] for _ in takers]
    due = [clock.elapsed_ms()] * len(takers)
    while clock.elapsed_ms() < until_ms:
        for number, take in enumerate(takers):
            while due[number] <= clock.elapsed_ms():
                wait_ms = take()
                if wait_ms == 0:
                    got[number].append(clock.elapsed_ms())
                due[number] = clock.elapsed_ms() + wait_ms
        clock.advance(timedelta(milliseconds=step_ms))
    return got


def runs(bucket: StoredBucket, *, batch: bool = False) -> Callable[[], int]:
    return lambda: bucket.take(Lane.RUN, batch=batch)


def test_three_processes_together_keep_every_second_and_every_minute(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    with (
        process(database, company_id, clock) as one,
        process(database, company_id, clock) as two,
        process(database, company_id, clock) as three,
    ):
        got = drive(clock, [runs(one), runs(two), runs(three)], 2 * MINUTE_MS)
    together = sorted(start for each in got for start in each)
    assert most_within(together, MINUTE_MS) <= PUBLISHED.per_minute + 6
    assert most_within(together, 1_000) <= 10
    assert len(together) >= 2 * PUBLISHED.per_minute * 0.98, "and what the limits give is used"
    assert min(len(each) for each in got) > 0.1 * len(together), "and nobody is left out"


def test_a_minute_never_holds_more_than_forty_batches_and_they_are_not_overtaken(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    with process(database, company_id, clock) as one, process(database, company_id, clock) as two:
        takers = [runs(one), runs(one, batch=True), runs(two), runs(two, batch=True)]
        got = drive(clock, takers, 3 * MINUTE_MS)
    batches = sorted([*got[1], *got[3]])
    assert most_within(batches, MINUTE_MS) <= 40
    assert len(batches) >= 3 * PUBLISHED.batches_per_minute * 0.98
    assert most_within(sorted(start for each in got for start in each), MINUTE_MS) <= PUBLISHED.per_minute + 6


def test_a_person_waits_less_than_two_seconds_while_runs_take_all_they_may(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    waits = []
    with process(database, company_id, clock) as worker, process(database, company_id, clock) as page:
        drive(clock, [runs(worker)], 30_000)
        for _ in range(20):
            asked_ms = clock.elapsed_ms()
            got: list[int] = []
            while not got:
                _, got = drive(
                    clock, [runs(worker), lambda: page.take(Lane.INTERACTIVE, batch=False)], clock.elapsed_ms() + 10
                )
            waits.append(got[0] - asked_ms)
    assert max(waits) < 2_000
    assert sum(waits) / len(waits) < 800


def test_people_have_a_reserve_that_runs_cannot_touch(database: Database, company_id: str, clock: FixedClock) -> None:
    limits = Limits(per_minute=20, per_second=20, reserve_per_minute=5, reserve_per_second=5)
    with process(database, company_id, clock, limits) as worker, process(database, company_id, clock, limits) as page:
        drive(clock, [runs(worker)], 30_000)
        got = drive(clock, [runs(worker), lambda: page.take(Lane.INTERACTIVE, batch=False)], 31_000)
    assert len(got[1]) >= 5
    assert len(got[0]) <= 1


def test_a_pause_stops_every_process_when_it_books_next(database: Database, company_id: str, clock: FixedClock) -> None:
    with process(database, company_id, clock) as one, process(database, company_id, clock) as two:
        drive(clock, [runs(one), runs(two)], 5_000)
        one.pause(60_000)
        paused_ms = clock.elapsed_ms()
        got = drive(clock, [runs(one), runs(two)], paused_ms + 70_000)
    assert got[0][0] >= paused_ms + 60_000
    early = [start for start in got[1] if start < paused_ms + 60_000]
    assert len(early) <= CHUNK
    assert most_within(got[0] + got[1], 1_000) <= 10, "and afterwards they do not all rush"


def test_a_shorter_pause_does_not_cut_a_longer_one(database: Database, company_id: str, clock: FixedClock) -> None:
    with process(database, company_id, clock) as one, process(database, company_id, clock) as two:
        one.pause(60_000)
        two.pause(1_000)
        assert two.take(Lane.RUN, batch=False) == one.take(Lane.INTERACTIVE, batch=True) == 60_000


def test_a_start_that_is_late_is_lost_and_not_made_up_for_in_one_rush(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    with process(database, company_id, clock) as one:
        assert one.take(Lane.RUN, batch=False) == 0
        clock.advance(timedelta(seconds=30))
        got = drive(clock, [runs(one)], clock.elapsed_ms() + 2_000)
    assert most_within(got[0], 1_000) <= PUBLISHED.per_second


def test_a_clock_that_was_wrong_does_not_stop_a_company_for_hours(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    with process(database, company_id, clock) as one:
        one.take(Lane.RUN, batch=True)
        with database.begin() as session:
            session.execute(update(RateBucket).values(free_at_us=RateBucket.free_at_us + 3_600_000_000 * 24 * 365 * 60))
        clock.advance(timedelta(seconds=2))
        assert one.take(Lane.RUN, batch=True) == 0
        clock.set(START - timedelta(days=1))
        clock.advance(timedelta(seconds=2))
        assert one.take(Lane.RUN, batch=False) == 0


def test_a_run_pays_one_transaction_for_five_requests(
    database: Database, company_id: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 0
    real = Database.begin

    def counted(self: Database) -> object:
        nonlocal begun
        begun += 1
        return real(self)

    with process(database, company_id, clock) as one:
        monkeypatch.setattr(Database, "begin", counted)
        (got,) = drive(clock, [runs(one)], 60_000)
    assert begun <= len(got) / CHUNK * 1.5


def test_threads_of_a_process_share_its_bookings(database: Database, company_id: str, clock: FixedClock) -> None:
    limits = Limits(per_minute=600, per_second=10)
    starts: list[int] = []
    with process(database, company_id, clock, limits) as one:
        governor = Governor(limits, one, clock)

        def work() -> None:
            for _ in range(10):
                with governor.permit(Lane.RUN):
                    starts.append(clock.elapsed_ms())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(starts) == 40
    assert most_within(starts, 1_000) <= 12


def test_who_does_not_wait_is_told_and_what_was_booked_serves_the_next(
    database: Database, company_id: str, clock: FixedClock
) -> None:
    with process(database, company_id, clock) as one:
        governor = Governor(PUBLISHED, one, clock)
        with governor.permit(Lane.RUN, batch=True):
            pass
        with pytest.raises(NoPermitError), governor.permit(Lane.RUN, batch=True, patience_ms=250):
            pytest.fail("the next batch may only leave a second later")
        with governor.permit(Lane.RUN, patience_ms=250):
            pass


def test_a_booking_waits_for_another_one_and_sees_it(database: Database, company_id: str, clock: FixedClock) -> None:
    waits: list[int] = []
    with process(database, company_id, clock) as one, process(database, company_id, clock) as two:
        one.pause(1_000)
        clock.advance(timedelta(seconds=2))
        asking = threading.Thread(target=lambda: waits.append(two.take(Lane.RUN, batch=False)))
        with database.begin() as session:
            session.scalars(select(RateBucket).with_for_update()).all()
            asking.start()
            until_blocked(database, session)
            later_us = RateBucket.free_at_us + 60_000_000
            session.execute(update(RateBucket).where(RateBucket.name == "pause").values(free_at_us=later_us))
        asking.join()
    assert waits == [59_000]


def until_blocked(database: Database, session: Session) -> None:
    """Wait until somebody waits for a lock; SQLite lets nobody begin meanwhile, so that there is nothing to see."""
    for _ in range(20_000 if database.dialect == "postgresql" else 0):
        if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            return
    assert database.dialect == "sqlite", "nobody waited for the rows"


TAKE = """
import sys, time
from raccord.clock import SystemClock
from raccord.quickbooks import Lane, Limits
from raccord.store.database import Database
from raccord.sync.books.bucket import StoredBucket

url, company_id, path = sys.argv[1:]
database, clock = Database(url), SystemClock()
bucket = StoredBucket(database, company_id, Limits(per_minute=1_200, per_second=20), clock)
print("ready", flush=True)
sys.stdin.readline()
starts, end_ms = [], clock.elapsed_ms() + 2_000
while clock.elapsed_ms() < end_ms:
    wait_ms = bucket.take(Lane.RUN, batch=False)
    if wait_ms:
        clock.sleep_ms(wait_ms)
    else:
        starts.append(clock.elapsed_ms())
database.dispose()
with open(path, "a") as file:
    file.write("".join(f"{start}\\n" for start in starts))
"""


@pytest.mark.either_database
def test_two_real_processes_share_one_rate(
    database: Database, database_url: str, company_id: str, tmp_path: Path,
    run_together: Callable[[list[str]], list[int]],
) -> None:  # fmt: skip
    path = tmp_path / "starts"
    assert run_together([sys.executable, "-c", TAKE, database_url, company_id, str(path)]) == [0, 0]
    starts = sorted(int(line) for line in path.read_text().splitlines())
    assert 1 < most_within(starts, 1_000) <= 20 * (1_000 + GRACE_MS) / 1_000 + 1
    with database.read() as session:
        names = set(session.scalars(select(RateBucket.name)))
    assert names == {"second", "minute", "batches", "pause"}


@given(
    most=st.integers(1, 600),
    reserve=st.integers(0, 50),
    late_us=st.integers(0, 2_000_000),
    gaps=st.lists(st.tuples(st.integers(0, 5_000_000), st.sampled_from(Lane)), min_size=1, max_size=300),
)
def test_gcra_never_lets_more_through_than_it_promises(
    most: int, reserve: int, late_us: int, gaps: list[tuple[int, Lane]]
) -> None:
    span_us = 60_000_000
    rate = Rate.of(most, span_us, reserve, late_us)
    now_us = free_at_us = AHEAD_US
    passed: list[tuple[int, Lane]] = []
    for gap_us, lane in gaps:
        now_us += gap_us
        if rate.earliest(free_at_us, lane) <= now_us:
            free_at_us = rate.after(free_at_us, now_us)
            passed.append((now_us, lane))
    everyone = [at_us for at_us, _ in passed]
    assert most_within(everyone, span_us) <= most + reserve + -(-late_us // rate.interval_us) if everyone else True
    assert everyone[:1] == [AHEAD_US + gaps[0][0]], "the first always passes"


@given(lanes=st.lists(st.sampled_from(Lane), max_size=200), most=st.integers(1, 600), reserve=st.integers(0, 50))
def test_gcra_asked_at_the_moment_it_names_always_lets_through(lanes: list[Lane], most: int, reserve: int) -> None:
    rate = Rate.of(most, 60_000_000, reserve)
    now_us = free_at_us = 0
    for lane in lanes:
        now_us = max(now_us, rate.earliest(free_at_us, lane))
        before = rate.earliest(free_at_us, lane)
        assert before <= now_us
        free_at_us = rate.after(free_at_us, now_us)
    assert now_us <= len(lanes) * rate.interval_us
