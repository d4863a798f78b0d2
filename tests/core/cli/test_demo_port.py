"""The demonstration says at once where its pages cannot be served."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from raccord.cli import run
from raccord.cli.demo.command import own_settings
from raccord.cli.terminal.exits import Exit
from raccord.settings import load


@pytest.mark.parametrize(("given", "pages"), [({}, "en"), ({"RACCORD_LANGUAGE": "fr"}, "fr")])
def test_the_pages_speak_the_commands_language_where_none_is_set(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], pages: str
) -> None:
    for name, value in {"RACCORD_DATA_DIR": str(data_dir), **given}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("raccord.cli.demo.command.read_settings", load)
    assert own_settings(spoken="en").language == pages


def test_a_taken_port_is_said_before_anything_is_made(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RACCORD_DATA_DIR", str(data_dir))
    monkeypatch.setenv("RACCORD_LANG", "en")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(["demo", "--port", str(port)]) == Exit.FAILED
    said = capsys.readouterr().err
    assert f"Another program already listens on 127.0.0.1:{port}." in said
    assert "--port" in said
    assert not (data_dir / "demo" / "sandbox").exists()
