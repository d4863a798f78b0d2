"""Signing in through a provider: whose word counts, whose does not, and everything a dishonest answer may hold."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from pydantic import SecretStr

from raccord.clock import FixedClock
from raccord.onboarding.access import provider
from raccord.onboarding.access.accounts import AccountError, hashed, set_up_first
from raccord.onboarding.access.members import accept, invite
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.access.reach import reach_of
from raccord.onboarding.access.sessions import open_session, signed_in
from raccord.store.models import Company, Membership, Person
from raccord.sync.workshop import Workshop

ISSUER = "https://id.example"
ACCESS_TOKEN = "opaque-access-token"
BACK = "http://127.0.0.1:8321/oauth/signin/callback"
OWNER = "odile@example.ca"
KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
KEY.ensure_kid()


@dataclass
class Provider:
    """A provider in memory, as honest as its fields."""

    now: int
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: KEY)
    algorithm: str = "ES256"
    status: int = 200
    asked: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        match request.url.path:
            case "/.well-known/openid-configuration":
                found: Any = {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                    **self.discovery,
                }
            case "/token":
                claims = {
                    "iss": ISSUER, "sub": "42", "aud": "raccord", "iat": self.now, "exp": self.now + 300,
                    "email": OWNER, "email_verified": True, "name": "Odile", **self.claims,
                }  # fmt: skip
                given = {name: value for name, value in claims.items() if value is not None}
                header = {"alg": self.algorithm, "kid": KEY.kid}
                token = jwt.encode(header, given, self.key, algorithms=[self.algorithm])
                found = {"id_token": token, "access_token": ACCESS_TOKEN, "token_type": "Bearer"}
            case _:
                found = KeySet([KEY]).as_dict(private=False)
        return httpx.Response(self.status, json=found)


@pytest.fixture
def house(workshop: Workshop) -> Workshop:
    """An installation that has a provider."""
    update = {"oidc_issuer": ISSUER, "oidc_client_id": "raccord", "oidc_client_secret": SecretStr("secret")}
    workshop.settings = workshop.settings.model_copy(update=update)
    return workshop


@pytest.fixture
def there(hand: FixedClock) -> Provider:
    return Provider(int(hand.now().timestamp()))


@pytest.fixture
def enter(house: Workshop, there: Provider) -> Callable[..., Person]:
    """Goes there and comes back."""

    def go(**claims: Any) -> Person:
        with httpx.Client(transport=httpx.MockTransport(there.answer)) as http:
            out = provider.set_out(house, BACK, http)
            there.claims = {"nonce": out.nonce, **claims}
            return provider.come_back(house, BACK, "code-1", out.nonce, out.verifier, http)

    return go


def test_a_person_is_linked_by_a_verified_address_and_known_by_subject_from_then_on(
    house: Workshop, there: Provider, enter: Callable[..., Person]
) -> None:
    owner = set_up_first(house, OWNER, "Odile", "correct horse battery")
    device = open_session(house, owner, "", "")
    assert enter().id == owner.id
    with house.database.read() as session:
        assert session.get_one(Person, owner.id).password_hash == "", "another may have chosen the password"
    assert signed_in(house, device) is None
    digest = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
    at_hash = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert enter(email="other@example.ca", at_hash=at_hash, aud=["raccord", "other"], azp="raccord").id == owner.id
    with pytest.raises(AccountError, match="nobody invited"):
        enter(sub="43")
    sent = parse_qs(there.asked[2].content.decode())
    assert sent["code"] == ["code-1"]
    assert len(sent["code_verifier"][0]) >= 43


def test_an_invitation_is_accepted_by_its_address(house: Workshop, enter: Callable[..., Person]) -> None:
    with pytest.raises(AccountError, match="nobody invited"):
        enter()
    invite(house, Actor("boss@example.ca", RoleName.OWNER), OWNER, RoleName.ADMIN)
    for unverified in ({"email_verified": None}, {"email_verified": "true"}, {"email": "x@example.ca"}):
        with pytest.raises(AccountError, match="nobody invited"):
            enter(**unverified)
    person = enter()
    with house.database.read() as session:
        assert session.get_one(Membership, (person.id, "")).role == RoleName.ADMIN
        assert session.get_one(Person, person.id).password_hash == ""


def test_an_invitation_takes_nothing_from_whoever_has_a_wider_role(
    house: Workshop, enter: Callable[..., Person]
) -> None:
    owner = set_up_first(house, OWNER, "Odile", "correct horse battery")
    with house.database.begin() as session:
        company = Company(environment="sandbox", realm="5", name="Atelier", created_at=house.clock.now())
        session.add(company)
        session.flush()
    invite(house, Actor("mallory@example.ca", RoleName.ADMIN), OWNER, RoleName.ACCOUNTANT, company.id)
    assert enter().id == owner.id
    secret = invite(house, Actor("op@example.ca", RoleName.OPERATOR), OWNER, RoleName.OPERATOR)
    with house.database.begin() as session:
        session.get_one(Person, owner.id).password_hash = hashed("correct horse battery", OWNER)
    accept(house, secret, "", "correct horse battery")
    with house.database.read() as session:
        reach = reach_of(session, owner.id, OWNER, house.clock.now())
        assert (reach.everywhere, dict(reach.companies)) == (RoleName.OWNER, {})


def test_the_way_there_carries_a_challenge_and_a_state(house: Workshop, there: Provider) -> None:
    with httpx.Client(transport=httpx.MockTransport(there.answer)) as http:
        out = provider.set_out(house, BACK, http)
    query = parse_qs(urlsplit(out.url).query)
    assert query["tenant"] == ["1"]
    assert query["code_challenge_method"] == ["S256"]
    digest = hashlib.sha256(out.verifier.encode()).digest()
    assert query["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert query["state"] == [out.state]
    assert query["redirect_uri"] == [BACK]
    assert out.verifier not in out.url
    assert "secret" not in out.url


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "somebody-else"}, {"aud": ["raccord", "other"]},
        {"iss": "https://evil.example"}, {"exp": 1}, {"exp": None}, {"sub": None},
        {"iat": None}, {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, {"aud": ["raccord", "other"], "azp": "other"},
    ],
)  # fmt: skip
def test_an_id_token_that_is_not_for_us_now_is_refused(
    house: Workshop, enter: Callable[..., Person], claims: dict[str, Any]
) -> None:
    set_up_first(house, OWNER, "Odile", "correct horse battery")
    with pytest.raises(AccountError, match="did not answer as it should"):
        enter(**claims)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ECKey.generate_key("P-256")},
        {"key": OctKey.import_key("secret-of-thirty-two-characters!"), "algorithm": "HS256"},
        {"discovery": {"issuer": "https://evil.example"}},
        {"discovery": {"token_endpoint": "http://id.example/token"}},
        {"discovery": {"jwks_uri": ""}},
        {"status": 302},
        {"status": 500},
    ],
    ids=lambda each: json.dumps(sorted(each)),
)
def test_a_dishonest_or_broken_provider_lets_nobody_in(
    house: Workshop, there: Provider, enter: Callable[..., Person], changes: dict[str, Any]
) -> None:
    set_up_first(house, OWNER, "Odile", "correct horse battery")
    for name, value in changes.items():
        setattr(there, name, value)
    with pytest.raises(AccountError, match="did not answer as it should"):
        enter()
