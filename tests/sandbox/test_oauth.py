from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

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


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
def test_discovery_names_every_endpoint_on_this_host(sandbox: SandboxServer, name: str) -> None:
    answer = httpx.get(f"{sandbox.url}/.well-known/{name}")
    assert answer.headers["intuit_tid"]
    assert answer.json() == {
        "issuer": f"{sandbox.url}/op/v1",
        "authorization_endpoint": f"{sandbox.url}/connect/oauth2",
        "token_endpoint": f"{sandbox.url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{sandbox.url}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{sandbox.url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{sandbox.url}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }
    # Named with an underscore, unlike the convention.
    assert httpx.get(f"{sandbox.url}/.well-known/openid-configuration").status_code == 404


def test_the_consent_page_lets_a_person_choose_connect_or_deny(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/connect/oauth2"
    page = httpx.get(url, params=FIELDS, headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert page.status_code == 200
    assert "Relier une société" in page.text
    realm = sandbox.store.of_template("quebec").realm
    # What the application has already says so, and of the others the first is proposed.
    grants, companies = sandbox.store.grants, sandbox.store.listed()
    for has in ([], [companies[0]], companies):
        for each in companies:
            grants.disconnect(each.realm)
        for each in has:
            grants.grant(each.realm)
        shown = httpx.get(url, params=FIELDS, headers={"Accept-Language": "fr-CA,fr;q=0.9"}).text
        free = [each.realm for each in companies if each not in has]
        assert re.findall(r'value="(\d+)" selected', shown) == free[:1]
        assert re.findall(r'value="(\d+)"(?: selected)?>[^<]* \(déjà reliée\)', shown) == [each.realm for each in has]
    chosen = httpx.post(url, data={**FIELDS, "realm": realm, "decision": "connect"})
    answer = dict(parse_qsl(urlsplit(chosen.headers["location"]).query))
    assert answer["realmId"] == realm
    assert answer["state"] == "s1"
    denied = httpx.post(url, data={**FIELDS, "realm": realm, "decision": "deny"})
    answer = dict(parse_qsl(urlsplit(denied.headers["location"]).query))
    assert answer == {"error": "access_denied", "state": "s1"}


def test_who_has_a_password_signs_in_before_consenting_and_changing_it_ends_no_grant(sandbox: SandboxServer) -> None:
    url, realm = f"{sandbox.url}/connect/oauth2", sandbox.store.of_template("quebec").realm
    wanted = {**FIELDS, "realm": realm, "decision": "connect"}
    tokens = sandbox.store.grants.grant(realm)

    def change(password: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {sandbox.lab_token}"}
        answer = httpx.post(f"{sandbox.url}/sandbox/person/password", json={"password": password}, headers=headers)
        return dict(answer.json())

    def sign_in(password: str) -> httpx.Response:
        return httpx.post(url, data={**FIELDS, "decision": "sign_in", "password": password})

    def consent(page: httpx.Response) -> httpx.Response:
        """Consent on the page that comes after signing in."""
        return httpx.post(url, data={**wanted, "ticket": page.text.partition('name="ticket" value="')[2][:32]})

    assert "password" not in httpx.get(url, params=FIELDS).text
    assert change("before-1") == {"asked": True}
    before = sign_in("before-1")
    assert consent(before).status_code == 302
    assert change("after-22") == {"asked": True}
    try:
        asked = httpx.get(url, params=FIELDS).text
        assert 'type="password"' in asked
        assert realm not in asked, "signing in comes before the page of consent"
        assert consent(before).status_code == 403, "another password ends who was signed in"
        wrong = {**FIELDS, "decision": "sign_in", "password": "before-1"}
        refused = httpx.post(url, data=wrong, headers={"Accept-Language": "en"})
        assert refused.status_code == 403
        assert "not the person" in refused.text
        assert "before-1" not in refused.text
        assert httpx.post(url, data=wanted).status_code == 403
        assert httpx.get(url, params={**FIELDS, "auto": "1", "password": "before-1"}).status_code == 400
        assert httpx.get(url, params={**FIELDS, "auto": "1", "password": "after-22"}).status_code == 302
        assert httpx.post(url, data={**wanted, "password": "after-22"}).status_code == 403, "consent comes after"
        consenting = sign_in("after-22")
        assert 'type="password"' not in consenting.text
        assert realm in consenting.text
        assert consent(consenting).status_code == 302
        assert read_company(sandbox, tokens["access_token"], realm).status_code == 200
        assert refresh(sandbox, tokens["refresh_token"]).status_code == 200
    finally:
        assert change("") == {"asked": False}
    assert httpx.post(url, data=wanted).status_code == 302


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": ""}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"realm": "1"}, "access_denied"),
    ],
)
def test_a_bad_authorize_request_comes_back_with_its_error(
    sandbox: SandboxServer, change: dict[str, str], problem: str
) -> None:
    assert authorize(sandbox, **change)["error"] == problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": "other"}, "Aucune application"),
        ({"redirect_uri": "https://evil.example/cb"}, "redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),
        ({"redirect_uri": ""}, "redirect_uri"),
    ],
)
def test_an_untrusted_redirect_is_never_followed(sandbox: SandboxServer, change: dict[str, str], said: str) -> None:
    for page in (
        httpx.get(f"{sandbox.url}/connect/oauth2", params={**FIELDS, "auto": "1", "lang": "fr", **change}),
        httpx.post(f"{sandbox.url}/connect/oauth2?lang=fr", data={**FIELDS, "decision": "connect", **change}),
    ):
        assert page.status_code == 400
        assert "location" not in page.headers
        assert said in page.text


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
    ("form", "error", "description"),
    [
        ({}, "invalid_request", "grant_type is required"),
        ({"grant_type": "password"}, "unsupported_grant_type", "password is not supported"),
        ({"grant_type": "refresh_token"}, "invalid_request", "refresh_token is required"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request", "code and redirect_uri are required"),
        (
            {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK},
            "invalid_grant",
            "Invalid authorization code",
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "RT1-nothing"},
            "invalid_grant",
            "Incorrect or invalid refresh token",
        ),
    ],
)
def test_the_token_endpoint_refuses_in_the_flat_form(
    sandbox: SandboxServer, form: dict[str, str], error: str, description: str
) -> None:
    answer = token(sandbox, **form)
    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})
    assert answer.headers["intuit_tid"]


def test_the_token_endpoint_takes_forms_only(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/oauth2/v1/tokens/bearer"
    answer = httpx.post(url, json={"grant_type": "refresh_token"}, auth=CLIENT)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = httpx.post(url, data={"grant_type": "x" * 100_001}, auth=CLIENT)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("auth", "form"),
    [
        ((CLIENT[0], "wrong"), {}),
        (("nobody", CLIENT[1]), {}),
        (None, {}),
        (None, {"client_id": CLIENT[0]}),
        (None, {"client_id": CLIENT[0], "client_secret": "wrong"}),
    ],
)
def test_wrong_or_missing_credentials_are_an_invalid_client(
    sandbox: SandboxServer, auth: Any, form: dict[str, str]
) -> None:
    answer = token(sandbox, auth=auth, grant_type="refresh_token", refresh_token="x", **form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    revoked = httpx.post(f"{sandbox.url}/v2/oauth2/tokens/revoke", json={"token": "x", **form}, auth=auth)
    assert (revoked.status_code, revoked.json()["error"]) == (401, "invalid_client")


def test_credentials_may_stand_in_the_form(sandbox: SandboxServer) -> None:
    keys = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
    code = authorize(sandbox)["code"]
    answer = token(sandbox, None, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **keys)
    assert answer.status_code == 200


def test_the_hard_expiry_is_told_when_asked_for(sandbox: SandboxServer) -> None:
    tokens = first_tokens(sandbox)
    assert "x_refresh_token_hard_expires_in" not in tokens
    sandbox.config.clock.advance(timedelta(days=1))
    answer = httpx.post(
        f"{sandbox.url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=CLIENT,
        headers={"x-include-refresh-token-hard-expires-in": "true"},
    )
    assert answer.json()["x_refresh_token_hard_expires_in"] == pytest.approx(1824 * 86_400, abs=5)


def test_a_grant_ends_after_five_years_however_often_it_is_refreshed(sandbox: SandboxServer) -> None:
    value = first_tokens(sandbox)["refresh_token"]
    for _ in range(18):
        sandbox.config.clock.advance(timedelta(days=100))
        value = refresh(sandbox, value).json()["refresh_token"]
    left = refresh(sandbox, value).json()["x_refresh_token_expires_in"]
    assert left == pytest.approx(25 * 86_400, abs=10)
    sandbox.config.clock.advance(timedelta(days=26))
    assert refresh(sandbox, value).json()["error_description"] == "Token invalid"


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


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
@pytest.mark.parametrize("form", ["json", "data"])
def test_revoking_ends_the_whole_grant(sandbox: SandboxServer, which: str, form: str) -> None:
    tokens = first_tokens(sandbox)
    url = f"{sandbox.url}/v2/oauth2/tokens/revoke"
    body: dict[str, Any] = {form: {"token": tokens[which]}}
    answer = httpx.post(url, auth=CLIENT, **body)
    assert (answer.status_code, answer.content) == (200, b"")
    again = httpx.post(url, auth=CLIENT, **body)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
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


def test_codes_applications_and_keys_outlive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=("us",))
    with SandboxServer(config) as sandbox:
        code = authorize(sandbox)["code"]
        other = sandbox.store.clients.register("Other", ("https://app.example/cb",))
        keys = httpx.get(f"{sandbox.url}/op/v1/jwks").json()
    with SandboxServer(config) as sandbox:
        answer = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert answer.status_code == 200
        assert sandbox.store.clients.get(other.id) == other
        assert httpx.get(f"{sandbox.url}/op/v1/jwks").json() == keys


@pytest.fixture
def other(sandbox: SandboxServer) -> Iterator[Any]:
    client = sandbox.store.clients.register("Caisse & Cie", ("https://app.example/cb?from=intuit",))
    yield client
    sandbox.store.clients.remove(client.id)


def test_an_application_uses_its_own_addresses_codes_and_tokens_only(sandbox: SandboxServer, other: Any) -> None:
    keys, uri = (other.id, other.secret), other.redirect_uris[0]
    asked = {**FIELDS, "client_id": other.id, "auto": "1"}
    assert httpx.get(f"{sandbox.url}/connect/oauth2", params=asked).status_code == 400
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params={**asked, "redirect_uri": uri})
    answer = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    assert (answer["from"], answer["state"]) == ("intuit", "s1")
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": uri}
    assert token(sandbox, CLIENT, **form).json()["error"] == "invalid_grant"
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params={**asked, "redirect_uri": uri})
    form["code"] = dict(parse_qsl(urlsplit(page.headers["location"]).query))["code"]
    mine = token(sandbox, keys, **form).json()
    form = {"grant_type": "refresh_token", "refresh_token": mine["refresh_token"]}
    assert token(sandbox, CLIENT, **form).json()["error"] == "invalid_grant"
    revoke = f"{sandbox.url}/v2/oauth2/tokens/revoke"
    assert httpx.post(revoke, json={"token": mine["refresh_token"]}, auth=CLIENT).status_code == 400
    assert token(sandbox, keys, **form).status_code == 200
    assert read_company(sandbox, mine["access_token"]).status_code == 200


@pytest.mark.parametrize(("language", "word"), [("fr", "Encaisser"), ("en", "Take payments")])
def test_the_consent_page_names_the_application_and_what_it_asks_for(
    sandbox: SandboxServer, other: Any, language: str, word: str
) -> None:
    asked = {**FIELDS, "client_id": other.id, "redirect_uri": other.redirect_uris[0], "lang": language}
    scope = "com.intuit.quickbooks.payment openid payroll.compensation.read"
    page = httpx.get(f"{sandbox.url}/connect/oauth2", params={**asked, "scope": scope, "state": '"><script>'})
    assert "Caisse &amp; Cie" in page.text
    assert word in page.text
    assert "payroll.compensation.read" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_sandboxs_own_redirect_address_shows_what_came(sandbox: SandboxServer) -> None:
    uri = f"{sandbox.url}/sandbox/callback"
    page = httpx.get(
        f"{sandbox.url}/connect/oauth2", params={**FIELDS, "auto": "1", "redirect_uri": uri}, follow_redirects=True
    )
    assert str(page.url).startswith(uri)
    assert "grant_type=authorization_code" in page.text
    assert page.url.params["realmId"] in page.text
    assert token(
        sandbox, grant_type="authorization_code", code=page.url.params["code"], redirect_uri=uri
    ).status_code == 200  # fmt: skip


def test_lifetimes_can_be_compressed(sandbox: SandboxServer) -> None:
    lab = {"Authorization": f"Bearer {sandbox.lab_token}"}
    url = f"{sandbox.url}/sandbox/lifetimes"
    before = httpx.get(url, headers=lab).json()
    try:
        httpx.post(url, json={"access_token": 60, "rotation": 0, "rotation_grace": 0, "code": 1}, headers=lab)
        tokens = first_tokens(sandbox)
        assert tokens["expires_in"] == 60
        rotated = refresh(sandbox, tokens["refresh_token"]).json()
        assert rotated["refresh_token"] != tokens["refresh_token"]
        assert refresh(sandbox, tokens["refresh_token"]).json()["error"] == "invalid_grant"
        code = authorize(sandbox)["code"]
        sandbox.config.clock.advance(timedelta(seconds=61))
        assert read_company(sandbox, tokens["access_token"]).status_code == 401
        late = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert late.json()["error"] == "invalid_grant"
    finally:
        assert httpx.post(url, json=before, headers=lab).json() == before
