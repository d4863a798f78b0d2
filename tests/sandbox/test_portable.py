"""A company written to one file and taken in again."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.portable import UnreadableError, lines_of, read_lines
from raccord_sandbox.keeping.store import Store

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


def everything(company: Company) -> tuple[Any, ...]:
    return (
        company.settings,
        {(row.kind, row.id): (row.serial, row.doc, row.entries) for row in company.rows()},
        sorted(company.deletions),
        dict(company.answers),
        list(company.writes),
    )


@pytest.fixture
def busy(us: Books) -> Books:
    """A company with documents, a deletion, a stored answer, a switch, its own time and a file."""
    us.make("SalesReceipt", us.sale("12.34"), requestid="r1")
    us.deed("delete", entity="SalesReceipt", id=us.make("SalesReceipt", us.sale(5))["Id"])
    us.make("Customer", {"DisplayName": "Éloïse “Zoé” O'Neil"})
    us.here("POST", "switches", tax_tolerance=0.25)
    us.here("POST", "clock", advance=86_400)
    digest = us.company.files.put(b"receipt")
    us.company.apply(
        [
            (
                "Attachable",
                "77",
                {**next(iter(us.company.table("Item"))), "Id": "77", "FileName": "a.txt", CONTENT: digest},
                None,
            )
        ]
    )
    return us


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_a_company_comes_back_from_its_file_as_it_was(busy: Books, tmp_path: Path, kept: str) -> None:
    text = "\n".join(lines_of(busy.company))
    config = SandboxConfig(clock=busy.server.config.clock, seeds=(), data=tmp_path if kept == "file" else None)
    store = Store(config)
    taken = store.bring_in(read_lines(text.encode()))
    assert taken.realm == busy.company.realm
    assert everything(taken) == everything(busy.company)
    assert taken.clock.now() == busy.company.clock.now()
    assert taken.switch("tax_tolerance") == Decimal("0.25")
    attachable = taken.get("Attachable", "77")
    assert attachable is not None
    assert taken.files.get(attachable[CONTENT]) == b"receipt"
    store.close()
    if kept == "file":
        again = Store(config)
        assert everything(next(iter(again))) == everything(busy.company)
        again.close()


def test_a_realm_that_is_taken_gives_the_newcomer_another(busy: Books) -> None:
    here = f"{busy.server.url}/sandbox/companies"
    headers = {"Authorization": f"Bearer {busy.server.lab_token}"}
    file = httpx.get(f"{here}/{busy.company.realm}/export", headers=headers)
    assert file.headers["content-disposition"] == f'attachment; filename="{busy.company.realm}.jsonl"'
    made = httpx.post(f"{here}/import", content=file.content, headers=headers).json()
    assert made["realm"] != busy.company.realm
    asked = {"Authorization": f"Bearer {made['access_token']}", "Accept": "application/json"}
    counted = httpx.get(f"{made['api']}/query", params={"query": "select count(*) from SalesReceipt"}, headers=asked)
    assert counted.json()["QueryResponse"] == {"totalCount": 1}
    httpx.delete(f"{here}/{made['realm']}", headers=headers)


def changed(lines: list[str], number: int, change: Any) -> bytes:
    doc = json.loads(lines[number])
    change(doc)
    return "\n".join([*lines[:number], json.dumps(doc), *lines[number + 1 :]]).encode()


def test_a_damaged_file_is_refused_and_changes_nothing(busy: Books) -> None:
    lines = list(lines_of(busy.company))
    place = next(number for number, line in enumerate(lines) if '"kind":"SalesReceipt"' in line)
    damaged = {
        "empty": b"",
        "cut": "\n".join(lines[:2]).encode(),
        "not JSON": b"PK\x03\x04",
        "another format": changed(lines, 0, lambda doc: doc.update(format="other")),
        "another version": changed(lines, 0, lambda doc: doc.update(version=2)),
        "an unknown entity": changed(lines, 2, lambda doc: doc["row"].update(kind="Moon")),
        "an unknown part": changed(lines, 2, lambda doc: doc.update(moon={})),
        "no time": changed(lines, place, lambda doc: doc["row"]["doc"].pop("MetaData")),
        "out of balance": changed(lines, place, lambda doc: doc["row"]["entries"][0].update(amount=999)),
    }
    before = len(list(busy.server.store))
    headers = {"Authorization": f"Bearer {busy.server.lab_token}"}
    for name, content in damaged.items():
        answer = httpx.post(f"{busy.server.url}/sandbox/companies/import", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "unreadable"), name
    assert len(list(busy.server.store)) == before
    with pytest.raises(UnreadableError, match="line 1"):
        read_lines(b"{}")
