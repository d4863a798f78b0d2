"""Records that could not be mapped are mapped again when the settings that stood in their way have changed."""

from __future__ import annotations

import till
from harness import OWNER, choose_usual, sync
from sqlalchemy import select

from raccord.onboarding.connecting.connections import update_settings
from raccord.store.models import Company, Connection, Problem, ProblemState, RecordState, SourceRecord
from raccord.sync.workshop import Workshop


def test_a_change_of_settings_gives_failed_records_another_mapping(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    bad = {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00", "kind": "code"}
    early = {"stream": "sales", "id": "s0", "day": "2026-02-02", "amount": "10.00"}
    till.ROWS["T1"] = [bad, early]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert workshop.client(company).count("SalesReceipt") == 0
    update_settings(workshop, OWNER, connection.id, {"till": "T1", "code": "open"})
    sync(workshop, connection)
    assert workshop.client(company).count("SalesReceipt") == 1
    with workshop.database.read() as session:
        states = dict(session.execute(select(SourceRecord.source_id, SourceRecord.state)).all())
        assert states == {"s1": RecordState.MAPPED, "s0": RecordState.SKIPPED}
        assert session.scalars(select(Problem.state)).all() == [ProblemState.GONE]
