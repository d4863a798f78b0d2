"""One holder at a time over all processes that share a database."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from raccord.plugin.texts import Text
from raccord.store.database import Database
from raccord.store.durable import make_folder
from raccord.store.errors import StoreError

WAIT_MAX = timedelta(seconds=60)
"""How long one waits for a lock before the caller is told; a run then tries again."""
HOLD_MAX = timedelta(minutes=10)
"""How long PostgreSQL leaves a lock with a holder that says nothing: longer than any renewal of tokens takes, and the
end of what a frozen process can keep from the others."""
POLL = timedelta(milliseconds=50)
LOCK_NOT_AVAILABLE = "55P03"


class LockHeldError(StoreError, TimeoutError):
    """Raised when somebody else held a lock for as long as one waits; trying again later is right."""


class LockLostError(StoreError, TimeoutError):
    """Raised when a holder finds that its lock was given to others, because it was frozen or its line was cut."""


class Held(Protocol):
    """A lock in one's hands."""

    def check(self) -> None:
        """Raise ``LockLostError`` when it is not held any more."""
        ...


@contextmanager
def exclusive(database: Database, data_dir: Path, name: str, wait_max: timedelta = WAIT_MAX) -> Iterator[Held]:
    """Hold the lock ``name``; raises ``LockHeldError`` when another thread or process keeps it for ``wait_max``.

    The lock ends with its holder, however that ends. On SQLite it is a file below ``data_dir``, which all processes
    share then; on PostgreSQL an advisory lock on a connection of its own, so that holders never use up the pool.
    There a holder that is frozen loses it after ``HOLD_MAX``: whoever writes under a lock checks it before.
    The holder bounds its own work; no transaction should be open while waiting.
    """
    digest = hashlib.sha256(name.encode("utf-8"))
    if database.dialect == "postgresql":
        with _on_postgres(database, int.from_bytes(digest.digest()[:8], "big", signed=True), wait_max) as held:
            yield held
    else:
        with _on_file(data_dir / "locks" / f"{digest.hexdigest()[:32]}.lock", wait_max) as held:
            yield held


class OnPostgres:
    """An advisory lock, held by an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self) -> None:
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            raise _lost() from None


class OnFile:
    """A lock on a file, held by an open handle for as long as its process lives."""

    def check(self) -> None:
        """Nothing takes it away."""


@contextmanager
def _on_postgres(database: Database, key: int, wait_max: timedelta) -> Iterator[Held]:
    options = (
        f"-c lock_timeout={wait_max // timedelta(milliseconds=1)} "
        f"-c idle_session_timeout={HOLD_MAX // timedelta(milliseconds=1)} "
        "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    )
    engine = create_engine(
        database.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 10, "application_name": "raccord lock", "options": options},
    )
    with engine.connect() as connection:
        try:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") == LOCK_NOT_AVAILABLE:
                raise _held() from None
            raise
        # Closing the connection gives the lock back, also when the block raised.
        yield OnPostgres(connection)


@contextmanager
def _on_file(path: Path, wait_max: timedelta) -> Iterator[Held]:
    make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(handle, wait_max)
        yield OnFile()
    finally:
        os.close(handle)


def _wait_for(handle: int, wait_max: timedelta) -> None:
    """Take a file's lock; asked for again and again, since the system's own wait has no end."""
    pause = threading.Event()
    deadline = time.monotonic_ns() + wait_max // timedelta(microseconds=1) * 1000
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic_ns() >= deadline:
                raise _held() from None
            pause.wait(POLL.total_seconds())
        else:
            return


def _held() -> LockHeldError:
    return LockHeldError(
        "store.lock_held",
        Text(
            fr="Un autre processus tient ce verrou depuis trop longtemps : il est peut-être figé.",
            en="Another process has held this lock for too long: it may be frozen.",
        ),
        Text(
            fr="Réessayez dans quelques minutes ; si cela dure, redémarrez les processus de Raccord.",
            en="Try again in a few minutes; if it lasts, restart Raccord's processes.",
        ),
    )


def _lost() -> LockLostError:
    return LockLostError(
        "store.lock_lost",
        Text(
            fr="Ce processus a perdu son verrou : il était figé, ou sa liaison avec la base était coupée.",
            en="This process lost its lock: it was frozen, or its line to the database was cut.",
        ),
        Text(
            fr="Réessayez : rien n'a été écrit.",
            en="Try again: nothing was written.",
        ),
    )
