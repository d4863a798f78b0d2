"""``raccord connect file-account``: one question for all lines of files that name no account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_a_connection_whose_files_all_say_their_account_is_asked_nothing(
    told: Told, said: Said, connected: str
) -> None:
    assert told("connect", "file-account", "Shop") == (Exit.OK, {"accounts": []})
    assert "Each file says" in said("connect", "file-account", "Shop")[1]
    status, refused = told("connect", "file-account", "Shop", "Chequing", "--key", "x")
    assert (status != Exit.OK, refused["error"]["code"]) == (True, "files.account_told")
