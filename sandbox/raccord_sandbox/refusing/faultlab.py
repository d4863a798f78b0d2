"""Faults armed on purpose: lost answers, errors before or after the commit, throttling, slowness."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from urllib.parse import unquote_plus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.refusing.fault_codes import MESSAGES
from raccord_sandbox.refusing.faults import Doc, GatewayError, of_code, throttled, unauthenticated
from raccord_sandbox.serving.transport import CutConnection, HeldConnection
from raccord_sandbox.wire import QBO_VERSION, dumps, new_tid

TIME_OUT = 120
LONGEST = 86_400
MAX_ARMED = 1000
STRUCK = ("/v1/", "/v2/", "/v3/", "/oauth2/", "/op/", "/.well-known/")
"""What the lab strikes: the API and the OAuth endpoints, never the pages nor the control API."""
MAX_PATTERN = 500
REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+{]")
"""What makes a search take longer than anybody waits: every request is searched, one after the other."""
BODIES = ("json", "xml", "html", "empty")


class Effect(StrEnum):
    """What an armed fault does."""

    LOSE_ANSWER = "lose_answer"
    """Executes the request, then cuts the connection."""
    CUT_BEFORE = "cut_before"
    """Cuts the connection without executing."""
    ERROR_BEFORE = "error_before"
    """Answers `status` without executing."""
    ERROR_AFTER = "error_after"
    """Executes, then answers `status`."""
    THROTTLE = "throttle"
    """Answers 429 without executing."""
    SLOW = "slow"
    """Executes, moves the clock by `seconds` without anybody waiting; above 120 s the answer is a 504."""
    DELAY = "delay"
    """Waits `seconds` of real time, then executes and answers."""
    HOLD = "hold"
    """Executes and never answers."""
    STALE_TOKEN = "stale_token"  # noqa: S105  # a SyncToken
    """Lets somebody else change the object just before the update."""
    IGNORE_REQUESTID = "ignore_requestid"
    """Executes as if the request id had never been seen."""
    THROTTLE_ITEMS = "throttle_items"
    """Executes the first item of a batch and refuses the others with 3001."""
    REFUSE = "refuse"
    """Refuses with the fault of `code`, as the service words it, without executing."""
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    """Delivers a notification twice."""
    OUT_OF_ORDER_WEBHOOK = "out_of_order_webhook"
    """Delivers a notification after the next one, its own events turned round."""
    LOSE_WEBHOOK = "lose_webhook"
    """Never delivers a notification."""


OF_WEBHOOKS = frozenset({Effect.DUPLICATE_WEBHOOK, Effect.OUT_OF_ORDER_WEBHOOK, Effect.LOSE_WEBHOOK})
OF_REQUESTS = frozenset(Effect) - OF_WEBHOOKS
WITHIN = {
    Effect.STALE_TOKEN: "stale_token",
    Effect.IGNORE_REQUESTID: "ignore_requestid",
    Effect.THROTTLE_ITEMS: "throttle_items",
}
"""Effects that the service itself carries out, with the mark it finds on the request."""


@dataclass(slots=True)
class ArmedFault:
    """One fault with the requests it strikes; `left` None strikes for ever."""

    effect: Effect
    left: int | None = 1
    probability: float = 1.0
    skip: int = 0
    method: str = ""
    path: str = ""
    """A regular expression searched in the path."""
    query: str = ""
    """A regular expression searched in the query string."""
    realm: str = ""
    """Empty for every company."""
    status: int = 503
    code: int = 6000
    """The documented code of a refusal."""
    seconds: float = 0
    body: str = "json"
    struck: int = 0
    number: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot strike. Raises ValueError and re.error."""
        for pattern in (self.path, self.query):
            re.compile(pattern)
            if len(pattern) > MAX_PATTERN or REPEATED_GROUP.search(pattern):
                raise ValueError(f"a pattern has at most {MAX_PATTERN} signs, and no group in it is repeated")
        if self.body not in BODIES:
            raise ValueError(f"body is one of {', '.join(BODIES)}")
        if self.code not in MESSAGES:
            raise ValueError("code is one of the documented error codes")
        if not 400 <= self.status <= 599:
            raise ValueError("status is between 400 and 599")
        if not 0 <= self.seconds <= LONGEST or not 0 <= self.probability <= 1:
            raise ValueError(f"seconds are 0 to {LONGEST}, probability is 0 to 1")

    def matches(self, method: str, path: str, query: str = "") -> bool:
        """Tell whether the request is one that this fault strikes."""
        return (
            (not self.method or self.method == method)
            and (not self.realm or path.startswith(f"/v3/company/{self.realm}/"))
            and re.search(self.path, path) is not None
            and re.search(self.query, query) is not None
        )


class FaultLab:
    """Holds the armed faults and draws from a seeded chance; `sleep` waits real seconds."""

    def __init__(
        self, clock: SandboxClock, seed: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._numbers = itertools.count(1)
        self._chance = random.Random(seed)  # noqa: S311  # not a secret
        self._armed: list[ArmedFault] = []
        self._lock = Lock()

    def arm(self, fault: ArmedFault) -> None:
        """Add a fault and number it; several are tried in the order they were armed. Raises OverflowError."""
        with self._lock:
            if len(self._armed) >= MAX_ARMED:
                raise OverflowError(f"there are {MAX_ARMED} faults already")
            fault.number = next(self._numbers)
            self._armed.append(fault)

    def disarm(self, number: int) -> None:
        """Take one fault away. Raises KeyError."""
        with self._lock:
            left = [fault for fault in self._armed if fault.number != number]
            if len(left) == len(self._armed):
                raise KeyError(number)
            self._armed = left

    def clear(self, seed: int | None = None) -> None:
        """Disarm everything and, if asked, start the chance again."""
        with self._lock:
            self._armed.clear()
            if seed is not None:
                self._chance.seed(seed)

    def armed(self) -> list[ArmedFault]:
        """Return the armed faults."""
        with self._lock:
            return list(self._armed)

    def draw(
        self, method: str, path: str, query: str = "", effects: frozenset[Effect] = OF_REQUESTS
    ) -> ArmedFault | None:
        """Return the fault that strikes this request, and use it up."""
        with self._lock:
            for fault in self._armed:
                if fault.left == 0 or fault.effect not in effects or not fault.matches(method, path, query):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.probability < 1 and self._chance.random() >= fault.probability:
                    continue
                if fault.left is not None:
                    fault.left -= 1
                fault.struck += 1
                return fault
        return None

    def draw_webhook(self, realm: str, path: str) -> str | None:
        """Return the effect that strikes a notification of a company to an endpoint's path, and use it up."""
        fault = self.draw("POST", f"/v3/company/{realm}{path or '/'}", "", OF_WEBHOOKS)
        return None if fault is None else str(fault.effect)


class FaultMiddleware:
    """Stands between the network and the service, as the real gateway does."""

    def __init__(self, app: ASGIApp, lab: FaultLab) -> None:
        self._app = app
        self._lab = lab

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Strike requests of the API and of the OAuth endpoints."""
        path = scope.get("path", "")
        fault = None
        if scope["type"] == "http" and path.startswith(STRUCK):
            fault = self._lab.draw(scope["method"], path, unquote_plus(scope["query_string"].decode("latin-1")))
        if fault is None:
            await self._app(scope, receive, send)
            return
        marks = scope.setdefault("state", {})
        marks["struck"] = str(fault.effect)
        match fault.effect:
            case Effect.CUT_BEFORE:
                await CutConnection()(scope, receive, send)
            case Effect.ERROR_BEFORE | Effect.THROTTLE:
                status = 429 if fault.effect is Effect.THROTTLE else fault.status
                await self._error(status, fault.body)(scope, receive, send)
            case Effect.REFUSE:
                await self._refusal(fault.code)(scope, receive, send)
            case Effect.STALE_TOKEN | Effect.IGNORE_REQUESTID | Effect.THROTTLE_ITEMS:
                marks[WITHIN[fault.effect]] = True
                await self._app(scope, receive, send)
            case Effect.DELAY:
                await self._lab.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case Effect.SLOW:
                self._lab.clock.advance(timedelta(seconds=fault.seconds))
                if fault.seconds <= TIME_OUT:
                    await self._app(scope, receive, send)
                    return
                await self._unheard(scope, receive)
                await self._error(504, fault.body)(scope, receive, send)
            case Effect.LOSE_ANSWER:
                await self._unheard(scope, receive)
                await CutConnection()(scope, receive, send)
            case Effect.ERROR_AFTER:
                await self._unheard(scope, receive)
                await self._error(fault.status, fault.body)(scope, receive, send)
            case Effect.HOLD:
                await self._unheard(scope, receive)
                await HeldConnection()(scope, receive, send)

    async def _unheard(self, scope: Scope, receive: Receive) -> None:
        """Execute the request and throw the answer away."""

        async def nowhere(message: Message) -> None:
            return None

        await self._app(scope, receive, nowhere)

    def _refusal(self, code: int) -> Response:
        """Answer in JSON what the service says with a code."""
        refusal = of_code(code)
        headers = {"intuit_tid": new_tid(), "QBO-Version": QBO_VERSION}
        body = dumps(refusal.body(self._lab.clock.now()))
        return Response(body, refusal.status, headers, media_type="application/json")

    def _error(self, status: int, body: str) -> Response:
        headers = {"intuit_tid": new_tid(), "QBO-Version": QBO_VERSION}
        if body == "html":
            text = f"<html><head><title>{status}</title></head><body><h1>{status} upstream error</h1></body></html>"
            return Response(text, status, headers, media_type="text/html")
        if body == "xml":
            text = (
                '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse '
                'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="'
                f'{"3001" if status == 429 else "10000"}"><Message>statusCode={status}</Message></Error></Fault>'
                "</IntuitResponse>"
            )
            return Response(text, status, headers, media_type="application/xml")
        if body == "empty":
            return Response(b"", status, headers)
        return Response(dumps(self._gateway(status)), status, headers, media_type="application/json")

    def _gateway(self, status: int) -> Doc:
        match status:
            case 429:
                error = throttled()
            case 401:
                error = unauthenticated("Token expired")
            case _:
                text = f"message=InternalServerError; errorCode=010000; statusCode={status}"
                error = GatewayError(status, 6002 if status == 504 else 10000, text, text, "SERVICE")
        return error.body(self._lab.clock.now())
