"""A limit to how often something may happen: so many times within a minute, counted in this process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock

TIMES = 10
WINDOW_MS = 60_000


@dataclass(slots=True)
class Throttle:
    """Counts what went wrong, or what was taken; safe to use from several threads."""

    times: int = TIMES
    _at_ms: deque[int] = field(init=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._at_ms = deque(maxlen=self.times)

    def closed(self, now_ms: int) -> bool:
        """Tell whether the limit is reached, so that nothing more is tried for now."""
        with self._lock:
            return self._full(now_ms)

    def taken(self, now_ms: int) -> bool:
        """Take one and return true, or false where the limit is reached."""
        with self._lock:
            if self._full(now_ms):
                return False
            self._at_ms.append(now_ms)
            return True

    def failed(self, now_ms: int) -> None:
        """Note one more failure."""
        with self._lock:
            self._at_ms.append(now_ms)

    def _full(self, now_ms: int) -> bool:
        return len(self._at_ms) == self.times and now_ms - self._at_ms[0] < WINDOW_MS
