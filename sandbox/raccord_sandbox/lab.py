"""The control API under /_lab/: faults, clock, a person's deeds, the log of writes, snapshots."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from raccord_sandbox.clock import stamp
from raccord_sandbox.company import Company, Work, assert_books_balance
from raccord_sandbox.config import Limits
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faultlab import ArmedFault, Effect, FaultLab
from raccord_sandbox.faults import Doc, FaultError
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.store import Store
from raccord_sandbox.wire import dumps, loads

PERSON = Origin(by="person")
SWITCHES = frozenset(
    {
        "ignore_requestid",
        "replay_faulted_answers",
        "store_deposit_number",
        "closed_books_password",
        "cap_max_results",
        "cdc_limit_per_entity",
        "expired",
    }
)
MAX_PAGE = 10_000
MAX_BODY = 1_000_000


class LabError(Exception):
    """A request of the lab that cannot be done, with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def lab_router(store: Store, lab: FaultLab) -> APIRouter:
    """Return the lab's routes; they answer on the loopback only and ask for the lab token."""
    router = APIRouter(prefix="/_lab")
    deeds: dict[str, Callable[[Doc], Any]] = {
        "POST faults": lambda body: _arm(lab, body),
        "GET faults": lambda body: [_plain(asdict(fault)) for fault in lab.armed()],
        "DELETE faults": lambda body: lab.clear(body.get("seed")),
        "POST clock": lambda body: _clock(store, body),
        "GET clock": lambda body: {"now": stamp(store.clock.now())},
        "POST limits": lambda body: _limits(store, body),
        "GET companies": lambda body: [_described(company) for company in store],
        "POST companies": lambda body: _described(store.add(_template(body))),
        "POST tokens": lambda body: store.grants.grant(_company(store, body).realm),
        "POST tokens/expire": lambda body: store.grants.expire_access_tokens(),
        "POST tokens/disconnect": lambda body: store.grants.disconnect(_company(store, body).realm),
        "POST switches": lambda body: _switch(_company(store, body), body),
        "POST close-books": lambda body: _close_books(_company(store, body), body),
        "POST deactivate": lambda body: _deed(_company(store, body), body, Operation.UPDATE, {"Active": False}),
        "POST edit": lambda body: _deed(_company(store, body), body, Operation.UPDATE, body.get("changes", {})),
        "POST delete": lambda body: _deed(_company(store, body), body, Operation.DELETE, {}),
        "POST void": lambda body: _deed(_company(store, body), body, Operation.VOID, {}),
        "POST create": lambda body: _deed(_company(store, body), body, Operation.CREATE, body.get("changes", {})),
        "GET writes": lambda body: _writes(_company(store, body), body),
        "GET check": lambda body: _check(_company(store, body)),
        "POST snapshot": lambda body: store.snapshot(_company(store, body), str(body.get("name", "default"))),
        "POST restore": lambda body: _restore(store, body),
    }

    @router.api_route("/{deed:path}", methods=["GET", "POST", "DELETE"], response_model=None)
    async def control(request: Request, deed: str) -> Response:
        try:
            _admit(store, request)
            body = {**request.query_params, **await _body(request)}
            return _json(200, _found(deeds, f"{request.method} {deed}")(body))
        except LabError as error:
            return _json(error.status, {"error": str(error)})
        except FaultError as fault:
            return _json(400, {"error": str(fault), "code": str(fault.code)})

    return router


def _found(deeds: dict[str, Callable[[Doc], Any]], name: str) -> Callable[[Doc], Any]:
    if name not in deeds:
        raise LabError(404, f"no deed {name}; there are: {', '.join(sorted(deeds))}")
    return deeds[name]


def _admit(store: Store, request: Request) -> None:
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise LabError(403, "the lab answers on the loopback only")
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), store.config.lab_token.encode()):
        raise LabError(401, "the lab needs its token: Authorization: Bearer <token printed at the start>")


async def _body(request: Request) -> Doc:
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MAX_BODY:
            raise LabError(413, f"a lab request may hold at most {MAX_BODY} bytes")
    if not raw:
        return {}
    body = loads(raw)
    if not isinstance(body, dict):
        raise LabError(400, "the body must be a JSON object")
    return body


def _json(status: int, value: Any) -> Response:
    return Response(dumps(value), status, media_type="application/json")


def _company(store: Store, body: Doc) -> Company:
    realm = str(body.get("realm", ""))
    company = store.get(realm)
    if company is None:
        raise LabError(404, f"no company {realm!r}; name one with realm")
    return company


def _template(body: Doc) -> str:
    template = str(body.get("template", ""))
    if template not in ("quebec", "us"):
        raise LabError(400, f"no template {template!r}; there are quebec and us")
    return template


def _described(company: Company) -> Doc:
    return {
        "realm": company.realm,
        "name": company.settings["name"],
        "template": company.settings["template"],
        "objects": {kind: len(table) for kind, table in company.tables.items()},
        "writes": len(company.writes),
    }


def _arm(lab: FaultLab, body: Doc) -> Doc:
    fields = {name: value for name, value in body.items() if name in ArmedFault.__dataclass_fields__}
    unknown = sorted(set(body) - set(fields))
    if unknown or "effect" not in fields:
        raise LabError(400, f"unknown or missing fields: {', '.join(unknown) or 'effect'}")
    try:
        fields["effect"] = Effect(fields["effect"])
    except ValueError as error:
        raise LabError(400, f"no effect {fields['effect']!r}; there are {', '.join(Effect)}") from error
    try:
        fields["probability"] = float(fields.get("probability", 1))
        fault = ArmedFault(**fields)
        lab.arm(fault)
    except (ValueError, TypeError, re.error) as error:
        raise LabError(400, f"a field of the fault is not valid: {error}") from error
    return _plain(asdict(fault))


def _plain(fields: Doc) -> Doc:
    """Return the fields of a fault with its probability as an exact number."""
    return {**fields, "effect": str(fields["effect"]), "probability": Decimal(str(fields["probability"]))}


def _clock(store: Store, body: Doc) -> Doc:
    try:
        store.clock.advance(timedelta(seconds=float(body.get("advance", 0))))
    except (ValueError, OverflowError) as error:
        raise LabError(400, "advance is a number of seconds") from error
    return {"now": stamp(store.clock.now())}


def _limits(store: Store, body: Doc) -> None:
    if body.get("documented"):
        store.throttle.limits = Limits.documented()
        return
    try:
        store.throttle.limits = Limits(**body)
    except TypeError as error:
        raise LabError(400, f"limits are {', '.join(Limits.__dataclass_fields__)}") from error


def _switch(company: Company, body: Doc) -> Doc:
    changes = {name: value for name, value in body.items() if name != "realm"}
    unknown = sorted(set(changes) - SWITCHES)
    if unknown:
        raise LabError(400, f"no switch {', '.join(unknown)}; there are {', '.join(sorted(SWITCHES))}")
    with company.lock:
        company.settings.update({name: bool(value) for name, value in changes.items()})
        company.save_settings()
        company.flush()
        return {name: bool(company.settings.get(name)) for name in sorted(SWITCHES)}


def _close_books(company: Company, body: Doc) -> Doc:
    """Close the books up to a date, or open them without one, as a person does in the settings."""
    day = body.get("date")
    if day is not None:
        try:
            day = date.fromisoformat(str(day)).isoformat()
        except ValueError as error:
            raise LabError(400, f"{day} is not a date") from error
    with company.lock:
        work = Work(company)
        preferences = work.touch("Preferences", "1")
        section = preferences["AccountingInfoPrefs"]
        section.pop("BookCloseDate", None)
        if day is not None:
            section["BookCloseDate"] = day
        work.commit()
        company.flush()
    return {"BookCloseDate": day}


def _deed(company: Company, body: Doc, operation: Operation, changes: Doc) -> Doc:
    kind = KINDS.get(str(body.get("entity", "")))
    if kind is None:
        raise LabError(400, f"no entity {body.get('entity')!r}; there are {', '.join(KINDS)}")
    with company.lock:
        target: Doc = dict(changes)
        if operation is not Operation.CREATE:
            stored = company.get(kind.name, str(body.get("id", "")))
            if stored is None:
                raise LabError(404, f"no {kind.name} {body.get('id')!r}")
            needed = {name: stored[name] for name in kind.sparse_required}
            target = {**needed, **changes, "Id": stored["Id"], "SyncToken": stored["SyncToken"], "sparse": True}
        try:
            return write(company, kind, target, operation, ("allowduplicatedocnum",), PERSON)
        finally:
            company.flush()


def _writes(company: Company, body: Doc) -> Doc:
    """Return the log of writes, filtered by equal fields, and how many creates each document number has."""
    filters = {name: str(body[name]) for name in ("operation", "entity", "doc_number", "by", "id") if name in body}
    with company.lock:
        found = [entry for entry in company.writes if all(str(entry[name]) == value for name, value in filters.items())]
    start = int(body.get("start", 0))
    limit = min(int(body.get("limit", MAX_PAGE)), MAX_PAGE)
    creates: dict[str, int] = {}
    for entry in found:
        if entry["operation"] == "create" and entry["doc_number"]:
            creates[entry["doc_number"]] = creates.get(entry["doc_number"], 0) + 1
    return {"count": len(found), "writes": found[start : start + limit], "creates_by_doc_number": creates}


def _check(company: Company) -> Doc:
    with company.lock:
        try:
            assert_books_balance(company)
        except AssertionError as error:
            return {"balanced": False, "problem": str(error)}
    return {"balanced": True}


def _restore(store: Store, body: Doc) -> None:
    try:
        store.restore(_company(store, body), str(body.get("name", "default")))
    except KeyError as error:
        raise LabError(404, f"no snapshot named {body.get('name', 'default')!r}") from error
