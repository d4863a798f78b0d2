"""A worker in a process of its own that runs the real pipeline over the till; started by the journeys of workers.

Reads its orders as JSON from a file; appends its process id to a log at each unit of work.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import till
from harness import make_workshop

from raccord.clock import SystemClock
from raccord.jobs.tuning import Tuning
from raccord.jobs.worker import embedded_worker, spread_worker
from raccord.store.database import Database
from raccord.sync.books import sending
from raccord.sync.run import Pipeline

QUICK = Tuning(
    slice_steps=3,
    first_wait=timedelta(milliseconds=50),
    lease=timedelta(seconds=2),
    beat_every=timedelta(milliseconds=300),
    chores_every=timedelta(milliseconds=100),
    poll_every=timedelta(milliseconds=50),
    busy_wait=timedelta(milliseconds=100),
    max_restarts=20,
)


def main(path: str) -> None:
    orders = json.loads(Path(path).read_text("utf-8"))
    till.ROWS.update(orders["rows"])
    # So that it has more in its hands than is under way.
    sending.WORKERS = 4
    database = Database(orders["database"])
    clock = SystemClock()
    tuning = replace(QUICK, first_wait=timedelta(milliseconds=orders["first_wait_ms"]))
    workshop = make_workshop(database, Path(orders["data_dir"]), orders["sandbox"], clock, till)
    pipeline = Pipeline(workshop)

    def advance(run_id: str) -> str:
        with Path(orders["log"]).open("a") as log:
            log.write(f"{os.getpid()}\n")
        return pipeline.advance(run_id)

    if database.dialect == "sqlite":
        worker = embedded_worker(database, orders["engine"], advance, Path(orders["data_dir"]), clock, tuning)
    else:
        worker = spread_worker(database, orders["engine"], advance, clock, tuning)
    signal.signal(signal.SIGTERM, lambda *_: worker.ask_to_stop())
    worker.start()
    worker.wait()
    worker.stop()
    workshop.close()
