"""The network between a process and QuickBooks: it loses, delays, cuts and throttles; the sandbox answers."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from crash.life import Now
from raccord.clock import FixedClock
from raccord.quickbooks import LOCAL
from raccord.sync.books.readback import MARKED

STEP_MS = 40
"""How long a request takes."""
LATEST_MS = LOCAL.executes_within_ms - 200
"""How late a request may be executed after its connection broke."""


class Trouble(StrEnum):
    """What may become of a request."""

    NONE = "none"
    LOST = "lost"
    """Executed; the answer never comes."""
    CUT = "cut"
    """Never arrives."""
    LATE = "late"
    """Arrives after its sender gave up."""
    HALF = "half"
    """Half of a batch is executed; the answer never comes."""
    THROTTLED = "throttled"
    ERROR_AFTER = "error after"
    """Executed, then answered with an error of the server."""
    ERROR_BEFORE = "error before"
    GATEWAY = "gateway"
    """A gateway stopped waiting: 504 at once, executed later."""


USUAL = {
    Trouble.LOST: 20,
    Trouble.CUT: 3,
    Trouble.LATE: 4,
    Trouble.HALF: 4,
    Trouble.THROTTLED: 4,
    Trouble.ERROR_AFTER: 4,
    Trouble.ERROR_BEFORE: 3,
    Trouble.GATEWAY: 3,
}
"""Chances in a hundred."""


@dataclass
class Network(httpx.BaseTransport):
    """A transport into the sandbox's own application, without a socket."""

    app: ASGIApp
    now: Now
    clock: FixedClock
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    troubles: Mapping[Trouble, int] = field(default_factory=dict)
    counts: bool = False
    """Whether readings are counted: in the phases of posting there would be none without uncertainty."""
    reads: int = 0
    """Requests of these phases that read and were answered."""
    looks: int = 0
    """Those among them that look for what a restored backup has forgotten: one whenever a run is taken up."""
    spoilt: int = 0
    """Readings that were struck: they are asked again, where a batch failed one by one."""
    uncertain: int = 0
    """Documents in writes whose sender did not hear what became of them."""
    struck: Counter[str] = field(default_factory=Counter)
    under_way: list[tuple[int, httpx.Request]] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.now.life.reach(f"before {request.url.path.rsplit('/', 1)[-1]}")
        self.clock.sleep_ms(STEP_MS)
        self.arrive()
        trouble = self._draw(request)
        if trouble is not Trouble.NONE:
            self.struck[trouble] += 1
            self.spoilt += asks(request)
        heard = False
        try:
            response = self._strike(trouble, request)
            self.now.life.reach("sent, not answered")
            heard = response.status_code < 500
        finally:
            if not heard and trouble is not Trouble.THROTTLED and writes(request):
                self.uncertain += documents_in(request)
        if self.counts and response.is_success and asks(request):
            self.reads += 1
            self.looks += looks_around(request)
        return response

    def arrive(self, *, everything: bool = False) -> None:
        """Execute what is due of the requests under way, or all of them."""
        due = [each for each in self.under_way if everything or each[0] <= self.clock.elapsed_ms()]
        for each in due:
            self.under_way.remove(each)
            self.ask(each[1])

    def ask(self, request: httpx.Request) -> httpx.Response:
        """Let the application answer."""
        answering = _answered(self.app, request)
        try:
            answering.send(None)
        except StopIteration as answered:
            response: httpx.Response = answered.value
            return response
        raise AssertionError("the application waits for something, which nobody here would bring about")

    def _draw(self, request: httpx.Request) -> Trouble:
        kinds = [each for each in self.troubles if each is not Trouble.HALF or documents_in(request) > 1]
        left = self.chance.randrange(100)
        for kind in kinds:
            left -= self.troubles[kind]
            if left < 0:
                return kind
        return Trouble.NONE

    def _strike(self, trouble: Trouble, request: httpx.Request) -> httpx.Response:
        match trouble:
            case Trouble.NONE:
                return self.ask(request)
            case Trouble.LOST:
                self.ask(request)
                raise httpx.ReadError("the answer is lost", request=request)
            case Trouble.CUT:
                raise httpx.RemoteProtocolError("the connection broke", request=request)
            case Trouble.LATE:
                self._delay(request)
                raise httpx.ReadError("the connection broke", request=request)
            case Trouble.GATEWAY:
                self._delay(request)
                return httpx.Response(504, text="<html>upstream time-out</html>")
            case Trouble.HALF:
                self.ask(_half_of(request))
                raise httpx.ReadError("the answer is lost", request=request)
            case Trouble.THROTTLED:
                return httpx.Response(429, headers={"Retry-After": "1"}, text="<html>slow down</html>")
            case Trouble.ERROR_AFTER:
                self.ask(request)
                return httpx.Response(500, text="<html>oops</html>")
            case Trouble.ERROR_BEFORE:
                return httpx.Response(503, text="<html>away</html>")

    def _delay(self, request: httpx.Request) -> None:
        self.under_way.append((self.clock.elapsed_ms() + self.chance.randrange(LATEST_MS), request))


def writes(request: httpx.Request) -> bool:
    """Tell whether a request may write to the books."""
    return documents_in(request) > 0


def asks(request: httpx.Request) -> bool:
    """Tell whether a request reads the books; whose they are and whether they are closed is no part of them."""
    path = request.url.path
    about = path.endswith("/preferences") or "/companyinfo/" in path
    return "/v3/company/" in path and not about and not writes(request)


def looks_around(request: httpx.Request) -> bool:
    """Tell whether a request asks for everything of every kind that is new."""
    return request.read().count(b"MetaData.CreateTime >=") == len(MARKED)


def documents_in(request: httpx.Request) -> int:
    """Count the documents that a request writes."""
    path = request.url.path
    if request.method != "POST" or path.endswith("/query") or "/v3/company/" not in path:
        return 0
    if path.endswith("/upload"):
        return 1
    body = json.loads(request.read(), parse_float=Decimal)
    return sum("Query" not in item for item in body["BatchItemRequest"]) if path.endswith("/batch") else 1


def _half_of(request: httpx.Request) -> httpx.Request:
    # Cut out of the text, so that what is left is byte for byte what was sent.
    text = request.read().decode()
    items: list[Any] = json.loads(text)["BatchItemRequest"]
    cut = text.index(f'{{"bId":"{items[len(items) // 2]["bId"]}"')
    return httpx.Request(
        request.method,
        request.url,
        content=text[:cut].rstrip(",") + "]}",
        headers={name: value for name, value in request.headers.items() if name.lower() != "content-length"},
    )


async def at_once(work: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    """Stand in for the application's pool of threads: the answer is made where the request arrives."""
    return work(*arguments)


async def _answered(app: ASGIApp, request: httpx.Request) -> httpx.Response:
    body = request.read()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("127.0.0.1", 9),
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    started: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return httpx.Response(started["status"], headers=started["headers"], content=b"".join(parts))
