"""The one gate through which every request to a company goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock
from raccord.quickbooks.errors import NoPermitError
from raccord.quickbooks.limits import PUBLISHED, Bucket, Lane, Limits, LocalBucket

PAUSE_MS = 60_000
"""How long a company rests after "too many requests" without a Retry-After."""
PATIENCE_MS = 900_000
"""How long a call waits for its permit unless it says otherwise."""
_PAUSE_MIN_MS = 1_000
_PAUSE_MAX_MS = 600_000
_NAP_MAX_MS = 5_000


class Governor:
    """Keeps one company under its limits; share one object among all clients of that company in a process.

    The rates live in a ``Bucket``, in this process by default. A request waits outside the gate: batches that wait
    for their own limit hold no place that a single request could use. The interactive lane has places and permits
    that runs cannot take.
    """

    def __init__(self, limits: Limits = PUBLISHED, bucket: Bucket | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.limits = limits
        self._bucket = bucket or LocalBucket(limits, clock)
        self._clock = clock
        self._places = threading.Condition()
        self._inside = 0
        # One of those who wait for the same permits watches the clock; the others would wake up for nothing.
        self._turns = {(lane, batch): threading.Lock() for lane in Lane for batch in (False, True)}

    @contextmanager
    def permit(self, lane: Lane, *, batch: bool = False, patience_ms: int = PATIENCE_MS) -> Iterator[None]:
        """Wait for a permit, then hold one of the concurrent places during the block.

        Raises ``NoPermitError`` when that would take longer than ``patience_ms``; nothing was sent then.
        """
        self._enter(lane, batch, patience_ms)
        try:
            yield
        finally:
            with self._places:
                self._inside -= 1
                self._places.notify_all()

    def pause(self, span_ms: int | None = None) -> None:
        """Stop the whole company for ``span_ms`` milliseconds: 60 s when QuickBooks did not say, 1 s to 10 min else."""
        wanted_ms = PAUSE_MS if span_ms is None else span_ms
        self._bucket.pause(min(max(wanted_ms, _PAUSE_MIN_MS), _PAUSE_MAX_MS))

    def _enter(self, lane: Lane, batch: bool, patience_ms: int) -> None:
        turn = self._turns[lane, batch]
        if not turn.acquire(timeout=patience_ms / 1000):
            raise NoPermitError("others wait for the same permits already")
        try:
            self._wait(lane, batch, patience_ms)
        finally:
            turn.release()

    def _wait(self, lane: Lane, batch: bool, patience_ms: int) -> None:
        give_up_ms = self._clock.elapsed_ms() + patience_ms
        room = self.limits.concurrent_in(lane)
        while True:
            with self._places:
                if not self._places.wait_for(lambda: self._inside < room, timeout=patience_ms / 1000):
                    raise NoPermitError("no free place for another request to this company")
                wait_ms = self._bucket.take(lane, batch=batch)
                if wait_ms <= 0:
                    self._inside += 1
                    return
            if self._clock.elapsed_ms() + wait_ms > give_up_ms:
                raise NoPermitError(
                    f"this company's next request may leave in {wait_ms / 1000:.0f} s, later than the caller waits",
                    wait_ms,
                )
            # In naps, so that a pause that was lengthened or permits that came back are seen soon.
            self._clock.sleep_ms(min(wait_ms, _NAP_MAX_MS))
