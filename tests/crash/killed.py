"""A program that syncs the till while it is killed again and again; started by the crash tests.

Reads its orders as JSON on standard input, forks a child for every life, and prints what happened as JSON. A child
kills itself with SIGKILL at a chosen event: before or after a commit, before a request or after its answer.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import till
from harness import OWNER, choose_usual, consent, enable, finish, make_workshop, request
from sqlalchemy.engine import default
from sqlalchemy.engine.interfaces import DBAPIConnection

from raccord.clock import SystemClock
from raccord.onboarding.connections import NewConnection, connect
from raccord.onboarding.decisions import approve_plan
from raccord.store.database import Database
from raccord.store.models import Connection, Plan, Run, RunState
from raccord.sync.execution import PassingTrouble

LIVES_MAX = 200


def main() -> None:
    orders = json.load(sys.stdin)
    till.ROWS["T1"] = orders["rows"]
    chance = random.Random(orders["seed"])
    told = in_child(lambda: set_up(orders))
    kills = 0
    for _ in range(LIVES_MAX):
        event = chance.randrange(1, orders["events"]) if kills < orders["kills"] else 0
        told = in_child(lambda at=event: one_life(orders, at))
        if told is not None:
            break
        kills += 1
    print(json.dumps({"kills": kills, "told": told}))


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


def set_up(orders: dict[str, Any]) -> dict[str, str]:
    workshop = open_workshop(orders)
    company = consent(workshop, orders["realm"])
    enable(workshop, company, "till")
    connection = connect(
        workshop,
        OWNER,
        NewConnection(company_id=company.id, connector="till", values={"till": "T1"}, starts_on=date(2026, 3, 1)),
    )
    choose_usual(workshop, connection, company)
    return {"connection": connection.id}


def one_life(orders: dict[str, Any], at: int) -> dict[str, str]:
    """Take the run up wherever the last life left it, and go on to its end or to death at event ``at``."""
    if at:
        die_at(at)
    workshop = open_workshop(orders)
    with workshop.database.read() as session:
        connection = session.query(Connection).one()
    run_id = request(workshop, connection)
    while True:
        try:
            run = finish(workshop, run_id)
        except PassingTrouble:
            continue
        if run.state == RunState.APPROVAL:
            with workshop.database.read() as session:
                plan = session.get_one(Plan, run.plan_id)
            approve_plan(workshop, OWNER, plan.id, plan.hash)
            continue
        break
    with workshop.database.read() as session:
        ended = session.get_one(Run, run_id)
    return {"state": ended.state, "error": ended.error_code, "params": json.dumps(ended.error_params)}


def open_workshop(orders: dict[str, Any]) -> Any:
    database = Database(orders["database"])
    return make_workshop(database, Path(orders["data_dir"]), orders["sandbox"], HastyClock(), till)


class HastyClock(SystemClock):
    """The machine's clock, which goes on from one life to the next, without its pauses."""

    def sleep_ms(self, span_ms: int) -> None:
        return


def die_at(event: int) -> None:
    """Kill this process at its n-th event; nothing is flushed, rolled back or said."""
    left = [event]

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
