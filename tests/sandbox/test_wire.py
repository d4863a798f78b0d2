from __future__ import annotations

import gzip
import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

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


def test_without_asking_for_json_the_answer_is_a_clear_406(quebec: Books) -> None:
    answer = httpx.get(f"{quebec.server.url}{quebec.base}/query", headers={"Accept": "*/*"})
    assert answer.status_code == 406
    assert "Accept: application/json" in answer.text
    assert "bac à sable" in answer.text


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
