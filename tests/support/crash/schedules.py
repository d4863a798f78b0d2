"""Seeded schedules: what happens to a run, in what order, drawn from one number that brings it all back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from market_rows import Row, every_kind
from sqlalchemy import select

from crash.life import Life
from crash.network import USUAL, Trouble
from crash.plant import Plant
from raccord.quickbooks import LOCAL
from raccord.store.models import LineState, PlanLine
from raccord.sync.books import sending
from raccord.sync.phases import Phase

RUNS_MAX = 5
"""Runs without trouble after which everything must be posted."""
PROVEN = 0.08
"""Share of the schedules whose runs go on to their end."""
MIXES = {"plain": 40, "deposits": 28, "updates": 15, "documents": 10, "lists": 5, "whole": 2}
"""Ways in which records come to be posted, and how often of a hundred schedules each is drawn."""
LIVES = (1, 1, 1, 1, 1, 1, 1, 2, 2, 3)
"""In how many lives there is trouble; one of these is drawn."""


@dataclass
class Told:
    """What a schedule did, for the summary and for a replay."""

    seed: int
    mix: str
    honours_requestid: bool
    proven: bool
    """Whether the runs go on to their end, with proof and conservation; else to where all is posted."""
    lives: list[str] = field(default_factory=list)
    kills: int = 0
    freezes: int = 0
    restored: bool = False
    reads: int = 0
    """Requests that read documents back."""
    uncertain: int = 0
    """Documents whose sender did not hear what became of them."""
    open: int = 0
    """Documents that lives left behind without an answer."""

    @property
    def until(self) -> Phase | None:
        return None if self.proven else Phase.REPORT

    @property
    def end(self) -> str:
        """What the last life comes to."""
        return "done" if self.proven else str(Phase.REPORT)


def prepare(plant: Plant) -> None:
    """Save a plant at the beginning of each mix."""
    first = every_kind("a", sales=2)
    plant.say(first)
    plant.save("whole")
    plant.live(Life(), Phase.POST)
    plant.save("lists")
    assert plant.live(Life()) == "done"
    plant.save("quiet")
    more = every_kind("b", sales=1, lists=False, item="items/a1")
    deposits = [row for row in more if row["stream"] in ("takings", "payouts")]
    plain = [row for row in more if row not in deposits]
    _begin(plant, "plain", "quiet", [*first, *plain])
    _begin(plant, "documents", "quiet", [*first, *more])
    _begin(plant, "updates", "quiet", [_changed(row) for row in first])
    plant.put_back("plain")
    assert plant.live(Life()) == "done"
    plant.save("quiet")
    _begin(plant, "deposits", "quiet", [*first, *more])


def _begin(plant: Plant, name: str, after: str, rows: Sequence[Row]) -> None:
    """Save a plant at the moment where a plan of these rows is about to be carried out."""
    plant.put_back(after)
    plant.say(rows)
    assert plant.live(Life(), Phase.POST) == Phase.POST
    with plant.database.read() as session:
        to_send = session.scalars(select(PlanLine.kind).where(PlanLine.state == LineState.PENDING)).all()
    assert len(to_send) > 1, f"there is nothing to post in {name}"
    plant.save(name)


def _changed(row: Row) -> Row:
    """Return a row that makes its document another; what was paid out is frozen in QuickBooks, and what settles a
    changed bill is read anew before it goes, which no recovery asks for.
    """
    if row["stream"] in ("sales", "refunds", "payouts", "items", "accounts", "vendors", "settlements"):
        return row
    return row | {"memo": "corrigé", "phone": "514 555-0100"}


def run_schedule(plant: Plant, seed: int) -> Told:
    """Live a schedule through, then recover without trouble, and check the books after every life."""
    chance = random.Random(seed)
    mix = chance.choices([*MIXES], [*MIXES.values()])[0]
    told = Told(seed, mix, chance.random() < 0.5, chance.random() < PROVEN)
    plant.put_back(told.mix)
    plant.company.settings["ignore_requestid"] = not told.honours_requestid
    plant.network.chance = chance
    plant.network.troubles = USUAL
    if chance.random() < 0.05:
        plant.store.grants.expire_access_tokens(plant.company.realm)
    with pytest.MonkeyPatch.context() as patch:
        if chance.random() < 0.3:
            patch.setattr(sending, "BATCH_MAX", 1)
        _suffer(plant, chance, told)
        plant.network.troubles = {}
        _recover(plant, told)
    plant.network.arrive(everything=True)
    plant.check_posted()
    if told.proven:
        plant.check_sums()
    network = plant.network
    told.reads, told.uncertain = network.reads - network.looks, network.uncertain
    if not told.restored and not network.spoilt:
        assert told.reads <= told.uncertain + told.open, f"more readings than uncertain documents: {told}"
    return told


def _suffer(plant: Plant, chance: random.Random, told: Told) -> None:
    """Live a few lives in trouble; in some schedules an older copy of the database comes back between two of them."""
    back_up_before = 1 if chance.random() < 0.12 else 0
    for number in range(1, chance.choice(LIVES) + 1):
        if number == back_up_before:
            plant.copy_database(plant.folder / "backup.db")
        _one_life(plant, chance, told)
        plant.check_never_two()
        if number == back_up_before:
            # A restored copy knows of nothing that is under way; whoever restores one waits for that long.
            plant.clock.sleep_ms(LOCAL.executes_within_ms)
            plant.network.arrive()
            plant.put_database(plant.folder / "backup.db")
            told.restored = True
            told.lives.append("(restored)")
        elif told.lives[-1] == told.end:
            return


def _one_life(plant: Plant, chance: random.Random, told: Told) -> None:
    """Live until a moment drawn beforehand, or to the run's end; perhaps frozen on the way while another takes over."""
    life = Life(at=_moment(chance, 0.85))
    if chance.random() < 0.2:
        life.freeze_at = chance.randrange(1, 20)
        other = Life(at=_moment(chance, 0.5))

        def meanwhile() -> None:
            told.freezes += 1
            told.open += plant.open_intents()
            told.lives.append(f"({plant.live(other, told.until)})")
            told.open += plant.open_intents()

        life.meanwhile = meanwhile
    ended = plant.live(life, told.until)
    told.open += plant.open_intents()
    told.kills += ended == "killed"
    told.lives.append(ended)


def _moment(chance: random.Random, share: float) -> int:
    """Draw when a life ends; 0 where it ends by itself."""
    return chance.randrange(1, 30) if chance.random() < share else 0


def _recover(plant: Plant, told: Told) -> None:
    """Run on without trouble until nothing is left: what was set aside or given up is taken up by the next run."""
    for _ in range(RUNS_MAX):
        if told.lives[-1] == told.end and plant.all_posted():
            return
        told.lives.append(plant.live(Life(), told.until))


__all__ = ["MIXES", "Told", "Trouble", "prepare", "run_schedule"]
