"""The crash matrix as a command: ``make crash``. A failing schedule or moment says how to bring it back.

Started with ``tests/support`` on the path. Without arguments it kills a run of 200 mixed records at every commit and
every request, then lives 10 000 seeded schedules through; both are shared among processes.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crash.exhaustive import Walk, mixed
from crash.plant import Plant, quick_folder
from crash.schedules import Told, prepare, run_schedule
from one_cache import share_statements

SCHEDULES = 10_000
RECORDS = 200
FAILURES_SHOWN = 5


@dataclass
class Sum:
    """What one process, or all of them, did."""

    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Sum) -> None:
        self.done.update(other.done)
        self.failures += other.failures


@dataclass(frozen=True)
class Part:
    """A part of the matrix, shared among processes; each takes every so-manieth of it."""

    name: str
    share: Callable[[Plant, Part, int, int], Sum]
    first: int
    count: int


def main() -> int:
    asked = _arguments()
    logging.disable(logging.WARNING)
    started = time.monotonic()
    if asked.seed is not None:
        return _replay(lambda plant: print(_lived(plant, asked.seed)), schedules=True)
    if asked.moment is not None:
        return _replay(lambda plant: _walk(plant, asked.records).run(only=asked.moment))
    total = Sum()
    moments = Part("moments", _moments, 0, asked.records)
    schedules = Part("schedules", _schedules, asked.first, asked.schedules)
    for part in (each for each in (moments, schedules) if each.count):
        before = time.monotonic()
        orders = [(part, number, asked.workers) for number in range(asked.workers)]
        # Each kill opens the database anew.
        with multiprocessing.get_context("spawn").Pool(asked.workers, share_statements) as pool:
            for found in pool.imap_unordered(_work, orders):
                total.add(found)
        _say(part.name, total, time.monotonic() - before)
    for failure in total.failures[:FAILURES_SHOWN]:
        print(failure, file=sys.stderr)
    verdict = f"{len(total.failures)} failed" if total.failures else "nothing doubled, nothing lost"
    print(f"crash matrix: {verdict}, {time.monotonic() - started:.0f} s")
    return 1 if total.failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash ARGS=…", description=__doc__)
    parser.add_argument("--seed", type=int, help="bring one schedule back")
    parser.add_argument("--moment", type=int, help="bring one moment of the exhaustive part back")
    parser.add_argument("--schedules", type=int, default=SCHEDULES, help="how many schedules; 0 for none")
    parser.add_argument("--first", type=int, default=0, help="seed of the first schedule")
    parser.add_argument("--records", type=int, default=RECORDS, help="records of the exhaustive part; 0 for none")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    return parser.parse_args()


def _say(name: str, total: Sum, span_s: float) -> None:
    match name:
        case "moments":
            told = f"killed at each of {total.done['moments']} commits and requests of {total.done['records']} records"
        case _:
            told = (
                f"{total.done['schedules']} schedules: {total.done['kills']} kills, {total.done['freezes']} races, "
                f"{total.done['restored']} restored backups, {total.done['uncertain']} documents of unknown outcome, "
                f"{total.done['reads']} requests to read them back"
            )
    print(f"{told}, {span_s:.0f} s", flush=True)


@contextmanager
def _plant() -> Iterator[Plant]:
    with (
        tempfile.TemporaryDirectory(prefix="raccord-crash-", dir=quick_folder()) as folder,
        Plant.build(Path(folder)) as plant,
    ):
        yield plant


def _replay(deed: Callable[[Plant], object], *, schedules: bool = False) -> int:
    with _plant() as plant:
        if schedules:
            prepare(plant)
        deed(plant)
    return 0


def _work(order: tuple[Part, int, int]) -> Sum:
    part, number, of = order
    logging.disable(logging.WARNING)
    with _plant() as plant:
        return part.share(plant, part, number, of)


def _walk(plant: Plant, records: int) -> Walk:
    plant.company.settings["ignore_requestid"] = True
    plant.say(mixed(records))
    return Walk(plant)


def _moments(plant: Plant, part: Part, number: int, of: int) -> Sum:
    walk, found = _walk(plant, part.count), Sum()
    try:
        walk.run(number, of)
    except Exception:  # noqa: BLE001 - whatever a moment came to is told with its number
        found.failures.append(f"make crash ARGS='--moment={walk.at} --records={part.count}'\n{traceback.format_exc()}")
    found.done.update(moments=len(walk.moments), records=len(plant.rows) if number == 0 else 0)
    return found


def _schedules(plant: Plant, part: Part, number: int, of: int) -> Sum:
    prepare(plant)
    found = Sum()
    for seed in range(part.first + number, part.first + part.count, of):
        try:
            told = _lived(plant, seed)
        except Exception:  # noqa: BLE001 - whatever a schedule came to is told with its seed
            found.failures.append(f"make crash ARGS=--seed={seed}\n{traceback.format_exc()}")
            continue
        found.done.update(
            schedules=1, kills=told.kills, freezes=told.freezes, restored=told.restored,
            uncertain=told.uncertain, reads=told.reads,
        )  # fmt: skip
    return found


def _lived(plant: Plant, seed: int) -> Told:
    return run_schedule(plant, seed)


if __name__ == "__main__":
    sys.exit(main())
