"""Hundreds of documents of every kind, posted and undone: the ledger says what it said before, per account and day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import market
import pytest
from harness import NOW, OWNER, finish, make_workshop, sync
from market_company import open_market, say
from market_rows import Row, every_kind
from sqlalchemy import func, select

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.plans import plan_effect, plan_lines
from raccord.quickbooks import QuickBooks
from raccord.store.database import Database
from raccord.store.models import LinkRow, LinkState, Plan, Proof, RunState
from raccord.sync.books.readback import DOCUMENTS
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

Balances = dict[tuple[str, str], Decimal]


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        yield running


@pytest.fixture
def workshop(sqlite_database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(sqlite_database, data_dir, sandbox.url, FixedClock(NOW), market)
    yield made
    made.close()


def ledger(client: QuickBooks) -> Balances:
    """Return by how much each account moves on each day, as QuickBooks' general ledger says."""
    columns = "tx_date,account_name,debt_amt,credit_amt"
    asked = {"start_date": "2026-01-01", "end_date": "2026-12-31", "columns": columns}
    report = client.report("GeneralLedger", asked).value
    names = [column["MetaData"][0]["Value"] for column in report["Columns"]["Column"]]
    found: Balances = {}
    for row in _rows(report["Rows"].get("Row", [])):
        cells = dict(zip(names, (cell.get("value", "") for cell in row), strict=True))
        if not cells["tx_date"][:2].isdigit():
            continue
        moved = Decimal(cells["debt_amt"] or "0") - Decimal(cells["credit_amt"] or "0")
        place = (cells["account_name"], cells["tx_date"])
        found[place] = found.get(place, Decimal(0)) + moved
    return {place: moved for place, moved in found.items() if moved}


def _rows(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for row in rows:
        if "ColData" in row:
            yield row["ColData"]
        yield from _rows(row.get("Rows", {}).get("Row", []))


def trial_balance(client: QuickBooks) -> Any:
    return client.report("TrialBalance", {"end_date": "2026-12-31"}).value["Rows"]


def mixed(count: int) -> list[Row]:
    """Return ``count`` documents of every kind and the names that they use."""
    rows: list[Row] = []
    batch = 0
    while sum("amount" in row for row in rows) < count:
        batch += 1
        rows += every_kind(f"u{batch}-", sales=4, lists=batch == 1, item="items/u1-1")
    return rows


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
def test_pain_6_t1_undone_documents_leave_the_ledger_as_before_per_account_and_day(
    workshop: Workshop, sandbox: SandboxServer, count: int
) -> None:
    company, connection = open_market(workshop, sandbox.store)
    client = workshop.client(company)
    # The names come first, by a run of their own: accounts with nothing on them stand in a trial balance too.
    rows = mixed(count)
    say([row for row in rows if "amount" not in row])
    sync(workshop, connection)
    before, balance = ledger(client), trial_balance(client)
    documents = {kind: client.count(kind) for kind in DOCUMENTS}
    say(rows)
    posted = sync(workshop, connection)
    during = ledger(client)
    assert during != before
    live = select(func.count()).select_from(LinkRow).where(LinkRow.kind.in_(DOCUMENTS), LinkRow.state == LinkState.LIVE)
    with workshop.database.read() as session:
        made = session.scalar(live)
    assert made == sum("amount" in row for row in rows) >= count

    alone = Asked(keys=("invoices/u1-1", "bills/u1-1"))
    kept = finish(
        workshop,
        request_undo(workshop.database, HandOver(), connection.id, alone, actor=OWNER, clock=workshop.clock),
    )
    with workshop.database.read() as session:
        stays = {line.key: (line.reason, line.params["kind"]) for line in plan_lines(session, kept.plan_id).rows}
    assert stays == {
        "invoices/u1-1": ("undo.linked", "Payment"),
        "bills/u1-1": ("undo.linked", "BillPaymentCheck"),
        "scans/u1-1": ("undo.linked", "Bill"),
    }, "what pays them stays, and so do they, with the file of one"

    run_id = request_undo(
        workshop.database, HandOver(), connection.id, Asked(posted.id), actor=OWNER, clock=workshop.clock
    )
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
        told = {
            (each.name, str(each.day)): -each.amount
            for each in plan_effect(session, plan.id, by_day=True, limit=500).rows
            if each.account_id != "tax" and each.amount
        }
    there = {place: moved - before.get(place, 0) for place, moved in during.items()}
    # Where a price holds its tax, QuickBooks takes that out by itself, a cent away now and then.
    apart = {place: value - there.get(place, Decimal(0)) for place, value in told.items()}
    assert {place for place, cents in apart.items() if abs(cents) > Decimal("0.01") * count} == set(), "told beforehand"
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run_id).state == RunState.DONE
    assert ledger(client) == before
    assert trial_balance(client) == balance
    assert {kind: client.count(kind) for kind in DOCUMENTS} == documents
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    sync(workshop, connection)
    assert ledger(client) == before
