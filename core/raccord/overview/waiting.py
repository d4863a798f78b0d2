"""How much waits for a person and how much is under way, for the counts beside the menu."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.runs import ACTIVE
from raccord.store.models import Hold, Plan, PlanState, Problem, ProblemState, Run


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open questions and problems, plans that wait for approval, and runs that are queued or running."""

    questions: int
    problems: int
    plans: int
    running: int


def waiting(session: Session) -> Waiting:
    """Count what waits, over all companies."""
    questions, problems, plans, running = session.execute(
        select(
            select(func.count()).select_from(Hold).where(Hold.closed_at.is_(None)).scalar_subquery(),
            select(func.count()).select_from(Problem).where(Problem.state == ProblemState.OPEN).scalar_subquery(),
            select(func.count()).select_from(Plan).where(Plan.state == PlanState.WAITING).scalar_subquery(),
            select(func.count()).select_from(Run).where(Run.state.in_(ACTIVE)).scalar_subquery(),
        )
    ).one()
    return Waiting(questions, problems, plans, running)
