from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.locks import exclusive
from raccord.store.tokens import StoredTokens
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
