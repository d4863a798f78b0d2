"""Who else tells of a line: another connection that was disconnected, or another record once one was taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import DAY, JUDGED, account, asked, category, line, of, second_account, undo
from sqlalchemy import select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import DecisionError, answer_conflict
from raccord.onboarding.deciding.told_again import ToldAgain, answer_alike, asked_alike, asking_alike
from raccord.onboarding.deciding.treating import treat
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, DraftState, Event, Hold, Problem, ProblemState, Proof
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


@pytest.mark.parametrize("way", list(ToldAgain))
def test_lines_told_again_under_new_ids_get_one_answer_each_with_its_own_document(
    workshop: Workshop, company: Company, connection: Connection, way: ToldAgain
) -> None:
    choose_usual(workshop, connection, company)
    amounts = ("-20.00", "-30.00", "-40.00")
    till.ROWS["T1"] = [line(at, amount, f"A{at}") for at, amount in enumerate(amounts, 1)]
    sync(workshop, connection)
    for key in ("b1", "b2", "b3"):
        treat(workshop, OWNER, asked(workshop)[key].id, category(account(workshop, company, "Expense")))
    sync(workshop, connection)
    anew = ("qx", "ry", "sz")
    till.ROWS["T1"] = [line(1, amount, f"A{at}", id=anew[at - 1]) for at, amount in enumerate(amounts, 1)]
    sync(workshop, connection)

    def alike() -> list[tuple[str, int]]:
        with workshop.database.read() as session:
            return [(each.case, each.count) for each in asked_alike(session, connection.id)]

    def answer(actor: Actor = OWNER, **said: Any) -> tuple[int, int]:
        done = answer_alike(workshop, actor, connection.id, "own", way, **said)
        return done.answered, done.left

    assert alike() == [("own", 3)]
    with workshop.database.read() as session:
        (before,) = asked_alike(session, connection.id)
        assert [(each.connection_id, each.count) for each in asking_alike(session)] == [(connection.id, 3)]
        assert asking_alike(session, within=[]) == asking_alike(session, "other") == []
    # Nor is a movement that two questions name one to one with either.
    with workshop.database.begin() as session:
        last, first = (session.get_one(Hold, asked(workshop)[key].id) for key in ("sz", "qx"))
        kept, last.params = last.params, first.params
    assert alike() == []
    # What is merely possible is nobody's to answer with the others.
    with workshop.database.begin() as session:
        hold = session.get_one(Hold, asked(workshop)["sz"].id)
        hold.params = {**kept, "sure": "possible"}
    assert alike() == [("own", 2)]
    for said in ({"seen": before.seen}, {"count": 3}):
        with pytest.raises(DecisionError) as refused:
            answer(**said)
        assert refused.value.code == "conflict.others_asked"
    with pytest.raises(NotAllowedError):
        answer(Actor("Gaston", RoleName.ACCOUNTANT))
    assert alike() == [("own", 2)]
    assert answer(count=2) == (2, 0)
    assert alike() == []
    with workshop.database.read() as session:
        event = session.scalars(select(Event).where(Event.action == "conflict.decided_together")).one()
        assert event.body == {"count": 2, "case": "own", "kind": str(way)}
    sync(workshop, connection)
    same = way is ToldAgain.SAME
    states = [of(key, workshop).state for key in anew[:2]]
    if same:
        assert states == [DraftState.SKIPPED] * 2
        assert workshop.client(company).count("Purchase") == 3
    else:
        assert {asked(workshop)[key].code for key in anew[:2]} == {"resolve.decision_missing"}, "each goes on"
    assert asked(workshop)["sz"].code == ALREADY_EXISTS
