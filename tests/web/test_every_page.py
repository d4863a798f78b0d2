"""Every page that the application has, as its own list of routes says: axe, no sideways scroll, and what print shows.

A route without a visit fails. Two themes, three widths and two languages; the quick run looks at one of these.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

import pytest
from argon2 import PasswordHasher
from chromium import AXE, LOOKS, RULES, served
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from gated import gated_info
from harness import OWNER
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from visiting import Visits

from raccord.catalog import load_catalog
from raccord.jobs.inline import HandOver
from raccord.onboarding.access import accounts
from raccord.onboarding.access.accounts import set_up_first
from raccord.onboarding.access.members import invite
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.setting_up.steps import begin
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.quickbooks.fields import FIELDS
from raccord.quickbooks.kinds import KINDS
from raccord.store.models import Certificate, Company, Connection, SourceRecord
from raccord.sync.facts import USUAL
from raccord.sync.resolving.terms import meaning_named, meanings
from raccord.sync.workshop import Workshop
from raccord_web.app import OPEN_SCREENS, SCREENS, create_app

NO_PAGE = {
    "/runs/{run_id}/events": "a stream of events",
    "/connections/{connection_id}/lists/events": "a stream of events",
    "/health": "an answer for machines",
    "/operations": "leads on to the records",
    "/bank-rules": "leads on to the rules of the only company",
    "/banque": "leads on to the records",
    "/enter": "leads on once the key in its address is right",
    "/certificates/{certificate_id}": "a file to keep",
    "/plans/{plan_id}/table": "a file to keep",
    "/records/table": "a file to keep",
    "/review/upload": "a file to keep",
    "/audit/table": "a file to keep",
    "/companies/{company_id}/choices": "options of a menu, for its search",
    "/setup": "is there only before the first person",
    "/oauth/quickbooks/callback": "leads on after QuickBooks",
    "/oauth/source/callback": "leads on after a source's own page",
    "/oauth/signin/callback": "leads on after the provider",
}
"""Routes that show no page of their own, each with its reason."""

SEARCHES = {
    "/records": ["?q=zzz"],
    "/problems": ["?code=mapping.bad_record"],
    "/help": ["?q=connection"],
    "/help/errors": ["?part=1", "?q=connection"],
    "/help/docs": ["?q=month"],
    "/plugins/{connector}": ["?view=moves", "?view=access"],
    "/connections/{connection_id}/mapping": ["?view=terms", "?view=history"],
    "/connect/{connector}/ready": ["&go=1"],
    "/settings/accounting/connect": ["?system=quickbooks-online"],
}
"""What else a page shows, or must be asked for to show anything."""


PERSON = "odile@example.ca"
"""Who looks at all pages."""
AFTER_GATES = ("/connect/{connector}/company", "/connect/{connector}/source")
STEPS = ("mode", "source", "accounts", "scope", "checks", "lists", "duplicates", "plan", "done")


@pytest.fixture
def visits(workshop: Workshop, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visits]:
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with served(create_app(workshop, HandOver())) as url:
        made = Visits(chromium, url)
        yield made
        made.close()
    assert made.complaints == []


@pytest.fixture
def addresses(workshop: Workshop, theirs: dict[str, str]) -> list[str]:
    """Every page of every route, with objects of each kind; a draft whose set-up has gates stands for the wizard."""
    object.__setattr__(workshop.scopes.catalog.admitted["till"], "info", gated_info())
    company, connection = theirs["company_id"], theirs["connection_id"]
    new = NewConnection(
        company_id=company, connector="till", values={"till": "T9"}, label="Two", passed=frozenset({"tax_groups"}),
        starts_on=date(2026, 3, 1),
    )  # fmt: skip
    draft = begin(workshop, OWNER, new).id
    with workshop.database.begin() as session:
        for each in (connection, draft):
            # Who runs already is asked for duplicates too.
            session.get_one(Connection, each).mode = Mode.ALREADY_RUNNING
    secret = invite(workshop, OWNER, "new@example.ca", RoleName.BOOKKEEPER)
    _consent(workshop, secret)
    values = {**theirs, "connector": "till", "room": "reference", "page": "hooks", "secret": secret}
    values |= {"status": "record_failed", "code": "mapping.bad_record"}
    found: list[str] = []
    for route in (route for screen in (*SCREENS, *OPEN_SCREENS) for route in screen.router.routes):
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()) or route.path in NO_PAGE:
            continue
        path = re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], "{step}"), route.path)
        if route.path == "/connect/{connector}/ready":
            path += "?mode=first_time"
        if route.path in AFTER_GATES:
            path += f"?gate_tax_groups=on&first=2026-03-01&s_till=T1&mode=first_time&company={company}"
        found += [path.format(step=step) for step in STEPS] if "{step}" in path else [path]
        found += [path + each for each in SEARCHES.get(route.path, [])]
    # What a set-up in hand looks like, and a record that failed.
    with workshop.database.read() as session:
        failed = session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).first()
    with workshop.database.begin() as session:
        # What banks' files call their lines and people their accounts is long.
        session.get_one(SourceRecord, failed).source_id = "unnamed-csv-26830bed/2026-09-10-a64ec3d5196ea1ca"
        session.get_one(Connection, connection).label = LONG_NAME
        certificate = session.get_one(Certificate, theirs["certificate_id"])
        certificate.made_by, certificate.clean = "odile.tremblay@cabinet-laurier.example", False
    begun = [each.replace(connection, draft) for each in found if "/setup/" in each]
    catalog = workshop.scopes.catalog.admitted
    assert isinstance(catalog, dict)
    catalog["pleo"] = load_catalog().admitted["pleo"]
    begun += ["/plugins/pleo/bench?source=twin", "/plugins/till/bench?source=samples"]
    return [*found, *begun, f"/connections/{draft}/lists", f"/records/{failed}", "/nothing"]


def _consent(workshop: Workshop, secret: str) -> None:
    """Let a consent of the person who looks at all pages wait for her word."""
    with workshop.database.begin() as session:
        company = session.scalars(select(Company)).first()
        assert company is not None
        workshop.vault.within(session).put(
            f"consent:{secret}",
            {
                "tokens": "", "environment": company.environment, "realm": "9130000000000001", "name": LONG_NAME,
                "legal_name": "Cabinet Laurier-Tremblay et associés", "plan": "QuickBooks Online Advanced",
                "features": "classes:1 projects:0", "country": "CA", "currency": "CAD", "closed_on": "",
                "intuit": "odile.tremblay@cabinet-laurier.example",
                "by": PERSON, "at": workshop.clock.now().isoformat(),
            },
        )  # fmt: skip


def seen(page: Page, address: str, widths: tuple[int, ...], rules: dict[int, list[str]]) -> list[str]:
    """Return what is wrong with a page at each width: axe's findings and sideways scrolling."""
    answer = page.goto(address)
    wrong = []
    landed = page.url.partition("//")[2].partition("/")[2]
    if answer is None or (answer.status == 200) == (address == "/nothing") or f"/{landed}" != address:
        wrong.append(f"{address} is not that page: {page.url}")
    page.evaluate(AXE.read_text("utf-8"))
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(LAID_OUT, width) > width:
            wrong.append(f"{address} scrolls sideways at {width}")
        wrong += [f"{address} at {width}: {each}" for each in page.evaluate(CARDS, LONG_NAME[:30])]
        if not rules[width]:
            continue
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
            rules[width],
        )
        wrong += [f"{address} at {width}: {each}" for each in found]
    return wrong


LAID_OUT = """async width => {
    const root = document.documentElement;
    await document.fonts.ready;
    for (let frame = 0; frame < 60 && (innerWidth !== width || root.scrollWidth > width); frame++)
        await new Promise(requestAnimationFrame);
    return root.scrollWidth;
}"""
"""How wide a page is once the browser has laid it out at a new width, which takes it some frames at times."""
CARDS = """async name => {
    let wrong = [];
    for (let frame = 0; frame < 60 && (frame < 2 || wrong.length); frame++) {
        await new Promise(requestAnimationFrame);
        wrong = frame < 1 ? [] : lookedAt(name);
    }
    return wrong;
    function lookedAt(name) {
    const wrong = [];
    for (const table of document.querySelectorAll("table.to-list")) {
        if (getComputedStyle(table).display !== "block" || !table.checkVisibility()) continue;
        const spoken = [...table.tHead.rows[0].cells].map(th => {
            const seen = th.cloneNode(true);
            seen.querySelectorAll(".sr, svg").forEach(each => each.remove());
            return seen.textContent.trim();
        });
        for (const row of [...table.tBodies, table.tFoot].filter(Boolean).flatMap(part => [...part.rows])) {
            let at = 0;
            for (const cell of row.cells) {
                const words = spoken[at];
                at += cell.colSpan;
                if (cell.colSpan > 1 || !words || cell.matches(".l-1") || !cell.checkVisibility()) continue;
                const label = getComputedStyle(cell, "::before").content;
                if (!label.includes(words.split(/\\s+/)[0]))
                    wrong.push(`no label ${words}: ${cell.outerHTML.slice(0, 80)}`);
            }
        }
    }
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!node.data.includes(name) || !node.parentElement.checkVisibility()) continue;
        if (node.parentElement.closest(".sr, option, datalist, script, title")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const around = node.parentElement.closest("td, li, .card, .crumbs, header, p, h1, h2, main");
        const card = around.getBoundingClientRect();
        if ([...range.getClientRects()].some(each => each.right > Math.min(card.right, innerWidth) + 1))
            wrong.push(`the name leaves ${node.parentElement.outerHTML.slice(0, 90)}`);
    }
    return [...new Set(wrong)].slice(0, 5);
    }
}"""
"""What is wrong with tables that became lists, whose cells have labels, and with names that leave their place; what is
only for some frames after a new width is not."""
LONG_NAME = "Banque_du_Mouvement_Desjardins_caisse_de_la_rive_nord_compte_d_operations_no_815"
ALL = {320: LOOKS, 390: [], 768: LOOKS, 1024: [], 1280: RULES}
slow = pytest.mark.slow


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("theme", "language", "rules"),
    [
        ("dark", "fr", {1280: [], 320: LOOKS}),
        pytest.param("light", "en", ALL, marks=slow),
        pytest.param("light", "fr", {1280: RULES}, marks=slow),
        pytest.param("dark", "fr", ALL, marks=slow),
    ],
)
def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(
    workshop: Workshop,
    addresses: list[str],
    visits: Visits,
    theme: Literal["light", "dark"],
    language: str,
    rules: dict[int, list[str]],
) -> None:
    person = set_up_first(workshop, PERSON, "Odile", "correct horse battery")
    page = visits.open(language, max(rules), theme, open_session(workshop, person, "", ""))
    wrong = [each for address in addresses for each in seen(page, address, tuple(rules), rules)]
    assert wrong == []


HIDDEN = re.compile(
    r'(?s)<(script|style|pre|code|textarea|svg|noscript)\b.*?</\1>|<[^>]*class="[^"]*mono[^>]*>[^<]*(?=<)'
)
NAMES = "|".join(sorted(name for name in {**KINDS, **FIELDS} if re.search(r"[a-z][A-Z]", name)))
MANY = "opérations|documents|lignes|jours|questions|problèmes|messages|synchros|connexions"
NEVER = (
    (re.compile(rf"\b({NAMES})\b"), "QuickBooks' own name of a kind or a field"),
    (re.compile(r"(?<![\w/-])\d{4}-\d\d-\d\d(?![\w-])"), "a day in figures"),
    (re.compile(r"(?<![\w/.-])(19|20)\d\d-(0[1-9]|1[0-2])(?![\w-])"), "a month in figures"),
    (re.compile(r"(?<![\w.,-])\d{1,3}(,\d{3})*\.\d\d(?![\w.])"), "an amount as English writes it"),
    (re.compile(rf"(?<![\w,.\u00a0-])[01] ({MANY})\b"), "a plural of one"),
    (re.compile(r"</?(time|span|b|a|p|code)\b"), "markup of ours that is told as text"),
    (re.compile(r"\d [$€%]"), "a space that breaks before its unit"),
    (re.compile(r"(?<![\w/.:-])[a-z_]{3,}/[a-z_]+[/_-]?[a-z_\d]*[-/_\d]"), "a key"),
    (re.compile(r"\b(bank|card|csv)-(?=[\w-]*\d)\w{4,}"), "the key of an account or file"),
    (re.compile(r"(?<![\w/.{-])[a-z]+(_[a-z]+)+\b(?!\.)"), "a word of programs"),
)
"""What a French page never shows outside of code, with what it is."""
OF_PROGRAMS = ("/bench", "/help", "view=access")
"""Pages that quote what programs say: the bench, codes of errors, what an extension is made of."""


def codes_of(info: ConnectorInfo) -> set[str]:
    """Return the words of a connector, of records and of drafts that have another name for French readers."""
    named = {
        **{each.word: each.label for each in info.terms},
        **{each.name: each.label for each in (*info.roles, *info.streams, *info.lists)},
        **{each: meaning_named(info.terms, each) for term in info.terms for each in meanings(info, term.word)},
        **USUAL,
        **FIELDS,
        **info.facts,
    }
    return {code for code, said in named.items() if code not in (said.fr, said.fr.casefold(), "Description")}


def test_french_pages_write_kinds_days_amounts_plurals_and_words_in_french(
    addresses: list[str], browser: TestClient, workshop: Workshop
) -> None:
    found: list[str] = []
    codes = set().union(*(codes_of(each.info) for each in workshop.scopes.catalog.admitted.values()))
    assert {"sale", "income", "sales", "TxnDate", "customer"} <= codes
    for address in addresses:
        if any(each in address for each in OF_PROGRAMS):
            continue
        page = browser.get(address, headers={"accept-language": "fr"}).text
        shown = HIDDEN.sub("", page.partition("<main")[2].partition("</main>")[0])
        shown += "".join(f"<p>{each}</p>" for each in re.findall(r'(?:aria-label|placeholder)="([^"]*)"', shown))
        for line in filter(None, map(str.strip, html.unescape(re.sub(r"<[^>]+>", "\n", shown)).split("\n"))):
            found += [f"{address}: {what}: {line[:80]}" for wrong, what in NEVER if wrong.search(line)]
            found += [f"{address}: a code in the place of its name: {line}"] if line in codes else []
    assert found == []


def test_paper_shows_the_page_alone_on_white(
    visits: Visits, synced: Connection, workshop: Workshop, theirs: dict[str, str]
) -> None:
    person = set_up_first(workshop, PERSON, "Odile", "correct horse battery")
    page = visits.open("fr", 794, "dark", open_session(workshop, person, "", ""))
    page.emulate_media(media="print")
    own = f"/connections/{synced.id}"
    with workshop.database.read() as session:
        name = session.get_one(Company, synced.company_id).name
    certificate = f"/certificates/{theirs['certificate_id']}/read"
    for address in ("/", "/proof", own, f"{own}/mapping", f"{own}/proof", certificate):
        page.goto(address)
        if "proof" in address or "certificates" in address:
            expect(page.locator(".paper")).to_contain_text("imprimé le")
            expect(page.locator(".paper")).to_contain_text(name if "proof" in address else "X")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        for hidden in (".side", ".topbar", ".toolbar", ".tabs", ".page-head .actions", ".crumbs", ".page .btn"):
            assert [each.is_visible() for each in page.locator(hidden).all() if each.is_visible()] == [], hidden
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        light = page.evaluate(
            "(() => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = "
            "getComputedStyle(document.querySelector('h1')).color; c.fillRect(0, 0, 1, 1);"
            "return c.getImageData(0, 0, 1, 1).data[0]; })()"
        )
        assert light < 100, f"{ink} on white"
        assert page.evaluate("document.documentElement.scrollWidth") <= 794
