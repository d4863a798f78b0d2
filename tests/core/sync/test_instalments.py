"""Several bank lines pay one invoice or bill: each a part to the cent, in any order, never more than is open."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import paid_invoices
import pytest
import till
from harness import OWNER, choose_usual, sync
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_at_hand import asked, line, undo
from open_documents import owed
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.paying import certain, pay
from raccord.overview.questions import matches_in
from raccord.store.models import Company, Connection, PaidDocument, Proof
from raccord.sync.lines.instalments import LINES, WithParts, with_parts
from raccord.sync.lines.matching import Movement, OpenItem, Sure, propose
from raccord.sync.lines.paying import MATCHES, MATCHES_LIMITED
from raccord.sync.workshop import Workshop

FIRST_DAY = date(2026, 3, 1)
NAMES = ("Boulangerie Gagnon", "Clinique Roy", "Garage Simard", "Toiture Lapointe")


def matched(movements: list[Movement], items: list[OpenItem]) -> WithParts:
    return with_parts(movements, items, propose(movements, items))


def balance(workshop: Workshop, company: Company, kind: str, id_: str) -> Decimal:
    return Decimal(next(workshop.client(company).query_all(kind, f"Id = '{id_}'"))["Balance"])


def equal(workshop: Workshop) -> bool:
    with workshop.database.read() as session:
        return all(proof.equal for proof in session.scalars(select(Proof)))


@given(
    amounts=st.lists(st.lists(st.integers(1, 90_000), min_size=2, max_size=4), min_size=1, max_size=len(NAMES)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_instalments_in_any_order_come_to_their_invoice_and_no_line_is_of_two(
    amounts: list[list[int]], seed: int
) -> None:
    items, movements = [], []
    for place, parts in enumerate(amounts):
        total = Decimal(sum(parts)) / 100
        items.append(OpenItem("Invoice", str(place), f"F-90{place}", NAMES[place], NAMES[place], total, FIRST_DAY))
        for n, cents in enumerate(parts):
            day = FIRST_DAY + timedelta(n)
            movements.append(Movement(f"{place}-{n}", Decimal(cents) / 100, day, f"DEPOT {NAMES[place]} F-90{place}"))
    found = matched(movements, items)
    shuffled, others = list(movements), list(items)
    random.Random(seed).shuffle(shuffled)
    random.Random(seed + 1).shuffle(others)
    assert matched(shuffled, others).proposals == found.proposals
    by_id = {each.id: each for each in items}
    paid = dict.fromkeys(by_id, Decimal(0))
    for movement in movements:
        best = found.proposals[movement.id][0]
        (item,) = best.items
        assert item is by_id[movement.id.split("-", maxsplit=1)[0]]
        assert (best.sure, best.part) == (Sure.LIKELY, movement.amount), "likely, and never certain"
        paid[item.id] += best.part or Decimal(0)
    assert paid == {each.id: each.amount for each in items}


def test_sums_are_looked_for_among_a_limited_number_of_lines_which_is_said() -> None:
    item = OpenItem("Invoice", "1", "F-4711", "1", "Clinique Roy", Decimal(100_000), FIRST_DAY)
    many = [Movement(str(n), Decimal(n + 1), FIRST_DAY, "DEPOT CLINIQUE ROY") for n in range(LINES + 1)]
    assert len(matched(many, [item]).limited) == LINES + 1
    assert not matched(many[1:], [item]).limited
    nobody = [
        Movement("1", Decimal(40_000), FIRST_DAY, "GUICHET"),
        Movement("2", Decimal(60_000), FIRST_DAY, "GUICHET"),
    ]
    assert not matched(nobody, [item]).proposals, "of lines that name nobody, some always add up to something"


def test_parts_spoil_no_whole_proposal_of_a_made_set() -> None:
    made = paid_invoices.make(2_000, 11)
    whole = propose(made.movements, made.items)
    found = with_parts(made.movements, made.items, whole)
    clear = {id_: each[0] for id_, each in whole.items() if each[0].sure is not Sure.POSSIBLE}
    assert {id_: found.proposals[id_][0] for id_ in clear} == clear
    offered = [
        (id_, each[0]) for id_, each in found.proposals.items() if each[0].part and each[0].sure is not Sure.POSSIBLE
    ]
    wrong = [id_ for id_, each in offered if {item.id for item in each.items} != made.truth[id_]]
    assert len(wrong) <= len(made.movements) // 200, "nobody in the set pays in parts"


@pytest.mark.either_database
def test_lines_pay_an_invoice_and_a_bill_in_parts_and_undoing_one_leaves_the_others(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    invoice = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "300.00", "F-20417")
    bill = owed(workshop, company, "Bill", "Imprimerie Simard", "88.21", "7741")
    tight = owed(workshop, company, "Invoice", "Clinique Roy", "300.00", "F-30001")
    till.ROWS["T1"] = [
        line(1, "100.10", "VIR INTERAC BOULANGERIE GAGNON F-20417"),
        line(2, "99.95", "VIR INTERAC BOULANGERIE GAGNON F-20417"),
        line(3, "99.95", "VIR INTERAC BOULANGERIE GAGNON F-20417"),
        line(4, "-44.10", "IMPRIMERIE SIMARD 7741"),
        line(5, "-44.11", "IMPRIMERIE SIMARD 7741"),
        line(6, "250.00", "DEPOT CLINIQUE ROY"),
        line(7, "240.00", "DEPOT CLINIQUE ROY"),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    first = matches_in(holds["b1"].params)[0]
    assert (first.sure, [each.amount for each in first.together]) == (Sure.LIKELY, [Decimal("99.95")] * 2)
    assert [(each.id, each.amount, each.leaves) for each in first.documents] == [
        (invoice, Decimal("100.10"), Decimal("199.90"))
    ]
    assert MATCHES_LIMITED not in holds["b1"].params
    assert holds["b6"].params[MATCHES][0]["sure"] == "possible", "both name it, and it takes one of them"
    with workshop.database.read() as session:
        assert not certain(session, [connection.id]), "a part is never certain"
    # What is said of one before the next run leaves the others theirs; what is too much is refused.
    for key in ("b2", "b4", "b5", "b6"):
        pay(workshop, OWNER, holds[key].id)
    with pytest.raises(DecisionError, match="already"):
        pay(workshop, OWNER, holds["b7"].id)
    with workshop.database.read() as session:
        kept = session.scalars(select(PaidDocument).where(PaidDocument.document_id == bill)).all()
        assert sorted(each.part for each in kept) == [1, 2]
    with pytest.raises(IntegrityError), workshop.database.begin() as session:
        session.add(PaidDocument(company_id=company.id, draft_id=kept[0].draft_id, kind="Bill", document_id=bill,
                                 part=2, amount=kept[0].amount, said_at=kept[0].said_at))  # fmt: skip
    sync(workshop, connection)
    documents = (("Invoice", invoice), ("Bill", bill), ("Invoice", tight))
    assert [balance(workshop, company, *each) for each in documents] == [Decimal("200.05"), 0, 50]
    holds = asked(workshop)
    assert MATCHES not in holds["b7"].params, "more than is open"
    assert [each["amount"] for each in holds["b1"].params[MATCHES][0]["together"]] == ["99.95"]
    for key in ("b3", "b1"):
        pay(workshop, OWNER, holds[key].id)
    sync(workshop, connection)
    client = workshop.client(company)
    assert (balance(workshop, company, "Invoice", invoice), client.count("Payment"), client.count("BillPayment")) == (
        0, 4, 2,
    )  # fmt: skip
    assert equal(workshop)
    # One is taken out: the others stay, and the line may pay its part again.
    undo(workshop, connection, "bank/b2")
    assert (balance(workshop, company, "Invoice", invoice), client.count("Payment")) == (Decimal("99.95"), 3)
    assert equal(workshop)
