"""The pages in a real Chromium, both languages and themes: what people do, what axe finds, what moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import till
from argon2 import PasswordHasher
from chromium import AXE, LOOKS, RULES, served
from harness import finish, lab, request, sync
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Visits

from raccord.jobs.inline import HandOver
from raccord.onboarding import accounts
from raccord.onboarding.accounts import set_up_first
from raccord.onboarding.sessions import open_session
from raccord.overview.plans import waiting_plan
from raccord.overview.runs import recent_runs
from raccord.plugin.texts import Language
from raccord.store.models import Connection, Hold, LinkRow, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_sandbox.server import SandboxServer
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


def addresses(workshop: Workshop, connection: Connection) -> list[str]:
    """Every screen, with something to show."""
    with workshop.database.read() as session:
        run = recent_runs(session, connection.id).rows[0]
        plan = waiting_plan(session, connection.id)
        records = session.scalars(select(SourceRecord.id).order_by(SourceRecord.id)).all()
        failed = session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).first()
    own = f"/connections/{connection.id}"
    return [
        "/", "/connections", own, f"{own}/settings", f"{own}/proof", "/records", f"/records/{records[0]}",
        f"/records/{failed}", "/runs", f"/runs/{run.id}", f"/plans/{run.plan_id if plan is None else plan.id}",
        "/questions", "/problems", "/problems?code=mapping.bad_record", "/proof", "/drift", "/gaps", "/status",
        "/plugins", "/connect", f"{own}/mapping", f"{own}/mapping?view=terms",
        f"{own}/mapping?view=history", f"{own}/lists",
        f"{own}/rules", f"{own}/switch", f"{own}/upgrade", f"{own}/webhooks",
        f"/companies/{connection.company_id}/statements", f"/companies/{connection.company_id}/suggestions",
        f"/runs/{run.id}/undo", f"/records/{records[0]}/undo",
        "/tokens",
        "/people", "/audit", "/settings", "/help?q=connection", "/menu", "/nothing",
    ]  # fmt: skip


@pytest.fixture
def drifted(workshop: Workshop, synced: Connection, sandbox: SandboxServer) -> Connection:
    """The connection after somebody deleted a document of ours, with another plan that waits."""
    with workshop.database.read() as session:
        sale = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt").order_by(LinkRow.id)).first()
    assert sale is not None
    lab(sandbox, "delete", entity=sale.kind, id=sale.document_id)
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    sync(workshop, synced)
    till.ROWS["T1"].append({"stream": "sales", "id": "s10", "day": "2026-03-06", "amount": "8.00"})
    finish(workshop, request(workshop, synced, stop_after="plan"))
    return synced


@pytest.mark.parametrize(("theme", "width", "language"), [("light", 1280, "en"), ("dark", 320, "fr")])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    workshop: Workshop, drifted: Connection, visit: Open, token: str, theme: str, width: int, language: str
) -> None:
    page = visit(language, width, theme, token)
    axe = AXE.read_text("utf-8")
    wrong: list[str] = []
    for address in [*addresses(workshop, drifted), "/signin"]:
        answer = page.goto(address)
        if answer is None or (answer.status == 200) == (address == "/nothing"):
            wrong.append(f"{address} is not that page")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{address} scrolls sideways")
        if theme == "light":
            page.set_viewport_size({"width": 768, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > 768:
                wrong.append(f"{address} scrolls sideways at 768")
            page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(axe)
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
            RULES if theme == "light" else LOOKS,
        )
        wrong += [f"{address}: {each}" for each in found]
    assert wrong == []


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
    page.get_by_role("link", name=connection.label).first.click()
    page.get_by_role("button", name="Synchroniser").click()
    expect(page.get_by_text("La synchro a démarré.")).to_be_visible()
    run_id = page.url.rpartition("/")[2].partition("?")[0]

    # Nobody reloads: the page follows its run by itself.
    finish(workshop, run_id)
    expect(page.locator(".page-head .status")).to_contain_text("non transmis")

    page.get_by_role("navigation", name="Principal").get_by_role("link", name="À vérifier").click()
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


@pytest.mark.parametrize("language", ["en", pytest.param("fr", marks=pytest.mark.slow)])
def test_an_operators_morning(
    workshop: Workshop, drifted: Connection, visit: Open, token: str, language: Language
) -> None:
    journey = Journey(visit(language, token=token), "morning", language)
    page, status = journey.page, journey.page.locator(".page-head .status")
    page.goto("/")
    journey.look("home")
    journey.follow("shell.problems")
    journey.look("problems")
    journey.press("problems.resolved")
    expect(page.get_by_text(journey.said("done.resolved"))).to_be_visible()

    journey.follow("shell.drift")
    page.get_by_role("checkbox").first.check()
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
