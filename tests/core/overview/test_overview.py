"""What people are shown is what the tables hold: counts, sums to the cent, names, questions, causes, proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from kept_figures import shown_both_ways
from lines_at_hand import account, asked, category
from moments import Moments
from sqlalchemy import event, select
from till_company import again

from raccord.onboarding.deciding.failures import close_cause
from raccord.onboarding.deciding.treating import treat
from raccord.overview.books import money_moved
from raccord.overview.connections import connection_view, list_connections
from raccord.overview.explain import explain
from raccord.overview.money import MoneyMoved
from raccord.overview.plans import plan_effect, plan_lines, plan_summary, waiting_plan
from raccord.overview.problems import gravest_problems, open_problems, problem_groups
from raccord.overview.proofs import proof_months, proof_rows, proof_totals
from raccord.overview.questions import Answer, candidates, missing_choices, open_questions
from raccord.overview.records import list_records
from raccord.overview.runs import PHASES, last_runs, recent_runs, run_view, wrote_last
from raccord.overview.sought import Wanted
from raccord.overview.waiting import waiting
from raccord.plugin.drafts import Accepts
from raccord.plugin.errors import BAD_RECORD
from raccord.store.database import Database
from raccord.store.models import Action, Company, Connection, LinkRow, Plan, ProblemState, Run, RunState
from raccord.sync.problems import cause_within, open_problem
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


def sale(number: int, amount: str, day: str = "2026-03-02") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount}


def spending(number: int, amount: str) -> dict[str, str]:
    said = {"stream": "bank", "id": f"b{number}", "day": "2026-03-04", "amount": amount}
    return {**said, "text": "CAFE 12", "memo": "CAFE 12"}


@pytest.fixture
def synced(workshop: Workshop, connection: Connection, company: Company, till_moments: Moments) -> Connection:
    """Two sales and a refund in the books, a bank line that waits, two rows that failed."""
    till.ROWS["T1"] = [
        sale(1, "114.98"),
        sale(2, "10.5", "2026-02-28"),
        sale(3, "0.03", "2026-03-03"),
        {**sale(4, "-20.00"), "stream": "refunds"},
        spending(1, "-12.30"),
        {**sale(5, "5.00"), "kind": "wrong"},
        {**sale(6, "5.00"), "kind": "wrong"},
    ]

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        sync(workshop, connection)
        return connection

    return again(till_moments, workshop, "synced", live)


def test_every_list_of_days_is_in_their_order(workshop: Workshop, synced: Connection) -> None:
    till.ROWS["T1"] += [
        sale(7, "1.00", "2026-03-05"),
        sale(8, "2.00", "2026-03-01"),
        {**spending(2, "-9.00"), "day": "2026-03-01"},
    ]
    run = sync(workshop, synced)
    with workshop.database.read() as session:
        first_plan = session.scalars(select(Plan.id).order_by(Plan.created_at, Plan.id).limit(1)).one()
        made = {each.key: each.title and each.title.text for each in plan_lines(session, first_plan).rows}
        records = [each.day for each in list_records(session, Wanted()).rows]
        first, second = (list_records(session, Wanted(), limit=4, offset=at).rows for at in (0, 4))
        asked = [each.day for each in open_questions(session).rows]
        lines = [(each.kind, each.day) for each in plan_lines(session, run.plan_id).rows]
        cells = [each.day for each in proof_rows(session, synced.id).rows]
        runs = [each.created_at for each in recent_runs(session).rows]
    assert made["default/customer"] == "Client Caisse", "what core makes is called by its name, people too"
    assert len(records) == 10
    assert records == sorted(records, reverse=True) != sorted(records)
    assert [each.day for each in (*first, *second)] == records[:8], "parts of a list stay in its order"
    assert asked == sorted(asked, key=str) == [date(2026, 3, 1), date(2026, 3, 4)]
    dated = [day for kind, day in lines if kind == "SalesReceipt"]
    assert dated == [date(2026, 3, 1), date(2026, 3, 5)]
    assert cells == sorted(cells)
    assert runs == sorted(runs, reverse=True)
    assert run.state == RunState.DONE


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_search_finds_the_same_on_every_page_of_it(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.day == date(2026, 3, 3))).one()

        def of(search: str, connection_id: str = "", offset: int = 0) -> tuple[list[str], int]:
            found = list_records(session, Wanted(connection_id, search=search), limit=4, offset=offset)
            return [each.source_id for each in found.rows], found.total

        sold = ["s3", "s4", "s6", "s5"]
        assert of("s") == (sold, 6)
        assert of("s", offset=4) == (["s1", "s2"], 6)
        assert of("s", offset=8) == ([], 6), "how many there are is known beyond the last page too"
        assert of("cafe 1") == of("cafe 1", synced.id) == (["b1"], 1), "whatever its case"
        assert of("s", "another") == of("cafe", "another") == of(link.document_id, "another") == ([], 0)
        assert of(link.document_number) == of(link.marker, synced.id) == of(link.document_id) == (["s3"], 1)
        assert of("Expense") == of("CAD") == of("c%f") == of("c_fe") == of('"CAFE') == ([], 0), "its words alone"


def test_a_connection_shows_its_documents_and_money_to_the_cent(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.begin() as session:
        view = connection_view(session, synced.id)
        wrote = wrote_last(session, [synced.id])
        now, usual = workshop.clock.now(), gravest_problems(session, [synced.id])[synced.id][0]
        asked = {"connection_id": synced.id, "stream": "bank", "now": now - timedelta(days=900)}
        open_problem(session, code="till.date_order", subject="bank/f", **asked)
        assert gravest_problems(session, [synced.id])[synced.id][0] == usual, "a file that asks is the least of them"
        open_problem(session, connection_id=synced.id, code="quickbooks.unavailable", subject="run", now=now)
        # Intuit's status page is named for books at Intuit alone; these are in a sandbox.
        for environment, named in (
            ("production", True),
            (session.get_one(Company, synced.company_id).environment, False),
        ):
            session.get_one(Company, synced.company_id).environment = environment
            away = open_problem(session, connection_id=synced.id, code="quickbooks.unavailable", subject="run", now=now)
            said = [explain(away.code, away.params, language).fix for language in ("fr", "en")]
            assert ["Intuit" in each for each in said] == [named] * 2
        assert gravest_problems(session, [synced.id])[synced.id][0] == "quickbooks.unavailable", "what stops all"
        later = {"connection_id": synced.id, "company_id": synced.company_id, "trigger": "person", "started_by": "x"}
        session.add(Run(state=RunState.FAILED, created_at=now, finished_at=now + timedelta(days=1), **later))
        session.flush()
        assert wrote_last(session, [synced.id]) == wrote, "a run that failed since changes nothing of it"
        assert wrote_last(session, []) is None
        session.rollback()
    assert view is not None
    assert view.last_run is not None
    assert wrote is not None
    assert (wrote.id, wrote.posted) == (view.last_run.id, view.last_run.posted)
    assert (view.documents, view.questions, view.problems, view.waiting_plan) == (3, 1, 2, "")
    assert view.moved == (), "what waits in the clearing account has not come in yet"
    assert view.proven is not None
    assert view.proven.equal
    assert view.needs_person
    assert view.last_run is not None
    assert view.last_run.state == RunState.DONE


def test_a_run_that_writes_what_an_earlier_one_read_says_how_much(
    workshop: Workshop, company: Company, synced: Connection
) -> None:
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Expense")))
    run = sync(workshop, synced)
    with workshop.database.read() as session:
        view, wrote = run_view(session, run.id), wrote_last(session, [synced.id])
    assert view is not None
    assert any(each.fetched for each in view.counts), "it read the source too, and nothing in it was new"
    assert not any(each.posted for each in view.counts)
    assert (view.posted, view.read_before) == (1, 1)
    assert wrote is not None
    assert (wrote.id, wrote.posted) == (run.id, 1), "Home names it as the one that wrote"


def test_money_counts_once_when_it_reaches_the_bank(workshop: Workshop, synced: Connection, company: Company) -> None:
    paid = {"stream": "deposits", "id": "d1", "day": "2026-03-04", "of": "sales/1=114.98", "fee": "0.50"}
    till.ROWS["T1"].append({**paid, "amount": "114.48", "of": f"sales/{till.ROWS['T1'][0]['id']}=114.98"})
    sync(workshop, synced)
    moved = MoneyMoved("CAD", Decimal("114.48"), Decimal(0), Decimal(0))
    with workshop.database.read() as session:
        view = connection_view(session, synced.id)
        assert money_moved(session, [synced.id]) == [moved]
    assert view is not None
    assert list(view.moved) == [moved]
    at_the_bank = select(LinkRow).where(LinkRow.kind == "Deposit")
    for amount in ("7", "-0.5", "1.234", "-3", "0.00", "0.07", "-0.07", "-1234.50"):
        with workshop.database.begin() as session:
            session.scalars(at_the_bank).one().amount = Decimal(amount)
        with workshop.database.read() as session:
            view = connection_view(session, synced.id)
            moved = money_moved(session, [synced.id])
        assert view is not None
        assert (list(view.moved), view.documents) == (moved, 4), f"however cents are written: {amount}"
        assert moved[0].moved_in - moved[0].moved_out == Decimal(amount)


def test_a_run_tells_what_it_counted_by_stream(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.read() as session:
        [run] = recent_runs(session, synced.id).rows
        assert run_view(session, run.id) == run
    sales = next(count for count in run.counts if count.stream == "sales")
    assert (sales.fetched, sales.posted, sales.skipped, sales.failed) == (5, 2, 1, 2)
    assert (run.to_send, run.sent, run.refused, run.steps_done) == (6, 6, 0, len(PHASES))


def test_a_waiting_plan_says_by_how_much_each_account_moves(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1, "114.98"), sale(2, "0.5", "2026-03-03"), spending(1, "-12.30")]
    choose_usual(workshop, connection, company)
    finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = waiting_plan(session, connection.id)
        assert plan is not None
        effects = plan_effect(session, plan.id).rows
        by_day = plan_effect(session, plan.id, by_day=True).rows
        held = plan_lines(session, plan.id, action=Action.HOLD).rows
        assert plan_summary(session, "nothing") is None
    assert (plan.to_send, plan.lines) == (5, 6)
    kept, counted = shown_both_ways(workshop.database, plan.id)
    assert kept == counted
    totals = {(group.action, group.kind): group.total for group in plan.groups}
    assert totals[Action.CREATE, "SalesReceipt"] == Decimal("115.48")
    assert totals[Action.CREATE, "Account"] is None
    assert sum(effect.amount for effect in effects) == 0
    moved = {effect.name: (effect.amount, effect.new) for effect in effects}
    # 0.50 that holds tax: QuickBooks takes 0.43 out of it, not the 0.44 that would hold 0.06 of tax.
    assert moved["Revenu Caisse"] == (Decimal("-100.43"), True)
    assert {effect.day for effect in by_day} == {date(2026, 3, 2), date(2026, 3, 3)}
    assert sum(effect.amount for effect in by_day if effect.name == "Revenu Caisse") == Decimal("-100.43")
    assert [(line.key, line.reason) for line in held] == [("bank/b1", "resolve.decision_missing")]


def test_a_question_says_what_the_source_said_and_what_would_fit(
    workshop: Workshop, synced: Connection, company: Company
) -> None:
    with workshop.database.read() as session:
        [question] = open_questions(session, synced.id).rows
        assert question.accepts is not None
        fitting = candidates(session, company.id, {question.accepts, Accepts.TAX_CODE})
    assert (question.answer, question.accepts, question.amount) == (
        Answer.DECISION,
        Accepts.CATEGORY,
        Decimal("-12.30"),
    )
    assert question.facts["text"] == "CAFE 12"
    types = {candidate.type for candidate in fitting[Accepts.CATEGORY]}
    assert "Expense" in types
    assert "Bank" not in types
    assert fitting[Accepts.TAX_CODE]


def test_a_missing_choice_is_asked_once_however_many_drafts_wait(workshop: Workshop, connection: Connection) -> None:
    till.ROWS["T1"] = [sale(number, "1.00") for number in range(1, 6)]
    sync(workshop, connection)
    with workshop.database.read() as session:
        [missing] = missing_choices(session, connection.id)
        rest = open_questions(session, connection.id, without_choices=True)
        everything = open_questions(session, connection.id, limit=2)
    assert (missing.role, missing.accepts, missing.drafts) == ("tax", Accepts.TAX_CODE, 5)
    assert rest.total == 0
    assert (len(everything.rows), everything.total, everything.more) == (2, 5, True)


def test_problems_come_by_cause_with_examples(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.read() as session:
        [group] = problem_groups(session, synced.id, examples=1).rows
        every = open_problems(session, synced.id, code=group.code)
    assert (group.code, group.count, len(group.examples)) == ("mapping.bad_record", 2, 1)
    assert [problem.subject for problem in every.rows] == ["sales/s5", "sales/s6"]
    assert every.rows[0].day == date(2026, 3, 2)


def test_records_refused_for_unlike_reasons_stand_apart_and_are_marked_apart(
    workshop: Workshop, synced: Connection
) -> None:
    till.ROWS["T1"] += [{**sale(number, "5.00"), "word": f"mot {number}"} for number in (7, 8, 9)]
    sync(workshop, synced)
    with workshop.database.read() as session:
        groups = problem_groups(session, synced.id).rows
        first, second = (open_problems(session, synced.id, code=each.cause) for each in groups)
        both = open_problems(session, synced.id, code="mapping.bad_record")
        one = problem_groups(session, synced.id, limit=1, offset=1)
    assert [(each.code, each.count) for each in groups] == [("mapping.bad_record", 3), ("mapping.bad_record", 2)]
    assert [{shown.params["en"] for shown in each.examples} for each in groups] == [
        {"word: Unknown word."},
        {"Amount: Impossible amount."},
    ]
    assert ([each.subject for each in second.rows], first.total, both.total) == (["sales/s5", "sales/s6"], 3, 5)
    assert (one.total, [each.cause for each in one.rows]) == (2, [groups[1].cause])
    closed = close_cause(workshop, OWNER, groups[0].cause, ProblemState.READY, synced.id)
    assert len(closed.ids) == 3
    with workshop.database.read() as session:
        assert [each.cause for each in problem_groups(session, synced.id).rows] == [groups[1].cause]


def test_figures_in_a_reason_and_its_field_tell_causes_apart_or_not() -> None:
    assert cause_within(BAD_RECORD, "total", "12.00 is not 13.00.") == cause_within(
        BAD_RECORD, "total", "1.50 is not 2.75."
    )
    assert len({cause_within(BAD_RECORD, field, said) for field in ("a", "b") for said in ("One.", "Two.")}) == 4
    # A connector's own code is the reason; its sentence may name the record.
    assert cause_within("own.code", "a", "One.") == cause_within("own.code", "a", "Two.")


def test_unequal_days_of_the_proof_come_first_with_their_explanation(
    workshop: Workshop, synced: Connection, company: Company
) -> None:
    client = workshop.client(company)
    [receipt] = [row for row in client.query_all("SalesReceipt") if row["TotalAmt"] == Decimal("0.03")]
    client.delete("SalesReceipt", receipt["Id"], receipt["SyncToken"], "by-hand")
    sync(workshop, synced)
    with workshop.database.read() as session:
        rows = proof_rows(session, synced.id, month=date(2026, 3, 15)).rows
        only = proof_rows(session, synced.id, unequal_only=True)
        assert proof_rows(session, synced.id, month=date(2026, 4, 1)).rows == []
        assert proof_rows(session, synced.id, month=date(9999, 12, 31)).rows == [], "the last month there is"
        months = proof_months(session, synced.id)
        totals = {each.stream: each for each in proof_totals(session, [synced.id])}
        counts = waiting(session)
    assert [each.left_out for each in months] == [sum(bool(row.left_out) for row in rows)] != [0]
    assert (counts.questions, counts.problems, counts.plans, counts.running) == (1, 2, 0, 0)
    assert set(totals) == {"sales", "refunds", "bank"}, "what is of another kind is not added up"
    sales, refunds = totals["sales"], totals["refunds"]
    assert (sales.expected, sales.quickbooks, sales.unequal) == (Decimal("115.01"), Decimal("114.98"), 1)
    assert (refunds.expected, refunds.quickbooks, refunds.unequal) == (Decimal("-20.00"), Decimal("-20.00"), 0)
    assert [each.equal for each in (sales, refunds)] == [False, True]
    assert not rows[0].equal
    assert all(row.equal for row in rows[1:])
    assert only.total == 1
    assert (rows[0].day, rows[0].apart) == (date(2026, 3, 3), Decimal("-0.03"))
    assert rows[0].differences[0].document_id == receipt["Id"]
    assert [(month.first, month.unequal) for month in months] == [(date(2026, 3, 1), 1)]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_more_rows_ask_no_more_questions(workshop: Workshop, synced: Connection) -> None:
    def ask() -> list[int]:
        asked = []
        with workshop.database.read() as session:
            for question in (
                lambda: list_connections(session),
                lambda: recent_runs(session),
                lambda: last_runs(session, [synced.id]),
                lambda: open_questions(session),
                lambda: problem_groups(session),
                lambda: proof_rows(session, synced.id),
            ):
                session.expunge_all()
                with counted(workshop.database) as said:
                    question()
                asked.append(len([each for each in said if each.lstrip().upper().startswith("SELECT")]))
        return asked

    before = ask()
    till.ROWS["T1"] += [spending(number, "-1.00") for number in range(2, 9)]
    till.ROWS["T1"] += [{**sale(number, "5.00"), "kind": "martian"} for number in range(10, 14)]
    sync(workshop, synced)
    sync(workshop, synced)
    assert ask() == before


def test_limits_hold_whatever_is_asked(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.read() as session:
        assert recent_runs(session, limit=10**9, offset=-5).limit == 500
        assert recent_runs(session, limit=0).limit == 1
