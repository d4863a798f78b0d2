from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from raccord_sandbox.attachments.upload import parts
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.serving.server import SandboxServer

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
BYTES = bytes(range(256)) + b"\r\n--b\r\nnot a boundary\n\n"


def form(*fields: tuple[str, str, bytes, str]) -> bytes:
    """Return a form with boundary `bound` from name, file name, content and further header lines."""
    body = b""
    for name, filename, content, more in fields:
        file = f'; filename="{filename}"' if filename else ""
        head = f'--bound\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{more}\r\n'
        body += head.encode() + content + b"\r\n"
    return body + b"--bound--\r\n"


def meta(number: str, body: Any) -> tuple[str, str, bytes, str]:
    return f"file_metadata_{number}", "meta.json", json.dumps(body).encode(), "Content-Type: application/json\r\n"


def file(number: str, name: str, content: bytes = b"%PDF-1.4", more: str = "") -> tuple[str, str, bytes, str]:
    return f"file_content_{number}", name, content, more


def upload(books: Books, *fields: tuple[str, str, bytes, str], **parameters: str) -> list[Doc]:
    headers = {"Content-Type": "multipart/form-data; boundary=bound"}
    answer = books.http.post(f"{books.base}/upload", content=form(*fields), headers=headers, params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[Doc] = answer.json()["AttachableResponse"]
    return found


def refs(*targets: tuple[str, str], **more: Any) -> Doc:
    return {"AttachableRef": [{"EntityRef": {"type": kind, "value": key}, **more} for kind, key in targets]}


def code(answer: Doc) -> str:
    found: str = answer["Fault"]["Error"][0]["code"]
    return found


def test_a_file_is_uploaded_with_its_metadata_and_comes_back_byte_for_byte(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    metadata = {"FileName": "r é.pdf", "ContentType": "application/pdf", **refs(("salesreceipt", receipt["Id"]))}
    (answer,) = upload(us, meta("01", metadata), file("01", "other.pdf", BYTES, "Content-Type: image/png\r\n"))
    made = answer["Attachable"]
    assert (made["FileName"], made["ContentType"], made["Size"]) == ("r é.pdf", "application/pdf", len(BYTES))
    assert made["AttachableRef"] == [
        {"EntityRef": {"type": "SalesReceipt", "value": receipt["Id"]}, "IncludeOnSend": False}
    ]
    assert made["FileAccessUri"] == f"{us.base}/download/{made['Id']}"
    assert len(made["Id"]) == 19
    assert not any(name.startswith("_") for name in made)
    link = us.http.get(f"{us.base}/download/{made['Id']}", headers={"Accept": "*/*"})
    assert link.headers["content-type"] == "text/plain;charset=UTF-8"
    for address in (
        link.text,
        made["TempDownloadUri"],
        us.get(f"attachable/{made['Id']}")["Attachable"]["TempDownloadUri"],
    ):
        found = httpx.get(address)
        assert (found.status_code, found.content, found.headers["content-type"]) == (200, BYTES, "application/pdf")
        assert found.headers["content-disposition"] == "attachment; filename*=UTF-8''r%20%C3%A9.pdf"


def test_a_link_lives_a_quarter_of_an_hour_of_the_sandbox_and_cannot_be_altered(us: Books) -> None:
    one, two = upload(us, file("0", "a.txt", b"one"), file("1", "b.txt", b"two"))
    link = us.http.get(f"{us.base}/download/{one['Attachable']['Id']}").text
    assert urlsplit(link).netloc == urlsplit(us.server.url).netloc
    assert httpx.get(link.replace(one["Attachable"]["Id"], two["Attachable"]["Id"])).status_code == 403
    assert httpx.get(re.sub(r"Expires=\d+", "Expires=9999999999", link)).status_code == 403
    us.server.config.clock.advance(timedelta(minutes=14, seconds=59))
    assert httpx.get(link).content == b"one"
    us.server.config.clock.advance(timedelta(seconds=1))
    expired = httpx.get(link)
    assert (expired.status_code, "Request has expired" in expired.text) == (403, True)


def test_several_pairs_are_answered_each_for_itself(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale(5))
    answers = upload(
        us,
        file("2", "alone.CSV", b"a,b"),
        meta("1", {"FileName": "a.png", **refs(("Purchase", "999999"))}),
        file("1", "a.png"),
        meta("3", refs(("Unicorn", "1"))),
        file("3", "b.png"),
        file("4", "virus.exe"),
        file("5", "none.txt", b""),
        meta("6", {"FileName": "only.txt"}),
        meta("7", {"Invoice": {}}),
        file("7", "c.png"),
        meta("8", [1]),
        file("8", "d.png"),
        meta("9", {"Nonsense": 1}),
        file("9", "e.png"),
        ("file_metadata_10", "", b"{", ""),
        file("10", "f.png"),
        file("11", "g.png", b"!!!", "Content-Transfer-Encoding: base64\r\n"),
        file("12", ""),
        meta("13", {"Note": "last", **refs(("SalesReceipt", receipt["Id"]), IncludeOnSend="true")}),
        file("13", "h.docx", base64.encodebytes(b"word" * 40), "Content-Transfer-Encoding: base64\r\n"),
    )
    alone, *refused, last = answers
    assert (alone["Attachable"]["ContentType"], "AttachableRef" in alone["Attachable"]) == ("text/csv", False)
    assert [code(answer) for answer in refused] == [
        "2500", "6050", "6041", "6041", "2020", "6040", "6040", "2010", "2010", "6041", "2020",
    ]  # fmt: skip
    assert last["Attachable"]["AttachableRef"][0]["IncludeOnSend"] is True
    assert last["Attachable"]["Size"] == 160
    assert us.query("select count(*) from Attachable") == {"totalCount": 2}


def test_a_form_with_bare_line_feeds_and_base64_is_read_as_some_clients_write_it(us: Books) -> None:
    body = (
        '\n--bound\nContent-Disposition: form-data; name="file_metadata_01"\nContent-Type: application/json\n\n'
        '{"FileName": "x.txt", "ContentType": "text/plain"}\n\n'
        '--bound\nContent-Disposition: form-data; name="file_content_01"\nContent-Type: text/plain\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.b64encode(b'hello').decode()}\n\n--bound--\n"
    )
    headers = {"Content-Type": 'multipart/form-data; boundary="bound"'}
    answer = us.http.post(f"{us.base}/upload", content=body.encode(), headers=headers).json()
    made = answer["AttachableResponse"][0]["Attachable"]
    assert httpx.get(made["TempDownloadUri"]).content == b"hello"


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "1050"),
        ("multipart/form-data", b"--bound--", 415, "1050"),
        ("multipart/form-data; boundary=bound", b"--bound\r\n\r\nx", 400, "2010"),
        ("multipart/form-data; boundary=bound", b"", 400, "2010"),
        ("multipart/form-data; boundary=bound", b"--bound--\r\n", 400, "2020"),
        ("multipart/form-data; boundary=bound", form(("photo", "a.png", b"x", "")), 400, "2010"),
    ],
)
def test_what_is_no_upload_form_is_refused_whole(us: Books, kind: str, body: bytes, status: int, code: str) -> None:
    answer = us.http.post(f"{us.base}/upload", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (status, code)


def test_an_upload_needs_its_length_and_may_not_be_too_large(us: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=bound"}
    body = form(file("1", "a.txt", b"x" * 3000))
    pieces = us.http.post(f"{us.base}/upload", content=iter([body]), headers=headers)
    assert (pieces.status_code, code(pieces.json())) == (400, "6020")
    monkeypatch.setattr("raccord_sandbox.serving.http_api.MAX_UPLOAD", 2048)
    large = us.http.post(f"{us.base}/upload", content=body, headers=headers)
    assert (large.status_code, code(large.json())) == (400, "6030")


def test_an_upload_repeated_under_its_request_id_makes_no_second_file(us: Books) -> None:
    assert upload(us, file("1", "a.txt"), requestid="u1") == upload(us, file("1", "b.txt"), requestid="u1")
    assert us.query("select count(*) from Attachable") == {"totalCount": 1}


def test_a_note_has_its_whole_life(us: Books) -> None:
    receipt, other = us.make("SalesReceipt", us.sale(5)), us.make("SalesReceipt", us.sale(6))
    note = us.make("Attachable", {"Note": "seen", **refs(("SALESRECEIPT", receipt["Id"]), IncludeOnSend="false")})
    assert note["AttachableRef"][0]["EntityRef"] == {"type": "SalesReceipt", "value": receipt["Id"]}
    assert not {"FileAccessUri", "TempDownloadUri", "Size"} & set(note)
    us.refuse("attachable", {"Note": "x", **refs(("Unicorn", "1"))}, "6050")
    us.refuse("attachable", {"Note": "x", **refs(("Invoice", "999999"))}, "2500")
    us.refuse("attachable", {"Note": "x", "AttachableRef": [{"EntityRef": {"value": "1"}}]}, "2020")
    us.refuse("attachable", {"Note": "x", "AttachableRef": [{"IncludeOnSend": True}]}, "2020")
    us.refuse("attachable", {"FileName": "a.txt"}, "2020")
    us.refuse("attachable", {"Note": "x" * 2001}, "2050")
    us.refuse("attachable", {"Note": "x", "Category": "Poem"}, "2170")
    us.refuse("attachable", {"Note": "x", "_content": "f00"}, "2010")
    new = {"Id": note["Id"], "SyncToken": "0", "Note": "twice", **refs(("SalesReceipt", other["Id"]))}
    changed = us.make("Attachable", new)
    assert [ref["EntityRef"]["value"] for ref in changed["AttachableRef"]] == [other["Id"]]
    us.refuse("attachable", new, "5010")
    us.post("salesreceipt", {"Id": other["Id"], "SyncToken": "0"}, operation="delete")
    assert us.get(f"attachable/{note['Id']}")["Attachable"]["Note"] == "twice"
    gone = us.post("attachable", {"Id": note["Id"], "SyncToken": "1"}, operation="delete")["Attachable"]
    assert gone == {"Id": note["Id"], "status": "Deleted", "domain": "QBO"}
    (block,) = us.get("cdc", entities="Attachable", changedSince="2026-03-01")["CDCResponse"][0]["QueryResponse"]
    assert block["Attachable"][0]["status"] == "Deleted"
    assert us.http.get(f"{us.base}/download/{note['Id']}").json()["Fault"]["Error"][0]["code"] == "610"


def test_a_file_keeps_its_content_through_updates_and_cannot_lose_its_name(us: Books) -> None:
    made = upload(us, file("1", "a.txt", b"kept"))[0]["Attachable"]
    token = {"Id": made["Id"], "SyncToken": "0"}
    us.refuse("attachable", {**token, "Note": "x"}, "2020")
    changed = us.make(
        "Attachable", {**token, "FileName": "b.txt", "Note": "x", "Size": 1, "TempDownloadUri": "http://x"}
    )
    assert (changed["Size"], changed["ContentType"]) == (4, "text/plain")
    assert httpx.get(changed["TempDownloadUri"]).content == b"kept"


def test_attachables_are_found_by_what_they_are_attached_to(us: Books) -> None:
    one, two = us.make("SalesReceipt", us.sale(5)), us.make("SalesReceipt", us.sale(6))
    item = us.item()["Id"]
    us.make("Attachable", {"Note": "both", **refs(("SalesReceipt", one["Id"]), ("Item", item))})
    us.make("Attachable", {"Note": "one", **refs(("SalesReceipt", two["Id"]))})
    us.make("Attachable", {"Note": "loose"})

    def notes(kind: str, key: str) -> list[str]:
        where = f"where AttachableRef.EntityRef.Type = '{kind}' and AttachableRef.EntityRef.value = '{key}'"
        return [doc["Note"] for doc in us.all("Attachable", where)]

    assert notes("salesreceipt", one["Id"]) == ["both"]
    assert notes("SalesReceipt", two["Id"]) == ["one"]
    assert notes("Item", item) == ["both"]
    # One reference has the type and another has the id: no match.
    assert notes("Item", one["Id"]) == []
    assert [doc["Note"] for doc in us.all("Attachable", "where Note like 'l%'")] == ["loose"]
    us.deed("close-books", date="2026-12-31")
    us.deed("delete", entity="Attachable", id=us.all("Attachable", "where Note = 'loose'")[0]["Id"])


def test_contents_survive_a_restart_and_those_of_deleted_files_do_not(tmp_path: Path) -> None:
    config = SandboxConfig(clock=SandboxClock(), data=tmp_path, seeds=("us",))
    headers = {"Content-Type": "multipart/form-data; boundary=bound", "Accept": "application/json"}
    with SandboxServer(config) as server:
        company = server.store.of_template("us")
        headers["Authorization"] = f"Bearer {server.store.grants.grant(company.realm)['access_token']}"
        base = f"{server.url}/v3/company/{company.realm}"
        body = form(file("1", "a.txt", b"stays"), file("2", "b.txt", b"goes"))
        answer = httpx.post(f"{base}/upload", content=body, headers=headers).json()["AttachableResponse"]
        goes = {"Id": answer[1]["Attachable"]["Id"], "SyncToken": "0"}
        httpx.post(
            f"{base}/attachable?operation=delete", json=goes, headers={**headers, "Content-Type": "application/json"}
        )
    with SandboxServer(config) as server:
        company = server.store.of_template("us")
        base = f"{server.url}/v3/company/{company.realm}"
        link = httpx.get(f"{base}/download/{answer[0]['Attachable']['Id']}", headers=headers).text
        assert httpx.get(link).content == b"stays"
        kept = [doc["_content"] for doc in company.table("Attachable")]
        assert [company.files.get(digest) for digest in kept] == [b"stays"]
        assert server.store.storage is not None
        server.store.storage.keep_files(company.realm, {"none"})
        assert httpx.get(link).status_code == 404


def test_parts_are_told_apart_whatever_they_hold() -> None:
    body = form(file("1", "a", b" --bound"), file("2", "b", b"\r\n"), file("3", "c", b""))
    found = [(part.name, part.filename, part.content) for part in parts("multipart/form-data; boundary=bound", body)]
    assert found == [
        ("file_content_1", "a", b" --bound"),
        ("file_content_2", "b", b"\r\n"),
        ("file_content_3", "c", b""),
    ]
    empty = b"--bound\r\n--bound\r\n--bound--"
    assert [part.name for part in parts("multipart/form-data; boundary=bound", empty)] == ["", ""]
    many = b"--bound\r\n\r\n\r\n" * 1002 + b"--bound--"
    with pytest.raises(FaultError, match="at most 1000 parts"):
        list(parts("multipart/form-data; boundary=bound", many))
