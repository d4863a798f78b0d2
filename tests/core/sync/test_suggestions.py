"""Suggestions in runs: from what people answered, beside the question, accepted only as the owner said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import NOW, OWNER, choose_usual, lab, sync
from open_documents import owed
from sqlalchemy import func, select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding.decisions import DecisionError, answer_hold
from raccord.onboarding.deciding.suggesting import accept_from, ask_always
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.lines.suggestions import suggesting
from raccord.overview.questions import open_questions
from raccord.plugin.drafts import Accepts, Decision, Deposit, DirectLine, Expense, ExpenseLine, PaymentType, Role
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, LearnedHistory
from raccord.suggesting.calibration import SCALE
from raccord.suggesting.history import Answer
from raccord.suggesting.learner import Suggestion
from raccord.sync.bodies import digest, dump_draft
from raccord.sync.lines.line_answers import DOUBTED, LEARNED
from raccord.sync.lines.paying import MATCHES
from raccord.sync.lines.suggestions import history, treatment_of
from raccord.sync.lines.treatments import Part, Treated, Treatment, load_treatment
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

RECEIVED = Deposit(
    key="bank/r1", day=date(2026, 3, 4), currency="CAD", bank=Role("bank"), total=Decimal("11.50"),
    lines=(DirectLine(account=Decision("category", Accepts.CATEGORY), amount=Decimal("11.50")),),
)  # fmt: skip
PAYEES = ("HYDRO NORD", "GARAGE ROY", "PAPETERIE MAJOR", "CAFE DU PORT")
BOOKKEEPER = Actor("Benoit", RoleName.BOOKKEEPER)
ADMIN = Actor("Alice", RoleName.ADMIN)


def line(number: int, text: str, amount: str = "-20.00") -> dict[str, str]:
    return {
        "stream": "bank",
        "id": f"b{number}",
        "day": f"2026-03-{number % 15 + 1:02}",
        "amount": amount,
        "memo": text,
    }


def asked(workshop: Workshop) -> dict[str, Hold]:
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        return {row.key: row.Hold for row in rows}


def drafts(workshop: Workshop) -> dict[str, DraftRow]:
    with workshop.database.read() as session:
        return {row.key: row for row in session.scalars(select(DraftRow))}


def category(account: str) -> Treatment:
    return Treatment(kind=Treated.CATEGORY, parts=(Part(account=account),))


@pytest.fixture
def answered(workshop: Workshop, company: Company, connection: Connection) -> dict[str, str]:
    """Return by payee the account that all its lines of the past were given; there are 96 of them, in the books."""
    choose_usual(workshop, connection, company)
    rows = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")
    accounts = dict(zip(PAYEES, (str(row["Id"]) for row in rows), strict=False))
    with workshop.database.begin() as session:
        for number in range(96):
            text = f"ACHAT {PAYEES[number % 4]} {('#12', '', 'LAVAL')[number % 3]}"
            session.add(_posted(connection, f"bank/h{number}", text, accounts[PAYEES[number % 4]]))
    return accounts


def _posted(connection: Connection, key: str, text: str, account: str) -> DraftRow:
    """Return a line of last month that a person gave an account, and that is posted."""
    draft = Expense(
        key=key, day=date(2026, 2, int(key.removeprefix("bank/h")) // 4 + 1), currency="CAD", paid_from=Role("bank"),
        payment_type=PaymentType.CASH, total=Decimal("20.00"), memo=text,
        lines=(ExpenseLine(account=Decision("category", Accepts.CATEGORY), amount=Decimal("20.00")),),
    )  # fmt: skip
    body = dump_draft(draft)
    return DraftRow(
        connection_id=connection.id, key=key, revision=1, kind="Purchase", day=draft.day, body=body,
        body_hash=digest(body), state=DraftState.POSTED, decisions={"category": account},
    )  # fmt: skip


@pytest.mark.either_database
def test_lines_like_those_answered_before_bring_a_suggestion_with_its_examples(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer, answered: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    till.ROWS["T1"] = [
        line(200, "ACHAT HYDRO NORD #77"), line(201, "COIFFURE MIMI"), line(202, "ACHAT GARAGE ROY"),
        line(203, "ACHAT CAFE DU PORT"), line(204, "ACHAT CAFE DU PORT LAVAL"), line(205, "ACHAT CAFE DU PORT #9"),
        line(206, "CAFE DU PORT QUEBEC"),
    ]  # fmt: skip
    sync(workshop, connection)
    assert asked(workshop)["bank/b202"].params[LEARNED]["account"] == answered["GARAGE ROY"]
    lab(sandbox, "deactivate", entity="Account", id=answered["GARAGE ROY"])
    sync(workshop, connection)
    holds = asked(workshop)
    told: dict[str, Any] = holds["bank/b200"].params[LEARNED]
    assert (told["account"], told["confidence"] > 950) == (answered["HYDRO NORD"], True)
    assert len(told["examples"]) == 3
    assert all("HYDRO NORD" in each["text"] for each in told["examples"])
    tax = str(workshop.client(company).query("SELECT * FROM TaxCode")[0]["Id"])
    income = str(workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"])
    with workshop.database.read() as session:
        borne = [
            treatment_of(session, company.id, Suggestion(Answer(each, tax_code=tax), 990, ()), RECEIVED)
            .parts[0]
            .tax_code
            for each in (answered["HYDRO NORD"], income)
        ]
    assert borne == [tax, ""], "money back for a cost gives its tax back, and a sale bears none on a deposit"
    assert LEARNED not in holds["bank/b201"].params, "nobody answered a line of this payee"
    assert LEARNED not in holds["bank/b202"].params, "its account is inactive"
    with workshop.database.read() as session:
        shown = {each.key: each.suggested for each in open_questions(session, limit=200).rows}
    assert shown["bank/b200"] is not None
    assert shown["bank/b200"].account_name
    assert shown["bank/b201"] is None

    treat(workshop, OWNER, holds["bank/b200"].id, category(answered["HYDRO NORD"]))
    treat(workshop, OWNER, holds["bank/b201"].id, category(answered["HYDRO NORD"]))
    treat(workshop, OWNER, holds["bank/b203"].id, category(answered["HYDRO NORD"]))
    with workshop.database.read() as session:
        shown = {each.key: each.suggested for each in open_questions(session, limit=200).rows}
    assert [shown[f"bank/b{number}"] for number in (205, 206)] == [None, None], "said once it counts before any run"
    answer_hold(workshop, OWNER, holds["bank/b204"].id, answered["HYDRO NORD"])
    till.ROWS["T1"].append(line(207, "ACHAT CAFE DU PORT"))
    sync(workshop, connection)
    told = asked(workshop)["bank/b207"].params.get(LEARNED, {})
    assert told.get("account") != answered["CAFE DU PORT"], "and after the next"
    with workshop.database.read() as session:
        found = suggesting(session, company.id, NOW)
    assert (found.examples, found.accepts_from, found.shown_from is not None) == (72, None, True)
    (month,) = found.months
    assert (month.answered, month.suggested, month.right, month.by_itself, found.older) == (4, 2, 1, 0, 0)
    monkeypatch.setattr("raccord.overview.lines.suggestions.ANSWERS_MAX", 3)
    with workshop.database.read() as session:
        fewer = suggesting(session, company.id, NOW)
        closed = select(func.count()).select_from(Hold).where(Hold.closed_at.is_not(None))
        assert (fewer.months[0].answered <= 3, fewer.older) == (True, (session.scalar(closed) or 0) - 3)
    assert found.judged >= 40
    assert found.right == found.judged


def test_one_answer_against_a_suggestion_puts_off_the_others_of_its_account_and_the_next_that_agrees_brings_them_back(
    workshop: Workshop, connection: Connection, answered: dict[str, str]
) -> None:
    hydro, garage, paper, cafe = (answered[name] for name in PAYEES)
    with workshop.database.begin() as session:
        # The garage's lines are of the account of the electricity, too.
        for row in session.scalars(select(DraftRow).where(DraftRow.decisions["category"].as_string() == garage)):
            row.decisions = {"category": hydro}
    till.ROWS["T1"] = [
        line(200 + number, text)
        for number, text in enumerate(
            ["HYDRO NORD", "GARAGE ROY", "GARAGE ROY #1", "HYDRO NORD #2", "PAPETERIE MAJOR", "CAFE DU PORT",
             "PAPETERIE MAJOR #3", "CAFE DU PORT #4", "GARAGE ROY #5", "HYDRO NORD #6", "PAPETERIE MAJOR #7"]
        )
    ]  # fmt: skip
    sync(workshop, connection)
    holds = asked(workshop)
    assert {number for number in range(200, 211) if LEARNED in holds[f"bank/b{number}"].params} == set(range(200, 211))

    def answer(number: int, account: str) -> set[int]:
        """Answer a line, and return those that still bring a suggestion."""
        treat(workshop, OWNER, holds[f"bank/b{number}"].id, category(account))
        there = asked(workshop)
        return {n for n in range(200, 211) if f"bank/b{n}" in there and LEARNED in there[f"bank/b{n}"].params}

    assert answer(200, paper) == {204, 205, 206, 207, 210}, "of the electricity's account nothing more is suggested"
    assert answer(201, hydro) == {202, 204, 205, 206, 207, 208, 210}, "it holds; one payee moved, and stays put off"
    assert answer(202, cafe) == {204, 205, 206, 207, 210}
    assert answer(203, paper) == set(), "a second payee left it: what else changed nobody knows yet"
    assert answer(204, paper) == {206, 210}, "another account holds for its payees"
    assert answer(205, cafe) == {206, 207, 210}
    sync(workshop, connection)
    again = asked(workshop)
    assert DOUBTED not in str([hold.params for hold in again.values()]), "the next run suggests anew"
    assert again["bank/b206"].params[LEARNED]["account"] == paper


@pytest.mark.either_database
def test_only_the_owner_lets_suggestions_be_accepted_and_only_as_the_history_supports(
    workshop: Workshop, company: Company, connection: Connection, answered: dict[str, str]
) -> None:
    with pytest.raises(DecisionError, match="0 of 0"):
        accept_from(workshop, OWNER, company.id, 990)
    till.ROWS["T1"] = [line(200, "ACHAT HYDRO NORD #77")]
    sync(workshop, connection)
    with pytest.raises(NotAllowedError):
        accept_from(workshop, ADMIN, company.id, 900)
    with pytest.raises(DecisionError) as refusal:
        accept_from(workshop, OWNER, company.id, 900)
    assert refusal.value.code == "suggestions.not_supported"
    with workshop.database.begin() as session:
        kept = session.get_one(LearnedHistory, company.id)
        assert kept.steps, "judged by the run"
        kept.steps = [[0, 40, 30, 687], [300, 400, 400, 995]]
    with pytest.raises(DecisionError, match=r"99\.5 %"):
        accept_from(workshop, OWNER, company.id, 650)
    support = accept_from(workshop, OWNER, company.id, 990)
    assert (support.judged, support.right) == (400, 400)

    till.ROWS["T1"] += [line(201, "COIFFURE MIMI"), line(202, "ACHAT CAFE DU PORT")]
    sync(workshop, connection)
    rows = drafts(workshop)
    treatment = load_treatment(rows["bank/b202"].decisions)
    assert treatment is not None
    assert (treatment.origin, treatment.parts[0].account) == ("suggestion", answered["CAFE DU PORT"])
    assert "bank/h91" in treatment.why
    assert (rows["bank/b202"].state, rows["bank/b201"].state) == (DraftState.WAITING, DraftState.HELD)
    with workshop.database.read() as session:
        learned_of = {example.line.id.split()[-1] for example in history(session, company.id)}
    assert "bank/h91" in learned_of
    assert learned_of.isdisjoint({"bank/b200", "bank/b202"}), "what was accepted by itself would only confirm itself"
    count = workshop.client(company).count("Purchase")
    sync(workshop, connection)
    assert workshop.client(company).count("Purchase") == count + 2, "the next plan holds them"
    with workshop.database.read() as session:
        found = suggesting(session, company.id, NOW)
    assert (found.months[0].by_itself, found.months[0].by_itself_right) == (2, 2)

    # Before any category comes what a line may pay.
    owed(workshop, company, "Bill", "Hydro Nord", "88.20", "7741")
    till.ROWS["T1"] += [line(208, "ACHAT HYDRO NORD 7741", "-88.20"), line(209, "ACHAT HYDRO NORD", "-88.21")]
    sync(workshop, connection)
    held = asked(workshop)
    assert (held["bank/b208"].params[MATCHES][0]["sure"], LEARNED in held["bank/b208"].params) == ("certain", False)
    assert "bank/b209" not in held

    # The history got worse since: nothing more goes by itself, until it is good enough again.
    with workshop.database.begin() as session:
        session.get_one(LearnedHistory, company.id).steps = [[0, 40, 30, 687], [300, 400, 396, 983]]
        assert suggesting(session, company.id, NOW).paused
    till.ROWS["T1"] += [line(203, "ACHAT CAFE DU PORT"), line(204, "ACHAT CAFE DU PORT")]
    sync(workshop, connection)
    assert {drafts(workshop)[f"bank/b{n}"].state for n in (203, 204)} == {DraftState.HELD}
    with workshop.database.begin() as session:
        session.get_one(LearnedHistory, company.id).steps = [[0, 40, 30, 687], [300, 400, 400, 995]]
    sync(workshop, connection)
    take_back(workshop, OWNER, connection.id, "bank/b204")
    assert ask_always(workshop, BOOKKEEPER, company.id) == ["bank/b203"]
    assert ask_always(workshop, BOOKKEEPER, company.id) == []
    # What was judged on another scale, by an earlier version, says nothing until it is judged anew.
    with workshop.database.begin() as session:
        kept = session.get_one(LearnedHistory, company.id)
        kept.accepts_from, kept.scale = 990, SCALE - 1
        found = suggesting(session, company.id, NOW)
        assert (found.paused, found.judged, found.shown_from) == (True, 0, None)
    with pytest.raises(DecisionError, match="0 of 0"):
        accept_from(workshop, OWNER, company.id, 990)
    sync(workshop, connection)
    with workshop.database.read() as session:
        kept = session.get_one(LearnedHistory, company.id)
        assert (kept.scale, sum(step[1] for step in kept.steps) < 100) == (SCALE, True), "judged by this run"
    holds = asked(workshop)
    assert {"bank/b203", "bank/b204"} <= set(holds), "what was taken back is a person's to answer"
    assert LEARNED in holds["bank/b203"].params
