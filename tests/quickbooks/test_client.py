"""Reading and writing one company over real HTTP."""

from __future__ import annotations

import gc
from decimal import Decimal
from typing import Any

import httpx
import pytest

from raccord.quickbooks import (
    LOCAL,
    Cause,
    Governor,
    Lane,
    QuickBooks,
    ReauthoriseError,
    RefusedError,
    ThrottledError,
    TokenKeeper,
    TooManyRowsError,
    UnavailableError,
    Uncertain,
    WrongCompanyError,
    local,
)

RECEIPT = b'{"Line":[{"Amount":10.10,"DetailType":"x"}],  "PrivateNote":"caf\xc3\xa9"}'
KEPT = b'{"SalesReceipt":{"Id":"145","SyncToken":"0","TotalAmt":0.1,"Line":[{"Amount":12345678901.23}]},"time":"t"}'


def test_a_write_sends_its_text_byte_for_byte_with_request_id_and_version(
    books: QuickBooks, server: Any, kit: Any
) -> None:
    server.answer(kit.reply(KEPT))
    answer = books.create("SalesReceipt", RECEIPT, "req-1", include="allowduplicatedocnum")
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"/v3/company/{kit.realm}/salesreceipt")
    assert asked.params == {"minorversion": "75", "requestid": "req-1", "include": "allowduplicatedocnum"}
    assert asked.body == RECEIPT
    assert (asked.headers["accept"], asked.headers["content-type"]) == ("application/json", "application/json")
    assert asked.headers["authorization"] == "Bearer access-1"
    assert (answer.tid, answer.status, answer.value["Id"]) == ("tid-1", 200, "145")


def test_amounts_come_back_exact(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(KEPT))
    value = books.update("SalesReceipt", RECEIPT, "req-1").value
    assert value["TotalAmt"] == Decimal("0.1")
    assert value["Line"][0]["Amount"] == Decimal("12345678901.23")
    assert isinstance(value["TotalAmt"], Decimal)


def test_an_answer_is_let_go_as_soon_as_it_is_read(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(KEPT))
    gc.collect()
    gc.disable()
    try:
        # Other tests of this process may keep some of theirs.
        kept = {id(each) for each in gc.get_objects() if isinstance(each, httpx.Response)}
        books.update("SalesReceipt", RECEIPT, "req-1")
        left = [each for each in gc.get_objects() if isinstance(each, httpx.Response) and id(each) not in kept]
        assert not left
    finally:
        gc.enable()


def test_another_success_than_200_is_a_success_too(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(KEPT, 201))
    assert books.create("SalesReceipt", RECEIPT, "req-1").status == 201


@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_a_write_without_a_usable_request_id_is_not_sent(books: QuickBooks, server: Any, request_id: str) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        books.create("Customer", "{}", request_id)
    assert server.asked == []


def test_deleting_and_voiding_follow_the_way_of_each_kind(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(
        kit.say({"Deposit": {"Id": "7", "status": "Deleted"}}),
        kit.say({"Invoice": {"Id": "7"}}),
        kit.say({"Payment": {"Id": "7"}}),
    )
    assert books.delete("Deposit", "7", "2", "r1").value["status"] == "Deleted"
    books.void("Invoice", "7", "2", "r2")
    books.void("Payment", "7", "2", "r3")
    assert [asked.params.get("operation") for asked in server.asked] == ["delete", "void", "update"]
    assert server.asked[2].params["include"] == "void"
    assert server.asked[0].body == b'{"Id": "7", "SyncToken": "2"}'
    assert b'"sparse": true' in server.asked[2].body


def test_what_quickbooks_does_not_offer_is_not_sent(books: QuickBooks, server: Any) -> None:
    with pytest.raises(ValueError, match="does not delete Customer"):
        books.delete("Customer", "1", "0", "r")
    with pytest.raises(ValueError, match="does not void Deposit"):
        books.void("Deposit", "1", "0", "r")
    with pytest.raises(ValueError, match="write TaxCode"):
        books.create("TaxCode", "{}", "r")
    assert server.asked == []


def test_a_statement_travels_as_a_body(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.say({"QueryResponse": {"Customer": [{"Id": "1"}], "startPosition": 1, "maxResults": 1}}))
    statement = r"SELECT * FROM Customer WHERE DisplayName = 'O\'Hare & Fils +'"
    assert books.query(statement) == [{"Id": "1"}]
    (asked,) = server.asked
    assert (asked.body.decode(), asked.headers["content-type"]) == (statement, "application/text")
    assert asked.params == {"minorversion": "75"}


def test_an_empty_query_response_is_no_rows(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.say({"QueryResponse": {}}))
    assert books.query("SELECT * FROM Customer") == []


def _pages(kit: Any, total: int) -> Any:
    def page(asked: Any) -> Any:
        words = asked.body.decode().split()
        start, most = int(words[words.index("STARTPOSITION") + 1]), int(words[-1])
        rows = [{"Id": str(number)} for number in range(start, min(total, start + most - 1) + 1)]
        return kit.say({"QueryResponse": {"Item": rows} if rows else {}})

    return page


@pytest.mark.parametrize(("total", "requests"), [(0, 1), (5, 2), (10, 3), (11, 3)])
def test_all_pages_are_read_once_each(books: QuickBooks, server: Any, kit: Any, total: int, requests: int) -> None:
    server.answer(_pages(kit, total))
    rows = list(books.query_all("Item", "Active = true", page=5))
    assert [row["Id"] for row in rows] == [str(number) for number in range(1, total + 1)]
    assert len(server.asked) == requests


def test_more_rows_than_the_limit_are_an_error_not_a_short_list(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(_pages(kit, 11))
    with pytest.raises(TooManyRowsError, match="more than 10 Item"):
        list(books.query_all("Item", page=5, limit=10))


def test_counting_company_preferences_reports_and_reads(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(
        kit.say({"QueryResponse": {"totalCount": 42}}),
        kit.say({"CompanyInfo": {"Country": "CA"}}),
        kit.say({"Preferences": {"Id": "1"}}),
        kit.say({"Header": {"ReportName": "TrialBalance"}}),
        kit.say({"CreditCardPaymentTxn": {"Id": "3"}}),
    )
    assert books.count("Item") == 42
    assert books.company_info().value == {"Country": "CA"}
    assert books.preferences().value == {"Id": "1"}
    assert books.report("TrialBalance", {"end_date": "2026-01-31"}).value["Header"]["ReportName"] == "TrialBalance"
    assert books.read("CreditCardPayment", "3/../4").value == {"Id": "3"}
    paths = [asked.path.removeprefix(f"/v3/company/{kit.realm}/") for asked in server.asked]
    assert paths == [
        "query",
        f"companyinfo/{kit.realm}",
        "preferences",
        "reports/TrialBalance",
        "creditcardpayment/3%2F..%2F4",
    ]
    assert server.asked[3].params["end_date"] == "2026-01-31"


def test_a_refusal_carries_cause_words_and_correlation_id(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("6240", "Duplicate Name Exists Error", "The name supplied already exists."))
    with pytest.raises(
        RefusedError, match=r"POST /customer with HTTP 400: 6240 Duplicate.*\(intuit_tid tid-1\)"
    ) as caught:
        books.create("Customer", "{}", "r")
    assert caught.value.cause is Cause.DUPLICATE_NAME
    assert len(server.asked) == 1


def test_a_fault_inside_a_200_is_a_refusal(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("4000", "Error parsing query", status=200))
    with pytest.raises(RefusedError) as caught:
        books.query("SELECT")
    assert caught.value.cause is Cause.MALFORMED


GATEWAY_401 = b'{"fault":{"error":[{"message":"m","detail":"Token expired","code":"3200"}],"type":"AUTHENTICATION"}}'
RENEWED = b'{"access_token":"access-2","expires_in":3600,"refresh_token":"refresh-2"}'


def test_a_401_renews_the_token_once_and_sends_the_same_write_again(
    books: QuickBooks, server: Any, store: Any, kit: Any
) -> None:
    server.answer(kit.reply(GATEWAY_401, 401), kit.reply(RENEWED), kit.reply(KEPT))
    assert books.create("SalesReceipt", RECEIPT, "req-1").value["Id"] == "145"
    first, token, second = server.asked
    assert token.path == "/oauth2/v1/tokens/bearer"
    assert (first.params, first.body) == (second.params, second.body)
    assert second.headers["authorization"] == "Bearer access-2"
    assert store.tokens.refresh.reveal() == "refresh-2"


def test_a_second_401_asks_a_person(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(GATEWAY_401, 401), kit.reply(RENEWED), kit.reply(GATEWAY_401, 401))
    with pytest.raises(ReauthoriseError):
        books.company_info()
    assert len(server.asked) == 3


def test_a_dead_grant_ends_the_call_without_a_loop(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(GATEWAY_401, 401), kit.reply(b'{"error":"invalid_grant"}', 400))
    with pytest.raises(ReauthoriseError):
        books.company_info()
    assert len(server.asked) == 2


def test_a_403_is_never_tried_again(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("3100", "message=ApplicationAuthorizationFailed", status=403))
    with pytest.raises(RefusedError) as caught:
        books.company_info()
    assert caught.value.cause is Cause.ACCESS_DENIED
    assert len(server.asked) == 1


XML_429 = (
    b'<IntuitResponse><Fault type="SERVICE"><Error code="3001"><Message>x</Message></Error></Fault></IntuitResponse>'
)


def test_a_429_pauses_the_company_and_the_write_goes_out_again_unchanged(
    books: QuickBooks, server: Any, kit: Any, clock: Any
) -> None:
    server.answer(kit.reply(XML_429, 429), kit.reply(KEPT))
    assert books.create("SalesReceipt", RECEIPT, "req-1").value["Id"] == "145"
    assert clock.elapsed_ms() == 60_000
    assert server.asked[0].params == server.asked[1].params


def test_retry_after_is_followed_in_seconds_or_as_a_date(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    server.answer(kit.reply(XML_429, 429, {"Retry-After": "7"}), kit.say({"Preferences": {}}))
    books.preferences()
    assert clock.elapsed_ms() == 7_000
    server.answer(kit.reply(b"", 429, {"Retry-After": "Mon, 02 Mar 2026 12:00:20 GMT"}), kit.say({"Preferences": {}}))
    books.preferences()
    assert clock.elapsed_ms() == 20_000
    server.answer(kit.reply(b"", 429, {"Retry-After": "soon"}), kit.say({"Preferences": {}}))
    books.preferences()
    assert clock.elapsed_ms() == 80_000


def test_throttling_without_end_is_given_up(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    server.answer(kit.reply(b"<html>Too Many</html>", 429))
    with pytest.raises(ThrottledError):
        books.create("SalesReceipt", RECEIPT, "req-1")
    assert (len(server.asked), clock.elapsed_ms()) == (4, 180_000)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (502, b"<html><h1>Bad Gateway</h1></html>", "HTTP 502, http-502 Bad Gateway"),
        (500, b'{"Fault":{"Error":[{"Message":"boom","code":"10000"}],"type":"SystemFault"}}', "HTTP 500, 10000 boom"),
        (504, b"", "HTTP 504, http-504 empty answer"),
        (200, b"<html>", "answer is not JSON"),
        (200, b'{"SalesReceipt":{"Id":"1","TotalAmt":NaN}}', "answer is not JSON"),
        (200, b"[" * 99_999, "answer is not JSON"),
        (204, b"", "answer is not JSON"),
        (200, b"{}", "the answer holds no SalesReceipt"),
        (400, b'{"Fault":{"Error":[{"Message":"Duplicate Request ID","code":"600"}]}}', "HTTP 400, 600 Duplicate"),
    ],
)
def test_a_write_without_a_usable_answer_is_uncertain_and_never_resent(
    books: QuickBooks, server: Any, kit: Any, status: int, body: bytes, reason: str
) -> None:
    server.answer(kit.reply(body, status))
    with pytest.raises(Uncertain) as caught:
        books.create("SalesReceipt", RECEIPT, "req-1")
    attempt = caught.value.attempt
    assert (attempt.operation, attempt.kind, attempt.request_id) == ("create", "SalesReceipt", "req-1")
    assert attempt.http_status == status
    assert attempt.reason.startswith(reason)
    assert caught.value.tid == "tid-1"
    assert len(server.asked) == 1


@pytest.mark.parametrize("cut", ["before", "inside"])
def test_a_write_whose_connection_is_cut_after_sending_is_uncertain(
    books: QuickBooks, server: Any, kit: Any, cut: str
) -> None:
    server.answer(kit.reply(b'{"SalesReceipt":', cut=cut))
    with pytest.raises(Uncertain, match="create SalesReceipt, request req-1") as caught:
        books.create("SalesReceipt", RECEIPT, "req-1")
    assert caught.value.attempt.http_status == 0
    assert len(server.asked) == 1


def test_a_write_that_waits_too_long_for_its_answer_is_uncertain(
    server: Any, kit: Any, keeper: TokenKeeper, clock: Any
) -> None:
    def time_out(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("130 s", request=request)

    http = httpx.Client(transport=httpx.MockTransport(time_out))
    with (
        QuickBooks(local(server.url), kit.realm, keeper, Governor(LOCAL, clock=clock), http, clock) as books,
        pytest.raises(Uncertain, match="ReadTimeout"),
    ):
        books.create("SalesReceipt", RECEIPT, "req-1")


def test_a_read_survives_broken_answers(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    server.answer(
        kit.reply(cut="before"), kit.reply(b"<html>", 502), kit.reply(b"<html>"), kit.say({"Preferences": {}})
    )
    assert books.preferences().value == {}
    assert len(server.asked) == 4
    floors = [500, 1_000, 2_000]
    assert all(floor <= slept < 2 * floor for floor, slept in zip(floors, clock.sleeps, strict=True))


def test_a_read_is_not_tried_for_ever(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(b"", 503))
    with pytest.raises(UnavailableError, match="4 tries"):
        books.preferences()
    assert len(server.asked) == 4


def test_a_503_with_retry_after_pauses_the_company(books: QuickBooks, server: Any, kit: Any, clock: Any) -> None:
    server.answer(kit.reply(b"", 503, {"Retry-After": "30"}))
    with pytest.raises(Uncertain):
        books.create("SalesReceipt", RECEIPT, "req-1")
    server.answer(kit.say({"Preferences": {}}))
    books.preferences()
    assert clock.elapsed_ms() == 30_000


def test_a_write_that_could_not_leave_is_unavailable_not_uncertain(
    kit: Any, store: Any, oauth: Any, clock: Any
) -> None:
    nobody = local("http://127.0.0.1:1")
    keeper = TokenKeeper(kit.realm, store, oauth, clock)
    with (
        QuickBooks(nobody, kit.realm, keeper, Governor(LOCAL, clock=clock), clock=clock) as books,
        pytest.raises(UnavailableError, match="cannot be reached"),
    ):
        books.create("SalesReceipt", RECEIPT, "req-1")
    assert len(clock.sleeps) == 3


def test_a_company_under_maintenance_is_unavailable(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.fault("150", "Company under maintenance"))
    with pytest.raises(UnavailableError, match="maintenance"):
        books.create("SalesReceipt", RECEIPT, "req-1")


def test_a_redirect_is_not_followed_with_the_token(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.reply(b"", 302, {"Location": "http://127.0.0.1:1/steal"}))
    with pytest.raises(RefusedError, match="HTTP 302"):
        books.preferences()
    assert len(server.asked) == 1


def test_a_client_is_not_given_the_tokens_of_another_company(kit: Any, keeper: TokenKeeper) -> None:
    with pytest.raises(WrongCompanyError):
        QuickBooks(local("http://127.0.0.1:1"), "555", keeper, Governor(LOCAL))


def test_the_interactive_lane_shares_the_connections(books: QuickBooks, server: Any, kit: Any) -> None:
    server.answer(kit.say({"Preferences": {"Id": "1"}}))
    person = books.in_lane(Lane.INTERACTIVE)
    assert person.preferences().value == {"Id": "1"}
    assert repr(person) == f"QuickBooks(local, company {kit.realm}, interactive)"
