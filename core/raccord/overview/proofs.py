"""The proof day by day: what the source said, what was posted, what QuickBooks holds, and why they differ."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, case, cast, extract, func, select, text
from sqlalchemy.orm import Session

from raccord.overview.listing import MOST, USUAL, Listing, bounds
from raccord.store.models import DraftRow, LinkRow, LinkState, Proof
from raccord.store.sums import dialect_of, exact, is_something, scale_of, units_of

OF_FEES = "substr(link.key, length(link.key) - 3) = '#fee'"
"""Tells the documents that post a record's fee apart: so their keys end."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One document that explains part of a difference; ``amount`` is how far QuickBooks is from what was posted."""

    code: str
    key: str
    kind: str
    document_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """One document that bears another date than its record, whose own lay in a closed period."""

    key: str
    kind: str
    document_id: str
    amount: Decimal
    """Negative on the record's day, where it is missing."""
    record_day: date
    day: date


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One stream, currency and day; equal: source less left out plus moved = posted = QuickBooks, none to explain."""

    connection_id: str
    stream: str
    currency: str
    day: date
    source: Decimal
    left_out: Decimal
    """Part of the source's total that is skipped, held or failed, each with a reason of its own."""
    moved: Decimal
    """What documents of another day bring here, or (negative) bear away, because books were closed."""
    moves: Sequence[Move]
    posted: Decimal
    quickbooks: Decimal
    equal: bool
    differences: Sequence[Difference]
    proven_at: datetime

    @property
    def expected(self) -> Decimal:
        """What should be in QuickBooks."""
        return self.source - self.left_out + self.moved

    @property
    def apart(self) -> Decimal:
        """How far QuickBooks is from what should be there."""
        return self.quickbooks - self.expected


@dataclass(frozen=True, slots=True)
class ProofMonth:
    """How many cells of a month were proven and how many differ; ``first`` is the month's first day."""

    first: date
    cells: int
    unequal: int
    left_out: int
    """Of how many cells part is left out or waits, so that the source's total is not what is in QuickBooks."""


@dataclass(frozen=True, slots=True)
class ProofTotal:
    """The sums of one stream of a connection's proof in one currency; ``unequal`` counts the cells that differ.

    Streams are never added up: a deposit is the money of sales that another stream counted already.
    """

    connection_id: str
    currency: str
    stream: str
    source: Decimal
    left_out: Decimal
    moved: Decimal
    """Nothing, as long as both days of each document moved out of a closed period are proven."""
    posted: Decimal
    quickbooks: Decimal
    unequal: int
    fees: Decimal = Decimal(0)
    """What of it are fees in documents of their own, positive: the sums are after them."""

    @property
    def expected(self) -> Decimal:
        """What should be in QuickBooks."""
        return self.source - self.left_out + self.moved

    @property
    def before_fees(self) -> Decimal:
        return self.expected + self.fees

    @property
    def equal(self) -> bool:
        """Whether every cell is equal; sums that agree by chance do not count."""
        return self.unequal == 0 and self.expected == self.posted == self.quickbooks


def proof_rows(
    session: Session,
    connection_id: str,
    *,
    month: date | None = None,
    unequal_only: bool = False,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[ProofRow]:
    """Return proven cells of a connection, of the month that ``month`` lies in if given; unequal first, then by day."""
    limit, offset = bounds(limit, offset)
    wanted: list[Any] = [Proof.connection_id == connection_id]
    if month is not None:
        first = month.replace(day=1)
        wanted += [Proof.day >= first, Proof.day <= _last_day(first)]
    if unequal_only:
        wanted.append(Proof.equal.is_(False))
    rows = session.scalars(
        select(Proof)
        .where(*wanted)
        .order_by(Proof.equal, Proof.day, Proof.stream, Proof.currency)
        .limit(limit)
        .offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(Proof).where(*wanted)) or 0
    return Listing([_row(row) for row in rows], total, offset, limit)


def records_named(session: Session, connection_id: str, rows: Sequence[ProofRow], *, each: int) -> dict[str, int]:
    """Return the ids of the records behind the first ``each`` differences and moves of every row, by draft's key.

    A key that no draft of the connection has, or whose draft is of no record, is left out.
    """
    keys = {found.key for row in rows for found in row.differences[:each]}
    keys |= {found.key for row in rows for found in row.moves[:each]}
    if not keys:
        return {}
    mine = DraftRow.connection_id == connection_id, DraftRow.key.in_(sorted(keys)), DraftRow.record_id.is_not(None)
    found = session.execute(select(DraftRow.key, DraftRow.record_id).where(*mine))
    return {key: record_id for key, record_id in found if record_id is not None}


def proof_of_day(session: Session, connection_id: str, day: date) -> list[ProofRow]:
    """Return the cells of one day, by stream and currency."""
    rows = session.scalars(
        select(Proof)
        .where(Proof.connection_id == connection_id, Proof.day == day)
        .order_by(Proof.stream, Proof.currency)
        .limit(USUAL)
    )
    return [_row(row) for row in rows]


def proof_months(session: Session, connection_id: str, *, limit: int = MOST) -> list[ProofMonth]:
    """Return the months that a connection's proof has, the newest first."""
    year, month = extract("year", Proof.day), extract("month", Proof.day)
    apart, left_out = (
        func.sum(cast(case((each, 1), else_=0), Integer))
        for each in (Proof.equal.is_(False), is_something(Proof.left_out_total))
    )
    rows = session.execute(
        select(year, month, func.count(), apart, left_out)
        .where(Proof.connection_id == connection_id)
        .group_by(year, month)
        .order_by(year.desc(), month.desc())
        .limit(bounds(limit, 0)[0])
    )
    return [ProofMonth(date(int(row[0]), int(row[1]), 1), row[2], int(row[3]), int(row[4])) for row in rows]


def proof_totals(session: Session, connection_ids: Sequence[str], *, with_fees: bool = True) -> list[ProofTotal]:
    """Return the sums of the whole proof of connections, one for each connection, currency and stream."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    unequal: dict[tuple[str, str, str], int] = {}
    asked = _totals(dialect_of(session)), {"ids": list(connection_ids)}
    for connection_id, currency, stream, differing, *rest in session.execute(*asked):
        place = connection_id, currency, stream
        unequal[place] = unequal.get(place, 0) + int(differing)
        found = sums.setdefault(place, [Decimal(0)] * len(_COLUMNS))
        for part, (scale, units) in enumerate(zip(rest[: len(_COLUMNS)], rest[len(_COLUMNS) :], strict=True)):
            found[part] += exact(units, scale)
    fees = _fees(session, connection_ids) if sums and with_fees else {}
    return [
        ProofTotal(*place, *_five(totals), unequal[place], fees.get(place, Decimal(0)))
        for place, totals in sorted(sums.items())
    ]


def _fees(session: Session, connection_ids: Sequence[str]) -> dict[tuple[str, str, str], Decimal]:
    """Return what of each line of the proof are fees that have a document of their own beside what they were kept from.

    Such a draft has the purpose ``fee`` of its record, whose amount is after the fee.
    """
    sums: dict[tuple[str, str, str], Decimal] = {}
    for *of, scale, units in session.execute(_fees_of(dialect_of(session)), {"ids": list(connection_ids)}):
        connection_id, currency, stream = of
        place = connection_id, currency, stream
        sums[place] = sums.get(place, Decimal(0)) - exact(units, scale)
    return sums


@cache
def _fees_of(dialect: str) -> Select[*tuple[Any, ...]]:
    of, scale = (LinkRow.connection_id, LinkRow.currency, LinkRow.stream), scale_of(dialect, LinkRow.amount)
    mine = (
        LinkRow.connection_id.in_(bindparam("ids", expanding=True)),
        # As the index of these says it, so that of all documents only they are read.
        text(OF_FEES),
        LinkRow.state == LinkState.LIVE,
        LinkRow.amount.is_not(None),
    )
    return select(*of, scale.label("scale"), units_of(LinkRow.amount)).where(*mine).group_by(*of, "scale")


_COLUMNS = Proof.source_total, Proof.left_out_total, Proof.moved_total, Proof.posted_total, Proof.quickbooks_total


@cache
def _totals(dialect: str) -> Select[*tuple[Any, ...]]:
    """Return the statement that adds them up, made once, for that takes longer than its answer."""
    of = Proof.connection_id, Proof.currency, Proof.stream
    # Each amount has decimals of its own; most are written with as many, so few groups are more than one.
    scales = [scale_of(dialect, amount).label(f"scale_{place}") for place, amount in enumerate(_COLUMNS)]
    differ = func.sum(cast(case((Proof.equal.is_(False), 1), else_=0), Integer))
    asked = select(*of, differ, *scales, *map(units_of, _COLUMNS))
    mine = Proof.connection_id.in_(bindparam("ids", expanding=True))
    return asked.where(mine).group_by(*of, *(each.name for each in scales))


def _five(totals: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
    source, left_out, moved, posted, quickbooks = totals
    return source, left_out, moved, posted, quickbooks


def _last_day(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


def _row(proof: Proof) -> ProofRow:
    return ProofRow(
        connection_id=proof.connection_id,
        stream=proof.stream,
        currency=proof.currency,
        day=proof.day,
        source=proof.source_total,
        left_out=proof.left_out_total,
        moved=proof.moved_total,
        moves=tuple(
            Move(
                each["key"],
                each["kind"],
                each["document_id"],
                Decimal(each["amount"]),
                date.fromisoformat(each["record_day"]),
                date.fromisoformat(each["day"]),
            )
            for each in proof.moves
        ),
        posted=proof.posted_total,
        quickbooks=proof.quickbooks_total,
        equal=proof.equal,
        differences=tuple(
            Difference(each["code"], each["key"], each["kind"], each["document_id"], Decimal(each["amount"]))
            for each in proof.differences
        ),
        proven_at=proof.proven_at,
    )
