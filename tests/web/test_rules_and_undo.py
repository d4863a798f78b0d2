"""Undo, closed periods, days, statements and another company, through the pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import pytest
import till
from harness import OWNER, consent, enable, finish, request
from set_up import till_of
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from raccord.errors import RaccordError
from raccord.onboarding.arriving.file_weights import FileWeight, StaysInBooks
from raccord.onboarding.connecting import switching
from raccord.onboarding.connecting.connections import connect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.onboarding.sources.source_accounts import taken_already
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import (
    Certificate,
    Company,
    CompanyState,
    Connection,
    DraftRow,
    LearnedHistory,
    LedgerEntry,
    Plan,
    PlanLine,
    Run,
    RunState,
    SourceRecord,
    Statement,
)
from raccord.suggesting.calibration import SCALE
from raccord.sync.resolving.holds import open_hold
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

Send = Callable[..., Any]


def newest_run(workshop: Workshop) -> Run:
    with workshop.database.read() as session:
        return session.scalars(select(Run).order_by(Run.id.desc())).first()


def test_a_run_is_undone_from_its_page_once_the_plan_is_approved(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    run = newest_run(workshop)
    assert f'href="/runs/{run.id}/undo"' in browser.get(f"/runs/{run.id}").text
    page = f"/runs/{run.id}/undo"
    short = send(page, page, certified="why")
    assert (short.status_code, "Touching a certified month needs a reason" in short.text) == (409, True)
    asked = send(page, page, way="delete", names="yes")
    assert asked.status_code == 303
    undo = finish(workshop, newest_run(workshop).id)
    assert asked.headers["location"] == f"/runs/{undo.id}?done=undo_asked"
    assert (undo.state, undo.trigger) == (RunState.APPROVAL, "undo")
    with workshop.database.read() as session:
        plan = session.get_one(Plan, undo.plan_id)
    shown = browser.get(f"/plans/{plan.id}").text
    assert plan.hash in shown
    assert "Take 3 documents and 3 list entries out of QuickBooks" in shown, "what it is, not objects"
    assert ("The whole run can be undone afterwards" in shown, "An undo is not undone as a whole" in shown) == (
        False,
        True,
    )
    assert (">Taken out</th>" in shown, ">Written</th>" in shown) == (True, False), (
        "of what goes, the amount is not written"
    )
    assert workshop.client(company).count("SalesReceipt") == 2, "nothing goes before the plan is approved"
    assert send(f"/plans/{plan.id}", f"/plans/{plan.id}/approve", hash=plan.hash).status_code == 303
    assert finish(workshop, undo.id).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == 0
    page = browser.get(f"/runs/{undo.id}").text
    assert f'href="/runs/{undo.id}/undo"' not in page
    assert "Undo run of" in page
    counters = page.partition('<dl class="counters')[2].partition("</dl>")[0]
    assert re.findall(r"<dt>(.*?)</dt><dd.*?>(.*?)</dd>", counters) == [("Undone", "6"), ("Not posted", "0")]

    def told(language: str) -> str:
        """Return what the plan's page says at its top, its links as texts with their addresses."""
        head = (
            browser.get(f"/plans/{plan.id}?lang={language}").text.partition('<p class="sub">')[2].partition("</p>")[0]
        )
        linked = re.sub(r'<a [^>]*href="([^"]+)">([^<]*)</a>', r"[\2](\1)", head)
        return " ".join(linked.replace("\xa0", " ").split())

    lines = f"/plans/{plan.id}?action="
    gone = re.escape("objects were taken out of QuickBooks](" + lines)
    assert re.search(rf"\[6 {gone}\w+#lines\); nothing of it stays there\.$", told("en"))
    assert "carried out" not in told("en")
    with workshop.database.begin() as session:
        kept = session.scalars(select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.state == "done")).first()
        assert kept is not None
        kept.state, kept.reason = "refused", "undo.edited"
    assert "[5 objects were" in told("en")
    assert "[one stays there, with its reason](" in told("en")
    assert "[un y reste, avec sa raison](" in told("fr")


def test_what_came_of_one_record_is_undone_from_its_page(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    with workshop.database.read() as session:
        records = {row.source_id: row.id for row in session.scalars(select(SourceRecord))}
    page = f"/records/{records['s1']}/undo"
    assert f'href="{page}"' in browser.get(f"/records/{records['s1']}").text
    assert send(page, page, way="void").status_code == 303
    undo = finish(workshop, newest_run(workshop).id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, undo.plan_id)
    before = browser.get(f"/records/{records['s1']}").text
    assert "A plan that undoes this waits for approval" in before
    assert f'href="/plans/{plan.id}">Read the plan</a>' in before
    assert f'href="{page}"' not in before, "it is asked for already"
    assert "<b>In a plan that undoes" in before
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert "ce qu’il retire sort de QuickBooks" in browser.get(f"/plans/{plan.id}?lang=fr").text
    assert finish(workshop, undo.id).state == RunState.DONE
    amounts = sorted(str(row["TotalAmt"]) for row in workshop.client(company).query_all("SalesReceipt"))
    assert [float(each) for each in amounts] == [0, 0.03]
    shown = browser.get(f"/records/{records['s1']}?lang=en").text
    assert shown.count("was undone by") == 2, "the question and the document's state"
    french = browser.get(f"/records/{records['s1']}?lang=fr").text.replace("\N{NO-BREAK SPACE}", " ")
    told = re.search(r"Ce document \(Reçu de vente \d+\) a été défait par .*? le (.*?) ; rien", french)
    assert told, "in French the kind has its French name"
    assert re.fullmatch(r"\d+(er)? \S+ \d{4}, \d+ h \d\d \(\S+\)", told[1]), told[1]
    first = french.partition('class="timeline')[2].partition("<time")[2].partition("</small>")[0]
    assert re.search(r">\d+(er)? \S+ \d{4}, \d+ h \d\d</time> \((il y a|à l’instant)", first), (
        "day and hour, and how long ago"
    )
    assert "– –" not in shown
    assert "(–" not in shown
    assert "In QuickBooks since" not in shown
    assert f'href="{page}"' not in shown
    assert "<b>Undone: " in shown.partition('class="timeline')[2]
    # Nothing was posted for the record that failed.
    page = f"/records/{records['s3']}/undo?lang=en"
    nothing = send(page, page)
    assert (nothing.status_code, "Nothing to undo" in nothing.text) == (409, True)


def test_what_came_of_ticked_records_is_undone_by_one_plan(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.read() as session:
        records = {row.source_id: row.id for row in session.scalars(select(SourceRecord))}
    listed = browser.get("/records").text
    assert listed.count('name="record"') == 3, "what was posted can be ticked"
    chosen = f"/records/undo?record={records['s1']}&record={records['s2']}"
    assert "Undo what came of 2 records" in browser.get(chosen).text
    for wrong, status in (("", 200), ("?record=x", 404), ("?record=999999", 404), ("?" + "record=1&" * 101, 400)):
        assert browser.get(f"/records/undo{wrong}").status_code == status, wrong
    assert send(chosen, "/records/undo", records="").status_code == 400
    assert send(chosen, "/records/undo", records=f"{records['s1']} {records['s2']}").status_code == 303
    undo = finish(workshop, newest_run(workshop).id)
    with workshop.database.read() as session:
        keys = [line.key for line in session.scalars(select(PlanLine).where(PlanLine.plan_id == undo.plan_id))]
    assert sorted(keys) == ["sales/s1", "sales/s2"]


def test_what_came_of_a_file_is_undone_by_the_link_on_its_page_in_either_language(
    workshop: Workshop, synced: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop.database.read() as session:
        rows = select(SourceRecord).where(SourceRecord.source_id.in_(("s1", "s2"))).order_by(SourceRecord.id)
        ids = [row.id for row in session.scalars(rows)]
    stays = [StaysInBooks(id_, "SalesReceipt", f"{id_}", f"{id_}", None, matched=False) for id_ in ids]
    weight = FileWeight(1, "a.csv", 1, workshop.clock.now(), 2, {}, documents=stays, in_books=2)
    monkeypatch.setattr("raccord_web.screens.connections.files_back.weigh_file", lambda *_, **__: weight)
    page = browser.get(f"/connections/{synced.id}/files/1/take-back").text
    link = re.search(r'href="(/records/undo[^"]*)"', page)
    assert link
    undoing = browser.get(html.unescape(link[1]))
    assert (undoing.status_code, "Undo what came of 2 records" in undoing.text) == (200, True)
    other = re.search(r'href="(/records/undo[^"]*lang=fr)"', undoing.text)
    assert other
    kept = parse_qs(html.unescape(other[1]).partition("?")[2])
    assert kept["record"] == [str(id_) for id_ in ids], "the other language shows the same records"


def test_closed_periods_and_days_are_ruled_from_the_page(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/connections/{synced.id}/rules"
    assert f'href="{page}"' in browser.get(f"/connections/{synced.id}").text
    assert send(page, f"/connections/{synced.id}/closed", policy="next_open_day").status_code == 303
    assert send(page, f"/connections/{synced.id}/closed", policy="never").status_code == 400
    assert send(page, f"/connections/{synced.id}/approval", each="perhaps").status_code == 400
    assert send(page, f"/connections/{synced.id}/approval", each="yes").status_code == 303
    till.ROWS["T1"].append({"stream": "sales", "id": "s8", "day": "2026-03-06", "amount": "8.00"})
    waiting = finish(workshop, request(workshop, synced))
    assert waiting.state == RunState.APPROVAL, "a plan after the first waits, once somebody wants it"
    assert "Every plan waits for a person" in browser.get(f"/connections/{synced.id}").text
    assert send(page, f"/connections/{synced.id}/closed-months", month="2026-01", answer="leave_out").status_code == 303
    assert send(page, f"/connections/{synced.id}/closed-months", month="soon", answer="wait").status_code == 400
    open_month = send(page, f"/connections/{synced.id}/closed-months", month="2026-01", answer="write", reason="Late")
    assert (open_month.status_code, "2026-01 is not certified" in open_month.text) == (409, True)
    past = send(page, f"/connections/{synced.id}/days", time_zone="Europe/Paris", cut_off="04:00", first="2026-03-01")
    assert (past.status_code, "Choose a day from" in past.text) == (409, True)
    beside = past.text[past.text.index('id="days"') :]
    assert 'id="refusal"' in beside, "in the form that was refused"
    assert past.text.count('id="refusal"') == 1
    assert "<option selected>Europe/Paris</option>" in beside
    assert 'value="04:00"' in beside
    assert 'value="2026-03-01"' in beside
    wrong = send(page, f"/connections/{synced.id}/days", time_zone="Mars/Olympus", cut_off="04:00")
    assert wrong.status_code == 409
    assert send(page, f"/connections/{synced.id}/days", time_zone="x", cut_off="1", first="soon").status_code == 400
    assert send(page, f"/connections/{synced.id}/days", time_zone="Europe/Paris", cut_off="04:00").status_code == 303
    shown = browser.get(page).text
    assert "Europe/Paris" in shown
    assert "04:00" in shown
    assert "January 2026" in shown
    with workshop.database.read() as session:
        held = session.get_one(Connection, synced.id)
        assert (held.closed_policy, held.cut_off) == ("next_open_day", "04:00")

    # A certified month has a question of its own, wherever its connection stands with closed ones.
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow)).first()
        assert draft is not None
        now, march = workshop.clock.now(), {"day": "2026-03-02", "month": "2026-03"}
        open_hold(session, synced.id, draft, "period.certified_asked", march, now)
        certificate = Certificate(company_id=synced.company_id, month=date(2026, 3, 1), version=1, made_at=now)
        certificate.made_by, certificate.clean, certificate.body, certificate.hash = "Ada", True, "{}", "x"
        session.add(certificate)
    assert "March 2026" in browser.get("/questions?lang=en").text.partition('id="months"')[2]
    assert "nothing is written there without a reason" in browser.get(f"{page}?lang=en").text
    month = {"month": "2026-03", "answer": "write"}
    short = send(page, f"/connections/{synced.id}/closed-months", **month, reason="late")
    assert (short.status_code, "needs a reason" in short.text) == (409, True)
    closed = short.text[short.text.index('id="closed"') : short.text.index('id="days"')]
    assert 'id="refusal"' in closed
    assert 'value="late" aria-invalid="true"' in closed
    said = send(page, f"/connections/{synced.id}/closed-months", **month, reason="A receipt that came late")
    assert (said.status_code, "A receipt that came late" in browser.get(page).text) == (303, True)


def test_statements_are_declared_and_taken_back(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/companies/{synced.company_id}/statements"
    assert f'href="{page}"' in browser.get("/proof").text
    with workshop.database.read() as session:
        account = session.scalars(select(LedgerEntry).where(LedgerEntry.type == "Bank")).first()
    assert account is not None
    assert send(page, page, account=account.object_id, through="2026-03-01").status_code == 303
    future = send(page, page, account=account.object_id, through="2999-01-01")
    assert (future.status_code, "has not passed yet" in future.text) == (409, True)
    assert send(page, page, account=account.object_id, through="yesterday").status_code == 400
    with workshop.database.read() as session:
        assert [row.account_id for row in session.scalars(select(Statement))] == [account.object_id]
    assert send(page, page, account=account.object_id, through="").status_code == 303
    assert send(page, page, account=account.object_id, through="").status_code == 409
    with workshop.database.read() as session:
        assert session.scalars(select(Statement)).all() == []


def test_the_page_of_suggestions_says_what_the_history_supports_and_lets_the_owner_decide(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/companies/{synced.company_id}/suggestions"
    assert f'href="{page}"' in browser.get("/proof").text
    assert "Nothing is suggested yet" in browser.get(page).text
    refused = send(f"/companies/{synced.company_id}/statements", page, **{"from": "99.0"})
    assert (refused.status_code, "0 of 0 suggestions" in refused.text) == (409, True)
    with workshop.database.begin() as session:
        session.merge(
            LearnedHistory(
                company_id=synced.company_id, examples=500,
                steps=[[0, 40, 30, 687], [300, 400, 400, 995], [500, 390, 390, 999]],
                shown_from=990, accepts_by="", scale=SCALE,
            )
        )  # fmt: skip
    shown = browser.get(page).text
    asked = re.search(r'<input[^>]* name="from"[^>]*>', shown)
    assert asked
    assert ('min="99.5"' in asked[0], 'value="99.5"' in asked[0]) == (True, True)
    assert send(page, page, **{"from": "high"}).status_code == 400
    refused = send(page, page, **{"from": "65"})
    assert (refused.status_code, "The history supports it from 99.5 %" in refused.text) == (409, True)
    assert send(page, page, **{"from": "99.9"}).status_code == 303
    assert "Accepted from 99.9 %" in browser.get(page).text, "an owner may want it surer than the history supports"
    assert send(page, f"{page}/ask").status_code == 303
    assert "Every suggestion waits for a person" in browser.get(page).text


def of_one_owner(session: Session, info: ConnectorInfo, *told: Any, **more: Any) -> RaccordError | None:
    """Say what is taken of a source that has one account in each company."""
    return taken_already(session, replace(info, owner_only=True), *told, **more)


def test_another_company_is_switched_to_by_the_typed_word_alone(
    workshop: Workshop,
    synced: Connection,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = f"/connections/{synced.id}/switch"
    alone = browser.get(page).text.partition('id="main"')[2]
    assert "No other company is connected" in alone
    assert 'action="/oauth/quickbooks/start"' in alone, "the next thing to do stands there"
    other = consent(workshop, sandbox.store.add("us").realm)
    enable(workshop, other, "till")
    assert other.name in browser.get(page).text
    notice = f"{page}?to={other.id}"
    said = browser.get(notice).text
    assert "This cannot be undone" in said
    assert "all that is in scope (up to 5 records). It has 3 documents in" in said, "what comes anew beside what is"
    french = html.unescape(browser.get(notice, headers={"accept-language": "fr"}).text)
    assert f"«\u00a0{other.name}\u00a0». C’est irréversible" in french
    with monkeypatch.context() as few:
        few.setattr(switching, "COUNTED", 2)
        assert "in scope (2 records or more were read)" in browser.get(notice).text, "they are counted up to a limit"
    with monkeypatch.context() as one_owner:
        one_owner.setattr(switching, "taken_already", of_one_owner)
        there = connect(workshop, OWNER, till_of(other, "T9"))
        barred = browser.get(notice).text
        assert f"“{other.name}” is already connected to Till T9." in barred
        assert 'name="typed"' not in barred
        assert "Choose another company" in barred
        disconnect(workshop, OWNER, there.id, without_export=True)
    for typed in ("", "accept", "ACCEPTER"):
        refused = send(notice, page, to=other.id, typed=typed)
        assert refused.status_code == 409, typed
        beside = refused.text.partition('<form method="post" action="' + page)[2].partition("</form>")[0]
        assert 'id="refusal"' in beside, "in the form that was refused"
        assert f'value="{typed}" aria-invalid="true" aria-describedby="refusal"' in beside
    assert send(notice, page, to="nobody", typed="ACCEPT").status_code == 404
    done = send(notice, page, to=other.id, typed="ACCEPT")
    assert done.status_code == 303
    with workshop.database.read() as session:
        states = {row.company_id: row.state for row in session.scalars(select(Connection))}
        assert session.get_one(Company, other.id).state == CompanyState.CONNECTED
    assert (states[synced.company_id], states[other.id]) == ("disconnected", "connected")
    assert browser.get(done.headers["location"]).status_code == 200


def test_another_version_of_the_connector_is_compared_and_accepted(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/connections/{synced.id}/upgrade"
    with workshop.database.begin() as session:
        session.get_one(Connection, synced.id).plugin_version = "0.9"
    shown = browser.get(page).text
    assert "No difference" in shown
    assert "Accept version 1.0" in shown
    assert send(page, page, version="2.0").status_code == 409
    assert send(page, page, version="1.0").status_code == 303
    assert "Accept version" not in browser.get(page).text
