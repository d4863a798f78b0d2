"""Up to 30 operations in one request, each with its own answer or fault."""

from __future__ import annotations

from typing import Any

from raccord_sandbox.cdc import changes
from raccord_sandbox.entities.kind import Kind, Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.querying.selection import run
from raccord_sandbox.refusing.faults import Doc, FaultError, missing, throttled, unsupported
from raccord_sandbox.wire import dumps, loads, unreadable

MAX_ITEMS = 30
MAX_OBJECTS = 1000
ID_LENGTH = 10
"""How much of an item's id counts beside the batch's request id."""
OPERATIONS = {"create": Operation.CREATE, "update": Operation.UPDATE, "delete": Operation.DELETE}
ONLY_IN_THE_SCHEMA = frozenset({"void", "send", "merge", "revert"})
BESIDE = frozenset({"bId", "operation", "optionsData"})
READS = ("Query", "CDCQuery")


def run_batch(company: Company, body: object, origin: Origin, marks: frozenset[str] = frozenset()) -> Doc:
    """Execute the items in order and return the answer without envelope. Raises 1040 above 30 items."""
    if not isinstance(body, dict) or not isinstance(body.get("BatchItemRequest"), list) or not body["BatchItemRequest"]:
        raise missing("BatchItemRequest")
    items = body["BatchItemRequest"]
    if len(items) > MAX_ITEMS:
        raise FaultError(1040, f"Batch size exceeds limit : {len(items)} items, at most {MAX_ITEMS} are allowed")
    if not all(isinstance(item, dict) for item in items):
        raise unreadable("BatchItemRequest")
    return {"BatchItemResponse": _Batch(company, origin, marks).answers(items)}


class _Batch:
    def __init__(self, company: Company, origin: Origin, marks: frozenset[str]) -> None:
        self._company = company
        self._origin = origin
        self._marks = marks
        self._seen: set[str] = set()
        self._room = MAX_OBJECTS

    def answers(self, items: list[Doc]) -> list[Doc]:
        return [self._answer(place, item) for place, item in enumerate(items)]

    def _answer(self, place: int, item: Doc) -> Doc:
        number = item.get("bId")
        number = "" if number is None else str(number)
        try:
            self._check_number(number)
            if place > 0:
                self._check_limit()
            return {"bId": number, **self._replayed(number, item)}
        except FaultError as fault:
            return {"bId": number, "Fault": fault.fault()}

    def _check_limit(self) -> None:
        """Refuse an item for the limits, where the fault lab says so."""
        if "throttle_items" in self._marks:
            limit = throttled()
            raise FaultError(limit.code, limit.detail)

    def _check_number(self, number: str) -> None:
        if not number:
            raise missing("bId")
        if number in self._seen:
            raise FaultError(2010, f"Duplicate bId {number} in the batch", "bId")
        self._seen.add(number)

    def _replayed(self, number: str, item: Doc) -> Doc:
        """Answer a write whose batch and item were seen before with its first answer."""
        company = self._company
        ignored = company.switch("ignore_requestid") or "ignore_requestid" in self._marks
        if not self._origin.request_id or ignored or any(name in item for name in READS):
            return self._executed(item)
        key = f"{self._origin.request_id}:{number[:ID_LENGTH]}"
        stored = company.answer_to(key)
        if stored is not None:
            found: Doc = loads(stored.encode())
            return found
        try:
            answer = self._executed(item)
        except FaultError as fault:
            if company.switch("replay_faulted_answers"):
                company.keep_answer(key, dumps({"Fault": fault.fault()}))
            raise
        company.keep_answer(key, dumps(answer))
        return answer

    def _executed(self, item: Doc) -> Doc:
        names = [name for name in item if name in KINDS or name in READS]
        if len(names) > 1:
            raise FaultError(2600, f"Conflicting elements in the request : {', '.join(names)}", names[1])
        match names:
            case ["Query"]:
                return {"QueryResponse": self._counted(run(self._company, str(item["Query"])))}
            case ["CDCQuery"]:
                return {"CDCResponse": self._changes(item["CDCQuery"])}
            case [name]:
                return {name: self._written(KINDS[name], item)}
            case _:
                others = ", ".join(sorted(set(item) - BESIDE))
                raise FaultError(2000, f"Invalid or unsupported object name : {others or 'none'}")

    def _changes(self, query: Any) -> list[Doc]:
        if not isinstance(query, dict):
            raise unreadable("CDCQuery")
        found = changes(self._company, str(query.get("Entities", "")), str(query.get("ChangedSince", "")))
        for block in found[0]["QueryResponse"]:
            self._counted(block)
        return found

    def _counted(self, block: Doc) -> Doc:
        """Refuse an answer that would bring the batch above its most objects."""
        self._room -= int(block.get("maxResults", 0))
        if self._room < 0:
            self._room += int(block["maxResults"])
            raise FaultError(10100, f"Result set too big : a batch may hold at most {MAX_OBJECTS} objects")
        return block

    def _written(self, kind: Kind, item: Doc) -> Doc:
        word = str(item.get("operation") or "").lower()
        options = frozenset(option.strip() for option in str(item.get("optionsData", "")).split(","))
        if not word:
            raise missing("operation")
        if word in ONLY_IN_THE_SCHEMA:
            raise unsupported(f"{word} of {kind.name} in a batch")
        operation = OPERATIONS.get(word)
        if operation is None:
            raise FaultError(2170, f"Invalid Enumeration : operation cannot be {word}", "operation")
        if operation is Operation.UPDATE and "void" in options:
            operation = Operation.VOID
        return write(self._company, kind, item[kind.name], operation, options, self._origin)
