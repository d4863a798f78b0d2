"""One clock for several processes, which runs as the machine's does, or faster."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from raccord_sandbox.clock import SandboxClock


class FastClock:
    """The machine's monotonic clock, the same in every process that is told when it began, at another date."""

    def __init__(self, start: datetime, speed: float, begun_ns: int) -> None:
        self.start = start
        self.speed = speed
        self.begun_ns = begun_ns

    def now(self) -> datetime:
        return self.start + timedelta(microseconds=(time.monotonic_ns() - self.begun_ns) * self.speed / 1_000)

    def elapsed_ms(self) -> int:
        return int((time.monotonic_ns() - self.begun_ns) * self.speed / 1_000_000)

    def sleep_ms(self, span_ms: int) -> None:
        time.sleep(span_ms / 1_000 / self.speed)


class SandboxOn(SandboxClock):
    """Tells the sandbox the time of another clock."""

    def __init__(self, clock: FastClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()
