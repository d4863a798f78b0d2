"""What people do with a plan on the pages: read it, take it away as a table, approve the one they saw."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request
from rows_now import plan_of, row
from sqlalchemy import select
from starlette.testclient import TestClient
from till_version import upgraded

from raccord.masking import masked
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.approving import table as table_of_plans
from raccord.overview.plans import plan_summary, waiting_plan
from raccord.store import events
from raccord.store.models import (
    Company,
    Connection,
    Event,
    Plan,
    PlanLine,
    Run,
    RunState,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

Send = Callable[..., Any]


@pytest.fixture
def planned(workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, str]]) -> Run:
    """A run whose plan waits for approval."""
    choose_usual(workshop, connection, company)
    return finish(workshop, request(workshop, connection))


def test_a_plan_says_what_was_checked_and_is_taken_away_as_a_table(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    rows: list[dict[str, str]],
    browser: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows.append({"stream": "bank", "id": "b2", "day": "2026-03-04", "amount": "-1.00", "memo": "=1+1"})
    choose_usual(workshop, connection, company)
    plan = plan_of(workshop, finish(workshop, request(workshop, connection)))
    for address in (f"/plans/{plan.id}", f"/connections/{connection.id}/setup/plan"):
        page = browser.get(address, headers={"accept-language": "fr"}).text
        checks = html.unescape(page[page.index('id="before"') :]).partition("</ul>")[0]
        for said in ("Chaque débit a son crédit", "Rien n’est bloqué", "2 lignes attendent votre réponse"):
            assert said in checks, (address, said)
        assert "QuickBooks n’a pas de date de clôture" in checks
        assert f'href="/plans/{plan.id}/table"' in page
        # One row for each kind and currency, with what is written and what stays out.
        assert page.count(f'href="/plans/{plan.id}?kind=SalesReceipt#lines"') == 1
        assert re.search(rf'href="/plans/{plan.id}\?action=hold&amp;kind=\w+#lines">2</a>', page)
    monkeypatch.setattr(table_of_plans, "PAGE", 2)
    answer = browser.get(f"/plans/{plan.id}/table", headers={"accept-language": "fr"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    with workshop.database.read() as session:
        lines = session.scalars(select(PlanLine).where(PlanLine.plan_id == plan.id)).all()
        sent = [each.key for each in sorted(lines, key=lambda each: (each.rank, each.id))]
    assert len(table) == len(lines) > 4
    assert [each["key"] for each in table] == [masked(key) for key in sent]
    line = next(each for each in table if each["key"].endswith("b2"))
    assert (line["about"], line["amount"], line["currency"], line["action"]) == ("'=1+1", "-1.00", "CAD", "hold")
    assert "indique\xa0: catégorie" in line["why"], "said as the page says it"
    with workshop.database.begin() as session:
        session.get_one(Plan, plan.id).books_closed_on = date(2026, 3, 2)
    page = html.unescape(browser.get(f"/plans/{plan.id}").text)
    assert re.search(r"(is|are) dated in books closed up to 2\sMar", page), "told, not hidden"


def test_approving_the_plan_that_was_shown_lets_its_run_write(
    workshop: Workshop, company: Company, planned: Run, browser: TestClient, send: Send
) -> None:
    plan = plan_of(workshop, planned)
    page = browser.get(f"/plans/{plan.id}").text
    assert f'value="{plan.hash}"' in page
    assert "Write 3 documents and 3 list entries to QuickBooks" in page
    sent = [each.partition("The exact text")[0] for each in page.split("What is sent")[1:]]
    sale = next(each for each in sent if "Deposited to" in each)
    assert re.search(r"<dt>Line 1, Product or service</dt><dd[^>]*>[A-Z][a-z]+ ", sale), sale
    assert re.search(r"<dt>Line 1, Amount</dt><dd[^>]*>.*\$", sale), "what is approved is told in words"

    answer = send(f"/plans/{plan.id}", f"/plans/{plan.id}/approve", hash=plan.hash)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{planned.id}?done=approved")
    assert row(workshop, Run, planned.id).state == RunState.QUEUED
    assert finish(workshop, planned.id).state == RunState.DONE
    assert len(list(workshop.client(company).query_all("SalesReceipt"))) == 2
    with workshop.database.read() as session:
        said = session.scalars(select(Event).where(Event.action == "plan.approved")).one()
        assert said.actor == "Odile"
        assert events.verify(session) is None


def test_the_step_of_a_set_up_approves_no_plan_of_another_connection(
    workshop: Workshop, connection: Connection, planned: Run, browser: TestClient, send: Send
) -> None:
    with workshop.database.begin() as session:
        begun = session.get_one(Connection, connection.id)
        values = {each.key: getattr(begun, each.key) for each in Connection.__table__.columns}
        session.add(Connection(**{**values, "id": "own", "source_identity": ""}))
    plan = plan_of(workshop, planned)
    for at, status in (("own", 409), (connection.id, 303)):
        answer = send("/settings", f"/connections/{at}/setup/plan", plan=plan.id, hash=plan.hash)
        assert answer.status_code == status, at
        assert (row(workshop, Run, planned.id).state == RunState.APPROVAL) == (at == "own")


def test_pain_18_t2_what_another_version_says_otherwise_stands_beside_the_plan_that_accepts_it(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    upgraded(workshop, "2.0", "<b>Two</b>")
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-07", "amount": "1.00"})
    run = finish(workshop, request(workshop, synced))
    page = browser.get(f"/plans/{run.plan_id}").text
    assert "The connector changed" in page
    assert "1.0 → 2.0" in page
    assert "&lt;b&gt;Two&lt;/b&gt;" in page
    row = page.partition(">s1</code>")
    assert "Sales<" in row[0].rpartition("<tr>")[2], "a record by its kind, a field by its name"
    assert "Memo<" in row[2].partition("</tr>")[0]
    approve_plan(workshop, OWNER, run.plan_id, plan_of(workshop, run).hash)
    assert "The connector changed" not in browser.get(f"/plans/{run.plan_id}").text


def test_a_plan_that_changed_since_it_was_shown_is_refused_with_the_reason(
    workshop: Workshop, planned: Run, send: Send
) -> None:
    plan = plan_of(workshop, planned)
    answer = send(f"/plans/{plan.id}", f"/plans/{plan.id}/approve", hash="0" * 64)
    assert answer.status_code == 409
    assert "no longer the one that waits" in answer.text
    assert "plan.not_current" in answer.text
    assert row(workshop, Run, planned.id).state == RunState.APPROVAL


def test_a_plan_overtaken_by_a_newer_one_is_refused(
    workshop: Workshop, connection: Connection, planned: Run, send: Send
) -> None:
    old = plan_of(workshop, planned)
    till.ROWS["T1"].append({"stream": "sales", "id": "s8", "day": "2026-03-06", "amount": "1.00"})
    finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        newer = waiting_plan(session, connection.id)
    assert newer is not None
    assert newer.hash != old.hash
    answer = send(f"/plans/{newer.id}", f"/plans/{old.id}/approve", hash=old.hash)
    assert answer.status_code == 409


def test_a_first_plan_whose_documents_are_all_blocked_is_not_approved_and_leads_to_what_blocks_them(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Send,
) -> None:
    accounts = f"/connections/{connection.id}/setup/accounts"
    assert re.search(r'<span class="hint">[1-9] to complete</span>', browser.get(accounts).text)
    choose_usual(workshop, connection, company)
    assert "to complete</span>" not in browser.get(accounts).text
    sales = [{"stream": "sales", "id": f"s{n}", "day": "2026-03-02", "amount": "10.00"} for n in range(2)]
    till.ROWS["T1"] = [*sales, {"stream": "sales", "id": "c1", "day": "2026-03-12", "kind": "customer", "name": "Zoé"}]
    lab(sandbox, "close-books", date="2026-03-10")
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL, "it would still create a customer"
    plan = row(workshop, Plan, run.plan_id)
    for address in (f"/plans/{plan.id}", f"/connections/{connection.id}/setup/plan"):
        page = browser.get(address).text
        assert "Nothing to approve" in page
        assert "All 2 documents of this plan are blocked" in page
        assert f'href="/problems?connection={connection.id}"' in page

        assert ">Write " not in page
    refused = send("/settings", f"/plans/{plan.id}/approve", hash=plan.hash)
    assert (refused.status_code, "plan.nothing_to_approve" in refused.text) == (409, True)
    assert row(workshop, Connection, connection.id).approved_at is None
    assert row(workshop, Run, run.id).state == RunState.APPROVAL

    # Once one of them can be written, the plan is there to be approved.
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-12", "amount": "1.00"})
    run = finish(workshop, request(workshop, connection))
    plan = row(workshop, Plan, run.plan_id)
    assert ">Write " in browser.get(f"/plans/{plan.id}").text
    beside = (
        browser.get(f"/connections/{connection.id}/setup/plan").text.partition("<aside")[2].partition("</aside>")[0]
    )
    assert "Effect on the accounts" in beside, "what accounts move by stands beside what is written"
    assert send("/settings", f"/plans/{plan.id}/approve", hash=plan.hash).status_code == 303


def test_approving_while_another_run_is_queued_says_so(
    workshop: Workshop, connection: Connection, planned: Run, send: Send
) -> None:
    plan = plan_of(workshop, planned)
    request(workshop, connection)
    answer = send(f"/plans/{plan.id}", f"/plans/{plan.id}/approve", hash=plan.hash)
    assert answer.status_code == 409
    assert "Another run of this connection" in answer.text
    with workshop.database.read() as session:
        summary = plan_summary(session, plan.id)
    assert summary is not None
    assert summary.approved_at is None
