"""A forward between a client and the sandbox that keeps every request and answer as they were on the wire."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
TIME_OUT = 20


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters, the first of each."""
        return {
            name: values[0] for name, values in parse_qs(urlsplit(self.target).query, keep_blank_values=True).items()
        }

    @property
    def plain_answer(self) -> bytes:
        """The answer's body without its compression."""
        return gzip.decompress(self.answer) if self.answer_headers.get("content-encoding") == "gzip" else self.answer

    def __str__(self) -> str:
        return f"{self.method} {self.target} {self.body[:900]!r} -> {self.status} {self.plain_answer[:1_500]!r}"


class Wiretap:
    """Listens on a free port of the loopback and forwards to the sandbox's."""

    def __init__(self, host: str, port: int) -> None:
        self.exchanges: list[Exchange] = []
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, host, port))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where clients are pointed to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def keep(self, exchange: Exchange) -> None:
        """Remember an exchange."""
        with self._lock:
            self.exchanges.append(exchange)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(TIME_OUT)


def _handler(tap: Wiretap, host: str, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        """Headers and body leave in one packet: two would wait for each other's acknowledgement."""

        def forward(self) -> None:
            body = self._body()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            sandbox = HTTPConnection(host, port, timeout=TIME_OUT)
            try:
                sandbox.request(self.command, self.path, body or None, headers)
                found = sandbox.getresponse()
                answer = found.read()
            finally:
                sandbox.close()
            answered = {name.lower(): value for name, value in found.getheaders()}
            sent = {name.lower(): value for name, value in self.headers.items()}
            tap.keep(Exchange(self.command, self.path, sent, body, found.status, answered, answer))
            self.send_response_only(found.status)
            for name, value in found.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()

        do_GET = do_POST = forward  # noqa: N815  # http.server's names

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, format: str, *args: object) -> None:  # http.server's name
            """Keep quiet: the exchanges say it all."""

    return Handler
