"""The pages in a real Chromium, both languages and themes: what people do, and what moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import till
from argon2 import PasswordHasher
from chromium import served
from harness import finish, lab, request, sync
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Visits

from raccord.jobs.inline import HandOver
from raccord.onboarding.access import accounts
from raccord.onboarding.access.accounts import set_up_first
from raccord.onboarding.access.sessions import open_session
from raccord.plugin.texts import Language
from raccord.store.models import Connection, Hold, LinkRow
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app

PASSWORD = "correct horse battery"
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


Open = Callable[..., Page]


@pytest.fixture
def base(workshop: Workshop) -> Iterator[str]:
    with served(create_app(workshop, HandOver())) as url:
        yield url


@pytest.fixture
def visit(chromium: Browser, base: str) -> Iterator[Open]:
    """Opens a browser of its own; nothing in it may break the policy, fail in a script or ask for a file in vain."""
    visits = Visits(chromium, base)
    yield visits.open
    visits.close()
    assert visits.complaints == []


@pytest.fixture
def token(workshop: Workshop) -> str:
    """A session of the owner."""
    return open_session(workshop, set_up_first(workshop, "odile@example.ca", "Odile", PASSWORD), "", "")


@pytest.fixture
def drifted(workshop: Workshop, synced: Connection, sandbox: SandboxServer) -> Connection:
    """The connection after somebody deleted two documents of ours, with another plan that waits."""
    with workshop.database.read() as session:
        sales = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt").order_by(LinkRow.id)).all()
    assert len(sales) == 2
    for sale in sales:
        lab(sandbox, "delete", entity=sale.kind, id=sale.document_id)
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    sync(workshop, synced)
    till.ROWS["T1"].append({"stream": "sales", "id": "s10", "day": "2026-03-06", "amount": "8.00"})
    finish(workshop, request(workshop, synced, stop_after="plan"))
    return synced


def test_an_owner_sets_up_and_runs_the_first_plan_in_french(
    workshop: Workshop, connection: Connection, rows: list[dict[str, str]], visit: Open
) -> None:
    page = visit("fr")
    page.goto("/")
    expect(page).to_have_title("Créer le compte du propriétaire · Raccord")
    page.get_by_label("Votre nom").fill("Odile")
    page.get_by_label("Adresse courriel").fill("odile@example.ca")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Créer le compte").click()
    expect(page).to_have_title("Mise en service · Raccord")
    page.get_by_role("link", name="Aller à l’accueil").click()
    page.get_by_role("table").get_by_role("link", name=connection.label).click()
    page.get_by_role("button", name="Synchroniser").click()
    expect(page.get_by_text("La synchro a démarré.")).to_be_visible()
    run_id = page.url.rpartition("/")[2].partition("?")[0]

    # Nobody reloads: the page follows its run by itself.
    finish(workshop, run_id)
    expect(page.locator(".page-head .status")).to_contain_text("non transmis")

    page.get_by_role("navigation", name="Principal").get_by_role("link", name="À vérifier").click()
    page.get_by_role("link", name="Autres questions").click()
    unfilled = page.locator("form.ask", has=page.get_by_role("button", name="Choisir", exact=True))
    roles = unfilled.count()
    assert roles >= 1
    for at in range(roles):
        unfilled.nth(at).locator("select").select_option(index=1)
        unfilled.nth(at).get_by_role("button").click()
        expect(page.get_by_text("Choix gardé")).to_be_visible()
    page.goto(f"/connections/{connection.id}")
    page.get_by_role("button", name="Synchroniser").click()
    finish(workshop, page.url.rpartition("/")[2].partition("?")[0])
    page.get_by_role("link", name="Lire et approuver le plan").click()
    page.get_by_role("button", name=re.compile("Écrire .* dans QuickBooks")).click()
    finish(workshop, page.url.rpartition("/")[2].partition("?")[0])
    expect(page.locator(".page-head .status")).to_contain_text("Terminée")

    page.goto("/settings")
    page.get_by_label("Thème").select_option("dark")
    page.get_by_role("button", name="Garder").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Opérations")
    page.keyboard.press("/")
    page.keyboard.type("b1")
    expect(page.locator("#records tbody tr")).to_have_count(1)
    assert re.search(r"q=b1", page.url)
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


OUT_OF_RAIL = """[...document.querySelectorAll(".side-foot :is(a, button)")].filter(each => {
    const box = each.getBoundingClientRect(), rail = document.querySelector(".side").getBoundingClientRect();
    return box.left < 0 || box.right > rail.right || each.scrollWidth > each.clientWidth + 1;
}).map(each => each.textContent.trim())"""
"""Links and buttons at the foot of the menu that reach out of it."""


@pytest.mark.parametrize("language", ["en", pytest.param("fr", marks=pytest.mark.slow)])
def test_an_operators_morning(
    workshop: Workshop, drifted: Connection, visit: Open, token: str, language: Language
) -> None:
    journey = Journey(visit(language, token=token), "morning", language)
    page, status = journey.page, journey.page.locator(".page-head .status")
    page.goto("/")
    journey.look("home")
    page.set_viewport_size({"width": 768, "height": 1300})
    expect(page.locator(".side")).to_have_css("width", re.compile(r"^\d\d(\.\d+)?px$"))
    assert page.evaluate(OUT_OF_RAIL) == [], "what stands at the foot of a tablet's menu is whole"
    expect(page.locator(".needs small").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    journey.follow("shell.problems")
    journey.look("problems")
    journey.press("problems.resolved")
    expect(page.get_by_text(journey.said("done.resolved"))).to_be_visible()

    journey.follow("shell.drift")
    every = page.get_by_role("checkbox", name=journey.said("review.tick_all"))
    every.check()
    page.locator("[name^=chosen_]").last.uncheck()
    expect(every).not_to_be_checked()
    every.check()
    journey.look("drift")
    journey.press("drift.keep")
    expect(page.get_by_text(journey.said("drift.none"))).to_be_visible()

    page.goto(f"/connections/{drifted.id}")
    journey.follow("connection.manage")
    pause = page.locator("details.confirm", has_text=journey.said("connection.pause_ask"))
    pause.locator("summary").click()
    pause.get_by_role("link", name=journey.said("keeping.cancel")).click()
    expect(status).not_to_have_text(journey.said("states.paused"))

    page.goto("/records?fate=posted")
    page.locator("#records a.cover").first.click()
    expect(page.get_by_text(journey.said("records.why_here"))).to_be_visible()
    journey.look("record")
    page.goto("/audit")
    journey.look("audit")
    page.goto(f"/connections/{drifted.id}/proof")
    journey.look("proof")
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).first() is not None
