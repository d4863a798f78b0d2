"""A planted secret is found in no repr, log line, error or traceback, locals included."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import Any

import pytest

from raccord.quickbooks import (
    LOCAL,
    AppCredentials,
    Governor,
    OAuthClient,
    QuickBooks,
    QuickBooksError,
    Secret,
    TokenKeeper,
    Tokens,
    local,
)

CANARY = "c4n4ry"
ACCESS, REFRESH, CLIENT = (f"{CANARY}-{name}" for name in ("access", "refresh", "client"))


def _told(error: BaseException) -> str:
    """The traceback with every variable of every frame but those of this test, which plants the secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    told = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    return "".join(told.format(chain=True))


def test_secrets_and_what_holds_them_print_as_stars(kit: Any) -> None:
    held = kit.tokens(ACCESS, REFRESH)
    credentials = AppCredentials("id", Secret(CLIENT), "https://x")
    for text in (repr(held), str(held), repr(credentials), f"{held.access} {held.refresh!r}", str(credentials.basic())):
        assert CANARY not in text
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(held.access)


def test_tokens_go_to_the_vault_and_back(kit: Any) -> None:
    held = kit.tokens(ACCESS, REFRESH)
    assert Tokens.from_vault(held.to_vault()) == held
    assert held != kit.tokens(ACCESS, "other")


def test_no_log_line_or_traceback_of_any_path_holds_a_secret(
    server: Any, kit: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    environment = local(server.url)
    store = kit.store(kit.tokens(ACCESS, REFRESH))
    told: list[str] = []
    traces: list[str] = []
    oauth = OAuthClient(environment, AppCredentials("id", Secret(CLIENT), "https://x"), clock=clock)
    keeper = TokenKeeper(kit.realm, store, oauth, clock)
    renewed = kit.say({"access_token": ACCESS + "2", "expires_in": 3600, "refresh_token": REFRESH + "2"})
    dead = kit.reply(b'{"error":"invalid_grant"}', 400)
    cut = kit.reply(cut="before")
    with QuickBooks(environment, kit.realm, keeper, Governor(LOCAL, clock=clock), clock=clock) as books:
        for replies, action in (
            ([kit.reply(b"", 502)], lambda: books.create("Customer", "{}", "r")),
            ([cut], lambda: books.create("Customer", "{}", "r")),
            ([kit.reply(b"", 401), renewed, kit.fault("6240")], lambda: books.create("Customer", "{}", "r")),
            ([kit.reply(b"", 401), dead], books.preferences),
            ([cut], lambda: oauth.refresh(kit.tokens(ACCESS, REFRESH))),
            ([dead], lambda: oauth.exchange("https://x?code=spent&state=s&realmId=1", "s")),
            ([cut], lambda: oauth.revoke(kit.tokens(ACCESS, REFRESH))),
        ):
            server.answer(*replies)
            with pytest.raises(QuickBooksError) as caught:
                action()
            told += [repr(caught.value), str(caught.value)]
            traces.append(_told(caught.value))
    oauth.close()
    assert any(ACCESS.encode() in str(asked.headers).encode() for asked in server.asked), "the secret did travel"
    assert "tid=tid-1" in caplog.text
    assert CANARY not in caplog.text
    assert all("self = <raccord.quickbooks" in trace for trace in traces), "the variables are in the traceback"
    for text in told + traces:
        assert CANARY not in text


def test_log_lines_name_method_path_status_and_correlation_id_but_no_question(
    books: QuickBooks, server: Any, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(kit.say({"QueryResponse": {}}))
    books.query("SELECT * FROM Customer WHERE DisplayName = 'Madame Secrète'")
    assert "quickbooks POST /query 200" in caplog.text
    assert "Secrète" not in caplog.text
