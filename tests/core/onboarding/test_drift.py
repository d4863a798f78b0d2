"""What people edit, void or delete in QuickBooks is found, shown field by field, and left until somebody decides."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, lab, sync
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.overview.drifts import DriftView, open_drifts
from raccord.store.models import Company, Connection, Drift, DriftState, Event, Hold, LinkRow, Proof
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

Person = Callable[..., None]


@pytest.fixture
def posted(workshop: Workshop, company: Company, connection: Connection, till_moments: Moments) -> Connection:
    """Three sales and the deposit of one of them, in the books; what their own links did to them was looked at."""
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-0{number}", "amount": f"{number}0.00"}
        for number in (1, 2, 3)
    ]
    till.ROWS["T1"].append(
        {"stream": "deposits", "id": "d1", "day": "2026-03-04", "amount": "10.00", "of": "sales/s1=10.00"}
    )

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        sync(workshop, connection)
        sync(workshop, connection)
        return connection

    return again(till_moments, workshop, "posted", live)


@pytest.fixture
def person(workshop: Workshop, company: Company, sandbox: SandboxServer, posted: Connection) -> Person:
    """Somebody at work in QuickBooks, on the document that a draft became."""

    def do(deed: str, key: str, **changes: object) -> None:
        with workshop.database.read() as session:
            link = session.scalars(select(LinkRow).where(LinkRow.key == key)).one()
        body = {"changes": changes} if changes else {}
        lab(sandbox, deed, realm=company.realm, entity=link.kind, id=link.document_id, **body)

    return do


def drifts(workshop: Workshop) -> list[DriftView]:
    with workshop.database.read() as session:
        return list(open_drifts(session).rows)


def receipts(workshop: Workshop, company: Company) -> dict[str, Decimal]:
    rows = workshop.client(company).query_all("SalesReceipt")
    return {row["TxnDate"]: Decimal(row["TotalAmt"]) for row in rows}


def test_what_our_own_writing_does_to_our_documents_is_no_drift(workshop: Workshop, posted: Connection) -> None:
    assert drifts(workshop) == [], "a deposit touches the receipts it holds"
    with workshop.database.read() as session:
        tokens = {link.key: link.sync_token for link in session.scalars(select(LinkRow).where(LinkRow.stream != ""))}
    assert tokens["sales/s1"] != "0", "and its new token is known, so that ours can still be brought up to date"


@pytest.mark.parametrize(
    ("deed", "changes", "change", "field", "before", "after"),
    [
        ("edit", {"TxnDate": "2026-03-05"}, "edited", "TxnDate", "2026-03-02", "2026-03-05"),
        ("edit", {"PrivateNote": "mine"}, "edited", "PrivateNote", None, "mine"),
        ("void", {}, "voided", "money", "20.00", "0.00"),
        ("delete", {}, "deleted", None, None, None),
    ],
)
def test_pain_11_t1_an_edit_a_void_and_a_deletion_are_told_field_by_field_and_nothing_is_written(
    workshop: Workshop,
    company: Company,
    posted: Connection,
    person: Person,
    deed: str,
    changes: dict[str, object],
    change: str,
    field: str | None,
    before: str | None,
    after: str | None,
) -> None:
    person(deed, "sales/s2", **changes)
    theirs = receipts(workshop, company)
    for _ in range(2):
        sync(workshop, posted)
    (drift,) = drifts(workshop)
    assert (drift.key, drift.change, drift.amount) == ("sales/s2", change, Decimal("20.00"))
    if field is not None:
        (found,) = [each for each in drift.differences if each.field == field]
        assert before in (None, found.before)
        assert found.after == after
        assert found.name.en == {"TxnDate": "Date", "PrivateNote": "Memo", "money": "Money moved"}[field]
    assert receipts(workshop, company) == theirs


@pytest.mark.parametrize("deed", ["void", "delete"])
def test_pain_11_t2_what_is_gone_stays_gone_when_theirs_is_kept(
    workshop: Workshop, company: Company, posted: Connection, person: Person, deed: str
) -> None:
    person(deed, "sales/s2")
    sync(workshop, posted)
    theirs = receipts(workshop, company)
    settled = settle_drifts(workshop, OWNER, [drift.id for drift in drifts(workshop)], Way.KEEP)
    assert len(settled.ids) == 1
    for _ in range(2):
        sync(workshop, posted)
    assert receipts(workshop, company) == theirs
    assert drifts(workshop) == []
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof))), "left out, with the decision as its reason"


@pytest.mark.parametrize(("deed", "changes"), [("edit", {"TxnDate": "2026-03-05"}), ("void", {}), ("delete", {})])
def test_ours_is_restored_by_the_next_plan_when_a_person_says_so(
    workshop: Workshop, company: Company, posted: Connection, person: Person, deed: str, changes: dict[str, object]
) -> None:
    ours = receipts(workshop, company)
    person(deed, "sales/s2", **changes)
    sync(workshop, posted)
    assert receipts(workshop, company) != ours
    settle_drifts(workshop, OWNER, [drifts(workshop)[0].id], Way.RESTORE)
    for _ in range(2):
        sync(workshop, posted)
    assert receipts(workshop, company) == ours
    assert drifts(workshop) == []
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_a_document_changed_again_after_the_decision_is_asked_about_again(
    workshop: Workshop, company: Company, posted: Connection, person: Person
) -> None:
    person("edit", "sales/s2", TxnDate="2026-03-05")
    sync(workshop, posted)
    settle_drifts(workshop, OWNER, [drifts(workshop)[0].id], Way.KEEP)
    sync(workshop, posted)
    assert drifts(workshop) == []
    person("edit", "sales/s2", TxnDate="2026-03-06")
    sync(workshop, posted)
    assert [each.after for each in drifts(workshop)[0].differences] == ["2026-03-06"]
    person("edit", "sales/s2", TxnDate="2026-03-02")
    sync(workshop, posted)
    assert drifts(workshop) == [], "it is as we wrote it again"


def test_an_unlinked_document_is_left_to_people(
    workshop: Workshop, company: Company, posted: Connection, person: Person
) -> None:
    person("edit", "sales/s2", TxnDate="2026-03-05")
    sync(workshop, posted)
    settle_drifts(workshop, OWNER, [drifts(workshop)[0].id], Way.UNLINK)
    person("delete", "sales/s2")
    till.ROWS["T1"][1]["amount"] = "25.00"
    for _ in range(2):
        sync(workshop, posted)
    assert (drifts(workshop), len(receipts(workshop, company))) == ([], 2)


def test_a_source_that_changes_what_a_person_edited_does_not_overwrite_it(
    workshop: Workshop, company: Company, posted: Connection, person: Person
) -> None:
    person("edit", "sales/s2", TxnDate="2026-03-05")
    sync(workshop, posted)
    settle_drifts(workshop, OWNER, [drifts(workshop)[0].id], Way.KEEP)
    till.ROWS["T1"][1]["amount"] = "25.00"
    sync(workshop, posted)
    assert receipts(workshop, company)["2026-03-05"] == Decimal("20.00")
    with workshop.database.read() as session:
        assert session.scalars(select(Hold.code).where(Hold.closed_at.is_(None))).all() == ["conflict.stale"]


def test_more_changes_than_one_answer_holds_hide_nobodys_edit(
    workshop: Workshop, company: Company, posted: Connection, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.quickbooks.changes.OBJECTS_MAX", 2)
    monkeypatch.setattr("raccord_sandbox.cdc.MAX_OBJECTS", 2)
    till.ROWS["T1"] += [
        {"stream": "sales", "id": f"s{number}", "day": "2026-03-07", "amount": "5.00"} for number in (4, 5, 6)
    ]
    sync(workshop, posted)
    for key in ("sales/s2", "sales/s6"):
        person("edit", key, PrivateNote="mine")
    sync(workshop, posted)
    assert sorted(drift.key for drift in drifts(workshop)) == ["sales/s2", "sales/s6"]


def test_one_decision_settles_a_selection_and_is_written_down(
    workshop: Workshop, company: Company, posted: Connection, person: Person
) -> None:
    for key in ("sales/s2", "sales/s3"):
        person("delete", key)
    sync(workshop, posted)
    ids = [drift.id for drift in drifts(workshop)]
    with pytest.raises(NotAllowedError):
        settle_drifts(workshop, Actor("Guy", RoleName.ACCOUNTANT), ids, Way.KEEP)
    with pytest.raises(RaccordError) as refused:
        settle_drifts(workshop, OWNER, [], Way.KEEP)
    assert refused.value.code == "drift.none"
    assert settle_drifts(workshop, OWNER, ids, Way.KEEP).left == []
    assert settle_drifts(workshop, OWNER, ids, Way.RESTORE).ids == [], "what is settled is not settled again"
    with workshop.database.read() as session:
        assert {drift.state for drift in session.scalars(select(Drift))} == {DriftState.KEPT}
        noted = session.scalars(select(Event.subject).where(Event.action == "drift.keep")).all()
    assert sorted(noted) == ["sales/s2", "sales/s3"]
