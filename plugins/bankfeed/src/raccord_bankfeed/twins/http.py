"""A provider's server on this machine, over real HTTP: each twin says what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return [value for each, value in self.query if each == name]

    def one(self, name: str) -> str:
        """Return the first value of a parameter, or nothing."""
        return next(iter(self.all(name)), "")


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Twin(Protocol):
    """Something that answers like a provider."""

    def answer(self, asked: Asked) -> Answered: ...


class TwinServer:
    """Serves a twin on a port of its own until the ``with`` ends."""

    def __init__(self, twin: Twin) -> None:
        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = tuple(parse_qsl(parts.query, keep_blank_values=True))
                asked = Asked(self.command, parts.path, query, dict(self.headers.items()), body)
                answered = twin.answer(asked)
                self.send_response(answered.status)
                for name, value in answered.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answered.body)))
                self.end_headers()
                self.wfile.write(answered.body)

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 1 / 100}, daemon=True).start()
        return self

    def __exit__(self, *of: object) -> None:
        self._server.shutdown()
        self._server.server_close()
