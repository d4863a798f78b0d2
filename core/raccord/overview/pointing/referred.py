"""The other records that a record's own fields name by their ids, as people know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, RecordState, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.titles import Title, titles_by_id

ENDS = "_id"
"""How a field ends that names a record of the stream before it: ``account_id`` one of ``account`` or ``accounts``."""


@dataclass(frozen=True, slots=True)
class Referred:
    """A record that another one names."""

    record_id: int
    title: Title


def referred(
    session: Session, said: Iterable[tuple[str, Mapping[str, str]]]
) -> Mapping[tuple[str, str, str], Referred]:
    """Return, by connection, field and id, the records that fields name; ``said`` has each connection and its fields.

    What made no draft has no name to be known by and is left out.
    """
    wanted = {
        (of, name, value) for of, fields in said for name, value in fields.items() if name.endswith(ENDS) and value
    }
    found: dict[tuple[str, str, str], tuple[int, str]] = {}
    for some in chunks(sorted({value for _, _, value in wanted}), CHUNK):
        rows = session.execute(
            select(
                SourceRecord.id, SourceRecord.connection_id, SourceRecord.stream, SourceRecord.source_id, DraftRow.body
            )
            .join(DraftRow, DraftRow.record_id == SourceRecord.id)
            .where(
                SourceRecord.connection_id.in_({of for of, _, _ in wanted}),
                SourceRecord.source_id.in_(some),
                SourceRecord.state != RecordState.SUPERSEDED,
            )
            .order_by(DraftRow.id.desc())
        )
        for row in rows:
            stem = row.stream.removesuffix("s")
            # The first draft of a record, read last, is what it is called by.
            found[row.connection_id, f"{stem}{ENDS}", row.source_id] = (row.id, row.body)
    named = {each: found[each] for each in wanted & found.keys()}
    titles = titles_by_id(session, {id_: (of, body) for (of, _, _), (id_, body) in named.items()})
    return {
        each: Referred(id_, titles[id_]) for each, (id_, _) in named.items() if titles[id_].text or titles[id_].number
    }
