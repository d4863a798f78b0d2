"""Documents made of a record's signed amounts: what is below zero becomes the document that goes the other way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from raccord.plugin.contexts import MapContext
from raccord.plugin.drafts import (
    Deposit,
    DirectLine,
    JournalEntry,
    JournalLine,
    Ref,
    RefundReceipt,
    SalesLine,
    SalesReceipt,
    Side,
    StatedTax,
    TaxMode,
)
from raccord.plugin.errors import BadRecord
from raccord.plugin.records import Record
from raccord.plugin.texts import Text

__all__ = ["entry", "payout", "sale"]

_NO_TAXES = Text(
    "Des taxes y figurent, mais cette société n'en a pas dans QuickBooks.",
    "It bears taxes, but this company has none in QuickBooks.",
)
_ZERO = Decimal(0)


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
    sold, stated = tuple(lines), tuple(each for each in taxes or () if each.amount)
    worth = _worth(record) if total is None else total
    if stated and not context.taxed:
        raise BadRecord("taxes", _NO_TAXES)
    mode = tax_mode if context.taxed else TaxMode.NONE
    beside = sum((each.amount for each in stated), _ZERO) if mode is TaxMode.EXCLUSIVE else _ZERO
    if mode is not TaxMode.EXCLUSIVE or taxes is not None:
        _same(sum((each.amount for each in sold), beside), worth)
    if not context.taxed:
        sold = tuple(replace(each, tax_code=None) for each in sold)
    currency = context.home_currency if record.amount is None else record.amount.currency
    if worth >= 0:
        return SalesReceipt(
            key=record.key(), day=record.day, currency=currency, deposit_to=at, lines=sold, total=worth, tax_mode=mode,
            taxes=stated, memo=memo, reference=reference, customer=customer,
        )  # fmt: skip
    return RefundReceipt(
        key=record.key(), day=record.day, currency=currency, paid_from=at, lines=tuple(map(_turned, sold)),
        total=-worth, tax_mode=mode, taxes=tuple(replace(each, amount=-each.amount) for each in stated), memo=memo,
        reference=reference, customer=customer,
    )  # fmt: skip


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
        raise BadRecord(
            "total",
            Text(
                f"Les parties font {parts}, le total dit {total}.",
                f"The parts come to {parts}, the total says {total}.",
            ),
        )
