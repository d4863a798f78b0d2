"""Batches: up to 30 independent requests in one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from raccord.quickbooks.entities import entity
from raccord.quickbooks.faults import Fault, faults_in

BATCH_MAX = 30
_ID_MAX = 10

Entity = dict[str, Any]


class Operation(StrEnum):
    """What a batch item does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One write. ``id`` is unique in its batch and at most 10 characters.

    ``payload`` is the object's JSON text, sent byte for byte.

    ``options`` is QuickBooks' ``optionsData`` ('void' with UPDATE, 'allowduplicatedocnum').
    """

    id: str
    operation: Operation
    kind: str
    payload: str | bytes
    options: str = ""


@dataclass(frozen=True, slots=True)
class BatchQuery:
    """One question inside a batch."""

    id: str
    statement: str


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What became of one item: ``value`` for a write that worked, ``rows`` for a query, otherwise ``faults``.

    An item that QuickBooks left out of its answer carries one fault whose retry class is ``uncertain``.
    """

    id: str
    value: Entity | None = None
    rows: tuple[Entity, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.faults


def envelope(items: Sequence[BatchItem | BatchQuery]) -> bytes:
    """Return the body of a batch around the items' own text, which is not parsed or rewritten."""
    if not 1 <= len(items) <= BATCH_MAX:
        raise ValueError(f"a batch holds 1 to {BATCH_MAX} items, not {len(items)}")
    ids = [item.id for item in items]
    if len(set(ids)) != len(ids):
        raise ValueError("two items of the batch have the same id")
    if any(not 1 <= len(id) <= _ID_MAX for id in ids):
        raise ValueError(f"the id of a batch item has 1 to {_ID_MAX} characters")
    return b'{"BatchItemRequest":[' + b",".join(map(_item, items)) + b"]}"


def read_answers(items: Sequence[BatchItem | BatchQuery], answered: Entity, tid: str) -> list[BatchAnswer]:
    """Return one answer for each item, in the order of ``items``, whatever the order or gaps of QuickBooks' own."""
    responses = answered.get("BatchItemResponse")
    found = (
        {each.get("bId"): each for each in responses if isinstance(each, dict)} if isinstance(responses, list) else {}
    )
    return [_answer(item, found.get(item.id), tid) for item in items]


def rows_in(response: object, key: str) -> list[Entity]:
    """Return the objects under ``key`` of a QueryResponse; an empty one has no key at all."""
    rows = response.get(key, []) if isinstance(response, dict) else []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _item(item: BatchItem | BatchQuery) -> bytes:
    head = b'{"bId":' + _quoted(item.id)
    if isinstance(item, BatchQuery):
        return head + b',"Query":' + _quoted(item.statement) + b"}"
    payload = item.payload.encode() if isinstance(item.payload, str) else item.payload
    if not (payload.startswith(b"{") and payload.endswith(b"}")):
        raise ValueError(f"the payload of batch item {item.id!r} is not one JSON object")
    options = b',"optionsData":' + _quoted(item.options) if item.options else b""
    return (
        head
        + b',"operation":'
        + _quoted(item.operation)
        + options
        + b","
        + _quoted(entity(item.kind).key)
        + b":"
        + payload
        + b"}"
    )


def _answer(item: BatchItem | BatchQuery, said: Entity | None, tid: str) -> BatchAnswer:
    if said is None:
        return BatchAnswer(item.id, faults=(_missing(tid),))
    operation = item.operation.value if isinstance(item, BatchItem) else "read"
    faults = faults_in(said, 200, tid, operation)
    if faults:
        return BatchAnswer(item.id, faults=faults)
    if isinstance(item, BatchQuery):
        response = said.get("QueryResponse")
        lists = (
            [key for key, value in response.items() if isinstance(value, list)] if isinstance(response, dict) else []
        )
        return BatchAnswer(item.id, rows=tuple(row for key in lists for row in rows_in(response, key)))
    value = said.get(entity(item.kind).key)
    if not isinstance(value, dict):
        return BatchAnswer(item.id, faults=(_missing(tid),))
    return BatchAnswer(item.id, value=value)


def _missing(tid: str) -> Fault:
    # 10000 is QuickBooks' own code for "failed somewhere inside": perhaps executed.
    return Fault("10000", "QuickBooks' answer does not mention this item", http_status=200, tid=tid)


def _quoted(text: str) -> bytes:
    return json.dumps(text).encode()
