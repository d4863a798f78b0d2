"""Which word of a source counts: its newest, in whatever order they come; and which day says what is in scope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import market
import pytest
from harness import NOW, make_workshop, sync
from market_company import open_market, say
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord.store.models import RecordState, SourceRecord
from raccord.sync.fetching.keep import BEFORE_START
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), market)
    yield made
    made.close()


def word(number: int, amount: str, **more: str) -> dict[str, str]:
    said = f"2026-03-05T1{number}:00:00-05:00"
    return {
        "stream": "takings",
        "id": "t1",
        "day": "2026-03-05",
        "amount": amount,
        "memo": amount,
        "as_of": said,
        **more,
    }


def newest(workshop: Workshop) -> list[tuple[str, str, int]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(SourceRecord).where(SourceRecord.state != RecordState.SUPERSEDED))
        return [(str(row.amount), row.state, row.revision) for row in rows]


@pytest.mark.requirement("PL-01")
def test_an_older_word_that_comes_late_or_again_changes_nothing(workshop: Workshop, sandbox: SandboxServer) -> None:
    company, connection = open_market(workshop, sandbox.store)
    said = []
    # 2 comes late; 3 says again what 1 said, so 2 is older than it; 4 is the newest, and then all come again.
    for each in (
        word(1, "10.00"),
        word(3, "10.00"),
        word(2, "20.00"),
        word(4, "40.00"),
        word(2, "20.00"),
        word(1, "10.00"),
    ):
        say([each])
        sync(workshop, connection)
        said.append(newest(workshop)[0][0])
    assert said == ["10.00", "10.00", "10.00", "40.00", "40.00", "40.00"]
    assert newest(workshop) == [("40.00", RecordState.MAPPED, 2)]
    assert [str(row["TotalAmt"]) for row in workshop.client(company).query_all("Deposit")] == ["40.00"]


@pytest.mark.requirement("K16")
def test_the_day_a_record_began_says_whether_it_is_in_scope(workshop: Workshop, sandbox: SandboxServer) -> None:
    company, connection = open_market(workshop, sandbox.store)
    back = word(1, "10.00", day="2026-02-20", begins_on="2026-03-02")
    before = word(1, "20.00", id="t2", begins_on="2026-02-28")
    say([back, before])
    sync(workshop, connection)
    with workshop.database.read() as session:
        rows = session.execute(select(SourceRecord.source_id, SourceRecord.reason).order_by(SourceRecord.source_id))
        assert [tuple(row) for row in rows] == [("t1", ""), ("t2", BEFORE_START)]
    assert [row["TxnDate"] for row in workshop.client(company).query_all("Deposit")] == ["2026-02-20"]
