"""What is due starts, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.schedules import set_schedule
from raccord.jobs.ticker import tick
from raccord.jobs.tuning import Tuning
from raccord.store.database import Database
from raccord.store.models import Connection, Run, RunState, Schedule

TORONTO = "America/Toronto"


@pytest.fixture
def at_six(house, connection, clock):
    """The connection, due every day at six in Toronto; it is seven in the morning of 2025-03-03 there."""
    set_schedule(house.database, connection, "0 6 * * *", TORONTO, clock=clock)
    return connection


@pytest.fixture
def ticks(house, clock):
    """Ticks and returns how many runs began."""
    return lambda: len(tick(house.database, HandOver(), clock, Tuning()))


def runs(house):
    with house.database.read() as session:
        return list(session.scalars(select(Run).order_by(Run.id)))


def finish(house):
    with house.database.begin() as session:
        for run in session.scalars(select(Run)):
            run.state = RunState.DONE


def next_due(house, connection):
    with house.database.read() as session:
        return session.get_one(Schedule, connection).next_at


def test_nothing_starts_before_its_time(at_six, ticks, clock):
    clock.set(datetime(2025, 3, 4, 10, 59, tzinfo=UTC))
    assert ticks() == 0


def test_a_due_run_starts_once_and_the_next_day_is_set(house, at_six, ticks, clock):
    clock.set(datetime(2025, 3, 4, 11, 0, tzinfo=UTC))
    assert (ticks(), ticks()) == (1, 0)
    (run,) = runs(house)
    assert (run.trigger, run.started_by, run.slot) == ("schedule", "schedule", f"{at_six}:2025-03-04T06:00")
    assert next_due(house, at_six) == datetime(2025, 3, 5, 11, tzinfo=UTC)


def test_days_missed_while_nothing_ran_become_one_run(house, at_six, ticks, clock):
    clock.set(datetime(2025, 3, 8, 15, tzinfo=UTC))
    assert ticks() == 1
    assert next_due(house, at_six) == datetime(2025, 3, 9, 10, tzinfo=UTC)  # six o'clock after the clocks changed


def test_a_repeated_hour_starts_one_run_even_if_the_schedule_is_set_again_in_between(house, connection, ticks, clock):
    clock.set(datetime(2025, 11, 2, 5, 0, tzinfo=UTC))
    set_schedule(house.database, connection, "30 1 * * *", TORONTO, clock=clock)
    clock.set(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))
    assert ticks() == 1
    finish(house)
    with house.database.begin() as session:
        session.get_one(Schedule, connection).next_at = datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
    clock.set(datetime(2025, 11, 2, 6, 30, tzinfo=UTC))
    assert ticks() == 0


def test_a_connection_with_an_open_run_gets_no_second_one(house, at_six, ticks, clock):
    house.queued(at_six)
    clock.set(datetime(2025, 3, 4, 11, tzinfo=UTC))
    assert ticks() == 0
    assert next_due(house, at_six) == datetime(2025, 3, 5, 11, tzinfo=UTC)


@pytest.mark.parametrize("state", ["paused", "reauthorise", "faulty", "disconnected"])
def test_a_connection_that_cannot_run_is_passed_over_until_it_can(house, at_six, ticks, clock, state):
    with house.database.begin() as session:
        session.get_one(Connection, at_six).state = state
    clock.set(datetime(2025, 3, 4, 11, tzinfo=UTC))
    assert ticks() == 0
    with house.database.begin() as session:
        session.get_one(Connection, at_six).state = "connected"
    assert ticks() == 0
    clock.advance(timedelta(days=1))
    assert ticks() == 1


def test_a_schedule_switched_off_never_starts(house, at_six, ticks, clock):
    set_schedule(house.database, at_six, "0 6 * * *", TORONTO, clock=clock, enabled=False)
    clock.advance(timedelta(days=9))
    assert ticks() == 0


def test_a_damaged_schedule_is_switched_off_and_the_others_start(house, company, at_six, ticks, clock):
    damaged = house.connection(company)
    with house.database.begin() as session:
        session.add(Schedule(connection_id=damaged, cron="never", time_zone=TORONTO, next_at=clock.now()))
    clock.set(datetime(2025, 3, 4, 11, tzinfo=UTC))
    assert ticks() == 1
    with house.database.read() as session:
        assert session.get_one(Schedule, damaged).enabled is False


def test_a_schedule_without_a_due_time_gets_one_and_does_not_start(house, connection, ticks, clock):
    with house.database.begin() as session:
        session.add(Schedule(connection_id=connection, cron="0 6 * * *", time_zone=TORONTO))
    assert ticks() == 0
    assert next_due(house, connection) == datetime(2025, 3, 4, 11, tzinfo=UTC)


def test_more_schedules_than_a_batch_and_several_tickers_start_each_once(house, company, clock):
    connections = [house.connection(company) for _ in range(7)]
    for connection in connections:
        set_schedule(house.database, connection, "0 6 * * *", TORONTO, clock=clock)
    clock.set(datetime(2025, 3, 4, 11, tzinfo=UTC))
    tuning = replace(Tuning(), batch=2)

    def one(_):
        database = Database(house.database.url)
        try:
            return len(tick(database, HandOver(), clock, tuning))
        finally:
            database.dispose()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(one, range(3))) == 7
    assert sorted(run.connection_id for run in runs(house)) == sorted(connections)
