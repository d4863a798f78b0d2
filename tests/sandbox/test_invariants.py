"""The check of the books notices whatever does not add up; here it is given books that do not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.posting.ledger import Entry, Posting

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
Spoil = Callable[[Doc], Any]


def to(kind: str, doc: Doc, **more: Any) -> Doc:
    return {"TxnId": doc["Id"], "TxnType": kind, **more}


@pytest.fixture
def busy(us: Books) -> Books:
    """Books with one of each document that is linked to another."""
    kim = us.customer()
    offer = us.make("Estimate", us.sale(100, CustomerRef=kim))
    invoice = us.invoice(100, kim, LinkedTxn=[to("Estimate", offer)])
    credit = us.credit(30, kim)
    lines = [
        {"Amount": 90, "LinkedTxn": [to("Invoice", invoice)]},
        {"Amount": 20, "LinkedTxn": [to("CreditMemo", credit)]},
    ]
    paid = us.pay(75, kim, *lines)
    bank = {"value": us.account("Checking")["Id"]}
    source = {"Amount": 75, "LinkedTxn": [to("Payment", paid, TxnLineId="0")]}
    us.make("Deposit", {"DepositToAccountRef": bank, "Line": [source]})
    funds = {"value": us.account("UndepositedFunds")["Id"]}
    sale = us.make("SalesReceipt", us.sale(20))
    body = us.sale(20, DepositToAccountRef=funds, LinkedTxn=[to("SalesReceipt", sale)])
    us.deed("create", entity="RefundReceipt", changes=body)
    assert_books_balance(us.company)
    return us


def clear(doc: Doc) -> None:
    doc["LinkedTxn"] = []


@pytest.mark.parametrize(
    ("kind", "spoil", "says"),
    [
        ("Invoice", lambda doc: doc.update(Balance=Decimal(11)), "Invoice"),
        ("Invoice", clear, "not mutual"),
        ("Invoice", lambda doc: doc["LinkedTxn"].pop(0), "Invoice and Estimate"),
        ("CreditMemo", lambda doc: doc.update(RemainingCredit=Decimal(9)), "RemainingCredit"),
        ("CreditMemo", lambda doc: doc.update(Balance=Decimal(9), RemainingCredit=Decimal(9)), "CreditMemo"),
        ("CreditMemo", clear, "not mutual"),
        ("Payment", lambda doc: doc.update(UnappliedAmt=Decimal(6)), "leaves 5"),
        ("Payment", lambda doc: doc["Line"].pop(), "leaves"),
        ("Payment", lambda doc: doc["Line"][0].update(Amount=Decimal(200)), "leaves"),
        ("Payment", clear, "deposits"),
        ("Estimate", clear, "Invoice and Estimate"),
        ("SalesReceipt", clear, "RefundReceipt and SalesReceipt"),
        ("RefundReceipt", clear, "RefundReceipt and SalesReceipt"),
        ("Deposit", lambda doc: doc["Line"].clear(), "deposits"),
        ("Deposit", lambda doc: doc["Line"].append(doc["Line"][0]), "deposits"),
    ],
)
def test_a_spoiled_document_is_noticed(busy: Books, kind: str, spoil: Spoil, says: str) -> None:
    doc = copy.deepcopy(next(iter(busy.company.table(kind))))
    spoil(doc)
    busy.company.table(kind).put(doc)
    with pytest.raises(AssertionError, match=says):
        assert_books_balance(busy.company)


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "receivable accounts hold|documents say"), ("99999", "receivable accounts hold|documents say")],
)
def test_a_receivable_of_nobody_is_noticed(busy: Books, name: str, says: str) -> None:
    receivable, bank = (busy.account(kind)["Id"] for kind in ("AccountsReceivable", "Checking"))
    entry = busy.make("Transfer", {
        "FromAccountRef": {"value": bank}, "ToAccountRef": {"value": busy.account("Savings")["Id"]}, "Amount": 1
    })  # fmt: skip
    entries = (Entry(receivable, Decimal(1), name=name), Entry(bank, Decimal(-1)))
    busy.company.ledger.post(Posting("Transfer", entry["Id"], entry["TxnDate"], entries))
    with pytest.raises(AssertionError, match=says):
        assert_books_balance(busy.company)
