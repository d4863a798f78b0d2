"""Signing in through an OpenID Connect provider: authorisation code with PKCE, the id token checked against its keys.

The provider says who somebody is, never what they may do: an address that nobody invited comes no further.
Requests and the rules of an id token are Authlib's; its signature is checked with joserfc, as Authlib does itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from raccord.onboarding.access.accounts import AccountError, new_person, require_not_ended, widen_role
from raccord.onboarding.access.api_tokens import revoke_all
from raccord.onboarding.access.sessions import end_all
from raccord.plugin.texts import Text
from raccord.settings import Settings
from raccord.store import events
from raccord.store.canonical import exact
from raccord.store.models import Invitation, Person
from raccord.sync.workshop import Workshop

SCOPES = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key of the provider's own; none that our secret could make."""

ANSWER_BYTES_MAX = 256 * 1024
TIMEOUT_S = 10
LEEWAY_S = 60


@dataclass(frozen=True, slots=True)
class SetOut:
    """Where the browser goes, and what it must bring back."""

    url: str
    state: str
    nonce: str
    verifier: str


def offered(settings: Settings) -> bool:
    """Tell whether this installation has a provider to sign in with."""
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def new_client() -> httpx.Client:
    """Return a client that follows nobody elsewhere."""
    return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)


def set_out(workshop: Workshop, redirect_uri: str, http: httpx.Client) -> SetOut:
    """Return the address of the provider's page, with fresh secrets for the way back."""
    settings = workshop.settings
    found = _discovered(settings, http)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    url: str = prepare_grant_uri(
        _address(found, "authorization_endpoint", settings),
        client_id=settings.oidc_client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=SCOPES,
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return SetOut(url, state, nonce, verifier)


def come_back(
    workshop: Workshop, redirect_uri: str, code: str, nonce: str, verifier: str, http: httpx.Client
) -> Person:
    """Exchange the code and return the person whom the provider vouches for."""
    settings = workshop.settings
    found = _discovered(settings, http)
    body = prepare_token_request(
        "authorization_code",
        redirect_uri=redirect_uri,
        code=code,
        code_verifier=verifier,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    place = _address(found, "token_endpoint", settings)
    answer = _answer(http.build_request("POST", place, content=body, headers=form), http)
    keys = _answer(http.build_request("GET", _address(found, "jwks_uri", settings)), http)
    claims = _claims(answer, keys, nonce, workshop)
    return _person(workshop, claims)


def _discovered(settings: Settings, http: httpx.Client) -> Mapping[str, Any]:
    issuer = settings.oidc_issuer.rstrip("/")
    found = _answer(http.build_request("GET", f"{issuer}/.well-known/openid-configuration"), http)
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise _failed()
    return found


def _address(found: Mapping[str, Any], name: str, settings: Settings) -> str:
    """Return an endpoint; it is as well protected as the issuer itself, or refused."""
    address = str(found.get(name, ""))
    if urlsplit(address).scheme != urlsplit(settings.oidc_issuer).scheme or not urlsplit(address).hostname:
        raise _failed()
    return address


def _answer(request: httpx.Request, http: httpx.Client) -> Mapping[str, Any]:
    request.headers["Accept"] = "application/json"
    try:
        response = http.send(request)
        if response.status_code != httpx.codes.OK or len(response.content) > ANSWER_BYTES_MAX:
            raise _failed()
        read = exact(response.text)
    except (httpx.HTTPError, ValueError, RecursionError):
        raise _failed() from None
    if not isinstance(read, dict):
        raise _failed()
    return read


def _claims(answer: Mapping[str, Any], keys: Mapping[str, Any], nonce: str, workshop: Workshop) -> Mapping[str, Any]:
    """Return what an id token says, once signature, issuer, audience, hours, nonce and its access token hold."""
    settings = workshop.settings
    options = {
        "iss": {"essential": True, "values": [settings.oidc_issuer, settings.oidc_issuer.rstrip("/") + "/"]},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "nonce": {"essential": True, "value": nonce},
    }
    told = {"nonce": nonce, "client_id": settings.oidc_client_id, "access_token": answer.get("access_token")}
    now = int(workshop.clock.now().timestamp())
    try:
        known = KeySet.import_key_set({"keys": keys["keys"]})
        read = jwt.decode(str(answer.get("id_token", "")), known, algorithms=ALGORITHMS)
        claims = CodeIDToken(read.claims, read.header, options, told)
        claims.validate(now=now, leeway=LEEWAY_S)
    except (JoseError, ValueError, KeyError, TypeError):
        raise _failed() from None
    return dict(claims)


def _person(workshop: Workshop, claims: Mapping[str, Any]) -> Person:
    """Return whom the claims stand for: known by subject, else by a verified address, else by a waiting invitation."""
    identity, now = f"{claims['iss']} {claims['sub']}", workshop.clock.now()
    email = str(claims.get("email", "")).strip().lower() if claims.get("email_verified") is True else ""
    with workshop.database.begin() as session:
        person = session.scalars(select(Person).where(Person.identity == identity)).one_or_none()
        if person is None and email:
            person = session.scalars(
                select(Person).where(Person.email == email, Person.identity.is_(None))
            ).one_or_none()
            invitation = session.scalars(
                select(Invitation)
                .where(
                    Invitation.email == email,
                    Invitation.role != "",
                    Invitation.used_at.is_(None),
                    Invitation.withdrawn_at.is_(None),
                    Invitation.ends_at > now,
                )
                .order_by(Invitation.made_at.desc())
                .limit(1)
            ).first()
            if person is None and invitation is not None:
                person = new_person(email, str(claims.get("name", "")), "", now, invitation.made_by)
                session.add(person)
                session.flush()
            if person is not None and invitation is not None:
                invitation.used_at = now
                widen_role(session, person, invitation, now)
            if person is not None:
                # Whoever made the account may not be whom the provider proves: what opened it so far ends here.
                person.identity, person.password_hash = identity, ""
                end_all(session, person.id, now)
                revoke_all(session, person.id, now)
                events.append(session, actor=person.email, action="people.provider_linked", subject=email, now=now)
        if person is None or person.disabled_at is not None:
            raise AccountError(
                "people.not_invited",
                Text(
                    "Votre fournisseur vous connaît, mais personne ne vous a invité ici.",
                    "Your provider knows you, but nobody invited you here.",
                ),
                Text("Demandez une invitation au propriétaire.", "Ask the owner for an invitation."),
            )
        require_not_ended(session, person, now)
        return person


def _failed() -> AccountError:
    return AccountError(
        "people.provider_failed",
        Text(
            "Le fournisseur de connexion n'a pas répondu comme il faut.",
            "The sign-in provider did not answer as it should.",
        ),
        Text(
            "Recommencez ; si cela continue, l'exploitant vérifie RACCORD_OIDC_ISSUER et les clés de l'application.",
            "Try again; if it goes on, the operator checks RACCORD_OIDC_ISSUER and the application's keys.",
        ),
    )
