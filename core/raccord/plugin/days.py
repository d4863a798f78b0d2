"""Which day a moment belongs to: the source's time zone and the hour at which its days end, from a date on.

Connectors compute no days of their own: they ask ``context.days.day_of(moment)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)
NOON = time(12)
"""A day that ends at an earlier hour ends on the morning after (a bar's at 04:00), one that ends later on its own date
(a card batch's at 17:00); midnight, written 00:00 or 24:00, ends the calendar day.
"""
_DAY = timedelta(days=1)
_FURTHEST = timedelta(days=3)
"""No day ends so long after its date began in UTC: 26 hours of time zones and twelve of the morning after."""


@dataclass(frozen=True, slots=True)
class DayRule:
    """From ``first`` on, days end at ``cut_off`` of the clocks of ``zone``."""

    first: date
    zone: ZoneInfo
    cut_off: time = MIDNIGHT

    def end(self, day: date) -> datetime:
        """Return the moment in UTC at which ``day`` is over; an hour that the clocks skip counts as the one after it,
        one that they repeat as its first time.
        """
        closes_on = day if self.cut_off >= NOON else day + _DAY
        return datetime.combine(closes_on, self.cut_off, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """The rules of one source, the oldest first; the oldest counts for all days before it too."""

    rules: tuple[DayRule, ...]

    @classmethod
    def of(cls, zone: ZoneInfo, cut_off: time = MIDNIGHT) -> Days:
        """Return days that always followed one rule."""
        return cls((DayRule(date.min, zone, cut_off),))

    def rule_on(self, day: date) -> DayRule:
        """Return the rule by which ``day`` ends."""
        found = self.rules[0]
        for rule in self.rules[1:]:
            if rule.first <= day:
                found = rule
        return found

    def end(self, day: date) -> datetime:
        """Return the moment in UTC at which ``day`` is over and the next one begins."""
        return self.rule_on(day).end(day)

    def day_of(self, moment: datetime) -> date:
        """Return the one day that a moment belongs to.

        Days follow each other without hole or overlap, over changes of clocks and of rules: a day begins where the one
        before it ended. A moment without offset raises ``ValueError``, one at the edge of the calendar
        ``OverflowError``.
        """
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        instant = moment.astimezone(UTC)
        day = instant.date() - _FURTHEST
        while self.end(day) <= instant:
            day += _DAY
        return day


def read_cut_off(text: str) -> time:
    """Read an hour such as ``17:00``; ``24:00`` is midnight. Anything else raises ``ValueError``."""
    hours, colon, minutes = text.strip().partition(":")
    plain = colon and len(minutes) == 2 and len(hours) in (1, 2) and (hours + minutes).isascii()
    if not plain or not (hours + minutes).isdecimal():
        raise ValueError(f"not an hour: {text[:20]!r}")
    if (int(hours), int(minutes)) == (24, 0):
        return MIDNIGHT
    return time(int(hours), int(minutes))
