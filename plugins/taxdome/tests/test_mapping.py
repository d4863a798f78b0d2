"""What each object of TaxDome becomes, to the cent and in which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

import raccord_taxdome
from raccord.plugin import JSON, Connector, Mapped, Record, Skipped
from raccord.plugin.drafts import (
    CreditMemo,
    Customer,
    Draft,
    Expense,
    Invoice,
    Item,
    LedgerId,
    Link,
    MoneyOf,
    Payment,
    RefundReceipt,
    Role,
    Settled,
    StatedTax,
    TaxMode,
)
from raccord.plugin.testing import FakeMapContext
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.sandbox.story import seeded
from raccord_taxdome.settings import Landing, OlderServices, Payments, Scope, TaxDomeSettings, TaxPolicy

connector: Connector = raccord_taxdome
Drafts = Callable[..., dict[str, Draft]]
Answers = Callable[..., dict[str, Mapped | Skipped | None]]


def settings(**values: object) -> TaxDomeSettings:
    return TaxDomeSettings.model_validate({"firm": "laurier", **values})


def reason(answer: Mapped | Skipped | None) -> str:
    return answer.code if isinstance(answer, Skipped) else ""


@pytest.mark.requirement("TD-10", "TD-12", "TD-31", "TD-32")
def test_an_account_is_a_customer_of_its_name_once_it_has_documents_or_at_once(
    practice: Practice, drafts: Drafts
) -> None:
    person = {"name": "Luc", "email": "luc@x.example", "phone": "418 555-0100", "line": "1, rue X", "city": "Québec"}
    practice.account("Érable & fils", type="company", contacts=[person])
    used = drafts(practice)["accounts/acc_0001"]
    assert isinstance(used, Customer)
    assert (used.name, used.company, used.email, used.phone) == (
        "Érable & fils", "Érable & fils", "luc@x.example", "418 555-0100",
    )  # fmt: skip
    assert used.address is not None
    assert used.address.city == "Québec"
    assert used.when_used
    every = drafts(practice, settings(accounts=Scope.ALL))["accounts/acc_0001"]
    assert isinstance(every, Customer)
    assert not every.when_used


@pytest.mark.requirement("TD-06", "TD-08", "TD-23")
def test_an_invoice_keeps_its_lines_their_order_and_its_total(practice: Practice, drafts: Drafts) -> None:
    returns, advice = practice.service("Déclaration", "245.00"), practice.service("Conseil", "150.00")
    tax = {"tax": "TPS", "rate": "5", "amount": "32.00"}
    practice.invoice(
        practice.account("Érable & fils"),
        practice.line(returns, quantity="2", taxable=True),
        practice.line(advice, taxable=True),
        practice.line(name="Frais de poste", rate="0.333", quantity="3", amount="1.01"),
        taxes=(tax,),
        due="2026-04-01",
    )
    invoice = drafts(practice)["invoices/inv_0001"]
    assert isinstance(invoice, Invoice)
    assert [(line.description, line.amount, line.quantity) for line in invoice.lines] == [
        ("Déclaration", Decimal("490.00"), Decimal(2)),
        ("Conseil", Decimal("150.00"), Decimal(1)),
        ("Frais de poste · 3 × 0.333", Decimal("1.01"), None),
    ]
    assert (invoice.total, invoice.tax_mode) == (Decimal("673.01"), TaxMode.EXCLUSIVE)
    assert invoice.taxes == (StatedTax(percent=Decimal(5), amount=Decimal("32.00")),)
    assert invoice.memo == "TaxDome inv_0001"
    assert (invoice.number, invoice.due) == ("5001", date(2026, 4, 1))
    named = Role("tax_named", "TPS")
    assert [line.tax_code for line in invoice.lines] == [named, named, Role("tax_exempt")]


@pytest.mark.requirement("TD-18", "TD-19", "TD-20", "TD-38", "TD-39", "TD-40", "K3")
def test_where_a_service_came_from_tells_its_item(practice: Practice, drafts: Drafts, answers: Answers) -> None:
    new = practice.service("Tenue de livres", "125.00", rate_type="hour")
    copied = practice.service("Conseil", "150.00", "quickbooks_copy", quickbooks_item_id="41")
    older = practice.service("Vieux service", "90.00", "taxdome_before")
    practice.invoice(practice.account("Érable & fils"), *(practice.line(each) for each in (new, copied, older)))
    found = drafts(practice)
    item, invoice = found["services/srv_0001"], found["invoices/inv_0001"]
    assert isinstance(item, Item)
    assert (item.name, item.unit_price, item.sku) == ("Tenue de livres", Decimal("125.00"), "hour")
    assert item.income_account == Role("service_income")
    assert isinstance(invoice, Invoice)
    assert [line.item for line in invoice.lines] == [
        Link("services/srv_0001"), LedgerId("41", "Item"), Role("default_item"),
    ]  # fmt: skip
    assert [line.unit_price for line in invoice.lines] == [Decimal("125.00"), Decimal("150.00"), Decimal("90.00")]
    assert invoice.lines[2].description == "Vieux service"
    said = answers(practice)
    assert reason(said["services/srv_0002"]) == "taxdome.service_copied"
    assert reason(said["services/srv_0003"]) == "taxdome.service_older"
    later = drafts(practice, settings(older_services=OlderServices.OWN_ITEM))
    assert isinstance(later["services/srv_0003"], Item)
    invoice = later["invoices/inv_0001"]
    assert isinstance(invoice, Invoice)
    assert invoice.lines[2].item == Link("services/srv_0003")


@pytest.mark.requirement("TD-04", "TD-09", "TD-16", "TD-24", "TD-26", "K4", "K13")
def test_a_payment_lands_whole_and_its_fee_is_an_expense_of_its_own(practice: Practice, drafts: Drafts) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    practice.pay(bill, fee="3.20")
    practice.pay(bill, "10.00", source="cash", provider="none", invoice_applications=[])
    found = drafts(practice)
    payment, fee = found["payments/pay_0001"], found["payments/pay_0001#fee"]
    assert isinstance(payment, Payment)
    assert (payment.total, payment.day, payment.reference) == (Decimal("100.00"), date(2026, 3, 2), "pay_0001")
    assert payment.deposit_to == Role("undeposited")
    assert [(each.document, each.amount, each.of) for each in payment.applied] == [
        (Link("invoices/inv_0001"), Decimal("100.00"), Settled.INVOICE)
    ]
    assert payment.memo == "Paiement (espèces, carte, chèque) · card · stripe · pay_0001"
    assert isinstance(fee, Expense)
    assert (fee.total, fee.paid_from, fee.lines[0].account) == (Decimal("3.20"), Role("payout_bank"), Role("fees"))
    assert "payments/pay_0002#fee" not in found
    cleared = drafts(practice, settings(landing=Landing.CLEARING))
    payment, fee = cleared["payments/pay_0001"], cleared["payments/pay_0001#fee"]
    assert isinstance(payment, Payment)
    assert isinstance(fee, Expense)
    assert (payment.deposit_to, fee.paid_from) == (Role("clearing"), Role("clearing"))


@pytest.mark.requirement("TD-07", "TD-15")
def test_credits_bring_no_new_money(practice: Practice, drafts: Drafts, answers: Answers) -> None:
    client = practice.account("Érable & fils")
    bill = practice.invoice(client, practice.line(name="X", rate="100.00"))
    practice.pay(bill, "30.00", source="promotional_credit", provider="none")
    other = practice.invoice(client, practice.line(name="Y", rate="50.00"))
    over = practice.pay(bill, "120.00", invoice_applications=[{"invoice_id": bill, "amount": "70.00"}])
    practice.use_credit(over, other, "50.00")
    found, said = drafts(practice), answers(practice)
    credit, applied = found["payments/pay_0001"], found["payments/pay_0001#applied"]
    assert isinstance(credit, CreditMemo)
    assert credit.total == Decimal("30.00")
    assert isinstance(applied, Payment)
    assert applied.total == 0
    assert {(each.of, each.amount) for each in applied.applied} == {
        (Settled.INVOICE, Decimal("30.00")), (Settled.CREDIT_MEMO, Decimal("30.00")),
    }  # fmt: skip
    paid = found["payments/pay_0002"]
    assert isinstance(paid, Payment)
    assert [(each.document, each.amount) for each in paid.applied] == [
        (Link("invoices/inv_0001"), Decimal("70.00")), (Link("invoices/inv_0002"), Decimal("50.00")),
    ]  # fmt: skip
    assert reason(said["payments/pay_0003"]) == "taxdome.client_credit"


@pytest.mark.requirement("TD-05", "TD-43", "K24", "EX-08")
@pytest.mark.parametrize(
    ("default", "kept"), [(Payments.ALL, {1, 2, 4}), (Payments.ONLINE, {1, 4}), (Payments.NONE, {4})]
)
def test_payments_stay_out_by_the_firms_word_or_by_their_own(
    practice: Practice, drafts: Drafts, default: Payments, kept: set[int]
) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    practice.pay(bill, "10.00")
    practice.pay(bill, "11.00", source="check", provider="none")
    practice.pay(bill, "12.00", sync=False)
    practice.pay(bill, "13.00", source="cash", provider="none", sync=True)
    found = drafts(practice, settings(payments=default))
    assert {int(key[-1]) for key in found if key.startswith("payments/")} == kept
    assert "invoices/inv_0001" in found


def test_a_payment_in_progress_waits_and_one_that_failed_or_went_away_is_emptied(
    practice: Practice, drafts: Drafts, answers: Answers
) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    practice.pay(bill, status="in_progress")
    practice.pay(bill, status="failed", fee="3.00")
    practice.pay(bill, deleted=True)
    assert reason(answers(practice)["payments/pay_0001"]) == "taxdome.in_progress"
    found = drafts(practice)
    for key in ("payments/pay_0002", "payments/pay_0003"):
        emptied = found[key]
        assert isinstance(emptied, Payment)
        assert (emptied.total, emptied.applied, emptied.voided) == (0, (), True)
    assert "payments/pay_0002#fee" not in found


def test_a_promotional_credit_that_was_taken_back_is_none(practice: Practice, answers: Answers) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    credit: dict[str, JSON] = {"source": "promotional_credit", "provider": "none"}
    practice.pay(bill, "30.00", **credit, deleted=True)
    practice.pay(bill, "20.00", **credit, status="failed")
    said = answers(practice)
    assert {reason(said[f"payments/pay_000{number}"]) for number in (1, 2)} == {"taxdome.deleted"}


def test_a_refund_is_a_receipt_after_its_payment(practice: Practice, drafts: Drafts) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    practice.refund(practice.pay(bill), "40.00")
    refund = drafts(practice)["refunds/ref_0001"]
    assert isinstance(refund, RefundReceipt)
    payment = Link("payments/pay_0001")
    assert (refund.total, refund.paid_from, refund.after) == (
        Decimal("40.00"), MoneyOf(payment, Role("undeposited")), payment,
    )  # fmt: skip


@pytest.mark.requirement("K18", "EX-12")
def test_tax_that_stays_out_is_told_and_its_part_of_the_payment_stays_unapplied(
    practice: Practice, drafts: Drafts
) -> None:
    tax = {"tax": "VAT", "rate": "5", "amount": "5.00"}
    line = practice.line(name="X", rate="100.00", taxable=True)
    bill = practice.invoice(practice.account("Érable & fils"), line, taxes=(tax,))
    practice.pay(bill, invoice_applications=[{"invoice_id": bill, "amount": "105.00", "tax": "5.00"}])
    found = drafts(practice, settings(tax=TaxPolicy.LEFT_OUT))
    invoice, payment = found["invoices/inv_0001"], found["payments/pay_0001"]
    assert isinstance(invoice, Invoice)
    assert (invoice.total, invoice.taxes, invoice.tax_mode) == (Decimal("100.00"), (), TaxMode.NONE)
    assert invoice.memo == "TaxDome inv_0001 · Taxe laissée hors de QuickBooks 5.00"
    assert isinstance(payment, Payment)
    assert (payment.total, payment.applied[0].amount) == (Decimal("105.00"), Decimal("100.00"))
    assert payment.memo.endswith("· pay_0001 · Taxe laissée hors de QuickBooks 5.00")


@pytest.mark.requirement("EX-09")
def test_an_account_that_is_not_synced_takes_its_documents_with_it_and_no_other(
    practice: Practice, answers: Answers
) -> None:
    for name in ("Un", "Deux"):
        practice.pay(practice.invoice(practice.account(name), practice.line(name="X", rate="10.00")))
    said = answers(practice, settings(unsynced="acc_0001"))
    assert {key for key, each in said.items() if reason(each) == "taxdome.account_unsynced"} == {
        "accounts/acc_0001", "invoices/inv_0001", "payments/pay_0001",
    }  # fmt: skip


@pytest.mark.requirement("TD-11", "K18")
@pytest.mark.parametrize(
    ("policy", "taxed", "code"),
    [
        (TaxPolicy.AUTOMATED, False, LedgerId("TAX")),
        (TaxPolicy.AUTOMATED, True, Role("tax_named", "CA")),
        (TaxPolicy.MAPPED, False, Role("tax_named", "CA")),
        (TaxPolicy.MAPPED, True, Role("tax_named", "CA")),
        (TaxPolicy.LEFT_OUT, False, None),
        (TaxPolicy.LEFT_OUT, True, Role("tax_exempt")),
    ],
)
def test_a_taxable_line_has_automated_tax_only_in_the_united_states_and_else_the_firms_answer(
    practice: Practice, drafts: Drafts, policy: TaxPolicy, taxed: bool, code: LedgerId | Role | None
) -> None:
    tax = {"tax": "CA", "rate": "8.875", "amount": "8.88"}
    line = practice.line(name="X", rate="100.00", taxable=True)
    practice.invoice(practice.account("A"), line, practice.line(name="Y", rate="1.00"), taxes=(tax,))
    invoice = drafts(practice, settings(tax=policy), taxed=taxed)["invoices/inv_0001"]
    assert isinstance(invoice, Invoice)
    assert [each.tax_code for each in invoice.lines] == [code, Role("tax_exempt") if taxed else None]
    assert invoice.total == (Decimal("101.00") if policy is TaxPolicy.LEFT_OUT else Decimal("109.88"))
    assert bool(invoice.taxes) == (taxed and policy is not TaxPolicy.LEFT_OUT)


@pytest.mark.requirement("EX-06")
def test_the_refund_of_a_payment_that_is_left_out_stays_out_with_it(practice: Practice, answers: Answers) -> None:
    bill = practice.invoice(practice.account("A"), practice.line(name="X", rate="100.00"))
    left, offline = practice.pay(bill, sync=False), practice.pay(bill, source="cash", provider="none")
    for payment in (left, offline, practice.pay(bill)):
        practice.refund(payment, "5.00")
    out = {
        payments: {
            key
            for key, each in answers(practice, settings(payments=payments)).items()
            if key.startswith("refunds") and reason(each) == "taxdome.payment_left_out"
        }
        for payments in Payments
    }
    assert out == {
        Payments.ALL: {"refunds/ref_0001"},
        Payments.ONLINE: {"refunds/ref_0001", "refunds/ref_0002"},
        Payments.NONE: {"refunds/ref_0001", "refunds/ref_0002", "refunds/ref_0003"},
    }


@pytest.mark.requirement("TD-31", "TD-32")
def test_only_selected_accounts_and_what_is_theirs_come_where_only_they_are_asked_for(
    practice: Practice, answers: Answers
) -> None:
    for name in ("Un", "Deux", "Trois"):
        practice.pay(practice.invoice(practice.account(name), practice.line(name="X", rate="10.00")))
    chosen = settings(accounts=Scope.SELECTED, selected="acc_0002\n acc_0003 ", unsynced="acc_0003")
    came = {key for key, each in answers(practice, chosen).items() if not reason(each)}
    assert came == {"accounts/acc_0002", "invoices/inv_0002", "payments/pay_0002"}


def test_a_recurring_invoice_posts_nothing_and_each_that_it_issues_does(
    practice: Practice, answers: Answers, drafts: Drafts
) -> None:
    monthly = practice.recurring(practice.account("A"), "Tenue de livres", "310.00")
    for _ in range(2):
        practice.issue(monthly)
    assert reason(answers(practice)["recurring/rec_0001"]) == "taxdome.recurring"
    totals = [each.total for each in drafts(practice).values() if isinstance(each, Invoice)]
    assert totals == [Decimal("310.00"), Decimal("310.00")]


def test_the_seeded_practice_maps_whole_in_every_choice(drafts: Drafts) -> None:
    practice = seeded(date(2026, 3, 2))
    for landing in Landing:
        for tax in TaxPolicy:
            assert len(drafts(practice, settings(landing=landing, tax=tax))) > 60


def test_a_stream_of_somebody_else_is_left_to_him() -> None:
    context = FakeMapContext(settings=settings(), terms=raccord_taxdome.describe().terms)
    assert connector.map_record(context, Record("sales", "1", date(2026, 3, 2), {})) is None
