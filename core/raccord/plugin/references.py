"""How drafts refer to other things: by key, role, account, decision or ledger id; never by name."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from raccord.plugin.texts import Text


def _unset(value: object) -> bool:
    return value is None or value is False or (isinstance(value, Sized) and not value)


def _false(value: object) -> bool:
    return value is False


FLAG = Field(exclude_if=_false)
"""A flag that drafts got later: left out while it is off."""
LATER = Field(exclude_if=_unset)
"""A property that drafts got later: left out while unset, so that drafts kept before still say the same."""


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
    PAYABLE = "payable"
    CUSTOMER = "customer"
    CUSTOMER_TYPE = "customer_type"
    VENDOR = "vendor"
    ITEM = "item"
    TAX_CODE = "tax_code"
    CLASS = "class"
    LOCATION = "location"
    TERM = "term"
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
    """An object of the company's ledger by its QuickBooks id; ``kind`` is its entity name where that is known."""

    id: str
    kind: Annotated[str, LATER] = ""
    ref: Literal["id"] = "id"


@dataclass(frozen=True, slots=True)
class ItemFor:
    """The service item whose income account fills ``account``; core finds or plans it, one for each account."""

    account: Role
    ref: Literal["item_for"] = "item_for"


@dataclass(frozen=True, slots=True)
class Decision:
    """A place that a person fills for this one draft; until then the draft is held with this question.

    ``label`` is what the question calls it, as in "This line waits for a person to say: …".
    """

    name: str
    accepts: Accepts
    suggestion: str = ""
    label: Annotated[Text | None, LATER] = None
    ref: Literal["decision"] = "decision"


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """The account on which a payment's money lies in QuickBooks now: the bank it was deposited to there, else the one
    that the payment itself names.

    ``otherwise`` stands for a payment that is not in QuickBooks yet. A deposit of this connection's own counts as none:
    what the source pays out to the bank it also takes back there. Where QuickBooks does not tell, a person does.
    """

    payment: Link
    otherwise: Role
    ref: Literal["money_of"] = "money_of"


@dataclass(frozen=True, slots=True)
class CustomerOf:
    """The customer of another document of this connection, such as of the invoice that a payment settles.

    For sources whose payments and refunds name the document alone. It is whom that document was for when the plan was
    made; while the document has not come, the draft waits for it.
    """

    document: Link
    ref: Literal["customer_of"] = "customer_of"


Ref = Annotated[Link | Role | LedgerId | ItemFor | Decision | MoneyOf | CustomerOf, Field(discriminator="ref")]


class Control(StrEnum):
    """An account that QuickBooks keeps by itself: what customers owe, and what vendors are owed."""

    RECEIVABLE = "receivable"
    PAYABLE = "payable"


MaybeRef = Annotated[Ref | None, LATER]
MaybeDecimal = Annotated[Decimal | None, LATER]
