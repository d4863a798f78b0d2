"""``raccord problems link``, ``skip`` and ``by-hand``: a failed record tied to a document, left out, brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import till

from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]


def sale(number: int, **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": f"{number}0.00", **more}


@pytest.mark.requirement("TD-55", "EX-05")
def test_a_failed_record_is_tied_to_its_document_or_left_out_and_brought_back(
    told: Told, said: Told, chosen: str
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2, currency="USD"), sale(3, currency="USD")]
    told("plan", "Shop")
    told("apply", "Shop", "--hash", told("plan", "show", "Shop")[1]["hash"], "--yes")
    document = told("audit", "why", "sales/s1")[1]["documents"][0]["document_id"]
    assert {each["subject"] for each in told("problems")[1]["groups"][0]["examples"]} == {"sales/s2", "sales/s3"}

    assert told("problems", "link", "sales/s2", "--document", " ")[1]["error"]["code"] == "problem.no_document"
    taken = told("problems", "link", "sales/s2", "--document", document)
    assert taken[0] == Exit.FAILED, "that document is another record's"
    assert told("problems", "answer", "sales/s2")[1]["words"] == [], "it asks nothing"
    assert "asks nothing" in said("problems", "answer", "sales/s2")[1]
    assert told("problems", "answer", "sales/s2", "same")[1]["error"]["code"] == "problem.no_answer"
    assert told("problems", "skip", "sales/s3", "--why", "entered at the till")[1]["subject"] == "sales/s3"
    assert told("problems", "skip", "sales/s3", "--why", "again")[1]["error"]["code"] == "problem.unknown"

    assert told("problems", "by-hand", "sales/none")[1]["error"]["code"] == "record.unknown"
    assert told("problems", "by-hand", "sales/s1")[1]["ways"] == []
    assert [each["way"] for each in told("problems", "by-hand", "sales/s3")[1]["ways"]] == ["again"]
    assert "next run" in said("problems", "by-hand", "sales/s3")[1]
    assert told("problems", "by-hand", "sales/s3", "never")[1]["error"]["code"] == "record.no_way"
    assert told("problems", "by-hand", "sales/s3", "again")[1] == {"record": "sales/s3", "decided": "again"}
    told("sync", "Shop")
    assert {each["subject"] for each in told("problems")[1]["groups"][0]["examples"]} == {"sales/s2", "sales/s3"}
    # Any document that nobody else claims may be named; the run looks whether it is there, and asks where it is not.
    assert told("problems", "link", "sales/s2", "--document", "99999")[1]["document"] == "99999"
    assert {each["subject"] for each in told("problems")[1]["groups"][0]["examples"]} == {"sales/s3"}
