"""Two people at the same settings at once: neither takes back what the other said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browsing import TOKEN
from harness import OWNER
from httpx2 import Response
from starlette.testclient import TestClient

from raccord.onboarding.arriving import untold_accounts
from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.untold_accounts import AccountTold
from raccord.onboarding.connecting.connections import update_settings
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop

Send = Callable[..., Response]


def settings(workshop: Workshop, bank: str) -> dict[str, Any]:
    with workshop.database.read() as session:
        return dict(session.get_one(Connection, bank.rpartition("/")[2]).settings)


def test_answers_about_two_files_at_once_are_both_kept(
    workshop: Workshop, bank: str, browser: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = 'Date,{},Montant\n{},PAPETERIE,"-1,234"\n{},LOYER,"-5,678"\n'
    for said in (("Description", "03/04/2026", "05/04/2026"), ("Detail", "03/05/2026", "05/05/2026")):
        files = [("files", (f"{said[0]}.csv", rows.format(*said).encode()))]
        browser.post(f"{bank}/files", data={"form_token": token[1]}, files=files)
    id_ = bank.rpartition("/")[2]
    first, second = (each.key for each in questions_of(workshop, id_))
    answers = {"bankfeed.date_order": "day-first", "bankfeed.decimal_mark": "point"}
    meanwhile = [second]

    def later(*arguments: Any) -> Connection:
        """Let a colleague answer between the reading of the settings and their writing."""
        while meanwhile:
            answer_file(workshop, OWNER, id_, meanwhile.pop(), answers, every=False, told=AccountTold(name="Main"))
        return update_settings(*arguments)

    monkeypatch.setattr(untold_accounts, "update_settings", later)
    answer_file(workshop, OWNER, id_, first, answers, every=False, told=AccountTold(name="Savings"))
    kept = settings(workshop, bank)
    assert sorted(line.partition(" = ")[0] for line in kept["answers"].splitlines()) == sorted((first, second))
    assert sorted(line.partition(" = ")[2] for line in kept["accounts"].splitlines()) == ["Main", "Savings"]
