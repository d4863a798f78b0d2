"""Fixtures: a sandbox company with the till connected to it. Import them in a ``conftest.py`` that wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest
import till
from harness import NOW, OWNER, consent, enable, make_workshop
from moments import Moments

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

CANARY = "canary-7731"
T = TypeVar("T")


@pytest.fixture(scope="session")
def till_sandbox() -> Iterator[SandboxServer]:
    """The one sandbox of these tests; its clock stands still."""
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        running.store.snapshot(running.store.of_template("quebec"), "new")
        yield running


@pytest.fixture(scope="session")
def till_moments(till_sandbox: SandboxServer) -> Moments:
    """The moments of the sandbox's company."""
    return Moments(till_sandbox.store, till_sandbox.store.of_template("quebec"))


def again(moments: Moments, workshop: Workshop, name: str, live: Callable[[], T]) -> T:
    """Return what ``live`` returns, with the world it leaves; on SQLite it is lived through once in a process.

    It may depend on nothing but the world, the workshop's settings and clock, and what the till says.
    """
    if workshop.database.dialect != "sqlite":
        return live()
    settings = workshop.settings.model_dump(exclude={"data_dir", "database_url", "key_file"})
    given = f"{name} {workshop.clock.now()} {settings} {till.ROWS}"
    return moments.at(given, workshop.settings.data_dir, live, workshop.database)


@pytest.fixture
def sandbox(till_sandbox: SandboxServer) -> SandboxServer:
    """A sandbox with a Quebec company, running: books, faults, limits and clock as if it had just been started."""
    till_sandbox.store.restore(till_sandbox.store.of_template("quebec"), "new")
    till_sandbox.lab.clear(till_sandbox.config.random_seed)
    till_sandbox.store.throttle.change(till_sandbox.config.limits)
    till_sandbox.store.throttle.refused = 0
    till_sandbox.config.clock.set(NOW)
    return till_sandbox


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    """A workshop whose only connector is the till."""
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), till)
    yield made
    made.close()


@pytest.fixture
def company(workshop: Workshop, sandbox: SandboxServer, till_moments: Moments) -> Company:
    """The sandbox's company, connected, with the till enabled."""
    till.ROWS.clear()

    def live() -> Company:
        found = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, found, "till")
        return found

    return again(till_moments, workshop, "company", live)


@pytest.fixture
def connection(workshop: Workshop, company: Company, till_moments: Moments) -> Connection:
    """Till T1, whose code is the canary, connected from the 1st of March 2026."""
    till.ROWS.clear()
    new = NewConnection(
        company_id=company.id,
        connector="till",
        values={"till": "T1", "code": CANARY},
        starts_on=date(2026, 3, 1),
    )
    return again(till_moments, workshop, "connection", lambda: connect(workshop, OWNER, new))
