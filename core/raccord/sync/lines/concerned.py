"""Which lines of a plan could post again what the books hold, and the documents that hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, defer

from raccord.plugin.drafts import Accepts
from raccord.plugin.info import Mode
from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import code_of, money_of, summary_of
from raccord.store.models import (
    Action,
    Connection,
    DraftRow,
    Hold,
    LedgerEntry,
    LineState,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import TYPES
from raccord.sync.books.parties import CHEQUE, cheque_of, party_in
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import around, months
from raccord.sync.fetching.repeated import brought_by
from raccord.sync.lines.in_parts import Moved, Pieces, Sums
from raccord.sync.lines.pairing import ALIKE, CHEQUE_DAYS, DAYS_APART, LOOKED_APART, Found
from raccord.sync.lines.shared_documents import asked_of, said_to_be_parts
from raccord.sync.lines.told_before import in_one
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.left_elsewhere import left_elsewhere
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.resolving.set_aside import ID_DAYS_APART, set_aside

TRUE_DAY = func.coalesce(PlanLine.record_day, PlanLine.day)
"""When the movement was, also where a closed period makes its document bear a later date."""

KINDS_IN = ("CreditCardPayment", "Deposit", "JournalEntry", "Payment", "Purchase", "SalesReceipt", "Transfer")
KINDS_OUT = ("BillPayment", "CreditCardPayment", "Deposit", "JournalEntry", "Purchase", "RefundReceipt", "Transfer")
"""Documents that bring money into a bank or card account, and those that take it out."""


OLD_WAY = timedelta(31)
"""How long after the first approval a source's old way may post once more: what it does each month included."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How the lines of some days move money: which amounts on which account, the documents that do so, and when."""

    moved: dict[str, set[Decimal]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    sums: Sums = field(default_factory=Sums)
    shared: frozenset[tuple[str, str, str]] = frozenset()
    """Documents (kind, id, account) that lines were asked to be parts of."""
    waiting: Pieces = field(default_factory=Pieces)
    """What the lines move that wait for a person anyway, and may be several documents."""
    cheques: frozenset[str] = frozenset()
    """The numbers of cheques among the lines: a bank pays them when they are handed in."""
    true_days: Mapping[tuple[str, str], date] = field(default_factory=dict)
    """When the movements were, by kind and id, of documents of ours that bear another date: theirs was closed."""

    def may_be_shared(self, kind: str, document_id: str, account: str, amount: Decimal, day: date) -> bool:
        """Tell whether several lines may be a document together."""
        return (kind, document_id, account) in self.shared or self.sums.come_to(account, amount, day)


@dataclass(frozen=True, slots=True)
class Sought:
    """The lines of a plan that could post again what the books hold: those on bank and card accounts, and those that
    still wait for what they are; of days that somebody may have entered by hand (the first plan of a company that was
    running before, a backfill) every line.
    """

    session: Session
    plan_id: str
    connection: Connection

    def months(self) -> list[tuple[date, date]]:
        """Return the months in which such lines lie."""
        days = self.session.scalars(select(TRUE_DAY).where(*self._wanted()).distinct())
        return months(days)

    def ways(self, first: date, last: date) -> Ways:
        """Return what such lines of some days, and those soon after, move: all that is needed to find documents that
        may be theirs.
        """
        last = with_following(last)
        rows = self.session.execute(
            select(PlanLine.kind, PlanLine.money_account, PlanLine.amount, func.min(TRUE_DAY), func.max(TRUE_DAY))
            .where(*self._wanted(), first <= TRUE_DAY, last >= TRUE_DAY)
            .group_by(PlanLine.kind, PlanLine.money_account, PlanLine.amount)
            .execution_options(yield_per=1000)
        )
        ways = Ways()
        for kind, account, amount, earliest, latest in rows:
            if amount:
                ways.moved.setdefault(account, set()).add(amount)
                ways.kinds.update(_kinds(kind, amount))
            ways.days.update((earliest, latest))
        each_line = (
            select(PlanLine.id, PlanLine.money_account, PlanLine.amount, TRUE_DAY, PlanLine.reason)
            .where(*self._wanted(), first <= TRUE_DAY, last >= TRUE_DAY, PlanLine.kind.not_in(ALIKE))
            .execution_options(yield_per=1000)
        )
        for id_, account, amount, day, reason in self.session.execute(each_line):
            ways.sums.take(Moved(id_, account, amount or Decimal(0), day))
            if reason == DECISION_MISSING:
                ways.waiting.take(account, amount or Decimal(0), day)
        said = self.session.execute(said_to_be_parts([*self._wanted(), first <= TRUE_DAY, last >= TRUE_DAY])).all()
        shared = asked_of(self.session, self.connection, (first, last), [row[1] for row in said])
        cheques = self._cheques(first, last)
        return replace(ways, shared=shared, cheques=cheques, true_days=self._true_days(ways))

    def _cheques(self, first: date, last: date) -> frozenset[str]:
        bodies = self.session.scalars(
            select(DraftRow.body)
            .join(PlanLine, PlanLine.draft_id == DraftRow.id)
            .where(*self._wanted(), first <= TRUE_DAY, last >= TRUE_DAY, DraftRow.body.contains(CHEQUE))
            .execution_options(yield_per=1000)
        )
        return frozenset(filter(None, map(cheque_of, map(load_draft, bodies))))

    def _true_days(self, ways: Ways) -> dict[tuple[str, str], date]:
        if not ways.days:
            return {}
        first, last = around(min(ways.days), max(ways.days), LOOKED_APART)
        rows = self.session.execute(
            select(LinkRow.kind, LinkRow.document_id, LinkRow.record_day)
            .join(Connection, Connection.id == LinkRow.connection_id)
            .where(
                Connection.company_id == self.connection.company_id,
                # A document only ever bears a later date than its own.
                LinkRow.day >= first,
                or_(
                    LinkRow.record_day.between(first, last), and_(LinkRow.record_day.is_not(None), LinkRow.day <= last)
                ),
                LinkRow.state == LinkState.LIVE,
                LinkRow.kind.in_(ways.kinds),
                or_(LinkRow.money_account.in_(ways.moved), LinkRow.kind == "Transfer"),
            )
        )
        return {(kind, id_): day for kind, id_, day in rows if day is not None}

    def concerned(self, first: date, last: date, found: Sequence[Found]) -> list[PlanLine]:
        """Return those of such lines, of some days and soon after, that one of these documents may be, another line of
        the plan or one that is kept out of the books, and those that will be sent and whose draft waits or waited for
        an answer.
        """
        last = with_following(last)
        waiting = exists().where(Hold.draft_id == PlanLine.draft_id, Hold.closed_at.is_(None))
        reasoned = exists().where(DraftRow.id == PlanLine.draft_id, DraftRow.reason != "")
        sent, days = PlanLine.action == Action.CREATE, (first <= TRUE_DAY, last >= TRUE_DAY)
        ids = set(self.session.scalars(select(PlanLine.id).where(*self._wanted(), *days, sent, or_(waiting, reasoned))))
        ids.update(row[0] for row in self.session.execute(said_to_be_parts([*self._wanted(), *days])))
        near = {(each.account, each.amount) for each in found}
        shared = [each for each in found if each.summed]
        pieces = Pieces()
        for each in found:
            pieces.take(each.account, each.amount, each.day)
        # Compared here: a database may keep equal amounts as different texts.
        rows = self.session.execute(
            select(PlanLine.id, PlanLine.money_account, PlanLine.amount, TRUE_DAY, PlanLine.reason)
            .where(*self._wanted(), *days)
            .execution_options(yield_per=1000)
        ).all()
        ids.update(self._beside_what_is_set_aside([(row[0], *row[2:4]) for row in rows if row[4] == DECISION_MISSING]))
        several = in_one(self.session, self.connection)
        ids.update(_equal_and_near([row[:4] for row in rows if row[1] in several]))
        ids.update(self._told_apart([row[:4] for row in rows if row[1] not in several]))
        ids.update(
            id_
            for id_, account, amount, day, reason in rows
            if (account, amount) in near
            or (amount and reason == DECISION_MISSING and pieces.smaller(account, amount, day) > 1)
            or any(each.account == account and abs((each.day - day).days) <= DAYS_APART for each in shared)
        )
        lines: list[PlanLine] = []
        for some in chunks(sorted(ids), CHUNK):
            # What they will send says nothing here.
            wanted = select(PlanLine).where(PlanLine.id.in_(some))
            lines += self.session.scalars(wanted.options(defer(PlanLine.payload), defer(PlanLine.effect)))
        return sorted(lines, key=lambda line: (line.record_day or line.day or first, line.id))

    def _told_apart(self, rows: Iterable[tuple[int, str, Decimal | None, date]]) -> Iterator[int]:
        """Yield those lines beside which another delivery told of as much: a bank may have given them new ids."""
        some = list(rows)
        near = sorted(_equal_and_near(some))
        by: dict[int, str] = {}
        for part in chunks(near, CHUNK):
            told = select(PlanLine.id, SourceRecord.run_id, SourceRecord.delivery).where(PlanLine.id.in_(part))
            told = told.join(DraftRow, DraftRow.id == PlanLine.draft_id)
            told = told.join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            by.update((id_, brought_by(run_id, delivery)) for id_, run_id, delivery in self.session.execute(told))
        yield from _equal_and_near([row for row in some if row[0] in by], by)

    def _beside_what_is_set_aside(self, rows: Sequence[tuple[int, Decimal | None, date]]) -> Iterator[int]:
        """Yield those lines near which their source, or another one, told of as much that is kept out of the books."""
        near: dict[Decimal, list[date]] = defaultdict(list)
        for each in set_aside(self.session, self.connection, {day for _, _, day in rows}):
            near[each.amount].append(each.day)
        for one in left_elsewhere(self.session, self.connection, {day for _, _, day in rows}):
            near[one.amount].append(one.day)
        for id_, amount, day in rows:
            if amount and any(abs((day - other).days) <= ID_DAYS_APART for other in near.get(amount, ())):
                yield id_

    @property
    def everywhere(self) -> bool:
        """Whether lines on any account are looked at: before and soon after the first plan of a source that was running
        before is approved, when its old way may post once more, and where days are filled in.
        """
        return self.connection.review_next or self._of_both_ways()

    def _of_both_ways(self) -> bool:
        if self.connection.mode != Mode.ALREADY_RUNNING or self.connection.approved_at is None:
            return self.connection.mode == Mode.ALREADY_RUNNING
        return self.session.get_one(Plan, self.plan_id).created_at - self.connection.approved_at < OLD_WAY

    def _wanted(self) -> list[ColumnElement[bool]]:
        types = TYPES[Accepts.BANK_OR_CARD]
        banks = select(LedgerEntry.object_id).where(
            LedgerEntry.company_id == self.connection.company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.type.in_(types),
        )
        sent = and_(PlanLine.action == Action.CREATE, PlanLine.state == LineState.PENDING)
        waits = and_(PlanLine.action == Action.HOLD, PlanLine.reason == DECISION_MISSING)
        wanted = [
            PlanLine.plan_id == self.plan_id,
            or_(sent, waits),
            PlanLine.amount.is_not(None),
            PlanLine.day.is_not(None),
        ]
        # What was asked about once is looked at until it is answered, on whatever account.
        asked = select(Hold.draft_id).where(
            Hold.connection_id == self.connection.id, Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS
        )
        near = or_(PlanLine.money_account.in_(banks), PlanLine.draft_id.in_(asked))
        return wanted if self.everywhere else [*wanted, near]


def _equal_and_near(
    rows: Iterable[tuple[int, str, Decimal | None, date]], by: Mapping[int, str] | None = None
) -> Iterator[int]:
    """Yield the lines (id, account, amount, day) that move an account as much as another does within some days; with
    what told of them (``by``) only where several did.
    """
    alike: dict[tuple[str, Decimal], list[tuple[date, int]]] = defaultdict(list)
    for id_, account, amount, day in rows:
        if amount:
            alike[account, amount].append((day, id_))
    for some in alike.values():
        near: list[int] = []
        before = date.min
        for day, id_ in [*sorted(some), (date.max, 0)]:
            if (day - before).days > LOOKED_APART:
                if len(near) > 1 and (by is None or len({by[each] for each in near}) > 1):
                    yield from near
                near = []
            near.append(id_)
            before = day


def with_following(last: date) -> date:
    """Return the day until which a line may lie that is one document with another of some days."""
    return around(last, last, 2 * DAYS_APART)[1]


def documents_near(client: QuickBooks, ways: Ways) -> list[Found]:
    """Read the documents that move the lines' accounts by their amounts, around their days; what a closed period made
    bear another date counts as of its own day.
    """
    if not ways.days:
        return []
    first, last = around(min(ways.days), max(ways.days), LOOKED_APART)
    where = f"TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"

    def moving(kind: str, document: Mapping[str, Any]) -> Iterator[Found]:
        for account, amounts in ways.moved.items():
            amount = money_of(kind, document, account)
            if not amount:
                continue
            found = _found(kind, document, account, amount)
            if (own := ways.true_days.get((kind, found.id))) is not None:
                found = replace(found, day=own, dated=found.day)
            summed = ways.may_be_shared(*found.place, amount, found.day)
            if summed or amount in amounts or ways.waiting.larger(account, amount, found.day):
                yield replace(found, summed=summed)

    questions = [(kind, where) for kind in sorted(ways.kinds)]
    for some in chunks(sorted(ways.cheques), BATCH_MAX):
        numbers = ", ".join(map(quoted, some))
        earliest = quoted(around(first, last, CHEQUE_DAYS)[0].isoformat())
        earlier = f"DocNumber IN ({numbers}) AND TxnDate >= {earliest} AND TxnDate < {quoted(first.isoformat())}"
        questions += [(kind, earlier) for kind in ("BillPayment", "Purchase")]
    answers = client.kept_of_each(questions, moving)
    near = {each.place: each for found in answers for each in found}
    moved = sorted(place for place, day in ways.true_days.items() if first <= day <= last)
    dated_elsewhere = [
        (kind, f"Id IN ({', '.join(map(quoted, some))})")
        for kind in sorted(ways.kinds)
        for some in chunks([id_ for of, id_ in moved if of == kind], BATCH_MAX)
    ]
    near |= {each.place: each for found in client.kept_of_each(dated_elsewhere, moving) for each in found}
    return list(near.values())


def _kinds(kind: str, amount: Decimal) -> tuple[str, ...]:
    return (kind,) if kind in ALIKE else KINDS_IN if amount > 0 else KINDS_OUT


def _found(kind: str, document: Mapping[str, Any], account: str, amount: Decimal) -> Found:
    number, day = summary_of(kind, document).number, date.fromisoformat(str(document["TxnDate"]))
    return Found(kind, str(document["Id"]), number, day, amount, account, code_of(document), party_in(document))
