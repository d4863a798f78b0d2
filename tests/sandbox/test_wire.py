from __future__ import annotations

import gzip
import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from raccord_sandbox.config import Limits
from raccord_sandbox.wire import dumps, loads

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
OFFSET = r"-0[78]:00"


def test_an_answer_has_the_envelope_and_headers_of_the_service(quebec: Books) -> None:
    answer = quebec.http.post(
        f"{quebec.base}/customer", json={"DisplayName": "Zoé Lévesque"}, params={"minorversion": "65"}
    )
    assert answer.status_code == 200
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", answer.headers["intuit_tid"])
    assert answer.headers["qbo-version"]
    body = answer.json()
    assert set(body) == {"Customer", "time"}
    customer = body["Customer"]
    assert (customer["domain"], customer["sparse"], customer["SyncToken"]) == ("QBO", False, "0")
    assert isinstance(customer["Id"], str)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d{OFFSET}", customer["MetaData"]["CreateTime"])
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}{OFFSET}", body["time"])
    assert "Notes" not in customer
    assert None not in customer.values()


def test_amounts_are_exact_json_numbers(quebec: Books) -> None:
    receipt = quebec.make("SalesReceipt", quebec.sale("0.10"))
    text = quebec.http.get(f"{quebec.base}/salesreceipt/{receipt['Id']}").text
    assert '"TotalAmt":0.10' in text


def test_json_survives_a_round_trip_exactly() -> None:
    text = '{"a":0.10,"b":[1,true,null,"é\\n"],"c":12345678901234567890.123456789,"d":{}}'
    assert dumps(loads(text.encode())) == text
    assert dumps({"x": Decimal("1E+2")}) == '{"x":100}'
    with pytest.raises(TypeError):
        dumps({"x": 0.1})


def test_a_long_answer_is_compressed_for_those_who_ask(quebec: Books) -> None:
    parameters = {"query": "select * from Account"}
    packed = quebec.http.get(f"{quebec.base}/query", params=parameters, headers={"Accept-Encoding": "gzip"})
    plain = quebec.http.get(f"{quebec.base}/query", params=parameters, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["QueryResponse"] == plain.json()["QueryResponse"]


def test_a_compressed_request_is_read_and_a_bomb_is_refused(quebec: Books) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    url = f"{quebec.base}/customer"
    good = quebec.http.post(url, content=gzip.compress(json.dumps({"DisplayName": "Packed"}).encode()), headers=headers)
    assert good.json()["Customer"]["DisplayName"] == "Packed"
    bomb = quebec.http.post(url, content=gzip.compress(b" " * 11_000_000), headers=headers)
    assert bomb.status_code == 413


def test_a_request_without_a_token_gets_the_gateway_form(quebec: Books) -> None:
    answer = httpx.get(f"{quebec.server.url}{quebec.base}/query", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    body = answer.json()
    assert body["fault"]["error"][0]["code"] == "3200"
    assert isinstance(body["time"], int)
    assert "Fault" not in body


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "2010"),
        (b'{"DisplayName": NaN}', "application/json", 400, "2010"),
        (b"[]", "application/json", 400, "2010"),
        (b'{"DisplayName":"\xff"}', "application/json", 400, "500"),
        (b"DisplayName=x", "application/x-www-form-urlencoded", 415, "1050"),
        (b'{"DisplayName":"x","Nonsense":1}', "application/json", 400, "2010"),
        (b'{"DisplayName":{"a":1}}', "application/json", 400, "2010"),
    ],
)
def test_an_unreadable_body_is_refused(quebec: Books, content: bytes, kind: str, status: int, code: str) -> None:
    answer = quebec.http.post(f"{quebec.base}/customer", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["Fault"]["Error"][0]["code"] == code
    assert quebec.all("Customer") == []


def test_an_unknown_resource_is_an_unsupported_operation(quebec: Books) -> None:
    for path in ("unicorn/1", "reports/Nothing", "salesreceipt", "taxcode"):
        answer = quebec.http.get(f"{quebec.base}/{path}")
        assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "500"), path


def test_reading_what_is_not_there_is_610_and_a_bad_id_2030(quebec: Books) -> None:
    assert quebec.get("customer/999999")["Fault"]["Error"][0]["code"] == "610"
    assert quebec.get("customer/abc")["Fault"]["Error"][0]["code"] == "2030"


def test_company_info_and_preferences_are_read_by_their_special_paths(quebec: Books) -> None:
    info = quebec.get(f"companyinfo/{quebec.company.realm}")["CompanyInfo"]
    assert (info["Country"], info["Id"]) == ("CA", "1")
    preferences = quebec.get("preferences")["Preferences"]
    assert preferences["CurrencyPrefs"]["HomeCurrency"]["value"] == "CAD"
    assert "BookCloseDate" not in preferences["AccountingInfoPrefs"]


def test_what_clients_send_for_nothing_is_taken_for_nothing(us: Books) -> None:
    """Client libraries start their objects with zeros, empty texts and empty lists of what every entity has."""
    nothing = {
        "CustomField": [],
        "AttachableRef": [],
        "OpenBalanceDate": "",
        "ParentRef": "",
        "PreferredDeliveryMethod": "",
    }
    made = us.make("Customer", {"DisplayName": "Ada", "Notes": "", **nothing})
    assert "OpenBalanceDate" not in made
    assert made["PreferredDeliveryMethod"] == "None"
    detail = {"ItemRef": {"value": us.item()["Id"]}, "Qty": 0, "UnitPrice": 0, "ServiceDate": "", "ClassRef": ""}
    line = {"Amount": 120, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, "CustomField": []}
    body = {"Line": [line], "ShipDate": "", "CustomerRef": {"value": made["Id"]}, "TxnStatus": ""}
    receipt = us.make("SalesReceipt", body)
    assert receipt["TotalAmt"] == 120
    assert set(receipt["Line"][0]["SalesItemLineDetail"]) & {"Qty", "UnitPrice", "ServiceDate"} == set()
    token = {"Id": receipt["Id"], "SyncToken": "0", "sparse": True}
    us.make("SalesReceipt", {**token, "ShipDate": "2026-03-01"})
    cleared = us.make("SalesReceipt", {**token, "SyncToken": "1", "ShipDate": ""})
    assert "ShipDate" not in cleared
    detail |= {"Qty": 0, "UnitPrice": 50}
    us.refuse("salesreceipt", {"Line": [line]}, "6070")
    assert us.make("Employee", {"GivenName": "Rosa", "BillRate": 0, "Organization": False})["DisplayName"] == "Rosa"


def envelope(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and detail of a refusal in either form."""
    body = answer.json()
    error = body["Fault"]["Error"][0] if "Fault" in body else body["fault"]["error"][0]
    return answer.status_code, error["code"], error.get("Detail") or error.get("detail")


@pytest.mark.parametrize("realm", ["", "undefined", "null", "123x", "query"])
def test_a_realm_that_is_none_is_an_internal_number_not_a_404(us: Books, realm: str) -> None:
    path = f"/v3/company/{realm}/query" if realm != "query" else "/v3/company/query"
    answer = us.http.get(path, params={"query": "select * from Customer"})
    assert envelope(answer) == (400, "6000", "Business Validation Error: Unexpected Internal Error. (-30000)")
    assert us.http.get("/v3/company").status_code == 400
    assert httpx.get(f"{us.server.url}{path}", headers={"Accept": "application/json"}).status_code == 401


def test_the_realm_of_another_company_is_403(us: Books, quebec: Books) -> None:
    answer = us.http.get(f"{quebec.base}/preferences")
    status, code, _ = envelope(answer)
    assert (status, code) == (403, "3100")
    assert answer.json()["fault"]["type"] == "AUTHORIZATION"
    assert "errorCode=003100" in answer.json()["fault"]["error"][0]["message"]
    assert us.http.get("/v3/company/1/preferences").status_code == 403


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Basic eDp5", "Bearer nonsense", "bearer\tnonsense", "Token x"]
)
def test_a_token_that_is_none_is_401(us: Books, authorization: str) -> None:
    headers = {"Accept": "application/json", "Authorization": authorization}
    answer = httpx.get(f"{us.server.url}{us.base}/preferences", headers=headers)
    assert (answer.status_code, answer.json()["fault"]["type"]) == (401, "AUTHENTICATION")
    assert answer.headers["intuit_tid"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_beside_get_and_post_are_unsupported_operations(us: Books, method: str) -> None:
    answer = us.http.request(method, f"{us.base}/customer/1")
    assert envelope(answer) == (400, "500", f"Operation {method} is not supported.")


def test_a_path_beside_the_companies_is_nowhere(us: Books) -> None:
    for path in ("/v3/unicorn", "/v3/companies/1", "/v3/"):
        answer = us.http.get(path)
        assert (answer.status_code, "intuit_tid" in answer.headers) == (404, True)
    nowhere = us.http.get(f"{us.base}/unicorn/1")
    assert envelope(nowhere)[2] == (
        f"Operation Could not find resource for relative : {us.base}/unicorn/1 of full path: "
        f"{us.server.url}{us.base}/unicorn/1 is not supported."
    )
    assert envelope(us.http.post(f"{us.base}/cdc", json={}))[1] == "500"
    assert envelope(us.http.get(f"{us.base}/batch"))[1] == "500"


@pytest.mark.parametrize("version", ["1", "4", "54", "74", "75", "99", "0", "x", ""])
def test_every_minor_version_behaves_as_the_highest(us: Books, version: str) -> None:
    made = us.make("SalesReceipt", us.sale(1), minorversion=version)
    assert made["domain"] == "QBO"
    us.here("POST", "switches", refuse_unknown_minor_version=True)
    known = version.isdigit() and 1 <= int(version) <= 75
    answer = us.get("preferences", minorversion=version)
    assert ("Preferences" in answer) == (known or not version)
    if version and not known:
        assert answer["Fault"]["Error"][0]["code"] == "2090"


def test_bodies_that_are_packed_wrongly_or_too_large_are_refused(us: Books) -> None:
    url = f"{us.base}/customer"
    kind = {"Content-Type": "application/json"}
    broken = us.http.post(url, content=b"not gzip", headers={**kind, "Content-Encoding": "gzip"})
    assert envelope(broken)[:2] == (400, "2010")
    odd = us.http.post(url, content=b"{}", headers={**kind, "Content-Encoding": "br"})
    assert envelope(odd)[:2] == (415, "1050")
    large = us.http.post(url, content=b" " * 10_000_001, headers=kind)
    assert (large.status_code, large.json()["fault"]["type"]) == (413, "SERVICE")
    assert us.http.post(url, content=b"{}", headers={**kind, "Content-Encoding": "identity"}).status_code == 400


def test_an_expired_company_can_be_read_and_not_written(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(1))
    us.here("POST", "switches", expired=True)
    us.refuse("salesreceipt", us.sale(1), "6190")
    us.refuse("salesreceipt", {"Id": receipt["Id"], "SyncToken": "0"}, "6190", operation="delete")
    us.refuse("attachable", {"Note": "x"}, "6190")
    sent = us.http.post(f"{us.base}/salesreceipt/{receipt['Id']}/send", params={"sendTo": "a@b.c"})
    assert envelope(sent)[1] == "6190"
    assert us.query("select count(*) from SalesReceipt") == {"totalCount": 1}
    items = [{"bId": "1", "Query": "select count(*) from SalesReceipt"},
             {"bId": "2", "operation": "create", "Customer": {"DisplayName": "x"}}]  # fmt: skip
    first, second = us.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert (first["QueryResponse"], second["Fault"]["Error"][0]["code"]) == ({"totalCount": 1}, "6190")
    assert "CDCResponse" in us.get("cdc", entities="Invoice", changedSince="2026-03-01")


def test_a_send_or_a_form_of_the_wrong_type_is_415(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(1, BillEmail={"Address": "a@b.c"}))
    url = f"{us.base}/salesreceipt/{receipt['Id']}/send"
    assert envelope(us.http.post(url, headers={"Content-Type": "application/json"}))[:2] == (415, "1050")
    assert us.http.post(url, headers={"Content-Type": "application/octet-stream"}).status_code == 200
    assert envelope(us.http.post(f"{us.base}/batch", content=b"{}", headers={"Content-Type": "text/plain"}))[0] == 415


def test_limits_answer_in_the_form_that_the_switches_choose(us: Books) -> None:
    throttle = us.server.store.throttle
    try:
        throttle.change(Limits(per_minute=1))
        us.http.get(f"{us.base}/preferences")
        plain = us.http.get(f"{us.base}/preferences")
        assert (plain.status_code, "Retry-After" in plain.headers) == (429, False)
        assert plain.json()["fault"]["type"] == "SERVICE"
        us.here("POST", "switches", throttle_body="xml", retry_after=True)
        marked = us.http.get(f"{us.base}/preferences")
        assert (marked.status_code, marked.headers["retry-after"]) == (429, "60")
        assert marked.headers["content-type"].startswith("application/xml")
        assert '<Fault type="SERVICE"><Error code="3001">' in marked.text
    finally:
        throttle.change(Limits())


def test_a_request_id_in_use_is_refused_with_600(us: Books) -> None:
    assert us.company.running.add("r1")
    try:
        answer = us.http.post(f"{us.base}/customer", json={"DisplayName": "x"}, params={"requestid": "r1"})
        assert envelope(answer)[:2] == (400, "600")
        assert us.query("select count(*) from Customer") == {"totalCount": 0}
        us.make("Customer", {"DisplayName": "other"}, requestid="r2")
    finally:
        us.company.running.remove("r1")
    us.make("Customer", {"DisplayName": "x"}, requestid="r1")
    assert us.company.running.add("r1"), "a request that ended is not running"
    us.company.running.remove("r1")


def test_a_failure_of_the_sandbox_itself_is_a_system_fault(monkeypatch: pytest.MonkeyPatch, us: Books) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("raccord_sandbox.api.routed", broken)
    answer = us.http.get(f"{us.base}/preferences")
    assert envelope(answer) == (500, "10000", "System Failure Error: ZeroDivisionError")
    assert answer.json()["Fault"]["type"] == "SystemFault"
    headers = dict(us.http.headers)
    broke = httpx.post(f"{us.server.url}{us.base}/customer", json={}, params={"requestid": "z"}, headers=headers)
    assert broke.status_code == 500
    monkeypatch.undo()
    with httpx.Client(base_url=us.server.url, headers=headers) as fresh:
        again = fresh.post(f"{us.base}/customer", json={"DisplayName": "x"}, params={"requestid": "z"})
    assert "Customer" in again.json()
