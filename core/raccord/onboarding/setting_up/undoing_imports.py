"""Taking an import of a list back as a whole: what was imported and serves nothing goes again at the source.

What documents name, what the source had before, and all that belongs to it stay, each with its reason. What went may be
imported again, by a person alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.setting_up.known_names import Taken, taken_entries
from raccord.onboarding.setting_up.lists import ListError, bench_for
from raccord.onboarding.setting_up.tending import note, pushed_of, tend, tended_list, used_by_documents
from raccord.plugin.info import ListInfo
from raccord.plugin.ledger import ListDeed
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store.models import Connection, PushedEntry, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.telling.push import TAKEN_BACK
from raccord.sync.workshop import Workshop

NAMED = Text("Un document le nomme : il reste.", "A document names it: it stays.")
BEFORE = Text(
    "La source l'avait déjà avant qu'il soit envoyé : il reste.", "The source had it before it was sent: it stays."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """An entry that the source took; ``stays`` says why it is not deleted, if so."""

    object_id: str
    name: str
    source_id: str
    stays: Text | None = None


@dataclass(slots=True)
class TakenBack:
    """What became of an import: how many entries went, and which stay, each with why."""

    done: int = 0
    stay: list[Imported] = field(default_factory=list)
    left: int = 0
    """Those of which the source said nothing: ask again."""


def imported_of(workshop: Workshop, connection_id: str, name: str) -> list[Imported]:
    """Return what was imported of a list and is at the source, by name, with why some of it would stay."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        return _imported(workshop, session, bench.connection, tended_list(bench, name))


def undo_import(workshop: Workshop, actor: Actor, connection_id: str, name: str) -> TakenBack:
    """Delete at the source what was imported of a list and serves nothing; the rest stays, each with its reason."""
    require(actor, Power.MANAGE)
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        found = _imported(workshop, session, bench.connection, info)
    wanted = {each.source_id: each for each in found if each.stays is None}
    if not wanted:
        raise ListError(
            "list.nothing_imported",
            Text("Rien de ce qui fut importé ne peut être supprimé.", "Nothing that was imported can be deleted."),
            Text("Ce qui sert reste ; le reste est déjà parti.", "What is used stays; the rest is gone already."),
        )
    tended, gone = tend(bench, info, ListDeed.DELETE, list(wanted))
    with workshop.database.begin() as session:
        for some in chunks(gone, CHUNK):
            for row in session.scalars(pushed_of(bench.connection, info).where(PushedEntry.source_id.in_(some))):
                row.source_id, row.told_hash = "", TAKEN_BACK
    note(workshop, actor, bench, "list.import_undone", name, tended)
    refused = [
        Imported(wanted[id_].object_id, wanted[id_].name, id_, why) for id_, why in tended.refusals if id_ in wanted
    ]
    return TakenBack(tended.done, [each for each in found if each.stays is not None] + refused, tended.left)


def _imported(workshop: Workshop, session: Session, connection: Connection, info: ListInfo) -> list[Imported]:
    rows = taken_entries(workshop.database, session, connection, info.name)
    used = used_by_documents(session, connection, [record_key(info.of_stream, row.source_id) for row in rows])
    told = _first_told(session, connection, info, [row.source_id for row in rows])
    found: list[Imported] = []
    for row in rows:
        named = record_key(info.of_stream, row.source_id) in used
        found.append(Imported(row.object_id, row.name, row.source_id, _why(row, told, named=named)))
    return found


def _why(row: Taken, told: Mapping[str, datetime], *, named: bool) -> Text | None:
    if named:
        return NAMED
    first = told.get(row.source_id)
    return BEFORE if first is not None and first < row.told_at else None


def _first_told(
    session: Session, connection: Connection, info: ListInfo, source_ids: Sequence[str]
) -> dict[str, datetime]:
    """Return when the source told of each entry for the first time, by its id there."""
    mine = SourceRecord.connection_id == connection.id, SourceRecord.stream == info.of_stream
    asked = select(SourceRecord.source_id, func.min(SourceRecord.fetched_at)).where(*mine)
    if len(source_ids) <= CHUNK:
        asked = asked.where(SourceRecord.source_id.in_(source_ids))
    return {row[0]: row[1] for row in session.execute(asked.group_by(SourceRecord.source_id))}
