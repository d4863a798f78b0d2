"""Invoices, bills, credits and their payments in QuickBooks' words, and what of them is refused before it is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from raccord.plugin.drafts import (
    Address,
    Application,
    Bill,
    BillPayment,
    CreditMemo,
    Customer,
    Discount,
    Draft,
    ExpenseLine,
    Invoice,
    Item,
    ItemFor,
    LedgerId,
    Link,
    Payment,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    Settled,
    StatedTax,
    TaxMode,
    VendorCredit,
    links_in,
)
from raccord.quickbooks.codec import EncodeError, Places, Target, differing, encode, ledger_effect, readdressed
from raccord.sync.bodies import dump_draft, load_draft

DAY = date(2026, 3, 4)


def d(text: str) -> Decimal:
    return Decimal(text)


def _line(amount: str, code: str | None = "5", **more: Any) -> SalesLine:
    tax = None if code is None else LedgerId(code)
    return SalesLine(item=ItemFor(Role("sales")), amount=d(amount), tax_code=tax, **more)


def _invoice(total: str = "114.98", *lines: SalesLine, **more: Any) -> Invoice:
    more = {"tax_mode": TaxMode.EXCLUSIVE, **more}
    return Invoice(
        key="i", day=DAY, currency="CAD", customer=Link("client"), lines=lines or (_line("100.00"),), total=d(total),
        **more,
    )  # fmt: skip


def _to(key: str, amount: str, of: Settled = Settled.INVOICE) -> Application:
    return Application(document=Link(key), amount=d(amount), of=of)


def _payment(total: str, *applied: Application, **more: Any) -> Payment:
    return Payment(
        key="p", day=DAY, currency="CAD", customer=Link("client"), deposit_to=Role("clearing"), total=d(total),
        applied=applied, **more,
    )  # fmt: skip


def _bill_payment(total: str, *applied: Application) -> BillPayment:
    return BillPayment(
        key="y", day=DAY, currency="CAD", vendor=Link("vendor"), paid_from=Role("bank"),
        payment_type=PaymentType.CHECK, total=d(total), applied=applied,
    )  # fmt: skip


def test_an_invoice_bears_the_number_term_due_day_and_place_of_the_source(desk: Any) -> None:
    draft = _invoice(number=" F-1001 ", due=date(2026, 4, 3), term=LedgerId("3"), location=Role("place"), memo="Toit")
    body = desk.body(draft)
    assert body["DocNumber"] == "F-1001"
    assert (body["DueDate"], body["SalesTermRef"], body["DepartmentRef"]) == (
        "2026-04-03", {"value": "3"}, {"value": "role-place"},
    )  # fmt: skip
    assert body["PrivateNote"] == f"Toit {desk.marker}"
    assert "DepositToAccountRef" not in body
    # A number that QuickBooks cannot keep stays readable, and ours makes the document findable.
    long = desk.body(_invoice(number="F-2026-000000000000001"))
    assert (long["DocNumber"], long["PrivateNote"]) == ("R-7K2M9QX4TW", f"(F-2026-000000000000001) {desk.marker}")


def test_a_discount_stands_on_a_line_of_its_own_and_lowers_the_tax(desk: Any) -> None:
    discount = Discount(amount=d("10.00"), account=Role("discounts"), description="Fidélité")
    body = desk.body(_invoice("103.48", discount=discount))
    assert body["Line"][-1] == {
        "DetailType": "DiscountLineDetail", "Amount": d("10.00"), "Description": "Fidélité",
        "DiscountLineDetail": {"PercentBased": False, "DiscountAccountRef": {"value": "role-discounts"}},
    }  # fmt: skip
    assert "TxnTaxDetail" not in body
    american = replace(_invoice("97.20", _line("100.00", "2")), currency="USD", discount=discount)
    body = desk.body(american, desk.us)
    assert (body["TxnTaxDetail"]["TotalTax"], body["ApplyTaxAfterDiscount"]) == (d("7.20"), True)


def test_taxes_that_the_source_states_are_sent_where_quickbooks_would_round_otherwise(desk: Any) -> None:
    def stated(gst: str, qst: str) -> tuple[StatedTax, ...]:
        return (StatedTax(percent=d("5"), amount=d(gst)), StatedTax(percent=d("9.975"), amount=d(qst)))

    plain = desk.body(_invoice("114.98", taxes=stated("5.00", "9.98")))
    assert "TxnTaxDetail" not in plain
    body = desk.body(_invoice("114.97", taxes=stated("5.01", "9.96")))
    sent = {line["TaxLineDetail"]["TaxRateRef"]["value"]: line["Amount"] for line in body["TxnTaxDetail"]["TaxLine"]}
    assert sent == {"8": d("5.01"), "9": d("9.96")}


LINE = ExpenseLine(account=Role("fees"), amount=d("40.00"), customer=Link("client"))
BILL = Bill(key="b", day=DAY, currency="CAD", vendor=Link("vendor"), lines=(LINE,), total=d("40.00"), number="77")
CREDIT = VendorCredit(key="v", day=DAY, currency="CAD", vendor=Link("vendor"), lines=(LINE,), total=d("40.00"))


def test_bills_and_their_payments_name_vendor_account_and_what_is_settled(desk: Any) -> None:
    body = desk.body(replace(BILL, due=date(2026, 4, 1), term=LedgerId("2")))
    assert (body["VendorRef"], body["DocNumber"], body["DueDate"]) == ({"value": "{link:vendor}"}, "77", "2026-04-01")
    detail = body["Line"][0]["AccountBasedExpenseLineDetail"]
    assert (detail["CustomerRef"], detail["BillableStatus"]) == ({"value": "{link:client}"}, "NotBillable")
    assert desk.body(CREDIT)["DocNumber"] == "R-7K2M9QX4TW"
    paid = _bill_payment("34.75", _to("b", "40.00", Settled.BILL), _to("v", "5.25", Settled.VENDOR_CREDIT))
    body = desk.body(paid)
    assert (body["PayType"], body["CheckPayment"]) == ("Check", {"BankAccountRef": {"value": "role-bank"}})
    assert [line["LinkedTxn"][0] for line in body["Line"]] == [
        {"TxnId": "{link:b}", "TxnType": "Bill"}, {"TxnId": "{link:v}", "TxnType": "VendorCredit"},
    ]  # fmt: skip
    back = _bill_payment("0.00", _to("d", "5.25", Settled.DEPOSIT), _to("v", "5.25", Settled.VENDOR_CREDIT))
    assert [line["LinkedTxn"][0]["TxnType"] for line in desk.body(back)["Line"]] == ["Deposit", "VendorCredit"]
    card = desk.body(replace(paid, payment_type=PaymentType.CARD))
    assert (card["PayType"], card["CreditCardPayment"]) == ("CreditCard", {"CCAccountRef": {"value": "role-bank"}})


@pytest.mark.requirement("K16")
def test_a_payment_waits_for_its_documents_and_leaves_the_rest_unapplied(desk: Any, resolve: Any) -> None:
    draft = _payment("150.00", _to("i1", "100.00"), _to("i2", "20.00"), method=LedgerId("3"), reference="ch_9f2")
    encoded = encode(draft, resolve, desk.quebec, marker=desk.marker, number="")
    assert encoded.needs == ("client", "i1", "i2")
    body = desk.body(draft)
    assert (body["TotalAmt"], body["PaymentRefNum"]) == (d("150.00"), "ch_9f2")
    assert body["PaymentMethodRef"] == {"value": "3"}
    assert "DocNumber" not in body
    assert desk.body(_payment("5.00"))["Line"] == []
    update = desk.body(draft, update=Target("9", "4"))
    assert (update["sparse"], update["SyncToken"], len(update["Line"])) == (True, "4", 2)
    refund = RefundReceipt(
        key="r", day=DAY, currency="CAD", paid_from=Role("clearing"), lines=(_line("1.00", None),), total=d("1.00"),
        after=Link("p"),
    )  # fmt: skip
    assert encode(refund, resolve, desk.quebec, marker=desk.marker, number="").needs == ("p",)


CREDITED = _to("c", "1.00", Settled.CREDIT_MEMO)
MEMO = CreditMemo(
    key="c", day=DAY, currency="CAD", customer=Link("client"), lines=(_line("9.00", None),), total=d("9.00")
)
REFUSED: dict[str, tuple[Draft, str]] = {
    "more applied than paid": (_payment("10.00", _to("i", "10.01")), "encoding.applied_differs"),
    "more credit than charge": (_payment("0.00", _to("i", "0.50"), CREDITED), "encoding.applied_differs"),
    "a bill by a customer": (_payment("1.00", _to("b", "1.00", Settled.BILL)), "encoding.settles_other_side"),
    "an invoice to a vendor": (_bill_payment("1.00", _to("i", "1.00")), "encoding.settles_other_side"),
    "one invoice twice": (_payment("2.00", _to("i", "1.00"), _to("i", "1.00")), "encoding.linked_twice"),
    "nothing applied": (_payment("2.00", _to("i", "0.00")), "encoding.amount_not_positive"),
    "a payment of less than nothing": (_payment("-2.00"), "encoding.negative_total"),
    "a bill payment of another total": (_bill_payment("2.00", _to("b", "1.00", Settled.BILL)),
                                        "encoding.applied_differs"),
    "a bill payment of no bill": (_bill_payment("2.00"), "encoding.no_lines"),
    "a discount beyond the lines": (
        _invoice("0.00", discount=Discount(amount=d("100.01"), account=Role("x"))), "encoding.discount_unfit"),
    "a discount on prices with tax": (
        _invoice("90.00", tax_mode=TaxMode.INCLUSIVE, discount=Discount(amount=d("10"), account=Role("x"))),
        "encoding.discount_inclusive"),
    "a tax far from its rate": (
        _invoice("115.03", taxes=(StatedTax(percent=d("5"), amount=d("5.05")),)), "encoding.tax_differs"),
    "a tax of a rate that no line bears": (
        _invoice("114.98", taxes=(StatedTax(percent=d("13"), amount=d("0.01")),)), "encoding.tax_differs"),
    "a tax where there is none": (
        _invoice("9.00", _line("9.00", None), tax_mode=TaxMode.NONE,
                 taxes=(StatedTax(percent=d("5"), amount=d("0.45")),)), "encoding.tax_differs"),
    "an invoice of another total": (_invoice("115.01"), "encoding.total_differs"),
    "a bill of another total": (replace(BILL, total=d("41.00")), "encoding.total_differs"),
    "a credit of another total": (replace(MEMO, total=d("8.00")), "encoding.total_differs"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_quickbooks_would_keep_otherwise_is_refused_before_it_is_sent(desk: Any, case: str) -> None:
    draft, code = REFUSED[case]
    with pytest.raises(EncodeError) as caught:
        desk.body(draft)
    assert caught.value.code == code


def test_a_foreign_document_bears_its_rate_and_counts_at_home(desk: Any, resolve: Any) -> None:
    many = replace(desk.quebec, multicurrency=True)
    dollars = replace(_invoice("33.33", _line("11.11", None), _line("22.22", None), tax_mode=TaxMode.NONE),
                      currency="USD", exchange_rate=d("1.37120"))  # fmt: skip
    body = desk.body(dollars, many)
    assert (body["CurrencyRef"], str(body["ExchangeRate"])) == ({"value": "USD"}, "1.3712")
    # 33.33 × 1.3712 = 45.7021
    assert ledger_effect(dollars, resolve, many, Places()) == {"receivable": d("45.70"), "role-sales": d("-45.70")}
    # QuickBooks' own rate of that day is not known before.
    assert ledger_effect(replace(dollars, exchange_rate=None), resolve, many, Places()) == {}
    assert "ExchangeRate" not in desk.body(replace(_invoice(), exchange_rate=d("2")), many)
    for rate in ("0", "-1", "NaN"):
        with pytest.raises(EncodeError, match="exchange_rate_unfit"):
            desk.body(replace(dollars, exchange_rate=d(rate)), many)


def test_customers_have_an_address_and_a_currency_and_items_a_code(desk: Any) -> None:
    address = Address(lines=("1 rue A", "", "b", "c", "d", "e", "f"), city="Laval", region="QC", postal_code="H7A 1A1")
    client = Customer(key="c", name="Érable", address=address, currency="USD")
    assert desk.body(client)["BillAddr"] == {
        "Line1": "1 rue A", "Line2": "b", "Line3": "c", "Line4": "d", "Line5": "e, f", "City": "Laval",
        "CountrySubDivisionCode": "QC", "PostalCode": "H7A 1A1",
    }  # fmt: skip
    assert "CurrencyRef" not in desk.body(client)
    assert desk.body(client, replace(desk.quebec, multicurrency=True))["CurrencyRef"] == {"value": "USD"}
    assert desk.body(Item(key="i", name="Conseil", income_account=Role("sales"), sku=" hour "))["Sku"] == "hour"


@pytest.mark.requirement("TD-25")
def test_a_customer_gets_its_type_when_it_is_made_and_never_again(desk: Any) -> None:
    draft = Customer(key="customers/1", name="Ana Roy", type_=LedgerId("9", "CustomerType"))
    assert desk.body(draft)["CustomerTypeRef"] == {"value": "9"}
    assert "CustomerTypeRef" not in desk.body(draft, update=Target("1", "0"))


@pytest.mark.requirement("EX-09")
def test_a_customer_that_keeps_its_name_is_updated_without_it(desk: Any) -> None:
    client = Customer(key="c", name="Érable", company="Érable", email="a@b.example", keeps_name=True)
    assert desk.body(client)["DisplayName"] == "Érable"
    for keeps, names in ((True, set()), (False, {"DisplayName", "CompanyName"})):
        draft = replace(client, keeps_name=keeps)
        body = desk.body(draft, update=Target("7", "2"))
        assert body["PrimaryEmailAddr"] == {"Address": "a@b.example"}
        assert {"DisplayName", "CompanyName"} & set(body) == names


def test_drafts_are_kept_whole_and_what_came_later_leaves_older_ones_as_they_were(desk: Any) -> None:
    invoice = _invoice(taxes=(StatedTax(percent=d("5"), amount=d("5.00")),), due=DAY)
    for draft in (invoice, BILL, CREDIT, MEMO, _payment("3.00", _to("i", "1.00"), CREDITED)):
        assert load_draft(dump_draft(draft)) == draft
    assert links_in(_payment("3.00", _to("i", "1.00"), CREDITED)) == ("client", "i", "c")
    text = dump_draft(desk.receipt("1.00"))
    assert not {"discount", "taxes", "exchange_rate"} & set(text.replace('"', " ").split())
    assert '"sku"' not in dump_draft(Item(key="i", name="a", income_account=Role("x")))


def test_an_update_sent_again_differs_in_its_token_alone() -> None:
    payload = '{"Id":"7","SyncToken":"0","TotalAmt":12.30}'
    assert readdressed(payload, "3") == '{"Id":"7","SyncToken":"3","TotalAmt":12.30}'


def test_balances_that_moved_are_no_difference() -> None:
    assert differing({"Name": "a", "CurrentBalance": d("1")}, {"Name": "a", "CurrentBalance": d("2")}) == ()
    assert differing({"Name": "a", "CurrentBalance": d("1")}, {"Name": "b", "CurrentBalance": d("2")}) == ("Name",)
