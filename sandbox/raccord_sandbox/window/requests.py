"""The latest requests with their answers, kept in memory and shown with secrets masked."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from raccord_sandbox.clock import SandboxClock, precise_stamp
from raccord_sandbox.refusing.faultlab import STRUCK
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.window.indenting import indented
from raccord_sandbox.wire import inflate

MOST = 500
MAX_BODY = 20_000
READABLE = re.compile(r"(application/(json|text|x-www-form-urlencoded|xml)|text/)")
WATCHED = (*STRUCK, "/connect/")
HIDDEN_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "intuit-signature"})
EVERYWHERE = (
    "access_token|refresh_token|id_token|client_secret|password|Signature|SSN|TaxIdentifier|PrimaryTaxIdentifier"
    "|BankAccountNumber"
)


def _pattern(names: str) -> re.Pattern[str]:
    return re.compile(rf'("?\b(?:{names})"?\s*[=:]\s*"?)([^"&\s,}}]+)')


SECRETS, OAUTH_SECRETS = _pattern(EVERYWHERE), _pattern(f"{EVERYWHERE}|token|code|assertion")
"""What no page shows the value of, in a form, a query or JSON: an authorization's code, though not a fault's."""
MASK = r"\1•••"


@dataclass(slots=True)
class Seen:
    """One request and what was answered; `status` 0 is a connection that was cut."""

    number: int
    at: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    body_size: int = 0
    status: int = 0
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    answer_size: int = 0
    milliseconds: int = 0
    struck: str = ""

    @property
    def realm(self) -> str:
        """Return the company that was asked for, if one was."""
        parts = self.path.split("/")
        return parts[3] if self.path.startswith("/v3/company/") and len(parts) > 3 else ""

    @property
    def address(self) -> str:
        """Return path and query, secrets masked."""
        return self.path + (f"?{self.masked(self.query)}" if self.query else "")

    def masked(self, text: str) -> str:
        """Return a text of this request in which secrets are masked."""
        pattern = SECRETS if self.path.startswith("/v3/") else OAUTH_SECRETS
        return pattern.sub(MASK, text)

    def shown_headers(self, *, answered: bool = False) -> Iterator[tuple[str, str]]:
        """Yield headers, secrets masked."""
        for name, value in (self.answer_headers if answered else self.headers).items():
            if name == "location":
                yield name, self.masked(value)
            elif name in HIDDEN_HEADERS:
                yield name, f"{value.partition(' ')[0]} •••" if " " in value else "•••"
            else:
                yield name, value

    def shown_body(self, *, answered: bool = False) -> str:
        """Return a body as text, indented where it is JSON, cut where it is long, secrets masked."""
        raw, size = (self.answer, self.answer_size) if answered else (self.body, self.body_size)
        headers = self.answer_headers if answered else self.headers
        kind, cut = headers.get("content-type", ""), size > len(raw)
        if headers.get("content-encoding") == "gzip":
            try:
                raw = b"" if cut else inflate(raw, MAX_BODY * 50)
            except (FaultError, OverflowError):
                cut = True
            if cut:
                return f"(gzip, {size})"
        if raw and not READABLE.match(kind or "text/"):
            return f"({kind}, {size})"
        text = raw.decode("utf-8", "replace")
        text = indented(text) if "json" in kind and not cut else text
        return self.masked(text[:MAX_BODY]) + (" …" if cut or len(text) > MAX_BODY else "")


class RequestLog:
    """A ring of the latest requests."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=MOST)
        self._lock = Lock()
        self._number = 0

    def open(self, at: str, scope: Scope) -> Seen:
        """Enter a request; what is answered is filled in later."""
        with self._lock:
            self._number += 1
            query = scope.get("query_string", b"").decode("latin-1")
            seen = Seen(self._number, at, scope["method"], scope["path"], query, _headers(scope["headers"]))
            self._seen.append(seen)
            return seen

    def latest(self, realm: str = "") -> list[Seen]:
        """Return the requests, the newest first."""
        with self._lock:
            return [seen for seen in reversed(self._seen) if not realm or seen.realm == realm]

    def get(self, number: int) -> Seen | None:
        """Return one request while it is kept."""
        with self._lock:
            return next((seen for seen in self._seen if seen.number == number), None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()


class RecordingMiddleware:
    """Stands outermost, so that it sees what the client sees."""

    def __init__(self, app: ASGIApp, log: RequestLog, clock: SandboxClock) -> None:
        self._app = app
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record requests of the API and of the OAuth endpoints."""
        if scope["type"] != "http" or not scope["path"].startswith(WATCHED):
            await self._app(scope, receive, send)
            return
        seen = self._log.open(precise_stamp(self._clock.now()), scope)
        begun = time.monotonic()

        async def hear() -> Message:
            message = await receive()
            part = message.get("body", b"")
            seen.body_size += len(part)
            if len(seen.body) < MAX_BODY:
                seen.body += part[: MAX_BODY - len(seen.body)]
            return message

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status, seen.answer_headers = message["status"], _headers(message["headers"])
            part = message.get("body", b"")
            seen.answer_size += len(part)
            if len(seen.answer) < MAX_BODY:
                seen.answer += part[: MAX_BODY - len(seen.answer)]
            await send(message)

        try:
            await self._app(scope, hear, say)
        finally:
            seen.milliseconds = round((time.monotonic() - begun) * 1000)
            seen.struck = str(scope.get("state", {}).get("struck", ""))


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
