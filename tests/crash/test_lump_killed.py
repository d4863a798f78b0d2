"""The matrix for a line of several customers: killed at any moment, its payments and their deposit are there once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.exhaustive import Moment, Walk
from crash.lumps import check_lump, prepare_lump
from crash.plant import Plant, quick_folder

from raccord.sync.books import sending
from raccord.sync.posting import post, recognise

EVERY = 9
"""Of the moments of the run, every so-manieth is tried in the usual run."""


class LumpWalk(Walk):
    def _killed(self, moment: Moment, at: int) -> Moment:
        killed = super()._killed(moment, at)
        check_lump(self.plant)
        return killed


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    with (
        tempfile.TemporaryDirectory(prefix="raccord-crash-", dir=quick_folder()) as folder,
        Plant.build(Path(folder)) as built,
    ):
        prepare_lump(built, "lump")
        yield built


def walk(plant: Plant, share: int, of: int, *, honour_requestid: bool = False) -> LumpWalk:
    plant.put_back("lump")
    plant.company.settings["ignore_requestid"] = not honour_requestid
    walked = LumpWalk(plant)
    walked.run(share, of)
    check_lump(plant)
    return walked


def test_a_line_of_several_customers_killed_at_moments_of_every_phase_is_there_once_with_its_payments(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One document a request, so that it dies between two customers' payments too.
    monkeypatch.setattr(sending, "BATCH_MAX", 1)
    walked = walk(plant, 1, EVERY)
    assert len(walked.moments) > 5
    assert any(moment.uncertain for moment in walked.moments), "some died with the outcome unknown"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("honour_requestid", [True, False])
def test_a_line_of_several_customers_killed_at_every_other_moment_is_there_once_with_its_payments(
    plant: Plant, honour_requestid: bool
) -> None:
    walked = walk(plant, 0, 2, honour_requestid=honour_requestid)
    assert len(walked.moments) > 30


@pytest.mark.at_length
def test_the_matrix_of_lines_of_several_customers_notices_when_nothing_is_read_back(plant: Plant) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for place in (post, recognise):
            patch.setattr(place, "read_back", lambda *_, **__: {})
        with pytest.raises(AssertionError):
            walk(plant, 1, 3)
