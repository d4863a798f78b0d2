"""Of which account a file is: asked, said otherwise and left out where it is told."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date

import pytest
from browsing import TOKEN
from harness import NOW, finish, request
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import ofx

from raccord.store.models import (
    Choice,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    RecordState,
    Run,
    SourceRecord,
)
from raccord.sync.proving.prove import Cell, Totals, sum_source
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.workshop import Workshop


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_a_table_that_names_no_account_is_one_question_wherever_its_lines_wait(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response], language: str
) -> None:
    browser.headers["accept-language"] = language
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = "Date,Description,Amount,Balance\n" + "".join(
        f"2026-03-{day:02},SHELL STATION {day},-1.00,{900 - day}.00\n" for day in range(2, 10)
    )
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("x.csv", rows.encode()))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    connection_id = bank.rpartition("/")[2]
    asked = {"fr": "De quel compte est ce fichier ?", "en": "Which account is this file of?"}[language]
    for page in (f"{bank}/setup/plan", f"{bank}/files", f"/problems?connection={connection_id}"):
        shown = browser.get(page).text.replace("\u202f", " ").replace("\u00a0", " ")
        assert (shown.count(asked), shown.count('name="ledger"'), shown.count(">x.csv</h3>")) == (1, 1, 1), page
        assert {"fr": "8 lignes, du 2 mars 2026 au 9 mars 2026", "en": "8 lines, "}[language] in shown, page
        assert shown.count("SHELL STATION 2<") == shown.count("SHELL STATION 4<") == 1, page
        assert "SHELL STATION 5<" not in shown, "three lines tell what is in it"
        assert "Compte chèques</option>" in shown, page
        assert "Fournitures de bureau</option>" not in shown, "bank and card accounts alone"
    key = re.search(r'name="key" value="(unnamed[^"]+)"', shown)
    assert key
    answer = f"{bank}/files/account"
    for wrong in ({}, {"ledger": "999999"}, {"name": " "}):
        assert send(f"{bank}/files", answer, key=key[1], **wrong).status_code == 409, wrong
    assert send(f"{bank}/files", answer, key="other", name="x").status_code == 409
    checking = re.search(r'<option value="(\d+)">Compte chèques</option>', shown)
    assert checking
    said = {"ledger": checking[1]} if language == "fr" else {"ledger": "+", "name": "Chequing", "kind": "checking"}
    assert send(f"{bank}/setup/plan", answer, key=key[1], then="plan", **said).headers["location"] == (
        f"{bank}/setup/plan?done=file_answered"
    )
    assert send(f"{bank}/files", answer, key=key[1], **said).status_code == 409, "somebody said it already"
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection)).one()
        run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        chosen = [(each.of, each.ledger_id) for each in session.scalars(select(Choice))]
    assert connection.settings["accounts"] == f"{key[1]} = {'Compte chèques' if language == 'fr' else 'Chequing'}"
    [(of, ledger)] = chosen
    assert (of, ledger == checking[1]) == (key[1], language == "fr"), "a new one is made in the books"
    assert connection.settings["currencies"] == f"{key[1]} = CAD", "the file states none: it is the books' own"
    assert run is not None
    finish(workshop, run.id)
    with workshop.database.read() as session:
        lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
    assert {(each.state, each.reason) for each in lines} == {("mapped", "")}
    assert asked not in browser.get(f"{bank}/files").text


def test_a_file_of_an_account_nobody_named_is_settled_on_one_form_and_its_lines_come_to_review(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    """OFX names bank and account, but states no currency here: what is in the file stands beside what is asked."""
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    connection_id = bank.rpartition("/")[2]
    content = ofx("000987654321").replace(b"<CURDEF>CAD", b"")
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("mars.ofx", content))])

    def told(page: str) -> str:
        return browser.get(page).text.replace("\u202f", " ").replace("\u00a0", " ")

    browser.get("/?lang=fr")
    said = (
        ">mars.ofx</h3>",
        "compte …4321</p>",
        "1 ligne, du 10 mars 2026. Rien n’en est envoyé",
        "Le fichier n’indique pas de devise",
        "Quel compte de QuickBooks est le compte …4321 (1 ligne) ?",
    )
    ahead = told(f"{bank}/setup/files")
    assert [ahead.count(each) for each in said] == [1] * len(said), "before any run"
    foot = ahead.partition("wiz-foot")[2]
    assert "Continuer sans répondre" in foot, "the button says that it keeps no answer"
    kept = '<button class="btn btn-primary" form="u0-1" name="go" value="scope">Garder et continuer'
    assert (foot.count("btn-primary"), kept in foot, ahead.count('id="u0-1"')) == (1, True, 1)
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    for page in (f"{bank}/setup/plan", f"{bank}/files", f"/problems?connection={connection_id}"):
        shown = told(page)
        form = shown.partition("file-question")[2]
        assert (shown.count("file-question"), [each in form for each in said]) == (1, [True] * len(said)), page
        assert "currency" not in shown.partition("<main")[2].replace("bankfeed.currency_missing", ""), page
    key = re.search(r'name="key" value="(bank-4321-[^"]+)"', shown)
    books = re.search(r'<option value="(\d+)">Compte chèques</option>', shown)
    assert key
    assert books
    kept = send(f"{bank}/files", f"{bank}/files/account", key=key[1], ledger=books[1])
    assert kept.headers["location"] == f"{bank}/files?done=file_answered"
    with workshop.database.read() as session:
        run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
    for page in (f"{bank}/files", f"/problems?connection={connection_id}", f"/questions?connection={connection_id}"):
        assert "file-question" not in told(page), page
    assert "COFFEE" in told(f"/review?connection={connection_id}")
    plan = told(f"{bank}/setup/plan").partition("<main")[2]
    assert "<h1>1 opération bancaire attend une catégorie</h1>" in plan
    assert f'href="/review?connection={connection_id}"' in plan
    again = plan.partition(f'action="{bank}/setup/checks"')[2]
    assert "Préparer le plan de nouveau" in again, "a button prepares it, not only a link to the checks"
    assert "Gardez les suggestions" not in told(f"{bank}/setup/accounts"), "that step suggests nothing"
    listed = plan.partition("Ce que le dernier plan prévoit")[2].partition("</ul>")[0]
    assert "1 ligne" in listed, "what the plan says is told although it writes nothing"
    # Once it is decided, nothing waits for a person any more: the plan is made again by it.
    with workshop.database.begin() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        there = {"kind": "Purchase", "id": "277", "document": "Purchase 277", "day": "2026-03-10", "amount": "-4.50"}
        hold.code, hold.params, hold.line = "conflict.already_exists", there, False
        draft = session.get_one(DraftRow, hold.draft_id)
        draft.decisions = {**draft.decisions, DECISION: {"kind": "skip", "target": "", "params": {}}}
    plan = told(f"{bank}/setup/plan").partition("<main")[2]
    assert "<h1>Une réponse est donnée</h1>" in plan
    assert f'href="/questions?connection={connection_id}"' not in plan.partition("</ul>")[2]
    assert re.search(r'<button class="btn btn-primary">.*?Préparer le plan de nouveau', plan)


def test_what_was_said_of_a_file_is_changed_at_one_place_until_something_of_it_is_posted(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = b'Date,Description,Montant\n03/04/2026,PAPETERIE,"-1,234"\n05/05/2026,LOYER,"-5,678"\n'
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("avril.csv", rows))])
    shown = browser.get(f"{bank}/setup/files").text
    key = re.search(r'name="(?:q[0-9]+\.)?key" value="([^"]+)"', shown)
    checking, *_, other_account = re.findall(r'<option value="(\d+)">', shown)
    assert key
    said = {"answer:bankfeed.date_order": "day-first", "answer:bankfeed.decimal_mark": "point"}
    on = {"then": "files", "go": "scope"}
    kept = send(f"{bank}/setup/files", f"{bank}/files/answer", key=key[1], ledger=checking, **said, **on)
    assert kept.headers["location"] == f"{bank}/setup/scope", "kept by the button that goes on"
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")

    def read() -> dict[str, str]:
        """Finish the run that was asked for; return the state of each line by its day."""
        with workshop.database.read() as session:
            run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
        with workshop.database.read() as session:
            lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        return {each.day.isoformat(): each.state for each in lines if each.state != RecordState.SUPERSEDED}

    assert read() == {"2026-04-03": "mapped", "2026-05-05": "mapped"}
    assert "avril.csv" in browser.get(f"{bank}/files").text
    form = browser.get(f"{bank}/files?change={key[1]}").text
    assert 'value="day-first" required checked' in form, "what was said stands in the form"
    other = {**said, "answer:bankfeed.date_order": "month-first", "key": key[1], "again": "yes"}
    assert (
        send(f"{bank}/files", f"{bank}/files/answer", **other).headers["location"] == f"{bank}/files?done=file_answered"
    )
    assert read() == {"2026-04-03": "skipped", "2026-03-04": "mapped", "2026-05-05": "mapped"}
    with workshop.database.read() as session:
        open_ = session.scalars(select(DraftRow.day).where(DraftRow.state != DraftState.WITHDRAWN)).all()
    assert sorted(each.isoformat() for each in open_ if each) == ["2026-03-04", "2026-05-05"], "each line once"
    # Changed by hand in the settings, an answer is changed all the same, and back.
    by_hand = {"s_input_kind": "upload", "s_answers": f"{key[1].rpartition('-')[0]} = day-first point"}
    assert send(f"{bank}/settings", f"{bank}/settings", **by_hand).status_code == 303
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection).where(Connection.connector == "bankfeed")).one()
    request(workshop, connection)
    assert read() == {"2026-04-03": "mapped", "2026-03-04": "skipped", "2026-05-05": "mapped"}, "and back"
    send(f"{bank}/files", f"{bank}/files/answer", **{**other, **said})

    account = f"unnamed-{key[1].rpartition('-')[0]}"
    assert f'<option value="{checking}" selected>' in browser.get(f"{bank}/files?change={account}").text
    another = {"key": account, "again": "yes", "ledger": other_account}
    assert send(f"{bank}/files", f"{bank}/files/account", **another).status_code == 303
    with workshop.database.begin() as session:
        assert [each.ledger_id for each in session.scalars(select(Choice))] == [other_account]
        draft = session.scalars(select(DraftRow).where(DraftRow.day == date(2026, 4, 3))).one()
        session.add(
            LinkRow(
                company_id=session.get_one(Connection, draft.connection_id).company_id, key=draft.key, kind="Purchase",
                connection_id=draft.connection_id, document_id="77", sync_token="0", revision=1, marker="m",
                payload_hash="", linked_at=NOW,
            )
        )  # fmt: skip
    for action, fields in ((f"{bank}/files/account", another), (f"{bank}/files/answer", other)):
        refusal = send(f"{bank}/files", action, **fields)
        assert (refusal.status_code, "in QuickBooks" in refusal.text) == (409, True), action
    locked = browser.get(f"{bank}/files?change={account}").text
    assert "the answer changes no more" in locked
    assert 'name="again"' not in locked


def test_an_account_of_a_file_is_left_out_where_it_is_asked_about_and_taken_up_again(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files?lang=en").text)
    assert token
    file = ("three.ofx", ofx("000011112333", "000011115666", "000011118999"))
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", file)])
    asked = browser.get(f"{bank}/setup/files").text
    keys = {end: key for key, end in re.findall(r'id="account-(bank-([0-9]{4})-[^"]+)"', asked)}
    assert sorted(keys) == ["2333", "5666", "8999"]
    for end in keys:
        within = re.search(rf'class="sub">1 line, of [^<]*2026 · account …{end} · (.*?) out</span>', asked)
        assert within, asked.partition("<main")[2][-3000:]
        assert "12.50" in re.sub("<[^>]+>", "", within[1]), "what was kept is told"
    for end in keys:
        assert f"Which account of QuickBooks is account …{end} (1 line)?" in asked, "each is asked by its name"
    assert "3 questions about these files wait" in browser.get(f"{bank}/setup/checks").text, "not everything is ready"

    for end in ("5666", "8999"):
        assert send(f"{bank}/setup/files", f"{bank}/files/account", key=keys[end], ledger="-", then="files")
    books = re.search(r'<option value="(\d+)">Compte chèques</option>', asked)
    assert books
    assert "1 question about these files waits" in browser.get(f"{bank}/setup/checks").text
    send(f"{bank}/setup/files", f"{bank}/files/account", key=keys["2333"], ledger=books[1], then="files")
    assert "about these files wait" not in browser.get(f"{bank}/setup/checks").text
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")

    def read() -> dict[str, tuple[str, str]]:
        with workshop.database.read() as session:
            run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
        with workshop.database.read() as session:
            lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        return {each.source_id.split("-")[1]: (each.state, each.reason) for each in lines}

    aside = ("skipped", "bankfeed.account_set_aside")
    assert read() == {"2333": ("mapped", ""), "5666": aside, "8999": aside}
    for page in (f"{bank}/files", f"{bank}/setup/plan", "/problems"):
        assert "file-question" not in browser.get(page).text, "nobody asks about what is left out"
    with workshop.database.read() as session:
        totals: dict[Cell, Totals] = defaultdict(Totals)
        sum_source(session, session.scalars(select(Connection)).one(), date.min, date.max, totals)
    [cell] = totals.values()
    # The third waits for its category, as every line does before a person said it.
    assert (str(cell.source), str(cell.left_out)) == ("-37.50", "-37.50")
    shown = browser.get(f"{bank}/files").text
    assert shown.count("left out</") + shown.count("left out <") >= 2
    assert shown.count("Take it up again") == 2

    send(f"{bank}/files", f"{bank}/files/account", key=keys["8999"], again="yes")
    assert read() == {"2333": ("mapped", ""), "5666": aside, "8999": ("mapped", "")}
    asked = browser.get(f"{bank}/files").text
    assert re.findall(r'id="account-bank-([0-9]{4})-', asked) == ["8999"], "it is asked about again"
    with workshop.database.read() as session:
        assert session.scalars(select(Connection)).one().settings["left_out"] == f"{keys['5666']} = …5666"


def test_which_account_a_file_is_of_is_asked_before_the_first_run_and_said_otherwise_until_it_is_posted(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    for name, row in (("mars.csv", "2026-03-14,LOYER,-900.00"), ("avril.csv", "2026-04-15,CAFE,-4.20")):
        rows = f"Date,Description,Amount\n{row}\n".encode()
        browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", (name, rows))])

    def accounts() -> dict[str, str]:
        """Finish the run that was asked for; return the account of each line that is not left out, by its text."""
        with workshop.database.read() as session:
            run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
        with workshop.database.read() as session:
            rows = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        raws = [json.loads(each.raw) for each in rows if each.state in (RecordState.FAILED, RecordState.MAPPED)]
        return {raw["name"]: raw["account"].rpartition("-")[2] for raw in raws}

    asked = browser.get(f"{bank}/setup/files").text
    [key] = re.findall(r'name="(?:q[0-9]+\.)?key" value="(place-[^"]+)"', asked)
    said = {"key": key, "answer:bankfeed.which_account": "account-2", "scope": "one"}
    assert send(f"{bank}/setup/files", f"{bank}/files/answer", **said, then="files").status_code == 303
    again = browser.get(f"{bank}/setup/files").text
    assert f'value="{key}"' not in again
    assert "avril.csv</b>" in again.partition("said-h")[2], "what was said is shown where it was said"
    change = f"{bank}/files?change={key}"
    assert f"{change}#change" in browser.get(f"{bank}/files").text, "said before any run has read them"
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    first = accounts()
    assert (first["CAFE"], first["LOYER"] != "2") == ("2", True)
    form = browser.get(change).text
    assert 'value="account-2" required checked' in form
    other = {**said, "answer:bankfeed.which_account": "account-1", "again": "yes"}
    assert send(change, f"{bank}/files/answer", **other).status_code == 303
    assert accounts() == {"CAFE": first["LOYER"], "LOYER": first["LOYER"]}, "each line once, in the other account"
    # Once a line of it is in QuickBooks, what was said of it stays, and why is told.
    [unnamed] = re.findall(r'name="key" value="(unnamed-[^"]+)"', form := browser.get(f"{bank}/files").text)
    [checking, *_] = re.findall(r'<option value="(\d+)">', form)
    assert send(f"{bank}/files", f"{bank}/files/account", key=unnamed, ledger=checking).status_code == 303
    assert set(accounts()) == {"CAFE", "LOYER"}
    with workshop.database.begin() as session:
        connection = session.scalars(select(Connection).where(Connection.connector == "bankfeed")).one()
        draft = session.scalars(select(DraftRow).where(DraftRow.day == date(2026, 4, 15))).one()
        session.add(
            LinkRow(
                company_id=connection.company_id, key=draft.key, kind="Purchase", connection_id=connection.id,
                document_id="77", sync_token="0", revision=1, marker="m", payload_hash="", linked_at=NOW,
            )
        )  # fmt: skip
    refusal = send(change, f"{bank}/files/answer", **{**other, "answer:bankfeed.which_account": "account-2"})
    assert (refusal.status_code, "in QuickBooks" in refusal.text) == (409, True)
    assert 'value="account-2" required checked' in refusal.text, "in its form, with what was chosen"
    beside = refusal.text.partition('value="account-2" required checked')[2].partition("</form>")[0]
    assert "1 line(s) of this file, as it is read now, are in QuickBooks already." in beside
    assert "Undo these documents first" in beside
    # Among the settings likewise: beside its field, with what was typed, and nothing else is lost.
    held = {name: str(value) for name, value in connection.settings.items()}
    [setting] = [name for name, value in held.items() if "account-1" in value]
    typed = {f"s_{setting}": held[setting].replace("account-1", "account-2"), "s_currency_if_missing": "CHF"}
    refused = send(f"{bank}/settings", f"{bank}/settings", **typed)
    assert refused.status_code == 409
    field = refused.text.partition(f'id="s_{setting}"')[2]
    assert "account-2" in field.partition("</textarea>")[0]
    assert "are in QuickBooks already. Undo these documents first" in field.partition("</div>")[0]
    assert re.search(r'id="s_currency_if_missing"[^>]*value="CHF"', refused.text)
    assert f'href="#s_{setting}"' in refused.text
    assert 'title="files.answer_posted"' in refused.text


def test_two_nameless_files_of_one_layout_that_are_said_to_be_two_accounts_do_not_become_one(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    page, token = f"{bank}/setup/files", TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    files = {"caisse.csv": "23.04.2026;MVT 1;10,00;\n25.04.2026;MVT 2;;20,00\n",
             "inverse.csv": "23.08.2026;ACHAT 1;7,00;\n25.08.2026;ACHAT 2;;9,00\n"}  # fmt: skip
    parts = [("files", (name, text.encode())) for name, text in files.items()]
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=parts)
    shown = browser.get(page).text
    sent = {"then": "files"} | dict(re.findall(r'name="(q[0-9]+\.(?:key|columns|chosen))" value="([^"]*)"', shown))
    sent |= dict(re.findall(r'name="(q[0-9]+\.scope)" value="(every)" checked', shown))
    for at, name in (("q1.", "Caisse"), ("q2.", "Inverse")):
        columns = zip(range(1, 5), ("date", "text", "credit", "debit"), strict=True)
        sent |= {f"{at}column_{number}": part for number, part in columns}
        sent |= {f"{at}ledger": "+", f"{at}name": name, f"{at}kind": "checking"}
    answer = send(page, f"{bank}/files/answers", **sent)
    assert answer.status_code == 409
    assert "inverse.csv and caisse.csv are read as one account" in answer.text, "and why stands there"
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection)).one()
        [said] = str(connection.settings["accounts"]).splitlines()
        assert said.endswith(" = Caisse"), "the second answer replaces the first nowhere"
        [chosen] = session.scalars(select(Choice)).all()
    assert said == f"{chosen.of} = Caisse"
    [key] = re.findall(r'name="key" value="(place-[^"]+)"', answer.text)
    told = {"key": key, "answer:bankfeed.which_account": "account-2", "scope": "one", "then": "files"}
    assert send(page, f"{bank}/files/answer", **told).status_code == 303
    with workshop.database.read() as session:
        assert f"{key} = account-2" in session.scalars(select(Connection)).one().settings["answers"]


def test_an_account_that_two_files_leave_open_is_asked_of_both_by_their_names(
    bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    clear = b"Date;Description;Montant\n15/03/2026;CAFE;-4,75\n17/03/2026;CLIENT;100,00\n18/03/2026;X;abc\n"
    open_ = b"Date;Description;Montant\n03/04/2026;PAPETERIE;-12,34\n05/06/2026;LOYER;-56,78\n"
    parts = [("files", ("clear.csv", clear)), ("files", ("open.csv", open_))]
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=parts)
    page = browser.get(f"{bank}/files").text
    legends = re.findall(r"Which account[^<]*\?", page)
    assert legends == ["Which account are these files of (clear.csv, open.csv)?"]
