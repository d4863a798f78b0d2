"""How long a connection is paused: since when, until when it may resume (CH-45), and the hole that it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from raccord.store.models import Connection
from raccord.sync.days import today_of


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as it stands; days are those of the connection's time zone.

    ``until`` is the last day on which it may resume without being authorised again.
    """

    since: date
    until: date
    today: date

    @property
    def days(self) -> int:
        """How many days are missing if it resumes today, from ``since`` to ``last`` (CH-48: the day itself comes)."""
        return (self.today - self.since).days

    @property
    def last(self) -> date:
        return self.today - timedelta(days=1)

    @property
    def too_long(self) -> bool:
        return self.today > self.until


def pause_of(connection: Connection, now: datetime) -> Pause | None:
    """Return the pause of a connection that a person paused, else nothing."""
    if connection.paused_at is None:
        return None
    since = today_of(connection, connection.paused_at)
    return Pause(since, _one_year_after(since), today_of(connection, now))


def _one_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 2, 28)
