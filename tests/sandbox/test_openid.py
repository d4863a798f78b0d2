"""Identity: keys, signed statements of who consented, and what each scope opens."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
CLIENT = ("raccord-sandbox", "raccord-sandbox-secret")
CALLBACK = "http://localhost:9/callback"
ACCOUNTING = "com.intuit.quickbooks.accounting"
NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("us",))) as server:
        yield server


def consented(sandbox: SandboxServer, scope: str, **more: str) -> tuple[Doc, Doc]:
    """Return what the redirect address and the token endpoint answered."""
    fields = {
        "client_id": CLIENT[0],
        "response_type": "code",
        "scope": scope,
        "redirect_uri": CALLBACK,
        "state": "s",
        "auto": "1",
        **more,
    }
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params=fields)
    answer = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    return answer, httpx.post(f"{sandbox.url}/oauth2/v1/tokens/bearer", data=form, auth=CLIENT).json()


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(sandbox: SandboxServer, id_token: str) -> Doc:
    """Return the claims after checking the signature with the published key, without the library that made it."""
    head, claims, signature = id_token.split(".")
    header = json.loads(unpacked(head))
    assert header["alg"] == "RS256"
    keys = httpx.get(f"{sandbox.url}/op/v1/jwks").json()["keys"]
    [key] = [key for key in keys if key["kid"] == header["kid"]]
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert not {"d", "p", "q"} & set(key)
    modulus, exponent = (int.from_bytes(unpacked(key[part])) for part in ("n", "e"))
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(unpacked(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    found: Doc = json.loads(unpacked(claims))
    return found


def test_an_id_token_is_signed_and_names_person_application_and_company(sandbox: SandboxServer) -> None:
    answer, tokens = consented(sandbox, f"{ACCOUNTING} openid", nonce="n-1")
    claims = verified(sandbox, tokens["id_token"])
    now = int(NOW.timestamp())
    assert claims == {
        "iss": f"{sandbox.url}/op/v1",
        "sub": sandbox.store.identity.subject,
        "aud": [CLIENT[0]],
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "realmid": answer["realmId"],
        "nonce": "n-1",
    }


def test_only_a_consent_with_openid_has_an_id_token_and_a_refresh_has_none(sandbox: SandboxServer) -> None:
    assert "id_token" not in consented(sandbox, ACCOUNTING)[1]
    tokens = consented(sandbox, f"{ACCOUNTING} openid")[1]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = httpx.post(f"{sandbox.url}/oauth2/v1/tokens/bearer", data=form, auth=CLIENT).json()
    assert "id_token" not in again


def test_identity_alone_asks_for_no_company_and_opens_none(sandbox: SandboxServer) -> None:
    answer, tokens = consented(sandbox, "openid email")
    assert set(answer) == {"code", "state"}
    assert "realmid" not in verified(sandbox, tokens["id_token"])
    realm = next(iter(sandbox.store)).realm
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
    refused = httpx.get(f"{sandbox.url}/v3/company/{realm}/preferences", headers=headers)
    assert (refused.status_code, refused.json()["fault"]["error"][0]["code"]) == (403, "3100")


def test_a_company_consented_to_for_payments_alone_cannot_be_read(sandbox: SandboxServer) -> None:
    answer, tokens = consented(sandbox, "com.intuit.quickbooks.payment")
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
    refused = httpx.get(f"{sandbox.url}/v3/company/{answer['realmId']}/preferences", headers=headers)
    assert (refused.status_code, refused.json()["fault"]["error"][0]["code"]) == (403, "3100")


@pytest.mark.parametrize(
    ("scope", "known"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "emailVerified"}),
        ("openid profile", {"sub", "givenName", "familyName"}),
        ("openid phone", {"sub", "phoneNumber", "phoneNumberVerified"}),
        ("openid address", {"sub", "address"}),
    ],
)
def test_each_scope_opens_what_it_names(sandbox: SandboxServer, scope: str, known: set[str]) -> None:
    tokens = consented(sandbox, scope)[1]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = httpx.get(f"{sandbox.url}/v1/openid_connect/userinfo", headers=headers)
    assert (answer.status_code, set(answer.json())) == (200, known)
    assert answer.json()["sub"] == sandbox.store.identity.subject
    assert answer.headers["intuit_tid"]


def test_who_consented_is_told_to_nobody_else(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/v1/openid_connect/userinfo"
    for headers in ({}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic eDp5"}):
        answer = httpx.get(url, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    tokens = consented(sandbox, ACCOUNTING)[1]
    answer = httpx.get(url, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def test_the_endpoints_of_identity_can_be_struck_by_faults(sandbox: SandboxServer) -> None:
    lab = {"Authorization": f"Bearer {sandbox.lab_token}"}
    for path in ("/op/v1/jwks", "/.well-known/openid_configuration", "/v1/openid_connect/userinfo"):
        body = {"effect": "error_before", "status": 503, "path": path, "body": "html"}
        httpx.post(f"{sandbox.url}/sandbox/faults", json=body, headers=lab)
        answer = httpx.get(f"{sandbox.url}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
