"""A list imported into a source that runs already: what was there is tagged before, what came double goes again.

Only what was imported can be deleted, and only while nothing hangs on it; earlier entries stay as they are, with all
that belongs to them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.guard import WRONG_ANSWER, PluginFault
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.setting_up.instances import name_of
from raccord.onboarding.setting_up.lists import ListError, bench_for, named_list
from raccord.plugin.info import ListInfo
from raccord.plugin.ledger import ListDeed
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, PushedEntry, RecordState, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.newcomers import comparison_key
from raccord.sync.telling.push import PAGE, REMOVED, alone
from raccord.sync.workshop import Bench, Workshop


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry that the source had before the import."""

    id: str
    name: str
    tagged: bool


@dataclass(frozen=True, slots=True)
class Double:
    """An imported entry, and the earlier ones of its name; what documents name already (``in_use``) stays."""

    object_id: str
    name: str
    source_id: str
    earlier: Sequence[Earlier]
    in_use: bool


@dataclass(slots=True)
class Tended:
    """What became of entries at the source: how many are done, and why others were refused."""

    done: int = 0
    refused: int = 0
    left: int = 0
    why: Text | None = None
    """Of the first that was refused."""
    refusals: list[tuple[str, Text]] = field(default_factory=list)
    """Each that was refused, by its id at the source, with why."""


def earlier_entries(workshop: Workshop, connection_id: str, name: str) -> list[Earlier]:
    """Return what the source told of as its own entries of a list, those that were imported left out."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        return _earlier(session, bench.connection, tended_list(bench, name))


def tag_earlier(workshop: Workshop, actor: Actor, connection_id: str, name: str) -> Tended:
    """Give every earlier entry the list's tag, so that people tell it from what is imported (PL-29)."""
    require(actor, Power.MANAGE)
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        wanted = [each.id for each in _earlier(session, bench.connection, info) if not each.tagged]
    tended, _ = tend(bench, info, ListDeed.TAG, wanted)
    note(workshop, actor, bench, "list.tagged", name, tended)
    return tended


def imported_doubles(workshop: Workshop, connection_id: str, name: str) -> list[Double]:
    """Return the imported entries beside which the source has an earlier one of the same name, nearly the same too."""
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        by_name: dict[str, list[Earlier]] = {}
        for each in _earlier(session, bench.connection, info):
            by_name.setdefault(comparison_key(each.name), []).append(each)
        rows = [
            row
            for row in session.scalars(pushed_of(bench.connection, info).order_by(PushedEntry.name))
            if row.source_id and comparison_key(row.name) in by_name
        ]
        used = used_by_documents(session, bench.connection, [record_key(info.of_stream, row.source_id) for row in rows])
    return [
        Double(
            row.object_id, row.name, row.source_id, by_name[comparison_key(row.name)],
            record_key(info.of_stream, row.source_id) in used,
        )
        for row in rows
    ]  # fmt: skip


def delete_doubles(
    workshop: Workshop, actor: Actor, connection_id: str, name: str, object_ids: Collection[str]
) -> Tended:
    """Delete imported entries at the source that are there twice; they are never imported again."""
    require(actor, Power.MANAGE)
    found = {each.object_id: each for each in imported_doubles(workshop, connection_id, name) if not each.in_use}
    if not object_ids or not set(object_ids) <= set(found):
        raise ListError(
            "list.no_double",
            Text("Seul ce qui fut importé, est en double et ne sert à aucun document peut être supprimé.",
                 "Only what was imported, is there twice and is named by no document can be deleted."),
            Text("Choisissez-en dans la liste des doublons.", "Choose some from the list of duplicates."),
        )  # fmt: skip
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
    wanted = [found[each].source_id for each in sorted(object_ids)]
    tended, gone = tend(bench, info, ListDeed.DELETE, wanted)
    with workshop.database.begin() as session:
        for row in session.scalars(pushed_of(bench.connection, info).where(PushedEntry.source_id.in_(gone))):
            row.source_id, row.told_hash = "", REMOVED
    note(workshop, actor, bench, "list.doubles_deleted", name, tended)
    return tended


def tend(bench: Bench, info: ListInfo, deed: ListDeed, source_ids: Sequence[str]) -> tuple[Tended, list[str]]:
    """Have the source tag or delete entries, page by page; return what became of them, and the ids of those done."""
    tended, done = Tended(), list[str]()
    for start in range(0, len(source_ids), PAGE):
        some = source_ids[start : start + PAGE]
        with alone(bench):
            result = bench.scope.tend(bench.workshop.report_view(bench), info.name, deed, some)
        if result is None:
            raise PluginFault(bench.scope.info.name, bench.scope.version, "tend_list", "None", WRONG_ANSWER)
        done += [source_id for source_id, _ in result.pushed]
        tended.done += len(result.pushed)
        tended.refused += len(result.refused)
        tended.left += len(some) - len(result.pushed) - len(result.refused)
        tended.refusals += result.refused
        tended.why = tended.why or next((why for _, why in result.refused), None)
    return tended, done


def tended_list(bench: Bench, name: str) -> ListInfo:
    """Return a list whose entries the source lets be tagged and deleted; any other one is refused."""
    info = named_list(bench, name)
    if not (info.of_stream and info.tag):
        raise ListError(
            "list.not_tended",
            Text("La source ne se laisse ni étiqueter ni débarrasser de doublons pour cette liste.",
                 "The source lets nobody tag this list or delete duplicates of it."),
            Text("Faites-le à la source.", "Do it at the source."),
        )  # fmt: skip
    return info


def pushed_of(connection: Connection, info: ListInfo) -> Select[PushedEntry]:
    """Return the statement for what a source was told of a list."""
    return select(PushedEntry).where(PushedEntry.connection_id == connection.id, PushedEntry.list_name == info.name)


def _earlier(session: Session, connection: Connection, info: ListInfo) -> list[Earlier]:
    imported = {row.source_id for row in session.scalars(pushed_of(connection, info)) if row.source_id}
    records = session.execute(
        select(SourceRecord.source_id, SourceRecord.raw)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream == info.of_stream,
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.reason.not_in(UNSAID),
        )
        .order_by(SourceRecord.source_id)
    ).all()
    found = [_one(id_, json.loads(raw, parse_float=Decimal), info) for id_, raw in records if id_ not in imported]
    return [each for each in found if each is not None]


def _one(source_id: str, raw: Mapping[str, Any], info: ListInfo) -> Earlier | None:
    if raw.get("deleted") is True:
        return None
    tags = raw.get("tags")
    return Earlier(source_id, name_of(source_id, raw), isinstance(tags, list) and info.tag in tags)


def used_by_documents(session: Session, connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return those of the drafts that a document needs: one that nothing refers to is left out."""
    found: set[str] = set()
    for some in chunks(sorted(keys), CHUNK):
        of = select(DraftRow.key).where(DraftRow.connection_id == connection.id, DraftRow.key.in_(some))
        found.update(session.scalars(of.where(DraftRow.state != DraftState.SKIPPED)))
    return found


def note(workshop: Workshop, actor: Actor, bench: Bench, action: str, name: str, tended: Tended) -> None:
    """Write in the audit what became of entries at the source."""
    with workshop.database.begin() as session:
        events.append(
            session, actor=actor.name, action=action, subject=name, company_id=bench.company.id,
            connection_id=bench.connection.id, now=workshop.clock.now(),
            body={"done": tended.done, "refused": tended.refused, "left": tended.left},
        )  # fmt: skip
