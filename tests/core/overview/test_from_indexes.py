"""Lists of a full store are sorted, told apart and counted from indexes alone: their rows are read for one page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from full_store import NOW, FullStore, Sizes, fill
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from raccord.overview.connections import connection_view, list_connections
from raccord.overview.lines.bank_lines import accounts_with_lines, count_lines, undone_lines
from raccord.overview.plans import plan_lines, plan_summary
from raccord.overview.posted import posted_by_day
from raccord.overview.records import list_records, records_after
from raccord.overview.sought import Fate, Kind, Wanted, conditions_of
from raccord.overview.waiting import waiting
from raccord.overview.weighing.amounts import waiting_amounts
from raccord.overview.weighing.counted import count_by_fate, count_wanted
from raccord.store import schema
from raccord.store.database import Database
from raccord.store.models import Connection, DraftRow, DraftState, RecordState, SourceRecord
from raccord.sync.undoing.selection import following

ASKED: dict[str, tuple[Callable[[Session, FullStore], object], str]] = {
    "all records far down": (
        lambda session, _: list_records(session, Wanted(), offset=50),
        "USING COVERING INDEX ix_record_by_day",
    ),
    "a connection's records far down": (
        lambda session, store: list_records(session, Wanted(store.cards), offset=50),
        "USING COVERING INDEX ix_record_day (connection_id=?)",
    ),
    "posted records": (
        lambda session, _: list_records(session, Wanted(fate=Fate.POSTED), offset=50),
        "SEARCH draft USING COVERING INDEX ix_draft_record (record_id=? AND state=?)",
    ),
    "how many wait for a person": (
        lambda session, store: count_by_fate(session, store.bank, [Fate.REVIEW]),
        "SEARCH draft USING COVERING INDEX ix_draft_connection_state (connection_id=? AND state=? AND record_id>?)",
    ),
    "how many of all a company's failed": (
        lambda session, store: count_wanted(session, Wanted(fate=Fate.FAILED), [store.company_id]),
        "SEARCH draft USING COVERING INDEX ix_draft_connection_state (connection_id=? AND state=? AND record_id>?)",
    ),
    "how many are of a kind": (
        lambda session, store: count_wanted(session, Wanted(kind=Kind.EXPENSE), [store.company_id]),
        "SEARCH draft USING COVERING INDEX ix_draft_kind (kind=? AND record_id>?)",
    ),
    "a page of a kind for who sees everything": (
        lambda session, store: list_records(session, Wanted(fate=Fate.POSTED), within=[store.company_id]),
        "SCAN record USING COVERING INDEX ix_record_by_day",
    ),
    "a document by its number": (
        lambda session, store: list_records(session, Wanted(search="10001")),
        "SEARCH link USING INDEX ix_link_document_number (document_number=?)",
    ),
    "words of a connection": (
        lambda session, store: list_records(session, Wanted(store.bank, search="bell")),
        "SEARCH draft USING COVERING INDEX ix_draft_memo (connection_id=?)",
    ),
    "what the source calls a connection's records": (
        lambda session, store: list_records(session, Wanted(store.bank, Fate.POSTED, "L00")),
        "SEARCH record USING COVERING INDEX ix_record_day (connection_id=?)",
    ),
    "what sources call all records": (
        lambda session, _: list_records(session, Wanted(search="L00")),
        "SCAN record USING COVERING INDEX ix_record_by_day",
    ),
    "the next rows of a table": (
        lambda session, _: records_after(session, Wanted(before=(date(2026, 3, 1), 9))),
        "SEARCH record USING COVERING INDEX ix_record_by_day (day<?)",
    ),
    "what lines come to that wait": (
        lambda session, store: waiting_amounts(session, [store.bank]),
        "SEARCH hold USING COVERING INDEX ix_hold_waits (connection_id=? AND line=?)",
    ),
    "documents of a connection": (
        lambda session, store: connection_view(session, store.bank, since=date(2026, 3, 1)),
        "SEARCH link USING COVERING INDEX ix_link_moved (connection_id=? AND state=?)",
    ),
    "what moved day by day": (
        lambda session, _: posted_by_day(session, NOW.date(), 30),
        "SEARCH link USING COVERING INDEX ix_link_day (connection_id=? AND day>? AND day<?)",
    ),
    "lines of a plan": (
        lambda session, store: plan_lines(session, store.first_plan, offset=50),
        "SEARCH plan_line USING COVERING INDEX ix_plan_line_order (plan_id=?)",
    ),
    "reasons of a plan": (
        lambda session, store: plan_summary(session, store.first_plan),
        "SEARCH plan_line USING INDEX ix_plan_line_reason (plan_id=? AND reason>?)",
    ),
    "accounts of bank lines": (
        lambda session, _: accounts_with_lines(session),
        "SEARCH plan_line USING COVERING INDEX ix_plan_line_draft (draft_id=?)",
    ),
    "bank lines": (lambda session, _: count_lines(session), "SCAN hold USING COVERING INDEX ix_hold_waits"),
    "lines that were undone": (
        lambda session, _: undone_lines(session),
        "SCAN hold USING COVERING INDEX ix_hold_waits",
    ),
    "what the menu counts": (lambda session, _: waiting(session), "SCAN hold USING COVERING INDEX ix_hold_waits"),
    "refunds": (
        lambda session, store: following(session, session.get_one(Connection, store.cards), ["sales/1"]),
        "SEARCH draft USING INDEX ix_draft_refund (connection_id=?)",
    ),
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, FullStore]:
    folder: Path = tmp_path_factory.mktemp("full")
    database = Database(f"sqlite:///{folder / 'app.db'}")
    schema.upgrade(database)
    return database, fill(database, Sizes(records=200, holds=8, problems=4, drifts=2, entries=6))


@pytest.mark.parametrize("asked", ASKED)
def test_a_list_of_a_full_store_is_found_in_an_index(full: tuple[Database, FullStore], asked: str) -> None:
    database, store = full
    ask, index = ASKED[asked]
    said = _said(database, lambda session: ask(session, store))
    with database.engine.connect() as connection:
        steps = [
            str(row[3])
            for statement, values in said
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert [step for step in steps if index in step], steps


@pytest.mark.parametrize(
    ("ask", "counts"),
    [
        (lambda session, _: records_after(session, Wanted(fate=Fate.POSTED)), "count("),
        (
            lambda session, _: list_connections(session, since=date(2026, 3, 1)),
            "(SELECT count(*) AS count_1 \nFROM link",
        ),
    ],
    ids=["rows of a table", "documents of a list of connections"],
)
def test_what_no_page_shows_is_not_counted(
    full: tuple[Database, FullStore], ask: Callable[[Session, FullStore], object], counts: str
) -> None:
    database, store = full
    said = _said(database, lambda session: ask(session, store))
    assert said
    assert not [statement for statement, _ in said if counts in statement]


def _said(database: Database, ask: Callable[[Session], object]) -> list[tuple[str, Any]]:
    """Return what the database is asked, each with its values."""
    said: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        said.append((told[2], told[3]))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        with database.read() as session:
            ask(session)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return said


def test_what_indexes_count_is_what_the_lists_show(full: tuple[Database, FullStore]) -> None:
    database, store = full
    with Session(database.engine) as session:
        # Earlier revisions, two drafts of one record, and a record that failed beside a draft that did not.
        session.execute(update(SourceRecord).where(SourceRecord.id % 7 == 0).values(state=RecordState.SUPERSEDED))
        session.execute(update(SourceRecord).where(SourceRecord.id % 9 == 0).values(state=RecordState.FAILED))
        same = select(func.min(SourceRecord.id)).where(SourceRecord.connection_id == DraftRow.connection_id)
        session.execute(update(DraftRow).where(DraftRow.id % 5 == 0).values(record_id=same.scalar_subquery()))
        session.execute(update(DraftRow).where(DraftRow.id % 11 == 0).values(state=DraftState.WITHDRAWN))
        session.execute(update(DraftRow).where(DraftRow.id % 13 == 0).values(state=DraftState.SKIPPED))
        some = 0
        for connection, (fate, kind), within in product(
            ["", store.cards, store.bank],
            [
                *((fate, None) for fate in Fate),
                *((None, kind) for kind in Kind),
                (None, None),
                (Fate.POSTED, Kind.EXPENSE),
            ],
            [None, [store.company_id], ["another"]],
        ):
            wanted = Wanted(connection, fate, kind=kind)
            shown = select(func.count()).select_from(SourceRecord).where(*conditions_of(session, wanted, within))
            assert count_wanted(session, wanted, within) == session.scalar(shown), wanted
            some += bool(session.scalar(shown))
        assert some > 30, "of most of these there are some"
