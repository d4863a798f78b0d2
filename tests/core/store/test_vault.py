from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr
from sqlalchemy import select, text, update

from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord.store.errors import StoreError, UnknownSecretError, WrongKeyError
from raccord.store.keyring import Keyring
from raccord.store.models import Secret
from raccord.store.vault import Vault


@pytest.fixture
def keyring(data_dir: Path) -> Keyring:
    return Keyring(path=data_dir / "vault.key")


@pytest.fixture
def vault(database: Database, keyring: Keyring, clock: FixedClock) -> Vault:
    return Vault(database, keyring, clock)


def stored(database: Database) -> dict[str, bytes]:
    with database.read() as session:
        return {row.handle: row.ciphertext for row in session.scalars(select(Secret))}


def opens(key: str, ciphertext: bytes) -> bool:
    try:
        Fernet(key).decrypt(ciphertext)
    except InvalidToken:
        return False
    return True


def all_open(key: str, database: Database) -> bool:
    return all(opens(key, ciphertext) for ciphertext in stored(database).values())


def test_what_is_put_comes_back_and_what_is_deleted_does_not(vault: Vault) -> None:
    vault.put("a", "é\0x")
    vault.put("b", b"\x00\xff")
    vault.put("c", {"token": "t", "n": 1})
    assert (vault.get("a"), vault.get_bytes("b"), vault.get_mapping("c")) == (
        "é\0x",
        b"\x00\xff",
        {"token": "t", "n": 1},
    )
    vault.put("a", "new")
    assert vault.get("a") == "new"
    vault.delete("a")
    vault.delete("a")
    assert vault.get("a", missing_ok=True) is None
    with pytest.raises(UnknownSecretError):
        vault.get("a")


def test_a_secret_stands_or_falls_with_the_transaction_it_is_part_of(vault: Vault) -> None:
    def fails() -> None:
        with vault.database.begin() as session:
            bound = vault.within(session)
            bound.put("a", "x")
            assert bound.get("a") == "x"
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fails()
    assert vault.get("a", missing_ok=True) is None


def test_a_wrong_key_is_an_error_of_its_own_that_shows_nothing(vault: Vault, clock: FixedClock) -> None:
    vault.put("company:1:tokens", "canary")
    other = Vault(vault.database, Keyring(SecretStr(Fernet.generate_key().decode())), clock)
    with pytest.raises(WrongKeyError) as caught:
        other.get("company:1:tokens")
    ciphertext = stored(vault.database)["company:1:tokens"].decode()
    assert ciphertext not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    assert "company:1:tokens" in caught.value.text.fr
    with pytest.raises(WrongKeyError):
        other.rotate()


def test_a_row_cannot_be_passed_off_as_another(vault: Vault) -> None:
    vault.put("connection:1:settings", "mine")
    vault.put("connection:2:settings", "yours")
    with vault.database.begin() as session:
        taken = session.get_one(Secret, "connection:2:settings").ciphertext
        session.execute(update(Secret).where(Secret.handle == "connection:1:settings").values(ciphertext=taken))
    with pytest.raises(WrongKeyError):
        vault.get("connection:1:settings")


def test_the_key_file_is_made_private_on_first_use(vault: Vault, data_dir: Path) -> None:
    vault.put("a", "x")
    path = data_dir / "vault.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in data_dir.iterdir() if "key" in entry.name) == ["vault.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_file_that_others_can_open_is_refused(data_dir: Path, mode: int) -> None:
    path = data_dir / "vault.key"
    Keyring(path=path).first()
    path.chmod(mode)
    with pytest.raises(StoreError) as caught:
        Keyring(path=path).first()
    assert caught.value.code == "vault.key_file_open"
    assert "chmod 600" in caught.value.fix.fr


def test_threads_that_make_the_key_file_at_once_agree_on_one_key(data_dir: Path) -> None:
    made: list[bytes] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        made.append(Keyring(path=data_dir / "vault.key").first().encrypt(b"x"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everyone = Keyring(path=data_dir / "vault.key").all()
    assert [everyone.decrypt(token) for token in made] == [b"x"] * 8


@pytest.mark.parametrize("content", ["", "# nothing\n", "canary-not-a-key\n", "é" * 44])
def test_a_key_file_without_a_usable_key_is_refused_and_not_quoted(data_dir: Path, content: str) -> None:
    path = data_dir / "vault.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(StoreError) as caught:
        Keyring(path=path).first()
    assert caught.value.code == "vault.key_unreadable"
    assert "canary" not in str(caught.value)
    assert path.read_text() == content


def test_keys_from_the_environment_come_before_the_file_and_the_first_encrypts(
    database: Database, data_dir: Path, clock: FixedClock
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    path = data_dir / "vault.key"
    Vault(database, Keyring.open(path, SecretStr(old)), clock).put("a", "x")
    assert not path.exists()
    both = Vault(database, Keyring.open(path, SecretStr(f" {new} , {old}")), clock)
    assert both.get("a") == "x"
    assert (both.rotate(), both.rotate()) == (1, 0)
    assert Vault(database, Keyring.open(path, SecretStr(new)), clock).get("a") == "x"
    with pytest.raises(StoreError, match="RACCORD_KEY"):
        both.change_key()


def test_changing_the_key_encrypts_everything_anew_and_forgets_the_old_key(vault: Vault, data_dir: Path) -> None:
    path = data_dir / "vault.key"
    for number in range(7):
        vault.put(f"h{number}", f"v{number}")
    old = path.read_text().strip()
    assert vault.change_key() == 7
    (new,) = path.read_text().split()
    assert new != old
    assert all_open(new, vault.database)
    assert [vault.get(f"h{number}") for number in range(7)] == [f"v{number}" for number in range(7)]


def test_a_rotation_killed_in_the_middle_loses_nothing_and_is_finished_by_the_next(
    vault: Vault, keyring: Keyring, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        vault.put(f"h{number}", f"v{number}")
    genuine, turns = Database.begin, []

    def dies_at_the_third(self: Database) -> object:
        turns.append(1)
        if len(turns) == 3:
            raise KeyboardInterrupt
        return genuine(self)

    keyring.add()
    new = keyring.path.read_text().split()[0] if keyring.path else ""
    with monkeypatch.context() as patched:
        patched.setattr(Database, "begin", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            vault.rotate(batch=3)
    done = [handle for handle, ciphertext in stored(vault.database).items() if opens(new, ciphertext)]
    assert sorted(done) == [f"h{number}" for number in range(6)]
    assert [vault.get(f"h{number}") for number in range(10)] == [f"v{number}" for number in range(10)]
    assert vault.rotate(batch=3) == 4
    assert all_open(new, vault.database)
    assert vault.change_key() == 10
    assert len((data_dir / "vault.key").read_text().split()) == 1


def test_a_process_that_runs_while_the_key_changes_goes_on_with_the_new_one(
    vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    other = Vault(vault.database, Keyring(path=data_dir / "vault.key"), clock)
    other.put("a", "x")
    vault.change_key()
    assert other.get("a") == "x"
    other.put("b", "y")
    (only,) = (data_dir / "vault.key").read_text().split()
    assert all_open(only, vault.database)


def test_a_secret_whose_transaction_is_open_during_a_change_of_key_is_not_lost(
    vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    vault.put("early", "x")
    writer = Vault(vault.database, Keyring(path=data_dir / "vault.key"), clock)
    change = threading.Thread(target=vault.change_key)
    with vault.database.begin() as session:
        writer.within(session).put("late", "y")
        change.start()
        change.join(0.3)
        assert change.is_alive(), "the change of key must wait for whoever is writing"
    change.join()
    (only,) = (data_dir / "vault.key").read_text().split()
    assert all_open(only, vault.database)
    assert (vault.get("early"), vault.get("late")) == ("x", "y")


def test_the_vault_and_its_keys_do_not_show_themselves(vault: Vault, data_dir: Path) -> None:
    vault.put("a", "canary")
    key = (data_dir / "vault.key").read_text().strip()
    with vault.database.begin() as session:
        shown = repr(vault) + repr(vault.within(session)) + repr(session.get(Secret, "a"))
    given = Keyring(SecretStr(key))
    shown += repr(Keyring(path=data_dir / "vault.key")) + repr(given)
    assert "canary" not in shown
    assert key not in shown


def test_a_failing_statement_does_not_repeat_its_values(fresh_sqlite: Callable[[], str]) -> None:
    database = Database(fresh_sqlite())
    with pytest.raises(Exception, match="hidden") as caught, database.begin() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:x)"), {"x": "canary"})
    assert "canary" not in str(caught.value)
    database.dispose()


def test_the_key_file_survives_a_crash_while_it_is_written(
    keyring: Keyring, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.first()
    before = (data_dir / "vault.key").read_text()

    def crash(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            keyring.add()
    assert (data_dir / "vault.key").read_text() == before
    keyring.add()
    assert (data_dir / "vault.key").read_text().split()[1:] == before.split()
