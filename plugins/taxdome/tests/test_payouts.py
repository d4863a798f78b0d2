"""What fees and payouts become, in both places where payments land."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

import raccord_taxdome
from raccord.plugin import BadRecord, Connector, Mapped, Record, Skipped
from raccord.plugin.drafts import (
    Deposit,
    Draft,
    Expense,
    JournalEntry,
    Link,
    LinkedLine,
    Payment,
    RefundReceipt,
    Role,
    Transfer,
)
from raccord.plugin.testing import FakeMapContext
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.settings import Landing, TaxDomeSettings

connector: Connector = raccord_taxdome
Drafts = Callable[..., dict[str, Draft]]
Answers = Callable[..., dict[str, Mapped | Skipped | None]]


def settings(**values: object) -> TaxDomeSettings:
    return TaxDomeSettings.model_validate({"firm": "laurier", **values})


def reason(answer: Mapped | Skipped | None) -> str:
    return answer.code if isinstance(answer, Skipped) else ""


@pytest.mark.requirement("TD-53")
def test_a_payout_brings_its_payments_to_the_bank_or_leaves_the_clearing_account(
    practice: Practice, drafts: Drafts, answers: Answers
) -> None:
    client = practice.account("Érable & fils")
    paid = [
        practice.pay(practice.invoice(client, practice.line(name="X", rate="100.00")), fee="3.20") for _ in range(10)
    ]
    back = practice.refund(paid[0], "40.00")
    practice.payout(*paid, back, fee="32.00")
    practice.payout(fee="88.00", provider="cpacharge", total="0")
    practice.payout(total="12.00")
    found = drafts(practice)
    deposit, monthly = found["payouts/po_0001"], found["payouts/po_0002"]
    assert isinstance(deposit, Deposit)
    assert (deposit.total, len(deposit.lines)) == (Decimal("960.00"), 11)
    last = deposit.lines[-1]
    assert isinstance(last, LinkedLine)
    assert (last.document, last.amount) == (Link("refunds/ref_0001"), Decimal("-40.00"))
    assert isinstance(monthly, Expense)
    assert monthly.total == Decimal("88.00")
    assert reason(answers(practice)["payouts/po_0003"]) == "taxdome.payout_of_nothing"
    cleared = drafts(practice, settings(landing=Landing.CLEARING))
    moved = cleared["payouts/po_0001"]
    assert isinstance(moved, Transfer)
    assert (moved.source, moved.target, moved.total) == (Role("clearing"), Role("payout_bank"), Decimal("928.00"))
    landed = sum(each.total for key, each in cleared.items() if isinstance(each, Payment))
    spent = sum(each.total for key, each in cleared.items() if isinstance(each, Expense) and key.startswith("payments"))
    given = sum(each.total for each in cleared.values() if isinstance(each, RefundReceipt))
    assert landed - spent - given - moved.total == 0, "the clearing account is empty again"


@pytest.mark.requirement("TD-09", "TD-16", "TD-26", "K13")
def test_a_fee_that_is_an_object_of_its_own_is_one_expense_whoever_says_it_first(
    practice: Practice, drafts: Drafts, answers: Answers
) -> None:
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(name="X", rate="100.00"))
    alone, both, left = practice.pay(bill), practice.pay(bill, fee="3.20"), practice.pay(bill, sync=False)
    for payment in (alone, both, left):
        practice.fee("3.20", payment)
    practice.fee("25.00", description="Mensuel")
    found = {key: each for key, each in drafts(practice).items() if isinstance(each, Expense)}
    assert {key: str(each.total) for key, each in found.items()} == {
        "payments/pay_0002#fee": "3.20", "fees/payment:pay_0001": "3.20", "fees/fee_0004": "25.00",
    }  # fmt: skip
    assert all(
        each.paid_from == Role("payout_bank") and each.lines[0].account == Role("fees") for each in found.values()
    )
    said = answers(practice)
    assert reason(said["fees/payment:pay_0002"]) == "taxdome.fee_in_payment"
    assert reason(said["fees/payment:pay_0003"]) == "taxdome.payment_left_out"
    cleared = drafts(practice, settings(landing=Landing.CLEARING))["fees/fee_0004"]
    assert isinstance(cleared, Expense)
    assert cleared.paid_from == Role("clearing")


@pytest.mark.requirement("TD-53", "K13")
@pytest.mark.parametrize("landing", Landing)
@pytest.mark.parametrize(
    ("fees", "fee", "extra", "own"),
    [
        (("3.20", "3.20"), "6.40", "", ""),
        (("", ""), "6.40", "", "6.40"),
        (("3.20", ""), "8.40", "", "5.20"),
        (("3.20", ""), "6.40", "3.20", ""),
        (("3.20", "3.20"), "0", "", ""),
    ],
)
def test_what_of_a_payouts_fee_is_in_none_of_its_payments_is_an_expense_of_the_payout(
    practice: Practice, drafts: Drafts, landing: Landing, fees: tuple[str, str], fee: str, extra: str, own: str
) -> None:
    client = practice.account("Érable & fils")
    paid = [
        practice.pay(
            practice.invoice(client, practice.line(name="X", rate="100.00")), **({"fee": each} if each else {})
        )
        for each in fees
    ]
    if extra:
        practice.fee(extra, paid[1])
    practice.payout(*paid, fee=fee)
    found = drafts(practice, settings(landing=landing))
    expense = found.get("payouts/po_0001#fee")
    assert (str(expense.total) if isinstance(expense, Expense) else "") == own
    if fee != "0":
        # What the payout says that the bank got is what the books say.
        spent = sum(each.total for each in found.values() if isinstance(each, Expense))
        moved = found["payouts/po_0001"]
        assert isinstance(moved, Deposit | Transfer)
        into = moved.total - (spent if landing is Landing.UNDEPOSITED else 0)
        assert into == Decimal(200) - Decimal(fee)
        assert landing is Landing.UNDEPOSITED or 200 - spent - moved.total == 0, "the clearing account is empty again"


@pytest.mark.requirement("TD-53", "TD-35")
def test_a_payout_of_less_fee_than_its_payments_say_is_refused_with_the_reason(
    practice: Practice, records: Callable[..., list[Record]]
) -> None:
    bill = practice.invoice(practice.account("A"), practice.line(name="X", rate="100.00"))
    practice.payout(practice.pay(bill, fee="3.20"), fee="1.00")
    payout = next(each for each in records(practice) if each.stream == "payouts")
    context = FakeMapContext(settings=settings(), terms=raccord_taxdome.describe().terms, taxed=True)
    with pytest.raises(BadRecord) as wrong:
        connector.map_record(context, payout)
    assert "3.20" in wrong.value.reason.fr
    assert "the payments say fees of 3.20, the payout 1.00" in wrong.value.reason.en


@pytest.mark.requirement("TD-53", "TD-42")
@pytest.mark.parametrize("landing", Landing)
def test_a_payout_that_takes_more_back_than_it_pays_comes_out_of_the_bank(
    practice: Practice, drafts: Drafts, landing: Landing
) -> None:
    bill = practice.invoice(practice.account("A"), practice.line(name="X", rate="100.00"))
    first, second = practice.pay(bill, "80.00"), practice.pay(bill, "20.00")
    practice.payout(second, practice.refund(first, "50.00"))
    found = drafts(practice, settings(landing=landing))
    if landing is Landing.CLEARING:
        moved = found["payouts/po_0001"]
        assert isinstance(moved, Transfer)
        assert (moved.source, moved.total) == (Role("payout_bank"), Decimal("30.00"))
    else:
        back, deposit = found["payouts/po_0001#negative"], found["payouts/po_0001"]
        assert isinstance(back, JournalEntry)
        assert isinstance(deposit, Deposit)
        assert (deposit.total, [each.amount for each in deposit.lines]) == (0, [20, -50, 30])
