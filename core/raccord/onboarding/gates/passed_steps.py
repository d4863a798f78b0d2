"""Steps of a set-up that a person may go on from with or without doing anything there; each is noted when passed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.gates.gates import note_passed
from raccord.onboarding.sources.source_accounts import info_of
from raccord.store import events
from raccord.store.models import Connection, ConnectionState, Run, RunState
from raccord.sync.phases import LISTS
from raccord.sync.workshop import Workshop

SCOPE = "scope"
"""Where the first day is said; until then the one that a connection has is only what it began with."""
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)


def step_passed(connection: Connection, step: str) -> bool:
    """Tell whether a person went on from a step, having done something there or not."""
    return noted(step) in connection.gates_passed


def pass_step(workshop: Workshop, actor: Actor, connection_id: str, step: str) -> None:
    """Note that the set-up goes on from a step; what was done there stays, and one may come back."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        require(actor, Power.LINK, info_of(workshop, connection.connector))
        if step_passed(connection, step):
            return
        note_passed(connection, actor, [noted(step)], now)
        events.append(
            session, actor=actor.name, action=f"connection.{step}_passed", subject=connection.label,
            company_id=connection.company_id, connection_id=connection.id, now=now,
        )  # fmt: skip


def note_gone_on(workshop: Workshop, actor: Actor, connection_id: str, step: str) -> None:
    """Note that a person went on from a step of a set-up that goes on; what was said there is audited by itself."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        require(actor, Power.WORK)
        if connection.state == ConnectionState.DRAFT and not step_passed(connection, step):
            note_passed(connection, actor, [noted(step)], now)


def under_way(session: Session, connection_id: str) -> bool:
    """Tell whether the newest run of a connection that brings something over has not ended."""
    mine = Run.connection_id == connection_id, Run.trigger != LISTS
    newest = select(Run.state).where(*mine).order_by(Run.id.desc()).limit(1)
    return session.scalars(newest).first() in UNDER_WAY


def noted(step: str) -> str:
    """Return the name, which no gate can have, under which a connection notes that a step was passed."""
    return f"step:{step}"
