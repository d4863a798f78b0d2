"""A set-up goes on at the first step that nobody went on from, wherever it was left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from browsing import TOKEN
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import count, ofx

from raccord.store.models import Connection, ConnectionState, RecordState, Run, SourceRecord
from raccord.sync.workshop import Workshop


def test_a_first_day_that_nobody_said_is_never_taken_as_kept(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    def left(page: str) -> str:
        found = re.search(rf'href="{bank}/setup/([a-z]+)"[^>]*>[^<]*(?:set-up|Go on)', browser.get(page).text)
        return "" if found is None else found[1]

    assert left(f"{bank}/files") == "accounts"
    assert send(f"{bank}/setup/accounts", f"{bank}/setup/accounts").headers["location"] == f"{bank}/setup/files"
    assert left(f"{bank}/files") == "files"
    token = TOKEN.search(browser.get(f"{bank}/setup/files").text)
    assert token
    form = {"data": {"form_token": token[1]}}
    browser.post(f"{bank}/files?then=files", files=[("files", ("bank.ofx", ofx("11110001")))], **form)
    # A link of a file leads out of the set-up, to the page of files; from there it goes on where it was.
    assert left(f"{bank}/files") == "files"
    went = browser.post(f"{bank}/files?then=scope", files=[("files", ("", b""))], **form)
    assert went.headers["location"] == f"{bank}/setup/scope"
    assert left(f"{bank}/files") == left("/connect") == left(bank) == "scope"

    checks = f"{bank}/setup/checks"
    assert browser.get(checks).headers["location"] == f"{bank}/setup/scope", "not yet"
    assert send(f"{bank}/setup/scope", checks).headers["location"] == f"{bank}/setup/scope", "nothing is read"
    assert count(workshop, Run) == 0
    plan = browser.get(f"{bank}/setup/plan").text.partition('<ol class="steps">')[2].partition("</ol>")[0]
    done = [each for each in plan.split("<li") if 'class="done"' in each]
    assert [bool([1 for each in done if f"/setup/{step}" in each]) for step in ("accounts", "files", "scope")] == [
        True, True, False,
    ]  # fmt: skip

    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-03-01", time_zone="America/Toronto")
    of = bank.rpartition("/")[2]
    assert left(f"{bank}/files") == left(f"/questions?connection={of}") == "checks"
    send(checks, checks)
    with workshop.database.read() as session:
        assert session.scalars(select(Connection)).one().starts_on.isoformat() == "2026-03-01"
    # Lines wait now: the page that asks about them leads to the plan that waits, and not to the checks again.
    assert left(f"/review?connection={of}") == left(bank)
    assert left(bank) in ("duplicates", "plan")


def test_accounts_of_a_file_are_asked_about_in_a_live_connection_before_its_lines_have_a_category(
    workshop: Workshop, bank: str, browser: TestClient, send: Callable[..., Response]
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    with workshop.database.begin() as session:
        live = session.scalars(select(Connection)).one()
        live.state, live.approved_at = ConnectionState.CONNECTED, workshop.clock.now()
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    files = [("files", ("three.ofx", ofx("11110001", "22220002", "33330003")))]
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=files)
    send(f"{bank}/files", f"{bank}/runs")

    page = browser.get(f"{bank}/files").text
    keys = re.findall(r'name="q\d+.key" value="([^"]+)"', page)
    assert ["0001" in keys[0], "0002" in keys[1], "0003" in keys[2]] == [True] * 3, "no line has a category yet"
    with workshop.database.read() as session:
        run = session.scalars(select(Run)).one()
    assert f'href="/questions?connection={bank.rpartition("/")[2]}">3<' in browser.get(f"/runs/{run.id}").text
    ledger = re.search(r'<select[^>]+name="q1.ledger".*?<option value="(\d+)"', page, re.DOTALL)
    assert ledger
    said = {"q1.key": keys[0], "q1.ledger": ledger[1], "q2.key": keys[1], "q2.ledger": "-", "q3.key": keys[2]}
    assert send(f"{bank}/files", f"{bank}/files/answers", **said).status_code == 303
    left = re.findall(r'name="key" value="([^"]+)"', browser.get(f"{bank}/files").text)
    assert keys[2] in left
    assert keys[0] not in left
    with workshop.database.read() as session:
        rows = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
        states = {str(json.loads(each.raw, parse_float=str)["account"]): each.state for each in rows}
    assert states[keys[1]] == RecordState.SKIPPED, "it needs no category to be left out"


@pytest.mark.parametrize(("language", "example"), [("fr", "vous commencez avec"), ("en", "you begin with")])
def test_the_example_of_a_first_time_fits_a_bank_too(
    workshop: Workshop, bank: str, browser: TestClient, language: str, example: str
) -> None:
    shown = browser.get(f"{bank}/setup/mode?lang={language}").text
    assert example in shown
    assert "ouvert votre compte chez" not in shown
    assert "opened your account at" not in shown
