"""Deposits, expenses, journal entries and transfers, and how each is updated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from raccord.plugin.drafts import (
    Accepts,
    Account,
    Attachment,
    Bill,
    BillPayment,
    CreditMemo,
    Customer,
    Decision,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    Invoice,
    Item,
    JournalEntry,
    JournalLine,
    LedgerId,
    Link,
    LinkedLine,
    Payment,
    PaymentType,
    RefundReceipt,
    Role,
    SalesReceipt,
    Side,
    TaxMode,
    Transfer,
    Vendor,
    VendorCredit,
)
from raccord.quickbooks.codec import EncodeError, Target, entity_of, rank_of, uses_batch

DAY = date(2026, 3, 4)


def _deposit(total: str, *lines: LinkedLine | DirectLine) -> Deposit:
    return Deposit(
        key="d", day=DAY, currency="CAD", bank=Role("bank"), lines=lines, total=Decimal(total), memo="Lot 12"
    )


def _linked(key: str, amount: str, line: int | None = None) -> LinkedLine:
    return LinkedLine(document=Link(key), amount=Decimal(amount), line=line)


def _fee(amount: str, **more: Any) -> DirectLine:
    return DirectLine(account=Role("fees"), amount=Decimal(amount), **more)


def _expense(total: str = "19.90", **more: Any) -> Expense:
    more = {"payment_type": PaymentType.CASH, "paid_from": Role("bank"), **more}
    lines = more.pop("lines", (ExpenseLine(account=Role("fees"), amount=Decimal("19.90")),))
    return Expense(key="e", day=DAY, currency="CAD", lines=lines, total=Decimal(total), **more)


def _journal(*lines: tuple[Side, str]) -> JournalEntry:
    made = tuple(
        JournalLine(account=Role("clearing" if side is Side.DEBIT else "bank"), side=side, amount=Decimal(amount))
        for side, amount in lines
    )
    return JournalEntry(key="j", day=DAY, currency="CAD", lines=made, money=Role("bank"), memo="Lot 12")


@pytest.mark.requirement("CH-30", "CH-31", "CH-32", "CH-33", "CH-34", "K13")
def test_a_settlement_links_receipts_and_refunds_and_bears_its_fees(desk: Any) -> None:
    body = desk.body(
        _deposit(
            "91.10",
            _linked("sale", "114.98"),
            _linked("refund", "-20.00"),
            _fee("-3.88", description="Frais", entity=Decision("who", Accepts.VENDOR)),
        )
    )
    assert body == {
        "TxnDate": "2026-03-04",
        "DepositToAccountRef": {"value": "role-bank"},
        "PrivateNote": f"Lot 12 {desk.marker}",
        "Line": [
            {
                "Amount": Decimal("114.98"),
                "LinkedTxn": [{"TxnId": "{link:sale}", "TxnType": "SalesReceipt", "TxnLineId": "0"}],
            },
            {
                "Amount": Decimal("-20.00"),
                "LinkedTxn": [{"TxnId": "{link:refund}", "TxnType": "RefundReceipt", "TxnLineId": "0"}],
            },
            {
                "Amount": Decimal("-3.88"),
                "DetailType": "DepositLineDetail",
                "Description": "Frais",
                "DepositLineDetail": {
                    "AccountRef": {"value": "role-fees"},
                    "Entity": {"value": "chosen-who", "type": "VENDOR"},
                },
            },
        ],
    }


@pytest.mark.requirement("K6")
def test_a_negative_day_is_refused_as_deposit_with_the_way_round(desk: Any) -> None:
    with pytest.raises(EncodeError) as caught:
        desk.body(_deposit("-23.88", _linked("refund", "-20.00"), _fee("-3.88")))
    assert (caught.value.code, caught.value.field) == ("encoding.negative_deposit", "total")
    assert "écriture de journal" in caught.value.fr
    assert "journal entry" in caught.value.en


@pytest.mark.requirement("K6")
def test_the_way_round_a_negative_day_is_a_journal_entry_and_a_deposit_of_zero(desk: Any) -> None:
    journal = desk.body(_journal((Side.DEBIT, "23.88"), (Side.CREDIT, "23.88")))
    assert [line["JournalEntryLineDetail"] for line in journal["Line"]] == [
        {"PostingType": "Debit", "AccountRef": {"value": "role-clearing"}},
        {"PostingType": "Credit", "AccountRef": {"value": "role-bank"}},
    ]
    assert (journal["DocNumber"], journal["PrivateNote"]) == ("R-7K2M9QX4TW", f"Lot 12 {desk.marker}")
    deposit = desk.body(_deposit("0.00", _linked("refund", "-20.00"), _fee("-3.88"), _linked("j", "23.88", line=0)))
    assert deposit["Line"][2] == {
        "Amount": Decimal("23.88"),
        "LinkedTxn": [{"TxnId": "{link:j}", "TxnType": "JournalEntry", "TxnLineId": "0"}],
    }


def test_who_knows_what_a_link_became_is_believed(desk: Any) -> None:
    kinds = {Link("t"): "Transfer", Link("who"): "Customer"}
    body = desk.body(
        _deposit("10.00", _linked("t", "8.00"), _fee("2.00", entity=Link("who"))),
        kind_of=lambda ref: kinds.get(ref, ""),
    )
    assert body["Line"][0]["LinkedTxn"][0]["TxnType"] == "Transfer"
    assert body["Line"][1]["DepositLineDetail"]["Entity"] == {"value": "{link:who}", "type": "CUSTOMER"}


@pytest.mark.parametrize(
    ("deposit", "code", "field"),
    [
        (_deposit("1.00", _linked("a", "1.01")), "encoding.total_differs", "total"),
        (_deposit("0.00"), "encoding.no_lines", "lines"),
        (_deposit("2.00", _linked("a", "1.00"), _linked("a", "1.00")), "encoding.linked_twice", "lines[1].document"),
        (_deposit("1.00", _fee("1.00", entity=Role("who"))), "encoding.entity_unknown", "lines[0].entity"),
        (_deposit("1.00", _fee("1.001")), "encoding.amount_unfit", "lines[0].amount"),
        (
            replace(
                _deposit("2.00", _linked("a", "1.00"), _fee("1.00", tax_code=Role("tax"))), tax_mode=TaxMode.INCLUSIVE
            ),
            "encoding.tax_on_linked",
            "tax_mode",
        ),
    ],
)
def test_a_deposit_that_cannot_be_right_is_refused(desk: Any, deposit: Deposit, code: str, field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        desk.body(deposit)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.requirement("K13")
def test_a_charge_of_another_day_is_an_expense_of_the_bank(desk: Any) -> None:
    assert desk.body(_expense(payee=Link("chase"), reference="F-3", memo="Frais mensuels")) == {
        "PaymentType": "Cash",
        "AccountRef": {"value": "role-bank"},
        "TxnDate": "2026-03-04",
        "DocNumber": "R-7K2M9QX4TW",
        "PrivateNote": f"Frais mensuels (F-3) {desk.marker}",
        "EntityRef": {"value": "{link:chase}", "type": "Vendor"},
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [
            {
                "DetailType": "AccountBasedExpenseLineDetail",
                "Amount": Decimal("19.90"),
                "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "role-fees"}, "TaxCodeRef": {"value": "3"}},
            }
        ],
    }


def test_an_expense_takes_the_purchase_rates_of_its_code(desk: Any) -> None:
    line = ExpenseLine(account=Role("fees"), amount=Decimal("114.99"), tax_code=LedgerId("5"), class_=LedgerId("c"))
    body = desk.body(_expense("114.99", lines=(line,), tax_mode=TaxMode.INCLUSIVE))
    detail = body["Line"][0]["AccountBasedExpenseLineDetail"]
    assert (detail["TaxInclusiveAmt"], detail["ClassRef"]) == (Decimal("114.99"), {"value": "c"})
    total = body["Line"][0]["Amount"] + body.get("TxnTaxDetail", {}).get("TotalTax", Decimal("14.98"))
    assert total == Decimal("114.99")
    with pytest.raises(EncodeError, match="tax_code_unknown"):
        desk.body(_expense("114.99", lines=(replace(line, tax_code=LedgerId("7")),), tax_mode=TaxMode.INCLUSIVE))


def test_an_american_expense_has_no_tax_and_must_add_up(desk: Any) -> None:
    body = desk.body(replace(_expense(), currency="USD"), desk.us)
    assert "GlobalTaxCalculation" not in body
    assert body["Line"][0]["AccountBasedExpenseLineDetail"] == {"AccountRef": {"value": "role-fees"}}
    with pytest.raises(EncodeError, match="total_differs"):
        desk.body(replace(_expense("20.00"), currency="USD", tax_mode=TaxMode.EXCLUSIVE), desk.us)


def test_only_a_card_gives_money_back(desk: Any) -> None:
    card = _expense(payment_type=PaymentType.CARD)
    assert (desk.body(card)["PaymentType"], desk.body(card)["Credit"]) == ("CreditCard", False)
    assert desk.body(replace(card, credit=True))["Credit"] is True
    assert "Credit" not in desk.body(_expense(payment_type=PaymentType.CHECK))
    with pytest.raises(EncodeError, match="credit_needs_card at credit"):
        desk.body(_expense(credit=True))


def test_a_transfer_is_positive_between_two_accounts(desk: Any) -> None:
    draft = Transfer(
        key="t", day=DAY, currency="CAD", source=Role("bank"), target=Role("card"), total=Decimal("50.5"), memo="m"
    )
    assert desk.body(draft) == {
        "FromAccountRef": {"value": "role-bank"},
        "ToAccountRef": {"value": "role-card"},
        "Amount": Decimal("50.50"),
        "TxnDate": "2026-03-04",
        "PrivateNote": f"m {desk.marker}",
    }
    for wrong, code in (
        (replace(draft, total=Decimal(0)), "not_positive"),
        (replace(draft, target=Role("bank")), "same"),
    ):
        with pytest.raises(EncodeError, match=code):
            desk.body(wrong)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([(Side.DEBIT, "10.00"), (Side.CREDIT, "9.99")], "encoding.unbalanced"),
        ([(Side.DEBIT, "0.00")], "encoding.unbalanced"),
        ([(Side.DEBIT, "-5.00"), (Side.CREDIT, "-5.00")], "encoding.amount_not_positive"),
        ([], "encoding.no_lines"),
    ],
)
def test_a_journal_entry_that_does_not_balance_is_refused(desk: Any, lines: list[tuple[Side, str]], code: str) -> None:
    with pytest.raises(EncodeError) as caught:
        desk.body(_journal(*lines))
    assert caught.value.code == code


def test_an_update_of_a_transaction_is_sparse_with_all_its_lines(desk: Any) -> None:
    draft = _journal((Side.DEBIT, "1.00"), (Side.CREDIT, "1.00"))
    body = desk.body(draft, update=Target("77", "3"))
    assert list(body)[:3] == ["Id", "SyncToken", "sparse"]
    assert (body["Id"], body["SyncToken"], body["sparse"], len(body["Line"])) == ("77", "3", True, 2)


def test_a_kind_sent_whole_keeps_what_a_person_added(desk: Any) -> None:
    held = {
        "Id": "9", "SyncToken": "4", "domain": "QBO", "sparse": False, "MetaData": {"CreateTime": "x"},
        "DisplayName": "Old", "BillAddr": {"City": "Laval"}, "Balance": Decimal("1.50"), "VendorEx": {"any": []},
    }  # fmt: skip
    body = desk.body(Vendor(key="v", name="New"), update=Target("9", "5", held))
    assert body == {
        "Id": "9", "SyncToken": "5", "DisplayName": "New", "BillAddr": {"City": "Laval"}, "Balance": Decimal("1.50"),
    }  # fmt: skip
    with pytest.raises(EncodeError, match="update_needs_document"):
        desk.body(Vendor(key="v", name="New"), update=Target("9", "5"))


RANKS = {Account: 0, Customer: 1, Vendor: 1, Item: 1, SalesReceipt: 2, Expense: 2, JournalEntry: 2, Transfer: 2}
RANKS |= {BillPayment: 6, Attachment: 7}
RANKS |= {Invoice: 2, CreditMemo: 2, Bill: 2, VendorCredit: 2, Payment: 3, RefundReceipt: 4, Deposit: 5}


@pytest.mark.parametrize("draft_type", get_args(Draft))
def test_each_draft_has_its_entity_rank_and_way_out(draft_type: type) -> None:
    draft: Any = object.__new__(draft_type)
    object.__setattr__(draft, "kind", kind := draft_type.__dataclass_fields__["kind"].default)
    assert entity_of(draft) == ("Purchase" if draft_type is Expense else kind)
    assert rank_of(draft) == RANKS[draft_type]
    assert uses_batch(entity_of(draft)) == (2 <= RANKS[draft_type] < 7)
