"""How fast records become plans and plans become documents, against the local sandbox; prints ratios, asserts nothing.

    .venv/bin/python bench/pipeline.py [--records 10000 100000] [--documents 3000] [--database sqlite|URL]

Each size runs in a process of its own, so that its peak memory is its own. The floor is what the same machine does
without a pipeline: the same rows as JSON through the standard library into SQLite, one transaction a page.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
PAGE = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--documents", type=int, default=3_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure_here(json.loads(options.one))
        return
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    heads = ("records", "fetch→plan/s", "again/s", "floor/s", "of floor", "peak MB", "posted/s", "CPU ms/doc")
    print(" ".join(f"{head:>12}" for head in heads))
    for number, records in enumerate(options.records):
        documents = options.documents if number == 0 else 0
        told = measure_apart(records, documents)
        floor = records / floor_seconds(records)
        shown = (
            f"{records}",
            f"{told['plan_rate']:.0f}",
            f"{told['again_rate']:.0f}",
            f"{floor:.0f}",
            f"{told['plan_rate'] / floor:.3f}",
            f"{told['peak_mb']:.0f}",
            f"{told['post_rate']:.0f}",
            f"{told['cpu_ms']:.2f}",
        )
        print(" ".join(f"{each:>12}" for each in shown))


def measure_apart(records: int, documents: int) -> dict[str, float]:
    """Measure one size in a fresh process."""
    orders = json.dumps({"records": records, "documents": documents})
    done = subprocess.run(
        [sys.executable, __file__, "--one", orders], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr[-4000:])
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


@dataclass
class Stopwatch:
    """Wall and CPU seconds of a piece of work."""

    wall: float = 0
    cpu: float = 0

    def time(self, work: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.wall, self.cpu = time.perf_counter() - wall, time.process_time() - cpu


def measure_here(orders: dict[str, int]) -> None:
    """Plan ``records`` sales, plan them again unchanged, then post ``documents`` of a second company's."""
    import till
    from harness import OWNER, choose_usual, consent, enable, finish, make_workshop, request

    from raccord.clock import SystemClock
    from raccord.onboarding.connecting.connections import NewConnection, connect
    from raccord.onboarding.deciding.decisions import approve_plan
    from raccord.store import schema
    from raccord.store.database import Database
    from raccord.store.models import Plan

    till.PAGE = PAGE
    folder = Path(tempfile.mkdtemp(prefix="raccord-bench-"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    database = Database(f"sqlite:///{data / 'app.db'}")
    schema.upgrade(database)
    command = [sys.executable, "-m", "raccord_sandbox", "--port", "0", "--seed", "quebec"]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = dict(line.split()[:2] for line in (sandbox.stdout.readline() for _ in range(3)))  # type: ignore[union-attr]
        workshop = make_workshop(database, data, said["url"], SystemClock(), till)
        company = consent(workshop, said["company"])
        enable(workshop, company, "till")

        def connection_of(number: str, rows: list[dict[str, str]]):  # type: ignore[no-untyped-def]
            till.ROWS[number] = rows
            made = connect(
                workshop,
                OWNER,
                NewConnection(
                    company_id=company.id, connector="till", values={"till": number}, starts_on=date(2026, 1, 1)
                ),
            )
            choose_usual(workshop, made, company)
            return made

        big = connection_of("T1", sales(orders["records"]))
        first, again, post = Stopwatch(), Stopwatch(), Stopwatch()
        first.time(lambda: finish(workshop, request(workshop, big, "plan")))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        again.time(lambda: finish(workshop, request(workshop, big, "plan")))
        if orders["documents"]:
            small = connection_of("T2", sales(orders["documents"]))
            run = finish(workshop, request(workshop, small))
            with database.read() as session:
                plan = session.get_one(Plan, run.plan_id)
            approve_plan(workshop, OWNER, plan.id, plan.hash)
            post.time(lambda: finish(workshop, run.id))
        workshop.close()
    finally:
        sandbox.terminate()
        sandbox.wait()
    documents = orders["documents"]
    print(
        json.dumps(
            {
                "plan_rate": orders["records"] / first.wall,
                "again_rate": orders["records"] / again.wall,
                "peak_mb": peak,
                "post_rate": documents / post.wall if documents else 0,
                "cpu_ms": post.cpu / documents * 1000 if documents else 0,
            }
        )
    )


def sales(count: int) -> list[dict[str, str]]:
    return [
        {
            "stream": "sales",
            "id": f"s{number}",
            "day": f"2026-{1 + number % 3:02}-{1 + number % 28:02}",
            "amount": f"{10 + number % 90}.37",
        }
        for number in range(count)
    ]


def floor_seconds(count: int) -> float:
    """Return how long the same rows take through json and sqlite3 alone."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE record (id TEXT PRIMARY KEY, day TEXT, amount TEXT, raw TEXT)")
        rows = sales(count)
        begun = time.perf_counter()
        for start in range(0, count, PAGE):
            database.execute("BEGIN IMMEDIATE")
            page = (
                (row["id"], row["day"], str(Decimal(row["amount"])), json.dumps(row, sort_keys=True))
                for row in rows[start : start + PAGE]
            )
            database.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", page)
            database.execute("COMMIT")
        spent = time.perf_counter() - begun
        database.close()
    return spent


if __name__ == "__main__":
    print(f"begun {datetime.now(UTC):%Y-%m-%d %H:%M} UTC") if "--one" not in sys.argv else None
    main()
