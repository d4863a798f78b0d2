"""Create, read, update, delete and void: the order of checks and the one place where objects are written."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from raccord_sandbox.clock import stamp
from raccord_sandbox.currency import home_amounts
from raccord_sandbox.entities.amounts import refuse_unnamed
from raccord_sandbox.entities.kind import Draft, Family, Kind, Operation
from raccord_sandbox.keeping.changes import VOID
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import INACTIVE, Doc, FaultError, missing, not_found, stale, unsupported
from raccord_sandbox.schema import FoundRef, Reading
from raccord_sandbox.wire import unreadable

SHORT_DELETES = frozenset({"Deposit", "Transfer"})
"""Documents that are reported to be deleted by Id and SyncToken alone, which nobody documents."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes: the API with its request id, or a person in the browser (through the lab)."""

    by: str = "api"
    request_id: str = ""


def read(company: Company, kind: Kind, key: str, include: Iterable[str] = ()) -> Doc:
    """Return an object as it is shown. Raises 610, and 2030 for an id that is no number."""
    doc = company.get(kind.name, key)
    if doc is None:
        if not key.isdecimal() and key not in ("TAX", "NON"):
            raise FaultError(2030, f"Invalid ID : {key}", "Id")
        raise not_found()
    return shown(company, kind, doc, include)


def shown(company: Company, kind: Kind, doc: Doc, include: Iterable[str] = ()) -> Doc:
    """Return an object with what is computed at reading, and what `include` asks for."""
    doc = doc if kind.render is None else kind.render(company, doc)
    if kind.family is Family.TRANSACTION:
        doc = {**doc, **home_amounts(company, kind.name, doc)} if company.multicurrency else doc
    for word in kind.extras.keys() & frozenset(include):
        doc = kind.extras[word](company, doc)
    return doc


def write(
    company: Company,
    kind: Kind,
    body: Any,
    operation: Operation,
    include: Iterable[str] = (),
    origin: Origin | None = None,
) -> Doc:
    """Execute one write and return its answer without envelope; a refused one changes nothing."""
    if not isinstance(body, dict):
        raise unreadable()
    if kind.unwrap is not None:
        body = kind.unwrap(body)
    if operation is Operation.UPDATE and not _has_id(body):
        operation = Operation.CREATE
    origin = origin or Origin()
    if origin.by == "api":
        refuse_if_expired(company)
    allowed = kind.operations if origin.by == "api" else kind.operations | kind.by_person
    if operation not in allowed and not _undocumented_void(company, kind, operation, origin):
        raise unsupported(f"{operation} of {kind.name}")
    work = Work(company, origin.by)
    options = frozenset(include)
    match operation:
        case Operation.CREATE:
            answer = _create(work, kind, body, options)
        case Operation.UPDATE:
            answer = _update(work, kind, body, options)
        case Operation.DELETE:
            answer = _delete(work, kind, body)
        case Operation.VOID:
            answer = _void(work, kind, body)
        case Operation.READ | Operation.QUERY:
            raise unsupported(f"{operation} of {kind.name}")
    work.commit()
    note(company, kind, operation, answer, origin)
    stored = company.get(kind.name, answer["Id"])
    return answer if stored is None else shown(company, kind, stored, options)


def note(company: Company, kind: Kind, operation: str, answer: Doc, origin: Origin) -> None:
    """Enter a write in the log."""
    company.note_write(
        {
            "number": len(company.writes) + 1,
            "at": stamp(company.clock.now()),
            "operation": str(operation),
            "entity": kind.name,
            "id": answer["Id"],
            "doc_number": answer.get("DocNumber", ""),
            "private_note": answer.get("PrivateNote", ""),
            "by": origin.by,
            "request_id": origin.request_id,
        }
    )


def refuse_if_expired(company: Company) -> None:
    """Raise 6190 where the subscription has ended: the books can only be read."""
    if company.switch("expired"):
        raise FaultError(
            6190,
            "Invalid company status : You can't add data to QuickBooks Online because your trial or subscription "
            "period ended.",
        )


def _undocumented_void(company: Company, kind: Kind, operation: Operation, origin: Origin) -> bool:
    """Tell whether a void that the API does not document is done: by a person, or where the switch is on."""
    allowed = origin.by == "person" or company.settings.get("undocumented_voids")
    return bool(allowed) and operation is Operation.VOID and kind.void is not None


def _has_id(body: Doc) -> bool:
    return body.get("Id") not in (None, "")


def _create(work: Work, kind: Kind, body: Doc, include: frozenset[str]) -> Doc:
    for name in kind.required:
        _require(body, name)
    reading = Reading()
    new: Doc = _without_blanks(kind.block.read(body, "", reading))
    _require_read(kind, body, new)
    _resolve(work.company, reading, None)
    new = work.fresh(new, kind.sequence)
    draft = Draft(new, None, frozenset(new), include)
    return _settle(work, kind, draft)


def _update(work: Work, kind: Kind, body: Doc, include: frozenset[str]) -> Doc:
    sparse = body.get("sparse") in (True, "true")
    old = _existing(work, kind, body)
    _require(body, "SyncToken")
    for name in kind.sparse_required if sparse else kind.required:
        _require(body, name)
    reading = Reading()
    sent: Doc = kind.block.read(body, "", reading)
    if work.company.switch("stale_before_references"):
        _check_token(old, body)
    _resolve(work.company, reading, old)
    _check_token(old, body)
    kept = kind.kept if not sparse else frozenset(old)
    new = {name: copy.deepcopy(value) for name, value in old.items() if name in kept or name not in kind.properties}
    new = _without_blanks({**new, **sent})
    _require_read(kind, body, new)
    new["Id"], new["domain"], new["sparse"] = old["Id"], "QBO", False
    work.renew(new, old)
    return _settle(work, kind, Draft(new, old, frozenset(sent), include))


def _settle(work: Work, kind: Kind, draft: Draft) -> Doc:
    kind.settle(work, kind, draft)
    refuse_unnamed(work, draft.entries or ())
    work.put(kind.name, draft.new, draft.entries)
    return draft.new


def _delete(work: Work, kind: Kind, body: Doc) -> Doc:
    old = _existing(work, kind, body)
    _require(body, "SyncToken")
    if kind.name in SHORT_DELETES and not work.company.switch("short_delete_body"):
        for name in kind.required:
            _require(body, name)
    _check_token(old, body)
    if kind.release is not None:
        kind.release(work, kind, old)
    work.drop(kind.name, old["Id"])
    return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}


def _void(work: Work, kind: Kind, body: Doc) -> Doc:
    old = _existing(work, kind, body)
    _require(body, "SyncToken")
    _check_token(old, body)
    if kind.void is None:
        raise unsupported(f"void of {kind.name}")
    new = copy.deepcopy(old)
    kind.void(work, kind, new)
    work.renew(new, old)
    work.put(kind.name, new, ())
    work.tell(kind.name, new["Id"], VOID)
    return new


def _existing(work: Work, kind: Kind, body: Doc) -> Doc:
    _require(body, "Id")
    key = str(body["Id"])
    if not key.isdecimal() and key not in ("TAX", "NON"):
        raise FaultError(2030, f"Invalid ID : {key}", "Id")
    old = work.get(kind.name, key)
    if old is None:
        raise not_found()
    return old


def _require(body: Doc, name: str) -> None:
    if body.get(name) in (None, "", [], {}):
        raise missing(name)


def _require_read(kind: Kind, body: Doc, new: Doc) -> None:
    """Raise 2020 for what was sent, as it must be, without a value in it: a reference that names nothing."""
    for name in kind.required:
        if name in body and name in kind.properties and name not in new:
            raise missing(name)


def _check_token(old: Doc, body: Doc) -> None:
    if str(body["SyncToken"]) != old["SyncToken"]:
        raise stale()


def _resolve(company: Company, reading: Reading, old: Doc | None) -> None:
    """Look up every reference: unknown is 2500, inactive is 610 unless the stored object has it already."""
    known = _references(old) if old is not None else frozenset()
    for found in reading.refs:
        target = _target(company, found)
        if target is None:
            raise FaultError(2500, f"Invalid Reference Id : {found.path}", found.path.rsplit(".", 1)[-1])
        if not target.get("Active", True) and found.value["value"] not in known:
            raise FaultError(610, f"Object Not Found : {INACTIVE}", found.path.rsplit(".", 1)[-1])
        name = target.get("FullyQualifiedName") or target.get("DisplayName") or target.get("Name")
        if name:
            found.value["name"] = name


def _target(company: Company, found: FoundRef) -> Doc | None:
    for kind in found.kinds:
        target = company.get(kind, found.value["value"])
        if target is not None:
            return target
    return None


def _references(value: Any) -> frozenset[str]:
    match value:
        case {"value": str(key)}:
            return frozenset({key})
        case dict():
            return frozenset().union(*(_references(item) for item in value.values()))
        case list():
            return frozenset().union(*(_references(item) for item in value))
        case _:
            return frozenset()


def _without_blanks(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if value not in ("", {})}
