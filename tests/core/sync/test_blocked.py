"""A company that QuickBooks refuses as a whole: blocked with its reason, nothing lost, and well again by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import till
from harness import OWNER, choose_usual, sync
from sqlalchemy import func, select

from raccord.jobs.schedules import set_schedule
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    DraftRow,
    DraftState,
    Event,
    LinkRow,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    RunState,
    Schedule,
)
from raccord.sync.blocking import FIRST_TRY, LAST_TRY
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

EVERY_MONTH = "0 3 1 * *"


def rows(count: int) -> list[dict[str, str]]:
    return [{"stream": "sales", "id": f"s{n}", "day": "2026-03-02", "amount": "10.00"} for n in range(count)]


def posted_first(workshop: Workshop, connection: Connection, company: Company) -> None:
    """Post one sale, so that the connection goes on by itself, once a month."""
    till.ROWS["T1"] = rows(1)
    choose_usual(workshop, connection, company)
    assert sync(workshop, connection).state == RunState.DONE
    set_schedule(
        workshop.database, connection.id, EVERY_MONTH, "America/Toronto", clock=workshop.clock, enabled=True,
        by=OWNER.name,
    )  # fmt: skip


def now_of(workshop: Workshop, company: Company, connection: Connection) -> tuple[Company, Schedule]:
    with workshop.database.read() as session:
        return session.get_one(Company, company.id), session.get_one(Schedule, connection.id)


def open_problems(workshop: Workshop) -> list[tuple[str, str]]:
    with workshop.database.read() as session:
        found = session.execute(select(Problem.code, Problem.subject).where(Problem.state == ProblemState.OPEN)).all()
    return [(row[0], row[1]) for row in found]


def states(workshop: Workshop) -> dict[str, int]:
    """Return how many drafts of sales are in each state."""
    with workshop.database.read() as session:
        found = session.execute(
            select(DraftRow.state, func.count()).where(DraftRow.key.like("sales/%")).group_by(DraftRow.state)
        ).all()
    return {row[0]: row[1] for row in found}


def receipts(workshop: Workshop, company: Company) -> int:
    return workshop.client(company).count("SalesReceipt")


def test_a_subscription_that_ended_blocks_the_company_and_its_renewal_brings_everything_over_once(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    posted_first(workshop, connection, company)
    books = sandbox.store.of_template("quebec")
    books.settings["expired"] = True
    till.ROWS["T1"] = rows(70)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.FAILED, "quickbooks.subscription")
    blocked, schedule = now_of(workshop, company, connection)
    assert (blocked.state, blocked.blocked_by) == (CompanyState.BLOCKED, "subscription")
    assert "subscription period ended" in blocked.blocked_said
    assert schedule.next_at == workshop.clock.now() + FIRST_TRY, "tried again by itself"
    assert open_problems(workshop) == [("quickbooks.subscription", "run")], "one, not one a document"
    assert states(workshop).get(DraftState.FAILED, 0) == 0, "nobody has to settle each document"

    with workshop.database.read() as session:
        before = session.scalar(select(func.count()).select_from(Posting)) or 0
    assert sync(workshop, connection).state == RunState.FAILED
    with workshop.database.read() as session:
        tried = (session.scalar(select(func.count()).select_from(Posting)) or 0) - before
    assert tried == 1, "one document is sent to see"
    blocked, schedule = now_of(workshop, company, connection)
    assert (blocked.blocked_tries, blocked.blocked_at) == (2, workshop.clock.now())

    books.settings["expired"] = False
    assert sync(workshop, connection).state == RunState.DONE
    well, schedule = now_of(workshop, company, connection)
    assert (well.state, well.blocked_by, well.blocked_said, well.blocked_tries) == (CompanyState.CONNECTED, "", "", 0)
    assert schedule.next_at == workshop.clock.now(), "the company's connections run at once"
    assert (receipts(workshop, company), states(workshop)) == (70, {DraftState.POSTED: 70})
    assert open_problems(workshop) == []
    with workshop.database.read() as session:
        said = session.scalars(select(Event.action).where(Event.action.like("company.%blocked")).order_by(Event.seq))
        assert said.all() == ["company.blocked", "company.unblocked"]
        numbers = session.scalars(select(LinkRow.document_id).where(LinkRow.kind == "SalesReceipt")).all()
        asked = session.scalars(select(Posting.request_id).where(Posting.state == PostingState.REFUSED)).all()
        done = session.scalars(select(Posting.request_id).where(Posting.state == PostingState.DONE)).all()
    assert (len(numbers), len(set(numbers))) == (70, 70)
    assert set(asked) & set(done) == set(), "a refusal that QuickBooks remembers is not asked for again"


@pytest.mark.parametrize("code", [3100, 5020])
def test_rights_that_are_missing_block_the_company_until_it_can_be_read_again(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, code: int
) -> None:
    posted_first(workshop, connection, company)
    till.ROWS["T1"] = rows(3)
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=None, path="/companyinfo/", code=code))
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.FAILED, "quickbooks.access_denied")
    blocked, _ = now_of(workshop, company, connection)
    assert (blocked.state, blocked.blocked_by) == (CompanyState.BLOCKED, "rights")
    for _ in range(7):
        workshop.clock.sleep_ms(1000)
        sync(workshop, connection)
    blocked, schedule = now_of(workshop, company, connection)
    assert blocked.blocked_tries == 8
    assert schedule.next_at is not None
    assert timedelta(0) < schedule.next_at - workshop.clock.now() <= LAST_TRY, "tried more and more seldom"
    sandbox.lab.clear()
    assert sync(workshop, connection).state == RunState.DONE
    assert now_of(workshop, company, connection)[0].state == CompanyState.CONNECTED
    assert receipts(workshop, company) == 3


def test_readings_that_are_used_up_block_the_company_and_throttling_alone_does_not(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    posted_first(workshop, connection, company)
    till.ROWS["T1"] = rows(2)
    sandbox.lab.arm(ArmedFault(Effect.THROTTLE, left=None, path="/companyinfo/"))
    with pytest.raises(OSError, match="too many requests"):
        sync(workshop, connection)
    assert now_of(workshop, company, connection)[0].state == CompanyState.CONNECTED
    object.__setattr__(workshop.settings, "quickbooks_reads_per_month", 1)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.FAILED, "quickbooks.quota")
    assert now_of(workshop, company, connection)[0].blocked_by == "quota"
    sandbox.lab.clear()
    assert sync(workshop, connection).state == RunState.DONE
    assert now_of(workshop, company, connection)[0].state == CompanyState.CONNECTED
    assert receipts(workshop, company) == 2
