from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.operations import Operations
from sqlalchemy import inspect, select, text

import raccord_migrations
from raccord.store import schema, write_ahead
from raccord.store.database import Database
from raccord.store.errors import StoreError
from raccord.store.models import Company, Connection, Model


def test_an_upgraded_database_has_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    schema.check(database)
    schema.ensure_ready(database)
    assert schema.current(database) == schema.head()
    there = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    assert there == set(Model.metadata.tables)


def test_a_table_that_differs_from_the_code_is_found(database: Database) -> None:
    for change, told in (
        ("ALTER TABLE company ADD COLUMN surprise TEXT", "surprise"),
        ("DROP INDEX ix_link_day", "ix_link_day"),
        ("CREATE TABLE unknown (x TEXT)", "unknown"),
        ("ALTER TABLE proof DROP COLUMN equal", "equal"),
    ):
        with database.begin() as session:
            session.execute(text(change))
        with pytest.raises(StoreError, match=told) as caught:
            schema.check(database)
        assert caught.value.code == "store.schema_drift"


def test_an_empty_database_is_not_ready_until_it_is_upgraded(empty_database: Database) -> None:
    database = empty_database
    assert schema.current(database) is None
    with pytest.raises(StoreError) as caught:
        schema.ensure_ready(database)
    assert caught.value.code == "store.schema_old"
    assert "raccord db upgrade" in caught.value.fix.fr
    assert schema.upgrade(database) == schema.head()
    assert schema.upgrade(database) == schema.head()
    schema.ensure_ready(database)
    schema.check(database)


def test_processes_that_upgrade_at_once_do_it_once(empty_database_url: str) -> None:
    done: list[str] = []
    databases = [Database(empty_database_url) for _ in range(3)]
    threads = [threading.Thread(target=lambda d=d: done.append(schema.upgrade(d))) for d in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [schema.head()] * 3
    for database in databases:
        database.dispose()


def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "busy.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as writer,
        closing(sqlite3.connect(path, timeout=0)) as opened,
    ):
        writer.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(write_ahead, "WAIT_MS", 0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write_ahead.write_ahead(opened)
        waits = iter([lambda: None, lambda: writer.execute("COMMIT")])
        monkeypatch.setattr(write_ahead, "WAIT_MS", 30_000)
        monkeypatch.setattr(write_ahead.time, "sleep", lambda _: next(waits)())
        write_ahead.write_ahead(opened)
        assert next(opened.execute("PRAGMA journal_mode")) == ("wal",)


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(database: Database) -> None:
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuses in (schema.upgrade, schema.ensure_ready):
        with pytest.raises(StoreError) as caught:
            refuses(database)
        assert caught.value.code == "store.schema_newer"
        assert "9999" in caught.value.text.fr
    assert schema.current(database) == "9999"


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = Operations.create_table
    seen: list[str] = []

    def fails_late(self: Operations, name: str, *columns: object, **options: object) -> object:
        seen.append(name)
        if len(seen) > 10:
            raise OSError("disk full")
        return genuine(self, name, *columns, **options)  # type: ignore[arg-type]  # handed on as they came

    database = empty_database
    with monkeypatch.context() as patched:
        patched.setattr(Operations, "create_table", fails_late)
        with pytest.raises(OSError, match="disk full"):
            schema.upgrade(database)
    assert schema.current(database) is None
    assert inspect(database.engine).get_table_names() == []
    schema.upgrade(database)
    schema.check(database)


def test_the_history_imports_nothing_of_the_application() -> None:
    for folder in raccord_migrations.__path__:
        for path in Path(folder).rglob("*.py"):
            assert re.search(r"^\s*(from|import) raccord(?!_migrations)", path.read_text(), re.MULTILINE) is None


REBUILDS_A_TABLE = """
from alembic import op
import sqlalchemy as sa

revision = "0099"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("company") as table:
        table.alter_column("country", existing_type=sa.Text(), nullable=True)
    {more}
"""


def with_revision(monkeypatch: pytest.MonkeyPatch, folder: Path, more: str = "pass") -> None:
    """Let the history go on with a revision for which SQLite builds the table ``company`` anew."""
    genuine = Path(raccord_migrations.__file__ or "").parent
    copy = folder / "raccord_migrations"
    shutil.copytree(genuine, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "versions" / "0099_rebuild.py").write_text(REBUILDS_A_TABLE.format(head=schema.head(), more=more))
    monkeypatch.setattr(raccord_migrations, "__file__", str(copy / "__init__.py"))


def add_connection(database: Database) -> None:
    now = datetime(2025, 3, 3, tzinfo=UTC)
    with database.begin() as session:
        session.add(Company(id="c", realm="1", environment="sandbox", name="x", created_at=now))
        session.flush()
        session.add(
            Connection(
                id="k", company_id="c", connector="chase", label="x", starts_on=now.date(), set_up_at=now,
                created_by="x",
            )
        )  # fmt: skip


def test_building_a_table_anew_keeps_the_rows_that_refer_to_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add_connection(database)
    with_revision(monkeypatch, tmp_path)
    assert schema.upgrade(database) == "0099"
    with database.begin() as session:
        assert session.scalars(select(Connection.company_id)).all() == ["c"]
        if database.dialect == "sqlite":
            assert session.scalar(text("PRAGMA foreign_keys")) == 1
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_an_upgrade_that_would_leave_a_row_without_what_it_refers_to_is_undone(
    fresh_sqlite: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = Database(fresh_sqlite())
    add_connection(database)
    before = schema.current(database)
    with_revision(monkeypatch, tmp_path, more='op.execute("DELETE FROM company")')
    with pytest.raises(RuntimeError, match="a row of connection without"):
        schema.upgrade(database)
    assert schema.current(database) == before
    with database.read() as session:
        assert session.scalars(select(Company.id)).all() == ["c"]
    database.dispose()


def test_a_drafted_revision_brings_the_tables_to_the_code_and_imports_nothing_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    genuine = Path(raccord_migrations.__file__ or "").parent
    shutil.copytree(genuine, tmp_path / "m", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(raccord_migrations, "__file__", str(tmp_path / "m" / "__init__.py"))
    with database.begin() as session:
        session.execute(text("ALTER TABLE proof DROP COLUMN proven_at"))
    drafted = schema.draft_revision(database, "bring back")
    assert "batch_op.add_column(sa.Column('proven_at', sa.DateTime(timezone=True)" in drafted.read_text()
    assert "import raccord" not in drafted.read_text()
    assert drafted.name == f"{int(schema.head()):04d}_bring_back.py"
    schema.upgrade(database)
    schema.check(database)
