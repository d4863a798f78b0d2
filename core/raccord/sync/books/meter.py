"""What is asked of QuickBooks, counted by day and purpose, and how much of the month's readings is left.

Intuit counts readings of all companies of an application together and blocks it when they are used up; writes are
free. So posting goes on whatever the meter says, and proofs, which only read, wait for the next month.
"""

from __future__ import annotations

import threading
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.quickbooks import Lane
from raccord.store.database import Database, Dialect
from raccord.store.models import ApiUse

PERSON = "person"
"""The purpose of what somebody asks at a screen."""
OTHER = "other"
WARN_PERCENT, TIGHT_PERCENT = 80, 95
RECENT_DAYS = 7
"""Days whose average the forecast goes by."""


class Budget(StrEnum):
    UNLIMITED = "unlimited"
    WELL = "well"
    LOW = "low"
    """80 % are used: somebody should know."""
    TIGHT = "tight"
    """95 % are used: nothing is read any more that posting does not need."""


@dataclass(frozen=True, slots=True)
class Use:
    """A month's readings over all companies; ``forecast`` is what they come to if days go on as the last seven."""

    month: date
    reads: int
    limit: int
    forecast: int

    @property
    def state(self) -> Budget:
        if not self.limit:
            return Budget.UNLIMITED
        if self.reads * 100 >= self.limit * TIGHT_PERCENT:
            return Budget.TIGHT
        return Budget.LOW if self.reads * 100 >= self.limit * WARN_PERCENT else Budget.WELL


class StoredMeter:
    """Counts in memory, and writes what it counted when asked: between units of work, and at the end.

    A process that is killed loses the counts of one unit. One run works on a company at a time, so that the purpose is
    that of its phase; what people ask goes by its lane.
    """

    def __init__(self, database: Database, company_id: str, clock: Clock) -> None:
        self._database = database
        self._company_id = company_id
        self._clock = clock
        self._lock = threading.Lock()
        self._purpose = OTHER
        self._reads: Counter[tuple[date, str]] = Counter()
        self._writes: Counter[tuple[date, str]] = Counter()

    def count(self, lane: Lane, reads: int) -> None:
        day = self._clock.now().astimezone(UTC).date()
        with self._lock:
            key = day, PERSON if lane is Lane.INTERACTIVE else self._purpose
            self._reads[key] += reads
            self._writes[key] += reads == 0

    @contextmanager
    def of(self, purpose: str) -> Iterator[None]:
        """Count for a purpose meanwhile."""
        with self._lock:
            before, self._purpose = self._purpose, purpose
        try:
            yield
        finally:
            with self._lock:
                self._purpose = before

    def flush(self) -> None:
        """Write what was counted; never while this thread holds a transaction open. What cannot be written is kept."""
        with self._lock:
            counted = {key: (self._reads[key], self._writes[key]) for key in {*self._reads, *self._writes}}
        if not counted:
            return
        rows = [
            {"company_id": self._company_id, "day": day, "purpose": purpose, "reads": reads, "writes": writes}
            for (day, purpose), (reads, writes) in sorted(counted.items())
        ]
        with self._database.begin() as session:
            session.execute(_added(self._database.dialect), rows)
        with self._lock:
            for each, (reads, writes) in counted.items():
                self._reads[each] -= reads
                self._writes[each] -= writes
            self._reads, self._writes = +self._reads, +self._writes


@cache
def _added(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Return what adds to the counts of days and purposes; made once, for each unit of work writes some."""
    more = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(ApiUse)
    sums = {"reads": ApiUse.reads + more.excluded.reads, "writes": ApiUse.writes + more.excluded.writes}
    return more.on_conflict_do_update(index_elements=["company_id", "day", "purpose"], set_=sums)


_BEGUN = select(func.min(ApiUse.day)).scalar_subquery().label("begun")
_BY_DAY = (
    select(ApiUse.day, func.sum(ApiUse.reads), _BEGUN)
    .where(
        ApiUse.day >= bindparam("since", type_=ApiUse.day.type), ApiUse.day <= bindparam("until", type_=ApiUse.day.type)
    )
    .group_by(ApiUse.day)
)


def use_of_month(session: Session, limit: int, now: datetime) -> Use:
    """Return how much of the month's readings all companies have used, and what they will come to."""
    today = now.astimezone(UTC).date()
    first, recent = today.replace(day=1), today - timedelta(days=RECENT_DAYS)
    rows = session.execute(_BY_DAY, {"since": min(first, recent), "until": today}).all()
    by_day = {day: int(reads) for day, reads, _ in rows}
    reads = sum(count for day, count in by_day.items() if day >= first)
    # Today is not over, and what came before the first count is no quiet day.
    since = max(recent, rows[0].begun if rows else today)
    days = (today - since).days
    last = monthrange(today.year, today.month)[1]
    left = last - today.day
    of_today = by_day.get(today, 0)
    daily = -(-sum(count for day, count in by_day.items() if since <= day < today) // days) if days else of_today
    forecast = reads + max(0, daily - of_today) + daily * left
    return Use(first, reads, limit, forecast)
