"""The sandbox's only source of time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?")


class SandboxClock:
    """Tells the time, real or frozen, and can be moved forward or back by a test or by the lab."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        if frozen_at is not None and frozen_at.tzinfo is None:
            raise ValueError("a frozen clock needs a time with a zone")
        self._frozen_at = frozen_at
        self._offset = timedelta()
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        base = datetime.now(UTC) if self._frozen_at is None else self._frozen_at
        return (base + self._offset).astimezone(UTC)

    def today(self) -> date:
        """Return the server's date, which is that of the US Pacific zone."""
        return self.now().astimezone(PACIFIC).date()

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step`; a negative step moves it back."""
        with self._lock:
            self._offset += step


def stamp(moment: datetime) -> str:
    """Return `moment` as MetaData writes it: Pacific offset, no fraction."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def precise_stamp(moment: datetime) -> str:
    """Return `moment` as the envelope writes it: Pacific offset, milliseconds."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def moment_of(text: str) -> datetime | None:
    """Return the instant that a request names, None where it names none; without offset it is the server's time."""
    if not MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
