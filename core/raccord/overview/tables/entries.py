"""The audit log as a table to take away: who did what, when and from where, with each entry's place in the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from raccord.masking import masked
from raccord.onboarding.closing.export import MARK, cell_text, table_bytes
from raccord.overview.audit import Entry, WantedEntries, entries_before
from raccord.overview.companies import company_names
from raccord.overview.listing import MOST, Within
from raccord.store.canonical import canonical
from raccord.store.database import Database

COLUMNS = (
    "seq", "at", "actor", "action", "subject", "company", "connection_id", "address", "device", "token", "body", "hash",
)  # fmt: skip
"""What programs know the columns by."""


def entry_table(
    database: Database, wanted: WantedEntries, within: Within, heading: Callable[[str], str] = str
) -> Iterator[bytes]:
    """Return the entries of a list as CSV, ``MOST`` at a time, the newest first.

    Moments are in UTC. No cell begins as a formula of a spreadsheet does, and no number of an account stands in one.
    What is written meanwhile stays out, and nothing comes twice.
    """
    yield table_bytes([[heading(column) for column in COLUMNS]], mark=MARK)
    seq: int | None = None
    while True:
        with database.read() as session:
            rows = entries_before(session, wanted, seq, within=within, limit=MOST)
            names = company_names(session, within)
        if not rows:
            return
        yield table_bytes([_cells(each, names.get(each.company_id, "")) for each in rows])
        seq = rows[-1].seq


def _cells(entry: Entry, company: str) -> list[str]:
    body = masked(canonical(dict(entry.body))) if entry.body else ""
    return [
        cell_text(each)
        for each in (
            entry.seq, entry.at, entry.actor, entry.action, masked(entry.subject), company, entry.connection_id,
            entry.address, entry.device, entry.token, body, entry.hash,
        )
    ]  # fmt: skip
