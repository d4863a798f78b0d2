"""Routes whose calls may be repeated: under the same ``Idempotency-Key`` the first answer comes again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, HTTPException
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.access import repeats
from raccord.onboarding.access.api_tokens import program_of
from raccord_web.front.desk import desk_of

KEY = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
"""The header that says that an answer was given before."""


def repeatable(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=repeats.KEY_MAX,
            description="Any text that no other call bears; the same call under it gets its first answer again.",
        ),
    ] = None,
) -> None:
    """Declare the header; the route itself has read it already."""


class Repeatable(APIRoute):
    """A route that answers the same call under the same key with what it answered first, for a day."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        deed = super().get_route_handler()

        async def answer(request: Request) -> Response:
            key, workshop = request.headers.get(KEY, ""), desk_of(request).workshop
            scheme, _, secret = request.headers.get("authorization", "").partition(" ")
            if not 0 < len(key) <= repeats.KEY_MAX or scheme.casefold() != "bearer":
                return await deed(request)
            program = await run_in_threadpool(program_of, workshop, secret.strip())
            if program is None:
                return await deed(request)
            asked = _digest(request, await request.body(), secret.strip())
            kept = await run_in_threadpool(repeats.begin, workshop, program.token_id, key, asked)
            if kept is not None:
                if not request.app.state.limits.of(program.token_id).taken(workshop.clock.elapsed_ms()):
                    raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
                return Response(kept.body, kept.status, {REPLAYED: "true"}, media_type="application/json")
            done = False
            try:
                given = await deed(request)
                if given.status_code < HTTPStatus.MULTIPLE_CHOICES:
                    text = bytes(given.body).decode()
                    await run_in_threadpool(repeats.keep, workshop, program.token_id, key, given.status_code, text)
                    done = True
                return given
            finally:
                # What was refused changed nothing, and is decided anew when it comes again.
                if not done:
                    await run_in_threadpool(repeats.forget, workshop, program.token_id, key)

        return answer


def _digest(request: Request, body: bytes, secret: str) -> str:
    """Return what tells one call of a token from another: its address, what it was read under, and its body.

    It is keyed by the token, which is kept nowhere, so that a password in a body cannot be guessed from it.
    """
    state = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    for part in (request.method, request.url.path, request.headers.get("if-match", "")):
        state.update(part.encode())
        state.update(b"\x1f")
    state.update(body)
    return state.hexdigest()
