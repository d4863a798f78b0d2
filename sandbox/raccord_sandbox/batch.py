"""Up to 30 operations in one request, each with its own answer or fault."""

from __future__ import annotations

from raccord_sandbox.company import Company
from raccord_sandbox.entities.kind import Kind, Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import Doc, FaultError, missing
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.selection import run
from raccord_sandbox.wire import unreadable

MAX_ITEMS = 30
OPERATIONS = {"create": Operation.CREATE, "update": Operation.UPDATE, "delete": Operation.DELETE}


def run_batch(company: Company, body: object, origin: Origin) -> Doc:
    """Execute the items in order and return the answer without envelope. Raises 1040 above 30 items."""
    if not isinstance(body, dict) or not isinstance(body.get("BatchItemRequest"), list):
        raise missing("BatchItemRequest")
    items = body["BatchItemRequest"]
    if len(items) > MAX_ITEMS:
        raise FaultError(1040, f"Batch size exceeds limit : {len(items)} items, at most {MAX_ITEMS} are allowed")
    seen: set[str] = set()
    answers = []
    for item in items:
        if not isinstance(item, dict):
            raise unreadable("BatchItemRequest")
        answers.append(_answer(company, item, seen, origin))
    return {"BatchItemResponse": answers}


def _answer(company: Company, item: Doc, seen: set[str], origin: Origin) -> Doc:
    number = str(item.get("bId", ""))
    try:
        _refuse_duplicate(number, seen)
        seen.add(number)
        return {"bId": number, **_execute(company, item, origin)}
    except FaultError as fault:
        return {"bId": number, "Fault": fault.fault()}


def _refuse_duplicate(number: str, seen: set[str]) -> None:
    if not number:
        raise missing("bId")
    if number in seen:
        raise FaultError(2010, f"Duplicate bId {number} in the batch", "bId")


def _execute(company: Company, item: Doc, origin: Origin) -> Doc:
    if "Query" in item:
        return {"QueryResponse": run(company, str(item["Query"]))}
    kind = _kind(item)
    options = frozenset(word.strip() for word in str(item.get("optionsData", "")).split(","))
    operation = OPERATIONS.get(str(item.get("operation", "")).lower())
    if operation is None:
        raise FaultError(2170, f"Invalid Enumeration : operation cannot be {item.get('operation')}", "operation")
    if operation is Operation.UPDATE and "void" in options:
        operation = Operation.VOID
    return {kind.name: write(company, kind, item[kind.name], operation, options, origin)}


def _kind(item: Doc) -> Kind:
    for name in item:
        if name in KINDS:
            return KINDS[name]
    names = sorted(set(item) - {"bId", "operation", "optionsData"})
    raise FaultError(2000, f"Invalid or unsupported object name : {', '.join(names) or 'none'}")
