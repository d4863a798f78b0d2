"""How everything stands, as the page shows it to whom."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import till
from browsing import browser_of
from fastapi import FastAPI
from harness import OWNER, consent, finish, sync
from sqlalchemy import event, func, select, update
from starlette.testclient import TestClient

from raccord.alarms.letters import letter
from raccord.clock import written
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.setting_up.lists import lists_of
from raccord.overview.companies import list_companies
from raccord.overview.status import status
from raccord.plugin.info import Delivery
from raccord.plugin.texts import Text
from raccord.store.models import (
    ApiUse,
    Company,
    Connection,
    ConnectionState,
    Event,
    Hold,
    Incident,
    Night,
    Problem,
    ProblemState,
    Proof,
    Run,
    RunState,
    Schedule,
)
from raccord.sync.days import today_of
from raccord.sync.run import Pipeline
from raccord.sync.telling import push
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zone_of, zones_of
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app

Send = Callable[..., Any]


def test_authorisations_readings_clocks_and_incidents_are_read_at_one_look(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient
) -> None:
    calm = browser.get("/status")
    assert (calm.status_code, "No incident stands open" in calm.text) == (200, True)
    assert "Still authorised for" in calm.text
    assert f'href="/connections/{synced.id}"' in calm.text
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        session.add(
            Incident(
                code="source.late", key=synced.id, company_id=company.id, connection_id=synced.id, grave=True,
                text_fr="La source se tait.", text_en="The source is silent.", fix_fr="Voyez.", fix_en="Look.",
                opened_at=now,
            )
        )  # fmt: skip
        used = session.scalars(select(ApiUse).limit(1)).one()
        used.reads += 123_000
    shown = browser.get("/status").text
    assert "1 incident stands open" in shown
    assert "The source is silent." in shown
    assert "no message was due" in shown
    assert "0 of 0" not in shown
    assert "123," in shown
    french = browser.get("/status?lang=fr").text
    assert "La source se tait." in french
    assert "aucun message à envoyer" in french


def test_pages_letters_and_plain_texts_say_one_moment_by_the_clocks_of_its_company(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient
) -> None:
    opened = datetime(2026, 3, 10, 3, 5, tzinfo=UTC)
    vancouver = "2026-03-09 20:05 PDT"
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).time_zone = "America/Vancouver"
        run = session.scalars(select(Run).where(Run.connection_id == synced.id)).first()
        assert run is not None
        run.started_at = opened
        incident = Incident(
            code="source.late", key=synced.id, company_id=company.id, connection_id=synced.id, grave=False,
            text_fr="Tard.", text_en="Late.", fix_fr="Voyez.", fix_en="Look.", opened_at=opened,
        )  # fmt: skip
        session.add(incident)
        session.flush()
        zones = zones_of(session)
        assert (zone_of(session, company.id), zones.of(company.id), zones.of(synced.id)) == ("America/Vancouver",) * 3
        assert zones.of("") == "America/Vancouver", "what belongs to no company goes by most of the installation"
        assert vancouver in letter(incident, "new", "", "Odile", "fr", "", zones.of(company.id))[1]
    assert written(opened, "America/Vancouver") == vancouver
    for page in ("/status", "/runs"):
        shown = browser.get(page).text.replace("\u00a0", " ")
        assert "9 Mar 2026, 8:05 p.m. (America/Vancouver)" in shown


def test_a_night_is_moved_and_stopped_from_the_page_and_both_are_told(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    deed = f"/companies/{company.id}/night"
    assert send("/status", deed, at="04:15", every_night="yes").headers["location"] == "/status?done=night"
    with workshop.database.read() as session:
        night = session.get_one(Night, company.id)
        assert (night.enabled, night.minute) == (True, 4 * 60 + 15)
    assert 'value="04:15"' in browser.get("/status").text
    assert send("/status", deed, at="soon", every_night="yes").status_code == 400
    assert send("/status", deed, at="04:15").status_code == 303
    assert "Switched off" in browser.get("/status").text
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action.like("night.%")).order_by(Event.seq)).all()
    assert [(each.action, each.actor) for each in told] == [("night.on", OWNER.name), ("night.off", OWNER.name)]


def test_a_company_is_shown_to_its_own_people_only(
    workshop: Workshop, synced: Connection, company: Company, sandbox: SandboxServer
) -> None:
    other = consent(workshop, sandbox.store.add("us").realm)
    with workshop.database.begin() as session:
        for of in (company.id, ""):
            session.add(
                Incident(
                    code="x", key=f"x {of}", company_id=of, grave=False, text_fr="a", text_en=f"Of {of or 'all'}.",
                    fix_fr="b", fix_en="c", opened_at=workshop.clock.now(),
                )
            )  # fmt: skip
    with workshop.database.begin() as session:
        person = new_person("theirs@example.ca", "Theirs", "", workshop.clock.now(), "test")
        session.add(person)
        session.flush()
        give_role(session, person, other.id, RoleName.BOOKKEEPER, "test", workshop.clock.now())
    token = open_session(workshop, person, "", "")
    app: FastAPI = create_app(workshop, HandOver())
    browser = browser_of(app)
    browser.cookies.set("raccord_session", token)
    shown = browser.get("/status")
    assert shown.status_code == 200
    assert other.name in shown.text
    for hidden in (synced.label, f"Of {company.id}.", "Of all.", "QuickBooks readings this month", "/night"):
        assert hidden not in shown.text, hidden


@pytest.mark.requirement("PL-19", "PL-28", "PL-31")
def test_a_list_is_sent_to_the_source_from_the_page_and_what_became_of_it_is_said(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = f"/connections/{synced.id}/lists"
    for name in ("Anne", "Bruno", "Chloé"):
        workshop.client(company).create("Customer", json.dumps({"DisplayName": name}), f"customer-{name}")
    assert f'href="{page}"' in browser.get(f"/connections/{synced.id}").text
    before = browser.get(f"{page}?check=people").text
    assert (" 0 at the source" in before, "Missing at the source: " in before) == (True, True)
    assert send(page, page, list="people").headers["location"] == page
    with workshop.database.read() as session:
        run_id = session.scalars(select(Run.id).order_by(Run.id.desc())).first() or ""
    live = f'hx-sse:connect="{page}/events" hx-sse:close="done"'
    waiting = browser.get(page).text
    assert (live in waiting, 'http-equiv="refresh"' in waiting, "waits for its turn" in waiting) == (True, True, True)
    assert send(page, page, list="people").headers["location"] == page, "asked twice, it is the same"
    # Page by page it says how far it is, and on the pages of runs as well.
    monkeypatch.setattr(push, "PAGE", 2)
    pipeline = Pipeline(workshop)
    for _ in range(2):
        pipeline.advance(run_id)
    total = sum(workshop.client(company).count(kind, push.ALL_ENTRIES) for kind in ("Customer", "Vendor"))
    assert f"2 of {total}" in browser.get(page).text
    for place in (f"/runs/{run_id}", "/runs"):
        shown = browser.get(place).text
        assert (f"2 of {total}" in shown, "Lists sent to " in shown, "Compare" in shown) == (True, True, False)
    finish(workshop, run_id)
    ended = browser.get(f"{page}/events").text
    assert (f"{total} of {total}" in ended, "event: done" in ended) == (True, True)
    taken = [view.taken for view in lists_of(workshop, synced.id) if view.info.name == "people"]
    assert taken > [0]
    after = browser.get(page).text
    assert (f">{taken[0]}<" in after, f"<dt>Created</dt><dd>{taken[0]}</dd>" in after, live in after) == (
        True, True, False,
    )  # fmt: skip
    assert "an import of lists" in browser.get("/runs").text
    checked = browser.get(f"{page}?check=people").text
    assert f": {taken[0]} active in QuickBooks, {taken[0]} at the source" in checked
    assert "Missing at the source: " not in checked
    assert browser.get(f"{page}?check=nothing").status_code == 409
    unknown = send(page, page, list="nothing")
    assert (unknown.status_code, "takes no list" in unknown.text) == (409, True)


def test_what_a_source_refuses_of_a_list_is_grouped_by_its_reason_with_what_to_do(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = f"/connections/{synced.id}/lists"
    for name in ("Anne", "Bruno", "Chloé"):
        workshop.client(company).create("Customer", json.dumps({"DisplayName": name}), f"customer-{name}")
    why = {"Anne": Text("Trop long.", "Too long."), "Bruno": Text("Trop long.", "Too long.")}
    for name, said in (why | {"Chloé": Text("Sans ville.", "No town.")}).items():
        monkeypatch.setitem(till.TROUBLE, name, said)
    assert send(page, page, list="all").headers["location"] == page
    with workshop.database.read() as session:
        run_id = session.scalars(select(Run.id).order_by(Run.id.desc())).first() or ""
    finish(workshop, run_id)
    shown = browser.get(page).text
    assert ("<b>Too long.</b>" in shown, "2 entries, such as Anne." in shown) == (True, True)
    assert ("<b>No town.</b>" in shown, "1 entry, Chloé." in shown) == (True, True)
    assert f'href="/problems?connection={synced.id}"' in shown
    assert "Articles" in shown.partition('id="sending"')[2].partition("</section>")[0], "all lists went"
    french = browser.get(page, headers={"accept-language": "fr"}).text
    assert "2 entrées, comme Anne." in french
    assert "3 not posted" in browser.get(f"/runs/{run_id}").text


def test_what_ends_soon_is_on_home_with_the_days_left_and_the_way_to_renew_it(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = browser.get("/").text
    assert ("authorisation ends on" in calm, "sign in again before" in calm) == (False, False)
    now = workshop.clock.now()
    info = replace(till.INFO, credentials_end=lambda _: now.date() + timedelta(days=9))
    monkeypatch.setattr(till, "INFO", info)
    object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", info)
    stored = workshop.stored_tokens(company)
    tokens = stored.load()
    assert tokens is not None
    stored.save(replace(tokens, refresh_ends=now + timedelta(days=3)))
    shown = browser.get("/").text.replace("\u00a0", " ")
    needs = shown.partition('<ul class="needs"')[2].partition("</ul>")[0]
    items = needs.split("<li ")
    quickbooks, source = (next(each for each in items if each.find(said) > 0) for said in ("ends on", "sign in again"))
    assert (f"{company.name}: QuickBooks" in quickbooks, ">3 days<" in quickbooks) == (True, True)
    assert ('data-tone="bad"' in quickbooks, 'action="/oauth/quickbooks/start"' in quickbooks) == (True, True)
    assert (f"{synced.label}: sign in again before" in source, ">9 days<" in source) == (True, True)
    assert ('data-tone="warn"' in source, f'href="/connections/{synced.id}/settings"' in source) == (True, True)
    assert "connection needs you" in shown
    stored.save(replace(tokens, refresh_ends=now + timedelta(days=31)))
    assert "authorisation ends on" not in browser.get("/").text, "told from the thirtieth day before on, as by mail"


@pytest.mark.parametrize("page", ["/", "/connections"])
def test_each_connection_says_when_its_data_is_expected_with_as_many_questions_for_three_as_for_one(
    workshop: Workshop, synced: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    assert "Data expected by" not in browser.get(page).text, "the till says nothing of it"
    info = replace(till.INFO, delivery=lambda _: Delivery())
    monkeypatch.setattr(till, "INFO", info)
    object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", info)
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).set_up_at = workshop.clock.now() - timedelta(days=60)
    [source] = status(workshop).companies.rows[0].sources
    assert source.expected_by is not None
    due = source.expected_by.isoformat(timespec="seconds")
    asked: list[str] = []

    def shown() -> tuple[str, int]:
        asked.clear()
        return browser.get(page).text, len(asked)

    def note(*said: Any) -> None:
        asked.append(said[2])

    event.listen(workshop.database.engine, "before_cursor_execute", note)
    try:
        alone, few = shown()
        for number in range(2):
            new = NewConnection(
                company_id=synced.company_id, connector="till", values={"till": f"N{number}", "code": "secret"},
                label=f"Next {number}",
            )  # fmt: skip
            new_one = connect(workshop, OWNER, new)
        _, begun = shown()
        assert begun <= few + 1, "where their set-ups go on is asked once"
        with workshop.database.begin() as session:
            session.execute(update(Connection).values(approved_at=workshop.clock.now()))
        beside, many = shown()
    finally:
        event.remove(workshop.database.engine, "before_cursor_execute", note)
    for each, waits in ((new_one, True), (synced, False)):
        said = browser.get(f"/connections/{each.id}").text
        assert ("First data expected by" in said, "a deposit may show at the bank before" in said) == (waits, waits)
    assert alone.count("Data expected by") == 1
    assert f'<time datetime="{due}"' in alone
    assert "Missing" in alone[alone.index("Data expected by") - 400 :], "three weeks late"
    assert 'href="/help/statuses/fresh_missing"' in alone, "and what that means"
    if page == "/":
        cards = beside.partition('<ul class="needs"')[2].partition("</ul>")[0]
        assert f"{synced.label}: data is missing" in cards
        assert "is missing more than 24 hours after it was due" in cards, "what to do about it"
        with workshop.database.begin() as session:
            session.execute(update(Problem).values(state=ProblemState.GONE))
            session.execute(update(Hold).values(closed_at=workshop.clock.now()))
        late = browser.get("/").text
        assert ("One connection needs you" in late, "2 of 3 work normally." in late) == (True, True), (
            "missing is not working"
        )
    assert (beside.count("Data expected by"), many) == (3, few)
    # Its own page says the same: valid access is not all.
    own = browser.get(f"/connections/{synced.id}").text.partition('<div class="page-head">')[2].partition("</h1>")[2]
    head = own.partition('<div class="actions">')[0]
    assert ("Missing" in head, "Data expected by" in head) == (True, True)
    assert 'href="/help/statuses/fresh_missing"' in head
    # Nothing waits for a run, also where the access has ended.
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).state = ConnectionState.REAUTHORISE
    assert "waiting for a run" not in browser.get(f"/connections/{synced.id}").text


def test_the_board_says_of_each_connection_what_the_morning_asks_with_as_many_questions_for_three_as_for_one(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient
) -> None:
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(said[2])

    def board(label: str) -> tuple[str, int]:
        asked.clear()
        page = browser.get("/status").text.replace("\u00a0", " ")
        row = next(each for each in page.split("<tr>") if f">{label}</a>" in each and "/connections/" in each)
        return row, len(asked)

    now = workshop.clock.now()
    yesterday = today_of(synced, now) - timedelta(days=1)
    with workshop.database.begin() as session:
        first = session.scalars(select(Proof).where(Proof.connection_id == synced.id).limit(1)).one()
        first.day, first.equal = yesterday, False
        session.get_one(Schedule, synced.id).next_at = now
        session.get_one(Schedule, synced.id).enabled = True
    event.listen(workshop.database.engine, "before_cursor_execute", note)
    try:
        row, few = board(synced.label)
        with workshop.database.begin() as session:
            held = session.scalar(select(func.count()).where(Hold.connection_id == synced.id, Hold.closed_at.is_(None)))
            failed = session.scalar(
                select(func.count()).where(Problem.connection_id == synced.id, Problem.state == ProblemState.OPEN)
            )
        assert held
        assert failed
        for said in (
            f"{held} held",
            f">{failed}</a>",
            "1 × ",
            "1 difference",
            "101 days",
            "readings",
            'class="covered"',
        ):
            assert said in row, said
        assert (f"{failed} problem" in row, ">Silent<" in row) == (True, False), "a run that is due is not late"
        with workshop.database.begin() as session:
            session.execute(update(Problem).values(state=ProblemState.GONE))
            session.get_one(Schedule, synced.id).next_at = now - timedelta(hours=2)
        row, _ = board(synced.label)
        assert (">Silent<" in row, row.count('data-tone="bad"') > 1) == (True, True), "red, though nothing failed"
        assert "A run should have begun then" in row
        for number in range(2):
            new = NewConnection(
                company_id=synced.company_id, connector="till", values={"till": f"N{number}", "code": "secret"},
                label=f"Next {number}",
            )  # fmt: skip
            connect(workshop, OWNER, new)
        with workshop.database.begin() as session:
            session.execute(update(Connection).values(approved_at=now))
        row, many = board("Next 1")
    finally:
        event.remove(workshop.database.engine, "before_cursor_execute", note)
    assert (many, few <= 26) == (few, True)
    assert "none of that day" in row
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).state = ConnectionState.PAUSED
    assert ">Silent<" not in board(synced.label)[0], "nothing is expected of what is paused"


def test_what_quickbooks_refuses_a_company_for_is_said_wherever_its_state_is(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, sandbox: SandboxServer
) -> None:
    sandbox.store.of_template("quebec").settings["expired"] = True
    till.ROWS["T1"] = [*till.ROWS["T1"], {"stream": "sales", "id": "late", "day": "2026-03-03", "amount": "1.00"}]
    assert sync(workshop, synced).error_code == "quickbooks.subscription"
    for language, state, who in (
        ("en", "Blocked (subscription)", "An administrator of the QuickBooks company."),
        ("fr", "Bloqué (abonnement)", "Un administrateur de la société QuickBooks."),
    ):
        browser.headers["accept-language"] = language
        for page in (
            "/",
            "/connections",
            "/quickbooks",
            f"/connections/{synced.id}",
            "/status",
            "/settings/accounting",
        ):
            assert state in browser.get(page).text, page
        for page in ("/", "/quickbooks", f"/connections/{synced.id}"):
            shown = html.unescape(browser.get(page).text)
            assert (who in shown, "trial or subscription period ended" in shown) == (True, True), page
    with workshop.database.read() as session:
        [view] = list_companies(session).rows
    assert (view.state, view.blocked_by, view.blocked_at) == ("blocked", "subscription", workshop.clock.now())
    sandbox.store.of_template("quebec").settings["expired"] = False
    assert sync(workshop, synced).state == RunState.DONE
    browser.headers["accept-language"] = "en"
    assert "Blocked" not in browser.get("/").text
