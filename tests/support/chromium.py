"""The system's Chromium, pages served on a free port, and what axe is asked for."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Playwright, sync_playwright

AXE = Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable", "region"]
"""What depends on theme and width; the structure of a page does not, and is looked at once."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there: without windows of its own, which nobody sees, Chromium takes half of the processor."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, started once."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "no Chromium: apt-get install chromium-headless-shell, or chromium (.ci/run does)"
    with sync_playwright() as playwright:
        browser = _launch(playwright, found)
        yield browser
        browser.close()


def _launch(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def opened() -> socket.socket:
    """Return a socket that listens on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


@contextmanager
def served(app: FastAPI, door: socket.socket | None = None) -> Iterator[str]:
    """Serve the pages on a free port of this machine, or behind a door that was opened before."""
    with door or opened() as listening:
        server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", access_log=False, log_level="error", timeout_graceful_shutdown=1)
        )
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
