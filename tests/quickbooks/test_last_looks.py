"""What a caller that must never write twice needs of the client: a last look before a write, and how long to wait."""

from __future__ import annotations

from typing import Any

import pytest

from raccord.quickbooks import LOCAL, BatchItem, BatchQuery, Limits, Operation, QuickBooks, Uncertain

BODY = '{"Line":[]}'


class StandAsideError(Exception):
    """Raised by a guard: the write is somebody else's by now."""


def stop() -> None:
    raise StandAsideError


def test_a_guard_stops_every_kind_of_write_before_it_leaves_and_no_reading(
    books: QuickBooks, server: Any, kit: Any
) -> None:
    server.answer(kit.say({"QueryResponse": {}, "BatchItemResponse": []}))
    stopped = books.guarded(stop)
    writes = (
        lambda: stopped.create("Deposit", BODY, "r1"),
        lambda: stopped.update("Deposit", BODY, "r1"),
        lambda: stopped.delete("Deposit", "1", "0", "r1"),
        lambda: stopped.void("Payment", "1", "0", "r1"),
        lambda: stopped.batch([BatchItem("1", Operation.CREATE, "Deposit", BODY)], "r1"),
    )
    for write in writes:
        with pytest.raises(StandAsideError):
            write()
    assert server.asked == []
    assert stopped.query("select * from Deposit") == []
    stopped.batch([BatchQuery("1", "select * from Deposit")], "")
    assert len(server.asked) == 2


def test_a_guard_looks_again_before_a_write_is_repeated(books: QuickBooks, server: Any, kit: Any) -> None:
    looks = iter([None, StandAsideError()])

    def guard() -> None:
        seen = next(looks)
        if seen is not None:
            raise seen

    server.answer(kit.fault("3001", status=429))
    with pytest.raises(StandAsideError):
        books.guarded(guard).create("Deposit", BODY, "r1")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [408, 502, 504])
def test_an_answer_of_somebody_who_stopped_waiting_leaves_the_write_under_way(
    books: QuickBooks, server: Any, kit: Any, status: int
) -> None:
    server.answer(kit.reply(b"<html></html>", status))
    with pytest.raises(Uncertain) as caught:
        books.create("Deposit", BODY, "r1")
    assert caught.value.attempt.under_way_ms == LOCAL.executes_within_ms


@pytest.mark.parametrize("answer", [("10000", 500), ("10000", 503)], ids=["internal error", "unavailable"])
def test_an_error_of_quickbooks_itself_is_its_last_word(
    books: QuickBooks, server: Any, kit: Any, answer: tuple[str, int]
) -> None:
    server.answer(kit.fault(answer[0], status=answer[1]))
    with pytest.raises(Uncertain) as caught:
        books.create("Deposit", BODY, "r1")
    assert caught.value.attempt.under_way_ms == 0


def test_a_write_whose_request_id_still_runs_is_under_way(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("600"))
    with pytest.raises(Uncertain) as caught:
        books.create("Deposit", BODY, "r1")
    assert caught.value.attempt.under_way_ms > 0


def test_a_connection_cut_late_leaves_less_time_to_wait(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    def slow(_request: Any) -> Any:
        clock.sleep_ms(1_500)
        return kit.reply(cut="before")

    server.answer(slow)
    with pytest.raises(Uncertain) as caught:
        books.create("Deposit", BODY, "r1")
    assert caught.value.attempt.under_way_ms == LOCAL.executes_within_ms - 1_500
    assert Limits().executes_within_ms == 125_000


def rows(kind: str, *ids: int) -> dict[str, Any]:
    return {"QueryResponse": {kind: [{"Id": str(each)} for each in ids]}}


def test_many_questions_are_one_request(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(
        kit.say({"BatchItemResponse": [{"bId": "2", **rows("Transfer", 7)}, {"bId": "1", **rows("Deposit", 1, 2)}]})
    )
    found = books.query_each([("Deposit", "TxnDate = '2026-03-02'"), ("Transfer", "TxnDate = '2026-03-02'")])
    assert found == [[{"Id": "1"}, {"Id": "2"}], [{"Id": "7"}]]
    assert len(server.asked) == 1


def test_one_question_needs_no_batch(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.say(rows("Deposit", 1)))
    assert books.query_each([("Deposit", "Id = '1'")]) == [[{"Id": "1"}]]
    assert server.asked[0].path.endswith("/query")


def test_an_answer_that_may_have_been_cut_is_not_believed(books: QuickBooks, server: Any, kit: Any) -> None:
    full = {
        "BatchItemResponse": [
            {"bId": "1", **rows("Deposit", *range(990))},
            {"bId": "2", **rows("Transfer", *range(10))},
        ]
    }
    server.answer(kit.say(full), kit.say(rows("Deposit", *range(995))), kit.say(rows("Transfer", *range(20))))
    found = books.query_each([("Deposit", "x"), ("Transfer", "x")])
    assert [len(each) for each in found] == [995, 20]


def test_a_question_that_failed_in_a_batch_is_asked_by_itself(books: QuickBooks, server: Any, kit: Any) -> None:
    error = {"Message": "m", "Detail": "d", "code": "4002"}
    server.answer(
        kit.say({"BatchItemResponse": [{"bId": "1", **rows("Deposit", 1)}, {"bId": "2", "Fault": {"Error": [error]}}]}),
        kit.say(rows("Transfer", 5)),
    )
    assert books.query_each([("Deposit", "x"), ("Transfer", "x")]) == [[{"Id": "1"}], [{"Id": "5"}]]


def test_questions_are_answered_even_where_batches_fail(books: QuickBooks, server: Any, kit: Any) -> None:
    def only_single(request: Any) -> Any:
        return kit.reply(b"", 503) if request.path.endswith("/batch") else kit.say(rows("Deposit", 1))

    server.answer(only_single)
    assert books.query_each([("Deposit", "x"), ("Deposit", "y")]) == [[{"Id": "1"}], [{"Id": "1"}]]
