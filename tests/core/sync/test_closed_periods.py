"""Documents dated in closed books: held, dated on the first open day, or asked about once; nothing there is touched."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.closing.certificates import certify
from raccord.onboarding.closing.closings import ClosingError, answer_closed_month, set_closed_policy
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.overview.closed_months import answered_months, asked_months
from raccord.overview.plans import plan_effect, plan_summary
from raccord.store.database import Database
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    Drift,
    Event,
    Hold,
    LineState,
    Plan,
    PlanLine,
    Problem,
    ProblemState,
    Proof,
    Run,
    RunState,
)
from raccord.sync.posting import post
from raccord.sync.posting.periods import ClosedPolicy, MonthAnswer
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def sale(name: str, day: str = "2026-03-02", amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": name, "day": day, "amount": amount, **more}


def deposit(name: str, day: str, amount: str, of: str) -> dict[str, str]:
    return {"stream": "deposits", "id": name, "day": day, "amount": amount, "of": of}


def receipts(workshop: Workshop, company: Company) -> dict[str, dict[str, Any]]:
    return {str(row["PrivateNote"]): dict(row) for row in workshop.client(company).query_all("SalesReceipt")}


def dates(workshop: Workshop, company: Company, kind: str = "SalesReceipt") -> list[str]:
    return sorted(str(row["TxnDate"]) for row in workshop.client(company).query_all(kind))


def lines(workshop: Workshop, run: Run) -> dict[str, tuple[str, str, str]]:
    """Key to action, reason and day of the lines that drafts have in a run's plan."""
    with workshop.database.read() as session:
        rows = session.scalars(select(PlanLine).where(PlanLine.plan_id == run.plan_id, PlanLine.draft_id.is_not(None)))
        return {row.key: (row.action, row.reason, str(row.day)) for row in rows}


def proofs(workshop: Workshop, stream: str = "sales") -> list[tuple[str, bool, str, str, str, str]]:
    """Day, equal, source, left out, moved and in QuickBooks."""
    with workshop.database.read() as session:
        rows = session.scalars(select(Proof).where(Proof.stream == stream).order_by(Proof.day)).all()
    return [
        (
            row.day.isoformat(), row.equal, str(row.source_total), str(row.left_out_total),
            str(row.moved_total), str(row.quickbooks_total),
        )
        for row in rows
    ]  # fmt: skip


def open_holds(workshop: Workshop) -> dict[str, str]:
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold.code).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        return {row.key: row.code for row in rows}


def waiting(workshop: Workshop, connection: Connection) -> tuple[Run, Plan]:
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        return run, session.get_one(Plan, run.plan_id)


def test_pain_12_t1_the_plan_marks_closed_rows_by_the_connections_policy_and_nothing_is_refused(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("old1"), sale("old2", "2026-03-09", "20.00", memo="table 4"), sale("new", "2026-03-12")]
    choose_usual(workshop, connection, company)
    lab(sandbox, "close-books", date="2026-03-10")
    # Any refusal would be this one, and would show as a failed draft.
    run, plan = waiting(workshop, connection)
    assert lines(workshop, run) == {
        "sales/old1": (Action.BLOCKED, "posting.period_closed", "2026-03-02"),
        "sales/old2": (Action.BLOCKED, "posting.period_closed", "2026-03-09"),
        "sales/new": (Action.CREATE, "", "2026-03-12"),
    }
    with workshop.database.read() as session:
        summary = plan_summary(session, plan.id)
    assert summary is not None
    assert (summary.books_closed_on, summary.closed_policy) == (date(2026, 3, 10), "blocked")

    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.ASK)
    run, _ = waiting(workshop, connection)
    assert lines(workshop, run)["sales/old1"] == (Action.HOLD, "period.month_asked", "2026-03-02")
    assert open_holds(workshop) == dict.fromkeys(("sales/old1", "sales/old2"), "period.month_asked")
    with workshop.database.read() as session:
        (asked,) = asked_months(session, connection.id)
        still = session.scalars(select(Problem.id).where(Problem.state == ProblemState.OPEN)).all()
    assert (asked.month, asked.documents, asked.answer) == (date(2026, 3, 1), 2, "")
    assert still == [], "a question is no problem"

    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    run, plan = waiting(workshop, connection)
    moved = (Action.CREATE, "period.next_open_day", "2026-03-11")
    assert lines(workshop, run) == {
        "sales/old1": moved, "sales/old2": moved, "sales/new": (Action.CREATE, "", "2026-03-12"),
    }  # fmt: skip
    with workshop.database.read() as session:
        by_day = {row.day for row in plan_effect(session, plan.id, by_day=True).rows}
    assert by_day == {date(2026, 3, 11), date(2026, 3, 12)}, "the effect stands on the days of the documents"
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run.id)
    found = receipts(workshop, company)
    assert sorted((row["TxnDate"], str(row["TotalAmt"])) for row in found.values()) == [
        ("2026-03-11", "10.00"), ("2026-03-11", "20.00"), ("2026-03-12", "10.00"),
    ]  # fmt: skip
    assert any(note.startswith("Date réelle : 2026-03-09. table 4 [raccord ") for note in found), sorted(found)
    assert proofs(workshop) == [
        ("2026-03-02", True, "10.00", "0", "-10.00", "0"),
        ("2026-03-09", True, "20.00", "0", "-20.00", "0"),
        ("2026-03-11", True, "0", "0", "30.00", "30.00"),
        ("2026-03-12", True, "10.00", "0", "0", "10.00"),
    ]
    with workshop.database.read() as session:
        onto = session.scalars(select(Proof).where(Proof.day == date(2026, 3, 11))).one()
    assert [(each["record_day"], each["amount"]) for each in onto.moves] == [
        ("2026-03-02", "10.00"), ("2026-03-09", "20.00"),
    ]  # fmt: skip
    # What is posted stays where it stands, whatever becomes of closing date and policy.
    lab(sandbox, "close-books", date="2026-03-15")
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.BLOCKED)
    again = sync(workshop, connection)
    assert lines(workshop, again) == {}
    assert [row[1] for row in proofs(workshop)] == [True] * 4


def test_pain_12_t1_the_memo_is_in_the_connections_language(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).language = "en"
    till.ROWS["T1"] = [sale("old")]
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    lab(sandbox, "close-books", date="2026-03-31")
    sync(workshop, connection)
    (note,) = receipts(workshop, company)
    assert note.startswith("True date: 2026-03-02. [raccord ")
    assert dates(workshop, company) == ["2026-04-01"]


def test_pain_12_t1_one_answer_for_a_closed_month_covers_its_drafts_and_those_to_come(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("m1"), sale("m2", "2026-03-05"), sale("a1", "2026-04-01"), sale("now", "2026-05-04")]
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.ASK)
    lab(sandbox, "close-books", date="2026-04-30")
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-05-04"]
    with workshop.database.read() as session:
        assert [(each.month.month, each.documents) for each in asked_months(session)] == [(3, 2), (4, 1)]
    answer_closed_month(workshop, OWNER, connection.id, date(2026, 3, 15), MonthAnswer.LEAVE_OUT)
    answer_closed_month(workshop, OWNER, connection.id, date(2026, 4, 1), MonthAnswer.WAIT)
    till.ROWS["T1"].append(sale("m3", "2026-03-06"))
    run = sync(workshop, connection)
    left = (Action.SKIP, "period.left_out")
    said = lines(workshop, run)
    assert [said[f"sales/{name}"][:2] for name in ("m1", "m2", "m3")] == [left] * 3
    assert open_holds(workshop) == {"sales/a1": "posting.period_closed"}
    # Another answer takes up what the former one left out.
    answer_closed_month(workshop, OWNER, connection.id, date(2026, 3, 1), MonthAnswer.NEXT_OPEN_DAY)
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-05-01"] * 3 + ["2026-05-04"]
    lab(sandbox, "close-books")
    sync(workshop, connection)
    assert open_holds(workshop) == {}
    assert dates(workshop, company)[0] == "2026-04-01", "opened again, it bears its own date"
    assert all(row[1] for row in proofs(workshop)), proofs(workshop)


def test_pain_12_t2_a_deposit_of_an_open_month_takes_the_receipts_of_a_closed_one(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1"), sale("s2", "2026-03-03", "20.00")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    lab(sandbox, "close-books", date="2026-03-31")
    till.ROWS["T1"].append(deposit("d1", "2026-04-02", "30.00", "sales/s1=10.00,sales/s2=20.00"))
    sync(workshop, connection)
    assert open_holds(workshop) == {}
    assert dates(workshop, company, "Deposit") == ["2026-04-02"]
    assert all(row[1] for row in proofs(workshop, "deposits"))


def test_pain_12_t3_a_document_in_a_closed_period_is_neither_updated_nor_restored_whatever_the_policy(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1"), sale("s2"), sale("s3", "2026-04-02")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    (_, edited, _) = sorted(workshop.client(company).query_all("SalesReceipt"), key=lambda row: int(row["Id"]))
    lab(sandbox, "edit", entity="SalesReceipt", id=edited["Id"], changes={"PrivateNote": "touched"})
    lab(sandbox, "close-books", date="2026-03-31")
    till.ROWS["T1"][0] = sale("s1", amount="12.00")
    # A revision that moves an open document's record into the closed period goes to the first open day.
    till.ROWS["T1"][2] = sale("s3", "2026-03-30", "11.00")
    run = sync(workshop, connection)
    assert lines(workshop, run) == {
        "sales/s1": (Action.BLOCKED, "period.document_closed", "2026-03-02"),
        "sales/s3": (Action.UPDATE, "period.next_open_day", "2026-04-01"),
    }
    with workshop.database.read() as session:
        (drift,) = session.scalars(select(Drift)).all()
    settle_drifts(workshop, OWNER, [drift.id], Way.RESTORE)
    run = sync(workshop, connection)
    assert lines(workshop, run)["sales/s2"] == (Action.BLOCKED, "period.document_closed", "2026-03-02")
    assert dates(workshop, company) == ["2026-03-02", "2026-03-02", "2026-04-01"]
    # The document moved before is updated where it stands.
    lab(sandbox, "close-books", date="2026-03-31")
    till.ROWS["T1"][2] = sale("s3", "2026-03-30", "13.00")
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-03-02", "2026-03-02", "2026-04-01"]
    assert [row[:2] for row in proofs(workshop)] == [
        ("2026-03-02", True), ("2026-03-30", True), ("2026-04-01", True),
    ]  # fmt: skip
    lab(sandbox, "close-books")
    sync(workshop, connection)
    assert open_holds(workshop) == {}
    assert {str(row["TotalAmt"]) for row in receipts(workshop, company).values()} == {"12.00", "10.00", "13.00"}


def test_pain_12_t1_books_closed_between_plan_and_apply_leave_whole_what_is_closed_and_send_none_of_it(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1"), sale("s2", "2026-03-31"), sale("s3", "2026-04-01")]
    till.ROWS["T1"].append(deposit("d1", "2026-04-02", "20.00", "sales/s1=10.00,sales/s3=10.00"))
    choose_usual(workshop, connection, company)
    run, plan = waiting(workshop, connection)
    lab(sandbox, "close-books", date="2026-03-31")
    # Were one of them sent, this refusal would fail it.
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    assert dates(workshop, company) == ["2026-04-01"]
    assert open_holds(workshop) == {
        "sales/s1": "posting.period_closed", "sales/s2": "posting.period_closed", "deposits/d1": "resolve.link_waits",
    }  # fmt: skip
    with workshop.database.read() as session:
        states = session.scalars(select(PlanLine.state).where(PlanLine.plan_id == plan.id)).all()
    assert LineState.REFUSED not in states
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-04-01"] * 3
    assert open_holds(workshop) == {}
    assert all(row[1] for row in proofs(workshop))


@pytest.mark.parametrize("password", [False, True])
def test_pain_12_t1_a_refusal_for_closed_books_becomes_the_question_and_stops_the_rest_of_the_period(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    sandbox: SandboxServer,
    password: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post, "CLAIM", 4)
    monkeypatch.setattr(post, "REFILL", 0)
    till.ROWS["T1"] = [sale("first")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    sandbox.store.of_template("quebec").settings["closed_books_password"] = password
    many = [sale(f"m{number:02}", "2026-03-20", "1.00") for number in range(16)]
    till.ROWS["T1"] += [*many, sale("open", "2026-04-01")]
    run_id = request(workshop, connection)
    pipeline = Pipeline(workshop)
    while _phase(workshop, run_id) != "post":
        pipeline.advance(run_id)
    lab(sandbox, "close-books", date="2026-03-31")
    finish(workshop, run_id)
    assert dates(workshop, company) == ["2026-03-02", "2026-04-01"]
    assert set(open_holds(workshop).values()) == {"posting.period_closed"}
    with workshop.database.read() as session:
        rows = session.scalars(select(PlanLine).where(PlanLine.day == date(2026, 3, 20))).all()
    assert {row.state for row in rows} == {LineState.REFUSED, LineState.LEFT}, "the last ones were not even sent"
    lab(sandbox, "close-books")
    sync(workshop, connection)
    assert len(dates(workshop, company)) == 18
    assert open_holds(workshop) == {}


def _phase(workshop: Workshop, run_id: str) -> str:
    with workshop.database.read() as session:
        return session.get_one(Run, run_id).phase


def test_pain_12_t1_a_closing_date_that_moved_since_the_plan_dates_moved_documents_anew(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1"), sale("s2", "2026-04-02")]
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    lab(sandbox, "close-books", date="2026-03-31")
    run, plan = waiting(workshop, connection)
    lab(sandbox, "close-books", date="2026-02-28")
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run.id)
    assert dates(workshop, company) == ["2026-04-02"], "the true date is open again: it is not moved after all"
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-03-02", "2026-04-02"]
    assert proofs(workshop)[0] == ("2026-03-02", True, "10.00", "0", "0", "10.00")


def test_pain_12_t1_a_moved_document_whose_answer_was_lost_is_there_once(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    sandbox.store.of_template("quebec").settings["ignore_requestid"] = True
    till.ROWS["T1"] = [sale("s1"), sale("s2")]
    choose_usual(workshop, connection, company)
    set_closed_policy(workshop, OWNER, connection.id, ClosedPolicy.NEXT_OPEN_DAY)
    lab(sandbox, "close-books", date="2026-03-31")
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path="/batch"))
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-04-01"] * 2
    assert all(row[1] for row in proofs(workshop))


def test_what_another_connection_posted_on_the_first_open_day_is_not_posted_there_again(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    values = {"till": "T2", "code": "x"}
    new = NewConnection(company_id=company.id, connector="till", values=values, starts_on=date(2026, 3, 1))
    lab(sandbox, "close-books", date="2026-03-10")
    for each, number, day in ((connection, "T1", "02"), (connect(workshop, OWNER, new), "T2", "03")):
        choose_usual(workshop, each, company)
        set_closed_policy(workshop, OWNER, each.id, ClosedPolicy.NEXT_OPEN_DAY)
        till.ROWS[number] = [
            {"stream": "bank", "kind": "paid out", "id": number, "day": f"2026-03-{day}", "amount": "-12.30"},
        ]
        assert sync(workshop, each).state == RunState.DONE
    assert dates(workshop, company, "Purchase") == ["2026-03-11"]
    assert open_holds(workshop) == {"bank/T2": "conflict.already_exists"}
    with workshop.database.read() as session:
        (hold,) = session.scalars(select(Hold).where(Hold.closed_at.is_(None)))
    assert (hold.params["day"], hold.params["owner"]) == ("2026-03-11", connection.label), "as it stands in QuickBooks"


def test_nothing_is_written_into_a_certified_month_before_somebody_says_why(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    march = date(2026, 3, 1)
    till.ROWS["T1"] = [sale("s1")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=13))
    certify(workshop, OWNER, company.id, march, with_exceptions=True, reason="Known")

    # A new document, a new revision of one that stands there, and a document of another month.
    till.ROWS["T1"] = [sale("s1", amount="11.00"), sale("s2", "2026-03-05"), sale("a1", "2026-04-01")]
    run = sync(workshop, connection)
    asked = (Action.HOLD, "period.certified_asked")
    assert [lines(workshop, run)[f"sales/{name}"][:2] for name in ("s1", "s2")] == [asked, asked]
    assert dates(workshop, company) == ["2026-03-02", "2026-04-01"]
    with workshop.database.read() as session:
        [month] = asked_months(session, connection.id)
    assert (month.month, month.documents, month.certified, month.answer) == (march, 2, True, "")

    with pytest.raises(ClosingError, match="needs a reason"):
        answer_closed_month(workshop, OWNER, connection.id, march, MonthAnswer.WRITE, "because")
    with pytest.raises(ClosingError, match="2026-04 is not certified"):
        answer_closed_month(workshop, OWNER, connection.id, date(2026, 4, 1), MonthAnswer.WRITE, "A late receipt")
    answer_closed_month(workshop, OWNER, connection.id, march, MonthAnswer.WRITE, "The till told it late")
    sync(workshop, connection)
    assert dates(workshop, company) == ["2026-03-02", "2026-03-05", "2026-04-01"]
    assert open_problems(workshop) == ["proof.certified_changed"], "it has to be certified again"
    with workshop.database.read() as session:
        said = session.scalars(select(Event.body).where(Event.action == "connection.closed_month")).all()
        [kept] = answered_months(session, connection.id)
    assert said[-1]["reason"] == kept.reason == "The till told it late"

    # The answer counts until the month is certified again, also where a plan that writes there was made before.
    connection_waits(workshop, connection)
    till.ROWS["T1"].append(sale("s3", "2026-03-06"))
    run, plan = waiting(workshop, connection)
    assert lines(workshop, run)["sales/s3"][:2] == (Action.CREATE, "")
    clock.advance(timedelta(hours=1))
    certify(workshop, OWNER, company.id, march, with_exceptions=True, reason="Known")
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run.id)
    assert open_holds(workshop) == {"sales/s3": "period.certified_asked"}
    assert len(dates(workshop, company)) == 3


def connection_waits(workshop: Workshop, connection: Connection) -> None:
    """Have each plan of a connection wait for approval."""
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = True


def open_problems(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Problem.code).where(Problem.state == ProblemState.OPEN)))
