"""Writes that QuickBooks may still be executing, and writers that must not write any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import LOCAL, PUBLISHED
from raccord.store.models import Company, Connection, Plan, Posting, PostingState, RunState
from raccord.sync.execution import Execution, Fenced
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sales(count: int) -> list[dict[str, str]]:
    return [{"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": "10.00"} for number in range(count)]


def approved(workshop: Workshop, connection: Connection) -> str:
    """Let a run come to its approved plan; returns the run."""
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return run.id


def receipts(workshop: Workshop, company: Company) -> int:
    return workshop.client(company).count("SalesReceipt")


@dataclass
class Network:
    """Stands between the client and the sandbox."""

    clock: FixedClock
    send: Callable[..., httpx.Response]
    before: Callable[[str], None] = lambda path: None
    late: timedelta | None = None
    """By how much the next write comes late; its sender hears nothing of it."""
    sent: list[tuple[str, int]] = field(default_factory=list)
    """Path and moment of every request that left."""
    held: list[tuple[int, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def request(self, client: httpx.Client, method: str, url: str, **named: Any) -> httpx.Response:
        path = httpx.URL(url).path
        self.before(path)
        for due in [each for each in self.held if each[0] <= self.clock.elapsed_ms()]:
            self.held.remove(due)
            self.send(*due[1], **due[2])
        writes = path.endswith(("/batch", "/salesreceipt")) and b"BatchItemRequest" in (named.get("content") or b"")
        if writes and b'"Query"' not in named["content"]:
            self.sent.append((path, self.clock.elapsed_ms()))
            if self.late is not None:
                due_ms = self.clock.elapsed_ms() + self.late // timedelta(milliseconds=1)
                self.held.append((due_ms, (client, method, url), named))
                self.late = None
                raise httpx.RemoteProtocolError("the connection broke")
        return self.send(client, method, url, **named)


@pytest.fixture
def network(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    assert isinstance(workshop.clock, FixedClock)
    made = Network(workshop.clock, httpx.Client.request)
    monkeypatch.setattr(httpx.Client, "request", lambda *arguments, **named: made.request(*arguments, **named))
    yield made
    assert made.held == []


@ON_SQLITE
def test_pain_1_t2_a_write_that_arrives_after_its_sender_gave_up_is_waited_for(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, network: Network
) -> None:
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    till.ROWS["T1"] = sales(3)
    choose_usual(workshop, connection, company)
    run_id = approved(workshop, connection)
    network.late = timedelta(milliseconds=LOCAL.executes_within_ms - 100)
    assert finish(workshop, run_id).state == RunState.DONE
    assert receipts(workshop, company) == 3


@ON_SQLITE
def test_pain_1_t1_what_never_arrived_is_sent_again_once_it_cannot_arrive_any_more(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, network: Network
) -> None:
    till.ROWS["T1"] = sales(3)
    choose_usual(workshop, connection, company)
    run_id = approved(workshop, connection)
    sandbox.lab.arm(ArmedFault(Effect.CUT_BEFORE, path="/batch"))
    assert finish(workshop, run_id).state == RunState.DONE
    assert receipts(workshop, company) == 3
    (_, first), (_, second) = network.sent
    assert second - first >= LOCAL.executes_within_ms


@ON_SQLITE
def test_pain_1_t1_a_long_wait_puts_the_run_off_instead_of_holding_its_thread(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, network: Network
) -> None:
    till.ROWS["T1"] = sales(3)
    choose_usual(workshop, connection, company)
    run_id = approved(workshop, connection)
    workshop.settings = workshop.settings.model_copy(update={"quickbooks_limits": "published"})
    workshop.forget_client(company.id)
    sandbox.lab.arm(ArmedFault(Effect.CUT_BEFORE, path="/batch"))
    with pytest.raises(RetryLater) as caught:
        finish(workshop, run_id)
    assert timedelta(seconds=60) < caught.value.after <= timedelta(milliseconds=PUBLISHED.executes_within_ms)
    assert receipts(workshop, company) == 0
    network.clock.advance(caught.value.after)
    assert finish(workshop, run_id).state == RunState.DONE
    assert receipts(workshop, company) == 3


def test_pain_1_t3_a_writer_that_lost_its_run_between_intent_and_call_sends_nothing(
    workshop: Workshop, connection: Connection, company: Company, network: Network
) -> None:
    till.ROWS["T1"] = sales(40)
    choose_usual(workshop, connection, company)
    run_id = approved(workshop, connection)

    def overtaken(statement: Any) -> bool:
        with workshop.database.read() as session:
            return session.scalars(statement).first() is not None

    intents = select(Posting.id).where(Posting.kind == "SalesReceipt", Posting.state == PostingState.INTENT)
    real = Execution.check
    taken: list[Execution] = []

    def check(self: Execution) -> None:
        # Everything this execution has taken up waits here, as in a process that was frozen at this place.
        if overtaken(intents) and not taken:
            taken.append(Execution.take(workshop.database, run_id))
        real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Execution, "check", check)
        with pytest.raises(Fenced):
            finish(workshop, run_id)
    assert taken
    assert [path for path, _ in network.sent if path.endswith(("/batch", "/salesreceipt"))] == []
    assert receipts(workshop, company) == 0
    assert finish(workshop, run_id).state == RunState.DONE
    assert receipts(workshop, company) == 40


def test_pain_1_t1_a_recovery_waits_for_what_an_earlier_run_may_have_under_way(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, network: Network
) -> None:
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    till.ROWS["T1"] = sales(2)
    choose_usual(workshop, connection, company)
    run_id = approved(workshop, connection)
    network.late = timedelta(milliseconds=LOCAL.executes_within_ms - 100)
    pipeline = Pipeline(workshop)
    while network.late is not None:
        pipeline.advance(run_id)
    with Execution.take(workshop.database, run_id).begin() as (_, run):
        run.state = RunState.FAILED
    assert sync(workshop, connection).state == RunState.DONE
    assert receipts(workshop, company) == 2
