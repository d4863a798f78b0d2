"""A choice among hundreds is searched by typing, with the keyboard alone; without scripts it is the plain menu."""

from __future__ import annotations

from chromium import AXE, RULES, served
from harness import OWNER
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Visits

from raccord.jobs.inline import HandOver
from raccord.store.models import Choice, Connection, LedgerEntry
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

expect.set_options(timeout=PATIENCE_MS)


def test_a_long_choice_is_searched_by_keyboard_and_plain_without_scripts(
    workshop: Workshop, synced: Connection, chromium: Browser
) -> None:
    with workshop.database.begin() as session:
        for n in range(300):
            session.add(
                LedgerEntry(
                    company_id=synced.company_id, kind="Account", object_id=f"9{n:03}", name=f"Ménage {n:03}",
                    name_key=f"ménage {n:03}", active=True, number=f"5{n:03}", type="Income",
                    seen_at=workshop.clock.now(),
                )
            )  # fmt: skip
        for n in range(700):
            session.add(
                LedgerEntry(
                    company_id=synced.company_id, kind="Customer", object_id=f"c{n:03}", name=f"Épicerie <{n:03}>",
                    name_key=f"épicerie <{n:03}>", active=True, seen_at=workshop.clock.now(),
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
