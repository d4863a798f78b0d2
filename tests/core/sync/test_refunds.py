"""A bank line that pays a customer's credit memo out: posted, and the credit memo used up, each once."""

from __future__ import annotations

from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import account, asked, category, line, planned, undo
from open_documents import owed
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.paying import pay
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.questions import matches_in
from raccord.store.models import Company, Connection, DraftRow, DraftState, Proof
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.paying import refunded_key
from raccord.sync.lines.refunds import REFUND_NOT_POSTED
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


def open_of(workshop: Workshop, company: Company, id_: str) -> Decimal:
    return Decimal(next(workshop.client(company).query_all("CreditMemo", f"Id = '{id_}'"))["Balance"])


def test_a_line_pays_a_credit_memo_out_whole_or_in_part_and_the_credit_is_used_up_to_the_cent(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    whole = owed(workshop, company, "CreditMemo", "Clinique Roy", "40.25", "AV-7001")
    parts = owed(workshop, company, "CreditMemo", "Garage Simard", "100.00", "AV-7002")
    till.ROWS["T1"] = [
        line(1, "-40.25", "REMB CLINIQUE ROY AV-7001"),
        line(2, "-30.00", "REMB GARAGE SIMARD AV-7002"),
        line(3, "-80.00", "REMB GARAGE SIMARD AV-7002"),
        line(4, "40.25", "CLINIQUE ROY AV-7001"),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    best = matches_in(holds["b1"].params)[0]
    assert (best.kind, best.sure, [each.id for each in best.documents]) == ("CreditMemo", Sure.CERTAIN, [whole])
    assert not matches_in(holds["b4"].params), "money that comes in refunds no customer"
    pay(workshop, OWNER, holds["b1"].id)
    pay(workshop, OWNER, holds["b2"].id)
    with pytest.raises(DecisionError, match="already"):
        pay(workshop, OWNER, holds["b3"].id)
    sync(workshop, connection)
    assert (open_of(workshop, company, whole), open_of(workshop, company, parts)) == (0, Decimal("70.00"))
    spent, settling = list(client.query_all("Purchase")), list(client.query_all("Payment"))
    receivable = account(workshop, company, "Accounts Receivable")
    assert {each["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] for each in spent} == {receivable}
    assert sorted(Decimal(each["TotalAmt"]) for each in spent) == [Decimal("30.00"), Decimal("40.25")]
    assert [(Decimal(each["TotalAmt"]), Decimal(each["UnappliedAmt"])) for each in settling] == [(0, 0), (0, 0)]
    # The next delivery says the same, and posts nothing again.
    sync(workshop, connection)
    assert (client.count("Purchase"), client.count("Payment")) == (2, 2)
    assert not matches_in(asked(workshop)["b3"].params), "more than is left"
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    undo(workshop, connection, "bank/b1", refunded_key("bank/b1"))
    assert [open_of(workshop, company, each) for each in (whole, parts)] == [Decimal("40.25"), Decimal("70.00")]
    assert (client.count("Purchase"), client.count("Payment")) == (1, 1)


def test_a_refund_that_becomes_a_cost_before_it_is_posted_leaves_the_credit_memo_open(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    memo = owed(workshop, company, "CreditMemo", "Clinique Roy", "40.25", "AV-7001")
    till.ROWS["T1"] = [line(1, "-40.25", "REMB CLINIQUE ROY AV-7001")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    planned(workshop, connection)
    take_back(workshop, OWNER, connection.id, "bank/b1")
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Expense")))
    sync(workshop, connection)
    client = workshop.client(company)
    assert (open_of(workshop, company, memo), client.count("Purchase"), client.count("Payment")) == (
        Decimal("40.25"), 1, 0,
    )  # fmt: skip
    with workshop.database.read() as session:
        settling = session.scalars(select(DraftRow).where(DraftRow.key == refunded_key("bank/b1"))).one()
    assert (settling.state, settling.reason) == (DraftState.SKIPPED, REFUND_NOT_POSTED)
