"""Requests as a browser sends them, straight to the application."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.testclient import TestClient

from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.sync.workshop import Workshop

BASE = "http://127.0.0.1:8321"
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


def browser_of(app: FastAPI, base: str = BASE) -> TestClient:
    """Return a browser with cookies of its own that follows no redirect and speaks English."""
    return TestClient(app, base_url=base, follow_redirects=False, headers={"accept-language": "en"})


def somebody(workshop: Workshop, house: FastAPI, email: str, role: RoleName, company_id: str) -> TestClient:
    """Return the browser of a new person who is ``role`` to one company."""
    with workshop.database.begin() as session:
        person = new_person(email, email, "", workshop.clock.now(), "test")
        session.add(person)
        session.flush()
        give_role(session, person, company_id, role, "test", workshop.clock.now())
    browser = browser_of(house)
    browser.cookies.set("raccord_session", open_session(workshop, person, "", ""))
    return browser
