"""A bank feed that is disconnected and connected again brings nothing a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from harness import NOW, OWNER, consent, enable, make_workshop, sync
from lent_databases import laid
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.store.models import Company, Connection, DraftRow
from raccord.sync.workshop import Workshop
from raccord_bankfeed.sandbox import LINES, demo
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    database = laid(data / "app.db")
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as sandbox:
        made = make_workshop(database, data, sandbox.url, FixedClock(NOW), raccord_bankfeed)
        enable(made, consent(made, sandbox.store.of_template("quebec").realm), "bankfeed")
        yield made
        made.close()


@pytest.mark.requirement("BF-24")
@pytest.mark.parametrize(("label", "connections"), [("Compte chèques", 1), ("Un autre compte", 2)])
def test_the_same_label_is_the_same_source_again(
    workshop: Workshop, tmp_path: Path, label: str, connections: int
) -> None:
    source = demo(tmp_path / "bank", date(2026, 3, 20))
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()

    def connected(name: str) -> Connection:
        return connect(
            workshop,
            OWNER,
            NewConnection(
                company_id=company.id,
                connector="bankfeed",
                values=source.values,
                label=name,
                starts_on=source.starts_on,
            ),
        )

    first = connected("Compte chèques")
    sync(workshop, first)
    disconnect(workshop, OWNER, first.id, without_export=True)
    again = connected(label)
    sync(workshop, again)
    with workshop.database.read() as session:
        assert len(session.scalars(select(Connection)).all()) == connections
        assert len(session.scalars(select(DraftRow)).all()) == (3 + len(LINES)) * connections
