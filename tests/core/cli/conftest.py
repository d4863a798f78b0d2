"""An installation on SQLite whose QuickBooks is a sandbox and whose only connector is the till."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import till
from harness import catalog_of
from moments import Moments

from raccord.cli import run
from raccord.store.database import Database
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="package")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(seeds=())) as running:
        yield running


@pytest.fixture(scope="package")
def moments(sandbox: SandboxServer) -> Moments:
    return Moments(sandbox.store)


@pytest.fixture
def realm(moments: Moments) -> str:
    """A company of the sandbox's, with nothing posted yet."""
    return moments.begin()


@pytest.fixture
def shop(data_dir: Path, sqlite_template: Path, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with its database, in English."""
    for name in os.environ:
        if name.startswith("RACCORD_"):
            monkeypatch.delenv(name)
    given = {
        "DATA_DIR": str(data_dir),
        "LANG": "en",
        "QUICKBOOKS_ENVIRONMENT": sandbox.url,
        "QUICKBOOKS_CLIENT_ID": "raccord-sandbox",
        "QUICKBOOKS_CLIENT_SECRET": "raccord-sandbox-secret",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"RACCORD_{name}", value)
    shutil.copyfile(sqlite_template, data_dir / "app.db")
    till.ROWS.clear()
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(till))
    return data_dir


@pytest.fixture
def told(shop: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command line with ``--json`` and returns its exit status and its document."""

    def tell(*arguments: str) -> tuple[int, Any]:
        status = run([*arguments, "--json"])
        shown = capsys.readouterr()
        return status, json.loads(shown.out)

    return tell


@pytest.fixture
def said(shop: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs a command line as a person reads it and returns its exit status and everything it wrote."""

    def tell(*arguments: str) -> tuple[int, str]:
        status = run(list(arguments))
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return tell


@pytest.fixture
def company(told: Told, realm: str, shop: Path, moments: Moments) -> str:
    """The sandbox company, connected; its id."""

    def live() -> str:
        status, answer = told("connect", "quickbooks", "--consent", "--realm", realm)
        assert status == 0, answer
        return str(answer["company"])

    return moments.at("company", shop, live)


@pytest.fixture
def connected(told: Told, company: str, shop: Path, moments: Moments, monkeypatch: pytest.MonkeyPatch) -> str:
    """The till T1 connected from March on; its id."""
    monkeypatch.setenv("TILL_CODE", "canary-7731")

    def live() -> str:
        status, answer = told(
            "connect", "source", "till", "--enable", "--label", "Shop", "--starts-on", "2026-03-01",
            "--set", "till=T1", "--secret", "code=env:TILL_CODE",
        )  # fmt: skip
        assert status == 0, answer
        return str(answer["connection"])

    return moments.at("connected", shop, live)


@pytest.fixture
def chosen(told: Told, connected: str, shop: Path, moments: Moments) -> str:
    """The same with bank and tax chosen, so that its sales can be posted."""

    def live() -> str:
        _, answer = told("connect", "roles", "Shop")
        found = {role["role"]: role["candidates"] for role in answer["roles"]}
        tax = next(each for each in found["tax"] if "TVQ" in each["name"])
        assert told("connect", "choose", "Shop", "bank", found["bank"][0]["id"])[0] == 0
        assert told("connect", "choose", "Shop", "tax", tax["name"])[0] == 0
        return connected

    return moments.at("chosen", shop, live)


@pytest.fixture
def database(shop: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{shop / 'app.db'}")
    yield opened
    opened.dispose()
