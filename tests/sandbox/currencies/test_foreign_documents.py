"""Documents in another currency post at their rate in home currency: each documented rule as one case."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from foreign_shop import EUR, USD, Doc, Shop, named

from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.operations import read


@dataclass(frozen=True)
class Posted:
    """A foreign document and what the ledger holds of it in dollars."""

    kind: str
    body: Any
    balances: dict[str, str]


def _journal(shop: Shop) -> Doc:
    bank, travel = shop.account("Checking", "EUR"), shop.account("Travel")
    return {
        "Line": [
            shop.side("Debit", travel, "33.33"),
            shop.side("Debit", travel, "33.33"),
            shop.side("Credit", bank, "66.66"),
        ]
    }


POSTED = {
    "a sale's rounding falls on its largest line": Posted(
        "SalesReceipt",
        lambda shop: {"Line": shop.lines("33.33", "33.33", "33.34")},
        {"Undeposited Funds": "108.77", "Services": "-108.77"},
    ),
    "a refund mirrors a sale": Posted(
        "RefundReceipt",
        lambda shop: {"Line": shop.lines("10.01"), "DepositToAccountRef": shop.account("Checking", "EUR")},
        {"Euro bank": "-10.89", "Services": "10.89"},
    ),
    "an expense from a bank abroad": Posted(
        "Purchase",
        lambda shop: {
            "PaymentType": "Cash",
            "AccountRef": shop.account("Checking", "EUR"),
            "Line": shop.costs("33.33", "33.33", "33.34"),
        },
        {"Euro bank": "-108.77", "Travel": "108.77"},
    ),
    "a card abroad": Posted(
        "Purchase",
        lambda shop: {
            "PaymentType": "CreditCard",
            "AccountRef": shop.account("CreditCard", "EUR"),
            "Line": shop.costs(20),
        },
        {"Euro card": "-21.75", "Travel": "21.75"},
    ),
    "money goes home": Posted(
        "Transfer",
        lambda shop: {
            "FromAccountRef": shop.account("Checking", "EUR"),
            "ToAccountRef": shop.account("Checking"),
            "Amount": 200,
        },
        {"Euro bank": "-217.54", "Checking": "217.54"},
    ),
    "a card is paid down abroad": Posted(
        "CreditCardPaymentTxn",
        lambda shop: {
            "CreditCardAccountRef": shop.account("CreditCard", "EUR"),
            "BankAccountRef": shop.account("Checking", "EUR"),
            "Amount": 10,
        },
        {"Euro bank": "-10.88", "Euro card": "10.88"},
    ),
    "a journal entry's rounding falls on what is no money": Posted(
        "JournalEntry", _journal, {"Euro bank": "-72.51", "Travel": "72.51"}
    ),
    "a deposit of income": Posted(
        "Deposit",
        lambda shop: {
            "DepositToAccountRef": shop.account("Checking", "EUR"),
            "Line": [
                {
                    "Amount": "10.01",
                    "DetailType": "DepositLineDetail",
                    "DepositLineDetail": {"AccountRef": shop.account("ServiceFeeIncome")},
                }
            ],
        },
        {"Euro bank": "10.89", "Services": "-10.89"},
    ),
    "a vendor credit": Posted(
        "VendorCredit",
        lambda shop: {"VendorRef": named(shop, "Vendor", "Fournisseur"), "Line": shop.costs(10)},
        {"Accounts Payable (A/P) - EUR": "10.88", "Travel": "-10.88"},
    ),
    "a credit memo": Posted(
        "CreditMemo",
        lambda shop: {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(10)},
        {"Accounts Receivable (A/R) - EUR": "-10.88", "Services": "10.88"},
    ),
}


@pytest.mark.parametrize("case", POSTED.values(), ids=POSTED.keys())
def test_foreign_documents_post_in_home_currency(shop: Shop, case: Posted) -> None:
    made = shop.make(case.kind, {**case.body(shop), "TxnDate": "2026-03-02", **EUR})
    assert made["ExchangeRate"] == Decimal("1.0877")
    assert shop.balances() == {name: Decimal(amount) for name, amount in case.balances.items()}


def test_rounding_falls_on_the_largest_line_and_never_on_tax(shop: Shop) -> None:
    def posted(doc: Doc) -> list[Decimal]:
        posting = shop.company.ledger.posting("SalesReceipt", doc["Id"])
        return [] if posting is None else [entry.amount for entry in posting.entries]

    body = {"Line": shop.lines("33.33", "33.34", "33.33"), "ExchangeRate": "1.0877", **EUR}
    thirds = posted(shop.make("SalesReceipt", body))
    assert thirds == [Decimal(text) for text in ("108.77", "-36.25", "-36.27", "-36.25")]
    lines = shop.lines("0.05", "0.05")
    lines[0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    taxed = {"Line": lines, "TxnTaxDetail": {"TotalTax": "50.05"}, "ExchangeRate": "1.1", **EUR}
    amounts = posted(shop.make("SalesReceipt", taxed))
    assert amounts == [Decimal(text) for text in ("55.17", "-0.05", "-0.06", "-55.06")]


def test_a_bank_abroad_shows_its_own_currency_and_the_ledger_dollars(shop: Shop) -> None:
    bank = shop.account("Checking", "EUR")
    shop.make("SalesReceipt", {"Line": shop.lines(100), "DepositToAccountRef": bank, "ExchangeRate": "1.10", **EUR})
    spent = {"PaymentType": "Cash", "AccountRef": bank, "Line": shop.costs(40), "ExchangeRate": "1.30", **EUR}
    shop.make("Purchase", spent)
    shown = read(shop.company, KINDS["Account"], bank["value"])
    assert (shown["CurrentBalance"], shown["CurrentBalanceWithSubAccounts"]) == (60, 60)
    assert shop.company.ledger.balance(bank["value"]) == 58


def test_an_opening_balance_abroad_counts_at_the_rate_of_its_day(shop: Shop) -> None:
    body = {
        "Name": "Old",
        "AccountSubType": "Savings",
        "OpeningBalance": 100,
        "OpeningBalanceDate": "2026-02-02",
        **EUR,
    }
    made = shop.make("Account", body)
    assert read(shop.company, KINDS["Account"], made["Id"])["CurrentBalance"] == 100
    assert shop.company.ledger.balance(made["Id"]) == 120
    assert "ExchangeRate" not in read(shop.company, KINDS["Account"], made["Id"])


def test_accounts_of_another_currency_are_refused(shop: Shop) -> None:
    bank = shop.account("Checking", "EUR")
    fault = shop.refused("SalesReceipt", {"Line": shop.lines(1), "DepositToAccountRef": bank, **USD})
    assert (fault.code, "is kept in EUR" in fault.detail) == (6000, True)
    pounds = {"Line": shop.lines(1), "DepositToAccountRef": bank, "CurrencyRef": {"value": "GBP"}}
    assert shop.refused("SalesReceipt", pounds).code == 6000
    sides = [shop.side("Debit", bank, 5), shop.side("Credit", shop.account("Savings"), 5)]
    assert shop.refused("JournalEntry", {"Line": sides, **USD}).code == 6000
    shop.make("JournalEntry", {"Line": sides, **EUR})


def test_a_receivable_line_names_somebody_of_its_currency(shop: Shop) -> None:
    shop.invoice("1.1", 1)
    anne, bob = ({"Entity": {"Type": "Customer", "EntityRef": named(shop, "Customer", who)}} for who in ("Anne", "Bob"))
    euro, dollar = shop.account("AccountsReceivable", "EUR"), shop.account("AccountsReceivable")
    other = shop.side("Credit", shop.account("ServiceFeeIncome"), 5)
    fault = shop.refused("JournalEntry", {"Line": [shop.side("Debit", euro, 5, **bob), other], **EUR})
    assert (fault.code, "is kept in EUR, Bob in USD" in fault.detail) == (6000, True)
    assert shop.refused("JournalEntry", {"Line": [shop.side("Debit", dollar, 5, **anne), other], **USD}).code == 6000
    shop.make("JournalEntry", {"Line": [shop.side("Debit", euro, 5, **anne), other], **EUR})
    shop.make("JournalEntry", {"Line": [shop.side("Debit", dollar, 5, **bob), other], **USD})
