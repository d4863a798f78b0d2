"""Switches whose rules have no other place."""

from __future__ import annotations

from datetime import timedelta
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


def test_a_request_id_may_be_forgotten_after_some_hours(us: Books) -> None:
    us.here("POST", "switches", requestid_hours=24)
    first = us.make("Customer", {"DisplayName": "Ada"}, requestid="r1")
    batch = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Department": {"Name": "North"}}]}
    us.post("batch", batch, requestid="b1")
    us.company.clock.advance(timedelta(hours=23))
    assert us.make("Customer", {"DisplayName": "Ada"}, requestid="r1") == first, "told again"
    us.company.clock.advance(timedelta(hours=1))
    us.refuse("customer", {"DisplayName": "Ada"}, "6240", requestid="r1")
    (answer,) = us.post("batch", batch, requestid="b1")["BatchItemResponse"]
    assert answer["Fault"]["Error"][0]["code"] == "6240", "it executes again, and the name is taken"


def test_a_stale_token_may_be_told_before_references_are_looked_up(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(5))
    stale = {"Id": made["Id"], "SyncToken": "7", "sparse": True, "CustomerRef": {"value": "999999"}}
    us.refuse("salesreceipt", stale, "2500")
    us.here("POST", "switches", stale_before_references=True)
    us.refuse("salesreceipt", stale, "5010")
