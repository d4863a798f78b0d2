"""``raccord rules``: rules for bank lines are made, tried, ordered, carried out and removed from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import till
from sqlalchemy import select

from raccord.cli.terminal.exits import Exit
from raccord.store.database import Database
from raccord.store.models import Hold
from raccord.sync.lines.line_answers import LEARNED

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def learn_of(shop: Path, account: str) -> None:
    """Put beside the open question what earlier answers say of its line."""
    database = Database(f"sqlite:///{shop / 'app.db'}")
    with database.begin() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        example = {"connection_id": hold.connection_id, "key": "bank/b0", "day": "2026-02-03", "text": "LOYER",
                   "amount": "-40.00", "kind": "", "document": ""}  # fmt: skip
        learned = {"kind": "category", "account": "1", "name": account, "confidence": 970, "examples": [example]}
        hold.params = {**hold.params, LEARNED: learned}
    database.dispose()


def test_rules_are_made_tried_and_carried_out_from_the_command_line(
    told: Told, said: Said, chosen: str, tmp_path: Path, shop: Path
) -> None:
    till.ROWS["T1"] = [
        {"stream": "bank", "id": f"b{place}", "day": "2026-03-04", "amount": amount, "memo": memo}
        for place, (amount, memo) in enumerate([("-3.75", "CAFÉ OLIMPICO"), ("-40.00", "Loyer"), ("-9.00", "CAFE")], 1)
    ]
    told("plan")
    receipt = tmp_path / "reçu.pdf"
    receipt.write_bytes(b"%PDF-1.7")
    assert told("holds", "attach", "bank/b3", str(receipt))[1]["attached"] == "reçu.pdf"
    assert "“other.pdf”" in said("holds", "detach", "bank/b3", "other.pdf")[1]
    expenses = [each for each in told("connect", "roles", "Shop")[1]["roles"] if each["role"] == "fees"]
    meals, rent = [each["name"] for each in expenses[0]["candidates"]][:2]
    assert told("holds", "answer", "bank/b3", "--account", rent)[0] == Exit.OK
    assert told("holds", "detach", "bank/b3", "reçu.pdf")[1]["detached"] == "reçu.pdf", "answered, and not posted"
    cafe = ("--text", "cafe", "--category", meals)
    status, effect = told("rules", "try", *cafe)
    assert (status, effect["changed"], effect["waiting"], effect["against"]) == (Exit.OK, 1, 1, 1)
    assert [each["key"] for each in effect["examples"]["against"]] == ["bank/b3"]
    shown = said("rules", "try", *cafe, "--lang", "fr")[1]
    assert "En attente, qui changeraient : 1. Déjà répondues, laissées telles quelles : 1" in " ".join(shown.split())
    assert rent[:10] in shown
    assert told("rules", "list")[1]["rules"] == []

    status, made = told("rules", "add", "Cafés", *cafe, "--direction", "out", "--amount", "under:5")
    assert (status, made["place"], made["mode"]) == (Exit.OK, 1, "propose")
    splits = ("--split", f"{meals}=30%", "--split", rent)
    told("rules", "add", "Loyer", "--text", "word:loyer", *splits, "--from", "2026-03-01")
    assert told("rules", "order", "loyer", "1")[1]["place"] == 1
    assert [each["name"] for each in told("rules")[1]["rules"]] == ["Loyer", "Cafés"]
    shown = said("rules")[1]
    assert "Cafés" in shown
    off = told("rules", "off", "Loyer")[1]
    assert (off["place"], off["version"], off["mode"], off["enabled"]) == (1, 2, "propose", False)
    assert told("rules", "on", "1")[1]["enabled"] is True
    assert told("rules", "change", "Cafés", "--amount", "between:1:4")[1]["version"] == 2
    assert told("rules", "apply", "Cafés")[1]["mode"] == "apply"
    assert told("rules", "try", "Cafés")[1]["goes"] == 1
    kept = told("rules", "show", "cafes")[1]
    assert [each["mode"] for each in kept["versions"]] == ["apply", "propose", "propose"]
    [condition] = kept["body"]["conditions"]
    assert (condition["on"], condition["upto"]) == ("amount", "4"), (
        "the conditions that are given take the others' place"
    )

    told("apply", "--hash", told("plan")[1]["hash"], "--yes")
    status, found = told("audit", "why", "bank/b1")
    assert (found["documents"][0]["rule"]["name"], found["documents"][0]["rule"]["version"]) == ("Cafés", 3)
    assert "Cafés (v3, " in said("audit", "why", "bank/b1")[1]
    [question] = told("holds")[1]["questions"]
    assert question["key"] == "bank/b2", "a rule that proposes answers nothing"
    rule = question["rule"]
    assert (rule["name"], rule["version"], rule["waits_because"], question["suggested"]) == ("Loyer", 3, None, None)
    assert meals in rule["says"]["en"]
    assert "[« Loyer » v3]" in said("holds")[1]
    told("rules", "apply", "Loyer")
    told("rules", "change", "Loyer", "--split", f"{meals}=50,00", "--split", rent)
    [question] = told("holds")[1]["questions"]
    assert question["rule"]["says"] is None
    assert question["rule"]["waits_because"]["en"].startswith("The rule “Loyer” fits, but: The parts come to")
    shown = " ".join(said("holds")[1].replace("│", " ").split())
    assert ("→" in shown, "“Loyer” fits, but:" in shown) == (False, True)
    told("rules", "off", "Loyer")
    learn_of(shop, rent)
    [question] = told("holds")[1]["questions"]
    assert question["rule"] is None
    assert (question["suggested"]["account_name"], question["suggested"]["confidence"]) == (rent, 970)
    assert f"→ {rent} 97.0 % · 2026-02-03" in " ".join(said("holds")[1].replace("│", " ").split())
    assert told("rules", "propose", "Cafés")[1]["mode"] == "propose"
    assert told("rules", "remove", "Cafés")[1]["removed"] is True
    assert said("rules", "off", "Cafés")[0] == Exit.FAILED
    for wrong in (("--text", "x"), ("--amount", "cheap", "--exclude", "x"), (*cafe, "--exclude", "x")):
        assert said("rules", "add", "Z", *wrong)[0] == Exit.FAILED
