"""A sandbox company, a workshop whose clock is wound by hand, and the till connected to it, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import till
from harness import NOW, OWNER, consent, enable, make_workshop
from moments import Moments
from set_up import till_of
from till_company import again, sandbox, till_moments, till_sandbox

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import connect
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

__all__ = ["sandbox", "till_moments", "till_sandbox"]


@pytest.fixture(autouse=True)
def silence() -> None:
    """Let the till say nothing: what the last test had it say would make this another world."""
    till.ROWS.clear()


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
def company(workshop: Workshop, sandbox: SandboxServer, till_moments: Moments) -> Company:
    def live() -> Company:
        found = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, found, "till")
        return found

    return again(till_moments, workshop, "company", live)


@pytest.fixture
def other_company(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.add("us").realm)
    enable(workshop, found, "till")
    return found


@pytest.fixture
def connection(workshop: Workshop, company: Company, till_moments: Moments) -> Connection:
    till.ROWS.clear()
    return again(till_moments, workshop, "connection", lambda: connect(workshop, OWNER, till_of(company, "T1")))
