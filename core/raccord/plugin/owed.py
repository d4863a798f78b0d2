"""Drafts of what customers owe and vendors are owed: invoices, bills, credits, and the payments that settle them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from raccord.plugin.lines import Application, Discount, ExpenseLine, PaymentType, SalesLine, StatedTax, TaxMode
from raccord.plugin.references import FLAG, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What a customer owes for a sale, tax and all equal to ``total``.

    ``number`` is the source's own, shown to the customer; one of more than 21 characters goes into the note instead.
    """

    key: str
    day: date
    currency: str
    customer: Ref
    lines: tuple[SalesLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    discount: Discount | None = None
    taxes: tuple[StatedTax, ...] = ()
    number: str = ""
    due: date | None = None
    term: Ref | None = None
    location: Ref | None = None
    memo: str = ""
    exchange_rate: Decimal | None = None
    kind: Literal["Invoice"] = "Invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMemo:
    """What a customer is owed back, until a :class:`Payment` uses it up; ``total`` and lines are positive."""

    key: str
    day: date
    currency: str
    customer: Ref
    lines: tuple[SalesLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    discount: Discount | None = None
    taxes: tuple[StatedTax, ...] = ()
    number: str = ""
    location: Ref | None = None
    memo: str = ""
    exchange_rate: Decimal | None = None
    kind: Literal["CreditMemo"] = "CreditMemo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money from a customer, and what it settles; what is not applied stays the customer's.

    ``deposit_to`` is Undeposited Funds or a bank account. A ``total`` of 0 applies credit memos to invoices.
    """

    key: str
    day: date
    currency: str
    customer: Ref
    deposit_to: Ref
    total: Decimal
    applied: tuple[Application, ...] = ()
    method: Ref | None = None
    reference: str = ""
    memo: str = ""
    exchange_rate: Decimal | None = None
    voided: Annotated[bool, FLAG] = False
    """Taken back at the source: with a ``total`` of 0 and nothing applied it empties what is posted; what is not posted
    is left out.
    """
    kind: Literal["Payment"] = "Payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a vendor is owed, tax and all equal to ``total``; ``number`` is the vendor's own."""

    key: str
    day: date
    currency: str
    vendor: Ref
    lines: tuple[ExpenseLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    taxes: tuple[StatedTax, ...] = ()
    number: str = ""
    due: date | None = None
    term: Ref | None = None
    location: Ref | None = None
    memo: str = ""
    exchange_rate: Decimal | None = None
    kind: Literal["Bill"] = "Bill"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCredit:
    """What a vendor owes back, until a :class:`BillPayment` uses it up; ``total`` and lines are positive."""

    key: str
    day: date
    currency: str
    vendor: Ref
    lines: tuple[ExpenseLine, ...]
    total: Decimal
    tax_mode: TaxMode = TaxMode.NONE
    taxes: tuple[StatedTax, ...] = ()
    number: str = ""
    location: Ref | None = None
    memo: str = ""
    exchange_rate: Decimal | None = None
    kind: Literal["VendorCredit"] = "VendorCredit"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPayment:
    """Money paid to a vendor by cheque or card; ``total`` is what the bills take less the credits used."""

    key: str
    day: date
    currency: str
    vendor: Ref
    paid_from: Ref
    payment_type: PaymentType
    total: Decimal
    applied: tuple[Application, ...]
    memo: str = ""
    exchange_rate: Decimal | None = None
    kind: Literal["BillPayment"] = "BillPayment"
