"""Bank lines that pay invoices of several customers at once: a processor's payout, cheques deposited together.

QuickBooks has one customer for each payment. So each of them gets a payment into Undeposited Funds, a draft of its own,
and the line becomes the deposit that takes all of them to the bank: one entry in its register, for the line's amount.
The payments go just before their line, and only where it goes; undone with it, they are no question of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Application, Deposit, Draft, LedgerId, Payment, Settled
from raccord.store.made_once import made_once
from raccord.store.models import (
    Action,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
    Posting,
    PostingState,
)
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.attached import made_by_hand
from raccord.sync.lines.made_drafts import link_of, wake_made
from raccord.sync.lines.paying import FUNDS, PAYER, PAYS, by_payer, is_lump_sum, payer_key

LUMP_NOT_POSTED = "lump.line_not_posted"
"""Why a customer's payment stays out: the line that it is a part of does not go, or pays something else."""
_GOING = (DraftState.WAITING, DraftState.READY, DraftState.HELD, DraftState.PLANNED, DraftState.POSTED)


def wake_payers(session: Session, connection_id: str) -> None:
    """Let the customers' payments go of the lines that a plan is about to take; they come before these."""
    for row in session.scalars(*_waiting(connection_id)).all():
        draft = load_draft(row.body)
        if not isinstance(draft, Deposit) or Decimal(str(row.decisions[PAYS]["total"])) != draft.total:
            continue
        # Undone, a line goes again only when a person says so; what is deposited, QuickBooks lets nobody date anew.
        if link_of(session, row, LinkState.UNDONE) or link_of(session, row, LinkState.LIVE):
            continue
        names = {str(each["party_id"]): str(each.get("party", "")) for each in row.decisions[PAYS]["documents"]}
        for payer, payment in _payments(row.key, row.decisions[PAYS], draft):
            wake_made(session, row, payment, names[payer])


def _payments(line_key: str, pays: Mapping[str, Any], line: Deposit) -> Iterable[tuple[str, Payment]]:
    """Yield each customer's id and payment of a line."""
    for payer, documents in by_payer(pays).items():
        amounts = [Decimal(str(each["amount"])) for each in documents]
        yield payer, Payment(
            key=payer_key(line_key, payer), day=line.day, currency=line.currency, customer=LedgerId(payer, "Customer"),
            deposit_to=LedgerId(str(pays[FUNDS]), "Account"), total=sum(amounts, Decimal(0)), memo=line.memo,
            applied=tuple(
                Application(document=LedgerId(str(each["id"])), amount=amount, of=Settled.INVOICE)
                for each, amount in zip(documents, amounts, strict=True)
            ),
        )  # fmt: skip


def is_payer(row: DraftRow) -> bool:
    """Tell whether a draft is a customer's payment that was made for a line: the proof counts the line's deposit."""
    return made_by_hand(row) and row.key.startswith(PAYER)


def lump_not_posted(session: Session, row: DraftRow, draft: Draft) -> dict[str, str] | None:
    """Return what is told of a customer's payment whose line does not go; nothing of any other draft."""
    if not is_payer(row) or not isinstance(draft, Payment):
        return None
    line = line_of(session, row)
    if line is not None and line.state in _GOING and link_of(session, line, LinkState.UNDONE) is None:
        return None
    return {"line": "" if line is None else line.key}


def line_of(session: Session, payment: DraftRow) -> DraftRow | None:
    """Return the line that a customer's payment was made for, if it is still a part of what that line pays."""
    lines = select(DraftRow).where(
        DraftRow.connection_id == payment.connection_id, DraftRow.record_id == payment.record_id, lumps()
    )
    return next((row for row in session.scalars(lines) if payment.key in payer_keys(row)), None)


def payer_keys(row: DraftRow) -> dict[str, str]:
    """Return the keys of the payments that a line's deposit takes to the bank, each with its customer's id."""
    if not is_lump_sum(row.decisions):
        return {}
    return {payer_key(row.key, payer): payer for payer in by_payer(row.decisions[PAYS])}


def posted_payers(session: Session, row: DraftRow) -> set[str]:
    """Return the ids of the customers whose payments of a line stand in the books, or may: they were sent, and the
    answer is not known yet.
    """
    keys = payer_keys(row)
    live = select(LinkRow.key).where(
        LinkRow.connection_id == row.connection_id, LinkRow.key.in_(list(keys)), LinkRow.state == LinkState.LIVE
    )
    sent = select(Posting.key).where(
        Posting.connection_id == row.connection_id, Posting.key.in_(list(keys)), Posting.state == PostingState.INTENT
    )
    return {keys[key] for some in (live, sent) for key in session.scalars(some)}


def still_to_pay(session: Session, row: DraftRow) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what a line is to pay, by kind and id, without what customers' payments of it that are posted paid."""
    pays, posted = row.decisions[PAYS], posted_payers(session, row)
    return {
        (str(pays["kind"]), str(each["id"])): each
        for each in pays["documents"]
        if str(each.get("party_id", "")) not in posted
    }


def deposited_with(session: Session, connection_id: str, lines: Iterable[str]) -> dict[str, str]:
    """Return by key the customers' payments that some lines' deposits took to the bank, each with its line's key."""
    found: dict[str, str] = {}
    for some in chunks(sorted(set(lines)), CHUNK):
        rows = select(DraftRow).where(DraftRow.connection_id == connection_id, DraftRow.key.in_(some), lumps())
        for row in session.scalars(rows):
            found |= dict.fromkeys(payer_keys(row), row.key)
    return found


def wait_for_lines(session: Session, company_id: str, payments: Iterable[str]) -> set[str]:
    """Return those of some payments, by id, that wait for the deposit of the line they were made for."""
    found: set[str] = set()
    for some in chunks(sorted(set(payments)), CHUNK):
        rows = session.execute(
            select(LinkRow.document_id, DraftRow)
            .join(DraftRow, (DraftRow.connection_id == LinkRow.connection_id) & (DraftRow.key == LinkRow.key))
            .where(
                LinkRow.company_id == company_id, LinkRow.kind == "Payment", LinkRow.document_id.in_(some),
                LinkRow.state == LinkState.LIVE, LinkRow.key.startswith(PAYER, autoescape=True),
            )
        )  # fmt: skip
        found |= {document_id for document_id, row in rows if line_of(session, row) is not None}
    return found


@made_once
def _waiting(connection_id: str) -> Select[DraftRow]:
    return select(DraftRow).where(
        DraftRow.connection_id == connection_id,
        DraftRow.kind == "Deposit",
        DraftRow.state.in_((DraftState.WAITING, DraftState.READY, DraftState.HELD)),
        lumps(),
    )


@made_once
def _going(plan_id: str) -> Select[PlanLine, DraftRow]:
    return (
        select(PlanLine, DraftRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING, PlanLine.action == Action.CREATE,
            PlanLine.kind == "Payment", DraftRow.key.startswith(PAYER, autoescape=True),
        )
    )  # fmt: skip


def leave_alone(session: Session, plan_id: str) -> int:
    """Leave the customers' payments of a plan whose line it does not post; return how many."""
    rows = session.execute(*_going(plan_id)).all()
    left = 0
    for plan_line, row in rows:
        line = line_of(session, row)
        if line is None or not _is_sent(session, plan_id, line):
            params = {"line": "" if line is None else line.key}
            plan_line.action, plan_line.state = Action.SKIP, LineState.LEFT
            plan_line.reason, plan_line.params = LUMP_NOT_POSTED, params
            plan_line.payload, plan_line.payload_hash, plan_line.needs, plan_line.effect = "", "", [], {}
            row.state, row.reason = DraftState.SKIPPED, LUMP_NOT_POSTED
            left += 1
    session.flush()
    return left


def _is_sent(session: Session, plan_id: str, line: DraftRow) -> bool:
    mine = (PlanLine.plan_id == plan_id, PlanLine.draft_id == line.id, PlanLine.state == LineState.PENDING)
    return session.scalar(select(PlanLine.id).where(*mine).limit(1)) is not None


def lumps() -> Any:
    """Tell of a draft whether it is a line that was said to pay invoices of several customers."""
    return DraftRow.decisions[(PAYS, FUNDS)].as_string().is_not(None)
