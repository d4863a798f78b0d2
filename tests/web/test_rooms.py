"""Records, settings forms, live runs and plugins: what their pages show and do."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import till
from harness import finish, request, sync
from programs import member
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import event, select
from starlette.testclient import TestClient
from till_company import CANARY

from raccord.masking import masked
from raccord.onboarding.access.api_tokens import Scope, make_token
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.arriving import changing
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import left_out_by_person
from raccord.overview import sought
from raccord.overview.records import list_records
from raccord.overview.runs import recent_runs
from raccord.overview.sought import Fate, Wanted
from raccord.overview.tables import records as tables
from raccord.overview.weighing import counted
from raccord.overview.weighing.counted import count_each_fate
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    LedgerEntry,
    LinkRow,
    Plan,
    Problem,
    RecordState,
    Run,
    SourceFile,
    SourceRecord,
)
from raccord.sync.fetching.renewing import renew_secrets
from raccord.sync.workshop import Workshop, settings_handle
from raccord_web.pages.typed import read, shown
from raccord_web.words.wording import NBSP

Send = Callable[..., Any]


def test_the_records_of_a_list_are_taken_away_as_a_table(
    workshop: Workshop, synced: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"].append({"stream": "bank", "id": "b7", "day": "2026-03-05", "amount": "-1.00", "memo": "=1+1"})
    sync(workshop, synced)
    monkeypatch.setattr(tables, "MOST", 2)

    with workshop.database.begin() as session:
        [left] = session.scalars(select(DraftRow).where(DraftRow.key.like("%b7%"))).all()
        left.state, left.reason = DraftState.SKIPPED, left_out_by_person("twice")
        left.decisions = {"treatment": {"kind": "exclude", "why": "twice"}}

    def table(query: str = "", language: str = "en") -> list[dict[str, str]]:
        answer = browser.get(f"/records/table{query}", headers={"accept-language": language})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    with workshop.database.read() as session:
        shown = list_records(session, Wanted()).rows
    whole = table()
    own = "Id at the source"
    assert [each[own] for each in whole] == [masked(each.source_id) for each in shown]
    line = next(each for each in whole if each[own] == "b7")
    assert (line["Text"], line["Amount"], line["Currency"], line["Status"]) == ("'=1+1", "-1.00", "CAD", "Left out")
    assert (line["Category"], "twice" in line["Reason"]) == ("left out: twice", True)
    sale = next(each for each in whole if each[own] == "s1")
    assert (sale["Status"], sale["QuickBooks documents"].partition(" SO")[0][:13]) == ("Posted", "Sales receipt")
    assert (sale["Day"], sale["Category"]) == ("2026-03-02", "")
    french = next(each for each in table(language="fr") if each["Identifiant à la source"] == "b7")
    assert (french["État"], french["Catégorie"]) == ("Écarté", "laissée de côté : twice")
    assert {each["Status"] for each in table("?fate=failed")} == {"Not posted"}
    assert [each[own] for each in table("?first=2026-03-02&last=2026-03-02")] == ["s1"]
    page = browser.get("/records?fate=failed&first=2026-03-01").text
    assert 'href="/records/table?first=2026-03-01&amp;fate=failed"' in page, "what is taken away is what is shown"


@pytest.mark.parametrize("many", [0, sought.MANY])
def test_records_are_shown_taken_away_and_read_by_programs_by_what_their_documents_are(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, many: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Records of a kind that many are of are found another way than the few of another.
    monkeypatch.setattr(sought, "MANY", many)
    owner = member(workshop, "kinds@example.ca", RoleName.OWNER, "")
    token = make_token(workshop, owner, company.id, "kinds", Scope.READ)[1]

    def found(query: str) -> list[list[str]]:
        page = browser.get(f"/records?{query}").text
        shown = re.findall(r'<a class="cover" href="/records/(\d+)"', page)
        table = csv.DictReader(io.StringIO(browser.get(f"/records/table?{query}").content.decode("utf-8-sig")))
        told = browser.get(f"/api/v1/records?{query}", headers={"Authorization": f"Bearer {token}"}).json()
        assert shown == [str(each["id"]) for each in told["rows"]]
        assert told["total"] == len(shown)
        return sorted([[row["Id at the source"] for row in table], [each["source_id"] for each in told["rows"]]])

    assert found("kind=SalesReceipt") == [["s2", "s1"]] * 2
    assert found("kind=RefundReceipt") == [["r1"]] * 2
    assert found("kind=Transfer") == [[], []]
    assert found("kind=Purchase&fate=review") == [["b1"]] * 2
    assert found("kind=Purchase&fate=posted") == [[], []]
    assert found("kind=SalesReceipt&q=s2") == [["s2"]] * 2
    with workshop.database.begin() as session:
        session.scalars(select(DraftRow).where(DraftRow.kind == "RefundReceipt")).one().state = DraftState.WITHDRAWN
    assert found("kind=RefundReceipt") == [[], []], "what is withdrawn would be no document"
    assert browser.get("/records?kind=nonsense").status_code == 200
    for language, words in (("fr", ("Genre", "Dépense")), ("en", ("Kind", "Expense"))):
        page = browser.get("/records?kind=Purchase", headers={"accept-language": language}).text
        assert f'name="kind" aria-label="{words[0]}"' in page
        assert f'<option value="Purchase" selected>{words[1]}</option>' in page
    assert 'href="/records/table?kind=Purchase"' in page
    assert 'href="/records?kind=Purchase&amp;fate=posted"' in page, "the tabs keep it"


def test_what_others_made_is_shipped_as_it_was() -> None:
    folder = files("raccord_web").joinpath("static", "vendor")
    listed = tomllib.loads(folder.joinpath("manifest.toml").read_text("utf-8"))["file"]
    there = {each.name for each in folder.iterdir() if each.name.endswith(".js")}
    assert {each["name"] for each in listed} == there
    for each in listed:
        assert hashlib.sha256(folder.joinpath(each["name"]).read_bytes()).hexdigest() == each["sha256"]


@pytest.mark.requirement("BF-06")
def test_records_are_found_by_what_became_of_them_and_by_either_sides_number(
    workshop: Workshop, synced: Connection, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop.database.read() as session:
        found = {fate: [each.source_id for each in list_records(session, Wanted(fate=fate)).rows] for fate in Fate}
        link = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt").order_by(LinkRow.id)).first()
        numbers = {each.source_id: each.id for each in session.scalars(select(SourceRecord))}
    record_id = numbers["b1"]
    assert sorted(found[Fate.POSTED]) == ["r1", "s1", "s2"]
    assert found[Fate.REVIEW] == ["b1"]
    assert found[Fate.FAILED] == ["s3"]
    assert found[Fate.RESOLVED] == found[Fate.WAITING] == []
    monkeypatch.setattr(counted, "COUNTED", 1)
    with workshop.database.read() as session:
        counts = count_each_fate(session, Wanted(fate=Fate.FAILED))
    assert (counts[None], counts[Fate.POSTED], counts[Fate.REVIEW]) == (2, 2, 1), "no count goes further than needed"
    assert link is not None
    listed = browser.get(f"/records?q={link.document_id}").text
    assert f'href="/records/{numbers["s1"]}"' in listed
    assert f'href="/records/{numbers["s2"]}"' not in listed
    assert f'href="/records/{record_id}"' in browser.get("/records?q=b1&first=2026-03-04&last=2026-03-04").text
    assert "Nothing found" in browser.get("/records?q=b1&first=2026-03-05").text
    assert "Nothing found" in browser.get("/records?q=%25").text
    assert browser.get("/records?fate=nonsense&first=nonsense&connection=").status_code == 200
    for alias in ("/banque", "/operations"):
        assert f'href="/records/{numbers["s1"]}"' in browser.get(alias).text
    story = browser.get(f"/records/{record_id}").text
    assert "To review" in story
    assert "&lt;script&gt;" in story
    assert "<script>alert" not in story
    with workshop.database.begin() as session:
        session.get_one(SourceRecord, numbers["s1"]).state = RecordState.SUPERSEDED
    with workshop.database.read() as session:
        listing = list_records(session, Wanted(fate=Fate.POSTED))
    assert (sorted(each.source_id for each in listing.rows), listing.total) == (["r1", "s2"], 2), "the newest alone"


def test_the_audit_says_whose_an_entry_is_only_where_there_are_several_companies(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    page = browser.get("/audit").text
    assert (page.count("<tr>") > 5, ">Company</th>" in page) == (True, False)
    assert '<select class="select datein" name="company"' not in page, "and there is none to choose"
    with workshop.database.begin() as session:
        session.add(Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now()))
    assert ">Company</th>" in browser.get("/audit").text
    chosen = browser.get(f"/audit?company={synced.company_id}").text
    assert (">Company</th>" in chosen, '<select class="select datein" name="company"' in chosen) == (False, True)


def test_a_list_asks_as_often_for_many_rows_as_for_few(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    asked: list[str] = []
    own = f"/connections/{synced.id}"
    pages = (
        "/", "/connections", "/records", "/records?fate=posted&q=s", "/runs", "/problems", "/questions", "/review",
        "/audit", "/proof", "/drift", "/gaps", "/status", "/plugins", "/people", own, f"{own}/proof", f"{own}/lists",
        f"{own}/mapping", f"{own}/rules", f"/companies/{synced.company_id}/statements",
        f"/companies/{synced.company_id}/suggestions",
    )  # fmt: skip

    def note(*said: Any) -> None:
        asked.append(said[2])

    def count(page: str) -> int:
        asked.clear()
        assert browser.get(page).status_code == 200
        return len(asked)

    event.listen(workshop.database.engine, "before_cursor_execute", note)
    try:
        few = {page: count(page) for page in pages}
        sale = {"stream": "sales", "day": "2026-03-06", "amount": "1.00"}
        till.ROWS["T1"] += [{**sale, "id": f"m{number}"} for number in range(12)]
        till.ROWS["T1"] += [{**sale, "id": f"w{number}", "kind": "wrong"} for number in range(3)]
        sync(workshop, synced)
        many = {page: count(page) for page in pages}
    finally:
        event.remove(workshop.database.engine, "before_cursor_execute", note)
    assert many == few
    assert few["/"] <= 32, "home draws what was posted per day beside its lists, and says what was written last"
    assert max(asks for page, asks in few.items() if own not in page and page != "/") <= 26
    assert max(few.values()) <= 45, "a connection's own page shows a dozen lists, and its first week"


class Several(BaseModel):
    """Every kind of setting a connector may have."""

    name: str = Field(title="Name", pattern="^[a-z]+$", json_schema_extra={"fr": "Nom"})
    port: int = Field(22, ge=1, le=10, title="Port")
    code: SecretStr = Field(SecretStr(""), title="Code")
    days: frozenset[int] = Field(frozenset({1}), title="Days")
    loud: bool = Field(True, title="Loud")


def test_a_settings_model_makes_the_form_and_says_what_is_wrong() -> None:
    held = Several(name="a", port=5, code=SecretStr("kept"))
    made = {each.name: each for each in shown(Several, held.model_dump(mode="json"), "fr", fixed="name")}
    assert [each.kind for each in made.values()] == ["text", "number", "secret", "list", "check"]
    assert (made["name"].label, made["port"].label) == ("Nom", "Port")
    assert made["name"].fixed
    assert made["code"].value == ""
    values, wrong = read(Several, {"s_name": "b", "s_port": "7", "s_code": "", "s_days": "1, 3"}, held, "en")
    assert wrong == {}
    assert Several.model_validate(values) == Several(
        name="b", port=7, code=SecretStr("kept"), days=frozenset({1, 3}), loud=False
    )
    _, wrong = read(Several, {"s_name": "B2", "s_port": "70", "s_days": "x"}, held, "en")
    assert wrong == {
        "name": "This text does not have the form that is needed.",
        "port": "It must be at most 10.",
        "days": "“x”: A whole number is needed.",
    }


def test_settings_change_in_place_and_an_empty_secret_stays(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/connections/{synced.id}/settings"
    shown_page = browser.get(page).text
    assert 'value="T1"' in shown_page
    assert CANARY not in shown_page
    assert send(page, page, s_till="T1", s_code="").headers["location"] == f"/connections/{synced.id}?done=settings"
    assert workshop.vault.get_mapping(settings_handle(synced.id)) == {"code": CANARY}
    send(page, page, s_till="T1", s_code="new-code")
    assert workshop.vault.get_mapping(settings_handle(synced.id)) == {"code": "new-code"}
    handle, data = settings_handle(synced.id), workshop.settings.data_dir

    def later(*given: Any, **named: Any) -> Connection:
        """Let a run renew the token between the reading of the settings and their writing."""
        renew_secrets(workshop.database, workshop.vault, data, handle, "new-code", lambda _: {"code": "renewed"})
        return update_settings(*given, **named)

    with monkeypatch.context() as between:
        between.setattr(changing, "update_settings", later)
        assert send(page, page, s_till="T1", s_code="").status_code == 303
    assert workshop.vault.get_mapping(handle) == {"code": "renewed"}
    refused = send(page, page, s_till="T2", s_code="")
    assert refused.status_code == 409
    assert "connection.identity_fixed" in refused.text


def test_a_run_tells_its_page_how_far_it_is(workshop: Workshop, synced: Connection, browser: TestClient) -> None:
    with workshop.database.read() as session:
        done = session.scalars(select(Run.id)).first()
    answer = browser.get(f"/runs/{done}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("event: done") == 1
    assert 'data: <div class="page-head">' in answer.text
    assert "hx-sse:connect" not in browser.get(f"/runs/{done}").text
    waiting = request(workshop, synced)
    page = browser.get(f"/runs/{waiting}").text
    assert f'hx-sse:connect="/runs/{waiting}/events" hx-sse:close="done"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    with workshop.database.begin() as session:
        run = session.get_one(Run, waiting)
        run.progress = {**run.progress, "reading": {"file": "mars.csv", "at": 13 << 20, "size": 31 << 20}}
    for language, said in (
        ("en", "mars.csv: 13.0 of 31.0 MB, looked through first; its rows are counted after that"),
        ("fr", "mars.csv : 13,0 Mo sur 31,0, parcouru d’abord ; ses lignes se comptent ensuite"),
    ):
        page = browser.get(f"/runs/{waiting}?lang={language}").text
        assert said in " ".join(re.sub(r"<[^>]+>", "", page).replace(NBSP, " ").split())
        assert f'<progress class="bar mt-2" max="{31 << 20}" value="{13 << 20}"' in page
        assert "mars.csv" in browser.get("/runs").text
    finish(workshop, waiting)
    assert "mars.csv" not in browser.get(f"/runs/{waiting}").text


def test_a_plugin_is_switched_for_all_and_for_one(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    page = "/plugins/till"
    assert "Taken" not in browser.get(page).text
    send(page, f"{page}/disable", company=company.id)
    assert ">Enable<" in browser.get(page).text.replace('<span class="sr">', "<")
    assert 'href="/connect/till"' in browser.get(page).text, "what is allowed is connected from here"
    send(page, f"{page}/forbid")
    text = browser.get(page).text
    assert ("Not allowed" in text, 'href="/connect/till"' in text) == (True, False)
    assert "/enable" not in text
    send(page, f"{page}/allow")
    send(page, f"{page}/enable", company=company.id)
    assert f"{page}/disable" in browser.get(page).text
    assert send(page, "/plugins/nothing/allow").status_code == 409
    assert "Term table" not in browser.get(page).text
    moves, access = (browser.get(f"{page}?view={each}").text for each in ("moves", "access"))
    assert ("Term table" in moves, "fetch_records" in moves, "fetch_records" in access) == (True, False, True)
    found = browser.get("/plugins?q=TILL").text
    assert ('href="/plugins/till?q=TILL"' in found, 'href="/plugins/chase' in found) == (True, False)
    assert "No plugin has these words" in browser.get("/plugins?q=zebra").text
    assert browser.get("/plugins/nothing").status_code == 404


def test_the_fields_of_what_a_source_said_are_named_in_french(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        record = session.scalars(select(SourceRecord.id).where(SourceRecord.source_id == "b1")).one()
    shown = browser.get(f"/records/{record}", headers={"accept-language": "fr"}).text
    assert "<dt>Montant</dt>" in shown
    assert "<dt>amount</dt>" not in shown


def test_a_run_tells_its_log_and_what_it_moved_at_the_bank(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        wrote = max(recent_runs(session, synced.id).rows, key=lambda each: each.to_send)
        sale = session.scalars(select(SourceRecord.id).where(SourceRecord.source_id == "s1")).one()
    page = browser.get(f"/runs/{wrote.id}").text.partition('id="log"')[2]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in ("Started by", "Plan made", "Plan approved by", "Sales receipt", "posted, $ 1,114.98", "Ended: done."):
        assert said in told, said
    assert told.index("Plan made") < told.index("posted, $ 1,114.98") < told.index("Ended: done.")
    assert f'href="/records/{sale}"' in page
    errors = browser.get(f"/runs/{wrote.id}?log=errors").text.partition('id="log"')[2]
    assert "1,114.98" not in errors
    assert errors.count("<li data-tone") == 1, "the row of the till that could not be read"
    with workshop.database.begin() as session:
        run = session.get_one(Run, wrote.id)
        began = run.started_at or run.created_at
        for problem in session.scalars(select(Problem).where(Problem.run_id == wrote.id)):
            problem.opened_at = began - timedelta(days=2)
            problem.subject = "april.csv:3"
        given = {"name": "april.csv", "size": 1, "sha256": "a" * 64, "origin": "upload", "received_at": began}
        session.add(SourceFile(connection_id=synced.id, number=1, **given))
    older = browser.get(f"/runs/{wrote.id}").text.partition('id="log"')[2]
    assert re.search(r"Still open, since .*\(april\.csv\):", older), "when and where an earlier run met it"
    assert "<li data-tone" not in older
    assert "Nothing went wrong." in browser.get(f"/runs/{wrote.id}?log=errors").text

    assert f'<option value="{synced.id}" selected' not in browser.get("/runs").text
    with workshop.database.begin() as session:
        other = session.get_one(Connection, synced.id)
        held = session.get_one(Plan, wrote.plan_id).figures["money"][0][0]
        # Where the till's money lies is an account of a bank here.
        session.scalars(select(LedgerEntry).where(LedgerEntry.object_id == held)).one().type = "Bank"
        session.add(
            Connection(
                company_id=other.company_id, connector="till", label="Other", starts_on=other.starts_on,
                set_up_at=other.set_up_at, created_by="x",
            )
        )  # fmt: skip
    runs = browser.get(f"/runs?connection={synced.id}").text
    assert f'<option value="{synced.id}" selected' in runs
    row = runs.partition(f'href="/runs/{wrote.id}"')[2].partition("</tr>")[0]
    amounts = re.sub(r"<[^>]+>", "", row.partition('data-label="At the bank"')[2])
    assert "$1,115.01−$20.00" in amounts, "in and out apart"
