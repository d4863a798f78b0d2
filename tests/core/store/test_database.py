from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from raccord.store.database import Database
from raccord.store.errors import StoreError
from raccord.store.models import Company, Connection, Gap, Proof, RateBucket, Run

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)


def company(realm: str = "1") -> Company:
    return Company(id=f"c{realm}", realm=realm, environment="sandbox", name="Boulangerie", created_at=NOW)


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def half() -> None:
        with database.begin() as session:
            session.add(company())
            session.flush()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    with database.read() as session:
        assert session.scalars(select(Company)).all() == []


def test_what_was_written_is_read_back_the_same_on_both_databases(database: Database) -> None:
    paris = timezone(timedelta(hours=1))
    with database.begin() as session:
        session.add(company())
        session.flush()
        session.add(
            Connection(
                id="k",
                company_id="c1",
                connector="chase",
                label="é",
                settings={"rate": Decimal("0.10"), "list": [1, None, True, "x"]},
                starts_on=date(2025, 1, 1),
                set_up_at=datetime(2025, 3, 3, 13, 0, 0, 123456, paris),
                created_by="Zoé",
            )
        )
        session.flush()
        session.add(
            Proof(
                connection_id="k",
                run_id="r",
                stream="s",
                currency="KWD",
                day=date(2024, 2, 29),
                source_total=Decimal("-12345678901234567890.120"),
                left_out_total=Decimal("0.00"),
                posted_total=Decimal("1E+3"),
                quickbooks_total=Decimal(0),
                equal=False,
                proven_at=NOW,
            )
        )
    with database.read() as session:
        kept, proof = session.scalars(select(Connection)).one(), session.scalars(select(Proof)).one()
    assert kept.settings == {"rate": Decimal("0.10"), "list": [1, None, True, "x"]}
    assert str(kept.settings["rate"]) == "0.10"
    assert kept.set_up_at == datetime(2025, 3, 3, 12, 0, 0, 123456, UTC)
    assert kept.set_up_at.tzinfo is UTC
    assert (str(proof.source_total), str(proof.left_out_total)) == ("-12345678901234567890.120", "0.00")
    assert proof.posted_total == 1000


def test_a_float_is_refused_before_it_reaches_the_database(database: Database) -> None:
    # SQLAlchemy wraps the encoder's error on SQLite; psycopg encodes later and lets it through.
    refused = pytest.raises((StatementError, TypeError), match="float has no exact writing")
    with refused, database.begin() as session:
        session.execute(update(Run).values(progress={"part": 0.1}))


def test_a_time_without_its_zone_is_refused(database: Database) -> None:
    row = company()
    row.created_at = datetime(2025, 1, 1)  # noqa: DTZ001 - the mistake that is refused
    with pytest.raises(StatementError, match="time zone"), database.begin() as session:
        session.add(row)


def test_rows_must_refer_to_rows_that_exist(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as session:
        session.add(Gap(connection_id="nobody", reason="x", opened_at=NOW))


def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"), database.read() as session:
        session.execute(insert(RateBucket).values(company_id="c1", name="minute", free_at_us=0))
    with database.begin() as session:
        session.add(company())


def test_readers_and_the_writer_do_not_wait_for_each_other(database: Database) -> None:
    with database.begin() as session:
        session.add(company("1"))
    with database.read() as early:
        assert len(early.scalars(select(Company)).all()) == 1
        with database.begin() as writer:
            writer.add(company("2"))
            writer.flush()
            with database.read() as beside:
                assert len(beside.scalars(select(Company)).all()) == 1
    with database.read() as late:
        assert len(late.scalars(select(Company)).all()) == 2


COUNT_UP = """
import sys
from sqlalchemy import select
from raccord.store.database import Database
from raccord.store.models import RateBucket

database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(60):
    with database.begin() as session:
        row = session.scalars(select(RateBucket).with_for_update()).one()
        row.free_at_us = row.free_at_us + 1
database.dispose()
"""


def test_two_processes_that_read_then_write_lose_no_update(
    database_url: str, run_together: Callable[[list[str]], list[int]]
) -> None:
    database = Database(database_url)
    with database.begin() as session:
        session.add(company())
        session.flush()
        session.add(RateBucket(company_id="c1", name="minute"))
    database.dispose()
    assert run_together([sys.executable, "-c", COUNT_UP, database_url]) == [0, 0]
    with database.read() as session:
        assert session.scalars(select(RateBucket.free_at_us)).one() == 120
    database.dispose()


def test_sqlite_is_set_for_durability_and_for_its_owner_alone(fresh_sqlite: Callable[[], str], tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with database.begin() as session:
        said = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
        session.execute(text("CREATE TABLE t (x)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("new.db*")}
    assert said == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}
    assert modes == dict.fromkeys(("new.db", "new.db-wal", "new.db-shm"), 0o600)
    database.dispose()


def test_postgresql_keeps_our_tables_in_a_schema_of_their_own(fresh_postgres: Callable[[], str]) -> None:
    database = Database(fresh_postgres())
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")) == 0
        assert session.scalar(text("SELECT current_schema()")) == "app"
    database.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u:canary@h/x", "canary"])
def test_an_address_that_cannot_work_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Database(url)
    assert caught.value.code == "store.database_url"
    assert "canary" not in str(caught.value) + repr(caught.value)


def test_a_password_does_not_show_in_the_representation() -> None:
    database = Database("postgresql://user:canary@host/base")
    assert "canary" not in repr(database) + repr(database.engine)
    assert database.dialect == "postgresql"
