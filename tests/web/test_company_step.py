"""The step that asks for the company: what is joined already is marked, and nothing half made comes of choosing it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl

import pytest
import till
from browsing import somebody
from harness import OWNER
from httpx2 import Response
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.errors import RaccordError
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.plugin.texts import Language
from raccord.store.models import Company, Connection, ConnectionState
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app

Send = Callable[..., Response]
SAID: dict[Language, tuple[str, str, str]] = {
    "fr": ("Déjà relié", "est déjà reliée à Caisse T1", "Retirer ce compte sans connexion"),
    "en": ("Connected already", "is already connected to Till T1", "Remove this account without a connection"),
}


@pytest.fixture(autouse=True)
def one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company has one till, as it has one Chase account."""
    monkeypatch.setattr(till, "INFO", replace(till.INFO, owner_only=True))


def labels(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Connection.source_identity).order_by(Connection.id)))


def second(company: Company) -> NewConnection:
    return NewConnection(company_id=company.id, connector="till", values={"till": "T2", "code": "x"}, label="Second")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_a_company_that_has_its_account_is_marked_and_chosen_leads_to_what_is_there(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    browser: TestClient,
    send: Send,
    language: Language,
) -> None:
    browser.headers["accept-language"] = language
    marked, refused, remove = SAID[language]
    step = f"/connect/till/company?mode=first_time&company={company.id}"
    page = browser.get(step).text
    assert marked in page
    assert not re.search(r'name="company"[^>]*checked', page), "nobody goes on into it by pressing a button"
    assert re.search(rf'name="company" value="{company.id}" disabled>', page), "nor by ticking it"
    assert 'form="f"' not in page, "there is no other company to go on with"
    assert f'href="/connections/{connection.id}"' in page
    chosen = browser.get(f"/connect/till/source?mode=first_time&company={company.id}")
    assert chosen.status_code == 409
    assert refused in chosen.text
    assert f'href="/connections/{connection.id}"' in chosen.text
    assert f'href="/connections/{connection.id}/switch"' in chosen.text
    assert 'name="s_till"' not in chosen.text, "before anything is typed"

    # Sent all the same, by hand or by a program: refused, and nothing is kept.
    form = {"company": company.id, "mode": "first_time", "s_till": "T2", "s_code": "x"}
    sent = send(step, "/connect/till/source", **form)
    assert (sent.status_code, refused in sent.text) == (422, True)
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, company.id)
    wanted = {"connector": "till", "values": {"till": "T2", "code": "x"}}
    answer = client.post(f"{PATH}/companies/{company.id}/connections", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "connection.company_joined")
    assert labels(workshop) == ["T1"]

    # What the command line keeps by the source's own rule (CH-24) counts nowhere as working, and can be removed.
    with pytest.raises(RaccordError):
        connect(workshop, OWNER, second(company))
    with workshop.database.read() as session:
        apart = session.scalars(select(Connection).where(Connection.state == ConnectionState.UNCONNECTED)).one().id
    for place in ("/", "/gaps"):
        assert "Second" not in browser.get(place).text
    assert "Second" in browser.get("/connections").text
    own = browser.get(f"/connections/{apart}").text
    assert remove in own
    assert 'class="coverage"' not in own
    assert send(f"/connections/{connection.id}", f"/connections/{connection.id}/remove").status_code == 409
    done = send(f"/connections/{apart}", f"/connections/{apart}/remove")
    assert done.headers["location"] == "/connections?done=account_removed"
    assert labels(workshop) == ["T1"]
    with pytest.raises(RaccordError):
        connect(workshop, OWNER, second(company))
    with workshop.database.read() as session:
        apart = session.scalars(select(Connection).where(Connection.state == ConnectionState.UNCONNECTED)).one().id
    assert client.post(f"{PATH}/connections/{apart}/remove").json() == {"id": apart}
    assert labels(workshop) == ["T1"]


def test_a_set_up_that_was_begun_is_gone_on_with_in_the_place_of_a_second(
    workshop: Workshop, company: Company, browser: TestClient, send: Send
) -> None:
    step = f"/connect/till/company?mode=first_time&company={company.id}"
    form = {"company": company.id, "mode": "first_time", "s_code": "x"}
    first = send(step, "/connect/till/source", **form, s_till="T1")
    assert send(step, "/connect/till/source", **form, s_till="T1").headers["location"] == first.headers["location"]
    begun = browser.get(step).text
    assert "Set-up begun" in begun
    assert f'href="{first.headers["location"]}">Go on' in begun
    other = browser.get(f"/connect/till/source?mode=first_time&company={company.id}")
    assert f'href="{first.headers["location"]}">Go on' in other.text
    assert labels(workshop) == ["T1"]


def test_who_may_connect_nothing_is_told_who_may_before_the_first_step(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    keeper = somebody(workshop, create_app(workshop, HandOver()), "k@example.ca", RoleName.BOOKKEEPER, company.id)
    assert "the owner may do it" in keeper.get("/connect").text
    for step in ("", "/ready", "/company?mode=first_time", f"/source?mode=first_time&company={company.id}"):
        answer = keeper.get(f"/connect/till{step}")
        assert (answer.status_code, "the owner may do it" in answer.text) == (403, True), step


def test_a_disconnected_account_is_connected_again_from_its_page(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/connections/{connection.id}"
    send(page, f"{page}/disconnect")
    shown = browser.get(page).text
    assert "Disconnected: credentials erased" in shown
    assert "The first plan is not approved yet" not in shown
    again = re.search(r'href="(/connect/till/source\?[^"]+)">Connect again<', shown)
    assert again, shown[shown.index('id="manage"') :]
    address = unescape(again[1])
    form = browser.get(address).text
    assert 'value="T1"' in form, "the account it was stands in the form"
    fields = dict(parse_qsl(address.partition("?")[2]))
    kept = send(address, "/connect/till/source", **fields, label=connection.label, s_till="T1", s_code="x")
    assert kept.headers["location"].startswith(f"{page}/setup/"), "the same connection, with its links"
    assert labels(workshop) == ["T1"]
    assert browser.get(page).text.count("Connect again") == 0
