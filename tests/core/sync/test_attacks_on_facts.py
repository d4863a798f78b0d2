"""What a plan is made with: the taxes of its own company, on the side of the books that it writes to."""

from __future__ import annotations

from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, sync
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import answer_hold
from raccord.store.models import Company, Connection, Hold, Problem, ProblemState, Proof
from raccord.sync import workshop as workshop_module
from raccord.sync.books.company import read_facts
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


@pytest.mark.parametrize("taxes", ["inclusive", "none"])
def test_an_expense_with_tax_is_worth_what_was_paid_or_is_not_sent(
    workshop: Workshop, connection: Connection, company: Company, taxes: str
) -> None:
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-114.98", "taxes": taxes}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    expense = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    if taxes == "inclusive":
        answer_hold(workshop, OWNER, hold.id, expense["Id"])
        sync(workshop, connection)
    purchases = list(workshop.client(company).query_all("Purchase"))
    with workshop.database.read() as session:
        problems = [row.code for row in session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))]
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    if taxes == "inclusive":
        assert [row["TotalAmt"] for row in purchases] == [Decimal("114.98")]
        assert purchases[0]["TxnTaxDetail"]["TotalTax"] == Decimal("14.98")
        assert problems == []
    else:
        assert purchases == []
        assert problems == ["encoding.tax_unexpected"]


def test_plans_of_two_companies_made_at_once_keep_their_own_facts(
    workshop: Workshop, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = read_facts(workshop.client(company))
    other = read_facts(workshop.client(company))
    workshop.keep_facts("one", facts)
    workshop.keep_facts("two", other)
    monkeypatch.setattr(workshop_module, "read_facts", lambda _client: pytest.fail("asked again"))
    assert workshop.facts("one", company) is facts
    assert workshop.facts("two", company) is other
