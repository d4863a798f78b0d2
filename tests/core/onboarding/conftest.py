"""A sandbox company, a workshop whose clock is wound by hand, and the till connected to it, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import till
from harness import NOW, OWNER, consent, enable, make_workshop
from set_up import till_of

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import connect
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.server import SandboxServer


@pytest.fixture(scope="package")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=())) as running:
        yield running


@pytest.fixture
def hand() -> FixedClock:
    """The clock of the workshop, at noon in Toronto on 20 March 2026."""
    return FixedClock(NOW.replace(hour=16))


@pytest.fixture
def owner_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till as a source that only its owner manages, as Chase is."""
    monkeypatch.setattr(till, "INFO", replace(till.INFO, owner_only=True))


@pytest.fixture
def workshop(sqlite_database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(sqlite_database, data_dir, sandbox.url, hand, till)
    yield made
    made.close()


@pytest.fixture
def company(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.add("quebec").realm)
    enable(workshop, found, "till")
    return found


@pytest.fixture
def other_company(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.add("us").realm)
    enable(workshop, found, "till")
    return found


@pytest.fixture
def connection(workshop: Workshop, company: Company) -> Connection:
    till.ROWS.clear()
    return connect(workshop, OWNER, till_of(company, "T1"))
