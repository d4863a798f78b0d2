"""Signing in through an OpenID Connect provider: authorisation code with PKCE, the id token checked against its keys.

The provider says who somebody is, never what they may do: an address that nobody invited comes no further.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from raccord.onboarding.access.accounts import AccountError, new_person, widen_role
from raccord.onboarding.access.api_tokens import revoke_all
from raccord.onboarding.access.people import RoleName
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
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    place = _address(found, "authorization_endpoint", settings)
    return SetOut(f"{place}{'&' if '?' in place else '?'}{urlencode(query)}", state, nonce, verifier)


def come_back(
    workshop: Workshop, redirect_uri: str, code: str, nonce: str, verifier: str, http: httpx.Client
) -> Person:
    """Exchange the code and return the person whom the provider vouches for."""
    settings = workshop.settings
    found = _discovered(settings, http)
    answer = _answer(
        http.build_request(
            "POST",
            _address(found, "token_endpoint", settings),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
                "client_id": settings.oidc_client_id,
                "client_secret": settings.oidc_client_secret.get_secret_value(),
            },
        ),
        http,
    )
    keys = _answer(http.build_request("GET", _address(found, "jwks_uri", settings)), http)
    claims = _claims(str(answer.get("id_token", "")), keys, nonce, workshop)
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


def _claims(token: str, keys: Mapping[str, Any], nonce: str, workshop: Workshop) -> Mapping[str, Any]:
    """Return what an id token says, once signature, issuer, audience, hours and nonce hold."""
    settings = workshop.settings
    rules = jwt.JWTClaimsRegistry(
        now=int(workshop.clock.now().timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "values": [settings.oidc_issuer, settings.oidc_issuer.rstrip("/") + "/"]},
        aud={"essential": True, "value": settings.oidc_client_id},
        exp={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        read = jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=ALGORITHMS)
        rules.validate(read.claims)
    except (JoseError, ValueError, KeyError, TypeError):
        raise _failed() from None
    claims: Mapping[str, Any] = read.claims
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if several and claims.get("azp") != settings.oidc_client_id:
        raise _failed()
    return claims


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
                widen_role(session, person, invitation.company_id, RoleName(invitation.role), invitation.made_by, now)
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
