"""Days as tables write them: names of months, days counted by spreadsheets, days without a year."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Question, Unreadable
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.questions import day_text
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.twins.bank import Read


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("15 de marzo de 2026", date(2026, 3, 15)),
        ("15 de março de 2026", date(2026, 3, 15)),
        ("15 out 2026", date(2026, 10, 15)),
        ("1er août 2026", date(2026, 8, 1)),
        ("15. März 26", date(2026, 3, 15)),
        ("March 3rd, 2026", date(2026, 3, 3)),
        ("15 augusti 2026", date(2026, 8, 15)),
        ("3. května 2026", date(2026, 5, 3)),
        ("4 października 2026", date(2026, 10, 4)),
        ("12 Ağustos 2026", date(2026, 8, 12)),
        ("5 май 2026", date(2026, 5, 5)),
    ],
)
def test_months_are_known_by_their_names(text: str, day: date) -> None:
    parts = parts_of(text)
    assert parts is not None
    assert set(parts.days.values()) == {day}


@pytest.mark.parametrize("text", ["15 listopada 2026", "2 the 2026", "100 de 2026", "12Abc34"])
def test_what_names_no_month_or_two_is_no_day(text: str) -> None:
    assert parts_of(text) is None


TODAY = date(2026, 4, 10)


def read(content: str, *said: str) -> tuple[list[str], list[Question]]:
    """Return the days of a file's lines and what is asked of it, once the question of the year has an answer."""
    known = Known(today=TODAY)
    if said:
        (asked,) = read(content)[1]
        known = Known({asked.key: frozenset(said)}, today=TODAY)
    events = list(reader_for(BytesIO(content.encode()), known).events(BytesIO(content.encode())))
    assert not [event for event in events if isinstance(event, Unreadable)]
    return (
        [event.day.isoformat() for event in events if isinstance(event, Line)],
        [event for event in events if isinstance(event, Question)],
    )


def table(*days: str, above: str = "") -> str:
    return above + "Date;Libellé;Montant\n" + "".join(f"{day};CAFÉ;-4,20\n" for day in days)


def test_days_that_a_spreadsheet_counts_are_read() -> None:
    assert read(table("46096", "46097.5")) == (["2026-03-15", "2026-03-16"], [])


@pytest.mark.parametrize(
    ("days", "meant"),
    [
        (("15/03", "16/03"), ["2026-03-15", "2026-03-16"]),
        (("Mar 15", "Mar 16"), ["2026-03-15", "2026-03-16"]),
        (("15. März", "16. März"), ["2026-03-15", "2026-03-16"]),
        (("03-15", "03-16"), ["2026-03-15", "2026-03-16"]),
        (("30.12.", "31.12.", "02.01."), ["2025-12-30", "2025-12-31", "2026-01-02"]),
        (("02/01", "31/12", "30/12"), ["2026-01-02", "2025-12-31", "2025-12-30"]),
    ],
)
def test_the_year_of_days_without_one_is_asked_and_told_by_the_newest(days: tuple[str, ...], meant: list[str]) -> None:
    _, (asked,) = read(table(*days))
    assert (asked.code, asked.layout) == ("bankfeed.year_missing", "")
    assert asked.answers == ("year-2026", "year-2025", "year-2024")
    assert next(text.en for text in asked.readings[0].shown) == day_text(date.fromisoformat(meant[0])).en
    assert read(table(*days), "year-2026") == (meant, [])
    earlier = [str(int(day[:4]) - 1) + day[4:] for day in meant]
    assert read(table(*days), "year-2025") == (earlier, [])


def test_a_year_in_which_the_newest_day_is_yet_to_come_is_not_offered() -> None:
    _, (asked,) = read(table("15/11", "16/11"))
    assert asked.answers == ("year-2025", "year-2024")


def test_a_period_above_the_table_that_holds_all_days_tells_their_year() -> None:
    rows = ("20/12", "31/12", "10/01")
    period = "Relevé du 15/12/2024 au 14/01/2025\n\n"
    assert read(table(*rows, above=period)) == (["2024-12-20", "2024-12-31", "2025-01-10"], [])
    _, (asked,) = read(table(*rows, "20/01", above=period))
    assert asked.answers[0] == "year-2025", "the year that stands above is offered first"
    _, (asked,) = read(table(*rows, above="Téléchargé le 14/01/2025\n"))
    assert asked.answers[0] == "year-2025", "one day above is no period"


def test_days_without_a_year_over_more_than_one_are_of_none() -> None:
    content = table("15/03", "31/12", "02/01", "31/12", "02/01")
    result = Read(content.encode())
    assert result.lines == []
    assert set(result.codes) == {"bankfeed.date_impossible"}


def valued(*rows: tuple[str, str], names: str = "Date,Value date") -> str:
    cells = "".join(f"{day},{value},COFFEE,-4.20\n" for day, value in rows)
    return f"{names},Payee,Amount\n{cells}"


@pytest.mark.parametrize("names", ["Date,Value date", "Buchungstag,Valuta", "Posting date,Date"])
def test_another_column_of_days_tells_the_order_that_the_first_leaves_open(names: str) -> None:
    _, (asked,) = read(valued(("01/02/2026", "03/02/2026"), ("02/02/2026", "04/02/2026"), names=names))
    assert set(asked.answers) == {"day-first", "month-first"}
    by_day = read(valued(("01/02/2026", "03/02/2026"), ("12/02/2026", "13/02/2026"), names=names))
    assert by_day == (["2026-02-01", "2026-02-12"], [])
    by_month = read(valued(("02/01/2026", "02/03/2026"), ("02/12/2026", "02/13/2026"), names=names))
    assert by_month == (["2026-02-01", "2026-02-12"], [])


@pytest.mark.parametrize(
    "values",
    [("", ""), ("01/01/2026", "02/02/2026"), ("2026-02-13", "2026-02-14"), ("03/13/2026", "13/03/2026")],
    ids=["empty", "the same in both", "of one order", "one for each"],
)
def test_another_column_of_days_that_tells_nothing_leaves_the_question(values: tuple[str, str]) -> None:
    _, (asked,) = read(valued(*zip(("01/02/2026", "05/02/2026"), values, strict=True)))
    assert set(asked.answers) == {"day-first", "month-first"}


def test_what_was_answered_about_the_order_of_days_stands_though_another_column_tells_otherwise() -> None:
    _, (asked,) = read(valued(("01/02/2026", "03/02/2026")))
    answered = Known({asked.layout: frozenset({"month-first"})})
    stream = BytesIO(valued(("01/02/2026", "13/02/2026")).encode())
    (line,) = [each for each in reader_for(stream, answered).events(stream) if isinstance(each, Line)]
    assert line.day == date(2026, 1, 2), "its lines may have been posted so"
