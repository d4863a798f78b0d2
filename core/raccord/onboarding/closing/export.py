"""All that is kept about a company, to take away: one ZIP of tables, written as it is read and never laid down."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from raccord.masking import masked
from raccord.onboarding.access.people import Actor, Power, require
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Choice, Company, Connection, LinkRow, SourceRecord
from raccord.sync.workshop import Workshop

PAGE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets run as a formula when a cell's text begins with it."""

MARK = "\ufeff"
NAMED_BY_SOURCE = ("source_id", "key")
"""Columns whose ids may hold the number of an account; what the source said whole is in ``raw``."""

Columns = Sequence[tuple[str, InstrumentedAttribute[Any]]]

RECORDS: Columns = (
    ("connection", Connection.label), ("connector", Connection.connector), ("stream", SourceRecord.stream),
    ("source_id", SourceRecord.source_id), ("revision", SourceRecord.revision), ("day", SourceRecord.day),
    ("amount", SourceRecord.amount), ("currency", SourceRecord.currency), ("state", SourceRecord.state),
    ("reason", SourceRecord.reason), ("fetched_at", SourceRecord.fetched_at), ("raw", SourceRecord.raw),
)  # fmt: skip
DOCUMENTS: Columns = (
    ("connection", Connection.label), ("stream", LinkRow.stream), ("key", LinkRow.key), ("kind", LinkRow.kind),
    ("document_id", LinkRow.document_id), ("document_number", LinkRow.document_number), ("day", LinkRow.day),
    ("amount", LinkRow.amount), ("currency", LinkRow.currency), ("state", LinkRow.state),
    ("origin", LinkRow.origin), ("linked_at", LinkRow.linked_at),
)  # fmt: skip
MAPPING: Columns = (
    ("connection", Connection.label), ("role", Choice.role), ("of", Choice.of), ("ledger_id", Choice.ledger_id),
    ("ledger_name", Choice.ledger_name), ("valid_from", Choice.valid_from), ("chosen_by", Choice.chosen_by),
)  # fmt: skip
TABLES: Sequence[tuple[str, Columns, InstrumentedAttribute[Any], InstrumentedAttribute[str]]] = (
    ("records", RECORDS, SourceRecord.id, SourceRecord.connection_id),
    ("documents", DOCUMENTS, LinkRow.id, LinkRow.connection_id),
    ("mapping", MAPPING, Choice.id, Choice.connection_id),
)


class _Pipe(io.RawIOBase):
    """Takes what is written until somebody takes it away; a ZIP written to it needs no place of its own."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def export_company(workshop: Workshop, actor: Actor, company_id: str) -> Iterator[bytes]:
    """Return the bytes of a ZIP with the records, documents and choices of a company's connections, page by page.

    Nothing of it is written to disk on the way. Who asked for it stands in the audit chain, and once its last byte was
    taken, how many rows of each connection it held; one that breaks off leaves no such entry.
    """
    require(actor, Power.WORK)
    with workshop.database.begin() as session:
        company = session.get_one(Company, company_id)
        begun = events.append(
            session, actor=actor.name, action=events.EXPORTED, subject=company.name, company_id=company_id,
            now=workshop.clock.now(), body={},
        )  # fmt: skip
    return _told(workshop, actor, company, begun.seq)


def _told(workshop: Workshop, actor: Actor, company: Company, entry: int) -> Iterator[bytes]:
    """Yield the bytes of an export, and say in the audit chain that all of them were taken."""
    held: dict[str, Counter[str]] = {name: Counter() for name, *_ in TABLES}
    yield from _zip(workshop.database, company.id, held)
    with workshop.database.begin() as session:
        events.append(
            session, actor=actor.name, action=events.EXPORT_FINISHED, subject=company.name, company_id=company.id,
            now=workshop.clock.now(), body={"entry": entry, "held": {name: dict(rows) for name, rows in held.items()}},
        )  # fmt: skip


def _zip(database: Database, company_id: str, held: dict[str, Counter[str]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, columns, key, connection in TABLES:
            with archive.open(f"{name}.csv", "w", force_zip64=True) as entry:
                entry.write(table_bytes([[heading for heading, _ in columns]], mark=MARK))
                wanted = select(key, connection, *(column for _, column in columns))
                wanted = wanted.join(Connection, Connection.id == connection)
                for rows in _pages(database, wanted.where(Connection.company_id == company_id), key):
                    entry.write(table_bytes([_cells(columns, row[2:]) for row in rows]))
                    held[name].update(row[1] for row in rows)
                    yield pipe.take()
    yield pipe.take()


def _pages(
    database: Database, wanted: Select[*tuple[Any, ...]], key: InstrumentedAttribute[Any]
) -> Iterator[Sequence[Sequence[Any]]]:
    last: Any = None
    while True:
        following = wanted if last is None else wanted.where(key > last)
        with database.read() as session:
            rows = session.execute(following.order_by(key).limit(PAGE)).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def table_bytes(rows: Sequence[Sequence[str]], mark: str = "") -> bytes:
    """Return rows as CSV; the first part of a table bears ``MARK``, by which spreadsheets know its letters."""
    text = io.StringIO(mark, newline="")
    text.seek(0, io.SEEK_END)
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8")


def _cells(columns: Columns, values: Sequence[Any]) -> list[str]:
    return [cell_text(value, name) for (name, _), value in zip(columns, values, strict=True)]


def cell_text(value: object, name: str = "") -> str:
    """Return what stands in a cell: no text that a spreadsheet would run, no number of an account in ids of sources."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case date() | datetime():
            return value.isoformat()
        case str() if name in NAMED_BY_SOURCE:
            return cell_text(masked(value))
        case str() if value.startswith(FORMULA):
            return f"'{value}"
        case _:
            return str(value)
