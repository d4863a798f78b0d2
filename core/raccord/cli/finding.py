"""Finding what a person named on the command line: a connection by id, label or connector."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.people import Actor, RoleName
from raccord.plugin.texts import Text
from raccord.store.models import Connection, ConnectionState

NAMES_MAX = 20


class FindingError(RaccordError):
    """Raised when a name fits no connection, or several."""


def operator(name: str) -> Actor:
    """Return the person at the keyboard: whoever may read the data directory owns this installation."""
    return Actor(name, RoleName.OWNER)


def the_connection(session: Session, name: str | None) -> Connection:
    """Return the one connection of that id, label or connector; without a name the only one there is."""
    found = _matching(session, name)
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.label} ({each.id[:12]})" for each in _all(session)[:NAMES_MAX])
    if not known:
        raise FindingError(
            "connection.none",
            Text("Aucune connexion n'existe encore.", "There is no connection yet."),
            Text("Reliez une source : raccord connect source.", "Connect a source: raccord connect source."),
        )
    raise FindingError(
        "connection.which",
        Text(f"Quelle connexion ? Connues : {known}.", f"Which connection? Known ones: {known}."),
        Text("Donnez son nom ou le début de son numéro.", "Give its name or the beginning of its id."),
    )


def the_connections(session: Session, name: str | None) -> Sequence[Connection]:
    """Return the named connection, or all that are connected."""
    if name is not None:
        return [the_connection(session, name)]
    connected = [each for each in _all(session) if each.state == ConnectionState.CONNECTED]
    return connected or [the_connection(session, None)]


def _matching(session: Session, name: str | None) -> list[Connection]:
    everything = _all(session)
    if name is None:
        return everything
    wanted = name.casefold()
    exact = [each for each in everything if wanted in (each.id, each.label.casefold(), each.connector)]
    return exact or [each for each in everything if len(wanted) >= 6 and each.id.startswith(wanted)]


def _all(session: Session) -> list[Connection]:
    alive = Connection.state != ConnectionState.UNCONNECTED
    return list(session.scalars(select(Connection).where(alive).order_by(Connection.set_up_at)))
