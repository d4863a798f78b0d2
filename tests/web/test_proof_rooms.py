"""Drift, certificates, proofs, gaps and coverage: what their pages show and do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import till
from browsing import TOKEN, browser_of
from harness import finish, lab, sync
from programs import program
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from raccord.catalog import Catalog
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.arriving.freshness import status_of
from raccord.onboarding.closing.certificates import SUMS, faults_in, sums_by_stream
from raccord.overview.books import balances
from raccord.overview.coverage import COVERED, Interval, but_due
from raccord.overview.proofs import proof_rows, proof_totals
from raccord.plugin import Delivery, FileDays
from raccord.quickbooks import QuickBooks
from raccord.store import events
from raccord.store.canonical import canonical, exact
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    DraftRow,
    Drift,
    DriftState,
    Gap,
    LedgerEntry,
    LinkRow,
    PlanLine,
    Proof,
    Run,
    SourceRecord,
)
from raccord.sync.problems import open_problem
from raccord.sync.proving.certified import cell_name
from raccord.sync.workshop import Workshop
from raccord_bankfeed.covering import covered_days
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.api.application import PATH
from raccord_web.app import create_app
from raccord_web.pages.bars import coverage_bar
from raccord_web.parts.open_points import open_points
from raccord_web.words import formats
from raccord_web.words.names import Names
from raccord_web.words.wording import wording

Send = Callable[..., Any]


@pytest.fixture
def deleted(workshop: Workshop, synced: Connection, sandbox: SandboxServer) -> Connection:
    """The connection after two documents of ours were deleted in QuickBooks."""
    with workshop.database.read() as session:
        sales = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).all()
    for sale in sales:
        lab(sandbox, "delete", entity=sale.kind, id=sale.document_id)
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    sync(workshop, synced)
    return synced


def test_drifts_are_answered_together_and_one_by_one(
    workshop: Workshop, deleted: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.read() as session:
        first, second = session.scalars(select(Drift.id).order_by(Drift.id)).all()
    with workshop.database.begin() as session:
        account = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "Account")).first()
        assert account
        session.get_one(Drift, first).fields = [
            {"field": "Line[1].AccountRef", "before": account.object_id, "after": "999999"},
            {"field": "TxnDate", "before": "2026-03-02", "after": "2026-03-04"},
            {"field": "Line[0].Description", "before": "12.50", "after": ""},
        ]
    told = " ".join(re.sub(r"<[^>]+>", " ", browser.get("/drift").text).split())
    assert f"Line 2, Account {account.name} 999999 Date 2 Mar 2026 4 Mar 2026 Line 1, Description 12.50 –" in told
    assert "2 documents changed in QuickBooks" in told
    assert send("/drift", "/drift", way="keep").status_code == 409
    assert send("/drift", "/drift", way="keep", chosen_nothing="on").status_code == 404
    send("/drift", "/drift", way="keep", **{f"chosen_{first}": "on"})
    send("/drift", f"/drift/{second}/unlink")
    with workshop.database.read() as session:
        assert session.get_one(Drift, first).state == DriftState.KEPT
        assert session.get_one(Drift, second).state == DriftState.UNLINKED
    assert "Nothing changed" in browser.get("/drift").text


def test_a_program_answers_several_drifts_at_once_those_it_names_or_as_many_as_it_has_seen(
    workshop: Workshop, deleted: Connection
) -> None:
    with workshop.database.read() as session:
        first, second = session.scalars(select(Drift.id).order_by(Drift.found_at, Drift.id)).all()
    api = create_app(workshop, HandOver())
    client = program(workshop, api, RoleName.BOOKKEEPER, Scope.WRITE, deleted.company_id)
    own = f"{PATH}/connections/{deleted.id}/drifts/settle"
    assert client.post(own, json={"way": "keep"}).status_code == 400
    assert client.post(own, json={"way": "keep", "drifts": [first], "seen": 2}).status_code == 400
    assert client.post(own, json={"way": "keep", "drifts": []}).status_code == 400
    assert client.post(own, json={"way": "keep", "seen": 3}).json()["code"] == "drift.others_now"
    done = client.post(own, json={"way": "keep", "drifts": [first, "nothing"]}).json()
    assert done == {"settled": [first], "left": ["nothing"]}
    reads = program(workshop, api, RoleName.BOOKKEEPER, Scope.READ, deleted.company_id)
    assert reads.post(own, json={"way": "unlink", "seen": 1}).json()["code"] == "people.token_scope"
    # Through a connection only its own are settled, whoever knows the ids of others.
    with workshop.database.begin() as session:
        other = Connection(
            company_id=deleted.company_id, connector="till", label="Other", source_identity="T8", mode=deleted.mode,
            starts_on=deleted.starts_on, time_zone=deleted.time_zone,
            settings={}, set_up_at=deleted.set_up_at, created_by="Odile",
        )  # fmt: skip
        session.add(other)
        session.flush()
        elsewhere = f"{PATH}/connections/{other.id}/drifts/settle"
    assert client.post(elsewhere, json={"way": "unlink", "drifts": [second]}).json() == {
        "settled": [],
        "left": [second],
    }
    assert client.post(own, json={"way": "unlink", "seen": 1}).json() == {"settled": [second], "left": []}
    with workshop.database.read() as session:
        states = {each.id: each.state for each in session.scalars(select(Drift))}
    assert states == {first: DriftState.KEPT, second: DriftState.UNLINKED}


def test_one_answer_is_for_all_drifts_of_every_page_while_as_many_wait_as_were_seen(
    workshop: Workshop, deleted: Connection, browser: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "for all" not in browser.get("/drift").text, "all that wait are on the page"
    monkeypatch.setattr("raccord_web.screens.proof.drift.SHOWN", 1)
    for page in ("/drift", f"/drift?connection={deleted.id}"):
        assert "The same for all 2 documents" in browser.get(page).text
        assert 'name="all" value="2"' in browser.get(page).text
    said = {"way": "unlink", "connection": deleted.id}
    assert send("/drift", "/drift", way="unlink", all="two").status_code == 400
    again = send("/drift", "/drift", **said, all="3")
    assert (again.status_code, "2 documents wait by now, not 3" in again.text) == (409, True)
    assert ('name="all" value="2"' in again.text, "<details" in again.text) == (True, True), "asked again"
    looks = browser_of(create_app(workshop, HandOver(), Actor("Gaston", RoleName.ACCOUNTANT)))
    token = TOKEN.search(looks.get("/settings").text)
    assert token
    assert "for all" not in looks.get("/drift").text
    for fields in ({"way": "unlink"}, said):
        assert looks.post("/drift", data={"form_token": token[1], **fields, "all": "2"}).status_code == 403
    states = select(Drift.state)
    with workshop.database.read() as session:
        assert set(session.scalars(states)) == {DriftState.OPEN}, "nothing was decided so far"
    monkeypatch.setattr("raccord.onboarding.deciding.drifts.ALL_MAX", 1)
    assert send("/drift", "/drift", **said, all="2").headers["location"].endswith("done=settled")
    with workshop.database.read() as session:
        assert sorted(session.scalars(states)) == sorted([DriftState.OPEN, DriftState.UNLINKED]), "the oldest only"
    assert send("/drift", "/drift", way="keep", all="1").status_code == 303
    with workshop.database.read() as session:
        assert set(session.scalars(states)) == {DriftState.KEPT, DriftState.UNLINKED}


def test_a_certified_month_is_a_file_that_holds_by_itself(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    action = f"/companies/{company.id}/certificates"
    workshop.clock.sleep_ms(20 * 24 * 3600 * 1000)
    refused = send("/proof", action, month="2026-03")
    assert refused.status_code == 409
    told = refused.text.partition('id="refusal"')[2].partition("</section>")[0]
    assert f"<h2>{company.name}: March 2026 is not certified yet</h2>" in told, "which month of which company"
    assert "All proofs agree" not in refused.text, "the page's title does not praise what was refused"
    assert '<a class="btn" href="#months">' in refused.text, "found from the top of the page"
    assert "What is still open in March 2026" in told
    assert re.search(r'href="/records/\d+">A record failed</a> · [^<]+ · <span', told), "each leads to what mends it"
    assert "<li>" in told
    assert '<br><span class="muted">The person who keeps the books.</span>' in told, "and says who can settle it"
    assert not re.search(r"[a-z]+\.[a-z_]+_[a-z]+|--with", re.sub(r"<[^>]+>", " ", told)), "no code, no command"
    assert 'value="2026-03"' in refused.text
    assert 'name="with_exceptions" value="yes"' in told
    assert "Certify with what is open" in told
    french = browser.post(
        action,
        data={"form_token": TOKEN.findall(browser.get("/proof").text)[0], "month": "2026-03"},
        headers={"accept-language": "fr"},
    ).text
    assert "Ce qui est encore ouvert en mars 2026" in french
    assert "Certifier avec ce qui est ouvert" in french
    assert '<br><span class="muted">La personne qui tient les livres.</span>' in french
    assert send("/proof", action, month="2026-13").status_code == 400
    blind = send("/proof", action, month="2026-03", with_exceptions="yes")
    assert blind.status_code == 409, "not without a word why"
    assert "The reason is missing: why this month is certified with what is still open." in blind.text
    long = send("/proof", action, month="2026-03", with_exceptions="yes", reason="x" * 501)
    assert (long.status_code, f'value="{"x" * 501}"' in long.text) == (409, True), "what was typed is kept"
    assert "The reason has 501 characters." in long.text
    sent = send("/proof", action, month="2026-03", with_exceptions="yes", reason="The bank sends it in May")
    done = browser.get(sent.headers["location"]).text.partition('id="certified"')[2].partition("</section>")[0]
    assert f"{company.name}: March 2026 is certified" in done
    assert "A record failed" in done, "what the certificate accepts is named"
    listed = browser.get("/proof").text.partition('id="months"')[2]
    assert [">Differences<" in listed, ">Open points<" in listed, ">Certified by<" in listed] == [True] * 3
    offered = set(re.findall(r'<option value="(\d{4}-\d\d)"', browser.get("/proof").text))
    assert ("2026-03" in offered, "2026-04" in offered) == (True, False), "a month that is not over is refused"
    counts = re.findall(r'<td class="num gone gone-md"[^>]*>(\d+)</td>', listed)
    assert counts[0] == "0", "no day differs"
    assert int(counts[1]) > 0, "what was open is counted"
    link = browser.get("/proof").text.partition('href="/certificates/')[2].partition("/read")[0]
    read = browser.get(f"/certificates/{link}/read").text
    with workshop.database.read() as session:
        rows = proof_rows(session, synced.id).rows
    for stream in {row.stream for row in rows}:
        told = sum((row.quickbooks for row in rows if row.stream == stream), Decimal(0))
        assert formats.money(told, "CAD", "en", "CAD") in read, stream
    assert "Lines are never added up" in read
    assert formats.money(sum((row.quickbooks for row in rows), Decimal(0)), "CAD", "en", "CAD") not in read
    for said in (
        "Certificate of March 2026",
        "Accepted because: The bank sends it in May",
        "Left out or waiting: what it is",
        "Failed",
        "What is still open",
        "A record failed",
        "Fingerprint",
        "QuickBooks",
    ):
        assert said in read
    answer = browser.get(f"/certificates/{link}")
    assert "attachment" in answer.headers["content-disposition"]
    document: Any = exact(answer.text)
    body, seal = document["certificate"], document["sha256"]
    assert faults_in(body, seal) == []
    for part in body["connections"]:
        shown = sums_by_stream(part["proofs"])
        told = {(stream, each): sums for stream, some in part["totals"].items() for each, sums in some.items()}
        assert {(each.stream, each.currency): each.quickbooks for each in shown} == {
            place: Decimal(sums["quickbooks"]) for place, sums in told.items()
        }, "the file says what the page says, each kind of record by itself"
    with workshop.database.begin() as session:
        row = session.scalars(select(Proof).where(Proof.connection_id == synced.id).order_by(Proof.day)).first()
        assert row is not None
        was, row.quickbooks_total, row.equal = row.quickbooks_total, row.quickbooks_total + 1, False
        cell = f"{row.day} {row.stream} {row.currency}"
        day, now = formats.day_text(row.day, "en"), row.quickbooks_total
        open_problem(
            session, connection_id=synced.id, run_id="", code="proof.certified_changed", subject="month/2026-03",
            params={"month": "2026-03", "by": "Anne", "cells": [cell]}, now=workshop.clock.now(),
        )  # fmt: skip
    for page in ("/problems", "/problems?code=proof.certified_changed"):
        told = browser.get(page).text
        assert cell not in told, "no name of programs"
        said = " ".join(re.sub(r"<[^>]+>", " ", told).split())
        assert (
            f"Certified by Anne, March 2026 is no longer what it was. Days: {day.replace(chr(160), chr(32))}." in said
        )
        assert f'proof?month={row.day.isoformat()}">{day}</a> · {synced.label} · ' in told, "and leads to the day"
        assert f"QuickBooks {formats.money(was, 'CAD', 'en')} → {formats.money(now, 'CAD', 'en')}" in told
    assert "is no longer what it was" not in browser.get(f"/connections/{synced.id}/files").text, "it is of no file"
    step = browser.get(f"/connections/{synced.id}/setup/plan").text
    assert ("The first plan is approved" in step, f'href="/connections/{synced.id}/proof"' in step) == (True, True)
    part = next(each for each in body["connections"] if each["id"] == synced.id)
    apart = {**part["proofs"][0], "quickbooks": part["proofs"][0]["quickbooks"] + 1}
    open_one = {**part, "proofs": [apart], "exceptions": [{"code": "unequal", "cell": cell_name(apart)}]}
    with workshop.database.read() as session:
        [point] = open_points(session, Names(workshop.scopes.catalog, wording("en")), [open_one])
    assert (point.day, point.amount, point.currency) == (date.fromisoformat(apart["day"]), Decimal(1), "CAD")
    assert apart["stream"] not in point.what, "and its kind of record is called as people do"
    others: list[dict[str, Any]] = [
        {"code": "gap", "first": "2026-03-01", "last": "2026-03-02", "reason": "no_file"},
        {"code": "gap", "first": "2026-03-01", "last": "2026-03-02", "reason": "paused"},
        {"code": "waits", "key": "sales/x", "state": "held attachment.file_missing"},
        {"code": "failed", "key": "sales/x", "state": "mapping.bad_record"},
    ]
    with workshop.database.read() as session:
        names = Names(workshop.scopes.catalog, wording("en"))
        whom = [each.who for each in open_points(session, names, [{**part, "exceptions": others}])]
    assert whom[:2] == ["The person who looks after the source.", "The company's owner in Raccord."]
    assert whom[2:] == ["The person who looks after the source."] * 2, "as problems say of the same reasons"
    listed = browser.get("/proof").text.partition('id="months"')[2]
    assert f'href="/connections/{synced.id}/proof?month=2026-03-01"' in listed
    assert "Changed since" in listed
    # One that was made before does not say what was left out.
    for part in body["connections"]:
        del part["left_out"]
    body["format"] = "raccord month certificate 2"
    assert faults_in(body, sha256(canonical(body).encode()).hexdigest()) == []
    # One that was made before that has totals of each currency, and still proves itself.
    body["format"] = "raccord month certificate 1"
    for part in body["connections"]:
        sums = {name: sum((Decimal(row[name]) for row in part["proofs"]), Decimal(0)) for name in SUMS}
        part["totals"] = {"CAD": sums} if part["proofs"] else {}
    assert faults_in(body, sha256(canonical(body).encode()).hexdigest()) == []
    body["connections"][0]["totals"]["CAD"]["posted"] += 1
    assert faults_in(body, sha256(canonical(body).encode()).hexdigest()) == [f"{synced.label}: totals"]


def test_the_page_of_a_proof_lists_what_its_month_leaves_out_and_what_is_of_no_month(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    page = f"/connections/{synced.id}/proof"
    with workshop.database.begin() as session:
        failed = session.scalars(select(SourceRecord).where(SourceRecord.state == "failed")).one()
        old = SourceRecord(
            connection_id=synced.id, run_id=failed.run_id, stream=failed.stream, source_id="old", day=date(2025, 12, 1),
            currency="CAD", amount=Decimal("7.25"), raw="{}", content_hash="old", revision=1, state="skipped",
            reason="scope.before_start", fetched_at=failed.fetched_at,
        )  # fmt: skip
        session.add(old)
        events.append(
            session, actor="Anne", action="file.set_aside", subject="february.ofx", company_id=synced.company_id,
            connection_id=synced.id, now=workshop.clock.now(),
        )  # fmt: skip
    shown = browser.get(page).text.partition('id="left-out"')[2].partition("</section>")[0]
    assert f'href="/records/{failed.id}"' in shown, "each line leads to its record"
    assert "Failed" in shown
    said = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert formats.money(failed.amount, "CAD", "en", "CAD") in shown
    assert "Before the first day" in said
    assert "person to say" not in said, "no sentence without its values"
    assert "one record" in said
    assert "7.25" in said
    assert "february.ofx · Anne" in said
    french = browser.get(page, headers={"accept-language": "fr"}).text.partition('id="left-out"')[2]
    for words in ("Écarté ou en attente", "Fichier mis de côté", "une opération", "En échec"):
        assert words in french, words
    empty = browser.get(f"{page}?month=2026-01-01").text.partition('id="left-out"')[2]
    assert "Nothing of January 2026 is left out or waits." in empty


def test_a_proof_has_a_sum_for_each_kind_of_record_and_none_of_all_and_its_days_open_their_records(
    synced: Connection, workshop: Workshop, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        sums = {each.stream: each for each in proof_totals(session, [synced.id])}
        rows = proof_rows(session, synced.id).rows
    assert len(sums) > 1, "there is something that might be added up"
    for stream, total in sums.items():
        assert total.expected == sum(row.expected for row in rows if row.stream == stream)
        assert total.quickbooks == sum(row.quickbooks for row in rows if row.stream == stream)
    mixed = formats.money(sum((each.expected for each in sums.values()), Decimal(0)), "CAD", "en", "CAD")
    for page in ("/", "/proof", f"/connections/{synced.id}/proof", f"/connections/{synced.id}/setup/done"):
        shown = browser.get(page).text
        for total in sums.values():
            assert formats.money(total.expected, "CAD", "en", "CAD") in shown, page
        assert mixed not in shown, page
        assert "Lines are never added up" in shown, page
    done = browser.get(f"/connections/{synced.id}/setup/done").text
    assert re.search(rf'href="/problems\?connection={synced.id}">1 problem<', done), "what failed is a step away"
    assert f'href="/records?connection={synced.id}"' in done
    proof = browser.get(f"/connections/{synced.id}/proof").text
    day = re.search(r'href="(/records\?[^"]*first=[^"]*)"', proof)
    assert day is not None
    assert "records" in browser.get(day[1].replace("&amp;", "&")).text
    assert "Left out or waiting" in proof, "what waits is not said to be left out"


def test_gaps_are_shown_and_taken_up_by_their_owner(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = browser.get("/gaps").text
    assert "until 28\u00a0Feb\u00a02026" in page
    action = f"/connections/{synced.id}/backfill"
    assert send("/gaps", action, first="x", last="2026-02-28").status_code == 400
    sent = send("/gaps", action, first="2026-02-27", last="2026-02-28").headers["location"]
    assert re.fullmatch(r"/runs/[^?]+\?done=backfill", sent), "the run whose plan will wait, not a word about it"
    assert "Asked for; its plan is not carried out yet" in browser.get("/gaps").text
    with workshop.database.read() as session:
        assert str(session.scalars(select(Gap.last_day)).one()) == "2026-02-26"
    own = browser.get(f"/connections/{synced.id}").text.replace("\u00a0", " ")
    assert "The first day is 27 Feb 2026 already" in own, "asked for, and not approved"
    with workshop.database.read() as session:
        finish(workshop, session.scalars(select(Run.id).order_by(Run.created_at.desc(), Run.id.desc())).first() or "")
    back = send("/gaps", f"{action}/back").headers["location"]
    page = browser.get(back).text.replace("\u00a0", " ")
    assert ("Taken back." in page, "until 28 Feb 2026" in page, "Asked for" in page) == (True, True, False)
    assert "already; if you" not in browser.get(f"/connections/{synced.id}").text
    refused = send("/gaps", f"{action}/back")
    assert (refused.status_code, "waits for approval" in refused.text) == (409, True)


def test_a_coverage_bar_is_whole_and_shows_every_day() -> None:
    parts = coverage_bar(
        [
            Interval("before_start", None, date(2026, 1, 31)),
            Interval(COVERED, date(2026, 2, 1), date(2026, 12, 30)),
            Interval("paused", date(2026, 12, 31), date(2026, 12, 31)),
        ]
    )
    assert [each.covered for each in parts] == [False, True, False]
    assert parts[0].x == "0.00%"
    assert parts[2].width > "0.50%"
    whole = sum(int(each.width.replace(".", "").rstrip("%")) for each in parts)
    assert 9_995 <= whole <= 10_000


def test_days_of_which_nothing_is_expected_by_now_are_no_hole() -> None:
    today = date(2026, 11, 30)
    told = [Interval(COVERED, date(2026, 11, 1), date(2026, 11, 29)), Interval("no_file", today, today)]
    toronto = ZoneInfo("America/Toronto")

    def reasons(next_day: date, hour: int) -> list[str]:
        now = datetime(2026, 11, 30, hour, tzinfo=UTC)
        due = status_of(next_day, arrived=False, now=now, delivery=Delivery(), zone=toronto, by_files=True)
        return [each.reason for each in but_due(told, due)]

    assert reasons(today, 17) == [COVERED, "not_due"], "today's file comes when the day is over"
    assert reasons(date(2026, 11, 20), 17) == [COVERED, "no_file"], "what is late stays a hole"
    assert [each.reason for each in but_due(told, None)] == [COVERED, "no_file"]


def test_a_months_proof_shows_the_balances_that_the_bank_says(
    workshop: Workshop, company: Company, synced: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till, "INFO", replace(till.INFO, files_cover=FileDays(stream="statements", tell=covered_days)))
    admitted = replace(workshop.scopes.catalog.admitted["till"], info=till.INFO)
    monkeypatch.setattr(Catalog, "get", lambda self, name: admitted if name == "till" else None)
    raw: dict[str, Any] = {
        "account": "chq", "account_kind": "bank", "account_number": "…1234", "starts": "2026-03-01",
        "ends": "2026-03-20", "opening_balance": {"amount": "10000.00", "day": "2026-03-01"},
        "ledger_balance": {"amount": "11008.67", "day": "2026-03-20"}, "currency": None,
    }  # fmt: skip
    earlier = raw | {"ends": "2026-03-10", "ledger_balance": {"amount": "10500.00", "day": "2026-03-10"}}
    april = raw | {"ledger_balance": {"amount": "1.00", "day": "2026-04-02"}}
    with workshop.database.begin() as session:
        for at, each in enumerate((raw, earlier, april)):
            session.add(
                SourceRecord(
                    connection_id=synced.id, stream="statements", source_id=f"chq/{at}", revision=1, content_hash="",
                    day=date.fromisoformat(each["ledger_balance"]["day"]), raw=json.dumps(each), state="skipped",
                    run_id="r", fetched_at=workshop.clock.now(),
                )
            )  # fmt: skip
        bank = session.scalars(select(LedgerEntry).where(LedgerEntry.type == "Bank")).first()
        assert bank is not None
        session.add(
            Choice(
                connection_id=synced.id, role="bank", of="chq", valid_from=date.min, ledger_kind="Account",
                ledger_id=bank.object_id, ledger_name=bank.name, origin="person", chosen_by="x",
                chosen_at=workshop.clock.now(),
            )
        )  # fmt: skip
        name, ledger_id = bank.name, bank.object_id
        _another_line(session, "25.5")
    for language, title, amounts in (
        ("en", "Balances as the bank says", ("10,000.00", "11,008.67")),
        ("fr", "Soldes selon la banque", ("10\u00a0000,00", "11\u00a0008,67")),
    ):
        page = browser.get(f"/connections/{synced.id}/proof?month=2026-03-01", headers={"accept-language": language})
        part = page.text.partition('id="balances"')[2].partition("</section>")[0]
        assert title in part
        assert "…1234" in part
        assert name in part
        for amount in amounts:
            assert amount in part
        assert "500" not in part, "the last balance of the month counts"

    # Asked, QuickBooks says what it holds that day, in one request; what waits explains a part of the difference.
    held = balances(workshop.client(company), date(2026, 3, 20)).get(ledger_id, Decimal(0))
    asked: list[str] = []
    report = QuickBooks.report

    def counted(self: QuickBooks, name: str, params: Mapping[str, str]) -> Any:
        asked.append(f"{name} {params['end_date']}")
        return report(self, name, params)

    monkeypatch.setattr(QuickBooks, "report", counted)
    browser.get(f"/connections/{synced.id}/proof?month=2026-03-01")
    assert asked == [], "nobody is asked unless a person wants it"
    page = browser.get(f"/connections/{synced.id}/proof?month=2026-03-01&books=yes").text
    assert asked == ["TrialBalance 2026-03-20"]
    part = re.sub(r"<[^>]+>", "", page.partition('<dl class="proof mt-2">')[2].partition("</dl>")[0])
    apart = Decimal("11008.67") - held
    rows = [" ".join(each.split()) for each in part.strip().splitlines() if each.strip()]
    assert rows == [
        "At the bank, 20 Mar 2026$11,008.67",
        f"In QuickBooks, 20 Mar 2026{_dollars(held)}",
        f"Difference{_dollars(apart)}",
        "of which 2 lines not posted yet$13.20",
        "of which 0 lines left out$0.00",
        f"Rest{_dollars(apart - Decimal('13.20'))}",
    ]
    # To the cent: a bank that says what is there less what waits is explained.
    with workshop.database.begin() as session:
        for each in session.scalars(select(SourceRecord).where(SourceRecord.source_id == "chq/0")):
            said = str(held + Decimal("13.20"))
            each.raw = json.dumps(raw | {"ledger_balance": {"amount": said, "day": "2026-03-20"}})
    page = browser.get(f"/connections/{synced.id}/proof?month=2026-03-01&books=yes").text
    assert "Explained to the cent" in page


def _another_line(session: Session, amount: str) -> None:
    """Put a line that waits beside the one there is, whose amount has another number of decimals."""
    draft = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
    record = session.get_one(SourceRecord, draft.record_id)
    planned = session.scalars(
        select(PlanLine).where(PlanLine.draft_id == draft.id).order_by(PlanLine.id.desc())
    ).first()
    assert planned is not None

    def beside(row: Any, **changes: Any) -> Any:
        said = {each.key: getattr(row, each.key) for each in row.__mapper__.column_attrs if each.key != "id"}
        made = type(row)(**{**said, **changes})
        session.add(made)
        session.flush()
        return made

    other = beside(record, source_id="b2", amount=Decimal(amount))
    line = beside(draft, key="bank/b2", record_id=other.id)
    beside(planned, key="bank/b2", draft_id=line.id)


def _dollars(amount: Decimal) -> str:
    sign = "\u2212" if amount < 0 else ""
    return f"{sign}${abs(amount):,.2f}"


def test_home_leads_to_documents_that_changed_in_quickbooks(
    workshop: Workshop, theirs: dict[str, str], browser: TestClient
) -> None:
    for language, said in (("en", "One document changed in QuickBooks"), ("fr", "document")):
        needs = browser.get("/", headers={"accept-language": language}).text.partition('<ul class="needs"')[2]
        assert 'href="/drift" data-count="1"' in needs.partition("</ul>")[0]
        assert said in needs.partition("</ul>")[0]
