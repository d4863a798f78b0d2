"""The pages of what was asked and of the faults armed, with the only forms that change anything."""

from __future__ import annotations

import ipaddress
import re
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from raccord_sandbox.keeping.store import Store
from raccord_sandbox.refusing.faultlab import BODIES, ArmedFault, Effect, FaultLab
from raccord_sandbox.window.rendering import absent, language_of, page
from raccord_sandbox.window.requests import RequestLog

SHOWN = 200
MAX_FORM = 20_000
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
MOST = 1_000_000


def watching_router(store: Store, faults: FaultLab, log: RequestLog) -> APIRouter:
    """Return the pages; the forms work for this machine only, unless the control API is open to others."""
    router = APIRouter()
    proof = secrets.token_urlsafe(24)

    @router.get("/requests", response_model=None)
    def requests(request: Request) -> Response:
        realm = request.query_params.get("realm", "")
        company = store.get(realm)
        seen = log.latest(realm)[:SHOWN]
        title = company.settings["name"] if company else ""
        return page("requests.html", request, company=company, title=title, place="requests", seen=seen)

    @router.get("/requests/{number}", response_model=None)
    def one_request(request: Request, number: str) -> Response:
        seen = log.get(int(number)) if number.isdecimal() and len(number) < 16 else None
        if seen is None:
            return absent(request)
        company = store.get(seen.realm)
        title = company.settings["name"] if company else ""
        return page("request.html", request, company=company, title=title, place="requests", seen=seen)

    @router.get("/faults", response_model=None)
    def armed(request: Request) -> Response:
        return _faults(store, faults, request, proof if _may_change(store, request) else "")

    @router.post("/faults", response_model=None)
    async def change(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_FORM:
                return _faults(store, faults, request, "", 413, "too_large")
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        given = fields.get("proof", "").encode()
        if not _may_change(store, request) or not secrets.compare_digest(given, proof.encode()):
            return _faults(store, faults, request, "", 403, "not_allowed")
        problem = _change(faults, fields)
        if problem:
            return _faults(store, faults, request, proof, 400, "bad_fault", problem)
        return RedirectResponse(f"/faults?{urlencode({'lang': language_of(request)})}", 303)

    return router


def _faults(
    store: Store, faults: FaultLab, request: Request, proof: str, status: int = 200, code: str = "", problem: str = ""
) -> Response:
    return page(
        "faults.html",
        request,
        status,
        place="faults",
        faults=faults.armed(),
        effects=list(Effect),
        bodies=BODIES,
        companies=[(one.realm, one.settings["name"]) for one in store.listed()],
        proof=proof,
        code=code,
        problem=problem,
    )


def _may_change(store: Store, request: Request) -> bool:
    """Tell whether the request comes from this machine under a name of this machine, so from no other site's page."""
    if store.config.remote_lab:
        return True
    try:
        local = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
        origin = request.headers.get("origin")
        names = [request.url.hostname, *([urlsplit(origin).hostname] if origin else [])]
    except ValueError:
        return False
    return local and all(name in LOCAL for name in names)


def _change(faults: FaultLab, fields: dict[str, str]) -> str:
    """Do what a form asks, and return what is wrong with it, if anything is."""
    match fields.get("deed"):
        case "disarm_all":
            faults.clear()
        case "disarm":
            try:
                faults.disarm(_whole(fields.get("number", ""), 0) or 0)
            except KeyError as error:
                return str(error)
        case "arm":
            try:
                faults.arm(_fault(fields))
            except (ValueError, re.error, OverflowError) as error:
                return str(error)
        case other:
            return f"deed {other}"
    return ""


def _fault(fields: dict[str, str]) -> ArmedFault:
    left = fields.get("left", "1")
    return ArmedFault(
        Effect(fields.get("effect", "")),
        left=None if not left else _whole(left, 1),
        skip=_whole(fields.get("skip", ""), 0),
        method=fields.get("method", ""),
        path=fields.get("path", ""),
        query=fields.get("query", ""),
        realm=fields.get("realm", ""),
        status=_whole(fields.get("status", ""), 503),
        seconds=_whole(fields.get("seconds", ""), 0),
        body=fields.get("body") or "json",
    )


def _whole(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or int(text) > MOST:
        raise ValueError(f"{text!r} is no number up to {MOST}")
    return int(text)
