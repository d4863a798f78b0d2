"""Whether the plans of a connection after its first wait for a person, or are approved by themselves."""

from __future__ import annotations

from raccord.onboarding.access.people import Actor, Power, require
from raccord.store import events
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop


def set_review_each(workshop: Workshop, actor: Actor, connection_id: str, *, each: bool) -> Connection:
    """Have every plan wait from the next one on, or only the first; what waits already goes on waiting.

    To let plans go by themselves is the owner's, as the first approval is.
    """
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        granted = connection.manage_granted_at is not None
        info = None if admitted is None else admitted.info
        require(actor, Power.MANAGE if each else Power.LINK, info, manage_granted=granted)
        if connection.review_each == each:
            return connection
        connection.review_each = each
        connection.revision += 1
        events.append(
            session,
            actor=actor.name,
            action="connection.review_each",
            subject=connection.label,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=workshop.clock.now(),
            body={"each": each},
        )
        return connection
