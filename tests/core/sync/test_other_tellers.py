"""Who else tells of a line: another connection that was disconnected, or another record once one was taken back."""

from __future__ import annotations

from datetime import date

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import DAY, JUDGED, account, asked, category, line, of, second_account, undo
from sqlalchemy import select

from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.treating import treat
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, DraftState, Problem, ProblemState, Proof
from raccord.sync.fetching.kept import told_beside
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def test_of_a_connection_that_was_disconnected_others_are_told_what_it_posted_and_nothing_that_waited(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    second, _ = second_account(workshop, company)
    till.ROWS["T2"] = [line(1, "-20.00", "A"), line(2, "-30.00", "B"), line(3, "-40.00", "C")]
    sync(workshop, second)
    for key in ("b1", "b3"):
        treat(workshop, OWNER, asked(workshop)[key].id, category(account(workshop, company, "Expense")))
    sync(workshop, second)
    undo(workshop, second, "bank/b3")
    told = {}
    for state in ("connected", "disconnected"):
        (told[state],) = told_beside(workshop.database, connection.id, "bank", date.fromisoformat(DAY), date.max)
        if state == "connected":
            disconnect(workshop, OWNER, second.id, without_export=True)
    ids = {state: [each.source_id for each in beside.records] for state, beside in told.items()}
    assert ids == {"connected": ["b1", "b2", "b3"], "disconnected": ["b1"]}
    assert [(each.in_books, each.connected) for each in told.values()] == [({"b1"}, True), ({"b1"}, False)]


def test_another_line_may_be_the_document_of_one_that_the_source_takes_back(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    """A provider takes a line back that was posted, and a file that left it out for that one tells it again."""
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [line(1, "-20.00", "BOULANGERIE")]
    sync(workshop, connection)
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Expense")))
    sync(workshop, connection)
    (made,) = workshop.client(company).query("SELECT Id FROM Purchase")
    till.ROWS["T1"] = [line(1, "-20.00", "BOULANGERIE", kind="gone"), line(2, "-20.00", "ACHAT PAR CARTE 0412")]
    sync(workshop, connection)
    hold = asked(workshop)["b2"]
    assert (hold.code, hold.params["id"]) == (ALREADY_EXISTS, made["Id"])
    with workshop.database.read() as session:
        open_ = select(Problem.code).where(Problem.state == ProblemState.OPEN)
        assert session.scalars(open_).all() == ["mapping.draft_vanished"]
        answer_conflict(workshop, OWNER, hold.id, ResolutionKind.SKIP)
    sync(workshop, connection)
    assert workshop.client(company).count("Purchase") == 1
    assert of("b2", workshop).state == DraftState.SKIPPED
    with workshop.database.read() as session:
        assert session.scalars(open_).all() == [], "the document has a line"
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
