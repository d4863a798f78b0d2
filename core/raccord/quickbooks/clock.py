"""Time as the QuickBooks package needs it, so that tests can wind it by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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


SYSTEM_CLOCK = SystemClock()
