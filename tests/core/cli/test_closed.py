"""``raccord connect closed``: the policy about closed periods, and one answer for a closed month."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import till

from raccord.cli.terminal.exits import Exit
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_pain_12_t1_policy_and_month_are_set_shown_and_acted_on_from_the_command_line(
    told: Told, said: Said, connected: str, realm: str, sandbox: SandboxServer
) -> None:
    closing = httpx.post(
        f"{sandbox.url}/sandbox/companies/{realm}/person/close-books",
        json={"date": "2026-03-31"},
        headers={"Authorization": f"Bearer {sandbox.lab_token}"},
    )
    assert closing.status_code == 200
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-1.00"}]
    assert told("connect", "closed", "Shop")[1]["policy"] == "blocked"
    assert told("connect", "closed", "Shop", "--policy", "ask")[1]["policy"] == "ask"
    plan = told("plan")[1]
    assert (plan["books_closed_on"], plan["closed_policy"]) == ("2026-03-31", "ask")
    status, held = told("holds")
    assert (status, held["questions"]) == (Exit.NEEDS_PERSON, [])
    assert [(each["month"], each["documents"]) for each in held["closed_months"]] == [("2026-03", 1)]
    assert "Mois clos" in said("holds", "--lang", "fr")[1]
    status, answered = told("connect", "closed", "Shop", "--month", "2026-03", "--answer", "leave_out")
    [given] = answered["answers"]
    assert (status, given["month"], given["answer"]) == (Exit.OK, "2026-03", "leave_out")
    assert told("plan")[0] == Exit.OK
    assert told("holds")[1]["closed_months"] == []
    status, shown = said("connect", "closed", "Shop", "--lang", "fr")
    assert (status, "2026-03-31" in shown, "laissé de côté" in shown) == (Exit.OK, True, True)
    assert said("connect", "closed", "Shop", "--month", "2026-03")[0] == Exit.USAGE


def test_a_first_plan_whose_documents_are_all_blocked_is_shown_as_nothing_to_approve(
    told: Told, said: Said, connected: str, realm: str, sandbox: SandboxServer
) -> None:
    httpx.post(
        f"{sandbox.url}/sandbox/companies/{realm}/person/close-books",
        json={"date": "2026-03-31"},
        headers={"Authorization": f"Bearer {sandbox.lab_token}"},
    ).raise_for_status()
    till.ROWS["T1"] = [
        {"stream": "sales", "id": "s1", "day": "2026-03-04", "amount": "1.00"},
        {"stream": "sales", "id": "c1", "day": "2026-03-04", "kind": "customer", "name": "Zoé"},
    ]
    plan = told("plan")[1]
    assert plan["state"] == "waiting", plan
    for language, words in (("fr", "Rien à approuver ; documents bloqués : 1"), ("en", "Nothing to approve")):
        assert words in said("plan", "show", "--lang", language)[1]
    status, refused = said("apply", "--hash", plan["hash"][:12], "--yes", "--lang", "en")
    assert (status, "There is nothing to approve" in refused) == (Exit.FAILED, True)
