"""Wise's list of transfers, whose rows tell what left one balance and what reached another."""

from __future__ import annotations

from datetime import date

from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.twins.bank import Feed, Read

NAMES = (
    "ID,Status,Direction,Created on,Finished on,Source fee amount,Source fee currency,Target fee amount,"
    "Target fee currency,Source name,Source amount (after fees),Source currency,Target name,"
    "Target amount (after fees),Target currency,Exchange rate,Reference,Batch,Created by,Category,Note\n"
)
OUT = (
    "TRANSFER-1,COMPLETED,OUT,2026-03-13 14:20:05,2026-03-14 14:23:11,0.45,EUR,,,Us,120.00,EUR,Landlord,120.00,EUR,1,"
    "Rent,,,,\n"
)
IN = (
    "TRANSFER-2,COMPLETED,IN,2026-03-14 09:00:00,2026-03-15 09:01:30,,,5.00,GBP,Acme,2505.00,GBP,Us,2500.00,GBP,1,"
    "Bill 42,,,,\n"
)
BETWEEN = (
    "BALANCE-3,COMPLETED,NEUTRAL,2026-03-16 10:00:00,2026-03-16 10:00:02,1.20,EUR,,,Us,498.80,EUR,Us,430.00,GBP,0.86,"
    ",,,,\n"
)
CANCELLED = OUT.replace("COMPLETED", "CANCELLED").replace("-1,", "-4,")
REFUNDED = OUT.replace("COMPLETED", "REFUNDED").replace("-1,", "-5,")


def test_each_balance_moves_by_what_left_or_reached_it_with_the_fee_on_top() -> None:
    read = Read(f"{NAMES}{OUT}{IN}{BETWEEN}".encode())
    assert [(line.native, line.day, str(line.amount), line.currency, line.name, line.memo) for line in read.lines] == [
        ("TRANSFER-1", date(2026, 3, 14), "-120.45", "EUR", "Landlord", "Rent"),
        ("TRANSFER-2", date(2026, 3, 15), "2500.00", "GBP", "Acme", "Bill 42"),
        ("BALANCE-3", date(2026, 3, 16), "-500.00", "EUR", "Us", ""),
        ("BALANCE-3", date(2026, 3, 16), "430.00", "GBP", "Us", ""),
    ]
    assert read.codes == []
    assert not any(isinstance(event, Question) for event in read.events)
    assert {statement.account.key[-4:]: str(statement.total) for statement in read.statements} == {
        "-eur": "-620.45", "-gbp": "2930.00",
    }  # fmt: skip


def test_what_was_cancelled_or_charged_and_given_back_moves_nothing() -> None:
    read = Read(f"{NAMES}{OUT}{CANCELLED}{REFUNDED}".encode())
    assert [line.native for line in read.lines] == ["TRANSFER-1"]
    (statement,) = read.statements
    assert [note.reason for note in statement.notes] == [notes.NOT_MOVED] * 2


def test_a_refund_that_came_in_and_a_fee_in_a_third_currency_are_told() -> None:
    came_in = IN.replace("COMPLETED", "REFUNDED")
    odd_fee = OUT.replace("0.45,EUR", "0.45,USD")
    nowhere = OUT.replace(",OUT,", ",SIDEWAYS,")
    read = Read(f"{NAMES}{OUT}{came_in}{odd_fee}{nowhere}".encode())
    assert [str(line.amount) for line in read.lines] == ["-120.45"]
    assert read.codes == ["bankfeed.status_unknown", "bankfeed.amount_unreadable", "bankfeed.direction_unknown"]


def test_one_payment_out_of_two_balances_is_two_lines_and_the_same_file_again_adds_none(feed: Feed) -> None:
    other = OUT.replace("120.00,EUR,Landlord", "20.00,CAD,Landlord").replace("0.45,EUR", ",")
    content = f"{NAMES}{OUT}{other}{BETWEEN}".encode()
    records = feed.put(content).read().records
    assert len({record.source_id for record in records}) == 4
    again = feed.put(content.replace(b"Rent", b"Rent")).read().records
    assert {record.source_id for record in again} == {record.source_id for record in records}
