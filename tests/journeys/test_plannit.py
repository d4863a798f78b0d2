"""Plannit's rows that need a firm, a company and several days: real time, order, repeats, voids, cut-over."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from boreale import Boreale, boreale
from harness import OWNER, lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.onboarding.decisions import choose
from raccord.onboarding.receiving import receive_files
from raccord.store.database import Database
from raccord.store.models import DraftState, Proof, RunState, SourceRecord
from raccord.sync.resolve import LINK_MISSING, LINK_WAITS
from raccord.sync.unused import TAKEN_BACK, UNUSED
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import write_table
from raccord_plannit.sandbox.firm import Sold
from raccord_plannit.sandbox.story import seeded
from raccord_sandbox.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


__all__ = ["sandbox", "till_sandbox"]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Boreale]:
    with boreale(database, data_dir, sandbox) as made:
        made.listen()
        yield made


def all_equal(made: Boreale) -> bool:
    with made.workshop.database.read() as session:
        proofs = list(session.scalars(select(Proof).where(Proof.connection_id == made.connection.id)))
        return bool(proofs) and all(proof.equal for proof in proofs)


@pytest.mark.requirement("PL-01", "PL-14", "PL-15", "PL-16", "EX-02", "EX-04")
def test_messages_in_any_order_and_again_and_then_as_tables_are_posted_once(firm: Boreale) -> None:
    plannit = firm.firm = seeded(date(2026, 3, 2), weeks=3)
    changes = list(plannit.changes)
    # The newest first: payments come before their invoices, invoices before their contacts.
    for number, (kind, value) in enumerate(reversed(changes)):
        assert firm.send(kind, value, f"m{number}")
        assert not firm.send(kind, value, f"m{number}")
    firm.send_all(changes[::3])  # again, as other messages
    assert firm.sync().state == RunState.DONE
    states = firm.states()
    idle = {key for key, (_, reason) in states.items() if reason == UNUSED}
    assert {key for key in idle if not key.startswith("contacts/")} == set()
    assert "contacts/C0007" in idle
    assert {state for key, (state, reason) in states.items() if reason not in (UNUSED, TAKEN_BACK)} == {"posted"}
    numbered = [each for each in plannit.all("invoice") if each.get("number")]
    invoices = {each["DocNumber"]: each for each in firm.ours("Invoice")}
    assert {number: str(each["TotalAmt"]) for number, each in invoices.items()} == {
        str(each["number"]): str(each["total"]) for each in numbered
    }
    for each in numbered:
        stated = sorted(Decimal(str(tax["amount"])) for tax in each["taxes"])
        lines = invoices[str(each["number"])]["TxnTaxDetail"]["TaxLine"]
        assert sorted(line["Amount"] for line in lines if line["Amount"]) == stated
    assert {each["DepositToAccountRef"]["value"] for each in firm.ours("Payment") if each["TotalAmt"]} == {
        firm.names["bank"]
    }
    assert all_equal(firm)
    before = {kind: len(firm.ours(kind)) for kind in ("Invoice", "Payment", "CreditMemo", "Purchase", "Customer")}
    for info in CONTRACT.objects:
        table = io.BytesIO(write_table(info.name, plannit.all(info.name)).encode())
        receive_files(firm.workshop, OWNER, firm.connection.id, [(f"{info.path}.csv", table)])
    run = firm.sync()
    assert run.state == RunState.DONE
    assert {kind: len(firm.ours(kind)) for kind in before} == before
    with firm.workshop.database.read() as session:
        revisions = session.scalars(select(SourceRecord.revision).where(SourceRecord.run_id == run.id)).all()
        assert revisions == []  # a table says no other thing than the messages did


@pytest.mark.requirement("EX-03", "PL-01")
def test_a_voided_payment_empties_what_is_posted_and_its_invoice_is_owed_again(firm: Boreale) -> None:
    plannit = firm.firm
    client = plannit.contact("Zoé Roy")
    invoice = plannit.invoice(client, Sold(name="Visite", price="100.00"))
    payment = plannit.pay(invoice)
    firm.send_all(plannit.changes)
    firm.sync()
    assert [(each["TotalAmt"], each["Balance"]) for each in firm.ours("Invoice")] == [(Decimal("114.98"), 0)]
    plannit.void(payment)
    never = plannit.pay(invoice, "5.00")
    plannit.void(never)
    right = plannit.pay(invoice, "14.98")
    firm.send_all(plannit.changes[3:])
    firm.sync()
    assert {key: each for key, each in firm.states().items() if key.startswith("payments/")} == {
        f"payments/{payment}": (DraftState.POSTED, ""),
        f"payments/{never}": (DraftState.SKIPPED, TAKEN_BACK),
        f"payments/{right}": (DraftState.POSTED, ""),
    }
    (owed,) = firm.ours("Invoice")
    assert owed["Balance"] == 100
    assert sorted(each["TotalAmt"] for each in firm.ours("Payment")) == [0, Decimal("14.98")]
    assert all_equal(firm)


@pytest.mark.requirement("PL-33", "PL-15")
def test_the_next_line_of_an_item_posts_to_the_item_it_is_linked_to(firm: Boreale, sandbox: SandboxServer) -> None:
    plannit = firm.firm
    client, item = plannit.contact("Zoé Roy"), plannit.item("Conduits", "10.00")
    plannit.invoice(client, Sold(item))
    firm.send_all(plannit.changes)
    firm.sync()
    known = firm.documents("Item")[0]
    made = {"Name": "Conduits", "Type": "Service", "IncomeAccountRef": known["IncomeAccountRef"]}
    other = lab(sandbox, "create", entity="Item", changes=made)
    firm.sync()  # reads the lists again
    choose(firm.workshop, OWNER, firm.connection.id, "item", other["Id"], of=item, valid_from=date(2026, 3, 10))
    plannit.invoice(client, Sold(item), day=date(2026, 3, 11))
    firm.send_all(plannit.changes[3:])
    firm.sync()
    used = {
        each["DocNumber"]: each["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] for each in firm.ours("Invoice")
    }
    assert used == {"1001": firm.names["item"], "1002": other["Id"]}


@pytest.mark.requirement("K16")
def test_a_payment_of_an_invoice_out_of_scope_is_held_with_what_it_lacks(firm: Boreale) -> None:
    plannit = firm.firm
    client = plannit.contact("Zoé Roy")
    old = plannit.invoice(client, Sold(name="x", price="10.00"), numbered_at="2026-02-20T10:00:00-05:00")
    plannit.pay(old)
    firm.send_all(plannit.changes)
    firm.sync()
    state, reason = firm.states()["payments/P0001"]
    assert state == DraftState.HELD
    assert reason in (LINK_MISSING, LINK_WAITS)
    assert f"invoices/{old}" in firm.held("payments/P0001")["keys"]
    assert firm.ours("Invoice") == firm.ours("Payment") == []
