"""The file box and its keys: nothing lies in clear, old files are sealed, a change of key loses no file."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from datetime import date
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import delete, select

from raccord.clock import FixedClock
from raccord.store.clear_files import seal_clear_files, seal_file
from raccord.store.database import Database
from raccord.store.errors import FilesRefusedError, WrongKeyError
from raccord.store.file_keys import FileKeys, renew_file_keys
from raccord.store.files import StoredFileBox
from raccord.store.keyring import Keyring
from raccord.store.models import Company, Connection, Secret, SourceFile
from raccord.store.parts import Part
from raccord.store.sealed import CHUNK, is_sealed
from raccord.store.vault import Vault

CARD = b"4111111111111111"


@pytest.fixture
def vault(database: Database, data_dir: Path, clock: FixedClock) -> Vault:
    return Vault(database, Keyring(path=data_dir / "vault.key"), clock)


@pytest.fixture
def box(vault: Vault, data_dir: Path, clock: FixedClock) -> StoredFileBox:
    with vault.database.begin() as session:
        session.add(Company(id="c", realm="1", environment="sandbox", name="x", created_at=clock.now()))
        session.flush()
        session.add(
            Connection(
                id="k", company_id="c", connector="chase", label="x",
                starts_on=date(2025, 1, 1), set_up_at=clock.now(), created_by="zoé",
            )
        )  # fmt: skip
    return StoredFileBox(vault, data_dir, "k", clock)


def receive(box: StoredFileBox, name: str, content: bytes) -> Path:
    assert box.receive(name, io.BytesIO(content), origin="upload")
    return path_of(box, content)


def path_of(box: StoredFileBox, content: bytes) -> Path:
    number, name = 0, hashlib.sha256(content).hexdigest()
    while (file := box.after(number)) is not None:
        if file.path.name == name:
            return file.path
        number = file.number
    raise AssertionError("the file did not arrive")


def read(box: StoredFileBox, number: int = 1) -> bytes:
    file = box.after(number - 1)
    assert file is not None
    with file.open() as stream:
        return stream.read()


def as_before(box: StoredFileBox, name: str, content: bytes) -> Path:
    """Receive a file the way versions kept it that did not seal."""
    path = receive(box, name, content)
    path.write_bytes(content)
    return path


def sealed(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_sealed(stream)


def in_clear(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob("*") if path.is_file() and CARD in path.read_bytes()]


def reopened(vault: Vault, data_dir: Path, clock: FixedClock, keys: str | None = None) -> StoredFileBox:
    keyring = Keyring.open(data_dir / "vault.key", SecretStr(keys) if keys else None)
    return StoredFileBox(Vault(vault.database, keyring, clock), data_dir, "k", clock)


def rotate(vault: Vault) -> None:
    vault.change_key()
    renew_file_keys(vault)


def keys_of(path: Path) -> list[str]:
    return path.read_text().split()


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_received_file_lies_sealed_and_is_read_as_it_came(box: StoredFileBox, data_dir: Path, size: int) -> None:
    content = (CARD * (size // len(CARD) + 1))[:size]
    path = receive(box, "a.dfr", content)
    assert sealed(path)
    assert in_clear(data_dir) == []
    assert path.stat().st_mode & 0o777 == 0o600
    file = box.after(0)
    assert file is not None
    assert (file.size, file.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert read(box) == content
    assert not box.receive("again.dfr", io.BytesIO(content), origin="upload")
    assert read(box) == content


def test_nothing_in_clear_touches_the_disk_while_a_file_arrives(box: StoredFileBox, data_dir: Path) -> None:
    seen: list[bytes] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            seen.extend(part.read_bytes() for part in (data_dir / "files" / "k").glob(".part-*"))
            return found

    assert box.receive("a.dfr", Watched(CARD * 300_000), origin="upload")
    assert max(map(len, seen)) > 1_000_000
    assert not any(CARD in content for content in seen)


def test_an_altered_file_is_refused_by_its_name_and_good_again_when_handed_in_again(
    box: StoredFileBox,
) -> None:
    path = receive(box, "relevé.dfr", CARD)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(FilesRefusedError) as caught:
        read(box)
    assert caught.value.code == "files.altered"
    assert "relevé.dfr" in caught.value.text.fr
    assert "relevé.dfr" in caught.value.text.en
    assert not box.receive("relevé.dfr", io.BytesIO(CARD), origin="upload")
    assert read(box) == CARD


def test_a_wrong_key_names_the_file_and_shows_no_byte_of_it(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    path = receive(box, "relevé.dfr", CARD)
    stranger = reopened(vault, data_dir, clock, Fernet.generate_key().decode())
    with pytest.raises(FilesRefusedError) as caught:
        read(stranger)
    assert caught.value.code == "files.wrong_key"
    assert "relevé.dfr" in caught.value.text.fr
    assert "RACCORD_KEY" in caught.value.text.en
    assert caught.value.__cause__ is None
    with pytest.raises(FilesRefusedError) as refused:
        stranger.receive("neuf.dfr", io.BytesIO(b"x"), origin="upload")
    assert (refused.value.code, "neuf.dfr" in refused.value.text.fr) == ("files.wrong_key", True)
    path.write_bytes(CARD)
    with pytest.raises(FilesRefusedError, match=r"files\.wrong_key"):
        read(stranger)
    assert path.read_bytes() == CARD


def test_a_key_file_that_others_can_read_is_the_files_refusal_and_says_what_to_do(
    box: StoredFileBox, data_dir: Path
) -> None:
    receive(box, "a.dfr", CARD)
    (data_dir / "vault.key").chmod(0o644)
    with pytest.raises(FilesRefusedError) as caught:
        read(box)
    assert caught.value.code == "vault.key_file_open"
    assert "chmod 600" in caught.value.text.fr


def test_a_database_without_the_files_key_says_so_and_makes_none(box: StoredFileBox, vault: Vault) -> None:
    receive(box, "a.dfr", CARD)
    with vault.database.begin() as session:
        session.execute(delete(Secret))
    with pytest.raises(FilesRefusedError, match=r"files\.wrong_key"):
        read(box)
    assert FileKeys(vault, "k").all() == []


def test_receivers_that_start_at_once_agree_on_one_file_key(vault: Vault) -> None:
    found: list[list[bytes]] = []
    start = threading.Barrier(6)

    def make() -> None:
        start.wait()
        found.append(FileKeys(vault, "k").ensured())

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(keys) for keys in found] == [1] * 6
    assert len({keys[0] for keys in found}) == 1


@pytest.mark.parametrize("size", [0, 1, 7, CHUNK, 5 * CHUNK + 3])
def test_a_file_kept_in_clear_is_read_and_lies_sealed_from_then_on(
    box: StoredFileBox, data_dir: Path, size: int
) -> None:
    content = (CARD * (size // len(CARD) + 1))[:size]
    path = as_before(box, "old.dfr", content)
    assert not sealed(path)
    assert read(box) == content
    assert sealed(path)
    assert read(box) == content
    assert in_clear(data_dir) == []


def test_a_file_in_clear_put_in_place_of_a_sealed_one_is_not_believed(box: StoredFileBox) -> None:
    path = receive(box, "a.dfr", CARD)
    path.write_bytes(CARD[:-1] + b"2")
    with pytest.raises(FilesRefusedError, match=r"files\.altered"):
        read(box)


def test_sealing_takes_every_clear_file_and_left_over_part_and_only_those(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    kept = receive(box, "new.dfr", b"new")
    before = kept.read_bytes()
    for number in range(3):
        as_before(box, f"old{number}.dfr", CARD + bytes([number]))
    lost = as_before(box, "lost.dfr", CARD + b"row lost in a crash")
    with vault.database.begin() as session:
        session.execute(delete(SourceFile).where(SourceFile.sha256 == lost.name))
    killed = lost.with_name(".part-killed")
    killed.write_bytes(CARD)
    os.utime(killed, (0, 0))
    assert seal_clear_files(vault, data_dir, clock) == 4
    assert in_clear(data_dir) == []
    assert kept.read_bytes() == before
    assert [read(box, number) for number in (1, 2, 3, 4)] == [b"new", *(CARD + bytes([each]) for each in range(3))]
    assert seal_clear_files(vault, data_dir, clock) == 0


def test_an_installation_without_files_has_nothing_to_seal(vault: Vault, data_dir: Path, clock: FixedClock) -> None:
    assert seal_clear_files(vault, data_dir, clock) == 0


def test_sealing_that_is_killed_leaves_every_file_readable_and_goes_on(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        as_before(box, f"old{number}.dfr", CARD + bytes([number]))
    genuine, kept = Part.keep, []

    def dies_at_the_third(self: Part, name: str) -> None:
        kept.append(name)
        if len(kept) == 3:
            raise KeyboardInterrupt
        genuine(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(Part, "keep", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            seal_clear_files(vault, data_dir, clock)
    assert len(in_clear(data_dir)) == 2
    assert seal_clear_files(vault, data_dir, clock) == 2
    assert [read(box, number + 1) for number in range(4)] == [CARD + bytes([number]) for number in range(4)]


def test_a_damaged_clear_file_is_named_and_does_not_keep_the_others_in_clear(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    damaged = as_before(box, "abîmé.dfr", CARD)
    as_before(box, "old.dfr", CARD + b"!")
    damaged.write_bytes(CARD + b"?")
    with pytest.raises(FilesRefusedError) as caught:
        seal_clear_files(vault, data_dir, clock)
    assert caught.value.code == "files.not_sealed"
    assert "abîmé.dfr" in caught.value.text.fr
    assert CARD.decode() not in caught.value.text.fr + caught.value.text.en
    assert in_clear(data_dir) == [damaged]


def test_two_that_seal_the_same_file_at_once_both_succeed(box: StoredFileBox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_before(box, "old.dfr", CARD)
    genuine = Part.keep
    other: list[int] = []

    def other_was_quicker(self: Part, name: str) -> None:
        if not other:
            other.append(1)
            assert read(box) == CARD
        genuine(self, name)

    monkeypatch.setattr(Part, "keep", other_was_quicker)
    assert read(box) == CARD
    assert sealed(path)


def test_a_file_that_another_has_sealed_meanwhile_is_left_as_it_is(box: StoredFileBox, vault: Vault) -> None:
    path = receive(box, "a.dfr", CARD)
    before = path.read_bytes()
    assert not seal_file(path, FileKeys(vault, "k").all(), "a.dfr", path.name)
    assert path.read_bytes() == before


def test_a_change_of_the_vaults_key_keeps_every_file_readable_with_the_new_key_alone(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    path = receive(box, "a.dfr", CARD)
    before = path.read_bytes()
    old = (data_dir / "vault.key").read_text().strip()
    vault.change_key()
    (new,) = keys_of(data_dir / "vault.key")
    assert read(reopened(vault, data_dir, clock, new)) == CARD
    with pytest.raises(FilesRefusedError, match=r"files\.wrong_key"):
        read(reopened(vault, data_dir, clock, old))
    assert path.read_bytes() == before


def test_files_that_come_after_a_change_of_key_need_the_new_file_key(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    receive(box, "old.dfr", b"old")
    known = FileKeys(vault, "k").all()
    rotate(vault)
    receive(box, "new.dfr", b"new")
    assert FileKeys(vault, "k").all()[:-1] == known
    assert (read(box, 1), read(box, 2)) == (b"old", b"new")
    vault.put("connection:k:files", "\n".join(key.hex() for key in known))
    assert read(box, 1) == b"old"
    with pytest.raises(FilesRefusedError, match=r"files\.wrong_key"):
        read(box, 2)


def test_a_change_of_key_killed_anywhere_loses_no_file_and_is_finished_by_the_next(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(box, "a.dfr", CARD)
    path = data_dir / "vault.key"
    for deadly in ("add", "rotate", "retire", "renew"):
        with monkeypatch.context() as patched:

            def dies(*_: object) -> None:
                raise KeyboardInterrupt

            match deadly:
                case "rotate":
                    patched.setattr(Vault, "rotate", dies)
                case "renew":
                    patched.setattr(Vault, "update", dies)
                case _:
                    patched.setattr(Keyring, deadly, dies)
            with pytest.raises(KeyboardInterrupt):
                rotate(vault)
        assert read(reopened(vault, data_dir, clock)) == CARD, deadly
        receive(box, f"{deadly}.dfr", deadly.encode())
        rotate(vault)
        assert len(keys_of(path)) == 1
    assert [read(reopened(vault, data_dir, clock), number) for number in range(2, 6)] == [
        b"add", b"rotate", b"retire", b"renew",
    ]  # fmt: skip


def test_a_file_that_arrives_while_the_key_changes_is_readable_afterwards(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            rotate(vault)
            return super().read(size)

    receive(box, "first.dfr", b"first")
    assert box.receive("a.dfr", Slow(CARD), origin="upload")
    (only,) = keys_of(data_dir / "vault.key")
    assert read(reopened(vault, data_dir, clock, only), 2) == CARD


def test_an_operators_own_keys_are_turned_over_without_a_key_file(
    box: StoredFileBox, vault: Vault, data_dir: Path, clock: FixedClock
) -> None:
    del box
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    (data_dir / "vault.key").unlink(missing_ok=True)
    first = reopened(vault, data_dir, clock, old)
    receive(first, "a.dfr", CARD)
    both = Vault(vault.database, Keyring(SecretStr(f"{new},{old}")), clock)
    assert read(reopened(vault, data_dir, clock, f"{new},{old}")) == CARD
    assert both.rotate() == 1
    renew_file_keys(both)
    assert read(reopened(vault, data_dir, clock, new)) == CARD
    with pytest.raises(WrongKeyError):
        FileKeys(Vault(vault.database, Keyring(SecretStr(old)), clock), "k").all()
    assert not (data_dir / "vault.key").exists()


def test_a_files_key_shows_nowhere(box: StoredFileBox, vault: Vault) -> None:
    receive(box, "a.dfr", CARD)
    (key,) = FileKeys(vault, "k").all()
    with vault.database.read() as session:
        stored = session.scalars(select(Secret.ciphertext)).all()
    shown = repr([box, box.after(0), FileKeys(vault, "k"), stored])
    assert key.hex() not in shown
    assert repr(key) not in shown
