"""DBOS's database and log as we want them."""

from __future__ import annotations

import logging
import os
import sqlite3

from dbos import error as dbos_error
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from raccord.jobs.port import EngineStoppedError
from raccord.store.database import sqlite_path
from raccord.store.write_ahead import WAIT_MS, write_ahead

POOL_SIZE = 8
IDLE_IN_TRANSACTION_MS = 60_000
EXPECTED = (
    dbos_error.DBOSWorkflowCancelledError,
    dbos_error.DBOSAwaitedWorkflowCancelledError,
    dbos_error.DBOSWorkflowConflictIDError,
    EngineStoppedError,
)
"""What an execution ends with that was cancelled, taken over or left behind; nobody needs a traceback of it."""


class EngineDatabase:
    """Connections to DBOS's own tables that can be shut for good.

    DBOS lets executions that lost their run wait for its outcome in threads that outlive ``DBOS.destroy`` and try
    again for ever when the database is away; a process with such a thread would never end. Once shut, they fail.
    """

    def __init__(self, url: URL) -> None:
        self.engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgres(url)
        self._shut = False
        event.listen(self.engine, "do_connect", self._refuse)
        event.listen(self.engine, "checkin", self._drop)

    def shut(self) -> None:
        """Refuse all further use."""
        self._shut = True
        self.engine.dispose()

    def _refuse(self, *_: object) -> None:
        if self._shut:
            raise EngineStoppedError

    def _drop(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        if self._shut:
            entry.invalidate()


def _sqlite(url: URL) -> Engine:
    """Return an engine on DBOS's own file; without WAL its writers would queue behind one another."""
    path = sqlite_path(url)
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=0, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "do_connect")
    def _private(*_: object) -> None:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={WAIT_MS}")
        write_ahead(connection)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "application_name": "raccord engine",
            "connect_timeout": 10,
            "options": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
        },
    )


def tables_gone(error: DBAPIError) -> bool:
    """Return whether the engine's tables, or the file they were in, exist no longer."""
    if not isinstance(error.orig, sqlite3.Error):
        return isinstance(error, ProgrammingError)
    # A file that was deleted is made anew, empty; SQLite has one code for that and for a mistake in the query.
    return "no such table" in str(error.orig) or error.orig.sqlite_errorname == "SQLITE_READONLY_DBMOVED"


class ExpectedEnds(logging.Filter):
    """Drops what DBOS logs, with a traceback, about every execution that was cancelled or taken over."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(error, EXPECTED)


def quiet_dbos_log() -> None:
    """Let DBOS log where everything else does, without the tracebacks of expected ends; done once a process."""
    logger = logging.getLogger("dbos")
    if any(isinstance(each, ExpectedEnds) for each in logger.filters):
        return
    # A handler of ours keeps DBOS from adding one that writes to the console.
    logger.addHandler(logging.NullHandler())
    logger.addFilter(ExpectedEnds())
