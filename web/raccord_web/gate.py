"""What every request passes and every answer carries: host, token, size, headers, and the guard against mistakes."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from raccord.store.origins import acting_from
from raccord_web.front.access import host_of
from raccord_web.front.desk import Desk
from raccord_web.pages.failures import Unforeseen, explained
from raccord_web.pages.problem_details import API

DOOR_COOKIE = "raccord_door"
DOOR_PURPOSE = "door"
OPEN_PATHS = ("/enter", "/health", "/static/", "/csp-report")
"""What is answered before the token was given."""

MACHINES = ("/hooks/", API)
"""What programs call."""

BODY_BYTES_MAX = 64 * 1024
UPLOAD_BYTES_MAX = 64 * 1024 * 1024
UPLOADS = re.compile(r"/connections/[^/]+/files|/review/[^/]+/attach|/plugins/[^/]+/bench")
"""Where people hand in files; everything else that is sent is small."""
SAFE_METHODS = frozenset({"GET", "HEAD"})

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; report-uri /csp-report"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Gate:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(scope, MutableHeaders(scope=message))
            await send(message)

        guard = Unforeseen()
        client, agent = scope.get("client"), Headers(scope=scope).get("user-agent", "")
        with guard, acting_from(client[0] if client else "", agent):
            refusal = self._refusal(Request(scope))
            await (refusal or self._app)(scope, receive, send_on)
        if guard.reference and not started:
            await explained(Request(scope), HTTPStatus.INTERNAL_SERVER_ERROR, guard.reference)(scope, receive, send_on)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that goes no further."""
        headers = request.headers
        if host_of(headers.get("host", "")) not in self._desk.access.hosts:
            return explained(request, HTTPStatus.MISDIRECTED_REQUEST)
        if request.url.path.startswith(MACHINES):
            # No browser speaks there: a signature or a token proves who does, and no cookie counts.
            return explained(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE) if _endless(request) else None
        if request.method not in SAFE_METHODS:
            takes_files = UPLOADS.fullmatch(request.url.path) is not None
            if not _measured(headers, UPLOAD_BYTES_MAX if takes_files else BODY_BYTES_MAX):
                named = "files_too_large" if takes_files else ""
                return explained(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, name=named)
            if not _same_site(headers):
                return explained(request, HTTPStatus.FORBIDDEN)
        closed = self._desk.house is not None and not request.url.path.startswith(OPEN_PATHS)
        if closed and not entered(request, self._desk):
            return RedirectResponse("/enter", HTTPStatus.SEE_OTHER)
        return None

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        if self._desk.access.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if not scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-store"
            headers["Vary"] = "Accept-Language, Cookie"


def entered(request: Request, desk: Desk) -> bool:
    """Tell whether this browser gave the installation's token, where one is asked for."""
    if not desk.access.guarded:
        return True
    sealed = request.cookies.get(desk.access.cookie(DOOR_COOKIE), "")
    found = desk.signer.open(DOOR_PURPOSE, sealed, desk.workshop.clock.now())
    return found is not None and found.get("token") == desk.access.mark()


def _measured(headers: Headers, most: int = BODY_BYTES_MAX) -> bool:
    """Tell whether a body says how long it is, and is not too long."""
    size = headers.get("content-length", "")
    return size.isascii() and size.isdigit() and len(size) < 12 and int(size) <= most


def _endless(request: Request) -> bool:
    """Tell whether a program's call brings more than it may; one without any body need not say so."""
    headers = request.headers
    if not request.url.path.startswith(API) or not ("content-length" in headers or "transfer-encoding" in headers):
        return False
    return not _measured(headers)


def _same_site(headers: Headers) -> bool:
    """Tell whether a deed was asked for by a page of ours, as far as the browser says; the form's token proves it."""
    site = headers.get("sec-fetch-site", "")
    if site:
        return site in ("same-origin", "none")
    origin = headers.get("origin", "")
    return not origin or origin.partition("://")[2] == headers.get("host", "")
