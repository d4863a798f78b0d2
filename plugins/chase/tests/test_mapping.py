"""Golden drafts: what each kind of record becomes, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

import raccord_chase
from raccord.plugin import Connector, Money, Record
from raccord.plugin.drafts import (
    Deposit,
    DirectLine,
    Expense,
    ExpenseLine,
    ItemFor,
    JournalEntry,
    JournalLine,
    Link,
    LinkedLine,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    Side,
    TaxMode,
)
from raccord.plugin.testing import FakeMapContext
from raccord_chase.sandbox.handmade import Deliveries, dfr, dispute, fee, head, sale, settlement_file, total

connector: Connector = raccord_chase
Deliver = Callable[..., Deliveries]

CLEARING, BANK, FEES, CUSTOMER = Role("clearing"), Role("deposit_bank"), Role("fees"), Role("customer")
SEPTEMBER_1, SEPTEMBER_2 = date(2026, 9, 1), date(2026, 9, 2)


@pytest.mark.requirement("CH-26", "CH-11", "CH-12")
def test_a_sale_becomes_a_sales_receipt_of_the_card_amount_with_the_tax_inside(deliver: Deliver) -> None:
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), sale(1, " 114.98", order='"T1,b36046,154"'))).run()
    assert chase.drafts(taxed=True) == [
        SalesReceipt(
            key="sales/123456-77-1",
            day=SEPTEMBER_1,
            currency="CAD",
            deposit_to=CLEARING,
            lines=(
                SalesLine(
                    item=ItemFor(Role("income_sales")),
                    amount=Decimal("114.98"),
                    description="Card sale · Visa · 411111******1111",
                    tax_code=Role("tax"),
                ),
            ),
            total=Decimal("114.98"),
            tax_mode=TaxMode.INCLUSIVE,
            customer=CUSTOMER,
            reference="T1,b36046,154",
            memo="Chase 123456-77-1",
        )
    ]


def test_without_tax_a_sale_bears_no_tax_code(deliver: Deliver) -> None:
    (receipt,) = deliver().put("a.dfr", dfr(head("ACT0010"), sale(1, "114.98"))).run().drafts()
    assert isinstance(receipt, SalesReceipt)
    assert (receipt.tax_mode, receipt.lines[0].tax_code) == (TaxMode.NONE, None)


@pytest.mark.requirement("CH-27")
@pytest.mark.parametrize(("action", "amount"), [("R", "-20.00"), ("RF", "20.00"), ("N", "-20.00")])
def test_a_refund_becomes_a_refund_receipt_whatever_its_sign(deliver: Deliver, action: str, amount: str) -> None:
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), sale(2, amount, action=action))).run()
    (refund,) = chase.drafts()
    assert isinstance(refund, RefundReceipt)
    assert refund.key == "refunds/123456-77-2"
    assert (refund.total, refund.paid_from, refund.customer) == (Decimal("20.00"), CLEARING, CUSTOMER)
    assert refund.lines[0].item == ItemFor(Role("income_refunds"))
    assert chase.records[0].amount == Money(Decimal("-20.00"), "CAD")


@pytest.mark.requirement("CH-28", "CH-29", "K12")
def test_a_chargeback_taken_and_given_back_become_two_receipts_with_one_dispute_number(deliver: Deliver) -> None:
    rows = (dispute("RECD", "8001", "50.00"), dispute("RTM", "8001", "50.00"))
    later = dispute("REPR", "8001", "50.00", day="10/05/2026")
    chase = deliver().put("a.dfr", dfr(head("PDE0017"), *rows)).put("b.dfr", dfr(head("PDE0017", "10/05/2026"), later))
    taken, returned = chase.run().drafts()
    assert isinstance(taken, RefundReceipt)
    assert isinstance(returned, SalesReceipt)
    assert (taken.total, taken.reference, taken.day) == (Decimal("50.00"), "8001", SEPTEMBER_1)
    assert (returned.total, returned.reference, returned.day) == (Decimal("50.00"), "8001", date(2026, 10, 5))
    assert taken.lines[0].item == returned.lines[0].item == ItemFor(Role("income_chargebacks"))
    assert "8001" in taken.memo
    assert "8001" in returned.memo
    assert taken.key != returned.key


def test_a_reversed_chargeback_moves_the_other_way(deliver: Deliver) -> None:
    rows = (dispute("RTM", "8001", "50.00"), dispute("RTM", "8001", "50.00", status="R"))
    chase = deliver().put("a.dfr", dfr(head("PDE0017"), *rows)).run()
    assert [record.amount and record.amount.amount for record in chase.records] == [Decimal("-50.00"), Decimal("50.00")]


@pytest.mark.requirement("CH-30", "CH-31", "CH-32", "CH-33", "CH-34")
def test_a_settlement_becomes_a_deposit_of_linked_receipts_and_fee_lines(deliver: Deliver) -> None:
    text = settlement_file(
        net="41.86",
        totals=(
            total("SALE", "114.98", method="VI", count="1"),
            total("REF", "20.00", method="VI", count="1"),
            total("IA", "2.12"),
            total("PFEE", "1.00"),
            total("CB", "-50.00"),
        ),
        rows=(sale(1, "114.98"), sale(2, "-20.00", action="R")),
        more=(head("PDE0017"), dispute("RTM", "8001", "50.00")),
    )
    chase = deliver().put("a.dfr", text).run()
    assert chase.rejects == []
    assert chase.drafts()[-1] == Deposit(
        key="settlements/9-CAD-500-20260901-20260901",
        day=SEPTEMBER_2,
        currency="CAD",
        bank=BANK,
        lines=(
            LinkedLine(document=Link("sales/123456-77-1"), amount=Decimal("114.98")),
            LinkedLine(document=Link("refunds/123456-77-2"), amount=Decimal("-20.00")),
            LinkedLine(document=Link("chargebacks/8001-RTM-20260901"), amount=Decimal("-50.00")),
            DirectLine(account=FEES, amount=Decimal("-2.12"), description="Interchange and assessments"),
            DirectLine(account=FEES, amount=Decimal("-1.00"), description="Chase processing fees"),
        ),
        total=Decimal("41.86"),
        memo="Settlement deposit · 9-CAD-500-20260901-20260901",
    )


@pytest.mark.requirement("K6")
def test_a_negative_settlement_becomes_a_journal_entry_and_a_deposit_of_nothing(deliver: Deliver) -> None:
    text = settlement_file(
        net="-21.00",
        totals=(total("SALE", "10.00", method="VI"), total("REF", "30.00", method="VI"), total("IA", "1.00")),
        rows=(sale(1, "10.00"), sale(2, "-30.00", action="R")),
    )
    journal, deposit = deliver().put("a.dfr", text).run().drafts()[-2:]
    memo = "Settlement deposit · 9-CAD-500-20260901-20260901"
    assert journal == JournalEntry(
        key="settlements/9-CAD-500-20260901-20260901#negative",
        day=SEPTEMBER_2,
        currency="CAD",
        lines=(
            JournalLine(account=CLEARING, side=Side.DEBIT, amount=Decimal("21.00"), description=memo),
            JournalLine(account=BANK, side=Side.CREDIT, amount=Decimal("21.00"), description=memo),
        ),
        money=BANK,
        memo=memo,
    )
    assert isinstance(deposit, Deposit)
    assert deposit.total == 0
    assert deposit.memo == memo
    assert deposit.lines[-1] == LinkedLine(document=Link(journal.key), amount=Decimal("21.00"), line=0)
    assert sum(line.amount for line in deposit.lines) == 0


@pytest.mark.requirement("K6")
def test_a_settlement_of_nothing_becomes_a_deposit_of_nothing(deliver: Deliver) -> None:
    text = settlement_file(
        net="0.00",
        totals=(total("SALE", "10.00", method="VI"), total("REF", "9.00", method="VI"), total("IA", "1.00")),
        rows=(sale(1, "10.00"), sale(2, "-9.00", action="R")),
    )
    deposit = deliver().put("a.dfr", text).run().drafts()[-1]
    assert isinstance(deposit, Deposit)
    assert (deposit.total, len(deposit.lines)) == (Decimal("0.00"), 3)


@pytest.mark.requirement("K13", "CH-34")
def test_a_charge_debited_apart_becomes_an_expense_dated_at_the_debit(deliver: Deliver) -> None:
    text = dfr(
        head("FIN0010"),
        total("PFEE", "39.95", transfer="501"),
        total("NET", "-39.95", transfer="501"),
        head("FIN0011"),
        fee("PFEE", "Monthly fee", "-24.95", transfer="501"),
        fee("PFEE", "Terminal", "-15.00", transfer="501"),
    )
    chase = deliver().put("a.dfr", text).run()
    assert chase.rejects == []
    assert chase.drafts() == [
        Expense(
            key="charges/9-CAD-501-20260901-20260901",
            day=SEPTEMBER_2,
            currency="CAD",
            paid_from=BANK,
            payment_type=PaymentType.CASH,
            lines=(
                ExpenseLine(account=FEES, amount=Decimal("24.95"), description="Chase processing fees · Monthly fee"),
                ExpenseLine(account=FEES, amount=Decimal("15.00"), description="Chase processing fees · Terminal"),
            ),
            total=Decimal("39.95"),
            memo="Charge debited apart · 9-CAD-501-20260901-20260901",
        )
    ]


@pytest.mark.requirement("K13")
def test_fees_given_back_apart_become_a_deposit_on_the_fee_account(deliver: Deliver) -> None:
    text = dfr(head("FIN0010"), total("OTH", "5.00", transfer="501"), total("NET", "5.00", transfer="501"))
    (deposit,) = deliver().put("a.dfr", text).run().drafts()
    assert isinstance(deposit, Deposit)
    assert deposit.lines == (DirectLine(account=FEES, amount=Decimal("5.00"), description="Other fees"),)


def test_texts_on_documents_are_in_the_company_s_language(deliver: Deliver) -> None:
    (receipt,) = deliver().put("a.dfr", dfr(head("ACT0010"), sale(1, "114.98"))).run().drafts(language="fr")
    assert isinstance(receipt, SalesReceipt)
    assert receipt.lines[0].description == "Vente par carte · Visa · 411111******1111"


def test_a_zero_sale_posts_nothing_and_its_settlement_does_not_link_to_it(deliver: Deliver) -> None:
    text = settlement_file(
        net="10.00", totals=(total("SALE", "10.00", count="2"),), rows=(sale(1, "10.00"), sale(2, "0.00"))
    )
    chase = deliver().put("a.dfr", text).run()
    assert len(chase.of("sales")) == 2
    assert [draft.kind for draft in chase.drafts()] == ["SalesReceipt", "Deposit"]


@pytest.mark.requirement("CH-40")
def test_a_record_of_an_unknown_kind_is_not_mapped() -> None:
    record = Record("tips", "1", SEPTEMBER_1, {"kind": "tip"}, Money(Decimal(1), "CAD"))
    assert raccord_chase.map_record(FakeMapContext(), record) is None
