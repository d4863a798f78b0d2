"""Finding our documents in QuickBooks by their marks, wherever an answer is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import read_marker
from raccord.sync.books import find_by_name
from raccord.sync.chunks import chunks

LISTS = ("Account", "Customer", "Vendor", "Item")
NUMBERED = ("SalesReceipt", "RefundReceipt", "Purchase", "JournalEntry")
"""Entities whose document number can be asked for; the others are asked for by day and told apart by their mark."""
TELLING = ("AccountType", "IncomeAccountRef")
"""What an entry of the same name must agree in to be ours: money goes where it says."""
CLOCKS_APART = timedelta(hours=1)


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
    since: datetime | None = None
    """When it was sent first; nothing that is older can be it."""


def read_back(client: QuickBooks, sought: Sequence[Sought]) -> dict[str, Mapping[str, Any]]:
    """Return the documents that are there, by code.

    At most one question for each day, 30 numbers, ids or name; and, for those that are not where they were put, one
    for all that was made since: a person may have moved them to another day or number already.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for kind in dict.fromkeys(each.kind for each in sought):
        here = [each for each in sought if each.kind == kind]
        if kind in LISTS:
            found.update(_in_list(client, kind, here))
            continue
        _take(found, here, _where_put(client, kind, here))
        missing = [each for each in here if each.code not in found and not each.update]
        moments = [each.since for each in missing if each.since is not None]
        if moments:
            since = (min(moments) - CLOCKS_APART).astimezone(UTC).isoformat(timespec="seconds")
            _take(found, missing, client.query_all(kind, f"MetaData.CreateTime >= {quoted(since)}"))
    return found


def _where_put(client: QuickBooks, kind: str, sought: Sequence[Sought]) -> Iterator[Mapping[str, Any]]:
    for some in chunks([each for each in sought if each.update], BATCH_MAX):
        yield from client.query_all(kind, f"Id IN ({', '.join(quoted(each.document_id) for each in some)})")
    created = [each for each in sought if not each.update]
    if kind in NUMBERED:
        for some in chunks(created, BATCH_MAX):
            yield from client.query_all(kind, f"DocNumber IN ({', '.join(quoted(_number(each)) for each in some)})")
    else:
        for day in sorted({each.day for each in created if each.day is not None}):
            yield from client.query_all(kind, f"TxnDate = {quoted(day.isoformat())}")


def _take(
    found: dict[str, Mapping[str, Any]], sought: Sequence[Sought], documents: Iterable[Mapping[str, Any]]
) -> None:
    wanted = {each.marker: each.code for each in sought}
    for document in documents:
        code = wanted.get(read_marker(document) or "")
        if code is not None:
            found.setdefault(code, document)


def _in_list(client: QuickBooks, kind: str, sought: Sequence[Sought]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for each in sought:
        body = json.loads(each.body, parse_float=Decimal)
        if each.update:
            rows: Sequence[Mapping[str, Any]] = list(
                client.query_all(kind, f"Id = {quoted(each.document_id)} AND Active IN (true, false)")
            )
            # Entries bear no mark: what still has the token that was sent was not changed by it.
            rows = [row for row in rows if str(row.get("SyncToken")) != str(body.get("SyncToken"))]
        else:
            rows = find_by_name(client, kind, str(body.get("DisplayName") or body.get("Name")))
            rows = [row for row in rows if all(_same(row, body, name) for name in TELLING)]
        if rows:
            found[each.code] = rows[0]
    return found


def _same(row: Mapping[str, Any], body: Mapping[str, Any], name: str) -> bool:
    wanted, there = body.get(name), row.get(name)
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return wanted.get("value") == there.get("value")
    return wanted is None or wanted == there


def _number(sought: Sought) -> str:
    return str(json.loads(sought.body, parse_float=Decimal)["DocNumber"])
