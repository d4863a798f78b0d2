"""How everything stands, on one screen, and a message to try the mail server with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import till

from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_authorisation_readings_and_sources_are_shown_and_messages_can_be_tried(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    status, answer = told("status")
    assert (status, answer["incidents"]) == (Exit.OK, [])
    [company] = answer["companies"]
    assert company["days_left"] >= 99
    assert sum(company["readings"].values()) == answer["readings"]["used"] > 5
    assert {"books", "person"} <= set(company["readings"])
    assert company["writes"] > 0
    assert (answer["readings"]["limit"], answer["readings"]["state"]) == (500_000, "well")
    [source] = company["sources"]
    assert (source["connection"], source["state"], source["freshness"]) == ("Shop", "connected", "")
    assert source["last_run"] is not None
    monkeypatch.setenv("RACCORD_QUICKBOOKS_READS_PER_MONTH", "0")
    shown = said("status", "--lang", "fr")[1]
    assert "sur ∞" in shown
    assert "Aucun incident." in shown
    assert told("status", "--try-mail", "a@b.test")[1]["error"]["code"] == "alarm.no_server"
    monkeypatch.setenv("RACCORD_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("RACCORD_SMTP_PORT", "9")
    status, answer = told("status", "--try-mail", "a@b.test")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "alarm.not_sent")
    assert told("people", "language", "a@b.test", "en")[1]["error"]["code"] == "people.unknown"
