"""OAuth grants: codes, access tokens and rolling refresh tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Lifetimes
from raccord_sandbox.keeping.storage import Storage
from raccord_sandbox.refusing.faults import unauthenticated

SCOPE = "oauth"
ACCOUNTING = "com.intuit.quickbooks.accounting"
PAYMENT = "com.intuit.quickbooks.payment"
HOUR = 3600
MAX_GRANTS = 10_000
INVALID_REFRESH = "Incorrect or invalid refresh token"


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code waiting for its exchange; `realm` is empty where no company was asked for."""

    realm: str
    redirect_uri: str
    scope: str
    expires: float
    client: str
    nonce: str = ""


@dataclass(slots=True)
class Grant:
    """One consent: its current refresh token and the one before."""

    realm: str
    scope: str
    created: float
    refresh_token: str
    rotated: float
    expires: float
    previous: str = ""
    previous_until: float = 0.0
    client: str = ""


@dataclass(slots=True)
class Access:
    """One access token."""

    grant: str
    realm: str
    expires: float
    client: str = ""
    scope: str = ACCOUNTING

    def allows(self, scope: str) -> bool:
        """Tell whether the person consented to this scope."""
        return scope in self.scope.split()


@dataclass(frozen=True, slots=True)
class Issued:
    """The answer of the token endpoint, and the consent behind it."""

    body: dict[str, Any]
    grant: Grant
    by_code: bool = False
    nonce: str = ""


TIMES = frozenset({"created", "rotated", "expires", "previous_until"})


class Grants:
    """Issues, refreshes, checks and revokes; saved at every change so that tokens outlive a restart."""

    def __init__(self, clock: SandboxClock, lifetimes: Lifetimes, storage: Storage | None, client: str) -> None:
        self.lifetimes = lifetimes
        self._clock = clock
        self._storage = storage
        self._client = client
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._access: dict[str, Access] = {}
        self._changed: dict[str, Any] = {}
        for kind, key, fields in _saved(storage):
            match kind:
                case "grant":
                    self._grants[key] = Grant(**fields)
                case "access":
                    self._access[key] = Access(**fields)
                case "code":
                    self._codes[key] = Code(**fields)

    def new_code(self, realm: str, redirect_uri: str, scope: str, client: str, nonce: str = "") -> str:
        """Return a code for one exchange."""
        code = f"AB11{secrets.token_urlsafe(40)}"
        with self._lock:
            now = self._now()
            for key in [key for key, item in self._codes.items() if item.expires <= now]:
                self._drop("code", key)
            item = Code(realm, redirect_uri, scope, now + self.lifetimes.code.total_seconds(), client, nonce)
            self._codes[code] = item
            self._note("code", code, item)
            self._save()
        return code

    def exchange(self, code: str, redirect_uri: str, client: str) -> Issued:
        """Return the first tokens of a consent. Raises invalid_grant; a code works once."""
        with self._lock:
            found = self._codes.get(code)
            if found is not None:
                self._drop("code", code)
            now = self._now()
            good = found is not None and found.expires > now
            if found is None or not good or found.redirect_uri != redirect_uri or found.client != client:
                self._save()
                raise OAuthError(400, "invalid_grant", "Invalid authorization code")
            issued = self._open(found.realm, found.scope, client)
            return replace(issued, by_code=True, nonce=found.nonce)

    def grant(self, realm: str, scope: str = ACCOUNTING, client: str = "") -> dict[str, Any]:
        """Return tokens without a browser, for tests and templates."""
        with self._lock:
            return self._open(realm, scope, client or self._client).body

    def refresh(self, token: str, client: str) -> Issued:
        """Return new tokens; the refresh token changes its value once a rotation period has passed."""
        with self._lock:
            now = self._now()
            key, grant = self._find(token, client, now)
            if now - grant.rotated >= self.lifetimes.rotation.total_seconds() and token == grant.refresh_token:
                grant.previous = grant.refresh_token
                grant.previous_until = now + self.lifetimes.rotation_grace.total_seconds()
                grant.refresh_token = _refresh_token()
                grant.rotated = now
            grant.expires = self._refresh_expiry(now, grant.created)
            return self._issue(key, grant)

    def revoke(self, token: str, client: str) -> None:
        """End the whole grant that a refresh or access token of this application belongs to."""
        with self._lock:
            access = self._access.get(token)
            found = [
                key
                for key, grant in self._grants.items()
                if grant.client == client
                and (token in (grant.refresh_token, grant.previous) or (access is not None and access.grant == key))
            ]
            if not token or not found:
                raise OAuthError(400, "invalid_request", "Token invalid")
            for key in found:
                self._end(key)
            self._save()

    def disconnect(self, realm: str = "", *, client: str = "") -> int:
        """End every grant of a company or an application, as a user does from the app page; return how many."""
        with self._lock:
            found = [
                key
                for key, grant in self._grants.items()
                if (realm and grant.realm == realm) or (client and grant.client == client)
            ]
            for key in found:
                self._end(key)
            self._save()
            return len(found)

    def is_connected(self, realm: str, client: str) -> bool:
        """Tell whether an application may still ask for a company."""
        with self._lock:
            now = self._now()
            mine = (grant for grant in self._grants.values() if grant.client == client)
            return any(grant.realm == realm and now < grant.expires for grant in mine)

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
                    self._note("access", key, access)
            self._save()

    def hard_expiry(self, grant: Grant) -> int:
        """Return in how many seconds the consent itself ends."""
        return max(0, round(grant.created + self.lifetimes.grant.total_seconds() - self._now()))

    def _find(self, token: str, client: str, now: float) -> tuple[str, Grant]:
        for key, grant in self._grants.items():
            known = token == grant.refresh_token or (token == grant.previous and now < grant.previous_until)
            if not known or grant.client != client:
                continue
            if now < grant.expires and now < grant.created + self.lifetimes.grant.total_seconds():
                return key, grant
            raise OAuthError(400, "invalid_grant", "Token invalid")
        raise OAuthError(400, "invalid_grant", INVALID_REFRESH)

    def _open(self, realm: str, scope: str, client: str) -> Issued:
        now = self._now()
        while len(self._grants) >= MAX_GRANTS:
            self._end(next(iter(self._grants)))
        key = secrets.token_hex(8)
        grant = Grant(realm, scope, now, _refresh_token(), now, self._refresh_expiry(now, now), client=client)
        self._grants[key] = grant
        return self._issue(key, grant)

    def _issue(self, key: str, grant: Grant) -> Issued:
        now = self._now()
        for token in [token for token, access in self._access.items() if access.expires <= now - HOUR]:
            self._drop("access", token)
        token = f"eyJlbmMi{secrets.token_urlsafe(48)}"
        lifetime = self.lifetimes.access_token.total_seconds()
        access = Access(key, grant.realm, now + lifetime, grant.client, grant.scope)
        self._access[token] = access
        self._note("grant", key, grant)
        self._note("access", token, access)
        self._save()
        body = {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": int(lifetime),
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": round(grant.expires - now),
        }
        return Issued(body, grant)

    def _end(self, key: str) -> None:
        self._drop("grant", key)
        for token in [token for token, access in self._access.items() if access.grant == key]:
            self._drop("access", token)

    def _refresh_expiry(self, now: float, created: float) -> float:
        return min(now + self.lifetimes.refresh_token.total_seconds(), created + self.lifetimes.grant.total_seconds())

    def _note(self, kind: str, key: str, item: Code | Grant | Access) -> None:
        self._changed[f"{kind}:{key}"] = {
            name: str(value) if name in TIMES else value for name, value in asdict(item).items()
        }

    def _drop(self, kind: str, key: str) -> None:
        match kind:
            case "grant":
                del self._grants[key]
            case "access":
                del self._access[key]
            case _:
                del self._codes[key]
        self._changed[f"{kind}:{key}"] = None

    def _save(self) -> None:
        """Write what changed, all or none."""
        changed, self._changed = self._changed, {}
        if self._storage is not None and changed:
            self._storage.put_facts(SCOPE, changed)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _saved(storage: Storage | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, body in (storage.facts(SCOPE) if storage else {}).items():
        kind, _, key = name.partition(":")
        yield kind, key, {part: float(value) if part in TIMES else value for part, value in body.items()}


def _refresh_token() -> str:
    return f"RT1-{secrets.token_urlsafe(36)}"
