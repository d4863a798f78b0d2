"""Lists on their way to a source as a run: one at a time, people first, killed and gone on with, beside other runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
import till
from crash.life import Killed, Life, Now, watch_commits
from harness import OWNER, choose_usual, finish, make_workshop, request, sync
from listing import asked
from sqlalchemy import delete, func, select

from raccord.clock import FixedClock
from raccord.jobs.requests import pause
from raccord.onboarding.setting_up.lists_step import needs_new_plan
from raccord.overview.runs import last_runs, recent_runs, run_view
from raccord.plugin.errors import RetryLater
from raccord.plugin.texts import Text
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Event, Problem, ProblemState, PushedEntry, Run, RunState
from raccord.sync.run import Pipeline, Progress
from raccord.sync.telling import push
from raccord.sync.telling.sending import Sent, sent_of
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

NAMES = ("people", "articles")
MOMENTS_MAX = 60


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    for kept in (till.SHELF, till.TOLD, till.TROUBLE):
        kept.clear()
    yield
    till.TROUBLE.clear()


@pytest.fixture
def items(workshop: Workshop, company: Company) -> list[str]:
    """The ids of the company's items, five more than it begins with."""
    client = workshop.client(company)
    income = client.query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    for number in range(5):
        new = {"Name": f"Service {number}", "Type": "Service", "IncomeAccountRef": {"value": income}}
        client.create("Item", json.dumps(new), f"item-{number}")
    return [item["Id"] for item in client.query_all("Item")]


def sent(workshop: Workshop, run_id: str) -> dict[str, Sent]:
    with workshop.database.read() as session:
        return {each.name: each for each in sent_of(session.get_one(Run, run_id).progress)}


def state(workshop: Workshop, run_id: str) -> tuple[str, str]:
    with workshop.database.read() as session:
        run = session.get_one(Run, run_id)
        return run.state, run.phase


@pytest.mark.requirement("PL-18", "PL-19")
def test_people_go_before_articles_in_one_run_that_says_at_each_page_how_far_it_is(
    workshop: Workshop, connection: Connection, items: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PAGE", 2)
    run_id = asked(workshop, connection.id, "articles", "people")
    assert asked(workshop, connection.id, "articles") == run_id, "asked twice, it is the same run"
    assert list(sent(workshop, run_id)) == ["people", "articles"], "and each list goes once"
    pipeline, seen = Pipeline(workshop), []
    while pipeline.advance(run_id) is Progress.MORE:
        seen.append({name: (each.counts.read, each.total, each.ended) for name, each in sent(workshop, run_id).items()})
        if len(seen) == 2:
            assert asked(workshop, connection.id, *NAMES) == run_id, "on its way, it is not begun again"
    names = [told[0] for told in till.TOLD]
    assert names == sorted(names, reverse=True), "all people before the first article"
    read = [each["articles"][0] for each in seen]
    assert sorted(set(read)) == [*range(0, len(items), 2), len(items)], "page by page"
    assert seen[-1]["articles"] == (len(items), len(items), True)
    done = sent(workshop, run_id)["articles"]
    assert (done.created, done.counts.found, done.counts.renewed) == (len(items), 0, 0)
    assert state(workshop, run_id) == (RunState.DONE, "lists")
    with workshop.database.read() as session:
        told = session.execute(select(Event.subject, Event.actor).where(Event.action == "list.pushed")).all()
        assert [tuple(each) for each in told] == [("people", OWNER.name), ("articles", OWNER.name)]
        # Nothing came over from the source: no page takes it for a run that did.
        assert last_runs(session, [connection.id]) == {}
        assert recent_runs(session, connection.id, lists=False).total == 0
        view = run_view(session, run_id)
        assert view is not None
        assert (view.only_lists, view.undoable, view.listed) == (True, False, len(till.SHELF))

    # What the source has of its own accord is linked; what changed in QuickBooks is brought up to date.
    with workshop.database.begin() as session:
        rows = session.scalars(select(PushedEntry).where(PushedEntry.list_name == "articles")).all()
        session.delete(rows[0])
        rows[1].told_hash = "otherwise"
    again = finish(workshop, asked(workshop, connection.id, "articles"))
    assert again.id != run_id
    done = sent(workshop, again.id)["articles"]
    assert (done.created, done.counts.found, done.counts.renewed) == (0, 1, 1)
    assert done.counts.unchanged == len(items) - 2


def test_killed_at_every_commit_it_goes_on_where_it_was_and_nothing_is_there_twice(
    workshop: Workshop, connection: Connection, items: list[str], sandbox: SandboxServer, hand: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(push, "PAGE", 2)
    now, at, lived = Now(), 0, False

    def process() -> Workshop:
        database = Database(workshop.database.url.render_as_string(hide_password=False))
        watch_commits(database, now)
        return make_workshop(database, workshop.settings.data_dir, sandbox.url, hand, till)

    while not lived:
        at += 1
        assert at < MOMENTS_MAX
        with workshop.database.begin() as session:
            session.execute(delete(PushedEntry))
        till.SHELF.clear()
        till.TOLD.clear()
        run_id = asked(workshop, connection.id, "articles")
        first = process()
        with now.live(Life(at)), suppress(Killed):
            finish(first, run_id)
            lived = True
        first.close()
        second = process()
        finish(second, run_id)
        second.close()
        assert state(workshop, run_id)[0] == RunState.DONE
        done = sent(workshop, run_id)["articles"]
        assert (done.counts.read, done.counts.pushed, done.counts.left) == (len(items), len(items), 0)
        told = Counter(name for page in till.TOLD for name in page[1:])
        assert sum(told.values()) - len(told) <= push.PAGE, "no more than the page that was under way goes once more"
        assert len(till.SHELF) == len(items)
        with workshop.database.read() as session:
            assert session.scalar(select(func.count()).select_from(PushedEntry)) == len(items)
            assert session.scalar(select(func.count()).where(Event.action == "list.pushed")) == at
    assert at > 10


def test_lists_and_a_run_that_is_asked_for_meanwhile_are_one_run_whichever_comes_first(
    workshop: Workshop, connection: Connection, company: Company, items: list[str]
) -> None:
    choose_usual(workshop, connection, company)
    # The lists first: the run goes on to bring over what there is.
    first = asked(workshop, connection.id, "articles")
    Pipeline(workshop).advance(first)
    assert request(workshop, connection) == first
    assert finish(workshop, first).state == RunState.DONE
    assert (sent(workshop, first)["articles"].ended, len(till.SHELF)) == (True, len(items))
    with workshop.database.read() as session:
        run = session.get_one(Run, first)
        assert (run.trigger, run.phase) == ("person", "close")
        assert list(last_runs(session, [connection.id])) == [connection.id]
    # The run first: it brings the lists before it goes on with what it was at.
    second = request(workshop, connection)
    Pipeline(workshop).advance(second)
    assert asked(workshop, connection.id, *NAMES) == second
    pause(workshop.database, second)
    assert finish(workshop, second).state == RunState.PAUSED
    assert asked(workshop, connection.id, "articles") == second
    with workshop.database.begin() as session:
        session.get_one(Run, second).state = RunState.QUEUED
        session.get_one(Run, second).control = "go"
    assert finish(workshop, second).state == RunState.DONE
    assert {name: each.ended for name, each in sent(workshop, second).items()} == dict.fromkeys(NAMES, True)


def test_a_source_that_is_away_is_waited_for_and_a_failed_import_is_no_failed_run_of_the_source(
    workshop: Workshop, connection: Connection, company: Company, items: list[str]
) -> None:
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        before = last_runs(session, [connection.id])[connection.id].id
        assert needs_new_plan(session, connection.id)
    till.TROUBLE["articles"] = RetryLater(Text("Plus tard.", "Later."))
    run_id = asked(workshop, connection.id, "articles")
    with pytest.raises(RetryLater):
        finish(workshop, run_id)
    assert state(workshop, run_id)[0] == RunState.RUNNING
    with workshop.database.read() as session:
        assert needs_new_plan(session, connection.id), "lists on their way are no first run"
    till.TROUBLE["articles"] = RuntimeError("secret")
    failed = finish(workshop, run_id)
    assert (failed.state, failed.error_code) == (RunState.FAILED, "plugin.failed")
    subjects = select(Problem.subject).where(Problem.state == ProblemState.OPEN)
    with workshop.database.read() as session:
        assert last_runs(session, [connection.id])[connection.id].id == before
        assert list(session.scalars(subjects)) == ["lists"]
    till.TROUBLE.clear()
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert list(session.scalars(subjects)) == ["lists"], "a run that brings something over does not mend it"
    finish(workshop, asked(workshop, connection.id, "articles"))
    with workshop.database.read() as session:
        assert list(session.scalars(subjects)) == []
