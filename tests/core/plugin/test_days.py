"""Moments become days by the source's clocks and cut-off hour: no hole, no overlap, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin.days import MIDNIGHT, DayRule, Days, read_cut_off

ZONES = (
    "America/Toronto", "America/St_Johns", "Europe/Paris", "Pacific/Auckland", "Pacific/Apia", "Pacific/Kiritimati",
    "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Etc/GMT+12", "UTC",
)  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
cut_offs = st.one_of(
    st.sampled_from([MIDNIGHT, time(2, 30), time(11, 59), time(12), time(23, 59)]),
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
)
moments = st.integers(631_152_000, 2_145_916_800).map(lambda second: datetime.fromtimestamp(second, UTC))
dates = st.dates(date(1990, 1, 3), date(2037, 12, 20))


@pytest.mark.parametrize("zone", ["America/Toronto", "Europe/Paris", "Pacific/Auckland"])
@pytest.mark.parametrize("year", [2025, 2026, 2028])
def test_pain_19_t1_half_past_eleven_in_the_evening_stays_on_its_day(zone: str, year: int) -> None:
    days = Days.of(ZoneInfo(zone))
    evening = datetime(year, 12, 31, 23, 30, tzinfo=ZoneInfo(zone))
    assert days.day_of(evening.astimezone(UTC)) == date(year, 12, 31)
    assert days.day_of(evening + timedelta(minutes=30)) == date(year + 1, 1, 1)
    # Both days on which the clocks change, told by their length.
    first = date(year, 1, 1)
    lengths = {
        day: days.end(day) - days.end(day - timedelta(1)) for day in (first + timedelta(each) for each in range(366))
    }
    changes = [day for day, length in lengths.items() if length != timedelta(days=1)]
    assert sorted(lengths[day] for day in changes) == [timedelta(hours=23), timedelta(hours=25)]
    for day in changes:
        assert days.day_of(datetime(day.year, day.month, day.day, 23, 30, tzinfo=ZoneInfo(zone))) == day
        assert days.day_of(datetime(day.year, day.month, day.day, 0, 30, tzinfo=ZoneInfo(zone))) == day


def test_pain_19_t1_utc_midnight_and_month_ends_go_by_the_sources_clocks() -> None:
    days = Days.of(ZoneInfo("America/Toronto"))
    assert days.day_of(datetime(2026, 3, 1, 0, 0, tzinfo=UTC)) == date(2026, 2, 28)
    assert days.day_of(datetime(2024, 3, 1, 4, 59, 59, tzinfo=UTC)) == date(2024, 2, 29)
    assert days.day_of(datetime(2024, 3, 1, 5, 0, tzinfo=UTC)) == date(2024, 3, 1)
    assert days.day_of(datetime(2026, 1, 1, 9, 0, tzinfo=timezone(timedelta(hours=14)))) == date(2025, 12, 31)


def test_pain_19_t2_a_cut_off_in_the_evening_ends_its_own_day_and_one_before_noon_the_day_before() -> None:
    toronto = ZoneInfo("America/Toronto")
    card, bar = Days.of(toronto, time(17)), Days.of(toronto, time(4))
    for hour, minute, of_card, of_bar in ((16, 59, 5, 5), (17, 0, 6, 5), (3, 59, 5, 4), (4, 0, 5, 5), (23, 59, 6, 5)):
        moment = datetime(2026, 3, 5, hour, minute, tzinfo=toronto)
        assert (card.day_of(moment).day, bar.day_of(moment).day) == (of_card, of_bar), moment
    # The hour that comes twice: its first end counts, and nothing goes back a day afterwards.
    night = Days.of(toronto, time(1, 30))
    first = datetime(2026, 11, 1, 1, 40, tzinfo=toronto)
    again = datetime(2026, 11, 1, 1, 10, fold=1, tzinfo=toronto)
    assert first.astimezone(UTC) < again.astimezone(UTC)
    assert [night.day_of(each) for each in (first, again)] == [date(2026, 11, 1)] * 2


@pytest.mark.parametrize("text", ["0:00", "00:00", "24:00"])
def test_midnight_is_written_both_ways_and_ends_the_calendar_day(text: str) -> None:
    assert read_cut_off(text) == MIDNIGHT
    days = Days.of(ZoneInfo("Europe/Paris"), read_cut_off(text))
    assert days.day_of(datetime(2026, 6, 30, 23, 59, 59, tzinfo=ZoneInfo("Europe/Paris"))) == date(2026, 6, 30)


@pytest.mark.parametrize("text", ["", "24:01", "25:00", "12", "12:5", "-1:00", "12:60", "a:bc", "١٢:٣٠", "12:00:00"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hour|minute"):
        read_cut_off(text)


def test_a_moment_without_offset_belongs_to_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Days.of(ZoneInfo("UTC")).day_of(datetime(2026, 3, 1))  # noqa: DTZ001


@settings(max_examples=150, deadline=None)
@given(zone=zones, cut_off=cut_offs, moment=moments)
def test_every_moment_lies_within_the_day_it_belongs_to(zone: ZoneInfo, cut_off: time, moment: datetime) -> None:
    days = Days.of(zone, cut_off)
    day = days.day_of(moment)
    assert days.end(day - timedelta(1)) <= moment < days.end(day)
    if cut_off == MIDNIGHT:
        assert day == moment.astimezone(zone).date()
    assert abs(day - moment.astimezone(zone).date()) <= timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(old=zones, new=zones, before=cut_offs, after=cut_offs, first=dates, moment=moments, step=st.integers(0, 10**6))
def test_a_change_of_rules_moves_no_day_before_it_and_leaves_no_hole(
    old: ZoneInfo, new: ZoneInfo, before: time, after: time, first: date, moment: datetime, step: int
) -> None:
    was, changed = Days.of(old, before), Days((DayRule(date.min, old, before), DayRule(first, new, after)))
    near = was.end(first - timedelta(1)) + timedelta(seconds=step - 500_000)
    for each in (moment, near):
        if was.day_of(each) < first:
            assert changed.day_of(each) == was.day_of(each)
        else:
            assert changed.day_of(each) >= first
    assert changed.day_of(near) <= changed.day_of(near + timedelta(seconds=step)), "days never go back"
