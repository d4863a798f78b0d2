"""What people ask of runs, on both databases, without any engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from raccord.jobs.errors import JobError
from raccord.jobs.inline import HandOver
from raccord.jobs.port import EngineState
from raccord.jobs.requests import cancel, pause, request_run, resubmit, resume
from raccord.store.models import ConnectionState, Control, Run, RunState


class Submitted(HandOver):
    """An engine that notes what it was given."""

    def __init__(self) -> None:
        self.run_ids: list[str] = []
        self.let_go: list[str] = []

    def submit(self, run_id: str) -> None:
        self.run_ids.append(run_id)

    def cancel(self, run_id: str) -> None:
        self.let_go.append(run_id)


@pytest.fixture
def engine():
    return Submitted()


@pytest.fixture
def put(house):
    """Sets a run's state and more."""

    def change(run_id: str, **values: object) -> None:
        with house.database.begin() as session:
            run = session.get_one(Run, run_id)
            for name, value in values.items():
                setattr(run, name, value)

    return change


def test_a_run_asked_for_twice_is_one_run(house, connection, engine, clock):
    ask = {"trigger": "person", "by": "owner", "clock": clock}
    first = request_run(house.database, engine, connection, **ask)
    assert request_run(house.database, engine, connection, **ask) == first
    run = house.run(first)
    assert (run.state, run.trigger, run.started_by, run.created_at) == ("queued", "person", "owner", clock.now())
    assert run.company_id
    assert set(engine.run_ids) == {first}


def test_a_run_asked_for_by_many_at_once_is_one_run(house, connection):
    with ThreadPoolExecutor(6) as pool:
        run_ids = list(pool.map(house.queued, [connection] * 12))
    assert len(set(run_ids)) == 1
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 1


def test_a_finished_run_leaves_room_for_the_next(house, connection, put):
    first = house.queued(connection)
    put(first, state=RunState.DONE)
    assert house.queued(connection) != first


def test_a_paused_run_is_returned_but_not_started_by_asking_again(house, connection, engine, clock):
    run_id = house.queued(connection)
    pause(house.database, run_id)
    again = request_run(house.database, engine, connection, trigger="person", by="owner", clock=clock)
    assert again == run_id
    assert engine.run_ids == []


def test_a_dry_run_remembers_where_to_stop(house, connection, engine, clock):
    run_id = request_run(
        house.database, engine, connection, trigger="person", by="owner", clock=clock, stop_after="plan"
    )
    assert house.run(run_id).stop_after == "plan"


@pytest.mark.parametrize("state", ["draft", "paused", "faulty", "disconnected", "unconnected"])
def test_a_connection_that_is_not_connected_is_refused_with_its_state(house, company, state):
    connection = house.connection(company, state=state)
    with pytest.raises(JobError, match=f"“{state}”") as caught:
        house.queued(connection)
    assert caught.value.code == "jobs.connection_not_ready"
    assert state in caught.value.text.fr


def test_a_person_may_run_a_connection_that_signed_in_again(house, company):
    assert house.queued(house.connection(company, state=ConnectionState.REAUTHORISE))


def test_a_connection_or_run_that_does_not_exist_is_named(house, engine, clock):
    with pytest.raises(JobError, match="nowhere"):
        house.queued("nowhere")
    with pytest.raises(JobError, match="no run nothing"):
        pause(house.database, "nothing")


def test_a_queued_run_is_paused_at_once_and_goes_on_in_a_new_epoch(house, connection, engine):
    run_id = house.queued(connection)
    pause(house.database, run_id)
    assert house.run(run_id).state == RunState.PAUSED
    resume(house.database, engine, run_id)
    run = house.run(run_id)
    assert (run.state, run.control, run.epoch) == (RunState.QUEUED, Control.GO, 1)
    assert engine.run_ids == [run_id]


def test_a_running_run_is_asked_to_pause_and_a_quick_resume_takes_that_back(house, connection, engine, put):
    run_id = house.queued(connection)
    put(run_id, state=RunState.RUNNING)
    pause(house.database, run_id)
    assert (house.run(run_id).state, house.run(run_id).control) == (RunState.RUNNING, Control.PAUSE)
    resume(house.database, engine, run_id)
    assert (house.run(run_id).control, house.run(run_id).epoch) == (Control.GO, 0)


def test_a_pause_does_not_take_a_cancellation_back(house, connection, engine, put, clock):
    run_id = house.queued(connection)
    put(run_id, state=RunState.RUNNING)
    cancel(house.database, engine, run_id, clock=clock)
    pause(house.database, run_id)
    assert house.run(run_id).control == Control.CANCEL


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.PAUSED, RunState.APPROVAL])
def test_a_run_that_nobody_executes_is_cancelled_at_once(house, connection, engine, put, clock, state):
    run_id = house.queued(connection)
    put(run_id, state=state)
    cancel(house.database, engine, run_id, clock=clock)
    run = house.run(run_id)
    assert (run.state, run.finished_at, run.fence) == (RunState.CANCELLED, clock.now(), 1)
    assert engine.let_go == []


def test_cancelling_a_finished_run_changes_nothing(house, connection, engine, put, clock):
    run_id = house.queued(connection)
    put(run_id, state=RunState.DONE)
    cancel(house.database, engine, run_id, clock=clock)
    assert house.run(run_id).state == RunState.DONE


def test_a_hung_run_is_closed_and_let_go_by_force(house, connection, engine, put, clock):
    run_id = house.queued(connection)
    put(run_id, state=RunState.RUNNING)
    cancel(house.database, engine, run_id, clock=clock, force=True)
    assert (house.run(run_id).state, house.run(run_id).fence) == (RunState.CANCELLED, 1)
    assert engine.let_go == [run_id]


def test_an_approved_run_is_queued_again(house, connection, engine, put):
    run_id = house.queued(connection)
    put(run_id, state=RunState.APPROVAL, restarts=2)
    resubmit(house.database, engine, run_id)
    run = house.run(run_id)
    assert (run.state, run.epoch, run.restarts) == (RunState.QUEUED, 1, 0)
    assert engine.run_ids == [run_id]


def test_an_approved_run_waits_for_the_open_run_of_its_connection(house, connection, engine, put):
    waiting = house.queued(connection)
    put(waiting, state=RunState.APPROVAL)
    house.queued(connection)
    with pytest.raises(JobError) as caught:
        resubmit(house.database, engine, waiting)
    assert caught.value.code == "jobs.other_run_open"
    assert (house.run(waiting).state, house.run(waiting).epoch) == (RunState.APPROVAL, 0)


@pytest.mark.parametrize("ask", [resume, resubmit])
def test_a_run_that_ended_cannot_be_taken_up_again(house, connection, engine, put, ask):
    run_id = house.queued(connection)
    put(run_id, state=RunState.CANCELLED)
    with pytest.raises(JobError, match="“cancelled”") as caught:
        ask(house.database, engine, run_id)
    assert caught.value.code == "jobs.wrong_state"
    assert engine.run_ids == []


def test_a_process_without_an_engine_knows_nothing_of_the_queue(house, connection):
    assert HandOver().state(house.queued(connection)) is EngineState.UNKNOWN
