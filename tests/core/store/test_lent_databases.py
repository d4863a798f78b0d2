"""The database that tests get in turn is as new, whatever the test before did with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lent_databases import Lent
from sqlalchemy import func, select, text

from raccord.store import schema
from raccord.store.database import Database
from raccord.store.models import Company

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(params=["lent_sqlite", "lent_postgres"])
def lent(request: pytest.FixtureRequest) -> Lent:
    found: Lent = request.getfixturevalue(request.param)
    found.refill()
    return found


def add_company(database: Database) -> None:
    with database.begin() as session:
        session.add(Company(realm="9130", environment="sandbox", name="Left over", created_at=NOW))


@pytest.mark.parametrize(
    "deed", ["ALTER TABLE proof DROP COLUMN equal", "DROP INDEX ix_link_day", "CREATE TABLE left_over (x TEXT)", ""]
)
def test_what_a_test_left_is_gone_before_the_next_one(lent: Lent, deed: str) -> None:
    add_company(lent.database)
    if deed:
        with lent.database.begin() as session:
            session.execute(text(deed))

    lent.refill()

    with lent.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Company)) == 0
    schema.check(lent.database)


def test_a_transaction_that_a_test_left_open_does_not_hold_up_the_next_one(lent: Lent) -> None:
    other = Database(lent.database.url)
    with other.engine.connect() as connection:
        connection.execute(text("UPDATE company SET name = 'x'"))

        lent.refill()
        add_company(lent.database)

        with lent.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Company)) == 1
        connection.invalidate()
    other.dispose()
