"""Lists of the ledger that a person has brought to the source, as when it is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.gates.gates import GateView, closing
from raccord.plugin.drafts import Customer, Item, Vendor
from raccord.plugin.info import ListInfo, Stage
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, ConnectionState, DraftRow, PushedEntry
from raccord.sync.bodies import load_draft
from raccord.sync.resolving.newcomers import LIST_MAX, comparison_key
from raccord.sync.telling.push import ALL_ENTRIES, TAKEN_BACK, goes
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
        bench = bench_for(workshop, session, connection_id)
        counted = select(PushedEntry.list_name, func.count()).where(
            PushedEntry.connection_id == connection_id, PushedEntry.source_id != "", PushedEntry.active.is_(True)
        )
        rows = session.execute(counted.group_by(PushedEntry.list_name)).all()
        taken = {name: int(count) for name, count in rows}
    mode = bench.connection.mode
    return [ListView(info, goes(info, mode), taken.get(info.name, 0)) for info in bench.scope.info.lists]


SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Verified:
    """Both counts of a list: active entries in QuickBooks, and those of them that the source took."""

    ledger: int
    taken: int
    missing: Sequence[str]
    """Names of entries that the source has not, the first of them."""
    inactive: Sequence[str]
    """Names of entries that are inactive and stay out."""


def verify_list(workshop: Workshop, connection_id: str, name: str) -> Verified:
    """Hold what the source took of a list against the list as QuickBooks has it now."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = named_list(bench, name)
        rows = session.execute(
            select(PushedEntry.kind, PushedEntry.object_id, PushedEntry.source_id).where(
                PushedEntry.connection_id == connection_id,
                PushedEntry.list_name == name,
                PushedEntry.told_hash != TAKEN_BACK,
            )
        )
        known = {(kind, object_id): bool(source_id) for kind, object_id, source_id in rows}
    ledger, taken, missing, inactive = 0, 0, list[str](), list[str]()
    for kind in info.kinds:
        for row in bench.client().query_all(kind, ALL_ENTRIES, limit=LIST_MAX):
            said = str(row.get("DisplayName") or row.get("Name"))
            there = known.get((kind, row["Id"]))
            if row.get("Active") is False:
                inactive.append(said)
            elif there is not False:  # told and left aside at the source, as a category of items is
                ledger += 1
                taken += bool(there)
                missing += [] if there else [said]
    return Verified(ledger, taken, missing[:SHOWN_MAX], inactive[:SHOWN_MAX])


def likely_doubles(workshop: Workshop, connection_id: str, name: str) -> int:
    """Estimate how many entries the source would have twice: names that it told of, and did not take from the list."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = named_list(bench, name)
        bodies = session.scalars(
            select(DraftRow.body).where(DraftRow.connection_id == connection_id, DraftRow.kind.in_(info.kinds))
        )
        drafts = [load_draft(body) for body in bodies]
        there = {comparison_key(each.name) for each in drafts if isinstance(each, Customer | Vendor | Item)}
        taken = set(
            session.scalars(
                select(PushedEntry.object_id).where(
                    PushedEntry.connection_id == connection_id,
                    PushedEntry.list_name == name,
                    PushedEntry.told_hash != TAKEN_BACK,
                )
            )
        )
    return sum(
        comparison_key(str(row.get("DisplayName") or row.get("Name"))) in there and row["Id"] not in taken
        for kind in info.kinds
        for row in bench.client().query_all(kind, limit=LIST_MAX)
    )


def closing_lists(workshop: Workshop, connection_id: str) -> list[GateView]:
    """Return the gates that keep every list from going to the source for now (PL-17)."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        return closing(session, bench.connection, bench.scope.info, Stage.LISTS)


def bench_for(workshop: Workshop, session: Session, connection_id: str) -> Bench:
    """Return what works with a connection's source."""
    connection = session.get_one(Connection, connection_id)
    return workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)


def named_list(bench: Bench, name: str) -> ListInfo:
    """Return a list that goes to the source now; refuses what is unknown, never goes, or is out of service."""
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
