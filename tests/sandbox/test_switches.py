"""Switches whose rules have no other place."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


@pytest.mark.parametrize(
    ("entity", "name", "key"),
    [
        ("Customer", "DisplayName", "Ada"),
        ("Department", "Name", "North"),
        ("PaymentMethod", "Name", "Barter"),
    ],
)
def test_a_name_made_inactive_may_keep_itself(us: Books, entity: str, name: str, key: str) -> None:
    us.here("POST", "switches", deleted_suffix=False)
    made = us.make(entity, {name: key})
    assert us.deed("deactivate", entity=entity, id=made["Id"])[name] == key
    us.refuse(entity.lower(), {name: key}, "6240")
    us.deed("reactivate", entity=entity, id=made["Id"])
    us.here("POST", "switches", deleted_suffix=True)
    assert us.deed("deactivate", entity=entity, id=made["Id"])[name] == f"{key} (deleted)"
    us.make(entity, {name: key})


def test_a_short_delete_may_be_refused(us: Books) -> None:
    body = {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 5, "TxnDate": "2026-03-01"}
    first, second = us.make("Transfer", body), us.make("Transfer", body)
    us.here("POST", "switches", short_delete_body=False)
    token = {"Id": first["Id"], "SyncToken": "0"}
    error = us.refuse("transfer", token, "2020", operation="delete")
    assert error["element"] == "FromAccountRef"
    assert us.post("transfer", {**body, **token}, operation="delete")["Transfer"]["status"] == "Deleted"
    us.here("POST", "switches", short_delete_body=True)
    gone = us.post("transfer", {"Id": second["Id"], "SyncToken": "0"}, operation="delete")
    assert gone["Transfer"]["status"] == "Deleted"
