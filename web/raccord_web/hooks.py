"""Where sources deliver their messages: no person, no session; the signature says who speaks."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.arriving.webhooks import BODY_BYTES_MAX, MessageRefusedError, UnknownAddressError, receive
from raccord_web.front.desk import Desk, desk_of

router = APIRouter()
log = logging.getLogger(__name__)
PATH = "/hooks/"


@router.post("/hooks/{address}")
async def deliver(request: Request, address: str) -> Response:
    """Take a source's message in; 2xx only once it is kept, so that the source sends again whatever was not."""
    desk = desk_of(request)
    if "\x00" in address:
        return JSONResponse({"error": "unknown"}, HTTPStatus.NOT_FOUND)
    try:
        body = await _body(request)
    except ClientDisconnect:
        return JSONResponse({"error": "incomplete"}, HTTPStatus.BAD_REQUEST)
    if body is None:
        return JSONResponse({"error": "too_large"}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        fresh = await run_in_threadpool(receive, desk.workshop, address, request.headers, body)
    except UnknownAddressError:
        return _refused(desk, JSONResponse({"error": "unknown"}, HTTPStatus.NOT_FOUND))
    except MessageRefusedError as error:
        return _refused(desk, JSONResponse({"error": str(error.fault)}, HTTPStatus.UNAUTHORIZED))
    except RaccordError as error:
        # Such as a disk that is full: whoever runs the installation is told, and the source tries again.
        log.warning("A message could not be kept: %s", error.code)
        return JSONResponse({"error": "not_kept"}, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "60"})
    return JSONResponse({"status": "kept" if fresh else "known"}, HTTPStatus.OK)


def _refused(desk: Desk, answer: Response) -> Response:
    """Return a refusal, and after many of them less than that; what strangers send never closes the door to sources."""
    if desk.messages.taken(desk.workshop.clock.elapsed_ms()):
        return answer
    return JSONResponse({"error": "too_many"}, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "60"})


async def _body(request: Request) -> bytes | None:
    """Return the body, or nothing for one that is longer than any message may be."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > BODY_BYTES_MAX:
            return None
    return bytes(taken)
