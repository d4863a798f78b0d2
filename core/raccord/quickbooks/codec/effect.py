"""What a draft does to the ledger, computed from the same plan of tax as its JSON."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import assert_never

from raccord.plugin.drafts import (
    Account,
    Customer,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    Item,
    ItemFor,
    JournalEntry,
    LinkedLine,
    Ref,
    RefundReceipt,
    SalesReceipt,
    Transfer,
    Vendor,
)
from raccord.quickbooks.codec.amounts import cents
from raccord.quickbooks.codec.deposits import deposit_amounts
from raccord.quickbooks.codec.facts import CompanyFacts
from raccord.quickbooks.codec.journals import journal_amounts, signed
from raccord.quickbooks.codec.sheet import Sheet
from raccord.quickbooks.codec.tax_plan import tax_of_expense, tax_of_sale

TAX = "tax"
"""Stands for the tax accounts, which QuickBooks picks by agency."""


def ledger_effect(
    draft: Draft, resolve: Callable[[Ref], str], facts: CompanyFacts, *, clearing: str
) -> dict[str, Decimal]:
    """Return by how much ``draft`` moves each ledger account, debits positive; the values add up to zero.

    Keys are what ``resolve`` answers (ids or placeholders), ``item:<id>`` for the income account of an item that only
    QuickBooks knows, and ``tax``. ``clearing`` is the account that linked deposit lines are taken from. Accounts that
    do not move are left out; entries of lists move nothing. Raises :class:`EncodeError` as ``encode`` does for amounts.
    """
    moved: dict[str, Decimal] = {}
    for account, amount in _entries(draft, Sheet(resolve, facts), clearing):
        moved[account] = moved.get(account, Decimal("0.00")) + amount
    return {account: amount for account, amount in moved.items() if amount}


def _entries(draft: Draft, sheet: Sheet, clearing: str) -> list[tuple[str, Decimal]]:
    match draft:
        case SalesReceipt():
            return _sale(draft, sheet, draft.deposit_to, 1)
        case RefundReceipt():
            return _sale(draft, sheet, draft.paid_from, -1)
        case Deposit():
            return _deposit(draft, sheet, clearing)
        case Expense():
            return _expense(draft, sheet)
        case JournalEntry():
            return [
                (sheet.id(line.account, f"lines[{place}].account"), signed(line, amount))
                for place, (line, amount) in enumerate(zip(draft.lines, journal_amounts(draft), strict=True))
            ]
        case Transfer():
            amount = cents(draft.total, draft.currency, "total")
            return [(sheet.id(draft.target, "target"), amount), (sheet.id(draft.source, "source"), -amount)]
        case Account() | Customer() | Vendor() | Item():
            return []
        case _ as never:
            assert_never(never)


def _sale(draft: SalesReceipt | RefundReceipt, sheet: Sheet, money: Ref, sign: int) -> list[tuple[str, Decimal]]:
    tax = tax_of_sale(draft, sheet)
    entries = [(sheet.id(money, "money"), sign * cents(draft.total, draft.currency, "total"))]
    for place, (line, net) in enumerate(zip(draft.lines, tax.nets, strict=True)):
        entries.append((_income(line.item, place, sheet), -sign * net))
    return [*entries, (TAX, -sign * tax.tax)]


def _income(item: Ref, place: int, sheet: Sheet) -> str:
    where = f"lines[{place}].item"
    return sheet.id(item.account, where) if isinstance(item, ItemFor) else f"item:{sheet.id(item, where)}"


def _deposit(draft: Deposit, sheet: Sheet, clearing: str) -> list[tuple[str, Decimal]]:
    entries = [(sheet.id(draft.bank, "bank"), cents(draft.total, draft.currency, "total"))]
    for place, (line, amount) in enumerate(zip(draft.lines, deposit_amounts(draft), strict=True)):
        match line:
            case LinkedLine():
                entries.append((clearing, -amount))
            case DirectLine():
                entries.append((sheet.id(line.account, f"lines[{place}].account"), -amount))
            case _ as never:
                assert_never(never)
    return entries


def _expense(draft: Expense, sheet: Sheet) -> list[tuple[str, Decimal]]:
    tax = tax_of_expense(draft, sheet)
    sign = -1 if draft.credit else 1
    entries = [(sheet.id(draft.paid_from, "paid_from"), -sign * cents(draft.total, draft.currency, "total"))]
    for place, (line, net) in enumerate(zip(draft.lines, tax.nets, strict=True)):
        entries.append((sheet.id(line.account, f"lines[{place}].account"), sign * net))
    return [*entries, (TAX, sign * tax.tax)]
