"""Folder, ZIP and SFTP: what comes in, what is refused, and that nothing is fetched or unpacked twice."""

from __future__ import annotations

import io
import os
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from raccord.plugin import Reauthorise, RetryLater, SourceRefused
from raccord.plugin.testing import FileShelf
from raccord_chase import archive, sftp
from raccord_chase.sandbox.handmade import Deliveries, dfr, head, sale
from raccord_chase.settings import ChaseSettings

Deliver = Callable[..., Deliveries]
USER, PASSWORD = "merchant", "correct horse"


def file_of(number: int) -> str:
    return dfr(head("ACT0010"), sale(number, "1.00"))


def zipped(**members: str | bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return content.getvalue()


def test_new_files_of_the_folder_are_taken_in_at_every_run(deliver: Deliver, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.dfr").write_text(file_of(1))
    chase = deliver(input_kind="folder", folder=str(folder)).run()
    (folder / "b.zip").write_bytes(zipped(**{"in/b.dfr": file_of(2)}))
    chase.run()
    assert len(chase.of("sales")) == 2
    chase.run()
    assert (len(chase.of("sales")), chase.rejects, [file.name for file in chase.files]) == (
        2,
        [],
        ["a.dfr", "b.zip", "b.dfr"],
    )
    assert list(chase.files)[-1].origin == "zip:b.zip"


def test_a_folder_that_is_not_there_says_so(deliver: Deliver, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused) as told:
        deliver(input_kind="folder", folder=str(tmp_path / "nowhere")).run()
    assert "nowhere n’existe pas" in told.value.text.fr


@pytest.mark.parametrize(
    ("limit", "value", "content"),
    [
        ("MEMBERS_MAX", 2, zipped(a="1", b="2", c="3")),
        ("TOTAL_BYTES_MAX", 1000, zipped(a=os.urandom(600), b=os.urandom(600))),
        ("_RATIO_FREE_BYTES", 1000, zipped(a=b"0" * 1_000_000)),
    ],
)
def test_a_zip_beyond_a_limit_is_refused(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, content: bytes
) -> None:
    monkeypatch.setattr(archive, limit, value)
    chase = deliver().put("bomb.zip", content).run()
    assert "chase.zip_bomb" in chase.codes()


def test_sizes_that_an_archive_declares_are_not_believed(deliver: Deliver) -> None:
    content = zipped(a=b"0" * 30_000_000)
    lying = content.replace((30_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != content
    chase = deliver().put("liar.zip", lying).run()
    assert chase.codes()[0] in ("chase.zip_bomb", "chase.zip_broken")
    assert chase.of("sales") == []


def test_a_zip_inside_a_zip_is_refused_and_its_neighbours_are_read(deliver: Deliver) -> None:
    content = zipped(**{"inner.zip": zipped(a=file_of(1)), "b.dfr": file_of(2).encode()})
    chase = deliver().put("outer.zip", content).run()
    assert (chase.codes(), len(chase.of("sales"))) == (["chase.zip_nested"], 1)


def test_an_encrypted_zip_waits_for_its_password_and_loses_nothing(deliver: Deliver) -> None:
    content = encrypted_zip("secret.dfr", file_of(1).encode(), b"open sesame")
    chase = deliver().put("secret.zip", content)
    with pytest.raises(Reauthorise) as told:
        chase.run()
    assert "secret.dfr" in told.value.text.en
    wrong = deliver(zip_password="open barley").put("secret.zip", content)
    with pytest.raises(Reauthorise) as told:
        wrong.run()
    assert "barley" not in f"{told.value.text} {told.value}"
    right = deliver(zip_password="open sesame").put("secret.zip", content).run()
    assert (len(right.of("sales")), right.codes()) == (1, [])


def encrypted_zip(name: str, data: bytes, password: bytes) -> bytes:
    """Encrypt by the old ZIP cipher, which the standard library reads but does not write."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        value = (value ^ byte) & 0xFF
        for _ in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
        return value

    def update(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ crc(keys[2], keys[1] >> 24)

    def encrypt(plain: bytes) -> bytes:
        out = bytearray()
        for byte in plain:
            mixed = (keys[2] | 2) & 0xFFFF
            out.append(byte ^ (((mixed * (mixed ^ 1)) >> 8) & 0xFF))
            update(byte)
        return bytes(out)

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as plain:
        plain.writestr(name, data)
    whole = bytearray(content.getvalue())
    check = zipfile.ZipFile(content).infolist()[0].CRC >> 24
    for byte in password:
        update(byte)
    body = encrypt(bytes(11) + bytes([check]) + data)
    start = 30 + len(name)
    central = whole[start + len(data) :]
    local = whole[:start]
    local[6] |= 1
    local[18:22] = len(body).to_bytes(4, "little")
    central[8] |= 1
    central[20:24] = len(body).to_bytes(4, "little")
    end = central.rindex(b"PK\x05\x06")
    central[end + 16 : end + 20] = (len(local) + len(body)).to_bytes(4, "little")
    return bytes(local) + body + bytes(central)


class _Gate(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    """Lets the merchant in with the password or the key."""

    key: paramiko.PKey | None = None

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = username == USER and key == self.key
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _Shelf(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko has no types
    """Serves one folder, read only, and counts what was fetched."""

    root = Path()
    fetched: list[str] = []  # noqa: RUF012 - one server for each test, see the fixture

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        folder = self.root / path.lstrip("/")
        if not folder.is_dir():
            return int(paramiko.SFTP_NO_SUCH_FILE)
        return [paramiko.SFTPAttributes.from_stat(each.stat(), each.name) for each in folder.iterdir()]

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat((self.root / path.lstrip("/")).stat())

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle:
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = (self.root / path.lstrip("/")).open("rb")
        self.fetched.append(path)
        return handle


@dataclass
class Server:
    """An SFTP server on this machine: its folder, what was fetched from it, and how to reach it."""

    root: Path
    fetched: list[str]
    plain: dict[str, object]

    def settings(self, **changes: object) -> ChaseSettings:
        return ChaseSettings.model_validate({**self.plain, **changes})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "remote"
    (root / "out").mkdir(parents=True)
    host_key = paramiko.RSAKey.generate(2048)
    fetched: list[str] = []
    shelf = type("Shelf", (_Shelf,), {"root": root, "fetched": fetched})
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    transports: list[paramiko.Transport] = []
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, shelf)
            try:
                transport.start_server(server=_Gate())
            except (paramiko.SSHException, EOFError, OSError):
                continue  # a client that left before it was let in

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    plain: dict[str, object] = {
        "merchant_id": "123456",
        "input_kind": "sftp",
        "sftp_host": "127.0.0.1",
        "sftp_port": listener.getsockname()[1],
        "sftp_user": USER,
        "sftp_password": PASSWORD,
        "sftp_host_key": sftp.fingerprint(host_key),
        "sftp_folder": "/out",
    }
    yield Server(root / "out", fetched, plain)
    stopping.set()
    listener.close()
    for transport in transports:
        transport.close()
    thread.join(timeout=5)


def test_sftp_brings_each_file_once(server: Server, deliver: Deliver) -> None:
    root, fetched = server.root, server.fetched
    (root / "a.dfr").write_text(file_of(1))
    (root / "b.zip").write_bytes(zipped(**{"b.dfr": file_of(2)}))
    (root / "c.dfr.part").write_text("half of")
    (root / ".hidden").write_text("not ours")
    chase = deliver(**server.settings().model_dump()).run()
    assert len(chase.of("sales")) == 2
    chase.run()
    (root / "d.dfr").write_text(file_of(3))
    chase.run()
    assert fetched == ["/out/a.dfr", "/out/b.zip", "/out/d.dfr"]
    assert (len(chase.of("sales")), chase.rejects) == (3, [])


def test_sftp_signs_in_with_a_private_key_too(server: Server, tmp_path: Path) -> None:
    key = paramiko.RSAKey.generate(2048)
    text = io.StringIO()
    key.write_private_key(text)
    _Gate.key = key
    chosen = server.settings(sftp_key=text.getvalue(), sftp_password="")
    assert sftp.fetch_new(chosen, FileShelf(tmp_path / "box"), socket.create_connection) == 0
    with pytest.raises(SourceRefused):
        sftp.fetch_new(server.settings(sftp_key="not a key"), FileShelf(tmp_path / "box"), socket.create_connection)


def test_a_server_with_another_key_gets_no_password(server: Server, tmp_path: Path) -> None:
    other = sftp.fingerprint(paramiko.RSAKey.generate(1024))
    with pytest.raises(SourceRefused) as told:
        sftp.fetch_new(server.settings(sftp_host_key=other), FileShelf(tmp_path / "box"), socket.create_connection)
    assert "shows another key" in told.value.text.en


@pytest.mark.requirement("CH-72")
def test_refused_credentials_ask_for_new_ones_and_lose_nothing(server: Server, deliver: Deliver) -> None:
    (server.root / "a.dfr").write_text(file_of(1))
    chase = deliver(**server.settings(sftp_password="old one").model_dump())
    with pytest.raises(Reauthorise) as told:
        chase.run()
    assert "old one" not in f"{told.value} {told.value.text} {chase.context.settings!r}"
    again = deliver(**server.settings().model_dump()).run()
    assert len(again.of("sales")) == 1


def test_a_server_that_is_away_is_tried_later_and_a_missing_folder_is_told(server: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RetryLater):
        sftp.fetch_new(server.settings(sftp_port=port), FileShelf(tmp_path / "box"), socket.create_connection)
    with pytest.raises(SourceRefused):
        sftp.fetch_new(server.settings(sftp_folder="/nowhere"), FileShelf(tmp_path / "box"), socket.create_connection)
