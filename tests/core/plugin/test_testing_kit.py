"""The conformance readers refuse what core refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from raccord.plugin import JSON, FetchContext, MapContext, Mapped, Money, Page, Record, RetryLater, Skipped
from raccord.plugin.drafts import Application, Expense, ExpenseLine, Link, Payment, PaymentType, Role, Settled
from raccord.plugin.testing import (
    ContractBroken,
    FakeFetchContext,
    FakeMapContext,
    FileShelf,
    NoHttp,
    TwinAnswer,
    TwinHttp,
    map_records,
    read_stream,
)
from raccord.plugin.testing.kit import draft_rules  # noqa: F401  # brings its checks
from raccord.plugin.testing.kit.asking import Asked, Deeds
from raccord.plugin.testing.kit.rules import CHECKS
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.texts import Text

DAY = date(2026, 8, 3)


def record(number: int, raw: Mapping[str, JSON] | None = None) -> Record:
    return Record("lines", str(number), DAY, raw or {}, Money(Decimal("-5.00"), "CAD"))


def expense(of: Record, total: str) -> Expense:
    return Expense(
        key=of.key(),
        day=of.day,
        currency="CAD",
        paid_from=Role("bank"),
        payment_type=PaymentType.CASH,
        lines=(ExpenseLine(account=Role("fees"), amount=Decimal(total)),),
        total=Decimal(total),
    )


class Scripted:
    """A connector that answers the pages it was given, one after the other."""

    def __init__(self, *pages: Page | None) -> None:
        self.pages = list(pages)

    def fetch_records(self, context: FetchContext, stream: str, cursor: str | None) -> Page | None:
        return self.pages.pop(0)


class Posting:
    def __init__(self, total: str) -> None:
        self.total = total

    def map_record(self, context: MapContext, record: Record) -> Mapped | Skipped | None:
        return Mapped([expense(record, self.total)])


@pytest.fixture
def context(tmp_path: Path) -> FakeFetchContext:
    return FakeFetchContext(files=FileShelf(tmp_path / "box"))


def test_reading_drains_every_page_and_keeps_the_last_cursor(context: FakeFetchContext) -> None:
    pages = Scripted(Page([record(1)], "a", more=True), Page([record(2)], "b", more=False))
    reading = read_stream(pages, context, "lines")
    assert (reading.ids(), reading.cursor, reading.pages) == (["1", "2"], "b", 2)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (None, "no such stream"),
        (Page([record(n) for n in range(1001)], "a", more=False), "1001 records"),
        (Page([], "x" * 5000, more=False), "5000 bytes"),
        (Page([], None, more=True), "did not move"),
        (Page([record(1), record(1)], "a", more=False), "twice"),
        (Page([replace(record(1), stream="other")], "a", more=False), "'other'"),
        (Page([record(1, {"rate": 1.5})], "a", more=False), "float"),  # type: ignore[dict-item]  # the fault under test
    ],
)
def test_a_page_that_core_would_refuse_is_refused(context: FakeFetchContext, page: Page | None, said: str) -> None:
    with pytest.raises(ContractBroken, match=said):
        read_stream(Scripted(page), context, "lines")


def test_drafts_that_move_another_amount_than_their_record_are_refused() -> None:
    assert len(map_records(Posting("5.00"), FakeMapContext(), [record(1)])) == 1
    with pytest.raises(ContractBroken, match=r"the drafts move -4\.99"):
        map_records(Posting("4.99"), FakeMapContext(), [record(1)])


def test_the_shelf_numbers_by_arrival_and_drops_the_same_bytes(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path / "box")
    assert shelf.put("b.txt", "b")
    assert not shelf.receive("again.txt", BytesIO(b"b"), origin="test")
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "c.txt").write_text("c")
    (drop / "a.txt").write_text("a")
    assert (shelf.scan(str(drop)), shelf.scan(str(drop))) == (2, 0)
    assert [(file.number, file.name) for file in shelf] == [(1, "b.txt"), (2, "a.txt"), (3, "c.txt")]
    first = shelf.after(0)
    assert first is not None
    with first.open() as stream:
        assert stream.seekable()
        assert stream.read() == b"b"
    assert shelf.after(3) is None


def test_the_network_is_refused_unless_the_test_gives_one() -> None:
    with pytest.raises(AssertionError, match=r"GET https://example\.test"):
        NoHttp().get("https://example.test")


def test_a_made_up_source_says_how_long_to_wait() -> None:
    def waits(said: str) -> int:
        http = TwinHttp(lambda request: TwinAnswer(429, headers={"Retry-After": said} if said else {}))
        with pytest.raises(RetryLater) as caught:
            http.get("https://acme.example.com/")
        return int(caught.value.after.total_seconds())

    assert [waits("7"), waits("99999"), waits("soon"), waits("")] == [7, 3600, 300, 300]


def test_a_payment_may_be_on_an_invoice_that_was_void_when_first_read_and_on_nothing_else_that_is_not_there() -> None:
    def judged(void: Skipped) -> list[str]:
        invoice, payment = record(1), replace(record(2), stream="payments")
        paid = Payment(
            key=payment.key(), day=DAY, currency="CAD", customer=Role("customer"), deposit_to=Role("bank"),
            total=Decimal("5.00"),
            applied=(Application(document=Link(invoice.key()), amount=Decimal("5.00"), of=Settled.INVOICE),),
        )  # fmt: skip
        told = [(invoice, Asked(void, None, Deeds())), (payment, Asked(Mapped([paid]), None, Deeds()))]
        trial = SimpleNamespace(taxed=False)
        subject = SimpleNamespace(mapped=told, mapped_taxed=told, mapped_later=told, trial=trial)
        return list(CHECKS["draft.links"](cast(Subject, subject)))

    gone = Text("Annulée.", "Void.")
    assert judged(Skipped("till.void", gone, takes_back=True)) == []
    told = judged(Skipped("till.draft", gone))
    assert told == ["payments/2: lines/1", "payments/2: lines/1", "later: payments/2: lines/1"]
