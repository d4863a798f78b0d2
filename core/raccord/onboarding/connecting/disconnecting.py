"""Disconnecting: a connection ends for good, after what is kept about it was taken away or somebody said without."""

from __future__ import annotations

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.exported import missing_of, require_exported
from raccord.onboarding.connecting.connections import end
from raccord.onboarding.connecting.leaving import close_source, lay_aside
from raccord.onboarding.sources.source_accounts import info_of
from raccord.store import events
from raccord.store.models import Connection
from raccord.sync.life import Step, require_step
from raccord.sync.workshop import Workshop


def disconnect(workshop: Workshop, actor: Actor, connection_id: str, *, without_export: bool = False) -> Connection:
    """End a connection (CH-37, CH-61): its authorisation ends and nothing is written afterwards.

    Nothing is deleted in QuickBooks and its links stay for ever. Connecting it again is a whole onboarding: new
    credentials, and a first plan that waits for approval. What its source holds for it is given back afterwards.

    Where something that is kept about it stands in no finished export, that is refused with ``NotExportedError``,
    which says what is missing, unless ``without_export`` confirms it a second time.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        require(actor, Power.LINK, info_of(workshop, connection.connector))
        require_step(connection, Step.DISCONNECT)
        missing = missing_of(session, connection.company_id, [connection.id])
        require_exported(missing, confirmed=without_export)
        lay_aside(workshop, session, connection)
        end(workshop, session, connection, Step.DISCONNECT)
        events.append(
            session, actor=actor.name, action="connection.disconnected", subject=connection.label,
            company_id=connection.company_id, connection_id=connection.id, now=now,
            body={} if missing is None else {"not_exported": missing.counts()},
        )  # fmt: skip
    close_source(workshop, connection_id)
    return connection
