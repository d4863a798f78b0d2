"""Another version of a connector, and another way of posting: the books change by neither."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import ModuleType

import pytest
import till
from harness import OWNER, catalog_of, choose_usual, finish, request, sync
from moments import Moments
from sqlalchemy import select
from till_company import again
from till_version import upgraded

from raccord.onboarding.deciding.decisions import approve_plan
from raccord.onboarding.deciding.remapping import RemappingError, set_term
from raccord.onboarding.deciding.upgraded import UpgradeError, accept_upgrade, differences
from raccord.overview.explain import explain
from raccord.plugin import ConnectorInfo, MapContext, Mapped, Record, Skipped, StreamInfo, Text, hookimpl
from raccord.plugin.terms import Term, TermTable, TermTableError
from raccord.scope import Scopes
from raccord.store.models import Company, Connection, Plan, Problem, ProblemState, Proof, Run, RunState
from raccord.sync.mapping import upgrades
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


def sale(number: int, day: str, amount: str = "10.00") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount}


def receipts(workshop: Workshop, company: Company) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for row in workshop.client(company).query_all("SalesReceipt"):
        found[str(row["TxnDate"])].append(Decimal(row["TotalAmt"]))
    return {day: sorted(amounts) for day, amounts in sorted(found.items())}


def open_problems(workshop: Workshop) -> list[Problem]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)))


def version_of(workshop: Workshop, connection: Connection) -> str:
    with workshop.database.read() as session:
        return session.get_one(Connection, connection.id).plugin_version


@pytest.fixture
def running(workshop: Workshop, connection: Connection, company: Company, till_moments: Moments) -> Connection:
    till.ROWS["T1"] = [sale(1, "2026-03-02")]

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        assert sync(workshop, connection).state == RunState.DONE
        return connection

    return again(till_moments, workshop, "one sale is posted", live)


def next_run(workshop: Workshop, connection: Connection) -> Run:
    return finish(workshop, request(workshop, connection))


def test_pain_18_t2_a_version_that_says_the_same_goes_on_by_itself(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    upgraded(workshop, "1.1", "")
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03")]
    assert next_run(workshop, running).state == RunState.DONE
    assert (version_of(workshop, running), open_problems(workshop)) == ("1.1", [])
    assert len(receipts(workshop, company)) == 2


def test_pain_18_t2_a_version_that_says_something_else_writes_nothing_until_it_is_accepted(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    upgraded(workshop, "2.0", "from the till")
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03")]
    for _ in range(2):
        assert next_run(workshop, running).state == RunState.APPROVAL
    assert receipts(workshop, company) == {"2026-03-02": [Decimal(10)]}
    [problem] = open_problems(workshop)
    assert (problem.code, problem.params["was"], problem.params["now"]) == ("plugin.mapping_changed", "1.0", "2.0")
    assert problem.params["examples"] == [
        {"record": "sales/s1", "field": "memo", "before": "", "after": "from the till"}
    ]
    for language in ("fr", "en"):
        assert "{" not in explain(problem.code, problem.params, language).what
    told = differences(workshop, running.id)
    assert (told.looked_at, told.records, told.was, told.now) == (2, 1, "1.0", "2.0")
    with pytest.raises(UpgradeError, match=r"plugin\.another_version"):
        accept_upgrade(workshop, OWNER, running.id, "1.9")

    accept_upgrade(workshop, OWNER, running.id, "2.0")
    assert (version_of(workshop, running), open_problems(workshop)) == ("2.0", [])
    run = next_run(workshop, running)
    assert run.state == RunState.APPROVAL, "the plan of that time is still to be read"
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    notes = [str(row.get("PrivateNote", "")) for row in workshop.client(company).query_all("SalesReceipt")]
    assert [note.startswith("from the till") for note in notes] == [False, True], "what is posted stays as it was"


def test_no_more_records_are_compared_than_whoever_reads_them_needs(
    workshop: Workshop, running: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [sale(number, f"2026-03-{number + 1:02}") for number in range(1, 8)]
    next_run(workshop, running)
    monkeypatch.setattr(upgrades, "CHUNK", 2)
    upgraded(workshop, "2.0", "from the till")
    told = differences(workshop, running.id)
    assert (told.looked_at, told.records, told.whole) == (7, 7, True)
    monkeypatch.setattr(upgrades, "ENOUGH", 3)
    told = differences(workshop, running.id)
    assert (told.looked_at, told.records, told.whole) == (4, 4, False)
    assert [each.record for each in told.differences] == [f"sales/s{number}" for number in (7, 6, 5, 4)], "the newest"
    upgraded(workshop, "2.1", "")
    told = differences(workshop, running.id)
    assert (told.looked_at, told.records, told.whole) == (7, 0, True), "all that say the same are compared"


def test_pain_18_t2_approving_a_plan_of_the_new_version_accepts_it(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    upgraded(workshop, "2.0", "from the till")
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03")]
    assert sync(workshop, running).state == RunState.DONE
    assert (version_of(workshop, running), open_problems(workshop)) == ("2.0", [])
    till.ROWS["T1"].append(sale(3, "2026-03-04"))
    assert next_run(workshop, running).state == RunState.DONE, "by itself again"


def test_pain_18_t2_putting_the_old_version_back_is_no_change(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    upgraded(workshop, "2.0", "from the till")
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03")]
    assert next_run(workshop, running).state == RunState.APPROVAL
    upgraded(workshop, "1.0", "")
    assert sync(workshop, running).state == RunState.DONE
    assert (version_of(workshop, running), open_problems(workshop)) == ("1.0", [])
    notes = [str(row.get("PrivateNote", "")) for row in workshop.client(company).query_all("SalesReceipt")]
    assert [note.startswith("from the till") for note in notes] == [False, False], "nothing in the words of the other"


def test_pain_18_t2_other_terms_under_the_same_version_are_compared_too(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    def with_terms(ledger: str, memo: str) -> None:
        table = TermTable({"sale": replace(till.INFO.terms.terms["sale"], ledger=ledger)})
        upgraded(workshop, "1.0", memo, table)

    with_terms("receipt", "")
    assert next_run(workshop, running).state == RunState.DONE
    assert open_problems(workshop) == []
    with_terms("slip", "as a slip")
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03")]
    assert next_run(workshop, running).state == RunState.APPROVAL
    [problem] = open_problems(workshop)
    assert problem.code == "plugin.mapping_changed"
    assert problem.params["was"] != problem.params["now"]
    assert sync(workshop, running).state == RunState.DONE
    till.ROWS["T1"].append(sale(3, "2026-03-04"))
    assert next_run(workshop, running).state == RunState.DONE, "approving accepted them"
    assert len(receipts(workshop, company)) == 3


def two_ways(workshop: Workshop) -> None:
    """Install a till that posts each sale, or one receipt a day, as its company chooses."""
    way = Term("posting", "each", Text("Écriture", "Posting"), "till", one_of=("each", "daily"))

    @hookimpl
    def describe() -> ConnectorInfo:
        streams = (*till.INFO.streams, StreamInfo("days", Text("Journées", "Days")))
        return replace(till.INFO, streams=streams, terms=TermTable({**till.INFO.terms.terms, "posting": way}))

    @hookimpl
    def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
        chosen = context.terms.get("posting")
        assert chosen is not None
        if record.stream in ("sales", "days") and (record.stream == "days") != (chosen.ledger == "daily"):
            return Skipped("till.other_way", Text("Écrit de l'autre façon.", "Posted the other way."))
        if record.stream == "days":
            as_sale = replace(record, raw={**record.raw, "kind": "sales"})
            return till.map_record(context, as_sale)
        return till.map_record(context, record)

    module = ModuleType("till_of_two_ways")
    module.__dict__.update(vars(till) | {"describe": describe, "map_record": map_record})
    workshop.scopes = Scopes(catalog_of(module))


def of_days(*days: int, late: str = "0.00") -> None:
    """Let the till tell three sales a day, and what they come to."""
    rows = []
    for day in days:
        at = f"2026-03-{day:02}"
        amounts = [f"{10 + day}.15", "20.00", "0.07"]
        rows += [sale(day * 10 + number, at, amount) for number, amount in enumerate(amounts)]
        total = sum(map(Decimal, amounts), Decimal(late) if day == 5 else Decimal(0))
        rows.append({"stream": "days", "id": f"d{day}", "day": at, "amount": str(total)})
    if Decimal(late):
        rows.append(sale(59, "2026-03-05", late))
    till.ROWS["T1"] = rows


def test_pain_18_t1_from_each_sale_to_one_a_day_and_back_nothing_is_doubled_or_missing(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    two_ways(workshop)
    choose_usual(workshop, connection, company)
    of_days(2, 3)
    assert sync(workshop, connection).state == RunState.DONE
    # The day has begun, and the till has told of it, before the company decides.
    of_days(2, 3, 4)
    assert finish(workshop, request(workshop, connection, stop_after="plan")).state == RunState.APPROVAL

    def way(value: str, day: int) -> None:
        set_term(workshop, OWNER, connection.id, "posting", value, date(2026, 3, day))

    with pytest.raises(RemappingError, match=r"term\.way_past"):
        way("daily", 3)
    with pytest.raises(RemappingError, match=r"term\.no_such_way"):
        way("weekly", 4)
    way("daily", 4)
    of_days(2, 3, 4, 5)
    assert sync(workshop, connection).state == RunState.DONE
    of_days(2, 3, 4, 5, 6, late="3.00")  # a sale of the fifth comes late: its day says more now
    way("each", 6)
    assert sync(workshop, connection).state == RunState.DONE
    assert sync(workshop, connection).state == RunState.DONE
    each = {day: sorted([Decimal(f"{10 + day}.15"), Decimal(20), Decimal("0.07")]) for day in (2, 3, 6)}
    daily = {4: [Decimal("34.22")], 5: [Decimal("38.22")]}
    assert receipts(workshop, company) == {f"2026-03-{day:02}": each.get(day) or daily[day] for day in range(2, 7)}
    with workshop.database.read() as session:
        proofs = session.scalars(select(Proof)).all()
    assert {proof.day.day for proof in proofs} == {2, 3, 4, 5, 6}
    assert all(proof.equal for proof in proofs)


def test_a_way_of_posting_must_be_one_of_its_own() -> None:
    row = '[[term]]\nword = "w"\nledger = "x"\nfr = "f"\nen = "e"\norigin = "o"\n'
    [term] = TermTable.from_toml(row + 'one_of = ["x", "y"]')
    assert term.one_of == ("x", "y")
    with pytest.raises(TermTableError, match="none of one_of"):
        TermTable.from_toml(row + 'one_of = ["y"]')


def test_records_that_failed_go_on_by_themselves_with_the_next_version(
    workshop: Workshop, running: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1, "2026-03-02"), sale(2, "2026-03-03") | {"word": "twint"}]
    next_run(workshop, running)
    assert [each.subject for each in open_problems(workshop)] == ["sales/s2"]
    upgraded(workshop, "1.1", "")
    next_run(workshop, running)
    assert [each.subject for each in open_problems(workshop)] == ["sales/s2"], "it fails as before"
    known = Term("twint", "sale", Text("Twint", "Twint"), "till")
    upgraded(workshop, "1.2", "", TermTable({**till.INFO.terms.terms, "twint": known}))
    assert next_run(workshop, running).state == RunState.DONE
    assert open_problems(workshop) == []
    assert len(receipts(workshop, company)) == 2
