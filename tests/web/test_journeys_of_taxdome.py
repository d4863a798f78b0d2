"""A tax practice's TaxDome set up in a real Chromium, started anew and running already: from nothing to the proof.

Each screen is kept as a picture under var/screenshots. One start runs always, in French; the other one, and both in
English, with the slow tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from socket import socket

import pytest
from harness import NOW, consent, lab, make_workshop
from playwright.sync_api import expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Travel, door, travel
from walking import approve, authorise, begin, choose, go_on_with_company, keep, ours, plan

import raccord_taxdome
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.plugin.contract.writing import write_table
from raccord.plugin.testing.contract_twin import TOKEN, serving
from raccord.plugin.texts import Language
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox import Practice, twin_of

__all__ = ["door", "travel"]

expect.set_options(timeout=PATIENCE_MS)
CHOICES = {"tax_taxable": "TPS/TVQ", "tax_exempt": "Exon", "default_item": "Ventes", "payout_bank": "Compte chèques"}


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, door: socket) -> Iterator[Workshop]:
    """The connector is allowed here; there is no company yet."""
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_taxdome, web_url=url)
    with made.database.begin() as session:
        Switchboard(session, events.append, actor="test", now=NOW).allow("taxdome")
    yield made
    made.close()


def practice_with_sales() -> Practice:
    """A practice with an invoice of before March, one that was paid by card in it, and one that is owed."""
    practice = Practice()
    client, returns = practice.account("Érable & fils"), practice.service("Déclaration", "200.00")
    practice.on(date(2026, 2, 20))
    practice.invoice(client, practice.line(returns))
    practice.on(date(2026, 3, 2))
    taxes = ({"tax": "TPS", "rate": "5", "amount": "10.00"}, {"tax": "TVQ", "rate": "9.975", "amount": "19.95"})
    paid = practice.pay(practice.invoice(client, practice.line(returns, taxable=True), taxes=taxes), fee="6.97")
    practice.invoice(client, practice.line(name="Conseil", rate="60.00"))
    practice.payout(paid, fee="6.97")
    return practice


def choose_scope(journey: Journey, scope: str, day: str) -> None:
    """Say which accounts and from when, before any access to QuickBooks; without that nobody gets on (TD-28)."""
    page = journey.page
    journey.press("wizard.next")
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#s_accounts").select_option(scope)
    page.locator("#first").fill(day)
    journey.look("accounts-and-date")
    journey.press("wizard.next")


@pytest.mark.requirement("TD-28", "TD-30", "TD-31", "TD-33")
@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.slow)])
def test_taxdome_is_started_from_an_address(workshop: Workshop, travel: Travel, language: Language) -> None:
    journey = travel("taxdome-first-time", language)
    with serving(twin_of(practice_with_sales())) as address:
        begin(journey, "taxdome", "first_time")
        choose_scope(journey, "used", "2026-03-01")
        authorise(journey)
        go_on_with_company(journey)
        page = journey.page
        expect(page.locator("#s_accounts")).to_have_value("used")
        page.locator("#s_firm").fill("laurier")
        page.locator("#s_input_kind").select_option("pull")
        page.locator("#s_base_url").fill(address)
        journey.press("wizard.keep")
        expect(page.get_by_role("alert")).to_be_visible()
        page.locator("#s_token").fill(TOKEN)
        keep(journey, "access")
        choose(journey, **CHOICES)
        expect(page.locator("#first")).to_have_value("2026-03-01")
        keep(journey, "first-day")
        plan(journey, lists=False)
        own = approve(journey)
        # A service was not in QuickBooks before; it is an item of its own now, and its page says where it posts.
        page.goto(f"{own}/mapping")
        journey.look("mapping")
    billed_and_paid_out(workshop)


def billed_and_paid_out(workshop: Workshop) -> None:
    """Both invoices from the sync date on are in the books to the cent; one is paid, and its fee an expense."""
    invoices = {each["DocNumber"]: (each["TotalAmt"], each["Balance"]) for each in ours(workshop, "Invoice")}
    assert invoices == {"5002": (Decimal("229.95"), 0), "5003": (Decimal(60), Decimal(60))}
    assert [each["TotalAmt"] for each in ours(workshop, "Payment")] == [Decimal("229.95")]
    landed = [(each["TotalAmt"], each["DepositToAccountRef"]["name"]) for each in ours(workshop, "Deposit")]
    assert landed == [(Decimal("229.95"), "Compte chèques")]
    fees = [(each["TotalAmt"], each["AccountRef"]["name"]) for each in ours(workshop, "Purchase")]
    assert fees == [(Decimal("6.97"), "Compte chèques")]


@pytest.mark.requirement("TD-28", "TD-33", "TD-34", "K16")
@pytest.mark.parametrize("language", [pytest.param(each, marks=pytest.mark.slow) for each in ("fr", "en")])
def test_taxdome_that_runs_already_comes_with_its_tables(
    workshop: Workshop, sandbox: SandboxServer, travel: Travel, tmp_path: Path, language: Language
) -> None:
    journey = travel("taxdome-running-already", language)
    page = journey.page
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Érable & fils"})
    practice = practice_with_sales()
    # The invoice from before is paid after the sync date: nothing tells yet what becomes of that payment.
    practice.pay("inv_0001", source="check", provider="none")
    tables = []
    for info in CONTRACT.objects:
        if values := practice.all(info.name):
            tables.append(tmp_path / f"{info.path}.csv")
            tables[-1].write_text(write_table(CONTRACT, info.name, values), "utf-8")
    consent(workshop, sandbox.store.of_template("quebec").realm)
    begin(journey, "taxdome", "already_running")
    choose_scope(journey, "all", "2026-03-01")
    go_on_with_company(journey)
    page.locator("#s_firm").fill("laurier")
    keep(journey, "access")
    choose(journey, **CHOICES)
    page.locator("#files").set_input_files([str(each) for each in tables])
    journey.press("files.send")
    expect(page.get_by_role("status")).to_be_visible()
    journey.look("files-kept")
    journey.press("wizard.next")
    keep(journey, "first-day")
    plan(journey, lists=False, duplicates=True)
    own = approve(journey)
    # The customer of exactly that name is linked, not doubled; the payment waits for one of three ways.
    assert len(customers_named(workshop, "Érable & fils")) == 1
    page.goto(f"/questions?connection={own.rpartition('/')[2]}")
    journey.follow("questions.unmet")
    journey.look("three-ways")
    journey.press("unmet.unapplied")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(own)
    journey.press("connection.sync")
    journey.look("synced")
    paid = {each["TotalAmt"]: each["UnappliedAmt"] for each in ours(workshop, "Payment")}
    assert paid == {Decimal("229.95"): 0, Decimal(200): Decimal(200)}
    invoices = {each["DocNumber"]: each["Balance"] for each in ours(workshop, "Invoice")}
    assert invoices == {"5002": 0, "5003": Decimal(60)}


def customers_named(workshop: Workshop, name: str) -> list[str]:
    """Return the customers of a name."""
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
    return [each["Id"] for each in workshop.client(company).query_all("Customer") if each["DisplayName"] == name]
