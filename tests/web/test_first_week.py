"""The first week on the connection's page: each day's proof, and the way back to the first day by a plan."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from harness import OWNER, finish, lab, sync
from sqlalchemy import func, select
from starlette.testclient import TestClient

from raccord.onboarding.deciding.decisions import approve_plan
from raccord.quickbooks import deep_link
from raccord.store.models import Company, Connection, DraftRow, LinkRow, LinkState, Plan, RunState
from raccord.sync.environments import environment_of
from raccord.sync.undoing.selection import count_since
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.screens.records import undo
from raccord_web.words import formats


def text(browser: TestClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_two_days_running_that_differ_offer_to_undo_back_to_the_first_day(
    browser: TestClient, send: Any, synced: Connection, company: Company, workshop: Workshop, sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = f"/connections/{synced.id}"
    page = text(browser, own)
    assert "First week" in page
    assert "Two days running" not in page
    with workshop.database.read() as session:
        receipt = session.scalars(
            select(LinkRow).where(LinkRow.connection_id == synced.id, LinkRow.kind == "SalesReceipt")
        ).first()
    assert receipt is not None
    assert receipt.day is not None
    later = receipt.day.replace(day=receipt.day.day + 1)
    lab(sandbox, "edit", entity="SalesReceipt", id=receipt.document_id, changes={"TxnDate": later.isoformat()})
    sync(workshop, synced)
    page = text(browser, own)
    assert "1 document changed in QuickBooks" in page
    assert "Two days running are not equal" in page
    assert f'href="{own}/undo"' in browser.get(own).text
    # What is red names its totals, and leads to the record and to the document of each difference.
    with workshop.database.read() as session:
        record = session.scalars(select(DraftRow.record_id).where(DraftRow.key == receipt.key)).one()
        amount = receipt.amount
    assert amount is not None
    asked = f"{own}/proof?only=unequal"
    red = re.findall(r'<tr class="gap" data-tone="bad"><td colspan="5".*?</tr>', browser.get(asked).text, re.DOTALL)
    assert len(red) == 2, "the day it left and the day it went to"
    for shown, sign in zip(red, (-1, 1), strict=True):
        assert f'href="/records/{record}"' in shown
        there = deep_link(environment_of(company.environment), receipt.kind, receipt.document_id, realm=company.realm)
        assert there
        assert f'href="{html.escape(there)}"' in shown
        assert formats.money(sign * amount, "CAD", "en", "CAD") in shown.partition('<div class="mt-2">')[2]
    told = " ".join(re.sub(r"<[^>]+>", " ", red[0]).split())
    totals = re.search(r"Source \$ ([\d.,]+) · Left out or waiting \S.*? · Posted \$ ([\d.,]+) · QuickBooks \S", told)
    assert totals, "what was posted stands beside what the source says and what QuickBooks holds"
    assert totals[1] == totals[2] != "0.00"
    french = browser.get(asked, headers={"accept-language": "fr"}).text
    assert ">Voir l’opération<" in french
    assert ">Ouvrir dans QuickBooks<" in french

    asked = text(browser, f"{own}/undo")
    client = workshop.client(company)
    with workshop.database.read() as session:
        live = LinkRow.connection_id == synced.id, LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None)
        written = session.scalar(select(func.count()).select_from(LinkRow).where(*live)) or 0
    assert written > 1
    assert "Undo everything from 1 Mar 2026 on" in asked
    assert f"{written} documents that this connection created." in asked
    # Beyond what one undo takes, documents are counted no further, and the page does not say that these are all.
    with workshop.database.read() as session:
        connection = session.get_one(Connection, synced.id)
        assert [count_since(session, connection, most) for most in (1, written - 1, written, written + 1)] == [
            1, written - 1, written, written,
        ]  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(undo, "MOST", written - 1)
        assert f"More than {written - 1} documents that this connection created." in text(browser, f"{own}/undo")
        patched.setattr(undo, "MOST", written)
        assert f" {written} documents that this connection created." in text(browser, f"{own}/undo")
    there = client.count("SalesReceipt")
    answer = send(f"{own}/undo", f"{own}/undo", way="delete")
    assert answer.status_code == 303
    run = finish(workshop, answer.headers["location"].partition("/runs/")[2].partition("?")[0])
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    # What somebody changed by hand stays, and is named in the plan.
    with workshop.database.read() as session:
        left = session.scalars(select(LinkRow.document_id).where(*live)).all()
    assert left == [receipt.document_id]
    assert client.count("SalesReceipt") < there
