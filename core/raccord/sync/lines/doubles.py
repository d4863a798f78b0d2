"""Possible doubles: movements of money that the books hold already, entered by hand or posted for another source.

One movement of money has one owner. A draft that would post again, on a bank or card account, what a document holds
within a few days is not sent before a person (or a plugin) has said which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, defer

from raccord.plugin.drafts import Accepts
from raccord.plugin.info import Mode
from raccord.plugin.ledger import Document, ResolutionKind
from raccord.plugin.money import Money
from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import code_of, money_of, summary_of
from raccord.scope import Scope
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LedgerEntry,
    LineState,
    LinkRow,
    LinkState,
    MarkedDocument,
    Match,
    PlanLine,
    RunCount,
    SourceRecord,
)
from raccord.sync.bodies import load_draft, mark
from raccord.sync.books.company import TYPES
from raccord.sync.books.parties import number_of, party_in, party_of
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import months
from raccord.sync.lines.line_answers import ask_other_side
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.pairing import ALIKE, DAYS_APART, Found, Line, pair, sure_of
from raccord.sync.lines.treatments import OTHER_SIDE, as_treated
from raccord.sync.resolving.answered import Answered
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.conflicts import DECISION, linked_to, settle, without_decision
from raccord.sync.resolving.holds import close_hold, open_hold
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.resolving.views import View

SURE = "sure"
"""Under this name a question about a possible double keeps how sure it is."""

TRUE_DAY = func.coalesce(PlanLine.record_day, PlanLine.day)
"""When the movement was, also where a closed period makes its document bear a later date."""

KINDS_IN = ("Deposit", "JournalEntry", "Payment", "Purchase", "SalesReceipt", "Transfer")
KINDS_OUT = ("BillPayment", "Deposit", "JournalEntry", "Purchase", "RefundReceipt", "Transfer")
"""Documents that bring money into a bank or card account, and those that take it out."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How the lines of some days move money: which amounts on which account, the documents that do so, and when."""

    moved: dict[str, set[Decimal]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)


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
        """Return what such lines of some days move: all that is needed to find documents that may be theirs."""
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
        return ways

    def concerned(self, first: date, last: date, found: Sequence[Found]) -> list[PlanLine]:
        """Return those of such lines that one of these documents may be, and those that will be sent and whose draft
        waits or waited for an answer.
        """
        waiting = exists().where(Hold.draft_id == PlanLine.draft_id, Hold.closed_at.is_(None))
        reasoned = exists().where(DraftRow.id == PlanLine.draft_id, DraftRow.reason != "")
        sent, days = PlanLine.action == Action.CREATE, (first <= TRUE_DAY, last >= TRUE_DAY)
        ids = set(self.session.scalars(select(PlanLine.id).where(*self._wanted(), *days, sent, or_(waiting, reasoned))))
        near = {(each.account, each.amount) for each in found}
        # Compared here: a database may keep equal amounts as different texts.
        rows = self.session.execute(
            select(PlanLine.id, PlanLine.money_account, PlanLine.amount)
            .where(*self._wanted(), *days)
            .execution_options(yield_per=1000)
        )
        ids.update(id_ for id_, account, amount in rows if (account, amount) in near)
        lines: list[PlanLine] = []
        for some in chunks(sorted(ids), CHUNK):
            # What they will send says nothing here.
            wanted = select(PlanLine).where(PlanLine.id.in_(some))
            lines += self.session.scalars(wanted.options(defer(PlanLine.payload), defer(PlanLine.effect)))
        return sorted(lines, key=lambda line: (line.record_day or line.day or first, line.id))

    @property
    def everywhere(self) -> bool:
        """Whether lines on any account are looked at."""
        first = self.connection.mode == Mode.ALREADY_RUNNING and self.connection.approved_at is None
        return first or self.connection.review_next

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


def documents_near(client: QuickBooks, ways: Ways) -> list[Found]:
    """Read the documents that move the lines' accounts by their amounts, around their days."""
    if not ways.days:
        return []
    first, last = min(ways.days) - timedelta(DAYS_APART), max(ways.days) + timedelta(DAYS_APART)
    where = f"TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"

    def moving(kind: str, document: Mapping[str, Any]) -> Iterator[Found]:
        for account, amounts in ways.moved.items():
            amount = money_of(kind, document, account)
            if amount and amount in amounts:
                yield _found(kind, document, account, amount)

    answers = client.kept_of_each([(kind, where) for kind in sorted(ways.kinds)], moving)
    return [each for found in answers for each in found]


def unclaimed(session: Session, connection: Connection, found: Sequence[Found]) -> list[Found]:
    """Leave out what the connection has matched, and name the owners; of its own documents say when they were told."""
    ids = sorted({each.id for each in found})
    links: dict[tuple[str, str], tuple[str, str, str]] = {}
    posted_on: dict[tuple[str, str], str] = {}
    taken: set[tuple[str, str, str]] = set()
    forgotten: set[tuple[str, str]] = set()
    for some in chunks(ids, CHUNK):
        for link, label in session.execute(
            select(LinkRow, Connection.label)
            .join(Connection, Connection.id == LinkRow.connection_id)
            .where(
                LinkRow.company_id == connection.company_id,
                LinkRow.document_id.in_(some),
                LinkRow.state == LinkState.LIVE,
            )
        ):
            links[link.kind, link.document_id] = (link.connection_id, label, link.key)
            if link.kind == "Transfer":
                posted_on[link.kind, link.document_id] = link.money_account
        matches = select(Match).where(Match.connection_id == connection.id, Match.document_id.in_(some))
        taken.update((match.kind, match.document_id, match.money_account) for match in session.scalars(matches))
        # Ours, made by a life that a restored backup has forgotten: its own draft is linked to it.
        known = select(MarkedDocument).where(
            MarkedDocument.company_id == connection.company_id, MarkedDocument.document_id.in_(some)
        )
        forgotten.update((marked.kind, marked.document_id) for marked in session.scalars(known))
    own = _told_in(session, connection, [key for owner, _, key in links.values() if owner == connection.id])
    told_twice = _other_sides(session, [f"{links[place][0]} {links[place][2]}" for place in posted_on])
    free = []
    for each in found:
        owner, label, key = links.get((each.kind, each.id), ("", "", ""))
        other_leg = posted_on.get((each.kind, each.id), each.account) not in ("", each.account)
        if other_leg and f"{owner} {key}" in told_twice:
            continue
        told_in = own.get(key, "") if owner == connection.id and not other_leg else ""
        strange = (owner != connection.id or other_leg) and each.place not in taken
        # What the source tells under a third id is still the same document, though the second one was matched.
        if (each.kind, each.id) not in forgotten and (strange or told_in):
            free.append(replace(each, owner=label, owner_key=key, told_in=told_in, other_leg=other_leg))
    return free


def _other_sides(session: Session, posted_by: Sequence[str]) -> set[str]:
    """Return those of the lines that posted transfers (connection and key) whose other side a person named already."""
    said = DraftRow.decisions[OTHER_SIDE].as_string()
    found: set[str] = set()
    for some in chunks(sorted(posted_by), CHUNK):
        found.update(session.scalars(select(said).where(DraftRow.state == DraftState.SKIPPED, said.in_(some))))
    return found


def _told_in(session: Session, connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Return by draft key the run in which the source told of it."""
    runs: dict[str, str] = {}
    for some in chunks(sorted(keys), CHUNK):
        rows = session.execute(
            select(DraftRow.key, SourceRecord.run_id)
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(DraftRow.connection_id == connection.id, DraftRow.key.in_(some))
        )
        runs.update({row.key: row.run_id for row in rows})
    return runs


def told_anew(session: Session, lines: Sequence[PlanLine]) -> dict[int, str]:
    """Return by plan line the run whose delivery told of it, where that delivery repeated nothing that was known.

    A bank that gives all its lines new ids sends such a delivery. Only lines that wait for a person anyway: whether one
    of them is told for the second time is another question to the same person, and holds nothing up.
    """
    waiting = {line.draft_id: line.id for line in lines if line.draft_id and line.reason == DECISION_MISSING}
    runs: dict[int, str] = {}
    for some in chunks(sorted(waiting), CHUNK):
        rows = session.execute(
            select(DraftRow.id, SourceRecord.run_id)
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .join(RunCount, and_(RunCount.run_id == SourceRecord.run_id, RunCount.stream == SourceRecord.stream))
            .where(DraftRow.id.in_(some), RunCount.unchanged == 0)
        )
        runs.update({waiting[row.id]: row.run_id for row in rows})
    return runs


@dataclass(slots=True)
class Doubles:
    """Settles one month of a plan's possible doubles in one transaction."""

    session: Session
    company: Company
    connection: Connection
    scope: Scope
    view: View
    now: datetime
    run_id: str = ""

    def settle(self, lines: Sequence[PlanLine], found: Sequence[Found]) -> int:
        """Hold, link, skip or leave each line that has a possible double; return how many have one."""
        drafts: dict[int, DraftRow] = {}
        for some in chunks([line.draft_id for line in lines if line.draft_id], CHUNK):
            drafts.update({row.id: row for row in self.session.scalars(select(DraftRow).where(DraftRow.id.in_(some)))})
        anew = told_anew(self.session, lines)
        near = {(each.account, each.amount) for each in found}
        sought = {
            line.id: self._sought(line, drafts.get(line.draft_id or 0), anew.get(line.id, ""))
            for line in lines
            if (line.money_account, line.amount) in near and line.day is not None
        }
        pairs = pair(sought.values(), unclaimed(self.session, self.connection, found))
        for line in lines:
            row = drafts.get(line.draft_id or 0)
            if row is not None and line.id in pairs:
                self._one(line, row, pairs[line.id], sure_of(sought[line.id], pairs[line.id]))
            elif row is not None and line.action == Action.CREATE:
                # What stood in the way is gone, or was said to be another line's.
                self._free(row)
        return len(pairs)

    def _sought(self, line: PlanLine, row: DraftRow | None, told: str) -> Line:
        day, draft = line.record_day or line.day, None if row is None else load_draft(row.body)
        if day is None or line.amount is None:
            raise TypeError(line.key)
        return Line(
            line.id, mark(self.company.realm, self.connection.id, line.key), line.money_account, line.amount, day,
            line.kind, told, number_of(draft), party_of(self.session, self.connection, draft),
        )  # fmt: skip

    def _one(self, line: PlanLine, row: DraftRow, found: Found, sure: Sure) -> None:
        # A document is linked by one draft alone, and only where both are of one kind; anything else is matched.
        apart = found.kind != line.kind or bool(found.owner)
        total = None if line.amount is None else Money(abs(line.amount), line.currency)
        existing = Document(found.kind, found.id, found.number, found.day, total)
        detail = f"{found.kind} {found.id}"
        draft = as_treated(row.decisions, load_draft(row.body))
        params = {"linkable": not apart}
        if found.other_leg and line.reason == DECISION_MISSING and DECISION not in row.decisions:
            # The same movement, told by its other account: known, and nobody's question.
            self._skip(line, row, found)
            return
        answered = Answered()
        resolution = settle(self.scope, self.view, row, draft, ALREADY_EXISTS, params, answered, existing, detail)
        line.answered_by = [*line.answered_by, *answered.kept()]
        answered.tell_faults(self.session, self.connection.id, self.run_id, row.key, self.now, troubled=False)
        match resolution.kind:
            case ResolutionKind.CREATE:
                if line.action == Action.CREATE:
                    self._free(row)
            case ResolutionKind.SKIP:
                self._skip(line, row, found)
            case ResolutionKind.LINK if resolution.target == found.id and not self._linked(row, found):
                self._link(line, row, found)
            case _:
                self._hold(line, row, found, {"linkable": not apart, SURE: Sure.LIKELY if apart else sure})

    def _free(self, row: DraftRow) -> None:
        """Let a draft go: nothing in the books is its movement."""
        row.reason = ""
        close_hold(self.session, row, self.now)

    def _linked(self, row: DraftRow, found: Found) -> bool:
        return linked_to(self.session, self.company.id, row, found.id) is not None

    def _hold(self, line: PlanLine, row: DraftRow, found: Found, how: Mapping[str, object]) -> None:
        params = {**_said(found), **how}
        row.state, row.reason = DraftState.HELD, ALREADY_EXISTS
        open_hold(self.session, self.connection.id, row, ALREADY_EXISTS, params, self.now)
        line.action, line.state, line.reason, line.params = Action.HOLD, LineState.LEFT, ALREADY_EXISTS, params
        _nothing_sent(line)

    def _skip(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        close_hold(self.session, row, self.now)
        row.decisions = without_decision(row)
        row.state, row.reason = DraftState.SKIPPED, ALREADY_EXISTS
        if found.kind != "Transfer":
            # What the books hold does not move the other account: that one's line tells of something else.
            ask_other_side(self.session, row)
        line.action, line.state, line.reason, line.params = Action.SKIP, LineState.LEFT, ALREADY_EXISTS, _said(found)
        _nothing_sent(line)
        if self._is_matched(found):
            # Told under a third id: the second one holds the document already.
            return
        self.session.add(
            Match(
                company_id=self.company.id,
                connection_id=self.connection.id,
                draft_id=row.id,
                kind=found.kind,
                document_id=found.id,
                money_account=found.account,
                amount=found.amount,
                currency=line.currency,
                day=found.day,
                matched_at=self.now,
            )
        )

    def _is_matched(self, found: Found) -> bool:
        known = select(Match.id).where(
            Match.connection_id == self.connection.id,
            Match.kind == found.kind,
            Match.document_id == found.id,
            Match.money_account == found.account,
        )
        return self.session.scalars(known).first() is not None

    def _link(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        close_hold(self.session, row, self.now)
        # The answer stays with the draft until it is linked, whatever becomes of this plan.
        row.state, row.reason = DraftState.PLANNED, ALREADY_EXISTS
        line.action, line.state, line.reason, line.params = Action.LINK, LineState.PENDING, "", {}
        line.document_id = found.id
        _nothing_sent(line)


def _kinds(kind: str, amount: Decimal) -> tuple[str, ...]:
    return (kind,) if kind in ALIKE else KINDS_IN if amount > 0 else KINDS_OUT


def _found(kind: str, document: Mapping[str, Any], account: str, amount: Decimal) -> Found:
    number, day = summary_of(kind, document).number, date.fromisoformat(str(document["TxnDate"]))
    return Found(kind, str(document["Id"]), number, day, amount, account, code_of(document), party_in(document))


def _nothing_sent(line: PlanLine) -> None:
    line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}


def _said(found: Found) -> dict[str, Any]:
    return {
        "document": f"{found.kind} {found.number or found.id}",
        "kind": found.kind,
        "id": found.id,
        "day": found.day.isoformat(),
        "amount": format(found.amount, "f"),
        "owner": found.owner,
        "owner_key": found.owner_key,
    }
