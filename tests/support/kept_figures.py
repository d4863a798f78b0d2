"""A plan as it is shown with the figures it keeps, and with those counted from its lines."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from raccord.overview.plans import plan_effect, plan_money, plan_summary
from raccord.store.database import Database
from raccord.store.models import Plan


def shown(session: Session, plan_id: str) -> tuple[Any, ...]:
    """Return all that the pages say of a plan's figures."""
    return plan_summary(session, plan_id), plan_effect(session, plan_id), plan_money(session, plan_id)


def shown_both_ways(database: Database, plan_id: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what is shown of a sealed plan from the figures it keeps, and as if it kept none; changes nothing."""
    with Session(database.engine) as session:
        kept = shown(session, plan_id)
        plan = session.get_one(Plan, plan_id)
        assert plan.figures, "it was sealed without them"
        plan.figures = {}
        session.flush()
        counted = shown(session, plan_id)
        session.rollback()
    return kept, counted
