"""How much waits for a person and how much is under way, for the counts beside the menu."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.overview.questions import asked_once, is_line
from raccord.overview.runs import ACTIVE
from raccord.store.models import DraftRow, Drift, DriftState, Hold, Plan, PlanState, Problem, ProblemState, Run


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is open or under way: each number is the length of the list that it leads to.

    ``questions`` are those that a person answers: bank ``lines`` one by one, and ``others``, of which a role or a
    closed month asks once for many drafts; ``plans`` wait for approval.
    """

    questions: int
    problems: int
    plans: int
    running: int
    drifts: int
    lines: int

    @property
    def others(self) -> int:
        """Questions that are no bank lines."""
        return self.questions - self.lines


def waiting(session: Session, within: Within = None) -> Waiting:
    """Count what waits, over all companies or those given."""
    others, problems, plans, running, drifts, lines = session.execute(
        select(
            select(func.count(asked_once().distinct()))
            .select_from(Hold)
            .join(DraftRow, DraftRow.id == Hold.draft_id)
            .where(Hold.closed_at.is_(None), not_(is_line()), *among(Hold.connection_id, within))
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
    return Waiting(others + lines, problems, plans, running, drifts, lines)
