"""The book of one company's requests to QuickBooks, kept in the database for all processes together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.quickbooks import Lane, Limits
from raccord.store.database import Database
from raccord.store.models import RateBucket

CHUNK = 5
"""Starts that a run books at once: a transaction for every fifth request. A person waits for one chunk at most, 0.6 s
under the published limits, which is why it is not larger.
"""
GRACE_MS = 200
"""How long a start that was booked may still be used after its moment; one that is later is lost."""
BATCH_GRACE_MS = 1_000
"""The same for a batch, whose start is worth thirty."""
AHEAD_US = 1_500_000
"""How far from now the first start of a booking may lie; the caller waits and asks again before that."""
_LATE_US = 500_000
"""How much idle time runs may make up for within the minute; less than half the time between two batches."""
_SKEW_US = 30_000_000
"""By how much the clocks of hosts may differ before a time in the book counts as nonsense."""
_PAUSE_MAX_US = 600_000_000
_SECOND_US = 1_000_000
_MINUTE_US = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TABLE = cast(Table, RateBucket.__table__)
# Tables and not objects: a run asks every half second.
_READ = (
    select(_TABLE.c.name, _TABLE.c.free_at_us)
    .where(_TABLE.c.company_id == bindparam("of"))
    .order_by(_TABLE.c.name)
    .with_for_update()
)
_WRITE = (
    update(_TABLE)
    .where(_TABLE.c.company_id == bindparam("of"), _TABLE.c.name == bindparam("row"))
    .values(free_at_us=bindparam("free"))
)

SECOND, MINUTE, BATCHES, PAUSE = "second", "minute", "batches", "pause"
ROWS = (SECOND, MINUTE, BATCHES, PAUSE)


@dataclass(frozen=True, slots=True)
class Rate:
    """The generic cell rate algorithm (GCRA): events ``interval_us`` apart, each at most ``early`` before its time.

    The state is one moment, ``free_at``: when everything booked so far is used up. In any span of ``w`` microseconds
    lie at most ``1 + (w + early) / interval_us`` events.
    """

    interval_us: int
    early_run_us: int
    early_interactive_us: int

    @classmethod
    def of(cls, most: int, span_us: int, reserve: int, late_us: int = 0) -> Rate:
        """Return the rate of ``most`` events in each span, ``reserve`` more of which only people may use."""
        interval_us = -(-span_us // most)
        return cls(interval_us, late_us, late_us + reserve * interval_us)

    def earliest(self, free_at_us: int, lane: Lane) -> int:
        """Return from when on one more event is allowed."""
        return free_at_us - (self.early_interactive_us if lane is Lane.INTERACTIVE else self.early_run_us)

    def after(self, free_at_us: int, at_us: int) -> int:
        """Return the state after one more event at ``at_us``."""
        return max(free_at_us, at_us) + self.interval_us

    def sane(self, free_at_us: int, now_us: int) -> int:
        """Return the state, or an unused one when it lies further ahead than anybody with a right clock books."""
        furthest_us = now_us + AHEAD_US + self.early_interactive_us + 2 * self.interval_us + _SKEW_US
        return free_at_us if free_at_us <= furthest_us else now_us


class StoredBucket:
    """The ``Bucket`` that all processes of a company share.

    Starts are booked in the database a few at a time and used from memory, each at its moment or a little later, so
    that no other process can take them and all together keep the limits: in any minute at most ``per_minute`` +
    ``reserve_per_minute`` + what a second adds, and people first. A batch books its place among the batches and its
    start together, so that single requests cannot overtake it. A pause is seen by other processes when they book
    next, ``CHUNK`` requests later at most.

    Times in the database are of the hosts' clocks, which should agree within a second; a host that is more than half
    a minute ahead is ignored. Each booking is a short transaction of its own: never ask while the same thread holds
    one open, on SQLite it would wait for itself. Errors of the database pass through; nothing is booked then.
    """

    def __init__(
        self, database: Database, company_id: str, limits: Limits, clock: Clock, *, chunk: int = CHUNK
    ) -> None:
        self._database = database
        self._company_id = company_id
        self._clock = clock
        self._chunk = chunk
        self._rates = {
            SECOND: Rate.of(limits.per_second, _SECOND_US, limits.reserve_per_second),
            MINUTE: Rate.of(limits.per_minute, _MINUTE_US, limits.reserve_per_minute, _LATE_US),
            BATCHES: Rate.of(limits.batches_per_minute, _MINUTE_US, limits.reserve_batches_per_minute, _LATE_US),
        }
        self._lock = threading.Lock()
        self._starts: dict[tuple[Lane, bool], deque[int]] = {
            (lane, batch): deque() for lane in Lane for batch in (False, True)
        }
        """Booked and not used yet, by the monotonic clock in milliseconds."""
        self._next_run_ms = 0
        """A run's starts that were late keep their distance."""
        self._ask_again_ms: dict[tuple[Lane, bool], int] = {}
        """Before then the database would only say "wait" once more."""

    def take(self, lane: Lane, *, batch: bool) -> int:
        """Use a booked start and return 0, or return the milliseconds until one is due or may be booked."""
        who = (lane, batch)
        with self._lock:
            starts, now_ms = self._starts[who], self._clock.elapsed_ms()
            _drop_late(starts, now_ms - (BATCH_GRACE_MS if batch else GRACE_MS))
            if not starts:
                wait_ms = self._ask_again_ms.get(who, 0) - now_ms
                if wait_ms <= 0:
                    wait_ms = self._book(lane, batch)
                if wait_ms > 0:
                    return wait_ms
            now_ms = self._clock.elapsed_ms()
            due_ms = starts[0] if lane is Lane.INTERACTIVE else max(starts[0], self._next_run_ms)
            if due_ms > now_ms:
                return due_ms - now_ms
            starts.popleft()
            if lane is Lane.RUN:
                self._next_run_ms = now_ms + _ms(self._rates[SECOND].interval_us)
            return 0

    def pause(self, span_ms: int) -> None:
        """Let nobody take anything for ``span_ms`` milliseconds from now; a longer pause stays."""
        with self._lock:
            with self._database.begin() as session:
                book, now_us = self._open(session)
                book[PAUSE] = max(_sane_pause(book[PAUSE], now_us), now_us + span_ms * 1000)
                self._write(session, {PAUSE: book[PAUSE]})
            for starts in self._starts.values():
                starts.clear()

    def _book(self, lane: Lane, batch: bool) -> int:
        """Book the next starts and return 0, or book nothing and return the milliseconds until asking is of use."""
        own = self._starts[Lane.RUN, False]
        with self._database.begin() as session:
            book, now_us = self._open(session)
            now_ms = self._clock.elapsed_ms()
            _drop_late(own, now_ms - GRACE_MS)
            allowed_us = self._allowed(book, now_us, lane, batch)
            if allowed_us > now_us:
                wait_ms = _ms(allowed_us - now_us)
                self._ask_again_ms[lane, batch] = now_ms + wait_ms
                return wait_ms
            changed = {}
            if batch:
                book[BATCHES] = changed[BATCHES] = self._rates[BATCHES].after(book[BATCHES], now_us)
            # A run's batch goes before the run's own single requests.
            reuse = batch and lane is Lane.RUN and bool(own)
            booked: list[int] = []
            if not reuse:
                booked = self._book_starts(book, now_us, lane, 1 if lane is Lane.INTERACTIVE else self._chunk)
                changed |= {SECOND: book[SECOND], MINUTE: book[MINUTE]}
            self._write(session, changed)
        # Only what is committed is used.
        own_or_new = deque(now_ms + _ms(at_us - now_us) for at_us in booked)
        if batch:
            self._starts[lane, True].append(own.popleft() if reuse else own_or_new.popleft())
        self._starts[lane, False].extend(own_or_new)
        return 0

    def _allowed(self, book: Mapping[str, int], now_us: int, lane: Lane, batch: bool) -> int:
        """Return from when on a booking succeeds."""
        paused_until_us = _sane_pause(book[PAUSE], now_us)
        start_us = max(self._rates[name].earliest(book[name], lane) for name in (SECOND, MINUTE))
        allowed_us = max(paused_until_us, start_us - AHEAD_US)
        return max(allowed_us, self._rates[BATCHES].earliest(book[BATCHES], lane)) if batch else allowed_us

    def _book_starts(self, book: dict[str, int], now_us: int, lane: Lane, count: int) -> list[int]:
        """Enter up to ``count`` starts into the book, in the order of their moments; at least one."""
        second, minute = self._rates[SECOND], self._rates[MINUTE]
        starts: list[int] = []
        while len(starts) < count:
            at_us = max(now_us, second.earliest(book[SECOND], lane), minute.earliest(book[MINUTE], lane))
            if starts and at_us > now_us + AHEAD_US:
                break
            book[SECOND], book[MINUTE] = second.after(book[SECOND], at_us), minute.after(book[MINUTE], at_us)
            starts.append(at_us)
        return starts

    def _open(self, session: Session) -> tuple[dict[str, int], int]:
        """Lock the company's rows, and return them with the present moment, read after any wait for the lock."""
        connection, company = session.connection(), {"of": self._company_id}
        found = dict(connection.execute(_READ, company).all())
        missing = [name for name in ROWS if name not in found]
        if missing:
            insert = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
            rows = [{"company_id": self._company_id, "name": name, "free_at_us": 0} for name in missing]
            connection.execute(insert(_TABLE).values(rows).on_conflict_do_nothing())
            found = dict(connection.execute(_READ, company).all())
        now_us = (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
        book = {name: rate.sane(found[name], now_us) for name, rate in self._rates.items()}
        return book | {PAUSE: found[PAUSE]}, now_us

    def _write(self, session: Session, changed: Mapping[str, int]) -> None:
        rows = [{"of": self._company_id, "row": name, "free": free_at_us} for name, free_at_us in changed.items()]
        session.connection().execute(_WRITE, rows)


def _sane_pause(until_us: int, now_us: int) -> int:
    return until_us if until_us <= now_us + _PAUSE_MAX_US + _SKEW_US else 0


def _drop_late(starts: deque[int], oldest_ms: int) -> None:
    while starts and starts[0] < oldest_ms:
        starts.popleft()


def _ms(span_us: int) -> int:
    """Return milliseconds, rounded up: never earlier than booked."""
    return -(-span_us // 1000)
