"""Entries of QuickBooks' lists as a source is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from raccord.plugin import LedgerObject
from raccord.quickbooks.codec.facts import CompanyFacts

_ADDRESS = {"city": "City", "region": "CountrySubDivisionCode", "postal_code": "PostalCode", "country": "Country"}


def entry_of(kind: str, row: Mapping[str, Any], facts: CompanyFacts) -> LedgerObject:
    """Return an entry with its details."""
    name = str(row.get("FullyQualifiedName") or row.get("DisplayName") or row.get("Name") or "")
    details = {name: text for name, text in _details(kind, row, facts).items() if text}
    return LedgerObject(
        kind=kind,
        id=str(row["Id"]),
        name=name,
        active=bool(row.get("Active", True)),
        type=str(row.get("AccountType") or row.get("Type") or ""),
        subtype=str(row.get("AccountSubType", "")),
        number=str(row.get("AcctNum", "")),
        currency=_at(row, "CurrencyRef", "value"),
        details=details,
    )


def _details(kind: str, row: Mapping[str, Any], facts: CompanyFacts) -> dict[str, str]:
    match kind:
        case "Customer" | "Vendor":
            address = row.get("BillAddr")
            parts = address if isinstance(address, Mapping) else {}
            street = ", ".join(str(parts[line]) for line in (f"Line{n}" for n in range(1, 6)) if parts.get(line))
            return {
                "email": _at(row, "PrimaryEmailAddr", "Address"),
                "phone": _at(row, "PrimaryPhone", "FreeFormNumber"),
                "company": _text(row, "CompanyName"),
                "street": street,
                **{ours: _text(parts, theirs) for ours, theirs in _ADDRESS.items()},
            }
        case "Item":
            taxable = row.get("Taxable")
            return {
                "description": _text(row, "Description"),
                "price": _text(row, "UnitPrice"),
                "sku": _text(row, "Sku"),
                "taxable": "" if taxable is None else "yes" if taxable else "no",
            }
        case "Account":
            return {"description": _text(row, "Description"), "classification": _text(row, "Classification")}
        case "TaxCode":
            return {
                "description": _text(row, "Description"),
                "sales_percent": _percent(facts.tax_codes, str(row["Id"])),
                "purchase_percent": _percent(facts.purchase_codes, str(row["Id"])),
            }
        case _:
            return {}


def _percent(table: Mapping[str, tuple[Any, ...]], code: str) -> str:
    rates = table.get(code)
    return "" if rates is None else format(sum((rate.percent for rate in rates), Decimal(0)), "f")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def _at(row: Mapping[str, Any], block: str, name: str) -> str:
    found = row.get(block)
    return _text(found, name) if isinstance(found, Mapping) else ""
