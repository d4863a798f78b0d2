"""A run of every connection of a company at once, as a person asks who wants all of it up to date now."""

from __future__ import annotations

from sqlalchemy import select

from raccord.clock import Clock
from raccord.jobs.port import JobEngine
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Actor, Power, require
from raccord.store.database import Database
from raccord.store.models import Connection, ConnectionState, Plan, PlanState

MOST = 500
"""Connections of one company that are run at once; the others are, by the next time it is asked."""


def run_every(database: Database, engine: JobEngine, actor: Actor, company_id: str, *, clock: Clock) -> list[str]:
    """Return the open run of each connected connection of a company, started where there was none.

    One that is paused, or whose plan is waiting to be read, stays as it is: another run would set that plan aside.
    """
    require(actor, Power.WORK)
    read = select(Plan.connection_id).where(Plan.state == PlanState.WAITING)
    wanted = (
        select(Connection.id)
        .where(
            Connection.company_id == company_id,
            Connection.state == ConnectionState.CONNECTED,
            Connection.paused_at.is_(None),
            Connection.id.not_in(read),
        )
        .order_by(Connection.label, Connection.id)
        .limit(MOST)
    )
    with database.read() as session:
        connections = session.scalars(wanted).all()
    return [request_run(database, engine, each, trigger="person", by=actor.name, clock=clock) for each in connections]
