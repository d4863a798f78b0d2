"""Fees and payouts in whatever order they come: each fee once, and the bank has what the provider paid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import FIRST, Cabinet, cabinet
from harness import OWNER, sync
from sqlalchemy import select
from standardwebhooks import Webhook
from till_company import sandbox, till_sandbox

from raccord.onboarding.arriving.webhooks import open_endpoint, receive
from raccord.plugin import JSON
from raccord.store.database import Database
from raccord.store.models import DraftState, Problem
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.sandbox import Practice

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
Told = list[tuple[str, dict[str, JSON]]]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


class Line:
    """The firm's messages; what is sent together is brought over by one run."""

    def __init__(self, firm: Cabinet) -> None:
        self.firm = firm
        path, self.secret = open_endpoint(firm.workshop, OWNER, firm.connection.id)
        self.address, self.number = path.rsplit("/", 1)[1], 0

    def send(self, together: Told) -> None:
        for kind, value in together:
            now, self.number = self.firm.workshop.clock.now(), self.number + 1
            body = json.dumps({"type": f"{kind}.updated", "data": value})
            name = f"m{self.number}"
            headers = {
                "webhook-id": name, "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(self.secret).sign(name, now, body),
            }  # fmt: skip
            assert receive(self.firm.workshop, self.address, headers, body.encode())
        sync(self.firm.workshop, self.firm.connection)


def paid_out(practice: Practice, name: str, day: date) -> Told:
    """Let a client of that day pay twice, be paid out, and one fee be said twice; return what is told of it."""
    told = Told()
    practice.told = lambda kind, value: told.append((kind, value))
    practice.on(day)
    client = practice.account(name)
    bills = [practice.invoice(client, practice.line(name="X", rate="100.00")) for _ in range(2)]
    one, two = practice.pay(bills[0], fee="3.20"), practice.pay(bills[1])
    practice.fee("3.20", one)
    practice.payout(one, two, fee="8.40")
    practice.told = None
    return told


@pytest.mark.requirement("TD-09", "TD-16", "TD-26", "TD-53", "K13")
@pytest.mark.parametrize("landing", ["undeposited", "clearing"])
@pytest.mark.every(2)
def test_fees_said_twice_and_payouts_before_their_payments_come_to_what_the_bank_got(
    firm: Cabinet, landing: str
) -> None:
    """What one client did is told forwards, what another did on another day backwards, each message in a run."""
    firm.set(landing=landing)
    line, practice = Line(firm), firm.practice
    days = (FIRST, FIRST + timedelta(days=1))
    forwards, backwards = (paid_out(practice, *of) for of in zip(("Érable & fils", "Ana Roy"), days, strict=True))
    for together in zip(forwards, backwards[::-1], strict=True):
        line.send(list(together))
    for deliver in (lambda: sync(firm.workshop, firm.connection), firm.sync):
        deliver()
        assert {state for state, _ in firm.states().values()} <= {DraftState.POSTED, DraftState.WITHDRAWN}
        kinds = ("Purchase", "Payment", "Transfer" if landing == "clearing" else "Deposit")
        ours = {kind: firm.ours(kind) for kind in kinds}
        assert {each["TxnDate"] for rows in ours.values() for each in rows} == {str(day) for day in days}
        for day in days:
            purchases, payments, moved = (
                [each for each in rows if each["TxnDate"] == str(day)] for rows in ours.values()
            )
            assert sorted(each["TotalAmt"] for each in purchases) == [Decimal("3.20"), Decimal("5.20")]
            assert len(payments) == 2
            spent = sum(each["TotalAmt"] for each in purchases)
            assert [each["Amount" if landing == "clearing" else "TotalAmt"] for each in moved] == [
                Decimal("191.60") if landing == "clearing" else Decimal("191.60") + spent
            ]
        assert firm.all_equal()


@pytest.mark.requirement("TD-53", "TD-42")
def test_a_payout_that_takes_more_back_than_it_pays_leaves_the_bank_and_undeposited_funds_right(firm: Cabinet) -> None:
    practice = firm.practice
    client = practice.account("Érable & fils")
    first = practice.pay(practice.invoice(client, practice.line(name="X", rate="80.00")))
    practice.payout(first)
    firm.sync()
    second = practice.pay(practice.invoice(client, practice.line(name="Y", rate="20.00")))
    practice.payout(second, practice.refund(first, "50.00"))
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Deposit")) == [0, 80]
    (entry,) = firm.ours("JournalEntry")
    assert entry["Line"][0]["Amount"] == Decimal(30)
    rows = firm.workshop.client(firm.company).query_all("Account")
    (undeposited,) = (each for each in rows if each["AccountSubType"] == "UndepositedFunds")
    assert undeposited["CurrentBalance"] == 0
    assert firm.all_equal()


@pytest.mark.requirement("K4")
def test_what_landed_before_the_answer_changed_is_paid_out_from_where_it_lies(firm: Cabinet) -> None:
    practice = firm.practice
    client = practice.account("Érable & fils")

    def paid(rate: str, fee: str) -> str:
        return practice.pay(practice.invoice(client, practice.line(name="X", rate=rate)), fee=fee)

    older = paid("100.00", "3.00")
    firm.sync()
    firm.set(landing="clearing")
    assert firm.connection_now().settings["landing_before"] == "2026-03-02 = undeposited"
    practice.on(FIRST + timedelta(days=1))
    newer, both = paid("50.00", "1.50"), [paid("20.00", "1.00")]
    practice.payout(older, fee="3.00")
    practice.payout(newer, fee="1.50")
    firm.sync()
    deposits = [(each["TotalAmt"], each["DepositToAccountRef"]["name"]) for each in firm.ours("Deposit")]
    assert deposits == [(Decimal(100), "Compte chèques")]
    assert [each["Amount"] for each in firm.ours("Transfer")] == [Decimal("48.50")]
    fees = {each["TotalAmt"]: each["AccountRef"]["name"] for each in firm.ours("Purchase")}
    assert fees == {
        Decimal(3): "Compte chèques", Decimal("1.50"): "Passage TaxDome", Decimal(1): "Passage TaxDome",
    }  # fmt: skip
    (clearing,) = firm.named("Account", "Passage TaxDome")
    assert clearing["CurrentBalance"] == Decimal(19), "what is not paid out yet"
    assert firm.all_equal()
    # One payout of both kinds is on two accounts: a person posts it.
    practice.payout(older, *both, fee="4.00")
    firm.sync()
    assert len(firm.ours("Deposit")) + len(firm.ours("Transfer")) == 2
    with firm.workshop.database.read() as session:
        told = [each.params for each in session.scalars(select(Problem)) if each.subject.startswith("payouts/")]
    assert "two accounts" in str(told)
