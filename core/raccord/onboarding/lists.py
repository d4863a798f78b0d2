"""Lists of the ledger that a person has brought to the source, as when it is set up."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.gates import GateView, closing, require_stage
from raccord.onboarding.people import Actor, Power, require
from raccord.plugin.info import ListInfo, Stage
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Company, Connection, ConnectionState, PushedEntry
from raccord.sync.push import Counts, Place, alone, goes, note_told, tell_page
from raccord.sync.workshop import Bench, Workshop


class ListError(RaccordError):
    """Raised when a list cannot go to the source as asked; says why and what to do."""


@dataclass(frozen=True, slots=True)
class ListView:
    """A list as it stands at the source: how many entries it took, and whether the list goes there at all."""

    info: ListInfo
    goes: bool
    taken: int


def lists_of(workshop: Workshop, connection_id: str) -> list[ListView]:
    """Return the lists that a connection's source takes, in the connector's order."""
    with workshop.database.read() as session:
        bench = _bench(workshop, session, connection_id)
        counted = select(PushedEntry.list_name, func.count()).where(
            PushedEntry.connection_id == connection_id, PushedEntry.source_id != "", PushedEntry.active.is_(True)
        )
        rows = session.execute(counted.group_by(PushedEntry.list_name)).all()
        taken = {name: int(count) for name, count in rows}
    mode = bench.connection.mode
    return [ListView(info, goes(info, mode), taken.get(info.name, 0)) for info in bench.scope.info.lists]


def closing_lists(workshop: Workshop, connection_id: str) -> list[GateView]:
    """Return the gates that keep every list from going to the source for now (PL-17)."""
    with workshop.database.read() as session:
        bench = _bench(workshop, session, connection_id)
        return closing(session, bench.connection, bench.scope.info, Stage.LISTS)


def push_list(workshop: Workshop, actor: Actor, connection_id: str, name: str) -> Counts:
    """Bring a list to the source, from the first entry to the last; what it was told already is left alone.

    Each page is kept before the next, so that it may be stopped and begun again at will. What the source refuses
    stands among the problems; ``RetryLater`` and the like pass through.
    """
    require(actor, Power.MANAGE)
    with workshop.database.read() as session:
        bench = _bench(workshop, session, connection_id)
        info = _named(bench, name)
        require_stage(session, bench.connection, bench.scope.info, Stage.LISTS)
    counts = Counts()
    place: Place | None = Place()
    while place is not None:
        with alone(bench):
            told = tell_page(bench, info, place)
            with workshop.database.begin() as session:
                connection = session.get_one(Connection, connection_id)
                note_told(session, connection, told, workshop.clock.now())
        counts.add(told.counts)
        place = told.following
    with workshop.database.begin() as session:
        events.append(
            session,
            actor=actor.name,
            action="list.pushed",
            subject=name,
            company_id=bench.company.id,
            connection_id=connection_id,
            now=workshop.clock.now(),
            body=asdict(counts),
        )
    return counts


def _bench(workshop: Workshop, session: Session, connection_id: str) -> Bench:
    connection = session.get_one(Connection, connection_id)
    return workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)


def _named(bench: Bench, name: str) -> ListInfo:
    found = next((info for info in bench.scope.info.lists if info.name == name), None)
    if found is None:
        names = ", ".join(info.name for info in bench.scope.info.lists) or "-"
        raise ListError(
            "list.unknown",
            Text(f"La source de cette connexion ne reçoit pas de liste « {name} ».",
                 f"The source of this connection takes no list “{name}”."),
            Text(f"Elle reçoit : {names}.", f"It takes: {names}."),
        )  # fmt: skip
    if not goes(found, bench.connection.mode):
        why = found.refusal or Text(
            "Cette liste ne s'importe pas dans une source déjà en service.",
            "This list is not imported into a source that runs already.",
        )
        raise ListError(
            "list.other_mode", why,
            Text("« raccord lists » montre ce qui s'importe.", "“raccord lists” shows what is imported."),
        )  # fmt: skip
    if bench.connection.state != ConnectionState.CONNECTED:
        raise ListError(
            "list.not_connected",
            Text("La connexion n'est pas en service ; rien n'est envoyé à la source.",
                 "The connection is not in service; nothing is sent to the source."),
            Text("Remettez-la en service d'abord.", "Put it into service first."),
        )  # fmt: skip
    return found
