"""OAuth grants: codes, access tokens and rolling refresh tokens."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Lifetimes
from raccord_sandbox.faults import unauthenticated
from raccord_sandbox.storage import Storage

SCOPE = "oauth"


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description


@dataclass(slots=True)
class Code:
    """An authorization code waiting for its exchange."""

    realm: str
    redirect_uri: str
    scope: str
    expires: float


@dataclass(slots=True)
class Grant:
    """One consent of one company: its current refresh token and the one before."""

    realm: str
    scope: str
    created: float
    refresh_token: str
    rotated: float
    expires: float
    previous: str = ""
    previous_until: float = 0.0


@dataclass(slots=True)
class Access:
    """One access token."""

    grant: str
    realm: str
    expires: float
    client: str = ""


class Grants:
    """Issues, refreshes, checks and revokes; saved at every change so that tokens outlive a restart."""

    def __init__(self, clock: SandboxClock, lifetimes: Lifetimes, storage: Storage | None) -> None:
        self.lifetimes = lifetimes
        self._clock = clock
        self._storage = storage
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._access: dict[str, Access] = {}
        for name, body in (storage.facts(SCOPE) if storage else {}).items():
            kind, _, key = name.partition(":")
            fields: dict[str, Any] = {part: float(value) if part in TIMES else value for part, value in body.items()}
            if kind == "grant":
                self._grants[key] = Grant(**fields)
            elif kind == "access":
                self._access[key] = Access(**fields)

    def new_code(self, realm: str, redirect_uri: str, scope: str) -> str:
        """Return a code for one exchange."""
        code = f"AB11{secrets.token_urlsafe(40)}"
        with self._lock:
            now = self._now()
            self._codes = {key: item for key, item in self._codes.items() if item.expires > now}
            self._codes[code] = Code(realm, redirect_uri, scope, now + self.lifetimes.code.total_seconds())
        return code

    def exchange(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """Return the first tokens of a consent. Raises invalid_grant; a code works once."""
        with self._lock:
            found = self._codes.pop(code, None)
            if found is None or found.expires <= self._now() or found.redirect_uri != redirect_uri:
                raise OAuthError(400, "invalid_grant", "Invalid authorization code")
            return self._open(found.realm, found.scope)

    def grant(self, realm: str, scope: str = "com.intuit.quickbooks.accounting") -> dict[str, Any]:
        """Return tokens without a browser, for tests and templates."""
        with self._lock:
            return self._open(realm, scope)

    def refresh(self, token: str) -> dict[str, Any]:
        """Return new tokens; the refresh token changes its value once a rotation period has passed."""
        with self._lock:
            now = self._now()
            key, grant = self._find(token, now)
            if now - grant.rotated >= self.lifetimes.rotation.total_seconds() and token == grant.refresh_token:
                grant.previous = grant.refresh_token
                grant.previous_until = now + self.lifetimes.rotation_grace.total_seconds()
                grant.refresh_token = _refresh_token()
                grant.rotated = now
            grant.expires = self._refresh_expiry(now, grant.created)
            return self._issue(key, grant)

    def revoke(self, token: str) -> None:
        """End the whole grant that a refresh or access token belongs to."""
        with self._lock:
            access = self._access.get(token)
            found = [
                key
                for key, grant in self._grants.items()
                if token in (grant.refresh_token, grant.previous) or (access is not None and access.grant == key)
            ]
            if not found:
                raise OAuthError(400, "invalid_request", "Token invalid")
            for key in found:
                self._end(key)

    def disconnect(self, realm: str) -> int:
        """End every grant of a company, as a user does from the app page, and return how many there were."""
        with self._lock:
            found = [key for key, grant in self._grants.items() if grant.realm == realm]
            for key in found:
                self._end(key)
            return len(found)

    def is_connected(self, realm: str) -> bool:
        """Tell whether an application may still ask for a company."""
        with self._lock:
            now = self._now()
            return any(grant.realm == realm and now < grant.expires for grant in self._grants.values())

    def access_of(self, token: str) -> Access:
        """Return what an access token is for. Raises the 401 of the gateway."""
        with self._lock:
            access = self._access.get(token)
            if access is None:
                raise unauthenticated("Token invalid or revoked")
            if access.expires <= self._now():
                raise unauthenticated("Token expired")
            return access

    def expire_access_tokens(self, realm: str) -> None:
        """Make every access token of a company expired at once."""
        with self._lock:
            for key, access in self._access.items():
                if access.realm == realm:
                    access.expires = 0.0
                    self._save("access", key, access)

    def _find(self, token: str, now: float) -> tuple[str, Grant]:
        for key, grant in self._grants.items():
            known = token == grant.refresh_token or (token == grant.previous and now < grant.previous_until)
            if known and now < grant.expires and now < grant.created + self.lifetimes.grant.total_seconds():
                return key, grant
        raise OAuthError(400, "invalid_grant", "Incorrect or invalid refresh token")

    def _open(self, realm: str, scope: str) -> dict[str, Any]:
        now = self._now()
        key = secrets.token_hex(8)
        grant = Grant(realm, scope, now, _refresh_token(), now, self._refresh_expiry(now, now))
        self._grants[key] = grant
        return self._issue(key, grant)

    def _issue(self, key: str, grant: Grant) -> dict[str, Any]:
        now = self._now()
        for token in [token for token, access in self._access.items() if access.expires <= now - 3600]:
            self._forget_access(token)
        token = f"eyJlbmMi{secrets.token_urlsafe(48)}"
        access = Access(key, grant.realm, now + self.lifetimes.access_token.total_seconds())
        self._access[token] = access
        self._save("grant", key, grant)
        self._save("access", token, access)
        return {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": int(self.lifetimes.access_token.total_seconds()),
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": round(grant.expires - now),
        }

    def _end(self, key: str) -> None:
        del self._grants[key]
        for token in [token for token, access in self._access.items() if access.grant == key]:
            self._forget_access(token)
        if self._storage is not None:
            self._storage.put_fact(SCOPE, f"grant:{key}", None)

    def _forget_access(self, token: str) -> None:
        del self._access[token]
        if self._storage is not None:
            self._storage.put_fact(SCOPE, f"access:{token}", None)

    def _refresh_expiry(self, now: float, created: float) -> float:
        return min(now + self.lifetimes.refresh_token.total_seconds(), created + self.lifetimes.grant.total_seconds())

    def _save(self, kind: str, key: str, item: Grant | Access) -> None:
        if self._storage is not None:
            body = {name: str(value) if name in TIMES else value for name, value in asdict(item).items()}
            self._storage.put_fact(SCOPE, f"{kind}:{key}", body)

    def _now(self) -> float:
        moment: datetime = self._clock.now()
        return moment.timestamp()


TIMES = frozenset({"created", "rotated", "expires", "previous_until"})


def _refresh_token() -> str:
    return f"RT1-{secrets.token_urlsafe(36)}"
