"""A transfer that rules call so from both of its sides: posted once, with the other line as its other side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import JUDGED, account, asked, line, of, planned, second_account

from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.treating import take_back
from raccord.overview.lines.rule_effects import try_rule
from raccord.store.models import Company, Connection
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, TextCondition, TextTest
from raccord.sync.lines.treatments import OTHER_SIDE, Treated
from raccord.sync.planning.from_both_sides import counterpart
from raccord.sync.workshop import Workshop


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


@dataclass(frozen=True)
class Told:
    draft_id: int
    day: date


def told(first: int, *days: int) -> list[Told]:
    return [Told(first + n, date(2026, 3, 1) + timedelta(day - 1)) for n, day in enumerate(days)]


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        ((4,), (5,), [10]),
        ((1, 8, 15), (3, 10, 17), [10, 11, 12]),
        ((3, 10, 17), (1, 8, 15), [10, 11, 12]),
        ((4, 4), (5,), [None, None]),
        ((4,), (4, 6), [None]),
        ((4, 20), (5,), [10, None]),
        ((4,), (10,), [None]),
    ],
)
def test_lines_of_both_sides_are_paired_in_order_where_as_many_hang_together(
    here: tuple[int, ...], there: tuple[int, ...], found: list[int | None]
) -> None:
    mine, theirs = told(0, *here), told(10, *there)
    others = [counterpart(each, mine, theirs) for each in mine]
    assert [None if other is None else other.draft_id for other in others] == found
    assert [counterpart(each, mine, theirs, (date(2026, 2, 27), date(2026, 5, 1))) for each in mine] == [None] * len(
        mine
    )


def transfers(word: str, to: str) -> RuleSaid:
    outcome = Outcome(kind=Treated.TRANSFER, other_account=to)
    body = RuleBody(conditions=(TextCondition(test=TextTest.WORD, value=word),), outcome=outcome)
    return RuleSaid(name=word, mode=RuleMode.APPLY, body=body)


@pytest.mark.either_database
def test_rules_that_call_both_lines_one_transfer_post_it_once_whichever_is_read_last(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank = account(workshop, company, "Bank")
    second, savings = second_account(workshop, company)
    # One comes a day later; two are equal and close; of three only two have another side; one side names no transfer.
    till.ROWS["T1"] = [
        line(1, "-100.00", "VERS"), line(2, "-200.00", "VERS"), line(3, "-200.00", "VERS"), line(4, "-300.00", "VERS"),
        line(5, "-300.00", "VERS"), line(6, "-400.00", "VERS"), line(7, "-100.00", "LOYER"),
    ]  # fmt: skip
    till.ROWS["T2"] = [
        line(11, "100.00", "DEPUIS", day="2026-03-05"), line(12, "200.00", "DEPUIS"), line(13, "200.00", "DEPUIS"),
        line(14, "300.00", "DEPUIS"), line(16, "400.00", "RECU"),
    ]  # fmt: skip
    sync(workshop, connection)
    sync(workshop, second)
    with workshop.database.read() as session:
        before = try_rule(session, company.id, transfers("VERS", savings))
    assert (before.goes, before.both_sides) == (0, 6), "as long as the other lines are not called that"
    add_rule(workshop, OWNER, company.id, transfers("DEPUIS", bank))
    with workshop.database.read() as session:
        before = try_rule(session, company.id, transfers("VERS", savings))
    assert (before.goes, before.both_sides) == (3, 3)
    add_rule(workshop, OWNER, company.id, transfers("VERS", savings))
    sync(workshop, connection)
    sync(workshop, second)
    assert workshop.client(company).count("Transfer") == 3
    assert sorted(asked(workshop)) == ["b14", "b16", "b4", "b5", "b6", "b7"]
    sides = [(of(f"b{n}", workshop), of(f"b{10 + n}", workshop)) for n in (1, 2, 3)]
    assert [one.state for one, _ in sides] == ["posted"] * 3
    assert [(other.state, OTHER_SIDE in other.decisions) for _, other in sides] == [("skipped", True)] * 3
    assert workshop.client(company).count("Deposit") == workshop.client(company).count("Purchase") == 0


def test_a_line_is_left_to_the_transfer_that_is_on_its_way_and_taken_back_with_it(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank = account(workshop, company, "Bank")
    second, savings = second_account(workshop, company)
    add_rule(workshop, OWNER, company.id, transfers("VERS", savings))
    add_rule(workshop, OWNER, company.id, transfers("DEPUIS", bank))
    till.ROWS["T1"] = [line(1, "-100.00", "VERS")]
    till.ROWS["T2"] = [line(11, "100.00", "DEPUIS")]
    planned(workshop, connection)
    planned(workshop, second)
    assert [of(key, workshop).state for key in ("b1", "b11")] == ["planned", "skipped"]
    take_back(workshop, OWNER, connection.id, "bank/b1")
    assert sorted(asked(workshop)) == ["b1", "b11"]
    sync(workshop, second)
    assert sorted(asked(workshop)) == ["b1", "b11"], "what a person took back, no rule posts from the other side"
