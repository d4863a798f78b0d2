"""Shadow days: a first plan of a source that was running before beside what the books are given, and nothing posted."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import till
from harness import OWNER, finish, request, sync
from moments import Moments
from old_tool import DAY, LAST, Old, sale, shadow_days
from sqlalchemy import func, select

from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.plugin import ResolutionKind
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    LinkState,
    Posting,
    RunState,
    ShadowComparison,
    ShadowRow,
)
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


@pytest.fixture
def shadow(workshop: Workshop, company: Company, till_moments: Moments) -> Connection:
    return shadow_days(workshop, company, till_moments)


def compared(workshop: Workshop, connection: Connection) -> dict[tuple[str, str], list[ShadowRow]]:
    found: dict[tuple[str, str], list[ShadowRow]] = {}
    with workshop.database.read() as session:
        wanted = select(ShadowRow).where(ShadowRow.connection_id == connection.id).order_by(ShadowRow.id)
        for row in session.scalars(wanted):
            found.setdefault((row.outcome, row.cause), []).append(row)
    return found


def test_each_document_of_both_sides_is_told_once_with_what_differs(workshop: Workshop, shadow: Connection) -> None:
    found = compared(workshop, shadow)
    told = {
        place: sorted(row.key or format(row.document_amount or 0, "f") for row in rows) for place, rows in found.items()
    }
    assert told == {
        ("same", ""): ["bank/b1", "sales/s1"],
        ("different", "amount"): ["sales/s2"],
        ("different", "tax"): ["sales/s3"],
        ("different", "category"): ["sales/s4"],
        ("different", "day"): ["sales/s10", "sales/s5"],
        ("different", "account"): ["sales/s6"],
        ("ours", "missing"): ["sales/s7"],
        ("ours", "recent"): ["sales/s8"],
        ("ours", "held"): ["bank/b2"],
        ("theirs", "left_out"): ["39.00"],
        ("theirs", "twice"): ["11.50"],
        ("theirs", "unknown"): ["77.00"],
    }
    (amount,) = found["different", "amount"]
    assert amount.fields["amount"] == [["22.00"], ["23.00"]]
    assert found["theirs", "left_out"][0].reason == "till.training"
    assert found["ours", "held"][0].reason == "resolve.decision_missing"
    with workshop.database.read() as session:
        kept = session.get_one(ShadowComparison, shadow.id)
        assert (kept.first_day, kept.last_day, kept.cut) == (date(2026, 3, 1), LAST, False)
        counts = {(outcome, cause): (count, ours, theirs) for outcome, cause, _, count, ours, theirs in kept.counts}
        assert counts["different", "amount"] == (1, "22.00", "23.00")
        assert counts["theirs", "unknown"] == (1, "0", "77.00")
        assert session.scalar(select(func.count()).select_from(Posting)) == 0, "nothing was written"


def test_each_run_compares_anew_and_writes_nothing(workshop: Workshop, shadow: Connection, company: Company) -> None:
    old = Old(workshop, company)
    old.sells("37.00", number="s7")
    before = old.client.count("SalesReceipt")
    assert finish(workshop, request(workshop, shadow)).state == RunState.APPROVAL
    found = compared(workshop, shadow)
    assert ("ours", "missing") not in found
    assert [row.key for row in found["same", ""]] == ["bank/b1", "sales/s1", "sales/s7"]
    assert old.client.count("SalesReceipt") == before


def questions(workshop: Workshop) -> dict[str, Hold]:
    """Return what waits because the old tool posted it otherwise, by key."""
    with workshop.database.read() as session:
        held = select(DraftRow.key, Hold).join(DraftRow, DraftRow.id == Hold.draft_id)
        rows = session.execute(held.where(Hold.code == "conflict.differs", Hold.closed_at.is_(None)))
        return {row.key: row.Hold for row in rows}


def test_what_the_old_tool_posted_otherwise_is_held_until_a_person_says_what_it_is(
    workshop: Workshop, shadow: Connection, company: Company
) -> None:
    held = questions(workshop)
    assert {key: sorted(hold.params["differs"]) for key, hold in held.items()} == {
        "sales/s2": ["amount", "tax"], "sales/s6": ["account"], "sales/s10": ["day"],
    }  # fmt: skip
    assert (held["sales/s2"].params["amount"], held["sales/s2"].params["linkable"]) == ("23.00", True)
    with workshop.database.read() as session:
        drafts = session.scalars(select(DraftRow).where(DraftRow.key.in_(held))).all()
        assert {draft.state for draft in drafts} == {DraftState.HELD}, "it waits as what is held does everywhere"
    client = workshop.client(company)
    before = client.count("SalesReceipt")
    # Made anew, the plan asks the same once, under the same question.
    assert finish(workshop, request(workshop, shadow)).state == RunState.APPROVAL
    assert {key: hold.id for key, hold in questions(workshop).items()} == {key: hold.id for key, hold in held.items()}
    # What differs no more is let go, and what was said of the others stays said.
    lab_edit(workshop, held["sales/s6"].params["id"], company)
    answer_conflict(workshop, OWNER, held["sales/s2"].id, ResolutionKind.CREATE)
    assert finish(workshop, request(workshop, shadow)).state == RunState.APPROVAL
    assert set(questions(workshop)) == {"sales/s10"}
    assert "sales/s2" not in {row.key for rows in compared(workshop, shadow).values() for row in rows if row.fields}
    # The first plan is approved: nothing that was asked about is posted, in this run or a later one.
    assert sync(workshop, shadow).state == RunState.DONE
    assert sync(workshop, shadow).state == RunState.DONE
    assert set(questions(workshop)) == {"sales/s10"}
    posted = posted_keys(workshop)
    assert "sales/s2" in posted
    assert "sales/s10" not in posted
    assert client.count("SalesReceipt") > before
    count = client.count("SalesReceipt")
    answer_conflict(workshop, OWNER, questions(workshop)["sales/s10"].id, ResolutionKind.LINK)
    assert sync(workshop, shadow).state == RunState.DONE
    assert (questions(workshop), client.count("SalesReceipt")) == ({}, count), "tied to what is there"
    assert "sales/s10" in posted_keys(workshop)
    assert sync(workshop, shadow).state == RunState.DONE
    assert client.count("SalesReceipt") == count


def test_what_is_said_to_be_there_in_another_form_is_left_out_whatever_its_source_says_later(
    workshop: Workshop, shadow: Connection, company: Company
) -> None:
    answer_conflict(workshop, OWNER, questions(workshop)["sales/s2"].id, ResolutionKind.SKIP)
    assert sync(workshop, shadow).state == RunState.DONE
    count = workshop.client(company).count("SalesReceipt")
    next(row for row in till.ROWS["T1"] if row["id"] == "s2")["amount"] = "22.50"
    assert sync(workshop, shadow).state == RunState.DONE
    with workshop.database.read() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "sales/s2")).one()
        assert (draft.state, draft.reason) == (DraftState.SKIPPED, "conflict.differs")
    assert workshop.client(company).count("SalesReceipt") == count
    assert set(questions(workshop)) == {"sales/s6", "sales/s10"}, "what nobody answered waits on"


def posted_keys(workshop: Workshop) -> set[str]:
    with workshop.database.read() as session:
        return set(session.scalars(select(LinkRow.key).where(LinkRow.state == LinkState.LIVE)))


def lab_edit(workshop: Workshop, document_id: str, company: Company) -> None:
    """Have the old tool's document go where the plan's would."""
    client = workshop.client(company)
    old = next(row for row in client.query("SELECT * FROM SalesReceipt") if row["Id"] == document_id)
    assert old["DepositToAccountRef"]
    body = {key: value for key, value in old.items() if key not in ("DepositToAccountRef", "MetaData")}
    client.update("SalesReceipt", json.dumps(body, default=str), f"moved {document_id}")


def test_what_the_old_tool_posts_once_more_after_the_switch_is_held_as_a_possible_double(
    workshop: Workshop, shadow: Connection, company: Company
) -> None:
    assert sync(workshop, shadow).state == RunState.DONE
    before = compared(workshop, shadow)
    old = Old(workshop, company)
    again_posted = old.sells("41.00", DAY)
    count = old.client.count("SalesReceipt")
    till.ROWS["T1"].append(sale(12, "41.00", DAY + timedelta(1)))
    assert sync(workshop, shadow).state == RunState.DONE
    assert old.client.count("SalesReceipt") == count
    with workshop.database.read() as session:
        held = select(Hold.code, Hold.params).join(DraftRow, DraftRow.id == Hold.draft_id)
        code, params = session.execute(held.where(DraftRow.key == "sales/s12", Hold.closed_at.is_(None))).one()
    assert (code, params["id"]) == ("conflict.already_exists", again_posted)
    assert {place: len(rows) for place, rows in compared(workshop, shadow).items()} == {
        place: len(rows) for place, rows in before.items()
    }, "what was approved is compared no more"
