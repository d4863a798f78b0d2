from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raccord.plugin import Document, Money
from raccord.plugin.drafts import (
    Customer,
    Deposit,
    DirectLine,
    Expense,
    ExpenseLine,
    ItemFor,
    JournalEntry,
    JournalLine,
    LedgerId,
    Link,
    LinkedLine,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    Side,
    TaxMode,
    Transfer,
    money_effect,
)
from raccord.quickbooks.codec import EncodeError, Places, ledger_effect, money_of, summary_of, told_of
from raccord.quickbooks.codec.json_text import write

DAY = date(2026, 3, 4)
TWO = Decimal("2.00")


def _refund(desk: Any) -> RefundReceipt:
    sale = desk.receipt("114.98", tax=TaxMode.INCLUSIVE, code="5")
    lines = (replace(sale.lines[0], item=Link("item")),)
    return RefundReceipt(
        key="r", day=DAY, currency="CAD", paid_from=Role("clearing"), lines=lines, total=sale.total,
        tax_mode=TaxMode.INCLUSIVE,
    )  # fmt: skip


def _deposit() -> Deposit:
    lines = (
        LinkedLine(document=Link("a"), amount=Decimal("10.00")),
        DirectLine(account=Role("fees"), amount=Decimal("-1.50")),
    )
    return Deposit(key="d", day=DAY, currency="CAD", bank=Role("bank"), lines=lines, total=Decimal("8.50"))


def _expense() -> Expense:
    lines = (ExpenseLine(account=Role("fees"), amount=Decimal("2.00")),)
    return Expense(
        key="e", day=DAY, currency="CAD", paid_from=Role("card"), payment_type=PaymentType.CARD, lines=lines,
        total=Decimal("2.00"),
    )  # fmt: skip


def _journal() -> JournalEntry:
    lines = (
        JournalLine(account=Role("clearing"), side=Side.DEBIT, amount=Decimal("23.88")),
        JournalLine(account=Role("bank"), side=Side.CREDIT, amount=Decimal("23.88")),
    )
    return JournalEntry(key="j", day=DAY, currency="CAD", lines=lines, money=Role("bank"))


def _transfer() -> Transfer:
    return Transfer(key="t", day=DAY, currency="CAD", source=Role("bank"), target=Role("card"), total=Decimal(5))


def test_the_effect_of_each_document_is_its_entries(desk: Any, resolve: Any) -> None:
    def effect(draft: Any) -> dict[str, str]:
        moved = ledger_effect(draft, resolve, desk.quebec, Places("UF"))
        assert sum(moved.values()) == 0
        return {account: str(amount) for account, amount in moved.items()}

    sale = desk.receipt("114.98", tax=TaxMode.INCLUSIVE, code="5")
    assert effect(sale) == {"role-clearing": "114.98", "role-sales": "-100.00", "tax": "-14.98"}
    assert effect(_refund(desk)) == {"role-clearing": "-114.98", "item:{link:item}": "100.00", "tax": "14.98"}
    assert effect(_deposit()) == {"role-bank": "8.50", "UF": "-10.00", "role-fees": "1.50"}
    assert effect(_expense()) == {"role-card": "-2.00", "role-fees": "2.00"}
    assert effect(replace(_expense(), credit=True)) == {"role-card": "2.00", "role-fees": "-2.00"}
    assert effect(_journal()) == {"role-clearing": "23.88", "role-bank": "-23.88"}
    assert effect(_transfer()) == {"role-card": "5.00", "role-bank": "-5.00"}
    assert effect(Customer(key="c", name="A")) == {}


@given(st.lists(st.integers(-500, 20_000), min_size=1, max_size=6).filter(lambda cents: sum(cents) >= 0))
def test_an_effect_adds_up_to_zero_and_says_what_the_proof_counts(desk: Any, resolve: Any, cents: list[int]) -> None:
    lines = [str(Decimal(each).scaleb(-2)) for each in cents]
    sale = desk.receipt(str(Decimal(sum(cents)).scaleb(-2)), *lines, tax=TaxMode.INCLUSIVE, code="5")
    moved = ledger_effect(sale, resolve, desk.quebec, Places("UF"))
    account, amount = money_effect(sale)
    assert sum(moved.values()) == 0
    assert moved.get(resolve(account), Decimal(0)) == amount


def test_an_effect_is_refused_where_the_document_would_be(desk: Any, resolve: Any) -> None:
    for draft in (replace(_deposit(), total=TWO), replace(_journal(), lines=_journal().lines[:1])):
        with pytest.raises(EncodeError):
            ledger_effect(draft, resolve, desk.quebec, Places("UF"))


DOCUMENTS: dict[str, dict[str, Any]] = {
    "SalesReceipt": {"DepositToAccountRef": {"value": "4"}, "TotalAmt": Decimal("114.98")},
    "RefundReceipt": {"DepositToAccountRef": {"value": "4"}, "TotalAmt": 20},
    "Deposit": {
        "DepositToAccountRef": {"value": "35"},
        "TotalAmt": Decimal("86.12"),
        "CashBack": {"AccountRef": {"value": "50"}, "Amount": Decimal("5.00")},
        "Line": [
            {"Amount": Decimal("95.00"), "LinkedTxn": [{"TxnId": "1", "TxnType": "SalesReceipt"}]},
            {
                "Amount": Decimal("-3.88"),
                "DetailType": "DepositLineDetail",
                "DepositLineDetail": {"AccountRef": {"value": "67"}},
            },
        ],
    },
    "Purchase": {
        "AccountRef": {"value": "35"},
        "TotalAmt": Decimal("19.90"),
        "Line": [
            {
                "Amount": Decimal("19.90"),
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "67"}},
            }
        ],
    },
    "Transfer": {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "42"}, "Amount": Decimal("50.00")},
    "JournalEntry": {
        "TotalAmt": 0,
        "Line": [
            {
                "Amount": Decimal(amount),
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
            }
            for side, account, amount in (("Debit", "4", "20.00"), ("Debit", "4", "3.88"), ("Credit", "35", "23.88"))
        ],
    },
}


@pytest.mark.parametrize(
    ("kind", "account", "moved"),
    [
        ("SalesReceipt", "4", "114.98"),
        ("SalesReceipt", "35", "0"),
        ("RefundReceipt", "4", "-20"),
        ("Deposit", "35", "86.12"),
        ("Deposit", "67", "3.88"),
        ("Deposit", "50", "5.00"),
        ("Purchase", "35", "-19.90"),
        ("Purchase", "67", "19.90"),
        ("Transfer", "35", "-50.00"),
        ("Transfer", "42", "50.00"),
        ("JournalEntry", "4", "23.88"),
        ("JournalEntry", "35", "-23.88"),
        ("JournalEntry", "1", "0"),
    ],
)
def test_what_a_document_moves_on_an_account(kind: str, account: str, moved: str) -> None:
    assert money_of(kind, DOCUMENTS[kind], account) == Decimal(moved)
    assert told_of(kind, {"TxnDate": "2026-03-04", **DOCUMENTS[kind]}).moved(account) == Decimal(moved), (
        "the part that a proof keeps says it too"
    )


def test_a_card_refund_moves_the_other_way() -> None:
    document = {**DOCUMENTS["Purchase"], "Credit": True}
    assert (money_of("Purchase", document, "35"), money_of("Purchase", document, "67")) == (
        Decimal("19.90"),
        Decimal("-19.90"),
    )


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_voided_and_deleted_documents_move_nothing(kind: str) -> None:
    emptied = json.loads(write(DOCUMENTS[kind]), parse_float=lambda _: Decimal(0), parse_int=lambda _: Decimal(0))
    for account in ("4", "35", "42", "67"):
        assert money_of(kind, {**emptied, "PrivateNote": "Voided"}, account) == 0
        assert told_of(kind, {"TxnDate": "2026-03-04", **emptied, "PrivateNote": "Voided"}).voided
        assert not told_of(kind, {"TxnDate": "2026-03-04", **DOCUMENTS[kind], "PrivateNote": "Voided"}).voided
        assert money_of(kind, {**DOCUMENTS[kind], "status": "Deleted"}, account) == 0


def test_a_float_in_an_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="parse_float=Decimal"):
        money_of("SalesReceipt", {"DepositToAccountRef": {"value": "4"}, "TotalAmt": 1.5}, "4")
    with pytest.raises(ValueError, match="Estimate"):
        money_of("Estimate", {}, "4")


def test_a_summary_says_number_day_and_total() -> None:
    document = {
        **DOCUMENTS["JournalEntry"], "Id": "9", "DocNumber": "R-1", "TxnDate": "2026-03-04",
        "CurrencyRef": {"value": "CAD"},
    }  # fmt: skip
    assert summary_of("JournalEntry", document) == Document(
        kind="JournalEntry", id="9", number="R-1", day=DAY, total=Money(Decimal("23.88"), "CAD")
    )
    transfer = summary_of("Transfer", {**DOCUMENTS["Transfer"], "Id": "8"}, "CAD")
    assert (transfer.number, transfer.day, transfer.total) == ("", None, Money(Decimal("50.00"), "CAD"))
    assert summary_of("SalesReceipt", DOCUMENTS["SalesReceipt"]).total is None
    assert summary_of("Account", {"Id": "35", "AcctNum": "1010"}, "CAD") == Document("Account", "35", "1010")


def test_sales_lines_of_an_item_known_by_id_show_that_item(desk: Any, resolve: Any) -> None:
    line = SalesLine(item=LedgerId("7"), amount=TWO)
    other = SalesLine(item=ItemFor(Role("sales")), amount=TWO)
    draft = replace(desk.receipt("4.00"), lines=(line, other))
    moved = ledger_effect(draft, resolve, desk.quebec, Places("UF"))
    assert moved == {"role-clearing": Decimal("4.00"), "item:7": Decimal("-2.00"), "role-sales": Decimal("-2.00")}


def test_what_a_proof_keeps_of_a_document_is_small() -> None:
    detail = {"AccountRef": {"value": "67", "name": "Fournitures"}, "TaxCodeRef": {"value": "4"}}
    line = {"Amount": 12.5, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    texts = [
        json.dumps(
            {
                "Id": str(number),
                "TxnDate": f"2026-03-{number % 28 + 1:02}",
                "TotalAmt": 37.5 + number,
                "DocNumber": f"PLE-{number}",
                "PrivateNote": f"Cahiers [raccord {number:012} r1]",
                "AccountRef": {"value": "35", "name": "Banque Pleo"},
                "Line": [{"Id": str(each), "Description": f"Fournitures {each}", **line} for each in range(3)],
                "MetaData": {"CreateTime": "2026-03-04T10:00:00-05:00"},
            }
        )
        for number in range(1000)
    ]
    tracemalloc.start()
    try:
        kept = [told_of("Purchase", json.loads(each, parse_float=Decimal)) for each in texts]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / len(kept) < 900, "whole documents of this size take about 5 KB"
