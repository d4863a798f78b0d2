"""The house of twins and doubles: a company with a till, Chase and its bank's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import till
from harness import NOW, consent, enable, make_workshop
from twin_steps import House

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        running.store.snapshot(running.store.of_template("quebec"), "new")
        yield running


@pytest.fixture
def house(sandbox: SandboxServer, sqlite_database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    yield from built(sandbox, sqlite_database, data_dir, tmp_path)


@pytest.fixture
def house_of_either(sandbox: SandboxServer, database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    yield from built(sandbox, database, data_dir, tmp_path)


def built(sandbox: SandboxServer, database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    till.ROWS.clear()
    company = sandbox.store.of_template("quebec")
    sandbox.store.restore(company, "new")
    workshop = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_bankfeed, raccord_chase, till)
    connected = consent(workshop, company.realm)
    enable(workshop, connected, "bankfeed", "chase", "till")
    rows = workshop.client(connected).query("SELECT * FROM Account WHERE AccountType = 'Bank'")
    yield House(workshop, connected, tmp_path, (rows[0]["Id"], rows[1]["Id"]))
    workshop.close()
