"""One step, the same for every engine: attempts, failures, restarts and the company's lock."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from raccord.jobs.errors import EXPLANATIONS, RunFault
from raccord.jobs.inline import InlineEngine
from raccord.jobs.locks import application_name, company_locks, cut_off
from raccord.jobs.port import Outcome
from raccord.plugin.errors import RetryLater
from raccord.plugin.texts import Text
from raccord.quickbooks import UnavailableError
from raccord.store.models import Control, Problem, Run, RunState
from raccord.sync.execution import Execution, Fenced, SourceAway, StillUnderWay

# What does not depend on the database is tried on one, to spare time.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
CANARY = "canary-4f1d"


class Failing:
    """Raises what it is given, one after the other, then advances."""

    def __init__(self, advance, *errors):
        self.advance = advance
        self.errors = list(errors)

    def __call__(self, run_id):
        if self.errors:
            raise self.errors.pop(0)
        return self.advance(run_id)


class Killed(BaseException):
    """The end of a process, as far as the code it was in can tell."""


def problems(house):
    with house.database.read() as session:
        return list(session.execute(select(Problem.code, Problem.subject, Problem.state)))


@pytest.fixture
def run_id(house, connection):
    return house.queued(connection)


@ON_SQLITE
@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(CANARY),
        httpx.ReadTimeout(CANARY),
        OperationalError("SELECT", {"token": CANARY}, Exception(CANARY)),
        UnavailableError("away"),
    ],
)
def test_passing_trouble_is_tried_again_with_growing_waits(house, run_id, pages, steps_of, waits, caplog, error):
    steps = steps_of(Failing(pages.advance, error, error), pause=waits)
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.MORE
    assert waits.spans == [timedelta(milliseconds=1), timedelta(milliseconds=2)]
    assert pages.steps == [run_id]
    assert CANARY not in caplog.text


def test_trouble_that_does_not_pass_fails_the_run_visibly(house, run_id, pages, steps_of, waits):
    steps = steps_of(Failing(pages.advance, *[TimeoutError(CANARY)] * 9), pause=waits)
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.STOPPED
    run = house.run(run_id)
    assert (run.state, run.error_code) == (RunState.FAILED, "jobs.retries_exhausted")
    assert run.error_params == {"error": "TimeoutError", "attempts": 3}
    assert run.finished_at is not None
    assert len(waits.spans) == 2
    assert problems(house) == [("jobs.retries_exhausted", "run", "open")]


@ON_SQLITE
@pytest.mark.parametrize("error", [KeyError(CANARY), SystemExit(CANARY), AssertionError(CANARY)])
def test_a_mistake_of_ours_fails_this_run_and_shows_where_but_not_what(
    house, run_id, pages, steps_of, waits, caplog, error
):
    steps = steps_of(Failing(pages.advance, error), pause=waits)
    with caplog.at_level(logging.DEBUG), steps.slice(run_id) as execution:
        assert execution.step() is Outcome.STOPPED
    run = house.run(run_id)
    assert (run.state, run.error_code) == (RunState.FAILED, "jobs.unexpected")
    assert run.error_params["error"] == type(error).__name__
    assert run.error_params["where"].startswith("test_steps.py:")
    assert "test_steps.py" in caplog.text
    assert CANARY not in caplog.text
    assert waits.spans == []
    assert problems(house) == [("jobs.unexpected", "run", "open")]


@ON_SQLITE
def test_an_answer_nobody_knows_is_a_mistake_of_ours(house, run_id, steps_of):
    with steps_of(lambda _: "perhaps").slice(run_id) as execution:
        assert execution.step() is Outcome.STOPPED
    assert house.run(run_id).error_code == "jobs.unexpected"


@ON_SQLITE
def test_a_fenced_execution_stops_without_a_word(house, run_id, pages, steps_of):
    with steps_of(Failing(pages.advance, Fenced(run_id))).slice(run_id) as execution:
        assert execution.step() is Outcome.SUPERSEDED
    assert house.run(run_id).state == RunState.RUNNING
    assert problems(house) == []


def test_a_run_that_failed_is_fenced_against_whoever_still_executes_it(house, run_id, pages, steps_of):
    execution = Execution.take(house.database, run_id)
    with steps_of(Failing(pages.advance, KeyError())).slice(run_id) as other:
        other.step()
    with pytest.raises(Fenced), execution.begin():
        pass


@ON_SQLITE
def test_a_source_that_asks_for_time_gets_it_but_not_for_ever(house, run_id, pages, steps_of):
    later = RetryLater(Text(fr="occupée", en="busy"), timedelta(minutes=5))
    steps = steps_of(Failing(pages.advance, *[later] * 9))
    outcomes = []
    while not outcomes or outcomes[-1] is Outcome.LATER:
        with steps.slice(run_id) as execution:
            outcomes.append(execution.step())
            assert execution.later == (timedelta(minutes=5) if outcomes[-1] is Outcome.LATER else timedelta(0))
    assert outcomes == [Outcome.LATER, Outcome.LATER, Outcome.STOPPED]
    assert house.run(run_id).error_code == "jobs.retries_exhausted"


@ON_SQLITE
def test_a_source_cannot_put_a_run_off_for_longer_than_an_hour(run_id, pages, steps_of):
    later = RetryLater(Text(fr="occupée", en="busy"), timedelta(days=400))
    with steps_of(Failing(pages.advance, later)).slice(run_id) as execution:
        assert execution.step() is Outcome.LATER
        assert execution.later == timedelta(hours=1)


def test_a_run_that_keeps_killing_its_process_is_given_up(house, run_id, pages, steps_of):
    steps = steps_of(Failing(pages.advance, *[Killed()] * 9))
    for restarts in (1, 2, 3):
        with pytest.raises(Killed), steps.slice(run_id) as execution:
            execution.step()
        assert (house.run(run_id).state, house.run(run_id).restarts) == (RunState.RUNNING, restarts)
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.STOPPED
    run = house.run(run_id)
    assert (run.state, run.error_code) == (RunState.FAILED, "jobs.too_many_restarts")
    assert run.error_params == {"restarts": 3}
    assert pages.steps == []


@ON_SQLITE
def test_a_person_who_interrupts_a_command_does_not_wear_the_run_out(house, run_id, pages, steps_of):
    steps = steps_of(Failing(pages.advance, *[KeyboardInterrupt()] * 5))
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt), steps.slice(run_id) as execution:
            execution.step()
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.MORE


@ON_SQLITE
def test_a_step_that_comes_through_forgets_the_restarts_before_it(house, run_id, pages, steps_of):
    steps = steps_of(Failing(pages.advance, Killed(), Killed()))
    for _ in range(2):
        with pytest.raises(Killed), steps.slice(run_id) as execution:
            execution.step()
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.MORE
    assert house.run(run_id).restarts == 0


@ON_SQLITE
def test_a_process_that_is_stopping_hands_the_run_back_at_once(house, run_id, pages, steps_of):
    steps = steps_of(pages.advance)
    steps.stopping.set()
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.HANDED_BACK
    assert (house.run(run_id).state, pages.steps) == (RunState.QUEUED, [])


@ON_SQLITE
def test_a_process_that_is_stopping_does_not_wait_for_the_network(house, run_id, pages, steps_of, waits):
    waits.stop_after = 1
    steps = steps_of(Failing(pages.advance, TimeoutError(), TimeoutError()), pause=waits)
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.HANDED_BACK
    assert (house.run(run_id).state, house.run(run_id).restarts) == (RunState.RUNNING, 0)


@ON_SQLITE
@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.APPROVAL, RunState.DONE, RunState.CANCELLED])
def test_a_run_that_is_not_live_is_left_alone(house, run_id, pages, steps_of, state):
    with house.database.begin() as session:
        session.get_one(Run, run_id).state = state
    with steps_of(pages.advance).slice(run_id) as execution:
        assert execution.step() is Outcome.SUPERSEDED
    assert (house.run(run_id).state, pages.steps) == (state, [])


@ON_SQLITE
def test_an_epoch_that_is_over_is_left_alone(house, run_id, pages, steps_of):
    with steps_of(pages.advance).slice(run_id, epoch=7) as execution:
        assert execution.step() is Outcome.SUPERSEDED
    assert pages.steps == []


def test_a_company_that_somebody_works_on_is_busy_and_free_again_afterwards(
    house, company, run_id, pages, steps_of, waits
):
    held = company_locks(house.database, "another").take(company)
    steps = steps_of(pages.advance)
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.BUSY
    assert (house.run(run_id).state, house.run(run_id).restarts, pages.steps) == (RunState.QUEUED, 0, [])
    held.release()
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.MORE
        assert company_locks(house.database, "another").take(company) is None
    again = company_locks(house.database, "another").take(company)
    assert again is not None
    again.release()


def test_companies_do_not_hinder_one_another(house, company):
    locks = company_locks(house.database, "test")
    first, second = locks.take(company), locks.take("another company")
    assert first is not None
    assert second is not None
    first.release()
    first.release()
    second.release()


@ON_POSTGRES
def test_a_frozen_process_loses_its_company_and_does_not_take_the_run_back(house, run_id, pages, steps_of):
    with steps_of(pages.advance).slice(run_id) as frozen:
        assert frozen.step() is Outcome.MORE
        with house.database.begin() as session:
            assert cut_off(session.connection(), ["somebody else"]) == 0
            assert cut_off(session.connection(), ["test"]) == 1
        with steps_of(pages.advance).slice(run_id) as successor:
            assert successor.step() is Outcome.MORE
            assert frozen.step() is Outcome.SUPERSEDED
            assert successor.step() is Outcome.MORE


def test_locks_show_their_executor_to_the_server_within_its_limit():
    assert application_name("x" * 100).startswith("raccord company xxx")
    assert len(application_name("x" * 100)) == 63


def test_every_way_a_run_is_given_up_is_explained_in_both_languages():
    assert set(EXPLANATIONS) == set(RunFault)
    for explanation in EXPLANATIONS.values():
        assert explanation.text.fr
        assert explanation.text.en
        assert explanation.fix.fr
        assert explanation.fix.en


@ON_SQLITE
def test_a_pause_asked_for_is_obeyed_before_the_next_page(house, run_id, pages, steps_of):
    with steps_of(pages.advance).slice(run_id) as execution:
        assert execution.step() is Outcome.MORE
        with house.database.begin() as session:
            session.get_one(Run, run_id).control = Control.PAUSE
        assert execution.step() is Outcome.STOPPED
    assert (house.run(run_id).state, house.run(run_id).progress) == (RunState.PAUSED, {"page": 1})


LATER = RetryLater(Text(fr="occupée", en="busy"), timedelta(minutes=1))
GONE = SourceAway(Text(fr="muette", en="silent"))


def test_a_source_that_is_away_is_among_the_problems_until_it_answers(house, run_id, pages, steps_of):
    steps = steps_of(Failing(pages.advance, GONE, GONE))
    for _ in range(2):
        with steps.slice(run_id) as execution:
            assert execution.step() is Outcome.LATER
            assert execution.put_off is GONE
        assert problems(house) == [("source.later", "run", "open")]
    with steps.slice(run_id) as execution:
        assert execution.step() is Outcome.MORE
    assert problems(house) == [("source.later", "run", "gone")]


@ON_SQLITE
def test_writes_under_way_at_quickbooks_are_no_trouble_of_the_source(house, run_id, pages, steps_of):
    with steps_of(Failing(pages.advance, StillUnderWay(GONE.text))).slice(run_id) as execution:
        assert execution.step() is Outcome.LATER
    assert problems(house) == []


@ON_SQLITE
def test_a_command_says_that_the_source_is_away_and_ends_after_minutes(house, run_id, pages, steps_of, waits, quick):
    said = []
    patient = replace(quick, max_restarts=9)
    steps = steps_of(Failing(pages.advance, *[GONE] * 9), pause=waits, tuning=patient)
    InlineEngine(steps, lambda why, span: said.append((why.en, span))).submit(run_id)
    assert [span.seconds for span in waits.spans] == [10, 20, 40, 80]
    assert said == [("silent", span) for span in waits.spans]
    run = house.run(run_id)
    assert (run.state, run.error_code) == (RunState.FAILED, "jobs.retries_exhausted")
    assert (run.error_params["en"], run.error_params["attempts"]) == ("silent", 5)
    assert sorted(problems(house)) == [("jobs.retries_exhausted", "run", "open"), ("source.later", "run", "gone")]


@ON_SQLITE
def test_a_command_waits_as_long_as_the_source_asks_but_not_past_its_patience(
    house, run_id, pages, steps_of, waits, quick
):
    patient = replace(quick, max_restarts=9)
    InlineEngine(steps_of(Failing(pages.advance, LATER, LATER), pause=waits, tuning=patient)).submit(run_id)
    assert (house.run(run_id).state, waits.spans) == (RunState.DONE, [timedelta(minutes=1)] * 2)


@ON_SQLITE
def test_a_command_leaves_a_source_at_once_that_asks_for_too_long(house, run_id, pages, steps_of, waits):
    longer = RetryLater(Text(fr="occupée", en="busy"), timedelta(minutes=5))
    InlineEngine(steps_of(Failing(pages.advance, longer), pause=waits)).submit(run_id)
    assert (house.run(run_id).state, waits.spans) == (RunState.FAILED, [])
