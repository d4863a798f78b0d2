"""A proof takes the memory of one page, however many documents a month holds and whatever became of them."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from harness import NOW
from sqlalchemy import func, insert, select

from raccord.quickbooks import QuickBooks
from raccord.store.models import Connection, LinkRow, SourceRecord
from raccord.sync.proving.prove import DIFFERENCES_MAX, Totals
from raccord.sync.proving.reprove import read_month
from raccord.sync.workshop import Workshop

FEW, MANY = 1_000, 2_200
"""A few fill pages and chunks once already."""
MORE_KB = 150
"""What the many may take beyond the few: 10 to 90 measured; to hold each link and document takes some 1 500."""
DAY = date(2026, 3, 18)


class Books:
    """Answers as QuickBooks does, one object at a time, so that what is measured is what the proof holds."""

    def __init__(self, count: int, where: str) -> None:
        self.count = count
        self.where = where

    def rows_of_each(self, questions: Sequence[tuple[str, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
        kinds = [kind for kind, _ in questions]
        if self.where == "there":
            for number in range(self.count):
                if number % 400 == 0:
                    # What only waits to be collected is not held.
                    gc.collect()
                yield kinds.index("Purchase"), purchase(number, DAY)

    def query_all(self, kind: str, where: str) -> Iterator[dict[str, Any]]:
        assert kind == "Purchase"
        if self.where == "elsewhere":
            gc.collect()
            yield from (purchase(int(each), date(2026, 4, 2)) for each in re.findall(r"'(\d+)'", where))


def purchase(number: int, day: date) -> dict[str, Any]:
    return {
        "Id": str(number),
        "TxnDate": day.isoformat(),
        "DocNumber": f"T-{number:012}",
        "PrivateNote": f"[raccord {number:012} r1]",
        "PaymentType": "Cash",
        "AccountRef": {"value": "35"},
        "TotalAmt": Decimal("10.00"),
        "Line": [{"Amount": Decimal("10.00"), "DetailType": "AccountBasedExpenseLineDetail",
                  "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "7"}}}],
    }  # fmt: skip


def add(workshop: Workshop, connection: Connection, count: int) -> None:
    """Have ``count`` records with a document each, without the pipeline's minutes."""
    with workshop.database.begin() as session:
        first = session.scalar(select(func.count()).select_from(LinkRow)) or 0
        numbers = range(first, count)
        session.execute(
            insert(SourceRecord),
            [
                {
                    "connection_id": connection.id, "stream": "payouts", "source_id": str(number), "revision": 1,
                    "content_hash": str(number), "day": DAY, "amount": Decimal("-10.00"), "currency": "CAD",
                    "raw": "{}", "state": "mapped", "run_id": "", "fetched_at": NOW,
                }
                for number in numbers
            ],
        )  # fmt: skip
        session.execute(
            insert(LinkRow),
            [
                {
                    "company_id": connection.company_id, "connection_id": connection.id, "key": f"payouts/{number}",
                    "kind": "Purchase", "document_id": str(number), "document_number": f"T-{number:012}",
                    "sync_token": "0", "revision": 1, "marker": f"{number:012}", "payload_hash": "",
                    "stream": "payouts", "day": DAY, "amount": Decimal("-10.00"), "currency": "CAD",
                    "money_account": "35", "linked_at": NOW,
                }
                for number in numbers
            ],
        )  # fmt: skip


def read(workshop: Workshop, connection: Connection, count: int, where: str) -> tuple[dict[date, Totals], int]:
    """Return the cells by day, and the most memory that they took meanwhile, in kilobytes."""
    client = cast(QuickBooks, Books(count, where))
    gc.collect()
    tracemalloc.start()
    try:
        reading = read_month(workshop.database, client, connection, date(2026, 3, 1), date(2026, 3, 31))
        most = tracemalloc.get_traced_memory()[1] // 1024
    finally:
        tracemalloc.stop()
    return {day: cell for (_, _, day), cell in reading.totals.items()}, most


@pytest.fixture
def alone() -> Iterator[None]:
    """Nothing of what other tests left is looked through, each time that what waits is collected."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("alone")
@pytest.mark.requirement("PO-08")
def test_a_month_of_any_size_is_proven_in_the_memory_of_a_page(workshop: Workshop, connection: Connection) -> None:
    said: dict[str, list[int]] = {}
    for count in (FEW, MANY):
        add(workshop, connection, count)
        if count == FEW:
            # What is made once and kept, statements for one, is none of its memory.
            read(workshop, connection, count, "gone")
        total = Decimal(-10 * count)
        for where in ("there", "elsewhere", "gone"):
            cells, most = read(workshop, connection, count, where)
            said.setdefault(where, []).append(most)
            here = cells[DAY]
            assert (here.source, here.posted) == (total, total)
            assert here.quickbooks == (total if where == "there" else 0)
            assert here.equal is (where == "there")
            assert len(here.differences) == (0 if where == "there" else DIFFERENCES_MAX)
            assert {each["code"] for each in here.differences} == {
                "there": set(), "elsewhere": {"proof.date_differs"}, "gone": {"proof.missing_document"}
            }[where]  # fmt: skip
            if where == "elsewhere":
                assert cells[date(2026, 4, 2)].quickbooks == total
    assert {where: many - few for where, (few, many) in said.items() if many - few > MORE_KB} == {}, said
