from __future__ import annotations

from typing import Any

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def create(number: str, name: str) -> dict[str, Any]:
    return {"bId": number, "operation": "create", "Customer": {"DisplayName": name}}


def code(item: dict[str, Any]) -> str:
    found: str = item["Fault"]["Error"][0]["code"]
    return found


def test_items_are_independent_and_answered_in_order(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    token = {"Id": receipt["Id"], "SyncToken": "0"}
    items = [
        create("a", "One"),
        create("b", "one"),
        {"bId": "c", "Query": "select count(*) from Customer"},
        {"bId": "d", "operation": "update", "SalesReceipt": {**token, "sparse": True, "PrivateNote": "x"}},
        {"bId": "e", "operation": "delete", "SalesReceipt": {"Id": receipt["Id"], "SyncToken": "1"}},
        {"bId": "f", "operation": "dance", "Customer": {}},
        {"bId": "g", "operation": "create", "Unicorn": {}},
        create("a", "Two"),
        create("", "Three"),
    ]
    answers = us.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert [item["bId"] for item in answers] == ["a", "b", "c", "d", "e", "f", "g", "a", ""]
    assert answers[0]["Customer"]["DisplayName"] == "One"
    assert answers[2]["QueryResponse"] == {"totalCount": 1}
    assert answers[3]["SalesReceipt"]["PrivateNote"] == "x"
    assert answers[4]["SalesReceipt"]["status"] == "Deleted"
    assert [code(answers[place]) for place in (1, 5, 6, 7, 8)] == ["6240", "2170", "2000", "2010", "2020"]


def test_thirty_items_are_the_most(us: Books) -> None:
    thirty = [create(str(number), f"c{number}") for number in range(30)]
    us.refuse("batch", {"BatchItemRequest": [*thirty, create("31", "too many")]}, "1040")
    assert len(us.post("batch", {"BatchItemRequest": thirty})["BatchItemResponse"]) == 30


def test_options_void_and_allow_duplicate_numbers(quebec: Books) -> None:
    made = quebec.make("SalesReceipt", quebec.sale(5, "N1"))
    twin = {"operation": "create", "SalesReceipt": quebec.sale(6, "N1")}
    void = {"operation": "update", "optionsData": "void", "SalesReceipt": {"Id": made["Id"], "SyncToken": "0"}}
    items = [{"bId": "1", **twin}, {"bId": "2", "optionsData": "allowduplicatedocnum", **twin}, {"bId": "3", **void}]
    first, second, third = quebec.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert code(first) == "6140"
    assert second["SalesReceipt"]["DocNumber"] == "N1"
    assert third["SalesReceipt"]["PrivateNote"] == "Voided"


def test_a_request_id_replays_its_first_answer_whatever_the_body(us: Books) -> None:
    first = us.post("salesreceipt", us.sale(5), requestid="r-1")
    again = us.post("salesreceipt", us.sale(99), requestid="r-1")
    assert again == first
    assert us.query("select count(*) from SalesReceipt") == {"totalCount": 1}
    us.refuse("salesreceipt", us.sale(1), "2130", requestid="x" * 51)
    batch = {"BatchItemRequest": [create("1", "Once")]}
    assert us.post("batch", batch, requestid="b-1") == us.post("batch", batch, requestid="b-1")


def test_a_refused_request_is_not_replayed_unless_switched_on(us: Books) -> None:
    us.refuse("salesreceipt", {"Line": []}, "2020", requestid="r-2")
    us.make("SalesReceipt", us.sale(5), requestid="r-2")
    us.here("POST", "switches", replay_faulted_answers=True)
    us.refuse("salesreceipt", {"Line": []}, "2020", requestid="r-3")
    us.refuse("salesreceipt", us.sale(5), "2020", requestid="r-3")


def test_request_ids_can_be_ignored(us: Books) -> None:
    us.here("POST", "switches", ignore_requestid=True)
    us.make("SalesReceipt", us.sale(5, "A"), requestid="r-1")
    us.make("SalesReceipt", us.sale(5, "A"), requestid="r-1")
    log = us.here("GET", "writes", operation="create", entity="SalesReceipt")
    assert log["creates_by_doc_number"] == {"A": 2}
    assert [write["request_id"] for write in log["writes"]] == ["r-1", "r-1"]
