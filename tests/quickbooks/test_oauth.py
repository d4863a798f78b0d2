"""Consent, exchange, refresh and revoke against a real HTTP server."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from raccord.quickbooks import (
    AppCredentialsError,
    AuthorisationFailedError,
    Cause,
    ConsentRefusedError,
    OAuthClient,
    ReauthoriseError,
    UnavailableError,
    WrongCompanyError,
    new_state,
)

ANSWER = {
    "token_type": "bearer",
    "access_token": "new-access",
    "expires_in": 3600,
    "refresh_token": "new-refresh",
    "x_refresh_token_expires_in": 8_726_400,
}


def _callback(kit: Any, **changed: str) -> str:
    values = {"code": "AB1", "state": "state-1", "realmId": kit.realm} | changed
    return "https://raccord.example/callback?" + "&".join(f"{name}={value}" for name, value in values.items() if value)


def test_the_consent_page_is_asked_for_accounting_with_state_and_the_registered_address(oauth: OAuthClient) -> None:
    state = new_state()
    asked = parse_qs(urlsplit(oauth.authorization_url(state)).query)
    assert asked == {
        "client_id": ["client-1"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting openid email"],
        "redirect_uri": ["https://raccord.example/callback"],
        "state": [state],
    }
    assert len(state) == 48
    assert state != new_state()


def test_an_authorisation_without_state_is_not_started(oauth: OAuthClient) -> None:
    with pytest.raises(ValueError, match="state"):
        oauth.authorization_url("")


def test_a_code_becomes_tokens_with_absolute_ends_and_the_company(oauth: OAuthClient, server: Any, kit: Any) -> None:
    server.answer(kit.say(ANSWER))
    got = oauth.exchange(_callback(kit), "state-1")
    assert (got.access.reveal(), got.refresh.reveal(), got.realm) == ("new-access", "new-refresh", kit.realm)
    assert (got.access_ends, got.refresh_ends) == (kit.start + timedelta(hours=1), kit.start + timedelta(days=101))
    (asked,) = server.asked
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["AB1"],
        "redirect_uri": ["https://raccord.example/callback"],
    }
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"client-1:client-secret").decode()
    assert asked.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("said", "status", "known"),
    [
        ({"sub": "1", "email": "camille@example.ca"}, 200, "camille@example.ca"),
        ({"sub": "1"}, 200, ""),
        ({"email": ["x"]}, 200, ""),
        ({"error": "insufficient_scope"}, 403, ""),
    ],
)
def test_who_consented_is_asked_with_the_new_token_and_may_stay_unknown(
    oauth: OAuthClient, server: Any, kit: Any, said: dict[str, Any], status: int, known: str
) -> None:
    server.answer(kit.say(ANSWER))
    got = oauth.exchange(_callback(kit), "state-1")
    server.answer(kit.say(said, status))
    assert oauth.person_of(got) == known
    assert server.asked[-1].headers["authorization"] == "Bearer new-access"


@pytest.mark.parametrize("state", ["other", "", "state-1x"])
def test_an_answer_with_another_state_is_refused_before_anything_is_asked(
    oauth: OAuthClient, server: Any, kit: Any, state: str
) -> None:
    with pytest.raises(AuthorisationFailedError, match="state differs"):
        oauth.exchange(_callback(kit, state=state), "state-1")
    assert server.asked == []


def test_a_missing_expected_state_refuses_every_answer(oauth: OAuthClient, kit: Any) -> None:
    with pytest.raises(AuthorisationFailedError, match="state differs"):
        oauth.exchange(_callback(kit, state=""), "")


def test_a_person_who_declines_is_not_an_error_of_the_machine(oauth: OAuthClient, kit: Any) -> None:
    with pytest.raises(ConsentRefusedError, match="nobody gave") as caught:
        oauth.exchange("https://x/callback?error=access_denied&state=state-1", "state-1")
    assert caught.value.cause is Cause.AUTHORISATION_FAILED
    with pytest.raises(AuthorisationFailedError, match="'server_error'") as broken:
        oauth.exchange("https://x/callback?error=server_error&state=state-1", "state-1")
    assert not isinstance(broken.value, ConsentRefusedError)


def test_an_answer_without_company_is_refused(oauth: OAuthClient, kit: Any) -> None:
    with pytest.raises(AuthorisationFailedError, match="no company id"):
        oauth.exchange(_callback(kit, realmId=""), "state-1")


@pytest.mark.requirement("TD-48")
def test_reconnecting_with_another_company_is_refused_and_its_code_not_spent(
    oauth: OAuthClient, server: Any, kit: Any
) -> None:
    with pytest.raises(WrongCompanyError, match="for company 555, this connection belongs to company 9341452000000001"):
        oauth.exchange(_callback(kit, realmId="555"), "state-1", expected_realm=kit.realm)
    assert server.asked == []


@pytest.mark.requirement("TD-47")
def test_reconnecting_with_the_same_company_works(oauth: OAuthClient, server: Any, kit: Any) -> None:
    server.answer(kit.say(ANSWER))
    assert oauth.exchange(_callback(kit), "state-1", expected_realm=kit.realm).realm == kit.realm


def test_a_refresh_takes_the_rotated_token_or_keeps_the_old_one(oauth: OAuthClient, server: Any, kit: Any) -> None:
    old = kit.tokens()
    server.answer(kit.say(ANSWER), kit.say({"access_token": "a", "expires_in": 10}))
    assert oauth.refresh(old).refresh.reveal() == "new-refresh"
    kept = oauth.refresh(old)
    assert (kept.refresh, kept.refresh_ends) == (old.refresh, old.refresh_ends)
    assert parse_qs(server.asked[0].body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-1"]}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Token invalid"}', ReauthoriseError),
        (401, b'{"error":"invalid_client"}', AppCredentialsError),
        (401, b"", AppCredentialsError),
        (400, b'{"error":"unsupported_grant_type"}', AuthorisationFailedError),
        (429, b"<html>slow down</html>", UnavailableError),
        (503, b"", UnavailableError),
        (200, b"<html>maintenance</html>", UnavailableError),
        (200, b"{}", UnavailableError),
    ],
)
def test_each_refusal_of_the_authorisation_host_has_its_own_error(
    oauth: OAuthClient, server: Any, kit: Any, status: int, body: bytes, error: type[Exception]
) -> None:
    server.answer(kit.reply(body, status))
    with pytest.raises(error, match=r"intuit_tid tid-1"):
        oauth.refresh(kit.tokens())


def test_a_cut_connection_while_refreshing_says_so_without_the_frames_that_hold_the_token(
    oauth: OAuthClient, server: Any, kit: Any
) -> None:
    server.answer(kit.reply(cut="before"))
    with pytest.raises(UnavailableError, match="RemoteProtocolError") as caught:
        oauth.refresh(kit.tokens())
    assert caught.value.__suppress_context__


def test_revoking_ends_the_grant_and_forgives_one_that_is_gone(oauth: OAuthClient, server: Any, kit: Any) -> None:
    server.answer(kit.reply(b""), kit.reply(b'{"error":"invalid_grant"}', 400), kit.reply(b"", 503))
    oauth.revoke(kit.tokens())
    oauth.revoke(kit.tokens())
    with pytest.raises(UnavailableError):
        oauth.revoke(kit.tokens())
    assert (server.asked[0].path, server.asked[0].body) == ("/v2/oauth2/tokens/revoke", b'{"token": "refresh-1"}')
