"""The job engine's own database deleted, whoever uses it."""

from __future__ import annotations

from pathlib import Path

from psycopg.errors import DeadlockDetected
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from raccord.store.database import Database


def lose_engine(database: Database, engine_url: str) -> None:
    if database.dialect == "sqlite":
        path = Path(engine_url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return
    for left in reversed(range(20)):
        try:
            with database.begin() as session:
                session.execute(text("DROP SCHEMA dbos CASCADE"))
        except OperationalError as error:
            # The worker asks its engine meanwhile; PostgreSQL ends a deadlock of the two by refusing one of them.
            if not isinstance(error.orig, DeadlockDetected) or not left:
                raise
        else:
            return
