"""Workers in processes of their own, killed at the wrong moment."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

import paging_worker
import pytest
from begun import Begun
from sqlalchemy import select

from raccord.jobs.locks import FileLock
from raccord.store.models import RunCount, RunState, Worker

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "pages.log"


@pytest.fixture
def started(house, engine_url, tmp_path, log):
    """Starts workers; those still alive at the end are killed."""
    processes = []

    def start(*more):
        url = house.database.url.render_as_string(hide_password=False)
        process = Begun(paging_worker.main, url, engine_url, str(tmp_path), str(log), *more)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def lines(log):
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def wait_for(condition):
    pause = threading.Event()
    for _ in range(1500):
        found = condition()
        if found:
            return found
        pause.wait(0.02)
    pytest.fail("it did not happen within thirty seconds")


def fetched(house, run_id):
    with house.database.read() as session:
        return session.scalar(select(RunCount.fetched).where(RunCount.run_id == run_id))


@ON_POSTGRES
def test_a_second_worker_takes_over_from_one_that_was_killed(house, connection, started, log, until):
    workers = {str(process.pid): process for process in (started(), started())}
    run_id = house.queued(connection)
    victim = wait_for(lambda: [pid for _, page, pid in lines(log) if page == "3"])[0]
    workers[victim].kill()
    until(run_id, RunState.DONE)
    pids = [pid for _, _, pid in lines(log)]
    assert pids[-1] != victim
    assert fetched(house, run_id) == 12
    # A page cut off in the middle is done again; all others are done once.
    assert sum(Counter(page for _, page, _ in lines(log)).values()) <= 13
    wait_for(lambda: house.run(run_id).restarts == 0)


@ON_SQLITE
def test_an_embedded_worker_goes_on_after_it_was_killed(house, connection, started, log, until):
    first = started()
    run_id = house.queued(connection)
    wait_for(lambda: [page for _, page, _ in lines(log) if page == "3"])
    first.kill()
    first.wait()
    started()
    until(run_id, RunState.DONE)
    assert fetched(house, run_id) == 12


@ON_SQLITE
def test_a_run_that_kills_every_worker_is_given_up_and_the_worker_lives(house, connection, started, log, until):
    run_id = house.queued(connection)
    for _ in range(3):
        last = started("poison")
        wait_for(lambda last=last: last.poll() is not None or house.run(run_id).state == RunState.FAILED)
    run = until(run_id, RunState.FAILED)
    assert run.error_code == "jobs.too_many_restarts"
    assert last.poll() is None
    assert [page for _, page, _ in lines(log)] == ["1", "2", "2"]


@ON_SQLITE
def test_a_data_directory_belongs_to_one_process_until_that_has_stopped(house, connection, started, until, tmp_path):
    process = started()
    # The heartbeat comes before the lock, and what it does not yet hold is no business of a second process.
    run_id = house.queued(connection)
    until(run_id, RunState.DONE)
    assert living(house)
    assert FileLock.take(tmp_path / "engine.lock") is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert living(house) == []
    lock = FileLock.take(tmp_path / "engine.lock")
    assert lock is not None
    lock.release()


@ON_POSTGRES
@pytest.mark.slow
def test_a_frozen_worker_that_wakes_up_after_its_run_was_taken_over_writes_nothing(
    house, connection, started, log, until
):
    workers = {str(process.pid): process for process in (started(), started())}
    run_id = house.queued(connection)
    victim = wait_for(lambda: [pid for _, page, pid in lines(log) if page == "3"])[0]
    os.kill(int(victim), signal.SIGSTOP)
    until(run_id, RunState.DONE)
    os.kill(int(victim), signal.SIGCONT)
    wait_for(lambda: len(living(house)) == 2)
    workers[victim].send_signal(signal.SIGTERM)
    assert workers[victim].wait(30) == 0
    assert fetched(house, run_id) == 12
    assert house.run(run_id).state == RunState.DONE


@pytest.mark.slow
@pytest.mark.at_length
def test_workers_killed_again_and_again_bring_every_run_to_its_end_page_by_page(house, started, log, until):
    run_ids = [house.queued(house.connection(house.company(str(realm)))) for realm in range(3)]
    process = started()
    for kill in range(1, 6):
        wait_for(lambda kill=kill: len(lines(log)) >= 6 * kill)
        process.kill()
        process.wait()
        process = started()
    for run_id in run_ids:
        until(run_id, RunState.DONE)
        assert fetched(house, run_id) == 12


def living(house):
    with house.database.read() as session:
        return session.scalars(select(Worker.executor_id)).all()
