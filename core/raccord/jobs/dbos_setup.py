"""DBOS's database and log as we want them."""

from __future__ import annotations

import logging
import os
import sqlite3

from dbos import error as dbos_error
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from raccord.store.database import sqlite_path

POOL_SIZE = 8
EXPECTED = (
    dbos_error.DBOSWorkflowCancelledError,
    dbos_error.DBOSAwaitedWorkflowCancelledError,
    dbos_error.DBOSWorkflowConflictIDError,
)
"""What an execution ends with that was cancelled or taken over; nobody needs a traceback of it."""


def sqlite_engine(url: URL) -> Engine:
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
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


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
