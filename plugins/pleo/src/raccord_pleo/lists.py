"""QuickBooks' lists at Pleo: expense accounts, tax codes in use, classes and projects as two groups of tags.

Each entry is found at Pleo by QuickBooks' own id, so that what comes twice is one. What QuickBooks no longer uses is
archived there, never deleted. Names that people gave to Pleo's categories are another object and stay theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.plugin import LedgerObject, PushContext, PushResult, Text
from raccord.plugin.records import JSON
from raccord_pleo.client import PleoClient, PleoRefused
from raccord_pleo.fetching import client_of
from raccord_pleo.mapping import CLASSES, PROJECTS

ACCOUNTS, TAX_CODES = "accounts", "tax_codes"
TAG_LISTS = {CLASSES: Text("Classes", "Classes"), PROJECTS: Text("Projets", "Projects")}
EXPENSES = frozenset({"Expense", "Other Expense", "Cost of Goods Sold"})
_NAME_CHARS_MAX = 255
_OUR_FAULT = (400, 404, 409)
"""Answers about one entry; any other refusal is of the whole list."""

Body = Mapping[str, JSON]


def push_list(context: PushContext, name: str, entries: Sequence[LedgerObject]) -> PushResult | None:
    """Bring entries of one list to Pleo; nothing for a list that is none of ours."""
    shelf = _shelf(client_of(context, context.http), name)
    if shelf is None:
        return None
    there = shelf.there()
    pushed: list[tuple[str, str]] = []
    refused: list[tuple[str, Text]] = []
    for entry in entries:
        if not shelf.wanted(entry):
            # Not of this list, or never told and inactive: it is done with.
            pushed.append((entry.id, there.get(entry.id, "")))
            continue
        try:
            pushed.append((entry.id, shelf.put(entry, there.get(entry.id, ""))))
        except PleoRefused as error:
            if error.status not in _OUR_FAULT:
                raise
            refused.append((entry.id, error.text))
    return PushResult(pushed, refused)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the entries of one list stand at Pleo."""

    client: PleoClient
    search: Callable[[], Iterator[object]]
    code: str
    """The property that holds QuickBooks' id."""
    create_path: str
    path: str
    body: Callable[[LedgerObject], Body]
    wanted: Callable[[LedgerObject], bool]

    def there(self) -> dict[str, str]:
        """Return Pleo's ids by QuickBooks' ids."""
        found = (each for each in self.search() if isinstance(each, Mapping) and each.get(self.code))
        return {str(each[self.code]): str(each["id"]) for each in found}

    def put(self, entry: LedgerObject, known: str) -> str:
        """Make an entry, or bring the one that is there up to date; return Pleo's id of it."""
        body = self.body(entry)
        if known:
            self.client.put(f"{self.path}/{known}", body)
            return known
        made = self.client.post(self.create_path, body)
        return str(made.get("id", ""))


def _shelf(client: PleoClient, name: str) -> Shelf | None:
    company = str(client.company)
    if name == ACCOUNTS:
        asked: Body = {
            "companyId": company,
            "excludeIfAssignedToCategory": False,
            "excludeIfAssignedToContraAccount": False,
        }
        return Shelf(
            client,
            lambda: client.search("/v1/chart-of-accounts:search", asked),
            "externalId",
            "/v1/chart-of-accounts",
            "/v1/chart-of-accounts",
            lambda entry: {
                "companyId": company,
                "name": entry.name[:_NAME_CHARS_MAX],
                "code": entry.number or None,
                "externalId": entry.id,
                "archived": not entry.active,
            },
            lambda entry: entry.type in EXPENSES,
        )
    if name == TAX_CODES:
        return Shelf(
            client,
            lambda: client.search(f"/v0/tax-codes:search?company_id={company}", {}),
            "code",
            "/v0/tax-codes",
            "/v0/tax-codes",
            lambda entry: {
                "companyId": company,
                "name": entry.name[:_NAME_CHARS_MAX],
                "rate": _rate(entry),
                "type": "inclusive",
                "code": entry.id,
                "archived": not entry.active,
            },
            lambda entry: "purchase_percent" in entry.details,
        )
    return _tags(client, name) if name in TAG_LISTS else None


def _tags(client: PleoClient, name: str) -> Shelf:
    company = str(client.company)
    groups = [each for each in client.rows(f"/v0/tag-groups?company_id={company}") if isinstance(each, Mapping)]
    group = next((str(each["id"]) for each in groups if each.get("code") == name), "")
    if not group:
        made = client.post(f"/v0/tag-groups?company_id={company}", {"code": name, "name": TAG_LISTS[name].en})
        group = str(made["id"])
    return Shelf(
        client,
        lambda: client.rows(f"/v0/tag-groups/{group}/tags?include_archived=true"),
        "code",
        f"/v0/tag-groups/{group}/tags",
        "/v0/tags",
        lambda entry: {"name": entry.name[:_NAME_CHARS_MAX], "code": entry.id, "archived": not entry.active},
        # A project is a customer below another one.
        lambda entry: name == CLASSES or ":" in entry.name,
    )


def _rate(entry: LedgerObject) -> str:
    """Return a tax code's rate on purchases as Pleo says it: 0.14975 is 14.975 %."""
    return format((Decimal(entry.details["purchase_percent"]) / 100).normalize(), "f")
