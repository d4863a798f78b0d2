from __future__ import annotations

from decimal import Decimal
from typing import Any

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def link(doc: dict[str, Any], kind: str, amount: object, line: str = "0") -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind, "TxnLineId": line}]}


def fee(books: Books, amount: object) -> dict[str, Any]:
    detail = {"AccountRef": {"value": books.account("BankCharges")["Id"]}}
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}


def deposit(books: Books, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    bank = {"value": books.account("Checking")["Id"]}
    return {"DepositToAccountRef": bank, "TxnDate": "2026-03-02", "Line": list(lines), **more}


def funds(books: Books) -> dict[str, str]:
    return {"value": books.account("UndepositedFunds")["Id"]}


def test_a_settlement_takes_sales_refunds_and_fees_to_the_bank(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(120))
    refund = us.make("RefundReceipt", us.sale(20, DepositToAccountRef=funds(us)))
    vendor = us.make("Vendor", {"DisplayName": "Chase"})
    charge = fee(us, "-3.78")
    charge["DepositLineDetail"]["Entity"] = {"value": vendor["Id"], "type": "Vendor"}
    made = us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 120), link(refund, "RefundReceipt", -20), charge))
    assert made["TotalAmt"] == Decimal("96.22")
    assert us.balance("UndepositedFunds") == 0
    assert us.balance("Checking") == Decimal("96.22")
    first, _, last = made["Line"]
    assert "DetailType" not in first
    assert last["DepositLineDetail"]["Entity"] == {"value": vendor["Id"], "type": "VENDOR", "name": "Chase"}
    for entity, doc in (("SalesReceipt", sale), ("RefundReceipt", refund)):
        held = us.get(f"{entity.lower()}/{doc['Id']}")[entity]
        assert held["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
        assert held["SyncToken"] == "1"


def test_a_deposited_receipt_is_frozen_until_it_leaves_the_deposit(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(10))
    other = us.make("SalesReceipt", us.sale(5))
    made = us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 10), link(other, "SalesReceipt", 5)))
    token = {"Id": sale["Id"], "SyncToken": "1"}
    error = us.refuse("salesreceipt", {**token, "sparse": True, "PrivateNote": "x"}, "6540")
    assert "This transaction has been deposited" in error["Detail"]
    us.refuse("salesreceipt", token, "6540", operation="delete")
    us.refuse("salesreceipt", token, "6540", operation="void")
    shorter = deposit(us, link(other, "SalesReceipt", 5))
    us.make("Deposit", {**shorter, "Id": made["Id"], "SyncToken": "0"})
    freed = us.get(f"salesreceipt/{sale['Id']}")["SalesReceipt"]
    assert freed["LinkedTxn"] == []
    us.make("SalesReceipt", {"Id": sale["Id"], "SyncToken": freed["SyncToken"]}, operation="delete")


def test_deleting_a_deposit_frees_its_sources(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(10))
    made = us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 10)))
    us.make("Deposit", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert us.balance("UndepositedFunds") == 10
    us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 10)))


def test_a_source_can_be_deposited_once_whole_and_from_undeposited_funds_only(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(10))
    bank = {"value": us.account("Checking")["Id"]}
    direct = us.make("SalesReceipt", us.sale(7, DepositToAccountRef=bank))
    us.refuse("deposit", deposit(us, link(sale, "SalesReceipt", 9)), "6000")
    us.refuse("deposit", deposit(us, link(direct, "SalesReceipt", 7)), "620")
    us.refuse("deposit", deposit(us, link({"Id": "999"}, "SalesReceipt", 7)), "620")
    us.refuse("deposit", deposit(us, link(sale, "Invoice", 10)), "620")
    twice = (link(sale, "SalesReceipt", 10), link(sale, "SalesReceipt", 10))
    us.refuse("deposit", deposit(us, *twice), "620")
    us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 10)))
    us.refuse("deposit", deposit(us, link(sale, "SalesReceipt", 10)), "620")


def test_a_linked_line_with_a_detail_type_is_taken_for_a_direct_one(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(10))
    line = {**link(sale, "SalesReceipt", 10), "DetailType": "DepositLineDetail"}
    error = us.refuse("deposit", deposit(us, line), "2020")
    assert error["Detail"] == "Required parameter Line.DepositLineDetail.AccountRef is missing in the request"


def test_zero_deposits_are_possible_and_negative_ones_are_not(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale("3.78"))
    us.refuse("deposit", deposit(us, link(sale, "SalesReceipt", "3.78"), fee(us, -5)), "6000")
    made = us.make("Deposit", deposit(us, link(sale, "SalesReceipt", "3.78"), fee(us, "-3.78")))
    assert made["TotalAmt"] == 0
    assert us.balance("UndepositedFunds") == 0


def test_cash_back_reduces_what_reaches_the_bank(us: Books) -> None:
    back = {"AccountRef": {"value": us.account("Savings")["Id"]}, "Amount": 20}
    made = us.make("Deposit", deposit(us, fee(us, 100), CashBack=back))
    assert made["TotalAmt"] == 80
    assert us.balance("Savings") == 20


def test_a_journal_line_in_undeposited_funds_can_be_deposited(us: Books) -> None:
    def line(side: str, subtype: str, amount: int) -> dict[str, Any]:
        detail = {"PostingType": side, "AccountRef": {"value": us.account(subtype)["Id"]}}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    lines = [line("Debit", "UndepositedFunds", 30), line("Credit", "OpeningBalanceEquity", 30)]
    entry = us.make("JournalEntry", {"TxnDate": "2026-03-01", "Line": lines})
    us.refuse("deposit", deposit(us, link(entry, "JournalEntry", 30, "1")), "620")
    us.make("Deposit", deposit(us, link(entry, "JournalEntry", 30, "0")))
    assert us.balance("UndepositedFunds") == 0
    token = us.get(f"journalentry/{entry['Id']}")["JournalEntry"]["SyncToken"]
    us.refuse("journalentry", {"Id": entry["Id"], "SyncToken": token}, "6540", operation="delete")
    us.refuse("deposit", deposit(us, link(entry, "JournalEntry", 30, "0")), "620")


def test_a_deposit_needs_a_bank_account_and_lines(us: Books) -> None:
    us.refuse("deposit", {"Line": [fee(us, 1)]}, "2020")
    us.refuse("deposit", deposit(us), "2020")
    income = {"value": us.account("ServiceFeeIncome")["Id"]}
    us.refuse("deposit", {**deposit(us, fee(us, 1)), "DepositToAccountRef": income}, "6430")
    us.refuse("deposit", {**deposit(us, fee(us, 1)), "DepositToAccountRef": funds(us)}, "6000")


def test_a_deposit_number_is_dropped_unless_switched_on(us: Books) -> None:
    assert "DocNumber" not in us.make("Deposit", deposit(us, fee(us, 1), DocNumber="D-1"))
    us.here("POST", "switches", store_deposit_number=True)
    assert us.make("Deposit", deposit(us, fee(us, 1), DocNumber="D-2"))["DocNumber"] == "D-2"


def test_the_fault_for_what_cannot_be_deposited_is_a_switch(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(10))
    direct = us.make("SalesReceipt", us.sale(7, DepositToAccountRef={"value": us.account("Checking")["Id"]}))
    us.make("Deposit", deposit(us, link(sale, "SalesReceipt", 10)))
    for code in ("620", "6000"):
        us.here("POST", "switches", deposit_link_code=code)
        us.refuse("deposit", deposit(us, link(sale, "SalesReceipt", 10)), code)
        us.refuse("deposit", deposit(us, link(direct, "SalesReceipt", 7)), code)


def test_a_refund_is_deposited_with_a_positive_amount_where_the_switch_is_on(us: Books) -> None:
    sale = us.make("SalesReceipt", us.sale(30))
    refund = us.make("RefundReceipt", us.sale(20, DepositToAccountRef=funds(us)))
    body = deposit(us, link(sale, "SalesReceipt", 30), link(refund, "RefundReceipt", 20))
    us.refuse("deposit", body, "6000")
    us.here("POST", "switches", positive_refund_lines=True)
    made = us.make("Deposit", body)
    assert ([line["Amount"] for line in made["Line"]], made["TotalAmt"]) == ([30, -20], 10)
