"""Answers to one line on the review page: tax and class, the other side, receipts, documents and invoices it pays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import till
from browsing import TOKEN, browser_of
from harness import choose_usual, sync
from httpx import Response
from lines_at_hand import undo
from open_documents import owed, received
from review_lines import documents, held, row
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.overview.lines.bank_lines import WantedLines as Wanted
from raccord.overview.lines.bank_lines import open_lines
from raccord.plugin.info import OWNER_ROLE
from raccord.store.models import Certificate, Choice, ClosedMonth, Company, Connection, DraftRow, Hold
from raccord.sync.books.company import store_entry
from raccord.sync.lines.transfers import TRANSFER
from raccord.sync.lines.treatments import TREATMENT
from raccord.sync.posting.periods import MonthAnswer
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

Send = Callable[..., Response]


def test_each_part_of_a_split_has_a_tax_and_a_class_of_its_own(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    client = workshop.client(company)
    north = client.create("Class", '{"Name":"Nord"}', "class").value
    with workshop.database.begin() as session:
        store_entry(session, company.id, "Class", north, workshop.clock.now())
    taxes = {str(each["Name"]): str(each["Id"]) for each in client.query("SELECT * FROM TaxCode")}
    (name, tax), (_, other) = sorted(taxes.items())[:2]
    holds = held(workshop)
    assert 'name="tax2"' in browser.get(f"/review?line={holds['COSTCO WHOLESALE']}&view=split").text
    action = f"/review/{holds['COSTCO WHOLESALE']}/treat"
    parts = {"kind": "split", "account1": "fournitures", "amount1": "40,25", "account2": "déplac", "tax": other}
    assert "“Nowhere”" in send("/settings", action, **parts, class2="Nowhere").text
    assert send("/settings", action, **parts, tax1=name, class2="nord").status_code == 303
    with workshop.database.read() as session:
        said = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b2")).one().decisions[TREATMENT]
    assert [(each.get("tax_code"), each.get("class_id")) for each in said["parts"]] == [
        (tax, None),
        (other, north["Id"]),
    ]
    panel = browser.get(f"/review?line={holds['RISTOURNE']}&view=split").text
    assert ('name="tax2"' in panel, 'name="class2"' in panel) == (True, True), "a refund of costs bears theirs"
    form = browser.get(f"/companies/{company.id}/bank-rules/new?line={holds['COSTCO WHOLESALE']}").text
    assert 'name="share1" maxlength="20" value="67.08%"' in form, "a rule says a split in percent"


def test_a_line_of_a_certified_month_says_before_it_is_accepted_what_will_be_asked(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).one()

    def told(language: str = "en") -> tuple[bool, str]:
        page = browser.get(f"/review?line={hold}&lang={language}").text
        listed = page.partition('id="lines"')[2].partition("</ul>")[0]
        return "certified month" in listed or "mois certifié" in listed, page.partition('id="certified"')[2]

    assert told() == (False, "")
    with workshop.database.begin() as session:
        certificates = [
            Certificate(
                company_id=synced.company_id, month=date(2026, month, 1), version=version, made_by="x", clean=True,
                made_at=workshop.clock.now(), body="{}", hash=f"{month}{version}",
            )
            for month, version in ((2, 1), (3, 1), (3, 2))
        ]  # fmt: skip
        session.add_all(certificates)
        session.flush()
        newest = certificates[-1].id
    assert "The next run posts the line" not in browser.get(f"/review?line={hold}").text, "it does not"
    for language, words in (
        ("en", ("Certified month: March 2026", "nothing is written into a certified month before somebody says why")),
        ("fr", ("Mois certifié\u00a0: mars 2026", "avant que quelqu’un dise pourquoi")),
    ):
        listed, note = told(language)
        assert listed
        assert all(each in note for each in words), note[:600]
        assert f'href="/connections/{synced.id}/rules#closed"' in note
        assert f'href="/certificates/{newest}/read"' in note
    # Once somebody said why, the line is like any other.
    workshop.clock.advance(timedelta(minutes=1))
    with workshop.database.begin() as session:
        session.add(
            ClosedMonth(
                connection_id=synced.id, month=date(2026, 3, 1), answer=MonthAnswer.WRITE, reason="it came late",
                answered_by="x", answered_at=workshop.clock.now(),
            )
        )  # fmt: skip
    assert told() == (False, "")
    assert "The next run posts the line" in browser.get(f"/review?line={hold}").text


def test_the_line_that_is_proposed_as_the_other_side_comes_first(
    workshop: Workshop, company: Company, connection: Connection, accounts: dict[str, str], browser: TestClient
) -> None:
    del accounts
    till.ROWS["T1"] += [row(7, "-500.00", "RETRAIT", "2026-03-05"), row(9, "-321.00", "LENT", "2026-03-01")]
    till.ROWS["T2"] += [row(8, "500.00", "DEPOT", "2026-03-03"), row(10, "321.00", "ENFIN", "2026-03-09")]
    with workshop.database.read() as session:
        other = session.scalars(select(Connection).where(Connection.id != connection.id)).one()
    for each in (connection, other):
        sync(workshop, each)
    with workshop.database.read() as session:
        params = {each.text: session.get_one(Hold, each.hold_id).params for each in open_lines(session, Wanted()).rows}
    holds = held(workshop)
    texts = {hold_id: text for text, hold_id in holds.items()}
    proposed = {text: texts[params[text][TRANSFER]["hold"]] for text in ("VIREMENT VERS EPARGNE", "RETRAIT")}
    assert sorted(proposed.values()) == ["DEPOT", "VIREMENT RECU"]
    for text, side in proposed.items():
        panel = browser.get(f"/review?line={holds[text]}&view=transfer").text
        assert f'value="side:{holds[side]}" data-pick checked' in panel
    for language, apart in (("en", "ENFIN · 8 days apart"), ("fr", "ENFIN · 8 jours d’écart")):
        panel = browser.get(f"/review?line={holds['LENT']}&lang={language}").text
        assert f'value="side:{holds["ENFIN"]}" data-pick checked' in panel, "the panel opens on it"
        assert apart in panel


def test_two_lines_that_were_called_differently_are_asked_about_on_both_panels_and_their_records(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    holds = held(workshop)
    there, here = holds["VIREMENT RECU"], holds["VIREMENT VERS EPARGNE"]

    def say(hold_id: str, **fields: str) -> Response:
        return send("/settings", f"/review/{hold_id}/treat", **fields)

    assert "said=kept_category" in say(there, kind="category", other="produit non cat").headers["location"]
    asked = say(here, kind="transfer", account=accounts["Épargne"]).headers["location"]
    assert f"line={here}" in asked
    assert "said=one_or_two" in asked
    pages = [browser.get(asked).text, browser.get(f"/review?line={there}").text]
    with workshop.database.read() as session:
        records = session.scalars(
            select(DraftRow.record_id)
            .join(Hold, Hold.draft_id == DraftRow.id)
            .where(Hold.id.in_((there, here)), DraftRow.record_id.is_not(None))
        )
        pages += [browser.get(f"/records/{each}").text for each in records]
    for page in pages:
        assert "One transfer, or two movements?" in page
        assert "transfer: Épargne" in page
        assert "Produit non catégorisé" in page
        assert page.count("/two-sides?") == 2
    assert 'data-do="category"' not in pages[0], "nothing else is answered before"
    refused = say(here, kind="category", other="produit non cat")
    assert refused.status_code == 409
    assert "two-sides" in refused.text
    assert "said=one_movement" in send("/settings", f"/review/{there}/two-sides", same="yes").headers["location"]
    assert "One transfer: the other line" in browser.get("/review?said=one_movement").text
    assert send("/settings", f"/review/{here}/two-sides", same="yes").status_code == 409
    assert set(holds) - set(held(workshop)) == {"VIREMENT RECU", "VIREMENT VERS EPARGNE"}


def test_a_receipt_is_attached_on_the_panel_and_to_an_answered_line_and_taken_back(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    accounts: dict[str, str],
    browser: TestClient,
    send: Send,
) -> None:
    holds = held(workshop)
    game = holds["JEU VIDEO"]
    found = TOKEN.search(browser.get("/settings").text)
    assert found

    def put(hold_id: str, name: str, content: bytes, state: str = "") -> Response:
        files = {"files": (name, content, "application/octet-stream")}
        data = {"form_token": found[1]}
        return browser.post(f"/review/{hold_id}/attach?state={state}", data=data, files=files)

    unknown = put("0" * 32, "reçu.pdf", b"%PDF-1")
    assert unknown.status_code == 404
    wrong = put(game, "page.pdf", b"<html>")
    assert (wrong.status_code, "neither a PDF nor an image" in wrong.text) == (409, True)
    big = b"%PDF-" + bytes(100_000)
    assert "said=attached" in put(game, "<b>reçu</b>.pdf", big).headers["location"], "more than other forms may be"
    panel = browser.get(f"/review?line={game}").text
    assert "&lt;b&gt;reçu&lt;/b&gt;.pdf" in panel
    assert "goes after the line’s document" in panel
    send("/settings", f"/review/{game}/treat", kind="personal", account=accounts["Apports"])
    put(game, "autre.png", b"\x89PNG\r\n\x1a\n", state="answered")
    answered = browser.get("/review?state=answered").text
    shas = re.findall(r'name="file" value="([0-9a-f]{64})"', answered)
    assert (len(shas), "autre.png" in answered) == (2, True)
    gone = send("/settings", f"/review/{game}/detach?state=answered", file=shas[1])
    assert gone.headers["location"].startswith("/review?state=answered")
    assert send("/settings", f"/review/{game}/detach", file=shas[1]).status_code == 409
    sync(workshop, connection)
    assert [each["FileName"] for each in workshop.client(company).query_all("Attachable", "")] == ["<b>reçu</b>.pdf"]
    with workshop.database.read() as session:
        record_id = session.scalars(select(DraftRow.record_id).where(DraftRow.key == "bank/b5")).one()
    assert "attached in QuickBooks" in browser.get(f"/records/{record_id}").text


def test_what_is_offered_by_number_fits_the_line_and_is_never_retained_earnings_or_a_tax(
    workshop: Workshop, company: Company, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    holds = held(workshop)

    def offered(text: str, view: str, since: str = "") -> tuple[list[str], list[str]]:
        panel = browser.get(f"/review?line={holds[text]}&view={view}&since={since or 0}").text
        names = {number: name for name, number in accounts.items()}
        found = re.findall(r'name="account" value="(\w+)" data-pick( checked)?', panel)
        return [names[each] for each, _ in found], [names[each] for each, checked in found if checked]

    assert offered("JEU VIDEO", "personal") == (["Apports"], ["Apports"])
    typed = browser.get(f"/review?line={holds['JEU VIDEO']}&view=personal").text
    assert "Bénéfices non répartis" not in typed.partition('id="owners"')[2].partition("</datalist>")[0]
    assert "Épargne" in offered("COSTCO CAFE", "transfer")[0]
    assert not {"Charges payées d’avance", "Fonds non déposés"} & set(offered("COSTCO CAFE", "transfer")[0])
    client = workshop.client(company)
    for name, subtype in (("Apports 2", "OwnersEquity"), ("Retraits", "PartnerDistributions")):
        body = f'{{"Name":"{name}","AccountType":"Equity","AccountSubType":"{subtype}"}}'
        accounts[name] = str(client.create("Account", body, name).value["Id"])
    refresh_company(workshop, company.id)
    assert offered("JEU VIDEO", "personal") == (["Retraits", "Apports", "Apports 2"], ["Retraits"])
    assert offered("RISTOURNE", "personal") == (["Apports", "Apports 2", "Retraits"], []), "two may be meant"
    with workshop.database.begin() as session:
        each = session.get_one(Hold, holds["RISTOURNE"]).connection_id
        session.add(
            Choice(
                connection_id=each, role=OWNER_ROLE, valid_from=BEGINNING, ledger_kind="Account", ledger_name="",
                ledger_id=accounts["Apports 2"], origin="person", chosen_by="Anne", chosen_at=workshop.clock.now(),
            )
        )  # fmt: skip
    assert offered("RISTOURNE", "personal") == (["Apports 2", "Apports", "Retraits"], ["Apports 2"])
    assert offered("JEU VIDEO", "personal") == (["Apports 2", "Retraits", "Apports"], ["Apports 2"]), "said at set-up"
    chosen = browser.get(f"/review?line={holds['JEU VIDEO']}&view=personal").text
    assert "<b>Apports 2</b><small>Chosen when the account was set up</small>" in chosen

    page = browser.get("/review").text
    found = re.search(r"since=(\d+)", page)
    assert found
    before = offered("JEU VIDEO", "category", found[1])[0]
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(seconds=5))
    send("/settings", f"/review/{holds['RISTOURNE']}/treat", kind="category", other="produit non cat")
    last = before[-1]
    kept = send("/settings", f"/review/{holds['COSTCO CAFE']}/treat", kind="category", account=accounts[last])
    assert offered("JEU VIDEO", "category", found[1])[0] == before, "numbers stay, and no income for what is spent"
    assert offered("JEU VIDEO", "category")[0][0] == last, "a page that is opened anew begins with the last answers"
    assert f"COSTCO CAFE: {last}. Category kept." in browser.get(kept.headers["location"]).text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_an_undone_line_comes_back_to_review_for_another_category(
    workshop: Workshop, company: Company, connection: Connection, accounts: dict[str, str], browser: TestClient,
    send: Send, language: str,
) -> None:  # fmt: skip
    office, travel = accounts["Fournitures de bureau"], accounts["Frais de déplacement"]
    browser.headers["accept-language"] = language
    first = held(workshop)["JEU VIDEO"]
    assert send("/settings", f"/review/{first}/treat", kind="category", account=office).status_code == 303
    sync(workshop, connection)
    undo(workshop, connection, "bank/b5")
    said = {"fr": "Lui donner une autre catégorie", "en": "Give it another category"}[language]
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.code == "undo.undone")).one()
        record_id = session.get_one(DraftRow, hold.draft_id).record_id
    deed = f'action="/review/{hold.id}/undo'
    for page in ("/review", "/questions", f"/records/{record_id}"):
        shown = browser.get(page).text
        assert said in shown, page
        assert deed in shown, page
        assert "JEU VIDEO" in shown, page
    again = send("/settings", f"/review/{hold.id}/undo")
    assert (again.status_code, f"line={first}" in again.headers["location"]) == (303, True)
    panel = browser.get(again.headers["location"]).text
    assert f'action="/review/{first}/treat' in panel, "the line is open on its panel"
    assert said not in panel
    assert send("/settings", f"/review/{hold.id}/undo").status_code == 409, "somebody did it already"
    assert send("/settings", f"/questions/{hold.id}/release").status_code == 409
    assert send("/settings", f"/review/{first}/treat", kind="category", account=travel).status_code == 303
    sync(workshop, connection)
    [spent] = documents(workshop, company, "Purchase")
    assert spent["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == travel
    story = browser.get(f"/records/{record_id}").text.partition('class="timeline')[2]
    shown = [story.find(f"<b>{word}") for word in {"fr": ("Transmis", "Défait"), "en": ("Posted", "Undone")}[language]]
    assert -1 < shown[0] < shown[1], "the newest first"
    assert story.count({"fr": "<b>Défait", "en": "<b>Undone"}[language]) == 1
    assert story.count({"fr": "<b>Transmis", "en": "<b>Posted"}[language]) == 2, "what was undone was posted too"


def test_a_line_that_deposits_waiting_payments_is_matched_with_them_on_the_page(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    for name, amount in (("Clinique Roy", "100.00"), ("Garage Simard", "250.00")):
        received(client, "Payment", name, amount, "2026-03-02")
    received(client, "Payment", "Boulangerie", "20.00", "2026-02-20")
    received(client, "SalesReceipt", "Boulangerie", "20.00", "2026-02-21")
    till.ROWS["T1"] = [row(4, "350.00", "DEPOT"), row(1, "20.00", "DEPOT VIEUX", "2026-03-01")]
    sync(workshop, connection)
    holds = held(workshop)
    page = browser.get(f"/review?line={holds['DEPOT']}").text
    assert "Clinique Roy, Garage Simard" in page
    assert "waiting in Undeposited Funds" in page
    assert "no income is counted a second time" in page
    assert "in more than one way" in browser.get(f"/review?line={holds['DEPOT VIEUX']}").text
    ids = re.search(r'name="documents" value="([0-9 ]+ =\w+)"', page)
    assert ids is not None
    kept = send("/settings", f"/review/{holds['DEPOT']}/pay", documents=ids[1])
    assert "said=kept_pays" in kept.headers["location"]
    sync(workshop, connection)
    assert [len(each["Line"]) for each in documents(workshop, company, "Deposit")] == [2]


def test_open_invoices_of_several_customers_are_ticked_on_the_page_and_what_is_ticked_stays_when_it_does_not_fit(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    choose_usual(workshop, connection, company)
    one, other, twin = (
        owed(workshop, company, "Invoice", name, amount, number)
        for name, amount, number in (
            ("Roy", "100.10", "7001"),
            ("Simard", "199.90", "7002"),
            ("Noël", "199.90", "7003"),
        )
    )
    till.ROWS["T1"] = [row(4, "300.00", "DEPOT")]
    sync(workshop, connection)
    hold = held(workshop)["DEPOT"]
    assert "Choose among the open invoices" in browser.get(f"/review?line={hold}").text
    page = browser.get(f"/review?line={hold}&view=open").text
    assert re.findall(r'name="document_(\d+)"', page) == [one, other, twin]
    wrong = send("/settings", f"/review/{hold}/pay", kind="open", **{f"document_{one}": "1"})
    assert (wrong.status_code, "a part" in wrong.text) == (409, True)
    assert f'name="document_{one}" value="1" checked' in wrong.text
    none = send("/settings", f"/review/{hold}/pay", kind="open")
    assert "No invoice or bill is ticked." in none.text
    kept = send("/settings", f"/review/{hold}/pay", kind="open", **{f"document_{each}": "1" for each in (one, other)})
    assert "said=kept_pays" in kept.headers["location"]
    sync(workshop, connection)
    assert [len(each["Line"]) for each in documents(workshop, company, "Deposit")] == [2]


def test_questions_of_one_cause_get_one_answer_on_the_page_where_they_are_listed(
    workshop: Workshop, connection: Connection, accounts: dict[str, str], browser: TestClient, send: Send
) -> None:
    texts = ("COSTCO CAFE", "JEU VIDEO", "COSTCO WHOLESALE")
    with workshop.database.begin() as session:
        for at, text in enumerate(texts):
            hold = session.get_one(Hold, held(workshop)[text])
            there = {"kind": "Purchase", "id": f"{at}", "document": f"Purchase {at}", "day": "2026-03-05"}
            told = {"owner_key": f"bank/x{at}", "linkable": False, "sure": "likely", "case": "own", "text": "X"}
            hold.code, hold.line = "conflict.already_exists", False
            hold.params = {**there, **told, "amount": "-4.00", "account": "", "owner": "Caisse"}
    page = f"/connections/{connection.id}/baseline"
    for path in ("/questions", f"/questions?connection={connection.id}"):
        asking = browser.get(path).text
        assert (f'href="{page}#together"' in asking, "3 questions of the same cause" in asking) == (True, True)
    guest = browser_of(create_app(workshop, HandOver(), Actor("Gaston", RoleName.ACCOUNTANT)))
    assert "#together" not in guest.get("/questions").text
    assert "They are the same movements" not in guest.get(page).text
    listed = browser.get(page).text
    assert "3 questions:" in listed
    assert "la même source a redonné" in browser.get(f"{page}?lang=fr").text
    browser.get(f"{page}?lang=en")
    seen = re.search(r'name="seen" value="(3\.\w+)"', listed)
    assert seen
    asked = {"cause": "own", "way": "same", "seen": seen[1]}
    assert browser.post(page, data=asked).status_code == 403, "a form without its token"
    assert send(page, page, **asked | {"way": "all"}).status_code == 400
    with workshop.database.begin() as session:
        hold = session.scalars(select(Hold).where(Hold.params["id"].as_string() == "2")).one()
        hold.params = {**hold.params, "id": "9", "document": "Purchase 9"}
    changed = send(page, page, **asked)
    assert (changed.status_code, "no longer the same questions" in changed.text) == (409, True)
    new = re.search(r'name="seen" value="(3\.\w+)"', changed.text)
    assert new
    done = send(page, page, **asked | {"seen": new[1]})
    assert done.headers["location"] == f"{page}?done=by_hand"
    after = browser.get(done.headers["location"]).text
    assert ("<b>Decided. The next run acts on it.</b>" in after, "They are the same" in after) == (True, False)
    with workshop.database.read() as session:
        rows = session.scalars(select(DraftRow).join(Hold).where(Hold.code == "conflict.already_exists")).all()
    said = [row.decisions["conflict"] for row in rows]
    assert sorted((each["kind"], each["params"]["id"]) for each in said) == [
        ("skip", "0"),
        ("skip", "1"),
        ("skip", "9"),
    ]
