"""When data is expected and how late it is, over weekends, holidays and both clock changes (rule K1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from raccord_chase.settings import ChaseSettings
from raccord_chase.timing import (
    Lateness,
    deposits_overdue,
    expected_by,
    first_data_expected,
    funding_day,
    missing_from,
    status_of,
)

TORONTO = ZoneInfo("America/Toronto")


def chase(**settings: object) -> ChaseSettings:
    return ChaseSettings.model_validate({"merchant_id": "1", "input_kind": "upload", **settings})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO)


@pytest.mark.requirement("CH-16", "CH-39", "K1")
@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-09-01", "2026-09-03T00:00"),  # Tuesday: by the end of Wednesday
        ("2026-09-04", "2026-09-08T00:00"),  # Friday: no delivery on Saturday and Sunday
        ("2026-09-05", "2026-09-08T00:00"),
        ("2026-09-06", "2026-09-08T00:00"),
        ("2026-10-30", "2026-11-03T00:00"),  # over the night when the clock goes back
        ("2027-03-12", "2027-03-16T00:00"),  # over the night when it goes forward
    ],
)
def test_data_is_expected_by_the_end_of_the_next_delivery_day(day: str, due: str) -> None:
    assert expected_by(date.fromisoformat(day), chase(), TORONTO) == local(due)


def test_holidays_lag_and_delivery_days_are_settings() -> None:
    labour_day = chase(holidays=["2026-09-07"])
    assert expected_by(date(2026, 9, 4), labour_day, TORONTO) == local("2026-09-09T00:00")
    assert expected_by(date(2026, 9, 1), chase(delivery_lag_days=2), TORONTO) == local("2026-09-04T00:00")
    every_day = chase(delivery_days=[1, 2, 3, 4, 5, 6, 7])
    assert expected_by(date(2026, 9, 4), every_day, TORONTO) == local("2026-09-06T00:00")


@pytest.mark.requirement("CH-60", "CH-63", "CH-17", "K1")
def test_a_day_s_data_is_waited_for_then_late_then_missing_with_the_support_contact() -> None:
    day, settings = date(2026, 9, 1), chase(support_phone="1-800-555-0100")

    def at(moment: str, *, arrived: bool = False) -> Lateness:
        return status_of(day, arrived=arrived, now=local(moment), settings=settings, zone=TORONTO).state

    assert at("2026-09-02T23:59") is Lateness.NOT_YET_EXPECTED
    assert at("2026-09-03T00:00") is Lateness.LATE
    assert at("2026-09-03T23:59") is Lateness.LATE
    assert at("2026-09-04T00:00") is Lateness.MISSING
    assert at("2026-09-09T00:00", arrived=True) is Lateness.ARRIVED
    late = status_of(day, arrived=False, now=local("2026-09-03T08:00"), settings=settings, zone=TORONTO)
    assert (late.support_phone, late.reconnect) == ("", False)
    assert "within 24 hours" in late.text.en
    missing = status_of(day, arrived=False, now=local("2026-09-04T08:00"), settings=settings, zone=TORONTO)
    assert (missing.support_phone, missing.reconnect) == ("1-800-555-0100", True)
    assert "1-800-555-0100" in missing.text.fr
    assert "Reconnectez" in missing.text.fr


@pytest.mark.requirement("K1")
@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 10, 30), 24), (date(2026, 10, 31), 25), (date(2027, 3, 13), 24), (date(2026, 9, 1), 24)],
)
def test_nothing_counts_as_missing_sooner_than_24_hours_after_it_was_due(day: date, hours: int) -> None:
    every_day = chase(delivery_days=[1, 2, 3, 4, 5, 6, 7])
    day -= timedelta(days=1)
    due, missing = expected_by(day, every_day, TORONTO), missing_from(day, every_day, TORONTO)
    assert missing.astimezone(UTC) - due.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.requirement("CH-22", "CH-74", "CH-75")
@pytest.mark.parametrize("set_up", ["2026-10-31T15:00", "2027-03-13T15:00", "2026-09-01T15:00"])
def test_the_first_data_is_expected_exactly_24_hours_after_the_set_up(set_up: str) -> None:
    moment = local(set_up)
    first = first_data_expected(moment)
    assert first.astimezone(UTC) - moment.astimezone(UTC) == timedelta(hours=24)
    minute = timedelta(minutes=1)
    assert not deposits_overdue(moment, any_deposit=False, now=first.astimezone(UTC) - minute)
    assert deposits_overdue(moment, any_deposit=False, now=first.astimezone(UTC) + minute)
    assert not deposits_overdue(moment, any_deposit=True, now=first.astimezone(UTC) + minute)


@pytest.mark.parametrize(
    ("end", "days", "funded"),
    [
        ("2026-09-01", 1, "2026-09-02"),
        ("2026-09-04", 1, "2026-09-08"),
        ("2026-09-06", 1, "2026-09-08"),
        ("2026-09-01", 2, "2026-09-03"),
        ("2026-09-05", 0, "2026-09-08"),
        ("2026-09-01", 0, "2026-09-01"),
    ],
)
def test_money_arrives_so_many_business_days_after_the_report_ends(end: str, days: int, funded: str) -> None:
    settings = chase(funding_days=days, holidays=["2026-09-07"])
    assert funding_day(date.fromisoformat(end), settings) == date.fromisoformat(funded)
