"""What people decide, and when a decision comes too late or means something else than it seems."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.errors import RaccordError
from raccord.onboarding.connecting.connections import pause, resume
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.onboarding.deciding.failures import mark_ready, mark_resolved
from raccord.overview.explain import explain
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    Hold,
    Plan,
    Problem,
    ProblemState,
    Proof,
    RecordState,
    SourceRecord,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer


def sale(number: int, day: str, **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": "10.00", **more}


def incomes(workshop: Workshop, company: Company) -> list[dict[str, Any]]:
    return [dict(row) for row in workshop.client(company).query_all("Account", "AccountType = 'Income'")]


def placed(workshop: Workshop, company: Company) -> dict[str, str]:
    """Return the income account of each sales receipt by its day."""
    client = workshop.client(company)
    items = {row["Id"]: row for row in client.query_all("Item")}
    return {
        row["TxnDate"]: items[row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]]["IncomeAccountRef"]["value"]
        for row in client.query_all("SalesReceipt")
    }


@pytest.mark.requirement("CH-54", "CH-55", "K9")
def test_a_record_of_before_a_change_keeps_the_old_account_even_when_it_is_sent_after(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    first, second = (row["Id"] for row in incomes(workshop, company)[:2])
    choose(workshop, OWNER, connection.id, "income", first)
    till.ROWS["T1"] = [sale(1, "2026-03-18")]
    sync(workshop, connection)  # held: nobody has chosen the tax yet
    choose(workshop, OWNER, connection.id, "income", second)  # from today, 20 March
    with workshop.database.read() as session:
        assert [each.valid_from for each in session.scalars(select(Choice).order_by(Choice.valid_from))] == [
            date(1, 1, 1),
            date(2026, 3, 20),
        ]
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] += [sale(2, "2026-03-19"), sale(3, "2026-03-20")]
    sync(workshop, connection)
    assert placed(workshop, company) == {"2026-03-18": first, "2026-03-19": first, "2026-03-20": second}


@pytest.mark.requirement("CH-56", "CH-70")
def test_an_account_made_inactive_holds_its_documents_and_is_named_until_it_is_active_again(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    income = incomes(workshop, company)[0]
    choose(workshop, OWNER, connection.id, "income", income["Id"])
    choose_usual(workshop, connection, company)
    books = sandbox.store.get(company.realm)
    assert books is not None
    doc = next(row.doc for row in books.rows() if (row.kind, row.id) == ("Account", income["Id"]))
    doc["Active"] = False
    till.ROWS["T1"] = [sale(1, "2026-03-18")]
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    assert hold.code == "posting.inactive_reference"
    assert income["Name"] in str(hold.params["name"])
    assert explain(hold.code, hold.params, "fr").fix
    doc["Active"] = True
    sync(workshop, connection)
    assert list(placed(workshop, company)) == ["2026-03-18"]


@pytest.mark.requirement("CH-57", "CH-58")
def test_a_record_that_could_not_be_read_is_read_again_when_ready_and_left_when_resolved(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(number, "2026-03-18", kind="wrong") for number in (1, 2, 3)]
    sync(workshop, connection)
    with workshop.database.read() as session:
        ids = {each.subject: each.id for each in session.scalars(select(Problem))}
    mark_ready(workshop, OWNER, ids["sales/s1"])
    mark_resolved(workshop, OWNER, ids["sales/s2"])
    for problem_id in (ids["sales/s1"], ids["sales/s2"]):
        with pytest.raises(RaccordError) as refused:
            mark_ready(workshop, OWNER, problem_id)
        assert refused.value.code == "problem.closed"
    sync(workshop, connection)
    with workshop.database.read() as session:
        states = {row.source_id: (row.state, row.reason) for row in session.scalars(select(SourceRecord))}
        again = session.scalars(
            select(Problem).where(Problem.subject == "sales/s1", Problem.state == ProblemState.OPEN)
        ).one_or_none()
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    assert states == {
        "s1": (RecordState.FAILED, "mapping.bad_record"),
        "s2": (RecordState.SKIPPED, "person.resolved"),
        "s3": (RecordState.FAILED, "mapping.bad_record"),
    }
    assert again is not None, "it was tried again and told of again"


def test_a_plan_cannot_be_approved_while_its_connection_is_paused_or_another_run_goes_on(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1, "2026-03-18")]
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    pause(workshop, OWNER, connection.id)
    with pytest.raises(RaccordError) as refused:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert refused.value.code == "plan.not_connected"
    resume(workshop, OWNER, connection.id)
    request(workshop, connection)
    with pytest.raises(RaccordError) as refused:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert refused.value.code == "plan.run_open"
    assert placed(workshop, company) == {}
