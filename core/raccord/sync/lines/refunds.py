"""Bank lines that pay an open credit back: a credit memo out to its customer, a vendor credit in from its vendor.

The line becomes an expense on accounts receivable, or a deposit on accounts payable, which is owed until something
settles it; a payment of nothing then takes the credit for it. QuickBooks has no single document for both. That payment
is a draft of its own, made when the line is planned; the mapping neither makes nor withdraws it. It goes where its line
goes: undone with it, it is no question of its own, and posted again with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import (
    Application,
    BillPayment,
    Deposit,
    Draft,
    Expense,
    LedgerId,
    Link,
    Payment,
    PaymentType,
    Settled,
)
from raccord.store.models import DraftRow, DraftState
from raccord.sync.bodies import load_draft
from raccord.sync.lines.attached import made_by_hand
from raccord.sync.lines.lump_sums import is_payer
from raccord.sync.lines.made_drafts import wake_made
from raccord.sync.lines.paying import PAYS, REFUNDED, is_refund, refunded_key

REFUND_NOT_POSTED = "refund.line_not_posted"


def wake_refunds(session: Session, rows: Iterable[DraftRow]) -> None:
    """Let the payments go that settle those of the lines which a plan takes as refunds."""
    for row in rows:
        if row.state == DraftState.PLANNED and is_refund(row.decisions):
            draft = load_draft(row.body)
            if isinstance(draft, Deposit | Expense) and Decimal(str(row.decisions[PAYS]["total"])) == draft.total:
                wake_made(session, row, _settling(row.key, row.decisions[PAYS], draft))


def _settling(line_key: str, pays: Mapping[str, Any], line: Deposit | Expense) -> Payment | BillPayment:
    """Return the payment of nothing that takes credits for what a line paid back."""
    credit = Settled(str(pays["kind"]))
    credits_ = tuple(
        Application(document=LedgerId(str(each["id"])), amount=Decimal(str(each["amount"])), of=credit)
        for each in pays["documents"]
    )
    key, party, nothing = refunded_key(line_key), LedgerId(str(pays["party_id"])), Decimal(0)
    applied = (Application(document=Link(line_key), amount=line.total, of=REFUNDED[credit]), *credits_)
    if isinstance(line, Deposit):
        return BillPayment(
            key=key, day=line.day, currency=line.currency, vendor=party, paid_from=line.bank,
            payment_type=PaymentType.CHECK, total=nothing, applied=applied, memo=line.memo,
        )  # fmt: skip
    return Payment(
        key=key, day=line.day, currency=line.currency, customer=party, deposit_to=line.paid_from, total=nothing,
        applied=applied, memo=line.memo,
    )  # fmt: skip


def refund_not_posted(session: Session, row: DraftRow, draft: Draft) -> dict[str, str] | None:
    """Return what is told of a refund's payment whose line refunds nothing any more; nothing of others."""
    if not made_by_hand(row) or is_payer(row) or not isinstance(draft, Payment | BillPayment):
        return None
    key = next((each.document.key for each in draft.applied if isinstance(each.document, Link)), "")
    line = session.scalars(
        select(DraftRow).where(DraftRow.connection_id == row.connection_id, DraftRow.key == key)
    ).one_or_none()
    goes = line is not None and line.state in (DraftState.PLANNED, DraftState.POSTED) and is_refund(line.decisions)
    return None if goes else {"line": key}
