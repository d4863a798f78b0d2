"""The drafts that a slice's records made before, or whose keys they take now, and which record each one is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft
from raccord.store.models import DraftRow, SourceRecord
from raccord.sync.chunks import CHUNK, chunks

Owner = tuple[str, str]
"""Stream and source id."""


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
        found = (
            select(DraftRow, SourceRecord.stream, SourceRecord.source_id)
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(DraftRow.connection_id == connection_id)
        )
        for some in chunks(sorted(set(keys)), CHUNK):
            known._take(session, found.where(DraftRow.key.in_(some)))
        # A first revision has drafts where it is mapped again, under other settings or terms.
        for first in chunks([row.id for row in rows if row.revision == 1], CHUNK):
            known._take(session, found.where(DraftRow.record_id.in_(first)))
        changed: dict[str, list[str]] = {}
        for row in rows:
            if row.revision > 1:
                changed.setdefault(row.stream, []).append(row.source_id)
        for stream, ids in changed.items():
            for some in chunks(ids, CHUNK):
                here = found.where(
                    SourceRecord.connection_id == connection_id,
                    SourceRecord.stream == stream,
                    SourceRecord.source_id.in_(some),
                )
                known._take(session, here)
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

    def _take(self, session: Session, statement: Select[DraftRow, str, str]) -> None:
        for draft, stream, source_id in session.execute(statement):
            if draft.key not in self.by_key:
                self._note(draft, (stream, source_id))

    def _note(self, draft: DraftRow, owner: Owner) -> None:
        self.by_key[draft.key], self.owners[draft.key] = draft, owner
        self._of.setdefault(owner, []).append(draft)
