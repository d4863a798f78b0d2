"""The twin's lists on the wire: accounts, tax codes, tags, vendors, employees, entries and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from uuid import UUID

from raccord_pleo.sandbox import entries
from raccord_pleo.sandbox.company import TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.paging import sliced
from raccord_pleo.sandbox.shapes import SHAPES

if TYPE_CHECKING:
    from raccord_pleo.sandbox.webhooks import TwinWebhooks

BATCH_MAX = 100
Said = dict[str, object]


def answer_list(
    company: TwinCompany, webhooks: TwinWebhooks, method: str, path: Sequence[str], asked: Mapping[str, str], said: Said
) -> tuple[int, object]:
    """Return status and body of a call about a list; raises the refusal of what is none."""
    named = path[1].replace("chart-of-accounts", "accounts") if len(path) > 1 else ""
    shape = SHAPES.get(f"{method} {named}") if len(path) < 4 and path[-1] != "batch" else None
    if shape is not None and (wrong := shape.wrong(said)):
        raise TwinRefusalError(400, "VALIDATION_FAILED", wrong)
    match path:
        case ["v1", "subscriptions", *rest]:
            return _subscriptions(webhooks, method, rest, asked, said)
        case ["v1", "chart-of-accounts" | "chart-of-accounts:search", *_]:
            return _accounts(company, method, path, asked, said)
        case ["v0", *_]:
            return _codes(company, method, path, asked, said)
        case ["v1" | "v2", *_]:
            return _others(company, method, path, asked, said)
        case _:
            raise TwinRefusalError(404, "NOT_FOUND")


def _subscriptions(
    webhooks: TwinWebhooks, method: str, rest: Sequence[str], asked: Mapping[str, str], said: Said
) -> tuple[int, object]:
    match method, rest:
        case "GET", []:
            wanted = [each for each in asked.get("event_types", "").split(",") if each]
            found = [
                each
                for each in webhooks.subscriptions.values()
                if asked.get("status", each["status"]) == each["status"]
                and (not wanted or set(wanted) & set(cast("list[str]", each["eventTypes"])))
            ]
            return 200, sliced(found, asked)
        case "POST", []:
            return 200, {"data": webhooks.create(said)}
        case "GET", [id_]:
            return 200, {"data": webhooks.one(id_)}
        case "PUT", [id_]:
            return 200, {"data": webhooks.update(id_, said)}
        case "DELETE", [id_]:
            webhooks.delete(id_)
            return 204, None
        case "GET", [id_, "secret"]:
            return 200, {"data": webhooks.secret(id_)}
        case "GET", [id_, "activities"] if id_ in webhooks.activities:
            return 200, sliced(webhooks.activities[id_], asked)
        case _:
            raise TwinRefusalError(404, "NOT_FOUND")


def _accounts(
    company: TwinCompany, method: str, path: Sequence[str], asked: Mapping[str, str], said: Said
) -> tuple[int, object]:
    match method, path[1:]:
        case "POST", ["chart-of-accounts:search"]:
            there = company.lists.get("accounts", [])
            if said.get("excludeIfAssignedToCategory"):
                there = [each for each in there if each["externalId"] not in company.categories]
            return 200, sliced(there, asked)
        case "POST", ["chart-of-accounts"]:
            # 200 where the very same account is there, 409 where another one has its id.
            known = company.found("accounts", "externalId", said.get("externalId"))
            same = known is not None and all(known.get(name) == value for name, value in said.items())
            return (200, {"data": known}) if same else (201, {"data": company.add("accounts", "externalId", said)})
        case "POST", ["chart-of-accounts", "batch"]:
            return 200, _batch(company, said)
        case "GET", [_, id_]:
            return 200, {"data": company.one("accounts", id_)}
        case "PUT", [_, id_]:
            return 200, {"data": company.change("accounts", id_, said)}
        case "DELETE", [_, id_]:
            if company.one("accounts", id_)["externalId"] in company.categories:
                raise TwinRefusalError(409, "ACCOUNT_IN_USE", "archive it")
            company.drop("accounts", id_)
            return 204, None
        case _:
            raise TwinRefusalError(404, "NOT_FOUND")


def _batch(company: TwinCompany, said: Said) -> object:
    rows = said.get("accounts")
    if not isinstance(rows, list) or len(rows) > BATCH_MAX:
        raise TwinRefusalError(400, "VALIDATION_FAILED", "accounts")
    created: list[object] = []
    failed: list[object] = []
    for row in rows:
        try:
            created.append(company.add("accounts", "externalId", row))
        except TwinRefusalError as fault:
            reason = "EXTERNAL_ID_ALREADY_EXISTS" if fault.status == 409 else fault.kind
            failed.append({"externalId": row.get("externalId"), "reason": reason})
    return {"created": created, "failed": failed}


def _codes(
    company: TwinCompany, method: str, path: Sequence[str], asked: Mapping[str, str], said: Said
) -> tuple[int, object]:
    match method, path[1:]:
        case "POST", ["tax-codes:search"]:
            return 200, sliced(company.lists.get("tax-codes", []), asked)
        case "POST", ["tax-codes"]:
            return 200, {"data": company.add("tax-codes", "code", said)}
        case "GET", ["tax-codes", id_]:
            return 200, {"data": company.one("tax-codes", id_)}
        case "PUT", ["tax-codes", id_]:
            return 200, {"data": company.change("tax-codes", id_, said)}
        case "DELETE", ["tax-codes", id_]:
            company.drop("tax-codes", id_)
            return 204, None
        case _, ["tag-groups", *_] if not asked.get("company_id") and len(path) == 2:
            raise TwinRefusalError(400, "VALIDATION_FAILED", "company_id or organization_id")
        case "GET", ["tag-groups"]:
            return 200, {"data": company.lists.get("tag-groups", [])}
        case "POST", ["tag-groups"]:
            return 200, {"data": company.add("tag-groups", "code", said)}
        case "GET", ["tag-groups", id_]:
            return 200, {"data": company.one("tag-groups", id_)}
        case "GET", ["tag-groups", group, "tags"]:
            kept = [
                each for each in company.lists.get(group, []) if not each["archived"] or "include_archived" in asked
            ]
            return 200, sliced(kept, asked)
        case "POST", ["tag-groups", group, "tags"]:
            return 201, {"data": company.add(group, "code", said)}
        case "GET", ["tags", id_]:
            return 200, {"data": company.one("", id_)}
        case "PUT", ["tags", id_]:
            return 200, {"data": company.change("", id_, said)}
        case _:
            raise TwinRefusalError(404, "NOT_FOUND")


def _others(
    company: TwinCompany, method: str, path: Sequence[str], asked: Mapping[str, str], said: Said
) -> tuple[int, object]:
    match method, path:
        case "POST", ["v1", "vendors:search"]:
            return 200, sliced(company.lists.get("vendors", []), asked)
        case "POST", ["v1", "vendors"]:
            return 201, {"data": company.add_vendor(said)}
        case "PUT", ["v1", "vendors", id_]:
            return 200, {"data": company.change("vendors", id_, said)}
        case "GET", ["v2", "employees"]:
            return 200, sliced(entries.employees(company, asked), asked)
        case "GET", ["v2", "employees", id_]:
            return 200, {"data": entries.employee_named(company, id_)}
        case "POST", ["v1", "accounting-entries:search"]:
            return 200, sliced(entries.search(company, said, asked), asked)
        case "GET", ["v1", "accounting-entries", id_]:
            return 200, {"data": entries.entry(company, UUID(id_))}
        case "GET", ["v1", "accounting-entries", id_, "receipts"]:
            return 200, sliced(entries.receipts(company, UUID(id_)), asked)
        case _:
            raise TwinRefusalError(404, "NOT_FOUND")
