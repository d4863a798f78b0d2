"""A worker in a process of its own, for tests that kill it.

``worker_process.py DATABASE_URL ENGINE_URL DATA_DIR LOG [poison]`` works until it is told to stop by SIGTERM. Each
page is a line ``<run> <page> <pid>`` in LOG. With ``poison`` the second page kills the process, as running out of
memory does.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

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


def main() -> None:
    database_url, engine_url, data_dir, log, *poison = sys.argv[1:]
    database, clock = Database(database_url), SystemClock()
    work = threading.Event()

    def during(run_id: str, page: int) -> None:
        with Path(log).open("a") as lines:
            lines.write(f"{run_id} {page} {os.getpid()}\n")
        if poison and page == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        work.wait(0.03)

    tuning = replace(TUNING, max_restarts=1) if poison else TUNING
    pages = pages_module().Pages(database, 12, during)
    if database.dialect == "sqlite":
        worker = embedded_worker(database, engine_url, pages.advance, Path(data_dir), clock, tuning)
    else:
        worker = spread_worker(database, engine_url, pages.advance, clock, tuning)
    signal.signal(signal.SIGTERM, lambda *_: worker.ask_to_stop())
    worker.start()
    worker.wait()
    worker.stop()


def pages_module():
    spec = importlib.util.spec_from_file_location("pages", Path(__file__).with_name("pages.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
