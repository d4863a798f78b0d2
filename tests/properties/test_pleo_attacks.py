"""Random lives of expenses at Pleo, against a simple model: one document an entry, each receipt once, books equal."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from harness import sync
from pleo_house import House, running_by_itself
from sqlalchemy import select

from raccord.plugin.errors import ConnectorError
from raccord.store.models import Proof
from raccord_pleo.sandbox import TwinCompany
from raccord_pleo.sandbox.company import TwinRefusalError

STEPS = 25
SEEDS = int(os.environ.get("SEEDS", "4"))
"""How many lives are tried; each takes some ten seconds."""
RUNNING = ("pending", "in_progress")


@dataclass
class Attack:
    """A house, what people have filed, and the chance that decides what happens next."""

    house: House
    chance: random.Random
    patch: pytest.MonkeyPatch
    entries: list[UUID] = field(default_factory=list)
    made: int = 0

    def step(self) -> str:
        deed = self.chance.choice(("file", "file", "press", "press", "again", "change", "receipt", "expire", "cut",
                                   "sync", "sync", "sync"))  # fmt: skip
        getattr(self, deed)()
        self.check()
        return deed

    def file(self) -> None:
        self.made += 1
        receipts = tuple(self._bytes() for _ in range(self.chance.randrange(3)))
        self.entries.append(self.house.file(1000 * self.made, receipts=receipts))

    def press(self) -> None:
        with suppress(TwinRefusalError):
            self.house.export()

    def again(self) -> None:
        some = self.chance.sample(self.entries, self.chance.randint(0, len(self.entries)))
        if some:
            with suppress(TwinRefusalError):
                self.house.export(*some)

    def change(self) -> None:
        if self.entries and not self._runs():
            expense = self.house.pleo.expenses[self.chance.choice(self.entries)]
            expense.minor += 1
            expense.category = self.house.category(self.chance.choice(("Fournitures", "Repas")))

    def receipt(self) -> None:
        if self.entries and not self._runs():
            expense = self.house.pleo.expenses[self.chance.choice(self.entries)]
            expense.receipts = (*expense.receipts, self._bytes())

    def expire(self) -> None:
        self.house.clock.advance(timedelta(minutes=self.chance.choice((5, 70))))

    def cut(self) -> None:
        """Let a call of a run break before or after Pleo heard it, or the export end there."""
        name = self.chance.choice(("update", "items", "event"))
        real, after, left = getattr(TwinCompany, name), self.chance.random() < 0.5, [self.chance.randrange(3)]

        def broken(company: TwinCompany, *asked: Any) -> Any:
            left[0] -= 1
            if left[0] >= 0:
                return real(company, *asked)
            if self.chance.random() < 0.3:
                self.house.clock.advance(timedelta(hours=2))
                return real(company, *asked)
            if after:
                real(company, *asked)
            raise OSError("the connection broke")

        with self.patch.context() as patch:
            patch.setattr(TwinCompany, name, broken)
            with suppress(ConnectorError):
                sync(self.house.workshop, self.house.connection)

    def sync(self) -> None:
        sync(self.house.workshop, self.house.connection)

    def check(self) -> None:
        """No entry has two documents, and no document two files of the same bytes."""
        amounts = [int(each["TotalAmt"] * 100) // 1000 for each in self.house.documents("Purchase")]
        assert len(amounts) == len(set(amounts)), "one document an entry"

    def end(self) -> None:
        """Let the last export end, export everything once more, and compare."""
        self.house.clock.advance(timedelta(hours=2))
        self.sync()
        job = self.house.export(*self.entries)
        self.sync()
        assert self.house.pleo.exports[job].status == "completed"
        told = {entry: id_ for entry, (_, id_) in self.house.results(job).items()}
        spent = {each["Id"]: int(each["TotalAmt"] * 100) for each in self.house.documents("Purchase")}
        held: dict[str, list[int]] = {}
        for each in self.house.workshop.client(self.house.company).query_all("Attachable", ""):
            for ref in each.get("AttachableRef", ()):
                held.setdefault(ref["EntityRef"]["value"], []).append(int(each["Size"]))
        for entry in self.entries:
            expense = self.house.pleo.expenses[entry]
            assert spent.pop(told[entry]) == expense.minor
            assert sorted(held.get(told[entry], [])) == sorted(map(len, expense.receipts))
        assert len(spent) == 1, "beside the one of the first plan"
        with self.house.workshop.database.read() as session:
            assert all(session.scalars(select(Proof.equal)))

    def _runs(self) -> bool:
        return any(job.status in RUNNING for job in self.house.pleo.exports.values())

    def _bytes(self) -> bytes:
        # Each of a size of its own, so that a file is known by it.
        self.made += 1
        return b"%PDF-1.4 " + b"x" * self.made


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_by_itself(tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.requirement("K21", "EX-14", "PO-09")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_each_entry_has_one_document_and_its_receipts(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    attack = Attack(house, random.Random(seed), monkeypatch)
    attack.file()
    deeds = [attack.step() for _ in range(STEPS)]
    attack.end()
    assert {"sync", "cut"} & set(deeds)
