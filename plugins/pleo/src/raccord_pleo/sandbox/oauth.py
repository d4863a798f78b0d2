"""The twin's sign-in: a page where a person authorises, codes that prove themselves with PKCE, tokens that rotate."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from raccord_pleo.sandbox.company import TwinRefusalError

CLIENT, SECRET = "raccord-at-pleo", "twin-client-secret"
ACCESS_LIVES = timedelta(hours=1)
CODE_LIVES = timedelta(minutes=5)


@dataclass(slots=True)
class _Code:
    challenge: str
    redirect: str
    made: datetime


@dataclass(slots=True)
class TwinOAuth:
    """One registered client, and what was given to it; codes and refresh tokens serve once."""

    clock: Callable[[], datetime]
    redirects: set[str] = field(default_factory=set)
    """Addresses that the client registered; empty takes any."""
    codes: dict[str, _Code] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    access: dict[str, datetime] = field(default_factory=dict)
    asked: int = 0
    """How often the token endpoint gave tokens."""

    def page(self, asked: Mapping[str, str]) -> str:
        """Return the page where a person authorises or refuses."""
        if asked.get("client_id") != CLIENT or asked.get("code_challenge_method") != "S256":
            raise TwinRefusalError(400, "invalid_request")
        if self.redirects and asked.get("redirect_uri") not in self.redirects:
            raise TwinRefusalError(400, "invalid_redirect")
        fields = "".join(
            f'<input type=hidden name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        return (
            f'<!doctype html><html lang="en"><title>Pleo twin</title><h1>Authorise {html.escape(CLIENT)}</h1>'
            f"<form method=get action=/oauth/decide>{fields}<button name=answer value=yes>Authorise</button>"
            "<button name=answer value=no>Refuse</button></form></html>"
        )

    def decided(self, asked: Mapping[str, str]) -> str:
        """Return where the person is sent with their answer."""
        back = {"state": asked.get("state", "")}
        if asked.get("answer") == "yes":
            code = f"code-{len(self.codes)}"
            self.codes[code] = _Code(asked["code_challenge"], asked["redirect_uri"], self.clock())
            back["code"] = code
        else:
            back["error"] = "access_denied"
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, authorization: str, form: Mapping[str, str]) -> dict[str, object]:
        """Give tokens for a code or a refresh token, each once."""
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode("ascii")
        if authorization != expected:
            raise TwinRefusalError(401, "invalid_client")
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh:
                raise TwinRefusalError(400, "invalid_grant")
            self.refresh.discard(form["refresh_token"])
        else:
            code = self.codes.pop(form.get("code", ""), None)
            proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode("ascii")
            if code is None or code.challenge != challenge or code.redirect != form.get("redirect_uri"):
                raise TwinRefusalError(400, "invalid_grant")
            if self.clock() - code.made > CODE_LIVES:
                raise TwinRefusalError(400, "invalid_grant")
        self.asked += 1
        access, refresh = f"access-{self.asked}", f"refresh-{self.asked}"
        self.access[access] = self.clock() + ACCESS_LIVES
        self.refresh.add(refresh)
        seconds = int(ACCESS_LIVES.total_seconds())
        return {"access_token": access, "refresh_token": refresh, "expires_in": seconds, "token_type": "Bearer"}

    def lets_in(self, authorization: str) -> bool:
        """Tell whether a header bears an access token that still lives."""
        ends = self.access.get(authorization.removeprefix("Bearer "))
        return ends is not None and self.clock() < ends

    def revoke(self) -> None:
        """Take the authorisation back: no token is good any more."""
        self.access.clear()
        self.refresh.clear()
