"""The real pipeline executed by real workers that are killed or frozen, and by an engine that loses its memory."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from crew import SLOW, UNANSWERED, Crew, crew_of
from market_company import let_numbers_repeat

from raccord.store.database import Database
from raccord.store.models import RunState

pytestmark = pytest.mark.timeout(240)

SLOW_HERE = pytest.param("postgres", marks=pytest.mark.slow)
ON_POSTGRES = pytest.mark.parametrize("database_url", [SLOW_HERE], indirect=True)
ON_BOTH = pytest.mark.parametrize("database_url", ["sqlite", SLOW_HERE], indirect=True)


@pytest.fixture
def crew(database: Database, data_dir: Path, tmp_path: Path) -> Iterator[Crew]:
    with crew_of(database, data_dir, tmp_path) as made:
        yield made


@ON_BOTH
def test_a_worker_killed_while_it_posts_is_replaced_and_nothing_is_doubled(crew: Crew) -> None:
    crew.start_worker()
    if crew.workshop.database.dialect == "postgresql":
        crew.start_worker()
    run_id = crew.approved(UNANSWERED)
    crew.signal_who_posts(signal.SIGKILL)
    crew.sandbox.lab.clear()
    if crew.workshop.database.dialect == "sqlite":
        crew.processes[0].wait()
        crew.start_worker()
    crew.finished(run_id)
    crew.check_books()


@ON_POSTGRES
def test_pain_1_t3_a_worker_frozen_while_it_posts_and_thawed_after_another_took_over_doubles_nothing(
    crew: Crew,
) -> None:
    # Bytes that a process is frozen over while it writes them reach QuickBooks when it wakes, whatever was read back
    # meanwhile: there only the request id helps, which QuickBooks honours here as it says.
    let_numbers_repeat(crew.sandbox.store, honour_requestid=True)
    for _ in range(2):
        crew.start_worker()
    run_id = crew.approved(SLOW)
    frozen = crew.signal_who_posts(signal.SIGSTOP, batches=5)
    crew.sandbox.lab.clear()
    crew.finished(run_id)
    assert crew.who_works() != frozen
    crew.check_books()
    # It wakes with answers of batches that are stored already, and with a batch in its hands that it never sent.
    process = next(each for each in crew.processes if each.pid == frozen)
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, "it ends what it was doing before it stops"
    crew.check_books()


@ON_BOTH
@pytest.mark.parametrize(
    "killed",
    [
        pytest.param(False, id="under a living worker"),
        pytest.param(True, id="and its worker killed", marks=pytest.mark.slow),
    ],
)
def test_the_engines_database_deleted_while_it_posts_loses_nothing(crew: Crew, killed: bool) -> None:
    crew.start_worker()
    run_id = crew.approved(UNANSWERED if killed else SLOW)
    if killed:
        crew.signal_who_posts(signal.SIGKILL)
        crew.processes[0].wait()
    else:
        crew.signal_who_posts(signal.SIGCONT)
    crew.sandbox.lab.clear()
    crew.forget_engine()
    assert crew.run(run_id).state in (RunState.RUNNING, RunState.QUEUED)
    if killed:
        crew.start_worker()
    crew.finished(run_id)
    crew.check_books()
