"""Mappings that count from a day on, and reposts: posted documents brought to the mapping of now by a plan."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.errors import RaccordError
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.closing.statements import declare
from raccord.onboarding.connecting.connections import pause
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.onboarding.deciding.remapping import RoleChange, cancel, repost, set_term, survey
from raccord.onboarding.deciding.undone import release
from raccord.overview.books import balances
from raccord.overview.plans import plan_effect
from raccord.store.database import Database
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    Event,
    Hold,
    LinkRow,
    Plan,
    PlanLine,
    Problem,
    ProblemState,
    Proof,
    Run,
    RunState,
)
from raccord.sync.resolving.terms import DatedTerm, DatedTerms
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def sale(name: str, day: str, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": name, "day": day, "amount": amount, **more}


def account(workshop: Workshop, company: Company, name: str, type_: str = "Income") -> str:
    made = workshop.client(company).create("Account", f'{{"Name": "{name}", "AccountType": "{type_}"}}', f"test-{name}")
    return str(made.value["Id"])


def incomes(workshop: Workshop, company: Company) -> dict[str, str]:
    """Amount of each receipt to the income account that it was posted to."""
    client = workshop.client(company)
    items = {
        row["Id"]: row["IncomeAccountRef"]["name"] for row in client.query_all("Item") if "IncomeAccountRef" in row
    }
    return {
        str(row["TotalAmt"]): items[row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]]
        for row in client.query_all("SalesReceipt")
    }


def moved_by_day(workshop: Workshop, company: Company) -> dict[tuple[str, date], Decimal]:
    """By how much each account moved on each day of the month, from QuickBooks' trial balances."""
    client, found = workshop.client(company), {}
    before = balances(client, FIRST - timedelta(1))
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(number)
        after = balances(client, day)
        for each in {*before, *after}:
            found[each, day] = after.get(each, Decimal(0)) - before.get(each, Decimal(0))
        before = after
    return {place: amount for place, amount in found.items() if amount}


def apart(
    before: dict[tuple[str, date], Decimal], after: dict[tuple[str, date], Decimal]
) -> dict[tuple[str, date], Decimal]:
    both = {place: after.get(place, Decimal(0)) - before.get(place, Decimal(0)) for place in {*before, *after}}
    return {place: amount for place, amount in both.items() if amount}


def waiting(workshop: Workshop, connection: Connection) -> tuple[Run, Plan]:
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        return run, session.get_one(Plan, run.plan_id)


def synced(workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, Any]]) -> None:
    till.ROWS["T1"] = rows
    choose_usual(workshop, connection, company)
    sync(workshop, connection)


@pytest.fixture
def other_income(workshop: Workshop, connection: Connection, company: Company, till_moments: Moments) -> str:
    """Another income account than that to which two sales are posted."""
    till.ROWS["T1"] = rows = [sale("s1", "2026-03-02"), sale("s2", "2026-03-03", "20.00")]

    def live() -> str:
        new = account(workshop, company, "New")
        synced(workshop, connection, company, rows)
        return new

    return again(till_moments, workshop, "two sales are posted", live)


@pytest.fixture
def repost_waits(
    workshop: Workshop, connection: Connection, other_income: str, till_moments: Moments
) -> tuple[Run, Plan]:
    """The plan of a repost of both sales, with the run in which it waits."""

    def live() -> tuple[Run, Plan]:
        choose(workshop, OWNER, connection.id, "income", other_income, valid_from=FIRST)
        assert len(repost(workshop, OWNER, connection.id, FIRST, LAST).rewrites) == 2
        return waiting(workshop, connection)

    return again(till_moments, workshop, "a repost waits", live)


def test_pain_15_t1_rows_from_the_day_on_use_the_new_mapping_and_retries_of_older_ones_the_old(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    old, new = account(workshop, company, "Old"), account(workshop, company, "New")
    till.ROWS["T1"] = []
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    choose(workshop, OWNER, connection.id, "income", old)
    lab(sandbox, "close-books", date="2026-03-04")
    till.ROWS["T1"] = [sale("held", "2026-03-04", "1.00"), sale("s5", "2026-03-05", "2.00")]
    sync(workshop, connection)
    choose(workshop, OWNER, connection.id, "income", new, valid_from=date(2026, 3, 6))
    lab(sandbox, "close-books")
    till.ROWS["T1"] += [sale("late", "2026-03-05", "3.00"), sale("s6", "2026-03-06", "4.00")]
    sync(workshop, connection)
    assert incomes(workshop, company) == {"1.00": "Old", "2.00": "Old", "3.00": "Old", "4.00": "New"}


def test_pain_15_t2_a_repost_updates_in_place_and_moves_exactly_what_it_showed(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    old, new = account(workshop, company, "Old"), account(workshop, company, "New")
    till.ROWS["T1"] = []
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    choose(workshop, OWNER, connection.id, "income", old)
    rows = [
        sale("s2", "2026-03-02", "11.00"), sale("s5", "2026-03-05", "12.00"), sale("s6", "2026-03-05", "13.00"),
        sale("in deposit", "2026-03-06", "14.00"), sale("edited", "2026-03-07", "15.00"),
        sale("closed", "2026-03-01", "16.00"), sale("s9", "2026-03-09", "17.00"),
        {"stream": "refunds", "id": "r1", "day": "2026-03-08", "amount": "-5.00"},
        {"stream": "deposits", "id": "d1", "day": "2026-03-10", "amount": "14.00", "of": "sales/in deposit=14.00"},
    ]  # fmt: skip
    till.ROWS["T1"] = rows
    sync(workshop, connection)
    client = workshop.client(company)
    [touched] = [row for row in client.query_all("SalesReceipt") if str(row["TotalAmt"]) == "15.00"]
    lab(sandbox, "edit", entity="SalesReceipt", id=touched["Id"], changes={"CustomerMemo": {"value": "merci"}})
    lab(sandbox, "edit", entity="SalesReceipt", id=touched["Id"], changes={"TxnDate": "2026-03-08"})
    lab(sandbox, "close-books", date="2026-03-01")

    # Seen before it is saved, and nothing is saved by seeing it.
    from_day = date(2026, 3, 1)
    seen = survey(workshop, connection.id, from_day, LAST, RoleChange("income", new, from_day))
    assert survey(workshop, connection.id, from_day, LAST).rewrites == []
    choose(workshop, OWNER, connection.id, "income", new, valid_from=from_day)
    before, count = moved_by_day(workshop, company), client.count("SalesReceipt")
    found = repost(workshop, OWNER, connection.id, date(2026, 3, 1), date(2026, 3, 8))
    assert {each.key for each in found.rewrites} == {"sales/s2", "sales/s5", "sales/s6", "refunds/r1"}
    assert {each.key: each.code for each in found.kept} == {
        "sales/closed": "period.document_closed", "sales/edited": "repost.edited",
        "sales/in deposit": "repost.deposited",
    }  # fmt: skip
    within = {place: amount for place, amount in seen.effect().items() if place[1] < date(2026, 3, 9)}
    # The item of the new account does not exist yet, the account does: both say the same.
    assert within == found.effect() == {
        (old, date(2026, 3, 2)): Decimal("9.57"), (new, date(2026, 3, 2)): Decimal("-9.57"),
        (old, date(2026, 3, 5)): Decimal("21.75"), (new, date(2026, 3, 5)): Decimal("-21.75"),
        (old, date(2026, 3, 8)): Decimal("-4.35"), (new, date(2026, 3, 8)): Decimal("4.35"),
    }, found.effect()  # fmt: skip
    with pytest.raises(RaccordError, match=r"repost\.open"):
        repost(workshop, OWNER, connection.id, FIRST, LAST)

    run, plan = waiting(workshop, connection)
    with workshop.database.read() as session:
        lines = session.scalars(select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.draft_id.is_not(None)))
        assert {(line.key, line.action) for line in lines} == {(each.key, Action.UPDATE) for each in found.rewrites}
        shown = {(each.account_id, each.day): each.amount for each in plan_effect(session, plan.id, by_day=True).rows}
    assert {place: amount for place, amount in shown.items() if amount} == found.effect()
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path="/batch$", query="requestid=rb"))
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    assert apart(before, moved_by_day(workshop, company)) == found.effect(), (
        "the trial balance, account by account and day"
    )
    assert client.count("SalesReceipt") == count
    assert incomes(workshop, company) == {
        "11.00": "New", "12.00": "New", "13.00": "New",
        "14.00": "Old", "15.00": "Old", "16.00": "Old", "17.00": "Old",
    }  # fmt: skip
    # Again it finds nothing to do but what must stay, and runs go on by themselves.
    again = repost(workshop, OWNER, connection.id, date(2026, 3, 1), date(2026, 3, 8))
    assert (again.rewrites, len(again.kept)) == ([], 3)
    assert finish(workshop, request(workshop, connection)).state == RunState.DONE
    with workshop.database.read() as session:
        assert [row.key for row in session.scalars(select(DraftRow).where(DraftRow.state != "posted"))] == []
        asked = session.scalars(select(Event).where(Event.action == "repost.asked")).one()
    assert (asked.body["documents"], asked.body["kept"]) == (4, 3)


def test_pain_15_t2_a_repost_that_is_cancelled_leaves_everything_as_it_was(
    workshop: Workshop, connection: Connection, company: Company, other_income: str
) -> None:
    sync(workshop, connection)
    choose(workshop, OWNER, connection.id, "income", other_income, valid_from=FIRST)
    assert len(repost(workshop, OWNER, connection.id, FIRST, LAST).rewrites) == 2
    waiting(workshop, connection)
    # Meanwhile the source revises one of them: that update is the source's, under the mapping of its day.
    till.ROWS["T1"][1] = sale("s2", "2026-03-03", "21.00")
    waiting(workshop, connection)
    assert cancel(workshop, OWNER, connection.id) == 1
    with pytest.raises(RaccordError, match=r"repost\.none"):
        cancel(workshop, OWNER, connection.id)
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.DONE, "nothing waits any more"
    assert incomes(workshop, company) == {"10.00": "Revenu Caisse", "21.00": "New"}
    with workshop.database.read() as session:
        assert all(row.equal for row in session.scalars(select(Proof)))


def test_pain_6_t3_a_repost_that_is_cancelled_gives_no_undone_record_for_posted(
    workshop: Workshop, connection: Connection, company: Company, repost_waits: tuple[Run, Plan]
) -> None:
    """Undone while its repost waited: there is no document to go back to, so its question stays open."""
    asked = Asked(keys=("sales/s2",))
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock)
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run_id).state == RunState.DONE
    assert cancel(workshop, OWNER, connection.id) == 1
    with workshop.database.read() as session:
        found = {row.key: (row.state, row.reason) for row in session.scalars(select(DraftRow))}
        [hold] = session.scalars(select(Hold).where(Hold.closed_at.is_(None)))
    assert (found["sales/s1"], found["sales/s2"]) == (("posted", ""), ("held", "undo.undone"))
    release(workshop, OWNER, [hold.id])
    assert finish(workshop, request(workshop, connection)).state == RunState.DONE
    assert incomes(workshop, company) == {"10.00": "Revenu Caisse", "20.00": "New"}
    with workshop.database.read() as session:
        assert all(row.equal for row in session.scalars(select(Proof)))


def test_pain_6_t2_a_repost_moves_no_money_on_a_reconciled_statement(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    """Obeying the rule of undo: QuickBooks does not say what is reconciled, people do."""
    synced(
        workshop, connection, company,
        [
            sale("s1", "2026-03-02"), sale("s2", "2026-03-03", "20.00"),
            {"stream": "deposits", "id": "d1", "day": "2026-03-04", "amount": "10.00", "of": "sales/s1=10.00"},
            {"stream": "deposits", "id": "d2", "day": "2026-03-09", "amount": "20.00", "of": "sales/s2=20.00"},
        ],
    )  # fmt: skip
    new = account(workshop, company, "Other bank", "Bank")
    sync(workshop, connection)
    with workshop.database.read() as session:
        bank = session.scalars(select(LinkRow.money_account).where(LinkRow.key == "deposits/d1")).one()
    declare(workshop, OWNER, company.id, bank, date(2026, 3, 4))
    choose(workshop, OWNER, connection.id, "bank", new, valid_from=FIRST)
    found = repost(workshop, OWNER, connection.id, FIRST, LAST)
    assert [each.key for each in found.rewrites] == ["deposits/d2"]
    assert [(each.key, each.code, each.params["through"]) for each in found.kept] == [
        ("deposits/d1", "repost.statement", "2026-03-04")
    ]
    with pytest.raises(RaccordError, match=r"statement\.repost_waits"):
        declare(workshop, OWNER, company.id, bank, date(2026, 3, 10))
    _, plan = waiting(workshop, connection)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, plan.run_id)
    where = {
        row["TxnDate"]: row["DepositToAccountRef"]["value"] for row in workshop.client(company).query_all("Deposit")
    }
    assert where == {"2026-03-04": bank, "2026-03-09": new}
    declare(workshop, OWNER, company.id, bank, date(2026, 3, 10))


def test_pain_15_t1_a_word_changes_from_a_day_on_and_what_is_posted_follows_by_a_repost(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    synced(workshop, connection, company, [sale("s1", "2026-03-02"), sale("s5", "2026-03-05", "12.00")])
    lab(sandbox, "close-books", date="2026-03-06")
    till.ROWS["T1"].append(sale("held", "2026-03-06", "13.00"))
    sync(workshop, connection)
    first = date(2026, 3, 5)
    with pytest.raises(RaccordError) as closed:
        set_term(workshop, OWNER, connection.id, "sale", "Comptoir", first)
    assert (closed.value.code, "2026-03-07" in closed.value.fix.en) == ("mapping.closed_month", True)
    # Opened again in QuickBooks, it is asked there and not what the last run read.
    lab(sandbox, "close-books")
    seen = survey(workshop, connection.id, first, LAST, DatedTerm("sale", "Comptoir", first))
    assert [(each.key, [dict(one) for one in each.fields], each.effect) for each in seen.rewrites] == [
        ("sales/s5", [{"field": "Line[0].Description", "before": "", "after": "Comptoir"}], {})
    ]
    set_term(workshop, OWNER, connection.id, "sale", "Comptoir", first)
    sync(workshop, connection)
    said = {
        str(row["TotalAmt"]): row["Line"][0].get("Description", "")
        for row in workshop.client(company).query_all("SalesReceipt")
    }
    assert said == {"10.00": "", "12.00": "", "13.00": "Comptoir"}, "posted ones stay, the one that waited follows"
    assert [each.key for each in repost(workshop, OWNER, connection.id, FIRST, LAST).rewrites] == ["sales/s5"]
    sync(workshop, connection)
    [changed] = [row for row in workshop.client(company).query_all("SalesReceipt") if str(row["TotalAmt"]) == "12.00"]
    assert changed["Line"][0]["Description"] == "Comptoir"
    with pytest.raises(RaccordError, match=r"term\.unknown"):
        set_term(workshop, OWNER, connection.id, "gift", "Comptoir", first)


def test_pain_15_t2_a_plan_that_is_not_what_was_approved_any_more_leaves_the_repost_waiting(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, repost_waits: tuple[Run, Plan]
) -> None:
    run, plan = repost_waits
    [receipt] = [row for row in workshop.client(company).query_all("SalesReceipt") if str(row["TotalAmt"]) == "10.00"]
    lab(sandbox, "edit", entity="SalesReceipt", id=receipt["Id"], changes={"CustomerMemo": {"value": "merci"}})
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).error_code == "plan.changed_since"
    assert set(incomes(workshop, company).values()) == {"Revenu Caisse"}, "nothing of it was sent"
    waiting(workshop, connection)
    assert cancel(workshop, OWNER, connection.id) == 2


def test_a_repost_is_refused_where_it_cannot_be_and_to_those_who_may_not(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    with pytest.raises(RaccordError, match=r"repost\.not_running"):
        repost(workshop, OWNER, connection.id, FIRST, LAST)
    synced(workshop, connection, company, [sale("s1", "2026-03-02")])
    with pytest.raises(RaccordError, match=r"repost\.days"):
        repost(workshop, OWNER, connection.id, LAST, FIRST)
    with pytest.raises(NotAllowedError):
        repost(workshop, Actor("Bea", RoleName.BOOKKEEPER), connection.id, FIRST, LAST)
    assert repost(workshop, OWNER, connection.id, FIRST, LAST).rewrites == []
    pause(workshop, OWNER, connection.id)
    with pytest.raises(RaccordError, match=r"repost\.not_running"):
        repost(workshop, OWNER, connection.id, FIRST, LAST)


def test_a_word_that_the_connector_does_not_know_takes_the_meaning_of_one_it_knows(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    synced(workshop, connection, company, [sale("s1", "2026-03-02"), sale("s2", "2026-03-05") | {"word": "twint"}])
    with workshop.database.read() as session:
        [told] = session.scalars(select(Problem.subject).where(Problem.state == ProblemState.OPEN))
    assert told == "sales/s2"
    for word, ledger in (("twint", "Comptoir"), (" ", "sale"), ("x" * 201, "sale")):
        with pytest.raises(RaccordError, match=r"term\.unknown"):
            set_term(workshop, OWNER, connection.id, word, ledger, FIRST)
    assert set_term(workshop, OWNER, connection.id, "twint", "sale", date(2026, 3, 5)).ledger == "=sale"
    sync(workshop, connection)
    assert len(list(workshop.client(company).query_all("SalesReceipt"))) == 2
    with workshop.database.read() as session:
        assert session.scalars(select(Problem.subject).where(Problem.state == ProblemState.OPEN)).all() == []
        before, after = (
            DatedTerms.read(session, connection.id, till.INFO.terms).on(date(2026, 3, day)) for day in (4, 5)
        )
    assert (before.get("twint"), after.terms["twint"].ledger) == (None, "sale")
    assert after.with_overrides({"sale": "Comptoir", "twint": "=sale"}).terms["twint"].ledger == "Comptoir"
