"""Comparing a month's documents in QuickBooks with our links, page by page, in the memory that one page takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, func, select, tuple_

from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import MONEY_KINDS, Told, told_of
from raccord.store.database import Database
from raccord.store.models import Connection, LinkRow
from raccord.sync.books.others import Move, Place, moves_of_others
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.proving.prove import IN_BOOKS, IN_DAYS, LINKED, ROWS, Cell, Linked, OurSide, Totals, within

MISSING = "proof.missing_document"
DIFFERS = "proof.amount_differs"
MOVED = "proof.date_differs"
TWICE = "proof.twice"
IDS_MAX = 100
"""Documents that one query names."""

Document = tuple[tuple[str, str], Told]
"""A document's kind and id, and what it says."""

# Made once, as those of our side.
_SPAN = select(func.min(LinkRow.id), func.max(LinkRow.id)).where(*IN_BOOKS, *IN_DAYS)
_AFTER = (
    select(*LINKED)
    .where(
        *IN_BOOKS,
        *IN_DAYS,
        tuple_(LinkRow.day, LinkRow.id)
        > tuple_(bindparam("after_day", type_=LinkRow.day.type), bindparam("after_id", type_=LinkRow.id.type)),
    )
    .order_by(LinkRow.day, LinkRow.id)
    .execution_options(yield_per=ROWS)
)
_NAMED = (
    select(*LINKED)
    .where(
        *IN_BOOKS,
        *IN_DAYS,
        LinkRow.kind == bindparam("kind", type_=LinkRow.kind.type),
        LinkRow.document_id.in_(bindparam("ids", type_=LinkRow.document_id.type, expanding=True)),
    )
    .order_by(LinkRow.id)
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The three sums of each cell, and how others move the accounts that are watched."""

    totals: dict[Cell, Totals]
    others: dict[Place, Move]


def compare_month(
    database: Database,
    client: QuickBooks,
    connection: Connection,
    ours: OurSide,
    days: tuple[date, date],
    accounts: Iterable[str],
) -> Compared:
    """Compare our side of a range of days with the documents of these days."""
    comparison = _Comparison(database, connection, *days, ours.totals, _Found.of(database, connection, *days))
    others: dict[Place, Move] = {}
    for some in chunks(documents_between(client, *days), CHUNK):
        comparison.take(some)
        with database.read() as session:
            others |= moves_of_others(session, connection.company_id, dict(some), set(accounts))
    for astray in comparison.astray():
        comparison.take(documents_elsewhere(client, astray))
        comparison.miss(astray)
    return Compared(comparison.totals, others)


def documents_between(client: QuickBooks, first: date, last: date) -> Iterator[Document]:
    """Read every document that moves money and whose date lies in the range: one request for all kinds, where there are
    less than a thousand; otherwise one page after the other.
    """
    where = f"TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"
    kinds = sorted(MONEY_KINDS)
    for number, row in client.rows_of_each([(kind, where) for kind in kinds]):
        yield (kinds[number], str(row["Id"])), told_of(kinds[number], row)


def documents_elsewhere(client: QuickBooks, wanted: Sequence[Linked]) -> list[Document]:
    """Read linked documents that were not on their day: moved by a person, or gone."""
    return [
        ((kind, str(row["Id"])), told_of(kind, row))
        for kind in sorted({link.kind for link in wanted})
        for some in chunks([link.document_id for link in wanted if link.kind == kind], IDS_MAX)
        for row in client.query_all(kind, f"Id IN ({', '.join(map(quoted, some))})")
    ]


@dataclass(slots=True)
class _Found:
    """Which links' documents were found: a bit for each id between the lowest and the highest."""

    lowest: int
    bits: bytearray

    @classmethod
    def of(cls, database: Database, connection: Connection, first: date, last: date) -> _Found:
        with database.read() as session:
            lowest, highest = session.execute(_SPAN, within(connection, first, last)).one()
        return cls(lowest or 0, bytearray(((highest or 0) - (lowest or 0)) // 8 + 1))

    def add(self, link_id: int) -> None:
        place, bit = divmod(link_id - self.lowest, 8)
        if 0 <= place < len(self.bits):
            self.bits[place] |= 1 << bit

    def __contains__(self, link_id: int) -> bool:
        place, bit = divmod(link_id - self.lowest, 8)
        return 0 <= place < len(self.bits) and bool(self.bits[place] >> bit & 1)


@dataclass(slots=True)
class _Comparison:
    """QuickBooks' side of a range of days, added up document by document, with the ids that explain each difference."""

    database: Database
    connection: Connection
    first: date
    last: date
    totals: dict[Cell, Totals]
    found: _Found
    extra: set[tuple[str, str]] = field(default_factory=set)
    """Documents that no link of ours knows and that bear a mark of ours."""

    def take(self, documents: Sequence[Document]) -> None:
        """Add some documents, at most ``CHUNK``. One that a page showed already counts once."""
        here = self._linked_to(documents)
        # What no link explains may be a second document of a link that stands elsewhere.
        known = {link.code: link for links in here.values() for link in links}
        under = self._linked_under({told.code for _, told in documents if told.code} - known.keys()) | known
        for place, told in documents:
            for link in here.get(place, ()):
                if link.id not in self.found:
                    self.found.add(link.id)
                    self._settle(link, told)
            link_of_mark = under.get(told.code)
            if link_of_mark is not None and (link_of_mark.kind, link_of_mark.document_id) != place:
                self._second(link_of_mark, place, told)

    def astray(self) -> Iterator[list[Linked]]:
        """Yield the links whose document was on none of these days, at most ``CHUNK`` at once."""
        after = (self.first, 0)
        while True:
            some: list[Linked] = []
            named = {**within(self.connection, self.first, self.last), "after_day": after[0], "after_id": after[1]}
            with self.database.read() as session, session.execute(_AFTER, named) as rows:
                for link in map(Linked.of, rows):
                    after = (link.day, link.id)
                    if link.id not in self.found:
                        some.append(link)
                    if len(some) == CHUNK:
                        break
            if some:
                yield some
            if len(some) < CHUNK:
                return

    def miss(self, astray: Sequence[Linked]) -> None:
        """Name the links whose document is nowhere."""
        for link in astray:
            if link.id not in self.found:
                self._cell(link, link.day).differ(MISSING, link, link.document_id, -link.amount)

    def _settle(self, link: Linked, told: Told) -> None:
        cell = self._cell(link, link.day)
        held = told.moved(link.money_account)
        if told.day != link.day:
            cell.differ(MOVED, link, link.document_id, -link.amount)
            cell = self._cell(link, told.day)
            cell.differ(MOVED, link, link.document_id, held)
        elif held != link.amount:
            cell.differ(DIFFERS, link, link.document_id, held - link.amount)
        cell.quickbooks += held

    def _second(self, link: Linked, place: tuple[str, str], told: Told) -> None:
        amount: Decimal = told.moved(link.money_account)
        if place in self.extra or (not amount and told.voided):
            # An undo voided it before its record was posted again: it is no second one.
            return
        self.extra.add(place)
        cell = self._cell(link, told.day)
        cell.quickbooks += amount
        cell.differ(TWICE, link, place[1], amount)

    def _cell(self, link: Linked, day: date) -> Totals:
        return self.totals.setdefault((link.stream, link.currency, day), Totals())

    def _linked_to(self, documents: Sequence[Document]) -> dict[tuple[str, str], list[Linked]]:
        """Return the links of these days that some documents belong to, by kind and id."""
        here: dict[tuple[str, str], list[Linked]] = {}
        with self.database.read() as session:
            for kind in sorted({kind for (kind, _), _ in documents}):
                ids = [document_id for (each, document_id), _ in documents if each == kind]
                named = {**within(self.connection, self.first, self.last), "kind": kind, "ids": ids}
                for link in map(Linked.of, session.execute(_NAMED, named)):
                    here.setdefault((kind, link.document_id), []).append(link)
        return here

    def _linked_under(self, codes: set[str]) -> dict[str, Linked]:
        """Return the links under these marks, on whatever day and in whatever state."""
        if not codes:
            return {}
        with self.database.read() as session:
            rows = session.execute(
                select(*LINKED)
                .where(
                    LinkRow.connection_id == self.connection.id,
                    LinkRow.marker.in_(sorted(codes)),
                    LinkRow.day.is_not(None),
                    LinkRow.amount.is_not(None),
                )
                .order_by(LinkRow.id)
            )
            return {link.code: link for link in map(Linked.of, rows)}
