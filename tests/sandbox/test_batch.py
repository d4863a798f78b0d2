from __future__ import annotations

from typing import Any

import pytest

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


ITEMS = (
    ("no bId", {"operation": "create", "Customer": {"DisplayName": "x"}}, "2020"),
    ("an empty bId", {"bId": "", "operation": "create", "Customer": {"DisplayName": "x"}}, "2020"),
    ("no operation", {"bId": "1", "Customer": {"DisplayName": "x"}}, "2020"),
    ("an unknown operation", {"bId": "1", "operation": "dance", "Customer": {"DisplayName": "x"}}, "2170"),
    ("void as an operation", {"bId": "1", "operation": "void", "Invoice": {"Id": "1", "SyncToken": "0"}}, "500"),
    ("send as an operation", {"bId": "1", "operation": "send", "Invoice": {"Id": "1"}}, "500"),
    ("merge as an operation", {"bId": "1", "operation": "merge", "Vendor": {"Id": "1"}}, "500"),
    ("revert as an operation", {"bId": "1", "operation": "revert", "Vendor": {"Id": "1"}}, "500"),
    ("an operation of another entity", {"bId": "1", "operation": "delete", "Customer": {"Id": "1"}}, "500"),
    ("no object", {"bId": "1", "operation": "create"}, "2000"),
    ("an unknown object", {"bId": "1", "operation": "create", "Unicorn": {}}, "2000"),
    ("a report", {"bId": "1", "ReportQuery": {"ReportQuery": "TrialBalance"}}, "2000"),
    ("two objects", {"bId": "1", "operation": "create", "Customer": {}, "Vendor": {}}, "2600"),
    ("an object and a query", {"bId": "1", "Query": "select * from Term", "Vendor": {}}, "2600"),
    ("an object that is no object", {"bId": "1", "operation": "create", "Customer": []}, "2010"),
    ("a bad query", {"bId": "1", "Query": "select"}, "4000"),
    ("a query of nothing", {"bId": "1", "Query": ""}, "4000"),
    ("changes of nothing", {"bId": "1", "CDCQuery": {}}, "2020"),
    ("changes that are no object", {"bId": "1", "CDCQuery": "Invoice"}, "2010"),
    ("a missing object", {"bId": "1", "operation": "update", "Customer": {"Id": "999999", "SyncToken": "0"}}, "610"),
)


@pytest.mark.parametrize(("what", "item", "found"), ITEMS, ids=[row[0] for row in ITEMS])
def test_a_bad_item_is_a_fault_among_good_answers(us: Books, what: str, item: dict[str, Any], found: str) -> None:
    good = create("good", "Good")
    answer = us.http.post(f"{us.base}/batch", json={"BatchItemRequest": [item, good]})
    assert answer.status_code == 200
    first, second = answer.json()["BatchItemResponse"]
    assert code(first) == found
    assert first["Fault"]["type"] == "ValidationFault"
    assert second["Customer"]["DisplayName"] == "Good"


@pytest.mark.parametrize(
    ("body", "found"),
    [({}, "2020"), ({"BatchItemRequest": []}, "2020"), ({"BatchItemRequest": {}}, "2020"), ([], "2020"),
     ({"BatchItemRequest": ["x"]}, "2010")],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused_whole(us: Books, body: Any, found: str) -> None:
    us.refuse("batch", body, found)


def test_closed_books_and_stale_tokens_strike_single_items(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(5))
    us.deed("close-books", date="2026-02-28")
    items = [
        {"bId": "1", "operation": "create", "SalesReceipt": us.sale(5, TxnDate="2026-02-01")},
        {"bId": "2", "operation": "update", "SalesReceipt": {"Id": made["Id"], "SyncToken": "7", "sparse": True}},
        {"bId": "3", "operation": "create", "SalesReceipt": us.sale(5, TxnDate="2026-03-01")},
        {"bId": "4", "operation": "delete", "SalesReceipt": {"Id": made["Id"], "SyncToken": "0"}},
    ]
    first, second, third, fourth = us.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert (code(first), code(second)) == ("6200", "5010")
    assert "Id" in third["SalesReceipt"]
    assert fourth["SalesReceipt"]["status"] == "Deleted"


def test_changes_can_be_asked_for_in_a_batch(us: Books) -> None:
    us.make("Customer", {"DisplayName": "Ada"})
    query = {"Entities": "Customer,Vendor", "ChangedSince": "2026-03-02"}
    (answer,) = us.post("batch", {"BatchItemRequest": [{"bId": "1", "CDCQuery": query}]})["BatchItemResponse"]
    customers, vendors = answer["CDCResponse"][0]["QueryResponse"]
    assert (customers["maxResults"], vendors) == (1, {})


def test_a_batch_answers_a_thousand_objects_at_most(us: Books) -> None:
    table = us.company.table("Customer")
    model = us.make("Customer", {"DisplayName": "Ada"})
    for number in range(700):
        table.put({**model, "Id": str(10**6 + number), "DisplayName": f"c{number}"})

    def query(number: str, most: int) -> dict[str, str]:
        return {"bId": number, "Query": f"select * from Customer maxresults {most}"}  # noqa: S608  # the language under test

    items = [query("1", 600), query("2", 600), query("3", 400), query("4", 1)]
    answers = us.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert ["QueryResponse" in answer for answer in answers] == [True, False, True, False]
    assert code(answers[1]) == "10100"


def test_the_items_of_a_batch_are_replayed_one_by_one(us: Books) -> None:
    first = us.post("batch", {"BatchItemRequest": [create("1", "One"), create("2", "one")]}, requestid="b1")
    one, refused = first["BatchItemResponse"]
    assert code(refused) == "6240"
    # The first item is answered as before whatever it holds; the refused one is tried again, a new one is executed.
    items = [create("1", "Other"), create("2", "Two"), create("3", "Three")]
    again = us.post("batch", {"BatchItemRequest": items}, requestid="b1")["BatchItemResponse"]
    assert again[0] == one
    assert [item["Customer"]["DisplayName"] for item in again] == ["One", "Two", "Three"]
    elsewhere = us.post("batch", {"BatchItemRequest": [create("1", "Fourth")]}, requestid="b2")["BatchItemResponse"]
    assert elsewhere[0]["Customer"]["DisplayName"] == "Fourth"
    assert us.query("select count(*) from Customer") == {"totalCount": 4}


def test_ten_characters_of_an_items_id_count_and_thirty_six_of_the_batch(us: Books) -> None:
    long = [create("0123456789a", "One"), create("0123456789b", "Two")]
    one, two = us.post("batch", {"BatchItemRequest": long}, requestid="b" * 36)["BatchItemResponse"]
    assert (one["bId"], two["bId"]) == ("0123456789a", "0123456789b")
    assert one["Customer"] == two["Customer"]
    us.refuse("batch", {"BatchItemRequest": long}, "2130", requestid="b" * 37)


def test_refused_items_are_replayed_where_a_switch_says_so_and_queries_never(us: Books) -> None:
    us.here("POST", "switches", replay_faulted_answers=True)
    items = [create("1", ""), {"bId": "2", "Query": "select count(*) from Customer"}]
    first = us.post("batch", {"BatchItemRequest": items}, requestid="b1")["BatchItemResponse"]
    us.make("Customer", {"DisplayName": "Ada"})
    again = us.post("batch", {"BatchItemRequest": [create("1", "Now"), items[1]]}, requestid="b1")["BatchItemResponse"]
    assert again[0] == first[0]
    assert (first[1]["QueryResponse"], again[1]["QueryResponse"]) == ({"totalCount": 0}, {"totalCount": 1})


def test_items_can_be_throttled_inside_a_good_answer(us: Books) -> None:
    us.lab("POST", "faults", effect="throttle_items", path="batch")
    items = [create("1", "One"), create("2", "Two"), create("3", "Three")]
    answers = us.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert "Customer" in answers[0]
    assert [code(answer) for answer in answers[1:]] == ["3001", "3001"]
    assert us.query("select count(*) from Customer") == {"totalCount": 1}
