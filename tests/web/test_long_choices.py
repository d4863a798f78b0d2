"""A choice among hundreds is searched by typing, with the keyboard alone; without scripts it is the plain menu."""

from __future__ import annotations

import re
from collections.abc import Mapping

from browsing import TOKEN
from chromium import AXE, RULES, served
from harness import OWNER
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from starlette.testclient import TestClient
from visiting import PATIENCE_MS, Visits

from raccord.jobs.inline import HandOver
from raccord.overview.questions import candidates
from raccord.plugin.drafts import Accepts
from raccord.store.models import Choice, Connection, LedgerEntry
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

expect.set_options(timeout=PATIENCE_MS)


def test_a_long_choice_is_searched_by_keyboard_and_plain_without_scripts(
    workshop: Workshop, synced: Connection, chromium: Browser
) -> None:
    many(workshop, synced.company_id)
    with workshop.database.begin() as session:
        for n in range(300):
            session.add(
                LedgerEntry(
                    company_id=synced.company_id, kind="Account", object_id=f"9{n:03}", name=f"Ménage {n:03}",
                    name_key=f"ménage {n:03}", active=True, number=f"5{n:03}", type="Income",
                    seen_at=workshop.clock.now(),
                )
            )  # fmt: skip
    address = f"/connections/{synced.id}/mapping"
    with served(create_app(workshop, HandOver(), OWNER)) as url:
        visits = Visits(chromium, url)
        page = visits.open("fr", 390)
        page.goto(address)
        row = page.locator(".mapline", has_text="Revenu").first
        field, menu = row.get_by_role("combobox"), row.locator("select")
        expect(field).to_have_count(1)  # The menu beneath is nothing to those who listen.
        expect(field).to_have_accessible_name(menu.get_attribute("aria-label") or "?")
        was = field.input_value()
        field.focus()
        page.keyboard.press("ArrowDown")
        expect(field).to_have_attribute("aria-expanded", "true")
        field.fill("menage 529")
        expect(page.locator(".choices [role=option]")).to_have_count(10)
        active = page.locator(f"#{field.get_attribute('aria-activedescendant')}")
        expect(active).to_have_text("5290 Ménage 290")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.map(v => "
            "v.id))",
            RULES,
        )
        assert found == []
        page.keyboard.press("Escape")
        expect(field).to_have_value(was)
        expect(field).to_have_attribute("aria-expanded", "false")
        field.fill("zzz")
        expect(page.locator(".choices [role=option]")).to_have_text("Aucun choix ne contient ces mots")
        field.fill("ménage 529")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value("5292 Ménage 292")
        expect(page.locator("#changes")).to_contain_text("1")
        # A list that is longer than a page shows is searched where it is kept.
        customers = page.locator(".mapline", has_text="Client").first
        assert customers.locator("select option").count() < 600
        customers.get_by_role("combobox").fill("Épicerie <699")
        page.locator(".choices [role=option]", has_text="Épicerie <699>").click()
        expect(customers.get_by_role("combobox")).to_have_value("Épicerie <699>")
        page.keyboard.press("Control+s")
        expect(page.locator(".mapline", has_text="Revenu").first.get_by_role("combobox")).to_have_value(
            "5292 Ménage 292"
        )
        bare = visits.open("fr", 390, script=False)
        bare.goto(address)
        expect(bare.locator(".mapline", has_text="Revenu").first.locator("select")).to_have_value("9292")
        expect(bare.locator("input[role=combobox]")).to_have_count(0)
        visits.close()
    assert visits.complaints == []
    with workshop.database.read() as session:
        kept = session.scalars(select(Choice.ledger_id).where(Choice.connection_id == synced.id)).all()
    assert {"9292", "c699"} <= set(kept)


def many(workshop: Workshop, company_id: str) -> None:
    """Let a company have 700 customers."""
    with workshop.database.begin() as session:
        for n in range(700):
            session.add(
                LedgerEntry(
                    company_id=company_id, kind="Customer", object_id=f"c{n:03}", name=f"Épicerie <{n:03}>",
                    name_key=f"épicerie <{n:03}>", active=True, seen_at=workshop.clock.now(),
                )
            )  # fmt: skip


def test_one_long_list_takes_nothing_from_the_others_and_what_is_chosen_is_there(
    workshop: Workshop, synced: Connection
) -> None:
    with workshop.database.read() as session:
        whole = candidates(session, synced.company_id, [Accepts.INCOME, Accepts.BANK])
    with workshop.database.begin() as session:
        for n in range(1600):
            session.add(
                LedgerEntry(
                    company_id=synced.company_id, kind="Customer", object_id=f"a{n:04}", name=f"A {n:04}",
                    name_key=f"!{n:04}", active=True, seen_at=workshop.clock.now(),
                )
            )  # fmt: skip
    places = [Accepts.CUSTOMER, Accepts.INCOME, Accepts.BANK]
    with workshop.database.read() as session:
        found = candidates(session, synced.company_id, places, also={"a1599"})
        few = candidates(session, synced.company_id, places, "a 159", {"a0001"})[Accepts.CUSTOMER]
    assert {place: found[place] for place in whole} == whole
    assert len(whole[Accepts.INCOME]) > 0
    assert (len(found[Accepts.CUSTOMER]), found[Accepts.CUSTOMER][-1].id) == (500, "a1599")
    assert few[0].id == "a0001"


def test_without_scripts_the_five_hundred_and_first_is_found_by_loading_the_page_again(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    own = f"/connections/{synced.id}/mapping"
    assert 'name="among"' not in browser.get(own).text, "no list is longer than it shows"
    many(workshop, synced.company_id)
    page = browser.get(own).text
    assert re.search(r'<noscript><form [^>]*method="get"[^>]*>.*name="among"', page, re.S)
    assert '<option value="c699"' not in page
    page = browser.get(f"{own}?among=%C3%89picerie+%3C699").text
    assert '<option value="c699"' in page
    assert 'name="among" maxlength="100" value="Épicerie &lt;699"' in page
    [field] = set(re.findall(r'name="(role:[^"]*customer[^"]*)"', page))
    [token] = set(TOKEN.findall(page))
    told = dict(re.findall(r'name="(seen|view|first|offset|q)" value="([^"]*)"', page))
    shown = browser.post(own, data={**told, "form_token": token, field: "c699"}).text
    assert '<option value="c699" selected' in shown, "what is looked at before it is saved is still chosen"

    rule = f"/companies/{synced.company_id}/bank-rules"
    page = browser.get(f"{rule}/new").text
    assert re.search(r'<noscript>.*name="among".*value="narrow"', page, re.S)
    assert f'data-search="/companies/{synced.company_id}/choices?accepts=payee"' in page
    typed: Mapping[str, str] = {"form_token": token, "name": "Loyer", "do": "narrow", "among": "<699"}
    page = browser.post(rule, data=typed).text
    assert ('<option value="Customer:c699"' in page, 'value="Loyer"' in page) == (True, True)
    page = browser.post(rule, data={**typed, "among": "", "payee": "Customer:c699"}).text
    assert '<option value="Customer:c699" selected' in page, "what a rule says stays, however long the list"
    found = browser.get(f"/companies/{synced.company_id}/choices?accepts=payee&q=%3C699").text
    assert '<option value="Customer:c699">' in found
