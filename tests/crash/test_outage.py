"""PostgreSQL gone in the middle of a run: nothing is doubled or lost, and the run comes to its end by itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from crew import SLOW, Crew, crew_of
from postgres_server import OwnServer, own_server

from raccord.store import schema
from raccord.store.database import Database

AWAY_S = 12
TRIES_AGAIN_AFTER_MS = 500
"""As a worker does outside the tests."""


@pytest.fixture
def server() -> Iterator[OwnServer]:
    with own_server() as running:
        yield running


@pytest.fixture
def crew(server: OwnServer, data_dir: Path, tmp_path: Path) -> Iterator[Crew]:
    database = Database(server.url)
    schema.upgrade(database)
    with crew_of(database, data_dir, tmp_path) as made:
        made.first_wait_ms = TRIES_AGAIN_AFTER_MS
        yield made
    database.dispose()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_pain_1_t1_postgresql_away_for_twelve_seconds_while_two_workers_post_doubles_and_loses_nothing(
    crew: Crew, server: OwnServer
) -> None:
    for _ in range(2):
        crew.start_worker()
    run_id = crew.approved(SLOW)
    crew.signal_who_posts(signal.SIGCONT)
    server.crash()
    # Really gone for this long: what is tried are the workers' own waits, in processes of their own.
    assert not threading.Event().wait(AWAY_S)
    assert [process.poll() for process in crew.processes] == [None, None], "a worker outlives its database"
    crew.sandbox.lab.clear()
    server.start()
    crew.finished(run_id)
    crew.check_books()
