"""Plannit, Pleo and a bank set up in a real Chromium, started anew and running already: from the form to the proof.

Each screen is kept as a picture under var/screenshots. A bank's second factor runs always, in French; the starts of
Plannit and Pleo, whose pages ``test_plannit_pages`` and ``tests/journeys/test_pleo_setting_up`` go through without a
browser, and all in English, with the slow tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from socket import socket
from uuid import UUID

import pytest
from chromium import AXE, RULES
from harness import NOW, consent, lab, make_workshop
from playwright.sync_api import expect
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Travel, door, travel
from walking import approve, authorise, begin, choose, go_on_with_company, keep, ours, pass_gates, plan, say_first_day

import raccord_bankfeed
import raccord_plannit
import raccord_pleo
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.plugin.texts import Language
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeLine
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.ofx import OfxTwin, three_accounts
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import Firm, write_table
from raccord_plannit.sandbox.firm import Sold
from raccord_plannit.sandbox.service import TOKEN, Service, serving
from raccord_pleo.refusals import LEFT_OUT
from raccord_pleo.sandbox import Filed, PleoTwin, TwinCompany
from raccord_sandbox.serving.server import SandboxServer

__all__ = ["door", "travel"]

expect.set_options(timeout=PATIENCE_MS)
RECEIPT = b"%PDF-1.4 receipt"
SLOW = pytest.mark.parametrize("language", [pytest.param(each, marks=pytest.mark.slow) for each in ("fr", "en")])
FR_FIRST = pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.slow)])


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, door: socket) -> Iterator[Workshop]:
    """The connectors are allowed here; there is no company yet."""
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    modules = (raccord_bankfeed, raccord_plannit, raccord_pleo)
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), *modules, web_url=url)
    with made.database.begin() as session:
        board = Switchboard(session, events.append, actor="test", now=NOW)
        for connector in ("bankfeed", "plannit", "pleo"):
            board.allow(connector)
    yield made
    made.close()


def firm_with_sales() -> Firm:
    """A firm with an invoice that was paid, one that is owed, and a draft; its first invoice is of before the 2nd."""
    firm = Firm()
    firm.tax_group()
    client, filter_ = firm.contact("Zoé Roy"), firm.item("Filtre", "40.00")
    before = "2026-02-20T10:00:00-05:00"
    firm.invoice(client, Sold(name="Visite", price="500.00"), numbered_at=before)
    firm.pay(firm.invoice(client, Sold(filter_), Sold(name="Conseil", price="60.00", taxable=False)))
    firm.invoice(client, Sold(name="Conduits", price="200.00"))
    firm.invoice(client, Sold(name="Ébauche", price="9.00"), number=False)
    return firm


def sold_and_paid(workshop: Workshop) -> None:
    """Both numbered invoices of after the cut-over are in the books to the cent, the one that was paid is paid."""
    invoices = {each["DocNumber"]: (each["TotalAmt"], each["Balance"]) for each in ours(workshop, "Invoice")}
    assert invoices == {"1002": (Decimal("105.99"), 0), "1003": (Decimal("229.95"), Decimal("229.95"))}
    paid = [(each["TotalAmt"], each["DepositToAccountRef"]["name"]) for each in ours(workshop, "Payment")]
    assert paid == [(Decimal("105.99"), "Compte chèques")]


CHOICES = {"tax_taxable": "TPS/TVQ", "tax_exempt": "Exon", "default_item": "Ventes", "deposit_bank": "Compte chèques"}


@pytest.mark.requirement("PL-07", "PL-12", "PL-16", "PL-18", "PL-20", "PL-22")
@SLOW
def test_plannit_is_started_from_an_address(
    workshop: Workshop, sandbox: SandboxServer, travel: Travel, language: Language
) -> None:
    journey = travel("plannit-first-time", language)
    page = journey.page
    service = Service(firm_with_sales())
    with serving(service) as address:
        begin(journey, "plannit", "first_time")
        pass_gates(journey)
        authorise(journey)
        go_on_with_company(journey)
        page.locator("#s_account").fill("boreale")
        page.locator("#s_input_kind").select_option("pull")
        page.locator("#s_base_url").fill(address)
        journey.press("wizard.keep")
        expect(page.get_by_role("alert")).to_be_visible()
        page.locator("#s_token").fill(TOKEN)
        keep(journey, "access")
        choose(journey, **CHOICES)
        say_first_day(journey, "2026-03-01")
        plan(journey)
        own = approve(journey)
        # Customers and articles go into Plannit from the page that the four choices have opened, once each.
        page.goto(f"{own}/lists")
        service.firm.now = workshop.clock.now()
        for n, kind in enumerate(("contact", "item")):
            before = len(service.firm.objects[kind])
            page.get_by_role("button", name=journey.said("lists.push")).nth(n).click()
            sent = page.get_by_role("region", name=journey.said("lists.sent_last"))
            expect(sent).to_contain_text(page.locator("td.main").nth(n).inner_text())
            assert len(service.firm.objects[kind]) > before
        journey.look("list-sent")
        page.get_by_role("link", name=journey.said("lists.check")).last.click()
        expect(page.locator(".callout[data-tone=ok]")).to_be_visible()
        journey.look("list-checked")
        # A sample: what was imported is linked to where it came from, and its tax is shown.
        page.goto(own)
        journey.press("connection.sync")
        page.goto(f"{own}/lists?check=items")
        journey.follow("lists.sample")
        expect(page.locator(".maprow .badge[data-tone=ok]").first).to_be_visible()
        expect(page.get_by_text("TPS/TVQ QC - 9,975").first).to_be_visible()
        journey.look("sample-item")
    sold_and_paid(workshop)


def entered_by_hand(sandbox: SandboxServer, price: str) -> None:
    """What stands in the books before Plannit is connected: an item, and an invoice that Plannit has too."""
    income = lab(sandbox, "create", entity="Account", changes={"Name": "Entretien", "AccountType": "Income"})
    filter_ = {"Name": "Filtre", "Type": "Service", "IncomeAccountRef": {"value": income["Id"]}}
    item = lab(sandbox, "create", entity="Item", changes=filter_)
    client = lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Zoé Roy"})
    docs = [row.doc for row in sandbox.store.of_template("quebec").rows() if row.kind == "TaxCode"]
    code = next(each["Id"] for each in docs if "TVQ" in each["Name"])
    detail = {"ItemRef": {"value": item["Id"]}, "TaxCodeRef": {"value": code}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": price, "SalesItemLineDetail": detail}
    invoice = {"CustomerRef": {"value": client["Id"]}, "DocNumber": "1003", "TxnDate": "2026-03-02", "Line": [line]}
    lab(sandbox, "create", entity="Invoice", changes=invoice)


@pytest.mark.requirement("PL-12", "PL-16", "PL-24", "PL-32", "PL-33", "PL-34", "K16")
@SLOW
def test_plannit_that_runs_already_comes_with_its_tables(
    workshop: Workshop, sandbox: SandboxServer, travel: Travel, tmp_path: Path, language: Language
) -> None:
    journey = travel("plannit-running-already", language)
    page = journey.page
    entered_by_hand(sandbox, "200.00")
    firm = firm_with_sales()
    firm.pay("F0001")
    tables = []
    for info in CONTRACT.objects:
        tables.append(tmp_path / f"{info.path}.csv")
        tables[-1].write_text(write_table(info.name, firm.all(info.name)), "utf-8")
    begin(journey, "plannit", "already_running")
    pass_gates(journey)
    authorise(journey)
    go_on_with_company(journey)
    page.locator("#s_account").fill("boreale")
    keep(journey, "access")
    choose(journey, **CHOICES)
    page.locator("#files").set_input_files([str(each) for each in tables])
    journey.press("files.send")
    expect(page.get_by_role("status")).to_be_visible()
    journey.look("files-kept")
    journey.press("wizard.next")
    say_first_day(journey, "2026-03-01")
    journey.look("checks")
    journey.press("wizard.make_plan")
    page.wait_for_url(re.compile("setup/lists"))
    journey.look("lists-and-links")
    journey.press("wizard.next")
    page.wait_for_url(re.compile("setup/duplicates"))
    # One invoice was entered by hand: it is linked, and what is from before the cut-over is counted.
    expect(page.locator(".facts dd.big").nth(0)).to_have_text("1")
    expect(page.locator(".facts dd.big").nth(3)).to_have_text("1")
    journey.look("duplicates")
    journey.follow("wizard.duplicates_one_by_one")
    expect(page.locator(".facts dd.big").nth(0)).to_have_text("1")
    expect(page.get_by_role("link", name=re.compile("Plannit"), exact=False).last).to_be_visible()
    journey.look("already-in-quickbooks")
    page.locator(".page-head .btn-primary").click()
    journey.follow("files.go_on")
    journey.look("duplicates-linked")
    journey.press("wizard.next")
    page.wait_for_url(re.compile("setup/plan"))
    own = approve(journey)
    # Of the two lists the contacts may go once it is known how many are doubled, and the articles never do.
    page.goto(f"{own}/lists")
    journey.look("lists")
    expect(page.get_by_role("button", name=journey.said("lists.push"))).to_have_count(0)
    expect(page.locator('a[href$="?check=contacts"]')).to_have_count(1)
    expect(page.get_by_text(journey.said("lists.never"))).to_be_visible()
    journey.follow("linking.title")
    journey.look("items")
    page.locator(".page-head .btn-primary").click()
    expect(page.get_by_text(journey.said("linking.complete"))).to_be_visible()
    journey.look("items-linked")
    # The payment of the invoice from before waits until somebody says what becomes of it.
    page.goto(f"/questions?connection={own.rpartition('/')[2]}")
    journey.follow("questions.unmet")
    journey.look("three-ways")
    journey.press("unmet.unapplied")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(own)
    journey.press("connection.sync")
    page.goto(f"{own}/mapping")
    journey.look("mapping")
    invoices = {each["DocNumber"]: (each["TotalAmt"], each["Balance"]) for each in ours(workshop, "Invoice")}
    assert invoices == {"1002": (Decimal("105.99"), 0)}
    assert {each["TotalAmt"]: each["UnappliedAmt"] for each in ours(workshop, "Payment")} == {
        Decimal("105.99"): 0, Decimal("574.88"): Decimal("574.88"),
    }  # fmt: skip


@pytest.fixture
def pleo(workshop: Workshop, sandbox: SandboxServer) -> Iterator[PleoTwin]:
    """A company at Pleo; its account for Pocket and a category stand in QuickBooks, where a person made them."""
    accounts = {
        name: str(lab(sandbox, "create", entity="Account", changes={"Name": name, "AccountType": type_})["Id"])
        for name, type_ in (("Pocket", "Bank"), ("Fournitures", "Expense"))
    }
    company = TwinCompany(workshop.clock.now)
    category = {"id": str(UUID(int=7)), "name": "Fournitures", "identifier": accounts["Fournitures"]}
    for kind, minor, day, receipts in (
        ("card_purchase", 4550, "2026-03-18", (RECEIPT,)),
        ("mileage", 1200, "2026-03-17", ()),
        ("card_purchase", 700, "2026-03-05", ()),
    ):
        company.file(
            Filed(minor=minor, kind=kind, currency="CAD", settled=f"{day}T14:00:00Z", category=category,
                  receipts=receipts)
        )  # fmt: skip
    with PleoTwin(company) as twin:
        yield twin


def connect_pleo(journey: Journey, twin: PleoTwin, first: str, *, duplicates: bool = False) -> None:
    """From the form of Pleo's access to the first plan; the expenses are exported at Pleo before it is made."""
    page = journey.page
    page.locator("#s_company_id").fill("boreal")
    page.locator("#s_address").fill(twin.url)
    journey.press("wizard.keep")
    expect(page.locator("#s_company_id:user-invalid")).to_be_focused()
    page.locator("#s_company_id").fill(str(twin.company.id))
    page.locator("#s_api_key").fill("twin-key")
    keep(journey, "access")
    # The account is proposed with its number, and added by its own button alone (PO-02).
    expect(page.locator("input[name=new_pleo_bank]")).to_have_value("Banque Pleo")
    expect(page.locator("input[name=number_pleo_bank]")).to_have_value("512 Banques")
    journey.look("account-proposed")
    page.locator("button[name=add][value=pleo_bank]").click()
    expect(page.locator("#role_pleo_bank option:checked")).to_have_text("512 Banques Banque Pleo")
    choose(journey, pocket="Pocket", funding="Compte chèques")
    say_first_day(journey, first)
    journey.look("checks-before-categories")
    journey.press("gates.pass")
    checks = page.url
    page.goto(twin.url)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("pending: 3")).to_be_visible()
    page.goto(checks)
    plan(journey, duplicates=duplicates)


@pytest.mark.requirement("PO-01", "PO-02", "PO-03", "PO-08", "PO-09", "PO-12", "PO-13", "PO-16")
@SLOW
def test_pleo_is_started_and_an_export_comes_over(
    workshop: Workshop, pleo: PleoTwin, travel: Travel, language: Language
) -> None:
    journey = travel("pleo-first-time", language)
    begin(journey, "pleo", "first_time")
    pass_gates(journey)
    authorise(journey)
    go_on_with_company(journey)
    connect_pleo(journey, pleo, "2026-03-01")
    own = approve(journey)
    journey.page.goto(f"{own}/lists")
    journey.look("lists")
    journey.page.goto(f"{own}/mapping")
    journey.look("mapping")
    spent = {each["TotalAmt"]: (each["AccountRef"]["name"], each["Id"]) for each in ours(workshop, "Purchase")}
    assert {total: account for total, (account, _) in spent.items()} == {
        Decimal("45.50"): "Banque Pleo", Decimal("12.00"): "Pocket", Decimal("7.00"): "Banque Pleo",
    }  # fmt: skip
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
    attached = workshop.client(company).query_all("Attachable")
    owners = [(each["Size"], each["AttachableRef"][0]["EntityRef"]["value"]) for each in attached]
    assert owners == [(len(RECEIPT), spent[Decimal("45.50")][1])]
    (job,) = pleo.company.exports.values()
    assert (job.status, {each["status"] for each in job.results.values()}) == ("completed", {"successful"})
    assert "Fournitures" in {each["name"] for each in pleo.company.lists["accounts"]}


@pytest.mark.requirement("PO-01", "PO-02", "PO-12", "PO-13", "PO-16")
@SLOW
def test_pleo_that_runs_already_leaves_what_is_before_the_cut_over(
    workshop: Workshop, sandbox: SandboxServer, pleo: PleoTwin, travel: Travel, language: Language
) -> None:
    journey = travel("pleo-running-already", language)
    consent(workshop, sandbox.store.of_template("quebec").realm)
    begin(journey, "pleo", "already_running")
    pass_gates(journey)
    go_on_with_company(journey)
    connect_pleo(journey, pleo, "2026-03-10", duplicates=True)
    approve(journey)
    assert sorted(each["TotalAmt"] for each in ours(workshop, "Purchase")) == [Decimal("12.00"), Decimal("45.50")]
    (job,) = pleo.company.exports.values()
    (left_out,) = [each for each in job.results.values() if each["status"] == "failed"]
    assert job.status == "completed_with_errors"
    assert left_out["failureReason"] == LEFT_OUT["scope.before_start"].get("fr")


def tell_account(journey: Journey) -> None:
    """Say of the chosen account its type, and add its account to the books: only then the way on opens (BF-14)."""
    page = journey.page
    onwards = page.get_by_role("button", name=journey.said("wizard.next"), exact=True)
    expect(onwards).to_be_disabled()
    page.locator("#type_0").select_option(label=journey.said("account_types.bank"))
    expect(onwards).to_be_disabled()
    page.locator("#account_0").select_option(label=journey.said("wizard.account_add"))
    page.locator("#name_0").fill("Compte de la banque")
    expect(onwards).to_be_disabled()
    page.locator("#kind_0").select_option(label=journey.said("questions.add_checking"))
    journey.look("account-told")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules}).then(r => r.violations.map(v => v.id))", RULES)
    assert found == [], "each account's fields are named for everybody"
    journey.press("questions.add_save")
    expect(page.locator("#account_0 option:checked")).to_have_text("Compte de la banque")
    expect(onwards).to_be_enabled()
    journey.look("account-added")
    onwards.click()
    page.wait_for_url(re.compile("setup/scope"))


@pytest.mark.requirement("BF-08", "BF-10", "BF-12", "BF-13", "BF-14", "BF-19", "BF-22")
@FR_FIRST
def test_a_bank_asks_a_second_factor_that_is_answered_wrong_then_right(
    workshop: Workshop, sandbox: SandboxServer, travel: Travel, language: Language
) -> None:
    journey = travel("bank-second-factor", language)
    page = journey.page
    lines = [MadeLine(day=date(2026, 3, 10), amount=Decimal("-12.34"), name="PAPETERIE", native="FIT00077")]
    bank = OfxTwin(three_accounts(lines), factor={"MFA1": ("Ville de naissance ?", "Laval")})
    begin(journey, "bankfeed", "first_time")
    authorise(journey)
    go_on_with_company(journey)
    page.locator("#q").fill("aucune telle banque")
    journey.press("wizard.search_do")
    page.get_by_role("link", name="OFX Direct Connect").click()
    keep(journey, "way")
    with TwinServer(bank) as server:
        page.locator("#s_ofx_url").fill(f"{server.url}/ofx")
        page.locator("#s_ofx_user").fill(bank.user)
        page.locator("#s_ofx_password").fill("mauvais")
        journey.look("credentials")
        journey.press("wizard.next")
        expect(page.get_by_role("alert")).to_contain_text("15500")
        journey.look("password-wrong")
        page.locator("#s_ofx_password").fill(bank.password)
        journey.press("wizard.next")
        answer = page.get_by_label("Ville de naissance ?")
        assert answer.get_attribute("type") == "password"
        journey.look("second-factor")
        answer.fill("Paris")
        journey.press("wizard.next")
        expect(page.get_by_role("alert")).to_be_visible()
        journey.look("answer-wrong")
        answer.fill("Laval")
        journey.press("wizard.next")
        picks = page.locator("input[type=checkbox][name^='a_take:']")
        expect(picks).to_have_count(3)
        for other in (1, 2):
            picks.nth(other).uncheck()
        journey.look("accounts-offered")
        assert not [text for text in bank.log if "<INCTRAN>" in text], "no line is read before"
        journey.press("wizard.next")
        page.wait_for_url(re.compile("setup/accounts"))
        tell_account(journey)
        say_first_day(journey, "2026-03-01")
        assert not [text for text in bank.log if "<INCTRAN>" in text], "the first reading follows “Connecter”"
        journey.press("doors.connect")
        page.wait_for_url(re.compile("setup/plan"))
        journey.look("read")
    with workshop.database.read() as session:
        kept = session.scalars(select(SourceRecord.raw).where(SourceRecord.stream == "lines")).all()
    assert ["PAPETERIE" in raw for raw in kept] == [True]
