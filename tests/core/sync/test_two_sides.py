"""Two own accounts' lines that may be one movement, called differently: asked about, and never counted twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import JUDGED, account, asked, category, line, of, second_account, undo
from sqlalchemy import select

from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import DecisionError, answer_hold, skip_draft
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.onboarding.deciding.two_sides import answer_two_sides
from raccord.store.models import Company, Connection, DraftState, Proof
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Treated, Treatment
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def to(account_id: str) -> Treatment:
    return Treatment(kind=Treated.TRANSFER, other_account=account_id)


def posted(workshop: Workshop, company: Company) -> dict[str, int]:
    client = workshop.client(company)
    return {kind: client.count(kind) for kind in ("Deposit", "Purchase", "Transfer")}


def answer(workshop: Workshop, key: str, *, same: bool) -> None:
    answer_two_sides(workshop, OWNER, asked(workshop)[key].id, same=same)


def both(workshop: Workshop, one: Connection, other: Connection) -> None:
    sync(workshop, one)
    sync(workshop, other)


def test_lines_called_differently_wait_until_a_person_says_whether_they_are_one(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, income, expense = (account(workshop, company, each) for each in ("Bank", "Income", "Expense"))
    second, savings = second_account(workshop, company)
    # By number: one is one movement, two are two movements; of three the transfer was said first; four has another
    # amount, five lies too far apart, six goes the same way.
    till.ROWS["T1"] = [line(n, f"{n}00.00", "RECU") for n in (1, 2, 3, 4, 5, 6)]
    till.ROWS["T2"] = [line(10 + n, f"-{n}00.00", "PARTI") for n in (1, 2, 3)]
    till.ROWS["T2"] += [line(14, "-400.01", "PARTI"), {**line(15, "-500.00", "PARTI"), "day": "2026-03-10"},
                        line(16, "600.00", "RECU")]  # fmt: skip
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    treat(workshop, OWNER, holds["b13"], to(bank))
    for n in (1, 2, 4, 5, 6):
        treat(workshop, OWNER, holds[f"b{n}"], category(income))
    for n in (1, 2, 4, 5, 6):
        treat(workshop, OWNER, holds[f"b{10 + n}"], to(bank))
    answer_hold(workshop, OWNER, holds["b3"], income)
    assert sorted(asked(workshop)) == ["b1", "b11", "b12", "b13", "b2", "b3"], "both sides of each are asked about"
    assert {key: each.id for key, each in asked(workshop).items()}.items() <= holds.items(), "as the question it was"
    both(workshop, connection, second)
    assert posted(workshop, company) == {"Deposit": 3, "Purchase": 0, "Transfer": 3}, "nothing of the six goes"
    for refused in (
        lambda: treat(workshop, OWNER, holds["b1"], category(income)),
        lambda: treat(workshop, OWNER, holds["b13"], Treatment(kind=Treated.EXCLUDE, why="x")),
        lambda: answer_hold(workshop, OWNER, holds["b2"], income),
        lambda: skip_draft(workshop, OWNER, holds["b12"], "x"),
    ):
        with pytest.raises(DecisionError, match=r"treatment\.one_or_two"):
            refused()
    answer(workshop, "b1", same=True)
    answer(workshop, "b12", same=False)
    answer(workshop, "b3", same=True)
    with pytest.raises(DecisionError, match=r"hold\.closed"):
        answer_two_sides(workshop, OWNER, holds["b11"], same=True)
    both(workshop, connection, second)
    assert posted(workshop, company) == {"Deposit": 4, "Purchase": 0, "Transfer": 6}
    assert [of(key, workshop).state for key in ("b1", "b2", "b3")] == ["skipped", "posted", "skipped"]
    # Taken back and answered as before, the two movements are not asked about again.
    till.ROWS["T1"].append(line(7, "700.00", "RECU"))
    till.ROWS["T2"].append(line(17, "-700.00", "PARTI"))
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    treat(workshop, OWNER, holds["b7"], category(income))
    treat(workshop, OWNER, holds["b17"], to(bank))
    answer(workshop, "b7", same=False)
    take_back(workshop, OWNER, second.id, "bank/b17")
    treat(workshop, OWNER, holds["b17"], to(bank))
    assert asked(workshop) == {}
    del expense, savings
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_a_rule_asks_too_and_a_line_that_is_posted_is_undone_first(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, income = account(workshop, company, "Bank"), account(workshop, company, "Income")
    second, _ = second_account(workshop, company)
    till.ROWS["T1"], till.ROWS["T2"] = [line(2, "80.00", "AUTRE")], [line(11, "-70.00", "PARTI")]
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    treat(workshop, OWNER, holds["b11"], to(bank))
    treat(workshop, OWNER, holds["b2"], category(income))
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=income),))
    body = RuleBody(conditions=(TextCondition(test=TextTest.CONTAINS, value="vente"),), outcome=outcome)
    add_rule(workshop, OWNER, company.id, RuleSaid(name="Ventes", body=body, mode=RuleMode.APPLY))
    till.ROWS["T1"] += [line(1, "70.00", "VENTE"), line(3, "71.00", "VENTE")]
    sync(workshop, connection)
    assert sorted(asked(workshop)) == ["b1", "b11"], "what the rule said of the other one went"
    for _ in range(2):
        sync(workshop, connection)
        assert sorted(asked(workshop)) == ["b1", "b11"], "no rule answers it again"
    answer(workshop, "b1", same=True)
    both(workshop, connection, second)
    assert posted(workshop, company) == {"Deposit": 2, "Purchase": 0, "Transfer": 1}
    # The deposit of eighty stands in the books when its other side is called a transfer.
    till.ROWS["T2"].append(line(12, "-80.00", "PARTI"))
    sync(workshop, second)
    treat(workshop, OWNER, asked(workshop)["b12"].id, to(bank))
    assert list(asked(workshop)) == ["b12"]
    with pytest.raises(DecisionError, match=r"treatment\.two_sides_posted"):
        answer(workshop, "b12", same=True)
    undo(workshop, connection, "bank/b2")
    answer(workshop, "b12", same=True)
    both(workshop, connection, second)
    assert posted(workshop, company) == {"Deposit": 1, "Purchase": 0, "Transfer": 2}
    assert of("b2", workshop).state == DraftState.SKIPPED


@pytest.mark.at_length
def test_where_one_of_the_two_changes_or_goes_the_other_is_a_question_of_its_own(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, income = account(workshop, company, "Bank"), account(workshop, company, "Income")
    second, _ = second_account(workshop, company)
    till.ROWS["T1"] = [line(1, "10.00", "RECU"), line(2, "20.00", "RECU")]
    till.ROWS["T2"] = [line(11, "-10.00", "PARTI"), line(12, "-20.00", "PARTI")]
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    for n in (1, 2):
        treat(workshop, OWNER, holds[f"b{n}"], category(income))
        treat(workshop, OWNER, holds[f"b{10 + n}"], to(bank))
    till.ROWS["T1"] = [line(1, "15.00", "RECU"), line(2, "20.00", "RECU", kind="training")]
    sync(workshop, connection)
    holds = {key: each.id for key, each in asked(workshop).items()}
    assert sorted(holds) == ["b1", "b11", "b12"]
    for key in ("b11", "b12"):
        with pytest.raises(DecisionError, match=r"treatment\.not_two_sides"):
            answer(workshop, key, same=True)
        treat(workshop, OWNER, holds[key], to(bank))
    treat(workshop, OWNER, holds["b1"], category(income))
    both(workshop, connection, second)
    assert posted(workshop, company) == {"Deposit": 1, "Purchase": 0, "Transfer": 2}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_of_two_sides_answered_at_once_the_second_answer_asks(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, income = account(workshop, company, "Bank"), account(workshop, company, "Income")
    second, _ = second_account(workshop, company)
    till.ROWS["T1"] = [line(n, f"{n}0.00", "RECU") for n in range(1, 7)]
    till.ROWS["T2"] = [line(10 + n, f"-{n}0.00", "PARTI") for n in range(1, 7)]
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    deeds: list[Callable[[], object]] = []
    for n in range(1, 7):
        deeds.append(lambda n=n: treat(workshop, OWNER, holds[f"b{n}"], category(income)))  # type: ignore[misc]
        deeds.append(lambda n=n: treat(workshop, OWNER, holds[f"b{10 + n}"], to(bank)))  # type: ignore[misc]
    start = Barrier(len(deeds))

    def at_once(deed: Callable[[], object]) -> None:
        start.wait(20)
        deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        list(pool.map(at_once, deeds))
    assert sorted(asked(workshop)) == sorted(holds), "each pair is asked about, whichever answer came second"
    start = Barrier(4)

    def said(which: tuple[str, bool]) -> str:
        start.wait(20)
        try:
            answer_two_sides(workshop, OWNER, holds[which[0]], same=which[1])
        except DecisionError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(said, [("b1", True), ("b11", False), ("b2", True), ("b12", True)]))
    assert sorted(codes) == ["", "", "hold.closed", "hold.closed"]


def test_two_transfers_between_the_same_accounts_that_lie_far_apart_are_asked_about(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank = account(workshop, company, "Bank")
    second, savings = second_account(workshop, company)
    till.ROWS["T1"] = [{**line(n, f"-{n}00.00", "VIR EPARGNE"), "day": "2026-03-02"} for n in (1, 2, 3)]
    till.ROWS["T2"] = [{**line(10 + n, f"{n}00.00", "VIR CHEQUES"), "day": "2026-03-13"} for n in (1, 2, 3)]
    both(workshop, connection, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    treat(workshop, OWNER, holds["b1"], to(savings))
    both(workshop, connection, second)
    assert posted(workshop, company)["Transfer"] == 1
    treat(workshop, OWNER, holds["b11"], to(bank))
    for n in (2, 3):
        treat(workshop, OWNER, holds[f"b{n}"], to(savings))
        treat(workshop, OWNER, holds[f"b{10 + n}"], to(bank))
    assert sorted(asked(workshop)) == ["b11", "b12", "b13", "b2", "b3"]
    answer(workshop, "b11", same=True)
    answer(workshop, "b2", same=True)
    answer(workshop, "b13", same=False)
    both(workshop, connection, second)
    assert posted(workshop, company)["Transfer"] == 4, "one, one and two"
    assert not asked(workshop)
    states = [of(key, workshop).state for key in ("b1", "b11", "b3", "b13")]
    assert states == ["posted", "skipped", "posted", "posted"]
    assert sorted(of(key, workshop).state for key in ("b2", "b12")) == ["posted", "skipped"]
