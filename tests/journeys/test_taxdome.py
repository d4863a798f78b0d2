"""TaxDome's rows that need a practice, a company and several days: whole, in scope, left out, taken back, matched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import FIRST, NOW, Cabinet, cabinet
from harness import OWNER, finish, lab, request, sync
from sqlalchemy import select
from standardwebhooks import Webhook
from till_company import sandbox, till_sandbox

import raccord_taxdome
from raccord.onboarding.access.people import Actor, NotAllowedError, Power, RoleName, may
from raccord.onboarding.arriving.webhooks import open_endpoint, receive
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.overview.plans import plan_effect
from raccord.overview.records import list_records
from raccord.overview.sought import Fate, Wanted
from raccord.plugin import JSON
from raccord.store.database import Database
from raccord.store.models import DraftState, Plan, RunState
from raccord.sync.mapping.unused import UNUSED
from raccord.sync.resolving.resolve import CHOICE_MISSING, LINK_MISSING, LINK_WAITS
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.sandbox.story import seeded

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
KINDS = ("Invoice", "Payment", "CreditMemo", "Purchase", "RefundReceipt", "Deposit")


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


@pytest.mark.requirement("TD-03", "TD-08", "TD-18", "TD-23", "TD-24", "TD-31", "TD-37", "TD-53")
def test_a_practice_comes_over_whole_and_once(firm: Cabinet) -> None:
    practice = firm.practice = seeded(FIRST, weeks=3)
    firm.sync()
    states = firm.states()
    assert {key for key, (_, reason) in states.items() if reason == UNUSED} == {"accounts/acc_0005"}
    assert {state for _, (state, reason) in states.items() if reason != UNUSED} == {DraftState.POSTED}
    invoices = {each["DocNumber"]: each for each in firm.ours("Invoice")}
    assert {number: str(each["TotalAmt"]) for number, each in invoices.items()} == {
        str(each["number"]): str(each["total"]) for each in practice.all("invoice")
    }
    said = [each for each in practice.all("payment") if each["source"] != "promotional_credit"]
    payments = {each["PaymentRefNum"]: str(each["TotalAmt"]) for each in firm.ours("Payment") if each["TotalAmt"]}
    assert payments == {str(each["id"]): str(each["amount"]) for each in said}
    fees = sum((Decimal(str(each["fee"])) for each in said if each.get("fee")), Decimal(0))
    assert sum((each["TotalAmt"] for each in firm.ours("Purchase")), Decimal(0)) == fees
    (item,) = firm.named("Item", "Tenue de livres")
    assert (item["Sku"], str(item["UnitPrice"])) == ("hour", "85")
    assert firm.named("Item", "Conseil fiscal") == []
    assert firm.named("Customer", "Prospect sans facture") == []
    (client,) = firm.named("Customer", "Érable & fils")
    assert client["PrimaryEmailAddr"]["Address"] == "compta@erable.example"
    assert firm.all_equal()
    with firm.workshop.database.read() as session:
        plan_id = session.scalars(select(Plan.id).order_by(Plan.id)).first()
        assert plan_id is not None
        moved = {each.account_id: (each.name, each.new) for each in plan_effect(session, plan_id).rows}
    assert not [account for account in moved if account.startswith("item:")]
    assert ("Revenus de services", True) in moved.values()
    before = {kind: len(firm.ours(kind)) for kind in KINDS}
    assert firm.sync().state == "done"
    assert {kind: len(firm.ours(kind)) for kind in before} == before


@pytest.mark.requirement("TD-33", "TD-37", "K2", "K16")
def test_the_sync_date_takes_its_own_day_in_and_the_day_before_not(firm: Cabinet) -> None:
    practice = firm.practice
    practice.on(FIRST - timedelta(days=1))
    client = practice.account("Érable & fils")
    early = practice.invoice(client, practice.line(name="Avant", rate="100.00"))
    practice.pay(early)
    practice.on(FIRST)
    practice.pay(practice.invoice(client, practice.line(name="Ce jour", rate="50.00")))
    late = practice.pay(early, "10.00")
    firm.sync()
    assert [each["TotalAmt"] for each in firm.ours("Invoice")] == [Decimal(50)]
    assert [each["TotalAmt"] for each in firm.ours("Payment")] == [Decimal(50)]
    assert firm.named("Customer", "Érable & fils"), "an account is never kept out by its own age"
    assert firm.states()[f"payments/{late}"][0] == DraftState.HELD
    assert firm.states()[f"payments/{late}"][1] in (LINK_MISSING, LINK_WAITS)


@pytest.mark.requirement("TD-36", "EX-09")
def test_an_account_that_is_no_longer_synced_stays_as_it_is_and_comes_back_once(firm: Cabinet) -> None:
    practice = firm.practice
    one, two = practice.account("Un"), practice.account("Deux")
    for client in (one, two):
        practice.pay(practice.invoice(client, practice.line(name="X", rate="10.00")))
    firm.sync()
    firm.set(unsynced=one)
    for client in (one, two):
        practice.pay(practice.invoice(client, practice.line(name="Y", rate="20.00")))
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [10, 10, 20]
    firm.set(unsynced="")
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [10, 10, 20, 20]
    assert sorted(each["TotalAmt"] for each in firm.ours("Payment")) == [10, 10, 20, 20]
    assert len(firm.named("Customer", "Un")) == 1
    assert firm.all_equal()


@pytest.mark.requirement("EX-06", "TD-05")
def test_a_payment_deleted_at_the_source_is_emptied_and_its_invoice_owed_again(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    gone = practice.pay(bill, "60.00")
    practice.pay(bill, "40.00", sync=False)
    firm.sync()
    assert [each["Balance"] for each in firm.ours("Invoice")] == [Decimal(40)]
    practice.change("payment", gone, deleted=True)
    firm.sync()
    assert [each["Balance"] for each in firm.ours("Invoice")] == [Decimal(100)]
    assert {each["TotalAmt"] for each in firm.ours("Payment")} == {Decimal(0)}


@pytest.mark.requirement("TD-21", "K19")
@pytest.mark.parametrize(("there", "linked"), [("Érable & fils", True), ("érable  & Fils", False)])
def test_a_customer_of_exactly_the_same_name_is_linked_and_a_similar_one_is_asked_about(
    firm: Cabinet, sandbox: SandboxServer, there: str, linked: bool
) -> None:
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": there})
    practice = firm.practice
    practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    firm.sync()
    assert len(firm.named("Customer", "Érable & fils")) == int(linked)
    assert len(firm.ours("Invoice")) == int(linked)
    if not linked:
        assert firm.states()["accounts/acc_0001"][0] == DraftState.HELD


@pytest.mark.requirement("TD-09", "TD-11", "K18")
def test_an_invoice_with_tax_keeps_its_tax_or_waits_for_a_word(firm: Cabinet) -> None:
    practice = firm.practice
    taxes = ({"tax": "TPS", "rate": "5", "amount": "5.00"}, {"tax": "TVQ", "rate": "9.975", "amount": "9.98"})
    line = practice.line(name="X", rate="100.00", taxable=True)
    practice.invoice(practice.account("Érable & fils"), line, taxes=taxes)
    firm.sync()
    (invoice,) = firm.ours("Invoice")
    assert (str(invoice["TotalAmt"]), str(invoice["TxnTaxDetail"]["TotalTax"])) == ("114.98", "14.98")
    firm.set(tax="left_out")
    assert firm.connection_now().settings["tax_before"] == "2026-03-02 = mapped"
    practice.change("invoice", "inv_0001", description="Relivrée")
    for day in (FIRST, FIRST + timedelta(days=1)):
        practice.invoice("acc_0001", line, taxes=taxes, posted=str(day))
    for bill in ("inv_0001", "inv_0003"):
        practice.pay(bill, invoice_applications=[{"invoice_id": bill, "amount": "114.98", "tax": "14.98"}])
    firm.sync()
    # What counts is the invoice's day: older ones stay as they are, delivered again or late.
    found = {each["DocNumber"]: each for each in firm.ours("Invoice")}
    assert {number: str(each["TotalAmt"]) for number, each in found.items()} == {
        "5001": "114.98", "5002": "114.98", "5003": "100.00",
    }  # fmt: skip
    assert "Relivrée" in found["5001"]["PrivateNote"]
    assert "Taxe laissée hors de QuickBooks 14.98" in found["5003"]["PrivateNote"]
    assert [found[each]["Balance"] for each in ("5001", "5003")] == [0, 0]
    assert sorted(each["UnappliedAmt"] for each in firm.ours("Payment")) == [Decimal(0), Decimal("14.98")]
    assert firm.all_equal()
    # Only who takes the day away has them posted anew, in a plan that is read first.
    firm.set(tax_before="")
    practice.change("invoice", "inv_0001", description="Encore")
    firm.hand_in()
    waiting = finish(firm.workshop, request(firm.workshop, firm.connection))
    assert waiting.state == RunState.APPROVAL
    assert {str(each["TotalAmt"]) for each in firm.ours("Invoice")} == {"114.98", "100.00"}


@pytest.mark.requirement("K4", "K13", "TD-53")
def test_ten_payments_with_fees_paid_out_net_leave_the_clearing_account_empty(firm: Cabinet) -> None:
    firm.set(landing="clearing")
    practice = firm.practice
    client = practice.account("Érable & fils")
    paid = [
        practice.pay(practice.invoice(client, practice.line(name="X", rate="100.00")), fee="3.20") for _ in range(10)
    ]
    firm.sync()
    (account,) = firm.named("Account", "Passage TaxDome")
    assert account["CurrentBalance"] == Decimal(968)
    practice.payout(*paid, fee="32.00")
    firm.sync()
    (account,) = firm.named("Account", "Passage TaxDome")
    assert account["CurrentBalance"] == 0
    assert firm.all_equal()


@pytest.mark.requirement("TD-11", "TD-23", "K18")
def test_automated_tax_of_the_united_states_is_equal_to_the_cent_and_without_an_answer_waits(
    database: Database, data_dir: Path
) -> None:
    with (
        SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("us",))) as states,
        cabinet(database, data_dir, states, "us") as firm,
    ):
        lab(states, "set-up-taxes", states.store.of_template("us").realm, regime="united-states-automated")
        practice = firm.practice
        practice.currency = "USD"
        tax = {"tax": "Sales tax", "rate": "8.875", "amount": "11.83"}
        lines = (practice.line(name="Return", rate="133.33", taxable=True), practice.line(name="Filing", rate="10.00"))
        practice.invoice(practice.account("Ana Roy"), *lines, taxes=(tax,))
        firm.sync()
        assert firm.states()["invoices/inv_0001"] == (DraftState.HELD, CHOICE_MISSING)
        assert firm.ours("Invoice") == []
        firm.set(tax="automated")
        firm.sync()
        (invoice,) = firm.ours("Invoice")
        assert (invoice["TotalAmt"], invoice["TxnTaxDetail"]["TotalTax"]) == (Decimal("155.16"), Decimal("11.83"))
        assert firm.all_equal()


@pytest.mark.requirement("TD-37", "TD-43", "EX-07")
def test_signed_messages_in_any_order_and_then_the_same_as_tables_are_posted_once(firm: Cabinet) -> None:
    changes: list[tuple[str, dict[str, JSON]]] = []
    practice = firm.practice
    practice.told = lambda kind, value: changes.append((kind, value))
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    paid = practice.pay(bill, fee="3.20")
    practice.refund(paid, "40.00")
    practice.change("invoice", bill, description="Mars")
    path, secret = open_endpoint(firm.workshop, OWNER, firm.connection.id)
    hook, address = Webhook(secret), path.rsplit("/", 1)[1]
    # Refunds come before payments, payments before invoices, invoices before accounts; each comes twice.
    for number, (kind, value) in enumerate([*reversed(changes), *changes]):
        body = json.dumps({"type": f"{kind}.updated", "data": value})
        signed = hook.sign(f"m{number}", NOW, body)
        stamp = str(int(NOW.timestamp()))
        headers = {"webhook-id": f"m{number}", "webhook-timestamp": stamp, "webhook-signature": signed}
        assert receive(firm.workshop, address, headers, body.encode())
        assert not receive(firm.workshop, address, headers, body.encode())
    for deliver in (lambda: sync(firm.workshop, firm.connection), firm.sync):
        assert deliver().state == RunState.DONE
        assert {state for state, _ in firm.states().values()} == {DraftState.POSTED}
        assert [each["PrivateNote"].partition(" [")[0] for each in firm.ours("Invoice")] == ["TaxDome inv_0001 · Mars"]
        assert [len(firm.ours(kind)) for kind in ("Payment", "RefundReceipt", "Purchase")] == [1, 1, 1]
    assert firm.all_equal()


@pytest.mark.requirement("TD-54")
def test_another_currency_than_the_companys_is_held_with_a_reason(firm: Cabinet) -> None:
    client = firm.practice.account("Ana Roy")
    for currency in ("USD", "CAD"):
        firm.practice.currency = currency
        firm.practice.invoice(client, firm.practice.line(name="X", rate="10.00"))
    firm.sync()
    assert [each["DocNumber"] for each in firm.ours("Invoice")] == ["5002"]
    assert firm.states()["invoices/inv_0001"] == (DraftState.HELD, "encoding.currency_foreign")


@pytest.mark.requirement("TD-22", "EX-09")
def test_a_name_that_is_edited_links_that_one_account_and_a_later_edit_renames_no_customer(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Gérard Roy"})
    practice = firm.practice
    for name in ("gerard roy", "Lise Roy"):
        practice.invoice(practice.account(name), practice.line(name="X", rate="10.00"))
    firm.sync()
    assert firm.states()["accounts/acc_0001"][0] == DraftState.HELD
    (other,) = firm.named("Customer", "Lise Roy")
    practice.change("account", "acc_0001", name="Gérard Roy")
    firm.sync()
    (client,) = firm.named("Customer", "Gérard Roy")
    assert {each["CustomerRef"]["value"] for each in firm.ours("Invoice")} == {client["Id"], other["Id"]}
    assert firm.named("Customer", "Lise Roy")[0]["SyncToken"] == other["SyncToken"]
    practice.change("account", "acc_0002", name="Lise Roy-Gagnon")
    firm.sync()
    assert [each["Id"] for each in firm.named("Customer", "Lise Roy")] == [other["Id"]]


@pytest.mark.requirement("TD-02", "K5")
def test_only_the_owner_links_and_an_administrator_changes_the_settings(firm: Cabinet) -> None:
    info = raccord_taxdome.describe()
    people = {role: Actor("Ada", role) for role in RoleName}
    links = {role for role, actor in people.items() if may(actor, Power.LINK, info)}
    manages = {role for role, actor in people.items() if may(actor, Power.MANAGE, info)}
    assert links == {RoleName.OWNER}
    assert {RoleName.OWNER, RoleName.ADMIN} <= manages
    assert RoleName.BOOKKEEPER not in manages
    admin = people[RoleName.ADMIN]
    second = NewConnection(company_id=firm.company.id, connector="taxdome", values={**firm.values, "firm": "autre"})
    for actor in (actor for role, actor in people.items() if role != RoleName.OWNER):
        with pytest.raises(NotAllowedError):
            connect(firm.workshop, actor, second)
    update_settings(firm.workshop, admin, firm.connection.id, {**firm.values, "payments": "online"})


@pytest.mark.requirement("TD-44")
def test_each_record_says_how_it_stands_and_leads_to_its_very_document(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Ana Roy"), practice.line(name="X", rate="100.00"))
    practice.pay(bill, "60.00", source="check", provider="none")
    practice.pay(bill, "10.00", sync=False)
    practice.currency = "USD"
    practice.invoice("acc_0001", practice.line(name="Y", rate="1.00"))
    firm.sync()
    with firm.workshop.database.read() as session:
        found = list_records(session, Wanted(connection_id=firm.connection.id))
    rows = {each.source_id: each for each in found.rows}
    assert {id_: rows[id_].fate for id_ in ("inv_0001", "pay_0001", "pay_0002", "inv_0002")} == {
        "inv_0001": Fate.POSTED, "pay_0001": Fate.POSTED, "pay_0002": Fate.LEFT_OUT, "inv_0002": Fate.REVIEW,
    }  # fmt: skip
    for source_id, kind, page in (("inv_0001", "Invoice", "invoice"), ("pay_0001", "Payment", "recvpayment")):
        (document,) = firm.ours(kind)
        (shown,) = rows[source_id].documents
        assert f"/{page}?txnId={document['Id']}&" in shown.url


@pytest.mark.requirement("TD-34", "K22")
def test_changed_options_make_the_plan_and_nothing_is_written_before_it_is_approved(firm: Cabinet) -> None:
    practice = firm.practice
    practice.account("Sans facture")
    practice.pay(practice.invoice(practice.account("Ana Roy"), practice.line(name="X", rate="100.00")), source="cash")
    firm.hand_in()
    assert finish(firm.workshop, request(firm.workshop, firm.connection)).state == RunState.APPROVAL
    firm.set(accounts="all", payments="none")
    assert firm.ours("Invoice") == firm.named("Customer", "Ana Roy") == []
    firm.sync()
    assert len(firm.ours("Invoice")) == len(firm.named("Customer", "Sans facture")) == 1
    assert firm.ours("Payment") == []
