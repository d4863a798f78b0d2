"""Bank lines that pay what is open: found before anybody is asked for a category, and posted as payments.

A person says that a line pays one or several invoices or bills; its draft then becomes a payment that settles exactly
those. A document is paid whole by one draft alone: the database keeps it so. Where several pay a part of it each, they
never come to more than what is open of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeGuard

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import (
    Application,
    BillPayment,
    Decision,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    LedgerId,
    Payment,
    PaymentType,
    Settled,
)
from raccord.quickbooks import QuickBooks
from raccord.quickbooks.codec import entity_of, summary_of
from raccord.store.models import (
    Action,
    Company,
    DraftRow,
    DraftState,
    Hold,
    LineState,
    LinkRow,
    LinkState,
    PaidDocument,
    PlanLine,
)
from raccord.sync.bodies import digest, load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.instalments import LINES, with_parts
from raccord.sync.lines.matching import Movement, OpenItem, Proposal, propose
from raccord.sync.lines.undeposited import DEPOSIT, as_deposit
from raccord.sync.resolving.holds import open_hold
from raccord.sync.resolving.resolve import DECISION_MISSING

PAYS = "pays"
"""Under this name stands, among a draft's decisions, what it pays."""
MATCHES = "matches"
"""Under this name a question about a category says what the line may pay instead."""
MATCHES_LIMITED = "matches_limited"
"""Under this name it says of how many lines, where more than those name one document."""
_LETTERS = 40
WHOLE = 0
"""The part of a document that one draft alone may pay: all of it."""
REFUNDED: Mapping[str, Settled] = {Settled.CREDIT_MEMO: Settled.EXPENSE, Settled.VENDOR_CREDIT: Settled.DEPOSIT}
"""Credits that money may pay back, each with what a line becomes that does so: a document on the account of what
customers owe, or vendors are owed.
"""
_PARTY = {"Invoice": "CustomerRef", "Bill": "VendorRef", "CreditMemo": "CustomerRef", "VendorCredit": "VendorRef"}
_OPEN = {True: ("Invoice", "VendorCredit"), False: ("Bill", "CreditMemo")}
"""What money that comes in, or goes out, may pay."""
_NOT_FOUND_BY_BALANCE = ("VendorCredit",)
"""Kinds that tell what is open of them, and that QuickBooks cannot look up by it."""


def as_paid(decisions: Mapping[str, Any], draft: Draft) -> Draft:
    """Return a bank line's draft as the payment that a person said it is.

    Where the source says another amount since, what was decided means nothing any more.
    """
    pays = decisions.get(PAYS)
    if not isinstance(pays, Mapping) or not payable(draft) or Decimal(str(pays["total"])) != draft.total:
        return draft
    if pays["kind"] == DEPOSIT:
        return as_deposit(pays, draft) if isinstance(draft, Deposit) else draft
    settled = Settled(str(pays["kind"]))
    applied = tuple(
        Application(document=LedgerId(str(each["id"])), amount=Decimal(str(each["amount"])), of=settled)
        for each in pays["documents"]
    )
    party = LedgerId(str(pays["party_id"]))
    if isinstance(draft, Deposit) and settled is Settled.INVOICE:
        return Payment(
            key=draft.key,
            day=draft.day,
            currency=draft.currency,
            customer=party,
            deposit_to=draft.bank,
            total=draft.total,
            applied=applied,
            memo=draft.memo,
        )
    if isinstance(draft, Expense) and settled is Settled.BILL:
        return _bill_payment(draft, party, applied)
    if settled in REFUNDED:
        return _refund(draft, settled, party.id, LedgerId(str(pays["account"]), "Account"))
    return draft


def is_refund(decisions: Mapping[str, Any]) -> bool:
    """Tell whether a line was said to pay credits back, out to a customer or in from a vendor."""
    pays = decisions.get(PAYS)
    return isinstance(pays, Mapping) and pays.get("kind") in REFUNDED


def refunded_key(line_key: str) -> str:
    """Return the key of the payment that takes a credit for what a line pays back."""
    return f"refunded/{digest(line_key)[:_LETTERS]}"


def _refund(draft: Deposit | Expense, credit: Settled, party_id: str, owed: LedgerId) -> Deposit | Expense:
    """Return a line's draft on the account of what is owed; as it is where the money goes the other way."""
    if isinstance(draft, Expense) and credit is Settled.CREDIT_MEMO:
        return replace(
            draft,
            lines=(ExpenseLine(account=owed, amount=draft.total, description=draft.memo),),
            payee=LedgerId(party_id, "Customer"),
            payment_type=PaymentType.CASH if draft.payment_type is PaymentType.CHECK else draft.payment_type,
        )
    if isinstance(draft, Deposit) and credit is Settled.VENDOR_CREDIT:
        vendor = LedgerId(party_id, "Vendor")
        back = DirectLine(account=owed, amount=draft.total, description=draft.memo, entity=vendor)
        return replace(draft, lines=(back,))
    return draft


def _bill_payment(draft: Expense, vendor: LedgerId, applied: tuple[Application, ...]) -> BillPayment:
    on_card = draft.payment_type is PaymentType.CARD
    return BillPayment(
        key=draft.key,
        day=draft.day,
        currency=draft.currency,
        vendor=vendor,
        paid_from=draft.paid_from,
        payment_type=PaymentType.CARD if on_card else PaymentType.CHECK,
        total=draft.total,
        applied=applied,
        memo=draft.memo,
    )


def payable(draft: Draft) -> TypeGuard[Deposit | Expense]:
    """Tell whether a draft is money on a bank or card account of which a person says what it was for."""
    if isinstance(draft, Expense):
        return not draft.credit and asked_in(draft) is not None
    return isinstance(draft, Deposit) and asked_in(draft) is not None


def asked_in(draft: Deposit | Expense) -> Decision | None:
    """Return what a person has to say of a draft's one line."""
    if len(draft.lines) != 1:
        return None
    line = draft.lines[0]
    account = line.account if isinstance(line, DirectLine | ExpenseLine) else None
    return account if isinstance(account, Decision) else None


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
        rows = self.session.execute(
            select(PlanLine.amount, PlanLine.kind)
            .join(DraftRow, DraftRow.id == PlanLine.draft_id)
            .where(PlanLine.plan_id == self.plan_id, PlanLine.amount.is_not(None), self._asks_or_pays())
        )
        lines = (row for row in rows if row.amount and row.kind in ("Deposit", "Purchase", *_PAYMENTS))
        return {kind for row in lines for kind in _OPEN[row.amount > 0]}

    def offer(self, there: Sequence[tuple[str, OpenItem]]) -> int:
        """Return how many lines may pay something that is open."""
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
                if item.kind in _OPEN[into] and of == currency and (left := _left_of(item, spoken_for)) is not None
            ]
            found = with_parts(some, items, propose(some, items))
            lines = {each.id: each for each in some}
            for line_id, proposals in found.proposals.items():
                said = [_said(each, lines, spoken_for) for each in proposals]
                limited = {MATCHES_LIMITED: LINES} if line_id in found.limited else {}
                holds[line_id].params = {**holds[line_id].params, MATCHES: said, **limited}
                offered += 1
        return offered

    def _asks_or_pays(self) -> Any:
        sent = (PlanLine.state == LineState.PENDING) & (PlanLine.action == Action.CREATE)
        return (PlanLine.reason == DECISION_MISSING) | (_settles() & sent)

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
            wanted = {(str(pays["kind"]), str(each["id"])): Decimal(str(each["amount"])) for each in pays["documents"]}
            is_open = all(left.get(place, Decimal(0)) >= amount for place, amount in wanted.items())
            if is_open and reserved(self.session, self.company_id, row, pays, self.now):
                left |= {place: left[place] - amount for place, amount in wanted.items()}
                continue
            params = ask_again(self.session, self.connection_id, row, self.now)
            line.kind, line.action, line.state = row.kind, Action.HOLD, LineState.LEFT
            line.reason, line.params = DECISION_MISSING, params
            line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}
        self.session.flush()


_PAYMENTS = ("Payment", "BillPayment")


def _settles() -> Any:
    """Tell of a plan line, its draft joined, whether it may be what a person said that a bank line pays."""
    refund = DraftRow.decisions[(PAYS, "kind")].as_string().in_([*REFUNDED])
    return PlanLine.kind.in_(_PAYMENTS) | (PlanLine.kind.in_([each.entity for each in REFUNDED.values()]) & refund)


@dataclass(slots=True)
class Spoken:
    """What drafts pay of a document: all of it, or parts (amounts by id), of which some are not in the books yet."""

    whole: bool = False
    parts: dict[str, Decimal] = field(default_factory=dict)
    waiting: Decimal = Decimal(0)


def paid_by_others(session: Session, company_id: str, but: int | None = None) -> dict[tuple[str, str], Spoken]:
    """Return what drafts pay that wait or stand in the books; forgets those whose payment does neither any more."""
    rows = session.execute(
        select(PaidDocument, DraftRow)
        .join(DraftRow, DraftRow.id == PaidDocument.draft_id)
        .where(PaidDocument.company_id == company_id, PaidDocument.draft_id != (but or 0))
    ).all()
    live: set[tuple[str, str]] = set()
    gone: set[tuple[str, str]] = set()
    keys = {draft.key for _, draft in rows} | {
        refunded_key(draft.key) for _, draft in rows if is_refund(draft.decisions)
    }
    for some in chunks(sorted(keys), CHUNK):
        links = select(LinkRow.connection_id, LinkRow.key, LinkRow.state).where(
            LinkRow.company_id == company_id, LinkRow.key.in_(some)
        )
        for link in session.execute(links):
            (live if link.state == LinkState.LIVE else gone).add((link.connection_id, link.key))
    taken: dict[tuple[str, str], Spoken] = {}
    for paid, draft in rows:
        asks = draft.state == DraftState.HELD and draft.reason == DECISION_MISSING
        lost = draft.state not in _TO_POST and (draft.connection_id, draft.key) in gone
        dropped = asks or lost or draft.state in _DROPPED
        if dropped or PAYS not in draft.decisions:
            session.delete(paid)
            continue
        spoken = taken.setdefault((paid.kind, paid.document_id), Spoken())
        if paid.part == WHOLE:
            spoken.whole = True
            continue
        spoken.parts[paid.id] = paid.amount
        settling = refunded_key(draft.key) if is_refund(draft.decisions) else draft.key
        if (draft.connection_id, settling) not in live:
            # What is in the books has lowered what QuickBooks says is open.
            spoken.waiting += paid.amount
    return taken


def reserved(session: Session, company_id: str, row: DraftRow, pays: Mapping[str, Any], now: datetime) -> bool:
    """Keep what a line is to pay from all others; tell whether none of them pays it."""
    own = select(PaidDocument.kind, PaidDocument.document_id).where(PaidDocument.draft_id == row.id)
    kept = {(kind, id_) for kind, id_ in session.execute(own)}
    missing = [each for each in pays["documents"] if (str(pays["kind"]), str(each["id"])) not in kept]
    others = paid_by_others(session, company_id, row.id) if missing else {}
    if not_free(others, str(pays["kind"]), missing):
        return False
    # What nobody pays any more makes place first: a document is one line's in the database too.
    session.flush()
    reserve(session, company_id, row, {**pays, "documents": missing}, now)
    return True


def ask_again(
    session: Session, connection_id: str, row: DraftRow, now: datetime, told: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Ask again what a line is that was to pay something, with what is told of it; return what the question says."""
    draft = load_draft(row.body)
    asked = asked_in(draft) if isinstance(draft, Deposit | Expense) else None
    if asked is None:
        raise ValueError(f"{row.key}: what pays a document was a question before")
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
    row.decisions = {name: answer for name, answer in row.decisions.items() if name != PAYS}
    row.kind, row.state, row.reason = entity_of(draft), DraftState.HELD, DECISION_MISSING
    params = {"decision": asked.name, "accepts": str(asked.accepts), "suggestion": asked.suggestion, **told}
    open_hold(session, connection_id, row, DECISION_MISSING, params, now)
    return params


def not_free(others: Mapping[tuple[str, str], Spoken], kind: str, documents: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether others pay too much of documents for a proposal: any of those it pays whole, or what it counted on
    being open of those it pays a part of.
    """
    for each in documents:
        spoken = others.get((kind, str(each["id"])))
        if spoken is None:
            continue
        if spoken.whole or each.get("whole", True):
            return True
        since = sum((of for id_, of in spoken.parts.items() if id_ not in each["counted"]), Decimal(0))
        if Decimal(str(each["amount"])) + since > Decimal(str(each["open"])):
            return True
    return False


def reserve(session: Session, company_id: str, row: DraftRow, pays: Mapping[str, Any], now: datetime) -> None:
    """Keep what a draft pays from all others, in the database too: all of a document, or the next part of it."""
    for each in sorted(pays["documents"], key=lambda document: str(document["id"])):
        kind, id_ = str(pays["kind"]), str(each["id"])
        last = select(func.max(PaidDocument.part)).where(
            PaidDocument.company_id == company_id, PaidDocument.kind == kind, PaidDocument.document_id == id_
        )
        paid = PaidDocument(company_id=company_id, draft_id=row.id, kind=kind, document_id=id_, said_at=now)
        paid.amount = Decimal(str(each["amount"]))
        paid.part = WHOLE if each.get("whole", True) else (session.scalar(last) or WHOLE) + 1
        session.add(paid)
    session.flush()


def _left_of(item: OpenItem, spoken_for: Mapping[tuple[str, str], Spoken]) -> OpenItem | None:
    """Return what nobody is to pay yet of a document, if anything."""
    spoken = spoken_for.get((item.kind, item.id))
    if spoken is None:
        return item
    left = item.amount - spoken.waiting
    return None if spoken.whole or left <= 0 else replace(item, amount=left)


_DROPPED = (DraftState.SKIPPED, DraftState.WITHDRAWN)
_TO_POST = (DraftState.WAITING, DraftState.READY, DraftState.PLANNED)
"""What is to be posted pays, also where an earlier document of it was taken out of the books."""


def _said(
    proposal: Proposal, lines: Mapping[str, Movement], spoken_for: Mapping[tuple[str, str], Spoken]
) -> dict[str, Any]:
    """Return what a question says of a proposal."""
    first = proposal.items[0]
    said: dict[str, Any] = {
        "kind": first.kind,
        "party_id": first.party_id.rpartition(" ")[2],
        "party": first.party,
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
        if not document["whole"]:
            document |= {"open": format(each.amount, "f"), "counted": sorted(spoken.parts)}
        said["documents"].append(document)
    together = [lines[each] for each in proposal.together]
    if together:
        said["together"] = [{"day": each.day.isoformat(), "amount": format(each.amount, "f")} for each in together]
    return said
