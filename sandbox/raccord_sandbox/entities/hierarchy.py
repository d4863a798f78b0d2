"""Names in trees: full names, levels, uniqueness and what deactivation does to a name."""

from __future__ import annotations

from collections.abc import Iterator

from raccord_sandbox.company import Work
from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.faults import Doc, FaultError, business

DEEPEST = 4
SUFFIX = " (deleted)"


def full_name(work: Work, kind: Kind, new: Doc, *, flag: str, name: str = "Name") -> Doc | None:
    """Set FullyQualifiedName, Level-like flag and return the parent; faults 6150 and 6180."""
    ref = new.get("ParentRef")
    if ref is None:
        if new.get(flag):
            raise FaultError(6150, f"ParentRef is required when {flag} is true", "ParentRef")
        new[flag] = False
        new["FullyQualifiedName"] = new[name]
        return None
    parent = work.get(kind.name, ref["value"])
    if parent is None:
        raise FaultError(2500, "Invalid Reference Id : ParentRef", "ParentRef")
    chain = list(_ancestors(work, kind, ref["value"]))
    if any(key == new.get("Id") for key in chain):
        raise business("An object cannot be its own parent.", "ParentRef")
    if len(chain) > DEEPEST:
        raise FaultError(6180, "You have exceeded the maximum of five levels", "ParentRef")
    new[flag] = True
    new["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{new[name]}"
    return parent


def depth(work: Work, kind: Kind, doc: Doc) -> int:
    """Return how many parents an object has."""
    ref = doc.get("ParentRef")
    return 0 if ref is None else len(list(_ancestors(work, kind, ref["value"])))


def unique_full_name(work: Work, kind: Kind, draft: Draft, text: str) -> None:
    """Refuse a full name that another object of the entity has (6240)."""
    rename_if_deactivated(draft, "Name")
    rename_children(work, kind, draft.old, draft.new)
    own = draft.old["Id"] if draft.old else None
    for key in work.company.table(kind.name).having("FullyQualifiedName", draft.new["FullyQualifiedName"]):
        if key != own:
            raise FaultError(6240, f"The name supplied already exists. : {text} Id={key}")


def rename_if_deactivated(draft: Draft, name: str) -> None:
    """Give a name that is being deactivated its suffix, and take it away at reactivation."""
    new, old = draft.new, draft.old
    if old is None or old.get("Active", True) == new.get("Active", True):
        return
    for key in (name, "FullyQualifiedName"):
        if key not in new:
            continue
        if new["Active"]:
            new[key] = new[key].removesuffix(SUFFIX)
        elif not new[key].endswith(SUFFIX):
            new[key] += SUFFIX


def rename_children(work: Work, kind: Kind, old: Doc | None, new: Doc) -> None:
    """Carry a changed full name down to everything below."""
    if old is None or old["FullyQualifiedName"] == new["FullyQualifiedName"]:
        return
    name = "DisplayName" if "DisplayName" in kind.properties else "Name"
    for child in list(work.company.table(kind.name)):
        if child.get("ParentRef", {}).get("value") == new["Id"] and child["Id"] != new["Id"]:
            changed = work.touch(kind.name, child["Id"])
            changed["FullyQualifiedName"] = f"{new['FullyQualifiedName']}:{changed[name]}"
            rename_children(work, kind, child, changed)


def _ancestors(work: Work, kind: Kind, key: str) -> Iterator[str]:
    seen = 0
    current: str | None = key
    while current is not None and seen <= DEEPEST + 1:
        yield current
        seen += 1
        doc = work.get(kind.name, current) or {}
        current = doc.get("ParentRef", {}).get("value")
