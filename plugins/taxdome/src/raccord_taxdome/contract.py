"""The contract that TaxDome data follows: the objects, their fields and the headings that its own lists bear."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from raccord.plugin import Text
from raccord.plugin.contract import (
    Amount,
    Contract,
    ContractObject,
    ContractPart,
    Currency,
    Day,
    Label,
    Moment,
    ObjectInfo,
    Rate,
    SourceId,
    wrong_value,
)

ACCOUNTS = "accounts"
SERVICES = "services"
RECURRING = "recurring"
INVOICES = "invoices"
PAYMENTS = "payments"
FEES = "fees"
REFUNDS = "refunds"
CREDITS = "credits"
PAYOUTS = "payouts"

Origin = Literal["taxdome_after", "quickbooks_copy", "taxdome_before"]
Source = Literal["cash", "check", "card", "bank_debit", "promotional_credit", "client_credit", "other"]
Provider = Literal["none", "stripe", "cpacharge", "taxdome_payments"]
_STATUSES = {
    "draft": ("ébauche", "brouillon"),
    "scheduled": ("planifiée", "programmée"),
    "unpaid": ("impayée", "non payée", "open", "ouverte"),
    "in_progress": ("en cours",),
    "partially_paid": ("payée en partie", "partiellement payée"),
    "paid": ("payée",),
    "overdue": ("en retard", "en souffrance"),
    "voided": ("void", "annulée", "canceled", "cancelled"),
}
_STATUS_WORDS = {word: status for status, words in _STATUSES.items() for word in words}


def _status(value: object) -> object:
    """Read a status as lists write it, in whatever case and in French too; what is unknown is refused, not guessed."""
    said = value.strip().lower() if isinstance(value, str) else value
    return _STATUS_WORDS.get(said, said.replace(" ", "_")) if isinstance(said, str) else said


Status = Annotated[
    Literal["", "draft", "scheduled", "unpaid", "in_progress", "partially_paid", "paid", "overdue", "voided"],
    BeforeValidator(_status),
]
_ZERO = Decimal(0)


class ContactPerson(ContractPart):
    """A person of an account; the first one is the customer's in QuickBooks."""

    name: Label = ""
    email: Label = ""
    phone: Label = ""
    line: Label = ""
    city: Label = ""
    region: Label = ""
    postal_code: Label = ""
    country: Label = ""


class Account(ContractObject):
    """A client of the practice; ``name`` is exactly the display name of its customer in QuickBooks."""

    name: Label = Field(min_length=1)
    type: Literal["individual", "company", "other"] = "individual"
    contacts: tuple[ContactPerson, ...] = ()
    quickbooks_customer_id: str = Field("", max_length=50)


class Service(ContractObject):
    """A service; ``origin`` tells whether it is older than the connection, newer, or QuickBooks' own."""

    name: Label = Field(min_length=1)
    description: str = Field("", max_length=4000)
    rate: Amount | None = None
    rate_type: Label = Field("", description="Such as item or hour; the SKU in QuickBooks.")
    category: Label = ""
    taxable: bool = False
    created_at: Moment | None = None
    origin: Origin = "taxdome_before"
    quickbooks_item_id: str = Field("", max_length=50, description="Of a service that was copied from QuickBooks.")

    @model_validator(mode="after")
    def _copied_from_an_item(self) -> Self:
        if self.origin == "quickbooks_copy" and not self.quickbooks_item_id:
            raise wrong_value(
                Text(
                    "un service copié de QuickBooks nomme son article (quickbooks_item_id)",
                    "a service copied from QuickBooks names its item (quickbooks_item_id)",
                )
            )
        return self


class Recurring(ContractObject):
    """An invoice that is issued again and again; each that is issued comes as an invoice of its own."""

    account_id: SourceId
    name: Label = ""
    amount: Amount | None = None
    every: Label = ""
    next_date: Day | None = None


class Line(ContractPart):
    """A service on an invoice; ``origin`` and ``quickbooks_item_id`` are those of the service."""

    service_id: str = ""
    origin: Origin = "taxdome_before"
    quickbooks_item_id: str = ""
    name: Label = ""
    description: str = Field("", max_length=4000)
    quantity: Amount | None = None
    rate: Amount | None = None
    amount: Amount
    taxable: bool = False
    tax: Label = Field("", description="The name of its tax, where not every tax of the invoice is on it.")


class StatedTax(ContractPart):
    """What one tax comes to on the whole invoice."""

    tax: Label
    rate: Rate
    amount: Amount


class Invoice(ContractObject):
    """An invoice; its id is the key, for its number may be one that QuickBooks gave already."""

    number: str = Field("", max_length=50)
    account_id: SourceId
    posted: Day
    due: Day | None = None
    currency: Currency = "USD"
    status: Status = Field(
        "", description="A draft is not posted; one that is voided is emptied in QuickBooks. All others are posted."
    )
    description: str = Field("", max_length=4000)
    recurring_id: str = Field("", max_length=100, description="The recurring invoice that issued it, if one did.")
    class_name: Label = Field("", description="Its class: that of the same name in QuickBooks, or one chosen.")
    location: Label = Field("", description="Its location: that of the same name in QuickBooks, or one chosen.")
    lines: tuple[Line, ...] = Field(min_length=1, max_length=700)
    taxes: tuple[StatedTax, ...] = ()
    total: Amount

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Refuse a total that the lines and taxes do not come to: whatever was meant, the books would be wrong."""
        found = sum((line.amount for line in self.lines), _ZERO) + sum((tax.amount for tax in self.taxes), _ZERO)
        if found != self.total:
            raise wrong_value(
                Text(
                    f"les lignes et les taxes font {found}, le total dit {self.total}",
                    f"lines and taxes come to {found}, the total says {self.total}",
                )
            )
        return self


class Settles(ContractPart):
    """The part of a payment that goes to one invoice; ``tax`` is the part of it that is tax."""

    invoice_id: SourceId
    amount: Amount
    tax: Amount = _ZERO


class Payment(ContractObject):
    """Money from a client, or a credit of the practice.

    A payment whose money settles another invoice later, out of the client's credit, is sent again with that invoice;
    the payment of kind ``client_credit`` that TaxDome shows for it moves no money and is not posted.
    """

    account_id: SourceId
    date: Day
    currency: Currency = "USD"
    amount: Amount
    source: Source = "other"
    provider: Provider = "none"
    invoice_applications: tuple[Settles, ...] = ()
    fee: Amount = Field(_ZERO, description="What the provider kept of this payment, fixed when the client paid.")
    status: Literal["succeeded", "in_progress", "failed"] = "succeeded"
    description: str = Field("", max_length=4000)
    sync: bool | None = Field(None, description="The box “sync this payment”; without a word the firm's default.")

    @model_validator(mode="after")
    def _covers_what_it_settles(self) -> Self:
        settled = sum((each.amount for each in self.invoice_applications), _ZERO)
        if settled > self.amount:
            raise wrong_value(
                Text(
                    f"les factures prennent {settled} d’un paiement de {self.amount}",
                    f"the invoices take {settled} of a payment of {self.amount}",
                )
            )
        if not _ZERO <= self.fee <= self.amount:
            raise wrong_value(
                Text(
                    f"des frais de {self.fee} sur un paiement de {self.amount}",
                    f"a fee of {self.fee} on a payment of {self.amount}",
                )
            )
        return self


class Fee(ContractObject):
    """What a provider kept, as an object of its own: of the payment it names, or of none.

    The fee of a payment stands there or here; one that stands in both is posted once.
    """

    payment_id: str = Field("", max_length=100)
    account_id: str = Field("", max_length=100)
    date: Day
    currency: Currency = "USD"
    amount: Amount = Field(gt=0)
    provider: Provider = "stripe"
    description: str = Field("", max_length=4000)


class Refund(ContractObject):
    """Money given back of a payment."""

    payment_id: SourceId
    account_id: SourceId
    date: Day
    currency: Currency = "USD"
    amount: Amount = Field(gt=0)
    description: str = Field("", max_length=4000)


class Credit(ContractObject):
    """What a client may use later; it is posted when it is used, or with the payment that it came from."""

    account_id: SourceId
    date: Day
    currency: Currency = "USD"
    amount: Amount
    kind: Literal["promotional", "prepayment", "overpayment"]


class PaidOut(ContractPart):
    """A payment of a payout, or a refund that was taken out of it (negative)."""

    payment_id: str = ""
    refund_id: str = ""
    amount: Amount


class Payout(ContractObject):
    """What a provider paid out to the bank: ``total`` after its ``fee``; CPACharge takes one fee a month.

    What of the fee is in none of its payments is the payout's own.
    """

    date: Day
    currency: Currency = "USD"
    provider: Provider = "stripe"
    total: Amount
    fee: Amount = _ZERO
    payments: tuple[PaidOut, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = sum((each.amount for each in self.payments), _ZERO) - self.fee
        if self.payments and found != self.total:
            raise wrong_value(
                Text(
                    f"les paiements moins les frais font {found}, le versement dit {self.total}",
                    f"the payments less the fee come to {found}, the payout says {self.total}",
                )
            )
        return self


_TRACKED = {"class": "class_name", "classe": "class_name", "location": "location", "lieu": "location"}


def _object(
    name: str, fr: str, en: str, stream: str, model: type[ContractObject], *words: str, **headings: str
) -> ObjectInfo:
    return ObjectInfo(
        name=name,
        label=Text(fr, en),
        stream=stream,
        model=model,
        path=stream,
        words=words,
        headings={word.replace("_", " "): column for word, column in headings.items()},
    )


CONTRACT = Contract(
    "taxdome",
    (
        _object("account", "Compte", "Account", ACCOUNTS, Account, "clients", "comptes", nom="name", client="name"),
        _object("service", "Service", "Service", SERVICES, Service, "services", nom="name", tarif="rate"),
        _object(
            "recurring_invoice", "Facture récurrente", "Recurring invoice", RECURRING, Recurring, "récurrentes",
            client="account_id", montant="amount",
        ),
        _object(
            "invoice", "Facture", "Invoice", INVOICES, Invoice, "factures", client="account_id", posted="posted",
            date="posted", amount="lines.amount", numéro="number", description="description", **_TRACKED,
        ),
        _object(
            "payment", "Paiement", "Payment", PAYMENTS, Payment, "paiements", client="account_id", montant="amount",
            frais="fee",
        ),
        _object(
            "fee", "Frais", "Fee", FEES, Fee, "frais", paiement="payment_id", montant="amount",
        ),
        _object("refund", "Remboursement", "Refund", REFUNDS, Refund, "remboursements", paiement="payment_id"),
        _object("credit", "Crédit", "Credit", CREDITS, Credit, "crédits", client="account_id"),
        _object("payout", "Versement", "Payout", PAYOUTS, Payout, "versements", frais="fee"),
    ),
)  # fmt: skip
"""In the order in which they depend on each other."""
