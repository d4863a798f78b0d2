"""SQLite's write-ahead log, switched on by whoever opens a new file first."""

from __future__ import annotations

import sqlite3
import time

WAIT_MS = 30_000
"""How long a new connection waits for others that open or write the same file."""
_AGAIN_MS = 20


def write_ahead(connection: sqlite3.Connection) -> None:
    """Keep the file's changes in a log of its own, so that readers wait for nobody.

    The file must be free for a moment while this changes, and SQLite refuses at once where it is not, whatever the busy
    timeout says: two processes that open a new file together would fail. It is tried until ``WAIT_MS`` have passed,
    then ``sqlite3.OperationalError`` is raised.
    """
    ends_at = time.monotonic_ns() // 1_000_000 + WAIT_MS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic_ns() // 1_000_000 >= ends_at:
                raise
            time.sleep(_AGAIN_MS / 1000)
        else:
            return
