"""The emulator checklist of the reference, a test for each row; other files try each of its parts closely."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from raccord_sandbox.config import Limits

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
CLIENT = ("raccord-sandbox", "raccord-sandbox-secret")


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    error = body["Fault"]["Error"][0] if "Fault" in body else body["fault"]["error"][0]
    return str(error["code"])


def tokens(books: Books, **form: str) -> httpx.Response:
    return httpx.post(f"{books.server.url}/oauth2/v1/tokens/bearer", data=form, auth=CLIENT)


def test_row_01_oauth(us: Books, consented: Any) -> None:
    discovery = us.http.get("/.well-known/openid_sandbox_configuration").json()
    assert discovery["issuer"].endswith("/op/v1")
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= set(discovery)
    first = consented(us.http, us.company.realm)
    again = tokens(us, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert again["refresh_token"] == first["refresh_token"], "its value changes once a day only"
    us.server.config.clock.advance(timedelta(hours=25))
    changed = tokens(us, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert changed["refresh_token"] != first["refresh_token"]
    us.server.config.clock.advance(timedelta(hours=1))
    superseded = tokens(us, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (superseded.status_code, superseded.json()["error"]) == (400, "invalid_grant")
    reused = tokens(us, grant_type="authorization_code", code="AB11used", redirect_uri="http://localhost:9/callback")
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    wrong = httpx.post(
        f"{us.server.url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": changed["refresh_token"]},
        auth=(CLIENT[0], "wrong"),
    )
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    revoked = httpx.post(
        f"{us.server.url}/v2/oauth2/tokens/revoke", json={"token": changed["refresh_token"]}, auth=CLIENT
    )
    assert revoked.status_code == 200
    gone = tokens(us, grant_type="refresh_token", refresh_token=changed["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


def test_row_02_headers(us: Books) -> None:
    paths = [f"{us.base}/preferences", f"{us.base}/unicorn", "/v3/nowhere", "/v3/company/1/preferences"]
    for path in paths:
        answer = us.http.get(path)
        assert answer.headers["intuit_tid"]
        assert answer.headers["qbo-version"]
    asked = us.http.get(paths[0])
    unasked = us.http.get(paths[0], headers={"Accept": "*/*"})
    kinds = [answer.headers["content-type"].split(";")[0] for answer in (asked, unasked)]
    assert kinds == ["application/json", "application/xml"]


def test_row_03_gateway(us: Books, quebec: Books) -> None:
    unknown = httpx.get(f"{us.server.url}{us.base}/preferences", headers={"Accept": "application/json"})
    assert (unknown.status_code, unknown.json()["fault"]["type"]) == (401, "AUTHENTICATION")
    foreign = us.http.get(f"{quebec.base}/preferences")
    assert (foreign.status_code, foreign.json()["fault"]["type"]) == (403, "AUTHORIZATION")
    throttle, clock = us.server.store.throttle, us.server.config.clock
    try:
        throttle.change(Limits(per_second=10, per_minute=25))

        def burst(calls: int) -> list[int]:
            return [us.http.get(f"{us.base}/preferences").status_code for _ in range(calls)]

        assert burst(11) == [200] * 10 + [429]
        assert quebec.http.get(f"{quebec.base}/preferences").status_code == 200, "another realm has limits of its own"
        clock.advance(timedelta(seconds=1))
        assert burst(10) == [200] * 10
        clock.advance(timedelta(seconds=1))
        assert burst(6) == [200] * 5 + [429]
        assert code_of(us.http.get(f"{us.base}/preferences")) == "3001"
        clock.advance(timedelta(minutes=1))
        assert burst(1) == [200]
    finally:
        throttle.change(Limits())
    assert (Limits.documented().per_minute, Limits.documented().per_second) == (500, 10)


def test_row_04_order_of_checks(us: Books, quebec: Books) -> None:
    """Start from a request that everything is wrong with, and mend one thing after the other."""
    bank, income = us.account("Checking")["Id"], us.account("ServiceFeeIncome")["Id"]

    def entry(number: str, debit: int, account: str, credit: int = 5) -> Doc:
        lines = [
            {
                "Amount": amount,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": ref}},
            }
            for side, amount, ref in (("Debit", debit, bank), ("Credit", credit, account))
        ]
        return {"DocNumber": number, "TxnDate": "2026-02-01", "Line": lines}

    us.make("JournalEntry", entry("J1", 5, income))
    made = us.make("JournalEntry", entry("J2", 5, income))
    us.deed("close-books", date="2026-02-15")
    key = {"Id": made["Id"]}
    stale, fresh = {**key, "SyncToken": "9"}, {**key, "SyncToken": "0"}
    long = "x" * 22
    headers = {"Content-Type": "application/json", "Accept": "application/json"}

    def send(path: str, body: Any, **more: str) -> httpx.Response:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        token = {} if more else {"Authorization": us.http.headers["authorization"]}
        return httpx.post(f"{us.server.url}{path}", content=text, headers={**headers, **token, **more})

    here, nowhere = f"{us.base}/journalentry", "/v3/company/undefined/journalentry"
    steps = (
        ("token", send(nowhere, b"{", Authorization="Bearer none"), "3200"),
        ("realm that is none", send(nowhere, b"{"), "6000"),
        ("realm of others", send(f"{quebec.base}/journalentry", b"{"), "3100"),
        ("JSON syntax", send(here, b"{"), "2010"),
        ("required property", send(here, {**stale, "DocNumber": long}), "2020"),
        ("length", send(here, {**stale, **entry(long, 6, "999999")}), "2050"),
        ("reference", send(here, {**stale, **entry("J1", 6, "999999")}), "2500"),
        ("stale token", send(here, {**stale, **entry("J1", 6, income)}), "5010"),
        ("business rule", send(here, {**fresh, **entry("J3", 6, income)}), "6000"),
        ("uniqueness", send(here, {**fresh, **entry("J1", 5, income)}), "6140"),
        ("closed period", send(here, {**fresh, **entry("J3", 6, income, 6)}), "6200"),
    )
    assert [(name, code_of(answer)) for name, answer, _ in steps] == [(name, code) for name, _, code in steps]
    us.deed("close-books")
    assert us.make("JournalEntry", {**fresh, **entry("J3", 6, income, 6)})["SyncToken"] == "1"


def test_row_05_store_per_realm(us: Books, quebec: Books) -> None:
    receipt, invoice = us.make("SalesReceipt", us.sale(5)), us.invoice(5, us.customer())
    assert int(invoice["Id"]) > int(receipt["Id"]), "transactions share a sequence"
    assert (receipt["SyncToken"], receipt["MetaData"]["CreateTime"][-6:]) == ("0", "-08:00")
    parent = us.make("Customer", {"DisplayName": "Parent"})
    child = us.make("Customer", {"DisplayName": "Child", "Job": True, "ParentRef": {"value": parent["Id"]}})
    assert (child["FullyQualifiedName"], child["Level"]) == ("Parent:Child", 1)
    assert quebec.get(f"salesreceipt/{receipt['Id']}")["Fault"]["Error"][0]["code"] == "610"


def test_row_06_computation(us: Books) -> None:
    kim = us.customer()
    made = us.make("Invoice", {**us.sale(7), "CustomerRef": kim})
    assert made["Line"][-1]["DetailType"] == "SubTotalLineDetail"
    assert (made["TotalAmt"], made["Balance"]) == (7, 7)
    bad = us.sale(7)
    bad["Line"][0]["SalesItemLineDetail"] |= {"Qty": 2, "UnitPrice": 3}
    us.refuse("salesreceipt", bad, "6070")
    paid = us.make("Payment", {"CustomerRef": kim, "TotalAmt": 10, "Line": [
        {"Amount": 7, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}]})  # fmt: skip
    assert paid["UnappliedAmt"] == 3
    credit = us.make("CreditMemo", {**us.sale(4), "CustomerRef": kim})
    assert credit["RemainingCredit"] == 4
    assert us.get(f"customer/{kim['value']}")["Customer"]["Balance"] == -7
    assert int(us.make("Invoice", {**us.sale(1), "CustomerRef": kim})["DocNumber"]) > int(made["DocNumber"])


def test_row_07_links(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": receipt["Id"], "TxnType": "SalesReceipt", "TxnLineId": "0"}]}
    bank = {"value": us.account("Checking")["Id"]}
    deposit = us.make("Deposit", {"DepositToAccountRef": bank, "Line": [line]})
    held = us.get(f"salesreceipt/{receipt['Id']}")["SalesReceipt"]
    assert [link["TxnType"] for link in held["LinkedTxn"]] == ["Deposit"]
    us.refuse("salesreceipt", {"Id": held["Id"], "SyncToken": held["SyncToken"]}, "6540", operation="delete")
    assert us.balance("UndepositedFunds") == 0
    us.post("deposit", {"Id": deposit["Id"], "SyncToken": "0"}, operation="delete")
    assert us.balance("UndepositedFunds") == 5
    freed = us.get(f"salesreceipt/{receipt['Id']}")["SalesReceipt"]
    us.make("SalesReceipt", {"Id": freed["Id"], "SyncToken": freed["SyncToken"], "sparse": True}, include="void")
    vendor = us.make("Vendor", {"DisplayName": "Paper"})
    us.deed("deactivate", entity="Vendor", id=vendor["Id"])
    assert us.get(f"vendor/{vendor['Id']}")["Vendor"]["DisplayName"] == "Paper (deleted)"
    us.make("Vendor", {"DisplayName": "Paper"})


def test_row_08_query(us: Books) -> None:
    assert us.query("select * from Vendor where Id = '0'") == {}
    gone = us.make("Vendor", {"DisplayName": "Gone"})
    us.deed("deactivate", entity="Vendor", id=gone["Id"])
    assert us.all("Vendor", "where DisplayName like 'Gone%'") == []
    assert len(us.all("Vendor", "where DisplayName like 'Gone%' and Active in (true, false)")) == 1
    assert (
        us.get("query", query="select * from Vendor where Id = '1' or Id = '2'")["Fault"]["Error"][0]["code"] == "4000"
    )


def test_row_09_batch_changes_webhooks_and_replay(us: Books) -> None:
    items = [{"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"c{n}"}} for n in range(30)]
    first = us.post("batch", {"BatchItemRequest": items}, requestid="row9")
    assert len(first["BatchItemResponse"]) == 30
    assert us.post("batch", {"BatchItemRequest": items}, requestid="row9") == first
    receipt = us.make("SalesReceipt", us.sale(5))
    us.post("salesreceipt", {"Id": receipt["Id"], "SyncToken": "0"}, operation="delete")
    (block,) = us.get("cdc", entities="SalesReceipt", changedSince="2026-03-02")["CDCResponse"][0]["QueryResponse"]
    assert block["SalesReceipt"][-1]["status"] == "Deleted"
    endpoint = us.lab("POST", "webhooks", url="http://localhost:1/", format="legacy", wait=600)
    us.make("Customer", {"DisplayName": "told"})
    assert us.lab("POST", "webhooks/deliver") == {"tried": 1}
    (attempt,) = us.lab("GET", f"webhooks/{endpoint['number']}/deliveries")
    assert (attempt["outcome"], attempt["events"]) == ("again", 1)
    us.lab("DELETE", f"webhooks/{endpoint['number']}")


def test_row_10_tax(us: Books, quebec: Books) -> None:
    body = us.sale(100)
    body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    sent = us.make("SalesReceipt", {**body, "TxnTaxDetail": {"TotalTax": 8}})
    assert (sent["TxnTaxDetail"]["TotalTax"], sent["TotalAmt"]) == (8, 108)
    for mode, total in (("TaxExcluded", "114.98"), ("TaxInclusive", "100"), ("NotApplicable", "100")):
        code = "TPS/TVQ QC - 9,975" if mode != "NotApplicable" else None
        body = quebec.sale(100, None, code, GlobalTaxCalculation=mode)
        (line,) = body["Line"]
        if mode == "TaxInclusive":
            line["SalesItemLineDetail"]["TaxInclusiveAmt"] = line.pop("Amount")
        assert quebec.make("SalesReceipt", body)["TotalAmt"] == Decimal(total), mode


def test_row_11_attachments(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    metadata = {"FileName": "a.txt", "AttachableRef": [{"EntityRef": {"type": "SalesReceipt", "value": receipt["Id"]}}]}
    form = {
        "file_metadata_01": ("m.json", json.dumps(metadata), "application/json"),
        "file_content_01": ("a.txt", b"hello", "text/plain"),
    }
    made = us.http.post(f"{us.base}/upload", files=form).json()["AttachableResponse"][0]["Attachable"]
    link = us.http.get(f"{us.base}/download/{made['Id']}").text
    assert httpx.get(link).content == b"hello"
    where = f"where AttachableRef.EntityRef.Type = 'salesreceipt' and AttachableRef.EntityRef.value = '{receipt['Id']}'"
    assert [doc["Id"] for doc in us.all("Attachable", where)] == [made["Id"]]


REPORTS = ("TrialBalance", "GeneralLedger", "ProfitAndLoss", "BalanceSheet", "TransactionList")


@pytest.mark.parametrize("name", REPORTS)
def test_row_12_reports(us: Books, name: str) -> None:
    us.make("SalesReceipt", us.sale("1234.56", DepositToAccountRef={"value": us.account("Checking")["Id"]}))
    text = us.http.get(f"{us.base}/reports/{name}", params={"start_date": "2026-01-01", "end_date": "2026-12-31"}).text
    assert "1234.56" in text


FAULTS = (
    ("5xx before the commit", {"effect": "error_before", "status": 502, "body": "html"}, 502, 0),
    ("5xx after the commit", {"effect": "error_after", "status": 503}, 503, 1),
    ("slow over 120 s", {"effect": "slow", "seconds": 121}, 504, 1),
    ("throttling", {"effect": "throttle", "body": "xml"}, 429, 0),
    ("expired subscription", {"effect": "refuse", "code": 6190}, 400, 0),
    ("closed books", {"effect": "refuse", "code": 6200}, 400, 0),
)


@pytest.mark.parametrize(("name", "fault", "status", "made"), FAULTS, ids=[row[0] for row in FAULTS])
def test_row_13_fault_injection(us: Books, name: str, fault: Doc, status: int, made: int) -> None:
    us.lab("POST", "faults", path="salesreceipt$", method="POST", **fault)
    answer = us.http.post(f"{us.base}/salesreceipt", json=us.sale(5))
    assert answer.status_code == status
    assert us.query("select count(*) from SalesReceipt") == {"totalCount": made}


def test_row_13_stale_token_races(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    us.lab("POST", "faults", effect="stale_token", path="salesreceipt$")
    body = {"Id": receipt["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert code_of(us.http.post(f"{us.base}/salesreceipt", json=body)) == "5010"
