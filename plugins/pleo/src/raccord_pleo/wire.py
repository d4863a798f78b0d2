"""What Pleo's export interface (v3) sends, read strictly where it is money and leniently where it may grow."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from raccord.plugin import BadRecord, Money, Text

NOTHING = UUID(int=0)
"""Pleo's "I don't know" for a category or a tag."""
UNDEFINED = "UNDEFINED"
"""Pleo's word for a currency that it does not know."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")


class JobStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"


class ItemStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    SUCCESSFUL = "successful"
    ABANDONED = "abandoned"


class Job(_Wire):
    """An export that a person started; untouched for ``expires_in`` seconds, it expires."""

    id: UUID
    company_id: UUID
    created_at: datetime
    created_by: str | None = None
    expires_in: int
    number_of_items: int
    status: JobStatus
    is_interactive: bool = False
    vendor_based_bookkeeping: bool = False
    failure_reason: str | None = None
    failure_reason_type: str | None = None


class Amount(_Wire):
    """An amount in minor units of its currency."""

    currency: str
    value: Decimal

    def money(self, field: str) -> Money:
        """Return the amount; raises ``BadRecord`` for an unknown currency and for fractions of a minor unit."""
        if self.currency == UNDEFINED:
            raise BadRecord(
                field,
                Text(
                    "Pleo ne connaît pas la devise de ce montant (UNDEFINED) : corrigez la dépense dans Pleo.",
                    "Pleo does not know the currency of this amount (UNDEFINED): correct the expense in Pleo.",
                ),
                "pleo.currency_undefined",
            )
        if self.value != self.value.to_integral_value():
            raise BadRecord(
                field,
                Text(
                    f"{self.value} n’est pas un nombre entier de centimes.",
                    f"{self.value} is not a whole number of minor units.",
                ),
                "pleo.minor_units",
            )
        return Money.from_minor(int(self.value), self.currency)


class Amounts(_Wire):
    """One amount twice: as the supplier charged it and as the wallet paid it."""

    in_supplier_currency: Amount
    in_wallet_currency: Amount


class Account(_Wire):
    """A category or contra account; ``identifier`` is its id in the accounting system."""

    id: UUID
    name: str
    code: str | None = None
    identifier: str | None = None


class Tag(_Wire):
    id: UUID
    code: str | None = None
    group_code: str | None = None


class TaxType(StrEnum):
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"
    REVERSE = "reverse"


class Tax(_Wire):
    """A tax as Pleo worked it out; ``rate`` is a fraction (0.20 is 20 %)."""

    id: UUID
    code: str | None = None
    rate: Decimal
    type: TaxType
    amount: Amounts
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


def _known(value: object) -> object:
    """Take an account or tag of the nil id for none."""
    return None if isinstance(value, dict) and value.get("id") == str(NOTHING) else value


def _known_only(value: object) -> object:
    return [each for each in value if _known(each) is not None] if isinstance(value, list) else value or ()


class Line(_Wire):
    """One part of an expense; several are a split."""

    accounting_entry_line_id: UUID
    line_amount: Amounts
    net_amount: Amounts
    account: Annotated[Account | None, BeforeValidator(_known)] = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_known_only)] = ()
    tax: Annotated[Tax | None, BeforeValidator(_known)] = None


class File(_Wire):
    """A receipt; its address is good for 24 hours."""

    url: str
    type: str = ""
    size: int | None = None


class Supplier(_Wire):
    name: str | None = None


class Vendor(_Wire):
    """A vendor at Pleo; ``external_id`` is its id in the accounting system."""

    id: UUID
    name: str
    external_id: str | None = None


class Bookkeeping(_Wire):
    """How an item is to be kept, as the company chose at Pleo: ``none``, ``journal`` or ``accounts_payable``."""

    method: str | None = None


class Person(_Wire):
    id: UUID
    name: str


class InvoiceInformation(_Wire):
    """What Pleo says of a supplier's invoice beside its amounts."""

    invoice_number: str | None = None
    due_date: str | None = None

    @property
    def due(self) -> date | None:
        """Return the day it is due; Pleo writes a day or a moment."""
        try:
            return date.fromisoformat((self.due_date or "")[:10])
        except ValueError:
            return None


class AdditionalInformation(_Wire):
    reconciliation_id: str | None = None
    invoice_information: InvoiceInformation | None = None


class Item(_Wire):
    """The bookable form of an expense; ``type`` stays text, for new ones must be told and not guessed."""

    accounting_entry_id: UUID
    company_id: UUID
    date: datetime
    type: str
    sub_type: str | None = None
    amount: Amounts
    accounting_entry_lines: tuple[Line, ...]
    contra_account: Annotated[Account | None, BeforeValidator(_known)] = None
    note: str | None = None
    supplier: Supplier | None = None
    vendor: Vendor | None = None
    user: Person | None = None
    bookkeeping: Bookkeeping | None = None
    additional_information: AdditionalInformation = AdditionalInformation()


class Result(_Wire):
    """What became of one item, told to Pleo."""

    accounting_entry_id: UUID
    status: ItemStatus
    exported_at: datetime | None = None
    external_id: str | None = None
    external_url: str | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None


class JobItem(_Wire):
    """How far one entry of an export is."""

    accounting_entry_id: UUID
    status: ItemStatus
