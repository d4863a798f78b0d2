"""What Quicken filed a line under is told as categories, amounts and accounts, and is no part of what the line is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from raccord.plugin import SaidPart
from raccord_bankfeed import describe
from raccord_bankfeed.twins.bank import Feed

ROW = "!Type:Bank\nD12/19/18\nT{amount}\nPCAFE\n{more}^\n"


def parts(feed: Feed, more: str, amount: str = "-20.00") -> list[SaidPart]:
    (record,) = feed.put(ROW.format(amount=amount, more=more).encode()).read().records
    tell = describe().said_parts
    assert tell is not None
    return list(tell(record.raw))


def test_splits_are_told_in_the_lines_own_direction_with_memo_and_amount(feed: Feed) -> None:
    found = parts(feed, "L--Split--\nSFood:Out/Work\nEcake\n$-17.50\nS[Savings]\n$-2.50\n")
    assert [(part.name, part.amount, part.memo, part.transfer) for part in found] == [
        ("Food:Out", Decimal("17.50"), "cake", False),
        ("Savings", Decimal("2.50"), "", True),
    ]


@pytest.mark.parametrize(
    ("amount", "shares", "told"),
    [
        ("-1.234,56", ("-1.200,56", "-34,00"), ["1200.56", "34.00"]),
        ("20.00", ("25.00", "-5.00"), ["25.00", "-5.00"]),
        ("-20.00", ("-25.00", "5.00"), ["25.00", "-5.00"]),
        ("-20.00", ("-25.00", ""), ["25.00", None]),
    ],
)
def test_amounts_of_parts_are_read_with_the_mark_by_which_they_come_to_the_line(
    feed: Feed, amount: str, shares: tuple[str, str], told: list[str | None]
) -> None:
    found = parts(feed, "".join(f"SFood\n${each}\n" for each in shares), amount)
    assert [part.amount for part in found] == [None if each is None else Decimal(each) for each in told]


@pytest.mark.parametrize(
    ("category", "told"),
    [
        ("[Savings]", [("Savings", True)]),
        ("Auto:Fuel/Trip", [("Auto:Fuel", False)]),
        ("--Split--", []),
        ("[]", []),
        ("/Trip", []),
    ],
)
def test_a_category_or_an_account_in_brackets_is_told_as_what_it_is(
    feed: Feed, category: str, told: list[tuple[str, bool]]
) -> None:
    assert [(part.name, part.transfer) for part in parts(feed, f"L{category}\n")] == told


def test_the_account_in_brackets_is_told_with_the_key_that_its_own_file_has(feed: Feed) -> None:
    (part,) = parts(feed, "L[Savings]\n")
    feed.put(b"!Account\nNSavings\nTBank\n^\n!Type:Bank\nD12/20/18\nT20.00\nPIN\n^\n")
    own = {str(record.raw["account"]) for record in feed.read().records}
    assert own & set(part.keys)


def test_what_a_table_of_a_bank_calls_a_category_is_not_taken_for_quickens(feed: Feed) -> None:
    (record,) = feed.put(b"date,description,amount,category\n2018-12-19,CAFE,-20.00,[Savings]\n").read().records
    tell = describe().said_parts
    assert tell is not None
    assert list(tell(record.raw)) == []
