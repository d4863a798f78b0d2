"""What could make a proof equal that is not, or unequal without saying which document it is."""

from __future__ import annotations

import pytest
import till
from harness import OWNER, choose_usual, lab, sync
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.plugin import ResolutionKind
from raccord.store.canonical import canonical
from raccord.store.models import Company, Connection, Hold, LinkRow, Proof, RunState
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


def sale(number: int, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount, **more}


def proofs(workshop: Workshop, stream: str = "sales") -> list[tuple[str, bool, str, str, list[str]]]:
    """Day, equal, left out, in QuickBooks, and the codes of the differences."""
    with workshop.database.read() as session:
        rows = session.scalars(select(Proof).where(Proof.stream == stream).order_by(Proof.day)).all()
    return [
        (
            row.day.isoformat(), row.equal, str(row.left_out_total), str(row.quickbooks_total),
            [each["code"] for each in row.differences],
        )
        for row in rows
    ]  # fmt: skip


def test_a_change_that_could_not_be_posted_yet_is_left_out_and_no_more(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    lab(sandbox, "close-books", date="2026-03-31")
    till.ROWS["T1"] = [sale(1, "12.00"), sale(2)]
    sync(workshop, connection)
    assert proofs(workshop) == [("2026-03-02", True, "2.00", "20.00", [])]
    # The day moves as well: the old day holds what the new one does not yet.
    till.ROWS["T1"] = [sale(1, "12.00", day="2026-03-04"), sale(2)]
    sync(workshop, connection)
    assert proofs(workshop) == [
        ("2026-03-02", True, "-10.00", "20.00", []),
        ("2026-03-04", True, "12.00", "0", []),
    ]


def test_a_change_that_cannot_be_understood_is_left_out_and_no_more(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"] = [sale(1, "12.00", kind="wrong")]
    sync(workshop, connection)
    assert proofs(workshop) == [("2026-03-02", True, "2.00", "10.00", [])]


def test_a_document_that_the_source_took_back_is_named(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"] = [sale(1, kind="training"), sale(2)]
    sync(workshop, connection)
    assert proofs(workshop) == [("2026-03-02", False, "10.00", "20.00", ["proof.withdrawn"])]


def test_a_copy_that_a_person_made_of_an_earlier_state_is_named_on_whatever_day_it_stands(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    till.ROWS["T1"] = [sale(1), sale(2, day="2026-03-09")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [first] = [row for row in workshop.client(company).query_all("SalesReceipt") if row["TxnDate"] == "2026-03-02"]
    kept = {name: first[name] for name in ("Line", "GlobalTaxCalculation", "DepositToAccountRef", "PrivateNote")}
    copied = canonical({**kept, "TxnDate": "2026-03-09"})
    workshop.client(company).create("SalesReceipt", copied, "by-hand")
    till.ROWS["T1"] = [sale(1, "12.00"), sale(2, day="2026-03-09")]
    sync(workshop, connection)
    assert proofs(workshop) == [
        ("2026-03-02", True, "0", "12.00", []),
        ("2026-03-09", False, "0", "20.00", ["proof.twice"]),
    ]


def test_the_edit_of_a_person_is_kept_and_the_difference_is_named(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).one()
    lab(sandbox, "edit", entity="SalesReceipt", id=link.document_id, changes={"TxnDate": "2026-03-05"})
    till.ROWS["T1"] = [sale(1, "12.00")]
    for _ in range(2):
        assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        assert hold.code == "conflict.stale"
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.KEEP_THEIRS)
    sync(workshop, connection)
    [receipt] = workshop.client(company).query_all("SalesReceipt")
    assert (receipt["TxnDate"], receipt["TotalAmt"]) == ("2026-03-05", 10)
    assert [(day, equal, codes) for day, equal, _, _, codes in proofs(workshop)] == [
        ("2026-03-02", False, ["proof.date_differs"]),
        ("2026-03-05", False, ["proof.date_differs"]),
    ]
