"""Killed at any moment, with answers lost: one document per draft key in the end, none missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import NOW

from raccord.store.database import Database
from raccord.store.models import DraftRow, DraftState, LinkRow, Proof
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.faultlab import ArmedFault, Effect
from raccord_sandbox.server import SandboxServer

HERE = Path(__file__).parent
LOST = 0.2
SALES, REFUNDS, DEPOSITS = 60, 12, 8


def rows() -> list[dict[str, str]]:
    """Sales, refunds and the deposits that pay them out, some with a fee."""
    made = [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-{1 + number % 9:02}", "amount": f"{20 + number}.07"}
        for number in range(SALES)
    ]
    made += [
        {"stream": "refunds", "id": f"r{number}", "day": "2026-03-09", "amount": f"-{1 + number}.05"}
        for number in range(REFUNDS)
    ]
    for number in range(DEPOSITS):
        sales = [row for row in made if row["stream"] == "sales"][number::DEPOSITS]
        refunds = [row for row in made if row["stream"] == "refunds"][number::DEPOSITS]
        total = sum(int(row["amount"].replace(".", "")) for row in [*sales, *refunds]) - 150
        made.append(
            {
                "stream": "deposits",
                "id": f"d{number}",
                "day": "2026-03-10",
                "amount": f"{total // 100}.{total % 100:02}",
                "of": ",".join(f"{row['stream']}/{row['id']}={row['amount']}" for row in [*sales, *refunds]),
                "fee": "1.50",
            }
        )
    return made


@pytest.fixture(params=[False, True], ids=["replays", "ignores-requestid"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    switches = {"ignore_requestid": request.param}
    config = SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",), switches=switches)
    with SandboxServer(config) as running:
        running.lab.clear(seed=7)
        running.lab.arm(ArmedFault(Effect.LOSE_ANSWER, left=None, probability=LOST, path="/v3/company/"))
        yield running


def kill_and_resume(sandbox: SandboxServer, database_url: str, data_dir: Path, seed: int, kills: int) -> dict[str, Any]:
    orders = {
        "database": database_url,
        "data_dir": str(data_dir),
        "sandbox": sandbox.url,
        "realm": sandbox.store.of_template("quebec").realm,
        "rows": rows(),
        "seed": seed,
        "kills": kills,
        "events": 25,
    }
    support = HERE.parent / "support"
    done = subprocess.run(
        [sys.executable, str(HERE / "killed.py")],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "PYTHONPATH": str(support)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def check_books(sandbox: SandboxServer, database_url: str) -> None:
    """One document for each draft in QuickBooks, all linked, all proven."""
    sandbox.lab.clear()
    company = sandbox.store.of_template("quebec")
    creates = Counter((write["entity"], write["id"]) for write in company.writes if write["operation"] == "create")
    kinds = Counter(kind for kind, _ in creates)
    assert kinds["SalesReceipt"] == SALES
    assert kinds["RefundReceipt"] == REFUNDS
    assert kinds["Deposit"] == DEPOSITS
    database = Database(database_url)
    with database.read() as session:
        drafts = session.query(DraftRow).all()
        links = {link.key for link in session.query(LinkRow)}
        assert {draft.state for draft in drafts} == {DraftState.POSTED}
        assert {draft.key for draft in drafts} <= links
        assert all(proof.equal for proof in session.query(Proof))
        assert session.query(Proof).count() > 0
    database.dispose()


def test_killed_a_few_times_the_books_come_out_whole(sandbox: SandboxServer, database_url: str, data_dir: Path) -> None:
    told = kill_and_resume(sandbox, database_url, data_dir, seed=11, kills=4)
    assert told["told"]["state"] == "done", told
    assert told["kills"] == 4
    check_books(sandbox, database_url)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_many_seeded_points_the_books_come_out_whole(
    sandbox: SandboxServer, database_url: str, data_dir: Path, seed: int
) -> None:
    told = kill_and_resume(sandbox, database_url, data_dir, seed=seed, kills=12)
    assert told["told"]["state"] == "done", told
    assert told["kills"] >= 8
    check_books(sandbox, database_url)
