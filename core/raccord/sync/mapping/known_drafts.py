"""The drafts that a slice's records made before, or whose keys they take now, and which record each one is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft
from raccord.store.made_once import made_once
from raccord.store.models import DraftRow, SourceRecord
from raccord.sync.chunks import CHUNK, chunks

Owner = tuple[str, str]
"""Stream and source id."""


def _drafts_of(connection_id: str) -> Select[DraftRow, str, str]:
    return (
        select(DraftRow, SourceRecord.stream, SourceRecord.source_id)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(DraftRow.connection_id == connection_id)
    )


@made_once
def _under(connection_id: str, keys: Sequence[str]) -> Select[DraftRow, str, str]:
    return _drafts_of(connection_id).where(DraftRow.key.in_(keys))


@made_once
def _made_by(connection_id: str, record_ids: Sequence[int]) -> Select[DraftRow, str, str]:
    return _drafts_of(connection_id).where(DraftRow.record_id.in_(record_ids))


@made_once
def _made_before(connection_id: str, stream: str, source_ids: Sequence[str]) -> Select[DraftRow, str, str]:
    return _drafts_of(connection_id).where(
        SourceRecord.connection_id == connection_id,
        SourceRecord.stream == stream,
        SourceRecord.source_id.in_(source_ids),
    )


@dataclass(slots=True)
class KnownDrafts:
    """Told apart by their records, never by how their keys begin: a source's ids may hold any character."""

    by_key: dict[str, DraftRow] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    _of: dict[Owner, list[DraftRow]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, connection_id: str, rows: Sequence[SourceRecord], keys: Iterable[str]) -> KnownDrafts:
        """Read the drafts that these records or earlier revisions of them made, and those that bear one of ``keys``."""
        known = cls()
        for some in chunks(sorted(set(keys)), CHUNK):
            known._take(session, _under(connection_id, some))
        # A first revision has drafts where it is mapped again, under other settings or terms.
        for first in chunks([row.id for row in rows if row.revision == 1], CHUNK):
            known._take(session, _made_by(connection_id, first))
        changed: dict[str, list[str]] = {}
        for row in rows:
            if row.revision > 1:
                changed.setdefault(row.stream, []).append(row.source_id)
        for stream, ids in changed.items():
            for some in chunks(ids, CHUNK):
                known._take(session, _made_before(connection_id, stream, some))
        return known

    def add(self, row: SourceRecord, draft: DraftRow) -> None:
        """Note a draft just made."""
        self._note(draft, (row.stream, row.source_id))

    def of_record(self, row: SourceRecord) -> list[DraftRow]:
        """Return the drafts that a record or its earlier revisions made before."""
        return list(self._of.get((row.stream, row.source_id), ()))

    def taken(self, row: SourceRecord, drafts: Sequence[Draft]) -> str:
        """Return the first key among ``drafts`` that is another record's, or nothing."""
        owner = (row.stream, row.source_id)
        return next((draft.key for draft in drafts if self.owners.get(draft.key, owner) != owner), "")

    def _take(self, session: Session, asked: tuple[Select[DraftRow, str, str], dict[str, Any]]) -> None:
        for draft, stream, source_id in session.execute(*asked):
            if draft.key not in self.by_key:
                self._note(draft, (stream, source_id))

    def _note(self, draft: DraftRow, owner: Owner) -> None:
        self.by_key[draft.key], self.owners[draft.key] = draft, owner
        self._of.setdefault(owner, []).append(draft)
