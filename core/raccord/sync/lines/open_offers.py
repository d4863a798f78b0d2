"""Which open documents the lines of a plan may pay, and which of those that people said so are not open any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense, Settled
from raccord.quickbooks import QuickBooks
from raccord.quickbooks.codec import summary_of
from raccord.store.made_once import made_once
from raccord.store.models import Action, Company, DraftRow, Hold, LineState, PlanLine
from raccord.sync.bodies import load_draft
from raccord.sync.lines.instalments import LINES, with_parts
from raccord.sync.lines.lump_sums import still_to_pay
from raccord.sync.lines.matching import Movement, OpenItem, Proposal, propose
from raccord.sync.lines.paying import FUNDS, MATCHES, MATCHES_LIMITED, PAYS, REFUNDED, payable
from raccord.sync.lines.reserving import Spoken, ask_again, paid_by_others, reserved
from raccord.sync.lines.several_payers import with_lump_sums
from raccord.sync.lines.undeposited import TAKEN
from raccord.sync.resolving.resolve import DECISION_MISSING

_PARTY = {"Invoice": "CustomerRef", "Bill": "VendorRef", "CreditMemo": "CustomerRef", "VendorCredit": "VendorRef"}
_OPEN = {True: ("Invoice", "VendorCredit"), False: ("Bill", "CreditMemo")}
"""What money that comes in, or goes out, may pay."""
_NOT_FOUND_BY_BALANCE = ("VendorCredit",)
"""Kinds that tell what is open of them, and that QuickBooks cannot look up by it."""
_PAYMENTS = ("Payment", "BillPayment")


def read_open(client: QuickBooks, kinds: Iterable[str], home_currency: str) -> list[tuple[str, OpenItem]]:
    """Return what QuickBooks says is open, each with its currency."""
    found = []
    for kind in sorted(kinds):
        for document in client.query_all(kind, "" if kind in _NOT_FOUND_BY_BALANCE else "Balance > '0'"):
            if not document.get("Balance"):
                continue
            party = document.get(_PARTY[kind]) or {}
            currency = str((document.get("CurrencyRef") or {}).get("value") or home_currency)
            item = OpenItem(
                kind,
                str(document["Id"]),
                summary_of(kind, document).number,
                # Of a customer and a vendor of one id, nothing is put together.
                f"{_PARTY[kind]} {party.get('value', '')}",
                str(party.get("name", "")),
                Decimal(document["Balance"]),
                date.fromisoformat(str(document["TxnDate"])),
                Decimal(document["TotalAmt"]),
            )
            found.append((currency, item))
    return found


@made_once
def _may_pay(plan_id: str) -> Select[Decimal | None, str]:
    sent = (PlanLine.state == LineState.PENDING) & (PlanLine.action == Action.CREATE)
    return (
        select(PlanLine.amount, PlanLine.kind)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id,
            PlanLine.amount.is_not(None),
            (PlanLine.reason == DECISION_MISSING) | (_settles() & sent),
        )
    )


@dataclass(slots=True)
class Offers:
    """Writes beside each question for a category what the line may pay, and takes back what is paid by now."""

    session: Session
    company_id: str
    connection_id: str
    plan_id: str
    now: datetime

    def kinds(self) -> set[str]:
        """Return the kinds of documents that lines of the plan may pay, or are to."""
        rows = self.session.execute(*_may_pay(self.plan_id))
        lines = (row for row in rows if row.amount and row.kind in ("Deposit", "Purchase", *_PAYMENTS))
        return {kind for row in lines for kind in _OPEN[row.amount > 0]}

    def offer(self, there: Sequence[tuple[str, OpenItem]], lumps_in: str = "") -> int:
        """Return how many lines may pay something that is open; in ``lumps_in`` also what several customers owe."""
        # A person says in the same moment what another line pays.
        self.session.get_one(Company, self.company_id, with_for_update={"key_share": True})
        self._take_back({(item.kind, item.id): item.amount for _, item in there})
        spoken_for = paid_by_others(self.session, self.company_id)
        movements: dict[tuple[bool, str], list[Movement]] = {}
        holds: dict[str, Hold] = {}
        for line, hold, row in self.session.execute(
            select(PlanLine, Hold, DraftRow)
            .join(Hold, (Hold.draft_id == PlanLine.draft_id) & Hold.closed_at.is_(None))
            .join(DraftRow, DraftRow.id == PlanLine.draft_id)
            .where(PlanLine.plan_id == self.plan_id, PlanLine.amount.is_not(None), Hold.code == DECISION_MISSING)
        ):
            draft = load_draft(row.body)
            if TAKEN in row.decisions:
                hold.params = {**hold.params, TAKEN: row.decisions[TAKEN]}
            if line.amount is None or row.day is None or not isinstance(draft, Deposit | Expense):
                continue
            if payable(draft):
                holds[str(line.id)] = hold
                movements.setdefault((line.amount > 0, draft.currency), []).append(
                    Movement(str(line.id), draft.total, row.day, draft.memo)
                )
        offered = 0
        for (into, currency), some in movements.items():
            items = [
                left
                for of, item in there
                if item.kind in _OPEN[into] and of == currency and (left := left_of(item, spoken_for)) is not None
            ]
            found = with_parts(some, items, propose(some, items))
            proposed = found.proposals
            if into and currency == lumps_in:
                invoices = [each for each in items if each.kind == Settled.INVOICE]
                proposed = with_lump_sums(some, invoices, proposed)
            lines = {each.id: each for each in some}
            for line_id, proposals in proposed.items():
                said = [said_of(each, lines, spoken_for) for each in proposals]
                limited = {MATCHES_LIMITED: LINES} if line_id in found.limited else {}
                holds[line_id].params = {**holds[line_id].params, MATCHES: said, **limited}
                offered += 1
        return offered

    def _take_back(self, still_open: Mapping[tuple[str, str], Decimal]) -> None:
        """Ask again about lines that were to pay what is not open for as much any more, or what another line pays.

        A payment that was taken out of the books and goes again had given its documents free.
        """
        left = dict(still_open)
        rows = self.session.execute(
            select(PlanLine, DraftRow)
            .join(DraftRow, DraftRow.id == PlanLine.draft_id)
            .where(
                PlanLine.plan_id == self.plan_id,
                _settles(),
                PlanLine.action == Action.CREATE,
                PlanLine.state == LineState.PENDING,
            )
            .order_by(PlanLine.id)
        ).all()
        for line, row in rows:
            pays = row.decisions.get(PAYS)
            if not isinstance(pays, Mapping):
                continue
            wanted = still_to_pay(self.session, row)
            gone = [each for place, each in wanted.items() if left.get(place, Decimal(0)) < Decimal(each["amount"])]
            if not gone and reserved(self.session, self.company_id, row, pays, self.now):
                left |= {place: left[place] - Decimal(each["amount"]) for place, each in wanted.items()}
                continue
            params = ask_again(self.session, self.connection_id, row, self.now, gone)
            line.kind, line.action, line.state = row.kind, Action.HOLD, LineState.LEFT
            line.reason, line.params = DECISION_MISSING, params
            line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}
        self.session.flush()


def _settles() -> Any:
    """Tell of a plan line, its draft joined, whether it may be what a person said that a bank line pays."""
    refund = DraftRow.decisions[(PAYS, "kind")].as_string().in_([*REFUNDED])
    lump_sum = DraftRow.decisions[(PAYS, FUNDS)].as_string().is_not(None)
    refund_kinds = [each.entity for each in REFUNDED.values()]
    return PlanLine.kind.in_(_PAYMENTS) | (PlanLine.kind.in_(refund_kinds) & refund) | lump_sum


def left_of(item: OpenItem, spoken_for: Mapping[tuple[str, str], Spoken]) -> OpenItem | None:
    """Return what nobody is to pay yet of a document, if anything."""
    spoken = spoken_for.get((item.kind, item.id))
    if spoken is None:
        return item
    left = item.amount - spoken.waiting
    return None if spoken.whole or left <= 0 else replace(item, amount=left)


def said_of(
    proposal: Proposal, lines: Mapping[str, Movement], spoken_for: Mapping[tuple[str, str], Spoken]
) -> dict[str, Any]:
    """Return what a question says of a proposal."""
    first = proposal.items[0]
    several = len({each.party_id for each in proposal.items}) > 1
    said: dict[str, Any] = {
        "kind": first.kind,
        "party_id": "" if several else first.party_id.rpartition(" ")[2],
        "party": ", ".join(dict.fromkeys(each.party for each in proposal.items)),
        "documents": [],
        "score": proposal.score,
        "sure": str(proposal.sure),
        "reasons": [str(each) for each in proposal.reasons],
    }
    for each in proposal.items:
        amount = each.amount if proposal.part is None else proposal.part
        spoken = spoken_for.get((each.kind, each.id), Spoken())
        document = {
            "id": each.id,
            "number": each.number,
            "amount": format(amount, "f"),
            "day": each.day.isoformat(),
            "whole": amount == (each.amount if each.total is None else each.total),
        }
        if several:
            document |= {"party_id": each.party_id.rpartition(" ")[2], "party": each.party}
        if not document["whole"]:
            document |= {"open": format(each.amount, "f"), "counted": sorted(spoken.parts)}
        said["documents"].append(document)
    together = [lines[each] for each in proposal.together]
    if together:
        said["together"] = [{"day": each.day.isoformat(), "amount": format(each.amount, "f")} for each in together]
    return said
