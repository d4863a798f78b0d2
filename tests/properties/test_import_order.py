"""However the same rows arrive, in whatever order and overlap, the same drafts come of them and the counts add up."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import till
from harness import NOW, enable, make_workshop, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lent_databases import laid
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.store.models import Company, Connection, DraftRow, Problem, ProblemState, Run, RunCount, RunState
from raccord.sync.proving.conserve import recount
from raccord.sync.run import Phase, Pipeline
from raccord.sync.workshop import Workshop

Row = dict[str, str]
Drafts = set[tuple[str, str, str]]

amounts = st.integers(1, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
kinds = st.sampled_from(["sales", "sales", "sales", "training", "wrong", "martian", "uneven", "broken"])
days = st.integers(0, 40).map(lambda number: date.fromordinal(date(2026, 2, 20).toordinal() + number).isoformat())


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(1, 45))
    return [
        {"stream": "sales", "id": f"s{number}", "day": draw(days), "amount": draw(amounts), "kind": draw(kinds)}
        for number in range(count)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """Rows, and the same rows in one to four deliveries that overlap and repeat."""
    everything = draw(rows())
    parts = draw(st.lists(st.lists(st.sampled_from(everything), max_size=30), max_size=3))
    last = draw(st.permutations(everything))
    return everything, [*parts, list(last)]


@contextmanager
def books() -> Iterator[tuple[Workshop, str]]:
    """A till connected to a company that nobody talks to; yields the workshop and the connection's id."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = laid(data / "app.db")
        workshop = make_workshop(database, data, "http://127.0.0.1:9", FixedClock(NOW), till)
        with database.begin() as session:
            company = Company(realm="1", environment="http://127.0.0.1:9", name="C", taxed=True, created_at=NOW)
            session.add(company)
            session.flush()
            connection = Connection(
                company_id=company.id,
                connector="till",
                label="Till",
                source_identity="T1",
                settings={"till": "T1"},
                starts_on=date(2026, 3, 1),
                set_up_at=NOW,
                created_by="test",
            )
            session.add(connection)
        enable(workshop, company, "till")
        yield workshop, connection.id
        workshop.close()


def import_and_map(workshop: Workshop, connection_id: str, delivered: list[Row]) -> None:
    """Fetch and map a delivery; what follows would ask QuickBooks."""
    till.ROWS["T1"] = delivered
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        connection.state = "connected"
    run_id = request(workshop, connection)
    pipeline = Pipeline(workshop)
    while True:
        with workshop.database.read() as session:
            run = session.get_one(Run, run_id)
        if run.phase not in (Phase.FETCH, Phase.MAP) or run.state in (RunState.CANCELLED, RunState.FAILED):
            break
        pipeline.advance(run_id)
    with workshop.database.begin() as session:
        run = session.get_one(Run, run_id)
        run.state = RunState.CANCELLED
        count = session.get_one(RunCount, (run_id, "sales"))
        found = sum(recount(session, run_id).get("sales", {}).values())
        assert count.fetched == len(delivered) == count.unchanged + found


def told(workshop: Workshop) -> tuple[Drafts, set[tuple[str, str]]]:
    with workshop.database.read() as session:
        drafts = {(row.key, row.body_hash, row.state) for row in session.scalars(select(DraftRow))}
        open_now = select(Problem).where(Problem.state == ProblemState.OPEN)
        return drafts, {(problem.code, problem.subject) for problem in session.scalars(open_now)}


def check(everything: list[Row], delivered: list[list[Row]]) -> None:
    with books() as (workshop, connection_id):
        import_and_map(workshop, connection_id, everything)
        at_once = told(workshop)
    with books() as (workshop, connection_id):
        for each in delivered:
            import_and_map(workshop, connection_id, each)
        in_parts = told(workshop)
    assert at_once == in_parts


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries())
def test_rows_in_any_order_and_overlap_make_the_same_drafts(drawn: tuple[list[Row], list[list[Row]]]) -> None:
    check(*drawn)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries())
def test_rows_in_any_order_and_overlap_make_the_same_drafts_at_length(
    drawn: tuple[list[Row], list[list[Row]]],
) -> None:
    check(*drawn)
