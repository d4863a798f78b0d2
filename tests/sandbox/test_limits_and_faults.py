from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits
from raccord_sandbox.refusing.faults import GatewayError
from raccord_sandbox.serving.limits import Sort, Throttle

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


@pytest.fixture
def limited(us: Books) -> Iterator[Books]:
    throttle = us.server.store.throttle
    yield us
    throttle.limits = Limits()


def receipts(books: Books) -> int:
    found: int = books.query("select count(*) from SalesReceipt")["totalCount"]
    return found


def count_refused(throttle: Throttle, calls: int, sort: Sort = Sort.OTHER) -> int:
    refused = 0
    for _ in range(calls):
        try:
            throttle.enter("1", sort=sort)
        except GatewayError:
            refused += 1
        else:
            throttle.leave("1")
    return refused


def test_the_documented_limits_hold_per_minute_second_and_batch() -> None:
    clock = SandboxClock(datetime(2026, 3, 2, tzinfo=UTC))
    throttle = Throttle(Limits.documented(), clock)
    assert count_refused(throttle, 12) == 2
    clock.advance(timedelta(seconds=0.9))
    assert count_refused(throttle, 1) == 1
    clock.advance(timedelta(seconds=0.1))
    assert count_refused(throttle, 10) == 0
    for _ in range(48):
        clock.advance(timedelta(seconds=1))
        assert count_refused(throttle, 10) == 0
    clock.advance(timedelta(seconds=1))
    assert count_refused(throttle, 1) == 1
    clock.advance(timedelta(seconds=60))
    for _ in range(4):
        assert count_refused(throttle, 10, Sort.BATCH) == 0
        clock.advance(timedelta(seconds=1))
    assert count_refused(throttle, 1, Sort.BATCH) == 1
    assert count_refused(throttle, 1) == 0
    throttle.enter("2", sort=Sort.BATCH)


def test_requests_at_once_are_limited() -> None:
    throttle = Throttle(Limits(concurrent=2), SandboxClock(datetime(2026, 3, 2, tzinfo=UTC)))
    throttle.enter("1")
    throttle.enter("1")
    assert count_refused(throttle, 1) == 1
    throttle.leave("1")
    assert count_refused(throttle, 1) == 0


def test_one_application_has_its_own_second_and_batches_and_all_share_the_minute() -> None:
    throttle = Throttle(
        Limits(per_minute=5, per_second=2, batches_of_all_per_minute=2), SandboxClock(datetime(2026, 3, 2, tzinfo=UTC))
    )

    def refused(application: str, sort: Sort = Sort.OTHER) -> bool:
        try:
            throttle.enter("1", sort=sort, application=application)
        except GatewayError:
            return True
        throttle.leave("1", application)
        return False

    assert [refused("a") for _ in range(3)] == [False, False, True]
    assert [refused("b", Sort.BATCH) for _ in range(2)] == [False, False]
    assert refused("c", Sort.BATCH)
    assert [refused("c"), refused("d")] == [False, True]


def test_reports_have_limits_of_their_own(limited: Books) -> None:
    limited.lab("POST", "limits", reports_per_minute=1, report_cells=3)
    limited.make("SalesReceipt", limited.sale(5))
    answer = limited.http.get(f"{limited.base}/reports/TrialBalance")
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "10100")
    assert limited.http.get(f"{limited.base}/reports/TrialBalance").status_code == 429
    assert limited.http.get(f"{limited.base}/preferences").status_code == 200
    limited.lab("POST", "limits", report_cells=100)
    assert "Rows" in limited.get("reports/TrialBalance")


def test_over_the_limit_the_gateway_answers_429_with_3001(limited: Books) -> None:
    limited.lab("POST", "limits", per_second=3)
    codes = [limited.http.get(f"{limited.base}/preferences").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    error = limited.get("preferences")["fault"]["error"][0]
    assert error["code"] == "3001"
    assert "errorCode=003001" in error["message"]
    limited.lab("POST", "clock", advance=1)
    assert "Preferences" in limited.get("preferences")


def test_a_lost_answer_has_committed_and_a_cut_request_has_not(us: Books) -> None:
    us.lab("POST", "faults", effect="lose_answer", path="salesreceipt")
    with pytest.raises(httpx.TransportError):
        us.post("salesreceipt", us.sale(5), requestid="r1")
    assert receipts(us) == 1
    us.make("SalesReceipt", us.sale(5), requestid="r1")
    assert receipts(us) == 1
    us.lab("POST", "faults", effect="cut_before", path="salesreceipt")
    with pytest.raises(httpx.TransportError):
        us.post("salesreceipt", us.sale(6))
    assert receipts(us) == 1


@pytest.mark.parametrize(("effect", "kept"), [("error_before", 0), ("error_after", 1)])
def test_a_server_error_comes_before_or_after_the_commit(us: Books, effect: str, kept: int) -> None:
    us.lab("POST", "faults", effect=effect, status=503, body="html", method="POST", path="/salesreceipt$")
    answer = us.http.post(f"{us.base}/salesreceipt", json=us.sale(5))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.headers["intuit_tid"]
    assert receipts(us) == kept


@pytest.mark.parametrize(
    ("body", "kind"), [("json", "application/json"), ("xml", "application/xml"), ("html", "text/html")]
)
def test_throttling_can_come_in_any_body(us: Books, body: str, kind: str) -> None:
    us.lab("POST", "faults", effect="throttle", body=body)
    answer = us.http.get(f"{us.base}/preferences")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (429, kind)
    assert us.http.get(f"{us.base}/preferences").status_code == 200


def test_an_expired_token_can_be_played(us: Books) -> None:
    us.lab("POST", "faults", effect="error_before", status=401)
    assert us.get("preferences")["fault"]["error"][0]["code"] == "3200"


def test_a_slow_answer_moves_the_clock_and_times_out_after_two_minutes(us: Books) -> None:
    before = us.company.clock.now()
    us.lab("POST", "faults", effect="slow", seconds=90, path="salesreceipt")
    us.make("SalesReceipt", us.sale(1))
    assert us.company.clock.now() - before == timedelta(seconds=90)
    us.lab("POST", "faults", effect="slow", seconds=121, path="salesreceipt")
    assert us.http.post(f"{us.base}/salesreceipt", json=us.sale(1)).status_code == 504
    assert receipts(us) == 2
    us.lab("POST", "clock", advance=-211)
    assert us.company.clock.now() == before


def test_a_held_answer_makes_the_client_give_up(us: Books) -> None:
    us.lab("POST", "faults", effect="hold", path="salesreceipt")
    with pytest.raises(httpx.ReadTimeout):
        us.http.post(f"{us.base}/salesreceipt", json=us.sale(1), timeout=0.2)
    assert receipts(us) == 1


def test_a_delayed_answer_waits_in_real_time_and_executes(us: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(us.server.lab, "sleep", sleep)
    us.lab("POST", "faults", effect="delay", seconds=2.5, path="salesreceipt")
    us.make("SalesReceipt", us.sale(1))
    assert waited == [2.5]


def test_a_request_id_can_be_ignored_once(us: Books) -> None:
    us.make("SalesReceipt", us.sale(1), requestid="r1")
    us.lab("POST", "faults", effect="ignore_requestid", path="salesreceipt")
    us.make("SalesReceipt", us.sale(1), requestid="r1")
    us.make("SalesReceipt", us.sale(1), requestid="r1")
    assert receipts(us) == 2


def test_a_fault_strikes_only_the_company_path_and_query_it_names(us: Books) -> None:
    us.lab("POST", "faults", effect="error_before", left=None, realm="9130", path="preferences")
    us.lab("POST", "faults", effect="error_before", left=None, realm=us.company.realm, query="operation=delete")
    assert us.http.get(f"{us.base}/preferences").status_code == 200
    made = us.make("SalesReceipt", us.sale(1))
    token = {"Id": made["Id"], "SyncToken": "0"}
    assert us.http.post(f"{us.base}/salesreceipt?operation=delete", json=token).status_code == 503
    first, second = us.lab("GET", "faults")
    assert (first["struck"], second["struck"]) == (0, 1)
    us.lab("DELETE", f"faults/{second['number']}")
    assert us.http.post(f"{us.base}/salesreceipt?operation=delete", json=token).status_code == 200


def test_somebody_else_can_save_first(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(1))
    us.lab("POST", "faults", effect="stale_token", path="salesreceipt")
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "mine"}
    assert us.post("salesreceipt", body)["Fault"]["Error"][0]["code"] == "5010"
    assert us.make("SalesReceipt", {**body, "SyncToken": "1"})["PrivateNote"] == "mine"


def test_chance_is_seeded_and_faults_can_be_skipped_counted_and_cleared(us: Books) -> None:
    def run() -> list[int]:
        us.lab("DELETE", "faults", seed=7)
        us.lab("POST", "faults", effect="error_before", probability=0.3, left=None, path="preferences")
        return [us.http.get(f"{us.base}/preferences").status_code for _ in range(20)]

    first = run()
    assert first == run()
    assert {200, 503} == set(first)
    us.lab("DELETE", "faults")
    us.lab("POST", "faults", effect="error_before", skip=2, left=1, path="preferences")
    assert [us.http.get(f"{us.base}/preferences").status_code for _ in range(4)] == [200, 200, 503, 200]
    assert us.lab("GET", "faults")[0]["struck"] == 1


def test_a_person_edits_and_deletes_and_the_log_says_so(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(1, "P1"))
    us.deed("edit", entity="SalesReceipt", id=made["Id"], changes={"PrivateNote": "by hand"})
    us.deed("void", entity="SalesReceipt", id=made["Id"])
    us.deed("delete", entity="SalesReceipt", id=made["Id"])
    us.deed("create", entity="SalesReceipt", changes=us.sale(1, "P1"))
    log = us.here("GET", "writes", doc_number="P1")
    assert [(write["operation"], write["by"]) for write in log["writes"]] == [
        ("create", "api"), ("update", "person"), ("void", "person"), ("create", "person"),
    ]  # fmt: skip
    assert us.here("GET", "check") == {"balanced": True}
    customer = us.deed("create", entity="Customer", changes={"DisplayName": "By hand"})
    assert us.deed("deactivate", entity="Customer", id=customer["Id"])["Active"] is False
    assert us.deed("reactivate", entity="Customer", id=customer["Id"])["DisplayName"] == "By hand"


def test_a_disconnected_company_refuses_its_tokens(us: Books) -> None:
    us.deed("disconnect")
    assert us.http.get(f"{us.base}/preferences").status_code == 401
    fresh = us.here("POST", "tokens")
    headers = {"Authorization": f"Bearer {fresh['access_token']}"}
    assert us.http.get(f"{us.base}/preferences", headers=headers).status_code == 200
    us.here("POST", "tokens/expire")
    assert us.http.get(f"{us.base}/preferences", headers=headers).status_code == 401


def test_many_clients_racing_for_one_name_and_one_object_get_exactly_the_documented_faults(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Shared"})

    def rename(number: int) -> str:
        body = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Notes": str(number)}
        found: dict[str, Any] = us.http.post(f"{us.base}/customer", json=body).json()
        return "ok" if "Customer" in found else found["Fault"]["Error"][0]["code"]

    def create(number: int) -> str:
        found: dict[str, Any] = us.http.post(f"{us.base}/vendor", json={"DisplayName": "Same"}).json()
        return "ok" if "Vendor" in found else found["Fault"]["Error"][0]["code"]

    with ThreadPoolExecutor(8) as pool:
        renamed, created = sorted(pool.map(rename, range(20))), sorted(pool.map(create, range(20)))
    assert renamed == ["5010"] * 19 + ["ok"]
    assert created == ["6240"] * 19 + ["ok"]
