"""Time as the product sees it, so that a test can wind it by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


def written(moment: datetime, zone: str) -> str:
    """Return a moment for plain text, to the minute, by the clocks of a zone it names: the only way there is."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


class Clock(Protocol):
    """Says the hour, measures spans and waits; spans are whole milliseconds."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def elapsed_ms(self) -> int:
        """Return milliseconds since an arbitrary moment; never goes back, even when the hour is corrected."""
        ...

    def sleep_ms(self, span_ms: int) -> None:
        """Wait for ``span_ms`` milliseconds."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def sleep_ms(self, span_ms: int) -> None:
        time.sleep(span_ms / 1000)


class FixedClock:
    """A clock that stands still until it is told otherwise; sleeping moves it and returns at once."""

    def __init__(self, now: datetime) -> None:
        self._elapsed_ms = 0
        self.set(now)

    def now(self) -> datetime:
        return self._now

    def elapsed_ms(self) -> int:
        return self._elapsed_ms

    def sleep_ms(self, span_ms: int) -> None:
        self.advance(timedelta(milliseconds=span_ms))

    def advance(self, span: timedelta) -> None:
        """Let ``span`` pass."""
        if span < timedelta(0):
            raise ValueError("time that passes is not negative; correct the hour with set()")
        self._now += span
        self._elapsed_ms += span // timedelta(milliseconds=1)

    def set(self, now: datetime) -> None:
        """Correct the hour, forwards or back; no time passes."""
        if now.tzinfo is None:
            raise ValueError("the hour needs its time zone")
        self._now = now.astimezone(UTC)
