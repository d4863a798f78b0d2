"""Bank lines pay open invoices and bills: proposed before any category, posted as payments, no document paid twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import paid_invoices
import pytest
import till
from harness import OWNER, choose_usual, sync
from open_documents import owed
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from raccord.onboarding.deciding.decisions import DecisionError, answer_hold
from raccord.onboarding.deciding.paying import certain, pay
from raccord.store.models import Company, Connection, DraftRow, Hold, PaidDocument, Proof
from raccord.sync.lines.matching import Movement, OpenItem, Reason, Sure, propose
from raccord.sync.lines.paying import MATCHES
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database

DAY = "2026-03-04"


def line(number: int, amount: str, text: str) -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": DAY, "amount": amount, "memo": text}


def asked(workshop: Workshop) -> dict[str, Hold]:
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        return {row.key: row.Hold for row in rows}


def first(hold: Hold) -> tuple[str, list[str], list[str]]:
    match: dict[str, Any] = hold.params[MATCHES][0]
    return match["sure"], [each["id"] for each in match["documents"]], match["reasons"]


def balance(workshop: Workshop, company: Company, kind: str, id_: str) -> Decimal:
    return Decimal(next(workshop.client(company).query_all(kind, f"Id = '{id_}'"))["Balance"])


def pay_twice(workshop: Workshop, paid: PaidDocument, draft_id: int) -> None:
    """Write to the database, past all code that refuses it, that another draft pays a document too."""
    names = ("company_id", "kind", "document_id", "amount", "said_at")
    with workshop.database.begin() as session:
        session.add(PaidDocument(draft_id=draft_id, **{name: getattr(paid, name) for name in names}))


def test_pain_8_t1_open_invoices_and_bills_are_proposed_before_a_category_and_paid_once(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    one = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
    parts = [owed(workshop, company, "Invoice", "Clinique Roy", amount, f"F-3000{n}") for n, amount in
             enumerate(("100.10", "250.25"))]  # fmt: skip
    bill = owed(workshop, company, "Bill", "Imprimerie Simard", "88.20", "7741")
    till.ROWS["T1"] = [
        line(1, "517.39", "VIR INTERAC BOULANGERIE GAGNON F-20417"),
        line(2, "350.35", "DEPOT CLINIQUE ROY 30000 30001"),
        line(3, "-88.20", "IMPRIMERIE SIMARD CHQ 12"),
        line(4, "517.39", "GUICHET 0042"),
        line(5, "-3.75", "CAFE"),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    assert first(holds["bank/b1"]) == ("certain", [one], ["amount", "number", "name", "only"])
    sure, documents, _ = first(holds["bank/b2"])
    assert (sure, sorted(documents)) == ("certain", sorted(parts))
    assert first(holds["bank/b3"])[1] == [bill]
    assert first(holds["bank/b4"])[0] == "possible", "an amount alone tells nobody anything"
    assert MATCHES not in holds["bank/b5"].params
    with workshop.database.read() as session:
        sure_ones = certain(session, [connection.id])
    assert set(sure_ones) >= {holds["bank/b1"].id, holds["bank/b2"].id}
    for key in ("bank/b1", "bank/b2", "bank/b3"):
        pay(workshop, OWNER, holds[key].id)
    with pytest.raises(DecisionError, match=r"already"):
        pay(workshop, OWNER, holds["bank/b4"].id, [one])
    with pytest.raises(DecisionError, match=r"does not have"):
        pay(workshop, OWNER, holds["bank/b5"].id)
    with workshop.database.read() as session:
        paid = session.scalars(select(PaidDocument)).all()
        other = session.scalars(select(DraftRow.id).where(DraftRow.key == "bank/b5")).one()
    with pytest.raises(IntegrityError):
        pay_twice(workshop, paid[0], other)
    sync(workshop, connection)
    client = workshop.client(company)
    assert (client.count("Payment"), client.count("BillPayment"), client.count("Deposit")) == (2, 1, 0)
    assert [balance(workshop, company, "Invoice", each) for each in (one, *parts)] == [0, 0, 0]
    assert balance(workshop, company, "Bill", bill) == 0
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    holds = asked(workshop)
    assert set(holds) == {"bank/b4", "bank/b5"}
    assert MATCHES not in holds["bank/b4"].params, "what is paid is open no more"


def test_an_invoice_paid_by_hand_meanwhile_asks_again(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    one = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
    till.ROWS["T1"] = [line(1, "517.39", "VIR INTERAC BOULANGERIE GAGNON F-20417")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["bank/b1"].id)
    client = workshop.client(company)
    customer = client.query("SELECT * FROM Customer WHERE DisplayName = 'Boulangerie Gagnon'")[0]["Id"]
    client.create(
        "Payment",
        f'{{"TxnDate":"2026-02-21","CustomerRef":{{"value":"{customer}"}},"TotalAmt":517.39,"Line":[{{"Amount":517.39,'
        f'"LinkedTxn":[{{"TxnId":"{one}","TxnType":"Invoice"}}]}}]}}',
        "by hand",
    )
    sync(workshop, connection)
    hold = asked(workshop)["bank/b1"]
    assert (hold.code, MATCHES in hold.params) == ("resolve.decision_missing", False)
    assert client.count("Payment") == 1
    income = client.query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    answer_hold(workshop, OWNER, hold.id, income)
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (1, 1)


@pytest.mark.parametrize("seed", [11, 12])
def test_on_a_made_set_certain_proposals_are_right_and_most_payments_are_found(seed: int) -> None:
    """The set is synthetic; bench/matching.py measures larger ones beside simpler ways."""
    made = paid_invoices.make(2_000, seed)
    answers = {
        id_: [(frozenset(item.id for item in each.items), str(each.sure)) for each in proposals]
        for id_, proposals in propose(made.movements, made.items).items()
    }
    told = paid_invoices.measure(made, answers)
    assert told.certain >= 0.999
    assert told.offered >= 0.999, "what is likely too"
    assert told.recall >= 0.95
    offered = [each for each in answers.values() if each[0][1] != "possible"]
    documents = [document for each in offered for document in each[0][0]]
    assert len(documents) == len(set(documents)), "no document is offered to two lines as theirs"


def invoice(id_: str, day: int, party: str = "Hugo Pelletier", amount: str = "49.99") -> OpenItem:
    return OpenItem("Invoice", id_, f"F-{id_}", party, party, Decimal(amount), date(2026, 3, day))


def paid_on(id_: str, day: int) -> Movement:
    return Movement(id_, Decimal("49.99"), date(2026, 3, day), "DEPOT PELLETIER HUGO")


@pytest.mark.parametrize("number", ["", "7", "2026", "000"])
def test_zeros_in_a_bank_s_text_are_the_number_of_no_invoice(number: str) -> None:
    line = Movement("a", Decimal("49.99"), date(2026, 3, 12), "TRANSFER 000000 GARAGE DU LAC")
    (told,) = propose([line], [replace(invoice("1", 1), number=number)])["a"]
    assert (told.sure, [*told.reasons]) == (Sure.POSSIBLE, [Reason.AMOUNT, Reason.ONLY])


def test_equal_invoices_of_one_payer_are_told_apart_by_what_else_is_paid_or_not_at_all() -> None:
    both = [invoice("1", 1), invoice("2", 10)]
    unclear = propose([paid_on("a", 12)], both)["a"]
    assert [(str(each.sure), each.items[0].id) for each in unclear] == [("possible", "1"), ("possible", "2")]
    apart = propose([paid_on("a", 2), paid_on("b", 12)], both)
    assert {id_: (str(each[0].sure), each[0].items[0].id) for id_, each in apart.items()} == {
        "a": ("likely", "1"), "b": ("likely", "2"),
    }, "the first can only pay what was open by then, which leaves the other"  # fmt: skip
    torn = propose([paid_on("a", 12), paid_on("b", 13)], both)
    assert {str(each[0].sure) for each in torn.values()} == {"possible"}
    two_for_one = propose([paid_on("a", 12), paid_on("b", 13)], both[:1])
    assert {str(each[0].sure) for each in two_for_one.values()} == {"possible"}, "one of them pays something else"
