"""When data is expected and how late it is, over weekends, holidays and both clock changes (rule K1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from raccord.onboarding.arriving.freshness import (
    Lateness,
    expected_by,
    first_data_expected,
    first_data_overdue,
    missing_from,
    status_of,
    watched_day,
)
from raccord.plugin import Delivery

TORONTO = ZoneInfo("America/Toronto")
WEEKDAYS = frozenset({1, 2, 3, 4, 5})
MINUTE = timedelta(minutes=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO)


@pytest.mark.requirement("CH-16", "CH-39", "K1")
@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-09-01", "2026-09-03T00:00"),  # Tuesday: by the end of Wednesday
        ("2026-09-04", "2026-09-08T00:00"),  # Friday: nothing is delivered on Saturday and Sunday
        ("2026-09-05", "2026-09-08T00:00"),
        ("2026-09-06", "2026-09-08T00:00"),
        ("2026-10-30", "2026-11-03T00:00"),  # over the night when the clock goes back
        ("2027-03-12", "2027-03-16T00:00"),  # over the night when it goes forward
    ],
)
def test_data_is_expected_by_the_end_of_the_next_delivery_day(day: str, due: str) -> None:
    assert expected_by(date.fromisoformat(day), Delivery(weekdays=WEEKDAYS), TORONTO) == local(due)


@pytest.mark.requirement("K1")
def test_a_source_says_its_own_lag_delivery_days_and_holidays() -> None:
    friday = date(2026, 9, 4)
    labour_day = Delivery(weekdays=WEEKDAYS, holidays=frozenset({date(2026, 9, 7)}))

    assert expected_by(friday, labour_day, TORONTO) == local("2026-09-09T00:00")
    assert expected_by(friday, Delivery(), TORONTO) == local("2026-09-06T00:00")
    assert expected_by(friday, Delivery(lag_days=0), TORONTO) == local("2026-09-05T00:00")
    assert expected_by(friday, Delivery(lag_days=3), TORONTO) == local("2026-09-08T00:00")


@pytest.mark.requirement("CH-60", "CH-63", "K1")
def test_data_is_waited_for_then_late_then_missing_and_each_says_what_to_do() -> None:
    day, delivery = date(2026, 9, 1), Delivery()

    def at(moment: str, *, arrived: bool = False) -> Lateness:
        return status_of(day, arrived=arrived, now=local(moment), delivery=delivery, zone=TORONTO).state

    assert at("2026-09-02T23:59") is Lateness.NOT_YET_EXPECTED
    assert at("2026-09-03T00:00") is Lateness.LATE
    assert at("2026-09-03T23:59") is Lateness.LATE
    assert at("2026-09-04T00:00") is Lateness.MISSING
    assert at("2026-09-09T00:00", arrived=True) is Lateness.ARRIVED
    late = status_of(day, arrived=False, now=local("2026-09-03T08:00"), delivery=delivery, zone=TORONTO)
    assert not late.alarming
    assert "d'ici la fin du 2026-09-02" in late.text.fr
    assert "Check again within 24 hours" in late.text.en
    missing = status_of(day, arrived=False, now=local("2026-09-04T08:00"), delivery=delivery, zone=TORONTO)
    assert missing.alarming
    assert "Reliez de nouveau" in missing.text.fr


@pytest.mark.requirement("K1")
@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 10, 29), 24),
        (date(2026, 10, 30), 25),  # due at the midnight before the clock goes back
        (date(2027, 3, 12), 24),  # due at the midnight before it goes forward: the next one is 23 hours away
        (date(2026, 9, 1), 24),
    ],
)
def test_nothing_counts_as_missing_sooner_than_24_hours_after_it_was_due(day: date, hours: int) -> None:
    due, missing = expected_by(day, Delivery(), TORONTO), missing_from(day, Delivery(), TORONTO)

    assert missing.astimezone(UTC) - due.astimezone(UTC) == timedelta(hours=hours)
    before = status_of(day, arrived=False, now=missing.astimezone(UTC) - MINUTE, delivery=Delivery(), zone=TORONTO)
    assert before.state is Lateness.LATE


@pytest.mark.requirement("CH-22", "CH-74", "CH-75")
@pytest.mark.parametrize("set_up", ["2026-10-31T15:00", "2027-03-13T15:00", "2026-09-01T15:00"])
def test_the_first_data_is_expected_exactly_24_hours_after_the_set_up(set_up: str) -> None:
    moment = local(set_up)
    first = first_data_expected(moment)

    assert first.astimezone(UTC) - moment.astimezone(UTC) == timedelta(hours=24)
    assert not first_data_overdue(moment, arrived=False, now=first.astimezone(UTC) - MINUTE)
    assert first_data_overdue(moment, arrived=False, now=first.astimezone(UTC) + MINUTE)
    assert not first_data_overdue(moment, arrived=True, now=first.astimezone(UTC) + MINUTE)


def test_the_day_that_is_waited_for_follows_the_newest_and_skips_days_without_data() -> None:
    start, closed_on_sunday = date(2026, 9, 1), Delivery(active_weekdays=frozenset(range(1, 7)))

    assert watched_day(None, start, Delivery()) == start
    assert watched_day(date(2026, 8, 20), start, Delivery()) == start
    assert watched_day(date(2026, 9, 5), start, Delivery()) == date(2026, 9, 6)
    assert watched_day(date(2026, 9, 5), start, closed_on_sunday) == date(2026, 9, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lag_days": -1},
        {"lag_days": 61},
        {"weekdays": frozenset()},
        {"weekdays": frozenset({0})},
        {"active_weekdays": frozenset({8})},
        {"holidays": frozenset(date(2026, 1, 1) + timedelta(days=each) for each in range(1001))},
    ],
)
def test_impossible_deliveries_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"lag_days|weekdays|holidays"):
        Delivery(**wrong)  # type: ignore[arg-type]  # wrong on purpose
