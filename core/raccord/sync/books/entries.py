"""List entries of ours that the next lines of a plan update, as QuickBooks holds them: they are sent whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import Target, differing
from raccord.store.models import DraftRow, LinkRow, LinkState
from raccord.sync.books.readback import LISTS
from raccord.sync.chunks import CHUNK, chunks

Entries = Mapping[tuple[str, str], Mapping[str, Any]]
"""Entries by kind and id."""
_ONE_QUESTION = 100


def changed_entries(session: Session, connection_id: str, rows: Sequence[DraftRow]) -> list[tuple[str, str]]:
    """Return kind and id of the entries that these drafts say something new of."""
    revisions = {row.key: row.revision for row in rows if row.kind in LISTS}
    found: list[tuple[str, str]] = []
    for some in chunks(sorted(revisions), CHUNK):
        links = session.scalars(
            select(LinkRow).where(
                LinkRow.connection_id == connection_id, LinkRow.key.in_(some), LinkRow.state == LinkState.LIVE
            )
        )
        found += [(link.kind, link.document_id) for link in links if link.revision != revisions[link.key]]
    return found


def read_entries(client: QuickBooks, wanted: Sequence[tuple[str, str]]) -> Entries:
    """Read entries, inactive ones included."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind in dict.fromkeys(kind for kind, _ in wanted):
        for some in chunks([each for other, each in wanted if other == kind], _ONE_QUESTION):
            where = f"Id IN ({', '.join(map(quoted, some))}) AND Active IN (true, false)"
            found.update({(kind, str(row["Id"])): row for row in client.query_all(kind, where)})
    return found


def target_of(link: LinkRow, entries: Entries, written: Mapping[int, Mapping[str, Any]]) -> Target:
    """Return what an update addresses.

    Of an entry that a person changed in what we wrote, the state we knew is named, so that QuickBooks refuses to write
    over it; whatever else they changed is kept.
    """
    entry = entries.get((link.kind, link.document_id))
    if entry is None:
        return Target(link.document_id, link.sync_token)
    theirs = bool(differing(written.get(link.id, {}), entry))
    return Target(link.document_id, link.sync_token if theirs else str(entry["SyncToken"]), entry)
