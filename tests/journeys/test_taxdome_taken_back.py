"""What TaxDome takes back after it was posted, in whatever order it says so: payments, what came of them, invoices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import FIRST, Cabinet, cabinet
from harness import lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.overview.drifts import open_drifts
from raccord.store.database import Database
from raccord.store.models import DraftState, Event, LinkRow, Problem, ProblemState, SourceRecord
from raccord.sync.mapping.taken_back import PAYMENT_TAKEN_BACK
from raccord.sync.planning.plan import KIND_CHANGED
from raccord.sync.resolving.resolve import LINK_WAITS
from raccord_sandbox.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
KINDS = ("Payment", "RefundReceipt", "Purchase", "CreditMemo")


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


def totals(firm: Cabinet) -> dict[str, list[Decimal]]:
    """Return the totals of our documents by kind, those of nothing too."""
    return {kind: sorted(each["TotalAmt"] for each in firm.ours(kind)) for kind in KINDS}


def reported(firm: Cabinet) -> set[tuple[str, str]]:
    with firm.workshop.database.read() as session:
        found = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))
        return {(each.subject, each.code) for each in found}


def reasons(firm: Cabinet) -> dict[str, str]:
    """Return why each record posts nothing, as far as one does not."""
    with firm.workshop.database.read() as session:
        rows = session.execute(
            select(SourceRecord.stream, SourceRecord.source_id, SourceRecord.reason)
            .where(SourceRecord.state != "superseded")
        )  # fmt: skip
        return {f"{stream}/{id_}": reason for stream, id_, reason in rows if reason}


@pytest.mark.requirement("EX-06")
def test_a_deleted_payment_takes_its_refunds_and_fees_along_and_brings_them_back(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="300.00"))
    with_fee = practice.pay(bill, "100.00", fee="3.20")
    fee_apart = practice.pay(bill, "100.00")
    practice.fee("2.90", fee_apart)
    late = practice.pay(bill, "100.00")
    for payment, amount in ((with_fee, "40.00"), (fee_apart, "30.00")):
        practice.refund(payment, amount)
    firm.sync()
    for payment in (with_fee, fee_apart, late):
        practice.change("payment", payment, deleted=True)
    # The third one's refund is told only once it is gone.
    practice.refund(late, "20.00")
    firm.sync()
    assert totals(firm) == {"Payment": [0, 0, 0], "RefundReceipt": [0, 0], "Purchase": [0, 0], "CreditMemo": []}
    follows = {f"refunds/ref_000{number}" for number in (1, 2, 3)} | {f"fees/payment:{fee_apart}"}
    assert reported(firm) == {(subject, PAYMENT_TAKEN_BACK) for subject in follows}
    assert all("source" in each["PrivateNote"] for each in firm.ours("RefundReceipt"))
    assert firm.all_equal()
    before = {kind: [each["SyncToken"] for each in firm.ours(kind)] for kind in KINDS}
    practice.change("refund", "ref_0001", description="Encore")
    firm.sync()
    assert {kind: [each["SyncToken"] for each in firm.ours(kind)] for kind in KINDS} == before
    for payment in (with_fee, fee_apart, late):
        practice.change("payment", payment, deleted=False)
    firm.sync()
    assert totals(firm) == {
        "Payment": [100] * 3, "RefundReceipt": [20, 30, 40],
        "Purchase": [Decimal("2.90"), Decimal("3.20")], "CreditMemo": [],
    }  # fmt: skip
    assert reported(firm) == set()
    assert firm.all_equal()


@pytest.mark.requirement("EX-06", "EX-05", "TD-15")
def test_an_unticked_payment_and_a_deleted_credit_are_emptied_and_come_back(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="300.00"))
    cash = practice.pay(bill, "100.00", source="cash", provider="none")
    practice.refund(cash, "40.00")
    credit = practice.pay(bill, "30.00", source="promotional_credit", provider="none")
    firm.sync()
    practice.change("payment", cash, sync=False)
    practice.change("payment", credit, deleted=True)
    firm.sync()
    assert totals(firm) == {"Payment": [0, 0], "RefundReceipt": [0], "Purchase": [], "CreditMemo": [0]}
    assert [each["Balance"] for each in firm.ours("Invoice")] == [Decimal(300)]
    assert {state for state, _ in firm.states().values()} == {DraftState.POSTED}
    assert firm.all_equal()
    practice.change("payment", cash, sync=True)
    practice.change("payment", credit, deleted=False)
    firm.sync()
    assert totals(firm) == {"Payment": [0, 100], "RefundReceipt": [40], "Purchase": [], "CreditMemo": [30]}
    assert [each["Balance"] for each in firm.ours("Invoice")] == [Decimal(170)]
    assert (firm.all_equal(), reported(firm)) == (True, set())


@pytest.mark.requirement("EX-02", "EX-05", "TD-13")
def test_a_draft_invoice_waits_and_one_that_is_voided_is_emptied_and_comes_back(firm: Cabinet) -> None:
    practice = firm.practice
    client, line = practice.account("Érable & fils"), practice.line(name="X", rate="100.00")
    draft = practice.invoice(client, line, status="draft")
    posted = [practice.invoice(client, line) for _ in range(2)]
    firm.sync()
    assert [each["DocNumber"] for each in firm.ours("Invoice")] == ["5002", "5003"]
    assert reasons(firm)[f"invoices/{draft}"] == "taxdome.draft"
    practice.change("invoice", draft, status="unpaid")
    practice.change("invoice", posted[0], status="Annulée")
    practice.change("invoice", posted[1], deleted=True)
    firm.sync()
    assert {each["DocNumber"]: each["TotalAmt"] for each in firm.ours("Invoice")} == {"5001": 100, "5002": 0, "5003": 0}
    assert reasons(firm)[f"invoices/{posted[0]}"] == "taxdome.voided"
    assert reported(firm) == {(f"invoices/{posted[1]}", "taxdome.deleted")}
    assert firm.all_equal()
    practice.change("invoice", posted[0], status="unpaid")
    practice.change("invoice", posted[1], deleted=False)
    firm.sync()
    assert {str(each["TotalAmt"]) for each in firm.ours("Invoice")} == {"100.00"}
    assert len(firm.ours("Invoice")) == 3
    assert reported(firm) == set()
    assert firm.all_equal()


@pytest.mark.requirement("TD-33", "K2")
def test_an_invoice_dated_back_before_the_sync_date_stays_ours_and_its_day_is_proven(firm: Cabinet) -> None:
    practice = firm.practice
    client = practice.account("Érable & fils")
    bill = practice.invoice(client, practice.line(name="X", rate="100.00"))
    firm.sync()
    early = FIRST - timedelta(days=40)
    practice.change("invoice", bill, posted=str(early))
    practice.invoice(client, practice.line(name="Y", rate="10.00"), posted=str(early))
    firm.sync()
    assert [(each["TxnDate"], each["TotalAmt"]) for each in firm.ours("Invoice")] == [(str(early), Decimal(100))]
    assert firm.all_equal("invoices")
    practice.change("invoice", bill, posted=str(FIRST))
    firm.sync()
    assert [each["TxnDate"] for each in firm.ours("Invoice")] == [str(FIRST)]
    assert firm.all_equal("invoices")


@pytest.mark.requirement("TD-15")
def test_a_payment_that_becomes_a_promotional_credit_is_asked_about_once_by_its_true_cause(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="300.00"))
    cash = practice.pay(bill, "100.00", source="cash", provider="none")
    firm.sync()
    practice.change("payment", cash, source="promotional_credit")
    firm.sync()
    assert reported(firm) == {(f"payments/{cash}", KIND_CHANGED)}
    assert firm.states()[f"payments/{cash}#applied"] == (DraftState.HELD, LINK_WAITS)
    assert totals(firm)["Payment"] == [100]
    practice.change("payment", cash, source="cash")
    firm.sync()
    assert reported(firm) == set()
    assert firm.all_equal()


@pytest.mark.requirement("TD-06", "TD-13")
def test_an_invoice_voided_and_then_counted_again_is_paid_again(firm: Cabinet) -> None:
    practice = firm.practice
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="300.00"))
    practice.pay(bill, "100.00")
    firm.sync()
    practice.change("invoice", bill, status="voided")
    firm.sync()
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in firm.ours("Payment")] == [(100, 100)]
    practice.change("invoice", bill, status="unpaid")
    firm.sync()
    firm.sync()
    assert [each["Balance"] for each in firm.ours("Invoice")] == [Decimal(200)], (firm.states(), reported(firm))
    assert [each["UnappliedAmt"] for each in firm.ours("Payment")] == [0]
    assert (firm.all_equal(), reported(firm)) == (True, set())


def drifts(firm: Cabinet) -> list[tuple[str, list[str]]]:
    """Return what is asked about as changed in QuickBooks: which document, and which of its properties."""
    with firm.workshop.database.read() as session:
        rows = open_drifts(session).rows
        return [(each.key, [field.field for field in each.differences]) for each in rows]


def followed(firm: Cabinet) -> list[tuple[str, str]]:
    """Return what history tells to have followed from our own deeds, and from which."""
    with firm.workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "drift.followed").order_by(Event.seq))
        return [(each.subject, str(each.body["because"])) for each in told]


@pytest.mark.requirement("TD-06", "TD-13", "EX-06")
def test_what_follows_from_our_own_emptying_is_told_and_not_asked_about(firm: Cabinet) -> None:
    practice, client = firm.practice, firm.practice.account("Érable & fils")
    bill = practice.invoice(client, practice.line(name="X", rate="300.00"))
    paid = practice.pay(bill, "100.00", source="cash", provider="none")
    firm.sync()
    firm.sync()
    practice.change("invoice", bill, status="voided")
    for _ in range(3):
        firm.sync()
    assert (drifts(firm), followed(firm)) == ([], [(f"payments/{paid}", f"invoices/{bill}")])
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in firm.ours("Payment")] == [(100, 100)]
    practice.change("invoice", bill, status="unpaid")
    for _ in range(2):
        firm.sync()
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in firm.ours("Payment")] == [(100, 0)]
    assert (firm.all_equal(), reported(firm), drifts(firm)) == (True, set(), [])


@pytest.mark.requirement("TD-06", "EX-06")
def test_what_a_person_did_to_a_payment_beside_our_own_deed_is_still_asked_about(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    practice, client = firm.practice, firm.practice.account("Érable & fils")
    bills = [practice.invoice(client, practice.line(name="X", rate="300.00")) for _ in range(5)]
    paid = [practice.pay(bill, "100.00", source="cash", provider="none") for bill in bills]
    firm.sync()
    firm.sync()
    with firm.workshop.database.read() as session:
        ids = {link.key: link.document_id for link in session.scalars(select(LinkRow))}

    def person(deed: str, number: int, **changes: object) -> None:
        of = {"entity": "Payment", "id": ids[f"payments/{paid[number]}"]}
        lab(sandbox, deed, firm.company.realm, **of, **({"changes": changes} if changes else {}))

    # Before us: taken off by a person, which waits for an answer when we empty the invoice too.
    person("edit", 0, Line=[])
    # In the one look: another memo of theirs, and our own deed.
    person("edit", 1, PrivateNote="mine")
    for bill in bills[:4]:
        practice.change("invoice", bill, status="voided")
    firm.sync()
    # After us: another day, deleted; taken off an invoice that counts.
    person("edit", 2, TxnDate="2026-03-09")
    person("delete", 3)
    person("edit", 4, Line=[])
    for _ in range(2):
        firm.sync()
        assert dict(drifts(firm)) == {
            f"payments/{paid[0]}": ["Line"],
            f"payments/{paid[1]}": ["PrivateNote"],
            f"payments/{paid[2]}": ["TxnDate"],
            f"payments/{paid[3]}": [],
            f"payments/{paid[4]}": ["Line"],
        }
    assert followed(firm) == [(f"payments/{paid[each]}", f"invoices/{bills[each]}") for each in (2, 3)]


@pytest.mark.requirement("TD-06", "EX-06")
def test_an_invoice_that_we_lower_takes_its_payment_down_with_it_and_no_further(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    practice, client = firm.practice, firm.practice.account("Érable & fils")
    bills = [practice.invoice(client, practice.line(name="X", rate="300.00")) for _ in range(3)]
    paid = [practice.pay(bill, "300.00", source="cash", provider="none") for bill in bills]
    firm.sync()
    firm.sync()
    for bill in bills[:2]:
        practice.change("invoice", bill, lines=[practice.line(name="X", rate="120.00")], total="120.00")
    # Ours to touch, and nothing of it explains what a person takes off.
    practice.change("invoice", bills[2], lines=[practice.line(name="Y", rate="300.00")])
    firm.sync()
    with firm.workshop.database.read() as session:
        ids = {link.key: link.document_id for link in session.scalars(select(LinkRow))}
    for number in (1, 2):
        lab(
            sandbox, "edit", firm.company.realm, entity="Payment", id=ids[f"payments/{paid[number]}"],
            changes={"Line": []},
        )  # fmt: skip
    firm.sync()
    assert [key for key, _ in drifts(firm)] == [f"payments/{each}" for each in paid[1:]], followed(firm)
    assert followed(firm) == [(f"payments/{paid[each]}", f"invoices/{bills[each]}") for each in (0, 1)]
