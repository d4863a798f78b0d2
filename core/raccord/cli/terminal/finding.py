"""Finding what a person named on the command line: a connection by id, label or connector."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from raccord.cli.terminal.showing import short
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, RoleName
from raccord.plugin.texts import Text
from raccord.store.models import Connection, ConnectionState, DraftRow, Hold, Problem, ProblemState
from raccord.sync.resolving.resolve import DECISION_MISSING

NAMES_MAX = 20
PART_MIN = 6
"""Characters of an id that are enough to name it."""


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
    known = ", ".join(f"{each.label} ({short(each.id)})" for each in _all(session)[:NAMES_MAX])
    if not known:
        raise FindingError(
            "connection.none",
            Text("Aucune connexion n'existe encore.", "There is no connection yet."),
            Text("Reliez une source : raccord connect source.", "Connect a source: raccord connect source."),
        )
    raise FindingError(
        "connection.which",
        Text(f"Quelle connexion ? Connues : {known}.", f"Which connection? Known ones: {known}."),
        Text("Donnez son nom ou la fin de son numéro.", "Give its name or the end of its id."),
    )


def the_unconnected(session: Session, name: str) -> Connection:
    """Return the one account without a connection of that id or label; another connection where none is meant."""
    wanted = name.casefold()
    apart = session.scalars(select(Connection).where(Connection.state == ConnectionState.UNCONNECTED)).all()
    found = [each for each in apart if wanted in (each.id, each.label.casefold())]
    found = found or [each for each in apart if is_part(wanted, each.id)]
    return found[0] if len(found) == 1 else the_connection(session, name)


def the_connections(session: Session, name: str | None) -> Sequence[Connection]:
    """Return the named connection, or all that are connected."""
    if name is not None:
        return [the_connection(session, name)]
    connected = [each for each in _all(session) if each.state == ConnectionState.CONNECTED]
    return connected or [the_connection(session, None)]


def every_connection(session: Session) -> Sequence[Connection]:
    """Return all connections, whatever their state, but those that were refused from the start; one there is."""
    return _all(session) or [the_connection(session, None)]


def the_hold(session: Session, name: str) -> str:
    """Return the id of the open hold of that id (or a part of it) or of the draft with that key."""
    rows = session.execute(
        select(Hold.id)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(Hold.closed_at.is_(None), _named(Hold.id, DraftRow.key, name))
        .limit(2)
    )
    return _only(
        list(rows.scalars()),
        name,
        FindingError(
            "hold.unknown",
            Text(f"Aucune question ouverte ne porte le nom {name}.", f"No open question is named {name}."),
            Text("« raccord holds » montre celles qui le sont.", "“raccord holds” shows those that are."),
        ),
    )


def the_line_asked(session: Session, name: str) -> str:
    """Return the id of the last question about a bank line, open or answered, of that id or draft's key."""
    rows = session.execute(
        select(func.max(Hold.id))
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(Hold.code == DECISION_MISSING, _named(Hold.id, DraftRow.key, name))
        .group_by(Hold.draft_id)
        .limit(2)
    )
    return _only(
        list(rows.scalars()),
        name,
        FindingError(
            "hold.unknown",
            Text(f"Aucune opération de banque ne porte le nom {name}.", f"No bank line is named {name}."),
            Text("« raccord holds » montre celles qui attendent.", "“raccord holds” shows those that wait."),
        ),
    )


def holds_of(session: Session, code: str) -> list[str]:
    """Return the ids of all open holds with this question, the oldest first."""
    rows = list(session.scalars(select(Hold.id).where(Hold.closed_at.is_(None), Hold.code == code).order_by(Hold.id)))
    if not rows:
        raise FindingError(
            "hold.unknown",
            Text(f"Aucune question ouverte ne porte le code {code}.", f"No open question has the code {code}."),
            Text("« raccord holds » montre celles qui le sont.", "“raccord holds” shows those that are."),
        )
    return rows


def the_problem(session: Session, name: str) -> str:
    """Return the id of the open problem of that id (or a part of it) or about that subject."""
    rows = session.execute(
        select(Problem.id).where(Problem.state == ProblemState.OPEN, _named(Problem.id, Problem.subject, name)).limit(2)
    )
    return _only(
        list(rows.scalars()),
        name,
        FindingError(
            "problem.unknown",
            Text(f"Aucun problème ouvert ne porte le nom {name}.", f"No open problem is named {name}."),
            Text("« raccord problems » montre ceux qui le sont.", "“raccord problems” shows those that are."),
        ),
    )


def _named(id_: InstrumentedAttribute[str], key: InstrumentedAttribute[str], name: str) -> ColumnElement[bool]:
    if len(name) < PART_MIN:
        return or_(id_ == name, key == name)
    part = name.lower()
    return or_(key == name, id_.startswith(part, autoescape=True), id_.endswith(part, autoescape=True))


def _only(found: Sequence[str], name: str, none: FindingError) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        raise none
    raise FindingError(
        "cli.ambiguous",
        Text(f"Plusieurs portent le nom {name}.", f"Several are named {name}."),
        Text("Donnez le numéro entier (--json le montre).", "Give the whole id (--json shows it)."),
    )


def is_part(wanted: str, id_: str) -> bool:
    """Tell whether what a person typed is the beginning or the end of an id, and long enough to be meant so."""
    return len(wanted) >= PART_MIN and (id_.startswith(wanted) or id_.endswith(wanted))


def _matching(session: Session, name: str | None) -> list[Connection]:
    everything = _all(session)
    if name is None:
        return everything
    wanted = name.casefold()
    exact = [each for each in everything if wanted in (each.id, each.label.casefold(), each.connector)]
    return exact or [each for each in everything if is_part(wanted, each.id)]


def _all(session: Session) -> list[Connection]:
    alive = Connection.state != ConnectionState.UNCONNECTED
    return list(session.scalars(select(Connection).where(alive).order_by(Connection.set_up_at)))
