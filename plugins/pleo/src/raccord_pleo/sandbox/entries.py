"""The twin's accounting entries, receipts and employees: the same expenses, read outside an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from raccord_pleo.sandbox.company import PEOPLE, Filed, TwinCompany, TwinRefusalError, employee_id

FAMILIES = {
    "card_purchase": "CARD_PURCHASE", "card_invoice": "CARD_PURCHASE", "refund": "CARD_PURCHASE",
    "chargeback": "CARD_PURCHASE", "fee": "OVERDRAFT", "cashback": "CASHBACK", "invoice": "BILL_INVOICE",
    "invoice_payment": "BILL_INVOICE_PAYMENT", "out_of_pocket": "OUT_OF_POCKET", "mileage": "MILEAGE",
    "per_diem": "PER_DIEM", "reimbursement": "REIMBURSEMENT", "wallet_topup": "WALLET", "wallet_load": "WALLET",
}  # fmt: skip
LISTS = {
    "accountIds": "accountId", "employeeIds": "employeeId", "exportStatus": "exportStatus", "families": "family",
    "reviewStatus": "reviewStatus", "status": "status", "subFamilies": "subFamily", "taxCodeIds": "taxCodeId",
}  # fmt: skip
"""Filters that name values of one property each; at most 100 values."""
DATES = ("bookkeepingDate", "performedAt", "settledAt")
"""Properties of which one may limit a search, by Start and End."""
KEYS = ("settledAt", "performedAt", "id", "bookkeepingDate")
VALUES_MAX = 100


def search(company: TwinCompany, body: Mapping[str, object], asked: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the entries that a search finds, in the order that it asks for."""
    if asked.get("company_id") != str(company.id):
        raise TwinRefusalError(400, "VALIDATION_FAILED", "company_id")
    known = {"includeDeleted", "settled", *LISTS, *(f"{name}{end}" for name in DATES for end in ("Start", "End"))}
    dated = {name for name in DATES if f"{name}Start" in body or f"{name}End" in body}
    if not isinstance(body.get("includeDeleted"), bool) or set(body) - known or len(dated) > 1:
        raise TwinRefusalError(400, "VALIDATION_FAILED", f"{sorted(set(body) - known) or sorted(dated)}")
    found = [entry(company, each) for each in company.expenses]
    for filter_, name in LISTS.items():
        wanted = body.get(filter_)
        if isinstance(wanted, list):
            if len(wanted) > VALUES_MAX:
                raise TwinRefusalError(400, "VALIDATION_FAILED", filter_)
            found = [each for each in found if each.get(name) in wanted]
    if isinstance(body.get("settled"), bool):
        found = [each for each in found if ("settledAt" in each) == body["settled"]]
    for name in dated:
        first, last = str(body.get(f"{name}Start", "")), str(body.get(f"{name}End", "~"))
        found = [each for each in found if name in each and first <= str(each[name]) <= last]
    return _sorted(found, asked)


def _sorted(found: list[dict[str, object]], asked: Mapping[str, str]) -> list[dict[str, object]]:
    keys = [each for each in asked.get("sorting_keys", "").split(",") if each]
    orders = [each for each in asked.get("sorting_order", "").split(",") if each] or ["ASC"] * len(keys)
    if len(keys) != len(orders) or set(keys) - set(KEYS):
        raise TwinRefusalError(400, "VALIDATION_FAILED", "sorting_keys")
    for name, order in reversed(list(zip(keys, orders, strict=True))):
        found.sort(key=lambda each: str(each.get(name, "")), reverse=order.startswith("DESC"))
    return found


def entry(company: TwinCompany, id_: UUID) -> dict[str, object]:
    """Return an expense as an accounting entry; raises the refusal of one that is not there."""
    if id_ not in company.expenses:
        raise TwinRefusalError(404, "NOT_FOUND")
    filed = company.expenses[id_]
    settled = {} if filed.pending else {"settledAt": filed.settled or company.clock().isoformat()}
    shown: dict[str, object] = {
        "id": str(id_),
        "companyId": str(company.id),
        "family": FAMILIES.get(filed.kind, "CARD_PURCHASE"),
        "status": "PENDING" if filed.pending else "COMPLETED",
        "exportStatus": company.stage(id_),
        "reviewStatus": "NOT_REQUIRED",
        "performedAt": filed.performed or filed.settled or company.clock().isoformat(),
        "createdAt": filed.performed or filed.settled or company.clock().isoformat(),
        "updatedAt": company.clock().isoformat(),
        "transactionValue": _money(filed.supplier_currency or filed.currency, filed),
        "totalBillValue": {"currency": filed.currency, "minors": filed.minor},
        "receiptIds": _receipt_ids(company, id_),
        "tags": [],
        "splitItems": [],
        "attendees": [],
        "note": filed.note,
        **settled,
    }
    if settled:
        shown["bookkeepingDate"] = shown["performedAt"] if filed.kind == "out_of_pocket" else shown["settledAt"]
    shown |= {"employeeId": str(employee_id(filed.employee))} if filed.employee else {}
    return shown | ({"accountId": filed.category["id"]} if filed.category else {})


def receipts(company: TwinCompany, id_: UUID) -> list[dict[str, object]]:
    """Return an entry's receipts, each with a link that lives for 24 hours from now."""
    if id_ not in company.expenses:
        raise TwinRefusalError(404, "NOT_FOUND")
    links = [company.link(content) for content in company.expenses[id_].receipts]
    return [
        {"id": each, "fileType": "PDF", "mimeType": link["type"], "sizeInBytes": link["size"], "url": link["url"]}
        for each, link in zip(_receipt_ids(company, id_), links, strict=True)
    ]


def employees(company: TwinCompany, asked: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the company's people, or those of an address or code."""
    if asked.get("companyId", str(company.id)) != str(company.id):
        return []
    return [
        each
        for each in (employee(company, name) for name in PEOPLE)
        if all(asked.get(name, each[name]) == each[name] for name in ("email", "code"))
    ]


def employee(company: TwinCompany, name: str) -> dict[str, object]:
    """Return a person as the company's list has them."""
    first, _, last = name.partition(" ")
    number = PEOPLE.index(name) + 1
    return {
        "id": str(employee_id(name)),
        "companyId": str(company.id),
        "firstName": first,
        "lastName": last,
        "email": f"person{number}@example.com",
        "code": f"E{number}",
    }


def employee_named(company: TwinCompany, id_: str) -> dict[str, object]:
    """Return the person of an id; raises the refusal of one that is not there."""
    found: Sequence[dict[str, object]] = [each for each in employees(company, {}) if each["id"] == id_]
    if not found:
        raise TwinRefusalError(404, "NOT_FOUND")
    return found[0]


def _receipt_ids(company: TwinCompany, id_: UUID) -> list[str]:
    return [str(uuid5(id_, f"receipt {number}")) for number in range(len(company.expenses[id_].receipts))]


def _money(currency: str, filed: Filed) -> dict[str, object]:
    return {"currency": currency, "minors": filed.minor if filed.supplier_minor is None else filed.supplier_minor}
