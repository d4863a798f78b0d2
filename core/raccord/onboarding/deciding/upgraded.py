"""What another version of a connector says otherwise, and its acceptance by a person."""

from __future__ import annotations

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection
from raccord.sync.mapping.upgrades import Comparison, accept_version, compare
from raccord.sync.workshop import Workshop


class UpgradeError(RaccordError):
    """Raised when a version cannot be accepted as asked; says why and what to do."""


def differences(workshop: Workshop, connection_id: str) -> Comparison:
    """Compare what the installed version makes of the newest records with what was kept of them; writes nothing."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        return compare(session, bench, workshop.map_view(session, bench))


def accept_upgrade(workshop: Workshop, actor: Actor, connection_id: str, version: str) -> None:
    """Let the installed version write as it maps; ``version`` is the one whose differences were read.

    A plan that waits for its approval still does.
    """
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        info = bench.scope.info
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        if info.version != version:
            raise UpgradeError(
                "plugin.another_version",
                Text(
                    f"La version installée est la {info.version}, pas la {version}.",
                    f"The installed version is {info.version}, not {version}.",
                ),
                Text("Relisez les différences.", "Read the differences again."),
            )
        accept_version(session, connection, version, bench.scope.terms_digest, actor.name, workshop.clock.now())
