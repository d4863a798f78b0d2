"""A part of the crash matrix small enough for every day; ``make crash`` goes through the whole of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash.exhaustive import Walk, mixed
from crash.plant import Plant, quick_folder
from crash.schedules import MIXES, prepare, run_schedule
from sqlalchemy.orm import Session

from raccord.quickbooks import QuickBooks, wire
from raccord.store.models import Run
from raccord.sync import execution, phases, unit
from raccord.sync.posting import post

SCHEDULES = 24
"""The merge check lives through the seeds from here on in the matrix itself (`FIRST` in .ci/run)."""
MOMENTS = 37
"""Of the moments of the small run, every so-manieth."""
ENOUGH = 1_500
"""Schedules among which one must notice that a guard is missing."""


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    with (
        tempfile.TemporaryDirectory(prefix="raccord-crash-", dir=quick_folder()) as folder,
        Plant.build(Path(folder)) as built,
    ):
        prepare(built)
        yield built


@pytest.mark.slow
def test_pain_1_t2_killed_at_moments_of_every_phase_without_requestid_nothing_is_doubled_or_lost(plant: Plant) -> None:
    plant.put_back("whole")
    plant.company.settings["ignore_requestid"] = True
    plant.say(mixed(12))
    walk = Walk(plant)
    walk.run(5, MOMENTS)
    assert len(walk.moments) > 8
    assert {moment.name for moment in walk.moments} >= {"before commit", "after commit"}


def test_pain_1_t1_t2_t3_seeded_schedules_double_and_lose_nothing(plant: Plant) -> None:
    told = [run_schedule(plant, seed) for seed in range(SCHEDULES)]
    assert {each.mix for each in told} > {"plain", "deposits", "updates"}
    assert {each.mix for each in told} <= set(MIXES)
    assert {each.honours_requestid for each in told} == {True, False}
    assert sum(each.kills for each in told) > SCHEDULES // 2
    assert sum(each.freezes for each in told) > 2
    assert any(each.restored for each in told)
    assert sum(each.uncertain for each in told) > SCHEDULES // 2


def test_a_seed_brings_its_schedule_back(plant: Plant) -> None:
    assert run_schedule(plant, 7) == run_schedule(plant, 7)


@contextlib.contextmanager
def unfenced(self: execution.Execution) -> Iterator[tuple[Session, Run]]:
    with self.database.begin() as session:
        yield session, session.get_one(Run, self.run_id)


def no_last_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution.Execution, "check", lambda self: None)


def no_waiting(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wire.Wire, "under_way_ms", lambda self, left_ms: 0)
    patch.setattr(QuickBooks, "executes_within_ms", 0)


def no_look_around(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(unit, "get_acquainted", lambda *_: 0)


def no_reading_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(post, "read_back", lambda *_, **__: {})


def no_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution.Execution, "begin", unfenced)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("take_away", "noticed"),
    [(no_last_look, 154), (no_waiting, 8), (no_look_around, 3), (no_reading_back, 0), (no_fence, 46)],
)
def test_the_matrix_notices_each_guard_that_is_taken_away(
    plant: Plant, take_away: Callable[[pytest.MonkeyPatch], None], noticed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch)
        # First the seed that noticed it last time; where a change drew other schedules, one of the others must.
        assert any(_fails(plant, seed) for seed in (noticed, *range(ENOUGH)))


def _fails(plant: Plant, seed: int) -> bool:
    try:
        run_schedule(plant, seed)
    except (AssertionError, post.OutcomeUnknown, execution.Fenced, phases.PlanNotApprovedError):
        return True
    return False
