"""The step of a set-up between the checks and the first plan: lists to the source, items linked; passed by a person."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.gates.passed_steps import under_way
from raccord.onboarding.setting_up.instances import roles_with_instances
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Choice, Plan, PlanState, PushedEntry

LISTS = "lists"


def has_lists(info: ConnectorInfo) -> bool:
    """Tell whether lists go to the source, or its items are linked one by one."""
    return bool(info.lists) or bool(roles_with_instances(info))


def needs_new_plan(session: Session, connection_id: str) -> bool:
    """Tell whether the first plan is to be made (again): none waits, or a list was sent or a link made since."""
    if under_way(session, connection_id):
        return False
    waiting = Plan.connection_id == connection_id, Plan.state == PlanState.WAITING
    made = session.scalar(select(func.max(Plan.created_at)).where(*waiting))
    told = session.scalar(select(func.max(PushedEntry.told_at)).where(PushedEntry.connection_id == connection_id))
    chosen = session.scalar(select(func.max(Choice.chosen_at)).where(Choice.connection_id == connection_id))
    return made is None or any(at is not None and at > made for at in (told, chosen))
