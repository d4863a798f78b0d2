"""One database that tests get in turn, each time as its template is: making a new one costs more than most tests.

The engine stays the same from test to test, so that SQLAlchemy compiles each statement once a session.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, Engine

from raccord.store import schema
from raccord.store.database import Database

BESIDE = "lent"
"""The PostgreSQL schema that keeps what the template's tables hold."""

OTHERS = f"('pg_catalog', 'pg_toast', 'information_schema', '{BESIDE}')"

SHAPE = f"""
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
  SELECT concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull, atthasdef) AS part
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE attnum > 0 AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT IN {OTHERS})
  UNION ALL SELECT concat_ws(' ', 'constraint', oid) FROM pg_constraint
  UNION ALL SELECT concat_ws(' ', 'trigger', oid) FROM pg_trigger
  UNION ALL SELECT concat_ws(' ', 'schema', oid) FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast_temp)_'
) AS parts
"""  # noqa: S608 - nothing in it comes from outside

PREPARE = f"""
DO $$
DECLARE one regclass; filled boolean; place integer := 0;
BEGIN
  CREATE SCHEMA {BESIDE};
  CREATE TABLE {BESIDE}.kept (source regclass, copy regclass);
  FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r'
      AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT IN {OTHERS})
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', one) INTO filled;
    IF filled THEN
      place := place + 1;
      EXECUTE format('CREATE TABLE {BESIDE}.rows_%s AS TABLE %s', place, one);
      EXECUTE format('INSERT INTO {BESIDE}.kept VALUES (%L, %L)', one, '{BESIDE}.rows_' || place);
    END IF;
  END LOOP;
END $$
"""  # noqa: S608

REFILL = f"""
DO $$
DECLARE one regclass; other regclass; counter regclass;
BEGIN
  -- Without the triggers of foreign keys, so in any order.
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r'
      AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT IN {OTHERS})
  LOOP
    EXECUTE format('DELETE FROM %s', one);
  END LOOP;
  FOR one, other IN SELECT source, copy FROM {BESIDE}.kept LOOP
    EXECUTE format('INSERT INTO %s SELECT * FROM %s', one, other);
  END LOOP;
  FOR counter IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %s RESTART', counter);
  END LOOP;
END $$
"""  # noqa: S608


@cache
def newest() -> bytes:
    """Return a SQLite database at the newest revision that holds nothing yet; the migrations run once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.db"
        database = Database(f"sqlite:///{path}")
        schema.upgrade(database)
        database.dispose()
        return path.read_bytes()


def laid(path: Path) -> Database:
    """Return a SQLite database at the newest revision that holds nothing yet, at a place of its own."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(newest())
    return Database(f"sqlite:///{path}")


class Lent(Protocol):
    """A database that is lent to one test after the other."""

    database: Database

    def refill(self) -> None:
        """Make it as its template is, whatever the last test left in it."""


class LentSqlite:
    """A SQLite file that is laid anew from its template."""

    def __init__(self, template: Path, path: Path) -> None:
        self._template, self._path = template, path
        self.database = Database(f"sqlite:///{path}")

    def refill(self) -> None:
        """Lay a new file: a connection that the last test left open keeps writing to the one that is gone."""
        self.database.dispose()
        for name in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + name).unlink(missing_ok=True)
        shutil.copyfile(self._template, self._path)


class LentPostgres:
    """A PostgreSQL database that is emptied to what its template holds, and made anew if its tables were changed."""

    def __init__(self, server: Engine, template: str, name: str) -> None:
        self._server, self._template, self._name = server, template, name
        url: URL = server.url.set(database=name)
        self.database = Database(url)
        # No pool: a connection that waits here would keep the database from being dropped.
        self._keeper = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=0)
        self._shape = ""
        self._make()

    def refill(self) -> None:
        self.database.dispose()
        with self._keeper.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            whole = _shape(connection) == self._shape
            if whole:
                connection.execute(text(REFILL))
        if not whole:
            self.drop()
            self._make()

    def drop(self) -> None:
        self.database.dispose()
        self._keeper.dispose()
        with self._server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{self._name}" WITH (FORCE)'))

    def _make(self) -> None:
        with self._server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"'))
        with self._keeper.connect() as connection:
            connection.execute(text(PREPARE))
            self._shape = _shape(connection)


@contextmanager
def lent_from(server: Engine, template: str) -> Iterator[LentPostgres]:
    """Lend a PostgreSQL database made from ``template``; it is dropped at the end."""
    lent = LentPostgres(server, template, f"lent_{uuid.uuid4().hex}")
    yield lent
    lent.drop()


def _shape(connection: Connection) -> str:
    return str(connection.scalar(text(SHAPE)))
