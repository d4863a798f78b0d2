"""Records that are kept under another id than their source tells them under.

Two files of one account in two formats share no ids. Where the file goes under whose ids the lines are in the books,
the other one tells them on: they stay what they are, under the ids that their documents bear, and nothing is posted
again. Both ids of such a record are exchanged, so that no two records ever become one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from raccord.plugin.records import Record
from raccord.store.made_once import made_once
from raccord.store.models import RecordState, SourceRecord, ToldAs
from raccord.sync.chunks import CHUNK, chunks

Place = tuple[str, str]
"""Stream and id of a record."""


class Moved(NamedTuple):
    """A record that goes on as the one that another file tells."""

    stream: str
    source_id: str
    """As the source tells it from now on."""
    kept_as: str
    content_hash: str


@made_once
def _concerned(connection_id: str, stream: str, ids: Sequence[str]) -> Select[str, str, str]:
    return select(ToldAs.source_id, ToldAs.kept_as, ToldAs.content_hash).where(
        ToldAs.connection_id == connection_id,
        ToldAs.stream == stream,
        or_(ToldAs.source_id.in_(ids), ToldAs.kept_as.in_(ids)),
    )


def kept_as(
    session: Session, connection_id: str, stream: str, records: Sequence[Record], unsaid: Collection[str]
) -> tuple[Sequence[Record], Mapping[str, str]]:
    """Return records of a page under the ids under which they are kept, and by those what is no news of them.

    ``unsaid`` are the reasons of records that nothing tells any more. One of these that comes again under its own id
    bears it from then on.
    """
    found = _exchanged(session, connection_id, stream, {record.source_id for record in records}, unsaid)
    if not found.names:
        return records, {}
    renamed = [
        record if record.source_id not in found.names else replace(record, source_id=found.names[record.source_id])
        for record in records
    ]
    return renamed, found.no_news


def kept_ids(session: Session, connection_id: str, places: Collection[Place], unsaid: Collection[str]) -> set[Place]:
    """Return under which ids what a source tells is kept."""
    kept: set[Place] = set()
    for stream in {stream for stream, _ in places}:
        ids = {id_ for of, id_ in places if of == stream}
        names = _exchanged(session, connection_id, stream, ids, unsaid, free=False).names
        kept.update((stream, names.get(each, each)) for each in ids)
    return kept


def exchanged_in(told: Collection[Place], moved: Iterable[Moved]) -> dict[Place, Place]:
    """Return which records of a whole reading are kept under another id, each with that."""
    names: dict[Place, Place] = {}
    for each in moved:
        one, other = (each.stream, each.source_id), (each.stream, each.kept_as)
        if one in told:
            names[one] = other
            if other in told:
                names[other] = one
    return names


def all_moved(session: Session, connection_id: str) -> list[Moved]:
    """Return all records of a connection that are kept under another id."""
    rows = select(ToldAs.stream, ToldAs.source_id, ToldAs.kept_as, ToldAs.content_hash)
    mine = rows.where(ToldAs.connection_id == connection_id).order_by(ToldAs.stream, ToldAs.source_id)
    return [Moved(*row) for row in session.execute(mine)]


def known_as(session: Session, connections: Collection[str], ids: Collection[str]) -> dict[tuple[str, str], str]:
    """Return under which id records are kept that connections tell under another one, by connection and that."""
    found: dict[tuple[str, str], str] = {}
    for some in chunks(sorted(ids), CHUNK):
        rows = select(ToldAs.connection_id, ToldAs.source_id, ToldAs.kept_as)
        for connection_id, source_id, kept in session.execute(
            rows.where(ToldAs.connection_id.in_(connections), ToldAs.source_id.in_(some))
        ):
            found[connection_id, source_id] = kept
    return found


def move(session: Session, connection_id: str, moved: Iterable[Moved]) -> None:
    """Have records be kept under the ids of others from now on."""
    for each in moved:
        _free(session, connection_id, each.stream, ToldAs.source_id == each.source_id)
        _free(session, connection_id, each.stream, ToldAs.kept_as == each.kept_as)
        if each.source_id != each.kept_as:
            session.add(ToldAs(connection_id=connection_id, **each._asdict()))
            session.flush()


def free_told(session: Session, connection_id: str, told: Collection[Place]) -> None:
    """Let records bear their own id again that are told under that alone."""
    for each in all_moved(session, connection_id):
        if (each.stream, each.kept_as) in told and (each.stream, each.source_id) not in told:
            _free(session, connection_id, each.stream, ToldAs.source_id == each.source_id)


def _free(session: Session, connection_id: str, stream: str, which: object) -> None:
    mine = ToldAs.connection_id == connection_id, ToldAs.stream == stream
    session.execute(delete(ToldAs).where(*mine, which))  # type: ignore[arg-type]  # a comparison of columns


class _Exchanged(NamedTuple):
    names: dict[str, str]
    no_news: dict[str, str]


def _exchanged(
    session: Session, connection_id: str, stream: str, ids: set[str], unsaid: Collection[str], *, free: bool = True
) -> _Exchanged:
    names: dict[str, str] = {}
    no_news: dict[str, str] = {}
    back: dict[str, str] = {}
    for some in chunks(sorted(ids), CHUNK):
        for source_id, kept, content_hash in session.execute(*_concerned(connection_id, stream, some)):
            if source_id in ids:
                names[source_id], no_news[kept] = kept, content_hash
            if kept in ids:
                back[kept] = source_id
    alone = {kept for kept, source_id in back.items() if source_id not in ids}
    freed = alone - _said(session, connection_id, stream, alone, unsaid) if alone else set()
    names.update({kept: source_id for kept, source_id in back.items() if kept not in freed})
    for some in chunks(sorted(freed), CHUNK) if free else ():
        _free(session, connection_id, stream, ToldAs.kept_as.in_(some))
    return _Exchanged(names, no_news)


def _said(session: Session, connection_id: str, stream: str, ids: Collection[str], unsaid: Collection[str]) -> set[str]:
    """Return those of some records that are told still."""
    found: set[str] = set()
    for some in chunks(sorted(ids), CHUNK):
        found.update(
            session.scalars(
                select(SourceRecord.source_id).where(
                    SourceRecord.connection_id == connection_id,
                    SourceRecord.stream == stream,
                    SourceRecord.source_id.in_(some),
                    SourceRecord.state != RecordState.SUPERSEDED,
                    SourceRecord.reason.not_in(unsaid),
                )
            )
        )
    return found
