"""What a source may say that could send a document twice, send what it took back, or stop the good rows beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest
import till
from harness import OWNER, catalog_of, choose_usual, finish, lab, request, sync
from sqlalchemy import select

from raccord.errors import RaccordError
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import answer_hold, approve_plan
from raccord.onboarding.deciding.failures import mark_resolved
from raccord.plugin import JSON, FetchContext, Money, Page, Record, Reject, Text, hookimpl
from raccord.plugin.sources import RestSource, rest_page
from raccord.scope import Scopes
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    Plan,
    Problem,
    ProblemState,
    Proof,
    RunCount,
    RunState,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


def sale(name: str, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": name, "day": "2026-03-02", "amount": amount, **more}


def count(workshop: Workshop, company: Company, kind: str = "SalesReceipt") -> int:
    return workshop.client(company).count(kind)


def open_problems(workshop: Workshop) -> dict[str, str]:
    with workshop.database.read() as session:
        found = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))
        return {problem.subject: problem.code for problem in found}


def problem_of(workshop: Workshop, subject: str) -> Problem:
    with workshop.database.read() as session:
        return session.scalars(
            select(Problem).where(Problem.state == ProblemState.OPEN, Problem.subject == subject)
        ).one()


@pytest.mark.requirement("CH-58")
@pytest.mark.parametrize("afterwards", ["the source changes it", "the settings change"])
def test_a_record_that_was_entered_by_hand_is_never_sent_whatever_comes_afterwards(
    workshop: Workshop, connection: Connection, company: Company, afterwards: str
) -> None:
    till.ROWS["T1"] = [sale("s1", kind="wrong")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    mark_resolved(workshop, OWNER, problem_of(workshop, "sales/s1").id)
    if afterwards == "the source changes it":
        till.ROWS["T1"] = [sale("s1", "11.00")]
    else:
        update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "another"})
    sync(workshop, connection)
    assert count(workshop, company) == 0
    assert open_problems(workshop) == {}


def test_a_record_whose_id_holds_a_hash_is_told_from_the_one_it_begins_like(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale("a#b", kind="training"), sale("a", kind="training")]
    sync(workshop, connection)
    till.ROWS["T1"] = [sale("a#b", "20.00"), sale("a", "10.00")]
    sync(workshop, connection)
    assert count(workshop, company) == 2
    # Both change; what the shorter one no longer says must not be taken for what the longer one says.
    till.ROWS["T1"] = [sale("a#b", "21.00"), sale("a", "11.00", kind="training")]
    sync(workshop, connection)
    assert open_problems(workshop) == {"sales/a": "mapping.draft_vanished"}
    with workshop.database.read() as session:
        states = {draft.key: draft.state for draft in session.scalars(select(DraftRow))}
    assert states == {"sales/a": DraftState.POSTED, "sales/a#b": DraftState.POSTED}


def test_a_draft_whose_record_has_a_hash_in_its_id_is_taken_back_with_its_record(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale("a#b")]
    sync(workshop, connection)
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale("a#b", kind="training")]
    sync(workshop, connection)
    assert count(workshop, company) == 0


def test_two_records_whose_drafts_would_bear_one_key_do_not_stop_the_others(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale("x", kind="tipped"), sale("x#tip"), sale("y")]
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.DONE, "")
    assert open_problems(workshop) == {"record sales/x#tip": "mapping.key_taken"}
    assert count(workshop, company) == 3
    till.ROWS["T1"].append(sale("x#tip", "12.00"))
    sync(workshop, connection)
    assert count(workshop, company) == 3


@pytest.mark.parametrize(("kind", "code"), [("unpriced", "mapping.amount_differs"), ("late", "mapping.day_differs")])
def test_a_draft_that_no_proof_would_find_at_its_record_is_not_sent(
    workshop: Workshop, connection: Connection, company: Company, kind: str, code: str
) -> None:
    till.ROWS["T1"] = [sale("s1", kind=kind), sale("s2")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert open_problems(workshop) == {"sales/s1": code}
    assert count(workshop, company) == 1


def test_a_payee_is_of_the_list_that_its_role_accepts(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale("s1", "-7.00", kind="paid out")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [purchase] = workshop.client(company).query("SELECT * FROM Purchase")
    [customer] = workshop.client(company).query("SELECT * FROM Customer WHERE DisplayName = 'Client Caisse'")
    assert (purchase["EntityRef"]["type"], purchase["EntityRef"]["value"]) == ("Customer", customer["Id"])


def test_a_draft_in_another_currency_than_its_record_is_not_sent(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale("s1", currency="USD", drafted="CAD"), sale("s2")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert open_problems(workshop) == {"sales/s1": "mapping.currency_differs"}
    assert count(workshop, company) == 1


def test_a_bank_line_that_the_bank_took_back_asks_nothing_more_and_is_not_sent(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    line = {"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-5.00"}
    till.ROWS["T1"] = [line]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    till.ROWS["T1"] = [{**line, "kind": "training"}]
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
    expense = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]
    with pytest.raises(RaccordError, match=r"hold\.closed"):
        answer_hold(workshop, OWNER, hold.id, expense["Id"])
    sync(workshop, connection)
    assert count(workshop, company, "Purchase") == 0


def test_a_draft_that_is_blocked_takes_its_problem_with_it_when_the_source_takes_it_back(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1")]
    choose_usual(workshop, connection, company)
    lab(sandbox, "close-books", date="2026-03-31")
    sync(workshop, connection)
    assert open_problems(workshop) == {"sales/s1": "posting.period_closed"}
    till.ROWS["T1"] = [sale("s1", kind="training")]
    sync(workshop, connection)
    assert open_problems(workshop) == {}
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []


def test_a_failed_draft_keeps_its_problem_when_its_record_changes_in_ways_that_do_not_matter(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale("s1")]
    choose_usual(workshop, connection, company)
    run = finish(workshop, request(workshop, connection))
    lab(sandbox, "close-books", date="2026-03-31")
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run.id)
    assert open_problems(workshop) == {"sales/s1": "posting.period_closed"}
    till.ROWS["T1"] = [sale("s1", cashier="Léa")]
    sync(workshop, connection)
    assert open_problems(workshop) == {"sales/s1": "posting.period_closed"}, "nobody could mark it ready any more"


def test_what_a_record_said_before_is_not_sent_once_it_cannot_be_understood_any_more(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale("s1")]
    sync(workshop, connection)
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale("s1", "99.00", kind="wrong")]
    sync(workshop, connection)
    assert count(workshop, company) == 0
    assert open_problems(workshop) == {"sales/s1": "mapping.bad_record"}
    till.ROWS["T1"] = [sale("s1", "12.00")]
    sync(workshop, connection)
    assert count(workshop, company) == 1


STRANGE = {
    "nul": sale("nul\x00byte"),
    "surrogate": sale("half\ud800pair"),
    "surrogate in raw": sale("raw", note="half\ud800pair"),
    "huge": sale("huge", "1E+60"),
    "tiny": sale("tiny", "0." + "0" * 60 + "1"),
    "surrogate in memo": sale("memo", memo="half\ud800pair"),
    "long": sale("é" * 500),
    "last day": sale("last", day="9999-12-31"),
    "first day": sale("first", day="0001-01-01"),
}


def test_a_row_that_no_database_takes_does_not_stop_the_rows_beside_it(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    """All of them in one run, each between two good ones: any that stopped its neighbours or the run would be seen."""
    good = [f"s{number}" for number in range(len(STRANGE) + 1)]
    rows = [sale(good[0])]
    for name, strange in zip(good[1:], STRANGE.values(), strict=True):
        rows += [strange, sale(name)]
    till.ROWS["T1"] = rows
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.DONE, "")
    assert count(workshop, company) >= len(good)
    with workshop.database.read() as session:
        posted = session.scalars(select(DraftRow.key).where(DraftRow.state == DraftState.POSTED)).all()
        assert {f"sales/{name}" for name in good} <= set(posted)
        counts = session.get_one(RunCount, (run.id, "sales"))
        assert counts.fetched == len(rows)
        assert counts.posted + counts.skipped + counts.held + counts.failed == len(rows)
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    again = sync(workshop, connection)
    assert again.state == RunState.DONE


def test_an_object_that_is_read_and_then_cannot_be_read_in_one_run_stays_a_problem(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    unclear = Text("illisible", "unreadable")

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        if stream != "sales":
            return Page((), cursor, more=False)
        if cursor is None:
            said = sale("s1", "10.00")
            record = Record("sales", "s1", date(2026, 3, 2), dict(said), Money.of(said["amount"], "CAD"))
            return Page([record], "second", more=True)
        return Page((), "second", more=False, rejects=[Reject("sales", "sales/s1", "till.row", unclear, "s1,ten")])

    module = ModuleType("till_that_changes_its_mind")
    module.__dict__.update({**vars(till), "fetch_records": fetch_records})
    workshop.scopes = Scopes(catalog_of(module))
    for _ in range(2):
        sync(workshop, connection)
        told = [each for each, code in open_problems(workshop).items() if code == "till.row"]
        assert told
        assert all(each.startswith("sales/s1") for each in told)


def test_the_problem_of_an_unreadable_object_closes_when_the_object_is_read_mended(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    rows = [{"id": "s1", "amount": "10.00"}, {"id": "s2", "amount": "ten"}, {"id": "s3", "amount": "nine"}]

    def of(row: Mapping[str, JSON]) -> Record:
        said = sale(str(row["id"]), str(row["amount"]))
        return Record("sales", said["id"], date(2026, 3, 2), dict(said), Money.of(said["amount"], "CAD"))

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        if stream != "sales":
            return Page((), cursor, more=False)
        answer = SimpleNamespace(status=200, headers={}, content=json.dumps({"data": rows}).encode())
        asked = SimpleNamespace(http=SimpleNamespace(get=lambda *_, **__: answer))
        return rest_page(
            cast(FetchContext, asked), RestSource(name="till", url="https://t.example/v1"), stream, cursor, of
        )

    module = ModuleType("till_of_an_address")
    module.__dict__.update({**vars(till), "fetch_records": fetch_records})
    workshop.scopes = Scopes(catalog_of(module))
    sync(workshop, connection)
    unread = {each: code for each, code in open_problems(workshop).items() if code == "till.row"}
    assert unread == {"sales/s2": "till.row", "sales/s3": "till.row"}
    rows[1]["amount"] = "12.00"
    sync(workshop, connection)
    assert [each for each, code in open_problems(workshop).items() if code == "till.row"] == ["sales/s3"]


def test_a_reject_with_a_strange_place_is_reported_once(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    places = ("line " + "9" * 9000, "line\x001", "line \ud800")

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        said = Text("Ligne\x00 illisible.", "Unreadable\x00 row.")
        rejects = [Reject(stream, where, "till.bad", said, "raw \ud800\x00") for where in places]
        return Page((), "1", False, rejects if stream == "sales" else ())

    module = ModuleType("till_that_rejects")
    module.__dict__.update({**vars(till), "fetch_records": fetch_records})
    workshop.scopes = Scopes(catalog_of(module))
    for _ in range(2):
        run = sync(workshop, connection)
        assert (run.state, run.error_code) == (RunState.DONE, "")
    assert list(open_problems(workshop).values()) == ["till.bad"] * len(places)
