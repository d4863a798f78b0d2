"""Undo beside what else happens to a connection: another company and back, a pause, a second undo."""

from __future__ import annotations

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.closing.closings import set_closed_policy
from raccord.onboarding.connecting.connections import pause
from raccord.onboarding.connecting.switching import switch_company
from raccord.onboarding.deciding.decisions import DecisionError, approve_plan
from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.onboarding.deciding.undone import release
from raccord.store.models import Company, Connection, DraftRow, Drift, Hold, LinkRow, Plan, Proof, Run, RunState
from raccord.sync.posting.periods import ClosedPolicy
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer


def sale(number: int) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": f"2026-03-0{number}", "amount": f"{number}0.00"}


def plan_of(workshop: Workshop, run: Run) -> Plan:
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


def ask(workshop: Workshop, connection: Connection, *keys: str) -> Run:
    asked = Asked(keys=keys)
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock)
    return finish(workshop, run_id)


def approve(workshop: Workshop, run: Run) -> Run:
    plan = plan_of(workshop, run)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return finish(workshop, run.id)


def drafts(workshop: Workshop, connection: Connection) -> dict[str, tuple[str, str]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(DraftRow).where(DraftRow.connection_id == connection.id))
        return {row.key: (row.state, row.reason) for row in rows if row.key.startswith("sales/")}


def test_pain_4_t3_back_from_another_company_nothing_undone_deleted_or_edited_comes_back(
    workshop: Workshop, company: Company, other_company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2), sale(3)]
    sync(workshop, connection)
    approve(workshop, ask(workshop, connection, "sales/s1"))
    client = workshop.client(company)
    with workshop.database.read() as session:
        ids = {row.key: row.document_id for row in session.scalars(select(LinkRow))}
    lab(sandbox, "delete", realm=company.realm, entity="SalesReceipt", id=ids["sales/s2"])
    lab(
        sandbox, "edit", realm=company.realm, entity="SalesReceipt", id=ids["sales/s3"],
        changes={"PrivateNote": "mine"},
    )  # fmt: skip
    finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        drifted = list(session.scalars(select(Drift.id).where(Drift.state == "open")))
    assert len(drifted) == 2
    there = switch_company(workshop, OWNER, connection.id, other_company.id, "ACCEPT", "en")
    # Decided while the connection is elsewhere: nothing is written there for it, and nothing here yet.
    settle_drifts(workshop, OWNER, drifted, Way.KEEP)
    back = switch_company(workshop, OWNER, there.id, company.id, "ACCEPT", "en")
    assert back.id == connection.id
    run = finish(workshop, request(workshop, back))
    assert (run.state, client.count("SalesReceipt")) == (RunState.DONE, 1), "nothing to send, nothing to approve"
    assert drafts(workshop, back) == {
        "sales/s1": ("held", "undo.undone"), "sales/s2": ("skipped", "drift.deleted"), "sales/s3": ("posted", ""),
    }  # fmt: skip
    with workshop.database.read() as session:
        assert all(row.equal for row in session.scalars(select(Proof).where(Proof.connection_id == back.id)))


def test_an_approved_plan_of_a_connection_that_was_paused_sends_nothing_and_only_one_undo_is_carried_out(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2)]
    run = finish(workshop, request(workshop, connection))
    plan = plan_of(workshop, run)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    pause(workshop, OWNER, connection.id)
    ended = finish(workshop, run.id)
    assert (ended.state, ended.error_code) == (RunState.CANCELLED, "connection.paused")
    assert workshop.client(company).count("SalesReceipt") == 0


def test_of_two_undos_asked_for_one_after_the_other_only_the_newer_is_carried_out(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2)]
    sync(workshop, connection)
    first = ask(workshop, connection, "sales/s1")
    second = ask(workshop, connection, "sales/s1", "sales/s2")
    with pytest.raises(DecisionError, match=r"plan\.not_current"):
        approve(workshop, first)
    assert approve(workshop, second).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == 0


def test_pain_12_t3_what_was_moved_to_an_open_day_is_undone_there_and_comes_back_on_its_own(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-04")
    till.ROWS["T1"] = [sale(1), sale(5)]
    sync(workshop, connection)
    assert days(workshop, company) == ["2026-03-05", "2026-03-05"]
    # Closed further meanwhile: what stands there now stays, and another day is no reason to write it again.
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-05")
    run = ask(workshop, connection, "sales/s1")
    assert (run.state, days(workshop, company)) == (RunState.DONE, ["2026-03-05", "2026-03-05"])
    lab(sandbox, "close-books", realm=company.realm)
    approve(workshop, ask(workshop, connection, "sales/s1"))
    assert days(workshop, company) == ["2026-03-05"]
    with workshop.database.read() as session:
        [hold] = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None)))
        assert all(row.equal for row in session.scalars(select(Proof)))
    release(workshop, OWNER, [hold])
    sync(workshop, connection)
    assert days(workshop, company) == ["2026-03-01", "2026-03-05"]
    with workshop.database.read() as session:
        proofs = list(session.scalars(select(Proof)))
    assert all(row.equal and not row.moves for row in proofs)


def days(workshop: Workshop, company: Company) -> list[str]:
    return sorted(str(row["TxnDate"]) for row in workshop.client(company).query_all("SalesReceipt"))
