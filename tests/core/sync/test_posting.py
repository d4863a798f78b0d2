"""Posting when answers are lost, late or wrong: read back before any resend, never twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, request, sync
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import answer_hold
from raccord.onboarding.deciding.failures import mark_ready, mark_resolved
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    Posting,
    Problem,
    ProblemState,
    RunState,
)
from raccord.sync.execution import Execution, Fenced
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer


def sale(number: int, amount: str = "10.00") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount}


def bank_in(number: int, amount: str = "7.00") -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": "2026-03-04", "amount": amount}


def count(workshop: Workshop, company: Company, kind: str) -> int:
    return workshop.client(company).count(kind)


def validated(workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, str]]) -> None:
    """Let the bank lines be fetched and validated, so that the next run posts them."""
    till.ROWS["T1"] = rows
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    for hold in holds:
        answer_hold(workshop, OWNER, hold.id, income)


@pytest.fixture
def forgetful(sandbox: SandboxServer) -> SandboxServer:
    """The same QuickBooks, but it ignores ``requestid``."""
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    return sandbox


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.ERROR_AFTER, Effect.CUT_BEFORE, Effect.ERROR_BEFORE])
@pytest.mark.every(2)
def test_documents_without_a_number_are_looked_for_by_their_mark_before_any_resend(
    workshop: Workshop, connection: Connection, company: Company, forgetful: SandboxServer, effect: Effect
) -> None:
    validated(workshop, connection, company, [bank_in(1), bank_in(2)])
    forgetful.lab.arm(ArmedFault(effect, path="/batch"))
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    assert count(workshop, company, "Deposit") == 2
    with workshop.database.read() as session:
        assert (
            len({link.document_id for link in session.scalars(select(LinkRow).where(LinkRow.kind == "Deposit"))}) == 2
        )


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.ERROR_AFTER, Effect.THROTTLE])
def test_receipts_are_posted_once_whatever_becomes_of_the_answer(
    workshop: Workshop, connection: Connection, company: Company, forgetful: SandboxServer, effect: Effect
) -> None:
    till.ROWS["T1"] = [sale(number) for number in range(40)]
    choose_usual(workshop, connection, company)
    forgetful.lab.arm(ArmedFault(effect, path="/batch", left=3))
    assert sync(workshop, connection).state == RunState.DONE
    assert count(workshop, company, "SalesReceipt") == 40


def test_a_default_whose_answer_is_lost_is_found_by_its_name(
    workshop: Workshop, connection: Connection, company: Company, forgetful: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    forgetful.lab.arm(ArmedFault(Effect.LOSE_ANSWER, method="POST", path="/(account|customer|item)$", left=3))
    assert sync(workshop, connection).state == RunState.DONE
    names = [row["Name"] for row in workshop.client(company).query_all("Account")]
    assert names.count("Revenu Caisse") == 1


def test_a_restored_backup_recognises_what_it_has_forgotten(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.begin() as session:
        for link in session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")):
            session.delete(link)
        for posting in session.scalars(select(Posting).where(Posting.kind == "SalesReceipt")):
            session.delete(posting)
        for draft in session.scalars(select(DraftRow)):
            draft.state = DraftState.WAITING
    assert sync(workshop, connection).state == RunState.DONE
    assert count(workshop, company, "SalesReceipt") == 2
    with workshop.database.read() as session:
        assert {draft.state for draft in session.scalars(select(DraftRow))} == {DraftState.POSTED}


def test_an_execution_that_was_overtaken_writes_nothing_more(workshop: Workshop, connection: Connection) -> None:
    till.ROWS["T1"] = [sale(1)]
    run_id = request(workshop, connection)
    old = Execution.take(workshop.database, run_id)
    Execution.take(workshop.database, run_id)
    with pytest.raises(Fenced), old.begin():
        pass


def refused(workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer) -> Problem:
    """Let QuickBooks find a value of both sales wrong; returns the first one's problem."""
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    # The batch as a whole cannot be read; then each of its two documents is refused by itself.
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, path="/batch$", query="requestid=rb", code=2010))
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=2, path="/salesreceipt$", code=2040))
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        problems = session.scalars(select(Problem).where(Problem.subject == "sales/s1")).all()
    assert [problem.code for problem in problems] == ["posting.invalid_value"]
    return problems[0]


@pytest.mark.requirement("CH-57")
def test_only_a_failed_record_marked_ready_is_tried_again(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    problem = refused(workshop, connection, company, sandbox)
    sync(workshop, connection)
    assert count(workshop, company, "SalesReceipt") == 0
    mark_ready(workshop, OWNER, problem.id)
    sync(workshop, connection)
    assert count(workshop, company, "SalesReceipt") == 1


@pytest.mark.requirement("CH-58")
def test_a_failed_record_marked_resolved_is_never_sent(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    problem = refused(workshop, connection, company, sandbox)
    mark_resolved(workshop, OWNER, problem.id)
    sync(workshop, connection)
    assert count(workshop, company, "SalesReceipt") == 0
    with workshop.database.read() as session:
        assert session.get_one(Problem, problem.id).state == ProblemState.RESOLVED


def test_the_amount_that_quickbooks_computes_is_compared_to_the_cent(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(number, f"0.{number:02}") for number in range(1, 60)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    receipts = workshop.client(company).query_all("SalesReceipt")
    assert sum(row["TotalAmt"] for row in receipts) == sum(Decimal(number) for number in range(1, 60)) / 100
    with workshop.database.read() as session:
        assert session.scalars(select(Problem)).all() == []
