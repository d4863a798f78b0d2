"""What a draft does to the ledger, computed from the same plan of tax as its JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from raccord.plugin.drafts import (
    Bill,
    BillPayment,
    Control,
    CreditMemo,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    Invoice,
    ItemFor,
    JournalEntry,
    LinkedLine,
    MoneyDraft,
    Payment,
    Ref,
    RefundReceipt,
    SalesReceipt,
    StillDraft,
    Transfer,
    VendorCredit,
)
from raccord.quickbooks.codec.amounts import ZERO, cents, rounded
from raccord.quickbooks.codec.deposits import deposit_amounts, deposit_tax
from raccord.quickbooks.codec.facts import CompanyFacts
from raccord.quickbooks.codec.journals import journal_amounts, signed
from raccord.quickbooks.codec.sheet import Sheet, exchange_rate
from raccord.quickbooks.codec.tax_plan import Bought, Sale, TaxPlan, tax_of_expense, tax_of_sale

TAX = "tax"
"""Stands for the tax accounts, which QuickBooks picks by agency."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of the accounts that documents do not name; what is not known keeps its name.

    ``clearing`` is the account that linked deposit lines are taken from; ``owed`` answers the account of what is owed
    in a currency, ``income`` the income account of an item by its id; both answer nothing where it is not known.
    """

    clearing: str = ""
    owed: Callable[[Control, str], str] = lambda _control, _currency: ""
    income: Callable[[str], str] = lambda _item: ""


def ledger_effect(
    draft: Draft, resolve: Callable[[Ref], str], facts: CompanyFacts, places: Places
) -> dict[str, Decimal]:
    """Return by how much ``draft`` moves each ledger account in home currency, debits positive; they add up to zero.

    Keys are what ``resolve`` answers (ids or placeholders), ``item:<id>`` for the income account of an item that only
    QuickBooks knows, ``receivable`` and ``payable`` where the company has no such account yet, and ``tax``. Accounts
    that do not move are left out; entries of lists and files move nothing. A foreign document without a rate of its own
    says nothing: QuickBooks' rate of that day is not known before. Raises :class:`EncodeError` as ``encode`` does.
    """
    if isinstance(draft, StillDraft):
        return {}
    moved: dict[str, Decimal] = {}
    for account, amount in _entries(draft, Sheet(resolve, facts), places):
        moved[account] = moved.get(account, ZERO) + amount
    found = {account: amount for account, amount in moved.items() if amount}
    if not facts.multicurrency or draft.currency == facts.home_currency:
        return found
    return {} if draft.exchange_rate is None else _at_home(found, exchange_rate(draft.exchange_rate))


def _at_home(moved: dict[str, Decimal], rate: Decimal) -> dict[str, Decimal]:
    """Return amounts at a rate; what rounding leaves falls on the largest amount that is not the document's total."""
    found = {account: rounded(amount * rate) for account, amount in moved.items()}
    gap = sum(found.values(), ZERO)
    if gap:
        # The first entry is the total, which QuickBooks converts as it stands.
        bearer = max(list(found)[1:], key=lambda account: abs(found[account]))
        found[bearer] -= gap
    return found


def _entries(draft: MoneyDraft, sheet: Sheet, places: Places) -> list[tuple[str, Decimal]]:
    match draft:
        case SalesReceipt():
            return _sale(draft, sheet, sheet.id(draft.deposit_to, "deposit_to"), 1, places)
        case RefundReceipt():
            return _sale(draft, sheet, sheet.id(draft.paid_from, "paid_from"), -1, places)
        case Invoice():
            return _sale(draft, sheet, _owed(Control.RECEIVABLE, draft, places), 1, places)
        case CreditMemo():
            return _sale(draft, sheet, _owed(Control.RECEIVABLE, draft, places), -1, places)
        case Deposit():
            return _deposit(draft, sheet, places.clearing)
        case Expense():
            return _bought(draft, sheet, sheet.id(draft.paid_from, "paid_from"), -1 if draft.credit else 1)
        case Bill():
            return _bought(draft, sheet, _owed(Control.PAYABLE, draft, places), 1)
        case VendorCredit():
            return _bought(draft, sheet, _owed(Control.PAYABLE, draft, places), -1)
        case Payment():
            amount = cents(draft.total, draft.currency, "total")
            receivable = _owed(Control.RECEIVABLE, draft, places)
            return [(sheet.id(draft.deposit_to, "deposit_to"), amount), (receivable, -amount)]
        case BillPayment():
            amount = cents(draft.total, draft.currency, "total")
            return [
                (sheet.id(draft.paid_from, "paid_from"), -amount),
                (_owed(Control.PAYABLE, draft, places), amount),
            ]
        case JournalEntry():
            return [
                (sheet.id(line.account, f"lines[{place}].account"), signed(line, amount))
                for place, (line, amount) in enumerate(zip(draft.lines, journal_amounts(draft), strict=True))
            ]
        case Transfer():
            amount = cents(draft.total, draft.currency, "total")
            return [(sheet.id(draft.target, "target"), amount), (sheet.id(draft.source, "source"), -amount)]
        case _ as never:
            assert_never(never)


def _owed(control: Control, draft: MoneyDraft, places: Places) -> str:
    return places.owed(control, draft.currency) or str(control)


def _sale(draft: Sale, sheet: Sheet, money: str, sign: int, places: Places) -> list[tuple[str, Decimal]]:
    tax = tax_of_sale(draft, sheet)
    entries = [(money, sign * cents(draft.total, draft.currency, "total"))]
    for place, (line, net) in enumerate(zip(draft.lines, tax.booked or tax.nets, strict=True)):
        entries.append((_income(line.item, place, sheet, places), -sign * net))
    if draft.discount is not None:
        entries.append((sheet.id(draft.discount.account, "discount"), sign * tax.discount))
    return [*entries, (TAX, -sign * _taken(tax))]


def _income(item: Ref, place: int, sheet: Sheet, places: Places) -> str:
    where = f"lines[{place}].item"
    if isinstance(item, ItemFor):
        return sheet.id(item.account, where)
    found = sheet.id(item, where)
    return places.income(found) or f"item:{found}"


def _deposit(draft: Deposit, sheet: Sheet, clearing: str) -> list[tuple[str, Decimal]]:
    entries = [(sheet.id(draft.bank, "bank"), cents(draft.total, draft.currency, "total"))]
    tax = deposit_tax(draft, sheet)
    amounts = deposit_amounts(draft) if tax is None else tax.nets
    for place, (line, amount) in enumerate(zip(draft.lines, amounts, strict=True)):
        match line:
            case LinkedLine():
                entries.append((clearing, -amount))
            case DirectLine():
                entries.append((sheet.id(line.account, f"lines[{place}].account"), -amount))
            case _ as never:
                assert_never(never)
    return entries if tax is None else [*entries, (TAX, -_taken(tax))]


def _bought(draft: Bought, sheet: Sheet, money: str, sign: int) -> list[tuple[str, Decimal]]:
    tax = tax_of_expense(draft, sheet)
    entries = [(money, -sign * cents(draft.total, draft.currency, "total"))]
    for place, (line, net) in enumerate(zip(draft.lines, tax.booked or tax.nets, strict=True)):
        entries.append((sheet.id(line.account, f"lines[{place}].account"), sign * net))
    return [*entries, (TAX, sign * _taken(tax))]


def _taken(tax: TaxPlan) -> Decimal:
    """Return the tax that QuickBooks posts: what its own nets leave of amounts that hold it."""
    return sum(tax.gross, Decimal(0)) - sum(tax.booked, Decimal(0)) if tax.booked else tax.tax
