"""What a document of QuickBooks is for: the accounts and items of its lines, and its tax, to compare it with ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from raccord.quickbooks.codec.reading import ZERO

LINKED = "linked"
"""Stands for the account from which a deposit takes payments that lie there."""
_SALES, _ITEM = "SalesItemLineDetail", "item:"
_BY_ACCOUNT = ("AccountBasedExpenseLineDetail", "DepositLineDetail", "JournalEntryLineDetail", "DiscountLineDetail")
_WITH_LINES = frozenset(
    {
        "SalesReceipt", "RefundReceipt", "Invoice", "CreditMemo", "Deposit", "Purchase", "Bill", "VendorCredit",
        "JournalEntry",
    }
)  # fmt: skip
"""Documents whose lines say what the money is for; the others move it between two places that are known."""


@dataclass(frozen=True, slots=True)
class Purposes:
    """Without sign: what goes to each account (``item:<id>`` for an item, ``linked`` for what a deposit ties in), and
    the tax, in the document's currency.
    """

    accounts: Mapping[str, Decimal]
    tax: Decimal


def purposes_of(kind: str, document: Mapping[str, object]) -> Purposes | None:
    """Return what a document's lines are for; nothing of kinds whose lines do not say."""
    if kind not in _WITH_LINES:
        return None
    found: dict[str, Decimal] = {}
    lines = document.get("Line")
    for line in lines if isinstance(lines, list) else ():
        account = _account(line) if isinstance(line, Mapping) else ""
        if account:
            found[account] = found.get(account, ZERO) + _decimal(line.get("Amount"))
    detail = document.get("TxnTaxDetail")
    tax = _decimal(detail.get("TotalTax")) if isinstance(detail, Mapping) else ZERO
    return Purposes({account: abs(amount) for account, amount in found.items() if amount}, abs(tax))


def item_in(account: str) -> str:
    """Return the id of the item that stands in the place of an account; empty where an account stands there."""
    return account.removeprefix(_ITEM) if account.startswith(_ITEM) else ""


def _account(line: Mapping[str, object]) -> str:
    kind = str(line.get("DetailType") or "")
    detail = line.get(kind)
    if isinstance(detail, Mapping):
        if kind == _SALES and (item := _id(detail, "ItemRef")):
            return f"{_ITEM}{item}"
        name = "DiscountAccountRef" if kind == "DiscountLineDetail" else "AccountRef"
        if kind in _BY_ACCOUNT and (account := _id(detail, name)):
            return account
    return LINKED if line.get("LinkedTxn") else ""


def _id(detail: Mapping[str, object], name: str) -> str:
    ref = detail.get(name)
    return str(ref.get("value") or "") if isinstance(ref, Mapping) else ""


def _decimal(value: object) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else ZERO
