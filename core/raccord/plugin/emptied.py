"""What is left of a document that its source took back: it stands, with all its amounts nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from raccord.plugin.drafts import CreditMemo, Draft, Expense, Invoice, Payment, RefundReceipt

_ZERO = Decimal("0.00")


def emptied(draft: Draft, reason: str) -> Draft | None:
    """Return the draft with all its amounts nothing and why, itself where they are already; nothing for a kind that
    QuickBooks does not hold without an amount.
    """
    if is_empty(draft):
        return replace(draft, voided=True) if isinstance(draft, Payment) else draft
    match draft:
        case Payment():
            return replace(draft, total=_ZERO, applied=(), voided=True, memo=_memo(draft.memo, reason))
        case Invoice() | CreditMemo() | RefundReceipt():
            lines = tuple(replace(line, amount=_ZERO, quantity=None, unit_price=None) for line in draft.lines)
            taxes = tuple(replace(tax, amount=_ZERO) for tax in draft.taxes)
            memo = _memo(draft.memo, reason)
            return replace(draft, lines=lines, taxes=taxes, discount=None, total=_ZERO, memo=memo)
        case Expense():
            spent = tuple(replace(line, amount=_ZERO) for line in draft.lines)
            taxes = tuple(replace(tax, amount=_ZERO) for tax in draft.taxes)
            return replace(draft, lines=spent, taxes=taxes, total=_ZERO, memo=_memo(draft.memo, reason))
        case _:
            return None


def is_empty(draft: Draft) -> bool:
    """Tell whether a document says nothing any more: no amount, and nothing that it settles."""
    match draft:
        case Payment():
            return not (draft.total or draft.applied)
        case Invoice() | CreditMemo() | RefundReceipt() | Expense():
            return not any((draft.total, *(line.amount for line in draft.lines)))
        case _:
            return False


def _memo(memo: str, reason: str) -> str:
    return " · ".join(part for part in (memo, reason) if part)
