"""Documents made of a record's signed amounts: what is below zero becomes the document that goes the other way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from raccord.plugin.contexts import MapContext
from raccord.plugin.drafts import (
    Application,
    CreditMemo,
    CustomerOf,
    Deposit,
    DirectLine,
    Invoice,
    ItemFor,
    JournalEntry,
    JournalLine,
    Link,
    Payment,
    Ref,
    RefundReceipt,
    Role,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    StatedTax,
    TaxMode,
)
from raccord.plugin.errors import BadRecord
from raccord.plugin.fields import Fields
from raccord.plugin.records import Record, record_key
from raccord.plugin.texts import Text, figures

__all__ = ["SaleFields", "entry", "invoice", "payment", "payout", "refund", "sale", "settling"]

_NO_TAXES = Text(
    "Des taxes y figurent, mais cette société n'en a pas dans QuickBooks.",
    "It bears taxes, but this company has none in QuickBooks.",
)
_ZERO = Decimal(0)
_NO_CUSTOMER = Text(
    "Ce paiement ne nomme ni client ni facture.", "This payment names neither a customer nor an invoice."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleFields:
    """Which fields of a row say what was sold: a list of lines, and a list of what each tax comes to.

    ``tax`` is a field of a line whose word is in the table of terms, with the role of its tax code; ``income`` is the
    role of the account where a line goes. ``taxes`` is the list of stated taxes; without it QuickBooks computes them
    from the codes. Where ``inclusive``, lines hold their tax. Amounts bear a decimal point, or are ``minor`` units.
    """

    lines: str = "lines"
    amount: str = "amount"
    description: str = ""
    quantity: str = ""
    price: str = ""
    tax: str = ""
    taxes: str = ""
    percent: str = "rate"
    tax_amount: str = "amount"
    income: str = "income"
    inclusive: bool = False
    minor: bool = False

    @property
    def mode(self) -> TaxMode:
        return TaxMode.INCLUSIVE if self.inclusive else TaxMode.EXCLUSIVE

    def lines_of(self, context: MapContext, record: Record, sign: int = 1) -> tuple[SalesLine, ...]:
        """Return the lines of a row, times ``sign``; raises ``FieldError``, and ``BadRecord`` for an unknown tax."""
        found = []
        for one in Fields(record.raw).each(self.lines):
            code = Role(context.terms.known(one.text(self.tax), self.tax).role) if self.tax else None
            line = SalesLine(
                item=ItemFor(Role(self.income)),
                amount=self._money(one, self.amount, record),
                description=one.text(self.description, "") if self.description else "",
                tax_code=code,
                quantity=one.decimal(self.quantity) if self.quantity else None,
                unit_price=self._money(one, self.price, record) if self.price else None,
            )
            found.append(line if sign > 0 else _turned(line))
        return tuple(found)

    def taxes_of(self, record: Record, sign: int = 1) -> tuple[StatedTax, ...] | None:
        """Return what the source states of each tax, times ``sign``; nothing where it states none anywhere."""
        if not self.taxes:
            return None
        return tuple(
            StatedTax(percent=one.decimal(self.percent), amount=sign * self._money(one, self.tax_amount, record))
            for one in Fields(record.raw).each(self.taxes)
        )

    def _money(self, said: Fields, name: str, record: Record) -> Decimal:
        currency = _currency(record)
        return (said.minor(name, currency) if self.minor else said.money(name, currency)).amount


def invoice(
    context: MapContext,
    record: Record,
    fields: SaleFields,
    *,
    customer: Ref,
    number: str = "",
    due: date | None = None,
    memo: str = "",
) -> Invoice | CreditMemo:
    """Return the invoice of a row or, where the record's amount is below zero, the credit memo.

    In a company without taxes the lines lose their codes. Raises ``BadRecord`` where lines and taxes are not the
    record's amount, and where taxes are stated that the company has not.
    """
    sold = _sold(context, record, fields.lines_of(context, record), fields.taxes_of(record), fields.mode)
    worth, currency = _worth(record), _currency(record)
    if worth >= 0:
        return Invoice(
            key=record.key(), day=record.day, currency=currency, customer=customer, lines=sold.lines, total=worth,
            tax_mode=sold.mode, taxes=sold.taxes, number=number, due=due, memo=memo,
        )  # fmt: skip
    return CreditMemo(
        key=record.key(), day=record.day, currency=currency, customer=customer, lines=tuple(map(_turned, sold.lines)),
        total=-worth, tax_mode=sold.mode, taxes=_against(sold.taxes), number=number, memo=memo,
    )  # fmt: skip


def refund(
    context: MapContext,
    record: Record,
    fields: SaleFields,
    *,
    at: Ref,
    customer: Ref | None = None,
    memo: str = "",
    reference: str = "",
) -> SalesReceipt | RefundReceipt:
    """Return the refund receipt of an outgoing row: a record below zero whose lines and taxes are written positive."""
    lines, taxes = fields.lines_of(context, record, -1), fields.taxes_of(record, -1)
    return sale(
        context, record, at=at, lines=lines, tax_mode=fields.mode, taxes=taxes, memo=memo, reference=reference,
        customer=customer,
    )  # fmt: skip


def settling(stream: str, invoice_id: str, amount: Decimal) -> Application:
    """Return the part of a payment that goes to an invoice of ``stream``, by the invoice's id at the source."""
    return Application(document=Link(record_key(stream, invoice_id)), amount=amount, of=Settled.INVOICE)


def payment(
    record: Record,
    *,
    at: Ref,
    applied: Iterable[Application] = (),
    customer: Ref | None = None,
    total: Decimal | None = None,
    method: Ref | None = None,
    reference: str = "",
    memo: str = "",
) -> Payment:
    """Return the payment of a record: its amount (or ``total``) to ``at``, and what of it settles which document.

    Without ``customer`` it is the one of the first document that it settles. What is not applied stays the customer's.
    Raises ``BadRecord`` where more is applied than was paid, and where neither a customer nor a document is named.
    """
    settles = tuple(each for each in applied if each.amount)
    worth = _worth(record) if total is None else total
    if customer is None:
        first = next((each.document for each in settles if isinstance(each.document, Link)), None)
        if first is None:
            raise BadRecord("customer", _NO_CUSTOMER)
        customer = CustomerOf(first)
    whole = sum((each.amount for each in settles if each.of is Settled.INVOICE), _ZERO)
    credit = sum((each.amount for each in settles if each.of is Settled.CREDIT_MEMO), _ZERO)
    if whole - credit > worth:
        _same(whole - credit, worth)
    return Payment(
        key=record.key(), day=record.day, currency=_currency(record), customer=customer, deposit_to=at, total=worth,
        applied=settles, method=method, reference=reference, memo=memo,
    )  # fmt: skip


def sale(
    context: MapContext,
    record: Record,
    *,
    at: Ref,
    lines: Iterable[SalesLine],
    total: Decimal | None = None,
    tax_mode: TaxMode = TaxMode.INCLUSIVE,
    taxes: Iterable[StatedTax] | None = None,
    memo: str = "",
    reference: str = "",
    customer: Ref | None = None,
) -> SalesReceipt | RefundReceipt:
    """Return the receipt of a sale or, where its total is below zero, the refund receipt, whose amounts are positive.

    ``at`` is where the money comes to or from. ``lines``, ``taxes`` (what the source states; without it QuickBooks adds
    to exclusive lines what their codes say) and ``total`` (the record's amount, unless given) bear the source's signs.
    In a company without taxes the lines lose their codes. Raises ``BadRecord`` where lines and taxes are not the total,
    and where taxes are stated that the company has not.
    """
    worth = _worth(record) if total is None else total
    sold = _sold(context, record, lines, taxes, tax_mode, worth)
    currency = context.home_currency if record.amount is None else record.amount.currency
    if worth >= 0:
        return SalesReceipt(
            key=record.key(), day=record.day, currency=currency, deposit_to=at, lines=sold.lines, total=worth,
            tax_mode=sold.mode, taxes=sold.taxes, memo=memo, reference=reference, customer=customer,
        )  # fmt: skip
    return RefundReceipt(
        key=record.key(), day=record.day, currency=currency, paid_from=at, lines=tuple(map(_turned, sold.lines)),
        total=-worth, tax_mode=sold.mode, taxes=_against(sold.taxes), memo=memo, reference=reference, customer=customer,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sold:
    lines: tuple[SalesLine, ...]
    taxes: tuple[StatedTax, ...]
    mode: TaxMode


def _sold(
    context: MapContext,
    record: Record,
    lines: Iterable[SalesLine],
    taxes: Iterable[StatedTax] | None,
    tax_mode: TaxMode,
    total: Decimal | None = None,
) -> _Sold:
    """Return lines and taxes as the company can have them, held against the total (the record's unless given)."""
    sold, stated = tuple(lines), tuple(each for each in taxes or () if each.amount)
    if stated and not context.taxed:
        raise BadRecord("taxes", _NO_TAXES)
    mode = tax_mode if context.taxed else TaxMode.NONE
    beside = sum((each.amount for each in stated), _ZERO) if mode is TaxMode.EXCLUSIVE else _ZERO
    if mode is not TaxMode.EXCLUSIVE or taxes is not None:
        _same(sum((each.amount for each in sold), beside), _worth(record) if total is None else total)
    if not context.taxed:
        sold = tuple(replace(each, tax_code=None) for each in sold)
    return _Sold(sold, stated, mode)


def _against(taxes: Iterable[StatedTax]) -> tuple[StatedTax, ...]:
    return tuple(replace(each, amount=-each.amount) for each in taxes)


def payout(
    record: Record, bank: Ref, parts: Iterable[tuple[Ref, Decimal]], *, memo: str = ""
) -> Deposit | JournalEntry:
    """Return the deposit of what a record brings to the bank, made of ``parts``: accounts and amounts, fees below zero.

    Below zero QuickBooks takes no deposit: then it is a journal entry. Raises ``BadRecord`` where the parts are not
    the record's amount.
    """
    of = [(account, amount) for account, amount in parts if amount]
    worth = _worth(record)
    _same(sum((amount for _, amount in of), _ZERO), worth)
    if worth < 0:
        return entry(record, [*((account, -amount) for account, amount in of), (bank, worth)], money=bank, memo=memo)
    lines = tuple(DirectLine(account=account, amount=amount) for account, amount in of)
    return Deposit(
        key=record.key(), day=record.day, currency=_currency(record), bank=bank, lines=lines, total=worth, memo=memo
    )


def entry(
    record: Record,
    moves: Iterable[tuple[Ref, Decimal]],
    *,
    money: Ref,
    purpose: str = "",
    currency: str = "",
    memo: str = "",
) -> JournalEntry:
    """Return a journal entry of accounts and what each is moved by, debits positive; what is zero is left out.

    ``money`` is the account whose movement the proof counts; ``purpose`` tells the entry from other drafts of the
    record. Raises ``BadRecord`` where it does not balance.
    """
    kept = [(account, amount) for account, amount in moves if amount]
    _same(sum((amount for _, amount in kept), _ZERO), _ZERO)
    lines = tuple(
        JournalLine(account=account, side=Side.DEBIT if amount > 0 else Side.CREDIT, amount=abs(amount))
        for account, amount in kept
    )
    return JournalEntry(
        key=record.key(purpose), day=record.day, currency=currency or _currency(record), lines=lines, money=money,
        memo=memo,
    )  # fmt: skip


def _turned(line: SalesLine) -> SalesLine:
    """Return a line of the other sign; of a quantity and a price the one that bears the sign is turned."""
    quantity, price = line.quantity, line.unit_price
    if quantity is not None and quantity < 0:
        quantity = -quantity
    elif price is not None:
        price = -price
    return replace(line, amount=-line.amount, quantity=quantity, unit_price=price)


def _worth(record: Record) -> Decimal:
    return _ZERO if record.amount is None else record.amount.amount


def _currency(record: Record) -> str:
    if record.amount is None:
        raise ValueError("a record without amount: say the currency")
    return record.amount.currency


def _same(parts: Decimal, total: Decimal) -> None:
    if parts != total:
        made, said = map(figures, (parts, total))
        raise BadRecord(
            "total",
            Text(
                f"Les parties font {made.fr}, le total dit {said.fr}.",
                f"The parts come to {made.en}, the total says {said.en}.",
            ),
        )
