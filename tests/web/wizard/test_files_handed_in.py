"""Files are handed in while a bank is set up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from books_of_files import FIRST, QUICKEN, SECOND, TABLE
from browsing import TOKEN
from fastapi import FastAPI
from harness import consent, finish
from httpx2 import Response
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import count, ofx

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.overview.run_log import run_log
from raccord.quickbooks import RefusedError
from raccord.quickbooks.faults import Fault
from raccord.settings import Settings
from raccord.store.models import (
    Connection,
    ConnectionState,
    Problem,
    RecordState,
    Run,
    SourceFile,
    SourceRecord,
)
from raccord.store.sealed_spool import SealedSpool
from raccord.sync.phases import Phase, Progress
from raccord.sync.unit import Unit
from raccord.sync.workshop import Workshop
from raccord_bankfeed.settings import BankFeedSettings
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.api.application import PATH
from raccord_web.pages.typed import read
from raccord_web.words.wording import NBSP

BANK = Path(raccord_bankfeed.__file__).with_name("samples")


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
    for state, waits in (
        (ConnectionState.CONNECTED, True),
        (ConnectionState.PAUSED, False),
        (ConnectionState.DRAFT, False),
    ):
        with workshop.database.begin() as session:
            session.get_one(Connection, bank.rpartition("/")[2]).state = state
        assert ("waits for your next file" in browser.get(bank).text) == waits, state
    browser.get(f"{bank}?lang=fr")
    assert f"{real.name}</b>{NBSP}: " in hand_in((real.name, real.read_bytes())).text
    browser.get(f"{bank}?lang=en")
    again = {"data": {"form_token": token[1]}, "files": [("files", (real.name, real.read_bytes()))]}
    assert "known already" in browser.post(f"{bank}/files?then=files", **again).text, "in the set-up too"
    assert count(workshop, SourceFile) == 1
    assert sum(written) > 2 * real.stat().st_size, "what is on its way lies sealed"
    assert hand_in((real.name, b"x"), form_token="0").status_code == 403
    assert hand_in().status_code == 422
    with workshop.database.begin() as session:
        session.scalars(select(Connection)).one().approved_at = workshop.clock.now()
    assert "The next run reads what is new" not in answer.text, "the set-up reads them by itself"
    assert "The next run reads what is new" in hand_in(("new.ofx", ofx("11110001"))).text
    assert "The next run reads what is new" not in hand_in(("new.ofx", ofx("11110001"))).text, "nothing is new"
    # Only files may be large, and only where files are handed in.
    assert browser.post(f"{bank}/setup/scope", content=b"x" * 70_000).status_code == 413


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
    became = browser.get(f"{bank}/files").text.partition('id="made"')[2].partition("</dl>")[0]
    told = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>(\d+)</dd>", became))
    assert (told["Posted"], told["To review"], told["Left out"]) == ("0", "1", "2"), "whatever ran last"
    assert told["Reports without an amount"] == "3", "its balances apart, which move no money"
    page = browser.get(f"{bank}/setup/plan").text
    assert (page.count('name="ledger"'), page.count("account …0002"), page.count(">three.ofx</h3>")) == (1, 2, 1)
    one = {"role": "ledger_account", "of": chosen, "ledger": "1"}
    untyped = send(f"{bank}/setup/accounts", f"{bank}/choices", **one)
    assert (untyped.status_code, "account&#39;s type is not said" in untyped.text) == (409, True)


def test_who_goes_on_takes_along_the_files_that_they_chose_and_hears_what_is_missing(
    workshop: Workshop,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Callable[..., Response],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    page = f"/connect/bankfeed/source?mode=first_time&company={company.id}"
    form = {"company": company.id, "mode": "first_time", "s_input_kind": "upload", "s_currency_if_missing": "CAD"}
    own = send(page, "/connect/bankfeed/source", **form).headers["location"].rpartition("/setup/")[0]

    # A bank's accounts are known once its lines are there: nobody is kept here to choose one for all of them.
    accounts = browser.get(f"{own}/setup/accounts").text
    assert "will appear here" in accounts
    assert 'name="role_ledger_account"' not in accounts
    assert re.search('<select class="select" id="role_owner" name="role_owner" aria-', accounts), "none is needed"
    assert send(f"{own}/setup/accounts", f"{own}/setup/accounts").headers["location"] == f"{own}/setup/files"

    def hand_in(name: str, content: bytes) -> Response:
        found = TOKEN.search(browser.get(f"{own}/setup/files").text)
        assert found
        files = {"files": (name, content)}
        return browser.post(f"{own}/files?then=scope", data={"form_token": found[1]}, files=files)

    assert "/files?then=scope" in browser.get(f"{own}/setup/files").text
    refused = hand_in("statement.csv", b"%PDF-1.7")
    assert (refused.status_code, "a PDF document" in refused.text) == (200, True)
    assert 'class="wiz"' in refused.text, "still in the set-up"
    line = b"01234567890;22/01/2014;CARTE 012345;00X0X0X;-105,90;\n01234567890;23/01/2014;CHEQUE 12;0000038;-5,76;\n"
    assert hand_in("statement.csv", line).headers["location"] == f"{own}/setup/scope"
    assert count(workshop, SourceFile) == 1

    # Nobody said a first day yet: it is that of the files, for books that do not know the source.
    def first_day() -> tuple[str, bool]:
        shown = browser.get(f"{own}/setup/scope").text
        day = re.search(r'name="first" required value="([^"]+)"', shown)
        return (day[1] if day else "", "Your files begin on" in shown)

    assert first_day() == ("2014-01-22", True)
    # Files that lie in a folder already tell it as well, and none of them is kept by that.
    with workshop.database.begin() as session:
        bank = session.scalars(select(Connection)).one()
        uploads = bank.settings
        bank.settings = {**uploads, "input_kind": "folder", "folder": str(tmp_path)}
    (tmp_path / "mars.ofx").write_bytes(ofx("000987654321").replace(b"202603", b"201303"))
    assert first_day() == ("2013-03-10", True)
    (tmp_path / "avant.ofx").write_bytes(ofx("000987654321").replace(b"202603", b"201302"))
    assert first_day() == ("2013-02-10", True), "one more came"
    with monkeypatch.context() as patch:
        patch.setattr(Settings, "may_read", lambda _, folder: folder != str(tmp_path))
        assert first_day() == (workshop.clock.now().date().isoformat(), False), "nothing may be read from it"
    assert count(workshop, SourceFile) == 1
    with workshop.database.begin() as session:
        session.scalars(select(Connection)).one().settings = uploads
    send(f"{own}/setup/mode", f"{own}/setup/mode", mode="already_running")
    assert first_day() == (workshop.clock.now().date().isoformat(), False)
    send(f"{own}/setup/mode", f"{own}/setup/mode", mode="first_time")
    send(f"{own}/setup/scope", f"{own}/setup/scope", first="2014-01-01", time_zone="America/Toronto")
    assert first_day() == ("2014-01-01", False), "what was said stands"
    checks = browser.get(f"{own}/setup/checks").text
    assert "1 file is here" in checks
    assert "statement.csv" in checks
    assert "Nothing is mapped yet" in checks
    assert "Every role has its place" not in checks
    assert hand_in("", b"").headers["location"] == f"{own}/setup/scope", "who chose nothing goes on too"

    send(f"{own}/setup/checks", f"{own}/setup/checks")
    told = browser.get(f"{own}/setup/plan").text
    assert "Which account is this file of?" in told
    assert f'href="{own}/files"' in told


def test_a_file_of_which_something_cannot_be_read_is_named_and_set_aside(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    files = [("files", (name, b"not a statement " + name.encode())) for name in ("notes.txt", "other_notes.txt")]
    told = browser.post(f"{bank}/files", data={"form_token": token[1]}, files=files).text
    assert 'data-tone="ok"' not in told.partition("<main")[2].partition("<ul>")[0], "kept, and not readable"
    assert told.count("This is not a statement") == 2
    send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    shown = browser.get("/problems").text
    for name in ("notes.txt", "other_notes.txt"):
        assert f'<a class="link wrapped-value" href="{bank}/files">{name}</a>' in shown, name
    assert "Upload a corrected file" in shown
    assert "Correct the row at the source" not in shown
    with workshop.database.read() as session:
        found = {each.subject.partition(" ")[0]: each for each in session.scalars(select(Problem))}
    for page in (f"{bank}/files", f"/problems?code={found['notes.txt'].code}"):
        assert "notes.txt" in browser.get(page).text
    assert "Mark as resolved" not in shown
    done = send("/problems", f"/problems/{found['notes.txt'].id}/aside")
    assert done.headers["location"].endswith("done=aside")
    left = browser.get("/problems").text
    assert (">notes.txt</a>" in left, ">other_notes.txt</a>" in left) == (False, True), "one file, not the other"
    assert "notes.txt" in browser.get(f"{bank}/files").text, "it stays kept"
    assert "File set aside" in browser.get("/audit").text
    assert send("/problems", f"/problems/{found['notes.txt'].id}/aside").status_code == 409


def test_a_run_whose_reading_was_refused_says_so_and_is_run_again_from_its_page(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    fault = Fault("6000", "A business validation error has occurred while processing your request", operation="read")

    def refuse(_unit: Unit, _phase: Phase) -> Progress:
        raise RefusedError("refused", (fault,))

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "do", refuse)
        send(f"{bank}/setup/checks", f"{bank}/setup/checks")
    with workshop.database.read() as session:
        run = session.scalars(select(Run)).one()
    shown = browser.get(f"/runs/{run.id}").text
    assert "no document was refused" in shown
    assert "refused the document" not in shown
    assert ">Run again</button>" in re.sub("<svg.*?</svg>", "", shown)
    home = browser.get("/").text
    assert "no document was refused" in home, "home says what failed"
    # The next one meets it again: its log begins with its own beginning.
    with monkeypatch.context() as patched:
        patched.setattr(Unit, "do", refuse)
        assert isinstance(workshop.clock, FixedClock)
        workshop.clock.advance(timedelta(minutes=5))
        send(f"/runs/{run.id}", f"{bank}/runs")
    with workshop.database.read() as session:
        second = session.scalars(select(Run).order_by(Run.created_at.desc())).first()
        assert second is not None
        assert second.id != run.id
        log = run_log(session, second.id)
    assert [each.what for each in log][:3] == ["asked", "began", "problem"]


def test_a_text_of_another_form_is_told_with_an_example() -> None:
    wrong = read(BankFeedSettings, {"s_currency_if_missing": "dollars"}, BankFeedSettings(), "en")[1]
    assert wrong == {"currency_if_missing": "This text does not have the form that is needed. For example: CAD"}


def test_a_file_that_was_handed_in_wrongly_is_taken_back_on_its_page_and_by_a_program(
    workshop: Workshop, app: FastAPI, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    id_ = bank.rpartition("/")[2]
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token

    def hand_in(*files: tuple[str, bytes]) -> str:
        parts = [("files", each) for each in files]
        return browser.post(f"{bank}/files", data={"form_token": token[1]}, files=parts).text

    hand_in(("one.ofx", ofx("11")), ("both.ofx", ofx("11", "22")))
    page = browser.get(f"{bank}/files/2/take-back").text
    assert all(
        each in page
        for each in (
            "“both.ofx”",
            "2 records",
            "25.00</span> out",
            "1 record that is in another file too",
            "1 record that nothing",
        )
    )
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen
    assert send(f"{bank}/files/2/take-back", f"{bank}/files/2/take-back", seen="x").status_code == 409
    assert "both.ofx" in browser.get(f"{bank}/files").text
    done = send(f"{bank}/files/2/take-back", f"{bank}/files/2/take-back", seen=seen[1], then="files")
    assert done.headers["location"] == f"{bank}/setup/files?done=file_taken_back_later"
    assert "both.ofx" not in browser.get(f"{bank}/files").text
    assert "kept." in hand_in(("both.ofx", ofx("11", "22"))), "its bytes are new again"

    with workshop.database.read() as session:
        company_id = session.get_one(Connection, id_).company_id
    client = program(workshop, app, RoleName.BOOKKEEPER, Scope.WRITE, company_id)
    own = f"{PATH}/connections/{id_}/files"
    assert [(each["number"], each["name"]) for each in client.get(own).json()] == [(3, "both.ofx"), (1, "one.ofx")]
    weight = client.post(f"{own}/3/take-back/try").json()
    assert (weight["rows"], weight["elsewhere"], weight["in_books"]) == (2, 1, 0)
    key = {"idempotency-key": "back"}
    back = client.post(f"{own}/3/take-back", json={"seen": weight["seen"]}, headers=key).json()
    assert client.post(f"{own}/3/take-back", json={"seen": weight["seen"]}, headers=key).json() == back
    assert client.post(f"{own}/3/take-back").json()["already"] is True
    assert client.post(f"{own}/9/take-back/try").json()["code"] == "files.not_here"
    assert [each["name"] for each in client.get(own).json()] == ["one.ofx"]


def test_what_the_others_ask_without_a_file_is_answered_where_taking_it_back_is_shown(
    workshop: Workshop, app: FastAPI, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    id_, back = bank.rpartition("/")[2], f"{bank}/files/1/take-back"
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    names = {"table.csv": TABLE, "first.ofx": FIRST, "quicken.qif": QUICKEN, "second.ofx": SECOND}
    parts = [("files", each) for each in names.items()]
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=parts)
    [same] = set(re.findall(r'value="(one-[0-9a-f]+)"', browser.get(f"{bank}/files").text))
    answer = {"answer:bankfeed.same_account": "same"}
    assert send(f"{bank}/files", f"{bank}/files/answer", key=same, **answer).status_code == 303

    page = browser.get(back).text
    assert ("One question first" in page, "Take the file back</button>" in page) == (True, False)
    assert (">Keep the answer</button>" in page, "nothing of this file is posted" in page) == (True, False)
    [asked] = set(re.findall(r'value="(one-[0-9a-f]+)"', page))
    assert asked != same
    assert send(back, back).status_code == 409
    with workshop.database.read() as session:
        company_id = session.get_one(Connection, id_).company_id
    owner = program(workshop, app, RoleName.OWNER, Scope.MANAGE, company_id)
    own = f"{PATH}/connections/{id_}"
    [told] = owner.post(f"{own}/files/1/take-back/try").json()["asks"]
    assert (told["key"], told["file"], told["asks"][0]["answers"]) == (asked, "second.ofx", ["same", "separate"])
    assert owner.post(f"{own}/files/1/take-back").json()["code"] == "files.asks_first"

    wrong = send(back, f"{bank}/files/answer", key=asked, then="back-1")
    assert (wrong.status_code, "An answer about second.ofx is missing" in wrong.text) == (409, True)
    done = send(back, f"{bank}/files/answer", key=asked, then="back-1", **answer)
    assert done.headers["location"] == f"{back}?done=file_answered_first"
    page = browser.get(done.headers["location"]).text
    assert ("One question first" in page, "Take the file back</button>" in page) == (False, True)
    assert owner.post(f"{own}/files/1/take-back/try").json()["asks"] == []
    said = {"key": asked, "answers": {"bankfeed.same_account": "same"}, "without": 1}
    assert owner.post(f"{own}/file-questions", json=said).json()["code"] == "files.no_question"
    assert owner.post(f"{own}/files/1/take-back").json()["elsewhere"] == 3


def test_where_no_plan_waits_a_button_prepares_one(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")

    def button() -> str:
        shown = re.sub("<svg.*?</svg>", "", browser.get(f"{bank}/setup/plan").text.partition("<main")[2])
        form = shown.partition(f'action="{bank}/setup/checks"')[2].partition("</form>")[0]
        return form.partition('<button class="btn btn-primary">')[2].partition("</button>")[0]

    assert button() == "Prepare the first plan"
    send(f"{bank}/setup/plan", f"{bank}/setup/checks")
    with workshop.database.read() as session:
        runs = session.scalars(select(Run)).all()
    finish(workshop, runs[0].id)
    assert button() == "Prepare the plan again", "nothing was read, so none waits"
    send(f"{bank}/setup/plan", f"{bank}/setup/checks")
    assert count(workshop, Run) == 2
