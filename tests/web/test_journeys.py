"""Journeys in a real Chromium, in both languages: bank feeds, a failed refund, a pause, a switch, an undo.

Each screen is kept as a picture under var/screenshots. One language of each but the first runs always, all else with
the slow tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
import till
from harness import NOW, OWNER, choose_usual, consent, enable, lab, make_workshop, sync
from playwright.sync_api import expect
from set_up import till_of
from sqlalchemy import select
from visiting import PATIENCE_MS, Journey, Travel, door, travel
from walking_files import FILE, STATEMENT, answer_lines, approve, begin_bank_feed, plan_again, tell_accounts

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import connect
from raccord.plugin.texts import Language
from raccord.store.database import Database
from raccord.store.models import Company, Connection, LinkRow, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

__all__ = ["door", "travel"]

expect.set_options(timeout=PATIENCE_MS)
FR_FIRST = pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.slow)])
SLOW = pytest.mark.parametrize("language", [pytest.param(each, marks=pytest.mark.slow) for each in ("fr", "en")])
"""For a journey whose parts other tests of the quick run go through."""
EN_FIRST = pytest.mark.parametrize("language", ["en", pytest.param("fr", marks=pytest.mark.slow)])

READ_TWO_WAYS = b'Date,Description,Montant\n03/04/2026,PAPETERIE,"-1,234"\n05/04/2026,LOYER,"-5,678"\n'


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, door: socket) -> Iterator[Workshop]:
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), till, raccord_bankfeed, web_url=url)
    yield made
    made.close()


@pytest.fixture
def books(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, found, "till", "bankfeed")
    return found


@pytest.mark.requirement("BF-02", "BF-09", "BF-14", "BF-19")
@SLOW
def test_a_bank_feed_is_started_with_files_that_leave_questions_open(
    workshop: Workshop, books: Company, travel: Travel, tmp_path: Path, language: Language
) -> None:
    ofx, table = tmp_path / "trois-comptes.ofx", tmp_path / "releve.csv"
    statements = (STATEMENT.format(number) for number in ("11110001", "22220002", "33330003"))
    ofx.write_text(FILE.format("".join(statements)))
    table.write_bytes(READ_TWO_WAYS)
    journey = travel("bank-first-time", language)
    page = journey.page

    def answer(journey: Journey) -> None:
        """Which number of 03/04 is the month, what 1,234 is and which account the table is of are asked together."""
        form = page.locator(".file-question", has=page.get_by_role("heading", name="releve.csv"))
        expect(form.get_by_role("heading", name="releve.csv")).to_be_visible()
        expect(form).to_contain_text({"fr": "3 avril 2026", "en": "3 April 2026"}[language])
        expect(form).to_contain_text({"fr": "4 mars 2026", "en": "4 March 2026"}[language])
        for width in (390, 320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            journey.look(f"questions-about-a-file-{width}")
        form.get_by_label({"fr": "Le jour d’abord", "en": "The day first"}[language]).check()
        point = {"fr": "Le point sépare les décimales", "en": "A point stands before the decimals"}[language]
        form.get_by_label(point).check()
        form.locator("select[name$=ledger]").select_option(label="Compte chèques")
        journey.press("files.say_all")
        expect(form).to_have_count(0)

    own = begin_bank_feed(journey, "first_time", "2026-01-01", [ofx, table], answer)

    # Every line is told its category, then each other account what it is in the books.
    page.goto(f"/review?connection={own.rpartition('/')[2]}")
    journey.look("lines-asked")
    assert page.locator(".lines > li").count() == 5
    answer_lines(journey, own)
    journey.look("lines-answered")
    journey.follow("files.go_on")
    page.wait_for_url(re.compile("setup/plan"))
    plan_again(journey, own)
    tell_accounts(journey, own, 4)
    plan_again(journey, own)
    approve(journey)
    with workshop.database.read() as session:
        days = session.scalars(select(LinkRow.day).where(LinkRow.kind == "Purchase").order_by(LinkRow.day)).all()
    assert [f"{each:%m-%d}" for each in days] == ["03-10"] * 3 + ["04-03", "04-05"]


@pytest.mark.requirement("BF-02", "BF-19")
@EN_FIRST
def test_a_bank_feed_that_runs_already_recognises_what_the_books_have(
    workshop: Workshop, sandbox: SandboxServer, books: Company, travel: Travel, tmp_path: Path, language: Language
) -> None:
    client = workshop.client(books)
    banks = client.query("SELECT * FROM Account WHERE AccountType = 'Bank' ORDERBY Name")
    expense = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    line = {"Amount": 12.5, "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": expense}}}  # fmt: skip
    entered = {
        "AccountRef": {"value": banks[0]["Id"]},
        "PaymentType": "Cash",
        "GlobalTaxCalculation": "NotApplicable",
        "TxnDate": "2026-03-10",
        "Line": [line],
    }
    lab(sandbox, "create", entity="Purchase", changes=entered)
    before = client.count("Purchase")
    ofx = tmp_path / "statement.ofx"
    ofx.write_text(FILE.format(STATEMENT.format("11110001") + STATEMENT.format("22220002")))
    journey = travel("bank-running-already", language)
    own = begin_bank_feed(journey, "already_running", "2026-03-01", [ofx])
    journey.page.locator("main .btn-primary").first.click()
    answer_lines(journey, own)
    plan_again(journey, own)
    tell_accounts(journey, own, 2)
    plan_again(journey, own)
    journey.look("recognised")
    journey.page.goto(f"/questions?connection={own.rpartition('/')[2]}")
    journey.look("double-asked")
    journey.press("ways.same")
    plan_again(journey, own)
    approve(journey)
    assert workshop.client(books).count("Purchase") == before + 1


@pytest.fixture
def shop(workshop: Workshop, books: Company) -> Connection:
    """A till that has run once, with a sale and a refund."""
    till.ROWS.clear()
    till.ROWS["T1"] = [
        {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "1114.98"},
        {"stream": "refunds", "id": "r1", "day": "2026-03-03", "amount": "-20.00"},
    ]
    connection = connect(workshop, OWNER, till_of(books, "T1"))
    choose_usual(workshop, connection, books)
    sync(workshop, connection)
    return connection


def customer_of(workshop: Workshop, books: Company) -> str:
    [found] = workshop.client(books).query("SELECT * FROM Customer WHERE DisplayName = 'Client Caisse'")
    return str(found["Id"])


@pytest.mark.requirement("CH-56", "CH-57")
@FR_FIRST
def test_a_refund_that_failed_is_mended_and_tried_again(
    workshop: Workshop, sandbox: SandboxServer, books: Company, shop: Connection, travel: Travel, language: Language
) -> None:
    till.ROWS["T1"].append({"stream": "refunds", "id": "r2", "day": "2026-03-06", "amount": "-8.00"})
    with workshop.database.begin() as session:
        session.get_one(Connection, shop.id).review_each = True
    customer = customer_of(workshop, books)
    journey = travel("refund-failed", language)
    page = journey.page
    page.goto(f"/connections/{shop.id}")
    journey.press("connection.sync")
    page.locator('main a[href*="/plans/"]').first.click()
    journey.look("plan")

    # While the plan is read, somebody makes its customer inactive: QuickBooks refuses the refund.
    lab(sandbox, "deactivate", entity="Customer", id=customer)
    page.locator("main .btn-primary").last.click()
    page.goto("/")
    journey.look("home")
    page.goto("/problems")
    journey.look("problems")
    page.goto("/records?q=r2")
    journey.look("records")
    page.locator("#records a.cover").first.click()
    journey.look("record")
    lab(sandbox, "reactivate", entity="Customer", id=customer)
    journey.press("problems.ready")
    expect(page.get_by_text(journey.said("done.ready"))).to_be_visible()
    page.goto(f"/connections/{shop.id}")
    journey.press("connection.sync")
    page.locator('main a[href*="/plans/"]').first.click()
    page.locator("main .btn-primary").last.click()
    page.goto("/problems")
    expect(page.get_by_text(journey.said("problems.none"))).to_be_visible()
    journey.look("nothing-left")
    assert workshop.client(books).count("RefundReceipt") == 2


@pytest.mark.requirement("CH-43", "CH-47", "TD-52")
@EN_FIRST
def test_a_connection_is_paused_resumed_undone_and_moved_to_another_company(
    workshop: Workshop, sandbox: SandboxServer, books: Company, shop: Connection, travel: Travel, language: Language
) -> None:
    other = consent(workshop, sandbox.store.add("quebec").realm)
    enable(workshop, other, "till")
    journey = travel("life", language)
    page = journey.page
    status = page.locator(".page-head .status")
    for deed, word in (("pause", "states.paused"), ("resume", "states.up_to_date")):
        page.goto(f"/connections/{shop.id}")
        journey.follow("connection.manage")
        asked = page.locator("details.confirm", has_text=journey.said(f"connection.{deed}_ask"))
        asked.locator("summary").click()
        journey.look(deed)
        asked.get_by_role("button").click()
        expect(status).to_have_text(journey.said(word))
        journey.look(f"{deed}d")

    # The last run is taken out of the books again, by a plan that is read first.
    page.goto("/runs")
    page.locator("main table a").first.click()
    journey.follow("undo.this_run")
    journey.look("undo")
    journey.press("undo.plan")
    page.locator('main a[href*="/plans/"]').first.click()
    journey.look("undo-plan")
    journey.press("plan.undo_approve", what=journey.said("plan.documents_of", n=2, number="2"))
    expect(page.get_by_text(journey.said("done.approved"))).to_be_visible()
    journey.look("undone")
    assert workshop.client(books).count("SalesReceipt") == 0

    # The source goes to another company only with the word of the language.
    page.goto(f"/connections/{shop.id}")
    journey.follow("connection.manage")
    page.goto(f"/connections/{shop.id}/switch")
    journey.look("switch")
    journey.press("switch.read")
    journey.look("switch-word")
    page.locator("#typed").fill("accept" if language == "fr" else "accepter")
    connect = journey.button("switch.go")
    expect(connect).to_have_text("Connecter un nouveau compte" if language == "fr" else "Connect new account")
    expect(connect).to_be_disabled()
    journey.look("switch-wrong-word")
    page.locator("#typed").fill("ACCEPTER" if language == "fr" else "ACCEPT")
    connect.click()
    expect(page.get_by_text(journey.said("done.switched"))).to_be_visible()
    journey.look("switched")

    # There it says what its accounts are, and posts what it posted before in the company that it left.
    with workshop.database.read() as session:
        moved = session.scalars(select(Connection).where(Connection.company_id == other.id)).one()
    own = f"/connections/{moved.id}"
    page.goto(f"{own}/setup/accounts")
    page.locator("#role_bank").select_option(index=1)
    taxes = page.locator("#role_tax option", has_text="TPS/TVQ").first.get_attribute("value")
    page.locator("#role_tax").select_option(taxes)
    journey.look("switched-accounts")
    journey.press("wizard.keep")
    plan_again(journey, own)
    approve(journey)
    counts = [workshop.client(each).count("SalesReceipt") for each in (books, other)]
    assert counts == [0, 1]


UNKNOWN_BANK = "0417-88213;{0}/04/2026;PAPETERIE ROY;REF {0};{1}\n0417-88213;05/04/2026;LOYER;REF 5;2,000\n"
"""No header, a day that may be a month, amounts that may be thousands or have three decimals, and no sign."""


def lines_of(workshop: Workshop, state: str = "") -> list[tuple[str, str, str]]:
    """Return day, text and amount of each bank line that was kept, of one state or of any."""
    with workshop.database.read() as session:
        rows = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines").order_by(SourceRecord.day))
        kept = [(each.day, json.loads(each.raw, parse_float=str)) for each in rows if state in ("", each.state)]
    return [(f"{day:%m-%d}", f"{raw['name']} {raw['memo']}".strip(), raw["amount"]) for day, raw in kept]


@pytest.mark.requirement("BF-09")
@FR_FIRST
def test_the_columns_of_an_unknown_bank_are_said_once_and_its_next_file_asks_nothing(
    workshop: Workshop, books: Company, travel: Travel, tmp_path: Path, language: Language
) -> None:
    march, april = tmp_path / "export-1.csv", tmp_path / "export-2.csv"
    march.write_text(UNKNOWN_BANK.format("03", "1,250"))
    april.write_text(UNKNOWN_BANK.format("04", "3,100"))
    journey = travel("bank-csv-unknown", language)
    page = journey.page
    own = begin_bank_feed(journey, "first_time", "2026-01-01", [march])
    page.goto(f"{own}/files")
    card = page.locator(".question")
    journey.look("columns-asked")

    # What stands in a column is shown beside it, and what can be told from it is chosen already; the amount is not.
    chosen = [card.locator(f"[name=column_{number}]").input_value() for number in range(1, 6)]
    assert chosen == ["", "date", "text", "text", ""]
    card.locator("[name=column_1]").select_option("account")
    card.locator("[name=column_5]").select_option("debit")

    # And each convention that the file leaves open, shown as it would be read one way and the other.
    day, month = ("3 avril", "4 mars") if language == "fr" else ("3 April", "4 March")
    for answer, ways in (("day-first", (day, month)), ("point", ("250,00" if language == "fr" else "250.00", "250"))):
        for way in ways:
            expect(card).to_contain_text(way)
        card.locator(f"[value={answer}]").check()
    assert lines_of(workshop) == []
    journey.press("files.say_and_read")
    expect(page.locator("[name=column_1]")).to_have_count(0)
    plan_again(journey, own)
    read = [("04-03", "PAPETERIE ROY REF 03", "-1250"), ("04-05", "LOYER REF 5", "-2000")]
    assert lines_of(workshop) == read
    answer_lines(journey, own)
    plan_again(journey, own)
    tell_accounts(journey, own, 1)

    # The same layout next month: read without a question, what came already is known again.
    page.goto(f"{own}/setup/files")
    page.locator("#files").set_input_files(str(april))
    journey.press("files.send")
    expect(page.get_by_role("status")).to_be_visible()
    plan_again(journey, own)
    page.goto(f"{own}/files")
    expect(card).to_have_count(0)
    journey.look("next-file-read")
    assert lines_of(workshop) == [read[0], ("04-04", "PAPETERIE ROY REF 04", "-3100"), read[1]]


@pytest.mark.requirement("BF-13")
@EN_FIRST
def test_of_a_file_with_three_accounts_one_is_chosen_and_another_later(
    workshop: Workshop, books: Company, travel: Travel, tmp_path: Path, language: Language
) -> None:
    ofx = tmp_path / "three.ofx"
    ofx.write_text(FILE.format("".join(map(STATEMENT.format, ("11110001", "22220002", "33330003")))))
    journey = travel("bank-three-accounts", language)
    page = journey.page
    own = begin_bank_feed(journey, "first_time", "2026-01-01", [ofx])
    answer_lines(journey, own)
    plan_again(journey, own)
    page.goto(f"{own}/setup/plan")
    journey.follow("wizard.accounts_tell")
    offered = page.locator("input[type=hidden][name^=key_]")
    expect(offered).to_have_count(3)
    journey.look("three-offered")
    first, second, third = (offered.nth(at).input_value() for at in range(3))

    def call(key: str, name: str) -> None:
        page.locator(f"#s_accounts input[name='s_accounts:{key}']").fill(name)

    def read_only(key: str, name: str) -> None:
        page.goto(f"{own}/setup/source")
        call(key, name)
        page.locator("#s_only_named").check()
        journey.look("accounts-named")
        journey.press("wizard.keep")

    # Only the second: nothing of the others is planned, asked or written.
    read_only(second, "Chequing")
    plan_again(journey, own)
    tell_accounts(journey, own, 1)
    plan_again(journey, own)
    approve(journey)
    before = workshop.client(books).count("Purchase")
    assert lines_of(workshop, "mapped") == [("03-10", "CAFE DU COIN", "-12.50")]
    assert len(lines_of(workshop, "skipped")) == 2
    page.goto(f"/review?connection={own.rpartition('/')[2]}")
    expect(page.locator(".lines > li")).to_have_count(0)

    # Later the first one as well: its line comes by itself, and the third stays out.
    page.goto(f"{own}/settings")
    call(first, "Savings")
    journey.press("keeping.save")
    page.goto(own)
    journey.press("connection.sync")
    page.goto(f"/questions?connection={own.rpartition('/')[2]}")
    journey.look("another-asked")
    page.locator("select[name=ledger]").select_option(index=2)
    page.locator(".file-question form .btn-primary").click()
    page.goto(own)
    journey.press("connection.sync")
    journey.look("posted-without-more")
    assert workshop.client(books).count("Purchase") == before + 1
    with workshop.database.read() as session:
        left = select(SourceRecord.raw).where(SourceRecord.state == "skipped", SourceRecord.stream == "lines")
        assert third in session.scalars(left).one()
