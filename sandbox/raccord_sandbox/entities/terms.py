"""When a document is due by its payment term."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from raccord_sandbox.refusing.faults import Doc


def due_date(day: str, term: Doc | None) -> str:
    """Return the due date of a document of this day; without a term it is due at once."""
    start = date.fromisoformat(day)
    if term is None:
        return day
    if term["Type"] == "STANDARD":
        return (start + timedelta(days=term["DueDays"])).isoformat()
    due = _day_of_month(start, term["DayOfMonthDue"])
    while due < start or (due - start).days < term.get("DueNextMonthDays", 0):
        due = _day_of_month(due.replace(day=1) + timedelta(days=31), term["DayOfMonthDue"])
    return due.isoformat()


def _day_of_month(month: date, day: int) -> date:
    """Return the day of a month, its last one where the month is shorter."""
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))
