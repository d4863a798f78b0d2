"""A program that syncs the market while it is killed again and again; started by the crash tests.

Reads its orders as JSON on standard input, forks a child for every life, and prints what happened as JSON. A child
kills itself with SIGKILL at a chosen moment: before or after a commit, before a request or after its answer.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import market
from harness import OWNER, finish, make_workshop, request
from market_company import say
from market_rows import every_kind
from sqlalchemy.engine import default
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import configure_mappers

from raccord.clock import SystemClock
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import LOCAL
from raccord.store.database import Database
from raccord.store.models import Connection, Plan, Run, RunState
from raccord.sync import workshop as workshops
from raccord.sync.execution import PassingTrouble

LIVES_MAX = 400
EXECUTES_WITHIN_MS = 400
"""A sandbox on the same machine has executed what it was sent by then."""


def main() -> None:
    orders = json.load(sys.stdin)
    # What every life would make for itself again.
    configure_mappers()
    chance = random.Random(orders["seed"])
    kills, batches, told = 0, 1, ""
    for _ in range(LIVES_MAX):
        at = chance.randrange(1, orders["moments"]) if kills < orders["kills"] else 0
        told = in_child(lambda at=at, batches=batches: one_life(orders, batches, at))
        if told is None:
            kills += 1
        elif told != RunState.DONE or kills == orders["kills"]:
            break
        else:
            batches += 1
    print(json.dumps({"kills": kills, "batches": batches, "told": told}))


def in_child(life: Callable[[], Any]) -> Any:
    """Run one life in a process of its own; returns what it said, or nothing if it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            with os.fdopen(writing, "w") as out:
                json.dump(life(), out)
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status != 0:
        raise SystemExit(f"a life ended with status {status}")
    return json.loads(said)


def one_life(orders: dict[str, Any], batches: int, at: int) -> str:
    """Take the run up wherever the last life left it, and go on to its end or to death at the ``at``-th moment."""
    say([row for number in range(batches) for row in every_kind(f"k{number}-", lists=number == 0, item="items/k0-1")])
    if at:
        die_at(at)
    workshops.LOCAL = replace(LOCAL, executes_within_ms=EXECUTES_WITHIN_MS)  # type: ignore[attr-defined]
    database = Database(orders["database"])
    workshop = make_workshop(database, Path(orders["data_dir"]), orders["sandbox"], HastyClock(), market)
    with database.read() as session:
        connection = session.query(Connection).one()
    while True:
        run_id = request(workshop, connection)
        run = persistently(workshop, run_id)
        if run.state == RunState.APPROVAL:
            with database.read() as session:
                plan = session.get_one(Plan, run.plan_id)
            approve_plan(workshop, OWNER, plan.id, plan.hash)
            run = persistently(workshop, run_id)
        # A run that gave up for want of answers is followed by another.
        if run.error_code != "quickbooks.uncertain":
            return f"{run.state} {run.error_code}".strip()


def persistently(workshop: Any, run_id: str) -> Run:
    """Finish a run as the engine does: passing trouble is a reason to try again."""
    while True:
        try:
            return finish(workshop, run_id)
        except PassingTrouble:
            continue
        except RetryLater as error:
            time.sleep(error.after.total_seconds())


class HastyClock(SystemClock):
    """The machine's clock, which goes on from one life to the next. What may be under way is really waited for; the
    longer pauses between tries are left out.
    """

    def sleep_ms(self, span_ms: int) -> None:
        if span_ms <= EXECUTES_WITHIN_MS:
            super().sleep_ms(span_ms)


def die_at(moment: int) -> None:
    """Kill this process at its n-th moment; nothing is flushed, rolled back or said."""
    left = [moment]

    def pulse() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    commit = default.DefaultDialect.do_commit

    def counted_commit(self: default.DefaultDialect, connection: DBAPIConnection) -> None:
        pulse()
        commit(self, connection)
        pulse()

    default.DefaultDialect.do_commit = counted_commit  # type: ignore[method-assign]  # the point of this program
    send = httpx.Client.request

    def counted_request(self: httpx.Client, *arguments: Any, **named: Any) -> httpx.Response:
        pulse()
        answer = send(self, *arguments, **named)
        pulse()
        return answer

    httpx.Client.request = counted_request  # type: ignore[method-assign]  # the point of this program


if __name__ == "__main__":
    main()
