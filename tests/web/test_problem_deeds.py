"""What people do with problems on the pages: mend them where they stand, set them ready, settle them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from rows_now import plan_of, row
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.overview.explain import explain
from raccord.overview.problems import problem_groups
from raccord.quickbooks import Cause, Page, page_link
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Problem,
    SourceRecord,
)
from raccord.sync.environments import environment_of
from raccord.sync.mapping.vanished import DRAFT_VANISHED, MATCH_VANISHED
from raccord.sync.problems import open_problem
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

Send = Callable[..., Any]


@pytest.mark.requirement("CH-56", "TD-35")
def test_an_inactive_account_is_replaced_in_the_problem_itself_and_its_documents_go(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Send,
) -> None:
    drawer = lab(sandbox, "create", entity="Account", changes={"Name": "Tiroir", "AccountType": "Bank"})
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    choose(workshop, OWNER, connection.id, "clearing", str(drawer["Id"]))
    till.ROWS["T1"] = [{"stream": "sales", "id": f"s{n}", "day": "2026-03-03", "amount": "2.00"} for n in (2, 3)]
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = True
    waiting = finish(workshop, request(workshop, connection))
    lab(sandbox, "deactivate", entity="Account", id=drawer["Id"])
    plan = plan_of(workshop, waiting)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, waiting.id)
    page = browser.get("/problems").text
    form = re.search(r'action="/problems/mend".*?</form>', page, re.DOTALL)
    assert form, page[page.index("<main") :]
    there = html.escape(page_link(environment_of(company.environment), Page.ACCOUNTS, realm=company.realm))
    for each in ("", f"?code={Cause.INACTIVE_REFERENCE}"):
        shown = browser.get(f"/problems{each}").text
        assert re.search(rf'href="{re.escape(there)}"[^>]*>See the accounts in QuickBooks<', shown), (
            each or "all causes"
        )
    safe = re.search(r'name="ledger_clearing">.*?<option value="(\d+)">Petite caisse</option>', form[0], re.DOTALL)
    assert safe, form[0]
    assert send("/problems", "/problems/mend", code=Cause.INACTIVE_REFERENCE).status_code == 400
    answer = send(
        "/problems", "/problems/mend", connection=connection.id, code=Cause.INACTIVE_REFERENCE,
        held_clearing=str(drawer["Id"]), ledger_clearing=safe[1],
    )  # fmt: skip
    assert answer.headers["location"].startswith("/problems?")
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = False
    sync(workshop, connection)
    sold = workshop.client(company).query_all("SalesReceipt")
    assert [each["DepositToAccountRef"]["value"] for each in sold] == [safe[1]] * 2
    assert "/problems/mend" not in browser.get("/problems").text


@pytest.mark.requirement("CH-56")
def test_what_a_closed_period_holds_back_is_answered_in_the_problem_itself(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    browser: TestClient,
    send: Send,
) -> None:
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-18")
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": day, "amount": "1.00"} for day in ("2026-03-02",)]
    sync(workshop, connection)
    assert 'name="policy" value="next_open_day"' in browser.get("/problems").text
    kept = {"connection": connection.id, "code": Cause.PERIOD_CLOSED}
    assert send("/problems", "/problems/mend", **kept, policy="never").status_code == 400
    assert send("/problems", "/problems/mend", **kept, policy="next_open_day").status_code == 303
    sync(workshop, connection)
    (sold,) = workshop.client(company).query_all("SalesReceipt")
    assert sold["TxnDate"] == "2026-03-19"


def test_unlike_reasons_have_each_its_row_its_list_and_its_button(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    for number in (91, 92):
        sold = {"stream": "sales", "day": "2026-03-06", "amount": "5.00"}
        till.ROWS["T1"] += [
            {**sold, "id": f"w{number}", "word": "no word"},
            {**sold, "id": f"x{number}", "kind": "wrong"},
        ]
    sync(workshop, synced)
    page = html.unescape(browser.get("/problems", headers={"accept-language": "en"}).text)
    assert "<h2>word: Unknown word.</h2>" in page
    assert "<h2>Amount: Impossible amount.</h2>" in page
    with workshop.database.read() as session:
        groups = {each.examples[0].params["en"]: each for each in problem_groups(session, synced.id).rows}
    cause = groups["word: Unknown word."].cause
    one = browser.get("/problems", params={"connection": synced.id, "code": cause}).text
    led = [browser.get(each).text for each in re.findall(r'href="(/records/[0-9]+)"', one)]
    assert [("sales/w9" in each, "sales/x9" in each) for each in led] == [(True, False)] * 2
    assert send("/problems", "/problems/of-cause/ready", connection=synced.id, code=cause).status_code == 303
    [(address, count)] = {
        found
        for page in (f"/problems?connection={synced.id}", f"/connections/{synced.id}")
        for found in re.findall(r'href="(/records\?[^"]*fate=waiting)" data-count="(\d+)"', browser.get(page).text)
    }
    listed = browser.get(address.replace("&amp;", "&")).text
    assert int(count) > 0, "what was marked ready is not posted yet, and the page says so"
    assert f'data-total="{count}"' in listed
    page = html.unescape(browser.get("/problems", headers={"accept-language": "en"}).text)
    assert "<h2>word: Unknown word.</h2>" not in page
    assert "<h2>Amount: Impossible amount.</h2>" in page


@pytest.mark.requirement("CH-57", "CH-58")
@pytest.mark.parametrize("deed", ["ready", "resolved"])
def test_a_problem_is_set_ready_or_resolved(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send, deed: str
) -> None:
    french = browser.get("/problems", headers={"accept-language": "fr"}).text
    assert "Résolue</button>" in french
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem)).one()
    answer = send("/problems", f"/problems/{problem.id}/{deed}")
    assert answer.headers["location"] == f"/problems?done={deed}"
    assert row(workshop, Problem, problem.id).state == deed
    assert "No problem" in browser.get("/problems").text


def test_a_document_that_its_source_took_back_is_kept_or_leads_to_its_undo(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.state == DraftState.POSTED).limit(1)).one()
        params = {"case": "document", "document": "Purchase 12", "amount": "-12.30", "day": "2026-03-04"}
        for code in (DRAFT_VANISHED, MATCH_VANISHED):
            open_problem(
                session, connection_id=synced.id, code=code, subject=draft.key, stream="sales", params=params,
                now=workshop.clock.now(),
            )  # fmt: skip
        record_id = draft.record_id
    french = html.unescape(browser.get("/problems", headers={"accept-language": "fr"}).text)
    assert french.count("Garder le document</button>") == 2
    assert "qui était Dépense 12 dans QuickBooks" in french
    assert french.count("Ouvrir la correspondance") == 1, "no mapping mends what is taken back"
    assert french.count(f'href="/records/{record_id}/undo"') == 1, "a document of somebody else’s is not ours to undo"
    with workshop.database.read() as session:
        problem = session.scalars(select(Problem).where(Problem.code == DRAFT_VANISHED)).one()
    answer = send("/problems", f"/problems/{problem.id}/resolved")
    assert answer.headers["location"] == "/problems?done=document_kept"
    assert "The document stays in QuickBooks" in browser.get(answer.headers["location"]).text
    assert row(workshop, Problem, problem.id).state == "resolved"
    assert row(workshop, DraftRow, draft.id).state == DraftState.POSTED


@pytest.mark.parametrize(
    ("code", "leads", "words"),
    [
        ("quickbooks.reauthorise", "/quickbooks", "Authorise QuickBooks again"),
        ("source.refused", "/connections/{}/settings", "settings"),
        ("mapping.bad_record", "/connections/{}/mapping", "Open the mapping"),
        ("run.conservation", "", ""),
    ],
)
def test_a_cause_leads_to_the_form_that_mends_it_and_an_example_to_its_record(
    workshop: Workshop, synced: Connection, browser: TestClient, code: str, leads: str, words: str
) -> None:
    with workshop.database.begin() as session:
        session.scalars(select(Problem)).one().code = code
    for address in ("/problems", f"/problems?code={code}"):
        main = browser.get(address).text.partition("<main")[2]
        if leads:
            assert re.search(rf'href="{leads.format(synced.id)}">.*{words}', main), address
            assert browser.get(leads.format(synced.id)).status_code == 200
        else:
            assert "mapping" not in main
            assert "/settings" not in main
        found = re.search(r'href="(/records/[0-9]+)">([^<]*)', main)
        assert found
        assert found[2].startswith("Sales · "), "called by what it is, not by its key"
        assert "sales/s3" in browser.get(found[1]).text


def test_quickbooks_own_words_stand_as_a_quotation_below_a_sentence_of_ours(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    said = "Business Validation Error: Invalid <account>."
    with workshop.database.begin() as session:
        problem = session.scalars(select(Problem)).one()
        problem.code, problem.params = str(Cause.INACTIVE_REFERENCE), {"detail": said}
        failed = session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).one()
    for address in ("/problems", f"/records/{failed}"):
        page = browser.get(address, headers={"accept-language": "fr"}).text.replace("\u00a0", " ")
        headings = re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page)
        sentence = explain(str(Cause.INACTIVE_REFERENCE), {}, "fr").sentence.replace(
            "'", "\N{RIGHT SINGLE QUOTATION MARK}"
        )
        assert sentence in html.unescape(" ".join(headings)).replace("\u00a0", " ")
        assert not [each for each in headings if "Business" in each]
        assert "QuickBooks a répondu : « Business Validation Error: Invalid &lt;account&gt;. »" in page
    english = explain(str(Cause.INACTIVE_REFERENCE), {"detail": said}, "en")
    assert english.what == f"{english.sentence} (QuickBooks answered: “{said}”)"


def test_every_problem_of_a_cause_is_set_ready_at_once(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    rows: list[dict[str, str]],
    browser: TestClient,
    send: Send,
) -> None:
    rows.append({**rows[-1], "id": "s4"})
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert "Set all 2 ready to sync" in browser.get("/problems").text
    with workshop.database.read() as session:
        code = session.scalars(select(Problem.code).distinct()).one()
    answer = send("/problems", "/problems/of-cause/ready", code=code, connection=connection.id)
    assert answer.headers["location"] == f"/problems?connection={connection.id}&done=ready"
    with workshop.database.read() as session:
        assert set(session.scalars(select(Problem.state))) == {"ready"}
    assert send("/", "/problems/of-cause/ready").status_code == 404, "a cause must be named"
