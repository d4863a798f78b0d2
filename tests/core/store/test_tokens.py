from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from raccord.clock import FixedClock
from raccord.jobs.steps import RETRYABLE
from raccord.store import database as store_database
from raccord.store import events, locks
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.locks import LockHeldError, LockLostError, exclusive
from raccord.store.models import Event
from raccord.store.tokens import StoredTokens, tokens_handle
from raccord.store.vault import Vault

Store = StoredTokens[dict[str, int]]

RAISE_BY_ONE = """
import json, sys
from pathlib import Path
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.tokens import StoredTokens
from raccord.store.vault import Vault

url, folder = sys.argv[1], Path(sys.argv[2])
database = Database(url)
vault = Vault(database, Keyring(path=folder / "vault.key"))
tokens = StoredTokens(vault, folder, "c1", json.dumps, json.loads)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    with tokens.exclusive():
        held = tokens.load() or {"n": 0}
        tokens.save({"n": held["n"] + 1})
database.dispose()
"""

HOLD = """
import sys
from pathlib import Path
from raccord.store.database import Database
from raccord.store.locks import exclusive

with exclusive(Database(sys.argv[1]), Path(sys.argv[2]), "x"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def tokens(database: Database, data_dir: Path, clock: FixedClock) -> Store:
    return StoredTokens(
        Vault(database, Keyring(path=data_dir / "vault.key"), clock), data_dir, "c1", json.dumps, json.loads
    )


def test_tokens_come_back_as_they_were_saved_last(tokens: Store) -> None:
    assert tokens.load() is None
    with tokens.exclusive():
        tokens.save({"n": 1})
        tokens.save({"n": 2})
        assert tokens.load() == {"n": 2}
    tokens.forget()
    assert tokens.load() is None


def test_two_processes_that_renew_tokens_exclude_each_other(
    database_url: str, data_dir: Path, run_together: Callable[[list[str]], list[int]]
) -> None:
    command = [sys.executable, "-c", RAISE_BY_ONE, database_url, str(data_dir)]
    assert run_together(command) == [0, 0]
    database = Database(database_url)
    tokens: Store = StoredTokens(
        Vault(database, Keyring(path=data_dir / "vault.key")), data_dir, "c1", json.dumps, json.loads
    )
    assert tokens.load() == {"n": 40}
    database.dispose()


def test_threads_exclude_each_other_and_other_names_do_not(database: Database, data_dir: Path) -> None:
    inside = threading.Event()
    leave = threading.Event()
    order: list[str] = []

    def first() -> None:
        with exclusive(database, data_dir, "x"):
            inside.set()
            leave.wait(20)
            order.append("first")

    def second() -> None:
        inside.wait(20)
        with exclusive(database, data_dir, "x"):
            order.append("second")

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    inside.wait(20)
    with exclusive(database, data_dir, "y"):
        order.append("other name")
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["other name", "first", "second"]


def test_a_holder_that_is_killed_gives_the_lock_back(database_url: str, data_dir: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, database_url, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
        holder.wait()
    database = Database(database_url)
    with exclusive(database, data_dir, "x"):
        pass
    database.dispose()


def test_more_holders_than_the_pool_has_connections_do_not_block_each_other(
    tokens: Store, database: Database, data_dir: Path
) -> None:
    def hold(depth: int) -> None:
        if depth:
            with exclusive(database, data_dir, f"company {depth}"):
                hold(depth - 1)
        else:
            tokens.save({"n": 1})

    hold(10)
    assert tokens.load() == {"n": 1}


def test_who_waits_for_a_frozen_holder_is_told_in_the_end(database: Database, data_dir: Path) -> None:
    with (
        exclusive(database, data_dir, "x"),
        pytest.raises(LockHeldError) as caught,
        exclusive(database, data_dir, "x", timedelta(milliseconds=60)),
    ):
        pass
    assert caught.value.code == "store.lock_held"
    assert isinstance(caught.value, RETRYABLE), "a run tries again later"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_holder_that_says_nothing_for_too_long_loses_the_lock_and_saves_nothing_over_newer_tokens(
    tokens: Store, database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "HOLD_MAX", timedelta(milliseconds=50))
    with tokens.exclusive():
        # The server gives the lock to others while this one says nothing.
        with exclusive(database, data_dir, tokens_handle("c1")):
            pass
        with pytest.raises(LockLostError) as caught:
            tokens.save({"n": 1})
    assert caught.value.code == "store.lock_lost"
    assert isinstance(caught.value, RETRYABLE)
    assert tokens.load() is None
    tokens.save({"n": 2})
    assert tokens.load() == {"n": 2}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_transaction_that_a_frozen_process_left_open_is_ended_by_the_server(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_database, "IDLE_IN_TRANSACTION_MS", 1000)
    frozen = Database(database.url)

    def frozen_and_thawed() -> None:
        with frozen.begin() as session:
            events.append(session, "Odile", "plan.approved", now=clock.now())
            with database.begin() as other:
                # The end of the chain is the frozen one's until the server has cut it off.
                assert events.append(other, "Paul", "plan.approved", now=clock.now()).seq == 1
            session.execute(text("SELECT 1"))

    with pytest.raises(RETRYABLE):
        frozen_and_thawed()
    with frozen.read() as session:
        assert session.scalars(select(Event.actor)).all() == ["Paul"], "the next use takes a new line"
    frozen.dispose()
