"""A connected till and workers in processes of their own that run it; they are killed, frozen and cut off."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
import till
import worker_program
from begun import Begun
from harness import OWNER, choose_usual, consent, enable, make_workshop
from lost_engine import lose_engine
from market_company import let_numbers_repeat
from sqlalchemy import select

from raccord.clock import SystemClock
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run, resubmit
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.quickbooks.codec import marked_revision
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, DraftState, LinkRow, Plan, Proof, Run, RunState
from raccord.sync.workshop import Workshop
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

SALES = 300
"""Ten batches: the first is answered, four are under way, three wait in a worker's hands, and two are not taken yet."""
WRITES = "requestid="
"""Batches of questions, with which a worker that takes a run over looks at the books, have none."""
SLOW = ArmedFault(Effect.DELAY, left=None, skip=1, path="/batch$", query=WRITES, seconds=1.5)
"""Batches are executed and answered late, yet before QuickBooks can no longer be executing them."""
UNANSWERED = ArmedFault(Effect.HOLD, left=None, skip=1, path="/batch$", query=WRITES)


@dataclass
class Crew:
    """A connected till, and workers that run it."""

    workshop: Workshop
    sandbox: SandboxServer
    company: Company
    connection: Connection
    folder: Path
    engine: str
    first_wait_ms: int = 50
    """Before a worker tries again after trouble."""
    processes: list[Begun] = field(default_factory=list)

    def start_worker(self) -> None:
        orders = {
            "rows": till.ROWS,
            "database": self.workshop.database.url.render_as_string(hide_password=False),
            "engine": self.engine,
            "data_dir": str(self.workshop.settings.data_dir),
            "sandbox": self.sandbox.url,
            "log": str(self.folder / "worked.log"),
            "first_wait_ms": self.first_wait_ms,
        }
        path = self.folder / "orders.json"
        path.write_text(json.dumps(orders))
        self.processes.append(Begun(worker_program.main, str(path)))

    def who_works(self) -> int:
        return int((self.folder / "worked.log").read_text().split()[-1])

    def run(self, run_id: str) -> Run:
        with self.workshop.database.read() as session:
            return session.get_one(Run, run_id)

    def receipts(self) -> int:
        return len(self.sandbox.store.of_template("quebec").table("SalesReceipt"))

    def approved(self, fault: ArmedFault) -> str:
        """Let a worker fetch and plan, approve what it planned, and hand the run back; returns the run."""
        database, clock = self.workshop.database, self.workshop.clock
        run_id = request_run(database, HandOver(), self.connection.id, trigger="person", by=OWNER.name, clock=clock)
        until(lambda: self.run(run_id).state == RunState.APPROVAL)
        with database.read() as session:
            plan = session.get_one(Plan, self.run(run_id).plan_id)
        approve_plan(self.workshop, OWNER, plan.id, plan.hash)
        self.sandbox.lab.arm(replace(fault))  # it counts what it struck
        resubmit(database, HandOver(), run_id)
        return run_id

    def signal_who_posts(self, number: signal.Signals, batches: int = 1) -> int:
        """Signal the worker that waits for answers, once its first batches are in the books; returns which it is."""
        until(lambda: self.receipts() >= 30 * batches)
        worker = self.who_works()
        os.kill(worker, number)
        return worker

    def forget_engine(self) -> None:
        """Delete the engine's database, whoever uses it."""
        lose_engine(self.workshop.database, self.engine)

    def finished(self, run_id: str) -> None:
        """Wait until the run is done; whatever else it comes to is told with its reason."""
        until(lambda: self.run(run_id).state not in (RunState.QUEUED, RunState.RUNNING))
        run = self.run(run_id)
        outcome = (run.state, run.error_code, run.error_params)
        assert outcome == (RunState.DONE, "", {}), f"{run_id} ended so: {outcome}"

    def check_books(self) -> None:
        """One receipt for each sale, each linked by one draft, and every day proven."""
        table = self.sandbox.store.of_template("quebec").table("SalesReceipt")
        marks = Counter(mark[0] for receipt in table if (mark := marked_revision(receipt)) is not None)
        assert (len(table), len(marks)) == (SALES, SALES)
        with self.workshop.database.read() as session:
            links = session.scalars(select(LinkRow.marker).where(LinkRow.kind == "SalesReceipt")).all()
            assert Counter(links) == marks
            assert set(session.scalars(select(DraftRow.state))) == {DraftState.POSTED}
            assert set(session.scalars(select(Proof.equal))) == {True}


def until(condition: Callable[[], bool], seconds: int = 90) -> None:
    pause = threading.Event()
    for _ in range(seconds * 20):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail(f"it did not happen within {seconds} seconds")


@contextmanager
def crew_of(database: Database, data_dir: Path, folder: Path) -> Iterator[Crew]:
    """Yield a till connected to a sandbox; workers that still live at the end are killed."""
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
        # Nothing of QuickBooks' own guards helps here.
        let_numbers_repeat(sandbox.store, honour_requestid=False)
        workshop = make_workshop(database, data_dir, sandbox.url, SystemClock(), till)
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "till")
        new = NewConnection(company_id=company.id, connector="till", values={"till": "T1"}, starts_on=date(2026, 3, 1))
        connection = connect(workshop, OWNER, new)
        choose_usual(workshop, connection, company)
        made = Crew(workshop, sandbox, company, connection, folder, engine)
        yield made
        for process in made.processes:
            process.kill()
            process.wait()
        workshop.close()
