"""What people answer and choose on the pages, and the runs that they start and stop."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import till
from harness import OWNER, finish, sync
from programs import program
from rows_now import plan_of, row
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.overview.questions import open_questions
from raccord.plugin.drafts import Accepts
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    Control,
    DraftRow,
    DraftState,
    Hold,
    LedgerEntry,
    LinkRow,
    LinkState,
    Plan,
    PlanState,
    Run,
    RunState,
)
from raccord.sync.resolving.holds import open_hold
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app
from raccord_web.screens.records.problems import mended_at

Send = Callable[..., Any]


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

    kept = f"/review?connection={synced.id}&said=kept_category&last={question.hold_id}&alike=yes"
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
