"""Source total = posted total = QuickBooks total, per stream, currency and day; or the ids that explain why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from sys import intern
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select
from sqlalchemy.orm import Session, aliased

from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import MONEY_KINDS, Told, told_of
from raccord.store.database import Database
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    Proof,
    RecordState,
    SourceRecord,
)
from raccord.store.told_proofs import GONE, proof_digest
from raccord.sync.bodies import digest
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import months
from raccord.sync.keep import BEFORE_START, RESOLVED_BY_HAND

MISSING = "proof.missing_document"
DIFFERS = "proof.amount_differs"
MOVED = "proof.date_differs"
TWICE = "proof.twice"
WITHDRAWN = "proof.withdrawn"
DIFFERENCES_MAX = 100

Cell = tuple[str, str, date]
"""Stream, currency and day."""


@dataclass(slots=True)
class Totals:
    """The three sums of one cell, and what explains a difference between them."""

    source: Decimal = Decimal(0)
    left_out: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)
    """What documents of another day bring here, or (negative) bear away, because books were closed."""
    moves: list[dict[str, str]] = field(default_factory=list)
    posted: Decimal = Decimal(0)
    quickbooks: Decimal = Decimal(0)
    differences: list[dict[str, str]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return self.source - self.left_out + self.moved == self.posted == self.quickbooks and not self.differences


@dataclass(frozen=True, slots=True)
class Linked:
    """A link as the proof needs it."""

    key: str
    kind: str
    document_id: str
    code: str
    stream: str
    day: date
    amount: Decimal
    currency: str
    money_account: str


@dataclass(frozen=True, slots=True)
class OurSide:
    """What the source said of some days and what we posted, before QuickBooks is asked."""

    totals: dict[Cell, Totals]
    links: Sequence[Linked]

    @property
    def fingerprint(self) -> str:
        """A hash of all of it, so that a later look can tell whether anything is another."""
        cells = [
            f"{stream} {currency} {day} {exact(cell.source)} {exact(cell.left_out)} {cell.moves} {cell.differences}"
            for (stream, currency, day), cell in sorted(self.totals.items())
        ]
        return digest(*cells, "", *sorted(map(str, self.links)))


def our_side(session: Session, connection: Connection, first: date, last: date) -> OurSide:
    """Read what our tables have of a range of days; at most a month, so that memory stays bounded."""
    totals = source_side(session, connection, first, last)
    subtract_earlier(session, connection, first, last, totals)
    count_moved(session, connection, first, last, totals)
    return OurSide(dict(totals), linked_between(session, connection, first, last))


def compared(
    database: Database,
    client: QuickBooks,
    connection: Connection,
    ours: OurSide,
    documents: Mapping[tuple[str, str], Told],
) -> dict[Cell, Totals]:
    """Compare our side of some days with the documents of these days, ``documents_between`` them."""
    astray = [link for link in ours.links if (link.kind, link.document_id) not in documents]
    found = {**documents, **documents_elsewhere(client, astray)}
    codes = {document.code for document in found.values() if document.code}
    with database.read() as session:
        elsewhere = linked_under(session, connection, codes - {link.code for link in ours.links})
    return compare(ours.totals, ours.links, found, elsewhere)


def proof_months(session: Session, connection: Connection) -> list[tuple[date, date]]:
    """Return the months of a connection that records, links or earlier proofs stand in."""
    return months(
        day
        for table, more in (
            (SourceRecord, (SourceRecord.reason != BEFORE_START,)),
            (LinkRow, (LinkRow.day.is_not(None),)),
            (Proof, ()),
        )
        for day in session.scalars(select(table.day).where(table.connection_id == connection.id, *more).distinct())
        if day is not None
    )


def source_side(session: Session, connection: Connection, first: date, last: date) -> dict[Cell, Totals]:
    """Sum what the source said, and of that what was left out with a reason of its own."""
    totals: dict[Cell, Totals] = defaultdict(Totals)
    waiting = exists().where(DraftRow.record_id == SourceRecord.id, DraftRow.state != DraftState.POSTED)
    rows = session.execute(
        select(
            SourceRecord.stream,
            SourceRecord.currency,
            SourceRecord.day,
            SourceRecord.amount,
            SourceRecord.state,
            waiting,
        )
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.day >= first,
            SourceRecord.day <= last,
            # One that was taken before its source dated it back stays ours, also before the first day.
            SourceRecord.reason != BEFORE_START,
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.amount.is_not(None),
        )
        .execution_options(yield_per=1000)
    )
    for stream, currency, day, amount, state, waits in rows:
        if amount is None:
            continue
        cell = totals[stream, currency or "", day]
        cell.source += amount
        if state != RecordState.MAPPED or waits:
            cell.left_out += amount
    return totals


def subtract_earlier(
    session: Session, connection: Connection, first: date, last: date, totals: dict[Cell, Totals]
) -> None:
    """Take out of what was left out the part that is in QuickBooks: an earlier revision, or other drafts of a record.

    A document that the source says no more is left standing as a difference, with its id.
    """
    own, newest, sibling = aliased(SourceRecord), aliased(SourceRecord), aliased(DraftRow)
    incomplete = exists().where(sibling.record_id == DraftRow.record_id, sibling.state != DraftState.POSTED)
    rows = session.execute(
        select(LinkRow, DraftRow.state, newest.state, newest.reason, own.id != newest.id)
        .join(DraftRow, (DraftRow.connection_id == LinkRow.connection_id) & (DraftRow.key == LinkRow.key))
        .join(own, own.id == DraftRow.record_id)
        .join(
            newest,
            and_(
                newest.connection_id == own.connection_id,
                newest.stream == own.stream,
                newest.source_id == own.source_id,
                newest.state != RecordState.SUPERSEDED,
            ),
        )
        .where(
            LinkRow.connection_id == connection.id,
            LinkRow.state == LinkState.LIVE,
            func.coalesce(LinkRow.record_day, LinkRow.day) >= first,
            func.coalesce(LinkRow.record_day, LinkRow.day) <= last,
            newest.amount.is_not(None),
            or_(incomplete, own.id != newest.id, newest.state != RecordState.MAPPED),
        )
        .execution_options(yield_per=1000)
    )
    for link, draft_state, record_state, reason, overtaken in rows:
        if link.day is None or link.amount is None:
            continue
        cell = totals.setdefault((link.stream, link.currency, link.record_day or link.day), Totals())
        said = record_state == RecordState.FAILED or reason == RESOLVED_BY_HAND or not overtaken
        if said or draft_state != DraftState.POSTED:
            cell.left_out -= link.amount
        else:
            _differ(cell, WITHDRAWN, _linked(link, link.day, link.amount), link.document_id, link.amount)


def count_moved(session: Session, connection: Connection, first: date, last: date, totals: dict[Cell, Totals]) -> None:
    """Take what was posted on an open day from its record's closed day, and bring it to the document's day."""
    rows = session.scalars(
        select(LinkRow)
        .where(
            LinkRow.connection_id == connection.id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
            LinkRow.record_day.is_not(None),
            or_(LinkRow.day.between(first, last), LinkRow.record_day.between(first, last)),
        )
        .order_by(LinkRow.day, LinkRow.id)
    )
    for link in rows:
        if link.amount is None or link.day is None or link.record_day is None:
            continue
        for day, amount in ((link.record_day, -link.amount), (link.day, link.amount)):
            cell = totals.setdefault((link.stream, link.currency, day), Totals())
            cell.moved += amount
            cell.moves.append(
                {
                    "key": link.key,
                    "kind": link.kind,
                    "document_id": link.document_id,
                    "amount": format(amount, "f"),
                    "record_day": link.record_day.isoformat(),
                    "day": link.day.isoformat(),
                }
            )


def linked_between(session: Session, connection: Connection, first: date, last: date) -> list[Linked]:
    """Return the links of money documents whose day lies in the range."""
    # Columns and not rows of the model: a month of them is held at once.
    rows = session.execute(
        select(
            LinkRow.key,
            LinkRow.kind,
            LinkRow.document_id,
            LinkRow.marker,
            LinkRow.stream,
            LinkRow.day,
            LinkRow.amount,
            LinkRow.currency,
            LinkRow.money_account,
        )
        .where(
            LinkRow.company_id == connection.company_id,
            LinkRow.connection_id == connection.id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
            LinkRow.day >= first,
            LinkRow.day <= last,
        )
        .execution_options(yield_per=1000)
    )
    return [
        # What stands in many of them is held once.
        Linked(key, intern(kind), document_id, marker, intern(stream), day, amount, intern(currency), intern(account))
        for key, kind, document_id, marker, stream, day, amount, currency, account in rows
        if day is not None and amount is not None
    ]


def linked_under(session: Session, connection: Connection, codes: Iterable[str]) -> list[Linked]:
    """Return the links that stand under these marks, on whatever day."""
    found: list[Linked] = []
    for some in chunks(sorted(codes), CHUNK):
        rows = session.scalars(select(LinkRow).where(LinkRow.connection_id == connection.id, LinkRow.marker.in_(some)))
        found += [_linked(row, row.day, row.amount) for row in rows if row.day is not None and row.amount is not None]
    return found


def _linked(row: LinkRow, day: date, amount: Decimal) -> Linked:
    return Linked(
        row.key, row.kind, row.document_id, row.marker, row.stream, day, amount, row.currency, row.money_account
    )


def documents_between(client: QuickBooks, first: date, last: date) -> dict[tuple[str, str], Told]:
    """Read every document that moves money and whose date lies in the range, by kind and id: one request for all
    kinds, where there are less than a thousand.
    """
    where = f"TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"
    kinds = sorted(MONEY_KINDS)
    answers = client.kept_of_each(
        [(kind, where) for kind in kinds], lambda kind, row: [((kind, str(row["Id"])), told_of(kind, row))]
    )
    return {place: told for found in answers for place, told in found}


def documents_elsewhere(client: QuickBooks, wanted: Sequence[Linked]) -> dict[tuple[str, str], Told]:
    """Read linked documents that were not on their day: moved by a person, or gone."""
    found: dict[tuple[str, str], Told] = {}
    for kind in sorted({link.kind for link in wanted}):
        for some in chunks([link.document_id for link in wanted if link.kind == kind], 100):
            for row in client.query_all(kind, f"Id IN ({', '.join(map(quoted, some))})"):
                found[kind, str(row["Id"])] = told_of(kind, row)
    return found


def compare(
    totals: dict[Cell, Totals],
    links: Sequence[Linked],
    documents: Mapping[tuple[str, str], Told],
    elsewhere: Sequence[Linked] = (),
) -> dict[Cell, Totals]:
    """Add the posted and the QuickBooks side to the source's, with the ids that explain each difference."""
    by_code = {link.code: link for link in (*elsewhere, *links)}
    for link in links:
        cell = totals.setdefault((link.stream, link.currency, link.day), Totals())
        cell.posted += link.amount
        document = documents.get((link.kind, link.document_id))
        if document is None:
            _differ(cell, MISSING, link, link.document_id, -link.amount)
            continue
        held, day = document.moved(link.money_account), document.day
        if day != link.day:
            _differ(cell, MOVED, link, link.document_id, -link.amount)
            cell = totals.setdefault((link.stream, link.currency, day), Totals())
            _differ(cell, MOVED, link, link.document_id, held)
        elif held != link.amount:
            _differ(cell, DIFFERS, link, link.document_id, held - link.amount)
        cell.quickbooks += held
    for (kind, document_id), document in documents.items():
        found = by_code.get(document.code)
        if found is not None and (found.kind, found.document_id) != (kind, document_id):
            extra = document.moved(found.money_account)
            if not extra and document.voided:
                # An undo voided it before its record was posted again: it is no second one.
                continue
            cell = totals.setdefault((found.stream, found.currency, document.day), Totals())
            cell.quickbooks += extra
            _differ(cell, TWICE, found, document_id, extra)
    return totals


def store_proof(
    session: Session,
    connection: Connection,
    run_id: str,
    first: date,
    last: date,
    totals: Mapping[Cell, Totals],
    now: datetime,
) -> tuple[int, list[list[str]]]:
    """Replace the proof of a range of days; return how many cells are not equal, and which say something new."""
    told = {
        (row.stream, row.currency, row.day.isoformat()): row.told
        for row in session.execute(
            select(Proof.stream, Proof.currency, Proof.day, Proof.told).where(
                Proof.connection_id == connection.id, Proof.day >= first, Proof.day <= last
            )
        )
    }
    session.execute(delete(Proof).where(Proof.connection_id == connection.id, Proof.day >= first, Proof.day <= last))
    values: list[dict[str, Any]] = [
        {
            "connection_id": connection.id,
            "run_id": run_id,
            "stream": stream,
            "currency": currency,
            "day": day,
            "source_total": cell.source,
            "left_out_total": cell.left_out,
            "moved_total": cell.moved,
            "moves": cell.moves[:DIFFERENCES_MAX],
            "posted_total": cell.posted,
            "quickbooks_total": cell.quickbooks,
            "equal": cell.equal,
            "differences": cell.differences[:DIFFERENCES_MAX],
            "proven_at": now,
        }
        for (stream, currency, day), cell in sorted(totals.items())
        if first <= day <= last
    ]
    for value in values:
        value["told"] = proof_digest(value)
    for some in chunks(values, CHUNK):
        session.execute(insert(Proof), some)
    stored = {(value["stream"], value["currency"], value["day"].isoformat()): value["told"] for value in values}
    fresh = [
        [*place, stored.get(place, GONE)]
        for place in sorted({*told, *stored})
        if stored.get(place, GONE) != told.get(place, GONE)
    ]
    return sum(1 for value in values if not value["equal"]), fresh


def _differ(cell: Totals, code: str, link: Linked, document_id: str, amount: Decimal) -> None:
    cell.differences.append(
        {"code": code, "key": link.key, "kind": link.kind, "document_id": document_id, "amount": format(amount, "f")}
    )


def exact(amount: Decimal) -> str:
    """Return an amount as text, the same for equal amounts."""
    return format(amount.normalize(), "f")
