"""Who consents: the keys that sign id tokens, and what applications may know of the person."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.keeping.storage import Storage
from raccord_sandbox.oauth.grants import Access, Grant

SCOPE = "openid"
LIFETIME = 3600
KEY_BITS = 2048
TICKETS_MOST = 100
SCOPES = ("openid", "email", "profile", "address", "phone")
PERSON: dict[str, dict[str, Any]] = {
    "email": {"email": "person@example.com", "emailVerified": True},
    "profile": {"givenName": "Camille", "familyName": "Bac-à-Sable"},
    "phone": {"phoneNumber": "+1 5145550100", "phoneNumberVerified": True},
    "address": {
        "address": {
            "streetAddress": "1 Sandbox Street",
            "locality": "Montréal",
            "region": "QC",
            "postalCode": "H2Y 1C6",
            "country": "CA",
        }
    },
}
"""What each scope opens; the same made-up person consents everywhere."""


def discovery(base: str) -> dict[str, Any]:
    """Return the discovery document for a sandbox at this address."""
    return {
        "issuer": issuer(base),
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def issuer(base: str) -> str:
    """Return the name under which a sandbox at this address signs."""
    return f"{base}/op/v1"


class Identity:
    """Signs id tokens and tells of the person; the key is made at first use and kept in the file."""

    def __init__(self, clock: SandboxClock, seed: int, storage: Storage | None) -> None:
        self._clock = clock
        self._storage = storage
        self._lock = Lock()
        self._key: RSAKey | None = None
        self._tickets: list[str] = []
        self.subject = str(uuid.uuid5(uuid.NAMESPACE_URL, f"raccord-sandbox:{seed}"))
        self._password: str = "" if storage is None else storage.facts(SCOPE).get("password", "")

    @property
    def has_password(self) -> bool:
        """Tell whether the person must sign in before consenting."""
        return bool(self._password)

    def change_password(self, password: str) -> None:
        """Let the person sign in with this one from now on, or without any; consents already given stay as they are."""
        with self._lock:
            self._password = self._hash(password) if password else ""
            self._tickets = []
            if self._storage is not None:
                self._storage.put_facts(SCOPE, {"password": self._password or None})

    def signs_in(self, password: str) -> bool:
        """Tell whether this password, or none where none is set, lets the person in."""
        return not self._password or secrets.compare_digest(self._hash(password), self._password)

    def new_ticket(self) -> str:
        """Return what the page of consent shows in place of the password of who just signed in."""
        with self._lock:
            self._tickets = [*self._tickets[-TICKETS_MOST + 1 :], secrets.token_urlsafe(24)]
            return self._tickets[-1]

    def is_signed_in(self, ticket: str) -> bool:
        """Tell whether who shows this ticket signed in, or nobody has to."""
        with self._lock:
            return not self._password or ticket in self._tickets

    def keys(self) -> dict[str, Any]:
        """Return the public keys as a JWK set."""
        found: dict[str, Any] = dict(KeySet([self._signing_key()]).as_dict(private=False))
        return found

    def id_token(self, base: str, grant: Grant, nonce: str = "") -> str:
        """Return the signed statement of who consented, for the application of the grant."""
        now = _seconds(self._clock.now())
        claims: dict[str, Any] = {
            "iss": issuer(base),
            "sub": self.subject,
            "aud": [grant.client],
            "iat": now,
            "exp": now + LIFETIME,
            "auth_time": now,
        }
        claims |= ({"realmid": grant.realm} if grant.realm else {}) | ({"nonce": nonce} if nonce else {})
        key = self._signing_key()
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def person(self, access: Access) -> dict[str, Any]:
        """Return what the scopes of a token open."""
        found: dict[str, Any] = {"sub": self.subject}
        for scope, facts in PERSON.items():
            if access.allows(scope):
                found |= facts
        return found

    def _hash(self, password: str) -> str:
        return hashlib.scrypt(password.encode(), salt=self.subject.encode(), n=2**12, r=8, p=1).hex()

    def _signing_key(self) -> RSAKey:
        with self._lock:
            if self._key is None:
                saved = {} if self._storage is None else self._storage.facts(SCOPE)
                if "key" in saved:
                    self._key = RSAKey.import_key(saved["key"], {"use": "sig", "alg": "RS256"})
                else:
                    self._key = RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": "RS256"})
                    if self._storage is not None:
                        self._storage.put_facts(SCOPE, {"key": self._key.as_pem(private=True).decode()})
                self._key.ensure_kid()
            return self._key


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
