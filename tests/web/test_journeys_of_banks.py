"""Banks reached by Plaid and by Enable Banking, set up in a real Chromium: to the bank's own page and back.

The page at which a person signs in is the twin's, under the provider's own address; every request goes over HTTP.
Each screen is kept as a picture under var/screenshots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import pytest
from harness import NOW, consent, make_workshop
from joserfc.jwk import RSAKey
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Travel, door, travel
from walking import begin, go_on_with_company, keep, say_first_day

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.plugin.texts import Language
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import SourceRecord
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins import enable_banking as twin_enable_banking
from raccord_bankfeed.twins import plaid as twin_plaid
from raccord_bankfeed.twins.enable_banking import APPLICATION, EnableBankingTwin
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.plaid import CLIENT_ID, SECRET, PlaidTwin
from raccord_sandbox.serving.server import SandboxServer

__all__ = ["door", "travel"]

expect.set_options(timeout=PATIENCE_MS)
BOTH = pytest.mark.parametrize("language", [pytest.param(each, marks=pytest.mark.slow) for each in ("fr", "en")])
DAY = date(2026, 3, 10)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def workshop(
    database: Database, data_dir: Path, sandbox: SandboxServer, door: socket, clock: FixedClock
) -> Iterator[Workshop]:
    """A company is connected, and bank feeds are allowed."""
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    made = make_workshop(database, data_dir, sandbox.url, clock, raccord_bankfeed, web_url=url)
    with made.database.begin() as session:
        Switchboard(session, events.append, actor="test", now=NOW).allow("bankfeed")
    consent(made, sandbox.store.of_template("quebec").realm)
    yield made
    made.close()


def set_out(journey: Journey, bank: str, way: str) -> None:
    """Find a bank in the directory, take one way to it, and come to the step of signing in."""
    page = journey.page
    begin(journey, "bankfeed", "first_time")
    go_on_with_company(journey)
    page.locator("#q").fill(bank)
    journey.press("wizard.search_do")
    journey.look("bank-found")
    page.get_by_role("listitem").filter(has_text=way).get_by_role("link").first.click()
    keep(journey, "way")
    page.wait_for_url(re.compile("setup/signin"))


def lead(journey: Journey, provider: str, server: TwinServer) -> None:
    """Let the provider's address lead this browser to its twin."""

    def hand_on(route: Route) -> None:
        parts = urlsplit(route.request.url)
        route.fulfill(response=route.fetch(url=f"{server.url}{parts.path}?{parts.query}", max_redirects=0))

    journey.page.context.route(f"https://{provider}/**", hand_on)


def open_bank(journey: Journey) -> Page:
    """Follow the button to the bank's page, which opens beside the wizard."""
    with journey.page.context.expect_page() as opened:
        journey.follow("wizard.signin_page")
    return opened.value


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()


def take_first_account(journey: Journey, name: str) -> None:
    """Of two accounts take the first; then it is told what that one is, and the first reading follows (BF-14)."""
    page = journey.page
    picks = page.locator("input[type=checkbox][name^='a_take:']")
    expect(picks).to_have_count(2)
    expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    for at in range(2):
        picks.nth(at).uncheck()
    journey.press("wizard.next")
    expect(page.get_by_role("alert")).to_be_visible()
    picks.nth(1).uncheck()
    journey.look("accounts-offered")
    journey.press("wizard.next")
    page.wait_for_url(re.compile("setup/accounts"))
    onwards = page.get_by_role("button", name=journey.said("wizard.next"), exact=True)
    expect(page.locator("select[name^=account_]")).to_have_count(1)
    expect(onwards).to_be_disabled()
    page.locator("#type_0").select_option(label=journey.said("account_types.bank"))
    expect(onwards).to_be_disabled()
    page.locator("#account_0").select_option(index=2)
    expect(onwards).to_be_enabled()
    journey.look("account-told")
    onwards.click()
    page.wait_for_url(re.compile("setup/scope"))


def connect(journey: Journey) -> str:
    """Say the first day and connect, which reads; return the connection's own address."""
    say_first_day(journey, "2026-03-01")
    journey.press("doors.connect")
    journey.page.wait_for_url(re.compile("setup/plan"))
    journey.look("read")
    return journey.page.url.rpartition("/setup/")[0]


def kept(workshop: Workshop) -> list[str]:
    """Return each bank line that was read, as it is kept."""
    with workshop.database.read() as session:
        return list(session.scalars(select(SourceRecord.raw).where(SourceRecord.stream == "lines")))


@pytest.mark.requirement("BF-08", "BF-10", "BF-12", "BF-13", "BF-14", "BF-22")
@BOTH
def test_a_bank_is_reached_by_plaid_and_the_person_comes_back_by_themselves(
    workshop: Workshop, travel: Travel, language: Language
) -> None:
    journey = travel("bank-plaid", language)
    page = journey.page
    accounts = [twin_plaid.account("ACC-1", "Chequing"), twin_plaid.account("ACC-2", "Visa", "credit", mask="1111")]
    texts = (("TX-1", "PAPETERIE", "ACC-1"), ("TX-2", "AUTRE", "ACC-2"))
    plaid = PlaidTwin(
        accounts, changes=[("added", twin_plaid.line(key, DAY, "12.34", text, of)) for key, text, of in texts]
    )
    set_out(journey, "RBC", "Plaid")
    with TwinServer(plaid) as server:
        lead(journey, "secure.plaid.com", server)
        page.locator("#s_plaid_server").fill(server.url)
        page.locator("#s_plaid_client_id").fill(CLIENT_ID)
        page.locator("#s_plaid_secret").fill("wrong")
        journey.press("wizard.next")
        expect(page.get_by_role("alert")).to_contain_text("INVALID_API_KEYS")
        journey.look("keys-wrong")
        page.locator("#s_plaid_secret").fill(SECRET)
        journey.press("wizard.next")
        expect(page.get_by_text(journey.said("wizard.signin_back"))).to_be_visible()
        journey.look("sent-to-plaid")
        bank = open_bank(journey)
        type_code(bank, "0000")
        expect(bank.get_by_role("alert")).to_be_visible()
        # Who comes back too early is told so, and the page at the bank stays as it is.
        journey.press("wizard.signin_done")
        expect(page.get_by_role("alert")).to_contain_text("Plaid")
        journey.look("not-done-there")
        type_code(bank, plaid.passcode)
        expect(bank.get_by_role("status")).to_be_visible()
        bank.close()
        journey.press("wizard.signin_done")
        take_first_account(journey, "Banque Test Chequing …6789")
        assert not [each for each in plaid.log if each.path == "/transactions/sync"], "no line is read before"
        connect(journey)
    assert ["PAPETERIE" in raw for raw in kept(workshop)] == [True]


@pytest.mark.requirement("BF-08", "BF-10", "BF-12", "BF-13", "BF-14", "BF-22", "BF-23", "K11")
@BOTH
def test_a_bank_sends_the_person_back_and_its_consent_is_renewed_before_it_ends(
    workshop: Workshop, travel: Travel, clock: FixedClock, language: Language
) -> None:
    journey = travel("bank-enable-banking", language)
    page = journey.page
    key = RSAKey.generate_key(2048)
    lines = [[twin_enable_banking.line("R1", DAY, "-12.34", "PAPETERIE")], []]
    twin = EnableBankingTwin(key, NOW, lines, back=f"{workshop.settings.web_url}/oauth/source/callback")
    set_out(journey, "Crédit Agricole", "Enable Banking")
    with TwinServer(twin) as server:
        lead(journey, "tilisy.enablebanking.com", server)
        page.locator("#s_enable_server").fill(server.url)
        page.locator("#s_enable_application").fill(APPLICATION)
        page.locator("#s_enable_key").fill(key.as_pem(private=True).decode().replace("\n", ""))
        expect(page.locator("#s_enable_bank")).to_have_value("Crédit Agricole")
        journey.press("wizard.next")
        page.get_by_role("checkbox", name="Crédit Agricole Nord").check()
        journey.look("banks-offered")
        journey.press("wizard.next")
        journey.look("sent-to-the-bank")
        # Where the bank refuses, its page leads back to the wizard, which leads to a new one.
        for code in ("0000", twin.passcode):
            before, journey.page = journey.page, open_bank(journey)
            before.close()
            type_code(journey.page, code)
            journey.page.wait_for_url(re.compile("oauth/source/callback"))
            journey.look(f"came-back-{code}")
            expect(journey.page.get_by_text("Wrong code")).to_have_count(int(code != twin.passcode))
        take_first_account(journey, "Crédit Agricole Nord Compte courant …0189")
        assert not [each for each in twin.log if each.path.endswith("/transactions")], "no line is read before"
        own = connect(journey)
        assert ["PAPETERIE" in raw for raw in kept(workshop)] == [True]

        # Thirty days before the consent ends, the connection's page warns and leads to the bank again.
        page, ends = journey.page, {"fr": "18 juin 2026", "en": "18 Jun 2026"}[language]
        page.goto(own)
        expect(page.get_by_text(ends)).to_have_count(0)
        clock.advance(timedelta(61))
        twin.now = clock.now()
        page.goto(own)
        warned = page.locator(".callout[data-tone=warn]").filter(has_text=ends)
        journey.look("consent-ends")
        warned.get_by_role("link", name=journey.said("wizard.signin_do")).click()
        journey.press("wizard.next")
        expect(page.get_by_role("alert")).to_contain_text(ends)
        page.locator("#a_renew").check()
        journey.look("renewing")
        journey.press("wizard.next")
        journey.page = open_bank(journey)
        type_code(journey.page, twin.passcode)
        expect(journey.page.locator("input[type=checkbox][name^='a_take:']:checked")).to_have_count(1)
        journey.press("wizard.next")
        journey.page.goto(own)
        expect(journey.page.get_by_text(ends)).to_have_count(0)
        journey.look("consent-renewed")
