"""Setting a till up as a source, on a day of one's choice."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection
from raccord.store.models import Company

TORONTO = ZoneInfo("America/Toronto")


def till_of(company: Company, number: str) -> NewConnection:
    return NewConnection(
        company_id=company.id,
        connector="till",
        values={"till": number, "code": "canary-7731"},
        starts_on=date(2026, 3, 1),
    )


def on(clock: FixedClock, day: str, hour: int = 12) -> None:
    """Wind the clock to an hour of a day in Toronto."""
    clock.set(datetime.fromisoformat(day).replace(hour=hour, tzinfo=TORONTO))
