"""What a run wrote is taken out of the books again by a plan that says what goes, what stays and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, sync
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.decisions import approve_plan
from raccord.onboarding.undone import release
from raccord.overview.drifts import open_drifts
from raccord.overview.plans import LineView, plan_lines
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Hold,
    LinkRow,
    Plan,
    Proof,
    Run,
    RunState,
)
from raccord.sync.undo_selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.server import SandboxServer

Person = Callable[..., None]


def rows(*numbers: int) -> list[dict[str, str]]:
    return [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-0{number}", "amount": f"{number}0.00"}
        for number in numbers
    ]


@pytest.fixture
def posted(workshop: Workshop, company: Company, connection: Connection) -> Run:
    """The run that wrote three sales, a refund, and the deposit of the first sale."""
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [
        *rows(1, 2, 3),
        {"stream": "refunds", "id": "r1", "day": "2026-03-04", "amount": "-5.00"},
        {"stream": "deposits", "id": "d1", "day": "2026-03-05", "amount": "10.00", "of": "sales/s1=10.00"},
    ]
    return sync(workshop, connection)


@pytest.fixture
def person(workshop: Workshop, company: Company, sandbox: SandboxServer, posted: Run) -> Person:
    """Somebody at work in QuickBooks, on the document that a draft became."""

    def do(deed: str, key: str, **changes: object) -> None:
        link = link_of(workshop, key)
        body = {"changes": changes} if changes else {}
        lab(sandbox, deed, realm=company.realm, entity=link.kind, id=link.document_id, **body)

    return do


def link_of(workshop: Workshop, key: str) -> LinkRow:
    with workshop.database.read() as session:
        return session.scalars(select(LinkRow).where(LinkRow.key == key)).one()


def ask(workshop: Workshop, connection: Connection, asked: Asked) -> Run:
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock)
    return finish(workshop, run_id)


def approve(workshop: Workshop, run: Run) -> Run:
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return finish(workshop, run.id)


def undo(workshop: Workshop, connection: Connection, asked: Asked) -> Run:
    run = ask(workshop, connection, asked)
    return approve(workshop, run) if run.state == RunState.APPROVAL else run


def lines(workshop: Workshop, run: Run) -> dict[str, LineView]:
    with workshop.database.read() as session:
        return {line.key: line for line in plan_lines(session, run.plan_id).rows}


def states(workshop: Workshop) -> dict[str, tuple[str, str]]:
    with workshop.database.read() as session:
        return {row.key: (row.state, row.reason) for row in session.scalars(select(DraftRow))}


def unequal(workshop: Workshop) -> list[Any]:
    with workshop.database.read() as session:
        return [proof.differences for proof in session.scalars(select(Proof).where(Proof.equal.is_(False)))]


def balances(workshop: Workshop, company: Company) -> list[Any]:
    report = workshop.client(company).report(
        "GeneralLedger", {"start_date": "2026-01-01", "end_date": "2026-12-31", "columns": "tx_date,subt_nat_amount"}
    )
    return [report.value["Rows"]]


def count(workshop: Workshop, company: Company) -> int:
    client = workshop.client(company)
    return sum(client.count(kind) for kind in ("SalesReceipt", "RefundReceipt", "Deposit"))


def test_a_run_is_undone_in_order_and_its_records_wait_for_a_person(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    assert count(workshop, company) == 5
    run = ask(workshop, connection, Asked(posted.id))
    assert run.state == RunState.APPROVAL
    planned = lines(workshop, run)
    assert {key: str(line.action) for key, line in planned.items()} == dict.fromkeys(
        ("sales/s1", "sales/s2", "sales/s3", "refunds/r1", "deposits/d1"), "delete"
    )
    assert next(iter(planned)) == "deposits/d1", "what holds others goes first"
    assert count(workshop, company) == 5, "nothing goes before the plan is approved"
    done = approve(workshop, run)
    assert (done.state, count(workshop, company)) == (RunState.DONE, 0)
    assert unequal(workshop) == []
    assert set(states(workshop).values()) == {("held", "undo.undone")}

    sync(workshop, connection)
    sync(workshop, connection)
    assert count(workshop, company) == 0, "no run posts them again"
    assert unequal(workshop) == []
    with workshop.database.read() as session:
        assert open_drifts(session).rows == [], "our own undo is nobody's deletion"
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
        assert {(hold.code, hold.params["by"]) for hold in holds} == {("undo.undone", OWNER.name)}

    assert sorted(release(workshop, OWNER, [hold.id for hold in holds])) == sorted(planned)
    sync(workshop, connection)
    assert count(workshop, company) == 5
    assert {state for state, _ in states(workshop).values()} == {"posted"}
    assert unequal(workshop) == []
    again = link_of(workshop, "sales/s1")
    assert (again.state, again.generation, again.document_number[-2:]) == ("live", 1, "-2")
    sync(workshop, connection)
    assert count(workshop, company) == 5
