"""What helps where somebody is stuck: the help's answers and contacts, the way out with one's data, long waits."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import till
from browsing import browser_of
from fastapi import FastAPI
from harness import OWNER, choose_usual, finish, request, sync
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

import raccord_chase
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.setting_up.steps import begin
from raccord.overview.explain import known_codes
from raccord.plugin.info import Answer, ConnectorInfo, Contact, Delivery
from raccord.plugin.texts import Text
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    Event,
    Hold,
    LinkRow,
    Problem,
    ProblemState,
    RunState,
    SourceRecord,
)
from raccord.sync.workshop import Workshop
from raccord_web.pages.code_tables import parts
from raccord_web.words.states import EXPLAINED

FRENCH = {"accept-language": "fr"}
Send = Callable[..., Response]


@pytest.fixture
def said(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes what the till says of itself."""

    def change(**values: Any) -> None:
        info: ConnectorInfo = replace(till.INFO, **values)
        monkeypatch.setattr(till, "INFO", info)
        object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", info)

    return change


@pytest.mark.requirement("CH-38")
def test_help_leads_to_frequent_questions_and_to_whom_one_may_write(
    workshop: Workshop, synced: Connection, browser: TestClient, said: Callable[..., None]
) -> None:
    said(
        answers=(Answer(Text("Et la nuit ?", "And at night?"), Text("On ferme.", "We close.")),),
        contacts=(Contact(Text("Soutien", "Support"), phone="555-0100"),),
    )
    page = browser.get("/help", headers=FRENCH).text
    for words, place, answer in (
        ("Foire aux questions", "questions", "On ferme."),
        ("Contactez-nous", "contacts", "555-0100"),
    ):
        link = re.search(rf'<a class="btn" href="([^"]+)">(?:<svg.*?</svg>)?{words}</a>', page)
        assert link, words
        assert link[1] == f"/help/{place}"
        assert answer in browser.get(link[1], headers=FRENCH).text
        assert f'id="{place}" data-leads' in page, "an address of the old single page leads on"
    connector = browser.get("/help/connectors/till", headers=FRENCH).text
    assert "On ferme." in connector
    assert "555-0100" in connector
    object.__setattr__(workshop.settings, "faq_url", "https://help.example/faq")
    object.__setattr__(workshop.settings, "contact_url", "https://help.example/write")
    page = browser.get("/help", headers=FRENCH).text
    assert 'href="https://help.example/faq"' in page
    assert 'href="https://help.example/write"' in page


def test_each_status_and_each_code_has_a_page_and_search_leads_to_it(
    workshop: Workshop, synced: Connection, app: FastAPI, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        problem, code = session.execute(select(Problem.id, Problem.code)).one()
        failed = session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).one()
    page = f"/help/errors/{code}"
    for address in ("/problems", f"/problems?code={code}", f"/records/{failed}"):
        assert f'href="{page}"' in browser.get(address).text, address
    assert 'href="/help/statuses/record_failed"' in browser.get(f"/records/{failed}").text
    assert "One open problem" in browser.get(page).text
    with workshop.database.begin() as session:
        session.get_one(Problem, problem).state = ProblemState.RESOLVED
    assert "Nothing open has this code" in browser.get(page).text
    assert browser.get(f"/help?q={code}").headers["location"] == page
    assert len(browser.get("/help").content) < 40_000
    for part in parts("fr"):
        assert part.title
        for each in part.codes:
            assert each.code
            assert each.what
    chapter = {each.code for part in parts("en") for each in part.codes}
    assert chapter >= known_codes() - {"connector", "connector.record_question", "encoding"}
    for name in ("chase", "bankfeed", "posting"):
        found = next(each for each in chapter if each.startswith(f"{name}."))
        assert browser.get(f"/help/errors/{found}", headers=FRENCH).status_code == 200
    assert browser.get("/help/errors/till.of_a_stranger").status_code == 200, "a stranger's code is in no chapter"
    assert [browser.get(f"/help/errors/{each}").status_code for each in ("zzz.code", "till", "till.x'y")] == [404] * 3
    for state in (state for held in EXPLAINED.values() for state in held):
        assert browser.get(f"/help/statuses/{state.name}").status_code == 200
    found_by_word = browser.get("/help?q=certificat", headers=FRENCH).text
    assert "/help/docs/how-to/month-end" in found_by_word
    assert browser.get("/help/statuses/zzz").status_code == browser.get("/help/connectors/zzz").status_code == 404


@pytest.mark.requirement("CH-59")
def test_every_dead_end_names_whom_to_call_as_the_connections_settings_say(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send, said: Callable[..., None]
) -> None:
    def delivery(settings: Any) -> Delivery:
        return Delivery(contacts=(Contact(Text("Soutien", "Support"), phone=f"555-{settings.till}"),))

    said(delivery=delivery, contacts=(Contact(Text("Autre", "Other"), phone="555-0199"),))
    with workshop.database.read() as session:
        failed = session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).one()
        posted = session.scalars(select(SourceRecord.id).where(SourceRecord.source_id == "s1")).one()
        code = session.scalars(select(Problem.code)).one()
    ends = {
        "tried again, and failed again": f"/records/{failed}",
        "its cause": f"/problems?code={code}",
        "after reconnecting": f"/connections/{synced.id}",
        "after the mapping was edited": f"/records/{posted}",
        "while it is edited": f"/connections/{synced.id}/mapping",
    }
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem.id)).one()
    send("/problems", f"/problems/{problem}/ready")
    sync(workshop, synced)
    for why, address in ends.items():
        page = browser.get(address).text
        assert 'href="tel:555-T1"' in page, why
        assert "555-0199" not in page, why
    disconnect(workshop, OWNER, synced.id, without_export=True)
    assert 'href="tel:555-T1"' in browser.get(f"/connections/{synced.id}").text


@pytest.mark.requirement("CH-67")
def test_a_company_that_is_not_seen_leads_to_a_check_and_then_to_support(
    workshop: Workshop, synced: Connection, browser: TestClient, app: FastAPI, said: Callable[..., None]
) -> None:
    chase = raccord_chase.describe()
    assert chase.missing_company is not None
    assert "a un compte de commerçant Chase" in chase.missing_company.fr
    contact = Contact(Text("Soutien", "Support"), phone="555-0100")
    said(missing_company=chase.missing_company, contacts=(contact,))
    assert 'href="/help/questions"' in browser.get("/connections").text

    def told() -> str:
        page = browser_of(app).get("/help/questions").text
        return page[page.index('id="unseen-till"') :]

    assert "555-0100" in told()
    assert chase.missing_company.en not in told()
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).source_identity = ""
    assert chase.missing_company.en in told()
    assert "555-0100" not in told()


@pytest.mark.requirement("CH-68")
def test_before_an_account_is_closed_everything_kept_can_be_taken_away(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    guide = browser.get("/help/closing", headers=FRENCH).text
    action = f"/companies/{synced.company_id}/export"
    assert guide.index(action) < guide.index("Toutes les données de votre compte QuickBooks seront supprimées")
    assert 'href="/help/closing"' in browser.get(f"/connections/{synced.id}").text
    with workshop.database.begin() as session:
        first = session.scalars(select(SourceRecord).order_by(SourceRecord.id)).first()
        assert first is not None
        first.reason = "=1+1"
        counts = {
            name: session.scalar(select(func.count()).select_from(model))
            for name, model in (("records.csv", SourceRecord), ("documents.csv", LinkRow), ("mapping.csv", Choice))
        }
    page = f"/connections/{synced.id}"
    asked = send(page, f"{page}/disconnect")
    assert asked.status_code == 409
    assert "Nothing has been exported yet" in asked.text
    assert f"choices: {counts['mapping.csv']}" in asked.text
    assert 'name="without_export" value="yes"' in asked.text, "the second word"
    assert f'action="{action}"' in asked.text, "export first"
    answer = send("/help/closing", action)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        tables = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }
    assert {name: len(rows) for name, rows in tables.items()} == counts
    assert all(counts.values())
    sale = next(each for each in tables["records.csv"] if each["source_id"] == "s1")
    assert (sale["amount"], sale["day"], sale["reason"]) == ("1114.98", "2026-03-02", "'=1+1")
    assert {each["amount"] for each in tables["records.csv"]} >= {"-20.00"}, "an amount is no formula"
    with workshop.database.read() as session:
        assert session.scalars(select(Event.actor).where(Event.action == "company.exported")).all() == [OWNER.name]
    assert send(page, f"{page}/disconnect").status_code == 303, "all of it was taken away"


@pytest.mark.requirement("BF-21")
def test_each_bank_line_can_be_accepted_or_changed_and_leads_to_what_categorising_is(
    workshop: Workshop, connection: Connection, company: Company, browser: TestClient
) -> None:
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{n}", "day": "2026-03-04", "amount": f"{n}.00", "memo": f"Line {n}"}
        for n in (-2, -1, 1)
    ]
    sync(workshop, connection)
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).all()
    assert len(holds) == 3
    for hold in holds:
        panel = browser.get(f"/review?line={hold}", headers=FRENCH).text
        panel = panel[panel.index('id="detail"') :]
        assert 'data-do="accept"' in panel
        assert all(f"view={way}" in panel for way in ("category", "split", "transfer", "personal", "exclude"))
        assert 'href="/help/categories"' in panel
    assert "your rules" in browser.get("/help/categories").text


@pytest.mark.requirement("CH-18")
def test_one_without_quickbooks_signs_up_first_and_one_with_it_signs_in(
    workshop: Workshop, company: Company, browser: TestClient, send: Send
) -> None:
    assert 'href="/quickbooks"' in browser.get("/").text
    assert 'href="/connect"' in browser.get("/quickbooks").text
    page = "/connect/till/company?mode=first_time"
    french = browser.get(page, headers=FRENCH).text
    assert 'href="https://quickbooks.intuit.com/"' in french
    object.__setattr__(workshop.settings, "quickbooks_signup_url", "https://signup.example/")
    assert 'href="https://signup.example/"' in browser.get(page).text
    left = send(page, "/oauth/quickbooks/start", then=page)
    assert f"{workshop.settings.quickbooks_environment}/" in left.text
    assert 'http-equiv="refresh"' not in left.text, "nobody is moved on while reading"
    assert f'href="{page}">Stay here' in left.text
    # Nobody is connected yet: the button's words are those of the source page.
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).state = "disconnected"
    assert "Se connecter à QuickBooks" in browser.get(page, headers=FRENCH).text


@pytest.mark.requirement("CH-19")
def test_four_accounts_are_prefilled_and_one_that_is_empty_keeps_the_way_on_shut(
    workshop: Workshop, company: Company, browser: TestClient, said: Callable[..., None]
) -> None:
    chase = {role.name: role for role in raccord_chase.describe().roles}
    four = ("income_sales", "income_refunds", "fees", "income_chargebacks")
    assert {chase[chase[name].same_as or name].default is not None for name in four} == {True}
    said(roles=tuple(chase.values()))
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T8"}, label="Eight")
    own = f"/connections/{begin(workshop, OWNER, new).id}/setup/accounts"
    page = browser.get(own, headers=FRENCH).text

    def menu(role: str) -> str:
        found = re.search(rf'<select[^>]* id="role_{role}"(.*?)</select>', page, re.DOTALL)
        assert found, role
        return found[1]

    assert "Créer « Dépense Chase »" in menu("fees").replace("\u00a0", " ").replace("\u202f", " ")
    for role in ("income_sales", "income_refunds", "income_chargebacks"):
        assert '<option value="">Le même compte</option>' in menu(role), "short enough to be read in the menu"
        below = page.partition(f'id="role_{role}"')[2].partition("</select>")[2].partition("</div>")[0]
        assert "Compte de revenu pour les transactions de paiement par cartes" in below, (
            "it follows the one that is to be created"
        )
        assert " required" not in menu(role).partition(">")[0]
    assert " required" in menu("deposit_bank").partition(">")[0], "nothing is proposed: the browser sends nothing"


class Slow(dict[str, list[dict[str, str]]]):
    """Rows that take three minutes to be read, and somebody who looks on meanwhile."""

    def __init__(self, clock: FixedClock, look: Callable[[], None]) -> None:
        super().__init__(till.ROWS)
        self.clock, self.look = clock, look

    def get(self, key: str, default: Any = None) -> Any:
        self.look()
        self.clock.set(self.clock.now() + timedelta(minutes=3))
        self.look()
        return super().get(key, default)


@pytest.mark.requirement("BF-11")
def test_a_first_reading_of_minutes_shows_how_far_it_is_survives_a_reload_and_ends_in_the_plan(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    browser: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    page, seen = f"/connections/{connection.id}/setup/plan", list[str]()
    assert isinstance(workshop.clock, FixedClock)
    slow = Slow(workshop.clock, lambda: seen.append(browser.get(page).text))
    run = request(workshop, connection)
    monkeypatch.setattr(till, "ROWS", slow)
    assert finish(workshop, run).state == RunState.APPROVAL
    assert all("Reading the source" in each and 'http-equiv="refresh"' in each for each in seen)
    waited = [re.search(r"<dt>For</dt><dd[^>]*>([^<]*)</dd>", each) for each in seen]
    assert [each[1].replace("\u00a0", " ") for each in waited[:2] if each] == ["0 s", "3 min 0 s"]
    assert "<progress" in seen[0]
    after = browser.get(page).text
    assert "Reading the source" not in after
    assert 'http-equiv="refresh"' not in after
    assert 'name="plan"' in after
