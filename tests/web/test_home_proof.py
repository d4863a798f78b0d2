"""What *Home* says of the proof: what differs first, and no longer than a glance."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from starlette.testclient import TestClient

from raccord.store.models import Connection, Proof
from raccord.sync.workshop import Workshop


def test_home_shows_what_differs_first_and_leaves_the_rest_to_the_page_of_proofs(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    there = len(lines(browser.get("/").text))
    with workshop.database.begin() as session:
        for number in range(10):
            total, equal = Decimal(number), number != 9
            session.add(
                Proof(
                    connection_id=synced.id, run_id="r", stream="sales", currency=f"X{number:02}", day=date(2026, 3, 2),
                    source_total=total, left_out_total=Decimal(0), posted_total=total,
                    quickbooks_total=total if equal else total + 1, equal=equal, proven_at=datetime.now(UTC),
                )
            )  # fmt: skip
    page = browser.get("/", headers={"accept-language": "en"}).text
    rows = lines(page)
    assert len(rows) == 8
    assert ["X09" in row for row in rows] == [True, *[False] * 7]
    assert page.count(f'<a href="/connections/{synced.id}/proof">') == 2, "once above what differs, once above the rest"
    assert f"{there + 10 - 8} more lines under “Proof”" in page


def lines(page: str) -> list[str]:
    """Return the table's lines that tell both sides."""
    table = page.partition('<table class="table glance">')[2].partition("</table>")[0]
    return [row for row in re.findall(r"<tr(?: class=\"apart\")?>.*?</tr>", table, re.DOTALL) if "<td" in row]
