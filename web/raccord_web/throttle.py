"""A limit to how often something may go wrong: so many times within a minute, counted in this process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock

TIMES = 10
WINDOW_MS = 60_000


@dataclass(slots=True)
class Throttle:
    """Counts what went wrong; safe to use from several threads."""

    _at_ms: deque[int] = field(default_factory=lambda: deque(maxlen=TIMES))
    _lock: Lock = field(default_factory=Lock, repr=False)

    def closed(self, now_ms: int) -> bool:
        """Tell whether the limit is reached, so that nothing more is tried for now."""
        with self._lock:
            return len(self._at_ms) == TIMES and now_ms - self._at_ms[0] < WINDOW_MS

    def failed(self, now_ms: int) -> None:
        """Note one more failure."""
        with self._lock:
            self._at_ms.append(now_ms)
