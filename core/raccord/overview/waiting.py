"""How much waits for a person and how much is under way, for the counts beside the menu."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.overview.questions import is_line
from raccord.overview.runs import ACTIVE
from raccord.store.models import DraftRow, Drift, DriftState, Hold, Plan, PlanState, Problem, ProblemState, Run


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is open or under way; ``questions`` counts the bank ``lines`` too, ``plans`` those waiting for approval."""

    questions: int
    problems: int
    plans: int
    running: int
    drifts: int
    lines: int


def waiting(session: Session, within: Within = None) -> Waiting:
    """Count what waits, over all companies or those given."""
    questions, problems, plans, running, drifts, lines = session.execute(
        select(
            select(func.count())
            .select_from(Hold)
            .where(Hold.closed_at.is_(None), *among(Hold.connection_id, within))
            .scalar_subquery(),
            select(func.count())
            .select_from(Problem)
            .where(Problem.state == ProblemState.OPEN, *among(Problem.connection_id, within))
            .scalar_subquery(),
            select(func.count())
            .select_from(Plan)
            .where(Plan.state == PlanState.WAITING, *among(Plan.connection_id, within))
            .scalar_subquery(),
            select(func.count())
            .select_from(Run)
            .where(Run.state.in_(ACTIVE), *among(Run.connection_id, within))
            .scalar_subquery(),
            select(func.count())
            .select_from(Drift)
            .where(Drift.state == DriftState.OPEN, *among(Drift.connection_id, within))
            .scalar_subquery(),
            select(func.count())
            .select_from(Hold)
            .join(DraftRow, DraftRow.id == Hold.draft_id)
            .where(Hold.closed_at.is_(None), is_line(), *among(Hold.connection_id, within))
            .scalar_subquery(),
        )
    ).one()
    return Waiting(questions, problems, plans, running, drifts, lines)
