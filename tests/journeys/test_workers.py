"""The real pipeline executed by real workers that are killed, and by an engine that loses its memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
import till
from harness import OWNER, choose_usual, consent, enable, make_workshop
from sqlalchemy import select, text

from raccord.clock import SystemClock
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run, resubmit
from raccord.onboarding.connections import NewConnection, connect
from raccord.onboarding.decisions import approve_plan
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, DraftState, Plan, Proof, Run, RunState
from raccord.sync.workshop import Workshop
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.faultlab import ArmedFault, Effect
from raccord_sandbox.server import SandboxServer

SALES = 300
"""Ten batches: the first is answered, seven get no answer, and two are left for whoever takes over."""
PROGRAM = Path(__file__).parent.parent / "support" / "worker_program.py"

pytestmark = pytest.mark.timeout(240)


@dataclass
class Plant:
    """A connected till, and workers that run it."""

    workshop: Workshop
    sandbox: SandboxServer
    company: Company
    connection: Connection
    folder: Path
    engine: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> None:
        orders = {
            "rows": till.ROWS,
            "database": self.workshop.database.url.render_as_string(hide_password=False),
            "engine": self.engine,
            "data_dir": str(self.workshop.settings.data_dir),
            "sandbox": self.sandbox.url,
            "log": str(self.folder / "worked.log"),
        }
        path = self.folder / "orders.json"
        path.write_text(json.dumps(orders))
        environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parent)}
        self.processes.append(subprocess.Popen([sys.executable, str(PROGRAM), str(path)], env=environment))

    def who_works(self) -> int:
        return int((self.folder / "worked.log").read_text().split()[-1])

    def run(self, run_id: str) -> Run:
        with self.workshop.database.read() as session:
            return session.get_one(Run, run_id)

    def receipts(self) -> int:
        return len(self.sandbox.store.of_template("quebec").table("SalesReceipt"))


def until(condition: Callable[[], bool], seconds: int = 90) -> None:
    pause = threading.Event()
    for _ in range(seconds * 20):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail(f"it did not happen within {seconds} seconds")


@pytest.fixture
def plant(database: Database, data_dir: Path, tmp_path: Path) -> Iterator[Plant]:
    till.ROWS.clear()
    till.ROWS["T1"] = [
        {
            "stream": "sales",
            "id": f"s{number}",
            "day": f"2026-03-{1 + number % 9:02}",
            "amount": f"{10 + number % 50}.37",
        }
        for number in range(SALES)
    ]
    on_file = database.dialect == "sqlite"
    engine = f"sqlite:///{data_dir / 'engine.db'}" if on_file else database.url.render_as_string(hide_password=False)
    with SandboxServer(SandboxConfig(seeds=("quebec",))) as sandbox:
        workshop = make_workshop(database, data_dir, sandbox.url, SystemClock(), till)
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "till")
        new = NewConnection(company_id=company.id, connector="till", values={"till": "T1"}, starts_on=date(2026, 3, 1))
        connection = connect(workshop, OWNER, new)
        choose_usual(workshop, connection, company)
        made = Plant(workshop, sandbox, company, connection, tmp_path, engine)
        yield made
        for process in made.processes:
            process.kill()
            process.wait()
        workshop.close()


def approved(plant: Plant) -> str:
    """Let a worker fetch and plan, approve what it planned, and hand the run back; returns the run."""
    database = plant.workshop.database
    clock = plant.workshop.clock
    run_id = request_run(database, HandOver(), plant.connection.id, trigger="person", by=OWNER.name, clock=clock)
    until(lambda: plant.run(run_id).state == RunState.APPROVAL)
    with database.read() as session:
        plan = session.get_one(Plan, plant.run(run_id).plan_id)
    approve_plan(plant.workshop, OWNER, plan.id, plan.hash)
    plant.sandbox.lab.arm(ArmedFault(Effect.HOLD, left=None, skip=1, path="/batch$"))
    resubmit(database, HandOver(), run_id)
    return run_id


def kill_who_posts(plant: Plant) -> int:
    """Kill the worker that waits for answers that will not come, once its first batch is in the books."""
    until(lambda: plant.receipts() >= 30)
    worker = plant.who_works()
    os.kill(worker, signal.SIGKILL)
    plant.sandbox.lab.clear()
    return worker


def check_books(plant: Plant) -> None:
    assert plant.receipts() == SALES
    with plant.workshop.database.read() as session:
        assert set(session.scalars(select(DraftRow.state))) == {DraftState.POSTED}
        assert set(session.scalars(select(Proof.equal))) == {True}


def test_a_worker_killed_while_it_posts_is_replaced_and_nothing_is_doubled(plant: Plant) -> None:
    plant.start_worker()
    if plant.workshop.database.dialect == "postgresql":
        plant.start_worker()
    run_id = approved(plant)
    kill_who_posts(plant)
    if plant.workshop.database.dialect == "sqlite":
        plant.processes[0].wait()
        plant.start_worker()
    until(lambda: plant.run(run_id).state == RunState.DONE)
    check_books(plant)


def test_the_engines_database_deleted_while_it_posts_loses_nothing(plant: Plant) -> None:
    plant.start_worker()
    run_id = approved(plant)
    kill_who_posts(plant)
    plant.processes[0].wait()
    if plant.workshop.database.dialect == "sqlite":
        for path in plant.workshop.settings.data_dir.glob("engine.db*"):
            path.unlink()
    else:
        with plant.workshop.database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA dbos CASCADE"))
    assert plant.run(run_id).state in (RunState.RUNNING, RunState.QUEUED)
    plant.start_worker()
    until(lambda: plant.run(run_id).state == RunState.DONE)
    check_books(plant)
