"""Which time zones are offered, and in which order."""

from __future__ import annotations

import pytest

from raccord.sync import zones
from raccord.sync.zones import zone_groups


@pytest.mark.parametrize(
    ("country", "first"),
    [
        ("", "America/Toronto"), ("CA", "America/Toronto"), ("us", "America/New_York"), ("FR", "Europe/Paris"),
        ("HK", "Asia/Hong_Kong"), ("??", "America/Toronto"),
    ],
)  # fmt: skip
def test_the_likely_zones_of_a_country_come_first_and_each_zone_once(country: str, first: str) -> None:
    likely, *regions = zone_groups(country)
    assert likely.region == ""
    assert likely.names[0] == first
    assert len(likely.names) < 20
    assert [each.region for each in regions][:3] == ["Africa", "America", "Antarctica"]
    every = [name for each in (likely, *regions) for name in each.names]
    assert len(every) == len(set(every)) > 400
    assert all(name.startswith(f"{each.region}/") for each in regions for name in each.names)


def test_what_is_kept_and_what_the_machine_keeps_are_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    likely = zone_groups("CA", "America/Montreal", "")[0].names
    assert likely[:2] == ["America/Montreal", "America/Toronto"], "a name of old that somebody chose"
    assert likely[-1] == "Asia/Tokyo"
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    assert zones.zone_groups("CA")[0].names[-1] != "EST5EDT,M3.2.0,M11.1.0"
