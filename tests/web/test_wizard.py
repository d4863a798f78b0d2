"""Connecting a source from nothing to the first proof, handing in files, changing the mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from socket import socket
from typing import Any, Literal

import pytest
import till
from browsing import TOKEN
from chromium import AXE, RULES, opened, served
from fastapi import FastAPI
from harness import NOW, OWNER, consent, finish, lab, make_workshop
from httpx2 import Response
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select
from starlette.testclient import TestClient
from visiting import Journey, Onwards

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run
from raccord.onboarding.arriving.answering import questions_of
from raccord.plugin.errors import RetryLater
from raccord.plugin.texts import Language, Text
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    ConnectionState,
    DraftRow,
    DraftState,
    Gap,
    LinkRow,
    Problem,
    PushedEntry,
    RecordState,
    Run,
    SourceFile,
    SourceRecord,
)
from raccord.store.sealed_spool import SealedSpool
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.simplefin import SimpleFinTwin
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app

SAMPLES = Path(raccord_chase.__file__).with_name("samples")
BANK = Path(raccord_bankfeed.__file__).with_name("samples")


@pytest.fixture
def door() -> Iterator[socket]:
    """The port at which the pages will be: QuickBooks sends people back there."""
    with opened() as listening:
        yield listening


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, door: socket) -> Iterator[Workshop]:
    """A workshop with the real connectors and the till, all allowed here; no company yet."""
    modules = (till, raccord_chase, raccord_bankfeed)
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), *modules, web_url=url)
    with made.database.begin() as session:
        board = Switchboard(session, events.append, actor="test", now=NOW)
        for connector in ("till", "chase", "bankfeed"):
            board.allow(connector)
    yield made
    made.close()


@pytest.fixture
def app(workshop: Workshop) -> FastAPI:
    return create_app(workshop, Onwards(workshop), OWNER)


def count(workshop: Workshop, model: type) -> int:
    with workshop.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_source_is_connected_step_by_step_without_a_script(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Callable[..., Response]
) -> None:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    till.ROWS["T7"] = [{"stream": "sales", "id": "s1", "day": "2026-03-19", "amount": "10.00"}]
    assert "Till" in browser.get("/connect").text
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
    assert send(f"{own}/scope", f"{own}/scope", first="2026-03-01", time_zone="Moon").status_code == 409
    kept = send(f"{own}/scope", f"{own}/scope", first="2026-03-01", time_zone="America/Toronto", cut_off="02:00")
    assert kept.headers["location"] == f"{own}/checks"
    with workshop.database.read() as session:
        draft = session.scalars(select(Connection)).one()
        gap = session.scalars(select(Gap)).one()
    assert (draft.state, draft.mode, draft.cut_off) == (ConnectionState.DRAFT, "already_running", "02:00")
    assert gap.last_day == date(2026, 2, 28)

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
    sent = send(page, page, do="push", list="people")
    assert (sent.status_code, "Customers: " in sent.text) == (200, True)
    assert re.search(r"The source took 1\.", sent.text)
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


@pytest.fixture
def bank(workshop: Workshop, sandbox: SandboxServer, send: Callable[..., Response]) -> str:
    """Where a bank feed is that takes uploads, its set-up begun."""
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    page = f"/connect/bankfeed/source?mode=first_time&company={found.id}"
    made = send(page, "/connect/bankfeed/source", company=found.id, mode="first_time", s_input_kind="upload")
    return str(made.headers["location"].split("/setup")[0])


@pytest.mark.requirement(
    "BF-08",
    "BF-09",
    "BF-10",
    "BF-13",
    "BF-14",
    "BF-15",
    "BF-16",
    "BF-17",
    "BF-18",
    "BF-19",
    "BF-22",
    "BF-23",
    "BF-24",
    "K11",
    "K20",
)
def test_a_bank_is_connected_through_its_provider_and_its_credentials_change_in_place(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Callable[..., Response]
) -> None:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    lines = [{"id": "TRN-77", "posted": 1773835200, "amount": "-12.34", "description": "STAPLES"}]
    twin = SimpleFinTwin(
        [
            {"id": f"ACT-{n}", "name": f"Account {n}", "currency": "CAD", "balance": "1.00", "transactions": lines}
            for n in (1, 2, 3)
        ]
    )
    page = f"/connect/bankfeed/source?mode=first_time&company={found.id}"
    assert "s_simplefin_token" not in browser.get(page).text, "a provider's form stands where it is chosen"
    searched = browser.get(f"{page}&q=montreal%20BMO").text
    assert "BMO Banque de Montréal" in searched
    assert "90 days back" in searched
    nowhere = browser.get(f"{page}&q=no%20such%20bank").text
    assert "my bank is not here: import its files" in nowhere
    picked = browser.get(f"{page}&institution=bmo-banque-de-montréal-simplefin").text
    assert 'value="simplefin" selected' in picked
    assert 'value="BMO Banque de Montréal"' in picked
    made = send(page, "/connect/bankfeed/source", company=found.id, mode="first_time", s_input_kind="simplefin")
    assert made.headers["location"].endswith("/setup/signin")
    own = made.headers["location"].rpartition("/")[0]
    with TwinServer(twin) as server:
        twin.url = server.url
        form = {"s_simplefin_server": server.url, "s_simplefin_token": "canary-token"}
        shown = browser.get(f"{own}/signin").text
        assert 'id="s_simplefin_token" name="s_simplefin_token" type="password"' in shown
        assert "s_simplefin_access" not in shown
        wrong = send(f"{own}/signin", f"{own}/signin", **form)
        assert wrong.status_code == 409
        assert "This is no setup token" in wrong.text
        plain = send(f"{own}/signin", f"{own}/signin", s_simplefin_server="http://10.0.0.1")
        assert plain.status_code == 422
        asked = send(f"{own}/signin", f"{own}/signin", **form | {"s_simplefin_token": twin.token()})
        assert "Read “Account 3”" in asked.text
        assert not [each for each in twin.log if each.one("start-date")], "no line is read before"
        nothing = send(f"{own}/signin", f"{own}/signin", answering="yes")
        assert "Choose at least one account." in nothing.text
        done = send(f"{own}/signin", f"{own}/signin", answering="yes", **{"a_take:ACT-2": "on"})
        assert done.headers["location"] == f"{own}/accounts"
        accounts_are_told_on_one_step(workshop, found, browser, send, own)
        far = send(f"{own}/scope", f"{own}/scope", first="2024-03-20", time_zone="America/Toronto")
        assert far.status_code == 409
        assert "gives 90 days only" in far.text
        assert "a file of the bank (CSV or other)" in far.text
        send(f"{own}/scope", f"{own}/scope", first="2026-03-01", time_zone="America/Toronto")
        send(f"{own}/checks", f"{own}/checks")
        with workshop.database.read() as session:
            kept = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
            connection = session.scalars(select(Connection)).one()
        assert ["TRN-77" in record.raw for record in kept] == [True]
        assert {asked.one("account") for asked in twin.log if asked.one("start-date")} == {"ACT-2"}
        assert "canary" not in str(connection.settings) + browser.get(f"{own}/signin").text
        assert "pass-one" not in str(connection.settings)

        # The bridge forgets the access: the run stops, the page says so, another token mends it in place.
        twin.passwords.clear()
        by: dict[str, Any] = {"trigger": "person", "by": "x", "clock": workshop.clock}
        finish(workshop, request_run(workshop.database, HandOver(), connection.id, **by))
        with workshop.database.read() as session:
            assert session.get_one(Connection, connection.id).state == ConnectionState.REAUTHORISE
        seen = browser.get(f"/connections/{connection.id}").text
        assert f"/connections/{connection.id}/setup/signin" in seen
        assert "Edit sign-in info" not in seen, "then it has to be given anew"
        send(f"{own}/signin", f"{own}/signin", s_simplefin_token=twin.token("two"))
        send(f"{own}/signin", f"{own}/signin", answering="yes", **{"a_take:ACT-2": "on"})
        finish(workshop, request_run(workshop.database, HandOver(), connection.id, **by))
    with workshop.database.read() as session:
        assert session.get_one(Connection, connection.id).state == ConnectionState.CONNECTED
    french = browser.get(f"/connections/{connection.id}", headers={"accept-language": "fr"}).text
    menu = french.partition(">Modifier<span")[2].partition("</details>")[0]
    assert "Modifier les infos de connexion" in menu, "in the menu of the account's card"
    assert count(workshop, Connection) == 1
    with workshop.database.read() as session:
        lines_now = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
    assert len(lines_now) == 1, "zero lines are imported again as new"


def accounts_are_told_on_one_step(
    workshop: Workshop, company: Company, browser: TestClient, send: Callable[..., Response], own: str
) -> None:
    """The type and the account in the books of each chosen account: both, or the way on stays shut (BF-14)."""
    page = f"{own}/accounts"
    shown = browser.get(page).text
    assert "Account 2" in shown
    assert "Account 1" not in shown, "only what was chosen"
    assert all(each in shown for each in ("Bank account", "Cash", "Payment card", "+ Add"))
    checking, card = (
        next(each["Id"] for each in workshop.client(company).query_all("Account") if each["AccountType"] == type_)
        for type_ in ("Bank", "Credit Card")
    )
    early = send(f"{own}/checks", f"{own}/checks")
    assert (early.status_code, "is missing for: Account 2" in early.text) == (409, True), "nothing is read before"
    key = re.search(r'name="key_0" value="([^"]+)"', shown)
    assert key
    row = {"key_0": key[1], "type_0": "", "account_0": ""}
    for said, field in (
        ({}, "type"),
        ({"type_0": "bank"}, "account"),
        ({"account_0": checking}, "type"),
        ({"type_0": "bank", "account_0": "+"}, "account"),
        ({"type_0": "bank", "account_0": "+", "name_0": "Épargne neuve"}, "kind"),
    ):
        lacking = send(page, page, **{**row, **said})
        assert (lacking.status_code, f'id="{field}_0-e"' in lacking.text) == (422, True), said
    other = send(page, page, **{**row, "type_0": "card", "account_0": checking})
    assert (other.status_code, "is not of that type in QuickBooks" in other.text) == (409, True)
    assert count(workshop, Choice) == 0
    saving = {"type_0": "bank", "account_0": "+", "name_0": "Épargne neuve", "kind_0": "savings"}
    assert send(page, page, **{**row, **saving, "add": "account_0"}).headers["location"] == page
    (made,) = workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Épargne neuve'")
    assert (made["AccountType"], made["AccountSubType"]) == ("Bank", "Savings")
    assert re.search(rf'<option value="{made["Id"]}" selected>Épargne neuve', browser.get(page).text)
    for held_as, ledger in (("card", card), ("cash", checking)):
        kept = send(page, page, **{**row, "type_0": held_as, "account_0": ledger})
        assert kept.headers["location"] == f"{own}/scope"
        with workshop.database.read() as session:
            choice = session.scalars(select(Choice)).one()
            settings = session.scalars(select(Connection)).one().settings
        assert (choice.of, choice.held_as, choice.ledger_id) == (key[1], held_as, ledger)
        assert json.loads(settings["chosen"])["card"] == (held_as == "card"), "its lines are read as what it is"


def test_files_are_looked_at_before_they_are_kept(
    workshop: Workshop,
    bank: str,
    browser: TestClient,
    send: Callable[..., Response],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    written: list[int] = []
    write = SealedSpool.write
    monkeypatch.setattr(SealedSpool, "write", lambda spool, piece: written.append(len(piece)) or write(spool, piece))

    def hand_in(*files: tuple[str, bytes], form_token: str = token[1]) -> Response:
        parts = [("files", each) for each in files]
        return browser.post(f"{bank}/files", data={"form_token": form_token}, files=parts)

    real = sorted(BANK.joinpath("ofx1").glob("*.[oq]fx"))[0]
    answer = hand_in(
        (real.name, real.read_bytes()), ("statement.ofx", b"%PDF-1.7"), ("empty.csv", b""), ("p.csv", b"<html>")
    )
    assert all(each in answer.text for each in ("a PDF document", "an empty file", "a web page", "kept."))
    assert "known already" in hand_in((real.name, real.read_bytes())).text
    again = {"data": {"form_token": token[1]}, "files": [("files", (real.name, real.read_bytes()))]}
    assert "known already" in browser.post(f"{bank}/files?then=files", **again).text, "in the set-up too"
    assert count(workshop, SourceFile) == 1
    assert sum(written) > 2 * real.stat().st_size, "what is on its way lies sealed"
    assert hand_in((real.name, b"x"), form_token="0").status_code == 403
    assert hand_in().status_code == 422
    # Only files may be large, and only where files are handed in.
    assert browser.post(f"{bank}/setup/scope", content=b"x" * 70_000).status_code == 413


def test_all_that_a_file_leaves_open_is_answered_once_wherever_it_is_told(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token

    def hand_in(name: str, *rows: str) -> None:
        content = "\n".join(["Date,Description,Montant", *rows]).encode()
        browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", (name, content))])

    def told(page: str) -> str:
        return browser.get(page).text.replace("\u202f", " ").replace("\u00a0", " ")

    def read() -> set[tuple[str, str]]:
        """Finish the run that was asked for, and return the days and amounts of all lines."""
        with workshop.database.read() as session:
            run = session.scalars(select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        finish(workshop, run.id)
        with workshop.database.read() as session:
            lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        return {(each.day.isoformat(), str(each.amount)) for each in lines}

    hand_in("avril.csv", '03/04/2026,PAPETERIE,"-1,234"', '05/04/2026,LOYER,"-5,678"')
    hand_in("mai.csv", '03/05/2026,PAPETERIE,"-2,345"')
    browser.get("/?lang=fr")
    shown = told(f"{bank}/setup/files")
    for words in ("avril.csv", "mai.csv", "3 questions, une seule fois", "Le jour d’abord", "Le mois d’abord",
                  "<code>03/04/2026 | PAPETERIE | -1,234</code>", "3 avril 2026", "4 mars 2026", "\u22121 234,00",
                  "\u22121,234"):  # fmt: skip
        assert words in shown, words
    assert shown.count("file-question") == 2
    assert "est soit 1 234,00, soit 1,234" in shown
    assert not re.search(r"(entré|sorti) (sur|du) ", shown), "whether money came in is not known yet"
    assert count(workshop, SourceRecord) == count(workshop, Run) == 0, "looking ahead keeps nothing"

    key = dict(zip(("avril", "mai"), re.findall(r'name="key" value="([^"]+)"', shown), strict=True))
    books = re.search(r'<option value="(\d+)">Compte chèques</option>', shown)
    assert books
    whole = {"answer:bankfeed.date_order": "day-first", "answer:bankfeed.decimal_mark": "point", "ledger": books[1]}
    for wrong in ({"answer:bankfeed.date_order": ""}, {"answer:bankfeed.decimal_mark": "accept"}, {"ledger": "0"}):
        assert send(bank, f"{bank}/files/answer", **{**whole, **wrong}, key=key["avril"]).status_code == 409, wrong
    assert send(bank, f"{bank}/files/answer", **whole, key="other").status_code == 409

    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    assert read() == set(), "nothing of them is read before"
    waits = told("/review")
    assert "attend vos réponses" in waits
    assert f'href="{bank}/files"' in waits, "who looks for the lines is told where they are"
    connection_id = bank.rpartition("/")[2]
    for page in (f"{bank}/setup/plan", f"{bank}/setup/files", f"{bank}/files", f"/problems?connection={connection_id}"):
        assert told(page).count("file-question") == 2, page
    assert "dans les réglages" not in shown + told(f"/problems?connection={connection_id}")

    # For this file only: the other of the same kind stays asked; what was said of the account counts for both.
    answer = {**whole, "key": key["avril"], "scope": "one", "then": "problems"}
    kept = send(f"/problems?connection={connection_id}", f"{bank}/files/answer", **answer)
    assert kept.headers["location"] == f"/problems?connection={connection_id}&done=file_answered"
    assert read() == {("2026-04-03", "-1234"), ("2026-04-05", "-5678")}
    shown = told(f"{bank}/setup/plan")
    assert ("avril.csv" in shown, "mai.csv" in shown, 'name="ledger"' in shown) == (False, True, False)
    open_ = questions_of(workshop, connection_id)
    assert [(each.file, [ask.code for ask in each.asks]) for each in open_] == [
        ("mai.csv", ["bankfeed.date_order", "bankfeed.decimal_mark"])
    ]

    # From now on: a third one is read without a question.
    answer = {**whole, "key": key["mai"], "answer:bankfeed.decimal_mark": "comma", "then": "plan"}
    kept = send(f"{bank}/setup/plan", f"{bank}/files/answer", **answer)
    assert kept.headers["location"] == f"{bank}/setup/plan?done=file_answered"
    assert read() >= {("2026-05-03", "-2.345")}
    hand_in("juin.csv", '03/06/2026,PAPETERIE,"-3,456"')
    assert "file-question" not in told(f"{bank}/setup/files")
    send(f"{bank}/files", f"{bank}/runs")
    assert read() >= {("2026-06-03", "-3.456")}
    assert "file-question" not in told(f"{bank}/files") + told(f"/problems?connection={connection_id}")
    assert f"{key['mai'].rpartition('-')[0]} = day-first comma" in told(f"{bank}/settings")

    # While a run reads what was answered, its problem is open still: it asks for nothing that has no form.
    with workshop.database.begin() as session:
        session.add(
            Problem(
                connection_id=connection_id, code="bankfeed.date_order", subject="lines/x",
                opened_at=workshop.clock.now(),
            )
        )  # fmt: skip
    between = told(f"/problems?connection={connection_id}")
    assert "Répondu. La prochaine synchro relit" in between
    assert "Répondez ci-dessous" not in between


def test_a_table_of_an_unknown_bank_is_read_once_a_person_says_its_columns(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = b"A;14/01/2026;7;COFFEE;12,30\nB;15/01/2026;8;RENT;700,00\nC;16/01/2026;9;PAPER;3,10\n"
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("x.csv", rows))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    asked = browser.get(f"{bank}/files").text
    key = re.search(r'name="key" value="([^"]+)"', asked)
    assert key, asked[asked.index("<main") :]
    assert "COFFEE" in asked

    # What cannot be meant is refused, and the question stays.
    assert send(f"{bank}/files", f"{bank}/files/answer", key=key[1]).status_code == 409
    columns = {"column_2": "date", "column_4": "text", "column_5": "amount", "column_1": "", "name": "Chequing"}
    columns["columns"] = "bankfeed.csv_columns"
    assert send(f"{bank}/files", f"{bank}/files/answer", **columns, key="other").status_code == 409
    assert send(f"{bank}/files", f"{bank}/files/answer", **{**columns, "name": ""}, key=key[1]).status_code == 409
    # An account to add and columns that cannot be: nothing of it is kept, in QuickBooks neither.
    without_day = {**columns, "column_2": "", "ledger": "+", "name": "Compte neuf", "kind": "checking"}
    assert send(f"{bank}/files", f"{bank}/files/answer", **without_day, key=key[1]).status_code in (409, 422)
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
        assert [each.of for each in session.scalars(select(Choice)) if each.of] == []
    assert workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Compte neuf'") == []
    kept = send(f"{bank}/files", f"{bank}/files/answer", key=key[1], sign="reversed", **columns)
    assert kept.headers["location"] == f"{bank}/files?done=file_answered"
    with workshop.database.read() as session:
        lines = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        connection = session.scalars(select(Connection)).one()
    layout = key[1].rpartition("-")[0]
    assert connection.settings["csv_columns"] == f"{layout} = date:2 text:4 amount:5 sign:reversed"
    assert connection.settings["accounts"] == f"unnamed-{layout} = Chequing"
    assert {(each.source_id.partition("/")[0], str(each.amount)) for each in lines} == {
        (f"unnamed-{layout}", amount) for amount in ("-12.30", "-700.00", "-3.10")
    }
    assert f'value="{key[1]}"' not in browser.get(f"{bank}/files").text


def ofx(*accounts: str) -> bytes:
    """Return one file with a statement of one line for each account."""
    statements = "".join(
        "<STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>0815"
        f"<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT"
        f"<DTPOSTED>20260310<TRNAMT>-12.50<FITID>F{account}<NAME>COFFEE</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS>"
        for account in accounts
    )
    return f"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1>{statements}</BANKMSGSRSV1></OFX>".encode()


def test_a_line_that_contradicts_itself_is_answered_where_it_is_told(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    content = ofx("0001").replace(b"<TRNTYPE>DEBIT", b"<TRNTYPE>CREDIT")
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("x.ofx", content))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem)).one()
    assert problem.code == "bankfeed.sign_contradicted"
    for page in ("/problems", f"/problems?code={problem.code}"):
        shown = browser.get(page, headers={"accept-language": "en"}).text
        assert "The sign of the amount is right</button>" in shown, page
        assert problem.params["answers"]["key"] not in shown, "nobody types a key"
    own = f"/problems/{problem.id}/answer"
    assert send("/problems", own, word="same").status_code == 409, "what is not offered is refused"
    assert send("/problems", own, word="accept").headers["location"].endswith("done=file_answered")
    with workshop.database.read() as session:
        assert session.get_one(Connection, problem.connection_id).settings["answers"].endswith(" = accept")
        assert session.scalars(select(SourceRecord.state).where(SourceRecord.stream == "lines")).all() == ["mapped"]
    assert send(f"{bank}/files", own, word="accept").status_code == 409, "it is open no more"

    # Its account is there to be named and to say from when batches count: by the end of its number, never by its key.
    page = f"{bank}/settings"
    shown = browser.get(page).text
    key = re.search(r'name="s_accounts:([^"]+)"', shown)
    assert key
    assert re.search(rf'<label for="s_accounts-1"[^>]*>[^<]*…0001</label><input [^>]*name="s_accounts:{key[1]}"', shown)
    dated, other = f"s_details:{key[1]}", "card-9999-0123456789 = Visa"
    named = {f"s_accounts:{key[1]}": " Chèques ", "s_accounts": f"{other}\n", "s_only_named": "on"}
    assert send(page, page, **named, **{dated: "no day"}, s_details="").status_code == 422
    assert send(page, page, **named, **{dated: "2026-03-01"}, s_details="").status_code == 303
    with workshop.database.read() as session:
        held = session.get_one(Connection, problem.connection_id).settings
    assert (held["accounts"], held["details"]) == (f"{key[1]} = Chèques\n{other}", f"{key[1]} = 2026-03-01")
    shown = browser.get(page).text
    assert 'value="Chèques"' in shown
    assert re.search(rf'name="s_accounts" [^>]*>{other}</textarea>', shown), "what no file told of stays"
    assert held["answers"].endswith(" = accept"), "what was not on the form stands"


def test_of_three_accounts_in_one_file_only_the_chosen_one_is_brought_over(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    content = ofx("11110001", "22220002", "33330003")
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("three.ofx", content))])
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")

    def lines() -> dict[str, str]:
        with workshop.database.read() as session:
            rows = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines"))
            return {str(json.loads(each.raw, parse_float=str)["account"]): each.state for each in rows}

    before = lines()
    assert len(before) == 3
    chosen = next(key for key in before if "0002" in key)
    named = {"s_input_kind": "upload", "s_accounts": f"{chosen} = Chequing", "s_only_named": "on"}
    assert send(f"{bank}/setup/source", f"{bank}/setup/source", **named).status_code == 303
    assert f'name="s_accounts:{chosen}" value="Chequing"' in browser.get(f"{bank}/setup/source").text
    send(bank, f"{bank}/runs")
    assert {key for key, state in lines().items() if state == RecordState.MAPPED} == {chosen}
    page = browser.get(f"{bank}/setup/plan").text
    assert (page.count('name="ledger"'), page.count("account …0002"), page.count(">three.ofx</h3>")) == (1, 1, 1)
    one = {"role": "ledger_account", "of": chosen, "ledger": "1"}
    untyped = send(f"{bank}/setup/accounts", f"{bank}/choices", **one)
    assert (untyped.status_code, "account&#39;s type is not said" in untyped.text) == (409, True)


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
    "en": ("Continue", "Save and continue", "Connect to QuickBooks", "Hand in", "Prepare the first plan"),
}


@pytest.mark.parametrize(
    ("language", "mode", "theme", "width"),
    [
        ("fr", "first_time", "dark", 768),
        pytest.param("en", "already_running", "light", 1280, marks=pytest.mark.slow),
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
        page.wait_for_url(re.compile("(oauth|connect/oauth2|authorize|start)"))
        if page.url.startswith(url):
            page.locator("main a.btn, main a").first.click()
        page.get_by_role("button").first.click()
        page.wait_for_url(re.compile("/connect/chase/company"))
        press(onwards)
        page.locator("#s_merchant_id").fill("123456")
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
        page.locator("#first").fill("2026-01-01")
        look()
        press(keep)
        page.locator("#files").set_input_files([str(each) for each in sorted(SAMPLES.glob("chase-*"))])
        look()
        press(hand_in)
        expect(page.get_by_role("status")).to_be_visible()
        look()
        press(onwards)
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


def test_who_goes_on_takes_along_the_files_that_they_chose_and_hears_what_is_missing(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Callable[..., Response]
) -> None:
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    page = f"/connect/bankfeed/source?mode=first_time&company={company.id}"
    form = {"company": company.id, "mode": "first_time", "s_input_kind": "upload", "s_currency_if_missing": "CAD"}
    own = send(page, "/connect/bankfeed/source", **form).headers["location"].rpartition("/setup/")[0]
    send(f"{own}/setup/scope", f"{own}/setup/scope", first="2014-01-01", time_zone="America/Toronto")

    # A bank's accounts are known once its lines are there: nobody is kept here to choose one for all of them.
    accounts = browser.get(f"{own}/setup/accounts").text
    assert "will appear here" in accounts
    assert "<select" not in accounts[accounts.index("<main") :]
    assert send(f"{own}/setup/accounts", f"{own}/setup/accounts").headers["location"] == f"{own}/setup/scope"

    def hand_in(name: str, content: bytes) -> Response:
        found = TOKEN.search(browser.get(f"{own}/setup/files").text)
        assert found
        files = {"files": (name, content)}
        return browser.post(f"{own}/files?then=checks", data={"form_token": found[1]}, files=files)

    assert "/files?then=checks" in browser.get(f"{own}/setup/files").text
    assert "No file has been received yet" in browser.get(f"{own}/setup/checks").text
    refused = hand_in("statement.csv", b"%PDF-1.7")
    assert (refused.status_code, "a PDF document" in refused.text) == (200, True)
    assert 'class="wiz"' in refused.text, "still in the set-up"
    line = b"01234567890;22/01/2014;CARTE 012345;00X0X0X;-105,90;\n01234567890;23/01/2014;CHEQUE 12;0000038;-5,76;\n"
    assert hand_in("statement.csv", line).headers["location"] == f"{own}/setup/checks"
    assert count(workshop, SourceFile) == 1
    checks = browser.get(f"{own}/setup/checks").text
    assert "1 file is here" in checks
    assert "statement.csv" in checks
    assert "Nothing is mapped yet" in checks
    assert "Every role is filled" not in checks
    assert hand_in("", b"").headers["location"] == f"{own}/setup/checks", "who chose nothing goes on too"

    send(f"{own}/setup/checks", f"{own}/setup/checks")
    told = browser.get(f"{own}/setup/plan").text
    assert "Which account is this file of?" in told
    assert f'href="{own}/files"' in told


@pytest.mark.parametrize("language", ["fr", "en"])
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
    said = (">mars.ofx</h3>", "compte …4321", "1 ligne, du", "Le fichier n’indique pas de devise", "De quel compte est")
    ahead = told(f"{bank}/setup/files")
    assert [ahead.count(each) for each in said] == [1] * len(said), "before any run"
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


def test_what_was_said_of_a_file_is_changed_at_one_place_until_something_of_it_is_posted(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = b'Date,Description,Montant\n03/04/2026,PAPETERIE,"-1,234"\n05/05/2026,LOYER,"-5,678"\n'
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("avril.csv", rows))])
    shown = browser.get(f"{bank}/setup/files").text
    key = re.search(r'name="key" value="([^"]+)"', shown)
    checking, *_, other_account = re.findall(r'<option value="(\d+)">', shown)
    assert key
    said = {"answer:bankfeed.date_order": "day-first", "answer:bankfeed.decimal_mark": "point"}
    send(f"{bank}/setup/files", f"{bank}/files/answer", key=key[1], then="files", ledger=checking, **said)
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
    send(f"{bank}/files", f"{bank}/files/answer", **{**other, **said})
    assert read() == {"2026-04-03": "mapped", "2026-03-04": "skipped", "2026-05-05": "mapped"}, "and back"

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
