"""The durable engine in this process, on both databases."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dbos import DBOS
from lost_engine import lose_engine
from sqlalchemy import select

from raccord.jobs.errors import JobError
from raccord.jobs.inline import InlineEngine
from raccord.jobs.locks import company_locks
from raccord.jobs.port import EngineState, Key
from raccord.jobs.reaper import take_over
from raccord.jobs.requests import cancel, pause, request_run, resume
from raccord.jobs.workers import database_now
from raccord.store.models import Run, RunCount, RunState, Worker

# What does not depend on the database is tried on one, to spare time.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def ask(house):
    """Asks for a run of a connection."""

    def request(worker, connection):
        return request_run(house.database, worker.engine, connection, trigger="person", by="owner", clock=house.clock)

    return request


def fetched(house, run_id):
    with house.database.read() as session:
        return session.scalar(select(RunCount.fetched).where(RunCount.run_id == run_id))


class Gate:
    """Holds a page until it is opened; tells when a step has come to it."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, _run_id: str, page: int) -> None:
        if page == self.page:
            self.reached.set()
            assert self.opened.wait(20)


def test_a_run_is_executed_to_its_end_in_slices(house, connection, pages, worker_of, ask, until):
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    run = until(run_id, RunState.DONE)
    assert (len(pages.steps), fetched(house, run_id)) == (5, 5)
    assert run.epoch == 1  # five pages are two slices of three
    wait_for(lambda: house.run(run_id).restarts == 0)  # forgotten after the step that ended the run
    assert run.started_at is not None


def test_two_connections_of_one_company_take_turns(house, company, pages, worker_of, ask, until):
    worker = worker_of(pages.advance)
    worker.start()
    run_ids = [ask(worker, house.connection(company)) for _ in range(3)]
    for run_id in run_ids:
        until(run_id, RunState.DONE)
    assert pages.together == 1
    # A run that has begun is brought to its end, slices and all, before another of its company begins.
    assert [run_id for run_id in dict.fromkeys(pages.steps) for _ in range(5)] == pages.steps


@ON_SQLITE
def test_two_companies_are_worked_on_side_by_side(house, pages, worker_of, ask, until):
    both = threading.Barrier(2, timeout=20)
    pages.during = lambda _run_id, page: both.wait() if page == 2 else None
    worker = worker_of(pages.advance)
    worker.start()
    run_ids = [ask(worker, house.connection(house.company(realm))) for realm in ("1", "2")]
    for run_id in run_ids:
        until(run_id, RunState.DONE)


def test_a_run_pauses_between_two_pages_and_goes_on_where_it_was(house, connection, pages, worker_of, ask, until):
    gate = pages.during = Gate(page=2)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    pause(house.database, run_id)
    gate.opened.set()
    assert until(run_id, RunState.PAUSED).progress == {"page": 2}
    resume(house.database, worker.engine, run_id)
    until(run_id, RunState.DONE)
    assert fetched(house, run_id) == 5


@ON_SQLITE
def test_a_run_is_cancelled_between_two_pages(house, connection, pages, worker_of, ask, until):
    gate = pages.during = Gate(page=2)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    cancel(house.database, worker.engine, run_id, clock=house.clock)
    assert house.run(run_id).state == RunState.RUNNING
    gate.opened.set()
    assert until(run_id, RunState.CANCELLED).progress == {"page": 2}


def test_a_hung_run_cancelled_by_force_writes_nothing_more_and_keeps_its_company_to_itself(
    house, company, connection, pages, worker_of, ask, until
):
    gate = pages.during = Gate(page=2)
    worker = worker_of(pages.advance)
    worker.start()
    hung = ask(worker, connection)
    assert gate.reached.wait(20)
    cancel(house.database, worker.engine, hung, clock=house.clock, force=True)
    assert house.run(hung).state == RunState.CANCELLED
    assert worker.engine.state(hung) is EngineState.BROKEN
    pages.during = lambda *_: None
    following = ask(worker, house.connection(company))
    worker.chores()
    assert pages.steps.count(following) == 0
    gate.opened.set()
    until(following, RunState.DONE)
    assert (house.run(hung).progress, pages.together) == ({"page": 1}, 1)


@ON_SQLITE
def test_a_run_cancelled_by_force_elsewhere_is_let_go_after_a_lease(house, connection, pages, worker_of, ask, clock):
    gate = pages.during = Gate(page=1)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    with house.database.begin() as session:
        run = session.get_one(Run, run_id)
        run.state, run.finished_at, run.fence = RunState.CANCELLED, datetime(2025, 1, 1, tzinfo=UTC), 99
    wait_for(lambda: worker.engine.state(run_id) is EngineState.BROKEN)
    gate.opened.set()


@ON_SQLITE
def test_a_failure_closes_the_run_and_frees_its_company(house, company, connection, pages, worker_of, ask, until):
    def fail(run_id, page):
        raise KeyError

    pages.during = fail
    worker = worker_of(pages.advance)
    worker.start()
    failed = ask(worker, connection)
    assert until(failed, RunState.FAILED).error_code == "jobs.unexpected"
    pages.during = lambda *_: None
    until(ask(worker, connection), RunState.DONE)


@ON_SQLITE
def test_passing_trouble_in_the_middle_of_a_run_is_overcome(house, connection, pages, worker_of, ask, until):
    troubles = iter([TimeoutError(), TimeoutError()])

    def trouble(_run_id, page):
        if page == 3:
            for error in troubles:
                raise error

    pages.during = trouble
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    until(run_id, RunState.DONE)
    assert (len(pages.steps), fetched(house, run_id)) == (7, 5)


@ON_SQLITE
def test_a_run_that_was_fenced_by_an_execution_that_vanished_is_taken_up_again(
    house, connection, pages, worker_of, ask, until
):
    def fence_once(run_id, page):
        if page == 2 and pages.steps.count(run_id) == 2:
            with house.database.begin() as session:
                session.get_one(Run, run_id).fence += 1

    pages.during = fence_once
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    until(run_id, RunState.DONE)
    assert (len(pages.steps), fetched(house, run_id)) == (6, 5)


@ON_SQLITE
def test_a_run_queued_by_a_process_without_an_engine_is_found(house, connection, pages, worker_of, until):
    worker_of(pages.advance).start()
    until(house.queued(connection), RunState.DONE)


def test_stopping_waits_for_the_step_and_the_next_start_goes_on(house, connection, pages, worker_of, ask, until):
    gate = pages.during = Gate(page=2)
    first = worker_of(pages.advance)
    first.start()
    run_id = ask(first, connection)
    assert gate.reached.wait(20)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    assert stopping.is_alive()
    gate.opened.set()
    stopping.join(20)
    assert house.run(run_id).state == RunState.RUNNING
    assert house.run(run_id).progress["page"] in (2, 3)
    assert living_workers(house) == []
    worker_of(pages.advance).start()
    until(run_id, RunState.DONE)
    assert fetched(house, run_id) == 5


def test_losing_the_engines_database_between_two_starts_loses_nothing(
    house, connection, pages, worker_of, ask, until, engine_url
):
    gate = pages.during = Gate(page=2)
    first = worker_of(pages.advance)
    first.start()
    run_id = ask(first, connection)
    assert gate.reached.wait(20)
    gate.opened.set()
    first.stop()
    lose_engine(house.database, engine_url)
    worker_of(pages.advance).start()
    until(run_id, RunState.DONE)
    assert fetched(house, run_id) == 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_losing_the_engines_database_under_a_running_worker_loses_nothing(
    house, connection, pages, worker_of, ask, until, engine_url
):
    gate = pages.during = Gate(page=2)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    lose_engine(house.database, engine_url)
    gate.opened.set()
    until(run_id, RunState.DONE)
    assert fetched(house, run_id) == 5
    assert not worker.broken


def test_the_inline_engine_and_a_worker_never_work_on_one_company_together(
    house, company, connection, pages, worker_of, ask, until, steps_of
):
    gate = pages.during = Gate(page=2)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    inline = InlineEngine(steps_of(pages.advance))
    other = house.connection(company)
    with pytest.raises(JobError) as caught:
        request_run(house.database, inline, other, trigger="person", by="owner", clock=house.clock)
    assert caught.value.code == "jobs.company_busy"
    gate.opened.set()
    until(run_id, RunState.DONE)
    with suppress(JobError):
        request_run(house.database, inline, other, trigger="person", by="owner", clock=house.clock)
    with house.database.read() as session:
        (mine,) = session.scalars(select(Run.id).where(Run.connection_id == other))
    until(mine, RunState.DONE)  # by whichever of the two came first
    assert (pages.together, fetched(house, mine)) == (1, 5)


def test_a_company_held_by_a_command_waits_outside_the_queue(house, company, connection, pages, worker_of, ask, until):
    held = company_locks(house.database, "command").take(company)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    wait_for(lambda: house.run(run_id).epoch >= 2)
    assert pages.steps == []
    held.release()
    until(run_id, RunState.DONE)
    wait_for(lambda: house.run(run_id).restarts == 0)


@ON_SQLITE
def test_what_the_engine_gave_up_is_queued_again(house, connection, pages, worker_of, ask, until):
    gate = pages.during = Gate(page=1)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    worker.engine.release([Key(run_id, 0)])
    # Its next execution may have found the company busy, and moved on, before this looks.
    wait_for(lambda: house.run(run_id).epoch >= 1)
    gate.opened.set()
    until(run_id, RunState.DONE)
    wait_for(lambda: house.run(run_id).restarts == 0)
    assert fetched(house, run_id) == 5


@ON_SQLITE
def test_what_the_engine_gives_up_again_and_again_is_closed_in_our_tables(
    house, connection, pages, worker_of, ask, until
):
    gate = pages.during = Gate(page=1)
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)

    def closed_after_another():
        worker.engine.release([Key(run_id, house.run(run_id).epoch)])
        return house.run(run_id).state == RunState.FAILED

    wait_for(closed_after_another)
    run = until(run_id, RunState.FAILED)
    assert (run.error_code, run.restarts) == ("jobs.engine_stopped", worker._tuning.max_restarts + 1)
    gate.opened.set()


@ON_SQLITE
def test_a_worker_starts_and_stops_inside_an_event_loop(house, connection, pages, worker_of, until):
    worker = worker_of(pages.advance)

    async def serve() -> None:
        worker.start()
        run_id = request_run(house.database, worker.engine, connection, trigger="person", by="owner", clock=house.clock)
        await asyncio.to_thread(until, run_id, RunState.DONE)
        worker.stop()

    asyncio.run(serve())


def test_ended_runs_are_forgotten_by_the_engine_after_their_time(
    house, connection, pages, worker_of, ask, until, quick
):
    worker = worker_of(pages.advance, replace(quick, keep_finished=timedelta(days=-1)))
    worker.start()
    run_id = ask(worker, connection)
    until(run_id, RunState.DONE)
    wait_for(lambda: worker.engine.state(run_id) is EngineState.FINISHED)
    assert worker.engine.housekeeping() == 2
    assert worker.engine.housekeeping() == 0
    assert worker.engine.state(run_id) is EngineState.UNKNOWN


@ON_SQLITE
def test_nothing_of_a_run_but_its_ids_is_kept_by_the_engine(house, connection, pages, worker_of, ask, until):
    worker = worker_of(pages.advance)
    worker.start()
    run_id = ask(worker, connection)
    until(run_id, RunState.DONE)
    wait_for(lambda: worker.engine.state(run_id) is EngineState.FINISHED)
    (first, second) = DBOS.list_workflows(workflow_id_prefix=run_id)
    assert first.input == {"args": (run_id, 0, 3), "kwargs": {}}
    assert (first.output, second.output) == ("more", "done")
    steps = DBOS.list_workflow_steps(f"{run_id}.1")
    assert [(step["function_name"], step["output"]) for step in steps] == [("advance", "more"), ("advance", "done")]


def test_a_worker_says_that_it_lives_by_the_databases_clock(house, pages, worker_of):
    worker = worker_of(pages.advance)
    worker.start()
    with house.database.read() as session:
        beats = session.scalars(select(Worker)).all()
        assert [beat.executor_id for beat in beats] == [worker.executor_id]
        assert abs(beats[0].beat_at - database_now(session)) < timedelta(seconds=5)
    first = beats[0].beat_at

    def renewed():
        with house.database.read() as session:
            return session.get_one(Worker, worker.executor_id).beat_at > first

    wait_for(renewed)


@ON_SQLITE
def test_a_second_embedded_worker_on_one_data_directory_is_refused(house, pages, worker_of):
    worker_of(pages.advance).start()
    second = worker_of(pages.advance)
    with pytest.raises(JobError) as caught:
        second.start()
    assert caught.value.code == "jobs.second_process"
    second.stop()
    assert living_workers(house) == ["local"]


@ON_SQLITE
def test_a_worker_whose_heartbeat_is_late_does_not_take_its_own_runs_from_itself(
    house, connection, pages, worker_of, ask, until, quick
):
    gate = pages.during = Gate(page=1)
    worker = worker_of(pages.advance, replace(quick, beat_every=timedelta(hours=1)))
    worker.start()
    run_id = ask(worker, connection)
    assert gate.reached.wait(20)
    with house.database.begin() as session:
        session.get_one(Worker, worker.executor_id).beat_at = datetime(2025, 1, 1, tzinfo=UTC)
    assert take_over(house.database, worker.engine, quick) == 0
    gate.opened.set()
    until(run_id, RunState.DONE)


def living_workers(house):
    with house.database.read() as session:
        return session.scalars(select(Worker.executor_id)).all()


def wait_for(condition):
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.02)
    pytest.fail("it did not happen within twenty seconds")
