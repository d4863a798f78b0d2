"""What a plan that undoes has taken out of the books, and what stays there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.store.models import Action, LineState, PlanLine
from raccord.sync.undoing.plan import NOTHING_TO_DO

REMOVING = (Action.DELETE, Action.VOID, Action.DEACTIVATE)


@dataclass(frozen=True, slots=True)
class UndoneCount:
    """Objects of an undo that was carried out; what had left the books before counts as neither."""

    gone: int
    stays: int


def count_undone(session: Session, plan_id: str) -> UndoneCount:
    """Count what a plan's lines took out, and what of them stays, each line with its reason."""
    rows = session.execute(
        select(PlanLine.action, PlanLine.state, PlanLine.reason, func.count())
        .where(PlanLine.plan_id == plan_id, PlanLine.action.in_((*REMOVING, Action.BLOCKED)))
        .group_by(PlanLine.action, PlanLine.state, PlanLine.reason)
    )
    gone = stays = 0
    for action, state, reason, count in rows:
        if action in REMOVING and state == LineState.DONE:
            gone += count
        elif reason not in NOTHING_TO_DO:
            stays += count
    return UndoneCount(gone, stays)
