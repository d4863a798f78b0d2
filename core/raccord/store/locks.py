"""One holder at a time over all processes that share a database."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from raccord.store.database import Database
from raccord.store.durable import make_folder


@contextmanager
def exclusive(database: Database, data_dir: Path, name: str) -> Iterator[None]:
    """Hold the lock ``name``; wait for as long as another thread or process holds it.

    The lock ends with its holder, however that ends. On SQLite it is a file below ``data_dir``, which all processes
    share then; on PostgreSQL an advisory lock on a connection of its own, so that holders never use up the pool.
    The holder bounds its own work; no transaction should be open while waiting.
    """
    digest = hashlib.sha256(name.encode("utf-8"))
    if database.dialect == "postgresql":
        with _on_postgres(database, int.from_bytes(digest.digest()[:8], "big", signed=True)):
            yield
    else:
        with _on_file(data_dir / "locks" / f"{digest.hexdigest()[:32]}.lock"):
            yield


@contextmanager
def _on_postgres(database: Database, key: int) -> Iterator[None]:
    engine = create_engine(
        database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 10}
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        # Closing the connection gives the lock back, also when the block raised.
        yield


@contextmanager
def _on_file(path: Path) -> Iterator[None]:
    make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
