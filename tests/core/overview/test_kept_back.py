"""What was kept back from deposits: of the days of a month, of those that are in QuickBooks, and of one document."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import till
from harness import choose_usual, sync
from sqlalchemy import select, update

from raccord.overview.pointing.two_sides import Field, sides_of
from raccord.overview.weighing import kept_back as module
from raccord.overview.weighing.kept_back import KeptBack, in_all, kept_back
from raccord.store.canonical import canonical, exact
from raccord.store.models import Company, Connection, DraftRow, LinkRow, PlanLine, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.workshop import Workshop

DAY = date(2026, 3, 4)
FEES = {"type": "direct", "account": {"ref": "role", "name": "fees", "of": ""}, "amount": "-1.25", "description": "Fee"}


@pytest.fixture
def netted(workshop: Workshop, company: Company, connection: Connection) -> Connection:
    """Three deposits of which two lack a fee, one of these the next month; a third fee is of what was taken out."""
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = []
    for number, day in ((1, DAY), (2, DAY), (3, DAY + timedelta(40)), (4, DAY)):
        at = day.isoformat()
        till.ROWS["T1"] += [
            {"stream": "sales", "id": f"s{number}", "day": at, "amount": "10.00"},
            {"stream": "deposits", "id": f"d{number}", "day": at, "amount": "10.00", "of": f"sales/s{number}=10.00"},
        ]
    sync(workshop, connection)
    with workshop.database.begin() as session:
        for key in ("deposits/d1", "deposits/d3", "deposits/d4"):
            draft = session.scalars(select(DraftRow).where(DraftRow.key == key)).one()
            body = exact(draft.body)
            body["lines"].append(FEES)
            body["total"] = "8.75"
            draft.body = canonical(body)
            assert load_draft(draft.body)
            session.execute(update(LinkRow).where(LinkRow.key == key).values(amount=Decimal("8.75")))
        session.execute(update(LinkRow).where(LinkRow.key == "deposits/d4").values(state="undone"))
    return connection


def test_fees_kept_inside_deposits_are_told_by_day_and_for_all_days(
    workshop: Workshop, netted: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop.database.read() as session:
        found = kept_back(session, netted.id, date(2026, 3, 1), date(2026, 3, 31))
        # The deposits of the day, of which one is whole; what was taken out of the books counts no more.
        assert found == {(DAY, "deposits", "CAD"): KeptBack(Decimal("1.25"), Decimal("18.75"))}
        assert found[DAY, "deposits", "CAD"].gross == Decimal("20.00")
        both = kept_back(session, netted.id, DAY, DAY + timedelta(40))
        assert both is not None
        assert in_all(both) == {("deposits", "CAD"): KeptBack(Decimal("2.50"), Decimal("27.50"))}
        assert kept_back(session, netted.id, date(2026, 1, 1), date(2026, 1, 31)) == {}
        monkeypatch.setattr(module, "DEPOSITS_MAX", 1)
        assert kept_back(session, netted.id, DAY, DAY) is None, "a part of them would be a wrong sum"


def test_a_deposits_own_lines_and_its_fee_stand_on_both_sides_however_much_it_takes_in(
    workshop: Workshop, netted: Connection
) -> None:
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "deposits/d1")).one()
        line = session.scalars(select(PlanLine).where(PlanLine.draft_id == draft.id, PlanLine.payload != "")).one()
        body = exact(line.payload)
        fee = {"Amount": Decimal("-1.25"), "DetailType": "DepositLineDetail", "Description": "Fee",
               "DepositLineDetail": {"AccountRef": {"value": "unknown"}}}  # fmt: skip
        body["Line"] = [*body["Line"] * 30, fee]
        line.payload = canonical(body)
        record_id = draft.record_id
        session.execute(update(SourceRecord).where(SourceRecord.id == record_id).values(amount=Decimal("8.75")))
    assert record_id is not None
    with workshop.database.read() as session:
        (sides,) = sides_of(session, record_id).values()
    rows = {each.field: each for each in sides.rows}
    for field, amount in ((Field.KEPT_BACK, "1.25"), (Field.BEFORE_FEES, "10.00")):
        row = rows[field]
        assert [each.amount for each in (*row.source, *row.ledger)] == [Decimal(amount)] * 2
    assert [each.amount for each in rows[Field.LINES].ledger] == [Decimal("-1.25")], "it comes after thirty others"
