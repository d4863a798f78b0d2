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
from listing import push_list
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.deciding.decisions import DecisionError, choose
from raccord.onboarding.deciding.unmet import apply_to, bring_in, post_unapplied
from raccord.onboarding.setting_up.instances import InstanceError, link_suggested, linking
from raccord.onboarding.setting_up.lists import ListError, likely_doubles, verify_list
from raccord.plugin.info import Mode
from raccord.store.database import Database
from raccord.store.models import DraftState, Problem, Proof, RunState, SourceRecord
from raccord.sync.mapping.unused import TAKEN_BACK, UNUSED
from raccord.sync.resolving.resolve import LINK_MISSING, LINK_WAITS
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import Firm, write_table
from raccord_plannit.sandbox.firm import START, Sold
from raccord_plannit.sandbox.service import TOKEN, Service, serving
from raccord_plannit.sandbox.story import seeded
from raccord_sandbox.serving.server import SandboxServer

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
    # A fee that was posted and is corrected to nothing is emptied, and says why; none at all posts nothing.
    sent = len(plannit.changes)
    paid_out = plannit.payout("114.98", "3.64")
    plannit.payout("14.98", "0.00")
    firm.send_all(plannit.changes[sent:])
    firm.sync()
    assert [each["TotalAmt"] for each in firm.ours("Purchase")] == [Decimal("3.64")]
    sent = len(plannit.changes)
    plannit.change("payout", paid_out, fee="0.00", net="114.98")
    firm.send_all(plannit.changes[sent:])
    firm.sync()
    (none,) = firm.ours("Purchase")
    assert none["TotalAmt"] == 0
    assert "Versement sans frais" in none["PrivateNote"]
    with firm.workshop.database.read() as session:
        assert not session.scalars(select(Problem.code).where(Problem.state == "open")).all()
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


@pytest.mark.requirement("PL-23", "K16")
def test_a_payment_of_an_invoice_out_of_scope_is_held_until_one_of_three_is_chosen(
    firm: Boreale, sandbox: SandboxServer
) -> None:
    plannit, workshop = firm.firm, firm.workshop
    client = plannit.contact("Zoé Roy")
    before = "2026-02-20T10:00:00-05:00"
    old = [plannit.invoice(client, Sold(name="x", price=price), numbered_at=before) for price in ("10.00", "20", "30")]
    paid = [plannit.pay(each) for each in old]
    firm.send_all(plannit.changes)
    firm.sync()
    for invoice, payment in zip(old, paid, strict=True):
        state, reason = firm.states()[f"payments/{payment}"]
        assert (state, reason) in {(DraftState.HELD, LINK_MISSING), (DraftState.HELD, LINK_WAITS)}
        assert f"invoices/{invoice}" in firm.held(f"payments/{payment}")["keys"]
    assert firm.ours("Invoice") == firm.ours("Payment") == []
    # Entered by hand: what the first payment is for.
    item = {"ItemRef": {"value": firm.names["item"]}, "TaxCodeRef": {"value": firm.names["exempt"]}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": "11.50", "SalesItemLineDetail": item}
    someone = lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Zoé Roy (QuickBooks)"})
    by_hand = lab(
        sandbox, "create", entity="Invoice", changes={"CustomerRef": {"value": someone["Id"]}, "Line": [line]}
    )
    holds = [firm.hold_of(f"payments/{payment}") for payment in paid]
    with pytest.raises(DecisionError, match="less than this payment"):
        apply_to(workshop, OWNER, holds[2], by_hand["Id"])
    apply_to(workshop, OWNER, holds[0], by_hand["Id"])
    assert bring_in(workshop, OWNER, holds[1]) == [f"invoices/{old[1]}"]
    post_unapplied(workshop, OWNER, holds[2])
    firm.sync()
    assert {firm.states()[f"payments/{payment}"][0] for payment in paid} == {DraftState.POSTED}
    assert [each["DocNumber"] for each in firm.ours("Invoice")] == ["1002"]
    payments = {each["TotalAmt"]: each for each in firm.ours("Payment")}
    assert {total: each["UnappliedAmt"] for total, each in payments.items()} == {
        Decimal("11.50"): 0, Decimal("23.00"): 0, Decimal("34.49"): Decimal("34.49"),
    }  # fmt: skip
    assert payments[Decimal("11.50")]["CustomerRef"]["value"] == someone["Id"]
    assert {each["Id"]: each["Balance"] for each in firm.documents("Invoice")}[by_hand["Id"]] == 0
    assert all_equal(firm)


@pytest.fixture
def served(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[tuple[Boreale, Service]]:
    service = Service(Firm(), page_size=5)
    with (
        serving(service) as address,
        boreale(database, data_dir, sandbox, input_kind="pull", base_url=address, token=TOKEN) as made,
    ):
        made.firm = service.firm
        yield made, service


@pytest.mark.requirement("PL-18", "PL-19", "PL-20", "PL-21", "PL-35")
def test_first_time_lists_go_into_plannit_once_and_their_items_are_linked(
    served: tuple[Boreale, Service], sandbox: SandboxServer
) -> None:
    made, service = served
    workshop, connection = made.workshop, made.connection.id
    category = {"Name": "Catégorie", "Type": "Category"}
    account = made.documents("Item")[0]["IncomeAccountRef"]
    lab(sandbox, "create", entity="Item", changes=category)
    ducts = lab(
        sandbox, "create", entity="Item",
        changes={"Name": "Conduits", "Type": "Service", "IncomeAccountRef": account, "UnitPrice": "289.00"},
    )  # fmt: skip
    for name in ("Zoé Roy", "Atelier Côté inc.", "Parti"):
        made_there = lab(sandbox, "create", entity="Customer", changes={"DisplayName": name})
    lab(sandbox, "edit", entity="Customer", id=made_there["Id"], changes={"Active": False})
    customers, items = made.documents("Customer"), made.documents("Item")
    before = verify_list(workshop, connection, "contacts")
    assert (before.ledger, before.taken, len(before.missing)) == (len(customers), 0, len(customers))
    for _ in range(2):  # again, and nothing doubles
        push_list(workshop, OWNER, connection, "contacts")
        push_list(workshop, OWNER, connection, "items")
        assert len(service.firm.objects["contact"]) == len(customers)
        assert len(service.firm.objects["item"]) == len([each for each in items if each["Type"] != "Category"])
    assert list(verify_list(workshop, connection, "contacts").inactive) == ["Parti (deleted)"]
    after = verify_list(workshop, connection, "items")
    assert (after.ledger, after.taken, list(after.missing)) == (len(items) - 1, len(items) - 1, [])
    prices = {str(each["name"]): each.get("sale_price") for each in service.firm.objects["item"].values()}
    assert prices["Conduits"] == "289.00"
    priced = {str(each["Name"]): each["UnitPrice"] for each in items if each.get("UnitPrice")}
    assert {name: Decimal(str(prices[name])) for name in priced} == priced
    # What is pulled afterwards posts to the linked item without anybody choosing, and to the customer it came from.
    item = next(id_ for id_, each in service.firm.objects["item"].items() if each["name"] == "Conduits")
    contact = next(iter(service.firm.objects["contact"]))
    service.firm.now = START
    service.firm.tax_group()
    service.firm.invoice(contact, Sold(item))
    made.sync()
    (invoice,) = made.ours("Invoice")
    assert invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == ducts["Id"]
    assert invoice["CustomerRef"]["value"] == service.firm.objects["contact"][contact]["quickbooks_customer_id"]
    assert len(made.documents("Customer")) == len(customers)
    assert linking(workshop, connection, "item").complete


@pytest.mark.requirement("PL-27", "PL-28", "PL-31", "PL-32", "PL-33", "PL-34", "K15")
def test_already_running_items_are_linked_one_by_one_and_never_imported(
    database: Database, data_dir: Path, sandbox: SandboxServer
) -> None:
    with boreale(database, data_dir, sandbox, Mode.ALREADY_RUNNING) as made:
        made.listen()
        plannit, workshop, connection = made.firm, made.workshop, made.connection.id
        lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Gérard & fils ltée"})
        account = made.documents("Item")[0]["IncomeAccountRef"]
        for name in ("Conduits de ventilation", "Filtre"):
            changes = {"Name": name, "Type": "Service", "IncomeAccountRef": account}
            lab(sandbox, "create", entity="Item", changes=changes)
        ids = [plannit.item(name, "10") for name in ("CONDUITS DE VENTILATION", "filtre", "Sans pareil")]
        plannit.contact("Gerard et Fils")
        plannit.contact("Personne d’autre")
        made.send_all(plannit.changes)
        made.sync()
        with pytest.raises(ListError) as refused:
            push_list(workshop, OWNER, connection, "items")
        assert "do not import the products" in str(refused.value)
        assert likely_doubles(workshop, connection, "contacts") == 1
        found = linking(workshop, connection, "item")
        assert (found.linked, found.total, found.complete) == (0, 3, False)
        assert {row.id: row.suggested and row.suggested.why for row in found.rows} == {
            ids[0]: "name", ids[1]: "name", ids[2]: None,
        }  # fmt: skip
        assert link_suggested(workshop, OWNER, connection, "item") == 2
        assert linking(workshop, connection, "item").linked == 2
        choose(workshop, OWNER, connection, "item", made.names["item"], of=ids[2])
        assert linking(workshop, connection, "item").complete
        plannit.invoice(plannit.contact("Zoé Roy"), *(Sold(each) for each in ids))
        made.send_all(plannit.changes[5:])
        made.sync()
        (invoice,) = made.ours("Invoice")
        posted = [line["SalesItemLineDetail"]["ItemRef"]["name"] for line in invoice["Line"][:3]]
        assert posted[:2] == ["Conduits de ventilation", "Filtre"]
    with pytest.raises(InstanceError):
        linking(workshop, connection, "fees")
