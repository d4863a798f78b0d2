"""Fees and payouts in whatever order they come: each fee once, and the bank has what the provider paid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import Cabinet, cabinet
from harness import OWNER, sync
from standardwebhooks import Webhook
from till_company import sandbox, till_sandbox

from raccord.onboarding.webhooks import open_endpoint, receive
from raccord.plugin import JSON
from raccord.store.database import Database
from raccord.store.models import DraftState
from raccord_sandbox.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
Told = list[tuple[str, dict[str, JSON]]]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


class Line:
    """The firm's messages, each brought over by a run of its own."""

    def __init__(self, firm: Cabinet) -> None:
        self.firm, self.told = firm, Told()
        firm.practice.told = lambda kind, value: self.told.append((kind, value))
        path, self.secret = open_endpoint(firm.workshop, OWNER, firm.connection.id)
        self.address, self.number = path.rsplit("/", 1)[1], 0

    def send(self, kind: str, value: dict[str, JSON]) -> None:
        now, self.number = self.firm.workshop.clock.now(), self.number + 1
        body = json.dumps({"type": f"{kind}.updated", "data": value})
        name = f"m{self.number}"
        headers = {
            "webhook-id": name, "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(name, now, body),
        }  # fmt: skip
        assert receive(self.firm.workshop, self.address, headers, body.encode())
        sync(self.firm.workshop, self.firm.connection)


@pytest.mark.requirement("TD-09", "TD-16", "TD-26", "TD-53", "K13")
@pytest.mark.parametrize("landing", ["undeposited", "clearing"])
@pytest.mark.parametrize("backwards", [True, False])
def test_fees_said_twice_and_payouts_before_their_payments_come_to_what_the_bank_got(
    firm: Cabinet, landing: str, backwards: bool
) -> None:
    firm.set(landing=landing)
    line, practice = Line(firm), firm.practice
    client = practice.account("Érable & fils")
    bills = [practice.invoice(client, practice.line(name="X", rate="100.00")) for _ in range(2)]
    one, two = practice.pay(bills[0], fee="3.20"), practice.pay(bills[1])
    practice.fee("3.20", one)
    practice.payout(one, two, fee="8.40")
    for kind, value in line.told[::-1] if backwards else line.told:
        line.send(kind, value)
    practice.told = None
    for deliver in (lambda: sync(firm.workshop, firm.connection), firm.sync):
        deliver()
        assert {state for state, _ in firm.states().values()} <= {DraftState.POSTED, DraftState.WITHDRAWN}
        assert sorted(each["TotalAmt"] for each in firm.ours("Purchase")) == [Decimal("3.20"), Decimal("5.20")]
        assert len(firm.ours("Payment")) == 2
        moved = firm.ours("Transfer") if landing == "clearing" else firm.ours("Deposit")
        spent = sum(each["TotalAmt"] for each in firm.ours("Purchase"))
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
