"""The pages in the browser: books, requests with secrets masked, and the forms of the fault lab."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from raccord_sandbox.window.indenting import indented
from raccord_sandbox.window.requests import MOST
from raccord_sandbox.window.texts import TEXTS

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
CLIENT = ("raccord-sandbox", "raccord-sandbox-secret")


def page(books: Books, path: str, **parameters: str) -> str:
    answer = httpx.get(f"{books.server.url}{path}", params={"lang": "en", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert not re.search(r"<script|<style| style=|javascript:| on[a-z]+=", answer.text)
    return answer.text


def test_both_languages_have_the_same_words() -> None:
    assert set(TEXTS["fr"]) == set(TEXTS["en"])


@pytest.fixture
def busy(us: Books) -> Books:
    us.server.app.state.log.clear()
    us.customer = us.make("Customer", {"DisplayName": "Zoé <b>"})
    us.sold = us.make(
        "SalesReceipt", us.sale("1234.50", "N-9", PrivateNote="a & b", CustomerRef={"value": us.customer["Id"]})
    )
    return us


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "place", ["/", "/company/{r}", "/company/{r}/accounts", "/company/{r}/accounts/4", "/company/{r}/documents",
              "/company/{r}/salesreceipt/{s}", "/company/{r}/customer/{c}", "/company/{r}/trial-balance", "/requests",
              "/faults"]
)  # fmt: skip
def test_every_page_stands_in_both_languages_and_leads_to_the_other(busy: Books, place: str, language: str) -> None:
    ids = {"{r}": busy.company.realm, "{s}": busy.sold["Id"], "{c}": busy.customer["Id"]}
    path = place
    for mark, key in ids.items():
        path = path.replace(mark, key)
    text = page(busy, path, lang=language)
    assert f'<html lang="{language}">' in text
    assert TEXTS[language]["faults"] in text
    other = "en" if language == "fr" else "fr"
    assert f'href="{path}?lang={other}"' in text


def test_no_balance_is_a_negative_zero(us: Books) -> None:
    assert "-0.00" not in page(us, f"/company/{us.company.realm}/accounts")


def test_a_register_runs_the_balance_and_leads_to_its_documents(busy: Books) -> None:
    busy.make("SalesReceipt", busy.sale("0.50", TxnDate="2026-02-01"))
    text = page(busy, f"/company/{busy.company.realm}/accounts/4")
    cells = re.findall(r'<td class="amount">([\d,.]*)</td>', text)
    assert cells == ["1,234.50", "", "1,235.00", "0.50", "", "0.50"]
    assert f"/company/{busy.company.realm}/salesreceipt/{busy.sold['Id']}" in text
    assert "Zoé &lt;b&gt;" in text


def test_a_document_shows_entries_links_and_its_exact_json(busy: Books) -> None:
    bank = {"value": "35"}
    line = {"Amount": "1234.50", "LinkedTxn": [{"TxnId": busy.sold["Id"], "TxnType": "SalesReceipt", "TxnLineId": "0"}]}
    deposit = busy.make("Deposit", {"DepositToAccountRef": bank, "Line": [line], "TxnDate": "2026-03-01"})
    text = page(busy, f"/company/{busy.company.realm}/salesreceipt/{busy.sold['Id']}")
    assert f'href="/company/{busy.company.realm}/deposit/{deposit["Id"]}?lang=en">Deposit {deposit["Id"]}</a>' in text
    assert "&#34;TotalAmt&#34;: 1234.50" in text
    assert text.count("1,234.50") >= 3


def test_documents_are_paged_and_chosen_by_kind(busy: Books) -> None:
    for number in range(105):
        busy.make("SalesReceipt", busy.sale(1, f"P{number}"))
    path = f"/company/{busy.company.realm}/documents"
    first, second = page(busy, path), page(busy, path, page="2")
    assert first.count("<tr>") == 101
    assert second.count("<tr>") == 7
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert "N-9" not in page(busy, path, kind="Deposit")
    for odd in ("0", "-1", "x", "99999999999"):
        assert "<tr>" in page(busy, path, page=odd)


@pytest.mark.parametrize(
    ("word", "query", "status"),
    [
        ("salesreceipt", {"txnId": "{id}"}, 302),
        ("salesreceipt", {"txnId": "{id}", "deeplinkcompanyid": "{realm}"}, 302),
        ("salesreceipt", {"txnId": "{id}", "deeplinkcompanyid": "1"}, 404),
        ("salesreceipt", {"txnId": "99999"}, 404),
        ("expense", {"txnId": "{id}"}, 404),
        ("moon", {"txnId": "1"}, 404),
    ],
)
def test_addresses_of_quickbooks_online_lead_to_the_document(
    busy: Books, word: str, query: dict[str, str], status: int
) -> None:
    known = {"{id}": busy.sold["Id"], "{realm}": busy.company.realm}
    answer = httpx.get(
        f"{busy.server.url}/app/{word}", params={name: known.get(value, value) for name, value in query.items()}
    )
    assert answer.status_code == status
    if status == 302:
        assert answer.headers["location"] == f"/company/{busy.company.realm}/salesreceipt/{busy.sold['Id']}"


def test_requests_are_kept_with_bodies_and_without_secrets(busy: Books) -> None:
    url = busy.server.url
    tokens = busy.here("POST", "tokens")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    fresh = httpx.post(f"{url}/oauth2/v1/tokens/bearer", data=form, auth=CLIENT).json()
    in_form = {**form, "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    httpx.post(f"{url}/oauth2/v1/tokens/bearer", data=in_form)
    httpx.post(f"{url}/v2/oauth2/tokens/revoke", json={"token": fresh["access_token"]}, auth=CLIENT)
    asked = {"client_id": CLIENT[0], "response_type": "code", "scope": "openid", "redirect_uri": "http://localhost:9/x"}
    came = httpx.get(f"{url}/connect/oauth2", params={**asked, "state": "s", "auto": "1"}).headers["location"]
    busy.make("Vendor", {"DisplayName": "Lee", "TaxIdentifier": "99-5688293"})
    code = re.search("code=([^&]+)", came)
    assert code is not None
    secrets = [tokens["refresh_token"], fresh["access_token"], fresh["refresh_token"], CLIENT[1], code[1], "99-5688293",
               str(busy.http.headers["authorization"]).split()[1]]  # fmt: skip
    kept = busy.lab("GET", "requests", limit=100)
    whole = json.dumps(kept, default=str)
    pages = "".join(page(busy, f"/requests/{one['number']}") for one in kept) + page(busy, "/requests")
    for secret in secrets:
        assert secret not in whole
        assert secret not in pages
    assert "grant_type=refresh_token&amp;refresh_token=•••" in pages
    assert "Lee" in pages
    first = next(one for one in kept if one["address"].endswith("/salesreceipt"))
    assert (first["method"], first["status"], first["struck"]) == ("POST", 200, "")
    assert '"TotalAmt": 1234.50' in first["answer"]
    assert '"PrivateNote": "a & b"' in first["body"]


def test_a_fault_code_and_a_sync_token_are_no_secrets(busy: Books) -> None:
    busy.post("salesreceipt", {"Id": busy.sold["Id"], "SyncToken": "7", "sparse": True, "PrivateNote": "x"})
    [last] = busy.lab("GET", "requests", limit=1)
    assert '"code": "5010"' in last["answer"]
    assert '"SyncToken": "7"' in last["body"]


def test_cut_and_struck_requests_are_told_apart_and_the_ring_is_bounded(busy: Books) -> None:
    busy.lab("POST", "faults", effect="lose_answer", path="preferences")
    with pytest.raises(httpx.TransportError):
        busy.get("preferences")
    busy.lab("POST", "faults", effect="error_before", status=502, path="preferences", body="html")
    busy.http.get(f"{busy.base}/preferences")
    error, cut = busy.lab("GET", "requests", limit=2, realm=busy.company.realm)
    assert (error["status"], error["struck"]) == (502, "error_before")
    assert (cut["status"], cut["struck"]) == (0, "lose_answer")
    assert "lose_answer" in page(busy, "/requests", realm=busy.company.realm)
    log = busy.server.app.state.log
    scope = {"method": "GET", "path": "/v3/x", "headers": []}
    for _ in range(MOST + 5):
        log.open("now", scope)
    assert len(log.latest()) == MOST
    log.clear()


def test_long_packed_and_binary_bodies_are_shown_within_bounds(busy: Books) -> None:
    busy.make("Customer", {"DisplayName": "Long", "Notes": "n" * 1900})
    for _ in range(12):
        busy.make("SalesReceipt", busy.sale(1, PrivateNote="w" * 3900))
    busy.query("select * from SalesReceipt")
    [last] = busy.lab("GET", "requests", limit=1)
    assert last["answer_headers"]["content-encoding"] == "gzip"
    assert len(last["answer"]) < 30_000


def proof(books: Books) -> str:
    found = re.search('name="proof" value="([^"]+)"', page(books, "/faults"))
    assert found is not None
    return found[1]


def test_a_fault_is_armed_and_disarmed_by_form(us: Books) -> None:
    url = f"{us.server.url}/faults?lang=fr"
    fields = {"proof": proof(us), "deed": "arm", "effect": "error_before", "path": "preferences", "left": "",
              "status": "500", "realm": us.company.realm, "method": "GET", "skip": "1", "body": "xml"}  # fmt: skip
    answer = httpx.post(url, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/faults?lang=fr")
    [fault] = us.server.lab.armed()
    assert (fault.effect, fault.left, fault.status, fault.skip, fault.body) == ("error_before", None, 500, 1, "xml")
    assert [us.http.get(f"{us.base}/preferences").status_code for _ in range(2)] == [200, 500]
    assert "error_before" in page(us, "/faults")
    httpx.post(url, data={"proof": proof(us), "deed": "disarm", "number": str(fault.number)})
    assert us.server.lab.armed() == []
    httpx.post(url, data=fields)
    httpx.post(url, data={"proof": proof(us), "deed": "disarm_all"})
    assert us.server.lab.armed() == []


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"proof": ""}, {}, 403),
        ({"proof": "guessed"}, {}, 403),
        ({}, {"Origin": "https://evil.example"}, 403),
        ({}, {"Host": "evil.example"}, 403),
        ({"effect": "explode"}, {}, 400),
        ({"path": "("}, {}, 400),
        ({"left": "-1"}, {}, 400),
        ({"status": "9999999999"}, {}, 400),
        ({"deed": "format"}, {}, 400),
        ({"deed": "disarm", "number": "777"}, {}, 400),
        ({"path": "x" * 20_001}, {}, 413),
    ],
)
def test_a_form_that_is_forged_or_wrong_changes_nothing(
    us: Books, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    body = {"proof": proof(us), "deed": "arm", "effect": "hold", "path": "nowhere", **fields}
    answer = httpx.post(f"{us.server.url}/faults", data=body, headers=headers)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert us.server.lab.armed() == []


def test_the_style_is_one_small_file_of_our_own(us: Books) -> None:
    answer = httpx.get(f"{us.server.url}/sandbox.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert 1000 < len(answer.content) < 10_000
    assert "@import" not in answer.text
    assert "url(" not in answer.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a":1.50,"b":[],"c":"x, {y}: \\"z\\""}', '{\n  "a": 1.50,\n  "b": [],\n  "c": "x, {y}: \\"z\\""\n}'),
        ("[1,[2]]", "[\n  1,\n  [\n    2\n  ]\n]"),
        ("not json", "not json"),
    ],
)  # fmt: skip
def test_json_is_laid_out_with_its_numbers_as_written(text: str, shown: str) -> None:
    assert indented(text) == shown
