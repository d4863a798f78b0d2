"""What differs in a certified month that is no longer what it was: each day with its figures then and now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from raccord.overview.problems import ProblemView
from raccord.store.models import Connection
from raccord.sync.proving.certified import CHANGED, Sums, certified_sums, newest_certificate, proven_sums

MONTHS_MAX = 10
"""Months of one page whose days are told."""
DAYS_MAX = 10
_ZERO = Decimal(0)
_NOTHING: Sums = (_ZERO, _ZERO, _ZERO, _ZERO, _ZERO)


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day, stream and currency whose figures are not those that were certified."""

    day: date
    stream: str
    currency: str
    expected_then: Decimal
    expected_now: Decimal
    """What should be in QuickBooks: the source less what is left out."""
    books_then: Decimal
    books_now: Decimal


def changed_days(session: Session, problems: Iterable[ProblemView]) -> Mapping[str, Sequence[ChangedDay]]:
    """Return by problem the days of the certified month that it is about which differ, the first ones."""
    found: dict[str, Sequence[ChangedDay]] = {}
    for problem in [each for each in problems if each.code == CHANGED][:MONTHS_MAX]:
        month = _month(problem.subject)
        connection = session.get_one(Connection, problem.connection_id)
        certificate = None if month is None else newest_certificate(session, connection.company_id, month)
        if month is not None and certificate is not None:
            then, now = certified_sums(certificate, connection.id), proven_sums(session, connection.id, month)
            apart = sorted(name for name in {*then, *now} if then.get(name, _NOTHING) != now.get(name, _NOTHING))
            found[problem.id] = [
                _day(name, then.get(name, _NOTHING), now.get(name, _NOTHING)) for name in apart[:DAYS_MAX]
            ]
    return found


def _month(subject: str) -> date | None:
    try:
        return date.fromisoformat(f"{subject.removeprefix('month/')}-01")
    except ValueError:
        return None


def _day(
    name: str,
    then: tuple[Decimal, Decimal, Decimal, Decimal, Decimal],
    now: tuple[Decimal, Decimal, Decimal, Decimal, Decimal],
) -> ChangedDay:
    day, _, rest = name.partition(" ")
    stream, _, currency = rest.rpartition(" ")
    (source, left, moved, _, books), (source_now, left_now, moved_now, _, books_now) = then, now
    return ChangedDay(
        date.fromisoformat(day), stream or rest, currency if stream else "",
        source - left + moved, source_now - left_now + moved_now, books, books_now,
    )  # fmt: skip
