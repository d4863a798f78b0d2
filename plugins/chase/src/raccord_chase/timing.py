"""When data and money are expected, and how late they are (rule K1).

A day's data is expected by the end of the day after it, in the merchant's time zone; a day without delivery moves that
to the end of the next delivery day. Then it is late; a day later, and never sooner than 24 hours, it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from raccord.plugin import Text
from raccord_chase.settings import ChaseSettings

_SEARCH_DAYS_MAX = 1000
"""Holidays are at most 500, so a delivery day is found long before."""


class Lateness(StrEnum):
    """How a day's data stands; ``late`` is amber, ``missing`` is red."""

    ARRIVED = "arrived"
    NOT_YET_EXPECTED = "not_yet_expected"
    LATE = "late"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DayStatus:
    """What to tell a person about a day's data; ``support`` and ``reconnect`` are shown only when it is missing."""

    state: Lateness
    expected_by: datetime
    text: Text
    support_phone: str = ""
    reconnect: bool = False


def expected_by(day: date, settings: ChaseSettings, zone: ZoneInfo) -> datetime:
    """Return the moment by which the data of ``day`` is expected: a midnight of the merchant, aware."""
    due = day + timedelta(days=settings.delivery_lag_days)
    for _ in range(_SEARCH_DAYS_MAX):
        if due.isoweekday() in settings.delivery_days and due not in settings.holidays:
            break
        due += timedelta(days=1)
    return end_of(due, zone)


def missing_from(day: date, settings: ChaseSettings, zone: ZoneInfo) -> datetime:
    """Return when late data of ``day`` counts as missing: the end of the next day, at least 24 hours after it was due.

    The two differ by an hour where the clock changes between them; the later one holds, so nobody is sent to support
    too soon.
    """
    due = expected_by(day, settings, zone)
    next_midnight = datetime.combine(due.date() + timedelta(days=1), time(), zone)
    return max(next_midnight, _plus_24_hours(due))


def status_of(day: date, *, arrived: bool, now: datetime, settings: ChaseSettings, zone: ZoneInfo) -> DayStatus:
    """Tell how the data of ``day`` stands at ``now`` (aware), with the sentence to show."""
    due = expected_by(day, settings, zone)
    if arrived:
        return DayStatus(Lateness.ARRIVED, due, Text(f"Données du {day} reçues.", f"Data of {day} arrived."))
    if now.astimezone(UTC) < due.astimezone(UTC):
        return DayStatus(
            Lateness.NOT_YET_EXPECTED,
            due,
            Text(f"Données du {day} attendues d’ici le {_fr(due)}.", f"Data of {day} expected by {_en(due)}."),
        )
    if now.astimezone(UTC) < missing_from(day, settings, zone).astimezone(UTC):
        return DayStatus(
            Lateness.LATE,
            due,
            Text(
                f"Les données du {day} sont en retard (attendues d’ici le {_fr(due)}). Vérifiez de nouveau dans 24 h.",
                f"The data of {day} is late (expected by {_en(due)}). Check again within 24 hours.",
            ),
        )
    phone = settings.support_phone
    return DayStatus(
        Lateness.MISSING,
        due,
        Text(
            f"Les données du {day} manquent plus de 24 h après leur échéance. Reconnectez la source "
            f"(Gérer → lien d’autorisation), puis appelez le soutien de Chase au {phone}.",
            f"The data of {day} is missing more than 24 hours after it was due. Reconnect the source "
            f"(Manage → authorisation link), then call Chase support at {phone}.",
        ),
        support_phone=phone,
        reconnect=True,
    )


def first_data_expected(set_up: datetime) -> datetime:
    """Return when the first data is expected after the set-up (aware): 24 hours later, whatever the clock does."""
    return _plus_24_hours(set_up)


def deposits_overdue(set_up: datetime, *, any_deposit: bool, now: datetime) -> bool:
    """Tell whether 24 hours have passed since the set-up without a deposit, so that support is shown."""
    return not any_deposit and now.astimezone(UTC) > first_data_expected(set_up).astimezone(UTC)


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


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the midnight that ends ``day`` in ``zone``."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _is_business_day(day: date, settings: ChaseSettings) -> bool:
    return day.isoweekday() <= 5 and day not in settings.holidays


def _plus_24_hours(moment: datetime) -> datetime:
    # Through UTC: adding to a local time would give 23 or 25 hours where the clock changes.
    return (moment.astimezone(UTC) + timedelta(hours=24)).astimezone(moment.tzinfo)


def _fr(due: datetime) -> str:
    return f"{due.date() - timedelta(days=1)} à minuit"


def _en(due: datetime) -> str:
    return f"the end of {due.date() - timedelta(days=1)}"
