"""The twin's story is consistent with itself, and the connector reads exactly that story out of its files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import raccord_chase
from raccord.plugin.drafts import (
    Deposit,
    DirectLine,
    Draft,
    Expense,
    JournalEntry,
    LinkedLine,
    RefundReceipt,
    SalesReceipt,
)
from raccord_chase.sandbox import Merchant
from raccord_chase.sandbox.handmade import Deliveries

Deliver = Callable[..., Deliveries]
SPRING = date(2027, 2, 1)
"""Ninety days from here hold the night when the clock goes forward."""


AUTUMN = Merchant()
"""The night when it goes back."""
NEW_YEAR = Merchant.until(date(2028, 3, 5))
"""As on a Sunday, over the end of a year and a leap day."""


@pytest.fixture(scope="module", params=[AUTUMN, Merchant(start=SPRING), NEW_YEAR], ids=["autumn", "spring", "new-year"])
def merchant(request: pytest.FixtureRequest) -> Merchant:
    found: Merchant = request.param
    return found


@pytest.fixture(scope="module")
def drafts(merchant: Merchant, tmp_path_factory: pytest.TempPathFactory) -> list[Draft]:
    folder = tmp_path_factory.mktemp("chase")
    merchant.write_files(folder / "in")
    chase = Deliveries(folder / "box").put_all(folder / "in").run()
    assert chase.rejects == []
    return chase.drafts()


def days_of(merchant: Merchant) -> Iterable[date]:
    return (merchant.start + timedelta(days=number) for number in range(merchant.days + 5))


def clearing_moves(drafts: list[Draft]) -> dict[date, Decimal]:
    """Return what each day's documents do to the clearing account."""
    moves: dict[date, Decimal] = defaultdict(Decimal)
    for draft in drafts:
        match draft:
            case SalesReceipt():
                moves[draft.day] += draft.total
            case RefundReceipt():
                moves[draft.day] -= draft.total
            case JournalEntry():
                moves[draft.day] += draft.lines[0].amount
            case Deposit():
                moves[draft.day] -= sum(line.amount for line in draft.lines if isinstance(line, LinkedLine))
    return moves


def test_the_same_seed_tells_the_same_story_byte_for_byte(tmp_path: Path) -> None:
    first, second = (Merchant(7, days=20).write_files(tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert Merchant(8, days=20).settlements() != Merchant(7, days=20).settlements()


def test_the_samples_that_are_shipped_are_read_without_a_reject(deliver: Deliver) -> None:
    folder = Path(raccord_chase.__file__).with_name("samples")
    names = {path.name for path in folder.iterdir()} - {"README.md"}
    assert {name.rpartition(".")[2] for name in names} == {"dfr", "json", "jsonl", "csv"}
    for name in sorted(names):
        chase = deliver().put(name, (folder / name).read_bytes()).run()
        assert chase.rejects == [], name
        assert chase.records


def test_the_story_has_everything_that_makes_books_hard(merchant: Merchant) -> None:
    nets = [net for _, net in merchant.settlements()]
    disputes = [event for report in merchant.reports for event in report.disputes]
    assert sum(net < 0 for net in nets) >= 2
    assert nets.count(Decimal("0.00")) == 1
    assert {event.category for event in disputes} == {"RTM", "REPR"}
    assert len(merchant.charges()) >= 2
    assert any((report.end - report.start).days == 2 for report in merchant.reports)
    assert all(refund.order for report in merchant.reports for refund in report.events if refund.refund)
    weekend = next(day for day in days_of(merchant) if day.weekday() == 6)
    assert merchant.unpaid_balance(weekend) > 0


@pytest.mark.requirement("K6")
def test_the_unpaid_balance_comes_from_receipts_and_deposits_alone(merchant: Merchant) -> None:
    events = [event for report in merchant.reports for event in report.moves()]
    for day in days_of(merchant):
        received = sum((event.signed for event in events if event.day <= day), Decimal(0))
        deposited = sum((report.gross for report in merchant.reports if report.funded <= day), Decimal(0))
        assert merchant.unpaid_balance(day) == received - deposited
    assert merchant.unpaid_balance(merchant.start + timedelta(days=merchant.days + 10)) == 0


@pytest.mark.requirement("CH-26", "CH-27", "CH-28", "CH-29", "CH-30", "K6", "K13")
def test_the_documents_are_those_the_merchant_expects(merchant: Merchant, drafts: list[Draft]) -> None:
    assert Counter(draft.kind for draft in drafts) == merchant.expected_documents()


@pytest.mark.requirement("CH-30", "CH-31", "CH-32", "CH-33")
def test_at_each_midnight_clearing_holds_what_is_not_yet_paid(merchant: Merchant, drafts: list[Draft]) -> None:
    moves, balance = clearing_moves(drafts), Decimal(0)
    for day in days_of(merchant):
        balance += moves.get(day, Decimal(0))
        assert balance == merchant.unpaid_balance(day), day


@pytest.mark.requirement("CH-30", "K6", "K13")
def test_what_reaches_the_bank_is_the_bank_s_own_statement(merchant: Merchant, drafts: list[Draft]) -> None:
    booked: Counter[tuple[str, Decimal]] = Counter()
    for draft in drafts:
        match draft:
            case Deposit() if draft.total:
                booked[f"{draft.day:%Y%m%d}", draft.total] += 1
            case Expense():
                booked[f"{draft.day:%Y%m%d}", -draft.total] += 1
            case JournalEntry():
                booked[f"{draft.day:%Y%m%d}", -draft.lines[1].amount] += 1
    found = re.findall(r"<DTPOSTED>(\d+)</DTPOSTED><TRNAMT>(-?[\d.]+)</TRNAMT>", merchant.bank_statement_ofx())
    assert booked == Counter((day, Decimal(amount)) for day, amount in found)


def test_every_deposit_links_receipts_that_exist_with_their_own_amounts(drafts: list[Draft]) -> None:
    amounts: dict[str, Decimal] = {}
    for draft in drafts:
        match draft:
            case SalesReceipt():
                amounts[draft.key] = draft.total
            case RefundReceipt():
                amounts[draft.key] = -draft.total
            case JournalEntry():
                amounts[draft.key] = draft.lines[0].amount
    linked = [
        (line.document.key, line.amount)
        for draft in drafts
        if isinstance(draft, Deposit)
        for line in draft.lines
        if isinstance(line, LinkedLine)
    ]
    assert dict(linked) == amounts
    assert len(linked) == len(amounts)


@pytest.mark.requirement("CH-34")
def test_the_fees_of_a_deposit_are_those_of_its_report(merchant: Merchant, drafts: list[Draft]) -> None:
    deposits = {draft.day: draft for draft in drafts if isinstance(draft, Deposit)}
    assert len(deposits) == len(merchant.reports)
    for report in merchant.reports:
        deposit = deposits[report.funded]
        fees = sum((line.amount for line in deposit.lines if isinstance(line, DirectLine)), Decimal(0))
        assert -fees == sum(fee.amount for fee in report.fees)


def test_the_published_contract_gives_the_very_same_documents(
    merchant: Merchant, drafts: list[Draft], deliver: Deliver, tmp_path: Path
) -> None:
    merchant.portal_files(tmp_path / "portal")
    chase = deliver().put_all(tmp_path / "portal").run()
    assert chase.rejects == []
    by_key = {draft.key: draft for draft in chase.drafts()}
    assert by_key == {draft.key: draft for draft in drafts}
