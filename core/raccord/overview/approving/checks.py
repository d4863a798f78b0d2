"""What a person looks at before a plan is written: what of it was checked, and what each kind comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import Listing
from raccord.overview.plans import SENT, AccountEffect, PlanSummary
from raccord.store.models import Action, PlanLine
from raccord.sync.planning.figures import LineGroup

Name = Literal["balanced", "open_books", "no_closing_date", "blocked", "held", "left_out", "new_accounts", "fresh"]
Level = Literal["ok", "info", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``n`` is how many lines or accounts it found."""

    name: Name
    level: Level
    n: int = 0
    names: Sequence[str] = ()


@dataclass(slots=True)
class KindTotal:
    """What a plan does with one kind in one currency; what is written is apart from what stays out."""

    kind: str
    currency: str
    lines: dict[Action, int] = field(default_factory=dict)
    written: Decimal | None = None
    left: Decimal | None = None


def totals_by_kind(groups: Sequence[LineGroup]) -> list[KindTotal]:
    """Return a plan's groups as one row for each kind and currency, in their order."""
    found: dict[tuple[str, str], KindTotal] = {}
    for group in groups:
        row = found.setdefault((group.kind, group.currency), KindTotal(group.kind, group.currency))
        row.lines[group.action] = row.lines.get(group.action, 0) + group.lines
        if group.total is None:
            continue
        if group.action in SENT:
            row.written = (row.written or Decimal(0)) + group.total
        else:
            row.left = (row.left or Decimal(0)) + group.total
    return list(found.values())


def plan_checks(session: Session, plan: PlanSummary, effects: Listing[AccountEffect]) -> list[Check]:
    """Return what was checked of a plan; none of it says more than was computed."""
    checks: list[Check] = []
    counts: Mapping[Action, int] = {
        action: sum(group.lines for group in plan.groups if group.action is action) for action in Action
    }
    if effects.rows and not effects.more:
        off = sum((each.amount for each in effects.rows), Decimal(0))
        checks.append(Check("balanced", "bad" if off else "ok"))
    if plan.books_closed_on is None:
        checks.append(Check("no_closing_date", "info"))
    else:
        closed = (
            select(func.count())
            .select_from(PlanLine)
            .where(
                PlanLine.plan_id == plan.id,
                PlanLine.action.in_((Action.CREATE, Action.UPDATE)),
                PlanLine.day <= plan.books_closed_on,
            )
        )
        inside = session.scalar(closed) or 0
        checks.append(Check("open_books", "bad" if inside else "ok", inside))
    checks.append(Check("blocked", "bad" if counts[Action.BLOCKED] else "ok", counts[Action.BLOCKED]))
    checks.append(Check("held", "info" if counts[Action.HOLD] else "ok", counts[Action.HOLD]))
    if counts[Action.SKIP]:
        checks.append(Check("left_out", "info", counts[Action.SKIP]))
    if new := [each.name for each in effects.rows if each.new]:
        checks.append(Check("new_accounts", "info", len(new), new))
    return [*checks, Check("fresh", "ok")]
