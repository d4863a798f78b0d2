"""The matrix for undoing: a process killed at any moment of an undo leaves nothing half undone in the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.life import Life
from crash.plant import Plant, quick_folder
from crash.undoing import UndoWalk, ask_undo, check_undone
from market_rows import every_kind

from raccord.store.models import RunState
from raccord.sync.posting import post, recognise

EVERY = 16
"""Of the moments of an undo, every so-manieth is tried in the usual run."""


@pytest.fixture(scope="module")
def posted() -> Iterator[Plant]:
    """A market whose few documents of every kind are in the books."""
    with (
        tempfile.TemporaryDirectory(prefix="raccord-crash-", dir=quick_folder()) as folder,
        Plant.build(Path(folder)) as plant,
    ):
        plant.say(every_kind("x1-", sales=2))
        assert plant.live(Life()) == RunState.DONE
        plant.save("posted")
        yield plant


def walk(plant: Plant, *, honour_requestid: bool, share: int, of: int, void: bool = False) -> UndoWalk:
    plant.put_back("posted")
    plant.company.settings["ignore_requestid"] = not honour_requestid
    ask_undo(plant, void=void)
    walked = UndoWalk(plant)
    walked.run(share, of)
    check_undone(plant)
    return walked


@pytest.mark.parametrize("honour_requestid", [pytest.param(True, marks=pytest.mark.slow), False])
def test_an_undo_killed_at_moments_of_every_phase_ends_with_everything_gone_once(
    posted: Plant, honour_requestid: bool
) -> None:
    share = 4 if honour_requestid else 0
    walked = walk(posted, honour_requestid=honour_requestid, share=share, of=EVERY, void=honour_requestid)
    assert len(walked.moments) > 5
    assert any(moment.uncertain for moment in walked.moments), "some died with the outcome unknown"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("honour_requestid", "every"), [(True, 3), (False, 1)])
def test_an_undo_killed_at_every_moment_ends_with_everything_gone_once(
    posted: Plant, honour_requestid: bool, every: int
) -> None:
    walked = walk(posted, honour_requestid=honour_requestid, share=0, of=every)
    assert len(walked.moments) > 40 // every


@pytest.mark.at_length
def test_the_matrix_of_undoing_notices_when_nothing_is_read_back(posted: Plant) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for place in (post, recognise):
            patch.setattr(place, "read_back", lambda *_, **__: {})
        with pytest.raises(AssertionError):
            walk(posted, honour_requestid=False, share=0, of=7)
