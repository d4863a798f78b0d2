"""Entries of the company's lists in QuickBooks' words; they bear no mark and are found by their name."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin.drafts import Account, Customer, Item, Vendor
from raccord.quickbooks.codec.amounts import LARGEST
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import JsonObject
from raccord.quickbooks.codec.names import clean_email, clean_name, clean_text, shortened, within
from raccord.quickbooks.codec.sheet import Sheet

_SHORT_NUMBERS = {"US", "GB", "UK", "IN"}


def account(draft: Account, sheet: Sheet) -> JsonObject:
    """Return an Account; its number may have 7 characters in the United States, Great Britain and India, else 20."""
    body: JsonObject = {"Name": clean_name("Account", draft.name), "AccountType": draft.type}
    if draft.subtype:
        body["AccountSubType"] = draft.subtype
    if draft.number:
        number = clean_text(draft.number, lines=False).replace(":", "-")
        body["AcctNum"] = within(number, 7 if sheet.facts.country in _SHORT_NUMBERS else 20, "number")
    if draft.description.strip():
        body["Description"] = shortened(draft.description, 100)
    return body


def customer(draft: Customer) -> JsonObject:
    body: JsonObject = {"DisplayName": clean_name("Customer", draft.name)}
    if draft.company.strip():
        body["CompanyName"] = within(clean_text(draft.company, lines=False), 100, "company")
    if draft.email.strip():
        body["PrimaryEmailAddr"] = {"Address": clean_email(draft.email)}
    if draft.phone.strip():
        body["PrimaryPhone"] = {"FreeFormNumber": within(clean_text(draft.phone, lines=False), 30, "phone")}
    if draft.memo.strip():
        body["Notes"] = shortened(draft.memo, 2000)
    return body


def vendor(draft: Vendor) -> JsonObject:
    """Return a Vendor; its memo stays with us, as QuickBooks documents no note for vendors."""
    body: JsonObject = {"DisplayName": clean_name("Vendor", draft.name)}
    if draft.email.strip():
        body["PrimaryEmailAddr"] = {"Address": clean_email(draft.email)}
    return body


def item(draft: Item, sheet: Sheet) -> JsonObject:
    """Return a service item that posts to its income account."""
    body: JsonObject = {
        "Name": clean_name("Item", draft.name),
        "Type": "Service",
        "IncomeAccountRef": sheet.ref(draft.income_account, "income_account"),
    }
    if draft.description.strip():
        body["Description"] = shortened(draft.description, 4000)
    if draft.unit_price is not None:
        body["UnitPrice"] = _price(draft.unit_price)
    return body


def _price(price: Decimal) -> Decimal:
    if not price.is_finite() or abs(price) > LARGEST or price != price.quantize(Decimal("0.0000001")):
        raise EncodeError(
            "encoding.amount_unfit",
            f"QuickBooks ne peut pas garder le prix {price}. Corrigez-le dans la source (sept décimales au plus).",
            f"QuickBooks cannot keep the price {price}. Correct it in the source (seven decimals at most).",
            "unit_price",
        )
    return price.normalize()
