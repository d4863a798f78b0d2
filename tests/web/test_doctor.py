"""The check-up in the browser: only when asked, each finding with the page that mends it, nobody else's companies."""

from __future__ import annotations

import re
from collections.abc import Callable

from browsing import TOKEN, browser_of
from httpx2 import Response
from programs import another_company, member
from sqlalchemy import delete
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.store.models import Choice, Company, Connection, Person
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app


def test_a_check_up_names_what_is_amiss_and_leads_to_where_it_is_mended(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response]
) -> None:
    assert "Check that everything is ready" in browser.get("/doctor").text
    assert "/doctor" in browser.get("/status").text
    mapping = f'href="/connections/{synced.id}/mapping"'
    before = send("/doctor", "/doctor")
    assert before.status_code == 200
    assert "resolve.choice_missing" not in before.text
    assert re.search(r"Passed: \d+", before.text)
    with workshop.database.begin() as session:
        session.execute(delete(Choice).where(Choice.connection_id == synced.id, Choice.role == "bank"))
    after = send("/doctor", "/doctor").text
    assert "resolve.choice_missing" in after
    assert mapping in after
    assert re.search(r"<h1>\d+ things? do(es)? not work</h1>", after)
    with workshop.database.begin() as session:
        session.get_one(Company, synced.company_id).environment = "http://127.0.0.1:9"
    workshop.forget_client(synced.company_id)
    away = send("/doctor", "/doctor").text
    assert ("quickbooks.unavailable" in away, "it is to answer at http://127.0.0.1:9" in away) == (True, True)
    assert "Intuit" not in away.partition("quickbooks.unavailable")[0].rpartition("<li")[2]
    assert 'href="/">' not in away.partition('class="findings"')[2], "Home tells nothing of it"


def test_a_check_up_tells_of_nobody_elses_company_and_not_of_the_house(workshop: Workshop, synced: Connection) -> None:
    owner_id = member(workshop, "eve@example.ca", RoleName.OWNER, another_company(workshop))
    stranger = browser_of(create_app(workshop, HandOver()))
    with workshop.database.read() as session:
        stranger.cookies.set("raccord_session", open_session(workshop, session.get_one(Person, owner_id), "", ""))
    token = TOKEN.search(stranger.get("/doctor").text)
    assert token
    seen = stranger.post("/doctor", data={"form_token": token[1]})
    assert seen.status_code == 200
    assert "Autre" in seen.text
    assert synced.label not in seen.text
    assert "This installation" not in seen.text
