"""Last week's backup is restored: what was posted since is recognised, and nothing is made twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import market
import pytest
from harness import NOW, OWNER, finish, lab, make_workshop, request, sync
from market_company import let_numbers_repeat, open_market, say
from market_rows import every_kind
from moments import Moments
from sqlalchemy import delete, insert, select
from till_company import again

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.onboarding.deciding.undone import release
from raccord.overview.runs import run_view
from raccord.store.columns import Model
from raccord.store.database import Database
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    MarkedDocument,
    Plan,
    PlanLine,
    Problem,
    Proof,
    RunState,
)
from raccord.sync.books.acquaint import RECOGNISED
from raccord.sync.books.readback import DOCUMENTS
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Backup = dict[str, list[dict[str, Any]]]


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), market)
    yield made
    made.close()


@pytest.fixture(params=["careless", "honours requestid"])
def opened(
    request: pytest.FixtureRequest, workshop: Workshop, sandbox: SandboxServer, till_moments: Moments
) -> tuple[Company, Connection]:
    """The market; its QuickBooks checks no numbers, and in one of two cases ignores request ids."""

    def live() -> tuple[Company, Connection]:
        let_numbers_repeat(sandbox.store, honour_requestid=request.param != "careless")
        return open_market(workshop, sandbox.store)

    return again(till_moments, workshop, f"market, {request.param}", live)


CARELESS = pytest.mark.parametrize("opened", ["careless"], indirect=True)


def back_up(database: Database) -> Backup:
    with database.engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in Model.metadata.sorted_tables
        }


def restore(workshop: Workshop, backup: Backup) -> Workshop:
    """Put an older copy of the database in the place of this one, and start a new process on it.

    The two share their connections to QuickBooks, which the fixture closes.
    """
    with workshop.database.engine.begin() as connection:
        for table in reversed(Model.metadata.sorted_tables):
            connection.execute(delete(table))
        for table in Model.metadata.sorted_tables:
            if backup[table.name]:
                connection.execute(insert(table), backup[table.name])
    settings, vault = workshop.settings, workshop.vault
    return Workshop(settings, workshop.database, workshop.scopes, vault, workshop.clock, _clients=workshop._clients)


def made(sandbox: SandboxServer) -> Counter[str]:
    """Count what the API created in QuickBooks since the beginning, or since the first run, by kind."""
    writes = sandbox.store.of_template("quebec").writes
    return Counter(write["entity"] for write in writes if write["operation"] == "create" and write["by"] == "api")


def documents_in(counted: Counter[str]) -> int:
    """Count what bears a mark, documents and the files attached to them, without the entries of lists."""
    return sum(count for kind, count in counted.items() if kind in (*DOCUMENTS, "Attachable"))


class First(NamedTuple):
    """A first run that was planned, approved and carried out: what was backed up before it, what it made."""

    run_id: str
    before: Backup
    approved: Backup
    made: Counter[str]


Begin = Callable[[list[dict[str, str]]], First]


@pytest.fixture
def begin(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, till_moments: Moments
) -> Begin:
    """Lets the market say its first rows, and a first run post them; what is made is counted from there on."""

    def from_rows(rows: list[dict[str, str]]) -> First:
        def live() -> First:
            before = back_up(workshop.database)
            run = finish(workshop, request(workshop, opened[1]))
            with workshop.database.read() as session:
                plan = session.get_one(Plan, run.plan_id)
            approve_plan(workshop, OWNER, plan.id, plan.hash)
            approved = back_up(workshop.database)
            assert finish(workshop, run.id).state == RunState.DONE
            return First(run.id, before, approved, made(sandbox))

        say(rows)
        first = again(till_moments, workshop, f"market says {rows}", live)
        sandbox.store.of_template("quebec").writes.clear()
        return first

    return from_rows


def check_whole(workshop: Workshop, sandbox: SandboxServer) -> None:
    """Every draft posted and linked to a document of its own, every day proven."""
    with workshop.database.read() as session:
        drafts = session.scalars(select(DraftRow)).all()
        links = {link.key: link for link in session.scalars(select(LinkRow))}
        assert {draft.state for draft in drafts} == {DraftState.POSTED}, [
            (h.code, h.params) for h in session.scalars(select(Hold))
        ]
        assert len({(links[draft.key].kind, links[draft.key].document_id) for draft in drafts}) == len(drafts)
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        assert session.scalars(select(Problem).where(Problem.state == "open")).all() == []
        assert session.scalars(select(MarkedDocument)).all() == []
    company = sandbox.store.of_template("quebec")
    documents = sum(len(company.table(kind)) for kind in DOCUMENTS)
    assert documents == sum(1 for draft in drafts if draft.kind in DOCUMENTS)


@pytest.mark.parametrize(
    ("database_url", "opened"),
    [("sqlite", "careless"), ("postgres", "careless"), ("sqlite", "honours requestid")],
    indirect=True,
)
def test_pain_1_t2_a_restored_backup_adds_no_document_and_rebuilds_its_links(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    first = documents_in(begin(every_kind("a")).made)
    backup = back_up(workshop.database)
    say([*every_kind("a"), *every_kind("b"), *every_kind("c")])
    sync(workshop, connection)
    before = made(sandbox)

    restored = restore(workshop, backup)
    run = sync(restored, connection)

    assert (run.state, made(sandbox)) == (RunState.DONE, before)
    check_whole(restored, sandbox)
    # The documents of the second and the third batch.
    assert run.progress[RECOGNISED] == documents_in(before) == 2 * first > 0
    with restored.database.read() as session:
        shown = run_view(session, run.id)
        assert shown is not None
        assert shown.recognised == 2 * first
        actions = Counter(session.scalars(select(PlanLine.action).where(PlanLine.plan_id == run.plan_id)))
        reasons = set(session.scalars(select(PlanLine.reason).where(PlanLine.action == "link")))
    assert (actions["link"], reasons) == (2 * first, {RECOGNISED})
    assert RECOGNISED not in sync(restored, connection).progress
    assert made(sandbox) == before


@CARELESS
def test_pain_1_t2_a_backup_from_before_the_first_document_adds_none(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    first = begin(every_kind("a"))
    restored = restore(workshop, first.before)
    run = sync(restored, connection)
    assert (run.state, made(sandbox)) == (RunState.DONE, Counter())
    assert run.progress[RECOGNISED] == documents_in(first.made) > 0
    check_whole(restored, sandbox)


@CARELESS
def test_pain_1_t2_a_backup_of_an_approved_plan_that_was_carried_out_since_adds_none(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    first = begin(every_kind("a", lists=False))
    restored = restore(workshop, first.approved)
    run = finish(restored, first.run_id)
    assert (run.state, made(sandbox)) == (RunState.DONE, Counter())
    assert run.progress[RECOGNISED] == documents_in(first.made) == 9
    check_whole(restored, sandbox)
    with restored.database.read() as session:
        lines = session.scalars(select(PlanLine).where(PlanLine.plan_id == run.plan_id, PlanLine.kind == "Deposit"))
        assert {(line.action, line.reason) for line in lines} == {("create", RECOGNISED)}


@ON_SQLITE
@CARELESS
def test_pain_1_t2_a_backup_restored_under_a_running_process_is_noticed(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer
) -> None:
    # The process that goes on is the very one that posted, so nothing here is returned to by copy.
    _, connection = opened
    say(every_kind("a", lists=False))
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    backup = back_up(workshop.database)
    finish(workshop, run.id)
    before = made(sandbox)
    restore(workshop, backup)
    assert finish(workshop, run.id).state == RunState.DONE
    assert made(sandbox) == before


@CARELESS
def test_a_restored_backup_costs_one_request_and_one_more_for_thirty_documents(
    workshop: Workshop, opened: tuple[Company, Connection], begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, connection = opened
    begin(every_kind("a", sales=3, lists=False))
    reads = counted_reads(monkeypatch)
    sync(workshop, connection)
    quiet = reads.pop("now")
    backup = back_up(workshop.database)
    say([*every_kind("a", lists=False), *every_kind("b", sales=33, lists=False)])
    sync(workshop, connection)
    usual = reads.pop("now")
    restored = restore(workshop, backup)
    sync(restored, connection)
    # Two pages of receipts to look up, and one request for each of the five other kinds; nothing in a quiet run. What
    # is recognised is no possible double, so the usual run's question about those is not asked.
    assert reads["now"] - usual == 2 + 5 - 1
    # Whether a forgotten life of ours made some of it, looking around, possible doubles, and the month that is proven
    # again because something is new in it.
    assert usual - quiet == 1 + 1 + 1 + 1


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the requests that only read, from now on."""
    import httpx

    reads: Counter[str] = Counter()
    real = httpx.Client.request

    def counted(self: httpx.Client, method: str, url: Any, **named: Any) -> httpx.Response:
        content = named.get("content") or b""
        batch = str(url).partition("?")[0].endswith("/batch")
        if method == "GET" or "/query" in str(url) or (batch and b'"Query"' in content):
            reads["now"] += 1
        return real(self, method, url, **named)

    monkeypatch.setattr(httpx.Client, "request", counted)
    return reads


@ON_SQLITE
@CARELESS
def test_a_record_that_changed_since_its_forgotten_document_was_made_updates_that_document(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    restored = restore(workshop, begin([sale("9.00")]).before)
    say([sale("11.00")])
    assert sync(restored, connection).state == RunState.DONE
    assert [total(document) for document in receipts(sandbox)] == [Decimal("9.00")]
    assert sync(restored, connection).state == RunState.DONE
    assert [total(document) for document in receipts(sandbox)] == [Decimal("11.00")]
    check_whole(restored, sandbox)


@ON_SQLITE
@CARELESS
def test_a_forgotten_document_that_a_person_changed_is_theirs_until_a_person_decides(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    backup = begin([sale("9.00")]).before
    [document] = receipts(sandbox)
    lab(sandbox, "edit", entity="SalesReceipt", id=document["Id"], changes={"TxnDate": "2026-03-07"})
    restored = restore(workshop, backup)
    for _ in range(2):
        assert sync(restored, connection).state == RunState.DONE
    [document] = receipts(sandbox)
    assert (document["TxnDate"], document["SyncToken"]) == ("2026-03-07", "1")
    with restored.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        assert (hold.code, hold.params["element"]) == ("conflict.stale", "TxnDate")
        assert session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).one().state == "live"


@ON_SQLITE
@CARELESS
def test_a_forgotten_document_that_is_deleted_after_it_was_found_is_not_made_again(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    restored = restore(workshop, begin([sale("9.00")]).before)
    run = finish(restored, request(restored, connection))
    [document] = receipts(sandbox)
    lab(sandbox, "delete", entity="SalesReceipt", id=document["Id"])
    with restored.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(restored, OWNER, plan.id, plan.hash)
    stopped = finish(restored, run.id)
    assert (stopped.state, stopped.error_code) == (RunState.FAILED, "plan.changed_since")
    for _ in range(2):
        assert sync(restored, connection).state == RunState.DONE
    assert receipts(sandbox) == []
    with restored.database.read() as session:
        assert session.scalars(select(Hold.code).where(Hold.closed_at.is_(None))).all() == ["conflict.deleted"]


@ON_SQLITE
def test_an_answer_of_a_forgotten_life_with_another_body_is_not_taken_for_ours(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    begin([sale("9.00")])
    backup = back_up(workshop.database)
    say([sale("11.00")])
    sync(workshop, connection)
    restored = restore(workshop, backup)
    restored.clock.sleep_ms(3 * 3_600_000)
    say([sale("13.00")])
    run = sync(restored, connection)
    with restored.database.read() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.kind == "SalesReceipt")).one()
        assert (run.state, draft.state) == (RunState.DONE, DraftState.HELD)
        # Refused for its state, or an old answer repeated: either way somebody decides.
        assert draft.reason in ("conflict.stale", "conflict.amount_differs")
    assert [total(document) for document in receipts(sandbox)] == [Decimal("11.00")]


def sale(amount: str) -> dict[str, str]:
    return {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": amount}


def receipts(sandbox: SandboxServer) -> list[dict[str, Any]]:
    return list(sandbox.store.of_template("quebec").table("SalesReceipt"))


def total(document: dict[str, Any]) -> Decimal:
    return Decimal(json.loads(json.dumps(document["TotalAmt"], default=str)))


@ON_SQLITE
@CARELESS
def test_what_was_undone_and_posted_again_since_the_backup_is_recognised(
    workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, begin: Begin
) -> None:
    _, connection = opened
    posted = begin(every_kind("a"))
    run_id = request_undo(
        workshop.database, HandOver(), connection.id, Asked(posted.run_id, void=True), actor=OWNER, clock=workshop.clock
    )
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run_id)
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None))).all()
    backup = back_up(workshop.database)
    release(workshop, OWNER, holds)
    sync(workshop, connection)
    before = made(sandbox)
    restored = restore(workshop, backup)
    sync(restored, connection)
    assert made(sandbox) == before, "without a person nothing is posted again, as if nothing had been"
    release(restored, OWNER, holds)
    for _ in range(2):
        sync(restored, connection)
    assert made(sandbox) == before, "the second life of each document is recognised, not made a third time"
    with restored.database.read() as session:
        assert {draft.state for draft in session.scalars(select(DraftRow))} == {DraftState.POSTED}
        assert all(proof.equal for proof in session.scalars(select(Proof)))
