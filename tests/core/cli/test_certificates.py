"""A month certified by a person: what it says, what it refuses, and what shows when anything changes afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import till
from moments import Moments
from sqlalchemy import select

from raccord.cli.terminal.exits import Exit
from raccord.store.database import Database
from raccord.store.models import Certificate, Problem, ProblemState
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]
MONTH = "2026-03"


def sale(number: int, day: str = "2026-03-02", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": "10.10", **more}


@pytest.fixture
def posted(told: Told, chosen: str, shop: Path, moments: Moments) -> None:
    """Two sales of March and one of April, in the books and proven."""
    till.ROWS["T1"] = [sale(1), sale(2, "2026-03-31"), sale(3, "2026-04-01")]

    def live() -> None:
        _, plan = told("plan")
        told("apply", "--hash", plan["hash"], "--yes")

    moments.at("three sales posted", shop, live)


def test_a_month_is_certified_and_checked_without_a_database(
    told: Told, said: Said, posted: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "march.json"
    status, answer = told("proof", "certify", MONTH, "--out", str(file))
    assert status == Exit.OK, answer
    body = answer["certificate"]
    assert (body["month"], body["version"], body["clean"], body["replaces"]) == (MONTH, 1, True, None)
    (part,) = body["connections"]
    assert part["totals"]["sales"]["CAD"] == {"source": 20.2, "left_out": 0, "posted": 20.2, "quickbooks": 20.2}
    assert [row["day"] for row in part["proofs"]] == ["2026-03-02", "2026-03-31"], "April is not March's"
    assert part["documents"] == {"SalesReceipt": 2}
    monkeypatch.setenv("RACCORD_DATA_DIR", str(tmp_path / "nothing here"))
    assert told("proof", "check", str(file)) == (Exit.OK, {"holds": True, "wrong": [], "month": MONTH})
    for language, stream in (("en", "Sales"), ("fr", "Ventes")):
        assert stream in said("proof", "check", str(file), "--lang", language)[1]


@pytest.mark.parametrize(
    "place",
    ["a cent", "a day called equal", "a total", "an exception taken out", "a reason taken out", "the clean mark"],
)
def test_a_certificate_that_somebody_changed_does_not_hold(
    told: Told, posted: None, tmp_path: Path, place: str
) -> None:
    file = tmp_path / "march.json"
    if place.endswith("taken out"):
        till.ROWS["T1"].append(sale(9, kind="wrong"))
        told("sync")
    told("proof", "certify", MONTH, "--out", str(file), "--with-exceptions", "--reason", "Known")
    document = json.loads(file.read_text(), parse_float=Decimal)
    part = document["certificate"]["connections"][0]
    match place:
        case "a cent":
            part["proofs"][0]["posted"] += Decimal("0.01")
        case "a day called equal":
            part["proofs"][0]["equal"] = False
        case "a total":
            part["totals"]["sales"]["CAD"]["source"] += 1
        case "an exception taken out":
            assert part["exceptions"]
            part["exceptions"].clear()
        case "a reason taken out":
            assert part["left_out"]["reasons"]
            part["left_out"]["reasons"].clear()
        case "the clean mark":
            document["certificate"]["clean"] = False
    file.write_text(json.dumps(document, default=float))
    status, answer = told("proof", "check", str(file))
    assert (status, answer["holds"]) == (Exit.UNEQUAL, False)
    assert "fingerprint" in answer["wrong"]
    # Even somebody who writes the fingerprint anew is found out by the sums.
    assert len(answer["wrong"]) > 1


def test_what_is_open_must_be_settled_or_named(told: Told, posted: None) -> None:
    till.ROWS["T1"].append(sale(9, kind="wrong"))
    told("sync")
    status, answer = told("proof", "certify", MONTH)
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "certificate.exceptions")
    for reason in ("", " ", "x" * 501):
        status, answer = told("proof", "certify", MONTH, "--with-exceptions", "--reason", reason)
        assert (status, answer["error"]["code"]) == (Exit.FAILED, "certificate.reason"), reason
    status, answer = told("proof", "certify", MONTH, "--with-exceptions", "--reason", " The till was broken ")
    assert answer["certificate"]["reason"] == "The till was broken"
    assert (status, answer["certificate"]["clean"]) == (Exit.OK, False)
    assert answer["certificate"]["connections"][0]["exceptions"] == [
        {"code": "failed", "key": "sales/s9", "state": "mapping.bad_record"}
    ]
    said = {"day": "2026-03-02", "key": "sales/s9", "currency": "CAD", "amount": 10.1, "state": "failed"}
    why = {"reason": "mapping.bad_record"}
    assert answer["certificate"]["connections"][0]["left_out"] == {
        "reasons": [{"stream": "sales", "currency": "CAD", "state": "failed", **why, "records": 1, "amount": 10.1}],
        "lines": [said | why],
    }


def test_a_month_that_is_not_over_is_not_certified(told: Told, posted: None) -> None:
    assert told("proof", "certify", "2199-01")[1]["error"]["code"] == "certificate.month_open"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"certificate": {}}', b'{"certificate": {}, "sha256": ""}', b"\xff"])
def test_what_is_no_certificate_is_said_to_be_none(told: Told, shop: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    status, answer = told("proof", "check", str(file))
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "certificate.unreadable")


def test_a_certified_month_that_changes_is_told_until_it_is_as_before_or_certified_again(
    told: Told, posted: None, database: Database, sandbox: SandboxServer, realm: str
) -> None:
    told("proof", "certify", MONTH)
    books = sandbox.store.get(realm)
    assert books is not None
    receipt = next(doc for doc in books.table("SalesReceipt") if doc["TxnDate"] == "2026-03-31")
    receipt["TxnDate"] = "2026-03-30"
    assert told("proof", "--refresh")[0] == Exit.UNEQUAL
    with database.read() as session:
        problem = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).one()
        assert (problem.code, problem.subject) == ("proof.certified_changed", "month/2026-03")
        assert "2026-03-31 sales CAD" in problem.params["cells"]
    receipt["TxnDate"] = "2026-03-31"
    told("proof", "--refresh")
    with database.read() as session:
        assert session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN)).all() == []
    first = told("proof", "certify", MONTH)[1]
    assert (first["certificate"]["version"], first["certificate"]["replaces"] is None) == (2, False)
    with database.read() as session:
        assert [each.version for each in session.scalars(select(Certificate).order_by(Certificate.version))] == [1, 2]


def test_people_read_the_certificate_in_both_languages(said: Said, posted: None) -> None:
    assert "without exception" in said("proof", "certify", MONTH)[1]
    assert "sans exception" in said("proof", "certify", MONTH, "--lang", "fr")[1]
