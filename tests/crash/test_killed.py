"""Real processes, really killed, with answers lost: one document per draft key in the end, none missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import market
import pytest
from harness import make_workshop
from market_company import let_numbers_repeat, open_market

from raccord.clock import SystemClock
from raccord.quickbooks.codec import marked_revision
from raccord.store.database import Database
from raccord.store.models import DraftRow, DraftState, LinkRow, Proof, RunCount
from raccord.sync.books.readback import DOCUMENTS
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

HERE = Path(__file__).parent
LOST = 0.2
KILLS = 9
"""In each of the slow tests; three seeds, two kinds of QuickBooks, two databases: 108, and the few of every day."""


@pytest.fixture(params=[True, False], ids=["honours requestid", "ignores requestid"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """A QuickBooks that loses one answer in five and checks no numbers."""
    with SandboxServer(SandboxConfig(seeds=("quebec",))) as running:
        let_numbers_repeat(running.store, honour_requestid=request.param)
        yield running


def killed_again_and_again(
    sandbox: SandboxServer, database_url: str, data_dir: Path, *, seed: int, kills: int
) -> dict[str, Any]:
    database = Database(database_url)
    workshop = make_workshop(database, data_dir, sandbox.url, SystemClock(), market)
    open_market(workshop, sandbox.store)
    workshop.close()
    sandbox.lab.clear(seed=seed)
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, left=None, probability=LOST, path="/v3/company/"))
    orders = {
        "database": database_url,
        "data_dir": str(data_dir),
        "sandbox": sandbox.url,
        "seed": seed,
        "kills": kills,
        "moments": 60,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "killed.py")],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "PYTHONPATH": str(HERE.parent / "support")},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sandbox.lab.clear()
    return told


def check_books(sandbox: SandboxServer, database_url: str) -> None:
    """One document for each draft in QuickBooks, all linked, all proven, every record accounted for."""
    company = sandbox.store.of_template("quebec")
    assert_books_balance(company)
    marks = Counter(
        mark[0]
        for kind in DOCUMENTS
        for document in company.table(kind)
        if (mark := marked_revision(document)) is not None
    )
    database = Database(database_url)
    with database.read() as session:
        drafts = session.query(DraftRow).all()
        links = {link.key: link for link in session.query(LinkRow)}
        assert {draft.state for draft in drafts} == {DraftState.POSTED}
        assert marks == Counter(links[draft.key].marker for draft in drafts if draft.kind in DOCUMENTS)
        for draft in drafts:
            assert company.get(links[draft.key].kind, links[draft.key].document_id) is not None
        assert session.query(Proof).count() > 0
        assert all(proof.equal for proof in session.query(Proof))
        for count in session.query(RunCount):
            told = count.posted + count.unchanged + count.skipped + count.held + count.failed
            assert told in (count.fetched, 0)
    database.dispose()


Record = Callable[[str, object], None]


@pytest.mark.slow
@pytest.mark.parametrize(("database_url", "sandbox"), [("postgres", True)], indirect=True)
def test_pain_1_t1_killed_a_few_times_the_books_come_out_whole(
    sandbox: SandboxServer, database_url: str, data_dir: Path, record_property: Record
) -> None:
    told = killed_again_and_again(sandbox, database_url, data_dir, seed=11, kills=3)
    assert (told["told"], told["kills"]) == ("done", 3)
    check_books(sandbox, database_url)
    count(record_property, told, database_url)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_pain_1_t1_killed_more_than_a_hundred_times_the_books_come_out_whole(
    sandbox: SandboxServer, database_url: str, data_dir: Path, seed: int, record_property: Record
) -> None:
    told = killed_again_and_again(sandbox, database_url, data_dir, seed=seed, kills=KILLS)
    assert (told["told"], told["kills"]) == ("done", KILLS)
    check_books(sandbox, database_url)
    count(record_property, told, database_url)


def count(record_property: Record, told: dict[str, Any], database_url: str) -> None:
    """Let the end of the run say how often it killed."""
    name = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record_property(f"kills of a real process on {name}", told["kills"])
