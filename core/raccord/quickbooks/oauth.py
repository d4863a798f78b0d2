"""Intuit's authorisation host: consent, exchange, refresh, revoke.

Authlib builds and reads the protocol's messages; they travel through a plain httpx client. (Authlib's own httpx
integration prefers another transport package when that is installed, so two machines would not run the same code.)
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request

from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock
from raccord.quickbooks.decoding import decode
from raccord.quickbooks.environment import Environment
from raccord.quickbooks.errors import (
    AppCredentialsError,
    AuthorisationFailedError,
    ConsentRefusedError,
    ReauthoriseError,
    UnavailableError,
    WrongCompanyError,
)
from raccord.quickbooks.faults import Fault, read_faults
from raccord.quickbooks.secret import Secret
from raccord.quickbooks.tokens import Tokens
from raccord.quickbooks.transport import HeaderAuth, new_http

ACCOUNTING_SCOPE = "com.intuit.quickbooks.accounting"
SCOPES = (ACCOUNTING_SCOPE, "openid", "email")
"""All of accounting, for there is no smaller scope, and who consents."""
_PERSON_MAX = 254

_log = logging.getLogger(__name__)
_READ_TIMEOUT_S = 30
_REFRESH_DAYS = 100
_SPAN_MAX_S = 10 * 365 * 86_400


def new_state() -> str:
    """Return a fresh unguessable ``state``; keep it with the person's session and give it to ``exchange``."""
    state: str = generate_token(48)
    return state


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What Intuit gave this installation: client id, secret, and the redirect address registered there."""

    client_id: str
    client_secret: Secret
    redirect_uri: str

    def basic(self) -> Secret:
        """Return both in the form of HTTP Basic."""
        return Secret(base64.b64encode(f"{self.client_id}:{self.client_secret.reveal()}".encode()).decode("ascii"))


class OAuthClient:
    """Speaks with the authorisation host for one installation; one object serves all companies and threads."""

    def __init__(
        self,
        environment: Environment,
        credentials: AppCredentials,
        http: httpx.Client | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._environment = environment
        self._credentials = credentials
        self._http = http or new_http(_READ_TIMEOUT_S)
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def authorization_url(self, state: str, scopes: tuple[str, ...] = SCOPES) -> str:
        """Return the address of Intuit's consent page, which sends the person back with ``state``."""
        if not state:
            raise ValueError("an authorisation needs a state")
        url: str = prepare_grant_uri(
            self._environment.authorize_url,
            client_id=self._credentials.client_id,
            response_type="code",
            redirect_uri=self._credentials.redirect_uri,
            scope=" ".join(scopes),
            state=state,
        )
        return url

    def exchange(self, callback_url: str, expected_state: str, expected_realm: str | None = None) -> Tokens:
        """Turn the address that the person came back to into tokens.

        Checks the state first, then refusal, then the company: with ``expected_realm`` (an existing connection)
        another company raises ``WrongCompanyError`` before the code is spent. The code works once, so a lost answer
        is not retried.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(callback_url).query).items()}
        if not expected_state or not hmac.compare_digest(asked.get("state", "").encode(), expected_state.encode()):
            raise AuthorisationFailedError("the answer does not belong to the request that was sent (state differs)")
        if asked.get("error") == "access_denied":
            raise ConsentRefusedError("nobody gave the authorisation on Intuit's page")
        if "error" in asked:
            raise AuthorisationFailedError(f"Intuit answered {asked['error'][:100]!r} instead of an authorisation")
        code, realm = asked.get("code", ""), asked.get("realmId", "")
        if not code or not realm:
            raise AuthorisationFailedError("the answer holds no authorisation code or no company id")
        if expected_realm is not None and realm != expected_realm:
            raise WrongCompanyError(expected_realm, realm)
        address = self._credentials.redirect_uri
        form = Secret(prepare_token_request("authorization_code", redirect_uri=address, code=code))
        return self._tokens(form, realm, previous=None)

    def person_of(self, tokens: Tokens) -> str:
        """Return the e-mail address of who consented, as Intuit knows them; empty where it does not tell.

        Nothing hangs on it but what people read: a consent counts whatever this answers.
        """
        if not self._environment.userinfo_url:
            return ""
        try:
            response = self._http.get(
                self._environment.userinfo_url,
                headers={"Accept": "application/json"},
                auth=HeaderAuth("Bearer", tokens.access),
            )
        except httpx.RequestError as error:
            _log.warning("oauth: who consented is not known (%s)", type(error).__name__)
            return ""
        if response.status_code != httpx.codes.OK:
            _log.warning("oauth: who consented is not known (%s) tid=%s", response.status_code, _tid(response))
            return ""
        return _read_person(response.content)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Return new tokens for ``tokens``; the refresh token may or may not be a new one.

        Asks once. ``UnavailableError``: the answer was lost or unusable, and the grant may already be rotated; asking
        again with the same refresh token is right. ``ReauthoriseError``: the grant is gone.
        """
        form = Secret(prepare_token_request("refresh_token", refresh_token=tokens.refresh.reveal()))
        return self._tokens(form, tokens.realm, previous=tokens)

    def revoke(self, tokens: Tokens) -> None:
        """End the whole grant at Intuit; a grant that is gone already is fine."""
        body = Secret(json.dumps({"token": tokens.refresh.reveal()}))
        response = self._post(self._environment.revoke_url, body, "application/json")
        if response.status_code == httpx.codes.OK:
            return
        faults = read_faults(response.content, response.status_code, _tid(response))
        if faults[0].code not in ("invalid_grant", "invalid_token") and faults[0].detail != "Token invalid":
            self._refuse(faults)

    def _tokens(self, form: Secret, realm: str, previous: Tokens | None) -> Tokens:
        # Spans count from before the request: an expiry computed late would be a token used dead.
        asked_at = self._clock.now()
        response = self._post(self._environment.token_url, form, "application/x-www-form-urlencoded")
        if response.status_code != httpx.codes.OK:
            self._refuse(read_faults(response.content, response.status_code, _tid(response)))
        tokens = _read_tokens(response.content, realm, asked_at, previous)
        if tokens is None:
            raise UnavailableError("the authorisation host answered 200 without tokens", _tid(response))
        return tokens

    def _post(self, url: str, body: Secret, content_type: str) -> httpx.Response:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        try:
            response = self._http.post(
                url, content=body.reveal(), headers=headers, auth=HeaderAuth("Basic", self._credentials.basic())
            )
        except httpx.RequestError as error:
            # Not chained: the frames below hold the token in clear.
            raise UnavailableError(f"the authorisation host did not answer ({type(error).__name__})") from None
        _log.info("oauth POST %s %s tid=%s", urlsplit(url).path, response.status_code, _tid(response))
        return response

    def _refuse(self, faults: tuple[Fault, ...]) -> NoReturn:
        fault = faults[0]
        if fault.http_status >= 500 or fault.http_status in (408, 429):
            raise UnavailableError(f"the authorisation host answered {fault.http_status}", fault.tid)
        match fault.code:
            case "invalid_grant":
                raise ReauthoriseError("Intuit no longer accepts the authorisation of this company", fault.tid)
            case "invalid_client" | "unauthorized_client" | "http-401":
                raise AppCredentialsError("Intuit does not accept the application's client id and secret", fault.tid)
            case _:
                raise AuthorisationFailedError(
                    f"the authorisation host refused: {fault.code} ({fault.http_status})", fault.tid
                )


def _tid(response: httpx.Response) -> str:
    return str(response.headers.get("intuit_tid", ""))


def _read_person(body: bytes) -> str:
    try:
        answer = decode(body)
    except ValueError:
        return ""
    email = answer.get("email") if isinstance(answer, dict) else None
    return email if isinstance(email, str) and len(email) <= _PERSON_MAX and email.isprintable() else ""


def _read_tokens(body: bytes, realm: str, asked_at: datetime, previous: Tokens | None) -> Tokens | None:
    """Return what a good answer holds, or None; raises nothing, because its variables hold tokens in clear."""
    try:
        answer = decode(body)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not isinstance(access, str) or not access:
        return None
    access_ends = asked_at + _span(answer.get("expires_in"), timedelta(hours=1))
    if isinstance(refresh, str) and refresh:
        refresh_ends = asked_at + _span(answer.get("x_refresh_token_expires_in"), timedelta(days=_REFRESH_DAYS))
        return Tokens(realm, Secret(access), Secret(refresh), access_ends, refresh_ends)
    return previous and Tokens(realm, Secret(access), previous.refresh, access_ends, previous.refresh_ends)


def _span(seconds: object, default: timedelta) -> timedelta:
    return timedelta(seconds=seconds) if isinstance(seconds, int) and 0 < seconds < _SPAN_MAX_S else default
