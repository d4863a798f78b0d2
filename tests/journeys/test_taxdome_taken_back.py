"""What TaxDome takes back after it was posted, in whatever order it says so: payments, what came of them, invoices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import FIRST, Cabinet, cabinet
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.store.database import Database
from raccord.store.models import DraftState, Problem, ProblemState, SourceRecord
from raccord.sync.plan import KIND_CHANGED
from raccord.sync.resolve import LINK_WAITS
from raccord.sync.taken_back import PAYMENT_TAKEN_BACK
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
