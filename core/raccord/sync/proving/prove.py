"""Source total = posted total = QuickBooks total, per stream, currency and day; or the ids that explain why not.

Here stand our side, summed row by row, and what is stored of the whole; ``prove_month`` reads QuickBooks' side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Delete,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session, aliased

from raccord.store.made_once import made_once
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    Match,
    Proof,
    RecordState,
    SourceRecord,
)
from raccord.store.told_proofs import GONE, proof_digest
from raccord.sync.bodies import digest
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import months
from raccord.sync.fetching.keep import BEFORE_START, RESOLVED_BY_HAND, UNSAID
from raccord.sync.lines.shared_documents import PARTLY, Partly, partly_covered

WITHDRAWN = "proof.withdrawn"
DIFFERENCES_MAX = 100

ROWS = 400
"""Rows of one read that are held at once."""

Cell = tuple[str, str, date]
"""Stream, currency and day."""


@dataclass(slots=True)
class Totals:
    """The three sums of one cell, and what explains a difference between them, ``DIFFERENCES_MAX`` at most."""

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

    def differ(self, code: str, link: Linked, document_id: str, amount: Decimal) -> dict[str, str]:
        """Name what a difference comes from; return it."""
        found = {
            "code": code, "key": link.key, "kind": link.kind, "document_id": document_id, "amount": format(amount, "f")
        }  # fmt: skip
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(found)
        return found

    def differ_partly(self, partly: Partly) -> None:
        """Name a document of which only some parts are known: what is missing may be posted a second time."""
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(
                {
                    "code": PARTLY, "key": partly.key, "kind": partly.kind, "document_id": partly.document_id,
                    "amount": format(partly.missing, "f"),
                }
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Linked:
    """A link as the proof needs it."""

    id: int
    key: str
    kind: str
    document_id: str
    code: str
    stream: str
    day: date
    amount: Decimal
    currency: str
    money_account: str

    @classmethod
    def of(cls, row: Sequence[Any]) -> Linked:
        """Return what a row of the columns ``LINKED`` says."""
        return cls(*row)


LINKED = (
    LinkRow.id,
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
"""The columns of :class:`Linked`, in its order; a row of the model would hold all the others too."""

# Each proof asks these of each month. They are made once: to make one anew takes longer than the database to answer it.
_OF = bindparam("of", type_=LinkRow.connection_id.type)
_FIRST, _LAST = (bindparam(name, type_=LinkRow.day.type) for name in ("first", "last"))

IN_BOOKS = (
    LinkRow.company_id == bindparam("company", type_=LinkRow.company_id.type),
    LinkRow.connection_id == _OF,
    LinkRow.state == LinkState.LIVE,
    LinkRow.amount.is_not(None),
)
"""What is true of links that the proof looks after; asked with ``within``."""
IN_DAYS = (LinkRow.day >= _FIRST, LinkRow.day <= _LAST)


@dataclass(slots=True)
class OurSide:
    """What the source said of some days and what we posted, summed, before QuickBooks is asked."""

    totals: dict[Cell, Totals] = field(default_factory=lambda: defaultdict(Totals))
    said: int = 0
    """The sum of the hashes of all that stands behind the sums: it is the same in whatever order rows are read."""

    def hear(self, *parts: object) -> None:
        """Take in something that a later look is to find the same."""
        hashed = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
        self.said = (self.said + int.from_bytes(hashed)) % 2**256

    @property
    def fingerprint(self) -> str:
        """A hash of all of it, so that a later look can tell whether anything is another."""
        cells = (
            f"{stream} {currency} {day} {exact(cell.source)} {exact(cell.left_out)}"
            for (stream, currency, day), cell in sorted(self.totals.items())
        )
        return digest(*cells, "", f"{self.said:064x}")


def our_side(session: Session, connection: Connection, first: date, last: date) -> OurSide:
    """Sum what our tables have of a range of days; what is held grows with the days and not with what lies in them."""
    ours = OurSide()
    sum_source(session, connection, first, last, ours.totals)
    subtract_earlier(session, connection, first, last, ours)
    count_moved(session, connection, first, last, ours)
    for partly in partly_covered(session, connection, first, last):
        ours.totals[partly.stream, partly.currency, partly.day].differ_partly(partly)
        ours.hear(PARTLY, *partly)
    for link in linked_between(session, connection, first, last):
        ours.totals[link.stream, link.currency, link.day].posted += link.amount
        ours.hear(link)
    return ours


def proof_months(session: Session, connection: Connection) -> list[tuple[date, date]]:
    """Return the months of a connection that records, links or earlier proofs stand in."""
    return months(day for day in session.scalars(*_days(connection.id)) if day is not None)


@made_once
def _days(connection_id: str) -> CompoundSelect[date | None]:
    said = select(SourceRecord.day).where(
        SourceRecord.connection_id == connection_id, SourceRecord.reason.not_in({BEFORE_START, *UNSAID})
    )
    linked = select(LinkRow.day).where(LinkRow.connection_id == connection_id, LinkRow.day.is_not(None))
    return union(said.distinct(), linked.distinct(), select(Proof.day).where(Proof.connection_id == connection_id))


def within(connection: Connection, first: date, last: date) -> dict[str, Any]:
    """Return what the proof's statements ask of: a connection and a range of days."""
    return {"company": connection.company_id, "of": connection.id, "first": first, "last": last}


@cache
def _said() -> Select[str, str | None, date, Decimal | None, str, bool]:
    waiting = exists().where(DraftRow.record_id == SourceRecord.id, DraftRow.state != DraftState.POSTED)
    return (
        select(
            SourceRecord.stream,
            SourceRecord.currency,
            SourceRecord.day,
            SourceRecord.amount,
            SourceRecord.state,
            waiting,
        )
        .where(
            SourceRecord.connection_id == _OF,
            SourceRecord.day >= _FIRST,
            SourceRecord.day <= _LAST,
            # One that was taken before its source dated it back stays ours, also before the first day.
            SourceRecord.reason.not_in({BEFORE_START, *UNSAID}),
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.amount.is_not(None),
        )
        .execution_options(yield_per=ROWS)
    )


def sum_source(session: Session, connection: Connection, first: date, last: date, totals: dict[Cell, Totals]) -> None:
    """Sum what the source said, and of that what was left out with a reason of its own."""
    rows = session.execute(_said(), within(connection, first, last))
    for stream, currency, day, amount, state, waits in rows:
        if amount is None:
            continue
        cell = totals[stream, currency or "", day]
        cell.source += amount
        if state != RecordState.MAPPED or waits:
            cell.left_out += amount


@cache
def _overtaken() -> Executable:
    own, newest, sibling = aliased(SourceRecord), aliased(SourceRecord), aliased(DraftRow)
    incomplete = exists().where(sibling.record_id == DraftRow.record_id, sibling.state != DraftState.POSTED)
    # Of what the source took back, another line of it may be the document: that one's sum was left out for it.
    another = exists().where(
        Match.connection_id == LinkRow.connection_id,
        Match.kind == LinkRow.kind,
        Match.document_id == LinkRow.document_id,
        Match.money_account == LinkRow.money_account,
    )
    gone = newest.amount.is_(None)
    unsaid = and_(newest.reason.in_(UNSAID), ~another)
    return (
        select(
            DraftRow.state, newest.state, newest.reason, unsaid, own.id != newest.id, gone, LinkRow.record_day, *LINKED
        )
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
            LinkRow.connection_id == _OF,
            LinkRow.state == LinkState.LIVE,
            func.coalesce(LinkRow.record_day, LinkRow.day) >= _FIRST,
            func.coalesce(LinkRow.record_day, LinkRow.day) <= _LAST,
            LinkRow.day.is_not(None),
            LinkRow.amount.is_not(None),
            or_(~gone, another),
            or_(incomplete, own.id != newest.id, newest.state != RecordState.MAPPED),
        )
        .execution_options(yield_per=ROWS)
    )


def subtract_earlier(session: Session, connection: Connection, first: date, last: date, ours: OurSide) -> None:
    """Take out of what was left out the part that is in QuickBooks: an earlier revision, or other drafts of a record.

    A document that the source says no more is left standing as a difference, with its id.
    """
    rows = session.execute(_overtaken(), within(connection, first, last))
    for draft_state, record_state, reason, unsaid, overtaken, gone, record_day, *linked in rows:
        link = Linked.of(linked)
        cell = ours.totals[link.stream, link.currency, record_day or link.day]
        said = record_state == RecordState.FAILED or reason == RESOLVED_BY_HAND or gone or not overtaken
        # What no file says any more was never left out: its document stands alone, unless another line is it.
        if not unsaid and (said or draft_state != DraftState.POSTED):
            cell.left_out -= link.amount
        else:
            ours.hear(record_day, cell.differ(WITHDRAWN, link, link.document_id, link.amount))


@cache
def _moved() -> Executable:
    return (
        select(LinkRow.record_day, *LINKED)
        .where(
            LinkRow.connection_id == _OF,
            LinkRow.state == LinkState.LIVE,
            LinkRow.day.is_not(None),
            LinkRow.amount.is_not(None),
            LinkRow.record_day.is_not(None),
            or_(LinkRow.day.between(_FIRST, _LAST), LinkRow.record_day.between(_FIRST, _LAST)),
        )
        .order_by(LinkRow.day, LinkRow.id)
        .execution_options(yield_per=ROWS)
    )


def count_moved(session: Session, connection: Connection, first: date, last: date, ours: OurSide) -> None:
    """Take what was posted on an open day from its record's closed day, and bring it to the document's day."""
    rows = session.execute(_moved(), within(connection, first, last))
    for record_day, *linked in rows:
        if record_day is None:
            continue
        link = Linked.of(linked)
        ours.hear(record_day, link)
        for day, amount in ((record_day, -link.amount), (link.day, link.amount)):
            cell = ours.totals[link.stream, link.currency, day]
            cell.moved += amount
            if len(cell.moves) < DIFFERENCES_MAX:
                cell.moves.append(
                    {
                        "key": link.key,
                        "kind": link.kind,
                        "document_id": link.document_id,
                        "amount": format(amount, "f"),
                        "record_day": record_day.isoformat(),
                        "day": link.day.isoformat(),
                    }
                )


def linked_between(session: Session, connection: Connection, first: date, last: date) -> Iterator[Linked]:
    """Yield the links of money documents whose day lies in the range, by day and id; a bounded number is held."""
    return map(Linked.of, session.execute(_between(), within(connection, first, last)))


@cache
def _between() -> Executable:
    return (
        select(*LINKED).where(*IN_BOOKS, *IN_DAYS).order_by(LinkRow.day, LinkRow.id).execution_options(yield_per=ROWS)
    )


@made_once
def _told(connection_id: str, first: date, last: date) -> Select[str, str, date, str]:
    return select(Proof.stream, Proof.currency, Proof.day, Proof.told).where(
        Proof.connection_id == connection_id, Proof.day >= first, Proof.day <= last
    )


@made_once
def _untold(connection_id: str, first: date, last: date) -> Delete:
    return delete(Proof).where(Proof.connection_id == connection_id, Proof.day >= first, Proof.day <= last)


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
        for row in session.execute(*_told(connection.id, first, last))
    }
    session.execute(*_untold(connection.id, first, last))
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
            "moves": cell.moves,
            "posted_total": cell.posted,
            "quickbooks_total": cell.quickbooks,
            "equal": cell.equal,
            "differences": cell.differences,
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


def exact(amount: Decimal) -> str:
    """Return an amount as text, the same for equal amounts."""
    return format(amount.normalize(), "f")
