"""Days that a table's cells do not hold whole: that a spreadsheet counts, of bare digits, and those without a year.

A spreadsheet counts days from the end of 1899 (46096 is 15 March 2026). Bare digits (310126, 31012026) are in an order
as other days are, and lose the zero that they begin with where a spreadsheet wrote them. Days without a year are those
of the period that the file states above its table, where one is stated and holds them all; else a person says of which
year the newest is, and the others are told by it: none is newer, none a year older.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.days import DayEvidence, Order, Parts, day_in, day_of, month_named, parts_of
from raccord_bankfeed.readers.table.by_rows import told_by_rows
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.words import Part, part_of
from raccord_bankfeed.readers.told import YEAR_WORDS, Known

_SERIAL = re.compile(r"\s*([3-6][0-9]{4})(?:[.,][0-9]+)?\s*")
_SERIALS = range(36_526, 66_000)
"""From the year 2000 on; lower numbers of five digits may be anything."""
_SERIAL_BEGINS = date(1899, 12, 30)
_DIGITS = re.compile(r"\s*(?:([0-9]{1,2})([0-9]{2})([0-9]{4})|([0-9]{1,2})([0-9]{2})([0-9]{2}))\s*")
_NUMBERS = re.compile(r"\s*([0-9]{1,2})\s*([./\- ])\s*([0-9]{1,2})\.?\s*")
_NAMED = re.compile(r"\s*(?:([0-9]{1,2})[ .\-/]*([^\W\d_]{3,12})\.?|([^\W\d_]{3,12})\.?[ \-]*([0-9]{1,2}))\s*")
_LEAP = 2024
_STATED = re.compile(
    r"[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}"
    r"|[0-9]{1,2}\.? (?:de )?[^\W\d_]{3,12}\.? (?:de )?[0-9]{4}|[^\W\d_]{3,12}\.? [0-9]{1,2},? [0-9]{4}"
)
_STATED_MAX = 20
_TEXTS_MAX = 20_000
_HALF_A_YEAR = 6
_YEARS_ASKED = 3
_SHOWN = 3
_ORDERS = (Order.DAY, Order.MONTH)
_DAYS = frozenset({Part.DATE, Part.VALUE_DATE})

ReadDay = Callable[[str], Parts | None]


class DayForm(NamedTuple):
    """How the days of a column are read; ``yearless`` ones only once their year is known."""

    read: ReadDay
    yearless: bool = False


@lru_cache(4000)
def serial(text: str) -> Parts | None:
    """Return the day that a spreadsheet counts so."""
    found = _SERIAL.fullmatch(text)
    if found is None or int(found[1]) not in _SERIALS:
        return None
    day = _SERIAL_BEGINS + timedelta(int(found[1]))
    return Parts((day.year, day.month, day.day), dict.fromkeys(Order, day), text.strip())


@lru_cache(4000)
def _of_digits(text: str) -> Parts | None:
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    first, second, third = (int(each) for each in found.groups() if each is not None)
    numbers, orders = (first, second, third), _ORDERS if found[1] is not None else tuple(Order)
    days = {order: day for order in orders if (day := day_in(numbers, order)) is not None}
    return Parts(numbers, days, text.strip()) if days else None


@lru_cache(4000)
def _partly(text: str) -> Mapping[Order, tuple[int, int]]:
    """Return month and day of a text that holds no year, by the orders in which they make one."""
    if (numbers := _NUMBERS.fullmatch(text)) is not None:
        first, second = int(numbers[1]), int(numbers[3])
        found = {Order.DAY: (second, first), Order.MONTH: (first, second)}
    elif (named := _NAMED.fullmatch(text)) is not None:
        month, day = month_named(named[2] or named[3]), int(named[1] or named[4])
        found = dict.fromkeys(_ORDERS, (month, day))
    else:
        return {}
    found = {order: each for order, each in found.items() if day_of(_LEAP, *each) is not None}
    if numbers is not None and numbers[2] == "." and Order.DAY in found:
        return {Order.DAY: found[Order.DAY]}
    return found


def _without_year(text: str) -> Parts | None:
    days = {order: date(_LEAP, *each) for order, each in _partly(text).items()}
    return Parts((_LEAP, 1, 1), days, text.strip()) if days else None


def day_form(cells: Iterable[str]) -> DayForm | None:
    """Return how cells of a column of days are read of which none is a whole day; nothing where they are none."""
    texts = [text for cell in cells if (text := cell.strip())]
    if not texts or any(map(_is_whole, texts)):
        return None
    for form in (DayForm(serial), DayForm(_of_digits), DayForm(_without_year, yearless=True)):
        if 10 * sum(form.read(text) is not None for text in texts) >= 9 * len(texts):
            return form
    return None


def stated_days(texts: Iterable[str]) -> list[Parts]:
    """Return the days that stand whole in some texts, such as those above a table."""
    found = (parts_of(each) for text in texts for each in _STATED.findall(text)[:_STATED_MAX])
    return [parts for parts in found if parts is not None and parts.days][:_STATED_MAX]


def with_day_form(layout: Layout, rows: Sequence[Row]) -> tuple[Layout, list[Row]]:
    """Return the layout of a table whose days are written so, with those of its rows that are transactions; else none.

    ``rows`` are those below its header.
    """
    at, money = layout.at(Part.DATE), layout.money
    if at is None:
        return layout, []
    wide = [row for row in rows if at < len(row.cells)]
    # Most days are whole, which the first of them tells.
    if any(_is_whole(row.cells[at]) and _moves(row, money) for row in wide):
        return layout, []
    moving = [row for row in wide if _moves(row, money)]
    form = day_form(row.cells[at] for row in moving)
    if form is None:
        return layout, []
    dated = [row for row in moving if form.read(row.cells[at]) is not None]
    told = told_by_rows(replace(layout, read_day=form.read, yearless=form.yearless), [row.cells for row in dated])
    if told.at(Part.DATE) != at:
        # Another column holds them whole.
        told = replace(told, read_day=parts_of, yearless=False)
    return told, dated


def _is_whole(cell: str) -> bool:
    parts = parts_of(cell.strip())
    return parts is not None and bool(parts.days)


def _moves(row: Row, money: Sequence[int]) -> bool:
    cells = (row.cells[number] for number in money if number < len(row.cells))
    return any(cell.strip() and written(cell) is not None for cell in cells)


@dataclass(frozen=True, slots=True)
class Yearless:
    """Reads days without a year: of two, the one that is not after the newest of its file, by the order of parts."""

    ends: Mapping[Order, date]

    def __call__(self, text: str) -> Parts | None:
        """Return the day that a text means, none of a year that is not known; nothing where no day is written."""
        found, days = _partly(text), dict[Order, date]()
        for order, (month, day) in found.items():
            if (end := self.ends.get(order)) is not None:
                year = end.year - ((month, day) > (end.month, end.day))
                if (meant := day_of(year, month, day)) is not None:
                    days[order] = meant
        return Parts((0, 0, 0), days, text.strip()) if found else None


def newest(texts: Sequence[str], year: int) -> dict[Order, date]:
    """Return the newest of some days if it is of a year, by the order of parts; none where they are of over a year."""
    found: dict[Order, date] = {}
    for order in _ORDERS:
        days = [each for text in texts if (each := _partly(text).get(order)) is not None]
        turns = [at for at in range(1, len(days)) if abs(days[at][0] - days[at - 1][0]) > _HALF_A_YEAR]
        if 10 * len(days) < 9 * len(texts) or len(turns) > 1:
            continue
        late, early = days, days[:0]
        if turns:
            late, early = days[turns[0] :], days[: turns[0]]
            if late[0][0] > early[-1][0]:
                # The newest stands first.
                late, early = early, late
        end = day_of(year, *max(late))
        if end is not None and (not early or min(early) > max(late)):
            found[order] = end
    return found


def with_year(
    layout: Layout, blocks: Iterable[Block], stated: Sequence[Parts], known: Known, key: str
) -> tuple[Layout, list[Question]]:
    """Return the layout of a table whose days have no year as its rows are read, and what is asked of it."""
    at, texts = layout.columns[Part.DATE], list[str]()
    for row in (row for block in blocks for row in block):
        cell = row.cells[at].strip() if at < len(row.cells) else ""
        if cell and _partly(cell) and cell not in texts[-1:] and len(texts) < _TEXTS_MAX:
            texts.append(cell)
    if not texts:
        return layout, []
    reading, asked = year_found(texts, stated, known, key)
    return replace(layout, read_day=reading, yearless=False), [] if asked is None else [asked]


def year_found(
    texts: Sequence[str], stated: Sequence[Parts], known: Known, key: str
) -> tuple[Yearless, Question | None]:
    """Return how days without a year are read, and what is asked where nothing tells their year.

    ``texts`` are the days of a file in its order, ``stated`` the whole days above its table.
    """
    years = sorted({day.year for parts in stated for day in parts.days.values()}, reverse=True)
    bounds = [day for parts in stated for day in parts.days.values()]
    within = [
        reading
        for year in years
        if len(stated) > 1 and (reading := Yearless(newest(texts, year))).ends and _all_within(texts, reading, bounds)
    ]
    if len(within) == 1:
        return within[0], None
    key = f"year-{key}"
    if said := known.says(key, *YEAR_WORDS):
        return Yearless(newest(texts, int(said.removeprefix("year-")))), None
    last = known.today.year if known.today is not None else _LEAP + _YEARS_ASKED
    asked = dict.fromkeys((*years, *range(last, last - _YEARS_ASKED, -1)))
    readings = [(year, Yearless(ends)) for year in asked if (ends := newest(texts, year))]
    if known.today is not None:
        soon = known.today + timedelta(31)
        readings = [(year, each) for year, each in readings if min(each.ends.values()) <= soon] or readings
    if not readings:
        return Yearless({}), None
    shown = list(dict.fromkeys((*texts[: _SHOWN - 1], texts[-1])))
    days = [(f"year-{year}", year, [_shown(each, text, texts) for text in shown]) for year, each in readings]
    return readings[0][1], questions.year_missing(key, shown, days)


def _all_within(texts: Sequence[str], reading: Yearless, bounds: Sequence[date]) -> bool:
    first, last = min(bounds) - timedelta(1), max(bounds) + timedelta(1)
    return any(
        all((parts := reading(text)) is None or first <= parts.days.get(order, first) <= last for text in texts)
        for order in reading.ends
    )


def _shown(reading: Yearless, text: str, texts: Sequence[str]) -> date | None:
    """Return a day in the order of parts that fits most."""
    order = max(reading.ends, key=lambda each: sum(each in _partly(text) for text in texts))
    parts = reading(text)
    return None if parts is None else parts.days.get(order)


def days_beside(blocks: Iterable[Block], layout: Layout) -> DayEvidence:
    """Return what the other columns of days of a table tell of the order in which it writes them."""
    found, dated = DayEvidence(), layout.columns.get(Part.DATE)
    parts = {number: said[0] for number, title in enumerate(layout.titles) if (said := part_of(title)) is not None}
    parts |= {number: part for part, number in layout.columns.items()}
    others = [number for number, part in parts.items() if part in _DAYS and number != dated]
    for block in blocks if others else ():
        for number in others:
            cells = [row.cells[number] for row in block if number < len(row.cells)]
            for text, times in Counter(cells).items():
                found.add(text, times)
    return found
