"""Processes that begin with their imports done, which take longer than most of what such a process does in a test.

A server of the standard library's imports once for each process of tests, and forks: what it forks can be killed,
frozen and waited for as any other process.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Callable
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from signal import Signals

IMPORTED = ["worker_program", "paging_worker", "raccord.jobs.dbos_engine"]


class Begun:
    """A process that calls ``main``; its methods are those of ``subprocess.Popen``."""

    def __init__(self, main: Callable[..., None], *given: str) -> None:
        _begin_server()
        self._process = multiprocessing.get_context("forkserver").Process(target=main, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired([self._process.name], timeout or 0)
        return status

    def send_signal(self, number: Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


@cache
def _begin_server() -> None:
    """Start the server; it finds what it imports by the environment alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    try:
        forkserver.set_forkserver_preload(IMPORTED)
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
