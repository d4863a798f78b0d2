from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
BOTH = "TPS/TVQ QC - 9,975"


def ref(books: Books, subtype: str) -> dict[str, str]:
    return {"value": books.account(subtype)["Id"]}


def coded(books: Books, code: str = BOTH) -> dict[str, str]:
    return {"value": books.tax_code(code)["Id"]}


def direct(books: Books, amount: object, subtype: str, side: str | None, code: str | None = BOTH) -> dict[str, Any]:
    detail: dict[str, Any] = {"AccountRef": ref(books, subtype)}
    if code is not None:
        detail["TaxCodeRef"] = coded(books, code)
    if side is not None:
        detail["TaxApplicableOn"] = side
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}


def deposit(books: Books, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"DepositToAccountRef": ref(books, "Checking"), "Line": list(lines), **more}


def side(books: Books, posting: str, subtype: str, amount: object, tax: object = None, on: str = "") -> dict[str, Any]:
    detail: dict[str, Any] = {"PostingType": posting, "AccountRef": ref(books, subtype)}
    if tax is not None:
        detail |= {"TaxCodeRef": coded(books), "TaxApplicableOn": on, "TaxAmount": tax}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def owed(books: Books) -> dict[str, Decimal]:
    accounts = books.all("Account", "where AccountSubType = 'GlobalTaxPayable'")
    return {account["Name"][:3]: -account["CurrentBalance"] for account in accounts}


@pytest.mark.parametrize(
    ("amount", "subtype", "on", "total", "gst", "qst"),
    [
        ("100.00", "ServiceFeeIncome", "Sales", "114.98", "5.00", "9.98"),
        ("100.00", "ServiceFeeIncome", None, "114.98", "5.00", "9.98"),
        ("100.00", "Travel", "Purchase", "114.98", "5.00", "9.98"),
    ],
)
def test_direct_deposit_lines_bear_tax(
    quebec: Books, amount: str, subtype: str, on: str | None, total: str, gst: str, qst: str
) -> None:
    made = quebec.make("Deposit", deposit(quebec, direct(quebec, amount, subtype, on)))
    assert made["GlobalTaxCalculation"] == "TaxExcluded"
    assert made["TotalAmt"] == Decimal(total)
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [Decimal(gst), Decimal(qst)]
    assert quebec.balance("Checking") == Decimal(total)
    assert owed(quebec) == {"TPS": Decimal(gst), "TVQ": Decimal(qst)}


def test_a_fee_kept_back_from_a_deposit_gives_its_tax_back(quebec: Books) -> None:
    sale = direct(quebec, 200, "ServiceFeeIncome", None, None)
    made = quebec.make("Deposit", deposit(quebec, sale, direct(quebec, "-10.00", "BankCharges", "Purchase")))
    assert made["TotalAmt"] == Decimal("188.50")
    assert owed(quebec) == {"TPS": Decimal("-0.50"), "TVQ": Decimal("-1.00")}


def test_deposit_lines_priced_with_tax_keep_their_gross(quebec: Books) -> None:
    line = direct(quebec, "86.97", "ServiceFeeIncome", "Sales")
    made = quebec.make("Deposit", deposit(quebec, line, GlobalTaxCalculation="TaxInclusive"))
    assert made["TotalAmt"] == Decimal("99.99")
    assert made["Line"][0]["Amount"] + made["TxnTaxDetail"]["TotalTax"] == Decimal("99.99")


def test_a_deposit_without_codes_or_without_tax_has_no_tax(quebec: Books, us: Books) -> None:
    made = quebec.make("Deposit", deposit(quebec, direct(quebec, 5, "ServiceFeeIncome", None, None)))
    assert "TxnTaxDetail" not in made
    line = direct(quebec, 5, "ServiceFeeIncome", None)
    made = quebec.make("Deposit", deposit(quebec, line, GlobalTaxCalculation="NotApplicable"))
    assert made["TotalAmt"] == 5
    other = deposit(us, direct(us, 5, "ServiceFeeIncome", None, "State"))
    assert us.make("Deposit", other)["TotalAmt"] == 5


def test_a_new_note_leaves_a_deposits_tax_as_it_is(quebec: Books) -> None:
    made = quebec.make("Deposit", deposit(quebec, direct(quebec, 100, "ServiceFeeIncome", None)))
    note = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n", "Line": made["Line"]}
    changed = quebec.make("Deposit", {**note, "DepositToAccountRef": made["DepositToAccountRef"]})
    assert (changed["TotalAmt"], changed["TxnTaxDetail"]) == (made["TotalAmt"], made["TxnTaxDetail"])


@pytest.mark.parametrize(
    ("posting", "subtype", "on", "gst", "qst"),
    [("Credit", "ServiceFeeIncome", "Sales", "5.00", "9.98"), ("Debit", "Travel", "Purchase", "-5.00", "-9.98")],
)
def test_journal_lines_bear_the_tax_they_state(
    quebec: Books, posting: str, subtype: str, on: str, gst: str, qst: str
) -> None:
    other = "Debit" if posting == "Credit" else "Credit"
    lines = [side(quebec, posting, subtype, 100, "14.98", on), side(quebec, other, "Checking", "114.98")]
    made = quebec.make("JournalEntry", {"Line": lines})
    assert owed(quebec) == {"TPS": Decimal(gst), "TVQ": Decimal(qst)}
    sign = -1 if posting == "Credit" else 1
    taxes = [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]]
    assert taxes == [sign * Decimal("5.00"), sign * Decimal("9.98")]
    assert abs(quebec.balance("Checking")) == Decimal("114.98")


def test_a_journal_entry_that_forgets_its_tax_is_out_of_balance(quebec: Books) -> None:
    lines = [side(quebec, "Debit", "Travel", 100, "14.98", "Purchase"), side(quebec, "Credit", "Checking", 100)]
    error = quebec.refuse("journalentry", {"Line": lines}, "6000")
    assert "14.98" in error["Detail"]


def test_tax_lines_sent_with_a_journal_entry_are_not_overridden(quebec: Books) -> None:
    lines = [side(quebec, "Debit", "Travel", 100, "14.98", "Purchase"), side(quebec, "Credit", "Checking", 115)]
    code = quebec.tax_code(BOTH)["PurchaseTaxRateList"]["TaxRateDetail"]
    amounts = zip(code, ("5.00", "10.00"), strict=True)
    tax = [
        {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": one["TaxRateRef"]}}
        for one, amount in amounts
    ]
    made = quebec.make("JournalEntry", {"Line": lines, "TxnTaxDetail": {"TaxLine": tax}})
    assert owed(quebec) == {"TPS": Decimal("-5.00"), "TVQ": Decimal("-10.00")}
    tax[1]["Amount"] = "9.98"
    quebec.refuse("journalentry", {"Line": lines, "TxnTaxDetail": {"TaxLine": tax}}, "6000")
    sales = quebec.tax_code(BOTH)["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]
    tax[1]["TaxLineDetail"] = {"TaxRateRef": sales}
    quebec.refuse("journalentry", {"Line": lines, "TxnTaxDetail": {"TaxLine": tax}}, "6000")
    assert made["TotalAmt"] == 115


@pytest.mark.parametrize(
    ("missing", "code"), [("TaxApplicableOn", "2270"), ("TaxAmount", "2280")], ids=["2270", "2280"]
)
def test_a_coded_journal_line_needs_its_side_and_its_amount(quebec: Books, missing: str, code: str) -> None:
    line = side(quebec, "Debit", "Travel", 100, "14.98", "Purchase")
    del line["JournalEntryLineDetail"][missing]
    quebec.refuse("journalentry", {"Line": [line, side(quebec, "Credit", "Checking", "114.98")]}, code)
