"""Values of a provider's JSON, read one row at a time: texts, amounts and days, or why a row cannot be used."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.days import day_of
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.values import PLAIN_AMOUNT

Row = Mapping[str, object]

_EPOCH = date(1970, 1, 1)
_SECONDS_A_DAY = 86_400
_DAYS_MAX = 60_000
_TEXT_CHARS_MAX = 4000


def text(row: Row, name: str) -> str:
    """Return a value as one line of text; nothing where it is absent or no plain value."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return " ".join(str(value).split())[:_TEXT_CHARS_MAX]


def amount(row: Row, name: str) -> Decimal:
    """Return an exact amount, written as a text or a number."""
    said = text(row, name)
    if not said:
        raise RowFault(text_faults.amount_missing(name))
    if PLAIN_AMOUNT.fullmatch(said) is None:
        raise RowFault(text_faults.amount_unreadable(name, said))
    return Decimal(said)


def day_of_seconds(row: Row, name: str) -> date | None:
    """Return the day of Unix seconds as the source counts days, in UTC: never shifted. Nothing where it is 0."""
    said = text(row, name)
    if not said or said == "0":
        return None
    if not (said.isascii() and said.isdigit()) or int(said) // _SECONDS_A_DAY > _DAYS_MAX:
        raise RowFault(text_faults.date_impossible(name, said))
    day = _EPOCH + timedelta(int(said) // _SECONDS_A_DAY)
    if day_of(day.year, day.month, day.day) is None:
        raise RowFault(text_faults.date_impossible(name, said))
    return day


def seconds_of(day: date) -> int:
    """Return the Unix seconds at which a day begins, in UTC."""
    return (day - _EPOCH).days * _SECONDS_A_DAY


def iso_day(row: Row, name: str) -> date:
    """Return the day of a text that begins YYYY-MM-DD, as it is written."""
    said = text(row, name)
    if not said:
        raise RowFault(text_faults.date_missing(name))
    try:
        day = date.fromisoformat(said[:10])
    except ValueError:
        raise RowFault(text_faults.date_impossible(name, said)) from None
    if day_of(day.year, day.month, day.day) is None:
        raise RowFault(text_faults.date_impossible(name, said))
    return day


def rows_of(value: object) -> Sequence[object]:
    """Return a list's rows; none where it is no list."""
    return value if isinstance(value, list) else ()


def row_of(value: object) -> Row:
    """Return an object's members; none where it is no object."""
    return value if isinstance(value, dict) else {}


def flat(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and values of a row as texts, to be kept as they came."""
    names = tuple(row)
    return names, (*(_plain(row[name]) for name in names), "")


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value[:_TEXT_CHARS_MAX]
        case _:
            return json.dumps(value, default=str, sort_keys=True)[:_TEXT_CHARS_MAX]
