"""How many documents a minute one company gets under Intuit's published limits; prints shares, asserts nothing.

    .venv/bin/python bench/posting.py [--minutes 2] [--speed 1] [--latency 0] [--database URL]

The real pipeline posts through the bucket in the database to a local sandbox that enforces the limits. CPU is that of
Raccord's process, all told: claims, bodies, HTTP, answers, links. ``--latency`` is added to each answer, in
milliseconds. With ``--speed`` the one clock of both processes runs faster than the machine's, for a quick look: every
delay of a busy machine then counts as many times more, and above 2 the sandbox may see requests bunched that left a
tenth of a second apart, and refuse one, which costs the run a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from fast_clock import FastClock, SandboxOn

BEST = 1_660
"""Documents a minute that the limits allow: 40 batches of 30 and 460 single requests."""
START = datetime(2026, 3, 20, 15, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=2)
    parser.add_argument("--speed", type=float, default=1)
    parser.add_argument("--latency", type=int, default=0)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite otherwise")
    parser.add_argument("--sandbox-of", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sandbox_of:
        serve(FastClock(START, options.speed, options.sandbox_of))
        return
    clock = FastClock(START, options.speed, time.monotonic_ns())
    command = [sys.executable, __file__, "--speed", str(options.speed), "--sandbox-of", str(clock.begun_ns)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        assert sandbox.stdin is not None
        url, realm = sandbox.stdout.readline().split()
        posted, minutes, cpu_s = post(clock, url, realm, options)
        sandbox.stdin.close()
        refused = int(sandbox.stdout.readline())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, clock {options.speed:g} times as fast")
    print(f"{'documents':>9} {'minutes':>8} {'a minute':>9} {'of 1 660':>9} {'refused':>8} {'CPU ms/document':>16}")
    rate = posted / minutes
    print(f"{posted:>9} {minutes:>8.2f} {rate:>9.0f} {rate / BEST:>9.1%} {refused:>8} {cpu_s * 1_000 / posted:>16.2f}")


def post(clock: FastClock, url: str, realm: str, options: argparse.Namespace) -> tuple[int, float, float]:
    """Post enough sales for the minutes asked; returns how many, in how many minutes, with how much CPU."""
    import till
    from harness import OWNER, choose_usual, consent, enable, finish, make_workshop, request
    from sqlalchemy import func, select

    from raccord.onboarding.connecting.connections import NewConnection, connect
    from raccord.onboarding.deciding.decisions import approve_plan
    from raccord.store import schema
    from raccord.store.database import Database
    from raccord.store.models import Plan, Posting, PostingState, Run
    from raccord.sync.run import Phase, Pipeline

    till.PAGE = 1_000
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-{1 + number % 19:02}", "amount": f"{number % 90}.37"}
        for number in range(1, 1 + BEST * options.minutes)
    ]
    data = Path(tempfile.mkdtemp(prefix="raccord-bench-"))
    data.chmod(0o700)
    database = Database(options.database or f"sqlite:///{data / 'app.db'}")
    schema.upgrade(database)
    workshop = make_workshop(database, data, url, clock, till)
    workshop.settings = workshop.settings.model_copy(update={"quickbooks_limits": "published"})
    company = consent(workshop, realm)
    enable(workshop, company, "till")
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T1"}, starts_on=date(2026, 1, 1))
    connection = connect(workshop, OWNER, new)
    choose_usual(workshop, connection, company)
    run = finish(workshop, request(workshop, connection))
    with database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    if options.latency:
        client = workshop.client(company)
        client._wire.http.event_hooks = {"response": [lambda _answer: clock.sleep_ms(options.latency)]}
    pipeline = Pipeline(workshop)
    began_ms, cpu_s = clock.elapsed_ms(), time.process_time()
    phase = Phase.POST
    while phase == Phase.POST:
        pipeline.advance(run.id)
        with database.read() as session:
            phase = session.get_one(Run, run.id).phase
    minutes, cpu_s = (clock.elapsed_ms() - began_ms) / 60_000, time.process_time() - cpu_s
    with database.read() as session:
        done = select(func.count()).select_from(Posting).where(Posting.state == PostingState.DONE)
        posted = session.scalar(done) or 0
    workshop.close()
    return posted, minutes, cpu_s


def serve(clock: FastClock) -> None:
    """Be the sandbox until the other process closes our input, then say how many requests were refused."""
    from raccord_sandbox.config import Limits, SandboxConfig
    from raccord_sandbox.serving.server import SandboxServer

    with SandboxServer(SandboxConfig(clock=SandboxOn(clock), limits=Limits.documented(), seeds=("quebec",))) as running:
        print(running.url, running.store.of_template("quebec").realm, flush=True)
        sys.stdin.read()
        print(running.store.throttle.refused, flush=True)


if __name__ == "__main__":
    main()
