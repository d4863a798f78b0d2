"""A bank line whose document was undone gets another answer: posted once, in any order, by one person at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import till
from harness import OWNER, choose_usual, finish, sync
from lines_at_hand import JUDGED, account, asked, category, line, of, planned, second_account, undo
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import DecisionError, approve_plan, skip_draft
from raccord.onboarding.deciding.treating import ask_about_again, take_back, treat
from raccord.onboarding.deciding.undone import ReleaseError, release
from raccord.overview.history import Deed
from raccord.overview.records import record_story
from raccord.overview.why import why
from raccord.store.models import Company, Connection, Hold, LinkRow, LinkState, Plan, Proof, SourceRecord
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Treated, Treatment
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


@pytest.fixture
def places(workshop: Workshop, company: Company, connection: Connection, till_moments: Moments) -> dict[str, str]:
    """Accounts by a word, with one line posted to the wrong one."""
    till.ROWS["T1"] = [line(1, "-64.80", "SHELL STATION 0442")]

    def live() -> dict[str, str]:
        choose_usual(workshop, connection, company)
        made = workshop.client(company).create("Account", '{"Name":"Repas","AccountType":"Expense"}', "meals")
        _, savings = second_account(workshop, company)
        found = {"wrong": account(workshop, company, "Expense"), "right": str(made.value["Id"]), "savings": savings}
        sync(workshop, connection)
        treat(workshop, OWNER, asked(workshop)["b1"].id, category(found["wrong"]))
        sync(workshop, connection)
        return found

    return again(till_moments, workshop, "posted to the wrong account", live)


def spent(workshop: Workshop, company: Company) -> list[str]:
    """Return the account of every expense in the books."""
    return [
        str(part["AccountBasedExpenseLineDetail"]["AccountRef"]["value"])
        for each in workshop.client(company).query_all("Purchase")
        for part in each["Line"]
    ]


def later(workshop: Workshop) -> None:
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(minutes=1))


def equal(workshop: Workshop) -> bool:
    with workshop.database.read() as session:
        return all(proof.equal for proof in session.scalars(select(Proof)))


def asked_again(workshop: Workshop) -> Hold:
    """Ask about the undone line again, and return the question."""
    again = ask_about_again(workshop, OWNER, asked(workshop)["b1"].id)
    hold = asked(workshop)["b1"]
    assert (hold.id, hold.code) == (again, DECISION_MISSING)
    return hold


def test_an_undone_line_gets_other_answers_one_after_the_other_and_is_posted_once_each_time(
    workshop: Workshop, company: Company, connection: Connection, places: dict[str, str]
) -> None:
    client = workshop.client(company)
    assert spent(workshop, company) == [places["wrong"]]
    undo(workshop, connection, "bank/b1")
    # The source says the line again between the steps, once with other words.
    sync(workshop, connection)
    hold = asked_again(workshop)
    till.ROWS["T1"] = [line(1, "-64.80", "SHELL STATION 0442 LAVAL")]
    sync(workshop, connection)
    assert (asked(workshop)["b1"].id, spent(workshop, company)) == (hold.id, [])
    treat(workshop, OWNER, hold.id, category(places["right"]))
    for _ in range(2):
        sync(workshop, connection)
        assert spent(workshop, company) == [places["right"]], "the new one once, the undone one never"
    assert equal(workshop)
    later(workshop)
    undo(workshop, connection, "bank/b1")
    hold = asked_again(workshop)
    treat(workshop, OWNER, hold.id, Treatment(kind=Treated.TRANSFER, other_account=places["savings"]))
    for _ in range(2):
        sync(workshop, connection)
        assert (spent(workshop, company), client.count("Transfer")) == ([], 1)
    assert equal(workshop)
    with workshop.database.read() as session:
        record_id = of("b1", workshop).record_id
        assert record_id is not None
        story = record_story(session, record_id)
        link = session.scalars(select(LinkRow).where(LinkRow.key == "bank/b1")).one()
    assert story is not None
    undone = [each for each in story.history if each.what is Deed.UNDONE]
    assert [each.kind for each in undone] == ["Purchase", "Purchase"], "both, after others took their place"
    assert len({each.document_id for each in undone}) == 2
    assert (link.state, link.kind, link.generation) == (LinkState.LIVE, "Transfer", 2)
    told = [each.code for each in story.history if each.what is Deed.DECIDED]
    assert told.count("hold.treated") == 3
    assert told.count("hold.taken_back") == 2


@pytest.mark.at_length
def test_the_history_of_a_record_is_in_the_order_of_time_and_keeps_what_was_posted_before_an_undo(
    workshop: Workshop, company: Company, connection: Connection, places: dict[str, str]
) -> None:
    later(workshop)
    undo(workshop, connection, "bank/b1")
    later(workshop)
    hold = asked_again(workshop)
    later(workshop)
    treat(workshop, OWNER, hold.id, category(places["right"]))
    later(workshop)
    sync(workshop, connection)
    later(workshop)
    till.ROWS["T1"] = [line(1, "-65.10", "SHELL STATION 0442")]
    sync(workshop, connection)
    later(workshop)
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(places["right"]))
    sync(workshop, connection)
    with workshop.database.read() as session:
        first, newest = session.scalars(select(SourceRecord.id).order_by(SourceRecord.revision)).all()
        story, of_first = record_story(session, newest), record_story(session, first)
        [document] = why(session, "bank/b1")
        link = session.scalars(select(LinkRow).where(LinkRow.key == "bank/b1")).one()
    assert story is not None
    assert of_first is not None
    assert list(document.history) == list(of_first.history) == list(story.history), "one history, wherever it is asked"
    moments = [each.at for each in story.history]
    assert moments == sorted(moments)
    steps = [each for each in story.history if each.what not in (Deed.PLANNED, Deed.APPROVED, Deed.CLOSED)]
    assert [each.code or each.what for each in steps if each.what is not Deed.ASKED] == [
        Deed.READ,
        "hold.treated",
        Deed.POSTED,
        "undo.asked",
        Deed.UNDONE,
        "hold.taken_back",
        "hold.treated",
        Deed.POSTED,
        Deed.READ,
        "hold.treated",
        Deed.CHANGED,
    ]
    posted = [each for each in story.history if each.what is Deed.POSTED]
    undone = next(each for each in story.history if each.what is Deed.UNDONE)
    assert (posted[0].document_id, posted[0].number) == (undone.document_id, undone.number)
    assert (posted[1].document_id, posted[1].there) == (link.document_id, True)
    assert (posted[0].there, undone.there) == (False, False), "it is in QuickBooks no more"
    assert posted[0].document_id != posted[1].document_id
    for each in (*posted, undone):
        assert each.by == OWNER.name or each.by == "standing"
        assert all((each.run_id, each.url, each.document_id))
    approved = [each for each in story.history if each.what is Deed.APPROVED]
    assert len(approved) == 4, "two postings, the undo and the correction"
    assert [each.revision for each in story.history if each.what is Deed.READ] == [1, 2]


def test_an_answer_that_changes_while_a_plan_waits_is_the_one_that_goes(
    workshop: Workshop, company: Company, connection: Connection, places: dict[str, str]
) -> None:
    # An undo that is planned and not approved: the document is there, so nothing else may be said of the line.
    asked_for = Asked(keys=("bank/b1",))
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked_for, actor=OWNER, clock=workshop.clock)
    undoing = finish(workshop, run_id)
    with pytest.raises(DecisionError, match="posted_already"):
        take_back(workshop, OWNER, connection.id, "bank/b1")
    with workshop.database.read() as session:
        plan = session.get_one(Plan, undoing.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run_id)
    # Said to go again, and something else before it went: nothing goes; then a plan is made, and the word changes.
    later(workshop)
    release(workshop, OWNER, [asked(workshop)["b1"].id])
    later(workshop)
    take_back(workshop, OWNER, connection.id, "bank/b1")
    assert asked(workshop)["b1"].code == DECISION_MISSING
    sync(workshop, connection)
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(places["wrong"]))
    waiting = planned(workshop, connection)
    take_back(workshop, OWNER, connection.id, "bank/b1")
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(places["right"]))
    with contextlib.suppress(DecisionError):
        approve_plan(workshop, OWNER, waiting.id, waiting.hash)
        finish(workshop, waiting.run_id)
    assert places["wrong"] not in spent(workshop, company)
    sync(workshop, connection)
    assert spent(workshop, company) == [places["right"]]
    assert equal(workshop)


def test_of_two_people_one_decides_what_becomes_of_an_undone_line(
    workshop: Workshop, company: Company, connection: Connection, places: dict[str, str]
) -> None:
    undo(workshop, connection, "bank/b1")
    hold_id = asked(workshop)["b1"].id
    ways: list[Callable[[], object]] = [
        lambda: take_back(workshop, OWNER, connection.id, "bank/b1"),
        lambda: release(workshop, OWNER, [hold_id]),
        lambda: ask_about_again(workshop, OWNER, hold_id),
        lambda: skip_draft(workshop, OWNER, hold_id, "double"),
    ]
    together = Barrier(len(ways))

    def at_once(deed: Callable[[], object]) -> str:
        together.wait()
        try:
            deed()
        except (DecisionError, ReleaseError) as refused:
            return refused.code
        return ""

    with ThreadPoolExecutor(len(ways)) as pool:
        said = list(pool.map(at_once, ways))
    assert said.count("") >= 1
    assert set(said) <= {"", "treatment.nothing_to_take_back", "undo.not_held", "hold.closed"}
    sync(workshop, connection)
    with workshop.database.read() as session:
        open_ones = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    assert len(open_ones) <= 1
    assert len(spent(workshop, company)) <= 1
    assert equal(workshop)


def test_what_a_rule_answered_by_itself_gets_a_persons_answer_once_undone(
    workshop: Workshop, company: Company, connection: Connection, places: dict[str, str]
) -> None:
    conditions = (TextCondition(test=TextTest.CONTAINS, value="PETRO"),)
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=places["wrong"]),))
    body = RuleBody(conditions=conditions, outcome=outcome)
    add_rule(workshop, OWNER, company.id, RuleSaid(name="Petro", body=body, mode=RuleMode.APPLY))
    till.ROWS["T1"] = [line(2, "-20.00", "PETRO CANADA")]
    sync(workshop, connection)
    assert spent(workshop, company) == [places["wrong"]] * 2
    undo(workshop, connection, "bank/b2")
    hold_id = ask_about_again(workshop, OWNER, asked(workshop)["b2"].id)
    sync(workshop, connection)
    assert asked(workshop)["b2"].id == hold_id, "no rule takes it again"
    treat(workshop, OWNER, hold_id, category(places["right"]))
    sync(workshop, connection)
    assert sorted(spent(workshop, company)) == sorted(places[each] for each in ("wrong", "right"))
    assert equal(workshop)
