"""A person merges two entries of a list: one vanishes, and everything that named it names the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.changes import MERGE
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.operations import Origin, note
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, business, not_found

PEOPLE = frozenset({"Customer", "Vendor", "Employee"})
MERGED = PEOPLE | {"Account", "Class", "Department", "Item", "PaymentMethod", "Term"}
ENDINGS = {
    "CustomerRef": "Customer",
    "ProjectRef": "Customer",
    "VendorRef": "Vendor",
    "EmployeeRef": "Employee",
    "AccountRef": "Account",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "ItemRef": "Item",
    "PaymentMethodRef": "PaymentMethod",
    "TermRef": "Term",
    "DefaultTerms": "Term",
}
"""What a reference points to, by the end of its name."""


def merge(company: Company, kind: Kind, key: str, into: str, origin: Origin) -> Doc:
    """Let an entry vanish into another of its list and return that one; a refused merge changes nothing."""
    gone, kept = company.get(kind.name, key), company.get(kind.name, into)
    if gone is None or kept is None:
        raise not_found()
    if kind.name not in MERGED or key == into:
        raise business(f"{kind.name} {key} cannot be merged into {into}.")
    if gone.get("AccountType") != kept.get("AccountType") or gone.get("Type") != kept.get("Type"):
        raise business("Only entries of the same type can be merged.")
    if kept.get("Type") == "Inventory":
        raise business("Inventory items cannot be merged.", "Type")
    taxes = (company.settings.get(one, {}) for one in ("tax_accounts", "input_tax_accounts"))
    if kind.name == "Account" and any(key in table.values() for table in taxes):
        raise business("The account of a tax agency cannot be merged into another.")
    if "CurrencyRef" in gone and gone["CurrencyRef"] != kept.get("CurrencyRef"):
        raise business("Only entries of the same currency can be merged.", "CurrencyRef")
    if any(doc.get("ParentRef", {}).get("value") == key for doc in company.table(kind.name)):
        raise business("An entry with entries below it cannot be merged.")
    work = Work(company, origin.by)
    name = kept.get("FullyQualifiedName") or kept.get("DisplayName") or kept["Name"]
    target = {"value": into, "name": name}
    for other in KINDS.values():
        for doc in list(company.table(other.name)):
            if _names(doc, kind.name, key):
                _point_elsewhere(work.touch(other.name, doc["Id"]), kind.name, key, target)
    _repost(work, kind, key, into)
    work.drop(kind.name, key)
    survivor = work.touch(kind.name, into)
    work.tell(kind.name, into, MERGE, vanished=key)
    work.commit(past_closing=True)  # merging names changes no total, and the browser lets it happen in closed books
    note(company, kind, "merge", survivor, origin)
    return survivor


def _repost(work: Work, kind: Kind, key: str, into: str) -> None:
    """Let the ledger's entries name the survivor too."""
    if kind.name not in PEOPLE | {"Account"}:
        return

    def renamed(entry: Entry) -> Entry:
        if kind.name == "Account":
            if entry.stock is not None and entry.stock.contra == key:
                entry = replace(entry, stock=replace(entry.stock, contra=into))
            return replace(entry, account=into) if entry.account == key else entry
        return replace(entry, name=into) if entry.name == key else entry

    for posting in list(work.company.ledger.postings()):
        entries = [renamed(entry) for entry in posting.entries]
        if entries != list(posting.entries):
            work.put(posting.kind, work.touch(posting.kind, posting.id), entries)


def _names(value: Any, kind: str, key: str) -> bool:
    match value:
        case dict():
            return any(_points(name, item, kind, key) or _names(item, kind, key) for name, item in value.items())
        case list():
            return any(_names(item, kind, key) for item in value)
        case _:
            return False


def _points(name: str, ref: Any, kind: str, key: str) -> bool:
    if not isinstance(ref, dict) or ref.get("value") != key:
        return False
    if name in ("EntityRef", "Entity"):
        # People share one sequence of ids, so an id says enough where no type stands beside it.
        return ref["type"] == kind if "type" in ref else kind in PEOPLE
    return any(name.endswith(ending) and found == kind for ending, found in ENDINGS.items())


def _point_elsewhere(value: Any, kind: str, key: str, target: Doc) -> None:
    match value:
        case dict():
            for name, item in value.items():
                if _points(name, item, kind, key):
                    item["value"] = target["value"]
                    if "name" in item:
                        item["name"] = target["name"]
                else:
                    _point_elsewhere(item, kind, key, target)
        case list():
            for item in value:
                _point_elsewhere(item, kind, key, target)
