"""Periods: fiscal years, the words for date ranges, and a range cut into columns."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import FaultError

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
UNITS = {"month": 1, "quarter": 3, "year": 12}
MACRO = re.compile(
    r"(?P<which>this|last|next) (?:(?P<kind>fiscal|calendar) )?(?P<unit>week|month|quarter|year)(?P<cut>-to-date)?"
)
ALL = ("1900-01-01", "9999-12-31")


@dataclass(frozen=True, slots=True)
class Span:
    """Some days in a row, both ends included, with the title of their column."""

    first: str
    last: str
    title: str = "Total"


def first_month(company: Company) -> int:
    """Return the month in which the fiscal year begins, from 1."""
    info = company.get("CompanyInfo", "1") or {}
    return MONTHS.index(info.get("FiscalYearStartMonth", "January")) + 1


def fiscal_year_start(company: Company, day: str) -> str:
    """Return the first day of the fiscal year that holds `day`."""
    return _begin(date.fromisoformat(day), "year", first_month(company)).isoformat()


def of_macro(company: Company, macro: str) -> Span:
    """Return the days that words such as *This Fiscal Quarter-to-date* mean today. Raises 2170 for other words."""
    words = " ".join(macro.lower().split())
    today = company.clock.today()
    match words:
        case "today":
            return _span(today, today)
        case "yesterday":
            return _span(today - timedelta(days=1), today - timedelta(days=1))
        case "all" | "all dates":
            return Span(*ALL)
        case "next 4 weeks":
            begin = _shift(_begin(today, "week", 1), "week", 1)
            return _span(begin, begin + timedelta(days=27))
    found = MACRO.fullmatch(words)
    if found is None or (found["which"] == "next" and found["cut"]):
        raise FaultError(2170, f"Invalid Enumeration : date_macro cannot be {macro}", "date_macro")
    unit, steps = found["unit"], {"this": 0, "last": -1, "next": 1}[found["which"]]
    month = 1 if found["kind"] == "calendar" else first_month(company)
    begin = _shift(_begin(today, unit, month), unit, steps)
    end = _shift(begin, unit, 1) - timedelta(days=1)
    return _span(begin, min(end, _shift(today, unit, steps)) if found["cut"] else end)


def cut(company: Company, first: str, last: str, unit: str) -> list[Span]:
    """Cut a range into days, weeks, months, quarters or years, the outer ones where it begins and ends."""
    day, end, month = date.fromisoformat(first), date.fromisoformat(last), first_month(company)
    spans = []
    while day <= end:
        following = _shift(_begin(day, unit, month), unit, 1)
        spans.append(_titled(day, min(following - timedelta(days=1), end), unit))
        day = following
    return spans


def count(first: str, last: str, unit: str) -> int:
    """Return about how many columns a range has, without making them."""
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return days // {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[unit] + 1


def _begin(day: date, unit: str, month: int) -> date:
    """Return the first day of the unit that holds `day`; weeks begin on Sunday."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    return _add_months(day.replace(day=1), -((day.month - month) % UNITS[unit]))


def _shift(day: date, unit: str, steps: int) -> date:
    if unit in ("day", "week"):
        return day + timedelta(days=steps * (7 if unit == "week" else 1))
    return _add_months(day, steps * UNITS[unit])


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _span(first: date, last: date) -> Span:
    return Span(first.isoformat(), last.isoformat())


def _titled(first: date, last: date, unit: str) -> Span:
    short = [MONTHS[day.month - 1][:3] for day in (first, last)]
    whole = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    if unit == "day":
        title = f"{short[0]} {first.day}, {first.year}"
    elif unit == "month" and whole:
        title = f"{short[0]} {first.year}"
    elif unit in ("quarter", "year") and whole:
        title = f"{short[0]} - {short[1]}, {last.year}"
    elif first.month == last.month:
        title = f"{short[0]} {first.day} - {last.day}, {first.year}"
    else:
        title = f"{short[0]} {first.day} - {short[1]} {last.day}, {last.year}"
    return Span(first.isoformat(), last.isoformat(), title)
