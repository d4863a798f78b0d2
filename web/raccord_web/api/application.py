"""The API as an application of its own under ``/api/v1``, with the document that describes it."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from raccord_web.api import (
    bank_lines,
    bank_rules,
    companies,
    deeds,
    doubles,
    files,
    house,
    keeping,
    linking,
    managing,
    mapping,
    months,
    reading,
    reposts,
    setting_up,
    shadows,
    undoing,
)
from raccord_web.api.programs import CallLimits, NotLetInError, let_in
from raccord_web.front.desk import Desk
from raccord_web.pages.failures import HANDLERS, explained
from raccord_web.pages.problem_details import MEDIA_TYPE, Problem

PATH = "/api/v1"
ROUTERS = (
    reading.router,
    deeds.router,
    bank_lines.router,
    bank_rules.router,
    bank_rules.deeds,
    managing.router,
    managing.deeds,
    months.router,
    reposts.router,
    reposts.deeds,
    mapping.router,
    mapping.deeds,
    undoing.router,
    shadows.router,
    linking.router,
    doubles.router,
    doubles.deeds,
    house.router,
    house.deeds,
    setting_up.router,
    setting_up.deeds,
    keeping.router,
    keeping.deeds,
    companies.router,
    companies.deeds,
    files.router,
    files.deeds,
)
FAILURES = {
    "400": "Something in the request has no meaning here.",
    "401": "No token, or one that does not work.",
    "403": "The token's scope or its person's role does not reach this far.",
    "404": "Not there, or of a company that the token does not reach.",
    "405": "The address does not take this method.",
    "409": "Refused as things stand; the code says why.",
    "413": "The body is too long, or does not say how long it is.",
    "429": "Too many calls within a minute; Retry-After says when to go on.",
    "502": "QuickBooks refused, or could not answer.",
}
"""The answers that every address may give besides its own, all as problem details."""
REPEATED = {"422": "The Idempotency-Key was used for another call already."}
"""What only the addresses that change something answer."""


def create_api(desk: Desk) -> FastAPI:
    """Return the API of a desk, to be mounted at ``PATH``."""
    api = FastAPI(
        title="Raccord", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None, routes=[*_routes()]
    )
    api.state.desk = desk
    api.state.limits = CallLimits()
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)
    api.add_exception_handler(NotLetInError, not_let_in)
    # FastAPI's own way to change the document; it takes a second to make, which is left to who asks for it first.
    api.openapi = openapi  # type: ignore[method-assign]
    return api


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the API's routes, which know no desk: all applications of a process share them."""
    api = APIRouter()
    for router in ROUTERS:
        api.include_router(router, dependencies=[Depends(let_in)])
    return tuple(api.routes)


def not_let_in(request: Request, error: Exception) -> Response:
    """Answer a call that showed no token that works."""
    return explained(request, 401, name="not_let_in", headers={"WWW-Authenticate": 'Bearer realm="Raccord"'})


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; every failure is said as problem details, in place of the framework's own."""
    document = get_openapi(
        title="Raccord", version="1", routes=_routes(), servers=[{"url": PATH}], summary="The JSON API"
    )
    schemas = document["components"]["schemas"]
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(own.pop("$defs"), Problem=own)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said = {**FAILURES, **REPEATED}
    document["components"]["responses"] = {
        f"Failure{status}": {"description": text, "content": content} for status, text in said.items()
    }
    for operations in document["paths"].values():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            failures = FAILURES if method == "get" else said
            operation["responses"].update(
                {status: {"$ref": f"#/components/responses/Failure{status}"} for status in failures}
            )
    return document
