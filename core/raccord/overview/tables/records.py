"""The records that a list shows, as a table to take away, with the documents that they became."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from raccord.onboarding.closing.export import MARK, cell_text, table_bytes
from raccord.overview.listing import MOST, Within
from raccord.overview.records import RecordView, records_after
from raccord.overview.sought import Wanted
from raccord.store.database import Database

COLUMNS = (
    "day", "company", "connection", "stream", "source_id", "about", "amount", "currency", "fate", "reason", "documents",
    "fetched_at",
)  # fmt: skip


def record_table(database: Database, wanted: Wanted, within: Within) -> Iterator[bytes]:
    """Return the records of a list as CSV, ``MOST`` at a time, the newest day first.

    No cell begins as a formula of a spreadsheet does. What comes in meanwhile stays out, and nothing comes twice.
    """
    yield table_bytes([COLUMNS], mark=MARK)
    while True:
        with database.read() as session:
            rows = records_after(session, wanted, within=within, limit=MOST)
        if not rows:
            return
        yield table_bytes([_cells(each) for each in rows])
        wanted = replace(wanted, before=(rows[-1].day, rows[-1].id))


def _cells(view: RecordView) -> Sequence[str]:
    written = [f"{each.kind} {each.number or each.document_id}" for each in view.documents if each.there]
    values = (
        view.day, view.company, view.connection, view.stream, view.source_id, view.title.text if view.title else "",
        view.amount, view.currency, view.fate, view.reason, "; ".join(written), view.fetched_at,
    )  # fmt: skip
    return [cell_text(value, name) for name, value in zip(COLUMNS, values, strict=True)]
