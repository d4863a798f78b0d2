"""Whose objects are whose: every route is asked for by somebody of another company, and every deed by each role."""

from __future__ import annotations

import re

import pytest
from browsing import TOKEN, browser_of, somebody
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.members import invite
from raccord.onboarding.access.people import Actor, Power, RoleName, may
from raccord.onboarding.access.sessions import open_session
from raccord.store.models import (
    Company,
    Connection,
    Invitation,
    Membership,
    Person,
    Problem,
    ProblemState,
)
from raccord.sync.workshop import Workshop
from raccord_web.app import OPEN_SCREENS, SCREENS, create_app
from raccord_web.front.visitors import FREE, NAMED, OBJECTS

FREELY = {
    "/help/docs/{room}/{page}",
    "/settings/appearance",
    "/settings/password",
    "/settings/sessions/{session_id}/end",
    "/tokens",
    "/tokens/{token_id}/revoke",
}
"""Deeds that concern nobody but the person; no role is needed."""

NEEDS = {
    "/connections/{connection_id}/runs": Power.WORK,
    "/connections/{connection_id}/files": Power.WORK,
    "/connections/{connection_id}/files/answer": Power.MANAGE,
    "/connections/{connection_id}/files/answers": Power.MANAGE,
    "/connections/{connection_id}/files/account": Power.MANAGE,
    "/connections/{connection_id}/files/{number}/take-back": Power.WORK,
    "/connections/{connection_id}/mapping": Power.MANAGE,
    "/connections/{connection_id}/mapping/comments": Power.SEE,
    "/connections/{connection_id}/repost": Power.MANAGE,
    "/connections/{connection_id}/setup/{step}": Power.LINK,
    "/connect/{connector}/source": Power.LINK,
    "/connections/{connection_id}/gates": Power.LINK,
    "/connections/{connection_id}/pause": Power.MANAGE,
    "/connections/{connection_id}/resume": Power.MANAGE,
    "/connections/{connection_id}/choices": Power.MANAGE,
    "/connections/{connection_id}/accounts": Power.MANAGE,
    "/connections/{connection_id}/settings": Power.MANAGE,
    "/connections/{connection_id}/options": Power.MANAGE,
    "/connections/{connection_id}/webhooks": Power.MANAGE,
    "/connections/{connection_id}/upgrade": Power.MANAGE,
    "/connections/{connection_id}/lists": Power.MANAGE,
    "/connections/{connection_id}/doubles": Power.MANAGE,
    "/connections/{connection_id}/imported": Power.MANAGE,
    "/connections/{connection_id}/linking": Power.MANAGE,
    "/connections/{connection_id}/baseline": Power.WORK,
    "/connections/{connection_id}/webhooks/close": Power.MANAGE,
    "/connections/{connection_id}/closed": Power.MANAGE,
    "/connections/{connection_id}/closed-months": Power.WORK,
    "/connections/{connection_id}/days": Power.MANAGE,
    "/connections/{connection_id}/schedule": Power.MANAGE,
    "/connections/{connection_id}/switch": Power.LINK,
    "/connections/{connection_id}/approval": Power.MANAGE,
    "/connections/{connection_id}/disconnect": Power.LINK,
    "/connections/{connection_id}/remove": Power.LINK,
    "/companies/{company_id}/statements": Power.WORK,
    "/companies/{company_id}/export": Power.WORK,
    "/companies/{company_id}/suggestions": Power.LINK,
    "/companies/{company_id}/suggestions/ask": Power.WORK,
    "/companies/{company_id}/night": Power.MANAGE,
    "/runs": Power.WORK,
    "/runs/{run_id}/undo": Power.WORK,
    "/connections/{connection_id}/undo": Power.WORK,
    "/records/undo": Power.WORK,
    "/records/{record_id}/undo": Power.WORK,
    "/records/{record_id}/by-hand": Power.WORK,
    "/connections/{connection_id}/managing": Power.LINK,
    "/connections/{connection_id}/backfill": Power.LINK,
    "/connections/{connection_id}/backfill/back": Power.LINK,
    "/companies/{company_id}/certificates": Power.WORK,
    "/plugins/{connector}/bench": Power.OPERATE,
    "/plugins/{connector}/{deed}": Power.MANAGE,
    "/doctor": Power.WORK,
    "/settings/start/{deed}": Power.OPERATE,
    "/drift": Power.WORK,
    "/drift/{drift_id}/{way}": Power.WORK,
    "/runs/{run_id}/{deed}": Power.WORK,
    "/plans/{plan_id}/approve": Power.WORK,
    "/companies/{company_id}/bank-rules": Power.WORK,
    "/bank-rules/{rule_id}": Power.WORK,
    "/bank-rules/{rule_id}/{deed}": Power.WORK,
    "/questions/{hold_id}/answer": Power.WORK,
    "/review/{hold_id}/add": Power.WORK,
    "/review/{hold_id}/alike": Power.WORK,
    "/review/{hold_id}/attach": Power.WORK,
    "/review/{hold_id}/detach": Power.WORK,
    "/review/{hold_id}/pay": Power.WORK,
    "/review/{hold_id}/treat": Power.WORK,
    "/review/{hold_id}/two-sides": Power.WORK,
    "/review/{hold_id}/undo": Power.WORK,
    "/review/together": Power.WORK,
    "/questions/{hold_id}/conflict": Power.WORK,
    "/questions/{hold_id}/release": Power.WORK,
    "/questions/{hold_id}/skip": Power.WORK,
    "/questions/{hold_id}/unmet": Power.WORK,
    "/problems/mend": Power.MANAGE,
    "/problems/of-cause/{deed}": Power.WORK,
    "/problems/{problem_id}/{deed}": Power.WORK,
    "/oauth/quickbooks/start": Power.LINK,
    "/oauth/quickbooks/confirm/{secret}": Power.LINK,
    "/people/invite": Power.INVITE,
    "/people/invitations/{invitation_id}/withdraw": Power.INVITE,
    "/people/{person_id}/{deed}": Power.INVITE,
}
"""The least a deed asks for; a deed that is not here fails the test."""

FIELDS = {
    "/connections/{connection_id}/accounts": {"role": "bank", "name": "Visa", "kind": "savings"},
    "/connections/{connection_id}/closed": {"policy": "ask"},
    "/connections/{connection_id}/approval": {"each": "yes"},
    "/connections/{connection_id}/closed-months": {"month": "2026-02", "answer": "wait"},
    "/connections/{connection_id}/days": {"time_zone": "Europe/Paris", "cut_off": "00:00"},
    "/questions/{hold_id}/conflict": {"way": "skip"},
    "/problems/mend": {"code": "posting.inactive_reference"},
    "/problems/of-cause/{deed}": {"code": "mapping.bad_record"},
    "/connections/{connection_id}/backfill": {"first": "2026-02-01", "last": "2026-02-03"},
    "/companies/{company_id}/certificates": {"month": "2026-02"},
    "/companies/{company_id}/suggestions": {"from": "99.0"},
    "/drift": {"way": "keep"},
    "/settings/start/{deed}": {"time_zone": "Europe/Paris"},
    "/people/invite": {"email": "new@example.ca", "role": "bookkeeper"},
    "/people/{person_id}/{deed}": {"role": "accountant"},
}
DEEDS = {
    "/settings/start/{deed}": "place",
    "/runs/{run_id}/{deed}": "pause",
    "/bank-rules/{rule_id}/{deed}": "off",
    "/problems/of-cause/{deed}": "ready",
    "/problems/{problem_id}/{deed}": "ready",
    "/people/{person_id}/{deed}": "role",
    "/plugins/{connector}/{deed}": "enable",
}


@pytest.fixture
def house(workshop: Workshop) -> FastAPI:
    return create_app(workshop, HandOver())


def closed_routes() -> list[APIRoute]:
    """Return the routes that are not for everybody."""
    free = {route.path for screen in OPEN_SCREENS for route in screen.router.routes if isinstance(route, APIRoute)}
    return [route for route in routes_of() if route.path not in free]


def routes_of() -> list[APIRoute]:
    return [
        route for screen in (*SCREENS, *OPEN_SCREENS) for route in screen.router.routes if isinstance(route, APIRoute)
    ]


def token_of(browser: TestClient) -> str:
    found = TOKEN.search(browser.get("/settings").text)
    assert found
    return found[1]


def addressed(route: APIRoute, theirs: dict[str, str]) -> str:
    free = {"deed": DEEDS.get(route.path, "x"), "connector": "till", "way": "keep", "step": "accounts"}
    values = {**dict.fromkeys(FREE, "x"), **free, **theirs}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: values[match[1]], route.path)


def test_every_parameter_of_a_route_is_known_to_the_guard() -> None:
    unknown = {
        f"{route.path} {parameter}"
        for route in closed_routes()
        for parameter in route.param_convertors
        if parameter not in OBJECTS and parameter not in FREE
    }
    assert unknown == set()
    assert {"/", "/runs", "/connections/{connection_id}"} <= {route.path for route in closed_routes()}


def test_nothing_is_answered_without_a_session_and_nothing_of_another_company(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now())
        session.add(other)
        session.flush()
    stranger = somebody(workshop, house, "eve@example.ca", RoleName.OWNER, other.id)
    owner = somebody(workshop, house, "owner@example.ca", RoleName.OWNER, "")
    nobody, token, seen = browser_of(house), token_of(stranger), 0
    for route in closed_routes():
        for method in route.methods:
            answer = nobody.request(method, addressed(route, theirs))
            where = answer.headers.get("location", "")
            assert answer.status_code == 413 or (answer.status_code, where[:7]) == (303, "/signin"), route.path
    for route in closed_routes():
        if not set(route.param_convertors) & set(OBJECTS):
            continue
        address = addressed(route, theirs)
        if "GET" in route.methods:
            assert owner.get(address).status_code == 200, address
            assert stranger.get(address).status_code == 404, address
        else:
            fields = {"form_token": token, **FIELDS.get(route.path, {})}
            assert stranger.post(address, data=fields).status_code == 404, address
        seen += 1
    assert seen >= 12
    for name, parameter in NAMED.items():
        for page in ("/runs", "/questions", "/problems", "/"):
            assert stranger.get(f"{page}?{name}={theirs[parameter]}").status_code == 404
        form = {"form_token": token, name: theirs[parameter], "code": "mapping.bad_record", "role": "bookkeeper"}
        assert stranger.post("/problems/of-cause/ready", data=form).status_code == 404
        assert stranger.post("/problems/mend", data=form).status_code == 404
        assert stranger.post("/people/invite", data={**form, "email": "z@example.ca"}).status_code == 404
    assert stranger.get(f"/records/undo?record={theirs['record_id']}").status_code == 404
    assert stranger.post("/records/undo", data={"form_token": token, "records": theirs["record_id"]}).status_code == 404
    assert stranger.post("/problems/of-cause/ready", data={"form_token": token, "code": "x"}).status_code == 400


def test_lists_hold_only_ones_companies_and_a_guest_is_offered_no_deed(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now())
        session.add(other)
        session.flush()
        label = session.get_one(Connection, theirs["connection_id"]).label
        name = session.get_one(Company, theirs["company_id"]).name
    stranger = somebody(workshop, house, "eve@example.ca", RoleName.OWNER, other.id)
    ours = somebody(workshop, house, "bea@example.ca", RoleName.ACCOUNTANT, theirs["company_id"])
    pages = [
        route.path
        for route in closed_routes()
        if "GET" in route.methods and not route.param_convertors and not route.path.startswith("/oauth")
    ]
    assert len(pages) >= 6
    found = set()
    for page in pages:
        text = stranger.get(page).text
        assert label not in text, page
        assert name not in text, page
        assert theirs["connection_id"] not in text, page
        assert 'class="count"' not in text, page
        seen = ours.get(page)
        # Who may connect nothing is told so before the first step.
        assert seen.status_code == (403 if page == "/connect" else 200), page
        found |= {page for word in (label, name) if word in seen.text}
    assert {"/", "/runs", "/problems", "/review"} <= found
    spoken = f"/connections/{theirs['connection_id']}/mapping/comments"
    mapped = ours.get(f"/connections/{theirs['connection_id']}/mapping").text
    assert re.search(r'<td class="full"[^>]*>The company(&#39;|.)s own account</td>', mapped), "where nobody chose"
    for route in closed_routes():
        if "GET" not in route.methods or route.path.endswith("/events") or route.path in ("/settings", "/tokens"):
            continue
        page = ours.get(addressed(route, theirs)).text
        offered = set(re.findall(r'<form method="post" action="([^"]+)"', page)) - {"/signout"}
        assert offered - {"/drift", spoken} == set(), route.path
    form = {"form_token": token_of(ours), "about": "fees", "text": "To <b>Bank charges</b>"}
    assert ours.post(spoken, data=form).headers["location"] == f"{spoken}?done=commented"
    assert "To &lt;b&gt;Bank charges&lt;/b&gt;" in ours.get(spoken).text
    lost = ours.post(spoken, data=form | {"text": "x" * 1001})
    assert (lost.status_code, "x" * 1001 in lost.text, "1 to 1000" in lost.text) == (409, True, True)


@pytest.mark.requirement("K5")
def test_every_deed_refuses_every_role_that_is_too_small(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    deeds = [route for route in closed_routes() if "POST" in route.methods]
    assert {route.path for route in deeds} - FREELY == set(NEEDS)
    company_id = theirs["company_id"]
    with workshop.database.begin() as session:
        target = new_person("target@example.ca", "T", "", workshop.clock.now(), "test")
        session.add(target)
        session.flush()
        give_role(session, target, company_id, RoleName.BOOKKEEPER, "test", workshop.clock.now())
    for role in RoleName:
        browser = somebody(workshop, house, f"{role}@example.ca", role, company_id)
        token = token_of(browser)
        for route in deeds:
            need = NEEDS.get(route.path)
            if need is None or may(Actor("", role), need) or route.path.startswith("/people/invitations"):
                continue
            address = addressed(route, theirs).replace("/people/x/", f"/people/{target.id}/")
            fields = {
                "form_token": token,
                "company": company_id,
                "connection": theirs["connection_id"],
                "records": theirs["record_id"],
                **FIELDS.get(route.path, {}),
            }
            answer = browser.post(address, data=fields)
            assert (answer.status_code, "people.not_allowed" in answer.text) == (403, True), (role, route.path)


@pytest.mark.requirement("K5")
def test_one_who_is_less_in_one_company_closes_no_cause_of_all_companies(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    guest = somebody(workshop, house, "guest@example.ca", RoleName.OWNER, "")
    with workshop.database.begin() as session:
        person = session.scalars(select(Person).where(Person.email == "guest@example.ca")).one()
        give_role(session, person, theirs["company_id"], RoleName.ACCOUNTANT, "test", workshop.clock.now())
    form = {"form_token": token_of(guest), "code": "mapping.bad_record"}
    assert guest.post("/problems/of-cause/ready", data=form).status_code == 400
    with workshop.database.begin() as session:
        assert set(session.scalars(select(Problem.state))) == {ProblemState.OPEN}
    owner = somebody(workshop, house, "owner@example.ca", RoleName.OWNER, "")
    form = {"form_token": token_of(owner), "code": "mapping.bad_record"}
    assert owner.post("/problems/of-cause/ready", data=form).status_code == 303


@pytest.mark.requirement("K5")
def test_a_query_that_names_ones_own_company_lends_no_role_for_anothers_row(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now())
        session.add(other)
        session.flush()
        known = session.get_one(Connection, theirs["connection_id"])
        values = {each.key: getattr(known, each.key) for each in Connection.__table__.columns}
        own = Connection(**{**values, "id": "own", "company_id": other.id, "source_identity": ""})
        session.add(own)
    guest = somebody(workshop, house, "guest@example.ca", RoleName.OWNER, other.id)
    with workshop.database.begin() as session:
        person = session.scalars(select(Person).where(Person.email == "guest@example.ca")).one()
        give_role(session, person, theirs["company_id"], RoleName.ACCOUNTANT, "test", workshop.clock.now())
    form = {"form_token": token_of(guest), "why": "mine", "kind": "exclude"}
    for deed in (f"/questions/{theirs['hold_id']}/skip", f"/review/{theirs['hold_id']}/treat"):
        assert guest.post(f"{deed}?connection=own", data=form).status_code == 400, deed


@pytest.fixture
def victim(workshop: Workshop, theirs: dict[str, str]) -> str:
    """Another company's id."""
    with workshop.database.begin() as session:
        beside = session.get_one(Company, theirs["company_id"])
        made = Company(
            name="Victime", realm="999", environment=beside.environment, country=beside.country, home_currency="CAD",
            created_at=workshop.clock.now(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def of_two(workshop: Workshop, here: tuple[str, RoleName], there: tuple[str, RoleName]) -> tuple[TestClient, Person]:
    """Sign in somebody who is one thing to one company and another to a second one."""
    with workshop.database.begin() as session:
        eve, owner = (new_person(f"{each}@example.ca", each, "", workshop.clock.now(), "t") for each in ("eve", "own"))
        session.add_all([eve, owner])
        session.flush()
        give_role(session, owner, "", RoleName.OWNER, "t", workshop.clock.now())
        for company_id, role in (here, there):
            give_role(session, eve, company_id, role, "t", workshop.clock.now())
    browser = browser_of(create_app(workshop, HandOver()))
    browser.cookies.set("raccord_session", open_session(workshop, eve, "", ""))
    return browser, eve


def test_k5_rows_of_two_companies_in_one_request_are_refused(
    workshop: Workshop, theirs: dict[str, str], victim: str
) -> None:
    browser, eve = of_two(workshop, (theirs["company_id"], RoleName.OWNER), (victim, RoleName.ACCOUNTANT))
    token = TOKEN.search(browser.get("/settings").text)
    assert token is not None

    def send(path: str, **fields: str) -> int:
        return browser.post(path, data={"form_token": token[1], **fields}).status_code

    deeds = (
        (f"/people/{eve.id}/role", {"role": "owner"}),
        ("/people/invite", {"role": "owner", "email": "x@example.ca"}),
        ("/plugins/till/enable", {}),
    )
    for path, fields in deeds:
        assert send(path, company=victim, **fields) == 403, path
        assert send(path, company=victim, drift=theirs["drift_id"], **fields) == 400, path
        assert send(f"{path}?connection={theirs['connection_id']}", company=victim, **fields) == 400, path
    invite(workshop, Actor("own@example.ca", RoleName.OWNER), "new@example.ca", RoleName.ADMIN, victim)
    with workshop.database.read() as session:
        waiting = session.scalars(select(Invitation)).one().id
    assert send(f"/people/invitations/{waiting}/withdraw", company=theirs["company_id"]) == 403
    with workshop.database.read() as session:
        assert session.get_one(Membership, (eve.id, victim)).role == RoleName.ACCOUNTANT
        assert session.get_one(Invitation, waiting).withdrawn_at is None


def test_what_no_word_holds_is_not_asked_of_the_database(browser: TestClient) -> None:
    for path in ("/records?q=%00", "/runs/%00", "/review?q=a%00", "/connections/%00"):
        assert browser.get(path).status_code == 404, path
    token = TOKEN.search(browser.get("/settings").text)
    assert token is not None
    assert browser.post("/runs", data={"form_token": token[1], "connection": "\x00"}).status_code == 400
    assert browser.post("/hooks/%00", content=b"{}").status_code == 404
