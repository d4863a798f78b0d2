"""Taking documents out when answers are lost, late or wrong: looked for before any resend, gone once and told once."""

from __future__ import annotations

import pytest
import till
from harness import OWNER, choose_usual, finish, sync
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Drift,
    LinkRow,
    Plan,
    Posting,
    PostingState,
    Proof,
    Run,
    RunState,
)
from raccord.sync.run import Pipeline
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


@pytest.fixture
def planned(workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer) -> Plan:
    """The approved plan that takes three sales and the deposit of two of them out, in a QuickBooks that ignores
    ``requestid``.
    """
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": f"{number}0.00"} for number in (1, 2, 3)
    ]
    till.ROWS["T1"].append(
        {
            "stream": "deposits",
            "id": "d1",
            "day": "2026-03-04",
            "amount": "30.00",
            "of": "sales/s1=10.00,sales/s2=20.00",
        }
    )
    posted = sync(workshop, connection)
    asked = Asked(posted.id, void=True)
    run = finish(
        workshop,
        request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock),
    )
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return plan


@pytest.mark.parametrize(
    ("effect", "path"),
    [
        (Effect.LOSE_ANSWER, "/deposit"),
        (Effect.CUT_BEFORE, "/deposit"),
        (Effect.LOSE_ANSWER, "/salesreceipt"),
        (Effect.THROTTLE, "/salesreceipt"),
    ],
)
def test_pain_6_what_is_taken_out_goes_once_whatever_becomes_of_the_answer(
    workshop: Workshop, company: Company, sandbox: SandboxServer, planned: Plan, effect: Effect, path: str
) -> None:
    sandbox.lab.arm(ArmedFault(effect, path=path))
    assert finish(workshop, planned.run_id).state == RunState.DONE
    client = workshop.client(company)
    assert client.count("Deposit") == 0
    assert [row["TotalAmt"] for row in client.query_all("SalesReceipt")] == [0, 0, 0], "voided, once each"
    with workshop.database.read() as session:
        assert {link.state for link in session.scalars(select(LinkRow).where(LinkRow.stream != ""))} == {"undone"}
        assert {draft.reason for draft in session.scalars(select(DraftRow))} == {"undo.undone"}
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        assert session.scalars(select(Posting.id).where(Posting.state == PostingState.INTENT)).all() == []
        tries = session.scalars(select(Posting.attempts).where(Posting.operation.in_(("delete", "void")))).all()
    assert len(tries) == 4, "one intent each"
    assert max(tries) == 1 or effect is not Effect.LOSE_ANSWER, "what is done is seen, and not sent again"


def test_an_undo_that_dies_with_unknown_outcomes_is_settled_by_the_next_run_before_it_looks_for_changes(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer, planned: Plan
) -> None:
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path="/deposit"))
    pipeline = Pipeline(workshop)
    pipeline.advance(planned.run_id)
    with workshop.database.begin() as session:
        assert session.scalars(select(Posting.state).where(Posting.operation == "delete")).all() == ["intent"]
        session.get_one(Run, planned.run_id).state = RunState.FAILED
    sync(workshop, connection)
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.key == "deposits/d1")).one()
        assert (link.state, session.scalars(select(Drift)).all()) == ("undone", [])
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    assert workshop.client(company).count("Deposit") == 0, "nor is it made again"
