"""What a line of a plan changes in a document, field by field: each value as QuickBooks holds it and as it will be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

_ADDRESS = frozenset({"Id", "SyncToken", "sparse", "MetaData", "domain"})
_OWN = frozenset({"Id", "LineNum"})
"""What QuickBooks numbers by itself inside a document."""
_COMPUTED_LINES = frozenset({"SubTotalLineDetail"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a document, by its path; empty where there is none, before or after."""

    field: str
    before: str
    after: str


def field_changes(payload: str, document: Mapping[str, object]) -> list[FieldChange]:
    """Return every field that sending ``payload`` as an update of ``document`` changes.

    Of a sparse update the properties it names; a list among them is replaced whole, so what only QuickBooks' version
    holds there is shown as lost. What QuickBooks computes (totals, subtotal lines) follows from these and is not named.
    """
    body = json.loads(payload, parse_float=Decimal)
    # An update that is not sparse takes away what it leaves out.
    names = body if body.get("sparse") else {**document, **body}
    found: list[FieldChange] = []
    for name in names:
        if name in _ADDRESS:
            continue
        before, after = dict(_leaves(document.get(name), name)), dict(_leaves(body.get(name), name))
        paths = [*after, *(path for path in before if path not in after)]
        every = (FieldChange(path, before.get(path, ""), after.get(path, "")) for path in paths)
        found.extend(each for each in every if each.before != each.after)
    return found


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping() if "value" in value:
            # A reference: names and types beside the id are QuickBooks' own.
            yield path, str(value["value"])
        case Mapping():
            for name, each in value.items():
                if name not in _OWN:
                    yield from _leaves(each, f"{path}.{name}")
        case list() | tuple():
            for place, each in enumerate(_own_lines(value)):
                yield from _leaves(each, f"{path}[{place}]")
        case bool():
            yield path, "true" if value else "false"
        case int() | Decimal():
            yield path, format(Decimal(value).normalize(), "f")
        case _:
            yield path, str(value)


def _own_lines(lines: Sequence[object]) -> list[object]:
    return [each for each in lines if not (isinstance(each, Mapping) and each.get("DetailType") in _COMPUTED_LINES)]
