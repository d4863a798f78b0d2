"""Random sequences of what TaxDome says, in any order and again: the books are what it says in the end, or say why."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cabinet import FIRST, NOW, Cabinet, cabinet
from harness import OWNER, sync
from sqlalchemy import select
from standardwebhooks import Webhook
from till_company import sandbox, till_sandbox

from raccord.onboarding.arriving.webhooks import open_endpoint, receive
from raccord.plugin import JSON
from raccord.store.database import Database
from raccord.store.models import DraftRow, Hold, Problem, ProblemState, Proof
from raccord.sync.mapping.taken_back import PAYMENT_TAKEN_BACK
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
KINDS = {"invoice": "Invoice", "payment": "Payment", "refund": "RefundReceipt"}
STREAMS = {"invoice": "invoices", "payment": "payments", "refund": "refunds"}
REPORTS = ("taxdome.deleted", "taxdome.payment_left_out", "taxdome.account_unsynced", PAYMENT_TAKEN_BACK)
"""What tells of a record that is left out rightly: no cause of a difference."""
Value = dict[str, JSON]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


@dataclass
class Story:
    """One practice to which things happen by chance, and what was told of them."""

    firm: Cabinet
    dice: random.Random
    told: list[tuple[str, Value]] = field(default_factory=list)
    sent: int = 0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        practice = self.firm.practice
        practice.told = lambda kind, value: self.told.append((kind, dict(value)))
        self.clients = [practice.account(name) for name in ("Érable & fils", "Ana Roy")]
        path, secret = open_endpoint(self.firm.workshop, OWNER, self.firm.connection.id)
        self.hook, self.address = Webhook(secret), path.rsplit("/", 1)[1]

    def some(self, kind: str) -> str | None:
        found = list(self.firm.practice.objects[kind])
        return self.dice.choice(found) if found else None

    def act(self) -> None:
        """Let one thing happen."""
        what: Callable[[], None] = self.dice.choice(
            [
                self.bill, self.bill, self.pay, self.pay, self.give_back, self.delete, self.delete, self.status,
                self.redate, self.box, self.describe, self.fail, self.unsync, self.land,
            ]
        )  # fmt: skip
        self.done.append(what.__name__)
        what()

    def bill(self) -> None:
        practice = self.firm.practice
        line = practice.line(name="X", rate=f"{self.dice.randint(50, 500)}.{self.dice.randint(10, 99)}")
        practice.invoice(self.dice.choice(self.clients), line)

    def pay(self) -> None:
        practice, bill = self.firm.practice, self.some("invoice")
        if bill is None:
            return
        of = [each for each in practice.objects["payment"].values() if _settles(each) == bill]
        if of:
            return
        fee = self.dice.choice(["0", "0", "1.25"])
        practice.pay(bill, f"{self.dice.randint(20, 50)}.00", fee=fee)

    def give_back(self) -> None:
        payment = self.some("payment")
        if payment is not None:
            self.firm.practice.refund(payment, f"{self.dice.randint(1, 20)}.00")

    def delete(self) -> None:
        kind = self.dice.choice(["payment", "payment", "refund", "invoice"])
        id_ = self.some(kind)
        if id_ is not None:
            gone = self.firm.practice.objects[kind][id_].get("deleted") is True
            self.firm.practice.change(kind, id_, deleted=not gone)

    def status(self) -> None:
        bill = self.some("invoice")
        if bill is not None:
            self.firm.practice.change("invoice", bill, status=self.dice.choice(["draft", "unpaid", "paid", "voided"]))

    def redate(self) -> None:
        kind = self.dice.choice(["invoice", "payment", "refund"])
        id_ = self.some(kind)
        if id_ is not None:
            day = str(FIRST + timedelta(days=self.dice.randint(0, 9)))
            self.firm.practice.change(kind, id_, **{"posted" if kind == "invoice" else "date": day})

    def box(self) -> None:
        payment = self.some("payment")
        if payment is not None:
            self.firm.practice.change("payment", payment, sync=self.dice.choice([True, False]))

    def fail(self) -> None:
        payment = self.some("payment")
        if payment is not None:
            self.firm.practice.change("payment", payment, status=self.dice.choice(["failed", "succeeded"]))

    def unsync(self) -> None:
        """Unsync a client, or sync all again; in the end all are."""
        self.firm.set(unsynced=self.dice.choice(["", self.clients[0]]))

    def land(self) -> None:
        self.firm.set(landing=self.dice.choice(["clearing", "undeposited"]))

    def describe(self) -> None:
        kind = self.dice.choice(list(KINDS))
        id_ = self.some(kind)
        if id_ is not None:
            self.firm.practice.change(kind, id_, description=f"mot {len(self.done)}")

    def deliver(self) -> None:
        """Tell what was not told yet, as messages in any order, some twice, or as tables; then let a run go."""
        if self.dice.random() < 0.4:
            self.firm.sync()
            return
        messages = self.told[-30:]
        messages = [*messages, *self.dice.sample(messages, len(messages) // 3)]
        self.dice.shuffle(messages)
        for kind, value in messages:
            self.sent += 1
            body, name = json.dumps({"type": f"{kind}.updated", "data": value}), f"m{self.sent}"
            signed = self.hook.sign(name, NOW, body)
            stamp = str(int(NOW.timestamp()))
            headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signed}
            assert receive(self.firm.workshop, self.address, headers, body.encode())
        sync(self.firm.workshop, self.firm.connection)


def _settles(payment: Value) -> str:
    settled = payment["invoice_applications"]
    assert isinstance(settled, list)
    return str(settled[0]["invoice_id"]) if settled and isinstance(settled[0], dict) else ""


def expected(firm: Cabinet) -> dict[str, Decimal]:
    """Return what the books must hold, by what a bookkeeper would say of each object: the model."""
    objects, found = firm.practice.objects, dict[str, Decimal]()
    for id_, value in objects["invoice"].items():
        counts = not value.get("deleted") and value["status"] not in ("draft", "voided")
        found[f"invoices/{id_}"] = Decimal(str(value["total"])) if counts else Decimal(0)
    for id_, value in objects["payment"].items():
        counts = not value.get("deleted") and value.get("status") != "failed" and value.get("sync") is not False
        found[f"payments/{id_}"] = Decimal(str(value["amount"])) if counts else Decimal(0)
        found[f"payments/{id_}#fee"] = Decimal(str(value["fee"])) if counts else Decimal(0)
    for id_, value in objects["refund"].items():
        counts = not value.get("deleted") and found[f"payments/{value['payment_id']}"]
        found[f"refunds/{id_}"] = Decimal(str(value["amount"])) if counts else Decimal(0)
    return found


def held(firm: Cabinet) -> dict[str, Decimal]:
    """Return what QuickBooks holds, by the source's id in each document; two of one id are found as a double."""
    found = dict[str, Decimal]()
    seen = Counter[str]()
    for kind, entity in KINDS.items():
        for document in firm.ours(entity):
            (id_,) = [each for each in firm.practice.objects[kind] if each in str(document["PrivateNote"])]
            seen[f"{entity} {id_}"] += 1
            found[f"{STREAMS[kind]}/{id_}"] = Decimal(str(document["TotalAmt"]))
    for document in firm.ours("Purchase"):
        (id_,) = [each for each in firm.practice.objects["payment"] if each in str(document["PrivateNote"])]
        seen[f"Purchase {id_}"] += 1
        found[f"payments/{id_}#fee"] = Decimal(str(document["TotalAmt"]))
    assert [each for each, count in seen.items() if count > 1] == []
    return found


def owed(firm: Cabinet, want: dict[str, Decimal]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the invoices on which more or less is owed than is left of them after their payments, by payment."""
    left = {id_: want[f"invoices/{id_}"] for id_ in firm.practice.objects["invoice"]}
    by = dict[str, str]()
    for id_, payment in firm.practice.objects["payment"].items():
        if left[_settles(payment)]:
            left[_settles(payment)] -= want[f"payments/{id_}"]
            by[_settles(payment)] = f"payments/{id_}"
    found = dict[str, tuple[Decimal, Decimal]]()
    for document in firm.ours("Invoice"):
        (id_,) = [each for each in left if each in str(document["PrivateNote"])]
        if document["Balance"] != left[id_]:
            found[by.get(id_, f"invoices/{id_}")] = (left[id_], document["Balance"])
    return found


def explained(firm: Cabinet) -> set[str]:
    """Return the drafts and records that an open question or problem names."""
    with firm.workshop.database.read() as session:
        problems = session.scalars(
            select(Problem.subject).where(Problem.state == ProblemState.OPEN, Problem.code.not_in(REPORTS))
        ).all()
        holds = session.scalars(select(Hold.draft_id).where(Hold.closed_at.is_(None))).all()
        keys = session.scalars(select(DraftRow.key).where(DraftRow.id.in_(holds))).all()
    return {*problems, *keys}


def settled(story: Story) -> None:
    """Everything told at last as tables, the books are compared with the model, each difference with its cause."""
    firm = story.firm
    firm.set(unsynced="")
    for _ in range(2):
        firm.sync()
    want, have, said = expected(firm), held(firm), explained(firm)
    apart = {key: (amount, have.get(key, Decimal(0))) for key, amount in want.items() if have.get(key, 0) != amount}
    apart |= owed(firm, want)
    unnamed = {key: pair for key, pair in apart.items() if key not in said}
    with firm.workshop.database.read() as session:
        unequal = [
            (each.stream, each.day, each.differences)
            for each in session.scalars(select(Proof).where(Proof.connection_id == firm.connection.id))
            if not each.equal
        ]
    states = {key: firm.states().get(key) for key in apart}
    assert not unnamed, (unnamed, states, said, story.done)
    assert not unequal, (unequal, apart, story.done)


def play(firm: Cabinet, seed: int, rounds: int) -> None:
    story = Story(firm, random.Random(seed))
    for _ in range(rounds):
        for _ in range(story.dice.randint(4, 9)):
            story.act()
        story.deliver()
    settled(story)


@pytest.mark.requirement("EX-06", "TD-03", "TD-24")
def test_whatever_the_source_says_in_whatever_order_the_books_end_as_it_says(firm: Cabinet) -> None:
    play(firm, 7, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_many_sequences(firm: Cabinet, seed: int) -> None:
    play(firm, seed, 6)
