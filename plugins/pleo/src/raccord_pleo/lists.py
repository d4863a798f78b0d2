"""QuickBooks' lists at Pleo: expense accounts, tax codes in use, vendors, classes and projects as two groups of tags.

Each entry is found at Pleo by QuickBooks' own id, so that what comes twice is one. What QuickBooks no longer uses is
archived there, never deleted. Names that people gave to Pleo's categories are another object and stay theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.plugin import LedgerObject, PushContext, PushResult, SourceTask, Text
from raccord.plugin.records import JSON
from raccord_pleo.client import PleoClient, PleoRefused
from raccord_pleo.fetching import client_of
from raccord_pleo.mapping import CLASSES, PROJECTS

ACCOUNTS, TAX_CODES, VENDORS = "accounts", "tax_codes", "vendors"
TAG_LISTS = {CLASSES: Text("Classes", "Classes"), PROJECTS: Text("Projets", "Projects")}
EXPENSES = frozenset({"Expense", "Other Expense", "Cost of Goods Sold"})
_NAME_CHARS_MAX = 255
_OUR_FAULT = (400, 404, 409)
"""Answers about one entry; any other refusal is of the whole list."""

Body = Mapping[str, JSON | Decimal]


def push_list(context: PushContext, name: str, entries: Sequence[LedgerObject]) -> PushResult | None:
    """Bring entries of one list to Pleo; nothing for a list that is none of ours."""
    client = client_of(context)
    shelf = vendor_shelf(client, context.home_currency) if name == VENDORS else _shelf(client, name)
    if shelf is None:
        return None
    there = shelf.there()
    pushed: list[tuple[str, str]] = []
    refused: list[tuple[str, Text]] = []
    found: list[str] = []
    for entry in entries:
        if not shelf.wanted(entry):
            # Not of this list, or never told and inactive: it is done with.
            pushed.append((entry.id, there.get(entry.id, "")))
            continue
        try:
            known = there.get(entry.id) or there.pop(_named(entry.name), "")
            pushed.append((entry.id, shelf.put(entry, known)))
            found += [entry.id] if known else []
        except PleoRefused as error:
            if error.status not in _OUR_FAULT:
                raise
            refused.append((entry.id, error.text))
    return PushResult(pushed, refused, found)


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
    by_name: bool = False
    """Whether an entry that people made at Pleo, without QuickBooks' id, is the one of its name."""
    later: frozenset[str] = frozenset()
    """Properties that an entry gets once it is made."""

    def there(self) -> dict[str, str]:
        """Return Pleo's ids by QuickBooks' ids; by ``name …`` where people made an entry that bears none."""
        found: dict[str, str] = {}
        for each in self.search():
            if not isinstance(each, Mapping):
                continue
            if each.get(self.code):
                found[str(each[self.code])] = str(each["id"])
            elif self.by_name:
                found[_named(str(each.get("name", "")))] = str(each["id"])
        return found

    def put(self, entry: LedgerObject, known: str) -> str:
        """Make an entry, or bring the one that is there up to date; return Pleo's id of it."""
        body = self.body(entry)
        if known:
            self.client.put(f"{self.path}/{known}", body)
            return known
        new = {name: value for name, value in body.items() if name not in self.later}
        made = str(self.client.post(self.create_path, new).get("id", ""))
        if self.later:
            self.client.put(f"{self.path}/{made}", body)
        return made


def category_task(client: PleoClient) -> SourceTask:
    """Return how many of the expense accounts at Pleo have a category, the name that employees choose by (PO-06)."""
    company = str(client.company)

    def accounts(*, without_category: bool) -> int:
        asked: Body = {
            "companyId": company,
            "excludeIfAssignedToCategory": without_category,
            "excludeIfAssignedToContraAccount": False,
        }
        found = client.search("/v1/chart-of-accounts:search", asked)
        return sum(isinstance(each, Mapping) and not each.get("archived") for each in found)

    of = accounts(without_category=False)
    return SourceTask(
        "categories",
        Text("Comptes de dépense qui ont une catégorie dans Pleo :", "Expense accounts that have a category in Pleo:"),
        of - min(of, accounts(without_category=True)),
        of,
        Text(
            "Dans Pleo, « Comptabilité », « Catégories », donnez-leur un nom que vos employés comprennent ; les "
            "comptes y sont après la première synchro, ou par raccord lists push.",
            "In Pleo, Accounting, Categories, give them a name that your employees understand; the accounts are there "
            "after the first run, or by raccord lists push.",
        ),
    )


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


def vendor_shelf(client: PleoClient, home_currency: str) -> Shelf:
    """Return where vendors stand; one that people made at Pleo waits there as a draft until QuickBooks has it."""
    company = str(client.company)
    return Shelf(
        client,
        lambda: client.search(f"/v1/vendors:search?company_id={company}", {}),
        "externalId",
        "/v1/vendors",
        "/v1/vendors",
        lambda entry: {
            "companyId": company,
            "name": entry.name[:_NAME_CHARS_MAX],
            "defaultCurrency": entry.currency or home_currency,
            "externalId": entry.id,
            "state": "ACTIVE" if entry.active else "ARCHIVED",
        },
        lambda entry: True,
        by_name=True,
        # What is made is a draft; that QuickBooks has it makes it usable.
        later=frozenset({"state"}),
    )


def _named(name: str) -> str:
    return f"name {name.strip().casefold()}"


def _tags(client: PleoClient, name: str) -> Shelf:
    company = str(client.company)
    groups = [each for each in client.rows("/v0/tag-groups", company_id=company) if isinstance(each, Mapping)]
    group = next((str(each["id"]) for each in groups if each.get("code") == name), "")
    if not group:
        made = client.post(f"/v0/tag-groups?company_id={company}", {"code": name, "name": TAG_LISTS[name].en})
        group = str(made["id"])
    return Shelf(
        client,
        lambda: client.rows(f"/v0/tag-groups/{group}/tags", include_archived="true"),
        "code",
        f"/v0/tag-groups/{group}/tags",
        "/v0/tags",
        lambda entry: {"name": entry.name[:_NAME_CHARS_MAX], "code": entry.id, "archived": not entry.active},
        # A project is a customer below another one.
        lambda entry: name == CLASSES or ":" in entry.name,
    )


def _rate(entry: LedgerObject) -> Decimal:
    """Return a tax code's rate on purchases as Pleo says it: 0.14975 is 14.975 %."""
    return (Decimal(entry.details["purchase_percent"]) / 100).normalize()
