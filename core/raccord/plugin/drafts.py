"""Ledger documents we would like to exist, in accounting's words and without QuickBooks' wire.

A draft refers to other things by :class:`Link` (another draft of the same connection), by :class:`Role` (a place in the
ledger that the company chose), by :class:`ItemFor` (the service item that posts to an account), by :class:`Decision` (a
person answers for this one draft) or by :class:`LedgerId`; never by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field


class Accepts(StrEnum):
    """What kind of ledger object may fill a place."""

    BANK = "bank"
    CARD = "card"
    BANK_OR_CARD = "bank_or_card"
    CLEARING = "clearing"
    INCOME = "income"
    EXPENSE = "expense"
    CATEGORY = "category"
    EQUITY = "equity"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"
    TAX_CODE = "tax_code"
    CLASS = "class"
    PAYMENT_METHOD = "payment_method"


@dataclass(frozen=True, slots=True)
class Link:
    """The document that another draft of this connection became, by that draft's key."""

    key: str
    ref: Literal["link"] = "link"


@dataclass(frozen=True, slots=True)
class Role:
    """A place the company fills, valid from a date; ``of`` tells instances apart (one for each bank account)."""

    name: str
    of: str = ""
    ref: Literal["role"] = "role"


@dataclass(frozen=True, slots=True)
class LedgerId:
    """An object of the company's ledger by its QuickBooks id."""

    id: str
    ref: Literal["id"] = "id"


@dataclass(frozen=True, slots=True)
class ItemFor:
    """The service item whose income account fills ``account``; core finds or plans it, one for each account."""

    account: Role
    ref: Literal["item_for"] = "item_for"


@dataclass(frozen=True, slots=True)
class Decision:
    """A place that a person fills for this one draft; until then the draft is held with this question."""

    name: str
    accepts: Accepts
    suggestion: str = ""
    ref: Literal["decision"] = "decision"


Ref = Annotated[Link | Role | LedgerId | ItemFor | Decision, Field(discriminator="ref")]


class TaxMode(StrEnum):
    """How the amounts of the lines relate to tax."""

    NONE = "none"
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class PaymentType(StrEnum):
    CASH = "cash"
    CHECK = "check"
    CARD = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLine:
    """A line of a sales document; ``amount`` holds the tax where the document's tax mode is inclusive."""

    item: Ref
    amount: Decimal
    description: str = ""
    tax_code: Ref | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    class_: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedLine:
    """A deposit line that takes a document out of Undeposited Funds; ``amount`` is negative for money paid back."""

    document: Link
    amount: Decimal
    line: int | None = None
    """For a journal entry: which of its lines, counted from 0."""
    type: Literal["linked"] = "linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectLine:
    """A deposit line posted straight to an account; negative for fees."""

    account: Ref
    amount: Decimal
    description: str = ""
    entity: Ref | None = None
    type: Literal["direct"] = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseLine:
    account: Ref
    amount: Decimal
    description: str = ""
    tax_code: Ref | None = None
    class_: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One side of a journal entry; ``amount`` is positive."""

    account: Ref
    side: Side
    amount: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesReceipt:
    """Money received for a sale, tax and all equal to ``total``."""

    key: str
    day: date
    currency: str
    deposit_to: Ref
    lines: tuple[SalesLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    customer: Ref | None = None
    reference: str = ""
    memo: str = ""
    kind: Literal["SalesReceipt"] = "SalesReceipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReceipt:
    """Money paid back for a sale; ``total`` and lines are positive."""

    key: str
    day: date
    currency: str
    paid_from: Ref
    lines: tuple[SalesLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    customer: Ref | None = None
    reference: str = ""
    memo: str = ""
    kind: Literal["RefundReceipt"] = "RefundReceipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Money that reached the bank, split into what it is made of; ``total`` is never negative."""

    key: str
    day: date
    currency: str
    bank: Ref
    lines: tuple[Annotated[LinkedLine | DirectLine, Field(discriminator="type")], ...]
    total: Decimal
    memo: str = ""
    kind: Literal["Deposit"] = "Deposit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """Money spent from a bank or card account (QuickBooks' Purchase); ``total`` is positive; ``credit``: a refund."""

    key: str
    day: date
    currency: str
    paid_from: Ref
    payment_type: PaymentType
    lines: tuple[ExpenseLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    payee: Ref | None = None
    credit: bool = False
    reference: str = ""
    memo: str = ""
    kind: Literal["Expense"] = "Expense"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """Balanced lines; ``money`` names the account whose movement the proof counts."""

    key: str
    day: date
    currency: str
    lines: tuple[JournalLine, ...]
    money: Ref
    memo: str = ""
    kind: Literal["JournalEntry"] = "JournalEntry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money moved between two of the company's own accounts; the proof counts it on ``source``."""

    key: str
    day: date
    currency: str
    source: Ref
    target: Ref
    total: Decimal
    memo: str = ""
    kind: Literal["Transfer"] = "Transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A ledger account; ``type`` and ``subtype`` are QuickBooks' names (``Income``, ``OtherPrimaryIncome``)."""

    key: str
    name: str
    type: str
    subtype: str = ""
    number: str = ""
    description: str = ""
    kind: Literal["Account"] = "Account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    key: str
    name: str
    email: str = ""
    phone: str = ""
    company: str = ""
    memo: str = ""
    kind: Literal["Customer"] = "Customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    key: str
    name: str
    email: str = ""
    memo: str = ""
    kind: Literal["Vendor"] = "Vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A service or product to sell; exactly one income account."""

    key: str
    name: str
    income_account: Ref
    description: str = ""
    unit_price: Decimal | None = None
    kind: Literal["Item"] = "Item"


MoneyDraft = SalesReceipt | RefundReceipt | Deposit | Expense | JournalEntry | Transfer
"""Documents with a date and a posting."""

ListDraft = Account | Customer | Vendor | Item
"""Entries of the company's lists."""

Draft = MoneyDraft | ListDraft


def money_effect(draft: MoneyDraft) -> tuple[Ref, Decimal]:
    """Return the account whose balance the proof watches and by how much the draft moves it (into it is positive)."""
    match draft:
        case SalesReceipt():
            return draft.deposit_to, draft.total
        case RefundReceipt():
            return draft.paid_from, -draft.total
        case Deposit():
            return draft.bank, draft.total
        case Expense():
            return draft.paid_from, draft.total if draft.credit else -draft.total
        case Transfer():
            return draft.source, -draft.total
        case JournalEntry():
            moved = sum(
                (
                    line.amount if line.side is Side.DEBIT else -line.amount
                    for line in draft.lines
                    if line.account == draft.money
                ),
                Decimal(0),
            )
            return draft.money, moved


def links_in(draft: Draft) -> tuple[str, ...]:
    """Return the keys of the other drafts that this one refers to, each once, in the order they stand."""
    return tuple(dict.fromkeys(_links(draft)))


def _links(value: object) -> Iterator[str]:
    if isinstance(value, Link):
        yield value.key
    elif isinstance(value, tuple):
        for each in value:
            yield from _links(each)
    elif is_dataclass(value):
        for name in value.__dataclass_fields__:
            yield from _links(getattr(value, name))
