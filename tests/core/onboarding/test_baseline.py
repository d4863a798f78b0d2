"""What the books may have already is counted and paged by the database, however much of it there is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from raccord.onboarding.setting_up.baseline import Baseline, There, baseline_of, baseline_rows
from raccord.onboarding.setting_up.duplicates_step import answered_since
from raccord.plugin.drafts import Draft, LedgerId, Transfer
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, Hold
from raccord.sync.bodies import dump_draft, load_draft
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
FIRST = date(2026, 1, 1)
PAGE = 5
SURE: tuple[dict[str, Any], ...] = (
    {"sure": "likely", "linkable": True},
    {"sure": "certain", "linkable": True},
    {"sure": "certain", "linkable": False},
    {"linkable": True},
    {"sure": "certain"},
)


def add(database: Database, numbers: range) -> str:
    """Hold a double of each number, a fifth of them certain, a fourth decided; some are closed, some ask otherwise."""
    with database.begin() as session:
        connection = session.get(Connection, "c")
        if connection is None:
            company = Company(environment="sandbox", realm="1", name="A", home_currency="CAD", created_at=NOW)
            session.add(company)
            session.flush()
            connection = Connection(
                id="c", company_id=company.id, connector="till", label="T", starts_on=FIRST, set_up_at=NOW,
                created_by="x",
            )  # fmt: skip
            session.add(connection)
            session.flush()
        for at in numbers:
            key, day = f"k{at:04}", FIRST + timedelta(days=at % 7)
            body = Transfer(
                key=key, day=day, currency="CAD", source=LedgerId("1"), target=LedgerId("2"), total=Decimal(at + 1)
            )  # fmt: skip
            row = DraftRow(
                connection_id=connection.id, key=key, revision=1, kind="Transfer", body=dump_draft(body), body_hash="h",
                day=None if at % 10 == 6 else day, decisions={} if at % 4 else {"conflict": {"kind": "link"}},
            )  # fmt: skip
            session.add(row)
            session.flush()
            said = {"kind": "Transfer", "id": f"{at}", "document": f"Transfer {at}", "day": day.isoformat()}
            code = ALREADY_EXISTS if at % 9 else "conflict.edited"
            closed = NOW if at % 11 == 3 else None
            session.add(
                Hold(
                    connection_id=connection.id, draft_id=row.id, code=code, opened_at=NOW, closed_at=closed,
                    params=said | SURE[at % 5],
                )
            )  # fmt: skip
    return "c"


def test_what_the_books_may_have_is_counted_and_paged_without_reading_all_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counted(body: str) -> Draft:
        parsed.append(body)
        return load_draft(body)

    monkeypatch.setattr("raccord.onboarding.setting_up.baseline.load_draft", counted)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    def asked(connection_id: str, offset: int = 0) -> tuple[Baseline, list[There], tuple[int, int]]:
        parsed.clear()
        with database.read() as session:
            statements.clear()
            found, rows = baseline_of(session, connection_id), baseline_rows(session, connection_id, PAGE, offset)
            return found, list(rows), (len(statements), len(parsed))

    with database.read() as session:
        assert baseline_of(session, "none") == Baseline(0, 0, 0, 0, 0, None)
    few = asked(add(database, range(1, 13)))
    connection_id = add(database, range(13, 80))
    many = asked(connection_id)
    assert many[2] == few[2] == (many[2][0], PAGE)

    held = [at for at in range(1, 80) if at % 9 and at % 11 != 3]
    certain, decided = [at for at in held if at % 5 == 1], [at for at in held if at % 4 == 0]
    to_link = set(certain) - set(decided)
    assert many[0] == Baseline(len(held), len(certain), len(to_link), len(decided), 0, None)
    assert many[0].likely == len(held) - len(certain)
    order = sorted(held, key=lambda at: (at % 5 != 1, at % 10 != 6, 0 if at % 10 == 6 else at % 7, at))
    pages = [row for offset in range(0, len(held), PAGE) for row in asked(connection_id, offset)[1]]
    assert [int(row.document_id) for row in pages] == order
    assert [int(row.document_id) for row in pages if row.certain and not row.decided] == [
        at for at in order if at in to_link
    ]
    with database.read() as session:
        assert answered_since(session, connection_id)
        assert not answered_since(session, "none")
