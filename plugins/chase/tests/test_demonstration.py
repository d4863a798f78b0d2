"""The demonstration's story ends just before the day it is first started on, and stays as it was told then."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from raccord_chase.sandbox import Merchant, demo
from raccord_chase.sandbox.demonstration import BEFORE_KEPT, KEPT
from raccord_chase.sandbox.story import business_day_after

DAY = timedelta(days=1)
FIRST = date(2026, 11, 30)


@pytest.mark.parametrize("ahead", [*range(8), 31, 32, 90, 456, 457, 2_650])
def test_all_of_a_story_until_a_day_came_by_then_and_its_next_day_is_not_late(ahead: int) -> None:
    today = FIRST + ahead * DAY
    merchant = Merchant.until(today, days=20)
    newest = merchant.reports[-1]
    assert newest.end == merchant.start + 19 * DAY
    assert max(newest.delivered, newest.funded) <= today
    assert business_day_after(newest.end + DAY, frozenset()) >= today, "the day whose data comes next is late"


def test_a_later_start_finds_the_story_that_was_told_first(tmp_path: Path) -> None:
    left = tmp_path / "chase.part" / "of-a-start-that-was-killed"
    left.parent.mkdir()
    left.touch()
    first = demo(tmp_path / "chase", FIRST)
    files = {path.name: path.read_bytes() for path in (tmp_path / "chase").iterdir()}
    assert first.last_day == FIRST, "the last deposit is of the day itself, a Monday"
    assert first.unpaid is not None
    assert first.unpaid(FIRST - DAY) > 0 == first.unpaid(FIRST)
    again = demo(tmp_path / "chase", date(2027, 6, 1))
    assert (again.starts_on, again.last_day) == (first.starts_on, first.last_day)
    assert {path.name: path.read_bytes() for path in (tmp_path / "chase").iterdir()} == files
    assert left.name not in files
    (tmp_path / "chase" / KEPT).unlink()
    assert demo(tmp_path / "chase", FIRST).starts_on == BEFORE_KEPT, "a folder of before"
