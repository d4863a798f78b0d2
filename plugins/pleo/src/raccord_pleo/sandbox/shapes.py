"""What Pleo's published interface takes: which properties, which of them are needed, and the words it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

ITEM_STATUSES = frozenset({"pending", "in_progress", "failed", "successful", "abandoned"})
ITEM_FAILURES = frozenset(
    {
        "receipt_upload_failure", "receipt_download_failure", "receipt_file_size_limit_exceeded",
        "receipt_conversion_failure", "unexpected_failure", "invalid_configuration", "missing_configuration",
        "accounting_system_authentication_failure", "accounting_system_rate_limit", "accounting_system_unreachable",
        "validation_failure", "accounting_system_validation_failure", "authorization_failure",
        "accounting_system_timeout", "vendor_unknown", "account_unknown", "tax_code_unknown", "tag_unknown",
    }
)  # fmt: skip
JOB_FAILURES = frozenset(
    {
        "invalid_configuration", "missing_configuration", "authentication_failure",
        "accounting_system_authentication_failure", "pleo_rate_limit", "accounting_system_rate_limit",
        "service_unreachable", "accounting_system_unreachable", "validation_failure", "authorization_failure",
        "integration_unusable", "job_expired", "service_timeout", "accounting_system_timeout", "canceled_by_user",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of one request, each with the type it is of."""

    needed: Mapping[str, type]
    may: Mapping[str, type]

    def wrong(self, row: Mapping[str, object]) -> str:
        """Return what a request lacks, has too much or says in another type; nothing where it is right."""
        for name, type_ in self.needed.items():
            if not _is(row.get(name), type_):
                return f"{name} is missing or of another type"
        for name, value in row.items():
            known = self.needed.get(name) or self.may.get(name)
            if known is None:
                return f"{name} is not known"
            if value is not None and not _is(value, known):
                return f"{name} is of another type"
        return ""


def _is(value: object, type_: type) -> bool:
    if type_ is Decimal:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    return isinstance(value, type_)


_VENDOR = {"companyId": str, "defaultCurrency": str, "name": str}
_VENDOR_MAY = {"code": str, "country": str, "registrationNumber": str, "taxRegistrationNumber": str}
_ACCOUNT_MAY = {"code": str, "taxCodeExternalId": str}
_TAX = Shape(
    {"archived": bool, "companyId": str, "name": str, "rate": Decimal, "type": str},
    {"code": str, "ingoingTaxAccount": str, "outgoingTaxAccount": str},
)
_ACCOUNT = Shape({"archived": bool, "companyId": str, "externalId": str, "name": str}, _ACCOUNT_MAY)
SHAPES: Mapping[str, Shape] = {
    "POST accounts": _ACCOUNT,
    "PUT accounts": _ACCOUNT,
    "POST tax-codes": _TAX,
    "PUT tax-codes": _TAX,
    "POST vendors": Shape(_VENDOR, {**_VENDOR_MAY, "externalId": str}),
    "PUT vendors": Shape({**_VENDOR, "externalId": str, "state": str}, _VENDOR_MAY),
    "subscription": Shape(
        {"endpointUrl": str, "eventTypes": list},
        {"customHeaders": dict, "endpointAuth": dict, "status": str},
    ),
    "item": Shape(
        {"accountingEntryId": str, "status": str},
        {"exportedAt": str, "externalId": str, "externalUrl": str, "failureReason": str, "failureReasonType": str},
    ),
}
"""What each call takes, as published."""


def wrong_item(row: Mapping[str, object]) -> str:
    """Return what is wrong with an item's result."""
    if wrong := SHAPES["item"].wrong(row):
        return wrong
    if row["status"] not in ITEM_STATUSES:
        return f"{row['status']} is no status of an item"
    said = row.get("failureReasonType")
    return f"{said} is no failure of an item" if said is not None and said not in ITEM_FAILURES else ""
