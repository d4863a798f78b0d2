"""Hosts that a person typed lead to the public internet only, and folders to those that the operator lets them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from harness import NOW

from raccord.clock import FixedClock
from raccord.plugin import SourceRefused
from raccord.plugin.testing import FileShelf
from raccord.settings import Settings
from raccord.store.errors import FilesRefusedError
from raccord.sync.fetching.file_guard import GuardedFileBox
from raccord.sync.fetching.outside import NotOutsideError, is_public, public_address
from raccord.sync.fetching.source_http import SourceHttp


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_outside(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, port: int, **of: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(NotOutsideError):
        public_address("bank.example", 443)


def test_a_typed_host_in_the_own_network_is_not_called_unless_the_operator_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://localhost:{listening.getsockname()[1]}/"
        http = SourceHttp(["localhost"], FixedClock(NOW), guarded=["LOCALHOST"])
        with pytest.raises(SourceRefused, match="RACCORD_PRIVATE_HOSTS"):
            http.get(url)
        address = ("localhost", listening.getsockname()[1])
        with pytest.raises(SourceRefused, match="RACCORD_PRIVATE_HOSTS"):
            http.connect(address, 5)
        with pytest.raises(SourceRefused, match="did not declare"):
            http.connect(("127.0.0.1", address[1]), 5)
        http.close()
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):
            listening.accept()
        named = SourceHttp(["localhost"], FixedClock(NOW))
        with named.connect(address, 5):
            listening.settimeout(5)
            listening.accept()[0].close()


def test_the_operator_names_own_hosts_with_commas(tmp_path: object) -> None:
    named = Settings.model_construct(private_hosts=" Bridge.lan, 10.0.0.2 ,")
    assert named.own_network() == {"bridge.lan", "10.0.0.2"}


@pytest.mark.parametrize(
    ("folders", "web_url", "folder", "may"),
    [
        ("", "http://127.0.0.1:8321", "drop", True),
        ("", "http://localhost:8321", "drop", True),
        ("", "https://raccord.example.ca", "drop", False),
        ("{0}/drop, {0}/other", "https://raccord.example.ca", "drop/chase", True),
        ("{0}/drop", "https://raccord.example.ca", "drop/../elsewhere", False),
        ("{0}/drop", "https://raccord.example.ca", "dropped", False),
        ("{0}/drop", "http://127.0.0.1:8321", "elsewhere", False),
        ("{0}", "http://127.0.0.1:8321", "data", False),
        ("{0}", "http://127.0.0.1:8321", "data/files/k", False),
        ("{0}", "http://127.0.0.1:8321", "data/sources", True),
        ("{0}", "http://127.0.0.1:8321", "keys", False),
        ("{0}/drop", "http://127.0.0.1:8321", "link", False),
    ],
)
def test_connections_read_folders_that_the_operator_lets_them(
    tmp_path: Path, folders: str, web_url: str, folder: str, may: bool
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    settings = Settings(
        data_dir=tmp_path / "data",
        key_file=tmp_path / "keys" / "vault.key",
        source_folders=folders.format(tmp_path),
        web_url=web_url,
    )
    assert settings.may_read(str(tmp_path / folder)) is may


def test_a_folder_that_is_not_allowed_is_refused_in_both_languages_and_not_looked_into(tmp_path: Path) -> None:
    box = GuardedFileBox(FileShelf(tmp_path / "box"), lambda folder: False)
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").write_text("x")
    with pytest.raises(FilesRefusedError) as refused:
        box.scan(str(tmp_path / "drop"))
    assert "RACCORD_SOURCE_FOLDERS" in refused.value.text.fr
    assert "may not read the folder" in refused.value.text.en
    assert box.after(0) is None
