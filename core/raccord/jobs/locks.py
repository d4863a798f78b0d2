"""Who may work: one process on a data directory, one execution on a company."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from raccord.store.database import Database, sqlite_path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = "raccord company "
"""Start of the ``application_name`` of connections that hold a company; the executor's id follows."""
WORK_NAME = "raccord worker "
"""The same of a worker's other connections."""

SERVER_OPTIONS = (
    # An idle connection is the lock itself; a host that vanished loses it within a minute.
    "-c idle_session_timeout=0 -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)


class Held(Protocol):
    """A lock in one's hands; the end of the process lets go of it too."""

    def alive(self) -> bool:
        """Return whether it is still held."""
        ...

    def release(self) -> None:
        """Let go; doing it twice is harmless."""
        ...


class CompanyLocks(Protocol):
    """Keeps executions of one company apart, whichever engine and process they belong to."""

    def take(self, company_id: str) -> Held | None:
        """Return the company's lock, or None while somebody else holds it; never waits."""
        ...


def company_locks(database: Database, executor_id: str) -> CompanyLocks:
    """Return the locks that fit a database: files beside SQLite's file, advisory locks in PostgreSQL."""
    if database.dialect == "sqlite":
        return FileLocks(sqlite_path(database.url).resolve().parent / "locks")
    return AdvisoryLocks(database, executor_id)


class FileLock:
    """An exclusive lock on a file, held by an open handle: a second taker fails, in this process as in any other."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> FileLock | None:
        """Return the lock of ``path`` (made if missing), or None while somebody else holds it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = path.open("ab")
        if not _locked(handle):
            handle.close()
            return None
        return cls(handle)

    def alive(self) -> bool:
        return not self._handle.closed

    def release(self) -> None:
        # Closing lets go; the file stays, for removing it would let two takers lock two files of one name.
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


class FileLocks:
    """Companies as files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, company_id: str) -> Held | None:
        name = hashlib.blake2b(company_id.encode(), digest_size=16).hexdigest()
        return FileLock.take(self._folder / f"company-{name}.lock")


class AdvisoryLocks:
    """Companies as advisory locks of PostgreSQL, each on a connection of its own outside the pool.

    The lock belongs to the session and not to a transaction: one left open for a whole step would keep every
    ``CREATE INDEX CONCURRENTLY`` waiting, and so the engine's own migrations. A pooler between us and the server must
    therefore keep sessions apart (PgBouncer: ``pool_mode=session``).
    """

    def __init__(self, database: Database, executor_id: str) -> None:
        self._engine = create_engine(
            database.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "application_name": application_name(executor_id),
                "options": SERVER_OPTIONS,
                "connect_timeout": 10,
            },
        )

    def take(self, company_id: str) -> Held | None:
        connection = self._engine.connect()
        try:
            taken = connection.scalar(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": advisory_key("company", company_id)}
            )
        except DBAPIError:
            connection.close()
            raise
        if not taken:
            connection.close()
            return None
        return AdvisoryLock(connection)


class AdvisoryLock:
    """A company held by an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alive(self) -> bool:
        if self._connection.closed or self._connection.invalidated:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def release(self) -> None:
        # A connection that is already dead holds nothing any more. Of one that closes the server takes note a moment
        # later, so it is told first.
        with suppress(DBAPIError):
            if self.alive():
                self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
        with suppress(DBAPIError):
            self._connection.close()


def cut_off(connection: Connection, executors: Collection[str]) -> int:
    """Cut the connections of dead executors, with which a frozen process still holds companies and rows; return how
    many.
    """
    if not executors:
        return 0
    names = [application_name(executor_id, start) for executor_id in executors for start in (LOCK_NAME, WORK_NAME)]
    ended = connection.scalars(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ANY(:names)"),
        {"names": names},
    )
    return sum(1 for done in ended if done)


def application_name(executor_id: str, start: str = LOCK_NAME) -> str:
    """Return the name under which an executor's connections are seen by the server, within its limit of 63 bytes."""
    return (start + executor_id)[:63]


def advisory_key(kind: str, name: str) -> int:
    """Return the 64-bit key of an advisory lock."""
    digest = hashlib.blake2b(f"raccord:{kind}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _locked(handle: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
