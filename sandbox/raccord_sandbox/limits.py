"""Requests per minute, per second, at once, and batches per minute, counted per company."""

from __future__ import annotations

from collections import defaultdict, deque
from threading import Lock

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits
from raccord_sandbox.faults import throttled


class Throttle:
    """Admits a request or refuses it with 429; a refused one does not count."""

    def __init__(self, limits: Limits, clock: SandboxClock) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = Lock()
        self._requests: defaultdict[str, deque[float]] = defaultdict(deque)
        self._batches: defaultdict[str, deque[float]] = defaultdict(deque)
        self._running: defaultdict[str, int] = defaultdict(int)
        self.refused = 0

    def enter(self, realm: str, *, is_batch: bool) -> None:
        """Count a request in. Raises the 429 of the gateway."""
        now = self._clock.now().timestamp()
        limits = self.limits
        with self._lock:
            requests, batches = self._requests[realm], self._batches[realm]
            _forget(requests, now)
            _forget(batches, now)
            last_second = sum(1 for moment in reversed(requests) if now - moment < 1)
            full = (
                (limits.per_minute is not None and len(requests) >= limits.per_minute)
                or (limits.per_second is not None and last_second >= limits.per_second)
                or (limits.concurrent is not None and self._running[realm] >= limits.concurrent)
                or (is_batch and limits.batches_per_minute is not None and len(batches) >= limits.batches_per_minute)
            )
            if full:
                self.refused += 1
                raise throttled()
            if limits != Limits():
                requests.append(now)
                if is_batch:
                    batches.append(now)
            self._running[realm] += 1

    def leave(self, realm: str) -> None:
        """Count a request out."""
        with self._lock:
            self._running[realm] -= 1


def _forget(moments: deque[float], now: float) -> None:
    """Drop what is older than a minute, and what a clock set back left in the future."""
    while moments and (now - moments[0] >= 60 or moments[0] > now):
        moments.popleft()
