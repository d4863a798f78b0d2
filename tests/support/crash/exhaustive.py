"""Every moment of a run: a process is killed at each commit and each request, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from harness import request
from market_rows import Row, every_kind
from sqlalchemy import select

from crash.life import Killed, Life
from crash.plant import Plant
from raccord.store.models import Connection, RunState
from raccord.sync.run import Pipeline

UNIT = "unit"
LOOKS_MAX = 1
"""Requests that look for what a restored backup has forgotten, in one process that posts."""


@dataclass
class Moment:
    """One moment at which a process was killed, and what it took to recover."""

    number: int
    unit: int
    name: str
    reads: int = 0
    uncertain: int = 0


@dataclass
class Walk:
    """A run from its first to its last commit, unit by unit."""

    plant: Plant
    moments: list[Moment] = field(default_factory=list)

    at: int = 0
    """The moment being tried."""

    def run(self, share: int = 0, of: int = 1, only: int = 0) -> None:
        """Kill at each moment whose number leaves ``share`` when divided by ``of``, or at one alone; recover each
        time, and check the books.
        """
        number = 0
        for unit, passed in self._units():
            for at, name in enumerate(passed, start=1):
                number += 1
                if number == only if only else number % of == share:
                    self.at = number
                    self.moments.append(self._killed(Moment(number, unit, name), at))
            self.plant.put_back(f"{UNIT} after")

    def _units(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each unit of the run with the moments it passes; the plant stands before it, saved."""
        plant, unit = self.plant, 0
        going = True
        while going:
            plant.save(UNIT)
            life = Life()
            going = self._advance(life)
            plant.save(f"{UNIT} after")
            yield unit, life.passed
            unit += 1

    def _advance(self, life: Life) -> bool:
        """Do one unit, with approval where it is asked for; return whether there are more."""
        plant = self.plant
        workshop = plant.workshop()
        with plant.now.live(life):
            with workshop.database.read() as session:
                connection = session.scalars(select(Connection)).one()
            state, _ = plant.step(workshop, Pipeline(workshop), request(workshop, connection))
        return state in (RunState.QUEUED, RunState.RUNNING)

    def _killed(self, moment: Moment, at: int) -> Moment:
        plant = self.plant
        plant.put_back(UNIT)
        with pytest.raises(Killed):
            self._advance(Life(at=at))
        plant.check_never_two()
        moment.uncertain = plant.open_intents()
        plant.network.reads = plant.network.looks = 0
        assert plant.live(Life()) == RunState.DONE, moment
        plant.check_posted()
        plant.check_sums()
        moment.reads = plant.network.reads - plant.network.looks
        assert plant.network.looks <= LOOKS_MAX, moment
        assert moment.reads <= moment.uncertain, f"recovery read more than once for an uncertain document: {moment}"
        return moment


def mixed(count: int) -> list[Row]:
    """Return about ``count`` records of every kind, with payouts of all sales."""
    rows: list[Row] = []
    number = 0
    while len(rows) < count:
        number += 1
        rows += every_kind(f"x{number}-", sales=6, lists=number % 4 == 1, item="" if number % 4 == 1 else "items/x1-1")
    return rows[:count] if rows[count - 1]["stream"] == "payouts" else rows
