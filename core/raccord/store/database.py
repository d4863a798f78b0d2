"""The database behind everything: one SQLite file by default, or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from raccord.clock import Clock, SystemClock
from raccord.plugin.texts import Text
from raccord.store.canonical import canonical, exact
from raccord.store.errors import StoreError
from raccord.store.keyed import ReadingSession
from raccord.store.told import TellingSession, telling
from raccord.store.write_ahead import WAIT_MS, write_ahead

SCHEMA = "app"
"""The PostgreSQL schema of all our tables; the durable engine keeps its own beside it."""

BUSY_TIMEOUT_MS = WAIT_MS
POOL_SIZE = 8
IDLE_IN_TRANSACTION_MS = 150_000
"""How long PostgreSQL leaves an open transaction with a process that says nothing, longer than any request to
QuickBooks may take. A frozen process would otherwise keep what it has locked from everybody."""
IDLE_IN_TRANSACTION_CUT = "25P03"
"""What PostgreSQL calls the end of such a transaction."""

Dialect = Literal["sqlite", "postgresql"]

_READ = {"raccord_read": True}
_READS = "raccord_reads"


class Database:
    """Sessions on one database; opening it connects to nothing and creates no tables (see ``store.schema``).

    On SQLite a write transaction takes the writer's place at its first statement (``BEGIN IMMEDIATE``), so that two
    processes never lose each other's updates; readers see the last commit and wait for nobody.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _checked(url)
        self.dialect: Dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        self.name = "raccord"
        self.clock: Clock = SystemClock()
        """Of the entries by which the audit chain tells of links."""
        self.engine: Engine = _sqlite(self.url) if self.dialect == "sqlite" else _postgres(self.url)
        if self.dialect == "postgresql":
            event.listen(self.engine, "do_connect", self._say_name)
        self._reader = self.engine.execution_options(**_READ)

    def rename(self, name: str) -> None:
        """Let PostgreSQL know this process's connections as ``name`` from now on, within its limit of 63 bytes."""
        self.name = name[:63]
        self.dispose()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a session whose work is committed as one, or not at all when the block raises.

        The links it writes are told in the audit chain by the same commit.
        """
        with TellingSession(self.engine, expire_on_commit=False) as session, session.begin():
            telling(session, self.clock)
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that can only read, and blocks no writer; on SQLite it sees one unchanging state."""
        with ReadingSession(self._reader, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        """Close all connections; the next use opens new ones."""
        self.engine.dispose()

    def _say_name(self, _dialect: object, _entry: object, _arguments: object, named: dict[str, Any]) -> None:
        named["application_name"] = self.name

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"


def sqlite_path(url: URL) -> Path:
    """Return the file of a SQLite address."""
    return Path(url.database or "")


def _checked(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The text may hold a password, so neither it nor the parser's message is repeated.
        raise _unusable("it cannot be read", "elle est illisible") from None
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in (None, "", ":memory:") or "mode=memory" in str(parsed.database):
                raise _unusable("a database in memory would not outlive the process", "une base en mémoire se perd")
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise _unusable(f"{other!r} is not supported", f"« {other} » n'est pas géré")


def _unusable(why_en: str, why_fr: str) -> StoreError:
    return StoreError(
        "store.database_url",
        Text(
            fr=f"L'adresse de la base de données ne convient pas : {why_fr}.",
            en=f"The database address cannot be used: {why_en}.",
        ),
        Text(
            fr="Donnez sqlite:///chemin/du/fichier.db ou postgresql://utilisateur:mot-de-passe@hôte/base.",
            en="Give sqlite:///path/to/file.db or postgresql://user:password@host/database.",
        ),
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        # The connection that was used last goes first: each keeps pages of its own, up to 2 MB.
        pool_use_lifo=True,
        max_overflow=24,
        hide_parameters=True,
        json_serializer=canonical,
        json_deserializer=exact,
    )
    path = sqlite_path(url)

    @event.listens_for(engine, "do_connect")
    def _private(*_: object) -> None:
        if not path.exists():
            # SQLite gives its journal files the mode of the database file.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("raccord_read", False)
        if connection.info.get(_READS, False) is not reads:
            connection.connection.cursor().execute(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
            connection.info[_READS] = reads
        # Each session begins one, and through SQLAlchemy the word would cost more than what a session asks.
        begin = "BEGIN" if reads else "BEGIN IMMEDIATE"
        try:
            connection.connection.cursor().execute(begin)
        except sqlite3.Error as error:
            raise DBAPIError.instance(begin, None, error, sqlite3.Error, hide_parameters=True) from error

    return engine


def _postgres(url: URL) -> Engine:
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "options": (
                f"{options} -c search_path={SCHEMA} -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
            ).strip(),
            "connect_timeout": 10,
        },
        json_serializer=canonical,
        json_deserializer=exact,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("raccord_read", False):
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    @event.listens_for(engine, "handle_error")
    def _cut(context: ExceptionContext) -> None:
        # The driver calls it an internal error; it is a line that was cut, and trying again is right.
        if getattr(context.original_exception, "sqlstate", "") == IDLE_IN_TRANSACTION_CUT:
            context.is_disconnect = True
            raise OperationalError(context.statement, None, context.original_exception, connection_invalidated=True)

    return engine
