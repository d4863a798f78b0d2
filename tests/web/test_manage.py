"""From the menu to a connection's deeds, from the help to a pause's end, from a record to what placed it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from harness import OWNER
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.onboarding.connections import pause
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Connection, ConnectionState, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_web.mapped import RoleView, placed_by

FRENCH = {"Accept-Language": "fr"}


def link_of(page: str, words: str) -> str:
    """Return where the link with these first words leads."""
    for href, inside in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if re.sub(r"<[^>]+>", "", inside).strip().startswith(words):
            return str(href).replace("&amp;", "&")
    raise AssertionError(words)


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

    assert "Aucune connexion n’est en pause" in browser.get("/help", headers=FRENCH).text
    pause(workshop, OWNER, synced.id)
    page = browser.get(own, headers=FRENCH).text.partition('id="manage"')[2]
    assert '<button class="btn btn-sm" disabled>Pause' in page
    resume = link_of(browser.get("/help", headers=FRENCH).text, f"Reprendre {synced.label}")
    asked = browser.get(resume).text.partition('id="resume"')[2].partition("</li>")[0]
    assert '<details class="as-table confirm" open>' in asked
    action = re.search(r'action="([^"]+)"', asked)
    assert action
    assert send(resume, action[1]).status_code == 303
    with workshop.database.read() as session:
        assert session.get_one(Connection, synced.id).state == ConnectionState.CONNECTED


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
    row = browser.get(edit).text.partition('id="edit"')[2].partition('class="maprow"')[0]
    assert 'name="role" value="income"' in row
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
