"""Names in trees: full names, levels, uniqueness and what deactivation does to a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business

DEEPEST = 4
SUFFIX = " (deleted)"
SUFFIXED = re.compile(r" \(deleted(?: \d+)?\)$")


def full_name(work: Work, kind: Kind, new: Doc, *, flag: str, name: str = "Name", deepest: int = DEEPEST) -> Doc | None:
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
    # Only what is stored already can have something below it.
    below = _height(work, kind, new["Id"]) if work.company.get(kind.name, new["Id"]) else 0
    if len(chain) + below > deepest:
        raise FaultError(6180, f"Sub Level Limit Exceeded : at most {deepest + 1} levels are allowed", "ParentRef")
    new[flag] = True
    new["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{new[name]}"
    return parent


def depth(work: Work, kind: Kind, doc: Doc) -> int:
    """Return how many parents an object has."""
    ref = doc.get("ParentRef")
    return 0 if ref is None else len(list(_ancestors(work, kind, ref["value"])))


def unique_full_name(work: Work, kind: Kind, draft: Draft, text: str) -> None:
    """Refuse a full name that another object of the entity has (6240)."""
    own = draft.old["Id"] if draft.old else None

    def holder(full: str) -> str | None:
        keys = work.company.table(kind.name).having("FullyQualifiedName", full)
        return next((key for key in keys if key != own), None)

    rename_if_deactivated(work, draft, "Name", lambda: holder(draft.new["FullyQualifiedName"]))
    rename_children(work, kind, draft.old, draft.new)
    taken = holder(draft.new["FullyQualifiedName"])
    if taken is not None:
        raise FaultError(6240, f"The name supplied already exists. : {text} Id={taken}")


def rename_if_deactivated(work: Work, draft: Draft, name: str, holder: Callable[[], str | None]) -> None:
    """Give a name that is being deactivated its suffix, with a number if that is taken; reactivation takes it away."""
    new, old = draft.new, draft.old
    if old is None or old.get("Active", True) == new.get("Active", True) or not work.company.switch("deleted_suffix"):
        return
    names = [key for key in (name, "FullyQualifiedName") if key in new]
    plain = {key: SUFFIXED.sub("", new[key]) for key in names}
    if new["Active"]:
        new.update(plain)
        return
    number = 1
    while True:
        suffix = SUFFIX if number == 1 else f" (deleted {number})"
        new.update({key: plain[key] + suffix for key in names})
        if holder() is None:
            return
        number += 1


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


def _height(work: Work, kind: Kind, key: str) -> int:
    """Return how many levels there are below an object."""
    below = [child["Id"] for child in work.company.table(kind.name) if child.get("ParentRef", {}).get("value") == key]
    return max((1 + _height(work, kind, child) for child in below), default=0)


def _ancestors(work: Work, kind: Kind, key: str) -> Iterator[str]:
    seen = 0
    current: str | None = key
    while current is not None and seen <= DEEPEST + 1:
        yield current
        seen += 1
        doc = work.get(kind.name, current) or {}
        current = doc.get("ParentRef", {}).get("value")
