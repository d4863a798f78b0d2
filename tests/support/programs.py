"""Programs that call the JSON API: somebody of a role in a company, and a token of theirs."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient

from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.api_tokens import Scope, make_token
from raccord.onboarding.access.people import RoleName
from raccord.store.models import Company
from raccord.sync.workshop import Workshop

BASE = "http://127.0.0.1:8321"


def member(workshop: Workshop, email: str, role: RoleName, company_id: str) -> str:
    """Return the id of a new person who is ``role`` to a company."""
    with workshop.database.begin() as session:
        person = new_person(email, email, "", workshop.clock.now(), "test")
        session.add(person)
        session.flush()
        give_role(session, person, company_id, role, "test", workshop.clock.now())
    return person.id


def caller(app: FastAPI, token: str = "") -> TestClient:
    """Return a client that shows a token, or none, and speaks English."""
    headers = {"accept-language": "en", **({"authorization": f"Bearer {token}"} if token else {})}
    return TestClient(app, base_url=BASE, headers=headers, follow_redirects=False)


def program(workshop: Workshop, app: FastAPI, role: RoleName, scope: Scope, company_id: str) -> TestClient:
    """Return a client with a new person's token."""
    person_id = member(workshop, f"{role}-{scope}-{company_id[-6:]}@example.ca", role, company_id)
    return caller(app, make_token(workshop, person_id, company_id, "till reader", scope)[1])


def another_company(workshop: Workshop) -> str:
    """Return the id of a company that has nothing."""
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now())
        session.add(other)
    return other.id
