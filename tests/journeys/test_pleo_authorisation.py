"""Authorising at Pleo by OAuth with PKCE: off to its page, back to ours, tokens kept fresh, taken back, given again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from browsing import BASE, TOKEN, browser_of
from harness import OWNER, sync
from pleo_house import House, working
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.connecting.connections import update_settings
from raccord.store.models import Connection
from raccord.sync.environments import SOURCE_CALLBACK_PATH
from raccord.sync.workshop import settings_handle
from raccord_pleo.sandbox.oauth import CLIENT, SECRET
from raccord_web.app import create_app

PAGE = re.compile(r'href="([^"]+/oauth/authorize\?[^"]+)"')


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A connection that nobody has authorised yet."""
    with working(tmp_path, BASE, way="oauth", client_id=CLIENT, client_secret=SECRET) as made:
        held = made.connection
        values = {**held.settings, "auth_address": made.twin.url, "client_secret": SECRET}
        update_settings(made.workshop, OWNER, held.id, values)
        made.twin.oauth.redirects = {BASE + SOURCE_CALLBACK_PATH}
        yield made


@pytest.fixture
def browser(house: House) -> TestClient:
    return browser_of(create_app(house.workshop, HandOver(), OWNER))


def set_out(house: House, browser: TestClient) -> str:
    """Take the step of signing in; return the address of Pleo's page."""
    place = f"/connections/{house.connection.id}/setup/signin"
    token = TOKEN.search(browser.get(place).text)
    assert token is not None
    answer = browser.post(place, data={"form_token": token[1]})
    assert answer.status_code == 200
    assert BASE + SOURCE_CALLBACK_PATH in answer.text, "the address to be registered is said"
    found = PAGE.search(answer.text)
    assert found is not None
    return unescape(found[1])


def decide(page: str, answer: str = "yes") -> str:
    """Answer on Pleo's page; return where one is sent, from our own root on."""
    assert httpx.get(page).status_code == 200
    address = page.replace("/oauth/authorize?", "/oauth/decide?") + f"&answer={answer}"
    return httpx.get(address).headers["location"].removeprefix(BASE)


def authorise(house: House, browser: TestClient) -> None:
    answer = browser.get(decide(set_out(house, browser)))
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(f"/connections/{house.connection.id}")


def state_of(house: House) -> str:
    with house.workshop.database.read() as session:
        return session.get_one(Connection, house.connection.id).state


def secrets_of(house: House) -> dict[str, object]:
    return house.workshop.vault.get_mapping(settings_handle(house.connection.id))


@pytest.mark.requirement("PO-03", "PO-13")
def test_a_person_authorises_once_and_tokens_are_renewed_by_themselves(house: House, browser: TestClient) -> None:
    first = house.file(1000)
    house.export()
    assert sync(house.workshop, house.connection).error_code == "source.reauthorise", "nobody has authorised yet"
    authorise(house, browser)
    assert (state_of(house), secrets_of(house)["access_token"]) == ("connected", "access-1")
    assert secrets_of(house)["pending"] == "", "a code serves once"
    assert sync(house.workshop, house.connection).state == "done"
    # An hour later it has ended, and later still Pleo takes it back before its end.
    house.clock.advance(timedelta(hours=2))
    assert sync(house.workshop, house.connection).state == "done"
    assert (secrets_of(house)["access_token"], house.twin.oauth.asked) == ("access-2", 2)
    house.twin.oauth.access.clear()
    house.file(2000)
    house.export()
    assert sync(house.workshop, house.connection).state == "done"
    assert (secrets_of(house)["refresh_token"], house.twin.oauth.refresh) == ("refresh-3", {"refresh-3"})
    assert len(house.documents("Purchase")) == 2
    assert first in house.pleo.expenses
    with house.workshop.database.read() as session:
        kept = str(session.get_one(Connection, house.connection.id).settings)
    assert not re.search("access-|refresh-|twin-client", kept), "secrets lie in the vault alone"


@pytest.mark.requirement("PO-03")
def test_an_authorisation_taken_back_is_told_and_given_again(house: House, browser: TestClient) -> None:
    authorise(house, browser)
    house.file(1000)
    house.export()
    assert sync(house.workshop, house.connection).state == "done"
    house.twin.oauth.revoke()
    entry = house.file(2000)
    job = house.export()
    ended = sync(house.workshop, house.connection)
    assert (ended.state, ended.error_code) == ("failed", "source.reauthorise")
    assert "reconnectez" in ended.error_params["fr"]
    assert "again" in ended.error_params["en"]
    assert state_of(house) == "reauthorise"
    authorise(house, browser)
    assert state_of(house) == "connected"
    assert sync(house.workshop, house.connection).state == "done"
    assert house.results(job)[entry][0] == "successful"
    assert len(house.documents("Purchase")) == 2


def test_whoever_comes_back_otherwise_changes_nothing(house: House, browser: TestClient) -> None:
    page = set_out(house, browser)
    state = parse_qs(urlsplit(page).query)["state"][0]
    refused = browser.get(decide(page, "no"))
    assert refused.status_code >= 400
    assert "access_denied" in refused.text
    forged = f"{state.partition('.')[0]}.somebody-else"
    for query, status in ((f"code=code-0&state={forged}", 409), ("code=code-0&state=nobody.x", 404), ("", 404)):
        answer = browser.get(f"{SOURCE_CALLBACK_PATH}?{query}")
        assert answer.status_code == status, answer.text
    assert not secrets_of(house).get("access_token")
    # The way back of an earlier request is none of the last one.
    earlier = decide(page)
    set_out(house, browser)
    assert browser.get(earlier).status_code >= 400
    assert not secrets_of(house).get("access_token")


def test_the_address_can_be_brought_by_hand(house: House, browser: TestClient) -> None:
    back = decide(set_out(house, browser))
    place = f"/connections/{house.connection.id}/setup/signin"
    token = TOKEN.search(browser.get(place).text)
    assert token is not None
    said = {"form_token": token[1], "answering": "yes", "a_back": BASE + back}
    assert browser.post(place, data=said).status_code == 303
    assert secrets_of(house)["access_token"] == "access-1"
