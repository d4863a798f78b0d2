"""From the menu to a connection's deeds, from the help to a pause's end, from a record to what placed it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
import till
from harness import OWNER, choose_usual
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.onboarding.closing.left_days import backfills_asked
from raccord.onboarding.connecting.connections import NewConnection, pause
from raccord.onboarding.setting_up.steps import begin
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    ConnectionState,
    Event,
    Gap,
    LedgerEntry,
    Schedule,
    SourceRecord,
)
from raccord.sync.workshop import Workshop
from raccord_web.parts.mapped import RoleView, placed_by

FRENCH = {"Accept-Language": "fr"}


def link_of(page: str, words: str) -> str:
    """Return where the link with these first words leads."""
    for href, inside in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if re.sub(r"<[^>]+>", "", inside).strip().startswith(words):
            return str(href).replace("&amp;", "&")
    raise AssertionError(words)


def test_the_hours_of_a_connection_are_said_in_words_and_chosen_from_plain_ways(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response]
) -> None:
    page, deed = f"/connections/{synced.id}/settings", f"/connections/{synced.id}/schedule"

    def shown() -> str:
        text = browser.get(page, headers=FRENCH).text.replace("\N{NO-BREAK SPACE}", " ")
        return text.partition('id="hours"')[2].partition("</form>")[0]

    assert "chaque jour à 5 h 30" in shown()
    assert "* * *" not in shown(), "nobody has to read a cron line"
    for said, line, words in (
        ({"often": "weekdays", "at": "06:15"}, "15 6 * * 1-5", "du lundi au vendredi à 6 h 15"),
        ({"often": "weekly", "at": "06:15", "weekday": "5"}, "15 6 * * 5", "chaque vendredi à 6 h 15"),
        ({"often": "hourly", "at": "00:07"}, "7 * * * *", "chaque heure, à la minute 07"),
        ({"often": "cron", "cron": "0 8,18 * * *"}, "0 8,18 * * *", "selon la ligne cron « 0 8,18 * * * »"),
    ):
        assert send(page, deed, **said).headers["location"] == f"/connections/{synced.id}?done=scheduled"
        with workshop.database.read() as session:
            assert session.get_one(Schedule, synced.id).cron == line
        assert words in shown()
    assert "is not a schedule" in send(page, deed, often="cron", cron="now and then").text
    send(page, deed, often="off")
    with workshop.database.read() as session:
        kept = session.get_one(Schedule, synced.id)
        told = session.scalars(select(Event.actor).where(Event.action == "connection.scheduled")).all()
    assert (kept.enabled, kept.cron, kept.next_at) == (False, "0 8,18 * * *", None)
    assert told == [OWNER.name] * 5
    assert "Jamais d’elle-même" in shown()


@pytest.mark.requirement("CH-35", "CH-36", "CH-66")
def test_two_clicks_lead_to_what_can_be_done_and_the_help_ends_a_pause(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response]
) -> None:
    quickbooks = link_of(browser.get("/", headers=FRENCH).text, "QuickBooks")
    own = link_of(browser.get(quickbooks, headers=FRENCH).text.partition("<main")[2], "Gérer")
    assert own == f"/connections/{synced.id}#manage"
    page = browser.get(own, headers=FRENCH).text.partition('id="manage"')[2]
    assert all(each in page for each in ("Pause", "Reprendre", "Configuration/Mappage", "Vérifier l’état"))
    assert '<button class="btn btn-sm" disabled>Reprendre' in page
    assert browser.get(link_of(page, "Modifier")).url.path == f"/connections/{synced.id}/mapping"
    checked = send(own, "/doctor", connection=synced.id)
    assert re.search(r"Passed: \d+", checked.text)
    assert "This installation" not in checked.text
    assert "Passed" not in send(own, "/doctor", connection="another").text.partition("<main")[2]

    assert "Aucune connexion n’est en pause" in browser.get("/help/resuming", headers=FRENCH).text
    pause(workshop, OWNER, synced.id)
    page = browser.get(own, headers=FRENCH).text.partition('id="manage"')[2]
    assert '<button class="btn btn-sm" disabled>Pause' in page
    resume = link_of(browser.get("/help/resuming", headers=FRENCH).text, f"Reprendre {synced.label}")
    asked = browser.get(resume).text.partition('id="resume"')[2].partition("</li>")[0]
    assert '<details class="as-table confirm" open>' in asked
    action = re.search(r'action="([^"]+)"', asked)
    assert action
    assert "The pause began today: no day is missing." in asked
    began = workshop.clock.now() - timedelta(days=12)
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).paused_at = began
        session.scalars(select(Gap).where(Gap.reason == "paused")).one().first_day = began.date()
    for headers, said in (
        (
            FRENCH,
            ("En pause depuis le 8 mars 2026", "jusqu’au 8 mars 2027", "Il manque 12 jours, du 8 mars 2026 au"),
        ),
        ({}, ("Paused since 8 Mar 2026", "until 8 Mar 2027", "12 days are missing, 8 Mar 2026 to 19 Mar 2026.")),
    ):
        page = re.sub(r"<[^>]+>", "", browser.get(resume, headers=headers).text).replace("\N{NO-BREAK SPACE}", " ")
        assert [words for words in said if words not in page] == []
    planned = send(resume, action[1], hole="plan")
    assert planned.headers["location"].startswith("/runs/"), "the days of the pause are planned, for approval"
    with workshop.database.read() as session:
        assert session.get_one(Connection, synced.id).state == ConnectionState.CONNECTED
        [asked_for] = backfills_asked(session, session.get_one(Connection, synced.id))
    assert (asked_for.body["first"], asked_for.body["last"]) == ("2026-03-08", "2026-03-19")


@pytest.mark.requirement("CH-65")
def test_one_link_leads_from_what_is_posted_to_the_line_of_the_mapping_that_placed_it(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        sale = session.scalars(select(SourceRecord).where(SourceRecord.source_id == "s1")).one()
        waits = session.scalars(select(SourceRecord).where(SourceRecord.source_id == "b1")).one()
    page = browser.get(f"/records/{sale.id}").text.partition("Edit the mapping:")[2].partition("</p>")[0]
    lines = re.findall(r'href="([^"]+)"', page)
    edit = next(each for each in lines if "edit=income" in each).replace("&amp;", "&")
    assert edit.endswith("#edit")
    row = browser.get(edit).text.partition('id="edit"')[2].partition('class="mapline"')[0]
    assert 'name="role:income:"' in row
    assert " autofocus " in row
    assert " autofocus " not in browser.get(f"/connections/{synced.id}/mapping").text
    assert "Edit the mapping:" not in browser.get(f"/records/{waits.id}").text


@pytest.mark.requirement("CH-65")
def test_a_role_that_follows_another_leads_to_its_own_line_only_from_the_day_it_was_chosen() -> None:
    label = Text("x", "x")
    income = RoleView(RoleInfo("income", label, Accepts.INCOME), "", [], taxed=False)
    own = [Choice(role="sales", of="", valid_from=date(2026, 3, 10))]
    sales = RoleView(RoleInfo("sales", label, Accepts.INCOME, same_as="income"), "", own, taxed=False)
    body = '{"lines": [{"item": {"ref": "item_for", "account": {"ref": "role", "name": "sales"}}}, {"day": "x"}]}'
    assert placed_by([income, sales], body, date(2026, 3, 9)) == [income]
    assert placed_by([income, sales], body, date(2026, 3, 10)) == [sales]
    assert placed_by([income], body, date(2026, 3, 10)) == []


def test_what_follows_another_choice_says_so_below_its_menu_and_in_few_words_within(
    workshop: Workshop, connection: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = Text("Compte des ventes du soir, hors taxes", "Account of evening sales, before tax")
    roles = (*till.INFO.roles, RoleInfo("evening", label, Accepts.INCOME, same_as="income"))
    monkeypatch.setattr(till, "INFO", replace(till.INFO, roles=roles))
    object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", till.INFO)
    followed = next(each.label for each in roles if each.name == "income")
    for language, within, below in (("en", "The same account", "Same as "), ("fr", "Le même compte", "Comme ")):
        page = browser.get(f"/connections/{connection.id}/mapping?lang={language}").text
        line = page.partition(f'aria-label="{label.get(language)}"')[2].partition("</td>")[0]
        assert line.partition('<option value="">')[2].partition("<")[0] == within
        assert f"{below}{followed.get(language)}" in line.partition("</select>")[2]


@pytest.mark.requirement("CH-13")
def test_leaving_a_recommended_default_is_asked_once(
    workshop: Workshop,
    company: Company,
    browser: TestClient,
    send: Callable[..., Response],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    why = Text("Cela tient tout à part.", "It keeps all apart.")
    roles = tuple(
        replace(each, keep_default=why) if each.name in ("income", "bank") else each for each in till.INFO.roles
    )
    monkeypatch.setattr(till, "INFO", replace(till.INFO, roles=roles))
    object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", till.INFO)
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T8"}, label="Eight")
    own = f"/connections/{begin(workshop, OWNER, new).id}/setup/accounts"
    with workshop.database.read() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.type.in_(["Income", "Expense"]))).all()
    incomes = [each.object_id for each in entries if each.type == "Income"]
    expense = next(each.object_id for each in entries if each.type == "Expense")
    assert "Recommended: It keeps all apart." in browser.get(own).text

    # An account to be added beside the role leaves the suggested value just as well.
    added = send(own, own, add="bank", new_bank="Caisse du soir", kind_bank="cash")
    assert (added.status_code, 'value="Caisse du soir"' in added.text) == (200, True)
    with workshop.database.read() as session:
        choose_usual(workshop, session.scalars(select(Connection).where(Connection.label == "Eight")).one(), company)

    # Keeping it, or choosing where nothing is recommended, asks nothing.
    assert send(own, own, role_income="", role_fees=expense).status_code == 303
    asked = send(own, own, role_income=incomes[0], role_fees=expense)
    assert asked.status_code == 200
    assert "You leave a suggested value" in asked.text
    assert 'name="sure" value="income "' in asked.text
    assert re.search(rf'<option value="{incomes[0]}" selected>', asked.text)
    with workshop.database.read() as session:
        assert set(session.scalars(select(Choice.role))) == {"fees", "bank", "tax"}
    assert send(own, own, role_income=incomes[0], role_fees=expense, sure="income").status_code == 303
    assert send(own, own, role_income=incomes[1], role_fees=expense).status_code == 303
    with workshop.database.read() as session:
        assert session.scalars(select(Choice.ledger_id).where(Choice.role == "income")).all() == [incomes[1]]


@pytest.mark.parametrize(("state", "when"), [("connected", "once the connection is paused"), ("reauthorise", "valid")])
def test_what_cannot_be_done_now_stands_there_all_the_same_and_says_when(
    workshop: Workshop, browser: TestClient, synced: Connection, state: str, when: str
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).state = ConnectionState(state)
    shown = browser.get(f"/connections/{synced.id}").text
    assert '<button class="btn btn-sm" disabled>Resume</button>' in shown
    assert when in shown


def test_the_first_week_stands_above_what_the_connection_is(browser: TestClient, synced: Connection) -> None:
    shown = browser.get(f"/connections/{synced.id}").text
    assert shown.index('id="week"') < shown.index('id="two"')
