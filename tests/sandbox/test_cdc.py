from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import write

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
BEFORE = "2026-03-02T07:59:59-08:00"
"""One second before the frozen clock of the tests; what is seeded then is as old as the session."""


def pass_time(books: Books, **step: float) -> None:
    books.server.config.clock.advance(timedelta(**step))


def blocks(books: Books, entities: str, since: str) -> list[dict[str, Any]]:
    answer = books.get("cdc", entities=entities, changedSince=since)
    assert set(answer) == {"CDCResponse", "time"}, answer
    (outer,) = answer["CDCResponse"]
    assert set(outer) == {"QueryResponse"}
    found: list[dict[str, Any]] = outer["QueryResponse"]
    return found


def refused(books: Books, **parameters: str) -> tuple[str, str, str]:
    error = books.get("cdc", **parameters)["Fault"]["Error"][0]
    return error["code"], error["Detail"], error["element"]


def test_each_entity_has_its_block_in_the_order_of_the_request_the_deleted_last(us: Books) -> None:
    gone = us.make("SalesReceipt", us.sale(1))
    kept = us.make("SalesReceipt", us.sale(2))
    person = us.make("Customer", {"DisplayName": "Ada"})
    us.post("salesreceipt", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    vendors, receipts, customers = blocks(us, "Vendor, salesreceipt,Customer,CUSTOMER", BEFORE)
    assert vendors == {}
    stub = {
        "Id": gone["Id"],
        "domain": "QBO",
        "status": "Deleted",
        "MetaData": {"LastUpdatedTime": "2026-03-02T08:00:00-08:00"},
    }
    assert receipts == {"SalesReceipt": [kept, stub], "startPosition": 1, "maxResults": 2, "totalCount": 2}
    assert customers == {"Customer": [person], "startPosition": 1, "maxResults": 1, "totalCount": 1}


def test_voids_and_deactivations_come_as_whole_objects(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(1))
    vendor = us.make("Vendor", {"DisplayName": "Paper"})
    pass_time(us, minutes=1)
    us.deed("void", entity="SalesReceipt", id=receipt["Id"])
    us.deed("deactivate", entity="Vendor", id=vendor["Id"])
    receipts, vendors = blocks(us, "SalesReceipt,Vendor", "2026-03-02T08:01:00-08:00")
    assert receipts["SalesReceipt"][0]["PrivateNote"] == "Voided"
    assert vendors["Vendor"][0]["Active"] is False


@pytest.mark.parametrize(
    ("since", "found"),
    [
        pytest.param("2026-03-02", ["a", "b"], id="a date is the start of the server's day"),
        pytest.param("2026-03-03", [], id="tomorrow"),
        pytest.param("2026-03-02T08:00:00-08:00", ["a", "b"], id="offset, inclusive"),
        pytest.param("2026-03-02T08:00:01-08:00", ["b"], id="a second later"),
        pytest.param("2026-03-02T16:00:01Z", ["b"], id="UTC"),
        pytest.param("2026-03-02T17:00:01+0100", ["b"], id="offset without colon"),
        pytest.param("2026-03-02T08:00:01", ["b"], id="no offset is the server's zone"),
        pytest.param("2026-03-02T08:00:00.001-08:00", ["b"], id="milliseconds, as the envelope writes them"),
        pytest.param("2026-03-02T08:10-08:00", ["b"], id="minutes"),
        pytest.param("2026-03-02T08:10:01-08:00", [], id="after all"),
        pytest.param("2026-01-31", ["a", "b"], id="thirty days ago"),
    ],
)
def test_the_look_back_may_be_written_in_every_documented_form(us: Books, since: str, found: list[str]) -> None:
    us.make("Customer", {"DisplayName": "a"})
    pass_time(us, minutes=10)
    us.make("Customer", {"DisplayName": "b"})
    (block,) = blocks(us, "Customer", since)
    assert [doc["DisplayName"] for doc in block.get("Customer", [])] == found


@pytest.mark.parametrize(
    ("entities", "since", "code", "words", "element"),
    [
        ("", "2026-03-01", "2020", "Required parameter entities is missing in the request", "entities"),
        (" , ", "2026-03-01", "2020", "entities", "entities"),
        ("Customer", "", "2020", "changedSince", "changedSince"),
        ("Customer", "yesterday", "2060", "Invalid Date Format : yesterday", "changedSince"),
        ("Customer", "2026-02-30", "2060", "2026-02-30", "changedSince"),
        ("Customer", "2026-03-01T00:00:00 01:00", "2060", "Invalid Date Format", "changedSince"),
        ("Customer", "20260301", "2060", "20260301", "changedSince"),
        ("Unicorn", "2026-03-01", "2000", "Unicorn", "Unicorn"),
        ("Customer,TaxCode", "2026-03-01", "500", "cdc of TaxCode", ""),
        ("TaxRate", "2026-03-01", "500", "cdc of TaxRate", ""),
        ("TaxAgency", "2026-03-01", "500", "cdc of TaxAgency", ""),
        (
            "Customer", "2026-01-30", "500",
            "Operation cdc with changedSince date 2026-01-30 which is older than fixed days is not supported.", "",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(
    us: Books, entities: str, since: str, code: str, words: str, element: str
) -> None:
    found = refused(us, entities=entities, changedSince=since)
    assert (found[0], found[2]) == (code, element)
    assert words in found[1]


def test_an_answer_holds_a_thousand_objects_over_all_entities_or_per_entity_by_switch(us: Books) -> None:
    table = us.company.table("SalesReceipt")
    model = us.make("SalesReceipt", us.sale(1))
    for number in range(1100):
        table.put({**model, "Id": str(10**6 + number), "DocNumber": f"P{number}"})
    us.make("Customer", {"DisplayName": "Ada"})
    receipts, customers = blocks(us, "SalesReceipt,Customer", BEFORE)
    assert (receipts["maxResults"], len(receipts["SalesReceipt"])) == (1000, 1000)
    assert "totalCount" not in receipts
    assert customers == {}
    customers, receipts = blocks(us, "Customer,SalesReceipt", BEFORE)
    assert (customers["maxResults"], receipts["maxResults"]) == (1, 999)
    us.here("POST", "switches", cdc_limit_per_entity=True)
    receipts, customers = blocks(us, "SalesReceipt,Customer", BEFORE)
    assert (receipts["maxResults"], customers["maxResults"]) == (1000, 1)


def test_deletions_count_towards_the_thousand_and_are_kept_apart_by_time(us: Books) -> None:
    for _ in range(3):
        made = us.make("SalesReceipt", us.sale(1))
        us.post("salesreceipt", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
        pass_time(us, minutes=19)
    (block,) = blocks(us, "SalesReceipt", "2026-03-02T08:19:00-08:00")
    assert [doc["status"] for doc in block["SalesReceipt"]] == ["Deleted", "Deleted"]
    times = [doc["MetaData"]["LastUpdatedTime"][11:16] for doc in block["SalesReceipt"]]
    assert times == ["08:19", "08:38"]


def test_a_snapshot_brings_deletions_back_too(us: Books) -> None:
    first, second = us.make("SalesReceipt", us.sale(1)), us.make("SalesReceipt", us.sale(2))
    us.deed("delete", entity="SalesReceipt", id=first["Id"])
    us.here("POST", "snapshots", name="one")
    us.deed("delete", entity="SalesReceipt", id=second["Id"])
    us.here("POST", "snapshots/one/restore")
    (block,) = blocks(us, "SalesReceipt", BEFORE)
    assert [(doc["Id"], doc.get("status")) for doc in block["SalesReceipt"]] == [
        (second["Id"], None), (first["Id"], "Deleted"),
    ]  # fmt: skip


def test_deletions_survive_a_restart_and_a_restore(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=("us",))
    store = Store(config)
    company = store.of_template("us")
    item = next(iter(company.table("Item")))
    detail = {"ItemRef": {"value": item["Id"]}}
    body = {"Line": [{"Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}]}
    made = write(company, KINDS["SalesReceipt"], body, Operation.CREATE)
    write(company, KINDS["SalesReceipt"], {"Id": made["Id"], "SyncToken": "0"}, Operation.DELETE)
    company.flush()
    store.snapshot(company, "with")
    kept = list(company.deletions)
    store.restore(company, "with")
    store.close()
    again = Store(config)
    assert [one.id for one in kept] == [made["Id"]]
    assert list(again.of_template("us").deletions) == kept
    again.close()
