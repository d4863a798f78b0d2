"""A sandbox company, a workshop on either database, and the till connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import till
from harness import NOW, OWNER, consent, enable, make_workshop

from raccord.clock import FixedClock
from raccord.onboarding.connections import NewConnection, connect
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.server import SandboxServer


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec", "us"))) as running:
        yield running


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), till)
    yield made
    made.close()


@pytest.fixture
def company(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, found, "till")
    return found


@pytest.fixture
def connection(workshop: Workshop, company: Company) -> Connection:
    till.ROWS.clear()
    new = NewConnection(
        company_id=company.id,
        connector="till",
        values={"till": "T1", "code": "canary-7731"},
        starts_on=date(2026, 3, 1),
    )
    return connect(workshop, OWNER, new)
