"""A source is connected from nothing to its first proof, step by step."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from socket import socket
from typing import Literal

import pytest
import till
from chromium import AXE, RULES, opened, served
from fastapi import FastAPI
from harness import NOW, OWNER, consent, lab
from httpx2 import Response
from open_documents import by_hand
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from starlette.testclient import TestClient
from visiting import Journey
from wizards import count

import raccord_chase
from raccord.onboarding.deciding.decisions import BEGINNING, choose
from raccord.plugin.errors import RetryLater
from raccord.plugin.texts import Language, Text
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    ConnectionState,
    Gap,
    LinkRow,
    PushedEntry,
    Run,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

SAMPLES = Path(raccord_chase.__file__).with_name("samples")


@pytest.fixture
def door() -> Iterator[socket]:
    """The port at which the pages will be: QuickBooks sends people back there."""
    with opened() as listening:
        yield listening


@pytest.fixture
def address(door: socket) -> str:
    return f"http://127.0.0.1:{door.getsockname()[1]}"


def an_old_form_of_accounts_takes_nothing_back(
    workshop: Workshop, browser: TestClient, send: Callable[..., Response], page: str, shown: dict[str, str]
) -> None:
    """Two people fill the step at the same time: neither loses what the other one said."""
    seen = r'name="seen" value="([^"]+)"'

    def held() -> dict[str, str]:
        with workshop.database.read() as session:
            return {f"role_{each.role}": each.ledger_id for each in session.scalars(select(Choice))}

    before = browser.get(page).text
    old, id_ = re.search(seen, before), page.split("/")[2]
    banks = re.findall(r'<option value="(\d+)"', before.partition('id="role_bank"')[2].partition("</select>")[0])
    taxes = re.findall(r'<option value="(\d+)"', before.partition('id="role_tax"')[2].partition("</select>")[0])
    mine, theirs = (next(each for each in banks if each != shown["role_bank"]) for banks in (banks, reversed(banks)))
    other = next(each for each in taxes if each != shown["role_tax"])
    assert old
    assert mine != theirs
    choose(workshop, OWNER, id_, "bank", theirs, valid_from=BEGINNING)
    changes = shown | {"role_tax": other, "seen": old[1]}
    lacking = send(page, page, **changes | {"role_tax": ""})
    again = re.search(seen, lacking.text)
    assert (lacking.status_code, again is not None) == (422, True)
    for form in (changes, changes | {"role_bank": theirs, "seen": again[1] if again else ""}):
        assert send(page, page, **form).status_code == 303, "what is sent as it was shown stays as it stands"
        assert held() == {"role_bank": theirs, "role_tax": other}
        choose(workshop, OWNER, id_, "tax", shown["role_tax"], valid_from=BEGINNING)
    refused = send(page, page, **shown | {"role_bank": mine, "role_tax": other, "seen": old[1]})
    assert (refused.status_code, "chosen since you read it: nothing is saved" in refused.text) == (409, True)
    assert held() == {"role_bank": theirs, "role_tax": shown["role_tax"]}, "not the other role either"
    named = send(page, page, **shown | {"new_bank": "Trop tard", "kind_bank": "cash", "add": "bank", "seen": old[1]})
    assert named.status_code == 409
    with workshop.database.read() as session:
        company = session.get_one(Company, session.get_one(Connection, id_).company_id)
    assert not list(workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Trop tard'"))
    assert f'<option value="{mine}" selected>' in refused.text, "what was typed stands in the form"
    now = re.search(seen, refused.text)
    assert now
    assert send(page, page, **shown | {"role_bank": mine, "seen": now[1]}).status_code == 303, "who has read it saves"
    assert held() == {"role_bank": mine, "role_tax": shown["role_tax"]}


def test_a_source_is_connected_step_by_step_without_a_script(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Callable[..., Response]
) -> None:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    till.ROWS["T7"] = [{"stream": "sales", "id": "s1", "day": "2026-03-19", "amount": "10.00"}]
    assert "Till" in browser.get("/connect").text
    # The first question has both ways with examples; books that hold such documents already suggest the second.
    asked = browser.get("/connect/till").text
    assert ("For example: your bookkeeper" in asked, "Suggested" in asked) == (True, False)
    by_hand(workshop, found, "Deposit", "12.00", date(2026, 2, 3))
    asked = browser.get("/connect/till").text
    assert re.search(r'value="already_running" checked.*?Suggested', asked, re.DOTALL)
    for page in ("/connect/till", f"/connect/till/source?mode=first_time&company={found.id}"):
        assert re.search(r"QuickBooks has already, not written by Raccord:\s+Deposit 1\.", browser.get(page).text)
    page = f"/connect/till/source?mode=already_running&company={found.id}"
    form = {"company": found.id, "mode": "already_running", "s_code": "canary-1"}
    wrong = send(page, "/connect/till/source", **form)
    assert wrong.status_code == 422
    assert "This field is required." in wrong.text
    assert "canary-1" not in wrong.text

    # The form sent twice is one draft, and nothing runs by itself meanwhile.
    first = send(page, "/connect/till/source", **form, s_till="T7")
    again = send(page, "/connect/till/source", **form, s_till="T7")
    assert first.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert count(workshop, Connection) == 1
    own = first.headers["location"].rpartition("/")[0]
    assert "Go on" in browser.get("/connect").text

    accounts = browser.get(f"{own}/accounts").text
    bank = re.search(r'id="role_bank".*?<option value="(\d+)"', accounts, re.DOTALL)
    assert bank
    assert "Create “Revenu Caisse”" in accounts, "as the books will have it, whatever the reader speaks"
    tax = re.search(r'id="role_tax".*?<option value="(\d+)">TPS/TVQ', accounts, re.DOTALL)
    assert tax
    for lacking, role in (({"role_bank": "", "role_tax": tax[1]}, "bank"), ({"role_bank": bank[1]}, "tax")):
        empty = send(f"{own}/accounts", f"{own}/accounts", **lacking)
        assert empty.status_code == 422, "what is needed is not left empty, whatever the browser lets pass"
        assert f'<li><a class="link" href="#role_{role}">' in empty.text
    assert count(workshop, Choice) == 0
    both = {"role_bank": bank[1], "role_tax": tax[1]}
    assert send(f"{own}/accounts", f"{own}/accounts", **both).headers["location"] == f"{own}/scope"
    an_old_form_of_accounts_takes_nothing_back(workshop, browser, send, f"{own}/accounts", both)
    new = {"role_bank": bank[1], "role_tax": tax[1], "new_bank": "Caisse du soir", "add": "bank"}
    unsaid = send(f"{own}/accounts", f"{own}/accounts", **new, kind_bank="")
    assert unsaid.status_code == 409
    assert "The kind of the account is not said" in unsaid.text
    assert 'value="Caisse du soir"' in unsaid.text
    added = send(f"{own}/accounts", f"{own}/accounts", **new, kind_bank="cash")
    assert added.headers["location"] == f"{own}/accounts"
    accounts = browser.get(f"{own}/accounts").text
    assert re.search(r'id="role_bank".*?<option value="\d+" selected>Caisse du soir', accounts, re.DOTALL)
    assert f'<option value="{tax[1]}" selected>' in accounts, "what was chosen beside it stays"
    [made] = workshop.client(found).query("SELECT * FROM Account WHERE Name = 'Caisse du soir'")
    assert (made["AccountType"], made["AccountSubType"]) == ("Bank", "CashOnHand")
    assert send(f"{own}/accounts", f"{own}/accounts", **new, kind_bank="cash").status_code == 409, "it is there already"
    send(f"{own}/accounts", f"{own}/accounts", role_bank=bank[1], role_tax=tax[1])

    assert "Cut-over date" in browser.get(f"{own}/scope").text
    assert send(f"{own}/scope", f"{own}/scope", first="soon", time_zone="America/Toronto").status_code == 422
    typed = send(f"{own}/scope", f"{own}/scope", first="2026-02-09", time_zone="Montreal", cut_off="03:15")
    assert typed.status_code == 409
    for kept_so in ('value="2026-02-09"', 'value="03:15"'):
        assert kept_so in typed.text, "what was typed stands"
    zones = re.findall(r"<option[^>]*>([A-Z][a-z]+/[^<]+)</option>", typed.text)
    assert (zones[0], "Europe/Paris" in zones[40:]) == ("America/Toronto", True), "the likely ones first"
    kept = send(f"{own}/scope", f"{own}/scope", first="2026-03-01", time_zone="America/Toronto", cut_off="02:00")
    assert kept.headers["location"] == f"{own}/checks"
    with workshop.database.read() as session:
        draft = session.scalars(select(Connection)).one()
        gap = session.scalars(select(Gap)).one()
    assert (draft.state, draft.mode, draft.cut_off) == (ConnectionState.DRAFT, "already_running", "02:00")
    assert gap.last_day == date(2026, 2, 28)

    # Said otherwise, and back: nothing of what was chosen meanwhile is lost.
    chosen = count(workshop, Choice)
    send(f"{own}/mode", f"{own}/mode", mode="first_time")
    assert "QuickBooks has 1 deposit(s) already" in browser.get(f"{own}/checks").text
    assert "Deposit 1." in browser.get(f"{own}/mode").text
    send(f"{own}/mode", f"{own}/mode", mode="already_running")
    assert (count(workshop, Choice), count(workshop, Gap)) == (chosen, 1)
    assert "deposit(s) already" not in browser.get(f"{own}/checks").text
    assert "Is everything ready?" in browser.get(f"{own}/checks").text
    for later in ("lists", "duplicates"):
        assert 'form="f"' not in browser.get(f"{own}/{later}").text, "not in service yet"
    assert send(f"{own}/checks", f"{own}/checks").headers["location"] == f"{own}/lists"
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Zoé Roy"})
    lists_come_before_the_plan(workshop, browser, send, own)
    plan = browser.get(f"{own}/plan").text
    seen = re.search(r'name="plan" value="(\w+)".*?name="hash" value="(\w+)"', plan, re.DOTALL)
    assert seen, plan[plan.index("<main") :]
    assert count(workshop, LinkRow) == 0
    base = own.removesuffix("/setup")
    assert f'href="{own}/lists"' in browser.get(f"{base}/lists").text
    assert send(f"{own}/plan", f"{own}/plan", plan=seen[1], hash="0" * 64).status_code == 409
    assert send(f"{own}/plan", f"{own}/plan", plan=seen[1], hash=seen[2]).headers["location"] == f"{own}/done"
    done = browser.get(f"{own}/done").text
    assert "is connected" in done
    assert "10.00" in done
    assert count(workshop, LinkRow) >= 1
    assert f'href="{own}/lists"' not in browser.get(f"{base}/lists").text
    # What is in service is not set up again.
    assert send(f"{own}/scope", f"{own}/scope", first="2026-01-01", time_zone="America/Toronto").status_code == 409


def lists_come_before_the_plan(
    workshop: Workshop, browser: TestClient, send: Callable[..., Response], own: str
) -> None:
    """The step of lists: one list goes, one never does in this mode, a sleeping source; left and come back to."""
    page = f"{own}/lists"
    shown = browser.get(page).text
    assert "Link each article instead." in shown, "why a list never goes in this mode"
    assert shown.count('name="do" value="push"') == 1
    assert send(page, page, do="push", list="people").status_code == 303
    assert re.search(r"<dt>Created</dt><dd>1</dd>", browser.get(page).text)
    refused = send(page, page, do="push", list="articles")
    assert (refused.status_code, "Link each article instead." in refused.text) == (409, True)
    till.TROUBLE["people"] = RetryLater(Text("La caisse dort.", "The till sleeps."))
    with workshop.database.begin() as session:
        for each in session.scalars(select(PushedEntry)):
            each.told_hash = ""
    asleep = send(page, page, do="push", list="people")
    assert (asleep.status_code, "The till sleeps." in asleep.text) == (409, True)
    till.TROUBLE.clear()
    # Left here, it goes on here; once passed, at the duplicates and then at the plan.
    assert f'href="{page}"' in browser.get("/connect").text
    assert f'href="{page}"' in browser.get(own.removesuffix("/setup")).text
    runs = count(workshop, Run)
    following = f"{own}/duplicates"
    assert send(page, page).headers["location"] == following
    assert count(workshop, Run) == runs, "nothing came since the plan was made"
    assert f'href="{following}"' in browser.get("/connect").text
    assert "Nothing of it is in the books" in browser.get(following).text
    assert send(following, following).headers["location"] == f"{own}/plan"
    assert count(workshop, Run) == runs, "nothing was answered"
    assert f'href="{own}/plan"' in browser.get("/connect").text
    workshop.clock.sleep_ms(1000)
    send(page, page, do="push", list="people")
    assert send(page, page).headers["location"] == following
    assert count(workshop, Run) == runs + 1, "the plan is made with what was told since"


def looked_at(page: Page, wrong: list[str]) -> None:
    """Look at a page with axe, and whether it scrolls sideways on a phone."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
        RULES,
    )
    wrong += [f"{page.url}: {each}" for each in found]
    usual = page.viewport_size
    assert usual
    page.set_viewport_size({"width": 320, "height": 900})
    if page.evaluate("document.documentElement.scrollWidth") > 320:
        wrong.append(f"{page.url} scrolls sideways")
    page.set_viewport_size(usual)


WORDS = {
    "fr": ("Continuer", "Garder et continuer", "Se connecter à QuickBooks", "Déposer", "Préparer le premier plan"),
    "en": ("Continue", "Save and continue", "Connect to QuickBooks", "Upload", "Prepare the first plan"),
}


@pytest.mark.parametrize(
    ("language", "mode", "theme", "width"),
    [
        ("fr", "first_time", "dark", 768),
        pytest.param("en", "already_running", "light", 1280, marks=pytest.mark.slow),
        pytest.param("en", "first_time", "dark", 360, marks=pytest.mark.slow),
        pytest.param("fr", "already_running", "light", 1280, marks=pytest.mark.slow),
    ],
)
def test_chase_is_connected_from_an_empty_installation_to_its_first_proof(
    workshop: Workshop,
    app: FastAPI,
    door: socket,
    chromium: Browser,
    language: Language,
    mode: str,
    theme: Literal["light", "dark"],
    width: int,
    tmp_path: Path,
) -> None:
    onwards, keep, authorise, hand_in, prepare = WORDS[language]
    wrong: list[str] = []
    reports: list[str] = []
    with served(app, door) as url:
        page = chromium.new_context(
            base_url=url,
            locale=f"{language}-CA",
            color_scheme=theme,
            viewport={"width": width, "height": 900},
        ).new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda sent: reports.append(sent.url) if "csp-report" in sent.url else None)
        page.on("console", lambda said: reports.append(said.text) if "Content Security" in said.text else None)

        def press(name: str) -> None:
            page.get_by_role("button", name=name, exact=False).first.click()

        journey = Journey(page, f"chase-{mode.replace('_', '-')}", language)

        def look() -> None:
            journey.look(page.url.partition("?")[0].rpartition("/")[2][:20])
            if theme == "dark":
                looked_at(page, wrong)

        page.goto("/connections")
        page.get_by_role("link", name=re.compile("Connexion au compte|Connect an account")).first.click()
        look()
        page.get_by_role("link", name="Chase", exact=False).first.click()
        page.locator(f"input[name=mode][value={mode}]").check()
        look()
        press(onwards)
        look()
        press(authorise)
        page.get_by_role("link", name=re.compile("Aller à QuickBooks|Go to QuickBooks")).click()
        page.wait_for_url(re.compile("connect/oauth2"))
        page.get_by_role("button").first.click()
        page.wait_for_url(re.compile("/oauth/quickbooks/confirm/"))
        look()
        page.locator("main").get_by_role("button").first.click()
        page.wait_for_url(re.compile("/connect/chase/company"))
        press(onwards)
        page.locator("#s_merchant_id").fill("123456")
        expect(page.locator("#s_input_kind")).to_have_value("upload")
        page.locator("#s_input_kind").select_option("folder")
        press(keep)
        expect(page.get_by_role("alert")).to_be_visible()
        look()
        # What one way needs is there while it is chosen.
        for way, seen in {"folder": "#s_folder", "sftp": "#s_sftp_host", "upload": ""}.items():
            page.locator("#s_input_kind").select_option(way)
            for field in ("#s_folder", "#s_sftp_host", "#s_sftp_password"):
                shown = seen != "" and field.startswith(seen.removesuffix("_host"))
                expect(page.locator(field)).to_be_visible(visible=shown)
        press(keep)
        press(keep)
        assert page.url.endswith("/accounts"), "an empty one keeps the way on shut"
        page.locator("#role_deposit_bank").select_option(index=1)
        taxes = page.locator("#role_tax")
        code = taxes.locator("option").filter(has_text="TVQ").first
        taxes.select_option(value=code.get_attribute("value"))
        look()
        press(keep)
        packed, *plain = sorted(SAMPLES.glob("chase-*"))
        with zipfile.ZipFile(tmp_path / "first.zip", "w") as archive:
            archive.write(packed, packed.name)
        page.locator("#files").set_input_files([str(each) for each in (*plain, tmp_path / "first.zip")])
        look()
        press(hand_in)
        expect(page.get_by_role("status")).to_be_visible()
        look()
        press(onwards)
        look()
        # The day of the oldest record in the files, packed ones too, for books that know nothing of the source.
        expect(page.locator("#first")).to_have_value("2026-08-31" if mode == "first_time" else f"{NOW:%Y-%m-%d}")
        if mode == "already_running":
            page.locator("#first").fill("2026-01-01")
        press(keep)
        look()
        press(prepare)
        if mode == "already_running":
            page.wait_for_url(re.compile("setup/duplicates"))
            look()
            press(onwards)
        page.wait_for_url(re.compile("setup/plan"))
        look()
        page.locator(".wiz-foot .btn-primary").click()
        page.wait_for_url(re.compile("setup/done"))
        look()
        expect(page.locator(".steps li.done[aria-current=step]")).to_be_attached()
        page.goto(page.url.replace("setup/done", "mapping"))
        look()
        page.goto(f"{page.url}?view=terms")
        look()
        page.context.close()
    assert wrong == []
    assert reports == []
    assert count(workshop, LinkRow) > 0
