"""Runs against a QuickBooks that enforces its limits: nothing fails for them, nothing is posted twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import till
from harness import OWNER, choose_usual, consent, enable, finish, make_workshop, request, sync
from moments import Moments
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from till_company import again

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import LOCAL, PUBLISHED, Answer, BatchAnswer, Lane, QuickBooks, ThrottledError, UnavailableError
from raccord.quickbooks import Limits as QuickBooksLimits
from raccord.store.database import Database
from raccord.store.models import (
    Company,
    Connection,
    Control,
    LineState,
    Plan,
    PlanLine,
    Posting,
    PostingState,
    Problem,
    RateBucket,
    Run,
    RunCount,
    RunState,
)
from raccord.sync.books.bucket import StoredBucket
from raccord.sync.books.sending import Result
from raccord.sync.execution import PassingTrouble
from raccord.sync.posting import post
from raccord.sync.posting.post import Poster
from raccord.sync.workshop import Workshop
from raccord_sandbox.config import Limits
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

DOCUMENTS = 300
T = TypeVar("T")


class SharedClock:
    """The sandbox's hour, which stands still; waiting moves it on, once the requests under way are answered.

    Otherwise requests that left at their proper times would all arrive at the last one's.
    """

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox
        self._begun = self.now()
        self.workshop: Workshop | None = None

    def now(self) -> datetime:
        return self._sandbox.config.clock.now()

    def elapsed_ms(self) -> int:
        return (self.now() - self._begun) // timedelta(milliseconds=1)

    def sleep_ms(self, span_ms: int) -> None:
        for client in list(self.workshop._clients.values()) if self.workshop else []:
            governor = client._wire._governor
            with governor._places:
                while governor._inside:
                    assert governor._places.wait(timeout=20), "a request is never answered"
        self._sandbox.config.clock.advance(timedelta(milliseconds=span_ms))


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    clock = SharedClock(sandbox)
    made = make_workshop(database, data_dir, sandbox.url, clock, till)
    clock.workshop = made
    made.settings = made.settings.model_copy(update={"quickbooks_limits": "published"})
    yield made
    made.close()


@pytest.fixture
def company(workshop: Workshop, sandbox: SandboxServer, till_moments: Moments) -> Company:
    till.ROWS.clear()

    def live() -> Company:
        found = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, found, "till")
        return found

    return at_its_hour(till_moments, workshop, sandbox, "limits: company", live)


@pytest.fixture
def connection(workshop: Workshop, company: Company, sandbox: SandboxServer, till_moments: Moments) -> Connection:
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": "10.00"} for number in range(DOCUMENTS)
    ]
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T1"}, starts_on=date(2026, 3, 1))

    def live() -> Connection:
        made = connect(workshop, OWNER, new)
        choose_usual(workshop, made, company)
        return made

    return at_its_hour(till_moments, workshop, sandbox, "limits: connection", live)


@pytest.fixture
def planned(workshop: Workshop, connection: Connection, sandbox: SandboxServer, till_moments: Moments) -> Run:
    """A run that came to its plan, which is approved."""

    def live() -> Run:
        run = finish(workshop, request(workshop, connection))
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        return run

    return at_its_hour(till_moments, workshop, sandbox, "limits: planned", live)


def at_its_hour(moments: Moments, workshop: Workshop, sandbox: SandboxServer, name: str, live: Callable[[], T]) -> T:
    """Return to a moment, and to the hour at which it was over: waiting for permits moves the clock."""
    found, hour = again(moments, workshop, name, lambda: (live(), sandbox.config.clock.now()))
    sandbox.config.clock.set(hour)
    return found


@pytest.fixture(autouse=True)
def _no_request_within_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that asks for its permit while its own thread holds a session would wait for itself on SQLite."""
    here = threading.local()
    take = StoredBucket.take

    def watched(real: AbstractContextManager[Session]) -> AbstractContextManager[Session]:
        @contextmanager
        def session() -> Iterator[Session]:
            here.sessions = getattr(here, "sessions", 0) + 1
            try:
                with real as opened:
                    yield opened
            finally:
                here.sessions -= 1

        return session()

    def outside(self: StoredBucket, lane: Lane, *, batch: bool) -> int:
        assert getattr(here, "sessions", 0) == 0, "a request within a transaction of its own thread"
        return take(self, lane, batch=batch)

    begin, read = Database.begin, Database.read
    monkeypatch.setattr(Database, "begin", lambda self: watched(begin(self)))
    monkeypatch.setattr(Database, "read", lambda self: watched(read(self)))
    monkeypatch.setattr(StoredBucket, "take", outside)


def all_posted_once(workshop: Workshop, company: Company, run: Run) -> None:
    assert (run.state, run.error_code) == (RunState.DONE, "")
    assert workshop.client(company).count("SalesReceipt") == DOCUMENTS
    with workshop.database.read() as session:
        counts = session.scalars(select(RunCount).where(RunCount.run_id == run.id, RunCount.stream == "sales")).one()
        assert (counts.posted, counts.failed, counts.held) == (DOCUMENTS, 0, 0)
        assert session.scalars(select(Problem)).all() == []


def test_a_run_under_the_published_limits_is_never_refused(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    sandbox.store.throttle.limits = Limits.documented()
    run = sync(workshop, connection)
    assert sandbox.store.throttle.refused == 0
    all_posted_once(workshop, company, run)
    with workshop.database.read() as session:
        assert session.scalar(select(func.max(Posting.attempts))) == 1
        assert session.scalar(select(func.min(RateBucket.free_at_us)).where(RateBucket.name != "pause"))


def test_a_run_that_is_refused_for_the_limits_waits_and_no_record_fails(
    workshop: Workshop, planned: Run, company: Company, sandbox: SandboxServer
) -> None:
    sandbox.store.throttle.limits = Limits(per_minute=60, per_second=4, concurrent=4, batches_per_minute=4)
    run = persistently(workshop, planned.id)
    assert sandbox.store.throttle.refused > 0
    all_posted_once(workshop, company, run)


def test_intuits_companies_share_a_book_and_a_local_one_has_no_limits_unless_asked_for(
    workshop: Workshop, company: Company
) -> None:
    def limits_of(environment: str, setting: str) -> QuickBooksLimits:
        workshop.settings = workshop.settings.model_copy(update={"quickbooks_limits": setting})
        return workshop._governor(Company(id=company.id, realm="1", environment=environment)).limits

    assert limits_of(company.environment, "usual") is LOCAL
    assert limits_of(company.environment, "published") is PUBLISHED
    assert limits_of("production", "usual") is PUBLISHED
    assert limits_of("sandbox", "usual") is PUBLISHED


def test_single_documents_go_out_while_batches_wait(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        alone = session.scalars(select(Posting.tid).where(Posting.kind == "SalesReceipt", Posting.tid != "")).all()
    assert 20 < len(alone) < DOCUMENTS, "an answer of its own says that a document went out alone"
    assert workshop.client(company).count("SalesReceipt") == DOCUMENTS


def test_a_pause_is_seen_before_more_documents_are_claimed(
    workshop: Workshop, planned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.sync.posting.post.CLAIM", 60)
    monkeypatch.setattr("raccord.sync.posting.post.REFILL", 60)
    settle = Poster._settle

    def asked(self: Poster, results: Sequence[Result]) -> None:
        settle(self, results)
        if results[0].job.kind == "SalesReceipt":
            with workshop.database.begin() as session:
                session.get_one(Run, planned.id).control = Control.PAUSE

    monkeypatch.setattr(Poster, "_settle", asked)
    assert finish(workshop, planned.id).state == RunState.PAUSED
    with workshop.database.read() as session:
        lines = select(PlanLine.state, func.count()).where(PlanLine.kind == "SalesReceipt").group_by(PlanLine.state)
        assert dict(session.execute(lines).all()) == {LineState.DONE: 60, LineState.PENDING: DOCUMENTS - 60}


def test_what_was_answered_before_an_error_is_stored(
    workshop: Workshop, planned: Run, company: Company, sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    send, sent = QuickBooks.create, 0

    def failing(self: QuickBooks, kind: str, payload: str | bytes, request_id: str) -> Answer[dict[str, Any]]:
        nonlocal sent
        sent += kind == "SalesReceipt"
        if sent > 40:
            raise UnavailableError("QuickBooks is away")
        return send(self, kind, payload, request_id)

    monkeypatch.setattr(QuickBooks, "create", failing)
    with pytest.raises(PassingTrouble):
        finish(workshop, planned.id)
    with workshop.database.read() as session:
        stored = session.scalar(select(func.count()).where(Posting.state == PostingState.DONE))
    assert stored is not None
    assert stored >= workshop.client(company).count("SalesReceipt") > 40
    monkeypatch.undo()
    assert persistently(workshop, planned.id).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == DOCUMENTS


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_too_many_requests_documents_leave_as_soon_as_quickbooks_allows(
    workshop: Workshop, planned: Run, company: Company, sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    send, send_batch = QuickBooks.create, QuickBooks.batch
    refusals = iter(range(10))

    def create(self: QuickBooks, kind: str, payload: str | bytes, request_id: str) -> Answer[dict[str, Any]]:
        if kind == "SalesReceipt" and next(refusals, None) is not None:
            raise ThrottledError("too many requests, 4 times in a row")
        return send(self, kind, payload, request_id)

    def batch(self: QuickBooks, items: Sequence[Any], request_id: str, **more: Any) -> list[BatchAnswer]:
        if request_id and next(refusals, None) is not None:
            raise ThrottledError("too many requests, 4 times in a row")
        return send_batch(self, items, request_id, **more)

    monkeypatch.setattr(QuickBooks, "create", create)
    monkeypatch.setattr(QuickBooks, "batch", batch)
    begun = workshop.clock.now()
    run = persistently(workshop, planned.id)
    assert next(refusals, None) is None, "several units of work gave up, the first one and those that looked before"
    all_posted_once(workshop, company, run)
    spent = workshop.clock.now() - begun
    assert spent < timedelta(milliseconds=PUBLISHED.executes_within_ms), "nothing was under way to be waited for"
    with workshop.database.read() as session:
        assert session.scalar(select(func.max(Posting.attempts))) == 1, "what never left was never tried"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_answered_before_a_question_about_it_is_refused_is_not_waited_for(
    workshop: Workshop, planned: Run, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = post.recognise, []

    def refusing(client: QuickBooks, results: Sequence[Result]) -> list[Result]:
        asked.append(len(results))
        if len(asked) in (2, 4):
            raise ThrottledError("too many requests")
        return real(client, results)

    monkeypatch.setattr(post, "recognise", refusing)
    begun = workshop.clock.now()
    run = persistently(workshop, planned.id)
    all_posted_once(workshop, company, run)
    assert workshop.clock.now() - begun < timedelta(milliseconds=PUBLISHED.executes_within_ms)


def persistently(workshop: Workshop, run_id: str) -> Run:
    """Finish a run as the engine does: passing trouble is a reason to try the unit of work again, now or later."""
    for _ in range(20):
        try:
            return finish(workshop, run_id)
        except PassingTrouble:
            continue
        except RetryLater as error:
            workshop.clock.sleep_ms(error.after // timedelta(milliseconds=1))
    pytest.fail("the run never came to its end")
