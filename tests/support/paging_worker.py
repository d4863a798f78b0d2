"""A worker in a process of its own, for tests that kill it.

It works until it is told to stop by SIGTERM. Each page is a line ``<run> <page> <pid>`` in the log. With ``poison`` the
second page kills the process, as running out of memory does.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from paging import Pages

from raccord.clock import SystemClock
from raccord.jobs.tuning import Tuning
from raccord.jobs.worker import embedded_worker, spread_worker
from raccord.store.database import Database

TUNING = replace(
    Tuning(),
    slice_steps=4,
    lease=timedelta(seconds=1),
    beat_every=timedelta(milliseconds=200),
    chores_every=timedelta(milliseconds=100),
    poll_every=timedelta(milliseconds=50),
)


def main(database_url: str, engine_url: str, data_dir: str, log: str, poison: str = "") -> None:
    database, clock = Database(database_url), SystemClock()
    work = threading.Event()

    def during(run_id: str, page: int) -> None:
        with Path(log).open("a") as lines:
            lines.write(f"{run_id} {page} {os.getpid()}\n")
        if poison and page == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        work.wait(0.03)

    tuning = replace(TUNING, max_restarts=1) if poison else TUNING
    pages = Pages(database, 12, during)
    if database.dialect == "sqlite":
        worker = embedded_worker(database, engine_url, pages.advance, Path(data_dir), clock, tuning)
    else:
        worker = spread_worker(database, engine_url, pages.advance, clock, tuning)
    signal.signal(signal.SIGTERM, lambda *_: worker.ask_to_stop())
    worker.start()
    worker.wait()
    worker.stop()
