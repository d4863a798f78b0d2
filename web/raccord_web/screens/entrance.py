"""The door: where the pages are open to the network, people give the installation's token before anything is shown."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.gate import DOOR_COOKIE, DOOR_PURPOSE
from raccord_web.rendering import show

router = APIRouter()
LASTS = timedelta(hours=12)


@router.get("/enter")
def door(request: Request) -> Response:
    if not desk_of(request).access.guarded:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    return show(request, "enter.html", wrong=False)


@router.post("/enter")
def enter(request: Request, fields: Fields) -> Response:
    """Let in whoever gives the token; ten wrong ones within a minute close the door for everybody for a while."""
    desk = desk_of(request)
    now_ms = desk.workshop.clock.elapsed_ms()
    if desk.attempts.closed(now_ms):
        return explained(request, HTTPStatus.TOO_MANY_REQUESTS)
    if not desk.access.guarded or not desk.access.admits(fields.get("token", "")):
        desk.attempts.failed(now_ms)
        return show(request, "enter.html", status=HTTPStatus.FORBIDDEN, wrong=True)
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
