"""``raccord connect choose --preview``, ``term`` and ``repost``, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import till
from harness import catalog_of
from till_version import version

from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_pain_15_t2_a_change_is_seen_saved_and_reposted_from_the_command_line(
    told: Told, said: Said, connected: str
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-04", "amount": "10.00"}]
    roles = {each["role"]: each for each in told("connect", "roles", "Shop")[1]["roles"]}
    told("connect", "choose", "Shop", "bank", roles["bank"]["candidates"][0]["id"])
    code = next(each["id"] for each in roles["tax"]["candidates"] if "TVQ" in each["name"])
    told("connect", "choose", "Shop", "tax", code)
    plan = told("plan")[1]
    assert told("apply", "Shop", "--hash", plan["hash"], "--yes")[0] == Exit.OK
    word = ("connect", "term", "Shop", "sale", "Counter", "--from", "2026-03-01")
    status, old = told(*word, "--seen", "another")
    assert (status, old["error"]["code"]) == (Exit.FAILED, "mapping.changed"), "what was read stands no more"
    _, seen = told(*word, "--preview")
    assert (seen["saved"], [each["key"] for each in seen["rewrites"]]) == (False, ["sales/s1"])
    _, saved = told(*word)
    assert saved["saved"] is True
    days = ("--from", "2026-03-01", "--to", "2026-03-31")
    status, shown = said("connect", "repost", "Shop", *days, "--preview", "--lang", "fr")
    assert (status, "Ligne 1, Description – → Counter" in shown) == (Exit.OK, True)
    status, refused = told("connect", "repost", "Shop", *days)
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "cli.not_confirmed")
    _, asked = told("connect", "repost", "Shop", *days, "--yes")
    assert (asked["asked"], asked["kept"]) == (True, [])
    status, plan = told("plan")
    assert (status, plan["groups"][0]["action"], plan["to_send"]) == (Exit.NEEDS_PERSON, "update", 1)
    assert told("connect", "repost", "Shop", "--cancel")[1]["cancelled"] == 1
    assert told("plan")[1]["to_send"] == 0
    income = next(each["id"] for each in roles["income"]["candidates"])
    _, preview = told("connect", "choose", "Shop", "income", income, "--from", "2026-03-01", "--preview")
    assert (preview["saved"], len(preview["rewrites"])) == (False, 1)
    _, shown = said("connect", "choose", "Shop", "income", income, "--from", "2026-03-01")
    assert "1 posted document would say something else" in shown
    assert "from 2026-03-01. What is posted already stays as it is" in shown
    _, saved = told("connect", "choose", "Shop", "income", income, "--from", "2026-03-01")
    assert (saved["saved"], saved["waiting"], len(saved["rewrites"])) == (True, 0, 1)
    assert said("connect", "repost", "Shop")[0] == Exit.USAGE


def test_pain_18_t2_what_another_version_says_otherwise_is_read_with_the_plan(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-04", "amount": "10.00"}]
    assert told("apply", "Shop", "--hash", told("plan")[1]["hash"], "--yes")[0] == Exit.OK
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(version("2.0", "Two")))
    till.ROWS["T1"].append({"stream": "sales", "id": "s2", "day": "2026-03-05", "amount": "11.00"})
    status, plan = told("plan")
    assert (status, plan["mapping_changed"]["records"], plan["to_send"]) == (Exit.NEEDS_PERSON, 1, 1)
    assert plan["mapping_changed"]["examples"] == [
        {"record": "sales/s1", "field": "memo", "before": "", "after": "Two"}
    ]
    assert "Le connecteur a changé (1.0 → 2.0)" in " ".join(said("plan", "show", "Shop", "--lang", "fr")[1].split())
    assert told("apply", "Shop", "--hash", plan["hash"], "--yes")[0] == Exit.OK
    assert "mapping_changed" not in told("plan")[1]
