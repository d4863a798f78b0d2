"""Which lines of a plan may be the deposit of payments that wait, and which of those that a person said so are not any
more: looked at when a plan is made, and again before it is posted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, not_, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense
from raccord.store.made_once import made_once
from raccord.store.models import (
    Action,
    Company,
    Connection,
    ConnectionState,
    DraftRow,
    Hold,
    LedgerEntry,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
)
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.lump_sums import wait_for_lines
from raccord.sync.lines.matching import Reason, Sure
from raccord.sync.lines.paying import MATCHES, PAYER, PAYS, payable
from raccord.sync.lines.reserving import Spoken, ask_again, paid_by_others, reserved
from raccord.sync.lines.undeposited import (
    AWAITED,
    CROWDED,
    DEPOSIT,
    FOREIGN,
    MOST,
    REFUND,
    SUBTYPE,
    UNCLEAR,
    Received,
    Way,
    gone_of,
    refunds_of,
    spans,
    way_of,
)
from raccord.sync.resolving.resolve import DECISION_MISSING

_SCORE = 70


@dataclass(slots=True)
class DepositOffers:
    """Writes beside each question for a category which payments its line may be the deposit of."""

    session: Session
    company_id: str
    connection_id: str
    plan_id: str
    now: datetime

    def accounts(self) -> frozenset[str]:
        """Return the company's accounts of undeposited funds."""
        return frozenset(self.session.scalars(*_funds(self.company_id)))

    def spans(self) -> list[tuple[date, date]]:
        """Return the days of the payments that lines of the plan may be the deposits of, or were said to be."""
        rows = self.session.execute(*_deposit_days(self.plan_id))
        return spans(row.day for row in rows if row.amount and row.amount > 0 and row.day is not None)

    def refund_spans(self) -> list[tuple[date, date]]:
        """Return the days of the refunds that lines of the plan which wait may pay out, or come to with payments."""
        return spans(day for day in self.session.scalars(*_open_days(self.plan_id)) if day is not None)

    def offer(self, received: Sequence[Received], home_currency: str, refunds: Sequence[Received] = ()) -> int:
        """Return how many lines may be the deposit of payments that wait, after what the lines may pay was written.

        Of those that pay ``refunds`` out, or come to them with payments, that is said.
        """
        # A person says in the same moment what another line pays.
        self.session.get_one(Company, self.company_id, with_for_update={"key_share": True})
        self._take_back({(each.kind, each.id): each for each in received})
        spoken_for = paid_by_others(self.session, self.company_id)
        own = wait_for_lines(self.session, self.company_id, (each.id for each in received if each.kind == "Payment"))
        spoken_for |= {(DEPOSIT, id_): Spoken(whole=True) for id_ in own}
        waiting = [each for each in received if not each.deposit and (DEPOSIT, each.id) not in spoken_for]
        theirs = self._deposited_by_others(waiting)
        free = [each for each in waiting if (each.kind, each.id) not in theirs]
        found: list[tuple[Hold, Way]] = []
        either: set[str] = set()
        for hold, row in self._asked():
            draft = load_draft(row.body)
            if isinstance(draft, Deposit) and payable(draft) and row.day is not None:
                way = way_of(draft.total, draft.currency, row.day, free)
                other = way_of(draft.total, draft.currency, row.day, [each for each in waiting if each not in free])
                if way.received and draft.currency != home_currency:
                    way = Way(foreign=True)
                if other.received and not way.received:
                    way = Way(awaited=tuple(sorted({theirs[each.kind, each.id] for each in other.received})))
                elif other.received:
                    either.add(hold.id)
                found.append((hold, way))
            if isinstance(draft, Deposit | Expense) and payable(draft) and row.day is not None:
                out = isinstance(draft, Expense)
                told = refunds_of(draft.total, draft.currency, row.day, refunds, waiting, out=out)
                if told and (out or found[-1] == (hold, Way())):
                    hold.params = {**hold.params, REFUND: _said(told, alone=False)["documents"]}
        wanted = Counter(each.id for _, way in found for each in way.received)
        for hold, way in found:
            if way != Way():
                alone = hold.id not in either and all(wanted[each.id] == 1 for each in way.received)
                hold.params = _with_way(hold.params, way, alone=alone)
        return sum(bool(way.received) for _, way in found)

    def _deposited_by_others(self, waiting: Iterable[Received]) -> dict[tuple[str, str], str]:
        """Return those of the payments that wait, by kind and id, that another connection posted, with its name: it
        posts their deposit too, and QuickBooks takes no second one.
        """
        ids = {(each.kind, each.id) for each in waiting}
        found: dict[tuple[str, str], str] = {}
        for some in chunks(sorted({id_ for _, id_ in ids}), CHUNK):
            rows = self.session.execute(
                select(LinkRow.kind, LinkRow.document_id, Connection.label)
                .join(Connection, Connection.id == LinkRow.connection_id)
                .where(
                    LinkRow.company_id == self.company_id,
                    LinkRow.connection_id != self.connection_id,
                    LinkRow.document_id.in_(some),
                    LinkRow.state == LinkState.LIVE,
                    # What was made for a bank line whose deposit is not to come waits like any other.
                    not_(LinkRow.key.startswith(PAYER, autoescape=True)),
                    Connection.state != ConnectionState.DISCONNECTED,
                )
            )
            found |= {(kind, id_): label for kind, id_, label in rows if (kind, id_) in ids}
        return found

    def to_send(self) -> set[tuple[str, str]]:
        """Return kind and id of the payments that deposits still to be sent take up."""
        return {
            (str(each["kind"]), str(each["id"]))
            for _, row in self._pending()
            for each in row.decisions[PAYS]["documents"]
        }

    def leave_taken(self, received: Iterable[Received]) -> int:
        """Leave the deposits of a plan some of whose payments are not there any more; return how many."""
        there = {(each.kind, each.id): each for each in received}
        left = 0
        for line, row in self._pending():
            gone = gone_of(row.decisions[PAYS], there)
            if gone:
                params = ask_again(self.session, self.connection_id, row, self.now, gone)
                line.state, line.reason, line.params = LineState.LEFT, DECISION_MISSING, params
                left += 1
        self.session.flush()
        return left

    def _take_back(self, there: Mapping[tuple[str, str], Received]) -> None:
        """Ask again about lines that were to deposit what waits no more, or what another line deposits."""
        for line, row in self._pending():
            gone = gone_of(row.decisions[PAYS], there)
            if not gone and reserved(self.session, self.company_id, row, row.decisions[PAYS], self.now):
                continue
            params = ask_again(self.session, self.connection_id, row, self.now, gone)
            line.kind, line.action, line.state = row.kind, Action.HOLD, LineState.LEFT
            line.reason, line.params = DECISION_MISSING, params
            line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}
        self.session.flush()

    def _pending(self) -> list[tuple[PlanLine, DraftRow]]:
        return [(line, row) for line, row in self.session.execute(*_to_deposit(self.plan_id))]

    def _asked(self) -> list[tuple[Hold, DraftRow]]:
        rows = self.session.execute(
            select(Hold, DraftRow)
            .join(DraftRow, DraftRow.id == Hold.draft_id)
            .join(PlanLine, PlanLine.draft_id == DraftRow.id)
            .where(
                PlanLine.plan_id == self.plan_id,
                PlanLine.amount.is_not(None),
                Hold.closed_at.is_(None),
                Hold.code == DECISION_MISSING,
            )
            .order_by(PlanLine.id)
        )
        return [(hold, row) for hold, row in rows]


def may_be_deposit(params: Mapping[str, Any]) -> bool:
    """Tell whether payments that wait come to a question's line, in however many ways: earned anew, it counts twice."""
    told = (UNCLEAR, AWAITED, FOREIGN, REFUND)
    return any(each in params for each in told) or any(each["kind"] == DEPOSIT for each in params.get(MATCHES) or ())


def _deposits() -> Any:
    return DraftRow.decisions[(PAYS, "kind")].as_string() == DEPOSIT


@made_once
def _funds(company_id: str) -> Select[str]:
    return select(LedgerEntry.object_id).where(
        LedgerEntry.company_id == company_id, LedgerEntry.kind == "Account", LedgerEntry.subtype == SUBTYPE
    )


@made_once
def _deposit_days(plan_id: str) -> Select[Decimal | None, date | None]:
    return (
        select(PlanLine.amount, DraftRow.day)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id,
            PlanLine.kind == DEPOSIT,
            PlanLine.amount.is_not(None),
            (PlanLine.reason == DECISION_MISSING) | _deposits(),
        )
    )


@made_once
def _open_days(plan_id: str) -> Select[date | None]:
    return (
        select(DraftRow.day)
        .join(PlanLine, PlanLine.draft_id == DraftRow.id)
        .where(PlanLine.plan_id == plan_id, PlanLine.amount != 0, PlanLine.reason == DECISION_MISSING)
    )


@made_once
def _to_deposit(plan_id: str) -> Select[PlanLine, DraftRow]:
    return (
        select(PlanLine, DraftRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id,
            PlanLine.kind == DEPOSIT,
            PlanLine.action == Action.CREATE,
            PlanLine.state == LineState.PENDING,
            _deposits(),
        )
        .order_by(PlanLine.id)
    )


def _with_way(params: Mapping[str, Any], way: Way, *, alone: bool) -> dict[str, Any]:
    """Return what a question says, with the payments or why none are named; then nothing else is certain either."""
    if way.crowded:
        return {**params, CROWDED: MOST}
    if way.awaited or way.foreign:
        return {**params, **({AWAITED: list(way.awaited)} if way.awaited else {FOREIGN: True})}
    matches = [dict(each) for each in params.get(MATCHES) or ()]
    was_certain = bool(matches) and matches[0]["sure"] == Sure.CERTAIN
    for each in matches:
        each["sure"] = str(Sure.LIKELY) if each["sure"] == Sure.CERTAIN else each["sure"]
    if way.unclear:
        return {**params, MATCHES: matches, UNCLEAR: True} if matches else {**params, UNCLEAR: True}
    said = _said(way.received, alone=alone)
    return {**params, MATCHES: [matches[0], said, *matches[1:]] if was_certain else [said, *matches]}


def _said(received: Sequence[Received], *, alone: bool) -> dict[str, Any]:
    """Return a deposit as a proposal of what a line may pay is kept."""
    return {
        "kind": DEPOSIT,
        "party_id": "",
        "party": ", ".join(dict.fromkeys(each.party for each in received if each.party)),
        "documents": [
            {
                "id": each.id,
                "number": each.number,
                "amount": format(each.amount, "f"),
                "day": each.day.isoformat(),
                "whole": True,
                "kind": each.kind,
                "party": each.party,
            }
            for each in received
        ],
        "score": _SCORE,
        "sure": str(Sure.LIKELY if alone else Sure.POSSIBLE),
        "reasons": [str(Reason.WAITING), *([str(Reason.ONE_WAY)] if alone else [])],
    }
