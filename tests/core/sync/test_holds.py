"""What waits is counted by what each question asks, whatever became of its draft since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import select

from raccord.overview.connections import connection_view
from raccord.overview.waiting import waiting
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, Hold
from raccord.sync.resolving.holds import MONTH_ASKED, become, close_hold, open_hold, reopen
from raccord.sync.resolving.resolve import CHOICE_MISSING, DECISION_MISSING

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
LINE = {"accepts": "category"}
NUMBERS = count(1)


@pytest.fixture
def connection(database: Database) -> Connection:
    with database.begin() as session:
        company = Company(environment="sandbox", realm="1", name="A", home_currency="CAD", created_at=NOW)
        session.add(company)
        session.flush()
        made = Connection(
            company_id=company.id, connector="till", label="Till", starts_on=NOW.date(), set_up_at=NOW, created_by="x"
        )
        session.add(made)
    return made


def asked(database: Database, connection: Connection, kind: str, code: str, params: Mapping[str, object]) -> int:
    with database.begin() as session:
        draft = DraftRow(
            connection_id=connection.id, key=f"k{next(NUMBERS)}", revision=1, kind=kind, body="{}", body_hash="h",
        )  # fmt: skip
        session.add(draft)
        session.flush()
        open_hold(session, connection.id, draft, code, params, NOW)
        return draft.id


def counted(database: Database, connection: Connection) -> tuple[int, int]:
    """Return how many bank lines and how many other questions the menu counts, as the connection's page does."""
    with database.read() as session:
        found, view = waiting(session), connection_view(session, connection.id)
        assert view is not None
        assert (view.lines, view.others) == (found.lines, found.others)
        return found.lines, found.others


def test_a_role_and_a_closed_month_are_one_question_of_many_drafts_and_other_questions_one_each(
    database: Database, connection: Connection
) -> None:
    for accepts, of in (("customer", ""), ("customer", ""), ("vendor", ""), ("vendor", "Visa")):
        asked(database, connection, "Deposit", CHOICE_MISSING, {"role": "who", "of": of, "accepts": accepts})
    for month in ("2026-01", "2026-01", "2026-02"):
        asked(database, connection, "SalesReceipt", MONTH_ASKED, {"month": month})
    for _ in range(2):
        asked(database, connection, "Deposit", DECISION_MISSING, {"accepts": "clearing"})
        asked(database, connection, "JournalEntry", DECISION_MISSING, LINE)
    assert counted(database, connection) == (0, 3 + 2 + 4)


def test_a_question_is_one_about_a_bank_line_as_long_as_its_draft_is_a_bank_line(
    database: Database, connection: Connection
) -> None:
    of = asked(database, connection, "Purchase", DECISION_MISSING, LINE)
    asked(database, connection, "Deposit", DECISION_MISSING, LINE)
    assert counted(database, connection) == (2, 0)
    for kind, expected in (("Transfer", (1, 1)), ("Transfer", (1, 1)), ("Deposit", (2, 0))):
        with database.begin() as session:
            become(session, session.get_one(DraftRow, of), kind)
        assert counted(database, connection) == expected
    with database.begin() as session:
        # The same question, asked of a draft that is something else by now.
        draft = session.get_one(DraftRow, of)
        draft.kind = "Transfer"
        open_hold(session, connection.id, draft, DECISION_MISSING, LINE, NOW)
    assert counted(database, connection) == (1, 1)


def test_a_question_that_was_answered_is_a_bank_lines_again_once_it_is_asked_again(
    database: Database, connection: Connection
) -> None:
    of = asked(database, connection, "Transfer", DECISION_MISSING, LINE)
    with database.begin() as session:
        close_hold(session, session.get_one(DraftRow, of), NOW, by="Ada", answer={"category": "7"})
    assert counted(database, connection) == (0, 0)
    with database.begin() as session:
        draft = session.get_one(DraftRow, of)
        draft.kind = "Deposit"
        reopen(session.scalars(select(Hold)).one(), draft)
    assert counted(database, connection) == (1, 0)
