"""Tokens of the JSON API from the command line: made, shown once, listed and revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.people import RoleName
from raccord.store.database import Database
from raccord.store.models import Company


def test_a_token_is_made_listed_and_revoked(
    shop: Path, told: Callable[..., tuple[int, Any]], said: Callable[..., tuple[int, str]]
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    database = Database(f"sqlite:///{shop / 'app.db'}")
    with database.begin() as session:
        company = Company(environment="sandbox", realm="77", name="Boutique", created_at=now)
        person = new_person("bea@example.ca", "Bea", "", now, "test")
        session.add_all([company, person])
        session.flush()
        give_role(session, person, company.id, RoleName.BOOKKEEPER, "test", now)
    database.dispose()

    assert told("tokens", "create", "bea@example.ca", "till", "--scope", "own")[1]["error"]["code"] == (
        "people.token_too_far"
    )
    assert told("tokens", "create", "eve@example.ca", "till")[1]["error"]["code"] == "people.unknown"
    status, made = told("tokens", "create", "bea@example.ca", "till", "--scope", "write")
    assert (status, made["token"]["scope"], made["token"]["works"]) == (0, "write", True)
    listed = told("tokens")[1]["tokens"]
    assert [(each["name"], each["company"], each["revoked_at"]) for each in listed] == [("till", "Boutique", None)]
    assert made["secret"] not in said("tokens")[1]
    assert told("tokens", "revoke", made["token"]["id"])[0] == 0
    assert told("tokens")[1]["tokens"][0]["works"] is False
    assert "over" in said("tokens")[1]
    assert told("tokens", "revoke", "x")[1]["error"]["code"] == "people.token_unknown"
