"""How much waits for a person and how much is under way, for the counts beside the menu."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, func, not_, or_, select
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.overview.questions import asked_once, is_line
from raccord.overview.runs import ACTIVE
from raccord.overview.weighing.decided import is_decided
from raccord.store.models import (
    Connection,
    Drift,
    DriftState,
    Hold,
    Plan,
    PlanState,
    Problem,
    ProblemState,
    Run,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is open or under way: each number is the length of the list that it leads to.

    ``questions`` are those that a person answers: bank ``lines`` one by one, and ``others``, of which a role or a
    closed month asks once for many drafts; ``plans`` wait for approval. ``decided`` are answered and go with the next
    run: they are none of the questions.
    """

    questions: int
    problems: int
    plans: int
    running: int
    drifts: int
    lines: int
    decided: int = 0

    @property
    def others(self) -> int:
        """Questions that are no bank lines."""
        return self.questions - self.lines


def waiting(session: Session, within: Within = None) -> Waiting:
    """Count what waits, over all companies or those given."""
    named = {} if within is None else {"within": list(within)}
    others, lines, problems, plans, running, drifts, decided = session.execute(_counts(within is not None), named).one()
    return Waiting(others + lines, problems, plans, running, drifts, lines, decided)


@cache
def _counts(limited: bool) -> Select[int, int, int, int, int, int, int]:
    """Return what each page asks for its menu; made once, for that takes longer than the answer."""
    within: Any = bindparam("within", type_=Connection.company_id.type, expanding=True) if limited else None
    each = (
        select(is_line().label("line"), asked_once().label("asked"), is_decided().label("decided"))
        .select_from(Hold)
        .where(Hold.closed_at.is_(None), *among(Hold.connection_id, within))
        .subquery()
    )
    return select(
        func.count(case((not_(or_(each.c.line, each.c.decided)), each.c.asked)).distinct()),
        func.count(case((each.c.line, 1))),
        _count(Problem, Problem.state == ProblemState.OPEN, within),
        _count(Plan, Plan.state == PlanState.WAITING, within),
        _count(Run, Run.state.in_(ACTIVE), within),
        _count(Drift, Drift.state == DriftState.OPEN, within),
        func.count(case((each.c.decided, 1))),
    )


def _count(model: Any, open_: ColumnElement[bool], within: Any) -> ScalarSelect[int]:
    return select(func.count()).select_from(model).where(open_, *among(model.connection_id, within)).scalar_subquery()


def open_of_code(session: Session, code: str, within: Within = None) -> tuple[int, int]:
    """Return how many problems and how many questions with a code are open, over all companies or those given."""
    found = session.execute(
        select(
            _count(Problem, and_(Problem.code == code, Problem.state == ProblemState.OPEN), within),
            _count(Hold, and_(Hold.code == code, Hold.closed_at.is_(None)), within),
        )
    ).one()
    return found[0], found[1]
