"""Whether a document in QuickBooks says what a body of ours says; QuickBooks may say more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from raccord.quickbooks.codec.notes import without_marks

_ADDRESS = frozenset({"Id", "SyncToken", "sparse"})
_COMPUTED = frozenset(
    {"Balance", "BalanceWithJobs", "CurrentBalance", "CurrentBalanceWithSubAccounts", "Classification", "Level"}
)
"""What QuickBooks works out by itself; sent back with an entry that is updated whole, it is no difference."""
_COMPUTED_LINES = frozenset({"SubTotalLineDetail"})
"""Lines that QuickBooks adds by itself."""


def differing(body: Mapping[str, object], document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the properties of ``body`` in which ``document`` differs, by path; our marks and what QuickBooks adds or
    leaves out as empty are no difference.
    """
    return tuple(
        _in_object({name: each for name, each in body.items() if name not in _ADDRESS | _COMPUTED}, document, "")
    )


def _in_object(ours: Mapping[str, object], theirs: Mapping[str, object], path: str) -> Iterator[str]:
    if "value" in ours:
        # A reference: names and types beside the id are QuickBooks' own.
        if ours["value"] != theirs.get("value"):
            yield path
        return
    # Where the price holds the tax, QuickBooks takes it out by itself, a cent away now and then.
    held = any(isinstance(each, Mapping) and "TaxInclusiveAmt" in each for each in ours.values())
    for name, each in ours.items():
        if held and name == "Amount":
            continue
        yield from _in_value(each, theirs.get(name), f"{path}.{name}" if path else name)


def _in_value(ours: object, theirs: object, path: str) -> Iterator[str]:
    match ours:
        case Mapping():
            yield from _in_object(ours, theirs if isinstance(theirs, Mapping) else {}, path)
        case list() | tuple():
            yield from _in_list(ours, theirs if isinstance(theirs, list | tuple) else (), path)
        case _:
            if not _same(ours, theirs):
                yield path


def _in_list(ours: Sequence[object], theirs: Sequence[object], path: str) -> Iterator[str]:
    kept = [each for each in theirs if not (isinstance(each, Mapping) and each.get("DetailType") in _COMPUTED_LINES)]
    if len(kept) != len(ours):
        yield path
        return
    for place, (mine, other) in enumerate(zip(ours, kept, strict=True)):
        yield from _in_value(mine, other, f"{path}[{place}]")


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, str):
        return without_marks(ours) == without_marks(theirs if isinstance(theirs, str) else "")
    if isinstance(ours, bool) or ours is None:
        return bool(ours) == bool(theirs)
    return isinstance(theirs, int | Decimal) and not isinstance(theirs, bool) and ours == theirs
