"""What a run wrote is taken out of the books again by a plan that says what goes, what stays and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from kept_figures import shown_both_ways
from moments import Moments
from set_up import till_of
from sqlalchemy import select
from sqlalchemy.orm import Session
from till_company import again

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import UndoError, request_undo
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.closing.certificates import certify
from raccord.onboarding.closing.statements import declare, withdraw
from raccord.onboarding.connecting.connections import connect, pause, resume
from raccord.onboarding.deciding.decisions import DecisionError, answer_conflict, approve_plan
from raccord.onboarding.deciding.undone import release
from raccord.overview.drifts import open_drifts
from raccord.overview.explain import explain
from raccord.overview.plans import LineView, plan_lines
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Event,
    Hold,
    LinkRow,
    Plan,
    Problem,
    Proof,
    Run,
    RunState,
)
from raccord.sync.posting import links, removals
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

Person = Callable[..., None]


def rows(*numbers: int) -> list[dict[str, str]]:
    return [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-03-0{number}", "amount": f"{number}0.00"}
        for number in numbers
    ]


@pytest.fixture
def posted(workshop: Workshop, company: Company, connection: Connection, till_moments: Moments) -> Run:
    """The run that wrote three sales, a refund, and the deposit of the first sale."""
    till.ROWS["T1"] = [
        *rows(1, 2, 3),
        {"stream": "refunds", "id": "r1", "day": "2026-03-04", "amount": "-5.00"},
        {"stream": "deposits", "id": "d1", "day": "2026-03-05", "amount": "10.00", "of": "sales/s1=10.00"},
    ]

    def live() -> Run:
        choose_usual(workshop, connection, company)
        return sync(workshop, connection)

    return again(till_moments, workshop, "posted", live)


@pytest.fixture
def person(workshop: Workshop, company: Company, sandbox: SandboxServer, posted: Run) -> Person:
    """Somebody at work in QuickBooks, on the document that a draft became."""

    def do(deed: str, key: str, **changes: object) -> None:
        link = link_of(workshop, key)
        body = {"changes": changes} if changes else {}
        lab(sandbox, deed, realm=company.realm, entity=link.kind, id=link.document_id, **body)

    return do


def link_of(workshop: Workshop, key: str) -> LinkRow:
    with workshop.database.read() as session:
        return session.scalars(select(LinkRow).where(LinkRow.key == key)).one()


def ask(workshop: Workshop, connection: Connection, asked: Asked) -> Run:
    run_id = request_undo(workshop.database, HandOver(), connection.id, asked, actor=OWNER, clock=workshop.clock)
    return finish(workshop, run_id)


@contextmanager
def monkeyed(workshop: Workshop, key: str, deed: Callable[[], None]) -> Iterator[None]:
    """Let somebody do something in the moment after a document was taken out."""
    done = []

    def recorded(session: Session, run: Run, removal: removals.Removal, *more: Any) -> None:
        removals.record_removal(session, run, removal, *more)
        if removal.posting.key == key and not done:
            done.append(key)
            deed()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "record_removal", recorded)
        yield
    assert done


def approve(workshop: Workshop, run: Run) -> Run:
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return finish(workshop, run.id)


def undo(workshop: Workshop, connection: Connection, asked: Asked) -> Run:
    run = ask(workshop, connection, asked)
    return approve(workshop, run) if run.state == RunState.APPROVAL else run


def lines(workshop: Workshop, run: Run) -> dict[str, LineView]:
    with workshop.database.read() as session:
        return {line.key: line for line in plan_lines(session, run.plan_id).rows}


def states(workshop: Workshop) -> dict[str, tuple[str, str]]:
    with workshop.database.read() as session:
        return {row.key: (row.state, row.reason) for row in session.scalars(select(DraftRow))}


def unequal(workshop: Workshop) -> list[Any]:
    with workshop.database.read() as session:
        return [proof.differences for proof in session.scalars(select(Proof).where(Proof.equal.is_(False)))]


def count(workshop: Workshop, company: Company) -> int:
    client = workshop.client(company)
    return sum(client.count(kind) for kind in ("SalesReceipt", "RefundReceipt", "Deposit"))


def test_pain_6_t3_a_run_is_undone_in_order_and_its_records_wait_for_a_person(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    assert count(workshop, company) == 5
    run = ask(workshop, connection, Asked(posted.id))
    assert run.state == RunState.APPROVAL
    planned = lines(workshop, run)
    assert {key: str(line.action) for key, line in planned.items()} == dict.fromkeys(
        ("sales/s1", "sales/s2", "sales/s3", "refunds/r1", "deposits/d1"), "delete"
    )
    assert next(iter(planned)) == "deposits/d1", "what holds others goes first"
    kept, counted = shown_both_ways(workshop.database, run.plan_id)
    assert kept == counted
    assert count(workshop, company) == 5, "nothing goes before the plan is approved"
    done = approve(workshop, run)
    assert (done.state, count(workshop, company)) == (RunState.DONE, 0)
    assert unequal(workshop) == []
    assert set(states(workshop).values()) == {("held", "undo.undone")}

    sync(workshop, connection)
    sync(workshop, connection)
    assert count(workshop, company) == 0, "no run posts them again"
    assert unequal(workshop) == []
    with workshop.database.read() as session:
        assert open_drifts(session).rows == [], "our own undo is nobody's deletion"
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
        assert {(hold.code, hold.params["by"]) for hold in holds} == {("undo.undone", OWNER.name)}

    assert sorted(release(workshop, OWNER, [hold.id for hold in holds])) == sorted(planned)
    sync(workshop, connection)
    assert count(workshop, company) == 5
    assert {state for state, _ in states(workshop).values()} == {"posted"}
    assert unequal(workshop) == []
    again = link_of(workshop, "sales/s1")
    assert (again.state, again.generation, again.document_number[-2:]) == ("live", 1, "-2")
    sync(workshop, connection)
    assert count(workshop, company) == 5


def test_pain_6_t2_what_is_unsafe_stays_each_with_its_reason_and_the_rest_goes(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [
        *rows(1, 2, 3, 4, 5, 6, 7),
        {"stream": "deposits", "id": "d1", "day": "2026-03-03", "amount": "30.00", "of": "sales/s3=30.00"},
        {"stream": "deposits", "id": "d2", "day": "2026-03-08", "amount": "60.00", "of": "sales/s6=60.00"},
    ]
    posted = sync(workshop, connection)
    client = workshop.client(company)
    with workshop.database.read() as session:
        bank = session.scalars(select(LinkRow.money_account).where(LinkRow.key == "deposits/d1")).one()
    declare(workshop, OWNER, company.id, bank, date(2026, 3, 5))
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-01")
    for deed, key, changes in (("edit", "sales/s2", {"PrivateNote": "mine"}), ("delete", "sales/s7", {})):
        link = link_of(workshop, key)
        body = {"changes": changes} if changes else {}
        lab(sandbox, deed, realm=company.realm, entity=link.kind, id=link.document_id, **body)
    held = link_of(workshop, "sales/s4").document_id
    theirs = client.create(
        "Deposit",
        json.dumps(
            {
                "DepositToAccountRef": {"value": bank},
                "TxnDate": "2026-03-09",
                "Line": [{"Amount": 40, "LinkedTxn": [{"TxnId": held, "TxnType": "SalesReceipt", "TxnLineId": "0"}]}],
            }
        ),
        "by-hand",
    ).value
    with workshop.database.begin() as session:
        session.scalars(select(LinkRow).where(LinkRow.key == "sales/s5")).one().origin = "linked"

    run = ask(workshop, connection, Asked(posted.id))
    planned = lines(workshop, run)
    assert {key: (str(line.action), line.reason) for key, line in planned.items()} == {
        "deposits/d2": ("delete", "undo.asked"),
        "sales/s6": ("delete", "undo.asked"),
        "sales/s1": ("blocked", "undo.period_closed"),
        "sales/s2": ("blocked", "undo.edited"),
        "sales/s3": ("blocked", "undo.in_deposit"),
        "sales/s4": ("blocked", "undo.in_deposit"),
        "sales/s5": ("blocked", "undo.not_ours"),
        "sales/s7": ("skip", "undo.gone"),
        "deposits/d1": ("blocked", "undo.statement"),
    }
    assert planned["sales/s4"].params["document"] == theirs["Id"]
    assert planned["sales/s3"].params["key"] == "deposits/d1"
    for line in planned.values():
        for language in ("fr", "en"):
            assert "–" not in explain(line.reason, line.params, language).what, line.reason
    before = count(workshop, company)
    assert approve(workshop, run).state == RunState.DONE
    assert count(workshop, company) == before - 2
    assert {key for key, state in states(workshop).items() if state[0] == "held"} == {"deposits/d2", "sales/s6"}


def test_pain_6_t2_a_statement_declared_after_the_plan_was_seen_stops_it_whole(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    with workshop.database.read() as session:
        bank = session.scalars(select(LinkRow.money_account).where(LinkRow.key == "deposits/d1")).one()
    before = count(workshop, company)
    run = ask(workshop, connection, Asked(posted.id))
    declare(workshop, OWNER, company.id, bank, date(2026, 3, 9))
    with pytest.raises(DecisionError, match=r"plan\.not_current.*certified month was declared"):
        approve(workshop, run)
    withdraw(workshop, OWNER, company.id, bank)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    # Approved, but its worker was slow to take it up.
    declare(workshop, OWNER, company.id, bank, date(2026, 3, 9))
    ended = finish(workshop, run.id)
    assert (ended.state, ended.error_code) == (RunState.FAILED, "plan.changed_since")
    assert count(workshop, company) == before
    again = ask(workshop, connection, Asked(posted.id))
    assert lines(workshop, again)["deposits/d1"].reason == "undo.statement"


def test_a_certified_month_is_touched_only_for_a_reason_in_words(
    workshop: Workshop, company: Company, connection: Connection, posted: Run, hand: FixedClock
) -> None:
    hand.advance(timedelta(days=14))
    certify(workshop, OWNER, company.id, date(2026, 3, 1), with_exceptions=True, reason="Known")
    run = undo(workshop, connection, Asked(posted.id))
    assert {line.reason for line in lines(workshop, run).values()} == {"undo.certified"}
    assert (run.state, count(workshop, company)) == (RunState.DONE, 5), "nothing to approve: it is done"
    with pytest.raises(UndoError, match="reason"):
        ask(workshop, connection, Asked(posted.id, certified="oui"))
    why = "The bank sent the whole month twice"
    assert undo(workshop, connection, Asked(posted.id, certified=why)).state == RunState.DONE
    assert count(workshop, company) == 0
    with workshop.database.read() as session:
        told = session.scalars(select(Event.body).where(Event.action == "undo.requested")).all()
        assert told[-1]["certified"] == why
        assert session.scalars(select(Problem.code).where(Problem.state == "open")).all() == ["proof.certified_changed"]


def test_a_document_edited_while_the_undo_is_at_work_stays_and_is_told(
    workshop: Workshop, company: Company, connection: Connection, posted: Run, person: Person
) -> None:
    """One that a deposit holds has its token looked up when its turn comes; the other one's stands in the plan."""

    def edited() -> None:
        for key in ("sales/s1", "sales/s2"):
            person("edit", key, PrivateNote="mine")

    run = ask(workshop, connection, Asked(posted.id))
    with monkeyed(workshop, "deposits/d1", edited):
        assert approve(workshop, run).state == RunState.DONE
    left = workshop.client(company).query_all("SalesReceipt")
    assert [row["PrivateNote"] for row in left] == ["mine", "mine"]
    for key in ("sales/s1", "sales/s2"):
        assert lines(workshop, run)[key].reason == "undo.edited"
        assert states(workshop)[key] == ("posted", "")
    with workshop.database.read() as session:
        assert set(session.scalars(select(Problem.code).where(Problem.state == "open"))) == {"undo.edited"}
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert {drift.key for drift in open_drifts(session).rows} == {"sales/s1", "sales/s2"}


def test_pain_6_t2_a_change_in_quickbooks_after_the_plan_was_seen_stops_it_whole(
    workshop: Workshop, company: Company, connection: Connection, posted: Run, person: Person
) -> None:
    """What was approved is no longer what would go: an edit, a deletion, a name that something else uses by now."""
    client = workshop.client(company)

    def income_used() -> None:
        income = client.query("SELECT * FROM Account WHERE Name = 'Revenu Caisse'")[0]
        part = {"Name": "Part", "AccountType": "Income", "SubAccount": True, "ParentRef": {"value": income["Id"]}}
        client.create("Account", json.dumps(part), "by-hand")

    seen: list[tuple[Callable[[], object], str]] = [
        (income_used, r"Account \(Revenu Caisse\): something else holds or uses"),
        (lambda: person("edit", "sales/s2", PrivateNote="mine"), r"Sales receipt .*Mar 2026.*: was changed"),
        (lambda: person("delete", "sales/s3"), r"Sales receipt .*Mar 2026.*: is gone"),
    ]
    for deed, told in seen:
        before = count(workshop, company)
        run = ask(workshop, connection, Asked(posted.id, names=True))
        deed()
        left = before - (deed is seen[-1][0])
        done = approve(workshop, run)
        assert (done.state, done.error_code, count(workshop, company)) == (RunState.FAILED, "plan.changed_since", left)
        assert done.error_params is not None
        assert re.search(told, str(done.error_params["changes_en"]))
    run = undo(workshop, connection, Asked(posted.id, names=True))
    assert (run.state, count(workshop, company)) == (RunState.DONE, 1), "the edited one stays, what is gone is gone"
    assert [each["key"] for cell in unequal(workshop) for each in cell] == ["sales/s3"], "a person's deletion is told"


def test_a_source_that_changes_or_withdraws_what_was_undone_posts_nothing(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    undo(workshop, connection, Asked(keys=("sales/s2", "sales/s3")))
    assert count(workshop, company) == 3
    till.ROWS["T1"][1]["amount"] = "25.00"
    del till.ROWS["T1"][2]
    for _ in range(2):
        sync(workshop, connection)
    assert count(workshop, company) == 3
    assert states(workshop)["sales/s2"] == ("held", "undo.undone")
    assert unequal(workshop) == []
    with workshop.database.read() as session:
        (hold,) = session.scalars(
            select(Hold)
            .join(DraftRow, DraftRow.id == Hold.draft_id)
            .where(Hold.closed_at.is_(None), DraftRow.key == "sales/s2")
        )
    release(workshop, OWNER, [hold.id])
    sync(workshop, connection)
    assert link_of(workshop, "sales/s2").amount == Decimal("25.00"), "as the source says it now"
    assert unequal(workshop) == []


def test_pain_6_t3_an_undone_record_comes_back_under_no_other_key_before_a_person_says_so(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    """Its source says it in another way, so that a draft of it is new: the plan that would post that one waits."""
    undo(workshop, connection, Asked(keys=("sales/s2",)))
    before = count(workshop, company)
    till.ROWS["T1"][1]["kind"] = "tipped"
    for _ in range(2):
        run = finish(workshop, request(workshop, connection))
        assert (run.state, count(workshop, company)) == (RunState.APPROVAL, before)
    assert {key: str(line.action) for key, line in lines(workshop, run).items() if line.action != "skip"} == {
        "sales/s2": "hold", "sales/s2#tip": "create",
    }  # fmt: skip


def test_what_was_voided_leaves_its_trace_and_comes_back_under_another_number(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    run = undo(workshop, connection, Asked(keys=("sales/s2", "refunds/r1"), void=True))
    assert {key: str(line.action) for key, line in lines(workshop, run).items()} == {
        "sales/s2": "void", "refunds/r1": "delete",
    }  # fmt: skip
    first = link_of(workshop, "sales/s2")
    assert workshop.client(company).read("SalesReceipt", first.document_id).value["TotalAmt"] == 0
    assert unequal(workshop) == []
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert open_drifts(session).rows == []
        holds = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).all()
    release(workshop, OWNER, holds)
    sync(workshop, connection)
    again = link_of(workshop, "sales/s2")
    assert (again.document_id != first.document_id, again.document_number) == (True, f"{first.document_number}-2")
    sync(workshop, connection)
    assert unequal(workshop) == []


def test_names_go_too_where_nothing_else_uses_them_and_are_made_anew_when_needed(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    client = workshop.client(company)
    income = client.query("SELECT * FROM Account WHERE Name = 'Revenu Caisse'")[0]
    client.create("Account", json.dumps({"Name": "Part", "AccountType": "Income", "SubAccount": True,
                                         "ParentRef": {"value": income["Id"]}}), "by-hand")  # fmt: skip
    run = undo(workshop, connection, Asked(posted.id, names=True))
    found = {line.key: (str(line.action), line.reason) for line in lines(workshop, run).values()}
    assert found["default/income"] == ("blocked", "undo.name_in_use")
    assert found["default/customer"] == ("deactivate", "undo.asked")
    assert not any(key.startswith(("default/", "item-for/")) for key in list(found)[:5]), "names come after documents"
    assert client.query("SELECT * FROM Customer WHERE DisplayName = 'Client Caisse'") == []
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).all()
    release(workshop, OWNER, holds)
    sync(workshop, connection)
    assert count(workshop, company) == 5
    assert len(client.query("SELECT * FROM Customer WHERE DisplayName = 'Client Caisse'")) == 1
    assert unequal(workshop) == []


def test_an_undo_that_cannot_be_is_refused_with_its_reason(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    with pytest.raises(NotAllowedError):
        request_undo(
            workshop.database, HandOver(), connection.id, Asked(posted.id),
            actor=Actor("Guy", RoleName.ACCOUNTANT), clock=workshop.clock,
        )  # fmt: skip
    refused: list[tuple[Asked, str]] = [
        (Asked(keys=("sales/none",)), "undo.nothing"),
        (Asked("no such run"), "undo.nothing"),
    ]
    for asked, code in refused:
        with pytest.raises(UndoError) as error:
            ask(workshop, connection, asked)
        assert error.value.code == code
    request_undo(workshop.database, HandOver(), connection.id, Asked(posted.id), actor=OWNER, clock=workshop.clock)
    with pytest.raises(UndoError) as error:
        ask(workshop, connection, Asked(posted.id))
    assert error.value.code == "undo.run_open"


def test_what_another_source_left_out_for_a_document_is_free_again_once_that_is_undone(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    """One movement has one owner: where the owner goes, the other source's line is planned after all."""
    other = connect(workshop, OWNER, till_of(company, "T2"))
    choose_usual(workshop, other, company)
    till.ROWS["T2"] = [{"stream": "bank", "id": "b1", "day": "2026-03-05", "amount": "10.00"}]
    sync(workshop, other)
    with workshop.database.read() as session:
        (hold,) = session.scalars(select(Hold).where(Hold.closed_at.is_(None)))
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.SKIP)
    sync(workshop, other)
    assert states(workshop)["bank/b1"][0] == "skipped"
    run = undo(workshop, connection, Asked(keys=("deposits/d1",)))
    assert lines(workshop, run)["deposits/d1"].params["frees"] == ["bank/b1"]
    assert states(workshop)["bank/b1"][0] == "waiting"
    sync(workshop, other)
    assert states(workshop)["bank/b1"] == ("held", "resolve.decision_missing"), "it waits for its category now"


def test_a_paused_connection_can_be_undone_and_a_run_leaves_what_a_later_one_posted_again(
    workshop: Workshop, company: Company, connection: Connection, posted: Run
) -> None:
    pause(workshop, OWNER, connection.id)
    assert undo(workshop, connection, Asked(keys=("sales/s2",))).state == RunState.DONE
    assert count(workshop, company) == 4
    resume(workshop, OWNER, connection.id)
    sync(workshop, connection)
    with workshop.database.read() as session:
        (hold,) = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None)))
    release(workshop, OWNER, [hold])
    sync(workshop, connection)
    assert count(workshop, company) == 5
    run = undo(workshop, connection, Asked(posted.id))
    assert "sales/s2" not in lines(workshop, run), "another run posted it again"
    assert (count(workshop, company), link_of(workshop, "sales/s2").state) == (1, "live")
