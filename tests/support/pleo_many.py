"""One large export through the pipeline in a process of its own: what it holds in memory, and what it shows meanwhile.

Reads its orders as JSON on standard input (database, data_dir, sandbox) and prints what it saw as JSON.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fast_clock import FastClock
from harness import NOW, make_workshop, request
from pleo_house import House, keep_published_limits
from sqlalchemy import select

import raccord_pleo
from raccord.clock import FixedClock
from raccord.overview.runs import run_view
from raccord.store.database import Database
from raccord.store.models import Connection
from raccord.sync.run import Pipeline, Progress

RECEIPT_BYTES = 40_000


@dataclass(frozen=True)
class Seen:
    """What became of a large export."""

    state: str
    grew_mb: int
    """The most memory that the run took beyond what its process had before it."""
    shown: list[tuple[str, int, int, int]]
    """What a person who looked after each unit was shown: phase, fetched, sent, to send."""
    by_phase: dict[str, int]
    """The most memory beyond what the process had before, by the phase in which it held it."""


def main() -> None:
    orders = json.load(sys.stdin)
    database = Database(orders["database"])
    clock = FixedClock(NOW) if "begun_ns" not in orders else FastClock(NOW, orders["speed"], orders["begun_ns"])
    workshop = make_workshop(database, Path(orders["data_dir"]), orders["sandbox"], clock, raccord_pleo)
    if "begun_ns" in orders:
        keep_published_limits(workshop)
    with database.read() as session:
        connection = session.scalars(select(Connection)).one()
    run_id, pipeline = request(workshop, connection), Pipeline(workshop)
    shown: list[tuple[str, int, int, int]] = []
    before = most_mb()
    by_phase: dict[str, int] = {}
    going, phase = True, ""
    while going:
        start_again()
        going = pipeline.advance(run_id) is Progress.MORE
        by_phase[phase] = max(by_phase.get(phase, 0), most_mb() - before)
        with database.read() as session:
            view = run_view(session, run_id)
            assert view is not None
            shown.append((view.phase, sum(each.fetched for each in view.counts), view.sent, view.to_send))
            state, phase = view.state, view.phase
    print(json.dumps({"state": state, "grew_mb": max(by_phase.values()), "shown": shown, "by_phase": by_phase}))
    workshop.close()


def start_again() -> None:
    """Let what :func:`most_mb` says begin anew with what this process holds now."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def most_mb() -> int:
    """Return the most memory that this process held so far; what ``getrusage`` says counts its parent's too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) // 1024


def export_many(house: House, count: int, running: FastClock | None = None) -> Seen:
    """File expenses with a receipt each, export them in one job, and let another process bring them over; by the clock
    of a house that has one.
    """
    first = len(house.pleo.expenses)
    entries = [
        house.file(
            1000 + number, receipts=(b"%PDF-1.4 " + bytes(f"{first + number:05}", "ascii") * (RECEIPT_BYTES // 5),)
        )
        for number in range(count)
    ]
    house.export(*entries)
    orders: dict[str, Any] = {
        "database": house.workshop.database.url.render_as_string(hide_password=False),
        "data_dir": str(house.workshop.settings.data_dir),
        "sandbox": house.sandbox.url,
    }
    if running is not None:
        orders |= {"begun_ns": running.begun_ns, "speed": running.speed}
    done = subprocess.run(
        [sys.executable, __file__], input=json.dumps(orders), capture_output=True, text=True, check=False,
        # One arena: what is measured is what the program holds, not what each thread's allocator keeps for later.
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "MALLOC_ARENA_MAX": "1"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    said = json.loads(done.stdout)
    return Seen(said["state"], said["grew_mb"], [tuple(each) for each in said["shown"]], said["by_phase"])


if __name__ == "__main__":
    main()
