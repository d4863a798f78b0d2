"""The addresses that notifications go to, on this machine only."""

from __future__ import annotations

import http.client
import ipaddress
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.webhooks.events import ENTITIES, NAMES, PAST, Event, Format

PATIENCE = 3
"""Seconds within which an endpoint must answer."""
MAX_DELIVERIES = 1000
LONGEST_WAIT = 3600
KNOWN = frozenset(NAMES.get(name, name) for name in ENTITIES)
WORDS = frozenset(PAST)


@dataclass(slots=True)
class Endpoint:
    """One registered address, what it wants to hear of, and how it fares."""

    number: int
    url: str
    client: str
    format: Format = Format.CLOUD_EVENTS
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    realm: str = ""
    """Empty for every company that the application is connected to."""
    entities: tuple[str, ...] = ()
    """Empty for all."""
    operations: tuple[str, ...] = ()
    """Empty for all."""
    wait: int = 5
    """Seconds for which changes are gathered into one notification."""
    enabled: bool = True
    failing_since: float | None = None
    deliveries: deque[Doc] = field(default_factory=lambda: deque(maxlen=MAX_DELIVERIES))

    def __post_init__(self) -> None:
        """Refuse an address that is not of this machine, and words that mean nothing. Raises ValueError."""
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise ValueError("url is written in ASCII; other signs are percent-encoded")
        parts = urlsplit(self.url)
        if parts.scheme != "http" or not is_loopback(parts.hostname or "") or parts.username is not None:
            raise ValueError("url is an http address of this machine (localhost, 127.0.0.1 or [::1])")
        _ = parts.port
        for chosen, known in ((self.entities, KNOWN), (self.operations, WORDS)):
            unknown = sorted(set(chosen) - known)
            if unknown:
                raise ValueError(f"{', '.join(unknown)}: there are {', '.join(sorted(known))}")
        if not 0 <= self.wait <= LONGEST_WAIT:
            raise ValueError(f"wait is 0 to {LONGEST_WAIT} seconds")

    def wants(self, realm: str, event: Event) -> bool:
        """Tell whether an event of a company is for this endpoint."""
        return (
            self.enabled
            and self.realm in ("", realm)
            and (not self.entities or event.name in self.entities)
            and (not self.operations or event.operation in self.operations)
        )

    def settings(self) -> Doc:
        """Return what is kept over a restart, as JSON."""
        names = ("number", "url", "client", "verifier", "realm", "wait", "enabled")
        found: Doc = {name: getattr(self, name) for name in names}
        return {
            **found,
            "format": str(self.format),
            "entities": list(self.entities),
            "operations": list(self.operations),
        }


def endpoint_of(settings: Doc) -> Endpoint:
    """Return an endpoint from its settings. Raises ValueError."""
    lists = {name: tuple(settings.get(name, ())) for name in ("entities", "operations")}
    return Endpoint(**{**settings, **lists, "format": Format(settings.get("format", Format.CLOUD_EVENTS))})


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its very spelling: no name but localhost is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a notification and return the status. Raises OSError or HTTPException where there is no answer in time."""
    parts = urlsplit(url)
    path = parts.path or "/"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    try:
        connection.connect()
        # localhost is what the machine says it is; the peer is what counts.
        if not is_loopback(str(connection.sock.getpeername()[0])):
            raise ConnectionRefusedError("the address leads away from this machine")
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()
