"""The lines of drafts, and what they say of tax, discounts and settled documents."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from raccord.plugin.references import LATER, LedgerId, Link, MaybeRef, Ref


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
    """A deposit line that takes a document out of Undeposited Funds; ``amount`` is negative for money paid back.

    A document that no draft made is named by its id and its kind, such as ``Payment``.
    """

    document: Annotated[Link | LedgerId, Field(discriminator="ref")]
    amount: Decimal
    line: int | None = None
    """For a journal entry: which of its lines, counted from 0."""
    type: Literal["linked"] = "linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectLine:
    """A deposit line posted straight to an account; negative for fees.

    ``tax_code`` is that of a purchase: money back for a cost gives its tax back.
    """

    account: Ref
    amount: Decimal
    description: str = ""
    entity: Ref | None = None
    class_: MaybeRef = None
    tax_code: MaybeRef = None
    type: Literal["direct"] = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseLine:
    """A line of an expense, bill or vendor credit; ``customer`` (or project) is whom the cost is attributed to."""

    account: Ref
    amount: Decimal
    description: str = ""
    tax_code: Ref | None = None
    class_: Ref | None = None
    customer: MaybeRef = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One side of a journal entry; ``amount`` is positive."""

    account: Ref
    side: Side
    amount: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A discount on the whole document: a positive amount without tax, taken off before tax is computed."""

    amount: Decimal
    account: Ref
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedTax:
    """What the source itself says that one rate comes to; kept to the cent where a rate of ``percent`` is in use."""

    percent: Decimal
    amount: Decimal


MaybeTaxMode = Annotated[TaxMode, Field(exclude_if=lambda mode: mode == TaxMode.NONE)]
MaybeDiscount = Annotated[Discount | None, LATER]
StatedTaxes = Annotated[tuple[StatedTax, ...], LATER]


class Settled(StrEnum):
    """What a payment may settle (an invoice, a bill, an expense on accounts receivable, a deposit on accounts payable)
    or use up (a credit).
    """

    INVOICE = "Invoice"
    CREDIT_MEMO = "CreditMemo"
    BILL = "Bill"
    VENDOR_CREDIT = "VendorCredit"
    EXPENSE = "Expense"
    """Money paid out to the customer, by card or otherwise than by cheque: QuickBooks lets programs link no cheque."""
    DEPOSIT = "Deposit"
    """Money that the vendor paid back."""

    @property
    def entity(self) -> str:
        """QuickBooks' name for the kind of document."""
        return "Purchase" if self is Settled.EXPENSE else str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The part of a payment that goes to one document, or the part of a credit that it uses; always positive."""

    document: Ref
    amount: Decimal
    of: Settled
