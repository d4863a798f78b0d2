"""When a connection's data and money are expected, as its settings say; core does the arithmetic of lateness (K1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pydantic import BaseModel

from raccord.plugin import JSON, Contact, CoveredDays, Delivery, Text
from raccord_chase.settings import ChaseSettings

SUPPORT = Text("Soutien de Chase", "Chase support")
_SEARCH_DAYS_MAX = 1000
"""Holidays are at most 500, so a business day is found long before."""


def delivery_of(settings: BaseModel) -> Delivery:
    """Return when data is expected and whom to call when it does not come."""
    if not isinstance(settings, ChaseSettings):
        raise TypeError("the settings of another connector")
    return Delivery(
        lag_days=settings.delivery_lag_days,
        weekdays=settings.delivery_days,
        holidays=settings.holidays,
        deposit_stream="settlements",
        contacts=(Contact(SUPPORT, phone=settings.support_phone),),
    )


def funding_day(period_end: date, settings: ChaseSettings) -> date:
    """Return the day on which the money of a report reaches the bank: so many business days after its end."""
    day = period_end
    left = settings.funding_days
    for _ in range(_SEARCH_DAYS_MAX):
        if left == 0 and _is_business_day(day, settings):
            break
        day += timedelta(days=1)
        if left and _is_business_day(day, settings):
            left -= 1
    return day


def reported_days(settings: Mapping[str, object], day: date, raw: Mapping[str, JSON]) -> CoveredDays | None:
    """Return the days that a record of the reports received tells of."""
    first, last = raw.get("first"), raw.get("last")
    if not isinstance(first, str) or not isinstance(last, str):
        return None
    return CoveredDays(first=date.fromisoformat(first), last=date.fromisoformat(last))


def _is_business_day(day: date, settings: ChaseSettings) -> bool:
    return day.isoweekday() <= 5 and day not in settings.holidays
