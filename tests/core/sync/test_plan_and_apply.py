"""What was read is what is sent, byte for byte; what changed since sends nothing; the effect told is the books' own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import till
from harness import NOW, OWNER, choose_usual, consent, enable, finish, lab, make_workshop, request, sync
from kept_figures import shown_both_ways
from set_up import till_of
from sqlalchemy import select, update
from wiretap import Wiretap

from raccord.cli.plan.tables import lines_as_json
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import connect
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.overview.books import balances
from raccord.overview.changes import field_changes
from raccord.overview.explain import explain
from raccord.overview.plans import plan_effect, plan_lines, plan_money
from raccord.quickbooks.codec import fill
from raccord.store.database import Database
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    DraftState,
    LinkRow,
    Plan,
    PlanLine,
    PlanState,
    RunState,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 9)


def sale(number: int, amount: str = "10.00", day: date = FIRST, **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day.isoformat(), "amount": amount, **more}


def receipts(workshop: Workshop, company: Company) -> list[dict[str, Any]]:
    return sorted(
        (dict(row) for row in workshop.client(company).query_all("SalesReceipt")), key=lambda row: int(row["Id"])
    )


def planned(workshop: Workshop, connection: Connection) -> Plan:
    """Make a plan that waits for a person."""
    run = finish(workshop, request(workshop, connection, stop_after="plan"))
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


@pytest.fixture
def running(workshop: Workshop, connection: Connection, company: Company) -> Connection:
    """The till with two sales posted, and a plan to come that changes one and adds one."""
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2, "20.00")]
    assert sync(workshop, connection).state == RunState.DONE
    till.ROWS["T1"] = [sale(1, "23.00", SECOND, memo="new"), sale(2, "20.00"), sale(3, "30.00")]
    return connection


Deed = Callable[[Workshop, Connection, Company, SandboxServer, str], object]


def on_document(deed: str, **more: object) -> Deed:
    def do(_: Workshop, __: Connection, ___: Company, sandbox: SandboxServer, document: str) -> object:
        return lab(sandbox, deed, entity="SalesReceipt", id=document, **more)

    return do


def other_choice(workshop: Workshop, connection: Connection, company: Company, *_: object) -> object:
    [income, *_] = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")
    return choose(workshop, OWNER, connection.id, "income", income["Id"], valid_from=date(2026, 3, 3))


def record_changed(workshop: Workshop, *_: object) -> None:
    with workshop.database.begin() as session:
        session.execute(update(DraftRow).where(DraftRow.key == "sales/s3").values(revision=DraftRow.revision + 1))


def record_taken_back(workshop: Workshop, *_: object) -> None:
    with workshop.database.begin() as session:
        session.execute(update(DraftRow).where(DraftRow.key == "sales/s3").values(state=DraftState.WITHDRAWN))


def tampered(workshop: Workshop, *_: object) -> None:
    with workshop.database.begin() as session:
        line = session.scalars(select(PlanLine).where(PlanLine.key == "sales/s3", PlanLine.state == "pending")).one()
        line.payload = line.payload.replace("30.00", "31.00")


def company_renamed(_: Workshop, __: Connection, ___: Company, sandbox: SandboxServer, ____: str) -> object:
    return lab(sandbox, "edit", entity="CompanyInfo", id="1", changes={"CompanyName": "Une autre société inc."})


SINCE: dict[str, tuple[Deed, str, str]] = {
    "document edited": (
        on_document("edit", changes={"CustomerMemo": {"value": "x"}}),
        "sales/s1",
        "was changed in QuickBooks",
    ),
    "document voided": (on_document("void"), "sales/s1", "was voided"),
    "document deleted": (on_document("delete"), "sales/s1", "is gone from QuickBooks"),
    "record changed": (record_changed, "sales/s3", "the record changed"),
    "record taken back": (record_taken_back, "sales/s3", "no longer to be posted"),
    "payload altered": (tampered, "sales/s3", "not what was read"),
    "choice changed": (other_choice, "", "choices or settings changed"),
    "company renamed": (company_renamed, "", "Une autre société inc."),
}


@ON_SQLITE
@pytest.mark.parametrize(("deed", "line", "said"), SINCE.values(), ids=SINCE.keys())
@pytest.mark.every(2)
def test_leader_2_a_plan_is_not_applied_once_the_source_or_quickbooks_changed(
    workshop: Workshop,
    running: Connection,
    company: Company,
    sandbox: SandboxServer,
    deed: Deed,
    line: str,
    said: str,
) -> None:
    plan = planned(workshop, running)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    deed(workshop, running, company, sandbox, receipts(workshop, company)[0]["Id"])
    before = receipts(workshop, company)
    run = finish(workshop, plan.run_id)
    assert (run.state, run.error_code) == (RunState.FAILED, "plan.changed_since")
    assert receipts(workshop, company) == before, "nothing of it was sent, the untouched lines neither"
    assert run.error_params["lines"] == [line]
    told = explain(run.error_code, run.error_params, "en")
    assert said in told.what
    if line:
        assert re.search(r"Sales receipt [\w-]+ \(.*Mar 2026, \d\d\.00\N{NO-BREAK SPACE}CAD\): ", told.what), told.what
        assert line not in told.what, "people are told its name, programs its key"
    assert "again" in told.fix
    assert explain(run.error_code, run.error_params, "fr").what != told.what
    with workshop.database.read() as session:
        assert session.get_one(Plan, plan.id).state == PlanState.STALE
    again = finish(workshop, request(workshop, running))
    assert again.state == RunState.DONE, "planned again, everything that still stands goes"
    thirty = 0 if line == "sales/s3" and "posted" in said else 1
    assert sum(1 for row in receipts(workshop, company) if row["TotalAmt"] == 30) == thirty


@ON_SQLITE
def test_an_untouched_plan_is_applied_whole(workshop: Workshop, running: Connection, company: Company) -> None:
    plan = planned(workshop, running)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, plan.run_id).state == RunState.DONE
    assert [row["TotalAmt"] for row in receipts(workshop, company)] == [23, 20, 30]


def moved_in_books(workshop: Workshop, company: Company) -> dict[tuple[str, date], Decimal]:
    """Return each account's balance at the end of the days that the plan touches."""
    client = workshop.client(company)
    return {(account, day): amount for day in (FIRST, SECOND) for account, amount in balances(client, day).items()}


def test_leader_2_an_update_moves_each_account_and_day_by_the_difference_alone(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    """The books are the judge: what the plan says it moves is what they moved by, per account and day."""
    plan = planned(workshop, running)
    with workshop.database.read() as session:
        by_day = plan_effect(session, plan.id, by_day=True).rows
        whole = {each.account_id: each.amount for each in plan_effect(session, plan.id).rows}
        assert plan_money(session, plan.id) == [], "undeposited money is not at the bank yet"
    kept, counted = shown_both_ways(workshop.database, plan.id)
    assert kept == counted
    before = moved_in_books(workshop, company)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, plan.run_id)
    applied, counted = shown_both_ways(workshop.database, plan.id)
    assert applied == counted
    assert applied[1:] == kept[1:], "carried out, it says what it said"
    after = moved_in_books(workshop, company)
    for day in (FIRST, SECOND):
        said: dict[str, Decimal] = {}
        for each in by_day:
            if each.day is not None and each.day <= day:
                said[each.account_id] = said.get(each.account_id, Decimal(0)) + each.amount
        taxes = said.pop("tax")
        moved = {
            account: change
            for account in {name for name, _ in after}
            if (change := after.get((account, day), Decimal(0)) - before.get((account, day), Decimal(0)))
        }
        assert {account: moved.pop(account, Decimal(0)) for account in said} == said
        assert sum(moved.values()) == taxes, "what is left are the taxes, which QuickBooks spreads over agencies"
    assert sum(whole.values()) == 0
    assert {each.amount for each in by_day if each.day == FIRST} & {Decimal("20.00")}, "less the 10, plus the 30"


COMPUTED = {"SyncToken", "MetaData", "TotalAmt", "Balance", "domain", "sparse", "TxnTaxDetail", "HomeTotalAmt"}


@ON_SQLITE
def test_leader_2_before_and_after_name_every_field_that_an_update_changes(
    workshop: Workshop, running: Connection, company: Company, sandbox: SandboxServer
) -> None:
    [first, *_] = receipts(workshop, company)
    # Somebody describes the line by hand and lets theirs stand: our update will take that away.
    lines = [line for line in first["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    described = [{**lines[0], "Description": "by hand", "Amount": str(lines[0]["Amount"])}]
    described[0]["SalesItemLineDetail"] = {
        name: value if isinstance(value, dict) else str(value)
        for name, value in lines[0]["SalesItemLineDetail"].items()
    }
    edited = lab(sandbox, "edit", entity="SalesReceipt", id=first["Id"], changes={"Line": described})
    with workshop.database.begin() as session:
        session.execute(update(LinkRow).where(LinkRow.key == "sales/s1").values(sync_token=edited["SyncToken"]))
    before = receipts(workshop, company)[0]
    plan = planned(workshop, running)
    with workshop.database.read() as session:
        [line] = plan_lines(session, plan.id, action=Action.UPDATE).rows
    told = {each.field: (each.before, each.after) for each in field_changes(line.payload, before)}
    assert told["TxnDate"] == (FIRST.isoformat(), SECOND.isoformat())
    assert told["Line[0].Description"] == ("by hand", "")
    assert "r1]" in told["PrivateNote"][0]
    assert "r2]" in told["PrivateNote"][1]
    [shown] = lines_as_json([line], {("SalesReceipt", line.document_id): before})
    assert {each["field"]: (each["before"], each["after"]) for each in shown["changes"]} == told
    assert shown["changes"][0]["name"] == {"fr": "Date", "en": "Date"}
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, plan.run_id)
    after = receipts(workshop, company)[0]
    changed = {name for name in before | after if before.get(name) != after.get(name)} - COMPUTED
    assert changed == {re.split(r"[.\[]", field)[0] for field in told}


@pytest.fixture
def tapped(sandbox: SandboxServer) -> Iterator[Wiretap]:
    """What lies between the workshop and the sandbox, and keeps every byte."""
    with Wiretap(sandbox.host, sandbox.port) as running:
        yield running


@ON_SQLITE
def test_leader_2_the_dry_run_shows_byte_for_byte_what_is_sent(
    database: Database, data_dir: Path, sandbox: SandboxServer, tapped: Wiretap
) -> None:
    workshop = make_workshop(database, data_dir, tapped.url, FixedClock(NOW), till)
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, company, "till")
    till.ROWS.clear()
    connection = connect(workshop, OWNER, till_of(company, "T1"))
    choose_usual(workshop, connection, company)
    deposit = {"stream": "deposits", "id": "d1", "day": "2026-03-05", "amount": "29.00", "fee": "1.00"}
    rounds = (
        [sale(1), sale(2, "20.00"), {**deposit, "of": "sales/s1=10.00,sales/s2=20.00"}],
        [
            sale(1),
            sale(2, "20.00"),
            {**deposit, "of": "sales/s1=10.00,sales/s2=20.00"},
            sale(3, "3.00"),
            sale(4, "4.00", memo="Été « É »"),
        ],
        [
            sale(1),
            sale(2, "20.00"),
            {**deposit, "of": "sales/s1=10.00,sales/s2=20.00"},
            sale(3, "5.00"),
            sale(4, "4.00", SECOND),
        ],
    )
    for rows in rounds:
        till.ROWS["T1"] = rows
        plan = planned(workshop, connection)
        with workshop.database.read() as session:
            shown = lines_as_json(plan_lines(session, plan.id).rows, {})
        tapped.exchanges.clear()
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        run = finish(workshop, plan.run_id)
        assert run.state == RunState.DONE
        with workshop.database.read() as session:
            ids = {link.key: link.document_id for link in session.scalars(select(LinkRow))}
        expected = sorted(fill(str(line["payload"]), ids).encode() for line in shown if line["payload"])
        assert sorted(bodies(tapped)) == expected
        assert expected
    workshop.close()


ITEM = re.compile(rb'\{"bId":"\d+","operation":"(?:create|update)","\w+":(.*?)\}(?=,\{"bId"|\]\}$)')


def bodies(tapped: Wiretap) -> list[bytes]:
    """Return what each document's write said on the wire, alone or as an item of a batch."""
    found: list[bytes] = []
    for exchange in tapped.exchanges:
        if exchange.method != "POST" or "/v3/company/" not in exchange.path or exchange.path.endswith("/query"):
            continue
        if exchange.path.endswith("/batch"):
            found += ITEM.findall(exchange.body) if b'"Query"' not in exchange.body else []
        else:
            found.append(exchange.body)
    return found
