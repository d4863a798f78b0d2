"""From a document in QuickBooks back to what the source said, and what the audit chain tells of it."""

from __future__ import annotations

import json

import pytest
import till
from harness import OWNER, choose_usual, lab, sync
from sqlalchemy import select

from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.overview.audit import WantedEntries, audit_log
from raccord.overview.why import why
from raccord.store import events
from raccord.store.models import Company, Connection, Drift, Event, LinkRow, LinkState, PlanLine, Proof, Run
from raccord.store.told import WRITTEN, verify_links
from raccord.store.told_proofs import verify_proofs
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

SALE = {"stream": "sales", "id": "s1", "day": "2026-03-04", "amount": "10.37"}


def test_leader_8_why_a_document_is_here_is_told_back_to_run_record_mapping_plugin_and_approver(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [SALE]
    run = sync(workshop, connection)
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
        [found] = why(session, f"SalesReceipt {link.document_id}")
        now = session.get_one(Connection, connection.id)
        line = session.scalars(select(PlanLine).where(PlanLine.key == "sales/s1")).one()
    assert found.said is not None
    assert json.loads(found.said.raw) == SALE
    assert (found.said.fetched_by_run, found.said.newest) == (run.id, True)
    [write] = found.writes
    assert (write.operation, write.run_id, write.run_started_by, write.plan_id) == (
        "create",
        run.id,
        OWNER.name,
        run.plan_id,
    )
    assert (write.approved_by, write.plugin, write.mapping) == (OWNER.name, line.mapped_by, now.revision)
    assert "till" in write.plugin
    assert {chosen.role for chosen in write.chosen} == {"customer", "tax"}
    [told] = [entry for entry in found.entries if entry.action == WRITTEN]
    assert told.subject == run.id
    assert told.body == {
        "document": f"SalesReceipt {link.document_id}",
        "state": "live",
        "plans": [run.plan_id],
        "mapped": [f"{write.plugin} r{write.mapping}"],
    }


def test_leader_8_the_state_of_all_links_is_rebuilt_from_the_chain_alone_and_an_altered_entry_is_named(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [SALE, {**SALE, "id": "s2"}]
    sync(workshop, connection)
    with workshop.database.read() as session:
        first = rebuilt(session.scalars(select(Event).order_by(Event.seq)).all())
        gone = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s2")).one().document_id
    lab(sandbox, "delete", entity="SalesReceipt", id=gone)
    sync(workshop, connection)
    with workshop.database.read() as session:
        drifts = [drift.id for drift in session.scalars(select(Drift))]
    settle_drifts(workshop, OWNER, drifts, Way.KEEP)
    with workshop.database.read() as session:
        chain = session.scalars(select(Event).order_by(Event.seq)).all()
        links = {link.key: (link.kind, link.document_id, link.state) for link in session.scalars(select(LinkRow))}
        assert verify_links(session).untold == ()
        proofs = verify_proofs(session)
        assert (proofs.untold, proofs.told, proofs.older) == ((), len(session.scalars(select(Proof)).all()), 0)
        assert events.verify(session) is None
    assert rebuilt(chain) == links
    assert (first["sales/s2"][2], links["sales/s2"][2]) == (LinkState.LIVE, LinkState.DELETED)
    written = next(entry.seq for entry in chain if entry.action == WRITTEN)
    with workshop.database.begin() as session:
        event = session.get_one(Event, written)
        event.body = {**event.body, "plans": ["another"]}
    with workshop.database.read() as session:
        assert events.verify(session) == written


def test_a_proof_that_says_something_new_is_told_and_one_that_stands_is_not(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [SALE]
    run = sync(workshop, connection)
    sync(workshop, connection)
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "proof.stored")).all()
        assert [(entry.subject, entry.body["run"], entry.body["unequal"]) for entry in told] == [("2026-03", run.id, 0)]
        assert [[day for *_, day, _ in entry.body["proofs"]] for entry in told] == [[SALE["day"]]]
        people = audit_log(session, WantedEntries(connection_id=connection.id))
        assert WRITTEN not in {entry.action for entry in people.rows}, "what runs wrote hides no person's decision"
        asked = audit_log(session, WantedEntries(connection_id=connection.id, action="links"))
        assert {entry.action for entry in asked.rows} == {WRITTEN}
        assert sum(entry.body["documents"] for entry in asked.rows) == len(session.scalars(select(LinkRow)).all())
        assert session.scalars(select(Run)).all()


def rebuilt(chain: list[Event]) -> dict[str, tuple[str, str, str]]:
    """Return each draft's document and what became of it, from entries alone."""
    found: dict[str, tuple[str, str, str]] = {}
    for entry in chain:
        if entry.action == WRITTEN:
            found.update({key: (kind, id_, state) for key, kind, id_, state, _ in entry.body["links"].values()})
    return found
