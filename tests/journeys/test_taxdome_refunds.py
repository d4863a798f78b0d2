"""Where the money of a refund comes from: the bank to which a person deposited its payment, else where that landed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cabinet import Cabinet, cabinet
from harness import OWNER, lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.onboarding.deciding.decisions import answer_hold
from raccord.store.database import Database
from raccord.store.models import DraftState, Hold
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


def paid(firm: Cabinet, amount: str = "100.00", **more: str) -> str:
    """Let a client pay an invoice, in cash unless it is said; return the payment's id at the source."""
    practice = firm.practice
    if not practice.objects["account"]:
        practice.account("Érable & fils")
    bill = practice.invoice("acc_0001", practice.line(name="X", rate=amount))
    return practice.pay(bill, **{"source": "cash", "provider": "none", **more})


def payment_of(firm: Cabinet, payment: str) -> dict[str, Any]:
    return next(each for each in firm.ours("Payment") if each["PaymentRefNum"] == payment)


def deposit(firm: Cabinet, sandbox: SandboxServer, payment: str, bank: str, **more: object) -> None:
    """Let a person take a payment from Undeposited Funds to a bank."""
    document = payment_of(firm, payment)
    link = {"TxnId": document["Id"], "TxnType": "Payment", "TxnLineId": "0"}
    line = {"Amount": str(document["TotalAmt"]), "LinkedTxn": [link]}
    lab(
        sandbox, "create", entity="Deposit",
        changes={"DepositToAccountRef": {"value": bank}, "Line": [line], **more},
    )  # fmt: skip


def drawn(firm: Cabinet) -> dict[str, str]:
    """Return the account of each refund receipt by its amount."""
    return {str(each["TotalAmt"]): each["DepositToAccountRef"]["value"] for each in firm.ours("RefundReceipt")}


def account(firm: Cabinet, subtype: str) -> str:
    rows = firm.workshop.client(firm.company).query_all("Account")
    return next(str(each["Id"]) for each in rows if each["AccountSubType"] == subtype)


@pytest.mark.requirement("TD-42", "TD-17")
def test_a_refund_leaves_the_bank_to_which_its_payment_was_deposited_and_else_undeposited_funds(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    bank, other, undeposited = account(firm, "Savings"), account(firm, "Checking"), account(firm, "UndepositedFunds")
    assert bank != firm.chosen["payout_bank"]
    moved, left, straight = paid(firm), paid(firm), paid(firm)
    firm.sync()
    deposit(firm, sandbox, moved, bank)
    edited = {"DepositToAccountRef": {"value": other}}
    lab(sandbox, "edit", entity="Payment", id=payment_of(firm, straight)["Id"], changes=edited)
    practice = firm.practice
    for payment, amount in ((moved, "40.00"), (left, "30.00"), (straight, "20.00")):
        practice.refund(payment, amount)
    same_day = practice.pay(practice.invoice("acc_0001", practice.line(name="Y", rate="50.00")))
    practice.refund(same_day, "10.00")
    firm.sync()
    assert drawn(firm) == {"40.00": bank, "30.00": undeposited, "20.00": other, "10.00": undeposited}
    # What is drawn once stays: neither another word of the source nor a later deposit takes it elsewhere.
    deposit(firm, sandbox, left, bank)
    for number in range(1, 5):
        practice.change("refund", f"ref_000{number}", description="Erreur")
    firm.sync()
    assert drawn(firm) == {"40.00": bank, "30.00": undeposited, "20.00": other, "10.00": undeposited}
    assert firm.all_equal("refunds")


@pytest.mark.requirement("TD-42", "TD-53")
def test_what_the_source_paid_out_it_takes_back_out_of_its_next_payout(firm: Cabinet) -> None:
    undeposited = account(firm, "UndepositedFunds")
    first = paid(firm, source="card", provider="stripe")
    practice = firm.practice
    practice.payout(first)
    firm.sync()
    back = practice.refund(first, "40.00")
    firm.sync()
    assert drawn(firm) == {"40.00": undeposited}
    practice.payout(paid(firm, source="card", provider="stripe"), back)
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Deposit")) == [Decimal(60), Decimal(100)]
    assert {state for state, _ in firm.states().values()} == {DraftState.POSTED}
    assert firm.all_equal()


@pytest.mark.requirement("TD-42")
def test_where_the_money_lies_on_two_accounts_a_person_says_which_one_the_refund_leaves(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    bank, other = account(firm, "Savings"), account(firm, "Checking")
    payment = paid(firm)
    firm.sync()
    deposit(firm, sandbox, payment, bank, CashBack={"AccountRef": {"value": other}, "Amount": "25.00"})
    firm.practice.refund(payment, "40.00")
    firm.sync()
    assert firm.states()["refunds/ref_0001"] == (DraftState.HELD, DECISION_MISSING)
    assert firm.ours("RefundReceipt") == []
    with firm.workshop.database.read() as session:
        (hold,) = session.scalars(select(Hold).where(Hold.closed_at.is_(None)))
    answer_hold(firm.workshop, OWNER, hold.id, other)
    firm.sync()
    assert drawn(firm) == {"40.00": other}
    assert firm.all_equal()
