"""How much may be asked of one company, as data, and the book of what was asked."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock


class Lane(StrEnum):
    """Who is waiting for the answer."""

    RUN = "run"
    """A run in the background: takes what the limits give."""
    INTERACTIVE = "interactive"
    """A person in front of a screen: may use the reserve that runs cannot touch."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What runs may use of one company, and beside it the reserve for people.

    Intuit publishes 500 requests a minute, 10 a second or at once, 40 batches a minute. The defaults come near the
    minute's limits, since starts are spaced evenly and no burst adds to them: 39 batches of 30 and 436 singles make
    1 606 documents a minute of the 1 660 possible. What is left, with the reserve of people used up, is for starts
    that are late and answers that overtake each other; a refusal would cost a whole minute. A second keeps more room,
    because a network can hand over in one moment what left in half a second. Batches of people are rare: no reserve.
    """

    per_minute: int = 475
    per_second: int = 8
    concurrent: int = 8
    batches_per_minute: int = 39
    reserve_per_minute: int = 15
    reserve_per_second: int = 1
    reserve_concurrent: int = 2
    reserve_batches_per_minute: int = 0
    executes_within_ms: int = 125_000
    """How long after a request left QuickBooks may still execute it: its documented time-out of 120 s, and the way."""

    def __post_init__(self) -> None:
        if min(self.per_minute, self.per_second, self.concurrent, self.batches_per_minute) < 1:
            raise ValueError("each limit must allow at least one request")
        reserves = (
            self.reserve_per_minute,
            self.reserve_per_second,
            self.reserve_concurrent,
            self.reserve_batches_per_minute,
        )
        if min(reserves) < 0:
            raise ValueError("a reserve cannot be negative")

    def concurrent_in(self, lane: Lane) -> int:
        return self.concurrent + (self.reserve_concurrent if lane is Lane.INTERACTIVE else 0)


PUBLISHED = Limits()
"""For Intuit's production and sandbox."""
LOCAL = Limits(
    per_minute=1_000_000, per_second=100_000, concurrent=8, batches_per_minute=100_000, executes_within_ms=2_000
)
"""For a local sandbox that throttles nothing and answers at once; concurrency stays, since it is also the size of the
connection pool.
"""


class Bucket(Protocol):
    """The book of one company's requests; safe to use from many threads, or many processes if it is kept in a
    database.
    """

    def take(self, lane: Lane, *, batch: bool) -> int:
        """Book one request and return 0, or book nothing and return the milliseconds to wait before asking again."""
        ...

    def pause(self, span_ms: int) -> None:
        """Let nobody take anything for ``span_ms`` milliseconds from now."""
        ...


class Meter(Protocol):
    """Counts what is asked of one company; safe to use from many threads."""

    def count(self, lane: Lane, reads: int) -> None:
        """Note one request that leaves; ``reads`` is how many metered readings it holds, 0 for a write."""
        ...


class Window:
    """At most ``most`` events in any span of ``span_ms`` milliseconds, wherever the span begins."""

    def __init__(self, most: int, reserve: int, span_ms: int) -> None:
        self._most = most
        self._span_ms = span_ms
        self._starts: deque[int] = deque(maxlen=most + reserve)
        self._reserve = reserve

    def wait_ms(self, lane: Lane, now_ms: int) -> int:
        """Return how long until one more event fits for ``lane``."""
        while self._starts and now_ms - self._starts[0] >= self._span_ms:
            self._starts.popleft()
        room = self._most + (self._reserve if lane is Lane.INTERACTIVE else 0)
        surplus = len(self._starts) - room
        return 0 if surplus < 0 else self._starts[surplus] + self._span_ms - now_ms

    def add(self, now_ms: int) -> None:
        self._starts.append(now_ms)


class LocalBucket:
    """The book of one company, kept in this process."""

    def __init__(self, limits: Limits, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._general = (
            Window(limits.per_second, limits.reserve_per_second, 1_000),
            Window(limits.per_minute, limits.reserve_per_minute, 60_000),
        )
        self._batches = Window(limits.batches_per_minute, limits.reserve_batches_per_minute, 60_000)
        self._paused_until_ms = 0

    def take(self, lane: Lane, *, batch: bool) -> int:
        windows = (*self._general, self._batches) if batch else self._general
        with self._lock:
            now_ms = self._clock.elapsed_ms()
            wait_ms = max(self._paused_until_ms - now_ms, *(window.wait_ms(lane, now_ms) for window in windows))
            if wait_ms > 0:
                return wait_ms
            for window in windows:
                window.add(now_ms)
            return 0

    def pause(self, span_ms: int) -> None:
        with self._lock:
            self._paused_until_ms = max(self._paused_until_ms, self._clock.elapsed_ms() + span_ms)
