"""What people do on the pages: approve the plan they saw, answer, choose, settle problems, start and stop runs."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient
from till_version import upgraded

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.masking import masked
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.overview.approving import table as table_of_plans
from raccord.overview.explain import explain
from raccord.overview.plans import plan_summary, waiting_plan
from raccord.overview.problems import problem_groups
from raccord.overview.questions import open_questions
from raccord.plugin.drafts import Accepts
from raccord.quickbooks import Cause
from raccord.store import events
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    Control,
    DraftRow,
    DraftState,
    Event,
    Hold,
    LedgerEntry,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    PlanState,
    Problem,
    Run,
    RunState,
    SourceRecord,
)
from raccord.sync.mapping.vanished import DRAFT_VANISHED, MATCH_VANISHED
from raccord.sync.problems import open_problem
from raccord.sync.resolving.holds import open_hold
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.api.application import PATH
from raccord_web.app import create_app
from raccord_web.screens.records.problems import mended_at

Send = Callable[..., Any]


@pytest.fixture
def planned(workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, str]]) -> Run:
    """A run whose plan waits for approval."""
    choose_usual(workshop, connection, company)
    return finish(workshop, request(workshop, connection))


def plan_of(workshop: Workshop, run: Run) -> Plan:
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


def row(workshop: Workshop, kind: type[Any], row_id: object) -> Any:
    with workshop.database.read() as session:
        return session.get_one(kind, row_id)


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


def test_bank_lines_whose_match_is_certain_are_accepted_with_one_button(
    workshop: Workshop, company: Company, synced: Connection, browser: TestClient, send: Send
) -> None:
    client = workshop.client(company)
    vendor = client.create("Vendor", '{"DisplayName":"Imprimerie Simard"}', "vendor").value["Id"]
    [expense, *_] = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")
    client.create(
        "Bill",
        f'{{"TxnDate":"2026-02-20","DocNumber":"77412","VendorRef":{{"value":"{vendor}"}},"GlobalTaxCalculation":'
        f'"NotApplicable","Line":[{{"Amount":88.20,"DetailType":"AccountBasedExpenseLineDetail",'
        f'"AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"{expense["Id"]}"}}}}}}]}}',
        "bill",
    )
    till.ROWS["T1"].append(
        {"stream": "bank", "id": "b7", "day": "2026-03-05", "amount": "-88.20", "memo": "IMPRIMERIE SIMARD 77412"}
    )
    sync(workshop, synced)
    with workshop.database.read() as session:
        waiting = open_questions(session, synced.id).rows
        question = next(each for each in waiting if each.key == "bank/b7")
    page = browser.get(f"/review?line={question.hold_id}").text
    assert f'action="/review/{question.hold_id}/pay?' in page, "before any category"
    assert f'action="/review/{question.hold_id}/treat?' not in page
    assert "same amount, number in the text, name in the text, nothing else open for it" in page
    other = send("/review", f"/review/{question.hold_id}/pay", documents="999999")
    assert other.status_code == 409
    both = dict(re.findall(r'name="(hold_\w+)" value="(\w*)"', browser.get("/review").text))
    assert len(both) == len(waiting)
    with workshop.database.begin() as session:
        hold = session.get_one(Hold, question.hold_id)
        [[match], before] = hold.params["matches"], hold.params
        hold.params = {**before, "matches": [{**match, "documents": [{**match["documents"][0], "amount": "80.00"}]}]}
    answer = send("/review", "/review/together", do="accept", **both)
    assert answer.headers["location"] == "/review?said=together&n=0&refused=1&changed=1", "another amount than was seen"
    [seen] = re.findall(rf'name="documents" value="{match["documents"][0]["id"]} =(\w+)"', page)
    other = send("/review", f"/review/{question.hold_id}/pay", documents=f"{match['documents'][0]['id']} ={seen}")
    assert (other.status_code, "not what you saw any more" in other.text) == (409, True)
    with workshop.database.begin() as session:
        session.get_one(Hold, question.hold_id).params = before
    answer = send("/review", "/review/together", do="accept", **both)
    assert answer.headers["location"] == "/review?said=together&n=1&refused=1"
    sync(workshop, synced)
    [paid] = list(client.query_all("BillPayment"))
    assert (str(paid["TotalAmt"]), paid["VendorRef"]["value"]) == ("88.20", vendor)


def test_a_bank_line_is_answered_with_one_of_the_accounts_offered(
    workshop: Workshop, company: Company, synced: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.read() as session:
        [question] = open_questions(session, synced.id).rows
    [expense, *_] = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")
    assert f'name="account" value="{expense["Id"]}"' in browser.get("/review").text

    action = f"/review/{question.hold_id}/treat"
    answer = send("/review", f"{action}?connection={synced.id}", kind="category", account=expense["Id"])

    kept = f"/review?connection={synced.id}&said=kept_category&last={question.hold_id}"
    assert answer.headers["location"] == kept
    assert "Nothing left to review" in browser.get("/review").text
    sync(workshop, synced)
    [purchase] = list(workshop.client(company).query_all("Purchase"))
    assert str(purchase["TotalAmt"]) == "12.30"


def test_an_account_that_was_not_offered_is_refused(workshop: Workshop, synced: Connection, send: Send) -> None:
    with workshop.database.read() as session:
        [question] = open_questions(session, synced.id).rows
    for action in (f"/questions/{question.hold_id}/answer", f"/review/{question.hold_id}/treat"):
        answer = send("/review", action, ledger="999999", kind="category", account="999999")
        assert answer.status_code == 409
        assert "does not fit here" in answer.text
    assert row(workshop, Hold, question.hold_id).closed_at is None


def test_leaving_a_line_out_needs_a_reason(workshop: Workshop, synced: Connection, send: Send) -> None:
    with workshop.database.read() as session:
        [question] = open_questions(session, synced.id).rows
    action = f"/questions/{question.hold_id}/skip"
    assert "needs a reason" in send("/review", action, why="  ").text
    assert send("/review", action, why="personal").status_code == 303
    assert row(workshop, Hold, question.hold_id).answer == {"skip": "personal"}


@pytest.fixture
def cards_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's money may lie on a card account as well."""
    roles = [replace(each, accepts=Accepts.BANK_OR_CARD) if each.name == "bank" else each for each in till.INFO.roles]
    monkeypatch.setattr("till.INFO", replace(till.INFO, roles=tuple(roles)))


@pytest.mark.requirement("BF-15", "BF-16", "BF-17", "K8")
def test_an_account_that_the_chart_lacks_is_added_and_fills_its_role(
    cards_too: None, workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-02", "amount": "-1.00", "kind": "paid out"}]
    sync(workshop, connection)
    page = browser.get("/questions", headers={"accept-language": "fr"}).text
    for words in ("Ajouter", "Courant", "Épargne", "Caisse", "Carte de paiement", "Enregistrer et fermer"):
        assert words in page
    action = f"/connections/{connection.id}/accounts"

    def add(name: str, kind: str, role: str = "bank") -> int:
        return int(send("/settings", action, role=role, name=name, kind=kind).status_code)

    made = {"checking": "Courant 2", "savings": "Épargne 2", "cash": "Caisse 2", "card": "Visa 2"}
    assert [add(name, kind) for kind, name in made.items()] == [303] * 4
    found = {str(each["Name"]): each for each in workshop.client(company).query_all("Account")}
    assert [(found[name]["AccountType"], found[name]["AccountSubType"]) for name in made.values()] == [
        ("Bank", "Checking"), ("Bank", "Savings"), ("Bank", "CashOnHand"), ("Credit Card", "CreditCard"),
    ]  # fmt: skip
    with workshop.database.read() as session:
        chosen = session.scalars(select(Choice).where(Choice.role == "bank").order_by(Choice.valid_from.desc())).first()
    assert chosen is not None
    assert (chosen.ledger_id, chosen.ledger_name) == (found["Visa 2"]["Id"], "Visa 2")
    assert (add("visa 2", "card"), add("A:B", "cash"), add("Other", "card", "income"), add("X", "safe")) == (
        409, 409, 409, 400,
    )  # fmt: skip


def test_a_role_that_somebody_chose_meanwhile_is_not_chosen_over_unseen(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "1.00"}]
    sync(workshop, connection)
    assert 'name="seen" value="="' in browser.get("/questions").text, "the form says that nothing was chosen"
    one, other = [each["Id"] for each in workshop.client(company).query("SELECT * FROM TaxCode")][:2]
    choose(workshop, OWNER, connection.id, "tax", other)
    late = send(
        f"/connections/{connection.id}/mapping",
        f"/connections/{connection.id}/choices",
        role="tax",
        of="",
        ledger=one,
        seen="=",
    )
    assert (late.status_code, "chosen since you read it" in late.text) == (409, True)
    with workshop.database.read() as session:
        chosen = select(Choice.ledger_id).where(Choice.connection_id == connection.id, Choice.role == "tax")
        assert session.scalars(chosen).all() == [other]


def test_a_role_chosen_once_settles_every_document_that_waits(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": f"s{n}", "day": "2026-03-02", "amount": "1.00"} for n in range(3)]
    sync(workshop, connection)
    page = browser.get("/questions").text
    assert "3 documents wait for it" in page
    assert ">One answer is needed</h1>" in page
    [code] = [each for each in workshop.client(company).query("SELECT * FROM TaxCode") if "TVQ" in each["Name"]][:1]
    answer = send("/questions", f"/connections/{connection.id}/choices", role="tax", of="", ledger=code["Id"])
    assert answer.headers["location"] == "/questions?done=chosen"
    sync(workshop, connection)
    assert len(list(workshop.client(company).query_all("SalesReceipt"))) == 3


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


def test_a_run_is_started_paused_resumed_and_cancelled(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    page = f"/connections/{synced.id}"
    started = send(page, f"{page}/runs")
    run_page = started.headers["location"].partition("?")[0]
    run_id = run_page.rpartition("/")[2]
    assert send(page, f"{page}/runs").headers["location"] == f"{run_page}?done=started"
    assert '<meta http-equiv="refresh"' in browser.get(run_page).text
    assert send(run_page, f"{run_page}/pause").status_code == 303
    assert row(workshop, Run, run_id).state == RunState.PAUSED
    send(run_page, f"{run_page}/resume")
    assert (row(workshop, Run, run_id).state, row(workshop, Run, run_id).control) == (RunState.QUEUED, Control.GO)
    send(run_page, f"{run_page}/cancel")
    assert row(workshop, Run, run_id).state == RunState.CANCELLED
    assert '<meta http-equiv="refresh"' not in browser.get(run_page).text
    assert send(page, f"{run_page}/explode").status_code == 404


def test_everything_is_synced_at_once_but_what_waits_to_be_read(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    home = browser.get("/").text
    needs = home.partition('<ul class="needs"')[2].partition("</ul>")[0]
    assert "12.30" in needs
    assert "5.00" in needs, "what failed is told with its amount"
    assert "Sync everything" in home

    def open_runs() -> list[Run]:
        with workshop.database.read() as session:
            return list(session.scalars(select(Run).where(Run.state == RunState.QUEUED)))

    assert send("/", "/runs", company="nobody").status_code == 404
    assert open_runs() == []
    assert send("/", "/runs").headers["location"] == "/runs?done=started_all"
    assert [each.connection_id for each in open_runs()] == [synced.id]
    with workshop.database.begin() as session:
        session.get_one(Run, open_runs()[0].id).state = RunState.CANCELLED
        session.scalars(select(Plan).limit(1)).one().state = PlanState.WAITING
    assert send("/", "/runs").status_code == 303
    assert open_runs() == [], "another run would set the plan aside that somebody reads"


def test_a_paused_connection_starts_nothing_and_says_why(workshop: Workshop, synced: Connection, send: Send) -> None:
    page = f"/connections/{synced.id}"
    assert send(page, f"{page}/pause").headers["location"] == f"{page}?done=paused"
    answer = send(page, f"{page}/runs")
    assert answer.status_code == 409
    assert "jobs.connection_not_ready" in answer.text
    assert send(page, f"{page}/resume").status_code == 303


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("/plans/x/approve", 404),
        ("/connections/x/pause", 404),
        ("/connections/x/choices", 404),
        ("/problems/x/ready", 404),
        ("/questions/x/answer", 404),
    ],
)
def test_a_deed_on_nothing_is_refused(company: Company, send: Send, action: str, status: int) -> None:
    assert send("/", action, hash="x", role="r", ledger="1").status_code == status


def test_a_conflict_offers_only_the_answers_it_allows_and_keeps_the_one_given(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.begin() as session:
        session.scalars(select(LinkRow).where(LinkRow.key == "sales/s2")).one().state = LinkState.DELETED
    till.ROWS["T1"][1] = {**till.ROWS["T1"][1], "amount": "0.04"}
    sync(workshop, synced)
    with workshop.database.read() as session:
        questions = [each for each in open_questions(session, synced.id).rows if each.answer == "conflict"]
    assert [each.key for each in questions] == ["sales/s2"], "the till's sale stands in conflict"
    page = browser.get("/questions").text
    for way in questions[0].ways:
        assert f'name="way" value="{way}"' in page
    action = f"/questions/{questions[0].hold_id}/conflict"
    assert send("/questions", action, way="explode").status_code == 400
    assert send("/questions", action, way="link").status_code == 409
    way, (seen,) = str(questions[0].ways[0]), set(re.findall(r'name="seen" value="(\w+)"', page))
    with workshop.database.begin() as session:
        hold = session.get_one(Hold, questions[0].hold_id)
        was, hold.params = hold.params, {**hold.params, "id": "another"}
    late = send("/questions", action, way=way, seen=seen)
    assert (late.status_code, "changed since you read it" in late.text) == (409, True), "it is about another document"
    with workshop.database.begin() as session:
        session.get_one(Hold, questions[0].hold_id).params = was
    assert send("/questions", action, way=way, seen=seen).status_code == 303
    assert "Decided." in browser.get("/questions").text
    other = str(questions[0].ways[1])
    late = send("/questions", action, way=other, seen=seen)
    assert (late.status_code, "answered this question otherwise" in late.text) == (409, True), "nobody is overruled"
    assert send("/questions", action, way=way, seen=seen).status_code == 303, "the same answer sent twice is one"
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, synced.company_id)
    refused = client.post(f"{PATH}/holds/{questions[0].hold_id}/conflict", json={"way": other, "seen": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.answered_meanwhile")
    told = {each["hold_id"]: each["seen"] for each in client.get(f"{PATH}/holds").json()["rows"]}
    given = {"way": other, "seen": told[questions[0].hold_id]}
    assert client.post(f"{PATH}/holds/{questions[0].hold_id}/conflict", json=given).status_code == 200


def test_what_a_conflict_may_be_linked_to_or_replaced_with_is_chosen_and_another_one_found_by_its_number(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    with workshop.database.begin() as session:
        drafts = {each.key: each for each in session.scalars(select(DraftRow))}
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s2")).one()
        link.state = LinkState.UNLINKED
        income = session.scalars(select(Choice).where(Choice.role == "income")).one()
        params = {"kind": "Account", "id": income.ledger_id, "name": income.ledger_name, "role": "income"}
        now = workshop.clock.now()
        open_hold(session, synced.id, drafts["sales/s2"], "conflict.duplicate_number", {}, now)
        open_hold(session, synced.id, drafts["sales/s1"], "posting.inactive_reference", params, now)
        session.flush()
        holds = {each.draft_id: each.id for each in session.scalars(select(Hold).where(Hold.closed_at.is_(None)))}
        free, gone = (holds[drafts[key].id] for key in ("sales/s2", "sales/s1"))
        drafts["sales/s2"].state = drafts["sales/s1"].state = DraftState.HELD
        wanted, number = link.document_id, link.document_number
        others = session.scalars(select(LedgerEntry).where(LedgerEntry.type == "Income", LedgerEntry.active)).all()
    page = browser.get("/questions").text
    assert 'name="target"' not in page, "nobody types an id"
    assert f"hold={free}#q{free}" in page

    def offered(hold: str, search: str = "") -> dict[str, str]:
        found = browser.get(f"/questions?hold={hold}&number={search}").text
        rows = re.findall(r'name="target" value="(\w+)"(.*?)</label>(.*?)</div>', found, re.S)
        assert all("txnId=" in link or "accountId=" in link for _, _, link in rows), "each leads into QuickBooks"
        return {id_: " ".join(re.sub(r"<[^>]+>", " ", label).split()) for id_, label, _ in rows}

    [(chosen, label)] = offered(free).items()
    assert (chosen, number in label, "2026" in label, "$" in label) == (wanted, True, True, True), label
    assert list(offered(free, number)) == [wanted]
    assert offered(free, "no such number") == {}
    assert "Nothing free in QuickBooks for" in browser.get(f"/questions?hold={free}&number=no such number").text
    entries = {each.object_id for each in others} - {income.ledger_id}
    assert entries
    assert set(offered(gone)) <= entries, "of the same type, and not the inactive one"
    another = next(each for each in others if each.object_id != income.ledger_id)
    assert offered(gone, another.name[:8])[another.object_id].endswith(another.name)
    assert send("/questions", f"/questions/{free}/conflict", way="link", target=wanted).status_code == 303
    assert send("/questions", f"/questions/{gone}/conflict", way="replace", target=another.object_id).status_code == 303
    assert browser.get("/questions").text.count("Decided.") == 2


def test_what_was_undone_is_posted_again_from_the_page_of_questions(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Send
) -> None:
    asked = Asked(keys=("sales/s2",))
    run_id = request_undo(workshop.database, HandOver(), synced.id, asked, actor=OWNER, clock=workshop.clock)
    run = finish(workshop, run_id)
    assert "Delete" in browser.get(f"/plans/{run.plan_id}").text
    plan = plan_of(workshop, run)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run_id)
    with workshop.database.read() as session:
        (hold_id,) = [each.hold_id for each in open_questions(session, synced.id).rows if each.code == "undo.undone"]
    action = f"/questions/{hold_id}/release"
    page = browser.get("/questions").text
    assert action in page
    asked_of = page.partition(f'id="q{hold_id}"')[2].partition("</li>")[0].partition("<details")[0]
    assert "sales/s2" not in asked_of, "known by its words, and by its key only where the source's are shown"
    assert re.search(r'href="/records/\d+">Record</a>', asked_of)
    assert send("/questions", action).status_code == 303
    assert send("/settings", action).status_code == 409, "it is no longer asked"
    with workshop.database.read() as session:
        assert session.scalars(select(LinkRow.state).where(LinkRow.key == "sales/s2")).one() == LinkState.RELEASED


def test_an_unnamed_account_leads_to_the_question_about_its_file() -> None:
    assert mended_at("bankfeed.currency_missing", "c1") == ("/connections/c1/files", "problems.mend_files")
    assert mended_at("bankfeed.account_unnamed", "c1") == ("/connections/c1/files", "problems.mend_files")
    assert mended_at("bankfeed.account_unnamed", "") is None
