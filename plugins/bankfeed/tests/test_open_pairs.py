"""Two columns of amounts of which nothing tells which is money out: asked about, and no sign is guessed."""

from __future__ import annotations

from io import BytesIO

import pytest

from raccord_bankfeed.readers import reader_for, road_of
from raccord_bankfeed.readers.contract import Line, Question
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed

ROWS = "23.04.2026;MVT 001;10,00;\n25.04.2026;MVT 002;;20,00\n26.04.2026;MVT 003;30,00;\n"
TITLES = ["JXP;DXM;K1;K2", "Date;Libellé;K1;K2", "Date;Libellé;Montant 1;Montant 2", "Date;Libellé;Montant;K2"]


def read(text: str, columns: str = "") -> tuple[list[Question], list[str]]:
    content = text.encode()
    known = BankFeedSettings(csv_columns=f"{road_of(BytesIO(content))} = {columns}" if columns else "").known()
    events = list(reader_for(BytesIO(content), known).events(BytesIO(content)))
    return (
        [event for event in events if isinstance(event, Question)],
        [str(event.amount) for event in events if isinstance(event, Line)],
    )


@pytest.mark.parametrize(
    "text", [*(f"{title}\n{ROWS}" for title in TITLES), ROWS, ROWS.replace(",", ".").replace(";", ",")]
)
def test_two_columns_of_amounts_that_nothing_tells_apart_are_asked_about_once(text: str) -> None:
    [asked], _ = read(text)
    assert (asked.code, asked.layout) == ("bankfeed.csv_columns", road_of(BytesIO(text.encode())))
    assert asked.chosen == ("date", "text", "", ""), "neither is taken for money out"
    for shown in (asked.reason.fr, asked.reason.en):
        assert {"\u221210", "+10"} <= {shown[at : at + 3] for at in range(len(shown))}, "both readings are shown"
    assert read(text, "date:1 text:2 credit:3 debit:4") == ([], ["10.00", "-20.00", "30.00"])
    assert read(text, "date:1 text:2 debit:3 credit:4") == ([], ["-10.00", "20.00", "-30.00"])


def test_rows_whose_amount_stands_beside_the_one_column_that_is_named_are_asked_about() -> None:
    [asked], amounts = read(f"Date;Libellé;K1;Débit\n{ROWS}")
    assert (asked.code, len(amounts)) == ("bankfeed.csv_columns", 3), "those of the other column were left out"


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        (f"Date;Libellé;Crédit;Débit\n{ROWS}", ["10.00", "-20.00", "30.00"]),
        ("J;D;K1;K2;S\n23.04.2026;A;10,00;;110,00\n25.04.2026;B;;20,00;90,00\n", ["10.00", "-20.00"]),
        ("2026-03-22,TIM,3.25,,4500********1234\n2026-03-23,PAY,,120.00,4500********1234\n", ["-3.25", "120.00"]),
    ],
    ids=["names", "balance", "the layout of a bank"],
)
def test_what_names_balances_or_a_known_layout_prove_is_not_asked(text: str, amounts: list[str]) -> None:
    assert read(text) == ([], amounts)


def test_what_stands_beside_amounts_with_signs_is_asked_about_instead_of_left_out() -> None:
    text = "Date;Libellé;Montant;K2\n23.04.2026;A;-10,00;\n25.04.2026;B;;20,00\n26.04.2026;C;30,00;\n"
    [asked], amounts = read(text)
    assert (asked.code, asked.chosen) == ("bankfeed.csv_columns", ("date", "text", "", ""))
    assert amounts == ["-10.00", "30.00"], "no sign is taken for another"
    assert read(text, "date:1 text:2 amount:3") == ([], ["-10.00", "30.00"])


def test_the_days_of_such_a_file_are_asked_with_its_columns_and_its_lines_wait(feed: Feed) -> None:
    feed.put(b"JXP;DXM;K1;K2\n03/04/2026;MVT 001;10,00;\n05/04/2026;MVT 002;;20,00\n")
    [question] = feed.read("statements").records
    asks = question.raw["asks"]
    assert isinstance(asks, list | tuple)
    assert [each["code"] for each in asks] == ["bankfeed.csv_columns", "bankfeed.date_order"]
    assert feed.read().records == []
