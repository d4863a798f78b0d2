"""PayPal by its lists of activities and by its search: each payment once, its fee once, whatever was read before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from raccord.plugin import JSON, BadRecord, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext, read_stream
from raccord_bankfeed import map_record
from raccord_bankfeed.paypal_ids import CONVERSION
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read, connector
from raccord_bankfeed.twins.paypal import record

HEADER = "Date,Time,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Balance Impact\n"
FIRST = date(2026, 3, 2)
NAMED = BankFeedSettings(accounts="paypal-usd = PayPal\nbank-usd = PayPal\n", currencies="paypal-usd = USD")
Paid = tuple[str, int, str, str]
"""Id, days after the first, gross and fee."""
# Equal payments on equal days, as a shop has them, and one without a fee.
PAID: list[Paid] = [(f"TX{n:015}", n // 3, "20.00", "-0.88") for n in range(15)] + [("TX9", 5, "-7.00", "0.00")]


def listed(paid: Sequence[Paid], days_later: int = 0) -> bytes:
    """Return a list of activities, whose days are those of the account's time zone."""
    rows = [
        f"{FIRST + timedelta(day + days_later):%m/%d/%Y},10:00:00,Ana Roy,Payment,Completed,USD,{gross},{fee},"
        f"{Decimal(gross) + Decimal(fee)},{key},{'Debit' if gross[0] == '-' else 'Credit'}\n"
        for key, day, gross, fee in paid
    ]
    # A day over 12, so that nothing is asked about their order.
    rows.append("03/31/2026,10:00:00,Ana Roy,Payment,Completed,USD,1.00,0.00,1.00,TXEND,Credit\n")
    return (HEADER + "".join(rows)).encode()


def searched(paid: Sequence[Paid]) -> bytes:
    accounts = [{"id": "USD", "key": "bank-usd"}]
    head = {"raccord-provider": "paypal", "first": "2026-03-01", "last": "2026-03-31", "accounts": accounts}
    rows = [
        record(key, FIRST + timedelta(day), gross, fee=fee if Decimal(fee) else "", currency="USD")
        for key, day, gross, fee in paid
    ]
    rows.append(record("TXEND", date(2026, 3, 31), "1.00", currency="USD"))
    return json.dumps(head).encode() + b"\n" + json.dumps({"transaction_details": rows}).encode()


def booked(records: Sequence[Record]) -> list[Decimal]:
    last = {each.source_id: each for each in records}
    return sorted(each.amount.amount for each in last.values() if each.amount is not None)


EACH = sorted([Decimal("20.00"), Decimal("-0.88")] * 15 + [Decimal("-7.00"), Decimal("1.00")])


@pytest.mark.parametrize("later", [0, 1])
@pytest.mark.parametrize("search_first", [False, True])
@pytest.mark.requirement("BF-09", "BF-20")
def test_payments_of_the_list_and_of_the_search_are_one_by_their_ids(
    feed: Feed, later: int, search_first: bool
) -> None:
    feed.settings = NAMED
    files = [listed(PAID, later), searched(PAID)]
    records = feed.put(*(reversed(files) if search_first else files)).read().records
    assert booked(records) == EACH
    assert not [each for each in records if not each.raw.get("twin", {"certain": True})["certain"]], "nothing is asked"


def test_payments_with_ids_of_their_own_are_never_one_however_alike(feed: Feed) -> None:
    feed.settings = NAMED
    others = [(f"UX{n}", day, gross, fee) for n, (_, day, gross, fee) in enumerate(PAID[:15])]
    records = feed.put(listed(PAID), searched(others)).read().records
    assert len(booked(records)) == len(EACH) + 2 * len(others)
    assert [each.raw["native"] for each in records if "twin" in each.raw] == ["TXEND.T0000".replace("0000", "0006")]


def test_a_payment_whose_amount_differs_by_the_two_roads_is_asked_about(feed: Feed) -> None:
    feed.settings = NAMED
    feed.put(listed([("TX1", 3, "20.00", "-0.88")]), searched([("TX1", 3, "21.00", "-0.88")]))
    asked = [each for each in feed.read().records if not each.raw.get("twin", {"certain": True})["certain"]]
    assert [(each.raw["native"], each.raw["amount"]) for each in asked] == [("TX1.T0006", "21.00")]


def before(folder: Path, paid: Sequence[Paid]) -> dict[tuple[str, str], dict[str, JSON]]:
    """Return what a version kept that read a payment and its fee as one line."""
    net = [(key, day, str(Decimal(gross) + Decimal(fee)), "0.00") for key, day, gross, fee in paid]
    fresh = Feed(folder / "earlier")
    fresh.settings = NAMED
    return {("lines", each.source_id): dict(each.raw) for each in fresh.put(listed(net)).read().records}


def test_a_payment_that_was_read_with_its_fee_as_one_line_stays_that_line(feed: Feed, tmp_path: Path) -> None:
    """By the list that was read, handed in again beside newer payments; those are told apart from their fees."""
    feed.settings = NAMED
    was = before(tmp_path, PAID[:3])
    feed.put(listed(PAID))
    records = read_stream(connector, replace(feed.context(), before=was), "lines").records
    told = {each.source_id: each for each in records}
    assert {id_ for _, id_ in was} <= set(told)
    wanted = [Decimal("19.12")] * 3 + [Decimal("20.00"), Decimal("-0.88")] * 12 + [Decimal("-7.00"), Decimal("1.00")]
    assert booked(records) == sorted(wanted)


@pytest.mark.parametrize("search_first", [False, True])
def test_a_payment_that_was_read_with_its_fee_as_one_line_is_not_posted_again_by_the_search(
    feed: Feed, mapping: FakeMapContext, tmp_path: Path, search_first: bool
) -> None:
    feed.settings = NAMED
    was, files = before(tmp_path, PAID[:3]), [listed(PAID[:3]), searched(PAID[:3])]
    feed.put(*(reversed(files) if search_first else files))
    records = read_stream(connector, replace(feed.context(), before=was), "lines").records
    by_search = [Decimal("20.00"), Decimal("-0.88")] * 3
    assert booked(records) == sorted([Decimal("1.00"), *(by_search if search_first else [Decimal("19.12")] * 3)])
    again = next(each for each in records if each.amount is None)
    answer = map_record(replace(mapping, settings=NAMED, home_currency="USD"), again)
    assert isinstance(answer, Skipped)
    assert answer.code == "bankfeed.known_by_another_road"


OLD_IDS = ["5TX0000000000001-7fee11bc52446ad7", "2026-03-14-9831320e3c747930", "2026-03-14-9831320e3c747930~2"]


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_the_ids_of_earlier_versions_are_known_also_where_paypal_gives_none(feed: Feed, known: int) -> None:
    paid = [("5TX0000000000001", 12, "20.00", "-0.88"), *[("", 12, "20.00", "-0.88")] * 2]
    was = {("lines", f"paypal-usd/{each}"): {} for each in OLD_IDS[:known]}
    records = read_stream(connector, replace(feed.put(listed(paid)).context(), before=was), "lines").records
    amounts = {each.source_id: each.amount.amount for each in records if each.amount is not None}
    assert {each: amounts.get(each) for _, each in was} == {each: Decimal("19.12") for _, each in was}
    assert len(amounts) == known + 2 * (3 - known) + 1


BALANCED = "Date,Time,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Balance,Balance Impact\n"
TWO = [
    "03/14/2026,10:00:00,Ann,Website Payment,Completed,USD,100.00,-3.20,96.80,T0001,196.80,Credit",
    "03/14/2026,10:01:00,Bob,Website Payment,Completed,EUR,-50.00,0.00,-50.00,T0002,20.00,Debit",
    "03/15/2026,10:01:00,Eve,Website Payment,Completed,USD,10.00,-1.00,9.00,T0003,205.80,Credit",
    "03/15/2026,10:02:00,Eve,Website Payment,Completed,EUR,30.00,0.00,30.00,T0004,50.00,Credit",
    "03/16/2026,10:03:00,Eve,Website Payment,Pending,USD,8.00,0.00,8.00,T0005,205.80,Credit",
    "03/16/2026,10:04:00,Ann,Website Payment,Completed,USD,20.00,-0.80,19.20,T0006,225.00,Credit",
]


def asked_of(rows: Sequence[str]) -> list[str]:
    read = Read((BALANCED + "\n".join(rows) + "\n").encode())
    return [event.code for event in read.events if isinstance(event, Question)]


@pytest.mark.requirement("BF-22")
def test_paypal_s_balances_are_followed_by_currency_and_a_missing_row_is_seen() -> None:
    for rows in (TWO, TWO[::-1]):
        assert asked_of(rows) == []
        ends = {each.account.key: (each.opening, each.ledger) for each in
                Read((BALANCED + "\n".join(rows) + "\n").encode()).statements}  # fmt: skip
        assert {key: [str(each.amount) for each in told if each] for key, told in ends.items()} == {
            "paypal-usd": ["100.00", "225.00"],
            "paypal-eur": ["70.00", "50.00"],
        }
    assert asked_of(TWO[:2] + TWO[3:]) == ["bankfeed.statement_does_not_add_up"]
    read = Read((BALANCED + "\n".join(TWO[:2] + TWO[3:]) + "\n").encode())
    (asked,) = [event for event in read.events if isinstance(event, Question)]
    assert ["T0006" in each for each in asked.examples] == [True], "the row is shown, of its own currency"


@pytest.mark.parametrize("moves", [False, True])
def test_what_paypal_holds_breaks_no_balance_whether_it_is_in_it_or_not(moves: bool) -> None:
    rows = [*TWO]
    off = Decimal("5.00") if moves else Decimal(0)
    rows.append(f"03/17/2026,10:00:00,Ann,Reserve Hold,Completed,USD,-5.00,0.00,-5.00,T0007,{225 - off},Debit")
    rows.append(f"03/18/2026,10:00:00,Ann,Payment,Completed,USD,1.00,0.00,1.00,T0008,{226 - off},Credit")
    assert asked_of(rows) == []


@pytest.mark.parametrize(
    "called", ["General Currency Conversion", "Conversion de devise (standard)", "Allgemeine Währungsumrechnung"]
)
def test_a_conversion_between_own_balances_is_held_until_its_other_side_is_said_to_be_in_no_books(
    feed: Feed, mapping: FakeMapContext, called: str
) -> None:
    row = f"03/14/2026,10:00:00,,{called},Completed,USD,-20.00,0.00,-20.00,C1,Debit\n"
    by_search = json.loads(searched([]).partition(b"\n")[2])["transaction_details"]
    by_search.append(record("C2", FIRST, "-20.00", code="T0200", currency="USD"))
    head = searched([]).partition(b"\n")[0]
    feed.put((HEADER + row).encode(), head + b"\n" + json.dumps({"transaction_details": by_search}).encode())
    conversions = [each for each in feed.read().records if each.raw["amount"] == "-20.00"]
    assert [each.raw["type"] for each in conversions] == [CONVERSION] * 2
    for each in conversions:
        with pytest.raises(BadRecord) as held:
            map_record(replace(mapping, home_currency="USD"), each)
        assert held.value.code == "bankfeed.conversion"
        assert all("20" in text for text in (held.value.reason.fr, held.value.reason.en))
        said = BankFeedSettings(answers=f"conversion-{each.raw['account']} = accept")
        assert isinstance(map_record(replace(mapping, settings=said, home_currency="USD"), each), Mapped)
