"""Ledger documents we would like to exist, in accounting's words and without QuickBooks' wire.

A draft refers to other things by :class:`Link` (another draft of the same connection), by :class:`Role` (a place in the
ledger that the company chose), by :class:`ItemFor` (the service item that posts to an account), by :class:`Decision` (a
person answers for this one draft), by :class:`MoneyOf` (where a payment's money lies), by :class:`CustomerOf` (whom
another document is for) or by :class:`LedgerId`; never by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from raccord.plugin.lines import (
    Application,
    DirectLine,
    Discount,
    ExpenseLine,
    JournalLine,
    LinkedLine,
    MaybeDiscount,
    MaybeTaxMode,
    PaymentType,
    SalesLine,
    Settled,
    Side,
    StatedTax,
    StatedTaxes,
    TaxMode,
)
from raccord.plugin.owed import Bill, BillPayment, CreditMemo, Invoice, Payment, VendorCredit
from raccord.plugin.references import (
    FLAG,
    LATER,
    Accepts,
    Control,
    CustomerOf,
    Decision,
    ItemFor,
    LedgerId,
    Link,
    MaybeDecimal,
    MaybeRef,
    MoneyOf,
    Ref,
    Role,
)

__all__ = [
    "Accepts",
    "Account",
    "Address",
    "Application",
    "Attachment",
    "Bill",
    "BillPayment",
    "Control",
    "CreditMemo",
    "Customer",
    "CustomerOf",
    "Decision",
    "Deposit",
    "DirectLine",
    "Discount",
    "Draft",
    "Expense",
    "ExpenseLine",
    "Invoice",
    "Item",
    "ItemFor",
    "JournalEntry",
    "JournalLine",
    "LedgerId",
    "Link",
    "LinkedLine",
    "ListDraft",
    "MoneyDraft",
    "MoneyOf",
    "Payment",
    "PaymentType",
    "Ref",
    "RefundReceipt",
    "Role",
    "SalesLine",
    "SalesReceipt",
    "Settled",
    "Side",
    "StatedTax",
    "StillDraft",
    "TaxMode",
    "Transfer",
    "Vendor",
    "VendorCredit",
    "links_in",
    "money_effect",
]


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
    discount: MaybeDiscount = None
    taxes: StatedTaxes = ()
    exchange_rate: MaybeDecimal = None
    kind: Literal["SalesReceipt"] = "SalesReceipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReceipt:
    """Money paid back for a sale; ``total`` and lines are positive.

    ``after`` names the payment that is paid back: until that is posted, the refund waits.
    """

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
    discount: MaybeDiscount = None
    taxes: StatedTaxes = ()
    after: Annotated[Link | None, LATER] = None
    exchange_rate: MaybeDecimal = None
    kind: Literal["RefundReceipt"] = "RefundReceipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Money that reached the bank, split into what it is made of; ``total`` is never negative.

    Only one whose lines all go straight to accounts can bear tax.
    """

    key: str
    day: date
    currency: str
    bank: Ref
    lines: tuple[Annotated[LinkedLine | DirectLine, Field(discriminator="type")], ...]
    total: Decimal
    memo: str = ""
    location: MaybeRef = None
    tax_mode: MaybeTaxMode = TaxMode.NONE
    taxes: StatedTaxes = ()
    exchange_rate: MaybeDecimal = None
    kind: Literal["Deposit"] = "Deposit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """Money spent from a bank or card account (QuickBooks' Purchase); ``total`` is positive; ``credit``: a refund.

    ``number`` is that of a cheque, which becomes the document's own.
    ``after`` names the payment that it was kept of, such as a fee: until that is posted, the expense waits.
    """

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
    location: MaybeRef = None
    taxes: StatedTaxes = ()
    after: Annotated[Link | None, LATER] = None
    exchange_rate: MaybeDecimal = None
    number: Annotated[str, LATER] = ""
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
    exchange_rate: MaybeDecimal = None
    kind: Literal["JournalEntry"] = "JournalEntry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money moved between two of the company's own accounts.

    The proof counts it on ``source``; on ``target`` where the source system told of its arrival there.
    """

    key: str
    day: date
    currency: str
    source: Ref
    target: Ref
    total: Decimal
    memo: str = ""
    exchange_rate: MaybeDecimal = None
    arriving: Annotated[bool, LATER] = False
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
class Address:
    """A postal address; empty parts are left out."""

    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    key: str
    name: str
    email: str = ""
    phone: str = ""
    company: str = ""
    memo: str = ""
    address: Annotated[Address | None, LATER] = None
    currency: Annotated[str, LATER] = ""
    """Kept from the first day on; empty for the company's own."""
    type_: MaybeRef = None
    """The customer type it gets when it is made; whatever people make of it later stays."""
    when_used: Annotated[bool, FLAG] = False
    """Whether it is left out until another draft refers to it: a source knows more people than it sells to."""
    keeps_name: Annotated[bool, FLAG] = False
    """Whether a later name at the source leaves that of QuickBooks as it is: the two are tied by their first name."""
    kind: Literal["Customer"] = "Customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    key: str
    name: str
    email: str = ""
    memo: str = ""
    currency: Annotated[str, LATER] = ""
    """Kept from the first day on; empty for the company's own."""
    kind: Literal["Vendor"] = "Vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A service or product to sell; exactly one income account."""

    key: str
    name: str
    income_account: Ref
    description: str = ""
    unit_price: Decimal | None = None
    sku: Annotated[str, LATER] = ""
    kind: Literal["Item"] = "Item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A received file that is attached to a document, once, byte for byte.

    ``file`` is the SHA-256, in hexadecimal, of what ``fetch_records`` gave to ``context.files``; ``name`` is what
    people see, and its ending says what kind of file it is. Another file is another draft: one that is attached stays.
    """

    key: str
    document: Link
    file: str
    name: str
    note: str = ""
    kind: Literal["Attachable"] = "Attachable"


Owed = Invoice | CreditMemo | Payment | Bill | VendorCredit | BillPayment
"""Documents that change what customers owe or vendors are owed."""

MoneyDraft = SalesReceipt | RefundReceipt | Deposit | Expense | JournalEntry | Transfer | Owed
"""Documents with a date and a posting."""

ListDraft = Account | Customer | Vendor | Item
"""Entries of the company's lists."""

StillDraft = ListDraft | Attachment
"""What moves no money."""

Draft = MoneyDraft | StillDraft


def money_effect(draft: MoneyDraft) -> tuple[Ref | Control, Decimal]:
    """Return the account whose balance the proof watches and by how much the draft moves it (debits are positive).

    Invoices and bills move no bank account: theirs is what customers owe, or what vendors are owed.
    """
    match draft:
        case Invoice():
            return Control.RECEIVABLE, draft.total
        case CreditMemo():
            return Control.RECEIVABLE, -draft.total
        case Bill():
            return Control.PAYABLE, -draft.total
        case VendorCredit():
            return Control.PAYABLE, draft.total
        case Payment():
            return draft.deposit_to, draft.total
        case BillPayment():
            return draft.paid_from, -draft.total
        case SalesReceipt():
            return draft.deposit_to, draft.total
        case RefundReceipt():
            return draft.paid_from, -draft.total
        case Deposit():
            return draft.bank, draft.total
        case Expense():
            return draft.paid_from, draft.total if draft.credit else -draft.total
        case Transfer():
            return (draft.target, draft.total) if draft.arriving else (draft.source, -draft.total)
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
