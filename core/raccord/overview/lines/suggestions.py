"""How well bank lines were suggested: month by month, against what they finally became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, DraftRow, Hold, LearnedHistory
from raccord.suggesting.calibration import Support, supported
from raccord.suggesting.learner import EXAMPLES_MIN
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import ACCEPTED_ONCE, LEARNED
from raccord.sync.lines.suggestions import accepts_from, answer_of, calibration_of
from raccord.sync.lines.treatments import treatable
from raccord.sync.resolving.resolve import DECISION_MISSING

LOOKED_BACK = timedelta(days=366)
ANSWERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class SuggestedMonth:
    """The questions for a category that were answered in a month."""

    month: date
    answered: int = 0
    suggested: int = 0
    """Those for which something was suggested."""
    right: int = 0
    """Those of them that are in the suggested account now."""
    by_itself: int = 0
    """Those that were accepted without being asked, and below those of them that stayed so."""
    by_itself_right: int = 0


@dataclass(frozen=True, slots=True)
class Suggesting:
    """What a company's history is worth, and what came of its suggestions."""

    examples: int
    wanted: int
    """Answers that a history needs before anything is learned of it."""
    shown_from: int | None
    judged: int
    right: int
    """Of the judged ones that are sure enough to be shown."""
    supports: Support | None
    """From where on the past supports accepting by itself."""
    accepts_from: int | None
    accepts_by: str
    paused: bool
    """Whether the past does not support any more what the owner said: all are asked until it does."""
    months: Sequence[SuggestedMonth]
    older: int = 0
    """How many questions of the year were closed before the newest ``ANSWERS_MAX``, which the months count."""


def suggesting(session: Session, company_id: str, now: datetime) -> Suggesting:
    """Return what is known of a company's suggestions, the newest month first."""
    kept = session.get(LearnedHistory, company_id)
    months, older = _months(session, company_id, now)
    if kept is None:
        return Suggesting(0, EXAMPLES_MIN, None, 0, 0, None, None, "", False, months, older)
    calibration = calibration_of(kept)
    shown = calibration.above(calibration.shown_from) if calibration.shown_from is not None else (0, 0)
    return Suggesting(
        kept.examples,
        EXAMPLES_MIN,
        calibration.shown_from,
        *shown,
        supported(calibration),
        kept.accepts_from,
        kept.accepts_by,
        kept.accepts_from is not None and accepts_from(kept) is None,
        months,
        older,
    )


def _months(session: Session, company_id: str, now: datetime) -> tuple[Sequence[SuggestedMonth], int]:
    """Return the months of the newest answers, and how many questions of the year were closed before those."""
    closed = (
        Connection.company_id == company_id,
        Hold.code == DECISION_MISSING,
        Hold.closed_at >= now - LOOKED_BACK,
    )
    rows = session.execute(
        select(Hold.closed_at, Hold.params, Hold.answer, DraftRow)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(*closed)
        .order_by(Hold.closed_at.desc(), Hold.id)
        .limit(ANSWERS_MAX)
    ).all()
    found: dict[date, SuggestedMonth] = {}
    for closed_at, params, answer, row in rows:
        if not answer or closed_at is None:
            # A question that went away by itself, answered by nobody.
            continue
        month = closed_at.date().replace(day=1)
        found[month] = _counted(found.get(month, SuggestedMonth(month)), params, row)
    if len(rows) < ANSWERS_MAX:
        return tuple(found.values()), 0
    of_company = select(func.count(Hold.id)).join(Connection, Connection.id == Hold.connection_id).where(*closed)
    return tuple(found.values()), (session.scalar(of_company) or 0) - len(rows)


def _counted(month: SuggestedMonth, params: Mapping[str, object], row: DraftRow) -> SuggestedMonth:
    told, month = params.get(LEARNED), replace(month, answered=month.answered + 1)
    if not isinstance(told, Mapping):
        return month
    draft = treatable(load_draft(row.body))
    answer = None if draft is None else answer_of(row, draft)
    right = int(answer is not None and answer[0].account == told.get("account"))
    itself = int(ACCEPTED_ONCE in row.decisions)
    return replace(
        month,
        suggested=month.suggested + 1,
        right=month.right + right,
        by_itself=month.by_itself + itself,
        by_itself_right=month.by_itself_right + itself * right,
    )
