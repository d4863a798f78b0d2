"""The contract that Plannit data follows: the objects, their fields and the headings that its own reports may bear."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

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
    Words,
    wrong_value,
)

CONTACTS = "contacts"
ITEMS = "items"
TAX_GROUPS = "tax_groups"
INVOICES = "invoices"
CREDITS = "credits"
PAYMENTS = "payments"
REFUNDS = "refunds"
PAYOUTS = "payouts"

Method = Literal["cash", "cheque", "e-transfer", "card", "direct debit", "other"]


class Address(ContractPart):
    """Where a contact is billed."""

    line: Label = ""
    city: Label = ""
    region: Label = ""
    postal_code: Label = ""
    country: Label = ""


class Contact(ContractObject):
    """A client; it becomes a customer of QuickBooks with its first invoice."""

    display_name: Label = Field(min_length=1, description="As it is shown, and the customer's name in QuickBooks.")
    company: Label = ""
    first_name: Label = ""
    last_name: Label = ""
    emails: Words = ()
    phones: Words = ()
    billing_address: Address | None = None
    tags: Words = ()
    language: Literal["fr", "en"] = "fr"
    quickbooks_customer_id: str = Field("", max_length=50, description="The customer it was imported from, if it was.")


class Item(ContractObject):
    """A product or a service of the catalogue."""

    name: Label = Field(min_length=1)
    code: str = Field("", max_length=100, description="Its code, as the SKU in QuickBooks.")
    description: str = Field("", max_length=4000)
    sale_price: Amount | None = None
    unit: Label = ""
    taxable: bool = True
    tax_group_id: str = ""
    category: Label = ""
    quickbooks_item_id: str = Field("", max_length=50, description="“Item lié à QuickBooks”.")
    active: bool = True


class GroupTax(ContractPart):
    """A tax of a group."""

    name: Label
    rate: Rate


class TaxGroup(ContractObject):
    """Taxes that go together, such as TPS and TVQ."""

    name: Label
    taxes: tuple[GroupTax, ...]


class Line(ContractPart):
    """A line of an invoice or a credit; ``amount`` is without tax and after the line's discount."""

    item_id: str = ""
    name: Label = ""
    description: str = Field("", max_length=4000)
    quantity: Amount | None = None
    unit: Label = ""
    unit_price: Amount | None = None
    discount: Amount | None = Field(None, description="What was taken off, already left out of the amount.")
    amount: Amount
    taxable: bool = True
    tax_group_id: str = Field("", description="Only where it is not the usual one.")


class StatedTax(ContractPart):
    """What one tax comes to on the whole document."""

    tax: Label
    rate: Rate
    base: Amount | None = None
    amount: Amount


class Sale(ContractObject):
    """What invoices, credits and refunds have in common."""

    contact_id: SourceId
    date: Day
    currency: Currency = "CAD"
    prices_include_tax: bool = False
    lines: tuple[Line, ...] = Field(min_length=1, max_length=700)
    taxes: tuple[StatedTax, ...] = ()
    total: Amount

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Refuse a total that the lines and taxes do not come to: whatever was meant, the books would be wrong."""
        lines = sum((line.amount for line in self.lines), start=self.total * 0)
        taxes = sum((tax.amount for tax in self.taxes), start=self.total * 0)
        found = lines if self.prices_include_tax else lines + taxes
        if found != self.total:
            raise wrong_value(
                Text(
                    f"les lignes et les taxes font {found}, le total dit {self.total}",
                    f"lines and taxes come to {found}, the total says {self.total}",
                )
            )
        return self


class Invoice(Sale):
    """An invoice; without a number it is a draft and is not sent."""

    number: str = Field("", max_length=50)
    status: Label = ""
    due: Day | None = None
    created_at: Moment | None = None
    numbered_at: Moment | None = Field(None, description="When it got its number: what counts at the cut-over.")


class Credit(Sale):
    """A promotional credit: what a client is owed, applied to an invoice if one is named."""

    invoice_id: str = ""
    number: str = Field("", max_length=50)


class Refund(Sale):
    """Money given back, with the lines and taxes it gives back; Plannit itself voids and adds payments instead."""

    payment_id: SourceId
    method: Method = "other"


class Payment(ContractObject):
    """Money from a client. A deposit (an advance) names no invoice until there is one; then it is sent again."""

    kind: Literal["payment", "deposit"] = "payment"
    invoice_id: str = ""
    contact_id: SourceId
    date: Day
    amount: Amount = Field(description="Positive.")
    currency: Currency = "CAD"
    method: Method = "other"
    reference: Label = ""
    voided_at: Moment | None = Field(None, description="A void is the payment itself, sent again with this.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.amount <= 0:
            raise wrong_value(Text("le montant n’est pas positif", "the amount is not positive"))
        if self.kind == "payment" and not self.invoice_id:
            raise wrong_value(
                Text(
                    "un paiement nomme sa facture (« invoice_id ») ; une avance est de genre « deposit »",
                    "a payment names its invoice (“invoice_id”); an advance is of kind “deposit”",
                )
            )
        return self


class Payout(ContractObject):
    """What Plannit Pay paid to the bank; its fee is an expense, its gross was posted payment by payment."""

    date: Day
    currency: Currency = "CAD"
    gross: Amount
    fee: Amount
    net: Amount

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.gross - self.fee != self.net or self.fee < 0:
            raise wrong_value(
                Text(
                    f"{self.gross} moins des frais de {self.fee} ne font pas {self.net}",
                    f"{self.gross} less a fee of {self.fee} is not {self.net}",
                )
            )
        return self


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


_SALE = {
    "client": "contact_id",
    "modifié": "updated_at",
    "taxe": "taxes.tax",
    "article": "lines.name",
    "quantité": "lines.quantity",
    "prix": "lines.unit_price",
    "montant": "lines.amount",
    "taxable": "lines.taxable",
}
CONTRACT = Contract(
    "plannit",
    (
        _object(
            "contact", "Contact", "Contact", CONTACTS, Contact, "clients", nom="display_name", modifié="updated_at",
        ),
        _object(
            "item", "Article", "Item", ITEMS, Item, "articles", article="name", modifié="updated_at",
            prix="sale_price", unité="unit", catégorie="category", item_lié_à_quickbooks="quickbooks_item_id",
        ),
        _object("tax_group", "Groupe de taxes", "Tax group", TAX_GROUPS, TaxGroup, "groupes"),
        _object(
            "invoice", "Facture", "Invoice", INVOICES, Invoice, "factures", numéro="number", échéance="due", **_SALE,
        ),
        _object("credit", "Crédit", "Credit", CREDITS, Credit, "crédits", **_SALE),
        _object(
            "payment", "Paiement", "Payment", PAYMENTS, Payment, "paiements", client="contact_id", facture="invoice_id",
            montant="amount", mode="method", modifié="updated_at", référence="reference",
        ),
        _object("refund", "Remboursement", "Refund", REFUNDS, Refund, "remboursements", **_SALE),
        _object("payout", "Versement", "Payout", PAYOUTS, Payout, "versements", frais="fee", modifié="updated_at"),
    ),
)  # fmt: skip
"""In the order in which they depend on each other."""
