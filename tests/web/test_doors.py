"""The two doors in the settings that lead to QuickBooks, walked through link by link without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from browsing import BASE
from harness import BROWSER, NOW, make_workshop
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

import raccord_taxdome
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.plugin.texts import Language
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

CLICKS: dict[Language, tuple[list[str], list[str]]] = {
    "fr": (
        ["Comptabilité", "Connecter un système de comptable", "QuickBooks en ligne"],
        ["Intégrations", "QuickBooks", "Se connecter à QuickBooks"],
    ),
    "en": (
        ["Accounting", "Connect an accounting system", "QuickBooks Online"],
        ["Integrations", "QuickBooks", "Connect to QuickBooks"],
    ),
}


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_taxdome, web_url=BASE)
    with made.database.begin() as session:
        Switchboard(session, events.append, actor="test", now=NOW).allow("taxdome")
    yield made
    made.close()


def follow(browser: TestClient, address: str, label: str) -> str:
    """Return where the link of a page leads that is called by a label, whatever stands beside it for the ear."""
    main = browser.get(address).text.partition("<main")[2]
    for href, inner in re.findall(r'<a class="btn[^"]*" href="([^"]+)"[^>]*>(.*?)</a>', main, re.DOTALL):
        words = " ".join(re.sub(r"<[^>]+>", " ", inner).split())
        if re.sub(r" \([^)]*\)$", "", words) == label:
            return str(href).replace("&amp;", "&")
    raise AssertionError(f"{address} has no link called {label}")


def companies(workshop: Workshop) -> int:
    with workshop.database.read() as session:
        return session.scalar(select(func.count()).select_from(Company)) or 0


@pytest.mark.requirement("PL-10", "TD-27", "TD-28", "TD-29", "TD-30")
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_both_doors_lead_to_quickbooks_where_a_wrong_password_stores_nothing(
    workshop: Workshop,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Callable[..., Response],
    language: Language,
) -> None:
    browser.headers["accept-language"] = language
    accounting, integrations = CLICKS[language]
    page = "/settings"
    for label in integrations:
        page = follow(browser, page, label)
    first = browser.get(page).text
    assert page.startswith("/connect/taxdome/ready"), "what is synced and since when comes before any credentials"
    assert 'name="s_accounts"' in first
    assert 'name="first"' in first
    blocked = browser.get("/connect/taxdome/company?mode=first_time")
    assert blocked.headers["location"].startswith("/connect/taxdome/ready"), "the order is kept"

    page = "/settings"
    for label in accounting:
        page = follow(browser, page, label)
    assert re.search(rf"<button[^>]*>{'Connecter' if language == 'fr' else 'Connect'}</button>", browser.get(page).text)
    sandbox.store.identity.change_password("secret")
    try:
        left = send(page, "/oauth/quickbooks/start", then="/settings/accounting").text
        url = left.partition('class="btn btn-primary" href="')[2].partition('"')[0].replace("&amp;", "&")
        asked = BROWSER.get(url, headers={"accept-language": language}).text
        assert 'type="password"' in asked
        assert f">{'Se connecter' if language == 'fr' else 'Sign in'}</button>" in asked
        connect = f">{'Connecter' if language == 'fr' else 'Connect'}</button>"
        assert connect not in asked, "one signs in first, and consents on the next page (TD-29, TD-30)"
        realm = sandbox.store.of_template("quebec").realm
        fields = dict(parse_qsl(urlsplit(url).query)) | {"decision": "sign_in", "lang": language}
        address = f"{url.partition('?')[0]}?lang={language}"
        wrong = BROWSER.post(address, data=fields | {"password": "wrong"})
        assert (wrong.status_code, 'type="password"' in wrong.text) == (403, True), "still where one signs in"
        assert companies(workshop) == 0
        consent = BROWSER.post(address, data=fields | {"password": "secret"}).text
        assert connect in consent
        assert 'type="password"' not in consent
        ticket = consent.partition('name="ticket" value="')[2].partition('"')[0]
        said = {"decision": "connect", "realm": realm, "ticket": ticket}
        back = BROWSER.post(address, data=fields | said).headers["location"]
    finally:
        sandbox.store.identity.change_password("")
    asked = browser.get(back.partition(BASE)[2]).headers["location"]
    repeated = browser.get(asked).text
    name = str(sandbox.store.of_template("quebec").settings["name"])
    for word in (f">{name}<", ">Canada<", ">CAD<", realm, "person@example.com", ">QuickBooks Online Plus<"):
        assert word in repeated, "the company is repeated, with its plan and who was signed in at Intuit"
    known = {"fr": ("classes, emplacements", "devises multiples"), "en": ("classes, locations", "multicurrency")}
    assert {each in repeated for each in known[language]} == {True}, "what is on, and what is off"
    assert companies(workshop) == 0, "and nothing is kept before it is confirmed"
    page, _, query = asked.partition("?")
    assert query == "then=%2Fsettings%2Faccounting"
    kept = send(asked, page, answer="keep", then="/settings/accounting")
    returned = kept.headers["location"]
    assert returned == "/settings/accounting?done=connected"
    assert companies(workshop) == 1
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
    assert (company.authorised_by, company.authorised_as) == ("Odile", "person@example.com")
    assert (company.legal_name, company.plan) == (name, "QuickBooks Online Plus")
    assert company.features == {"classes": True, "locations": True, "multicurrency": False, "sales_tax": True}
    shown = browser.get(returned).text
    # A long address breaks after its @.
    assert {each in shown for each in (name, "person@<wbr>example.com", "QuickBooks Online Plus")} == {True}
    assert browser.get(asked).status_code == 409, "it serves once"
