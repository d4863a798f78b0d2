"""Whether what went over the wire looks as Intuit documents it; the shapes are data in tests/strangers/shapes.toml."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from wiretap import Exchange

Doc = dict[str, Any]
SHAPES = tomllib.loads((Path(__file__).parents[1] / "strangers" / "shapes.toml").read_text(encoding="utf-8"))
API = re.compile(r"/v3/company/(\d+)/(.+)")
PATTERNS = {
    "id": r"\d+|TAX|NON",
    "whole": r"\d+",
    "day": r"\d{4}-\d\d-\d\d",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d",
}
KINDS = {
    "ref": {"value": "text", "name?": "text", "type?": "text"},
    "memo": {"value": "text"},
    "email": {"Address": "text"},
    "phone": {"FreeFormNumber": "text"},
    "web": {"URI": "text"},
    "meta": {"CreateTime": "moment", "LastUpdatedTime": "moment"},
    "link": {"TxnId": "id", "TxnType": "text", "TxnLineId?": "text"},
    "pair": {"Name": "text", "Value": "text"},
    "field": {"DefinitionId": "text", "Name?": "text", "Type": "text", "StringValue?": "text"},
    "error": {"Message": "text", "Detail": "text", "code": "whole", "element?": "text"},
    "column": {"ColTitle": "text", "ColType": "text", "MetaData?": "names", "Columns?": "any"},
    "cell": {"value": "text", "id?": "text", "href?": "text"},
    "tax": {"TotalTax?": "number", "TxnTaxCodeRef?": "ref", "TaxLine?": "lines", "TaxReviewStatus?": "text",
            "UseAutomatedSalesTax?": "flag"},
}  # fmt: skip
LISTS = {"links": "link", "names": "pair", "fields": "field"}
ADDRESS = {"Id", "Line1", "Line2", "Line3", "Line4", "Line5", "City", "CountrySubDivisionCode", "PostalCode", "Country",
           "Lat", "Long", "Note", "CountryCode"}  # fmt: skip
STATUS_OF_GATEWAY = {401, 403, 429, 504}


class UndocumentedError(AssertionError):
    """Something on the wire is not as documented."""


def check(exchange: Exchange) -> None:
    """Raise UndocumentedError unless the request and its answer are as documented."""
    try:
        _check(exchange)
    except UndocumentedError as error:
        raise UndocumentedError(f"{error}\nin {exchange}") from None


def _check(exchange: Exchange) -> None:
    found = API.fullmatch(exchange.path)
    if found is not None:
        _check_request(exchange, found[2])
        _check_answer(exchange, found[1], found[2])
        return
    match exchange.path.rstrip("/"):
        case "/oauth2/v1/tokens/bearer":
            shape = "tokens" if exchange.status == 200 else "error"
            _shape(_json(exchange.plain_answer), SHAPES["oauth"][shape], "tokens")
            _expect(exchange.headers.get("authorization", "").startswith("Basic "), "tokens need HTTP Basic")
            _expect(exchange.status in (200, 400, 401), f"status {exchange.status}")
        case "/v2/oauth2/tokens/revoke":
            if exchange.status == 200:
                _expect(exchange.answer == b"", "a revocation answers nothing")
            else:
                _shape(_json(exchange.plain_answer), SHAPES["oauth"]["error"], "revoke")
        case "/.well-known/openid_configuration" | "/.well-known/openid_sandbox_configuration":
            _shape(_json(exchange.plain_answer), SHAPES["oauth"]["discovery"], "discovery")
        case _:
            return
    _expect("intuit_tid" in exchange.answer_headers, "no intuit_tid")


def _check_request(exchange: Exchange, path: str) -> None:
    query = exchange.query
    _expect(exchange.method in ("GET", "POST"), exchange.method)
    _expect(exchange.headers.get("authorization", "").startswith("Bearer "), "no bearer token")
    version = query.get("minorversion", "75")
    _expect(version.isdecimal() and 1 <= int(version) <= 75, f"minor version {version}")
    _expect(len(query.get("requestid", "")) <= 50, "request id too long")
    operation = query.get("operation", "")
    _expect(operation in ("", "create", "update", "delete", "void"), f"operation {operation}")
    accepted = exchange.headers.get("accept", "")
    _expect(any(kind in accepted for kind in ("json", "pdf", "*/*")), f"accepts {accepted!r}")
    if exchange.method == "GET":
        return
    content = exchange.headers.get("content-type", "").split(";")[0]
    first = path.partition("/")[0]
    if first == "query":
        _expect(content in ("application/text", "text/plain"), f"a statement as {content}")
        _expect(exchange.body.lstrip()[:6].lower() == b"select", "a statement begins with select")
    elif first == "upload":
        _expect(content == "multipart/form-data", f"an upload as {content}")
    elif first == "batch":
        _check_batch_request(_json(exchange.body))
    elif not path.endswith("/send"):
        _expect(content == "application/json", f"a body as {content}")
        entity = _entity_of(path)
        body = _json(exchange.body)
        if exchange.status == 200 and entity and not body.get("Id") and not operation.startswith(("delete", "void")):
            _created(entity, body)


def _check_batch_request(body: Doc) -> None:
    items = body["BatchItemRequest"]
    numbers = [item["bId"] for item in items]
    _expect(len(items) <= 30 and len(set(numbers)) == len(numbers), "30 items with ids of their own")
    for item in items:
        _expect("Query" in item or item.get("operation") in ("create", "update", "delete"), f"item {item}")


def _created(entity: str, body: Doc) -> None:
    for name, type_ in SHAPES["entity"][entity].get("create", {}).items():
        _expect(name in body, f"{entity} made without {name}")
        _type(body[name], "any" if type_ in ("lines", "amount", "ref") else type_, name)


def _check_answer(exchange: Exchange, realm: str, path: str) -> None:
    headers = exchange.answer_headers
    kind = headers.get("content-type", "")
    for name in ("intuit_tid", "qbo-version"):
        _expect(re.fullmatch(SHAPES["headers"][name], headers.get(name, "")) is not None, f"header {name}")
    if path.endswith("/pdf") and exchange.status == 200:
        _expect(kind == "application/pdf" and exchange.plain_answer.startswith(b"%PDF-"), f"no PDF but {kind}")
        return
    if path.startswith("download/") and exchange.status == 200:
        _expect(kind.startswith("text/plain") and exchange.plain_answer.startswith(b"http"), "a download is an address")
        return
    _expect(kind == SHAPES["headers"]["content-type"], f"content type {kind}")
    body = _json(exchange.plain_answer)
    if exchange.status in STATUS_OF_GATEWAY:
        _check_gateway(body, exchange.status)
        return
    _no_nulls(body, "")
    if exchange.status != 200:
        _expect(exchange.status in (400, 415, 500), f"status {exchange.status}")
        _shape(body, {"Fault": "any", "time": "time"}, "fault")
        _check_fault(body["Fault"])
        return
    _expect("Fault" not in body, "a fault with status 200")
    _check_success(exchange, body, path)


def _check_success(exchange: Exchange, body: Doc, path: str) -> None:
    first, _, rest = path.partition("/")
    match first:
        case "reports":
            _check_report(body, rest)
        case "query":
            _shape(body, {"QueryResponse": "any", "time": "time"}, "query")
            _check_page(body["QueryResponse"])
        case "batch":
            _shape(body, {"BatchItemResponse": "any", "time": "time"}, "batch")
            _check_batch(body["BatchItemResponse"], _json(exchange.body)["BatchItemRequest"])
        case "cdc":
            _shape(body, {"CDCResponse": "any", "time": "time"}, "cdc")
            (response,) = body["CDCResponse"]
            asked = exchange.query["entities"].split(",")
            _expect(len(response["QueryResponse"]) == len(asked), "one block for each entity")
            for block in response["QueryResponse"]:
                _check_page(block)
        case "upload":
            _shape(body, {"AttachableResponse": "any", "time": "time"}, "upload")
            for one in body["AttachableResponse"]:
                _expect(set(one) in ({"Attachable"}, {"Fault"}), f"upload part {set(one)}")
                check_entity("Attachable", one["Attachable"]) if "Attachable" in one else _check_fault(one["Fault"])
        case _:
            entity = _entity_of(path)
            _expect(entity != "", f"an answer to {path}")
            _shape(body, {entity: "any", "time": "time"}, entity)
            if exchange.query.get("operation") == "delete":
                _check_stub(body[entity], deleted=True)
            else:
                check_entity(entity, body[entity])


def check_entity(name: str, doc: Doc) -> None:
    """Raise UndocumentedError unless an object has the documented properties, and no others."""
    if name not in SHAPES["entity"]:
        raise UndocumentedError(f"no shape for {name}")
    if doc.get("sparse") is True:
        shape = {key if key.endswith("?") else f"{key}?": type_ for key, type_ in entity_shape(name).items()}
        _shape(doc, shape, name)
        return
    _shape(doc, entity_shape(name), name)


@cache
def entity_shape(name: str) -> Doc:
    """Return the properties of an entity."""
    described = SHAPES["entity"][name]
    shape: Doc = dict(SHAPES["common"])
    for group in described.get("groups", ()):
        shape |= SHAPES["groups"][group]
    shape |= described["answer"]
    for name_ in described.get("without", ()):
        del shape[name_]
    return shape


def _check_page(page: Doc) -> None:
    entities = [key for key in page if key not in ("startPosition", "maxResults", "totalCount")]
    _expect(len(entities) <= 1, f"one entity a page, not {entities}")
    for entity in entities:
        _expect(page["maxResults"] == len(page[entity]), "maxResults counts the page")
        _type(page["startPosition"], "int", "startPosition")
        for doc in page[entity]:
            _check_stub(doc, deleted=False) if doc.get("status") == "Deleted" else check_entity(entity, doc)
    if "totalCount" in page:
        _type(page["totalCount"], "int", "totalCount")


def _check_batch(answers: list[Doc], items: list[Doc]) -> None:
    _expect([one["bId"] for one in answers] == [str(one["bId"]) for one in items], "answers in the order asked")
    for answer, item in zip(answers, items, strict=True):
        (key,) = set(answer) - {"bId"}
        match key:
            case "Fault":
                _check_fault(answer[key])
            case "QueryResponse":
                _check_page(answer[key])
            case _ if item.get("operation") == "delete":
                _check_stub(answer[key], deleted=True)
            case _:
                check_entity(key, answer[key])


def _check_stub(doc: Doc, *, deleted: bool) -> None:
    shape = {"Id": "id", "status": "one of Deleted", "domain": "one of QBO"}
    _shape(doc, shape if deleted else {**shape, "MetaData": "any"}, "stub")


def _check_fault(fault: Doc) -> None:
    _shape(fault, {"Error": "any", "type": "one of ValidationFault SystemFault AuthenticationFault"}, "Fault")
    for error in fault["Error"]:
        _shape(error, KINDS["error"], "Error")


def _check_gateway(body: Doc, status: int) -> None:
    _type(body["time"], "int", "time")
    (error,) = body["fault"]["error"]
    _expect(body["fault"]["type"] in ("AUTHENTICATION", "AUTHORIZATION", "SERVICE"), "type of the gateway's fault")
    _expect(f"statusCode={status}" in error["message"], f"message {error['message']}")
    _type(error["code"], "whole", "code")


def _check_report(body: Doc, name: str) -> None:
    _expect(set(body) == {"Header", "Columns", "Rows"}, f"a report of {set(body)}")
    _shape(body["Header"], SHAPES["report"]["header"], "Header")
    _expect(body["Header"]["ReportName"].lower() == name.lower(), "the report asked for")
    for column in body["Columns"]["Column"]:
        _shape(column, KINDS["column"], "Column")
    _check_rows(body["Rows"])


def _check_rows(rows: Doc) -> None:
    _expect(set(rows) <= {"Row"}, f"rows of {set(rows)}")
    for row in rows.get("Row", ()):
        _expect(set(row) <= {"Header", "Rows", "Summary", "ColData", "type", "group"}, f"a row of {set(row)}")
        _expect(row.get("type", "Data") in ("Section", "Data"), f"row type {row.get('type')}")
        for part in (row.get("Header"), row.get("Summary"), row if "ColData" in row else None):
            for cell in () if part is None else part["ColData"]:
                _shape(cell, KINDS["cell"], "cell")
        _check_rows(row.get("Rows", {}))


def _entity_of(path: str) -> str:
    word = path.partition("/")[0].lower()
    return next((name for name in SHAPES["entity"] if name.lower() in (word, f"{word}txn")), "")


def _shape(doc: Any, shape: Doc, where: str) -> None:
    _expect(isinstance(doc, dict), f"{where} is {doc!r}, not an object")
    known = {name.rstrip("?") for name in shape}
    _expect(set(doc) <= known, f"{where} has undocumented {sorted(set(doc) - known)}")
    for name, type_ in shape.items():
        plain = name.rstrip("?")
        if plain in doc:
            _type(doc[plain], type_, f"{where}.{plain}")
        else:
            _expect(name.endswith("?"), f"{where} lacks {plain}")


def _type(value: Any, type_: str, where: str) -> None:
    match type_:
        case "any":
            return None
        case "text":
            good = isinstance(value, str)
        case "number":
            good = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        case "int":
            good = isinstance(value, int) and not isinstance(value, bool)
        case "flag":
            good = isinstance(value, bool)
        case "address":
            good = isinstance(value, dict) and set(value) <= ADDRESS and all(isinstance(v, str) for v in value.values())
        case "lines":
            return _lines(value, where)
        case _ if type_ in PATTERNS:
            good = isinstance(value, str) and re.fullmatch(PATTERNS[type_], value) is not None
        case _ if type_ in KINDS:
            return _shape(value, KINDS[type_], where)
        case _ if type_ in LISTS:
            for one in value:
                _shape(one, KINDS[LISTS[type_]], where)
            return None
        case _:
            good = type_.startswith("one of ") and value in type_.split()[2:]
    _expect(good, f"{where} is {value!r}, not {type_}")
    return None


def _lines(lines: Any, where: str) -> None:
    _expect(isinstance(lines, list), f"{where} is no list")
    for line in lines:
        details = {key for key in line if key.endswith("Detail")}
        kind = line.get("DetailType")
        key = "DescriptionLineDetail" if kind == "DescriptionOnly" else kind
        _expect(details <= {key}, f"{where} of {kind} holds {details}")
        _shape({name: value for name, value in line.items() if name not in details}, SHAPES["line"], where)
        for name in details:
            _shape(line[name], SHAPES["detail"][name], f"{where}.{name}")


def _no_nulls(value: Any, where: str) -> None:
    _expect(value is not None, f"{where} is null")
    if isinstance(value, dict):
        for name, one in value.items():
            _no_nulls(one, f"{where}.{name}")
    elif isinstance(value, list):
        for one in value:
            _no_nulls(one, where)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise UndocumentedError(f"not JSON: {error}") from error


def _expect(good: bool, what: str) -> None:
    if not good:
        raise UndocumentedError(what)
