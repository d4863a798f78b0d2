"""Whatever is sent is answered with a fault: nothing that comes from outside breaks the sandbox."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.webhooks.endpoints import Endpoint

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
SALE = {
    "Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}]
}
DEEP = b'{"DisplayName":' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("customer", rb'{"DisplayName":"\ud800"}', "2010"),
        ("customer", rb'{"\uDFFF":1}', "2010"),
        ("customer", DEEP, "2010"),
        ("customer", b'{"DisplayName":' + b"[" * 10**5, "2010"),
        ("customer", b'{"DisplayName":' + b"9" * 10**4 + b"}", "2010"),
        ("invoice", {**SALE, "CustomerRef": {"value": None}}, "2020"),
        ("invoice", {**SALE, "CustomerRef": {"name": "Amy's Bird Sanctuary"}}, "2020"),
        ("creditmemo", {**SALE, "CustomerRef": {"a": 1}}, "2020"),
        ("payment", {"CustomerRef": {"name": "Amy's Bird Sanctuary"}, "TotalAmt": 1}, "2020"),
        ("transfer", {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": ""}, "Amount": 1}, "2020"),
        ("invoice", {"CustomerRef": {"value": "1"}, "Line": [{"DetailType": {"a": 1}}]}, "2170"),
        ("invoice", {"CustomerRef": {"value": "1"}, "Line": [{"DetailType": ["x"]}]}, "2170"),
        ("payment", b'{"CustomerRef": {"value": "1"}, "TotalAmt": 1E+999999999}', "2010"),
        ("payment", b'{"CustomerRef": {"value": "1"}, "TotalAmt": 1E+99999999999999999999}', "2010"),
        ("payment", b'{"CustomerRef": {"value": "1"}, "TotalAmt": 1E+999}', "2140"),
        ("payment", b'{"CustomerRef": {"value": "1"}, "TotalAmt": "1E+999999999"}', "2140"),
        ("payment", b'{"CustomerRef": {"value": "1"}, "TotalAmt": "-1E+999999999999"}', "2140"),
        ("invoice", {"Id": "²", "SyncToken": "0"}, "2030"),
        ("invoice", {"Id": "9" * 4500, "SyncToken": "0"}, "610"),
    ],
)  # fmt: skip
def test_odd_bodies_are_refused(us: Books, path: str, body: Any, code: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    before = list(us.company.rows())
    answer = us.http.post(f"{us.base}/{path}", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, code)
    assert list(us.company.rows()) == before


def test_a_whole_pair_of_surrogates_is_a_character(us: Books) -> None:
    content = rb'{"DisplayName":"Caf\u00e9 \ud83d\ude00"}'
    answer = us.http.post(f"{us.base}/customer", content=content, headers={"Content-Type": "application/json"})
    assert answer.json()["Customer"]["DisplayName"] == "Café 😀"


def test_xml_in_an_encoding_that_nobody_knows_is_refused(us: Books) -> None:
    content = b'<?xml version="1.0" encoding="bogus"?><Customer/>'
    answer = us.http.post(f"{us.base}/customer", content=content, headers={"Content-Type": "application/xml"})
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "2010")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("{base}/companyinfo/1?minorversion=²", 200),
        ("{base}/customer/²", 400),
        ("{base}/reports/AgedReceivables?aging_period=" + "9" * 5000, 400),
        ("{base}/reports/AgedReceivables?num_periods=²", 400),
        ("{base}/reports/TransactionList?bothamount=1E999999999", 400),
        ("{base}/query?query=select * from Customer startposition ²", 400),
        ("{base}/query?query=select * from Customer startposition " + "9" * 5000, 400),
        ("{base}/query?query=select * from Customer maxresults -" + "9" * 5000, 400),
        ("{base}/query?query=select * from Customer maxresults --5", 400),
        ("{base}/query?query=select * from Customer where Id > '" + "9" * 5000 + "'", 200),
        ("{base}/query?query=select * from Customer where Id = '²' orderby Balance", 200),
        ("{base}/query?query=select * from Customer where " + "Id = '1' and " * 1000 + "Id = '1'", 200),
        ("{base}/download/..%2f..%2fetc%2fpasswd", 400),
        ("/files/{realm}/..%2f..%2fetc/passwd", 403),
        ("/requests/²", 404),
        ("/company/{realm}/documents?page=²", 200),
    ],
)
def test_odd_addresses_are_answered(us: Books, path: str, status: int) -> None:
    address = path.format(base=us.base, realm=us.company.realm)
    assert us.http.get(quote(address, safe="/?=&%")).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        ("settings", lambda doc: doc.update(clock="now")),
        ("settings", lambda doc: doc.update(clock={"offset": str(-(10**17))})),
        ("settings", lambda doc: doc.update(name=7)),
        ("settings", lambda doc: doc.update(sequences={"transactions": "many"})),
        ("write", lambda doc: doc.pop("operation")),
        ("write", lambda doc: doc.update(id=1)),
        ("answer", lambda doc: doc.update(text="none")),
        ("Customer", lambda doc: doc["doc"].update(SyncToken=1)),
        ("Customer", lambda doc: doc["doc"].update(Active="maybe")),
        ("Customer", lambda doc: doc["doc"].update(DisplayName="\ud800")),
        ("Customer", lambda doc: doc["doc"]["MetaData"].update(CreateTime="once")),
        ("Customer", lambda doc: doc["doc"].update(Balance=float("nan"))),
        ("Account", lambda doc: doc["doc"].pop("Classification")),
        ("CompanyInfo", lambda doc: doc["doc"].update(FiscalYearStartMonth="Floréal")),
        ("Preferences", lambda doc: doc["doc"].update(AccountingInfoPrefs=["x"])),
    ],
)
def test_a_company_changed_by_hand_is_not_taken_in(us: Books, change: Any) -> None:
    us.make("Customer", {"DisplayName": "Ada"}, requestid="one")
    lab = {"Authorization": f"Bearer {us.server.lab_token}"}
    kept = us.http.get(f"/sandbox/companies/{us.company.realm}/export", headers=lab).text
    part, edit = change
    lines = [json.loads(line) for line in kept.splitlines()]
    found = next(
        doc[name] for doc in lines for name in doc if name == part or (name == "row" and doc[name]["kind"] == part)
    )
    edit(found)
    content = "\n".join(json.dumps(doc) for doc in lines).encode()
    answer = us.http.post("/sandbox/companies/import", content=content, headers=lab)
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable")
    assert_books_balance(us.company)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("%a" * 40 + "%b", False),
        ("%a" * 40 + "%", True),
        ("A" * 60 + "%", True),
        ("a" * 61, False),
        ("a" * 60, True),
        ("a%" + "a" * 60, False),
        ("%", True),
        ("", False),
        ("%.%", False),
    ],
)
@pytest.mark.timeout(20)  # a regular expression made of the first pattern would not end
def test_a_search_with_many_wildcards_ends(us: Books, pattern: str, fits: bool) -> None:
    us.make("Customer", {"DisplayName": "a" * 60})
    found = us.query(f"select count(*) from Customer where DisplayName like '{pattern}' and DisplayName like 'a%'")  # noqa: S608
    assert found == {"totalCount": int(fits)}


@pytest.mark.parametrize(
    "body",
    [{"set": "0001-01-01T00:00:00Z"}, {"set": "9999-12-31T00:00:00Z"}, {"advance": True}, {"advance": 10**400}],
)
@pytest.mark.parametrize("path", ["/sandbox/clock", "/sandbox/companies/{realm}/clock"])
def test_a_clock_stays_within_the_calendar(us: Books, path: str, body: Any) -> None:
    lab = {"Authorization": f"Bearer {us.server.lab_token}"}
    before = us.company.clock.today()
    answer = us.http.post(path.format(realm=us.company.realm), json=body, headers=lab)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_value")
    assert us.company.clock.today() == before


@pytest.mark.parametrize("pattern", ["(a+)+$", "(invoice|payment)*", "(a|a){9,}", "x" * 501])
def test_a_pattern_that_could_search_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        ArmedFault(Effect.SLOW, path=pattern)
    ArmedFault(Effect.SLOW, path=r"/(invoice|payment)$", query=r"\)+")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/é",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nHost: x",
        "http://10.0.0.1/",
        "http://127.0.0.1.nip.io/",
        "http://localhost@10.0.0.1/",
        "https://127.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "file:///etc/passwd",
    ],
)
def test_a_webhook_goes_nowhere_but_to_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="url is"):
        Endpoint(1, url, "raccord-sandbox")


@pytest.mark.parametrize(
    ("metadata", "sent"),
    [
        ({"ContentType": "text/plain\r\nX-Evil: 1"}, "application/octet-stream"),
        ({"ContentType": "téxt/😀"}, "application/octet-stream"),
        ({"FileName": "../../etc/passwd.txt"}, "text/plain; charset=utf-8"),
        ({"FileName": "a\r\nX-Evil: 1.txt"}, None),
    ],
)
def test_a_file_is_served_under_harmless_headers(us: Books, metadata: Any, sent: str | None) -> None:
    parts = {
        "file_metadata_01": (None, json.dumps(metadata), "application/json"),
        "file_content_01": ("a.txt", b"x", "text/plain"),
    }
    answer = us.http.post(f"{us.base}/upload", files=parts).json()["AttachableResponse"][0]
    assert ("Fault" in answer) == (sent is None)
    if sent is not None:
        served = us.http.get(answer["Attachable"]["TempDownloadUri"])
        assert (served.status_code, served.content, served.headers["Content-Type"]) == (200, b"x", sent)
        assert "X-Evil" not in served.headers
        assert served.headers["Content-Disposition"].startswith("attachment;")


def test_the_last_day_of_the_calendar_counts(us: Books) -> None:
    us.make("SalesReceipt", {**SALE, "TxnDate": "9999-12-31"})
    assert us.balance("UndepositedFunds") == 5


@pytest.mark.parametrize("uri", ["http://[::1/x", "http://localhost@10.0.0.1/", "//10.0.0.1/", "javascript:alert(1)"])
def test_consent_leads_to_no_other_address(us: Books, uri: str) -> None:
    asked = {
        "client_id": "raccord-sandbox",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": uri,
        "auto": "1",
    }
    answer = us.http.get("/connect/oauth2", params=asked)
    assert (answer.status_code, answer.headers.get("location")) == (400, None)
    lab = {"Authorization": f"Bearer {us.server.lab_token}"}
    refused = us.http.post("/sandbox/clients", json={"name": "x", "redirect_uris": [uri]}, headers=lab)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_address")


@pytest.mark.parametrize("headers", [{"Origin": "http://["}, {"Origin": "http://10.0.0.1"}, {"Host": "10.0.0.1"}, {}])
def test_a_form_of_another_site_arms_nothing(us: Books, headers: dict[str, str]) -> None:
    form = {"deed": "arm", "effect": "hold", "path": "/never"}
    assert us.http.post("/faults", data=form, headers=headers).status_code == 403
    page = us.http.get("/faults", headers=headers).text
    assert ('name="proof"' in page) == (headers == {})
    assert "/never" not in page


@pytest.mark.parametrize("number", [b"1E+999999999", b"1E-999999999", b'"1E+999999999"', b'"1E-999999999"'])
def test_a_switch_takes_no_number_that_would_fill_the_memory(us: Books, number: bytes) -> None:
    lab = {"Authorization": f"Bearer {us.server.lab_token}"}
    path = f"/sandbox/companies/{us.company.realm}/switches"
    answer = us.http.post(path, content=b'{"tax_tolerance": ' + number + b"}", headers=lab)
    assert answer.status_code == 400
    assert us.company.switch("tax_tolerance") < 1
