"""How a caller shows Pleo who it is: a bearer token, an API key, or OAuth 2 with PKCE to get a token."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode

from raccord.plugin import Reauthorise, SourceRefused, Text
from raccord.plugin.contexts import Answer, Http

SCOPES = "export-jobs:read export-jobs:write export-items:read"
"""What an export needs; the lists have scopes of their own, which Pleo names with the client."""
_FORM = "application/x-www-form-urlencoded"


class Place(StrEnum):
    """Which of Pleo's two installations is meant; clients and keys belong to one of them."""

    PRODUCTION = "production"
    STAGING = "staging"

    @property
    def api(self) -> str:
        return "https://external.pleo.io" if self is Place.PRODUCTION else "https://external.staging.pleo.io"

    @property
    def auth(self) -> str:
        return "https://auth.pleo.io" if self is Place.PRODUCTION else "https://auth.staging.pleo.io"


def bearer(token: str) -> dict[str, str]:
    """Return the header for an OAuth access token."""
    return {"Authorization": f"Bearer {token}"}


def api_key(key: str) -> dict[str, str]:
    """Return the header for an API key: the user's name of HTTP Basic, with an empty password."""
    return _basic(key, "")


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave; ``expires_in`` is in seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client that Pleo registered; ``redirect`` must be the registered address to the letter."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect: str
    base: str = Place.PRODUCTION.auth

    def authorise_url(self, state: str, verifier: str, scopes: str = SCOPES) -> str:
        """Return the address to send the person to; ``verifier`` (43 to 128 characters) is kept for :meth:`redeem`."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "scope": scopes,
        }
        return f"{self.base}/oauth/authorize?{urlencode(asked)}"

    def redeem(self, http: Http, code: str, verifier: str) -> Tokens:
        """Trade the code of the redirect for tokens."""
        return self._ask(
            http,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect,
                "code_verifier": verifier,
            },
        )

    def renew(self, http: Http, refresh: str) -> Tokens:
        """Trade a refresh token for new tokens; where none comes with them, the old refresh token stays good."""
        return self._ask(http, {"grant_type": "refresh_token", "refresh_token": refresh}, refresh)

    def _ask(self, http: Http, form: Mapping[str, str], kept: str = "") -> Tokens:
        headers = {**_basic(self.client_id, self.client_secret), "Content-Type": _FORM}
        answer = http.post(f"{self.base}/oauth/token", content=urlencode(form).encode("ascii"), headers=headers)
        said = _object(answer)
        if answer.status != 200:
            raise Reauthorise(
                Text(
                    "Pleo refuse l’autorisation : reconnectez le compte Pleo.",
                    "Pleo refuses the authorisation: connect the Pleo account again.",
                )
            )
        access, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(access, str) or not isinstance(seconds, int):
            raise SourceRefused(
                Text("La réponse de Pleo ne contient pas de jeton.", "Pleo's answer contains no token.")
            )
        return Tokens(access, str(said.get("refresh_token") or kept), seconds)


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _object(answer: Answer) -> Mapping[str, object]:
    try:
        said = json.loads(answer.content, parse_float=Decimal)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
