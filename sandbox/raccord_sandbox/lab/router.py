"""The routes of the control API: admission, bodies and answers around the functions that do the work."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from raccord_sandbox.keeping.store import Store
from raccord_sandbox.lab.applications import APPLICATIONS
from raccord_sandbox.lab.asking import Ask, LabError, Route
from raccord_sandbox.lab.companies import COMPANIES
from raccord_sandbox.lab.conditions import CONDITIONS
from raccord_sandbox.lab.outside import OUTSIDE
from raccord_sandbox.lab.person import PERSON
from raccord_sandbox.lab.requests import REQUESTS
from raccord_sandbox.lab.webhooks import WEBHOOKS
from raccord_sandbox.refusing.faultlab import FaultLab
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.switches import SwitchError
from raccord_sandbox.window.requests import RequestLog
from raccord_sandbox.wire import dumps, loads

PREFIX = "/sandbox"
MAX_BODY = 1_000_000
ROUTES: tuple[Route, ...] = (*COMPANIES, *APPLICATIONS, *CONDITIONS, *PERSON, *OUTSIDE, *WEBHOOKS, *REQUESTS)


def lab_router(store: Store, faults: FaultLab, log: RequestLog) -> APIRouter:
    """Return the routes; they ask for the lab token and, unless the settings say otherwise, for the loopback."""
    router = APIRouter()
    for route in (Route("GET", "", "what this is, and these routes", _summary), *ROUTES):
        _add(router, route, store, faults, log)

    @router.api_route(f"{PREFIX}/{{rest:path}}", methods=["GET", "POST", "DELETE"], response_model=None)
    async def nowhere(request: Request, rest: str) -> Response:
        try:
            _admit(store, request)
        except LabError as error:
            return _refused(error)
        known = f"GET {PREFIX}"
        text = f"{request.method} {PREFIX}/{rest}"
        return _refused(LabError(404, "no_route", f"pas de {text} ; voyez {known}", f"no {text}; see {known}"))

    return router


def _add(router: APIRouter, route: Route, store: Store, faults: FaultLab, log: RequestLog) -> None:
    async def endpoint(request: Request) -> Response:
        try:
            _admit(store, request)
            raw = await _raw(request, route.file_limit or MAX_BODY)
            fields = {**request.query_params, **({} if route.file_limit else _read(raw))}
            url = f"{request.url.scheme}://{request.url.netloc}"
            ask = Ask(store, faults, log, url, dict(request.path_params), fields, raw)
            answer = await run_in_threadpool(route.function, ask)
            return answer if isinstance(answer, Response) else _json(200, answer)
        except LabError as error:
            return _refused(error)
        except SwitchError as error:
            return _refused(LabError(400, error.code, error.fr, error.en))
        except FaultError as fault:
            return _refused(LabError(400, str(fault.code), fault.detail, fault.detail))

    router.add_api_route(PREFIX + route.path, endpoint, methods=[route.method], response_model=None)


def _summary(ask: Ask) -> Doc:
    return {
        "sandbox": "QuickBooks Online, local",
        "companies": len(list(ask.store)),
        "routes": [{"route": f"{route.method} {PREFIX}{route.path}", "does": route.does} for route in ROUTES],
    }


def _admit(store: Store, request: Request) -> None:
    host = request.client.host if request.client else ""
    if not store.config.remote_lab and not _is_loopback(host):
        raise LabError(
            403,
            "not_local",
            "cette interface ne répond qu’à cette machine ; --remote-lab l’ouvre aux autres",
            "this interface answers this machine only; --remote-lab opens it to others",
        )
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), store.config.lab_token.encode()):
        raise LabError(
            401,
            "no_token",
            "il faut le jeton du labo : Authorization: Bearer <lab-token, écrit au démarrage>",
            "the lab token is needed: Authorization: Bearer <lab-token, printed at the start>",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _raw(request: Request, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise LabError(413, "too_large", f"au plus {most} octets par requête", f"at most {most} bytes a request")
        parts.append(part)
    return b"".join(parts)


def _read(raw: bytes) -> Doc:
    if not raw:
        return {}
    body = loads(raw)
    if not isinstance(body, dict):
        raise LabError(400, "bad_body", "le corps doit être un objet JSON", "the body must be a JSON object")
    return body


def _refused(error: LabError) -> Response:
    return _json(error.status, {"code": error.code, "error": error.en, "erreur": error.fr})


def _json(status: int, value: Any) -> Response:
    return Response(dumps(value), status, media_type="application/json")
