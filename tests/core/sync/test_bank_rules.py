"""Rules that people make for bank lines: which lines they fit, what they say, and how they go together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin.drafts import Accepts, Decision, Deposit, DirectLine, Expense, ExpenseLine, PaymentType, Role
from raccord.sync.lines.bank_rules import (
    AmountCondition,
    AmountTest,
    Condition,
    Direction,
    DirectionCondition,
    KindCondition,
    Line,
    Outcome,
    Rule,
    RuleBody,
    RuleMode,
    RulePart,
    TextCondition,
    TextTest,
    Together,
    allot,
    fits,
    fold,
    treatment_of,
)
from raccord.sync.lines.line_answers import LEARNED, RULED
from raccord.sync.lines.paying import PAYS
from raccord.sync.lines.rule_order import RuleOrder
from raccord.sync.lines.treatments import TREATMENT, Treated, UnfitTreatment, shares
from raccord.sync.planning.ruling import Place, by_person

DAY = date(2026, 3, 4)
ASKED = Decision("category", Accepts.CATEGORY)


def spent(total: str, text: str = "") -> Expense:
    amount = Decimal(total)
    return Expense(
        key="bank/1",
        day=DAY,
        currency="CAD",
        paid_from=Role("bank"),
        payment_type=PaymentType.CASH,
        lines=(ExpenseLine(account=ASKED, amount=amount),),
        total=amount,
        memo=text,
    )


def received(total: str) -> Deposit:
    amount = Decimal(total)
    lines = (DirectLine(account=ASKED, amount=amount),)
    return Deposit(key="bank/2", day=DAY, currency="CAD", bank=Role("bank"), lines=lines, total=amount)


def line(draft: Deposit | Expense, account: str = "35", kind: str = "") -> Line:
    return Line.of(draft, "shop", account, kind)


def rule(*conditions: Condition, parts: tuple[RulePart, ...] = (RulePart(account="7"),), **more: Any) -> Rule:
    kind = Treated.SPLIT if len(parts) > 1 else Treated.CATEGORY
    body = {name: more.pop(name) for name in ("together", "accounts", "connections") if name in more}
    usual: dict[str, Any] = {
        "id": "r1", "version": 1, "name": "Rule", "mode": RuleMode.APPLY, "enabled": True, "valid_from": None,
    }  # fmt: skip
    said = RuleBody(conditions=conditions, outcome=Outcome(kind=kind, parts=parts), **body)
    return Rule(**(usual | more), body=said)


def text(test: TextTest, value: str) -> TextCondition:
    return TextCondition(test=test, value=value)


@pytest.mark.parametrize(
    ("test", "value", "said", "holds"),
    [
        (TextTest.CONTAINS, "café", "ACHAT  CAFE OLIMPICO", True),
        (TextTest.CONTAINS, "achat cafe", "Achat\tCAFÉ", True),
        (TextTest.CONTAINS, "thé", "ACHAT CAFE", False),
        (TextTest.LACKS, "thé", "ACHAT CAFE", True),
        (TextTest.LACKS, "CAFÉ", "achat cafe", False),
        (TextTest.STARTS, "achat", "ACHAT CAFE", True),
        (TextTest.STARTS, "cafe", "ACHAT CAFE", False),
        (TextTest.EQUALS, "Achat Café", "ACHAT   CAFE ", True),
        (TextTest.EQUALS, "achat", "ACHAT CAFE", False),
        (TextTest.WORD, "esso", "ESSO 4471", True),
        (TextTest.WORD, "esso", "ESPRESSO BAR", False),
        (TextTest.WORD, "hydro-québec", "PAIEMENT HYDRO QUEBEC 12", True),
        (TextTest.WORD, "hydro quebec", "HYDRO OTTAWA QUEBEC", False),
        (TextTest.CONTAINS, "(a+)+$", "aaaaaaaa!", False),
        (TextTest.CONTAINS, ".*", "anything", False),
        (TextTest.CONTAINS, "strasse", "Hauptstraße", True),
    ],
)
def test_a_text_is_compared_without_case_accents_and_blanks(test: TextTest, value: str, said: str, holds: bool) -> None:
    assert fits(rule(text(test, value)), line(spent("3.75", said))) is holds


@pytest.mark.parametrize(
    ("condition", "draft", "holds"),
    [
        (AmountCondition(test=AmountTest.IS, amount=Decimal(80)), spent("80.00"), True),
        (AmountCondition(test=AmountTest.IS, amount=Decimal(80)), received("80.01"), False),
        (AmountCondition(test=AmountTest.UNDER, amount=Decimal(80)), spent("80.00"), False),
        (AmountCondition(test=AmountTest.OVER, amount=Decimal("79.99")), spent("80.00"), True),
        (AmountCondition(test=AmountTest.BETWEEN, amount=Decimal(50), upto=Decimal(80)), spent("80.00"), True),
        (AmountCondition(test=AmountTest.BETWEEN, amount=Decimal(50), upto=Decimal(79)), spent("80.00"), False),
        (AmountCondition(test=AmountTest.IS, amount=Decimal(80), currency="USD"), spent("80.00"), False),
        (AmountCondition(test=AmountTest.IS, amount=Decimal(80), currency="CAD"), spent("80.00"), True),
        (DirectionCondition(direction=Direction.IN), received("80.00"), True),
        (DirectionCondition(direction=Direction.IN), spent("80.00"), False),
        (DirectionCondition(direction=Direction.IN), replace(spent("80.00"), credit=True), True),
        (DirectionCondition(direction=Direction.OUT), spent("80.00"), True),
        (KindCondition(value="fee"), spent("80.00"), True),
        (KindCondition(value="atm"), spent("80.00"), False),
    ],
)
def test_amounts_directions_and_kinds_are_compared(condition: Condition, draft: Deposit | Expense, holds: bool) -> None:
    assert fits(rule(condition), line(draft, kind="FEE")) is holds


def test_conditions_go_together_as_the_rule_says_and_its_limits_always_count() -> None:
    cafe, rent = text(TextTest.WORD, "cafe"), text(TextTest.WORD, "loyer")
    here = line(spent("3.75", "CAFE"))
    assert not fits(rule(cafe, rent), here)
    either = rule(cafe, rent, together=Together.ANY)
    assert fits(either, here)
    assert not fits(replace(either, body=replace(either.body, accounts=("36",))), here)
    assert not fits(replace(either, body=replace(either.body, connections=("other",))), here)
    assert fits(replace(either, body=replace(either.body, accounts=("35",), connections=("shop",))), here)
    assert not fits(replace(either, enabled=False), here)
    assert not fits(replace(either, valid_from=DAY + timedelta(1)), here)
    assert fits(replace(either, valid_from=DAY), here)
    assert not fits(rule(), here), "a rule that asks nothing is about nothing"
    assert not fits(rule(together=Together.ANY), here)


def test_a_rule_for_words_is_found_whatever_stands_between_them() -> None:
    words = rule(text(TextTest.WORD, "a/loyer"))
    assert RuleOrder([words]).first_fitting(line(spent("3.75", "A  LOYER"))) == words


CONDITIONS = st.one_of(
    st.builds(text, st.sampled_from(TextTest), st.sampled_from(["cafe", "loyer mars", "a/loyer", "c", "é", "oye"])),
    st.builds(lambda n: AmountCondition(test=AmountTest.UNDER, amount=Decimal(n)), st.integers(1, 9)),
    st.builds(DirectionCondition, direction=st.sampled_from(Direction)),
)


@settings(max_examples=150, deadline=None)
@given(
    some=st.lists(st.tuples(st.lists(CONDITIONS, max_size=3), st.sampled_from(Together), st.booleans()), max_size=8),
    total=st.integers(1, 900),
    said=st.sampled_from(["CAFE", "Loyer-mars", "A  LOYER", "Café é", "ca", ""]),
)
def test_of_the_rules_that_fit_the_first_in_order_counts(
    some: list[tuple[list[Condition], Together, bool]], total: int, said: str
) -> None:
    rules = [rule(*each, id=f"r{place}", enabled=on, together=how) for place, (each, how, on) in enumerate(some)]
    here = line(spent(str(Decimal(total) / 100), said))
    found = RuleOrder(rules).first_fitting(here)
    fitting = [each for each in rules if fits(each, here)]
    assert found == (fitting[0] if fitting else None)
    assert all(each.enabled for each in fitting)
    others = [each for each in rules if each not in fitting]
    again = RuleOrder([*others, *fitting]).first_fitting(here)
    assert again == found, "rules that do not fit change nothing, wherever they are"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_what_is_folded_stays_so(said: str) -> None:
    assert fold(fold(said)) == fold(said)
    assert fold(f"  {said.upper()} ") == fold(said.upper())


@settings(max_examples=150, deadline=None)
@given(cents=st.integers(1, 10**9), cuts=st.lists(st.integers(0, 1_000_000), min_size=1, max_size=12))
def test_what_is_allotted_comes_to_the_total_and_no_share_is_a_cent_off(cents: int, cuts: list[int]) -> None:
    total, edges = Decimal(cents) / 100, [0, *sorted(cuts), 1_000_000]
    percents = [Decimal(after - before) / 10_000 for before, after in pairwise(edges)]
    found = allot(total, percents, "CAD")
    assert sum(found) == total
    for share, percent in zip(found, percents, strict=True):
        assert abs(share - total * percent / 100) < Decimal("0.01")
        assert share == share.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("total", "currency", "shares"),
    [("1001", "JPY", ["501", "500"]), ("1.001", "KWD", ["0.501", "0.500"]), ("10.01", "CAD", ["5.01", "5.00"])],
)
def test_what_is_allotted_has_the_decimals_of_its_currency(total: str, currency: str, shares: list[str]) -> None:
    assert [str(share) for share in allot(Decimal(total), [Decimal(50)] * 2, currency)] == shares


def part(account: str, percent: str = "", amount: str = "") -> RulePart:
    return RulePart(
        account=account,
        percent=Decimal(percent) if percent else None,
        amount=Decimal(amount) if amount else None,
    )


@pytest.mark.parametrize(
    ("total", "parts", "amounts"),
    [
        ("100.00", [part("1", "33.3333"), part("2", "33.3333"), part("3", "33.3334")], ["33.33", "33.33", "33.34"]),
        ("0.05", [part("1", "50"), part("2", "50")], ["0.03", "0.02"]),
        ("10.00", [part("1", "12.5"), part("2")], ["1.25", "8.75"]),
        ("10.00", [part("1", "", "2.50"), part("2", "25"), part("3")], ["2.50", "2.50", "5.00"]),
        ("0.01", [part("1", "60"), part("2", "40")], ["0.01"]),
        ("1.00", [part("1", "99.9"), part("2")], ["1.00"]),
        ("2.50", [part("1", "", "2.50"), part("2")], None),
        ("2.00", [part("1", "", "2.50"), part("2")], None),
    ],
)
def test_a_split_comes_to_the_line_or_is_not_made(total: str, parts: list[RulePart], amounts: list[str] | None) -> None:
    splits = rule(text(TextTest.LACKS, "x"), parts=tuple(parts))
    if amounts is None:
        with pytest.raises(UnfitTreatment, match="sum"):
            treatment_of(splits, line(spent(total)))
        return
    treatment = treatment_of(splits, line(spent(total)))
    assert [str(each.amount) for each in treatment.parts] == amounts
    assert (treatment.origin, treatment.kind) == ("rule:r1", Treated.SPLIT)


@settings(max_examples=100, deadline=None)
@given(
    cents=st.integers(1, 10**6),
    percents=st.lists(st.integers(1, 9), min_size=1, max_size=9),
    fixed=st.lists(st.integers(1, 10**5), max_size=3),
)
def test_a_split_with_a_rest_adds_up_to_the_cent(cents: int, percents: list[int], fixed: list[int]) -> None:
    parts = [part("1", str(each)) for each in percents]
    parts += [part("2", "", str(Decimal(each) / 100)) for each in fixed] + [part("3")]
    total = Decimal(cents) / 100
    try:
        treatment = treatment_of(rule(text(TextTest.LACKS, "x"), parts=tuple(parts)), line(spent(str(total))))
    except UnfitTreatment:
        assert fixed, "percentages alone always leave what comes to the line"
        return
    assert sum(each.amount or 0 for each in shares(treatment.parts, total, "CAD")) == total
    assert all(each.amount is not None and each.amount > 0 for each in treatment.parts)


@pytest.mark.parametrize(
    ("decisions", "persons"),
    [
        ({}, False),
        ({"category": "7"}, True),
        ({PAYS: {}}, True),
        ({TREATMENT: {"kind": "exclude", "why": "x"}}, True),
        ({TREATMENT: {"kind": "exclude", "why": "x"}, RULED: {}}, False),
        ({TREATMENT: {"kind": "exclude", "why": "x"}, LEARNED: 990}, False),
    ],
)
def test_what_answered_itself_is_no_persons_choice(decisions: dict[str, Any], persons: bool) -> None:
    here = Place(1, "bank/1", "waiting", "", decisions, "", (), line(spent("80.00")))
    assert by_person(here) is persons
