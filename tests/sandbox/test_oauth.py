from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.server import SandboxServer

CLIENT = ("raccord-sandbox", "raccord-sandbox-secret")
CALLBACK = "http://localhost:9/callback"
FIELDS = {
    "client_id": CLIENT[0],
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting",
    "redirect_uri": CALLBACK,
    "state": "s1",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(), seeds=("us", "quebec"))) as server:
        yield server


def token(sandbox: SandboxServer, auth: Any = CLIENT, **form: str) -> httpx.Response:
    return httpx.post(f"{sandbox.url}/oauth2/v1/tokens/bearer", data=form, auth=auth)


def authorize(sandbox: SandboxServer, **more: str) -> dict[str, str]:
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params={**FIELDS, "auto": "1", **more})
    assert page.status_code == 302, page.text
    return dict(parse_qsl(urlsplit(page.headers["location"]).query))


def first_tokens(sandbox: SandboxServer) -> dict[str, Any]:
    code = authorize(sandbox)["code"]
    answer = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refresh(sandbox: SandboxServer, value: str) -> httpx.Response:
    return token(sandbox, grant_type="refresh_token", refresh_token=value)


def read_company(sandbox: SandboxServer, access: str, realm: str | None = None) -> httpx.Response:
    realm = realm or next(iter(sandbox.store)).realm
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
    return httpx.get(f"{sandbox.url}/v3/company/{realm}/companyinfo/{realm}", headers=headers)


def test_discovery_names_every_endpoint_on_this_host(sandbox: SandboxServer) -> None:
    for name in ("openid_configuration", "openid_sandbox_configuration"):
        found = httpx.get(f"{sandbox.url}/.well-known/{name}").json()
        assert found["authorization_endpoint"] == f"{sandbox.url}/connect/oauth2"
        assert found["token_endpoint"] == f"{sandbox.url}/oauth2/v1/tokens/bearer"
        assert found["revocation_endpoint"] == f"{sandbox.url}/v2/oauth2/tokens/revoke"
        assert found["token_endpoint_auth_methods_supported"] == ["client_secret_post", "client_secret_basic"]


def test_the_consent_page_lets_a_person_choose_connect_or_deny(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/connect/oauth2"
    page = httpx.get(url, params=FIELDS, headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert page.status_code == 200
    assert "Relier une entreprise" in page.text
    realm = sandbox.store.of_template("quebec").realm
    assert f'value="{realm}"' in page.text
    chosen = httpx.post(url, data={**FIELDS, "realm": realm, "decision": "connect"})
    answer = dict(parse_qsl(urlsplit(chosen.headers["location"]).query))
    assert answer["realmId"] == realm
    assert answer["state"] == "s1"
    denied = httpx.post(url, data={**FIELDS, "realm": realm, "decision": "deny"})
    answer = dict(parse_qsl(urlsplit(denied.headers["location"]).query))
    assert answer == {"error": "access_denied", "state": "s1"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_bad_authorize_request_comes_back_with_its_error(
    sandbox: SandboxServer, change: dict[str, str], problem: str
) -> None:
    assert authorize(sandbox, **change)["error"] == problem


@pytest.mark.parametrize("change", [{"client_id": "other"}, {"redirect_uri": "https://evil.example/cb"}])
def test_an_untrusted_redirect_is_never_followed(sandbox: SandboxServer, change: dict[str, str]) -> None:
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params={**FIELDS, "auto": "1", **change})
    assert page.status_code == 400
    assert "location" not in page.headers


def test_a_code_gives_documented_tokens_once(sandbox: SandboxServer) -> None:
    code = authorize(sandbox)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = token(sandbox, **form)
    body = answer.json()
    assert answer.headers["intuit_tid"]
    assert (body["token_type"], body["expires_in"], body["x_refresh_token_expires_in"]) == ("bearer", 3600, 8726400)
    assert read_company(sandbox, body["access_token"]).status_code == 200
    again = token(sandbox, **form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_expires_and_is_bound_to_its_address(sandbox: SandboxServer) -> None:
    other = token(
        sandbox, grant_type="authorization_code", code=authorize(sandbox)["code"], redirect_uri=CALLBACK + "x"
    )
    assert other.json()["error"] == "invalid_grant"
    code = authorize(sandbox)["code"]
    sandbox.config.clock.advance(timedelta(minutes=6))
    late = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert late.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "RT1-nothing"}, 400, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses_in_the_flat_form(
    sandbox: SandboxServer, form: dict[str, str], status: int, error: str
) -> None:
    answer = token(sandbox, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["intuit_tid"]


def test_wrong_credentials_are_an_invalid_client(sandbox: SandboxServer) -> None:
    answer = token(sandbox, auth=(CLIENT[0], "wrong"), grant_type="refresh_token", refresh_token="x")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_the_refresh_token_changes_after_a_day_and_the_old_one_dies_after_its_grace(sandbox: SandboxServer) -> None:
    clock = sandbox.config.clock
    tokens = first_tokens(sandbox)
    same = refresh(sandbox, tokens["refresh_token"]).json()
    assert same["refresh_token"] == tokens["refresh_token"]
    assert same["access_token"] != tokens["access_token"]
    clock.advance(timedelta(hours=25))
    rotated = refresh(sandbox, tokens["refresh_token"]).json()
    assert rotated["refresh_token"] != tokens["refresh_token"]
    in_grace = refresh(sandbox, tokens["refresh_token"])
    assert in_grace.json()["refresh_token"] == rotated["refresh_token"]
    clock.advance(timedelta(seconds=61))
    assert refresh(sandbox, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert refresh(sandbox, rotated["refresh_token"]).status_code == 200


def test_an_access_token_lives_one_hour(sandbox: SandboxServer) -> None:
    access = first_tokens(sandbox)["access_token"]
    sandbox.config.clock.advance(timedelta(minutes=59))
    assert read_company(sandbox, access).status_code == 200
    sandbox.config.clock.advance(timedelta(minutes=2))
    answer = read_company(sandbox, access)
    assert answer.status_code == 401
    assert answer.json()["fault"]["error"][0]["code"] == "3200"
    assert answer.json()["fault"]["type"] == "AUTHENTICATION"


def test_an_unused_refresh_token_expires(sandbox: SandboxServer) -> None:
    tokens = first_tokens(sandbox)
    sandbox.config.clock.advance(timedelta(days=102))
    assert refresh(sandbox, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_ends_the_whole_grant(sandbox: SandboxServer) -> None:
    tokens = first_tokens(sandbox)
    url = f"{sandbox.url}/v2/oauth2/tokens/revoke"
    answer = httpx.post(url, json={"token": tokens["refresh_token"]}, auth=CLIENT)
    assert (answer.status_code, answer.content) == (200, b"")
    assert read_company(sandbox, tokens["access_token"]).status_code == 401
    assert refresh(sandbox, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_token_of_one_company_is_refused_by_another(sandbox: SandboxServer) -> None:
    access = first_tokens(sandbox)["access_token"]
    answer = read_company(sandbox, access, sandbox.store.of_template("quebec").realm)
    assert answer.status_code == 403
    assert answer.json()["fault"]["error"][0]["code"] == "3100"


def test_tokens_outlive_a_restart(tmp_path: Path) -> None:
    with SandboxServer(SandboxConfig(data=tmp_path, seeds=("us",))) as sandbox:
        tokens = first_tokens(sandbox)
    with SandboxServer(SandboxConfig(data=tmp_path, seeds=("us",))) as sandbox:
        assert read_company(sandbox, tokens["access_token"]).status_code == 200
        assert refresh(sandbox, tokens["refresh_token"]).status_code == 200
