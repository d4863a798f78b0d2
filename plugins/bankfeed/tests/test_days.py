"""Days as tables write them: names of months, days counted by spreadsheets, days without a year."""

from __future__ import annotations

from datetime import date

import pytest

from raccord_bankfeed.readers.days import parts_of


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("15 de marzo de 2026", date(2026, 3, 15)),
        ("15 de março de 2026", date(2026, 3, 15)),
        ("15 out 2026", date(2026, 10, 15)),
        ("1er août 2026", date(2026, 8, 1)),
        ("15. März 26", date(2026, 3, 15)),
        ("March 3rd, 2026", date(2026, 3, 3)),
        ("15 augusti 2026", date(2026, 8, 15)),
        ("3. května 2026", date(2026, 5, 3)),
        ("4 października 2026", date(2026, 10, 4)),
        ("12 Ağustos 2026", date(2026, 8, 12)),
        ("5 май 2026", date(2026, 5, 5)),
    ],
)
def test_months_are_known_by_their_names(text: str, day: date) -> None:
    parts = parts_of(text)
    assert parts is not None
    assert set(parts.days.values()) == {day}


@pytest.mark.parametrize("text", ["15 listopada 2026", "2 the 2026", "100 de 2026", "12Abc34"])
def test_what_names_no_month_or_two_is_no_day(text: str) -> None:
    assert parts_of(text) is None
