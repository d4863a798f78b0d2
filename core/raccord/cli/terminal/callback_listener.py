"""A listener for one visit: the browser that comes back from QuickBooks' consent page to this machine."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from raccord.clock import Clock
from raccord.errors import RaccordError
from raccord.plugin.texts import Text

PATIENCE = timedelta(minutes=10)
"""Intuit's code lives five minutes; the person reads the consent page first."""

POLL_S = 1

_THANKS = (
    "<!doctype html><meta charset=utf-8><title>Raccord</title>"
    "<p lang=fr>C'est fait : revenez au terminal.</p><p lang=en>Done: go back to the terminal.</p>"
)


class ListenerError(RaccordError):
    """Raised when the browser cannot be waited for, or did not come back."""


def is_loopback(url: str) -> bool:
    """Tell whether an address leads to this machine itself, over plain http."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    return here and parts.scheme == "http"


def wait_for_callback(address: str, state: str, clock: Clock, ready: Callable[[], None] = lambda: None) -> str:
    """Return the whole address at which the browser came back with ``state``; visits without it are turned away.

    ``ready`` is called once the listener listens. Raises ``ListenerError`` when the port is taken or nobody comes.
    """
    parts = urlsplit(address)
    seen: list[str] = []

    class Visit(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            given = parse_qs(asked.query).get("state", [""])[0]
            ours = asked.path == parts.path and hmac.compare_digest(given.encode(), state.encode())
            if ours:
                seen.append(f"{parts.scheme}://{parts.netloc}{self.path}")
            body = _THANKS.encode() if ours else b""
            self.send_response(HTTPStatus.OK if ours else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing: the address holds the authorisation code."""

    try:
        server = HTTPServer((parts.hostname or "127.0.0.1", parts.port or 80), Visit)
    except OSError:
        raise _port_taken(parts.netloc) from None
    with server:
        server.timeout = POLL_S
        until = clock.elapsed_ms() + PATIENCE // timedelta(milliseconds=1)
        ready()
        while not seen and clock.elapsed_ms() < until:
            server.handle_request()
    if not seen:
        raise ListenerError(
            "connect.nobody_came",
            Text("Personne n'est revenu de QuickBooks.", "Nobody came back from QuickBooks."),
            Text(
                "Recommencez, ou donnez l'adresse de retour avec --callback.",
                "Try again, or give the address you came back to with --callback.",
            ),
        )
    return seen[0]


def _port_taken(place: str) -> ListenerError:
    return ListenerError(
        "connect.port_taken",
        Text(
            f"{place} est occupé, sans doute par « raccord serve ».",
            f"{place} is taken, by “raccord serve” most likely.",
        ),
        Text(
            "Reliez la société depuis la page web, arrêtez ce programme, ou donnez l'adresse de retour avec "
            "--callback.",
            "Connect the company from the web page, stop that program, or give the address you came back to with "
            "--callback.",
        ),
    )
