"""A connection's days: the rules it was given, as one mechanism for core and connectors.

The day of a record is its source's, never the QuickBooks company's or this machine's: QuickBooks dates carry no time
zone, and a merchant's statement, settlement and proof go by the merchant's day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from raccord.plugin.days import DayRule, Days, read_cut_off
from raccord.store.models import Connection


def days_of(connection: Connection) -> Days:
    """Return the rules by which a connection's moments become days."""
    rules = [
        DayRule(date.fromisoformat(each["from"]), ZoneInfo(each["time_zone"]), read_cut_off(each["cut_off"]))
        for each in connection.earlier_days
    ]
    newest = DayRule(connection.days_from or date.min, ZoneInfo(connection.time_zone), read_cut_off(connection.cut_off))
    return Days((*rules, newest))


def today_of(connection: Connection, now: datetime) -> date:
    """Return the day that a connection is in."""
    return days_of(connection).day_of(now)


def around(first: date, last: date, apart: int) -> tuple[date, date]:
    """Return first and last of the days no further than some from others, as far as the calendar goes."""
    earlier, later = min(apart, (first - date.min).days), min(apart, (date.max - last).days)
    return first - timedelta(earlier), last + timedelta(later)


def months(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return first and last day of the months that these days lie in, in order: memory and answers stay bounded, and a
    date that a source got wrong by centuries costs one month, not all those between.
    """
    found = sorted({(day.year, day.month) for day in days})
    return [(date(year, month, 1), date(year, month, monthrange(year, month)[1])) for year, month in found]
