"""``raccord connect gates``: what comes before a set-up goes on, and saying that it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import till
from gated import gated_info

from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_gates_are_shown_and_passed_from_the_command_line(
    told: Told, said: Said, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing must come first." in said("connect", "gates", "Shop")[1]
    monkeypatch.setattr(till, "INFO", gated_info())
    described = told("connect", "source", "till", "--describe")[1]
    assert [each["name"] for each in described["gates"]][:2] == ["tax_groups", "scope"]
    arguments = ("connect", "source", "till", "--label", "Two", "--set", "till=T2", "--secret", "code=env:CODE")
    monkeypatch.setenv("CODE", "c")
    status, refused = told(*arguments)
    assert (status != Exit.OK, refused["error"]["code"]) == (True, "gate.closed")
    status, made = told(*arguments, "--passed", "tax_groups", "--starts-on", "2026-03-01")
    assert (status, made["state"]) == (Exit.OK, "connected")
    before = told("connect", "gates", "Two")[1]["gates"]
    assert [each["gate"] for each in before if each["passed"]] == ["tax_groups", "scope"]
    after = told("connect", "gates", "Two", "--passed", "pos_account")[1]["gates"]
    assert [each["gate"] for each in after if each["turn"]] == ["all_matched"]
    status, shown = said("connect", "gates", "Two", "--lang", "fr")
    assert (status, "Préalable pos_account." in shown, "à faire" in shown, "ensuite" in shown) == (
        Exit.OK,
        True,
        True,
        True,
    )
    assert told("connect", "gates", "Two", "--reopen", "pos_account")[1]["gates"][2]["turn"]
