"""Closed or certified months that a connection asks about: one question for all the documents of a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import MOST, Within, among, bounds
from raccord.store.models import ClosedMonth, Connection, DraftRow, Hold
from raccord.sync.posting.periods import MonthAnswer
from raccord.sync.resolving.holds import CERTIFIED_ASKED, MONTHS_ASKED


@dataclass(frozen=True, slots=True)
class AskedMonth:
    """A closed or certified month, how many documents wait for it, and the answer that the next plan will act on."""

    connection_id: str
    connection: str
    month: date
    documents: int
    first_day: date | None
    last_day: date | None
    answer: str
    certified: bool = False
    """Whether it is asked about because it is certified; writing there needs a reason."""


def asked_months(
    session: Session, connection_id: str | None = None, *, within: Within = None, limit: int = MOST
) -> list[AskedMonth]:
    """Return the months that documents wait for, the oldest first."""
    month = Hold.params["month"].as_string()
    mine = among(Hold.connection_id, within)
    mine += [] if connection_id is None else [Hold.connection_id == connection_id]
    rows = session.execute(
        select(
            Connection.id,
            Connection.label,
            month.label("month_asked"),
            Hold.code,
            func.count(),
            func.min(DraftRow.day),
            func.max(DraftRow.day),
        )
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(Hold.closed_at.is_(None), Hold.code.in_(MONTHS_ASKED), *mine)
        .group_by(Connection.id, Connection.label, "month_asked", Hold.code)
        .order_by("month_asked", Connection.label, Hold.code)
        .limit(bounds(limit, 0)[0])
    ).all()
    answers = {
        (row.connection_id, row.month): row.answer
        for row in session.scalars(select(ClosedMonth).where(ClosedMonth.connection_id.in_({row[0] for row in rows})))
    }
    found = []
    for connection, label, asked, code, documents, first, last in rows:
        day = date.fromisoformat(f"{asked}-01")
        certified, answer = code == CERTIFIED_ASKED, answers.get((connection, day), "")
        # Each of the two questions has answers of its own.
        answer = answer if certified == (answer == MonthAnswer.WRITE) else ""
        found.append(AskedMonth(connection, label, day, documents, first, last, answer, certified))
    return found


def answered_months(session: Session, connection_id: str) -> list[ClosedMonth]:
    """Return the answers that a connection has for its closed months, the oldest month first."""
    return list(
        session.scalars(
            select(ClosedMonth).where(ClosedMonth.connection_id == connection_id).order_by(ClosedMonth.month)
        )
    )
