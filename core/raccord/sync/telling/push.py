"""Bringing lists of the ledger to a source: page by page, only what the source was not told yet."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.guard import WRONG_ANSWER, PluginFault
from raccord.plugin.errors import SourceRefused
from raccord.plugin.info import ListInfo, Mode
from raccord.plugin.ledger import LedgerObject, PushResult
from raccord.plugin.texts import Text
from raccord.quickbooks.codec import CompanyFacts, entry_of
from raccord.quickbooks.query import page_statement
from raccord.store.locks import exclusive
from raccord.store.models import Connection, PushedEntry
from raccord.sync.bodies import digest
from raccord.sync.books.company import read_facts
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.workshop import Bench

PAGE = 200
"""Entries of one page, the most that a hook is handed at once."""
ALL_ENTRIES = "Active IN (true, false)"
"""Which of a list's entries are read: QuickBooks leaves out those that are inactive unless they are asked for."""
REFUSED = "push.entry_refused"
STREAM_REFUSED = "push.list_refused"
REMOVED = "removed"
"""Stands for the hash of an entry that was taken and deleted again at the source, by a person: it never goes again."""
TAKEN_BACK = "taken back"
"""Stands for the hash of an entry whose import a person undid: it goes again only when a person sends the list."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where telling a list stands: which of its kinds, and from which entry on (counted from 1)."""

    kind: int = 0
    start: int = 1


@dataclass(slots=True)
class Counts:
    """What became of the entries of a list."""

    read: int = 0
    pushed: int = 0
    found: int = 0
    """Of those pushed, what the source had and was told of for the first time: linked."""
    renewed: int = 0
    """Of those pushed, what it had been told of before: brought up to date."""
    unchanged: int = 0
    refused: int = 0
    left: int = 0
    """Handed over and neither taken nor refused: they come again."""
    inactive: int = 0
    """Inactive and never told: they stay out."""
    aside: int = 0
    """What the source has no place for, such as a category of items: it was told of it and keeps nothing."""

    def add(self, other: Counts) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Told:
    """One page of a list: what the source answered, for :func:`note_told` to keep."""

    info: ListInfo
    counts: Counts
    entries: Sequence[tuple[LedgerObject, str]] = ()
    """What was handed over, with the hash of what it says."""
    result: PushResult = field(default_factory=lambda: PushResult(()))
    refused: Text | None = None
    """Why the source takes nothing of this list."""
    following: Place | None = None
    before: Collection[str] = ()
    """The ids of entries that the source had of us already."""


def goes(info: ListInfo, mode: str) -> bool:
    """Tell whether a list goes to the source of a connection of this mode at all."""
    return Mode(mode) in info.modes


@contextmanager
def alone(bench: Bench) -> Iterator[None]:
    """Let one process at a time tell a source of lists, so that nothing is told twice at once."""
    workshop = bench.workshop
    with exclusive(workshop.database, workshop.settings.data_dir, f"lists-{bench.connection.id}"):
        yield


def tell_page(bench: Bench, info: ListInfo, place: Place) -> Told:
    """Read one page of a list from QuickBooks and hand over what the source was not told yet; nothing is stored.

    Raises what the connector says happens next, but a refusal for good, which is part of the answer.
    """
    kind = info.kinds[place.kind]
    client = bench.client()
    # A code that is switched off still says its rate, so that a source that has it can put it away.
    codes = kind == "TaxCode"
    facts = read_facts(client, inactive=True).encoding if codes else CompanyFacts("", "", False, False, {})
    rows = client.query(page_statement(kind, ALL_ENTRIES, "Id", place.start, PAGE))
    entries = [entry_of(kind, row, facts) for row in rows]
    more = Place(place.kind, place.start + PAGE) if len(rows) == PAGE else None
    following = more or (Place(place.kind + 1) if place.kind + 1 < len(info.kinds) else None)
    counts = Counts(read=len(entries))
    with bench.workshop.database.read() as session:
        known = _known(session, bench.connection.id, info, kind, [entry.id for entry in entries])
    wanted: list[tuple[LedgerObject, str]] = []
    for entry in entries:
        said, row = _hash(entry), known.get(entry.id)
        if not entry.active and (row is None or not row.source_id):
            counts.inactive += 1
        elif row is not None and row.told_hash in (said, REMOVED, TAKEN_BACK):
            aside = not row.source_id and row.told_hash == said
            counts.aside += aside
            counts.unchanged += not aside
        else:
            wanted.append((entry, said))
    before = {id_ for id_, row in known.items() if row.source_id}
    told = Told(info, counts, wanted, following=following, before=before)
    if wanted:
        _hand_over(bench, told)
    return told


def _hand_over(bench: Bench, told: Told) -> None:
    scope, documents = bench.scope, [entry for entry, _ in told.entries]
    try:
        result = scope.push(bench.workshop.report_view(bench), told.info.name, documents)
    except SourceRefused as error:
        told.refused, told.following = error.text, None
        told.counts.left += len(documents)
        return
    if result is None:
        raise PluginFault(scope.info.name, scope.version, "push_records", "None", WRONG_ANSWER)
    told.result = result
    taken = [id_ for id_, there in result.pushed if there or id_ in told.before]
    told.counts.pushed, told.counts.refused = len(taken), len(result.refused)
    told.counts.aside += len(result.pushed) - len(taken)
    told.counts.renewed = sum(id_ in told.before for id_ in taken)
    told.counts.found = sum(id_ in result.found and id_ not in told.before for id_ in taken)
    told.counts.left = len(documents) - len(result.pushed) - len(result.refused)


def note_told(session: Session, connection: Connection, told: Told, now: datetime, run_id: str = "") -> None:
    """Keep what the source took, and make problems of what it refused."""
    name, entries = told.info.name, {entry.id: (entry, said) for entry, said in told.entries}
    whole = f"list {name}"
    if told.refused is not None:
        params = {"fr": told.refused.fr, "en": told.refused.en, "list": name}
        _problem(session, connection, STREAM_REFUSED, whole, params, now, run_id)
        return
    if told.entries:
        close_problems(session, connection.id, whole, now)
    kind = told.entries[0][0].kind if told.entries else ""
    known = _known(session, connection.id, told.info, kind, list(entries))
    for object_id, source_id in told.result.pushed:
        entry, said = entries[object_id]
        row = known.get(object_id)
        if row is None:
            row = PushedEntry(connection_id=connection.id, list_name=name, kind=kind, object_id=object_id)
            session.add(row)
        row.name, row.source_id, row.told_hash = entry.name, source_id or row.source_id, said
        row.active, row.told_at = entry.active, now
        close_problems(session, connection.id, _subject(name, entry), now)
    for object_id, why in told.result.refused:
        entry, _ = entries[object_id]
        if object_id in known:
            known[object_id].told_hash = ""
        params = {"fr": why.fr, "en": why.en, "list": name, "name": entry.name}
        _problem(session, connection, REFUSED, _subject(name, entry), params, now, run_id)


def _problem(
    session: Session,
    connection: Connection,
    code: str,
    subject: str,
    params: dict[str, str],
    now: datetime,
    run_id: str,
) -> None:
    open_problem(
        session, connection_id=connection.id, run_id=run_id, code=code, subject=subject, params=params, now=now
    )


def _subject(name: str, entry: LedgerObject) -> str:
    return f"list {name}/{entry.kind} {entry.id}"


def _hash(entry: LedgerObject) -> str:
    said = [entry.name, entry.active, entry.type, entry.subtype, entry.number, entry.currency]
    return digest(json.dumps([*said, dict(entry.details)], sort_keys=True))


def _known(
    session: Session, connection_id: str, info: ListInfo, kind: str, ids: Sequence[str]
) -> dict[str, PushedEntry]:
    rows = session.scalars(
        select(PushedEntry).where(
            PushedEntry.connection_id == connection_id,
            PushedEntry.list_name == info.name,
            PushedEntry.kind == kind,
            PushedEntry.object_id.in_(ids),
        )
    )
    return {row.object_id: row for row in rows}
