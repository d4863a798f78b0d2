"""From what the till said to books that prove themselves."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import event, select

from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import answer_hold, choose
from raccord.plugin.contexts import FetchContext
from raccord.plugin.records import Page
from raccord.scope import Scope
from raccord.store.models import (
    Company,
    Connection,
    Control,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    Plan,
    PlanLine,
    Problem,
    Proof,
    RecordState,
    Run,
    RunCount,
    RunState,
    SourceRecord,
)
from raccord.sync.phases import Phase
from raccord.sync.run import Pipeline, Progress
from raccord.sync.unit import Unit
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer


def sale(number: int, amount: str = "114.98", day: str = "2026-03-02") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount}


def documents(workshop: Workshop, company: Company, kind: str) -> list[dict]:
    return list(workshop.client(company).query_all(kind))


def test_a_first_plan_waits_for_a_person_and_writes_nothing(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    assert documents(workshop, company, "SalesReceipt") == []


def test_sales_become_receipts_once_each_and_prove_to_the_cent(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(number, f"{number}.37") for number in range(1, 46)]
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.DONE, "")
    receipts = documents(workshop, company, "SalesReceipt")
    assert sorted(row["TotalAmt"] for row in receipts) == [Decimal(f"{number}.37") for number in range(1, 46)]
    with workshop.database.read() as session:
        proofs = session.scalars(select(Proof)).all()
        assert [(proof.equal, proof.quickbooks_total) for proof in proofs] == [(True, Decimal("1051.65"))]
        counts = session.scalars(select(RunCount).where(RunCount.stream == "sales")).one()
        assert (counts.fetched, counts.posted) == (45, 45)


def test_a_second_run_of_the_same_input_posts_nothing(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(number) for number in range(1, 6)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    again = sync(workshop, connection)
    assert len(documents(workshop, company, "SalesReceipt")) == 5
    with workshop.database.read() as session:
        counts = session.get_one(RunCount, (again.id, "sales"))
        assert (counts.fetched, counts.unchanged, counts.posted) == (5, 5, 0)


def test_a_deposit_links_its_receipts_and_books_the_fee(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [
        sale(1, "114.98"),
        {"stream": "refunds", "id": "r1", "day": "2026-03-02", "amount": "-20.00"},
        {
            "stream": "deposits", "id": "d1", "day": "2026-03-03", "amount": "92.48",
            "of": "sales/s1=114.98,refunds/r1=-20.00", "fee": "2.50",
        },
    ]  # fmt: skip
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert (run.state, run.error_params) == (RunState.DONE, {})
    [deposit] = documents(workshop, company, "Deposit")
    assert deposit["TotalAmt"] == Decimal("92.48")
    [receipt] = documents(workshop, company, "SalesReceipt")
    assert receipt["LinkedTxn"][0]["TxnType"] == "Deposit"
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_pain_3_t2_a_deposit_of_a_missing_sale_is_held_and_names_it(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [
        sale(1, "100.00"),
        {
            "stream": "deposits",
            "id": "d1",
            "day": "2026-03-03",
            "amount": "150.00",
            "of": "sales/s1=100.00,sales/s2=50.00",
        },
    ]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold)).one()
        assert (hold.code, hold.params["keys"]) == ("resolve.link_missing", ["sales/s2"])
    assert documents(workshop, company, "Deposit") == []
    till.ROWS["T1"].append(sale(2, "50.00"))
    sync(workshop, connection)
    assert [row["TotalAmt"] for row in documents(workshop, company, "Deposit")] == [Decimal(150)]


def test_without_a_chosen_tax_the_sale_is_held_with_the_question(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold)).one()
        assert (hold.code, hold.params["role"]) == ("resolve.choice_missing", "tax")
        assert session.scalars(select(Proof)).one().equal


def test_defaults_are_created_once_and_kept_as_choices(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"].append(sale(2))
    sync(workshop, connection)
    names = Counter(row["Name"] for row in documents(workshop, company, "Account"))
    assert names["Revenu Caisse"] == 1
    assert Counter(row["DisplayName"] for row in documents(workshop, company, "Customer"))["Client Caisse"] == 1
    assert Counter(row["Name"] for row in documents(workshop, company, "Item"))["Revenu Caisse"] == 1


def test_bad_rows_are_reported_and_the_good_ones_beside_them_kept(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [
        sale(1),
        {"stream": "sales", "id": "s2", "bad": "??"},
        {**sale(3), "kind": "wrong"},
        {**sale(4), "kind": "training"},
        {**sale(5), "kind": "martian"},
        {**sale(6), "kind": "uneven"},
        {**sale(7), "kind": "broken"},
    ]
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    assert len(documents(workshop, company, "SalesReceipt")) == 1
    with workshop.database.read() as session:
        problems = {problem.subject: problem.code for problem in session.scalars(select(Problem))}
        assert problems == {
            "till line s2": "till.bad_row",
            "sales/s3": "mapping.bad_record",
            "sales/s5": "mapping.unknown_kind",
            "sales/s6": "mapping.amount_differs",
            "sales/s7": "plugin.failed",
        }
        assert not [p for p in session.scalars(select(Problem)) if "4111" in str(p.params)]
        counts = session.get_one(RunCount, (run.id, "sales"))
        assert (counts.fetched, counts.posted, counts.skipped, counts.failed) == (7, 1, 2, 4)


def test_a_bank_line_waits_for_its_category_and_is_posted_with_it(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-12.30"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert documents(workshop, company, "Purchase") == []
    expense = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold)).one()
    answer_hold(workshop, OWNER, hold.id, expense["Id"])
    sync(workshop, connection)
    [purchase] = documents(workshop, company, "Purchase")
    assert purchase["TotalAmt"] == Decimal("12.30")


def test_a_changed_record_updates_its_document_in_place(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1, "10.00")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"] = [sale(1, "11.00")]
    sync(workshop, connection)
    [receipt] = documents(workshop, company, "SalesReceipt")
    assert receipt["TotalAmt"] == Decimal(11)
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_records_before_the_first_day_are_left_out_with_a_reason(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1, day="2026-02-28"), sale(2, day="2026-03-01")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert [row["TxnDate"] for row in documents(workshop, company, "SalesReceipt")] == ["2026-03-01"]


def test_a_changed_choice_counts_from_its_day_by_record_date(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1, day="2026-03-02")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    client = workshop.client(company)
    other = next(
        row
        for row in client.query("SELECT * FROM Account WHERE AccountType = 'Income'")
        if row["Name"] != "Revenu Caisse"
    )
    choose(workshop, OWNER, connection.id, "income", other["Id"], valid_from=date(2026, 3, 5))
    till.ROWS["T1"] += [sale(2, day="2026-03-04"), sale(3, day="2026-03-05")]
    sync(workshop, connection)
    items = {
        row["Id"]: row["IncomeAccountRef"]["value"] for row in client.query_all("Item") if "IncomeAccountRef" in row
    }
    placed = {
        row["TxnDate"]: items[row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]] == other["Id"]
        for row in client.query_all("SalesReceipt")
    }
    assert placed == {"2026-03-02": False, "2026-03-04": False, "2026-03-05": True}


def test_a_cent_altered_in_quickbooks_is_found_with_its_id(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1, "10.00"), sale(2, "20.00")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [receipt] = [row for row in documents(workshop, company, "SalesReceipt") if row["TotalAmt"] == 10]
    workshop.client(company).delete("SalesReceipt", receipt["Id"], receipt["SyncToken"], "by-hand")
    sync(workshop, connection)
    with workshop.database.read() as session:
        proof = session.scalars(select(Proof)).one()
        assert not proof.equal
        assert [(each["code"], each["document_id"], each["amount"]) for each in proof.differences] == [
            ("proof.missing_document", receipt["Id"], "-10.00")
        ]


def test_the_plan_holds_the_exact_text_that_is_sent(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        line = session.scalars(select(PlanLine).where(PlanLine.kind == "SalesReceipt")).one()
        assert '"TaxInclusiveAmt":114.98' in line.payload.replace(" ", "")
        assert sum(Decimal(value) for value in line.effect.values()) == 0
        assert session.get_one(Plan, run.plan_id).hash
        assert session.scalars(select(DraftRow)).one().state == DraftState.PLANNED
        assert session.scalars(select(LinkRow)).all() == []
        assert session.get_one(Run, run.id).state == RunState.APPROVAL


@pytest.mark.either_database
def test_small_pieces_of_a_run_are_one_unit_that_ends_between_them_when_a_person_asks(
    workshop: Workshop, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [sale(1)]
    run_id, fetch, read = request(workshop, connection), Scope.fetch, list[str]()

    def fetched(scope: Scope, context: FetchContext, stream: str, cursor: str | None) -> Page:
        read.append(stream)
        if len(read) == 2:
            with workshop.database.begin() as session:
                session.get_one(Run, run_id).control = Control.PAUSE
        return fetch(scope, context, stream, cursor)

    monkeypatch.setattr(Scope, "fetch", fetched)
    pipeline = Pipeline(workshop)
    assert pipeline.advance(run_id) is Progress.MORE
    assert read == [stream.name for stream in till.INFO.streams][:2], "the third waits for the person"
    assert pipeline.advance(run_id) is Progress.STOPPED
    with workshop.database.begin() as session:
        run = session.get_one(Run, run_id)
        assert (run.state, run.fence, run.progress["streams"]) == (RunState.PAUSED, 2, 2)
        run.state, run.control = RunState.QUEUED, Control.GO
    assert pipeline.advance(run_id) is Progress.MORE
    assert read == [stream.name for stream in till.INFO.streams]


@pytest.mark.either_database
def test_what_was_read_as_settings_were_that_changed_meanwhile_is_read_again_as_they_are(
    workshop: Workshop, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [sale(1)]
    run_id, fetch, read = request(workshop, connection), Scope.fetch, list[tuple[str, str]]()

    def fetched(scope: Scope, context: FetchContext, stream: str, cursor: str | None) -> Page:
        page = fetch(scope, context, stream, cursor)
        read.append((stream, context.settings.code.get_secret_value()))
        if len(read) == 1:
            update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "another"})
        return page

    monkeypatch.setattr(Scope, "fetch", fetched)
    first = till.INFO.streams[0].name
    assert Pipeline(workshop).advance(run_id) is Progress.MORE
    with workshop.database.read() as session:
        assert session.scalars(select(RunCount)).all() == [], "nothing of it is kept"
    finish(workshop, run_id)
    assert [code for stream, code in read if stream == first] == [read[0][1], "another"]
    with workshop.database.read() as session:
        assert {each.stream: each.fetched for each in session.scalars(select(RunCount))}["sales"] == 1


@pytest.mark.either_database
def test_settings_that_change_before_records_are_mapped_count_for_them(
    workshop: Workshop, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [sale(1)]
    run_id, recover = request(workshop, connection), Unit._recover

    def changed(unit: Unit) -> None:
        recover(unit)
        update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "another"})

    with monkeypatch.context() as between:
        between.setattr(Unit, "_recover", changed)
        for _ in range(2):
            assert Pipeline(workshop).advance(run_id) is Progress.MORE
    with workshop.database.read() as session:
        run, states = session.get_one(Run, run_id), session.scalars(select(SourceRecord.state)).all()
    assert (run.phase, states) == (Phase.MAP, [RecordState.NEW]), "not as the settings were"
    finish(workshop, run_id)
    with workshop.database.read() as session:
        assert session.scalars(select(SourceRecord.state)).all() == [RecordState.MAPPED]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_settings_that_change_while_records_are_mapped_find_them_mapped(
    workshop: Workshop, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who changes them waits for what is mapped at that moment, and has it mapped anew."""
    till.ROWS["T1"] = [sale(1)]
    run_id, view = request(workshop, connection), Workshop.map_view
    pipeline = Pipeline(workshop)
    values = {"till": "T1", "code": "another"}
    change = Thread(target=update_settings, args=(workshop, OWNER, connection.id, values))

    def changed(*args: Any) -> Any:
        change.start()
        # Either it is done by then, or it waits for what is mapped here.
        change.join(1)
        return view(*args)

    with monkeypatch.context() as between:
        between.setattr(Workshop, "map_view", changed)
        while not change.ident:
            assert pipeline.advance(run_id) is Progress.MORE
    change.join(20)
    assert not change.is_alive()
    with workshop.database.read() as session:
        assert session.scalars(select(SourceRecord.state)).all() == [RecordState.NEW], "to be mapped as they are now"


@pytest.mark.either_database
def test_a_run_that_finds_nothing_new_asks_little_of_the_database_and_of_quickbooks(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(number) for number in range(1, 6)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    sync(workshop, connection)
    run_id, pipeline, asked = request(workshop, connection), Pipeline(workshop), list[str]()
    event.listen(workshop.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    sandbox.app.state.log.clear()
    units = 1
    while pipeline.advance(run_id) is Progress.MORE:
        units += 1
    paths = Counter(seen.path.rpartition("/")[2] for seen in sandbox.app.state.log.latest(company.realm))
    assert units == 5
    assert len(asked) <= 106
    # Accounts and items by themselves, what is short together, and what changed once.
    assert paths == {company.realm: 1, "preferences": 1, "batch": 1, "query": 2, "cdc": 1}
    with workshop.database.read() as session:
        assert session.get_one(Run, run_id).progress["looked"], "the look before the plan is the proof's too"
        assert all(proof.equal for proof in session.scalars(select(Proof)))
