"""The applications that may ask for consent, each with its keys and the addresses it may be answered at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from raccord_sandbox.keeping.storage import Storage

SCOPE = "clients"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_CLIENTS = 100
MAX_ADDRESS = 2000


class ClientRefusedError(Exception):
    """An application that cannot be registered: stable code, and why in French and English."""

    def __init__(self, code: str, fr: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.fr = fr
        self.en = en


@dataclass(frozen=True, slots=True)
class Client:
    """One application."""

    id: str
    secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...] = ()
    """Allowed exactly; empty allows any http(s) address on the loopback."""

    def allows(self, uri: str) -> bool:
        """Tell whether the answer to an authorize request may go to this address."""
        if self.redirect_uris:
            return uri in self.redirect_uris
        scheme, host, _ = _parts(uri)
        return scheme in ("http", "https") and host in LOOPBACK

    def has_secret(self, secret: str) -> bool:
        """Compare a secret in constant time."""
        return secrets.compare_digest(secret.encode(), self.secret.encode())


class Clients:
    """The application of the settings and those registered since; the latter are saved."""

    def __init__(self, own: Client, storage: Storage | None) -> None:
        self.own = own
        self._storage = storage
        self._lock = Lock()
        self._known: dict[str, Client] = {own.id: own}
        for key, body in (storage.facts(SCOPE) if storage else {}).items():
            self._known[key] = Client(**{**body, "redirect_uris": tuple(body["redirect_uris"])})

    def __iter__(self) -> Iterator[Client]:
        return iter(list(self._known.values()))

    def get(self, key: str) -> Client | None:
        """Return an application by its id."""
        return self._known.get(key)

    def register(self, name: str, redirect_uris: tuple[str, ...]) -> Client:
        """Make an application with keys of its own. Raises ClientRefusedError."""
        for uri in redirect_uris:
            _check_address(uri)
        client = Client(f"AB{secrets.token_urlsafe(36)}", secrets.token_urlsafe(30), name, redirect_uris)
        with self._lock:
            if len(self._known) >= MAX_CLIENTS:
                raise ClientRefusedError(
                    "full", f"il y a déjà {MAX_CLIENTS} applications", f"there are {MAX_CLIENTS} applications already"
                )
            self._known[client.id] = client
            if self._storage is not None:
                self._storage.put_facts(SCOPE, {client.id: asdict(client)})
        return client

    def remove(self, key: str) -> None:
        """Forget an application that was registered. Raises KeyError; that of the settings stays."""
        with self._lock:
            if key == self.own.id:
                raise KeyError(key)
            del self._known[key]
            if self._storage is not None:
                self._storage.put_facts(SCOPE, {key: None})


def _parts(uri: str) -> tuple[str, str, str]:
    """Return scheme, host and fragment, all empty where the address cannot be read."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", "", ""
    return parts.scheme, parts.hostname or "", parts.fragment


def _check_address(uri: str) -> None:
    """Refuse an address that Intuit would: HTTPS everywhere but on the loopback, no fragment."""
    scheme, host, fragment = _parts(uri)
    local = scheme == "http" and host in LOOPBACK
    if len(uri) > MAX_ADDRESS or not host or fragment or not (scheme == "https" or local):
        raise ClientRefusedError(
            "bad_address",
            f"l’adresse {uri[:200]} doit être en https, ou en http sur localhost, sans #",
            f"the address {uri[:200]} must be https, or http on localhost, without #",
        )
