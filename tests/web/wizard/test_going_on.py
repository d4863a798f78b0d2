"""A set-up goes on at the first step that nobody went on from, wherever it was left."""

from __future__ import annotations

import re
from collections.abc import Callable

from browsing import TOKEN
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import count, ofx

from raccord.store.models import Connection, Run
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
