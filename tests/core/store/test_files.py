from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from raccord.clock import FixedClock
from raccord.plugin import FileBox
from raccord.plugin.errors import SourceRefused
from raccord.store.database import Database
from raccord.store.errors import FilesRefusedError, FileTooLargeError
from raccord.store.files import StoredFile, StoredFileBox
from raccord.store.folder import Found
from raccord.store.keyring import Keyring
from raccord.store.models import Company, Connection, SourceFile
from raccord.store.vault import Vault


@pytest.fixture
def clock() -> FixedClock:
    """Ten minutes after the files of the test, whose times are the machine's."""
    return FixedClock(datetime.now(UTC) + timedelta(minutes=10))


def vault_of(database: Database, data_dir: Path) -> Vault:
    return Vault(database, Keyring(path=data_dir / "vault.key"))


@pytest.fixture
def box(database: Database, data_dir: Path, clock: FixedClock) -> StoredFileBox:
    with database.begin() as session:
        session.add(Company(id="c", realm="1", environment="sandbox", name="x", created_at=clock.now()))
        session.flush()
        for name in ("k", "other"):
            session.add(
                Connection(
                    id=name, company_id="c", connector="chase", label="x",
                    starts_on=date(2025, 1, 1), set_up_at=clock.now(), created_by="zoé",
                )
            )  # fmt: skip
    return StoredFileBox(vault_of(database, data_dir), data_dir, "k", clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


def arrived(box: StoredFileBox) -> list[tuple[int, str, bytes]]:
    found, number = [], 0
    while (file := box.after(number)) is not None:
        with file.open() as stream:
            found.append((file.number, file.name, stream.read()))
        number = file.number
    return found


def receive(box: StoredFileBox, name: str, content: bytes) -> bool:
    return box.receive(name, io.BytesIO(content), origin="upload")


def left(data_dir: Path) -> set[str]:
    return {entry.name for entry in (data_dir / "files" / "k").iterdir()}


def test_files_come_back_in_order_of_arrival_as_they_were(box: StoredFileBox, data_dir: Path) -> None:
    as_connectors_see_it: FileBox = box
    assert receive(box, "b.txt", b"one\r\n")
    assert receive(box, "a.txt", b"")
    assert arrived(box) == [(1, "b.txt", b"one\r\n"), (2, "a.txt", b"")]
    file = as_connectors_see_it.after(0)
    assert isinstance(file, StoredFile)
    assert (file.size, file.sha256) == (5, hashlib.sha256(b"one\r\n").hexdigest())
    assert left(data_dir) == {hashlib.sha256(content).hexdigest() for content in (b"one\r\n", b"")}


def test_the_same_bytes_are_kept_once_a_connection(
    box: StoredFileBox, database: Database, data_dir: Path, clock: FixedClock
) -> None:
    assert receive(box, "a.txt", b"x")
    assert not receive(box, "b.txt", b"x")
    assert receive(StoredFileBox(vault_of(database, data_dir), data_dir, "other", clock), "a.txt", b"x")
    assert arrived(box) == [(1, "a.txt", b"x")]
    assert (box.has("a.txt", 1), box.has("a.txt", 2), box.has("b.txt", 1)) == (True, False, False)


LABELS = {
    "../../etc/passwd": "passwd",
    "C:\\bank\\relevé.ofx": "relevé.ofx",
    "/": "?",
    "..": "?",
    "": "?",
    "a\0b\n\x1b[31mc": "ab[31mc",
    "e\u0301": "é",
    "\ud800.txt": ".txt",
    "n" * 5000: "n" * 255,
}


def test_a_name_is_a_label_and_never_a_path(box: StoredFileBox, data_dir: Path, tmp_path: Path) -> None:
    contents = [name.encode("utf-8", "replace") for name in LABELS]
    for name, content in zip(LABELS, contents, strict=True):
        assert receive(box, name, content)
    assert [name for _, name, _ in arrived(box)] == list(LABELS.values())
    assert left(data_dir) == {hashlib.sha256(content).hexdigest() for content in contents}


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    box: StoredFileBox, database: Database, data_dir: Path, clock: FixedClock
) -> None:
    small = StoredFileBox(vault_of(database, data_dir), data_dir, "k", clock, limit=10)
    assert receive(small, "fits.txt", b"x" * 10)
    with pytest.raises(FileTooLargeError) as caught:
        receive(small, "big.txt", b"x" * 11)
    assert caught.value.code == "files.too_large"
    assert "big.txt" in caught.value.text.fr
    assert "10 octets" in caught.value.text.fr
    assert isinstance(caught.value, SourceRefused)
    assert len(left(data_dir)) == 1
    assert len(arrived(box)) == 1


def test_a_file_whose_row_was_lost_in_a_crash_is_received_again(
    box: StoredFileBox, database: Database, data_dir: Path
) -> None:
    assert receive(box, "a.txt", b"x")
    with database.begin() as session:
        session.execute(delete(SourceFile))
    assert arrived(box) == []
    assert receive(box, "a.txt", b"x")
    assert arrived(box) == [(1, "a.txt", b"x")]
    assert len(left(data_dir)) == 1


def test_a_crash_while_the_bytes_are_written_leaves_no_file_and_is_swept_up(
    box: StoredFileBox, data_dir: Path, folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: int) -> None:
        # A killed process runs no clean-up of its own either.
        monkeypatch.setattr(Path, "unlink", lambda *_args, **_options: None)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        receive(box, "first.txt", b"first")
        patched.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            receive(box, "a.txt", b"x")
    monkeypatch.undo()
    assert [name for _, name, _ in arrived(box)] == ["first.txt"]
    assert len([name for name in left(data_dir) if name.startswith(".part-")]) == 1
    box.scan(str(folder))
    assert len(left(data_dir)) == 2
    clock.advance(timedelta(days=2))
    box.scan(str(folder))
    assert len(left(data_dir)) == 1


def test_bytes_that_are_gone_or_cut_are_a_clear_error(box: StoredFileBox, data_dir: Path) -> None:
    receive(box, "a.txt", b"abc")
    path = data_dir / "files" / "k" / hashlib.sha256(b"abc").hexdigest()
    file = box.after(0)
    assert file is not None
    path.write_bytes(b"ab")
    for _ in range(2):
        with pytest.raises(FilesRefusedError) as caught, file.open():
            pass
        assert caught.value.code == "files.bytes_missing"
        path.unlink(missing_ok=True)


def test_receivers_at_the_same_time_give_every_file_a_number_of_its_own(box: StoredFileBox) -> None:
    def work(name: str) -> None:
        for number in range(5):
            receive(box, f"{name}{number}", f"{name}{number}".encode())
            receive(box, "shared", f"shared{number}".encode())

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [number for number, _, _ in arrived(box)] == list(range(1, 21))


def test_a_folder_gives_its_new_files_by_name_and_nothing_else(
    box: StoredFileBox, folder: Path, tmp_path: Path
) -> None:
    for name in ("b.txt", "a.txt", "c.csv.part", ".hidden", "d.tmp"):
        (folder / name).write_text(name)
    (folder / "sub").mkdir()
    (folder / "sub" / "e.txt").write_text("e")
    (tmp_path / "secret").write_text("outside")
    (folder / "f.txt").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe.txt")
    assert box.scan(str(folder)) == 2
    assert box.scan(str(folder)) == 0
    assert [name for _, name, _ in arrived(box)] == ["a.txt", "b.txt"]
    (folder / "a2.txt").write_text("new")
    (folder / "a3.txt").write_text("new")
    assert box.scan(str(folder)) == 1


def test_a_file_that_stands_as_it_was_received_is_not_read_again(
    box: StoredFileBox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("one")
    assert box.scan(str(folder)) == 1
    with monkeypatch.context() as patched:
        patched.setattr("raccord.store.files.opened", lambda _found: pytest.fail("the file was read again"))
        assert box.scan(str(folder)) == 0


def test_a_file_corrected_in_place_with_the_same_size_and_an_old_date_is_received(
    box: StoredFileBox, folder: Path
) -> None:
    (folder / "a.txt").write_text("one")
    assert box.scan(str(folder)) == 1
    (folder / "a.txt").write_text("two")
    os.utime(folder / "a.txt", (0, 0))
    assert box.scan(str(folder)) == 1
    assert [content for _, _, content in arrived(box)] == [b"one", b"two"]


def test_a_file_that_was_only_touched_is_read_once_more_and_then_left(
    box: StoredFileBox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("one")
    assert box.scan(str(folder)) == 1
    os.utime(folder / "a.txt", (0, 0))
    assert box.scan(str(folder)) == 0
    with monkeypatch.context() as patched:
        patched.setattr("raccord.store.files.opened", lambda _found: pytest.fail("the file was read again"))
        assert box.scan(str(folder)) == 0


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_scan(
    box: StoredFileBox, folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("one")

    @contextmanager
    def changed_meanwhile(found: Found) -> Iterator[io.BytesIO]:
        (folder / "a.txt").write_text("two and more")
        yield io.BytesIO(b"one and more")

    with monkeypatch.context() as patched:
        patched.setattr("raccord.store.files.opened", changed_meanwhile)
        assert box.scan(str(folder)) == 0
    assert left(data_dir) == set()
    assert box.scan(str(folder)) == 1
    assert arrived(box) == [(1, "a.txt", b"two and more")]


class Growing(FixedClock):
    """While somebody waits, a file grows."""

    def __init__(self, path: Path) -> None:
        super().__init__(datetime.now(UTC))
        self.path = path

    def sleep_ms(self, span_ms: int) -> None:
        super().sleep_ms(span_ms)
        with self.path.open("a") as file:
            file.write("more")


def test_a_file_that_still_grows_waits_for_the_next_scan_and_a_fresh_whole_one_does_not(
    box: StoredFileBox, folder: Path, database: Database, data_dir: Path, clock: FixedClock
) -> None:
    (folder / "growing.txt").write_text("begun")
    (folder / "whole.txt").write_text("whole")
    now = StoredFileBox(vault_of(database, data_dir), data_dir, "k", Growing(folder / "growing.txt"))
    assert now.scan(str(folder)) == 1
    assert [name for _, name, _ in arrived(box)] == ["whole.txt"]
    assert box.scan(str(folder)) == 1
    assert arrived(box)[-1] == (2, "growing.txt", b"begunmore")


def test_one_file_that_cannot_be_read_does_not_keep_the_others_out(
    box: StoredFileBox, folder: Path, database: Database, data_dir: Path, clock: FixedClock
) -> None:
    for name, content in (("a.txt", "a"), ("b.txt", "b" * 20), ("c.txt", "c")):
        (folder / name).write_text(content)
    small = StoredFileBox(vault_of(database, data_dir), data_dir, "k", clock, limit=10)
    with pytest.raises(FilesRefusedError) as caught:
        small.scan(str(folder))
    assert caught.value.code == "files.not_received"
    assert "b.txt" in caught.value.text.en
    assert [name for _, name, _ in arrived(box)] == ["a.txt", "c.txt"]


def test_a_folder_that_is_not_there_is_a_refusal_that_says_what_to_do(box: StoredFileBox, folder: Path) -> None:
    with pytest.raises(SourceRefused) as caught:
        box.scan(str(folder / "nowhere"))
    assert str(folder / "nowhere") in caught.value.text.fr
    assert "réglages" in caught.value.text.fr
    assert "settings" in caught.value.text.en


def test_the_origin_is_kept_with_the_file(box: StoredFileBox, folder: Path, database: Database) -> None:
    (folder / "a.txt").write_text("a")
    box.scan(str(folder))
    receive(box, "b.txt", b"b")
    with database.read() as session:
        origins = session.scalars(select(SourceFile.origin).order_by(SourceFile.number)).all()
    assert origins == [f"folder:{folder}", "upload"]


def test_a_connection_id_that_is_a_path_is_refused(database: Database, data_dir: Path, clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="folder"):
        StoredFileBox(vault_of(database, data_dir), data_dir, "../x", clock)
