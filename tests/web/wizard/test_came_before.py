"""The page of a line that came before leads to the line that it is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from fastapi.testclient import TestClient

from raccord.store.models import RecordState, SourceRecord
from raccord.sync.workshop import Workshop

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


def test_the_page_of_a_line_that_came_before_leads_to_the_one_that_it_is(
    workshop: Workshop, bank: str, browser: TestClient
) -> None:
    connection_id = bank.rpartition("/")[2]
    first = {"account": "bank-1", "name": "LOYER", "amount": "-40.17"}
    again = {**first, "twin": {"id": "bank-1/a", "certain": True}}
    rows = [
        SourceRecord(
            connection_id=connection_id, stream="lines", source_id=source_id, revision=1, content_hash=source_id,
            day=date(2026, 3, 2), amount=amount, currency="CAD", raw=json.dumps(raw), state=state, reason=reason,
            run_id="none", fetched_at=NOW,
        )
        for source_id, amount, raw, state, reason in (
            ("bank-1/a", Decimal("-40.17"), first, RecordState.MAPPED, ""),
            ("bank-1/b", None, again, RecordState.SKIPPED, "bankfeed.known_by_another_road"),
        )
    ]  # fmt: skip
    with workshop.database.begin() as session:
        session.add_all(rows)
        session.flush()
        one, other = (row.id for row in rows)
    page = browser.get(f"/records/{other}").text
    assert f'href="/records/{one}"' in page
    assert "See the transaction that came before" in page
    assert all(said in page for said in ("LOYER", "-40.17")), "what it says itself stands there too"
    assert "See the transaction" not in browser.get(f"/records/{one}").text
