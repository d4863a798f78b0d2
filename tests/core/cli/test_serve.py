"""``raccord serve`` and ``raccord worker``: they start, answer, refuse what is unsafe and stop when asked."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord.store import schema
from raccord.store.database import Database

STOP_SECONDS = 60


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def home(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith("RACCORD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RACCORD_DATA_DIR", str(data_dir))
    monkeypatch.setenv("RACCORD_LANG", "en")
    return data_dir


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command; yield it and the first line it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from raccord.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.every(2)
def test_a_fresh_installation_is_served_and_stops_in_order(home: Path, port: int, number: signal.Signals) -> None:
    with started("serve", "--port", str(port)) as (process, said):
        assert said == f"Raccord is at http://127.0.0.1:{port}; Ctrl-C stops it.\n"
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).json() == {"status": "ok"}
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=30, follow_redirects=True)
        assert "the owner’s account" in page.text or "du propriétaire" in page.text
        assert "server" not in page.headers
        process.send_signal(number)
        _, errors = process.communicate(timeout=STOP_SECONDS)
        assert process.returncode == Exit.OK
        assert "Worker local has stopped" in errors
        assert "Traceback" not in errors


def test_a_port_that_is_taken_is_named(home: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    gc.unfreeze()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert run(["serve", "--port", str(port)]) == Exit.FAILED
    assert gc.get_freeze_count() > 100_000, "no collection walks through what is there for good"
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in said
    assert "[serve.port_taken]" in said


def test_the_network_is_not_served_without_a_token(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - the address that must be refused
    assert run(["serve", "--host", everywhere]) == Exit.FAILED
    assert "[web.token_missing]" in capsys.readouterr().err


def test_without_the_web_extra_the_way_to_install_it_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else real(name))
    assert run(["serve"]) == Exit.FAILED
    assert 'pip install "raccord[web]"' in capsys.readouterr().err


def test_a_worker_has_no_place_beside_sqlite(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "upgrade"]) == Exit.OK
    capsys.readouterr()
    assert run(["worker"]) == Exit.FAILED
    assert "[worker.sqlite]" in capsys.readouterr().err


def test_a_worker_on_postgresql_starts_and_stops_in_order(home: Path, fresh_postgres: Callable[[], str]) -> None:
    url = fresh_postgres()
    database = Database(url)
    assert schema.current(database) == schema.head()
    database.dispose()
    with started("worker", RACCORD_DATABASE_URL=url) as (process, said):
        assert said.startswith("This process executes runs under the name ")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=STOP_SECONDS)
        assert process.returncode == Exit.OK
        assert "has stopped" in errors


@pytest.mark.at_length
def test_pages_beside_workers_execute_nothing_themselves(
    home: Path, port: int, fresh_postgres: Callable[[], str]
) -> None:
    with started("serve", "--port", str(port), RACCORD_DATABASE_URL=fresh_postgres()) as (process, _):
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=STOP_SECONDS)
        assert process.returncode == Exit.OK
        assert "Worker" not in errors
