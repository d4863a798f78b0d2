from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def side(books: Books, posting: str, subtype: str, amount: object, **detail: Any) -> dict[str, Any]:
    body = {"PostingType": posting, "AccountRef": {"value": books.account(subtype)["Id"]}, **detail}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": body}


def expense(books: Books, amount: object, subtype: str = "Travel", **detail: Any) -> dict[str, Any]:
    body = {"AccountRef": {"value": books.account(subtype)["Id"]}, **detail}
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": body,
    }


def purchase(books: Books, kind: str, payer: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    account = {"value": books.account(payer)["Id"]}
    return {"PaymentType": kind, "AccountRef": account, "TxnDate": "2026-03-01", "Line": list(lines), **more}


def test_a_journal_entry_posts_its_lines_and_starts_line_ids_at_zero(us: Books) -> None:
    lines = [side(us, "Debit", "BankCharges", "4.20"), side(us, "Credit", "Checking", "4.20")]
    entry = us.make("JournalEntry", {"TxnDate": "2026-03-01", "Line": lines})
    assert [line["Id"] for line in entry["Line"]] == ["0", "1"]
    assert entry["Adjustment"] is False
    assert "DocNumber" not in entry
    assert us.balance("Checking") == Decimal("-4.20")
    numbered = us.make("JournalEntry", {"Line": lines}, include="allowautodocnum")
    assert numbered["DocNumber"] == "1"
    us.refuse("journalentry", {"Line": lines, "DocNumber": "1"}, "6140")


def test_a_bad_journal_entry_is_refused_with_its_code(us: Books) -> None:
    debit, credit = side(us, "Debit", "BankCharges", 4), side(us, "Credit", "Checking", 4)
    us.refuse("journalentry", {"Line": [debit]}, "6000")
    error = us.refuse("journalentry", {"Line": [debit, side(us, "Credit", "Checking", "4.01")]}, "6000")
    assert "-0.01" in error["Detail"]
    us.refuse("journalentry", {"Line": [side(us, "Debit", "BankCharges", -4), credit]}, "2290")
    nameless = side(us, "Debit", "BankCharges", 4)
    del nameless["JournalEntryLineDetail"]["PostingType"]
    us.refuse("journalentry", {"Line": [nameless, credit]}, "2260")
    code = {"TaxCodeRef": {"value": "NON"}}
    us.refuse("journalentry", {"Line": [side(us, "Debit", "BankCharges", 4, **code), credit]}, "2270")
    code["TaxApplicableOn"] = "Sales"  # type: ignore[assignment]  # a text beside a reference
    us.refuse("journalentry", {"Line": [side(us, "Debit", "BankCharges", 4, **code), credit]}, "2280")


def test_a_receivable_line_needs_a_customer_and_moves_the_balance(us: Books) -> None:
    credit = side(us, "Credit", "ServiceFeeIncome", 70)
    us.refuse("journalentry", {"Line": [side(us, "Debit", "AccountsReceivable", 70), credit]}, "6000")
    customer = us.make("Customer", {"DisplayName": "Debtor"})
    entity = {"Type": "Customer", "EntityRef": {"value": customer["Id"]}}
    us.make("JournalEntry", {"Line": [side(us, "Debit", "AccountsReceivable", 70, Entity=entity), credit]})
    assert us.get(f"customer/{customer['Id']}")["Customer"]["Balance"] == 70
    assert len(us.all("Customer", "where Balance > '69.99'")) == 1
    body = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    us.refuse("customer", body, "6220")


@pytest.mark.parametrize(("kind", "payer"), [("Cash", "Checking"), ("Check", "Checking"), ("CreditCard", "CreditCard")])
def test_a_purchase_takes_money_from_its_account(us: Books, kind: str, payer: str) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Air"})
    body = purchase(us, kind, payer, expense(us, "19.90"), EntityRef={"value": vendor["Id"], "type": "Vendor"})
    made = us.make("Purchase", body)
    assert made["TotalAmt"] == Decimal("19.90")
    assert made["EntityRef"] == {"value": vendor["Id"], "type": "Vendor", "name": "Air"}
    assert made["PurchaseEx"]["any"][0]["value"]["Name"] == "TxnType"
    owed = us.balance(payer)
    assert owed == (Decimal("19.90") if kind == "CreditCard" else Decimal("-19.90"))


def test_a_card_refund_reverses_and_cash_ignores_the_flag(us: Books) -> None:
    us.make("Purchase", purchase(us, "CreditCard", "CreditCard", expense(us, 5), Credit=True))
    assert us.balance("CreditCard") == -5
    made = us.make("Purchase", purchase(us, "Cash", "Checking", expense(us, 5), Credit=True))
    assert "Credit" not in made


def test_purchases_are_checked(us: Books) -> None:
    us.refuse("purchase", purchase(us, "Cash", "CreditCard", expense(us, 5)), "6430")
    us.refuse("purchase", purchase(us, "Gold", "Checking", expense(us, 5)), "2170")
    us.refuse("purchase", purchase(us, "Cash", "Checking", expense(us, -5)), "6000")
    bare = expense(us, 5)
    del bare["AccountBasedExpenseLineDetail"]["AccountRef"]
    us.refuse("purchase", purchase(us, "Cash", "Checking", bare), "2020")
    made = us.make("Purchase", purchase(us, "Cash", "Checking", expense(us, 5), DocNumber="E1"))
    us.refuse("purchase", purchase(us, "Cash", "Checking", expense(us, 5), DocNumber="e1"), "6140")
    us.make("Purchase", purchase(us, "Check", "Checking", expense(us, 5), DocNumber="E1"))
    us.refuse("purchase", made, "2010")
    us.refuse("purchase", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}, "2020")
    sparse = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x", "PaymentType": "Cash"}
    assert us.make("Purchase", sparse)["TotalAmt"] == 5


def test_a_transfer_moves_money_between_balance_sheet_accounts(us: Books) -> None:
    checking, savings = us.account("Checking")["Id"], us.account("Savings")["Id"]
    body = {"FromAccountRef": {"value": checking}, "ToAccountRef": {"value": savings}, "Amount": 15}
    made = us.make("Transfer", body)
    assert (us.balance("Checking"), us.balance("Savings")) == (-15, 15)
    us.refuse("transfer", {**body, "Amount": 0}, "2290")
    us.refuse("transfer", {**body, "ToAccountRef": {"value": us.account("Travel")["Id"]}}, "6430")
    us.refuse("transfer", {**body, "ToAccountRef": {"value": checking}}, "6000")
    us.make("Transfer", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert us.balance("Savings") == 0


def test_every_entry_of_a_line_names_its_line(us: Books) -> None:
    journal = us.make("JournalEntry", {"Line": [side(us, "Debit", "Travel", 5), side(us, "Credit", "Savings", 5)]})
    receipt = us.make("SalesReceipt", us.sale(7))
    lines = {
        (kind, doc["Id"]): [entry.line for entry in us.company.ledger.posting(kind, doc["Id"]).entries]
        for kind, doc in (("JournalEntry", journal), ("SalesReceipt", receipt))
    }
    assert lines == {
        ("JournalEntry", journal["Id"]): [line["Id"] for line in journal["Line"]],
        ("SalesReceipt", receipt["Id"]): ["", receipt["Line"][0]["Id"]],
    }
