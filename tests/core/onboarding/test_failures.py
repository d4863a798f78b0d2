"""What failed for one cause is one card, and one deed has all of it tried again."""

from __future__ import annotations

import pytest
import till
from harness import OWNER, choose_usual, lab, sync
from sqlalchemy import func, select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding.failures import close_cause
from raccord.overview.problems import problem_groups
from raccord.store.models import Company, Connection, Event, Problem, ProblemState
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

CLOSED = "posting.period_closed"
FAILED = 300


@pytest.fixture
def failed(workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer) -> Connection:
    """Three hundred sales of a month whose books are closed, and one of an open one."""
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-18")
    choose_usual(workshop, connection, company)
    sales = {"stream": "sales", "day": "2026-03-18", "amount": "10.00"}
    till.ROWS["T1"] = [{**sales, "id": f"s{number}"} for number in range(FAILED)]
    till.ROWS["T1"].append({**sales, "id": "open", "day": "2026-03-19"})
    sync(workshop, connection)
    return connection


def receipts(workshop: Workshop, company: Company) -> int:
    return workshop.client(company).count("SalesReceipt")


def test_pain_7_t2_one_cause_of_three_hundred_is_one_card_and_one_fix_sends_all_of_them(
    workshop: Workshop, company: Company, failed: Connection, sandbox: SandboxServer
) -> None:
    assert receipts(workshop, company) == 1, "the good one went on meanwhile"
    with workshop.database.read() as session:
        (group,) = problem_groups(session, failed.id).rows
        assert (group.code, group.count, len(group.examples)) == (CLOSED, FAILED, 3)
    lab(sandbox, "close-books", realm=company.realm)
    closed = close_cause(workshop, OWNER, CLOSED, ProblemState.READY, failed.id)
    assert (len(closed.ids), closed.left) == (FAILED, [])
    sync(workshop, failed)
    assert receipts(workshop, company) == FAILED + 1
    with workshop.database.read() as session:
        assert problem_groups(session, failed.id).total == 0
        noted = select(func.count()).select_from(Event).where(Event.action == "problem.ready")
        assert session.scalar(noted) == FAILED, "the chain names every record"


def test_only_the_cause_and_connection_named_are_closed_and_only_by_those_who_may(
    workshop: Workshop, failed: Connection
) -> None:
    guest = Actor("Guy", RoleName.ACCOUNTANT)
    with pytest.raises(NotAllowedError):
        close_cause(workshop, guest, CLOSED, ProblemState.READY)
    assert close_cause(workshop, OWNER, "posting.stale", ProblemState.READY).ids == []
    assert close_cause(workshop, OWNER, CLOSED, ProblemState.RESOLVED, "another").ids == []
    with workshop.database.read() as session:
        still = select(func.count()).select_from(Problem).where(Problem.state == ProblemState.OPEN)
        assert session.scalar(still) == FAILED
