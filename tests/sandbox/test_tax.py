from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
BOTH = "TPS/TVQ QC - 9,975"


def line(books: Books, code: str | None, **more: Any) -> dict[str, Any]:
    detail: dict[str, Any] = {"ItemRef": {"value": books.item()["Id"]}}
    if code is not None:
        detail["TaxCodeRef"] = {"value": books.tax_code(code)["Id"]}
    if "gross" in more:
        detail["TaxInclusiveAmt"] = more.pop("gross")
    return {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **more}


def taxes(doc: dict[str, Any]) -> list[Decimal]:
    return [one["Amount"] for one in doc["TxnTaxDetail"]["TaxLine"]]


def test_tax_is_computed_per_rate_on_the_sum_of_nets(quebec: Books) -> None:
    lines = [line(quebec, BOTH, Amount="0.30"), line(quebec, BOTH, Amount="0.30"), line(quebec, "Exonéré", Amount=5)]
    receipt = quebec.make("SalesReceipt", {"Line": lines})
    assert receipt["GlobalTaxCalculation"] == "TaxExcluded"
    assert taxes(receipt) == [Decimal("0.03"), Decimal("0.06"), Decimal("0.00")]
    assert receipt["TotalAmt"] == Decimal("5.69")
    first = receipt["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]
    assert (first["TaxPercent"], first["NetAmountTaxable"]) == (5, Decimal("0.60"))


def test_prices_with_tax_give_back_exactly_the_gross(quebec: Books) -> None:
    body = {"GlobalTaxCalculation": "TaxInclusive", "Line": [line(quebec, BOTH, gross="114.98", Amount="114.98")]}
    receipt = quebec.make("SalesReceipt", body)
    assert receipt["Line"][0]["Amount"] == Decimal("100.00")
    assert receipt["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == Decimal("114.98")
    assert (taxes(receipt), receipt["TotalAmt"]) == ([Decimal("5.00"), Decimal("9.98")], Decimal("114.98"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grosses=st.lists(st.integers(0, 500_000), min_size=1, max_size=6))
def test_any_gross_amounts_add_up_to_the_total(quebec: Books, grosses: list[int]) -> None:
    amounts = [Decimal(cents).scaleb(-2) for cents in grosses]
    body = {
        "GlobalTaxCalculation": "TaxInclusive",
        "Line": [line(quebec, BOTH, gross=str(amount)) for amount in amounts],
    }
    receipt = quebec.make("SalesReceipt", body)
    assert receipt["TotalAmt"] == sum(amounts)
    nets = [one["Amount"] for one in receipt["Line"][:-1]]
    assert sum(nets) + receipt["TxnTaxDetail"]["TotalTax"] == sum(amounts)


def test_without_tax_the_detail_is_forbidden(quebec: Books) -> None:
    body = {"GlobalTaxCalculation": "NotApplicable", "Line": [line(quebec, None, Amount=10)]}
    receipt = quebec.make("SalesReceipt", body)
    assert receipt["TotalAmt"] == 10
    assert "TxnTaxDetail" not in receipt
    quebec.refuse("salesreceipt", {**body, "TxnTaxDetail": {"TotalTax": 1}}, "6170")


def test_a_line_without_a_code_is_the_documented_6000(quebec: Books) -> None:
    error = quebec.refuse("salesreceipt", {"Line": [line(quebec, None, Amount=10)]}, "6000")
    assert "Make sure all your transactions have a GST/HST rate before you save." in error["Detail"]
    wrong = line(quebec, None, Amount=10)
    wrong["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "987654"}
    quebec.refuse("salesreceipt", {"Line": [wrong]}, "2500")


@pytest.mark.parametrize(("sent", "kept"), [("9.99", "9.99"), ("9.50", "9.98")])
def test_sent_tax_is_kept_when_near_and_computed_otherwise(quebec: Books, sent: str, kept: str) -> None:
    probe = quebec.make("SalesReceipt", {"Line": [line(quebec, BOTH, Amount=100)]})
    rate = probe["TxnTaxDetail"]["TaxLine"][1]["TaxLineDetail"]["TaxRateRef"]
    detail = {"TaxLine": [{"Amount": sent, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": rate}}]}
    receipt = quebec.make("SalesReceipt", {"Line": [line(quebec, BOTH, Amount=100)], "TxnTaxDetail": detail})
    assert taxes(receipt) == [Decimal("5.00"), Decimal(kept)]


def test_each_agency_has_its_own_liability_and_purchases_reduce_it(quebec: Books) -> None:
    quebec.make("SalesReceipt", {"Line": [line(quebec, BOTH, Amount=100)]})
    detail = {
        "AccountRef": {"value": quebec.account("Travel")["Id"]},
        "TaxCodeRef": {"value": quebec.tax_code(BOTH)["Id"]},
    }
    spent = {"Amount": 10, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    bank = {"value": quebec.account("Checking")["Id"]}
    made = quebec.make("Purchase", {"PaymentType": "Cash", "AccountRef": bank, "Line": [spent]})
    assert made["TotalAmt"] == Decimal("11.50")
    owed = {account["Name"]: account["CurrentBalance"] for account in quebec.all("Account")}
    assert owed["TPS/TVH à payer"] == Decimal("-4.50")
    assert owed["TVQ à payer"] == Decimal("-8.98")


def test_a_refund_takes_its_tax_back(quebec: Books) -> None:
    quebec.make("SalesReceipt", {"Line": [line(quebec, BOTH, Amount=100)]})
    funds = {"value": quebec.account("UndepositedFunds")["Id"]}
    quebec.make("RefundReceipt", {"DepositToAccountRef": funds, "Line": [line(quebec, BOTH, Amount=100)]})
    assert all(account["CurrentBalance"] == 0 for account in quebec.all("Account"))


def test_the_united_states_take_the_sent_total(us: Books) -> None:
    taxed = line(us, None, Amount=100)
    taxed["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    receipt = us.make("SalesReceipt", {"Line": [taxed], "TxnTaxDetail": {"TotalTax": "8.25"}})
    assert (receipt["TotalAmt"], us.balance("SalesTaxPayable")) == (Decimal("108.25"), Decimal("-8.25"))
    noted = us.make(
        "SalesReceipt", {"Id": receipt["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"}
    )  # fmt: skip
    assert noted["TotalAmt"] == Decimal("108.25")


def test_a_tax_group_is_computed_in_the_united_states(us: Books) -> None:
    taxed, free = line(us, None, Amount=100), line(us, None, Amount=50)
    taxed["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    group = {"value": us.tax_code("State")["Id"]}
    receipt = us.make("SalesReceipt", {"Line": [taxed, free], "TxnTaxDetail": {"TxnTaxCodeRef": group}})
    assert (receipt["TxnTaxDetail"]["TotalTax"], receipt["TotalAmt"]) == (8, 158)
    us.refuse("salesreceipt", {"Line": [taxed], "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "TAX"}}}, "6160")
