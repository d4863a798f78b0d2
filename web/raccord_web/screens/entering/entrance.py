"""The door: where the pages are open to the network, people give the installation's token before anything is shown."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from raccord_web.front.desk import desk_of
from raccord_web.gate import DOOR_COOKIE, DOOR_PURPOSE
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show

router = APIRouter()
log = logging.getLogger(__name__)
REPORT_MAX = 2000
LASTS = timedelta(hours=12)


@router.get("/enter")
def door(request: Request) -> Response:
    if not desk_of(request).access.guarded:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    return show(request, "entering/enter.html", wrong=False)


@router.get("/health")
def health(request: Request) -> Response:
    """Say that pages and database answer, for whoever watches over the process."""
    with desk_of(request).workshop.database.read() as session:
        session.execute(text("SELECT 1"))
    return JSONResponse({"status": "ok"})


@router.post("/csp-report")
async def report(request: Request) -> Response:
    """Take note of what a browser kept a page from doing: there is nothing of the kind on our pages."""
    desk = desk_of(request)
    if not desk.reports.taken(desk.workshop.clock.elapsed_ms()):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    said = (await request.body())[:REPORT_MAX].decode("utf-8", "replace")
    log.warning("A browser reports a breach of the pages' policy: %r", said)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/enter")
def enter(request: Request, fields: Fields) -> Response:
    """Let in whoever gives the token; ten wrong ones within a minute close the door for everybody for a while."""
    desk = desk_of(request)
    now_ms = desk.workshop.clock.elapsed_ms()
    if desk.attempts.closed(now_ms):
        return explained(request, HTTPStatus.TOO_MANY_REQUESTS)
    if not desk.access.guarded or not desk.access.admits(fields.get("token", "")):
        desk.attempts.failed(now_ms)
        return show(request, "entering/enter.html", status=HTTPStatus.FORBIDDEN, wrong=True)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    response.set_cookie(
        desk.access.cookie(DOOR_COOKIE),
        desk.signer.seal(DOOR_PURPOSE, {"token": desk.access.mark()}, desk.workshop.clock.now(), LASTS),
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=desk.access.secure,
        httponly=True,
        samesite="lax",
    )
    return response
