"""Columns that a person gave for the files of one bank, and a file of another that is laid out alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest

from raccord_bankfeed.readers import reader_for, road_of
from raccord_bankfeed.readers.contract import Line, Question
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.settings import BankFeedSettings

HEADLESS = "2026-03-{:02},SHOP {},{},{},{}\n"


def headless(rows: Sequence[tuple[str, str, str]]) -> bytes:
    return "".join(HEADLESS.format(2 * n, n, *row) for n, row in enumerate(rows, 1)).encode()


def layout_of(content: bytes) -> str:
    asked = [event for event in reader_for(BytesIO(content)).events(BytesIO(content)) if isinstance(event, Question)]
    return asked[0].layout if asked and asked[0].layout else road_of(BytesIO(content))


def asked_with(content: bytes, columns: str, cards: frozenset[str] = frozenset()) -> list[Question]:
    """Return what is asked about a file whose layout has columns that a person gave for another file."""
    layout = layout_of(content)
    known = replace(BankFeedSettings(csv_columns=f"{layout} = {columns}").known(), cards=cards)
    return [event for event in reader_for(BytesIO(content), known).events(BytesIO(content))
            if isinstance(event, Question)]  # fmt: skip


OUT_FIRST = "date:1 text:2 debit:3 credit:4 balance:5"
MOVES = [("50.00", "", "150.00"), ("", "30.00", "180.00"), ("5.00", "", "175.00"), ("7.00", "", "168.00")]


@pytest.mark.parametrize("money", ["debit:3 credit:4", "debit:3 credit:4 balance:5"])
def test_saved_columns_that_a_file_s_own_balances_contradict_are_asked_about_under_its_own_key(money: str) -> None:
    turned = headless([(into, out, balance) for out, into, balance in MOVES])
    (asked,) = asked_with(turned, f"date:1 text:2 {money}")
    assert (asked.code, asked.layout) == ("bankfeed.csv_columns", "")
    assert asked_with(headless(MOVES), f"date:1 text:2 {money}") == []
    assert asked_with(turned, money.replace("debit", "x").replace("credit", "debit").replace("x", "credit")
                      + " date:1 text:2") == []  # fmt: skip
    known = Known(columns={asked.key: f"date:1 text:2 {money}"})
    assert [event for event in reader_for(BytesIO(turned), known).events(BytesIO(turned))
            if isinstance(event, Question) and event.code == "bankfeed.csv_columns"] == []  # fmt: skip


def test_what_a_card_owes_contradicts_no_saved_columns() -> None:
    owed = headless([(out, into, str(400 - Decimal(balance))) for out, into, balance in MOVES])
    layout = layout_of(owed)
    assert len(asked_with(owed, OUT_FIRST)) == 1
    assert asked_with(owed, f"{OUT_FIRST} kind:card") == []
    assert asked_with(owed, OUT_FIRST, cards=frozenset({f"unnamed-{layout}"})) == []
    assert asked_with(owed, OUT_FIRST, cards=frozenset({f"unnamed-{layout}-2"})) == []
    assert BankFeedSettings(kinds="unnamed-x = card\nbank-1 = bank").known().cards == {"unnamed-x"}


def test_saved_columns_in_which_many_amounts_are_missing_are_asked_about_under_the_file_s_own_key() -> None:
    """Of a bank with one amount, for a file of money out and money in: all that came in was lost."""
    rows = headless([(out, into, "") for out, into, _ in MOVES])
    (asked,) = asked_with(rows, "date:1 text:2 amount:3")
    assert (asked.code, asked.layout) == ("bankfeed.csv_columns", "")
    assert asked_with(rows, "date:1 text:2 debit:3 credit:4") == []
    few = headless([("-1.00", "", "")] * 9 + [("", "2.00", "")])
    assert asked_with(few, "date:1 text:2 amount:3") == []


SIGNED = "Date,Text,Kind,Amount,Balance\n" + "".join(
    f"2026-03-{2 * n + 2:02},SHOP {n},{{{n}}},{amount},{balance}\n"
    for n, (amount, balance) in enumerate([("-50.00", "150.00"), ("30.00", "180.00"), ("-5.00", "175.00")])
)
REVERSED_SIGNS = "date:1 text:2 amount:4 balance:5 sign:reversed"


@pytest.mark.parametrize("newest_first", [False, True])
def test_signs_said_to_be_reversed_are_asked_about_again_where_the_balances_say_they_are_not(
    newest_first: bool,
) -> None:
    head, *rows = SIGNED.format("", "", "").splitlines(keepends=True)
    content = (head + "".join(rows[::-1] if newest_first else rows)).encode()
    columns = {layout_of(content): REVERSED_SIGNS}
    (asked,) = asked_with(content, REVERSED_SIGNS)
    assert (asked.code, asked.answers) == ("bankfeed.signs_contradict", ("reversed", "accept"))
    assert ["SHOP" in each for each in asked.examples] == [True, True], "the rows are named"
    assert asked_with(content, f"{REVERSED_SIGNS} kind:card") == [], "a card's balance may be what is owed"
    for key in (asked.key, asked.layout):
        for word, total in (("reversed", "-25.00"), ("accept", "25.00")):
            known = Known({key: frozenset({word})}, columns)
            read = list(reader_for(BytesIO(content), known).events(BytesIO(content)))
            assert not [event for event in read if isinstance(event, Question)]
            assert sum(event.amount for event in read if isinstance(event, Line)) == Decimal(total)
    owed = "".join([head, *(row.replace(",15", ",-15").replace(",18", ",-18").replace(",17", ",-17") for row in rows)])
    assert asked_with(owed.encode(), REVERSED_SIGNS) == [], "where they follow as was said nothing is asked"


@pytest.mark.parametrize("signed", [True, False])
def test_signs_said_to_be_reversed_are_asked_about_again_where_words_say_they_are_not(signed: bool) -> None:
    content = SIGNED.format("Debit", "Credit", "Debit")
    content = content if signed else content.replace(",-", ",")
    columns = REVERSED_SIGNS.replace("balance:5", "direction:3")
    (asked,) = asked_with(content.encode(), columns)
    assert asked.code == "bankfeed.signs_contradict"
    assert "SHOP 0" in asked.examples[0]
    turned = content.replace("Debit", "x").replace("Credit", "Debit").replace("x", "Credit")
    assert len(asked_with(turned.encode(), columns)) == (0 if signed else 1)
