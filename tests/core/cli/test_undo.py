"""``raccord undo``, ``statements`` and ``holds release`` as a person at the keyboard uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import till

Told = Callable[..., tuple[int, Any]]


def test_a_run_is_undone_and_posted_again_from_the_command_line(told: Told, said: Told, chosen: str) -> None:
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-0{number}", "amount": f"{number}0.00"}
        for number in (1, 2)
    ]
    told("plan", "Shop")
    _, plan = told("plan", "show", "Shop")
    _, run = told("apply", "Shop", "--hash", plan["hash"], "--yes")

    status, answer = told("undo", "--run", "no-such-run")
    assert (status, answer["error"]["code"]) == (1, "undo.unknown")
    assert told("undo")[1]["error"]["code"] == "undo.what"
    assert told("undo", "--record", "s1")[1]["error"]["code"] == "undo.unknown"
    assert told("undo", "--document", "SalesReceipt:99999")[1]["error"]["code"] == "undo.unknown"

    _, accounts = told("statements")
    bank = next(each for each in accounts["accounts"])
    assert told("statements", "declare", bank["name"], "--through", "2026-01-31")[0] == 0
    assert told("statements")[1]["accounts"][0]["through"] == "2026-01-31"
    assert told("statements", "declare", bank["name"], "--through", "2999-01-31")[1]["error"]["code"] == "statement.day"
    assert told("statements", "withdraw", bank["name"])[0] == 0
    assert told("statements", "withdraw", bank["name"])[1]["error"]["code"] == "statement.none"

    status, one = told("undo", "--record", "sales/s1")
    assert (status, one["to_send"], one["state"]) == (3, 1, "waiting")
    (line,) = one["lines"]
    assert (line["action"], line["before"]["Id"], line["amount"]) == ("delete", line["document"], -10)
    assert told("undo", "--everything", "--run", run["run"])[1]["error"]["code"] == "undo.what"
    status, whole = told("undo", "--everything", "Shop")
    assert (status, whole["to_send"], {each["action"] for each in whole["lines"]}) == (3, 2, {"delete"})
    status, everything = told("undo", "--run", run["run"])
    assert (status, everything["to_send"]) == (3, 2), "the plan before is set aside"
    status, shown = said("plan", "show", "Shop", "--lines")
    assert "before: {" in shown
    status, undone = told("apply", "Shop", "--hash", everything["hash"], "--yes")
    assert (status, undone["state"]) == (0, "done")

    _, waiting = told("holds")
    assert {each["code"] for each in waiting["questions"]} == {"undo.undone"}
    _, why = told("audit", "why", "sales/s1")
    found = why["documents"][0]
    assert found["state"] == "undone"
    assert [(write["operation"], bool(write["approved_by"])) for write in found["writes"]] == [
        ("create", True),
        ("delete", True),
    ]
    _, log = told("audit", "log")
    assert {"undo.requested", "statement.declared"} <= {each["action"] for each in log["entries"]}

    first, second = (each["hold"] for each in waiting["questions"])
    assert told("holds", "release", first)[0] == 0
    assert told("holds", "skip", second, "--why", "entered twice at the till")[0] == 0
    assert told("holds", "release", first)[1]["error"]["code"] == "hold.unknown"
    assert told("sync", "Shop")[1]["runs"][0]["written"] == 1
    assert told("holds")[1]["total"] == 0
