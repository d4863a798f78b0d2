"""What the pages refuse (other sites, other hosts, the network without a token) and what every answer carries."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from browsing import BASE, TOKEN, browser_of, somebody
from fastapi import FastAPI
from harness import OWNER
from pydantic import SecretStr
from sqlalchemy import func, select
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import Actor, RoleName
from raccord.store.models import Company, CompanyState, Connection, ConnectionState, Secret
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app
from raccord_web.front.access import AccessError, access_of, host_of
from raccord_web.front.desk import REPORTS_A_MINUTE
from raccord_web.front.signing import Signer

Send = Callable[..., Any]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the address that must be refused
SECRET = "a-token-of-good-length"


def served_at(workshop: Workshop, host: str, token: str = "", url: str = "") -> Workshop:
    settings = workshop.settings.model_copy(
        update={"web_host": host, "web_token": SecretStr(token), "web_url": url or f"http://{host}:8321"}
    )
    return replace(workshop, settings=settings)


@pytest.mark.parametrize("address", ["/", "/nothing", "/static/app.css", "/health", "/enter"])
def test_every_answer_carries_the_policy(browser: TestClient, workshop: Workshop, address: str) -> None:
    headers = browser.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_pages_are_kept_nowhere_and_files_for_a_year(browser: TestClient, workshop: Workshop) -> None:
    page = browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert "immutable" in browser.get(address).headers["cache-control"]
    assert "immutable" not in browser.get("/static/app.css").headers["cache-control"]


def test_a_host_that_is_not_ours_is_refused(browser: TestClient, synced: Connection) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "raccord.local", "", "127.0.0.1@evil.example"):
        answer = browser.get("/", headers={"host": host})
        assert answer.status_code == 421, host
        assert synced.label not in answer.text
        assert "RACCORD_WEB_URL" in answer.text


@pytest.mark.parametrize(
    ("header", "name"),
    [("LOCALHOST:80", "localhost"), ("[::1]:8321", "::1"), ("[zz]:1", ""), ("a/b", ""), ("127.0.0.1", "127.0.0.1")],
)
def test_the_name_in_a_host_header_is_read_strictly(header: str, name: str) -> None:
    assert host_of(header) == name


def test_a_form_without_its_token_is_refused(workshop: Workshop, synced: Connection, browser: TestClient) -> None:
    browser.get("/")
    for fields in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "é"}):
        answer = browser.post(f"/connections/{synced.id}/pause", data=fields)
        assert answer.status_code == 403
        assert "did not come from a page" in answer.text


def test_a_token_of_another_browser_is_worth_nothing(app: FastAPI, synced: Connection, browser: TestClient) -> None:
    stolen = TOKEN.search(browser_of(app).get(f"/connections/{synced.id}").text)
    assert stolen
    browser.get("/")
    answer = browser.post(f"/connections/{synced.id}/pause", data={"form_token": stolen[1]})
    assert answer.status_code == 403


def test_a_form_sent_by_another_site_is_refused_even_with_its_token(synced: Connection, browser: TestClient) -> None:
    found = TOKEN.search(browser.get(f"/connections/{synced.id}").text)
    assert found
    data = {"form_token": found[1]}
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        answer = browser.post(f"/connections/{synced.id}/pause", data=data, headers=headers)
        assert answer.status_code == 403, headers
    fine = browser.post(f"/connections/{synced.id}/pause", data=data, headers={"origin": BASE})
    assert fine.status_code == 303


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: TestClient, workshop: Workshop) -> None:
    cookie = browser.get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_with_tls_cookies_are_bound_to_the_host(workshop: Workshop) -> None:
    app = create_app(served_at(workshop, "127.0.0.1", url="https://books.example"), HandOver(), OWNER)
    answer = browser_of(app, "https://books.example").get("/")
    assert answer.headers["set-cookie"].startswith("__Host-raccord_form=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


def test_a_form_that_is_too_large_is_refused(browser: TestClient, workshop: Workshop) -> None:
    answer = browser.post("/enter", data={"token": "x" * 70_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.168.1.5", "books.example"])
def test_the_network_is_not_served_without_a_token(workshop: Workshop, host: str) -> None:
    with pytest.raises(AccessError) as caught:
        create_app(served_at(workshop, host), HandOver(), OWNER)
    assert caught.value.code == "web.token_missing"
    assert "RACCORD_WEB_TOKEN" in caught.value.fix.fr


def test_a_short_token_is_refused(workshop: Workshop) -> None:
    with pytest.raises(AccessError, match="too short"):
        access_of(served_at(workshop, EVERYWHERE, "short").settings)


def test_with_a_token_nothing_is_shown_before_it_was_given(workshop: Workshop, synced: Connection) -> None:
    app = create_app(served_at(workshop, "192.168.1.5", SECRET), HandOver(), OWNER)
    browser = browser_of(app, "http://192.168.1.5:8321")
    for address in ("/", "/runs", f"/connections/{synced.id}", "/nothing"):
        answer = browser.get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
    door = browser.get("/enter").text
    assert synced.label not in door
    token = TOKEN.search(door)
    assert token
    assert browser.post("/enter", data={"form_token": token[1], "token": "wrong"}).status_code == 403
    assert browser.get("/").status_code == 303
    inside = browser.post("/enter", data={"form_token": token[1], "token": SECRET})
    assert inside.headers["location"] == "/"
    assert SECRET not in str(inside.headers)
    page = browser.get("/")
    assert page.status_code == 200
    assert SECRET not in page.text


def test_a_session_ends_with_its_token_and_after_twelve_hours(workshop: Workshop) -> None:
    first = create_app(served_at(workshop, "192.168.1.5", SECRET), HandOver(), OWNER)
    browser = browser_of(first, "http://192.168.1.5:8321")
    token = TOKEN.search(browser.get("/enter").text)
    assert token
    browser.post("/enter", data={"form_token": token[1], "token": SECRET})
    changed = create_app(served_at(workshop, "192.168.1.5", "another-token-of-length"), HandOver(), OWNER)
    other = browser_of(changed, "http://192.168.1.5:8321")
    other.cookies = browser.cookies
    assert other.get("/").status_code == 303
    assert browser.get("/").status_code == 200
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.sleep_ms(12 * 3600 * 1000)
    assert browser.get("/").status_code == 303


def test_guessing_the_token_closes_the_door_for_a_minute(workshop: Workshop) -> None:
    app = create_app(served_at(workshop, "192.168.1.5", SECRET), HandOver(), OWNER)
    browser = browser_of(app, "http://192.168.1.5:8321")
    token = TOKEN.search(browser.get("/enter").text)
    assert token

    def give(text: str) -> int:
        return browser.post("/enter", data={"form_token": token[1], "token": text}).status_code

    assert [give("wrong") for _ in range(10)] == [403] * 10
    assert give(SECRET) == 429
    workshop.clock.sleep_ms(60_000)
    assert give(SECRET) == 303


def test_a_mistake_of_ours_shows_a_reference_and_no_traceback(
    app: FastAPI, browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    number = "4111" * 4

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError(number)

    with caplog.at_level(logging.ERROR):
        answer = browser.get("/broken")
    assert answer.status_code == 500
    reference = answer.text.partition("· reference ")[2][:8]
    assert len(reference) == 8
    assert reference in caplog.text
    assert "RuntimeError" in caplog.text
    for leaked in ("4111", "Traceback", "RuntimeError", "test_security"):
        assert leaked not in answer.text
    assert "4111" not in caplog.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_role_that_may_not_is_told_who_may(workshop: Workshop, synced: Connection) -> None:
    app = create_app(workshop, HandOver(), Actor("Gaston", RoleName.ACCOUNTANT))
    browser = browser_of(app)
    page = f"/connections/{synced.id}"
    assert "Others manage this connection" in browser.get(page).text
    token = TOKEN.search(browser.get("/settings").text)
    assert token
    for action in (f"{page}/runs", f"{page}/pause"):
        answer = browser.post(action, data={"form_token": token[1]})
        assert answer.status_code == 403
        assert "people.not_allowed" in answer.text


def set_out(send: Send, **fields: str) -> str:
    """Press the button and return where the page leads."""
    answer = send("/", "/oauth/quickbooks/start", **fields)
    assert answer.status_code == 200
    return str(answer.text.partition('class="btn btn-primary" href="')[2].partition('"')[0]).replace("&amp;", "&")


def consented(url: str, realm: str) -> str:
    """Agree on the consent page; return the path and query the person comes back with."""
    back = httpx.get(f"{url}&auto=1&realm={realm}", follow_redirects=False).headers["location"]
    assert back.startswith(BASE)
    return str(back.removeprefix(BASE))


def test_a_company_is_connected_through_the_browser(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    realm = sandbox.store.of_template("quebec").realm
    asked = browser.get(consented(set_out(send), realm)).headers["location"]
    assert send(asked, asked, answer="drop").headers["location"] == "/?done=not_kept"
    refused = browser.get(asked)
    assert (refused.status_code, "company.consent_over" in refused.text) == (409, True)
    assert 'href="/connect"' not in browser.get("/").text, "nothing was kept"
    back = consented(set_out(send), realm)
    asked = browser.get(back).headers["location"]
    answer = send(asked, asked, answer="keep")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=connected")
    assert 'href="/connect"' in browser.get("/").text, "what comes next is a source"
    again = browser.get(back)
    assert again.status_code == 409
    assert "web.authorisation_lost" in again.text


def test_who_connects_a_company_on_the_way_comes_back_with_what_they_said_and_nowhere_else(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    realm = sandbox.store.of_template("quebec").realm
    begun = "/connect/till/company?mode=first_time&first=2026-03-01&gate_tax_groups=on&s_till=T%C3%A91"

    def kept() -> int:
        with workshop.database.read() as session:
            return session.scalar(select(func.count()).select_from(Company)) or 0

    for answer, back in (("drop", f"{begun}&done=not_kept"), ("keep", f"{begun}&company=")):
        asked = browser.get(consented(set_out(send, then=begun), realm)).headers["location"]
        page, _, query = asked.partition("?")
        assert (page.startswith("/oauth/quickbooks/confirm/"), query) == (True, urlencode({"then": begun}))
        assert str(sandbox.store.of_template("quebec").settings["name"]) in browser.get(asked).text
        assert kept() == 0, "a company that was chosen wrongly is not kept before somebody read its name"
        there = send(asked, page, answer=answer, then=begun).headers["location"]
        assert there.startswith(back)
    assert kept() == 1
    for elsewhere in ("//evil.example/company?mode=x", f"{begun}#x", f"{begun}&to=//evil", f"{begun}&s_t={'T' * 2000}"):
        answer = browser.get(consented(set_out(send, then=elsewhere), realm))
        asked = answer.headers["location"]
        assert (asked.startswith("/oauth/quickbooks/confirm/"), "?" in asked) == (True, False)
        assert send(asked, asked, answer="drop", then=elsewhere).headers["location"] == "/?done=not_kept"


@pytest.mark.parametrize("then", ["", "/connect/till/company?mode=first_time"], ids=["confirmed", "in a guide"])
def test_who_connects_quickbooks_goes_on_under_another_session_id(
    workshop: Workshop, sandbox: SandboxServer, then: str
) -> None:
    house = create_app(workshop, HandOver())
    browser = somebody(workshop, house, "odile@example.ca", RoleName.OWNER, "")
    before = browser.cookies["raccord_session"]
    form_token = TOKEN.findall(browser.get("/settings").text)[0]

    def post(_page: str, action: str, **fields: str) -> Any:
        return browser.post(action, data={"form_token": form_token, **fields})

    back = browser.get(consented(set_out(post, then=then), sandbox.store.of_template("quebec").realm))
    assert browser.cookies["raccord_session"] == before, "nothing is kept before it is confirmed"
    back = post("", back.headers["location"].partition("?")[0], answer="keep", then=then)
    assert (back.status_code, "raccord_session" in back.headers["set-cookie"]) == (303, True)
    after = back.cookies["raccord_session"]
    for token, status in ((after, 200), (before, 303)):
        visitor = browser_of(house)
        visitor.cookies.set("raccord_session", token)
        assert visitor.get("/settings").status_code == status


def test_who_gives_a_source_new_credentials_goes_on_under_another_session_id(
    workshop: Workshop, connection: Connection
) -> None:
    house = create_app(workshop, HandOver())
    browser = somebody(workshop, house, "odile@example.ca", RoleName.OWNER, "")
    page = f"/connections/{connection.id}/settings"

    def save(**fields: str) -> bool:
        """Save the form as it stands but for these fields; tell whether the session has another id."""
        shown, before = browser.get(page).text, browser.cookies["raccord_session"]
        kept = dict(re.findall(r'<input type="hidden" name="(form_token|seen)" value="([^"]*)"', shown))
        answer = browser.post(page, data={**kept, "s_till": connection.source_identity, **fields})
        assert answer.status_code == 303, answer.text
        after = answer.cookies.get("raccord_session", before)
        browser.cookies.clear()
        browser.cookies.set("raccord_session", after)
        if after != before:
            left = browser_of(house)
            left.cookies.set("raccord_session", before)
            assert left.get("/settings").headers["location"].startswith("/signin"), "the old one is worth nothing"
        return after != before

    assert save(s_code="a-new-code"), "new credentials"
    assert not save(), "nothing new was typed"
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).state = ConnectionState.REAUTHORISE
    assert save(), "authorised again"


def test_a_consent_that_waited_while_a_new_version_came_in_is_shown_and_kept(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    asked = browser.get(consented(set_out(send), sandbox.store.of_template("quebec").realm)).headers["location"]
    handle = f"consent:{asked.rpartition('/')[2]}"
    with workshop.database.begin() as session:
        vault = workshop.vault.within(session)
        held = vault.get_mapping(handle)
        vault.put(handle, {name: held[name] for name in held if name not in ("legal_name", "plan", "features")})
    shown = browser.get(asked)
    assert (shown.status_code, str(sandbox.store.of_template("quebec").settings["name"]) in shown.text) == (200, True)
    assert send(asked, asked, answer="keep").headers["location"] == "/?done=connected"


def test_who_may_not_read_the_company_they_agreed_for_is_told_whom_to_ask(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    sandbox.lab.arm(ArmedFault(Effect.REFUSE, left=None, path="/companyinfo/", code=5020))
    try:
        answer = browser.get(consented(set_out(send), sandbox.store.of_template("quebec").realm))
    finally:
        sandbox.lab.clear(0)
    assert "they are no administrator of it" in answer.text
    assert "Please make me an administrator of the company" in answer.text
    with workshop.database.read() as session:
        kept = session.scalars(select(Company)).all(), session.scalars(select(Secret.handle)).all()
    assert (kept[0], [each for each in kept[1] if each.startswith("consent:")]) == ([], [])


@pytest.mark.parametrize(("then", "back"), [("", "/"), ("/settings/accounting", "/settings/accounting")])
def test_who_gives_no_consent_goes_back_to_where_they_were_with_words_for_whoever_may(
    browser: TestClient, send: Send, then: str, back: str
) -> None:
    query = parse_qs(urlsplit(set_out(send, then=then)).query)
    answer = browser.get(f"/oauth/quickbooks/callback?error=access_denied&state={query['state'][0]}")
    assert answer.status_code == 200
    assert "QuickBooks was not connected" in answer.text
    assert f'class="btn btn-primary" href="{back}"' in answer.text
    assert "only an administrator can allow that" in answer.text
    assert "Connect to QuickBooks" in browser.get("/").text, "nothing is connected"
    again = browser.get(f"/oauth/quickbooks/callback?error=access_denied&state={query['state'][0]}")
    assert again.status_code == 409, "the cookie serves once"


def test_coming_back_into_another_browser_or_too_late_connects_nothing(
    workshop: Workshop, app: FastAPI, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    back = consented(set_out(send), sandbox.store.of_template("quebec").realm)
    assert browser_of(app).get(back).status_code == 409
    workshop.clock.sleep_ms(15 * 60 * 1000)
    assert browser.get(back).status_code == 409
    assert "Connect to QuickBooks" in browser.get("/").text


def test_a_forged_state_connects_nothing(workshop: Workshop, browser: TestClient, send: Send) -> None:
    set_out(send)
    answer = browser.get("/oauth/quickbooks/callback?code=c&realmId=1&state=forged")
    assert answer.status_code == 502
    assert "Connect to QuickBooks" in browser.get("/").text


def test_authorising_again_takes_no_other_company(
    workshop: Workshop, company: Company, sandbox: SandboxServer, browser: TestClient, send: Send
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).state = CompanyState.REAUTHORISE
    assert "authorise QuickBooks again" in browser.get("/").text
    set_out(send, company=company.id)
    state = browser.cookies["raccord_oauth"]
    kept = Signer.of(workshop.vault).open("oauth", state, workshop.clock.now())
    assert kept is not None
    assert kept["realm"] == company.realm
    answer = browser.get(f"/oauth/quickbooks/callback?code=c&realmId=999&state={kept['state']}")
    assert answer.status_code == 502
    assert "quickbooks.wrong_company" in answer.text


def test_a_seal_holds_for_its_purpose_and_its_time_only(workshop: Workshop) -> None:
    signer, clock = Signer.of(workshop.vault), workshop.clock
    sealed = signer.seal("a", {"x": "1"}, clock.now(), timedelta(minutes=1))
    assert signer.open("a", sealed, clock.now()) == {"x": "1"}
    assert Signer.of(workshop.vault).open("a", sealed, clock.now()) == {"x": "1"}
    assert signer.open("b", sealed, clock.now()) is None
    assert signer.open("a", sealed[:-1] + ("0" if sealed[-1] != "0" else "1"), clock.now()) is None
    for broken in ("", ".", "x", "é.é", sealed.partition(".")[0]):
        assert signer.open("a", broken, clock.now()) is None
    clock.sleep_ms(60_000)
    assert signer.open("a", sealed, clock.now()) is None


def test_reports_of_browsers_fill_no_log(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(REPORTS_A_MINUTE + 20):
        assert browser.post("/csp-report", content=b'{"csp-report":{}}').status_code == 204
    told = [record for record in caplog.records if "breach of the pages' policy" in record.message]
    assert len(told) == REPORTS_A_MINUTE
