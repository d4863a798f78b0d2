"""A clock wound by hand, a real HTTP server that answers as told, and a token store in memory."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from raccord.quickbooks import (
    LOCAL,
    AppCredentials,
    Governor,
    OAuthClient,
    QuickBooks,
    Secret,
    TokenKeeper,
    Tokens,
    local,
)

REALM = "9341452000000001"
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class HandClock:
    """Stands still until somebody sleeps; a sleep moves it on and is remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone_ms = 0
        self.sleeps: list[int] = []

    def now(self) -> datetime:
        return START + timedelta(milliseconds=self._gone_ms)

    def elapsed_ms(self) -> int:
        return self._gone_ms

    def sleep_ms(self, span_ms: int) -> None:
        with self._lock:
            self.sleeps.append(span_ms)
            self._gone_ms += span_ms

    def advance(self, span: timedelta) -> None:
        with self._lock:
            self._gone_ms += span // timedelta(milliseconds=1)


class MemoryStore:
    """Keeps tokens in memory and counts; its lock stands for the one between processes."""

    def __init__(self, tokens: Tokens | None) -> None:
        self.tokens = tokens
        self.saved: list[Tokens] = []
        self._between_processes = threading.Lock()

    def load(self) -> Tokens | None:
        return self.tokens

    def save(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.saved.append(tokens)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._between_processes:
            yield


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What the server answers; ``cut`` drops the connection 'before' any byte or 'inside' the body."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""


def say(value: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer."""
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


def fault(code: str, message: str = "m", detail: str = "d", element: str = "", status: int = 400) -> Reply:
    """An answer that refuses."""
    error = {"Message": message, "Detail": detail, "code": code, "element": element}
    return say({"Fault": {"Error": [error], "type": "ValidationFault"}}, status)


class Server:
    """Answers each request with the next of ``replies`` (a Reply or a function of the request); the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.replies: list[Reply | Callable[[Asked], Reply]] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                parts = urlsplit(self.path)
                params = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Asked(self.command, parts.path, params, headers, self.rfile.read(length))
                reply = server.next(request)
                if reply.cut != "before":
                    self.send_response(reply.status)
                    self.send_header("intuit_tid", f"tid-{len(server.asked)}")
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body) + (10 if reply.cut else 0)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    self.wfile.flush()
                if reply.cut:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)

            do_GET = do_POST = _serve  # noqa: N815 - names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def next(self, request: Asked) -> Reply:
        with self._lock:
            self.asked.append(request)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(request) if callable(reply) else reply

    def answer(self, *replies: Reply | Callable[[Asked], Reply]) -> None:
        self.replies = list(replies)

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def tokens(access: str = "access-1", refresh: str = "refresh-1", minutes: int = 60, realm: str = REALM) -> Tokens:
    """A grant whose access token has ``minutes`` left at the start."""
    return Tokens(
        realm, Secret(access), Secret(refresh), START + timedelta(minutes=minutes), START + timedelta(days=100)
    )


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(tokens())


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def oauth(server: Server, clock: HandClock) -> Iterator[OAuthClient]:
    credentials = AppCredentials("client-1", Secret("client-secret"), "https://raccord.example/callback")
    client = OAuthClient(local(server.url), credentials, clock=clock)
    yield client
    client.close()


@pytest.fixture
def keeper(store: MemoryStore, oauth: OAuthClient, clock: HandClock) -> TokenKeeper:
    return TokenKeeper(REALM, store, oauth, clock)


@pytest.fixture
def books(server: Server, keeper: TokenKeeper, clock: HandClock) -> Iterator[QuickBooks]:
    with QuickBooks(local(server.url), REALM, keeper, Governor(LOCAL, clock=clock), clock=clock) as client:
        yield client


@dataclass(frozen=True)
class Kit:
    """What tests make by hand, since a conftest is not imported."""

    realm: str = REALM
    start: datetime = START
    tokens: Callable[..., Tokens] = tokens
    store: Callable[[Tokens | None], MemoryStore] = MemoryStore
    reply: Callable[..., Reply] = Reply
    say: Callable[..., Reply] = say
    fault: Callable[..., Reply] = fault


@pytest.fixture
def kit() -> Kit:
    return Kit()
