"""Which workers live: each says so in our tables, by the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from raccord.store.database import Database
from raccord.store.models import Worker

FORGOTTEN_AFTER = timedelta(days=1)


def beat(database: Database, executor_id: str) -> None:
    """Say that a worker lives."""
    with database.begin() as session:
        session.merge(Worker(executor_id=executor_id, beat_at=database_now(session)))


def sign_off(database: Database, executor_id: str) -> None:
    """Say that a worker has stopped and left nothing behind."""
    with database.begin() as session:
        session.execute(delete(Worker).where(Worker.executor_id == executor_id))


def living(session: Session, lease: timedelta) -> Collection[str]:
    """Return the executors that were heard of within ``lease``."""
    return set(session.scalars(select(Worker.executor_id).where(Worker.beat_at > database_now(session) - lease)))


def forget_dead(database: Database) -> int:
    """Delete workers that have been silent for a day; return how many."""
    with database.begin() as session:
        cutoff = database_now(session) - FORGOTTEN_AFTER
        gone = session.execute(delete(Worker).where(Worker.beat_at < cutoff).returning(Worker.executor_id))
        return len(gone.all())


def database_now(session: Session) -> datetime:
    """Return the hour by the database's clock, the only one that all workers share."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now
    written: str = session.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")).scalar_one()
    return datetime.fromisoformat(written)
