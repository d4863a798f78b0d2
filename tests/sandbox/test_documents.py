from __future__ import annotations

import re
from typing import Any

import pytest

from raccord_sandbox.config import Limits

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def assert_pdf(raw: bytes) -> list[bytes]:
    """Walk the file as a reader does, by its cross-reference table; return the strings it draws."""
    assert raw.startswith(b"%PDF-1.4\n")
    assert raw.endswith(b"%%EOF\n")
    start = int(raw[raw.rindex(b"startxref") :].split()[1])
    assert raw[start:].startswith(b"xref\n0 ")
    lines = raw[start:].split(b"\n")
    count = int(lines[1].split()[1])
    for number in range(1, count):
        entry = lines[2 + number]
        assert len(entry) == 19, "an entry has twenty bytes with its line end"
        assert raw[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(rb"<< /Length (\d+) >>\nstream\n(.*?)\nendstream", raw, re.DOTALL):
        assert len(stream) == int(length)
    pages = re.findall(rb"/Type /Page ", raw)
    assert int(re.findall(rb"/Type /Pages /Count (\d+)", raw)[0]) == len(pages)
    return [re.sub(rb"\\(.)", rb"\1", text) for text in re.findall(rb"\((.*)\) Tj", raw)]


def test_a_document_is_printed_in_the_language_of_its_company(quebec: Books, us: Books) -> None:
    customer = quebec.make("Customer", {"DisplayName": "Café (d’Orléans) \\ fils"})
    body = quebec.sale("1234.5", "N7", "TPS/TVQ QC - 9,975", CustomerRef={"value": customer["Id"]})
    receipt = quebec.make("SalesReceipt", body)
    answer = quebec.http.get(f"{quebec.base}/salesreceipt/{receipt['Id']}/pdf", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["intuit_tid"]
    words = [text.decode("cp1252") for text in assert_pdf(answer.content)]
    assert words[0] == "Reçu de vente"
    for expected in ("N7", "2026-03-01", "Café (d’Orléans) \\ fils", "1\u00a0234,50", "1\u00a0419,37 CAD", "Taxes"):
        assert expected in words, words
    english = us.make("SalesReceipt", us.sale("1234.5"))
    plain = us.http.get(f"{us.base}/salesreceipt/{english['Id']}/pdf", headers={"Accept": "*/*"})
    assert {b"Sales receipt", b"1,234.50", b"1,234.50 USD"} <= set(assert_pdf(plain.content))


def test_a_long_document_has_more_pages(us: Books) -> None:
    line = us.sale(1)["Line"][0]
    receipt = us.make("SalesReceipt", {"Line": [{**line, "Description": f"line {number}"} for number in range(100)]})
    raw = us.http.get(f"{us.base}/salesreceipt/{receipt['Id']}/pdf").content
    words = assert_pdf(raw)
    assert raw.count(b"/Type /Page ") == 3
    assert {f"line {number}".encode() for number in range(100)} <= set(words)


def test_only_documents_that_exist_and_have_one_are_printed_or_sent(us: Books) -> None:
    transfer = us.make(
        "Transfer",
        {
            "Amount": 1,
            "FromAccountRef": {"value": us.account("Checking")["Id"]},
            "ToAccountRef": {"value": us.account("Savings")["Id"]},
        },
    )
    assert us.get(f"transfer/{transfer['Id']}/pdf")["Fault"]["Error"][0]["code"] == "500"
    assert us.get("salesreceipt/999999/pdf")["Fault"]["Error"][0]["code"] == "610"
    for path, code in (
        (f"transfer/{transfer['Id']}/send", "500"),
        ("salesreceipt/999999/send", "610"),
        ("salesreceipt/abc/send", "2030"),
    ):
        assert send(us, path)["Fault"]["Error"][0]["code"] == code


def send(books: Books, path: str, **parameters: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/octet-stream"}
    found: dict[str, Any] = books.http.post(f"{books.base}/{path}", headers=headers, params=parameters).json()
    return found


def test_a_sent_document_says_so_and_lies_in_the_outbox(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5, BillEmailCc={"Address": "boss@example.com"}))
    path = f"salesreceipt/{receipt['Id']}/send"
    assert send(us, path)["Fault"]["Error"][0]["code"] == "6420"
    assert send(us, path, sendTo="nobody")["Fault"]["Error"][0]["code"] == "2210"
    ref = {"EntityRef": {"type": "SalesReceipt", "value": receipt["Id"]}, "IncludeOnSend": True}
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file_metadata_0"\r\n\r\n'
        + us.http.build_request("POST", "/", json={"FileName": "a.txt", "AttachableRef": [ref]}).content
        + b'\r\n--b\r\nContent-Disposition: form-data; name="file_content_0"\r\n\r\nx\r\n--b--'
    )
    us.http.post(f"{us.base}/upload", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"})
    sent = send(us, path, sendTo="ada@example.com", requestid="s1")["SalesReceipt"]
    assert send(us, path, sendTo="ada@example.com", requestid="s1")["SalesReceipt"] == sent
    assert (sent["EmailStatus"], sent["BillEmail"], sent["SyncToken"]) == (
        "EmailSent",
        {"Address": "ada@example.com"},
        "1",
    )
    assert sent["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": "2026-03-02T08:00:00-08:00"}
    assert sent["MetaData"]["LastUpdatedTime"] == "2026-03-02T08:00:00-08:00"
    again = send(us, path)["SalesReceipt"]
    assert again["SyncToken"] == "2"
    mails = us.here("GET", "mails")
    assert [(mail["to"], mail["cc"], mail["files"]) for mail in mails] == [
        ("ada@example.com", "boss@example.com", ["a.txt"])
    ] * 2
    log = us.here("GET", "writes?operation=send")
    assert [write["request_id"] for write in log["writes"]] == ["s1", ""]
    changed = us.make("SalesReceipt", {"Id": receipt["Id"], "SyncToken": "2", "sparse": True, "PrivateNote": "x"})
    assert (changed["EmailStatus"], changed["DeliveryInfo"]) == ("EmailSent", sent["DeliveryInfo"])


def test_without_an_address_of_its_own_a_document_goes_to_its_customer(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Ada", "PrimaryEmailAddr": {"Address": "own@example.com"}})
    receipt = us.make("SalesReceipt", us.sale(5, CustomerRef={"value": customer["Id"]}))
    assert send(us, f"salesreceipt/{receipt['Id']}/send")["SalesReceipt"]["EmailStatus"] == "EmailSent"
    assert us.here("GET", "mails")[-1]["to"] == "own@example.com"


def test_forty_mails_a_day_are_the_most_where_limits_are_on(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5, BillEmail={"Address": "a@b.c"}))
    throttle = us.server.store.throttle
    try:
        throttle.limits = Limits(mails_per_day=2)
        path = f"salesreceipt/{receipt['Id']}/send"
        assert ["SalesReceipt" in send(us, path) for _ in range(3)] == [True, True, False]
        assert send(us, path)["fault"]["error"][0]["code"] == "3001"
    finally:
        throttle.limits = Limits()
    assert Limits.documented().mails_per_day == 40


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_document_cannot_be_asked_for_in_another_way(us: Books, method: str) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    path = f"salesreceipt/{receipt['Id']}/" + ("send" if method == "GET" else "pdf")
    answer = us.http.request(method, f"{us.base}/{path}").json()
    assert answer["Fault"]["Error"][0]["code"] == "500"
