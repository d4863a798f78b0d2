"""Each encoded kind goes over HTTP into a local QuickBooks, whose totals, notes and balances must be the draft's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from posted_company import DAY, Company, company_of

from raccord.plugin.drafts import (
    Account,
    Customer,
    Deposit,
    DirectLine,
    Item,
    JournalEntry,
    JournalLine,
    LedgerId,
    Link,
    LinkedLine,
    PaymentType,
    Side,
    TaxMode,
    Transfer,
    Vendor,
)
from raccord.quickbooks.codec import (
    Places,
    Target,
    ledger_effect,
)
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, 0, tzinfo=UTC)))) as running:
        yield running


@pytest.fixture(scope="module")
def quebec(server: SandboxServer) -> Iterator[Company]:
    yield from company_of(server, "quebec", "CA", "CAD")


@pytest.fixture(scope="module")
def us(server: SandboxServer) -> Iterator[Company]:
    yield from company_of(server, "us", "US", "USD")


@pytest.mark.requirement("CH-12", "CH-26", "CH-27")
@pytest.mark.parametrize("code", ["TPS/TVQ QC - 9,975", "TPS", "TVQ QC - 9,975", "Détaxé", "Hors champ"])
def test_sales_and_refunds_that_hold_tax_have_the_total_of_the_source(quebec: Company, code: str) -> None:
    dice = random.Random(code)
    for place in range(40):
        total = str(Decimal(dice.randrange(1, 200_000)) * CENT)
        make = quebec.sale if place % 2 else quebec.refund
        draft = make(total, tax=TaxMode.INCLUSIVE, code=code)
        document = quebec.post(draft)
        assert document["TotalAmt"] == draft.total
        effect = ledger_effect(draft, quebec.resolve, quebec.facts, Places())
        tax = document.get("TxnTaxDetail", {}).get("TotalTax", Decimal(0))
        assert abs(abs(effect.get("tax", Decimal(0))) - tax) <= CENT


def test_several_lines_and_codes_in_one_sale_keep_its_total(quebec: Company) -> None:
    dice = random.Random(7)
    names = ["TPS/TVQ QC - 9,975", "TPS", "Exonéré"]
    for _ in range(30):
        amounts = [Decimal(dice.randrange(1, 90_000)) * CENT for _ in range(dice.randrange(2, 7))]
        draft = quebec.sale(str(sum(amounts)), *map(str, amounts), tax=TaxMode.INCLUSIVE, code=names[0])
        lines = tuple(replace(line, tax_code=LedgerId(quebec.codes[dice.choice(names)])) for line in draft.lines)
        assert quebec.post(replace(draft, lines=lines))["TotalAmt"] == draft.total


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_net_prices_have_the_total_of_the_source_even_cents_away(quebec: Company, off: int) -> None:
    total = Decimal("5168.31") + off * CENT
    document = quebec.post(
        quebec.sale(str(total), "4000.00", "495.16", tax=TaxMode.EXCLUSIVE, code="TPS/TVQ QC - 9,975")
    )
    assert (document["TotalAmt"], document["TxnTaxDetail"]["TotalTax"]) == (total, total - Decimal("4495.16"))


def test_amounts_without_tax_stay_without_in_quebec_with_and_without_an_exempt_code(quebec: Company) -> None:
    draft = quebec.sale("12.34", "10.00", "2.34")
    assert quebec.post(draft)["TxnTaxDetail"]["TotalTax"] == 0
    facts = quebec.facts
    try:
        quebec.facts = replace(facts, exempt_code="")
        assert quebec.post(draft)["GlobalTaxCalculation"] == "NotApplicable"
        quebec.post(quebec.expense("3.00", PaymentType.CASH))
    finally:
        quebec.facts = facts


@pytest.mark.requirement("CH-28", "CH-29", "CH-30", "CH-31", "CH-32", "CH-33", "CH-34", "K13")
def test_a_settlement_empties_undeposited_funds_into_the_bank(quebec: Company) -> None:
    funds, bank = quebec.balance("UndepositedFunds"), quebec.balance("Checking")
    sale = quebec.sale("114.98", tax=TaxMode.INCLUSIVE, code="TPS/TVQ QC - 9,975")
    quebec.post(sale)
    chargeback = quebec.refund("50.00")
    quebec.post(chargeback)
    reversal = replace(quebec.sale("50.00"), reference="chargeback 4711")
    quebec.post(reversal)
    deposit = Deposit(
        key="deposit",
        day=DAY,
        currency="CAD",
        bank=quebec.account("Checking"),
        lines=(
            LinkedLine(document=Link(sale.key), amount=Decimal("114.98")),
            LinkedLine(document=Link(chargeback.key), amount=Decimal("-50.00")),
            LinkedLine(document=Link(reversal.key), amount=Decimal("50.00")),
            DirectLine(account=quebec.account("BankCharges"), amount=Decimal("-3.88"), description="Frais"),
        ),
        total=Decimal("111.10"),
    )
    document = quebec.post(deposit)
    assert [line["LinkedTxn"][0]["TxnType"] for line in document["Line"][:3]] == [
        "SalesReceipt", "RefundReceipt", "SalesReceipt",
    ]  # fmt: skip
    assert quebec.balance("UndepositedFunds") == funds
    assert quebec.balance("Checking") == bank + Decimal("111.10")


@pytest.mark.requirement("K6")
def test_a_negative_day_goes_by_journal_entry_and_a_deposit_of_zero(quebec: Company) -> None:
    funds, bank = quebec.balance("UndepositedFunds"), quebec.balance("Checking")
    refund = quebec.refund("20.00")
    quebec.post(refund)
    journal = JournalEntry(
        key="journal",
        day=DAY,
        currency="CAD",
        lines=(
            JournalLine(account=quebec.account("UndepositedFunds"), side=Side.DEBIT, amount=Decimal("23.88")),
            JournalLine(account=quebec.account("Checking"), side=Side.CREDIT, amount=Decimal("23.88")),
        ),
        money=quebec.account("Checking"),
        memo="Règlement 77",
    )
    quebec.post(journal)
    deposit = Deposit(
        key="deposit-0",
        day=DAY,
        currency="CAD",
        bank=quebec.account("Checking"),
        lines=(
            LinkedLine(document=Link(refund.key), amount=Decimal("-20.00")),
            DirectLine(account=quebec.account("BankCharges"), amount=Decimal("-3.88")),
            LinkedLine(document=Link("journal"), amount=Decimal("23.88"), line=0),
        ),
        total=Decimal("0.00"),
    )
    assert quebec.post(deposit)["TotalAmt"] == 0
    assert quebec.balance("UndepositedFunds") == funds
    assert quebec.balance("Checking") == bank - Decimal("23.88")


@pytest.mark.requirement("K13")
def test_expenses_leave_the_bank_and_the_card(quebec: Company) -> None:
    bank, card = quebec.balance("Checking"), quebec.balance("CreditCard")
    vendor = Vendor(key="chase", name="Chase: services", email="chase@example.test")
    assert quebec.post(vendor)["DisplayName"] == "Chase - services"
    document = quebec.post(quebec.expense("19.90", PaymentType.CASH, payee=Link("chase"), reference="F-3"))
    assert document["EntityRef"]["value"] == quebec.ids["chase"]
    code = LedgerId(quebec.codes["TPS/TVQ QC - 9,975"])
    check = quebec.post(quebec.expense("114.99", PaymentType.CHECK, tax_mode=TaxMode.INCLUSIVE, code=code))
    assert check["TotalAmt"] == Decimal("114.99")
    quebec.post(quebec.expense("30.00", PaymentType.CARD))
    quebec.post(quebec.expense("10.00", PaymentType.CARD, credit=True))
    quebec.post(
        Transfer(
            key="transfer",
            day=DAY,
            currency="CAD",
            source=quebec.account("Checking"),
            target=quebec.account("Savings"),
            total=Decimal("5.00"),
        )
    )
    assert quebec.balance("Checking") == bank - Decimal("139.89")
    assert abs(quebec.balance("CreditCard") - card) == Decimal("20.00")


def test_lists_are_made_and_used_by_a_sale(quebec: Company) -> None:
    quebec.post(Account(key="income", name="Revenu Chase", type="Income", subtype="OtherPrimaryIncome", number="4100"))
    quebec.post(Customer(key="client", name="Client Chase", email="a@example.test", phone="514 555-0100", memo="x"))
    quebec.post(Item(key="item", name="Ventes Chase", income_account=Link("income"), unit_price=Decimal("0.125")))
    draft = quebec.sale("1.13")
    line = replace(draft.lines[0], item=Link("item"), quantity=Decimal(9), unit_price=Decimal("0.125"))
    document = quebec.post(replace(draft, customer=Link("client"), lines=(line,), memo='« été » "\\ 😀 \u2028'))
    assert document["CustomerRef"]["name"] == "Client Chase"
    assert document["Line"][0]["SalesItemLineDetail"]["Qty"] == 9
    assert document["PrivateNote"].startswith('« été » "\\ 😀')


def test_updates_change_the_document_and_keep_what_a_person_added(quebec: Company) -> None:
    draft = quebec.sale("10.00", tax=TaxMode.INCLUSIVE, code="TPS")
    first = quebec.post(replace(draft, reference="A-1"))
    second = quebec.post(
        replace(draft, total=Decimal("21.00"), lines=(replace(draft.lines[0], amount=Decimal("21.00")),)),
        update=Target(first["Id"], first["SyncToken"]),
    )
    assert (second["Id"], second["TotalAmt"], second["PaymentRefNum"]) == (first["Id"], Decimal("21.00"), "A-1")
    vendor = quebec.post(Vendor(key="v2", name="Fournisseur"))
    held = {**vendor, "BillAddr": {"City": "Laval"}}
    renamed = quebec.post(Vendor(key="v2", name="Neuf"), update=Target(vendor["Id"], vendor["SyncToken"], held))
    assert (renamed["DisplayName"], renamed["BillAddr"]["City"]) == ("Neuf", "Laval")


@pytest.mark.parametrize(
    ("total", "tax", "code", "sent"),
    [
        ("100.00", TaxMode.NONE, "", "0"),
        ("108.01", TaxMode.EXCLUSIVE, "TAX", "8.01"),
        ("108.02", TaxMode.EXCLUSIVE, "State", "8.02"),
        ("100.00", TaxMode.INCLUSIVE, "State", "7.41"),
    ],
)
def test_american_sales_have_the_tax_of_the_source(us: Company, total: str, tax: TaxMode, code: str, sent: str) -> None:
    document = us.post(us.sale(total, "100.00", tax=tax, code=code))
    assert (document["TotalAmt"], document["TxnTaxDetail"]["TotalTax"]) == (Decimal(total), Decimal(sent))
    us.post(us.expense("4.00", PaymentType.CHECK))
