"""What customers owe and vendors are owed, through whole runs: order, waiting, updates, effects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import market
import pytest
from harness import NOW, OWNER, finish, make_workshop, sync
from market_company import open_market, say
from market_rows import every_kind
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.plans import plan_effect
from raccord.store.database import Database
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    Plan,
    Problem,
    Proof,
    Run,
    RunState,
)
from raccord.sync.posting import links, removals
from raccord.sync.resolving.resolve import LINK_MISSING, LINK_WAITS
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), market)
    yield made
    made.close()


@pytest.fixture
def opened(workshop: Workshop, sandbox: SandboxServer) -> tuple[Company, Connection]:
    return open_market(workshop, sandbox.store)


def states(workshop: Workshop) -> dict[str, tuple[str, str]]:
    with workshop.database.read() as session:
        return {row.key: (row.state, row.reason) for row in session.scalars(select(DraftRow))}


def held(workshop: Workshop, key: str) -> dict[str, Any]:
    with workshop.database.read() as session:
        of = select(Hold).join(DraftRow, DraftRow.id == Hold.draft_id)
        return dict(session.scalars(of.where(DraftRow.key == key, Hold.closed_at.is_(None))).one().params)


def row_of(rows: list[dict[str, str]], stream: str) -> dict[str, str]:
    return next(row for row in rows if row["stream"] == stream)


@pytest.mark.requirement("PL-35", "TD-43", "K16")
def test_a_payment_waits_for_the_invoice_that_waits_for_its_client(
    workshop: Workshop, opened: tuple[Company, Connection]
) -> None:
    company, connection = opened
    rows = every_kind("a", sales=1)
    client = row_of(rows, "people")
    say([row for row in rows if row is not client])
    sync(workshop, connection)
    found = states(workshop)
    assert found["invoices/a1"] == (DraftState.HELD, LINK_MISSING)
    assert found["receipts/a1"][0] == DraftState.HELD
    assert held(workshop, "receipts/a1")["keys"] == ["people/a1", "invoices/a1", "credits/a1"]
    assert found["bills/a1"][0] == found["settlements/a1"][0] == DraftState.POSTED
    assert workshop.client(company).count("Payment") == 0
    # Known but not posted yet is told apart from never heard of.
    say([*rows[: rows.index(client)], *rows[rows.index(client) + 1 :], client | {"name": "x" * 600}])
    sync(workshop, connection)
    assert states(workshop)["invoices/a1"] == (DraftState.HELD, LINK_WAITS)
    say(rows)
    sync(workshop, connection)
    assert {state for state, _ in states(workshop).values()} == {DraftState.POSTED}
    [payment] = list(workshop.client(company).query_all("Payment", "TotalAmt = '101.00'"))
    assert [line["Amount"] for line in payment["Line"]] == [Decimal("114.98"), Decimal("14.98")]
    invoice = workshop.client(company).read("Invoice", payment["Line"][0]["LinkedTxn"][0]["TxnId"]).value
    assert invoice["Balance"] == 0
    with workshop.database.read() as session:
        proofs = list(session.scalars(select(Proof)))
        assert {proof.stream for proof in proofs} >= {"invoices", "credits", "receipts", "bills", "settlements"}
        assert all(proof.equal for proof in proofs)


def test_pain_6_t2_an_invoice_that_a_person_was_paid_for_during_its_undo_stays(
    workshop: Workshop, opened: tuple[Company, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our payment is gone, theirs came a moment later: taking the invoice out would leave their money unapplied."""
    company, connection = opened
    say(every_kind("a", sales=1))
    sync(workshop, connection)
    asked = Asked(keys=("invoices/a1", "receipts/a1", "credits/a1"))
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock)
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
        invoice = session.scalars(select(LinkRow).where(LinkRow.key == "invoices/a1")).one()
    client = workshop.client(company)

    def paid(session: Session, run: Run, removal: removals.Removal, *more: Any) -> None:
        removals.record_removal(session, run, removal, *more)
        if removal.posting.key == "receipts/a1":
            of = client.read("Invoice", invoice.document_id).value["CustomerRef"]
            applied = [{"Amount": 50, "LinkedTxn": [{"TxnId": invoice.document_id, "TxnType": "Invoice"}]}]
            client.create("Payment", json.dumps({"CustomerRef": of, "TotalAmt": 50, "Line": applied}), "by-hand")

    monkeypatch.setattr(links, "record_removal", paid)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run_id).state == RunState.DONE
    assert client.read("Invoice", invoice.document_id).value["Balance"] == Decimal("64.98")
    found = states(workshop)
    assert (found["receipts/a1"][0], found["invoices/a1"]) == (DraftState.HELD, (DraftState.POSTED, ""))
    with workshop.database.read() as session:
        [problem] = session.scalars(select(Problem).where(Problem.state == "open"))
    assert (problem.code, problem.subject, problem.params["kind"]) == ("undo.linked", "invoices/a1", "Payment")


def test_a_plan_names_the_accounts_of_what_is_owed_and_of_items(
    workshop: Workshop, opened: tuple[Company, Connection]
) -> None:
    company, connection = opened
    rows = every_kind("a", sales=1)
    say([row for row in rows if row["stream"] in ("people", "items", "accounts", "vendors")])
    sync(workshop, connection)
    say(rows)
    run = sync(workshop, connection)
    client = workshop.client(company)
    [receivable] = client.query("SELECT * FROM Account WHERE AccountType = 'Accounts Receivable'")
    [payable] = client.query("SELECT * FROM Account WHERE AccountType = 'Accounts Payable'")
    with workshop.database.read() as session:
        effect = {each.account_id: each for each in plan_effect(session, run.plan_id).rows}
    # 114.98 less 14.98 of credit less 101.00 received: the customer has 1.00 to the good.
    assert effect[receivable["Id"]].amount == Decimal("-1.00")
    # 40.00 less 5.25 of credit less 34.75 paid.
    assert payable["Id"] not in effect
    assert not [key for key in effect if key.startswith("item:") or key in ("receivable", "payable")]


@pytest.mark.requirement("PO-09")
def test_a_receipt_is_attached_once_byte_for_byte_and_says_why_where_it_cannot_be(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, connection = opened
    rows = every_kind("a", sales=1)
    scan = row_of(rows, "scans")
    other = scan | {"of": row_of(rows, "invoices")["stream"] + "/a1"}
    monkeypatch.setattr("raccord.sync.posting.attachments.UPLOAD_BYTES_MAX", 20)
    bad = [
        scan | {"id": "exe", "name": "reçu.exe"},
        scan | {"id": "huge", "text": "x" * 21},
        scan | {"id": "lost", "text": "jamais reçu", "lost": "yes"},
        scan | {"id": "none", "text": ""},
    ]
    say([*rows, other | {"id": "b1", "note": "Devis signé", "name": "Érable.TXT"}, *bad])
    sync(workshop, connection)
    found = states(workshop)
    assert {key: reason for key, (_, reason) in found.items() if reason} == {
        "scans/exe": "encoding.file_type",
        "scans/huge": "attachment.too_large",
        "scans/lost": "attachment.file_missing",
        "scans/none": "attachment.empty",
    }
    client = workshop.client(company)
    kept = {row["FileName"]: row for row in client.query_all("Attachable")}
    assert set(kept) == {"a1.txt", "Érable.TXT"}
    assert kept["a1.txt"]["AttachableRef"][0]["EntityRef"]["type"] == "Bill"
    assert kept["Érable.TXT"]["Note"].startswith("Devis signé [raccord ")
    books = sandbox.store.of_template("quebec")
    for row in kept.values():
        assert httpx.get(row["TempDownloadUri"]).content == "Reçu a".encode()
    assert len(books.table("Attachable")) == 2
    # What is attached stays, whatever the source says of it later.
    say([*rows, other | {"id": "b1", "note": "Devis signé", "name": "Autre.txt"}])
    sync(workshop, connection)
    assert states(workshop)["scans/b1"] == (DraftState.HELD, "attachment.changed")
    assert client.count("Attachable") == 2


def test_entries_of_lists_are_updated_whole_and_keep_what_a_person_added(
    workshop: Workshop, opened: tuple[Company, Connection]
) -> None:
    company, connection = opened
    rows = [row for row in every_kind("a") if row["stream"] in ("accounts", "people", "vendors", "items")]
    say(rows)
    sync(workshop, connection)
    client = workshop.client(company)

    def edit(kind: str, name: str, request: str, **changes: object) -> None:
        entry = client.query(f"SELECT * FROM {kind} WHERE {name}")[0]  # noqa: S608 - QuickBooks' own language
        body = {each: entry[each] for each in ("Id", "SyncToken")} | {"sparse": True, **changes}
        client.update(kind, json.dumps(body), request)

    edit("Vendor", "DisplayName = 'Ferme a'", "by-hand-1", PrintOnCheckName="Ferme du Nord")
    edit("Item", "Name = 'Panier a'", "by-hand-2", Description="Panier de légumes", UnitPrice=12)
    say([row | {"name": row["name"] + " neuf"} for row in rows])
    sync(workshop, connection)
    assert {state for state, _ in states(workshop).values()} == {DraftState.POSTED}
    [vendor] = client.query("SELECT * FROM Vendor WHERE DisplayName = 'Ferme a neuf'")
    assert vendor["PrintOnCheckName"] == "Ferme du Nord"
    [item] = client.query("SELECT * FROM Item WHERE Name = 'Panier a neuf'")
    assert (item["Description"], item["UnitPrice"]) == ("Panier de légumes", 12)
    assert client.query("SELECT * FROM Account WHERE Name = 'Étal a neuf'")
    # What a person changed of what we wrote is not written over.
    edit("Vendor", "DisplayName = 'Ferme a neuf'", "by-hand-3", DisplayName="La ferme")
    say([row | {"name": row["name"] + " encore"} for row in rows])
    sync(workshop, connection)
    assert states(workshop)["vendors/a1"] == (DraftState.HELD, "conflict.stale")
    assert client.query("SELECT * FROM Vendor WHERE DisplayName = 'La ferme'")
