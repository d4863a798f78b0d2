"""A list imported into a source that runs already: what was there is tagged before, what came double goes again.

Only what was imported can be deleted, and only while nothing hangs on it; earlier entries stay as they are, with all
that belongs to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.guard import WRONG_ANSWER, PluginFault
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.setting_up.known_names import Own, own_entries, taken_entries
from raccord.onboarding.setting_up.lists import ListError, bench_for, named_list
from raccord.plugin.info import ListInfo
from raccord.plugin.ledger import ListDeed
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, PushedEntry
from raccord.sync.chunks import CHUNK
from raccord.sync.telling.push import PAGE, alone
from raccord.sync.workshop import Bench, Workshop


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry that the source had before the import."""

    id: str
    name: str
    tagged: bool


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
        info = tended_list(bench, name)
        return [told_of(each, info) for each in own_before(workshop, session, bench.connection, info)]


def tag_earlier(workshop: Workshop, actor: Actor, connection_id: str, name: str) -> Tended:
    """Give every earlier entry the list's tag, so that people tell it from what is imported (PL-29)."""
    require(actor, Power.MANAGE)
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        wanted = [
            each.id for each in own_before(workshop, session, bench.connection, info) if info.tag not in each.tags
        ]
    tended, _ = tend(bench, info, ListDeed.TAG, wanted)
    note(workshop, actor, bench, "list.tagged", name, tended)
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


def own_before(workshop: Workshop, session: Session, connection: Connection, info: ListInfo) -> list[Own]:
    """Return what the source had before the import, by name, as it says it."""
    imported = {each.source_id for each in taken_entries(workshop.database, session, connection, info.name)}
    own = own_entries(workshop.database, session, connection, info.of_stream)
    return [each for each in own if each.id not in imported]


def told_of(own: Own, info: ListInfo) -> Earlier:
    """Return an entry that was there before as people see it."""
    return Earlier(own.id, own.name, info.tag in own.tags)


def used_by_documents(session: Session, connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return those of the drafts that a document needs: one that nothing refers to is left out."""
    if not keys:
        return set()
    of = select(DraftRow.key).where(DraftRow.connection_id == connection.id, DraftRow.state != DraftState.SKIPPED)
    if len(keys) <= CHUNK:
        return set(session.scalars(of.where(DraftRow.key.in_(keys))))
    # Of very many, one question for all of their stream is answered sooner than one for each few.
    stream = keys[0].partition("/")[0]
    return set(session.scalars(of.where(DraftRow.key.startswith(f"{stream}/", autoescape=True)))) & set(keys)


def note(workshop: Workshop, actor: Actor, bench: Bench, action: str, name: str, tended: Tended) -> None:
    """Write in the audit what became of entries at the source."""
    with workshop.database.begin() as session:
        events.append(
            session, actor=actor.name, action=action, subject=name, company_id=bench.company.id,
            connection_id=bench.connection.id, now=workshop.clock.now(),
            body={"done": tended.done, "refused": tended.refused, "left": tended.left},
        )  # fmt: skip
