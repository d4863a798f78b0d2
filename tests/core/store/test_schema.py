from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from alembic.operations import Operations
from sqlalchemy import inspect, text

import raccord_migrations
from raccord.store import schema
from raccord.store.database import Database
from raccord.store.errors import StoreError
from raccord.store.models import Model


def test_an_upgraded_database_has_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    schema.check(database)
    schema.ensure_ready(database)
    assert schema.current(database) == schema.head()
    there = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    assert there == set(Model.metadata.tables)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE company ADD COLUMN surprise TEXT",
        "DROP INDEX ix_link_day",
        "CREATE TABLE surprise (x TEXT)",
        "ALTER TABLE proof DROP COLUMN equal",
    ],
)
def test_a_table_that_differs_from_the_code_is_found(database: Database, change: str) -> None:
    with database.begin() as session:
        session.execute(text(change))
    with pytest.raises(StoreError) as caught:
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
