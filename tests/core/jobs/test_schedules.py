"""When a schedule is due, over both clock changes of three zones that change their clocks differently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raccord.jobs.errors import JobError
from raccord.jobs.schedules import next_at, set_schedule, slot_of
from raccord.store.models import Schedule

TORONTO, PARIS, LORD_HOWE = "America/Toronto", "Europe/Paris", "Australia/Lord_Howe"


def due(cron: str, zone: str, start: str, count: int) -> list[str]:
    """Return the next due times on the zone's wall, with the clock's name so that a repeated hour can be told."""
    moment, found = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), []
    for _ in range(count):
        moment = next_at(cron, zone, moment)
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("zone", "cron", "start", "expected"),
    [
        (TORONTO, "30 2 * * *", "2025-03-08 00:00", ["03-08 02:30 -0500", "03-09 03:30 -0400", "03-10 02:30 -0400"]),
        (PARIS, "30 2 * * *", "2025-03-29 00:00", ["03-29 02:30 +0100", "03-30 03:30 +0200", "03-31 02:30 +0200"]),
        (LORD_HOWE, "15 2 * * *", "2025-10-04 00:00", ["10-04 02:15 +1030", "10-05 02:45 +1100", "10-06 02:15 +1100"]),
    ],
)
def test_an_hour_that_clocks_skip_leaves_no_day_out(zone, cron, start, expected):
    assert due(cron, zone, start, 3) == expected


@pytest.mark.parametrize(
    ("zone", "cron", "start", "expected"),
    [
        (TORONTO, "30 1 * * *", "2025-11-01 12:00", ["11-02 01:30 -0400", "11-03 01:30 -0500"]),
        (PARIS, "30 2 * * *", "2025-10-25 12:00", ["10-26 02:30 +0200", "10-27 02:30 +0100"]),
        (LORD_HOWE, "45 1 * * *", "2025-04-05 12:00", ["04-06 01:45 +1100", "04-07 01:45 +1030"]),
    ],
)
def test_an_hour_that_clocks_repeat_counts_once(zone, cron, start, expected):
    assert due(cron, zone, start, 2) == expected


def test_an_hourly_schedule_goes_straight_over_both_changes():
    assert due("0 * * * *", TORONTO, "2025-03-09 00:30", 3) == [
        "03-09 01:00 -0500",
        "03-09 03:00 -0400",
        "03-09 04:00 -0400",
    ]
    assert due("0 * * * *", TORONTO, "2025-11-02 00:30", 3) == [
        "11-02 01:00 -0400",
        "11-02 02:00 -0500",
        "11-02 03:00 -0500",
    ]


def test_a_gap_of_half_an_hour_keeps_the_order_of_what_it_moves():
    assert due("10,35 2 * * *", LORD_HOWE, "2025-10-05 01:00", 3) == [
        "10-05 02:35 +1100",
        "10-05 02:40 +1100",
        "10-06 02:10 +1100",
    ]


def test_looking_from_inside_the_moved_or_repeated_hour_finds_the_right_day():
    just_after_the_gap = datetime(2025, 3, 9, 7, 10, tzinfo=UTC)  # 03:10 in Toronto
    assert next_at("30 2 * * *", TORONTO, just_after_the_gap) == datetime(2025, 3, 9, 7, 30, tzinfo=UTC)
    in_the_second_pass = datetime(2025, 11, 2, 6, 20, tzinfo=UTC)  # 01:20 for the second time
    assert next_at("30 1 * * *", TORONTO, in_the_second_pass) == datetime(2025, 11, 3, 6, 30, tzinfo=UTC)


def test_both_passes_of_a_repeated_hour_are_one_slot():
    first, second = datetime(2025, 11, 2, 5, 30, tzinfo=UTC), datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
    assert slot_of("c1", TORONTO, first) == slot_of("c1", TORONTO, second) == "c1:2025-11-02T01:30"
    assert slot_of("c1", PARIS, first) != slot_of("c1", PARIS, second)


@given(
    st.sampled_from([TORONTO, PARIS, LORD_HOWE]),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - turned into UTC below
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_a_daily_schedule_is_due_once_on_every_day(zone, start, hour, minute):
    after = start.replace(tzinfo=UTC)
    first = next_at(f"{minute} {hour} * * *", zone, after)
    second = next_at(f"{minute} {hour} * * *", zone, first)
    assert after < first <= after + timedelta(hours=26)
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in (first, second)]
    assert days[1] - days[0] == timedelta(days=1)


@pytest.mark.parametrize("cron", ["", "often", "* * * *", "0 0 6 * * *", "61 * * * *", "0 0 30 2 *", "H * * * *"])
def test_a_line_that_names_no_time_is_refused_with_an_example(cron):
    with pytest.raises(JobError, match="0 6 \\* \\* \\*") as caught:
        next_at(cron, TORONTO, datetime(2025, 3, 3, tzinfo=UTC))
    assert caught.value.code == "jobs.cron"
    assert cron in caught.value.text.fr


@pytest.mark.parametrize("zone", ["", "Québec", "../etc/passwd", "America", "Mars/Base"])
def test_a_time_zone_nobody_knows_is_refused(zone):
    with pytest.raises(JobError) as caught:
        next_at("0 6 * * *", zone, datetime(2025, 3, 3, tzinfo=UTC))
    assert caught.value.code == "jobs.time_zone"


def test_a_schedule_is_kept_with_its_first_due_time_and_can_be_replaced(house, connection, clock):
    first = set_schedule(house.database, connection, "0 6 * * *", TORONTO, clock=clock)
    assert first == datetime(2025, 3, 4, 11, tzinfo=UTC)
    set_schedule(house.database, connection, "@daily", PARIS, clock=clock, enabled=False)
    with house.database.read() as session:
        (schedule,) = session.query(Schedule).all()
        assert (schedule.cron, schedule.time_zone, schedule.enabled, schedule.next_at) == (
            "@daily",
            PARIS,
            False,
            None,
        )


def test_a_schedule_needs_a_connection_that_exists(house, clock):
    with pytest.raises(JobError) as caught:
        set_schedule(house.database, "nowhere", "0 6 * * *", TORONTO, clock=clock)
    assert caught.value.code == "jobs.unknown_connection"
