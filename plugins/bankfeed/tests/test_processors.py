"""Payment processors' tables: a charge is what a customer paid, and comes in."""

from __future__ import annotations

import pytest

from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.twins.bank import Read

BALANCE = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description\n"
ITEMIZED = "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,description\n"
CHARGE = "txn_1,charge,ch_1,97.00,3.07,93.93,eur,2026-03-11 09:00,2026-03-18 00:00,Order 1\n"
REFUND = "txn_2,refund,re_1,-20.00,0.00,-20.00,eur,2026-03-12 09:00,2026-03-12 09:00,Order 1\n"
PAYOUT = "txn_3,payout,po_1,-73.93,0.00,-73.93,eur,2026-03-13 09:00,2026-03-13 09:00,STRIPE PAYOUT\n"
OTHER = "txn_4,adjustment,ad_1,5.00,0.00,5.00,eur,2026-03-14 09:00,2026-03-14 09:00,Correction\n"
CHARGED = "txn_1,2026-03-11 09:00:00,2026-03-18 00:00:00,eur,97.00,3.07,93.93,charge,Order 1\n"
REFUNDED = "txn_2,2026-03-12 09:00:00,2026-03-12 09:00:00,eur,-20.00,0.00,-20.00,refund,Order 1\n"
WORDED = """\
Date,Description,Type,Amount,Fee,Net
2026-03-11,ORDER 1,Credit,97.00,3.07,93.93
2026-03-12,RENT,Debit,20.00,0.00,20.00
"""


@pytest.mark.parametrize(
    ("content", "amounts"),
    [
        (BALANCE + CHARGE, ["93.93"]),
        (BALANCE + CHARGE * 2, ["93.93", "93.93"]),
        (BALANCE + CHARGE + REFUND, ["93.93", "-20.00"]),
        (BALANCE + CHARGE + PAYOUT, ["93.93", "-73.93"]),
        (BALANCE + CHARGE + OTHER, ["93.93", "5.00"]),
        (BALANCE + CHARGE + REFUND + PAYOUT + OTHER, ["93.93", "-20.00", "-73.93", "5.00"]),
        (ITEMIZED + CHARGED, ["93.93"]),
        (ITEMIZED + CHARGED + REFUNDED, ["93.93", "-20.00"]),
    ],
)
def test_a_charge_comes_in_and_a_refund_goes_out(content: str, amounts: list[str]) -> None:
    read = Read(content.encode())
    assert [str(line.amount) for line in read.lines] == amounts
    assert [event.code for event in read.events if isinstance(event, Question)] == []


def test_debit_and_credit_say_where_money_goes_beside_a_fee_too() -> None:
    assert [str(line.amount) for line in Read(WORDED.encode()).lines] == ["93.93", "-20.00"]


def test_fees_that_stand_in_a_row_of_their_own_are_lines() -> None:
    """Etsy's have no amount, only what they take; a payout states its own in words, and is on the bank's statement."""
    content = (
        "Date,Type,Title,Info,Currency,Amount,Fees & Taxes,Net,Tax Details\n"
        '"14 March, 2026",Sale,Payment for Order #1,,GBP,£29.99,-£1.44,£28.55,--\n'
        '"14 March, 2026",Marketing,Fee for sale made through Offsite Ads,Order #1,GBP,--,-£4.80,-£4.80,--\n'
        '"15 March, 2026",Deposit,£23.75 sent to your bank account,,GBP,--,--,--,--\n'
    )
    read = Read(content.encode())
    assert [(str(line.amount), line.currency) for line in read.lines] == [("28.55", "GBP"), ("-4.80", "GBP")]
    assert [note.line for statement in read.statements for note in statement.notes] == [4]
