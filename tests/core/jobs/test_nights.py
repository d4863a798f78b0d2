"""Each company is proven at night, once, at its own minute, by its own clocks."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from raccord.jobs.errors import JobError
from raccord.jobs.inline import HandOver
from raccord.jobs.nights import FIRST_MINUTE, MINUTES, set_night, start_nights, usual_minute
from raccord.jobs.requests import request_run
from raccord.jobs.tuning import Tuning
from raccord.overview.others import nights
from raccord.store.models import Company, CompanyState, Connection, ConnectionState, Night, Run, RunState

TORONTO, PARIS = "America/Toronto", "Europe/Paris"


@pytest.fixture
def begun(house, clock):
    """Lets nights begin that are due, and returns how many proofs that started."""
    return lambda: len(start_nights(house.database, HandOver(), clock, Tuning()))


def runs(house):
    with house.database.read() as session:
        return list(session.scalars(select(Run).order_by(Run.id)))


def night_of(house, company):
    with house.database.read() as session:
        return session.get_one(Night, company)


def test_each_connection_is_proven_once_a_night_by_the_companys_clocks(house, company, connection, begun, clock):
    house.connection(company, label="Paused", state=ConnectionState.PAUSED)
    house.connection(company, label="Gone", state=ConnectionState.DISCONNECTED)
    assert begun() == 0, "the first night is still to come"
    due = night_of(house, company).next_at
    local = due.astimezone(ZoneInfo(TORONTO))
    assert 2 <= local.hour < 5
    clock.set(due - timedelta(minutes=1))
    assert begun() == 0
    clock.set(due)
    assert (begun(), begun()) == (2, 0)
    assert {(run.trigger, run.phase, run.state) for run in runs(house)} == {("proof", "prove", RunState.QUEUED)}
    assert night_of(house, company).next_at == due + timedelta(days=1)
    # A week without a worker is one night, not seven.
    with house.database.begin() as session:
        for run in session.scalars(select(Run)):
            run.state = RunState.DONE
    clock.set(due + timedelta(days=7, hours=3))
    assert (begun(), begun()) == (2, 0)


def test_companies_begin_at_minutes_of_their_own_within_three_hours():
    minutes = [usual_minute(f"company {number}") for number in range(500)]
    assert min(minutes) >= FIRST_MINUTE
    assert max(minutes) < FIRST_MINUTE + MINUTES
    assert len(set(minutes)) > 150
    assert minutes[0] == usual_minute("company 0")


def test_the_hour_is_kept_where_clocks_change_and_zones_do(house, company, connection, begun, clock):
    set_night(house.database, company, enabled=True, at=time(2, 30), by="op", clock=clock)
    clock.set(datetime(2025, 3, 8, 8, 0, tzinfo=UTC))
    assert begun() == 1
    # On the 9th of March there is no half past two in Toronto.
    assert night_of(house, company).next_at == datetime(2025, 3, 9, 7, 30, tzinfo=UTC)
    clock.set(datetime(2025, 3, 9, 7, 30, tzinfo=UTC))
    with house.database.begin() as session:
        session.get_one(Connection, connection).time_zone = PARIS
        for run in session.scalars(select(Run)):
            run.state = RunState.DONE
    assert begun() == 1
    night = night_of(house, company)
    assert (night.time_zone, night.next_at) == (PARIS, datetime(2025, 3, 10, 1, 30, tzinfo=UTC))


def test_what_is_switched_off_or_not_connected_is_not_proven(house, company, connection, begun, clock):
    due = set_night(house.database, company, enabled=False, by="op", clock=clock)
    clock.set(due)
    assert begun() == 0
    due = set_night(house.database, company, enabled=True, by="op", clock=clock)
    with house.database.begin() as session:
        session.get_one(Company, company).state = CompanyState.REAUTHORISE
    clock.set(due)
    assert (begun(), runs(house)) == (0, [])
    with house.database.read() as session:
        [seen] = nights(session)
    assert (seen.enabled, seen.last_at, seen.confirmed_at) == (True, None, None)
    with pytest.raises(JobError, match="no company nowhere"):
        set_night(house.database, "nowhere", enabled=True, by="op", clock=clock)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_looks_again_and_again_whether_somebody_must_be_told(worker_of, pages, quick):
    looks = threading.Semaphore(0)
    worker = worker_of(pages.advance, replace(quick, watch_every=timedelta(milliseconds=10)), looks.release)
    worker.start()
    assert all(looks.acquire(timeout=20) for _ in range(3))


def test_a_run_that_brings_records_over_takes_the_place_of_a_proof(house, company, connection, begun, clock):
    begun()
    clock.set(night_of(house, company).next_at)
    assert begun() == 1
    [proof] = runs(house)
    run_id = request_run(house.database, HandOver(), connection, trigger="person", by="owner", clock=clock)
    assert run_id != proof.id
    assert [(run.trigger, run.state, run.fence) for run in runs(house)] == [
        ("proof", RunState.CANCELLED, 1), ("person", RunState.QUEUED, 0),
    ]  # fmt: skip
    # And a proof does not push in where records are being brought over: that run proves at its end.
    clock.set(clock.now() + timedelta(days=1))
    assert begun() == 0
