"""What each object of Plannit becomes, to the cent and in which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

import raccord_plannit
from raccord.plugin import Connector, Record, Skipped
from raccord.plugin.drafts import (
    Application,
    CreditMemo,
    Customer,
    Draft,
    Expense,
    Invoice,
    Link,
    Payment,
    RefundReceipt,
    Role,
    Settled,
    StatedTax,
    TaxMode,
)
from raccord.plugin.testing import FakeMapContext
from raccord_plannit.sandbox import Firm
from raccord_plannit.sandbox.firm import Sold
from raccord_plannit.sandbox.story import seeded
from raccord_plannit.settings import PlannitSettings

connector: Connector = raccord_plannit
Drafts = Callable[..., dict[str, Draft]]


@pytest.mark.requirement("PL-14", "PL-15", "EX-04")
def test_an_invoice_keeps_its_number_its_taxes_and_its_amounts(firm: Firm, drafts: Drafts) -> None:
    client = firm.contact("Zoé Roy", emails=["zoe@x.example"], billing_address={"city": "Lévis"})
    ducts, cents = firm.item("Conduits", "289.00"), firm.item("Ajustement", "0", taxable=False)
    firm.invoice(
        client,
        Sold(ducts, quantity="2"),
        Sold(ducts, discount="10.00"),
        Sold(name="Échafaudage", price="60.00", taxable=False),
        Sold(cents, price="-0.02"),
        day=date(2026, 3, 3),
        due="2026-04-02",
    )
    found = drafts(firm)
    customer, invoice = found["contacts/C0001"], found["invoices/F0001"]
    assert isinstance(customer, Customer)
    assert (customer.name, customer.email, customer.when_used) == ("Zoé Roy", "zoe@x.example", True)
    assert isinstance(invoice, Invoice)
    assert (invoice.number, invoice.day, invoice.due) == ("1001", date(2026, 3, 3), date(2026, 4, 2))
    assert invoice.customer == Link("contacts/C0001")
    assert invoice.tax_mode is TaxMode.EXCLUSIVE
    assert invoice.taxes == (
        StatedTax(percent=Decimal("5.00"), amount=Decimal("42.85")),
        StatedTax(percent=Decimal("9.975"), amount=Decimal("85.49")),
    )
    assert invoice.total == Decimal("1045.32")
    assert [(line.item, line.amount, line.tax_code) for line in invoice.lines] == [
        (Role("item", "A0001"), Decimal("578.00"), Role("tax_group")),
        (Role("item", "A0001"), Decimal("279.00"), Role("tax_group")),
        (Role("default_item"), Decimal("60.00"), Role("tax_exempt")),
        (Role("item", "A0002"), Decimal("-0.02"), Role("tax_exempt")),
    ]
    # Quantity and price stand beside an amount only where they come to it.
    assert [line.quantity for line in invoice.lines] == [Decimal("2.00"), None, Decimal("1.00"), Decimal("1.00")]
    assert invoice.lines[1].description == "Conduits · 1 unité × 289 · Rabais 10.00"
    assert invoice.memo == "Plannit 1001 · Article par défaut"


def test_a_company_without_tax_gets_no_codes(firm: Firm, drafts: Drafts) -> None:
    firm.invoice(firm.contact("A"), Sold(name="x", price="10", taxable=False))
    invoice = drafts(firm, taxed=False)["invoices/F0001"]
    assert isinstance(invoice, Invoice)
    assert (invoice.tax_mode, invoice.lines[0].tax_code) == (TaxMode.NONE, None)


@pytest.mark.requirement("PL-16", "EX-02", "EX-03")
def test_every_payment_and_advance_goes_to_the_bank_of_the_deposits(firm: Firm, drafts: Drafts) -> None:
    client = firm.contact("A")
    invoice = firm.invoice(client, Sold(name="x", price="100", taxable=False))
    paid, advance, voided = firm.pay(invoice, "60"), firm.advance(client, "25.5"), firm.pay(invoice, "7")
    firm.void(voided)
    found = drafts(firm)
    payments = [found[f"payments/{each}"] for each in (paid, advance, voided)]
    assert all(isinstance(each, Payment) and each.deposit_to == Role("deposit_bank") for each in payments)
    assert [(getattr(each, "total", None), len(getattr(each, "applied", ()))) for each in payments] == [
        (Decimal("60.00"), 1),
        (Decimal("25.50"), 0),
        (Decimal("0.00"), 0),
    ]
    assert [getattr(each, "voided", None) for each in payments] == [False, False, True]


@pytest.mark.requirement("EX-02")
def test_an_advance_that_gets_its_invoice_is_applied_to_it(firm: Firm, drafts: Drafts) -> None:
    client = firm.contact("A")
    advance = firm.advance(client, "25")
    invoice = firm.invoice(client, Sold(name="x", price="100", taxable=False))
    firm.change("payment", advance, invoice_id=invoice)
    payment = drafts(firm)[f"payments/{advance}"]
    assert isinstance(payment, Payment)
    applied = Application(document=Link(f"invoices/{invoice}"), amount=Decimal("25.00"), of=Settled.INVOICE)
    assert payment.applied == (applied,)


def test_a_credit_is_a_memo_applied_by_a_payment_of_nothing(firm: Firm, drafts: Drafts) -> None:
    client = firm.contact("A")
    invoice = firm.invoice(client, Sold(name="x", price="100"))
    firm.credit(client, Sold(name="Rabais fidélité", price="10"), invoice=invoice)
    found = drafts(firm)
    memo, payment = found["credits/K0001"], found["credits/K0001#applied"]
    assert isinstance(memo, CreditMemo)
    assert isinstance(payment, Payment)
    assert (memo.total, payment.total) == (Decimal("11.50"), 0)
    assert [(each.of, each.amount) for each in payment.applied] == [
        (Settled.INVOICE, Decimal("11.50")),
        (Settled.CREDIT_MEMO, Decimal("11.50")),
    ]


def test_a_refund_gives_back_lines_and_taxes_after_its_payment(firm: Firm, drafts: Drafts) -> None:
    client = firm.contact("A")
    payment = firm.pay(firm.invoice(client, Sold(name="x", price="100")))
    firm.refund(payment, Sold(name="x", price="10"))
    refund = drafts(firm)["refunds/R0001"]
    assert isinstance(refund, RefundReceipt)
    assert (refund.total, refund.after, refund.paid_from) == (
        Decimal("11.50"), Link(f"payments/{payment}"), Role("deposit_bank"),
    )  # fmt: skip


def test_a_payout_leaves_its_fee_alone(firm: Firm, drafts: Drafts) -> None:
    firm.payout("100.00", "2.95")
    firm.payout("100.00", "0")
    found = drafts(firm)
    assert [key for key in found if key.startswith("payouts")] == ["payouts/V0001"]
    fee = found["payouts/V0001"]
    assert isinstance(fee, Expense)
    assert (fee.total, fee.lines[0].account) == (Decimal("2.95"), Role("fees"))


@pytest.mark.requirement("EX-02", "PL-23", "PL-35", "K16")
def test_drafts_and_what_was_numbered_before_the_cut_over_stay_out(
    firm: Firm, records: Callable[..., list[Record]]
) -> None:
    client = firm.contact("A")
    firm.item("x", "1")
    firm.invoice(client, Sold(name="ébauche", price="1", taxable=False), number=False)
    firm.invoice(client, Sold(name="avant", price="1", taxable=False), numbered_at="2026-03-02T08:59:00-05:00")
    firm.invoice(client, Sold(name="après", price="1", taxable=False), numbered_at="2026-03-02T09:00:00-05:00")
    settings = PlannitSettings(account="b", cut_over="2026-03-02T09:00-05:00")
    context = FakeMapContext(settings=settings, terms=raccord_plannit.describe().terms)
    said = [raccord_plannit.map_record(context, each) for each in records(firm, settings)]
    codes = [each.code for each in said if isinstance(each, Skipped)]
    assert codes == ["plannit.set_up_only", "plannit.set_up_only", "plannit.draft"]
    began = {each.source_id: each.begins_on for each in records(firm, settings) if each.stream == "invoices"}
    assert (began["F0002"], began["F0003"]) == (date(2026, 2, 28), date(2026, 3, 2))


def test_an_invoice_dated_back_begins_on_the_day_it_got_its_number(
    firm: Firm, records: Callable[..., list[Record]]
) -> None:
    firm.invoice(firm.contact("A"), Sold(name="x", price="1", taxable=False), day=date(2026, 2, 10))
    (invoice,) = [each for each in records(firm) if each.stream == "invoices"]
    assert (invoice.day, invoice.begins_on) == (date(2026, 2, 10), date(2026, 3, 2))


def test_what_is_deleted_at_the_source_posts_nothing(firm: Firm, records: Callable[..., list[Record]]) -> None:
    invoice = firm.invoice(firm.contact("A"), Sold(name="x", price="1", taxable=False))
    firm.change("invoice", invoice, deleted=True)
    (record,) = [each for each in records(firm) if each.stream == "invoices"]
    assert record.amount is None
    answer = raccord_plannit.map_record(FakeMapContext(settings=PlannitSettings(account="b")), record)
    assert isinstance(answer, Skipped)
    assert answer.code == "plannit.deleted"


def test_the_seeded_firm_is_the_same_each_time_and_maps_whole(drafts: Drafts) -> None:
    first, again = seeded(date(2026, 3, 2)), seeded(date(2026, 3, 2))
    assert first.objects == again.objects
    kinds = [draft.kind for draft in drafts(first).values()]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "CreditMemo": 2, "Customer": 7, "Expense": 2, "Invoice": 14, "Payment": 24,
    }  # fmt: skip
