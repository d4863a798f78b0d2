"""Batches: one answer for each item, whatever comes back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from raccord.quickbooks import BatchItem, BatchQuery, Cause, Operation, QuickBooks, RefusedError, RetryClass, Uncertain
from raccord.quickbooks.batch import envelope


def _item(id: str = "c1", payload: str = '{"DisplayName":"A"}') -> BatchItem:
    return BatchItem(id, Operation.CREATE, "Customer", payload)


def test_the_envelope_holds_the_items_text_unchanged() -> None:
    body = envelope(
        [
            _item("c1", '{"Balance":1.10,"Note":"é \\"x\\""}'),
            BatchItem("u1", Operation.UPDATE, "CreditCardPayment", b'{"Id":"1"}', options="void"),
            BatchQuery("q1", "select * from Term where Name = 'O\\'Hare'"),
        ]
    )
    assert '{"Balance":1.10,"Note":"é \\"x\\""}'.encode() in body
    assert json.loads(body, parse_float=Decimal) == {
        "BatchItemRequest": [
            {"bId": "c1", "operation": "create", "Customer": {"Balance": Decimal("1.10"), "Note": 'é "x"'}},
            {"bId": "u1", "operation": "update", "optionsData": "void", "CreditCardPaymentTxn": {"Id": "1"}},
            {"bId": "q1", "Query": "select * from Term where Name = 'O\\'Hare'"},
        ]
    }


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "1 to 30"),
        ([_item(str(number)) for number in range(31)], "1 to 30"),
        ([_item("a"), _item("a")], "same id"),
        ([_item("x" * 11)], "1 to 10 characters"),
        ([_item("a", "[]")], "not one JSON object"),
    ],
)
def test_a_batch_that_quickbooks_would_refuse_whole_is_refused_here(items: list[BatchItem], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        envelope(items)


def test_each_item_gets_its_own_answer_in_the_order_asked(books: QuickBooks, server: Any, kit: Any) -> None:
    error = {"Message": "Stale Object Error", "Detail": "d", "code": "5010", "element": ""}
    server.answer(
        kit.say(
            {
                "BatchItemResponse": [
                    {"bId": "q1", "QueryResponse": {"Term": [{"Id": "3"}], "startPosition": 1, "maxResults": 1}},
                    {"bId": "u1", "Fault": {"type": "ValidationFault", "Error": [error]}},
                    {"bId": "c1", "Customer": {"Id": "90"}},
                ]
            }
        )
    )
    update = BatchItem("u1", Operation.UPDATE, "Invoice", '{"Id":"1"}')
    made, stale, terms, forgotten = books.batch([_item(), update, BatchQuery("q1", "q"), _item("c2")], "req-1")
    assert (made.ok, made.value) == (True, {"Id": "90"})
    assert (stale.ok, stale.faults[0].cause, stale.faults[0].tid) == (False, Cause.STALE, "tid-1")
    assert (terms.rows, terms.ok) == (({"Id": "3"},), True)
    assert (forgotten.ok, forgotten.faults[0].retry) == (False, RetryClass.UNCERTAIN)
    assert server.asked[0].params == {"minorversion": "75", "requestid": "req-1"}


@pytest.mark.parametrize("answer", [{}, {"BatchItemResponse": None}, {"BatchItemResponse": [{"bId": "c1"}, 5]}])
def test_an_answer_that_leaves_items_out_leaves_them_open(
    books: QuickBooks, server: Any, kit: Any, answer: Any
) -> None:
    server.answer(kit.say(answer))
    (only,) = books.batch([_item()], "req-1")
    assert only.faults[0].retry is RetryClass.UNCERTAIN


def test_a_batch_refused_whole_executed_nothing(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("1040", "Batch size exceeds limit"))
    with pytest.raises(RefusedError) as caught:
        books.batch([_item()], "req-1")
    assert caught.value.cause is Cause.TOO_LARGE


def test_a_batch_with_writes_and_a_lost_answer_is_uncertain(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(cut="before"))
    with pytest.raises(Uncertain, match="batch batch, request req-1"):
        books.batch([BatchQuery("q", "q"), _item()], "req-1")
    assert len(server.asked) == 1


def test_a_batch_of_questions_alone_is_asked_again(books: QuickBooks, server: Any, kit: Any) -> None:
    answer = {"BatchItemResponse": [{"bId": "q", "QueryResponse": {}}]}
    server.answer(kit.reply(cut="before"), kit.say(answer))
    (only,) = books.batch([BatchQuery("q", "select * from Term")], "")
    assert (only.ok, only.rows) == (True, ())
    assert server.asked[1].params == {"minorversion": "75"}


@pytest.mark.parametrize("request_id", ["", "x" * 37])
def test_a_batch_of_writes_needs_a_request_id_of_at_most_36_characters(
    books: QuickBooks, server: Any, request_id: str
) -> None:
    with pytest.raises(ValueError, match="1 to 36"):
        books.batch([_item()], request_id)
    assert server.asked == []


def test_throttling_of_one_item_pauses_the_company(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    error = {"Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429", "code": "3001"}
    server.answer(
        kit.say({"BatchItemResponse": [{"bId": "c1", "Fault": {"Error": [error]}}]}), kit.say({"Preferences": {}})
    )
    (only,) = books.batch([_item()], "req-1")
    assert only.faults[0].retry is RetryClass.AFTER_PAUSE
    books.preferences()
    assert clock.elapsed_ms() == 60_000
