"""Finding our documents in QuickBooks by their marks, wherever an answer is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import read_marker
from raccord.sync.books import find_by_name
from raccord.sync.chunks import chunks

LISTS = ("Account", "Customer", "Vendor", "Item")
NUMBERED = ("SalesReceipt", "RefundReceipt", "Purchase", "JournalEntry")
"""Entities whose document number can be asked for; the others are asked for by day and told apart by their mark."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A document that may be in QuickBooks: its mark, and what tells where to look."""

    code: str
    marker: str
    kind: str
    update: bool
    document_id: str
    body: str
    day: date | None


def read_back(client: QuickBooks, sought: Sequence[Sought]) -> dict[str, Mapping[str, Any]]:
    """Return the documents that are there, by code; at most one question for each day, 30 numbers, ids or name."""
    found: dict[str, Mapping[str, Any]] = {}
    for kind in dict.fromkeys(each.kind for each in sought):
        here = [each for each in sought if each.kind == kind]
        if kind in LISTS:
            found.update(_by_name(client, kind, here))
            continue
        rows: list[Mapping[str, Any]] = []
        for some in chunks([each for each in here if each.update], BATCH_MAX):
            rows.extend(client.query_all(kind, f"Id IN ({', '.join(quoted(each.document_id) for each in some)})"))
        created = [each for each in here if not each.update]
        if kind in NUMBERED:
            for some in chunks(created, BATCH_MAX):
                rows.extend(
                    client.query_all(kind, f"DocNumber IN ({', '.join(quoted(_number(each)) for each in some)})")
                )
        else:
            for day in sorted({each.day for each in created if each.day is not None}):
                rows.extend(client.query_all(kind, f"TxnDate = {quoted(day.isoformat())}"))
        by_marker = {read_marker(row): row for row in rows}
        found.update({each.code: by_marker[each.marker] for each in here if each.marker in by_marker})
    return found


def _by_name(client: QuickBooks, kind: str, sought: Sequence[Sought]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for each in sought:
        body = json.loads(each.body, parse_float=Decimal)
        rows = find_by_name(client, kind, str(body.get("DisplayName") or body.get("Name")))
        if rows:
            found[each.code] = rows[0]
    return found


def _number(sought: Sought) -> str:
    return str(json.loads(sought.body, parse_float=Decimal)["DocNumber"])
