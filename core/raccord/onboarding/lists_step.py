"""The step of a set-up between the checks and the first plan: lists to the source, items linked; passed by a person."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.gates import note_passed
from raccord.onboarding.instances import roles_with_instances
from raccord.onboarding.people import Actor, Power, require
from raccord.onboarding.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo
from raccord.store import events
from raccord.store.models import Choice, Connection, Plan, PlanState, PushedEntry, Run, RunState
from raccord.sync.workshop import Workshop

NOTED = "step:lists"
"""Under this name, which no gate can have, a connection notes that its lists were dealt with."""
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)


def has_lists(info: ConnectorInfo) -> bool:
    """Tell whether lists go to the source, or its items are linked one by one."""
    return bool(info.lists) or bool(roles_with_instances(info))


def lists_passed(connection: Connection) -> bool:
    """Tell whether a person went on from the lists, having sent some or not."""
    return NOTED in connection.gates_passed


def pass_lists(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Note that the set-up goes on from the lists; what was sent and linked stays, and one may come back."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        require(actor, Power.LINK, info_of(workshop, connection.connector))
        if lists_passed(connection):
            return
        note_passed(connection, actor, [NOTED], now)
        events.append(
            session, actor=actor.name, action="connection.lists_passed", subject=connection.label,
            company_id=connection.company_id, connection_id=connection.id, now=now,
        )  # fmt: skip


def needs_new_plan(session: Session, connection_id: str) -> bool:
    """Tell whether the first plan is to be made (again): none waits, or a list was sent or a link made since."""
    newest = select(Run.state).where(Run.connection_id == connection_id).order_by(Run.id.desc()).limit(1)
    if session.scalars(newest).first() in UNDER_WAY:
        return False
    waiting = Plan.connection_id == connection_id, Plan.state == PlanState.WAITING
    made = session.scalar(select(func.max(Plan.created_at)).where(*waiting))
    told = session.scalar(select(func.max(PushedEntry.told_at)).where(PushedEntry.connection_id == connection_id))
    chosen = session.scalar(select(func.max(Choice.chosen_at)).where(Choice.connection_id == connection_id))
    return made is None or any(at is not None and at > made for at in (told, chosen))
