"""Entries of the company's lists in QuickBooks' words; they bear no mark and are found by their name."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin.drafts import Account, Address, Customer, Item, Vendor
from raccord.quickbooks.codec.amounts import LARGEST
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import JsonObject
from raccord.quickbooks.codec.names import clean_email, clean_name, clean_text, shortened, within
from raccord.quickbooks.codec.sheet import Sheet

_ADDRESS_LINES = 5
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


def customer(draft: Customer, sheet: Sheet) -> JsonObject:
    body: JsonObject = {"DisplayName": clean_name("Customer", draft.name), **_currency(draft, sheet)}
    if draft.company.strip():
        body["CompanyName"] = within(clean_text(draft.company, lines=False), 100, "company")
    if draft.email.strip():
        body["PrimaryEmailAddr"] = {"Address": clean_email(draft.email)}
    if draft.phone.strip():
        body["PrimaryPhone"] = {"FreeFormNumber": within(clean_text(draft.phone, lines=False), 30, "phone")}
    if draft.memo.strip():
        body["Notes"] = shortened(draft.memo, 2000)
    if draft.address is not None:
        body["BillAddr"] = _address(draft.address)
    if draft.type_ is not None and (found := sheet.resolve(draft.type_)):
        body["CustomerTypeRef"] = {"value": found}
    if sheet.facts.receivable:
        body["ARAccountRef"] = {"value": sheet.facts.receivable}
    return body


def vendor(draft: Vendor, sheet: Sheet) -> JsonObject:
    """Return a Vendor; its memo stays with us, as QuickBooks documents no note for vendors."""
    body: JsonObject = {"DisplayName": clean_name("Vendor", draft.name), **_currency(draft, sheet)}
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
    if draft.sku.strip():
        body["Sku"] = within(clean_text(draft.sku, lines=False), 100, "sku")
    return body


def _currency(draft: Customer | Vendor, sheet: Sheet) -> JsonObject:
    """Return the currency of a name: where the company keeps one only, there is nothing to say."""
    return {"CurrencyRef": {"value": draft.currency}} if draft.currency and sheet.facts.multicurrency else {}


def _address(address: Address) -> JsonObject:
    """Return a PhysicalAddress; lines beyond the five that QuickBooks keeps go into the last one."""
    lines = [plain for line in address.lines if (plain := clean_text(line, lines=False))]
    if len(lines) > _ADDRESS_LINES:
        lines = [*lines[: _ADDRESS_LINES - 1], ", ".join(lines[_ADDRESS_LINES - 1 :])]
    parts = [(f"Line{place}", line, 500) for place, line in enumerate(lines, start=1)]
    parts += [
        ("City", address.city, 255),
        ("CountrySubDivisionCode", address.region, 255),
        ("PostalCode", address.postal_code, 30),
        ("Country", address.country, 255),
    ]
    return {
        name: within(plain, length, "address")
        for name, text, length in parts
        if (plain := clean_text(text, lines=False))
    }


def _price(price: Decimal) -> Decimal:
    if not price.is_finite() or abs(price) > LARGEST or price != price.quantize(Decimal("0.0000001")):
        raise EncodeError(
            "encoding.amount_unfit",
            f"QuickBooks ne peut pas garder le prix {price}. Corrigez-le dans la source (sept décimales au plus).",
            f"QuickBooks cannot keep the price {price}. Correct it in the source (seven decimals at most).",
            "unit_price",
        )
    return price.normalize()
