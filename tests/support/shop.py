"""A merchant's months brought into a sandbox company through the real pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness import OWNER, choose_usual, consent, enable, make_workshop, sync
from lent_databases import laid

import raccord_chase
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.store.models import Company, Connection, Run
from raccord.sync.workshop import Workshop
from raccord_chase.sandbox import Merchant
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

LATER = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)


@dataclass
class Shop:
    """A merchant whose reports are read from a folder into the books of one company."""

    merchant: Merchant
    folder: Path
    workshop: Workshop
    sandbox: SandboxServer
    company: Company
    connection: Connection

    def deliver(self, *paths: Path, prefix: str = "") -> None:
        """Put report files into the folder that the connection reads, as if they had lain there for a while."""
        for path in paths:
            target = self.folder / f"{prefix}{path.name}"
            target.write_bytes(path.read_bytes())
            os.utime(target, (0, 0))

    def sync(self) -> Run:
        return sync(self.workshop, self.connection)


@contextmanager
def open_shop(folder: Path, merchant: Merchant) -> Iterator[Shop]:
    """Open a shop with books of its own below ``folder``."""
    data, reports = folder / "data", folder / "reports"
    data.mkdir(mode=0o700, parents=True)
    reports.mkdir()
    database = laid(data / "app.db")
    with SandboxServer(SandboxConfig(clock=SandboxClock(LATER), seeds=("quebec",))) as sandbox:
        workshop = make_workshop(database, data, sandbox.url, FixedClock(LATER), raccord_chase)
        try:
            company = consent(workshop, sandbox.store.of_template("quebec").realm)
            enable(workshop, company, "chase")
            connection = connect(
                workshop,
                OWNER,
                NewConnection(
                    company_id=company.id,
                    connector="chase",
                    values={"merchant_id": merchant.merchant_id, "input_kind": "folder", "folder": str(reports)},
                    starts_on=merchant.start,
                ),
            )
            choose_usual(workshop, connection, company, bank="deposit_bank")
            yield Shop(merchant, reports, workshop, sandbox, company, connection)
        finally:
            workshop.close()
