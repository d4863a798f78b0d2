"""What TaxDome takes back after it was posted, in whatever order it says so: payments, what came of them, invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cabinet import Cabinet, cabinet
from harness import lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.overview.drifts import open_drifts
from raccord.store.database import Database
from raccord.store.models import DraftState, Event, LinkRow, Problem, ProblemState, Proof, SourceRecord
from raccord.sync.mapping.taken_back import PAYMENT_TAKEN_BACK
from raccord.sync.planning.plan import KIND_CHANGED
from raccord.sync.resolving.resolve import LINK_WAITS
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.sandbox import Practice

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
KINDS = ("Payment", "RefundReceipt", "Purchase", "CreditMemo")


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


@dataclass
class Story:
    """What is told of one client, on a day of its own, while others are told in the same books."""

    firm: Cabinet
    sandbox: SandboxServer
    client: str
    day: date
    ids: set[str] = field(default_factory=set)

    @property
    def practice(self) -> Practice:
        return self.firm.practice

    def go_on(self, told: Iterator[None]) -> bool:
        """Tell it up to the next sync; ``False`` once it is over."""
        self.practice.told = lambda _, value: self.ids.add(str(value["id"]))
        self.practice.on(self.day)
        try:
            next(told)
        except StopIteration:
            return False
        return True

    def account(self) -> str:
        return self.practice.account(self.client)

    def mine(self, key: str) -> bool:
        return any(each in key for each in self.ids)

    def ours(self, kind: str, *days: date) -> list[dict[str, Any]]:
        """Return our documents of its day, and of others that are named."""
        of = {str(each) for each in (self.day, *days)}
        return [each for each in self.firm.ours(kind) if each["TxnDate"] in of]

    def totals(self) -> dict[str, list[Decimal]]:
        """Return the totals of our documents by kind, those of nothing too."""
        return {kind: sorted(each["TotalAmt"] for each in self.ours(kind)) for kind in KINDS}

    def states(self) -> dict[str, tuple[str, str]]:
        return {key: each for key, each in self.firm.states().items() if self.mine(key)}

    def reported(self) -> set[tuple[str, str]]:
        return {each for each in reported(self.firm) if self.mine(each[0])}

    def reasons(self) -> dict[str, str]:
        """Return why each record posts nothing, as far as one does not."""
        with self.firm.workshop.database.read() as session:
            rows = session.execute(
                select(SourceRecord.stream, SourceRecord.source_id, SourceRecord.reason)
                .where(SourceRecord.state != "superseded")
            )  # fmt: skip
            return {f"{stream}/{id_}": reason for stream, id_, reason in rows if reason}

    def drifts(self) -> list[tuple[str, list[str]]]:
        """Return what is asked about as changed in QuickBooks: which document, and which of its properties."""
        with self.firm.workshop.database.read() as session:
            rows = open_drifts(session).rows
            return [(each.key, [field.field for field in each.differences]) for each in rows if self.mine(each.key)]

    def followed(self) -> list[tuple[str, str]]:
        """Return what history tells to have followed from our own deeds, and from which."""
        with self.firm.workshop.database.read() as session:
            told = session.scalars(select(Event).where(Event.action == "drift.followed").order_by(Event.seq))
            return [(each.subject, str(each.body["because"])) for each in told if self.mine(each.subject)]

    def documents(self) -> dict[str, str]:
        with self.firm.workshop.database.read() as session:
            return {link.key: link.document_id for link in session.scalars(select(LinkRow))}

    def all_equal(self, *days: date, stream: str = "") -> bool:
        """Tell whether its days are proven to the cent, of a stream or of all of them."""
        with self.firm.workshop.database.read() as session:
            of = select(Proof).where(Proof.day.in_((self.day, *days)))
            proofs = [proof for proof in session.scalars(of) if proof.stream == stream or not stream]
            return bool(proofs) and all(proof.equal for proof in proofs)


def reported(firm: Cabinet) -> set[tuple[str, str]]:
    with firm.workshop.database.read() as session:
        found = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))
        return {(each.subject, each.code) for each in found}


def a_deleted_payment_takes_its_refunds_and_fees_along_and_brings_them_back(one: Story) -> Iterator[None]:
    """EX-06."""
    practice = one.practice
    bill = practice.invoice(one.account(), practice.line(name="X", rate="300.00"))
    with_fee = practice.pay(bill, "100.00", fee="3.20")
    fee_apart = practice.pay(bill, "100.00")
    practice.fee("2.90", fee_apart)
    late = practice.pay(bill, "100.00")
    refunds = [practice.refund(payment, amount) for payment, amount in ((with_fee, "40.00"), (fee_apart, "30.00"))]
    yield
    for payment in (with_fee, fee_apart, late):
        practice.change("payment", payment, deleted=True)
    # The third one's refund is told only once it is gone.
    refunds.append(practice.refund(late, "20.00"))
    yield
    assert one.totals() == {"Payment": [0, 0, 0], "RefundReceipt": [0, 0], "Purchase": [0, 0], "CreditMemo": []}
    follows = {f"refunds/{each}" for each in refunds} | {f"fees/payment:{fee_apart}"}
    assert one.reported() == {(subject, PAYMENT_TAKEN_BACK) for subject in follows}
    assert all("source" in each["PrivateNote"] for each in one.ours("RefundReceipt"))
    assert one.all_equal()
    before = {kind: [each["SyncToken"] for each in one.ours(kind)] for kind in KINDS}
    practice.change("refund", refunds[0], description="Encore")
    yield
    assert {kind: [each["SyncToken"] for each in one.ours(kind)] for kind in KINDS} == before
    for payment in (with_fee, fee_apart, late):
        practice.change("payment", payment, deleted=False)
    yield
    assert one.totals() == {
        "Payment": [100] * 3, "RefundReceipt": [20, 30, 40],
        "Purchase": [Decimal("2.90"), Decimal("3.20")], "CreditMemo": [],
    }  # fmt: skip
    assert one.reported() == set()
    assert one.all_equal()


def an_unticked_payment_and_a_deleted_credit_are_emptied_and_come_back(one: Story) -> Iterator[None]:
    """EX-06, EX-05, TD-15."""
    practice = one.practice
    bill = practice.invoice(one.account(), practice.line(name="X", rate="300.00"))
    cash = practice.pay(bill, "100.00", source="cash", provider="none")
    practice.refund(cash, "40.00")
    credit = practice.pay(bill, "30.00", source="promotional_credit", provider="none")
    yield
    practice.change("payment", cash, sync=False)
    practice.change("payment", credit, deleted=True)
    yield
    assert one.totals() == {"Payment": [0, 0], "RefundReceipt": [0], "Purchase": [], "CreditMemo": [0]}
    assert [each["Balance"] for each in one.ours("Invoice")] == [Decimal(300)]
    assert {state for state, _ in one.states().values()} == {DraftState.POSTED}
    assert one.all_equal()
    practice.change("payment", cash, sync=True)
    practice.change("payment", credit, deleted=False)
    yield
    assert one.totals() == {"Payment": [0, 100], "RefundReceipt": [40], "Purchase": [], "CreditMemo": [30]}
    assert [each["Balance"] for each in one.ours("Invoice")] == [Decimal(170)]
    assert (one.all_equal(), one.reported()) == (True, set())


def a_draft_invoice_waits_and_one_that_is_voided_is_emptied_and_comes_back(one: Story) -> Iterator[None]:
    """EX-02, EX-05, TD-13."""
    practice = one.practice
    client, line = one.account(), practice.line(name="X", rate="100.00")
    draft = practice.invoice(client, line, status="draft")
    posted = [practice.invoice(client, line) for _ in range(2)]
    numbers = [str(practice.objects["invoice"][each]["number"]) for each in (draft, *posted)]
    yield
    assert [each["DocNumber"] for each in one.ours("Invoice")] == numbers[1:]
    assert one.reasons()[f"invoices/{draft}"] == "taxdome.draft"
    practice.change("invoice", draft, status="unpaid")
    practice.change("invoice", posted[0], status="Annulée")
    practice.change("invoice", posted[1], deleted=True)
    yield
    assert {each["DocNumber"]: each["TotalAmt"] for each in one.ours("Invoice")} == dict(
        zip(numbers, (100, 0, 0), strict=True)
    )
    assert one.reasons()[f"invoices/{posted[0]}"] == "taxdome.voided"
    assert one.reported() == {(f"invoices/{posted[1]}", "taxdome.deleted")}
    assert one.all_equal()
    practice.change("invoice", posted[0], status="unpaid")
    practice.change("invoice", posted[1], deleted=False)
    yield
    assert {str(each["TotalAmt"]) for each in one.ours("Invoice")} == {"100.00"}
    assert len(one.ours("Invoice")) == 3
    assert one.reported() == set()
    assert one.all_equal()


def an_invoice_dated_back_before_the_sync_date_stays_ours_and_its_day_is_proven(one: Story) -> Iterator[None]:
    """TD-33, K2."""
    practice = one.practice
    client = one.account()
    bill = practice.invoice(client, practice.line(name="X", rate="100.00"))
    yield
    early = one.day - timedelta(days=40)
    practice.change("invoice", bill, posted=str(early))
    practice.invoice(client, practice.line(name="Y", rate="10.00"), posted=str(early))
    yield
    assert [(each["TxnDate"], each["TotalAmt"]) for each in one.ours("Invoice", early)] == [(str(early), Decimal(100))]
    assert one.all_equal(early, stream="invoices")
    practice.change("invoice", bill, posted=str(one.day))
    yield
    assert [each["TxnDate"] for each in one.ours("Invoice", early)] == [str(one.day)]
    assert one.all_equal(early, stream="invoices")


def a_payment_that_becomes_a_promotional_credit_is_asked_about_once_by_its_true_cause(one: Story) -> Iterator[None]:
    """TD-15."""
    practice = one.practice
    bill = practice.invoice(one.account(), practice.line(name="X", rate="300.00"))
    cash = practice.pay(bill, "100.00", source="cash", provider="none")
    yield
    practice.change("payment", cash, source="promotional_credit")
    yield
    assert one.reported() == {(f"payments/{cash}", KIND_CHANGED)}
    assert one.states()[f"payments/{cash}#applied"] == (DraftState.HELD, LINK_WAITS)
    assert one.totals()["Payment"] == [100]
    practice.change("payment", cash, source="cash")
    yield
    assert one.reported() == set()
    assert one.all_equal()


def an_invoice_voided_and_then_counted_again_is_paid_again(one: Story) -> Iterator[None]:
    """TD-06, TD-13."""
    practice = one.practice
    bill = practice.invoice(one.account(), practice.line(name="X", rate="300.00"))
    practice.pay(bill, "100.00")
    yield
    practice.change("invoice", bill, status="voided")
    yield
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in one.ours("Payment")] == [(100, 100)]
    practice.change("invoice", bill, status="unpaid")
    yield
    yield
    assert [each["Balance"] for each in one.ours("Invoice")] == [Decimal(200)], (one.states(), one.reported())
    assert [each["UnappliedAmt"] for each in one.ours("Payment")] == [0]
    assert (one.all_equal(), one.reported()) == (True, set())


def what_follows_from_our_own_emptying_is_told_and_not_asked_about(one: Story) -> Iterator[None]:
    """TD-06, TD-13, EX-06."""
    practice, client = one.practice, one.account()
    bill = practice.invoice(client, practice.line(name="X", rate="300.00"))
    paid = practice.pay(bill, "100.00", source="cash", provider="none")
    yield
    yield
    practice.change("invoice", bill, status="voided")
    for _ in range(3):
        yield
    assert (one.drifts(), one.followed()) == ([], [(f"payments/{paid}", f"invoices/{bill}")])
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in one.ours("Payment")] == [(100, 100)]
    practice.change("invoice", bill, status="unpaid")
    for _ in range(2):
        yield
    assert [(each["TotalAmt"], each["UnappliedAmt"]) for each in one.ours("Payment")] == [(100, 0)]
    assert (one.all_equal(), one.reported(), one.drifts()) == (True, set(), [])


def what_a_person_did_to_a_payment_beside_our_own_deed_is_still_asked_about(one: Story) -> Iterator[None]:
    """TD-06, EX-06."""
    practice, client = one.practice, one.account()
    bills = [practice.invoice(client, practice.line(name="X", rate="300.00")) for _ in range(5)]
    paid = [practice.pay(bill, "100.00", source="cash", provider="none") for bill in bills]
    yield
    yield
    ids = one.documents()

    def person(deed: str, number: int, **changes: object) -> None:
        of = {"entity": "Payment", "id": ids[f"payments/{paid[number]}"]}
        lab(one.sandbox, deed, one.firm.company.realm, **of, **({"changes": changes} if changes else {}))

    # Before us: taken off by a person, which waits for an answer when we empty the invoice too.
    person("edit", 0, Line=[])
    # In the one look: another memo of theirs, and our own deed.
    person("edit", 1, PrivateNote="mine")
    for bill in bills[:4]:
        practice.change("invoice", bill, status="voided")
    yield
    # After us: another day, deleted; taken off an invoice that counts.
    person("edit", 2, TxnDate="2026-03-09")
    person("delete", 3)
    person("edit", 4, Line=[])
    for _ in range(2):
        yield
        assert dict(one.drifts()) == {
            f"payments/{paid[0]}": ["Line"],
            f"payments/{paid[1]}": ["PrivateNote"],
            f"payments/{paid[2]}": ["TxnDate"],
            f"payments/{paid[3]}": [],
            f"payments/{paid[4]}": ["Line"],
        }
    assert one.followed() == [(f"payments/{paid[each]}", f"invoices/{bills[each]}") for each in (2, 3)]


def an_invoice_that_we_lower_takes_its_payment_down_with_it_and_no_further(one: Story) -> Iterator[None]:
    """TD-06, EX-06."""
    practice, client = one.practice, one.account()
    bills = [practice.invoice(client, practice.line(name="X", rate="300.00")) for _ in range(3)]
    paid = [practice.pay(bill, "300.00", source="cash", provider="none") for bill in bills]
    yield
    yield
    for bill in bills[:2]:
        practice.change("invoice", bill, lines=[practice.line(name="X", rate="120.00")], total="120.00")
    # Ours to touch, and nothing of it explains what a person takes off.
    practice.change("invoice", bills[2], lines=[practice.line(name="Y", rate="300.00")])
    yield
    ids = one.documents()
    for number in (1, 2):
        lab(
            one.sandbox, "edit", one.firm.company.realm, entity="Payment", id=ids[f"payments/{paid[number]}"],
            changes={"Line": []},
        )  # fmt: skip
    yield
    assert [key for key, _ in one.drifts()] == [f"payments/{each}" for each in paid[1:]], one.followed()
    assert one.followed() == [(f"payments/{paid[each]}", f"invoices/{bills[each]}") for each in (0, 1)]


STORIES: dict[str, Callable[[Story], Iterator[None]]] = {
    "Érable & fils": a_deleted_payment_takes_its_refunds_and_fees_along_and_brings_them_back,
    "Ana Roy": an_unticked_payment_and_a_deleted_credit_are_emptied_and_come_back,
    "Plomberie Nord": a_draft_invoice_waits_and_one_that_is_voided_is_emptied_and_comes_back,
    "Zoé Tremblay": an_invoice_dated_back_before_the_sync_date_stays_ours_and_its_day_is_proven,
    "Garage Lemieux": a_payment_that_becomes_a_promotional_credit_is_asked_about_once_by_its_true_cause,
    "Boulangerie Oka": an_invoice_voided_and_then_counted_again_is_paid_again,
    "Marché du Quai": what_follows_from_our_own_emptying_is_told_and_not_asked_about,
    "Hugo Pelletier": what_a_person_did_to_a_payment_beside_our_own_deed_is_still_asked_about,
    "Studio Vertige": an_invoice_that_we_lower_takes_its_payment_down_with_it_and_no_further,
}
MOVED = date(2026, 3, 9)
"""The day to which a person moves a document."""


@pytest.mark.requirement("EX-06", "EX-05", "TD-15", "EX-02", "TD-13", "TD-33", "K2", "TD-06")
def test_what_is_taken_back_is_emptied_and_comes_back(firm: Cabinet, sandbox: SandboxServer) -> None:
    """All the stories are told at once, and each is judged by what is its own."""
    stories = [
        (one := Story(firm, sandbox, client, MOVED + timedelta(days=number)), told(one))
        for number, (client, told) in enumerate(STORIES.items(), 1)
    ]
    going = stories
    while going := [(one, told) for one, told in going if one.go_on(told)]:
        firm.sync()
        assert [each for each in reported(firm) if not any(one.mine(each[0]) for one, _ in stories)] == []
    # Nothing is posted on another day either.
    days = {str(one.day) for one, _ in stories} | {str(MOVED)}
    assert {each["TxnDate"] for kind in (*KINDS, "Invoice") for each in firm.ours(kind)} == days
