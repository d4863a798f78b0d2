"""One request to QuickBooks: through the gate, with a good token, and judged by what came back."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import httpx

from raccord.quickbooks.causes import Cause, RetryClass
from raccord.quickbooks.clock import Clock
from raccord.quickbooks.decoding import decode
from raccord.quickbooks.environment import Environment
from raccord.quickbooks.errors import (
    Attempt,
    ReauthoriseError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    Uncertain,
)
from raccord.quickbooks.faults import Fault, faults_in, read_faults
from raccord.quickbooks.governor import PATIENCE_MS, Governor
from raccord.quickbooks.keeper import TokenKeeper
from raccord.quickbooks.limits import Lane, Limits, Meter
from raccord.quickbooks.secret import Secret
from raccord.quickbooks.transport import HeaderAuth

MINOR_VERSION = "75"

_log = logging.getLogger(__name__)
_HEADERS = {"Accept": "application/json", "User-Agent": "raccord"}
_TRIES_MAX = 4
_THROTTLED_MAX = 3
_BACKOFF_MS = 500

# Somebody on the way stopped waiting for QuickBooks; QuickBooks itself may go on. Any other answer is its last word.
_GIVEN_UP_ON = frozenset({408, 502, 504})
_STILL_RUNNING = frozenset({"600"})

# The request did not leave, so that even a write may go out again.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A good answer: decoded (fractions are ``Decimal``, whole numbers ``int``), with its correlation id and HTTP
    status.
    """

    value: T
    tid: str
    status: int


@dataclass(frozen=True, slots=True)
class Call:
    """One request below ``/v3/company/{realm}/``; ``attempt`` is set for a write and says what to look for if its
    answer is lost.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: bytes | None = None
    content_type: str = "application/json"
    attempt: Attempt | None = None
    batch: bool = False
    patience_ms: int = PATIENCE_MS
    reads: int = 1
    """Metered readings in it; writes are not metered."""
    guard: Callable[[], None] | None = None
    """Called right before a write leaves, each time it does; what it raises stops the write and passes through."""


class Wire:
    """Sends calls to one company.

    Reads are tried up to four times. A write is sent again only when it certainly was not executed: no connection,
    401 (once, with a renewed token) or 429 (after the company's pause, three times). Anything else that leaves a
    write open raises ``Uncertain``.
    """

    def __init__(
        self,
        environment: Environment,
        realm: str,
        keeper: TokenKeeper,
        governor: Governor,
        http: httpx.Client,
        clock: Clock,
        jitter: Callable[[int], int] = secrets.randbelow,
        meter: Meter | None = None,
    ) -> None:
        self.http = http
        self._meter = meter
        self._base = f"{environment.api_base}/v3/company/{quote(realm, safe='')}"
        self._keeper = keeper
        self._governor = governor
        self._clock = clock
        self._jitter = jitter

    def send(self, call: Call, lane: Lane) -> Answer[dict[str, Any]]:
        """Return the decoded answer. Errors: all of ``errors`` but those of authorising."""
        round_ = _Round(self, call)
        while True:
            try:
                with self._governor.permit(lane, batch=call.batch, patience_ms=call.patience_ms):
                    if self._meter is not None:
                        self._meter.count(lane, call.reads)
                    response = self._exchange(call, round_)
            except _NOT_SENT as error:
                round_.not_sent(error)
                continue
            except httpx.RequestError as error:
                round_.lost(type(error).__name__, error, under_way=True)
                continue
            answer = round_.judge(response)
            if answer is not None:
                return answer

    def _exchange(self, call: Call, round_: _Round) -> httpx.Response:
        # Inside the gate: a token fetched before a long wait could be old when the request leaves.
        token = self._keeper.access() if round_.refused is None else self._keeper.renew(round_.refused)
        round_.token = token
        url = f"{self._base}/{call.path}?{urlencode({'minorversion': MINOR_VERSION, **call.params})}"
        headers = _HEADERS if call.body is None else {**_HEADERS, "Content-Type": call.content_type}
        if call.guard is not None:
            call.guard()
        started_ms = round_.left_ms = self._clock.elapsed_ms()
        status, tid = "lost", ""
        try:
            response = self.http.request(
                call.method, url, content=call.body, headers=headers, auth=HeaderAuth("Bearer", token)
            )
            status, tid = str(response.status_code), str(response.headers.get("intuit_tid", ""))
            # It is read whole by now. It and its stream hold each other, so that a page's bytes would stay for long.
            response.stream = httpx.ByteStream(b"")
        finally:
            span_ms = self._clock.elapsed_ms() - started_ms
            _log.info("quickbooks %s /%s %s %d ms tid=%s", call.method, call.path, status, span_ms, tid)
        return response

    @property
    def limits(self) -> Limits:
        return self._governor.limits

    def under_way_ms(self, left_ms: int) -> int:
        """Return for how much longer QuickBooks may be executing a request that left at ``left_ms``."""
        return max(0, left_ms + self.limits.executes_within_ms - self._clock.elapsed_ms())

    def pause(self, response: httpx.Response | None = None) -> None:
        """Stop the company for as long as the answer asks, or a minute."""
        self._governor.pause(None if response is None else self._retry_after_ms(response))

    def back_off(self, tries: int) -> None:
        ceiling_ms = _BACKOFF_MS * 2**tries
        self._clock.sleep_ms(ceiling_ms // 2 + self._jitter(ceiling_ms // 2))

    def _retry_after_ms(self, response: httpx.Response) -> int | None:
        said = response.headers.get("Retry-After", "").strip()
        if said.isdecimal():
            return int(said) * 1000
        try:
            moment = parsedate_to_datetime(said)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, int((aware - self._clock.now()).total_seconds() * 1000))


class _Round:
    """The tries of one call: decides after each whether there is a next, or raises."""

    def __init__(self, wire: Wire, call: Call) -> None:
        self._wire = wire
        self._call = call
        self._operation = call.attempt.operation if call.attempt else "read"
        self._tries = 0
        self._throttled = 0
        self.token: Secret | None = None
        self.refused: Secret | None = None
        self.left_ms = 0

    def not_sent(self, error: httpx.RequestError) -> None:
        self._tries += 1
        if self._tries >= _TRIES_MAX:
            raise UnavailableError(
                f"QuickBooks cannot be reached ({type(error).__name__}, {self._tries} tries)"
            ) from error
        self._wire.back_off(self._tries)

    def lost(
        self,
        reason: str,
        error: httpx.RequestError | None = None,
        status: int = 0,
        tid: str = "",
        *,
        under_way: bool = False,
    ) -> None:
        if self._call.attempt is not None:
            left_ms = self._wire.under_way_ms(self.left_ms) if under_way else 0
            attempt = replace(self._call.attempt, http_status=status, reason=reason, under_way_ms=left_ms)
            raise Uncertain(attempt, tid) from error
        self._tries += 1
        if self._tries >= _TRIES_MAX:
            raise UnavailableError(
                f"no usable answer from QuickBooks for /{self._call.path} ({reason}, {self._tries} tries)", tid
            ) from error
        self._wire.back_off(self._tries)

    def judge(self, response: httpx.Response) -> Answer[dict[str, Any]] | None:
        """Return a good answer, or None when the call is to be sent again."""
        status, tid = response.status_code, str(response.headers.get("intuit_tid", ""))
        if response.is_success:
            decoded = _decoded(response.content)
            if decoded is None:
                self.lost("answer is not JSON", None, status, tid)
                return None
            faults = faults_in(decoded, status, tid, self._operation)
            if not faults:
                return Answer(decoded, tid, status)
        else:
            faults = read_faults(response.content, status, tid, self._operation)
        self._refused(response, faults, tid)
        return None

    def _refused(self, response: httpx.Response, faults: tuple[Fault, ...], tid: str) -> None:
        status, fault = response.status_code, faults[0]
        match fault.retry:
            case RetryClass.REFRESH_TOKEN:
                if self.refused is not None:
                    raise ReauthoriseError("QuickBooks refuses a token that was renewed a moment ago", tid)
                self.refused = self.token
            case RetryClass.AFTER_PAUSE if fault.cause is Cause.THROTTLED:
                self._wire.pause(response)
                self._throttled += 1
                if self._throttled > _THROTTLED_MAX:
                    raise ThrottledError(f"too many requests, {self._throttled} times in a row", tid)
            case RetryClass.AFTER_PAUSE:
                raise UnavailableError(f"the company is not available now ({fault})", tid)
            case RetryClass.UNCERTAIN:
                if "Retry-After" in response.headers:
                    self._wire.pause(response)
                given_up_on = status in _GIVEN_UP_ON or fault.code in _STILL_RUNNING
                self.lost(f"HTTP {status}, {fault.code} {fault.message}", None, status, tid, under_way=given_up_on)
            case RetryClass.NEVER | RetryClass.REREAD | RetryClass.REAUTHORISE | RetryClass.WAIT_FOR_PERSON:
                raise RefusedError(
                    f"QuickBooks refused {self._call.method} /{self._call.path} with HTTP {status}", faults, tid
                )


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        decoded = decode(body)
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None
