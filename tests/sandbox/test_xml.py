"""XML for those who do not ask for JSON, both ways."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from raccord_sandbox.markup.reading import DEEPEST, batch_of, entity_of, parsed
from raccord_sandbox.markup.writing import HEAD, markup
from raccord_sandbox.refusing.faults import FaultError

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
NS = "{http://schema.intuit.com/finance/v3}"
XML = {"Accept": "application/xml", "Content-Type": "application/xml"}


def tree(answer: httpx.Response) -> ElementTree.Element:
    assert answer.headers["content-type"] == "application/xml;charset=UTF-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
    return ElementTree.fromstring(answer.content)


def names(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix(NS) for child in element]


@pytest.mark.parametrize("accept", ["application/xml", "*/*", "text/xml", "text/html", ""])
def test_whoever_does_not_ask_for_json_gets_xml(us: Books, accept: str) -> None:
    customer = us.make("Customer", {"DisplayName": "Zoé & <Fils>", "Notes": "a\nb"})
    root = tree(us.http.get(f"{us.base}/customer/{customer['Id']}", headers={"Accept": accept}))
    assert root.tag == f"{NS}IntuitResponse"
    assert re.fullmatch(r"2026-03-02T08:00:00\.000-08:00", root.attrib["time"])
    (found,) = root
    assert found.tag == f"{NS}Customer"
    assert found.attrib == {"domain": "QBO", "sparse": "false"}
    assert names(found)[:3] == ["Id", "SyncToken", "MetaData"]
    assert found.findtext(f"{NS}DisplayName") == "Zoé & <Fils>"
    assert found.findtext(f"{NS}Notes") == "a\nb"
    assert found.findtext(f"{NS}MetaData/{NS}CreateTime") == "2026-03-02T08:00:00-08:00"
    assert names(found.find(f"{NS}MetaData")) == ["CreateTime", "LastUpdatedTime"]  # type: ignore[arg-type]


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/plain, */*", "TEXT/JSON"])
def test_whoever_asks_for_json_gets_json(us: Books, accept: str) -> None:
    answer = us.http.get(f"{us.base}/preferences", headers={"Accept": accept})
    assert "Preferences" in answer.json()


def test_documents_have_references_with_names_and_lines_in_the_order_of_the_schema(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Ada"})
    receipt = us.make(
        "SalesReceipt",
        us.sale("5.50", "N1", CustomerRef={"value": customer["Id"]}, CustomerMemo={"value": "thanks"}),
    )
    answer = us.http.get(f"{us.base}/salesreceipt/{receipt['Id']}", headers={"Accept": "text/xml"})
    found = tree(answer)[0]
    ref = found.find(f"{NS}CustomerRef")
    assert ref is not None
    assert (ref.text, ref.attrib) == (customer["Id"], {"name": "Ada"})
    assert found.findtext(f"{NS}CustomerMemo") == "thanks"
    lines = found.findall(f"{NS}Line")
    assert len(lines) == len(receipt["Line"])
    assert names(lines[0])[:4] == ["Id", "LineNum", "Amount", "DetailType"]
    assert lines[0].findtext(f"{NS}Amount") == "5.50"
    assert lines[0].find(f"{NS}SalesItemLineDetail/{NS}ItemRef") is not None
    assert names(found).index("DocNumber") < names(found).index("TxnDate") < names(found).index("Line")


def test_queries_counts_batches_changes_and_reports_have_their_elements(us: Books) -> None:
    us.make("Customer", {"DisplayName": "Ada"})
    us.make("Customer", {"DisplayName": "Bea"})

    def ask(statement: str) -> ElementTree.Element:
        return tree(us.http.get(f"{us.base}/query", params={"query": statement}, headers={"Accept": "*/*"}))[0]

    page = ask("select * from Customer")
    assert page.tag == f"{NS}QueryResponse"
    assert page.attrib == {"startPosition": "1", "maxResults": "2", "totalCount": "2"}
    assert names(page) == ["Customer", "Customer"]
    assert ask("select count(*) from Customer").attrib == {"totalCount": "2"}
    assert (ask("select * from Vendor").attrib, list(ask("select * from Vendor"))) == ({}, [])
    changes = tree(
        us.http.get(
            f"{us.base}/cdc",
            params={"entities": "Customer,Vendor", "changedSince": "2026-03-02"},
            headers={"Accept": "*/*"},
        )
    )
    assert [child.tag for child in changes] == [f"{NS}CDCResponse"]
    assert names(changes[0]) == ["QueryResponse", "QueryResponse"]
    items = [{"bId": "a", "Query": "select * from Customer"}, {"bId": "b", "operation": "create", "Customer": {}}]
    batch = tree(us.http.post(f"{us.base}/batch", json={"BatchItemRequest": items}, headers={"Accept": "*/*"}))
    assert [(item.attrib, names(item)) for item in batch] == [
        ({"bId": "a"}, ["QueryResponse"]),
        ({"bId": "b"}, ["Fault"]),
    ]
    report = tree(us.http.get(f"{us.base}/reports/TrialBalance", headers={"Accept": "*/*"}))
    assert report.tag == f"{NS}Report"
    assert names(report) == ["Header", "Columns", "Rows"]
    assert report.find(f".//{NS}ColData").attrib.keys() >= {"value"}  # type: ignore[union-attr]


def test_faults_of_the_api_and_of_the_gateway_have_one_form_in_xml(us: Books) -> None:
    missing = us.http.post(f"{us.base}/salesreceipt", json={}, headers={"Accept": "*/*"})
    assert missing.status_code == 400
    (fault,) = tree(missing)
    assert (fault.tag, fault.attrib) == (f"{NS}Fault", {"type": "ValidationFault"})
    (error,) = fault
    assert error.attrib == {"code": "2020", "element": "Line"}
    assert names(error) == ["Message", "Detail"]
    assert error.findtext(f"{NS}Detail") == "Required parameter Line is missing in the request"
    plain = us.http.get(f"{us.base}/customer/999999", headers={"Accept": "*/*"})
    assert tree(plain)[0][0].attrib == {"code": "610"}
    gateway = httpx.get(f"{us.server.url}{us.base}/preferences")
    assert gateway.status_code == 401
    (fault,) = tree(gateway)
    assert (fault.attrib, fault[0].attrib) == ({"type": "AUTHENTICATION"}, {"code": "3200"})
    assert "errorCode=003200" in (fault[0].findtext(f"{NS}Message") or "")


def test_a_document_is_created_updated_and_deleted_in_xml(us: Books) -> None:
    item = us.item()["Id"]
    body = f"""<?xml version="1.0" encoding="utf-8"?>
    <SalesReceipt xmlns="http://schema.intuit.com/finance/v3">
      <TxnDate>2026-03-01</TxnDate><PrivateNote>één &amp; deux</PrivateNote>
      <Line><Amount>7.50</Amount><DetailType>SalesItemLineDetail</DetailType>
        <SalesItemLineDetail><ItemRef name="x">{item}</ItemRef><Qty>3</Qty><UnitPrice>2.5</UnitPrice>
        </SalesItemLineDetail>
      </Line>
      <CustomerMemo>merci</CustomerMemo><ApplyTaxAfterDiscount>true</ApplyTaxAfterDiscount>
      <BillEmail><Address>a@b.c</Address></BillEmail>
    </SalesReceipt>"""
    made = tree(us.http.post(f"{us.base}/salesreceipt", content=body.encode(), headers=XML))[0]
    key = made.findtext(f"{NS}Id")
    stored = us.get(f"salesreceipt/{key}")["SalesReceipt"]
    assert (stored["TotalAmt"], stored["PrivateNote"]) == (Decimal("7.50"), "één & deux")
    assert (stored["CustomerMemo"], stored["ApplyTaxAfterDiscount"]) == ({"value": "merci"}, True)
    assert stored["BillEmail"] == {"Address": "a@b.c"}
    update = (
        f'<SalesReceipt xmlns="{NS[1:-1]}" sparse="true" domain="QBO"><Id>{key}</Id><SyncToken>0</SyncToken>'
        "<PrivateNote>new</PrivateNote></SalesReceipt>"
    )
    changed = tree(us.http.post(f"{us.base}/salesreceipt", content=update, headers=XML))[0]
    assert (changed.findtext(f"{NS}PrivateNote"), len(changed.findall(f"{NS}Line"))) == ("new", len(stored["Line"]))
    gone = f"<SalesReceipt><Id>{key}</Id><SyncToken>1</SyncToken></SalesReceipt>"
    deleted = us.http.post(f"{us.base}/salesreceipt", content=gone, headers=XML, params={"operation": "delete"})
    assert tree(deleted)[0].attrib == {"domain": "QBO", "status": "Deleted"}


def test_lists_attachments_and_batches_are_read_from_xml(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    note = (
        "<Attachable><Note>seen</Note><AttachableRef>"
        f'<EntityRef type="salesreceipt">{receipt["Id"]}</EntityRef><IncludeOnSend>false</IncludeOnSend>'
        "</AttachableRef></Attachable>"
    )
    assert "Fault" not in us.http.post(f"{us.base}/attachable", content=note, headers=XML).text
    batch = (
        '<IntuitBatchRequest xmlns="http://schema.intuit.com/finance/v3">'
        '<BatchItemRequest bId="1" operation="create"><Customer><DisplayName>Ada</DisplayName>'
        "<PrimaryPhone><FreeFormNumber>1</FreeFormNumber></PrimaryPhone></Customer></BatchItemRequest>"
        '<BatchItemRequest bId="2"><Query>select count(*) from Customer</Query></BatchItemRequest>'
        "</IntuitBatchRequest>"
    )
    first, second = tree(us.http.post(f"{us.base}/batch", content=batch, headers=XML))
    assert first[0].findtext(f"{NS}DisplayName") == "Ada"
    assert (second.attrib, second[0].attrib) == ({"bId": "2"}, {"totalCount": "1"})


BAD = (
    ("no XML", b"{}", "2010"),
    ("cut off", b"<Customer><DisplayName>x", "2010"),
    ("two roots", b"<Customer/><Customer/>", "2010"),
    ("a document type", b'<!DOCTYPE x [<!ENTITY a "b">]><Customer><DisplayName>&a;</DisplayName></Customer>', "2010"),
    ("too deep", b"<Customer>" + b"<Line>" * 100 + b"</Line>" * 100 + b"</Customer>", "2010"),
    ("another entity", b"<Vendor><DisplayName>x</DisplayName></Vendor>", "2000"),
    ("an unknown property", b"<Customer><Horn>x</Horn></Customer>", "2010"),
    ("no number", b"<Customer><DisplayName>x</DisplayName><Job>perhaps</Job></Customer>", "2230"),
    ("empty", b"", "2010"),
)


@pytest.mark.parametrize(("what", "body", "code"), BAD, ids=[row[0] for row in BAD])
def test_xml_that_does_not_fit_is_refused(us: Books, what: str, body: bytes, code: str) -> None:
    answer = us.http.post(f"{us.base}/customer", content=body, headers=XML)
    assert (answer.status_code, tree(answer)[0][0].attrib["code"]) == (400, code)


def test_markup_holds_what_xml_can_hold() -> None:
    text = markup({"Note": "a\x00b\u001fc", "Amount": Decimal("1E+2"), "Flag": True, "Gone": None, "Many": []})
    assert text == (
        f'{HEAD}\n<IntuitResponse xmlns="http://schema.intuit.com/finance/v3">'
        "<Amount>100</Amount><Note>abc</Note><Flag>true</Flag></IntuitResponse>"
    )


def test_elements_are_read_into_the_shapes_of_json() -> None:
    entity = entity_of(
        b'<Customer sparse="true" odd="1"><Id>1</Id><ParentRef name="P">7</ParentRef><Active>false</Active></Customer>',
        "Customer",
    )
    assert entity == {"sparse": "true", "Id": "1", "ParentRef": {"value": "7", "name": "P"}, "Active": "false"}
    assert batch_of(b"<X><BatchItemRequest/></X>") == {"BatchItemRequest": [{}]}
    deep = b"<a>" * (DEEPEST - 1) + b"</a>" * (DEEPEST - 1)
    assert parsed(deep).name == "a"
    with pytest.raises(FaultError, match="too deep"):
        parsed(b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1))


def test_a_replayed_answer_has_the_form_that_is_asked_for_now(us: Books) -> None:
    body = json.dumps({"DisplayName": "Ada"})
    headers = {"Content-Type": "application/json"}
    first = us.http.post(f"{us.base}/customer", content=body, headers=headers, params={"requestid": "x1"}).json()
    again = us.http.post(
        f"{us.base}/customer", content=body, headers={**headers, "Accept": "*/*"}, params={"requestid": "x1"}
    )
    assert tree(again)[0].findtext(f"{NS}Id") == first["Customer"]["Id"]
