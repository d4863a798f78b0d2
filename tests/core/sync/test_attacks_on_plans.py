"""Plans that nobody may carry out any more, and answers of people that must hold exactly as far as they went."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from types import ModuleType

import pytest
import till
from harness import NOW, OWNER, catalog_of, choose_usual, finish, lab, request, sync
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.jobs import requests
from raccord.jobs.inline import HandOver
from raccord.onboarding.connecting.connections import pause, reconnect, resume
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, approve_plan, choose
from raccord.plugin import AccountChoice, AccountNeed, Resolution, ResolutionKind, ResolveContext, Text, hookimpl
from raccord.plugin.contexts import ConflictContext
from raccord.plugin.ledger import Conflict
from raccord.scope import Scopes
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Event,
    Hold,
    LinkRow,
    Plan,
    PlanState,
    Posting,
    Run,
    RunState,
)
from raccord.sync.bodies import mark
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


def sale(number: int, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount, **more}


def count(workshop: Workshop, company: Company, kind: str = "SalesReceipt") -> int:
    return workshop.client(company).count(kind)


def waiting_plan(workshop: Workshop, connection: Connection) -> Plan:
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


@pytest.fixture
def first_plan(workshop: Workshop, connection: Connection, company: Company, till_moments: Moments) -> Plan:
    """The plan of one sale, which waits to be approved."""
    till.ROWS["T1"] = [sale(1)]

    def live() -> Plan:
        choose_usual(workshop, connection, company)
        return waiting_plan(workshop, connection)

    return again(till_moments, workshop, "a first plan waits", live)


def open_hold(workshop: Workshop) -> Hold:
    with workshop.database.read() as session:
        return session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()


def with_hook(workshop: Workshop, **hooks: object) -> None:
    module = ModuleType("till_with_hook")
    module.__dict__.update({**vars(till), **hooks})
    workshop.scopes = Scopes(catalog_of(module))


def test_the_plan_of_a_cancelled_run_cannot_be_approved(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    requests.cancel(workshop.database, HandOver(), first_plan.run_id, clock=workshop.clock)
    with pytest.raises(RaccordError, match=r"plan\.not_current"):
        approve_plan(workshop, OWNER, first_plan.id, first_plan.hash)
    assert finish(workshop, first_plan.run_id).state == RunState.CANCELLED
    assert count(workshop, company) == 0


def test_a_plan_is_not_carried_out_for_records_that_changed_after_it(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1, "10.00"), sale(2, "20.00"), sale(3)]
    choose_usual(workshop, connection, company)
    plan = waiting_plan(workshop, connection)
    till.ROWS["T1"] = [sale(1, "11.00"), sale(2, "20.00", kind="training"), sale(3)]
    later = fetched_and_mapped_only(workshop, connection)
    requests.cancel(workshop.database, HandOver(), later, clock=workshop.clock, force=True)
    with pytest.raises(RaccordError, match=r"plan\.not_current"):
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    sync(workshop, connection)
    amounts = sorted(row["TotalAmt"] for row in workshop.client(company).query_all("SalesReceipt"))
    assert amounts == [10, 11]
    assert sorted(
        write["operation"] for write in sandbox.store.of_template("quebec").writes if write["entity"] == "SalesReceipt"
    ) == ["create", "create"]


def fetched_and_mapped_only(workshop: Workshop, connection: Connection) -> str:
    """Take a new run as far as its mapping."""
    run_id = request(workshop, connection)
    while True:
        with workshop.database.read() as session:
            if session.get_one(Run, run_id).phase == "books":
                return run_id
        Pipeline(workshop).advance(run_id)


def test_a_plan_one_of_whose_records_was_taken_back_after_the_approval_sends_nothing(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    plan = waiting_plan(workshop, connection)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "sales/s1")).one()
        draft.state = DraftState.WITHDRAWN
    run = finish(workshop, plan.run_id)
    assert (run.state, run.error_code, run.error_params["lines"]) == (
        RunState.FAILED,
        "plan.changed_since",
        ["sales/s1"],
    )
    assert count(workshop, company) == 0
    sync(workshop, connection)
    assert count(workshop, company) == 1


def test_a_run_whose_plan_was_overtaken_ends(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    new = waiting_plan(workshop, connection)
    with workshop.database.read() as session:
        run = session.get_one(Run, first_plan.run_id)
        assert (run.state, run.error_code) == (RunState.CANCELLED, "plan.superseded")
        assert run.finished_at is not None
        assert session.get_one(Run, new.run_id).state == RunState.APPROVAL


def test_a_plan_made_before_a_choice_cannot_be_approved_after_it(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]
    choose(workshop, OWNER, connection.id, "income", income["Id"])
    with pytest.raises(RaccordError, match=r"plan\.not_current"):
        approve_plan(workshop, OWNER, first_plan.id, first_plan.hash)


def test_a_plan_made_before_the_connection_ended_cannot_be_approved_after_it_came_back(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    disconnect(workshop, OWNER, connection.id, without_export=True)
    reconnect(workshop, OWNER, connection.id, {"till": "T1", "code": "new"})
    with pytest.raises(RaccordError, match=r"plan\.not_current"):
        approve_plan(workshop, OWNER, first_plan.id, first_plan.hash)


def test_a_plan_of_a_pause_that_lasted_too_long_is_not_approved(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    pause(workshop, OWNER, connection.id)
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.set(NOW + timedelta(days=400))
    with pytest.raises(RaccordError, match=r"pause_too_long"):
        resume(workshop, OWNER, connection.id)
    with pytest.raises(RaccordError, match=r"plan\."):
        approve_plan(workshop, OWNER, first_plan.id, first_plan.hash)
    with workshop.database.read() as session:
        assert session.get_one(Connection, connection.id).approved_at is None


def test_two_people_who_approve_at_once_approve_once(
    workshop: Workshop, connection: Connection, company: Company, first_plan: Plan
) -> None:
    together, refused = Barrier(4), []

    def press() -> None:
        together.wait()
        try:
            approve_plan(workshop, OWNER, first_plan.id, first_plan.hash)
        except RaccordError as error:
            refused.append(error.code)

    people = [Thread(target=press) for _ in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert refused == ["plan.not_current"] * 3
    with workshop.database.read() as session:
        assert len(session.scalars(select(Event).where(Event.action == "plan.approved")).all()) == 1
        assert session.get_one(Plan, first_plan.id).state == PlanState.APPROVED
    finish(workshop, first_plan.run_id)
    assert count(workshop, company) == 1


def test_a_connector_is_asked_for_each_day_even_where_it_had_no_answer_before(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    @hookimpl
    def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        if need.role != "income" or need.day.day < 5:
            return None
        return AccountChoice(need.candidates[0].id, Text("Dès le 5.", "From the 5th."))

    with_hook(workshop, resolve_account=resolve_account)
    till.ROWS["T1"] = [sale(1), {**sale(2), "day": "2026-03-06"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    client = workshop.client(company)
    items = {row["Id"]: row["Name"] for row in client.query_all("Item")}
    used = {
        row["TxnDate"]: items[row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]]
        for row in client.query_all("SalesReceipt")
    }
    assert used["2026-03-02"] == "Revenu Caisse"
    assert used["2026-03-06"] != "Revenu Caisse"


def test_an_item_that_a_person_renamed_stays_ours(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [item] = [row for row in workshop.client(company).query_all("Item") if row["Name"] == "Revenu Caisse"]
    lab(sandbox, "edit", entity="Item", id=item["Id"], changes={"Name": "Ventes du comptoir"})
    till.ROWS["T1"].append(sale(2))
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.DONE, "")
    receipts = list(workshop.client(company).query_all("SalesReceipt"))
    assert {row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] for row in receipts} == {item["Id"]}


def test_a_default_that_a_person_made_inactive_is_asked_about_and_not_made_anew(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [item] = [row for row in workshop.client(company).query_all("Item") if row["Name"] == "Revenu Caisse"]
    lab(sandbox, "deactivate", entity="Item", id=item["Id"])
    till.ROWS["T1"].append(sale(2))
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.DONE, "")
    assert open_hold(workshop).code == "posting.inactive_reference"


def test_a_category_that_became_inactive_is_asked_for_again(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-5.00"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    first, second = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[:2]
    answer_hold(workshop, OWNER, open_hold(workshop).id, first["Id"])
    lab(sandbox, "deactivate", entity="Account", id=first["Id"])
    sync(workshop, connection)
    hold = open_hold(workshop)
    assert hold.code == "resolve.decision_missing"
    assert first["Name"] in hold.params["inactive"]
    answer_hold(workshop, OWNER, hold.id, second["Id"])
    sync(workshop, connection)
    assert count(workshop, company, "Purchase") == 1


def taken_number(workshop: Workshop, connection: Connection, company: Company, key: str) -> str:
    """Let somebody else's receipt bear the number that ours will want; returns its id."""
    client = workshop.client(company)
    item = client.query("SELECT * FROM Item WHERE Type = 'Service'")[0]
    code = next(row for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])
    body = (
        f'{{"DocNumber":"TIL-{mark(company.realm, connection.id, key)}","TxnDate":"2026-03-02",'
        '"GlobalTaxCalculation":"TaxInclusive","Line":[{"Amount":8.70,"DetailType":"SalesItemLineDetail",'
        f'"SalesItemLineDetail":{{"TaxInclusiveAmt":10.00,"ItemRef":{{"value":"{item["Id"]}"}},'
        f'"TaxCodeRef":{{"value":"{code["Id"]}"}}}}}}]}}'
    )
    return str(client.create("SalesReceipt", body, f"by-hand-{key[-1]}").value["Id"])


@pytest.mark.parametrize("who", ["a person", "a connector"])
def test_one_document_is_never_linked_to_two_drafts(
    workshop: Workshop, connection: Connection, company: Company, who: str
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    there = [taken_number(workshop, connection, company, f"sales/s{number}") for number in (1, 2)]

    @hookimpl
    def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution:
        return Resolution(ResolutionKind.LINK, there[0])

    if who == "a connector":
        with_hook(workshop, on_conflict=on_conflict)
        for _ in range(3):
            assert sync(workshop, connection).state == RunState.DONE
    else:
        sync(workshop, connection)
        with workshop.database.read() as session:
            first, second = session.scalars(select(Hold).where(Hold.closed_at.is_(None)).order_by(Hold.draft_id)).all()
        answer_conflict(workshop, OWNER, first.id, ResolutionKind.LINK, there[0])
        with pytest.raises(RaccordError, match=r"conflict\.linked_already"):
            answer_conflict(workshop, OWNER, second.id, ResolutionKind.LINK, there[0])
        sync(workshop, connection)
        with pytest.raises(RaccordError, match=r"conflict\.linked_already"):
            answer_conflict(workshop, OWNER, second.id, ResolutionKind.LINK, there[0])
    with workshop.database.read() as session:
        links = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).all()
        assert [link.document_id for link in links] == [there[0]]


def test_a_link_that_a_person_decided_survives_a_plan_that_is_made_again(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    there = taken_number(workshop, connection, company, "sales/s1")
    sync(workshop, connection)
    answer_conflict(workshop, OWNER, open_hold(workshop).id, ResolutionKind.LINK, there)
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = True
    waiting_plan(workshop, connection)
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).one()
        assert (link.document_id, link.origin) == (there, "linked")
        refused = session.scalars(select(Posting).where(Posting.state == "refused")).all()
        assert len(refused) == 1, "it was tried as a new document again"
    assert count(workshop, company) == 1


def test_a_document_restored_once_is_not_restored_again_without_a_new_answer(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    for restored in (True, False):
        delete_it(workshop, company, sandbox)
        sync(workshop, connection)
        hold = open_hold(workshop)
        assert hold.code == "conflict.deleted"
        if restored:
            answer_conflict(workshop, OWNER, hold.id, ResolutionKind.RESTORE_OURS)
            sync(workshop, connection)
        assert count(workshop, company) == (1 if restored else 0)


def delete_it(workshop: Workshop, company: Company, sandbox: SandboxServer) -> None:
    """Let a person delete the only receipt, and the source change it, so that the next update finds it gone."""
    [receipt] = workshop.client(company).query_all("SalesReceipt")
    lab(sandbox, "delete", entity="SalesReceipt", id=receipt["Id"])
    amount = "10.00" if till.ROWS["T1"][0]["amount"] != "10.00" else "12.00"
    till.ROWS["T1"] = [sale(1, amount)]


def test_a_line_that_changes_sides_is_not_written_over_a_document_of_another_kind(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    line = {"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "5.00"}
    till.ROWS["T1"] = [line]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]
    answer_hold(workshop, OWNER, open_hold(workshop).id, income["Id"])
    sync(workshop, connection)
    writes = len(sandbox.store.of_template("quebec").writes)
    till.ROWS["T1"] = [{**line, "amount": "-5.00"}]
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    assert open_hold(workshop).code == "plan.kind_changed"
    assert len(sandbox.store.of_template("quebec").writes) == writes
