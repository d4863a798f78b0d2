"""Documents made of signed amounts, and fields read by their type: what is right goes through, what is not is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from raccord.plugin import JSON, BadRecord, FieldError, Fields, Money, Record, TermTable, revised
from raccord.plugin.documents import SaleFields, entry, invoice, payment, payout, refund, sale, settling
from raccord.plugin.drafts import (
    CreditMemo,
    CustomerOf,
    Deposit,
    Invoice,
    ItemFor,
    JournalEntry,
    Link,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    Side,
    StatedTax,
    TaxMode,
    links_in,
    money_effect,
)
from raccord.plugin.testing import FakeMapContext

TILL, BANK, FEES = Role("till"), Role("bank"), Role("fees")


def record(amount: str | None) -> Record:
    return Record("sales", "1", date(2026, 3, 2), {}, None if amount is None else Money.of(amount, "CAD"))


def line(amount: str, quantity: str | None = None, price: str | None = None) -> SalesLine:
    counted, each = (None if said is None else Decimal(said) for said in (quantity, price))
    return SalesLine(
        item=ItemFor(Role("income")), amount=Decimal(amount), tax_code=Role("tax"), quantity=counted, unit_price=each
    )


TAXES = (StatedTax(percent=Decimal(5), amount=Decimal("0.52")), StatedTax(percent=Decimal(9), amount=Decimal(0)))


def test_a_sale_is_a_receipt_and_below_zero_a_refund_of_positive_amounts() -> None:
    taxed = FakeMapContext(taxed=True)
    sold = sale(taxed, record("11.02"), at=TILL, lines=[line("10.50", "3", "3.50")], taxes=TAXES,
                tax_mode=TaxMode.EXCLUSIVE, memo="m")  # fmt: skip
    assert isinstance(sold, SalesReceipt)
    assert (sold.total, sold.deposit_to, sold.taxes, sold.memo) == (Decimal("11.02"), TILL, TAXES[:1], "m")
    for quantity, price in (("-3", "3.50"), ("3", "-3.50")):
        back = sale(taxed, record("-10.50"), at=TILL, lines=[line("-10.50", quantity, price)])
        assert isinstance(back, RefundReceipt)
        (turned,) = back.lines
        assert (back.total, turned.amount, turned.quantity, turned.unit_price) == (
            Decimal("10.50"), Decimal("10.50"), Decimal(3), Decimal("3.50"),
        )  # fmt: skip
        assert money_effect(back) == (TILL, Decimal("-10.50"))
    stated = [StatedTax(percent=Decimal(5), amount=Decimal("-0.52"))]
    back = sale(taxed, record("-11.02"), at=TILL, lines=[line("-10.50")], taxes=stated, tax_mode=TaxMode.EXCLUSIVE)
    assert [each.amount for each in back.taxes] == [Decimal("0.52")]


def test_a_company_without_taxes_gets_none_and_stated_ones_are_refused() -> None:
    sold = sale(FakeMapContext(), record("10.50"), at=TILL, lines=[line("10.50")])
    assert (sold.tax_mode, [each.tax_code for each in sold.lines]) == (TaxMode.NONE, [None])
    with pytest.raises(BadRecord) as refused:
        sale(FakeMapContext(), record("11.02"), at=TILL, lines=[line("10.50")], taxes=TAXES)
    assert refused.value.field == "taxes"


@pytest.mark.parametrize(
    ("mode", "taxes", "refused"),
    [
        (TaxMode.INCLUSIVE, None, True),
        (TaxMode.INCLUSIVE, TAXES, True),
        (TaxMode.EXCLUSIVE, TAXES, False),
        (TaxMode.EXCLUSIVE, (), True),
        # QuickBooks adds what the codes say.
        (TaxMode.EXCLUSIVE, None, False),
    ],
)
def test_parts_that_are_not_the_total_make_a_bad_record(
    mode: TaxMode, taxes: tuple[StatedTax, ...] | None, refused: bool
) -> None:
    def make() -> None:
        sale(FakeMapContext(taxed=True), record("11.02"), at=TILL, lines=[line("10.50")], tax_mode=mode, taxes=taxes)

    if not refused:
        make()
        return
    with pytest.raises(BadRecord) as caught:
        make()
    assert caught.value.field == "total"
    assert "11,02" in caught.value.reason.fr


def test_a_payout_is_a_deposit_and_below_zero_a_journal_entry() -> None:
    paid = payout(record("48.08"), BANK, [(TILL, Decimal("49.31")), (FEES, Decimal("-1.23")), (FEES, Decimal(0))])
    assert isinstance(paid, Deposit)
    assert [each.amount for each in paid.lines] == [Decimal("49.31"), Decimal("-1.23")]
    taken = payout(record("-18.41"), BANK, [(TILL, Decimal("-18.31")), (FEES, Decimal("-0.10"))])
    assert isinstance(taken, JournalEntry)
    assert [(each.account, each.side, each.amount) for each in taken.lines] == [
        (TILL, Side.DEBIT, Decimal("18.31")), (FEES, Side.DEBIT, Decimal("0.10")),
        (BANK, Side.CREDIT, Decimal("18.41")),
    ]  # fmt: skip
    assert money_effect(taken) == (BANK, Decimal("-18.41"))
    with pytest.raises(BadRecord):
        payout(record("48.08"), BANK, [(TILL, Decimal("49.31"))])


def test_an_entry_balances_and_is_told_by_its_purpose() -> None:
    moves = [(TILL, Decimal("8.05")), (BANK, Decimal("-8.05"))]
    made = entry(record(None), moves, money=BANK, purpose="gift", currency="CAD")
    assert (made.key, made.currency) == ("sales/1#gift", "CAD")
    with pytest.raises(BadRecord):
        entry(record("1"), moves[:1], money=BANK)
    with pytest.raises(ValueError, match="currency"):
        entry(record(None), moves, money=BANK)


ROW: dict[str, JSON] = {
    "id": 7, "word": " a ", "cents": "-1831", "price": "3.50", "at": "2026-03-02T07:14:09-05:00", "on": "2026-03-02",
    "void": True, "lines": [{"qty": "2"}, {"qty": "x"}], "names": ["T-1", 2], "empty": "",
    "bare": "2026-03-02T07:14:09",
}  # fmt: skip


def test_fields_are_read_by_their_type() -> None:
    said = Fields(ROW)
    assert (said.text("id"), said.text("word"), said.text("empty", "-"), said.whole("none", 1)) == ("7", "a", "-", 1)
    assert said.minor("cents", "CAD") == Money.of("-18.31", "CAD")
    assert said.money("price", "CAD") == Money.of("3.50", "CAD")
    assert (said.day("on"), said.moment("at").astimezone(UTC).hour) == (date(2026, 3, 2), 12)
    assert (said.flag("void"), said.flag("none"), said.texts("names"), said.each("none")) == (
        True,
        False,
        ("T-1", "2"),
        (),
    )
    assert said.each("lines")[0].whole("qty") == 2
    # Decimals come back as such from the store.
    assert Fields({"price": Decimal("3.50")}).decimal("price") == Decimal("3.50")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda said: said.text("none"), "none"),
        (lambda said: said.text("empty"), "empty"),
        (lambda said: said.text("void"), "void"),
        (lambda said: said.whole("price"), "price"),
        (lambda said: said.decimal("word"), "word"),
        (lambda said: Fields({"n": "NaN"}).decimal("n"), "n"),
        (lambda said: said.day("at"), "at"),
        (lambda said: said.moment("on"), "on"),
        (lambda said: said.moment("bare"), "bare"),
        (lambda said: said.flag("id"), "id"),
        (lambda said: said.each("names"), "names[1]"),
        (lambda said: said.each("word"), "word"),
        (lambda said: said.texts("word"), "word"),
        (lambda said: said.each("lines")[1].whole("qty"), "lines[2].qty"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(read, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FieldError) as caught:
        read(Fields(ROW))
    assert caught.value.field == field
    assert field in caught.value.text.fr
    assert isinstance(caught.value, BadRecord)
    assert isinstance(caught.value, ValueError)


def test_a_word_that_is_not_in_the_table_makes_a_bad_record() -> None:
    with pytest.raises(BadRecord) as caught:
        TermTable().known("twint", "tender")
    assert (caught.value.field, "twint" in caught.value.text.en) == ("tender", True)


def test_revisions_are_in_order() -> None:
    assert datetime(2000, 1, 1, tzinfo=UTC) < revised(1) < revised(2)


SOLD = SaleFields(description="title", quantity="qty", price="price", tax="vat", taxes="taxes")
OF_TAX = TermTable.from_toml(
    '[[term]]\nword = "low"\nledger = "TaxCode"\nrole = "reduced"\nfr = "Bas"\nen = "Low"\norigin = "x"\n'
)


def bill_of(amount: str, quantity: str, tax: str) -> Record:
    line = {"title": "Candide", "qty": quantity, "price": "10.00", "amount": str(Decimal(quantity) * 10), "vat": "low"}
    raw: dict[str, JSON] = {"lines": [line], "taxes": [{"rate": "5.5", "amount": tax}]}
    return Record("invoices", "7", date(2026, 3, 2), raw, Money.of(amount, "EUR"))


def test_an_invoice_is_made_of_a_rows_fields_and_below_zero_a_credit_memo() -> None:
    context = FakeMapContext(taxed=True, terms=OF_TAX)
    whole = invoice(context, bill_of("21.10", "2", "1.10"), SOLD, customer=Link("customers/1"), number="F-7")
    back = invoice(context, bill_of("-10.55", "-1", "-0.55"), SOLD, customer=Link("customers/1"), number="A-7")
    assert isinstance(whole, Invoice)
    assert isinstance(back, CreditMemo)
    (line,), (turned,) = whole.lines, back.lines
    assert (line.amount, line.quantity, line.unit_price, line.tax_code) == (20, 2, 10, Role("reduced"))
    assert (turned.amount, turned.quantity, turned.unit_price, back.total) == (10, 1, 10, Decimal("10.55"))
    assert [each.amount for each in back.taxes] == [Decimal("0.55")]
    with pytest.raises(BadRecord, match=r"21\.10"):
        invoice(context, bill_of("21.11", "2", "1.10"), SOLD, customer=Link("customers/1"))
    with pytest.raises(BadRecord, match="not known"):
        invoice(FakeMapContext(taxed=True), bill_of("21.10", "2", "1.10"), SOLD, customer=Link("customers/1"))


def test_a_refund_is_written_positive_and_of_the_customer_of_its_invoice() -> None:
    record = replace(bill_of("-10.55", "1", "0.55"), stream="refunds")
    whose = CustomerOf(Link("invoices/7"))
    context = FakeMapContext(taxed=True, terms=OF_TAX)
    made = refund(context, record, SOLD, at=Role("bank"), customer=whose)
    assert isinstance(made, RefundReceipt)
    assert (made.total, made.lines[0].amount, made.taxes[0].amount) == (Decimal("10.55"), 10, Decimal("0.55"))
    assert (made.customer, links_in(made)) == (whose, ("invoices/7",))


def test_a_payment_is_of_its_first_invoices_customer_and_settles_no_more_than_it_is() -> None:
    record = Record("payments", "1", date(2026, 3, 2), {}, Money.of("25.00", "EUR"))
    made = payment(record, at=Role("bank"), applied=[settling("invoices", "7", Decimal(20))])
    assert (made.customer, made.total, made.applied[0].amount) == (CustomerOf(Link("invoices/7")), 25, 20)
    assert payment(record, at=Role("bank"), customer=Link("customers/1")).applied == ()
    with pytest.raises(BadRecord, match="neither a customer nor an invoice"):
        payment(record, at=Role("bank"))
    with pytest.raises(BadRecord, match="26"):
        payment(record, at=Role("bank"), applied=[settling("invoices", "7", Decimal(26))])
