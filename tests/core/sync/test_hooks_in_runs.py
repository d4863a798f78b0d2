"""What the pipeline asks of a connector beyond fetching and mapping, and what it does when the connector fails."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import pytest
import till
from harness import catalog_of, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.plugin import (
    AccountChoice,
    AccountNeed,
    FetchContext,
    Outcome,
    OutcomeState,
    Page,
    ReportContext,
    ResolveContext,
    Text,
    hookimpl,
)
from raccord.plugin.errors import SourceRefused, TooLate
from raccord.scope import Scopes
from raccord.store.models import Company, Connection, ConnectionState, LinkRow, Problem, RunState
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


def sale(number: int, **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": "10.00", **more}


def with_hooks(workshop: Workshop, **hooks: object) -> None:
    """Give the till further hooks."""
    module = ModuleType("till_with_hooks")
    module.__dict__.update({**vars(till), **hooks})
    workshop.scopes = Scopes(catalog_of(module))


def test_a_source_that_waits_for_it_is_told_what_became_of_its_records(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    told: list[Outcome] = []

    @hookimpl
    def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
        told.extend(outcomes)
        return True

    with_hooks(workshop, report_outcome=report_outcome)
    till.ROWS["T1"] = [sale(1), {"stream": "bank", "id": "b1", "day": "2026-03-03", "amount": "-5.00"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    states = {outcome.draft_key: outcome.state for outcome in told}
    assert states == {"sales/s1": OutcomeState.POSTED, "bank/b1": OutcomeState.HELD}
    [posted] = [outcome for outcome in told if outcome.state is OutcomeState.POSTED]
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
    assert posted.document is not None
    assert (posted.source_id, posted.document.id) == ("s1", link.document_id)
    assert posted.document.url


def test_a_source_is_told_until_it_takes_note_and_again_of_what_it_sends_again(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    told: list[dict[str, Outcome]] = []
    answers: list[bool | Exception] = [SourceRefused(Text("Non.", "No.")), False]

    @hookimpl
    def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
        told.append({f"{each.stream}/{each.source_id}": each for each in outcomes})
        answer = answers.pop(0) if answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def problems() -> list[tuple[str, str]]:
        with workshop.database.read() as session:
            rows = session.scalars(select(Problem).where(Problem.code == "report.not_told").order_by(Problem.opened_at))
            return [(row.state, row.params.get("en", "")) for row in rows]

    with_hooks(workshop, report_outcome=report_outcome)
    till.ROWS["T1"] = [sale(1), sale(2, kind="wrong"), sale(3, kind="training")]
    choose_usual(workshop, connection, company)
    assert sync(workshop, connection).state == RunState.DONE, "what is posted is posted and proven all the same"
    assert problems() == [("open", "No.")]
    sync(workshop, connection)
    assert problems() == [("open", "")]
    assert [sorted(each) for each in told] == [["sales/s1"], ["sales/s1"]], "a slice that is refused ends the telling"
    told.clear()
    sync(workshop, connection)
    assert problems() == [("gone", "")]
    first = {key: each for slice_ in told for key, each in slice_.items()}
    assert {key: each.state for key, each in first.items()} == {
        "sales/s1": OutcomeState.POSTED, "sales/s2": OutcomeState.FAILED, "sales/s3": OutcomeState.SKIPPED,
    }  # fmt: skip
    assert (first["sales/s2"].draft_key, first["sales/s1"].raw["amount"]) == ("", "10.00")
    told.clear()
    sync(workshop, connection)
    assert told == [], "what is known is not told again"
    # The source sends a record once more under another envelope: it hears of the same document.
    till.ROWS["T1"][0] = sale(1, job="second")
    sync(workshop, connection)
    [again] = [each["sales/s1"] for each in told]
    assert (again.state, again.document, again.raw["job"]) == (
        OutcomeState.POSTED,
        first["sales/s1"].document,
        "second",
    )
    assert workshop.client(company).count("SalesReceipt") == 1


def test_what_comes_too_late_is_a_problem_of_its_record_until_the_source_sends_it_anew(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    told: list[list[str]] = []
    late = {("sales", "s1"): Text("Exportez de nouveau.", "Export again.")}

    @hookimpl
    def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
        told.append(sorted(each.source_id for each in outcomes))
        waits = [each.source_id for each in outcomes if (each.stream, each.source_id) in late and "job" not in each.raw]
        if waits:
            raise TooLate(Text("Fini.", "Over."), late)
        return True

    def problems() -> list[tuple[str, str, str]]:
        with workshop.database.read() as session:
            rows = session.scalars(select(Problem).where(Problem.code.startswith("report.")).order_by(Problem.id))
            return [(row.subject, row.state, row.params["en"]) for row in rows]

    with_hooks(workshop, report_outcome=report_outcome)
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    assert sync(workshop, connection).state == RunState.DONE
    assert problems() == [("sales/s1", "open", "Export again.")]
    sync(workshop, connection)
    assert told == [["s1", "s2"]], "it waits no longer, so it is not told again"
    assert problems() == [("sales/s1", "open", "Export again.")]
    till.ROWS["T1"][0] = sale(1, job="second")
    sync(workshop, connection)
    assert told[1:] == [["s1"]]
    assert problems() == [("sales/s1", "gone", "Export again.")]
    assert workshop.client(company).count("SalesReceipt") == 2


def test_a_word_of_lateness_that_says_of_nothing_is_a_fault_of_the_plugin(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    @hookimpl
    def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
        error = TooLate(Text("Fini.", "Over."), {})
        error.late = {"s1": "late"}  # type: ignore[assignment,dict-item]
        raise error

    with_hooks(workshop, report_outcome=report_outcome)
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    run = sync(workshop, connection)
    assert (run.state, run.error_code) == (RunState.FAILED, "plugin.failed")


def test_a_connector_fills_a_role_that_nobody_chose(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    asked: list[AccountNeed] = []

    @hookimpl
    def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        asked.append(need)
        if need.role != "income":
            return None
        return AccountChoice(need.candidates[0].id, Text("Le premier.", "The first."))

    with_hooks(workshop, resolve_account=resolve_account)
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    assert sync(workshop, connection).state == RunState.DONE
    names = [row["Name"] for row in workshop.client(company).query_all("Account")]
    assert "Revenu Caisse" not in names
    assert "bank" not in {need.role for need in asked}


def test_a_connector_that_fails_on_one_record_in_five_is_paused(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(number, **({"kind": "broken"} if number % 4 == 0 else {})) for number in range(60)]
    choose_usual(workshop, connection, company)
    finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        assert session.get_one(Connection, connection.id).state == ConnectionState.FAULTY
    assert workshop.client(company).count("SalesReceipt") == 0


def test_a_connector_that_cannot_fetch_five_times_in_a_row_is_paused(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        raise RuntimeError("secret canary-7731")

    with_hooks(workshop, fetch_records=fetch_records)
    states = []
    for _ in range(5):
        run = finish(workshop, request(workshop, connection))
        assert (run.state, run.error_code) == (RunState.FAILED, "plugin.failed")
        with workshop.database.read() as session:
            states.append(session.get_one(Connection, connection.id).state)
            assert "canary" not in str([problem.params for problem in session.scalars(select(Problem))])
    assert states == [ConnectionState.CONNECTED] * 4 + [ConnectionState.FAULTY]
