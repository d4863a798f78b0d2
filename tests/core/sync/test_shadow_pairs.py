"""Which document of a plan is which one of the books where nothing agrees but some of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from raccord.store.models import ShadowCause, ShadowOutcome
from raccord.sync.lines.pairing import Found, Line
from raccord.sync.shadowing.pairs import Ours, Theirs, compare

DAY = date(2026, 3, 4)
DAYS = (date(2026, 3, 1), date(2026, 3, 20))
OURS = Ours(
    Line(1, "mark", "35", Decimal("10.00"), DAY, "SalesReceipt", number="F-7", party="Zoé Roy"),
    "sales/1", "CAD", {"45": Decimal("8.70")}, Decimal("1.30"),
)  # fmt: skip
THEIRS = Theirs(
    Found("SalesReceipt", "9", "F-7", DAY, Decimal("10.00"), "35", "", "Zoe Roy"),
    "CAD", {"45": Decimal("8.70")}, Decimal("1.3"),
)  # fmt: skip


def told(ours: Ours, theirs: Theirs) -> Mapping[str, object]:
    return {f"{each.outcome} {each.cause}".strip(): sorted(each.fields) for each in compare([ours], [theirs], [], DAYS)}


def their(**more: object) -> Theirs:
    return replace(THEIRS, found=replace(THEIRS.found, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (THEIRS, {"same": []}),
        (their(kind="Payment"), {"different kind": ["kind"]}),
        (their(day=DAY + timedelta(3), amount=Decimal("11.00")), {"different amount": ["amount", "day"]}),
        (their(number="", amount=Decimal("11.00")), {"different amount": ["amount"]}),
        (their(day=DAY + timedelta(14)), {"different day": ["day"]}),
        # The number of a document of its kind tells it, though neither amount nor day is the same.
        (their(day=DAY + timedelta(8), amount=Decimal("11.00")), {"different amount": ["amount", "day"]}),
        (
            their(day=DAY + timedelta(8), amount=Decimal("11.00"), kind="Invoice"),
            {"ours missing": [], "theirs unknown": []},
        ),
        (their(day=DAY + timedelta(8), amount=Decimal("-11.00")), {"ours missing": [], "theirs unknown": []}),
        (their(number="", day=DAY + timedelta(14)), {"different day": ["day"]}),
        (replace(their(account="36"), elsewhere=True), {"different account": ["account"]}),
        (replace(their(account="36", number="", party=""), elsewhere=True), {"different account": ["account"]}),
        (their(party="Autre", number=""), {"different party": ["party"]}),
        (replace(THEIRS, accounts=None, tax=Decimal(0)), {"same": []}),
        (replace(THEIRS, tax=Decimal(0), accounts={"45": Decimal(10)}), {"different tax": ["tax"]}),
        (replace(THEIRS, accounts={"46": Decimal("8.70")}), {"different category": ["category"]}),
        # Nothing of these is one document: another amount of nobody known, the other way, of another number.
        (
            their(number="", party="", amount=Decimal("11.00")),
            {"ours missing": [], "theirs unknown": []},
        ),
        (their(amount=Decimal("-10.00")), {"ours missing": [], "theirs unknown": []}),
        (their(number="F-8", amount=Decimal("11.00")), {"ours missing": [], "theirs unknown": []}),
        # Another sale on another account is nobody's business here.
        (replace(their(number="", party="", account="36", amount=Decimal("3")), elsewhere=True), {"ours missing": []}),
        (their(number="", party="", amount=Decimal("3"), day=date(2026, 2, 27)), {"ours missing": []}),
    ],
)
def test_two_documents_are_one_by_what_agrees_and_differ_in_the_rest(
    theirs: Theirs, expected: Mapping[str, object]
) -> None:
    assert told(OURS, theirs) == expected


def test_what_a_person_said_to_be_another_movement_is_not_laid_beside_it_again() -> None:
    refused = replace(OURS, refused=[("SalesReceipt", "9")])
    assert told(refused, THEIRS) == {"ours missing": [], "theirs unknown": []}


def test_several_of_ours_that_may_be_one_of_theirs_are_told_as_its_parts() -> None:
    halves = [
        replace(OURS, line=replace(OURS.line, id=number, amount=Decimal("5.00")), key=f"sales/{number}",
                there=("SalesReceipt", "9"), part=True)
        for number in (1, 2)
    ]  # fmt: skip
    found = compare(halves, [THEIRS], [], DAYS)
    assert [(each.outcome, each.cause) for each in found] == [(ShadowOutcome.DIFFERENT, ShadowCause.PARTS)] * 2


def test_a_document_that_moves_two_watched_accounts_is_listed_once() -> None:
    other = their(account="36", amount=Decimal("-10.00"))
    found = compare([], [THEIRS, other], [], DAYS)
    assert [(each.outcome, each.cause) for each in found] == [(ShadowOutcome.THEIRS, ShadowCause.UNKNOWN)]
