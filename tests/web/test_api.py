"""The JSON API: tokens that reach no further than their person, every route's refusals, and the answers' forms."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from programs import another_company, caller, member, program
from sqlalchemy import delete, select
from starlette.routing import Mount
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.accounts import give_role
from raccord.onboarding.access.api_tokens import (
    DAYS_USUAL,
    TOKENS_MAX,
    Scope,
    TokenError,
    make_token,
    narrowed,
    program_of,
    revoke_token,
    tokens_of,
)
from raccord.onboarding.access.people import Actor, Power, RoleName, may
from raccord.onboarding.access.sessions import open_session
from raccord.onboarding.closing.certificates import faults_in
from raccord.store.canonical import exact
from raccord.store.models import (
    ApiAnswer,
    ApiToken,
    Company,
    Connection,
    DraftRow,
    DraftState,
    Event,
    Hold,
    LedgerEntry,
    Membership,
    Person,
    PlanLine,
)
from raccord.sync.lines.treatments import load_treatment
from raccord.sync.workshop import Workshop, settings_handle
from raccord_web.api.application import PATH, ROUTERS
from raccord_web.api.programs import CALLS_A_MINUTE
from raccord_web.api.repeating import Repeatable
from raccord_web.app import create_app
from raccord_web.front.visitors import OBJECTS

PROBLEM = "application/problem+json"
BANK_RULE = {
    "name": "By a program",
    "body": {
        "conditions": [{"on": "text", "test": "contains", "value": "cafe"}],
        "outcome": {"kind": "exclude", "why": "not ours"},
    },
}
DAYS = {"first": "2026-03-01", "last": "2026-03-31"}
DEEDS = {
    "/connections/{connection_id}/runs": (Scope.WRITE, Power.WORK, {}),
    "/connections/{connection_id}/pause": (Scope.MANAGE, Power.MANAGE, None),
    "/connections/{connection_id}/resume": (Scope.MANAGE, Power.MANAGE, None),
    "/connections/{connection_id}/disconnect": (Scope.OWN, Power.LINK, None),
    "/connections/{connection_id}/choices": (Scope.MANAGE, Power.MANAGE, {"role": "fees", "ledger_id": "1"}),
    "/connections/{connection_id}/backfill": (Scope.OWN, Power.LINK, {"first": "2026-02-01", "last": "2026-02-03"}),
    "/connections/{connection_id}/backfill/back": (Scope.OWN, Power.LINK, None),
    "/runs/{run_id}/undo": (Scope.APPROVE, Power.WORK, {}),
    "/runs/{run_id}/{deed}": (Scope.WRITE, Power.WORK, None),
    "/plans/{plan_id}/approve": (Scope.APPROVE, Power.WORK, None),
    "/connections/{connection_id}/terms": (Scope.MANAGE, Power.MANAGE, {"word": "sale", "ledger": "Counter"}),
    "/connections/{connection_id}/comments": (Scope.WRITE, Power.SEE, {"text": "Fees go to Bank charges"}),
    "/connections/{connection_id}/mapping": (
        Scope.MANAGE,
        Power.MANAGE,
        {"terms": [{"word": "sale", "ledger": "Counter"}]},
    ),
    "/connections/{connection_id}/mapping/try": (
        Scope.MANAGE,
        Power.MANAGE,
        {"terms": [{"word": "sale", "ledger": "Counter"}]},
    ),
    "/connections/{connection_id}/settings": (Scope.MANAGE, Power.MANAGE, {"values": {"code": "1234"}}),
    "/companies/{company_id}/certificates": (Scope.APPROVE, Power.WORK, {"month": "2026-02"}),
    "/holds/{hold_id}/treat": (Scope.WRITE, Power.WORK, {"kind": "exclude", "why": "not ours"}),
    "/holds/{hold_id}/take-back": (Scope.WRITE, Power.WORK, None),
    "/holds/{hold_id}/add": (Scope.WRITE, Power.WORK, {"what": "expense", "name": "Parking"}),
    "/holds/{hold_id}/two-sides": (Scope.WRITE, Power.WORK, {"same": True}),
    "/holds/{hold_id}/answer": (Scope.WRITE, Power.WORK, {"ledger_id": "1"}),
    "/holds/{hold_id}/conflict": (Scope.WRITE, Power.WORK, {"way": "skip"}),
    "/holds/{hold_id}/skip": (Scope.WRITE, Power.WORK, {"why": "not ours"}),
    "/holds/{hold_id}/release": (Scope.WRITE, Power.WORK, None),
    "/problems/{problem_id}/resolved": (Scope.WRITE, Power.WORK, None),
    "/problems/{problem_id}/{deed}": (Scope.WRITE, Power.WORK, None),
    "/companies/{company_id}/bank-rules": (Scope.WRITE, Power.WORK, BANK_RULE),
    "/companies/{company_id}/bank-rules/try": (Scope.WRITE, Power.WORK, BANK_RULE),
    "/bank-rules/{rule_id}": (Scope.WRITE, Power.WORK, {**BANK_RULE, "version": 1}),
    "/bank-rules/{rule_id}/state": (Scope.WRITE, Power.WORK, {"enabled": False}),
    "/bank-rules/{rule_id}/accept": (Scope.WRITE, Power.WORK, {"version": 1}),
    "/bank-rules/{rule_id}/remove": (Scope.WRITE, Power.WORK, None),
    "/drifts/{drift_id}/settle": (Scope.WRITE, Power.WORK, {"way": "keep"}),
    "/connections/{connection_id}/drifts/settle": (Scope.WRITE, Power.WORK, {"way": "keep", "seen": 1}),
    "/connections/{connection_id}/lists": (Scope.MANAGE, Power.MANAGE, {"lists": ["people"]}),
    "/connections/{connection_id}/doubles": (
        Scope.MANAGE,
        Power.MANAGE,
        {"list": "people", "way": "keep", "entries": [{"id": "1"}]},
    ),
    "/retention": (Scope.OWN, Power.OPERATE, {"messages": 120}),
    "/connections/{connection_id}/link-suggested": (Scope.MANAGE, Power.MANAGE, {"role": "income"}),
    "/connections/{connection_id}/link-certain": (Scope.WRITE, Power.WORK, None),
    "/connections/{connection_id}/told-again": (Scope.WRITE, Power.WORK, {"case": "own", "way": "same"}),
    "/holds/{hold_id}/unmet": (Scope.WRITE, Power.WORK, {"way": "unapplied"}),
    "/holds/{hold_id}/pay": (Scope.WRITE, Power.WORK, {}),
    "/connections/{connection_id}/repost/try": (Scope.MANAGE, Power.MANAGE, DAYS),
    "/connections/{connection_id}/repost": (Scope.MANAGE, Power.MANAGE, DAYS),
    "/connections/{connection_id}/repost/cancel": (Scope.MANAGE, Power.MANAGE, None),
    "/connections/{connection_id}/choices/try": (Scope.MANAGE, Power.MANAGE, {"role": "fees", "ledger_id": "1"}),
    "/connections/{connection_id}/terms/try": (Scope.MANAGE, Power.MANAGE, {"word": "sale", "ledger": "Counter"}),
    "/records/{record_id}/undo": (Scope.APPROVE, Power.WORK, {}),
    "/connections/{connection_id}/undo-all": (Scope.APPROVE, Power.WORK, {}),
    "/connections/{connection_id}/undo": (Scope.APPROVE, Power.WORK, {"records": [1]}),
    "/companies/{company_id}/connections": (Scope.OWN, Power.LINK, {"connector": "till", "values": {"till": "T7"}}),
    "/connections/{connection_id}/gates": (Scope.OWN, Power.LINK, {"gate": "x"}),
    "/connections/{connection_id}/file-questions": (Scope.MANAGE, Power.MANAGE, {"key": "x", "answers": {"a": "b"}}),
    "/connections/{connection_id}/file-accounts": (Scope.MANAGE, Power.MANAGE, {"key": "x", "name": "x"}),
    "/connections/{connection_id}/files/{number}/take-back/try": (Scope.WRITE, Power.WORK, None),
    "/connections/{connection_id}/files/{number}/take-back": (Scope.WRITE, Power.WORK, None),
    "/connections/{connection_id}/mode": (Scope.OWN, Power.LINK, {"mode": "first_time"}),
    "/connections/{connection_id}/scope": (Scope.OWN, Power.LINK, {"first": "2026-03-01", "time_zone": "UTC"}),
    "/connections/{connection_id}/activate": (Scope.OWN, Power.LINK, None),
    "/connections/{connection_id}/accounts": (
        Scope.MANAGE,
        Power.MANAGE,
        {"role": "bank", "name": "Visa", "kind": "savings"},
    ),
    "/connections/{connection_id}/approval": (Scope.MANAGE, Power.MANAGE, {"each": True}),
    "/connections/{connection_id}/closed": (Scope.MANAGE, Power.MANAGE, {"policy": "ask"}),
    "/connections/{connection_id}/closed-months": (Scope.WRITE, Power.WORK, {"month": "2026-02", "answer": "wait"}),
    "/connections/{connection_id}/days": (Scope.MANAGE, Power.MANAGE, {"time_zone": "Europe/Paris"}),
    "/connections/{connection_id}/managing": (Scope.OWN, Power.LINK, {"granted": True}),
    "/connections/{connection_id}/upgrade": (Scope.MANAGE, Power.MANAGE, {"version": "0"}),
    "/connections/{connection_id}/remove": (Scope.OWN, Power.LINK, None),
    "/connections/{connection_id}/webhooks/tell": (Scope.MANAGE, Power.MANAGE, None),
    "/connections/{connection_id}/webhooks/close": (Scope.MANAGE, Power.MANAGE, None),
    "/connections/{connection_id}/problem-causes/{deed}": (Scope.WRITE, Power.WORK, {"code": "mapping.bad_record"}),
    "/companies/{company_id}/check-up": (Scope.WRITE, Power.WORK, None),
    "/connections/{connection_id}/schedule": (Scope.MANAGE, Power.MANAGE, {"cron": "15 6 * * 1-5"}),
    "/companies/{company_id}/night": (Scope.MANAGE, Power.MANAGE, {"every_night": True, "at": "03:10"}),
    "/companies/{company_id}/runs": (Scope.WRITE, Power.WORK, None),
    "/companies/{company_id}/statements": (Scope.WRITE, Power.WORK, {"account_id": "1", "through": "2026-02-28"}),
    "/companies/{company_id}/suggestions": (Scope.OWN, Power.LINK, {"confidence": 990}),
    "/companies/{company_id}/suggestions/ask": (Scope.WRITE, Power.WORK, None),
    "/companies/{company_id}/plugins/{connector}/{deed}": (Scope.MANAGE, Power.MANAGE, None),
}
"""The least scope and power of each deed, and a body that it takes; a deed that is not here fails the test."""
KEPT = {"/connections/{connection_id}/settings", "/retention"}
"""What is read by those alone who may change it."""


@pytest.fixture
def house(workshop: Workshop) -> FastAPI:
    return create_app(workshop, HandOver())


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def addressed(route: APIRoute, theirs: dict[str, str]) -> str:
    deed = "ready" if "problem" in route.path else "enable" if "plugins" in route.path else "pause"
    named = {"deed": deed, "connector": "till", "number": "1", **theirs}
    return PATH + re.sub(r"\{(\w+)\}", lambda match: named[match[1]], route.path)


def call(client: TestClient, route: APIRoute, theirs: dict[str, str]) -> tuple[int, str]:
    """Return status and code of a call; every failure must be problem details in both languages."""
    body = DEEDS[route.path][2] if "POST" in route.methods else None
    answer = client.request(min(route.methods), addressed(route, theirs), json=body, headers={"if-match": '"x"'})
    if answer.status_code < 400:
        return answer.status_code, ""
    assert answer.headers["content-type"] == PROBLEM, route.path
    said = answer.json()
    assert (said["status"], said["type"]) == (answer.status_code, f"urn:raccord:error:{said['code']}")
    assert said["title"] == said["texts"]["en"]["title"] != said["texts"]["fr"]["title"]
    return answer.status_code, said["code"]


def test_no_route_is_answered_without_a_token_and_none_for_another_company(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    ours = program(workshop, house, RoleName.ACCOUNTANT, Scope.READ, theirs["company_id"])
    stranger = program(workshop, house, RoleName.OWNER, Scope.OWN, another_company(workshop))
    owner = member(workshop, "browser@example.ca", RoleName.OWNER, theirs["company_id"])
    with workshop.database.read() as session:
        cookie = open_session(workshop, session.get_one(Person, owner), "", "")
    nobody, browser = caller(house), caller(house)
    browser.cookies.set("raccord_session", cookie)
    guarded = 0
    for route in routes():
        assert call(nobody, route, theirs) == (401, "web.not_let_in"), route.path
        assert call(browser, route, theirs)[0] == 401, route.path
        if "GET" in route.methods:
            assert call(ours, route, theirs)[0] == (403 if route.path in KEPT else 200), route.path
        if set(route.param_convertors) & set(OBJECTS):
            assert call(stranger, route, theirs) == (404, "web.not_found"), route.path
            guarded += 1
        else:
            listed = stranger.get(addressed(route, theirs))
            assert listed.status_code == (403 if route.path in KEPT else 200), route.path
            assert not [each for each in (theirs["company_id"], theirs["connection_id"]) if each in listed.text]
        for name, key in (("connection", "connection_id"), ("company", "company_id")):
            if "GET" in route.methods:
                there = stranger.get(addressed(route, theirs), params={name: theirs[key]})
                assert there.status_code == 404, route.path
    assert guarded >= 20
    assert nobody.get("/api/v1/me").headers["www-authenticate"].startswith("Bearer")
    assert caller(house, "raccord_wrong").get("/api/v1/me").status_code == 401


def test_every_deed_may_be_asked_for_twice_under_a_key() -> None:
    assert [route.path for route in routes() if "POST" in route.methods and not isinstance(route, Repeatable)] == []


@pytest.mark.requirement("K5")
def test_every_deed_refuses_a_scope_and_a_role_that_are_too_small(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    deeds = [route for route in routes() if "POST" in route.methods or route.path in KEPT]
    assert {route.path for route in deeds} == set(DEEDS)
    ladder, company_id = list(Scope), theirs["company_id"]
    for scope in ladder[:-1]:
        client = program(workshop, house, RoleName.OWNER, scope, company_id)
        for route in deeds:
            if ladder.index(DEEDS[route.path][0]) > ladder.index(scope):
                assert call(client, route, theirs) == (403, "people.token_scope"), (scope, route.path)
    person_id = member(workshop, "was-owner@example.ca", RoleName.OWNER, company_id)
    client = caller(house, make_token(workshop, person_id, company_id, "all", Scope.OWN)[1])
    for role in RoleName:
        with workshop.database.begin() as session:
            person = session.get_one(Person, person_id)
            give_role(session, person, company_id, role, "test", workshop.clock.now())
        for route in deeds:
            if not may(Actor("", role), DEEDS[route.path][1]):
                assert call(client, route, theirs) == (403, "people.not_allowed"), (role, route.path)


def test_how_long_things_are_kept_is_said_by_tokens_of_the_installations_owner_alone(
    house: FastAPI, workshop: Workshop, company: Company
) -> None:
    here = program(workshop, house, RoleName.OWNER, Scope.OWN, company.id)
    for method in ("GET", "POST"):
        refused = here.request(method, f"{PATH}/retention", json={"messages": 120})
        assert (refused.status_code, refused.json()["code"]) == (403, "people.not_allowed"), "an owner of one company"
    everywhere = member(workshop, "owner@example.ca", RoleName.OWNER, "")
    small = caller(house, make_token(workshop, everywhere, company.id, "small", Scope.MANAGE)[1])
    assert small.get(f"{PATH}/retention").json()["code"] == "people.token_scope"
    client = caller(house, make_token(workshop, everywhere, company.id, "keeper", Scope.OWN)[1])
    assert client.get(f"{PATH}/retention").json() == {"messages": 0, "devices": 0}
    assert client.post(f"{PATH}/retention", json={"messages": 120}).json() == {"messages": 120, "devices": 0}
    for few in ({"messages": 89}, {"devices": 29}):
        early = client.post(f"{PATH}/retention", json=few)
        assert (early.status_code, early.json()["code"]) == (409, "retention.days")
    for wrong in ({"messages": -1}, {"messages": "120"}, {"devices": 3651}):
        assert client.post(f"{PATH}/retention", json=wrong).status_code == 400
    assert client.post(f"{PATH}/retention", json={"devices": 45}).json() == {"messages": 120, "devices": 45}
    assert client.get(f"{PATH}/retention").json() == {"messages": 120, "devices": 45}
    with workshop.database.begin() as session:
        told = session.scalars(select(Event).where(Event.action == "retention.changed").order_by(Event.seq)).all()
        assert [each.actor for each in told] == ["owner@example.ca (keeper)"] * 2
        give_role(session, session.get_one(Person, everywhere), "", RoleName.ADMIN, "test", workshop.clock.now())
    assert client.get(f"{PATH}/retention").status_code == 403, "as soon as the person is less"


def test_a_token_is_made_for_no_more_than_its_person_may(workshop: Workshop, company: Company) -> None:
    for role in RoleName:
        for scope in Scope:
            acts = narrowed(role, scope)
            assert all(may(Actor("", role), power) for power in Power if may(Actor("", acts), power)), (role, scope)
    assert narrowed(RoleName.OWNER, Scope.READ) is narrowed(RoleName.OPERATOR, Scope.OWN) is RoleName.ACCOUNTANT
    keeper = member(workshop, "keeper@example.ca", RoleName.BOOKKEEPER, company.id)
    refused = [
        (company.id, "x", Scope.MANAGE, 1, "people.token_too_far"),
        (another_company(workshop), "x", Scope.READ, 1, "people.token_too_far"),
        ("", "x", Scope.READ, 1, "people.token_too_far"),
        (company.id, " ", Scope.READ, 1, "people.token_asked"),
        (company.id, "x\n", Scope.READ, 0, "people.token_asked"),
        (company.id, "x", Scope.READ, 366, "people.token_asked"),
    ]
    for company_id, name, scope, days, code in refused:
        with pytest.raises(TokenError) as raised:
            make_token(workshop, keeper, company_id, name, scope, days)
        assert raised.value.code == code
    for number in range(TOKENS_MAX):
        make_token(workshop, keeper, company.id, str(number), Scope.APPROVE)
    with pytest.raises(TokenError, match="token_too_many"):
        make_token(workshop, keeper, company.id, "one more", Scope.READ)


def test_a_token_ends_with_its_time_its_revocation_and_its_persons_access(workshop: Workshop, company: Company) -> None:
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    keeper = member(workshop, "keeper@example.ca", RoleName.ADMIN, company.id)
    other = member(workshop, "other@example.ca", RoleName.OWNER, company.id)
    view, secret = make_token(workshop, keeper, company.id, "reader", Scope.MANAGE)
    with workshop.database.read() as session:
        kept = session.get_one(ApiToken, view.id)
        assert secret not in repr(vars(kept))
        assert tokens_of(session, other, clock.now()) == []
    found = program_of(workshop, secret)
    assert found is not None
    assert found.reach.actor_in(company.id) == Actor("keeper@example.ca (reader)", RoleName.ADMIN)
    with workshop.database.begin() as session:
        assert session.get_one(ApiToken, view.id).used_at == clock.now()
        give_role(session, session.get_one(Person, keeper), company.id, RoleName.BOOKKEEPER, "test", clock.now())
    found = program_of(workshop, secret)
    assert found is not None
    assert found.reach.actor_in(company.id) == Actor("keeper@example.ca (reader)", RoleName.BOOKKEEPER)
    with pytest.raises(TokenError, match="token_unknown"):
        revoke_token(workshop, "other@example.ca", view.id, other)
    revoke_token(workshop, "keeper@example.ca", view.id, keeper)
    assert program_of(workshop, secret) is None
    _, old = make_token(workshop, keeper, company.id, "old", Scope.READ)
    clock.advance(timedelta(days=DAYS_USUAL))
    assert program_of(workshop, old) is None
    _, last = make_token(workshop, keeper, company.id, "last", Scope.READ)
    with workshop.database.begin() as session:
        session.execute(delete(Membership).where(Membership.person_id == keeper))
    assert program_of(workshop, last) is None
    _, disabled = make_token(workshop, other, company.id, "disabled", Scope.READ)
    with workshop.database.begin() as session:
        session.get_one(Person, other).disabled_at = clock.now()
    assert program_of(workshop, disabled) is None
    with workshop.database.read() as session:
        told = session.scalars(select(Event.action).where(Event.action.startswith("people.token_"))).all()
    assert told == ["people.token_made", "people.token_revoked", *["people.token_made"] * 3]


def test_money_is_text_with_its_currency_and_lists_come_in_parts(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str], synced: Connection
) -> None:
    client = program(workshop, house, RoleName.ACCOUNTANT, Scope.READ, synced.company_id)
    seen, cursor = [], ""
    while True:
        found = client.get(f"{PATH}/records", params={"limit": 2, "cursor": cursor}).json()
        assert len(found["rows"]) <= 2
        seen += found["rows"]
        if found["next"] is None:
            break
        cursor = found["next"]
    assert len({row["id"] for row in seen}) == len(seen) == found["total"] == 6
    assert ("1114.98", "CAD") in {(row["amount"], row["currency"]) for row in seen}
    for wrong in ({"limit": 501}, {"limit": 0}, {"cursor": "?"}, {"cursor": "YWZ0ZXI6LTE"}, {"fate": "x"}):
        assert client.get(f"{PATH}/records", params=wrong).status_code == 400, wrong
    assert client.get(f"{PATH}/records", params={"q": "a\x00b"}).status_code == 404
    assert client.get(f"{PATH}/me").json()["role"] == "accountant"
    assert client.put(f"{PATH}/me").status_code == 405
    long = client.post(f"{PATH}/holds/{theirs['hold_id']}/skip", json={"why": "x" * 70_000})
    assert (long.status_code, long.json()["code"]) == (413, "web.too_large")
    assert client.get("/api/v2/me").headers["content-type"] == PROBLEM


def test_a_plan_is_approved_by_the_hash_that_was_read(
    house: FastAPI, workshop: Workshop, connection: Connection, theirs: dict[str, str]
) -> None:
    client = program(workshop, house, RoleName.OWNER, Scope.OWN, connection.company_id)
    plan = client.get(f"{PATH}/plans/{theirs['plan_id']}")
    assert plan.headers["etag"] == f'"{plan.json()["hash"]}"'
    table = client.get(f"{PATH}/plans/{theirs['plan_id']}/table")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.count("\n") == 1 + client.get(f"{PATH}/plans/{theirs['plan_id']}/lines").json()["total"]
    approve = f"{PATH}/plans/{theirs['plan_id']}/approve"
    assert client.post(approve).status_code == 400
    assert client.post(approve, headers={"if-match": '"another"'}).status_code == 409
    run = client.post(f"{PATH}/connections/{connection.id}/runs", json={"stop_after": "plan"})
    again = client.post(f"{PATH}/connections/{connection.id}/runs", json={})
    assert (run.status_code, run.json()["started_by"]) == (200, "owner-own-" + connection.company_id[-6:]
        + "@example.ca (till reader)")  # fmt: skip
    assert again.json()["id"] == run.json()["id"]
    assert client.post(f"{PATH}/runs/{run.json()['id']}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{PATH}/connections/{connection.id}/pause").json()["state"] == "paused"
    assert client.post(f"{PATH}/connections/{connection.id}/resume").json()["state"] == "connected"


def test_a_token_that_calls_too_often_waits_and_keeps_nobody_else_out(
    house: FastAPI, workshop: Workshop, company: Company
) -> None:
    busy = program(workshop, house, RoleName.OWNER, Scope.READ, company.id)
    other = program(workshop, house, RoleName.ADMIN, Scope.READ, company.id)
    limits = next(route.app.state.limits for route in house.routes if isinstance(route, Mount) and route.name == "api")
    with workshop.database.read() as session:
        token_id = session.scalars(select(ApiToken.id).order_by(ApiToken.id)).first()
    assert token_id is not None
    for _ in range(CALLS_A_MINUTE):
        assert limits.of(token_id).taken(workshop.clock.elapsed_ms())
    answer = busy.get(f"{PATH}/me")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert other.get(f"{PATH}/me").json()["role"] == "accountant"


def test_a_person_makes_and_revokes_tokens_on_a_page(house: FastAPI, workshop: Workshop, company: Company) -> None:
    keeper = member(workshop, "keeper@example.ca", RoleName.BOOKKEEPER, company.id)
    browser = caller(house)
    with workshop.database.read() as session:
        browser.cookies.set("raccord_session", open_session(workshop, session.get_one(Person, keeper), "", ""))
    page = browser.get("/tokens").text
    assert 'value="approve"' in page
    assert 'value="manage"' not in page
    mark = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert mark is not None
    form = {"form_token": mark[1], "company": company.id, "name": "till", "scope": "read", "days": "30"}
    made = browser.post("/tokens", data=form)
    secret = re.search(r"raccord_[\w-]{43}", made.text)
    assert secret is not None
    assert caller(house, secret[0]).get(f"{PATH}/me").json()["token"] == "till"
    assert secret[0] not in browser.get("/tokens").text
    too_far = browser.post("/tokens", data={**form, "scope": "own"})
    assert (too_far.status_code, "never reaches further" in too_far.text) == (422, True)
    with workshop.database.read() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    revoked = browser.post(f"/tokens/{token_id}/revoke", data={"form_token": mark[1]})
    assert revoked.headers["location"] == "/tokens?done=token_revoked"
    assert caller(house, secret[0]).get(f"{PATH}/me").status_code == 401
    assert "Jeton" in browser.get("/tokens?lang=fr").text


def test_a_program_makes_tries_changes_and_removes_a_rule(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    client = program(workshop, house, RoleName.BOOKKEEPER, Scope.WRITE, theirs["company_id"])
    listing = f"{PATH}/companies/{theirs['company_id']}/bank-rules"
    tried = client.post(f"{listing}/try", json=BANK_RULE)
    assert (tried.status_code, tried.json()["against"]) == (200, 0)
    key = {"idempotency-key": "rule"}
    made = client.post(listing, json=BANK_RULE, headers=key).json()
    assert client.post(listing, json=BANK_RULE, headers=key).json() == made
    assert client.get(listing).json()["total"] == 2, "asked twice, made once"
    assert (made["place"], made["mode"], made["version"]) == (2, "propose", 1)
    own = f"{PATH}/bank-rules/{made['id']}"
    amount = {"on": "amount", "test": "under", "amount": "12.50"}
    body = {**BANK_RULE["body"], "conditions": [amount]}
    said = {"name": "Small", "body": body, "version": 1, "mode": "apply"}
    changed = client.post(own, json=said).json()
    assert (changed["mode"], changed["body"]["conditions"][0]["amount"]) == ("apply", "12.50")
    assert client.post(own, json=said).json()["code"] == "bank_rule.changed"
    moved = client.post(f"{own}/state", json={"enabled": False, "place": 1}).json()
    assert (moved["place"], moved["enabled"]) == (1, False)
    assert client.post(f"{own}/remove").json() == {"id": made["id"]}
    assert client.get(own).status_code == 404
    assert client.get(listing).json()["total"] == 1


def test_a_program_says_what_a_line_is_and_takes_it_back(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    client = program(workshop, house, RoleName.BOOKKEEPER, Scope.WRITE, theirs["company_id"])
    own = f"{PATH}/holds/{theirs['hold_id']}"
    with workshop.database.read() as session:
        mine = LedgerEntry.company_id == theirs["company_id"], LedgerEntry.kind == "Account", LedgerEntry.active
        kinds: dict[str, str] = {}
        for each in session.scalars(select(LedgerEntry).where(*mine).order_by(LedgerEntry.object_id.desc())):
            kinds[each.type] = each.object_id
        draft_id = session.get_one(Hold, theirs["hold_id"]).draft_id
        bank = session.scalars(select(PlanLine.money_account).where(PlanLine.draft_id == draft_id)).first()
        other = session.scalars(
            select(LedgerEntry.object_id).where(*mine, LedgerEntry.type == "Bank", LedgerEntry.object_id != bank)
        ).first()
    expense = kinds["Expense"]
    split = [{"account": expense, "amount": "10.00"}, {"account": kinds["Cost of Goods Sold"], "description": "rest"}]
    said = [
        {"kind": "category", "parts": [{"account": expense}]},
        {"kind": "split", "parts": split},
        {"kind": "transfer", "other_account": other},
        {"kind": "personal", "parts": [{"account": kinds["Equity"]}]},
        {"kind": "exclude", "why": "not ours"},
    ]
    for each in said:
        key = {"idempotency-key": str(each["kind"])}
        answers = [client.post(f"{own}/treat", json=each, headers=key) for _ in range(2)]
        assert [answer.json() for answer in answers] == [{"id": theirs["hold_id"]}] * 2, (each, answers[0].text)
        assert answers[1].headers["idempotent-replayed"] == "true"
        with workshop.database.read() as session:
            row = session.get_one(DraftRow, draft_id)
            treatment = load_treatment(row.decisions)
            assert treatment is not None
            assert (treatment.kind, treatment.origin) == (each["kind"], "person")
            assert row.state == (DraftState.SKIPPED if each["kind"] == "exclude" else DraftState.WAITING)
            if each["kind"] == "split":
                assert [part.amount for part in treatment.parts] == [Decimal("10.00"), None]
        assert client.post(f"{own}/treat", json=each).json()["code"] == "hold.closed"
        assert client.post(f"{own}/take-back").json() == {"id": theirs["hold_id"]}
    assert client.post(f"{own}/take-back").json()["code"] == "treatment.nothing_to_take_back"
    assert client.post(f"{own}/two-sides", json={"same": False}).json()["code"] == "treatment.not_two_sides"
    wrong = [
        ({"kind": "split", "parts": [{"account": expense, "amount": "1.00"}] * 2}, "treatment.sum"),
        ({"kind": "split", "parts": [{"account": expense, "amount": 12.3}]}, "web.bad_request"),
        ({"kind": "category", "parts": [{"account": "999999"}]}, "treatment.does_not_fit"),
        ({"kind": "transfer", "other_account": other, "other_side": "elsewhere"}, "web.not_found"),
    ]
    for body, code in wrong:
        assert client.post(f"{own}/treat", json=body).json()["code"] == code, body


def test_a_program_maps_and_sets_a_connection_and_gets_no_secret_back(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    client = program(workshop, house, RoleName.ADMIN, Scope.MANAGE, theirs["company_id"])
    own = f"{PATH}/connections/{theirs['connection_id']}"
    roles = {row["role"]: row for row in client.get(f"{own}/roles").json()["rows"]}
    role, filled = next((name, row["choices"][-1]) for name, row in roles.items() if row["choices"])
    dated = {"role": role, "ledger_id": filled["ledger_id"], "first": "2026-03-09"}
    assert client.post(f"{own}/choices", json=dated).status_code == 200
    roles = {row["role"]: row for row in client.get(f"{own}/roles").json()["rows"]}
    assert [each["valid_from"] for each in roles[role]["choices"]] == ["0001-01-01", "2026-03-09"]

    word = client.get(f"{own}/terms").json()["rows"][0]
    meant = {"word": word["word"], "ledger": word["ledger"], "first": "2026-03-09"}
    key = {"idempotency-key": "term"}
    assert [client.post(f"{own}/terms", json=meant, headers=key).status_code for _ in range(2)] == [200, 200]
    word = client.get(f"{own}/terms").json()["rows"][0]
    assert [(each["valid_from"], each["ledger"]) for each in word["answers"]] == [("2026-03-09", word["ledger"])]
    assert client.post(f"{own}/terms", json={"word": "none", "ledger": "x"}).json()["code"] == "term.unknown"
    assert word["answers"][0]["label"] == word["ledger_label"] == {"fr": "Sans mention", "en": "Nothing said"}
    assert {"ledger": "CreditMemo", "label": {"fr": "Note de crédit", "en": "Credit memo"}} in word["may_become"]
    assert client.post(f"{own}/terms", json={**meant, "ledger": "x"}).json()["code"] == "term.no_such_way"
    assert client.post(f"{own}/terms/try", json={**meant, "ledger": "x"}).json()["code"] == "term.no_such_way"

    both = {
        "roles": [{**dated, "first": "2026-03-10"}],
        "terms": [{**meant, "ledger": "Comptoir", "first": "2026-03-10"}],
    }
    wrong = {**both, "terms": [*both["terms"], {"word": "sale", "ledger": "x"}]}
    tried = client.post(f"{own}/mapping/try", json=both).json()
    assert (tried["first"], "changing" in tried["posted"]) == ("2026-03-10", True)
    assert client.post(f"{own}/mapping", json=wrong).json()["code"] == "term.no_such_way"
    assert client.post(f"{own}/mapping", json={}).json()["code"] == "web.bad_request"

    def dated_so_far() -> list[list[str]]:
        filled = next(row for row in client.get(f"{own}/roles").json()["rows"] if row["role"] == role)["choices"]
        answers = client.get(f"{own}/terms").json()["rows"][0]["answers"]
        return [[each["valid_from"] for each in some] for some in (filled, answers)]

    assert dated_so_far() == [["0001-01-01", "2026-03-09"], ["2026-03-09"]], "one was refused, so none is kept"
    assert client.post(f"{own}/mapping", json=both, headers={"idempotency-key": "both"}).json() == {
        "id": theirs["connection_id"]
    }
    kept = [["0001-01-01", "2026-03-09", "2026-03-10"], ["2026-03-09", "2026-03-10"]]
    assert dated_so_far() == kept
    # What was read is not what stands any more: nothing of a call is kept, by either way.
    later = {"role": {**dated, "first": "2026-03-11"}, "term": {**meant, "first": "2026-03-11"}}
    for seen in ("", "another"):
        old = {name: {**each, "seen": seen} for name, each in later.items()}
        for path, body in (
            ("choices", old["role"]), ("terms", old["term"]), ("mapping", {"roles": [old["role"]]}),
            ("mapping", {"roles": [{**later["role"], "seen": dated["ledger_id"]}], "terms": [old["term"]]}),
        ):  # fmt: skip
            refused = client.post(f"{own}/{path}", json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "mapping.changed"), (path, seen)
    assert dated_so_far() == kept
    assert client.post(f"{own}/choices", json={**later["role"], "seen": dated["ledger_id"]}).status_code == 200
    assert client.post(f"{own}/terms", json={**later["term"], "seen": "Comptoir"}).status_code == 200

    held = client.get(f"{own}/settings")
    assert held.json()["values"] == {"till": "T1"}
    changed = client.post(f"{own}/settings", json={"values": {"code": "s3cret-word"}}, headers={"idempotency-key": "s"})
    assert (changed.status_code, changed.json()["secrets"]) == (200, {"code": True})
    again = client.post(f"{own}/settings", json={"values": {"till": "T1"}})
    for tag, status in ((held.headers["etag"], 200), ('"till=0123456789ab"', 409), ("*", 200)):
        answer = client.post(f"{own}/settings", json={"values": {"till": "T1"}}, headers={"if-match": tag})
        assert answer.status_code == status, tag
    read = client.get(f"{own}/settings")
    with workshop.database.read() as session:
        connection = session.get_one(Connection, theirs["connection_id"])
        kept = workshop.vault.within(session).get_mapping(settings_handle(connection.id))
        assert (kept, connection.settings) == ({"code": "s3cret-word"}, {"till": "T1"})
        noted = [row.body for row in session.scalars(select(ApiAnswer))] + [
            str(row.body) for row in session.scalars(select(Event))
        ]
    assert not [each for each in (changed.text, again.text, read.text, *noted) if each and "s3cret-word" in each]
    for values, code in (
        ({"till": "T2"}, "connection.identity_fixed"),
        ({"colour": "red"}, "connection.settings"),
        ({"till": ["T1"]}, "connection.settings"),
        ({}, "web.bad_request"),
    ):
        assert client.post(f"{own}/settings", json={"values": values}).json()["code"] == code, values


def test_a_program_certifies_a_month_once_under_its_key(
    house: FastAPI, workshop: Workshop, theirs: dict[str, str]
) -> None:
    client = program(workshop, house, RoleName.BOOKKEEPER, Scope.APPROVE, theirs["company_id"])
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    own, key = f"{PATH}/companies/{theirs['company_id']}/certificates", {"idempotency-key": "month"}
    assert client.post(own, json={"month": "2999-12"}).json()["code"] == "certificate.month_open"
    clock.advance(timedelta(days=31))
    assert client.post(own, json={"month": "2026-03"}).json()["code"] == "certificate.exceptions"
    accepted = {"month": "2026-03", "with_exceptions": True}
    for blank in ({}, {"reason": "  "}):
        assert client.post(own, json=accepted | blank).json()["code"] == "certificate.reason"
    accepted["reason"] = "The bank sends it in May"
    made = client.post(own, json=accepted, headers=key).json()
    assert (made["month"], made["version"], made["clean"]) == ("2026-03-01", 1, False)
    assert client.post(own, json=accepted, headers=key).json() == made
    # Read as the check reads a file: digits as they stand.
    found: Any = exact(client.get(f"{PATH}/certificates/{made['id']}").text)
    assert (found["sha256"], faults_in(found["certificate"], found["sha256"])) == (made["hash"], [])
    assert client.get(f"{PATH}/certificates").json()["total"] == 2
