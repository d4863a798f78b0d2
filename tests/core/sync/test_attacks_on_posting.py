"""What can happen to a document between the moment it leaves and the moment its answer is stored."""

from __future__ import annotations

import json
from datetime import date

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import answer_hold, approve_plan, choose
from raccord.quickbooks import RefusedError
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LineState,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    Proof,
    RunState,
)
from raccord.sync.books.company import store_entry
from raccord.sync.books.readback import Sought, read_back
from raccord.sync.execution import Execution
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


def sale(number: int, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount, **more}


def count(workshop: Workshop, company: Company, kind: str = "SalesReceipt") -> int:
    return workshop.client(company).count(kind)


def validated(workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, str]]) -> None:
    till.ROWS["T1"] = rows
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    for hold in holds:
        answer_hold(workshop, OWNER, hold.id, income)


def die_while_posting(workshop: Workshop, connection: Connection, sandbox: SandboxServer, path: str) -> str:
    """Post until an answer is lost, and let the run be given up there: the document is there, we do not know."""
    run = finish(workshop, request(workshop, connection))
    if run.state == RunState.APPROVAL:
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path=path))
    pipeline = Pipeline(workshop)
    while True:
        pipeline.advance(run.id)
        with workshop.database.read() as session:
            unknown = session.scalars(select(Posting).where(Posting.state == PostingState.INTENT)).all()
        if unknown:
            break
    with Execution.take(workshop.database, run.id).begin() as (_, row):
        row.state = RunState.FAILED
    return run.id


def approved_to_review(workshop: Workshop, connection: Connection) -> None:
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = True


@pytest.mark.parametrize("deed", ["moves it to another day", "gives it another number"])
def test_a_document_that_a_person_moved_before_we_knew_of_it_is_found_and_not_sent_again(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, deed: str
) -> None:
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    kind = "Deposit" if deed == "moves it to another day" else "SalesReceipt"
    if kind == "Deposit":
        validated(
            workshop, connection, company, [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "7.00"}]
        )
        approved_to_review(workshop, connection)
    else:
        till.ROWS["T1"] = [sale(1)]
        choose_usual(workshop, connection, company)
    die_while_posting(workshop, connection, sandbox, f"/{kind.lower()}$")
    [document] = workshop.client(company).query_all(kind)
    changes = {"TxnDate": "2026-03-09"} if kind == "Deposit" else {"DocNumber": "A-1"}
    lab(sandbox, "edit", entity=kind, id=document["Id"], changes=changes)
    assert sync(workshop, connection).state == RunState.DONE
    assert count(workshop, company, kind) == 1
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.kind == kind)).one()
        assert link.document_id == document["Id"]


def test_a_record_taken_back_while_its_document_was_on_its_way_is_told_to_a_person(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    die_while_posting(workshop, connection, sandbox, "/salesreceipt$")
    till.ROWS["T1"] = [sale(1, kind="training")]
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).one()
        assert (problem.code, problem.subject) == ("mapping.draft_vanished", "sales/s1")
        assert session.scalars(select(PlanLine).where(PlanLine.state == LineState.SENDING)).all() == []


def test_a_record_changed_while_its_document_was_on_its_way_updates_that_document(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    die_while_posting(workshop, connection, sandbox, "/salesreceipt$")
    till.ROWS["T1"] = [sale(1, "12.00")]
    assert sync(workshop, connection).state == RunState.DONE
    [receipt] = workshop.client(company).query_all("SalesReceipt")
    assert receipt["TotalAmt"] == 12
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_a_document_deleted_before_we_knew_of_it_is_never_two_and_the_proof_tells(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    die_while_posting(workshop, connection, sandbox, "/salesreceipt$")
    [receipt] = workshop.client(company).query_all("SalesReceipt")
    lab(sandbox, "delete", entity="SalesReceipt", id=receipt["Id"])
    assert sync(workshop, connection).state == RunState.DONE
    there = count(workshop, company)
    with workshop.database.read() as session:
        proof = session.scalars(select(Proof)).one()
        assert proof.equal == (there == 1)
        assert there == 1 or proof.differences[0]["code"] == "proof.missing_document"


def test_a_document_whose_outcome_never_gets_known_does_not_stop_the_others(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    validated(workshop, connection, company, [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "7.00"}])
    till.ROWS["T1"].append(sale(1))
    sandbox.lab.arm(ArmedFault(Effect.ERROR_BEFORE, left=None, path="/salesreceipt$"))
    assert sync(workshop, connection).state == RunState.DONE
    assert (count(workshop, company), count(workshop, company, "Deposit")) == (0, 1)
    with workshop.database.read() as session:
        told = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).one()
        assert (told.code, told.subject) == ("quickbooks.uncertain", "sales/s1")
    sandbox.lab.clear()
    assert sync(workshop, connection).state == RunState.DONE
    assert count(workshop, company) == 1
    with workshop.database.read() as session:
        assert session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all() == []
        assert session.scalars(select(PlanLine).where(PlanLine.state == LineState.SENDING)).all() == []


def test_when_no_outcome_gets_known_the_run_ends_instead_of_trying_everything(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(number) for number in range(40)]
    choose_usual(workshop, connection, company)
    fault = ArmedFault(Effect.ERROR_BEFORE, left=None, path="/(batch|salesreceipt)$")
    sandbox.lab.arm(fault)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.FAILED, "quickbooks.uncertain")
    assert fault.struck < 100
    with workshop.database.read() as session:
        told = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).one()
        assert (told.code, told.subject) == ("quickbooks.uncertain", "run")
    sandbox.lab.clear()
    assert sync(workshop, connection).state == RunState.DONE
    assert count(workshop, company) == 40


def test_an_update_that_a_forgotten_life_of_ours_made_is_recognised(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        before = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
    till.ROWS["T1"] = [sale(1, "12.00")]
    sync(workshop, connection)
    with workshop.database.begin() as session:
        # An older copy of our database comes back.
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
        link.revision, link.sync_token, link.amount = 1, before.sync_token, before.amount
        for posting in session.scalars(select(Posting).where(Posting.key == "sales/s1", Posting.revision == 2)):
            session.delete(posting)
        session.scalars(select(DraftRow)).one().state = DraftState.WAITING
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        assert session.scalars(select(DraftRow)).one().state == DraftState.POSTED
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_an_update_that_names_something_inactive_is_not_taken_for_a_deleted_document(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    approved_to_review(workshop, connection)
    other = workshop.client(company).create("Customer", '{"DisplayName":"Zoé"}', "by-hand").value
    with workshop.database.begin() as session:
        store_entry(session, company.id, "Customer", other, workshop.clock.now())
    choose(workshop, OWNER, connection.id, "customer", other["Id"], valid_from=date(2026, 3, 1))
    till.ROWS["T1"] = [sale(1, "12.00")]
    run = finish(workshop, request(workshop, connection))
    lab(sandbox, "deactivate", entity="Customer", id=other["Id"])
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    with workshop.database.read() as session:
        assert session.scalars(select(Posting).where(Posting.state == PostingState.REFUSED)).one().fault_code in (
            "610",
            "2500",
        )
        assert session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one().state == LinkState.LIVE
        assert session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).one().code == (
            "posting.inactive_reference"
        )


def test_a_receipt_that_was_deposited_is_not_changed_and_its_refusal_is_told(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    deposit = {"stream": "deposits", "id": "d1", "day": "2026-03-05", "amount": "10.00", "of": "sales/s1=10.00"}
    till.ROWS["T1"] = [sale(1), deposit]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"] = [sale(1, "12.00"), deposit]
    for _ in range(2):
        assert sync(workshop, connection).state == RunState.DONE
    [receipt] = workshop.client(company).query_all("SalesReceipt")
    assert receipt["TotalAmt"] == 10
    with workshop.database.read() as session:
        assert session.scalars(select(DraftRow).where(DraftRow.key == "sales/s1")).one().state in (
            DraftState.FAILED,
            DraftState.HELD,
        )


@pytest.mark.parametrize("there", ["another type of account", "the same type of account"])
def test_an_account_of_the_same_name_is_ours_only_if_it_is_of_our_kind(
    workshop: Workshop, company: Company, there: str
) -> None:
    client = workshop.client(company)
    kind = "Expense" if there == "another type of account" else "Income"
    made = client.create("Account", json.dumps({"Name": "Revenu Caisse", "AccountType": kind}), "by-hand")
    sent = json.dumps({"Name": "Revenu Caisse", "AccountType": "Income"})
    sought = Sought("CODE", "", "Account", False, "", sent, None)
    found = read_back(client, [sought])
    assert found == ({} if kind == "Expense" else {"CODE": made.value})


def test_a_change_of_a_list_entry_whose_answer_was_lost_is_known_by_its_token(
    workshop: Workshop, company: Company
) -> None:
    client = workshop.client(company)
    made = client.create("Customer", json.dumps({"DisplayName": "Zoé"}), "by-hand").value
    change = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "DisplayName": "Zoé"}
    change["PrimaryPhone"] = {"FreeFormNumber": "514 555-0100"}
    sought = Sought("CODE", "", "Customer", True, made["Id"], json.dumps(change), None)
    assert read_back(client, [sought]) == {}
    client.update("Customer", json.dumps(change), "ours")
    assert read_back(client, [sought])["CODE"]["PrimaryPhone"]["FreeFormNumber"] == "514 555-0100"
    with pytest.raises(RefusedError, match="5010"):
        client.update("Customer", json.dumps(change), "again")
