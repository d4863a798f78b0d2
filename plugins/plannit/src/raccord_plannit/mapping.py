"""Records become customers, invoices, payments, credits and expenses. Pure: a record, the terms and the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from raccord.plugin import JSON, BadRecord, MapContext, Mapped, Record, Skipped, Text, record_key
from raccord.plugin.drafts import (
    Address,
    Application,
    CreditMemo,
    Customer,
    Expense,
    ExpenseLine,
    Invoice,
    Link,
    Payment,
    PaymentType,
    RefundReceipt,
    Role,
    SalesLine,
    Settled,
    StatedTax,
    TaxMode,
)
from raccord_plannit.contract import CONTACTS, CREDITS, INVOICES, ITEMS, PAYMENTS, PAYOUTS, REFUNDS, TAX_GROUPS
from raccord_plannit.manifest import TERMS

BANK = Role("deposit_bank")
FEES = Role("fees")
EXEMPT = Role("tax_exempt")
_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


def map_plannit_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Return what ``record`` becomes; ``None`` for a stream that is not ours."""
    if record.raw.get("deleted") is True:
        why = Text("Supprimé à la source.", "Deleted at the source.")
        return Skipped("plannit.deleted", why, report=True, takes_back=True)
    match record.stream:
        case stream if stream == CONTACTS:
            return Mapped([_customer(record)])
        case stream if stream in (ITEMS, TAX_GROUPS):
            return Skipped(
                "plannit.set_up_only",
                Text("Sert à la configuration ; n’est pas écrit.", "Serves the set-up; is not written."),
            )
        case stream if stream == INVOICES:
            return _invoice(context, record)
        case stream if stream == CREDITS:
            return _credit(context, record)
        case stream if stream == PAYMENTS:
            return Mapped([_payment(context, record)])
        case stream if stream == REFUNDS:
            return Mapped([_refund(context, record)])
        case stream if stream == PAYOUTS:
            return _payout(context, record)
        case _:
            return None


def _customer(record: Record) -> Customer:
    """A contact is a customer from its first document on; Plannit knows more people than it sells to."""
    address = record.raw.get("billing_address")
    return Customer(
        key=record.key(),
        name=_text(record, "display_name"),
        company=_text(record, "company"),
        email=_first(record, "emails"),
        phone=_first(record, "phones"),
        address=_address(address) if isinstance(address, Mapping) else None,
        when_used=True,
    )


def _address(value: Mapping[str, JSON]) -> Address:
    line = str(value.get("line") or "")
    return Address(
        lines=(line,) if line else (),
        city=str(value.get("city") or ""),
        region=str(value.get("region") or ""),
        postal_code=str(value.get("postal_code") or ""),
        country=str(value.get("country") or ""),
    )


def _invoice(context: MapContext, record: Record) -> Mapped | Skipped:
    number = _text(record, "number")
    if not number:
        return Skipped(
            "plannit.draft",
            Text("Sans numéro, une facture est une ébauche.", "Without a number an invoice is a draft."),
        )
    due = _text(record, "due")
    return Mapped(
        [
            Invoice(
                key=record.key(),
                day=record.day,
                currency=_currency(record),
                customer=_contact(record),
                lines=_lines(context, record),
                total=_total(record),
                tax_mode=_tax_mode(record),
                taxes=_taxes(record),
                number=number,
                due=date.fromisoformat(due) if due else None,
                memo=_memo(context, record, f"Plannit {number}"),
            )
        ]
    )


def _credit(context: MapContext, record: Record) -> Mapped:
    """A promotional credit is a credit memo, applied to the invoice it is for by a payment of nothing."""
    memo = f"{_label(context, 'credit')} · Plannit {_text(record, 'number') or record.source_id}"
    total = _total(record)
    credit = CreditMemo(
        key=record.key(),
        day=record.day,
        currency=_currency(record),
        customer=_contact(record),
        lines=_lines(context, record),
        total=total,
        tax_mode=_tax_mode(record),
        taxes=_taxes(record),
        number=_text(record, "number"),
        memo=_memo(context, record, memo),
    )
    invoice = _text(record, "invoice_id")
    if not invoice:
        return Mapped([credit])
    applied = Payment(
        key=record.key("applied"),
        day=record.day,
        currency=_currency(record),
        customer=_contact(record),
        deposit_to=BANK,
        total=_ZERO,
        applied=(
            Application(document=Link(record_key(INVOICES, invoice)), amount=total, of=Settled.INVOICE),
            Application(document=Link(credit.key), amount=total, of=Settled.CREDIT_MEMO),
        ),
        memo=memo,
    )
    return Mapped([credit, applied])


def _payment(context: MapContext, record: Record) -> Payment:
    voided = bool(record.raw.get("voided_at"))
    amount = _ZERO if voided else _decimal(record.raw, "amount")
    kind = "void" if voided else _text(record, "kind") or "payment"
    invoice = _text(record, "invoice_id")
    applied: tuple[Application, ...] = ()
    if invoice and not voided:
        applied = (Application(document=Link(record_key(INVOICES, invoice)), amount=amount, of=Settled.INVOICE),)
    return Payment(
        key=record.key(),
        day=record.day,
        currency=_currency(record),
        customer=_contact(record),
        deposit_to=BANK,
        total=amount,
        applied=applied,
        reference=_text(record, "reference"),
        memo=" · ".join(part for part in (_label(context, kind), _text(record, "method"), record.source_id) if part),
        voided=voided,
    )


def _refund(context: MapContext, record: Record) -> RefundReceipt:
    return RefundReceipt(
        key=record.key(),
        day=record.day,
        currency=_currency(record),
        paid_from=BANK,
        customer=_contact(record),
        lines=_lines(context, record),
        total=_total(record),
        tax_mode=_tax_mode(record),
        taxes=_taxes(record),
        after=Link(record_key(PAYMENTS, _text(record, "payment_id"))),
        memo=_memo(context, record, f"{_label(context, 'refund')} · Plannit {record.source_id}"),
    )


def _payout(context: MapContext, record: Record) -> Mapped | Skipped:
    """The payments of a payout are in the bank already, one by one: only its fee is left to post (PL-16)."""
    fee = _decimal(record.raw, "fee")
    if fee == 0:
        return Skipped(
            "plannit.no_fee",
            Text("Versement sans frais : rien à comptabiliser.", "A payout without a fee: nothing to post."),
            # A fee that was posted and is none any more.
            takes_back=True,
        )
    memo = f"{_label(context, 'fee')} · {record.source_id}"
    return Mapped(
        [
            Expense(
                key=record.key(),
                day=record.day,
                currency=_currency(record),
                paid_from=BANK,
                payment_type=PaymentType.CASH,
                lines=(ExpenseLine(account=FEES, amount=fee, description=memo),),
                total=fee,
                memo=memo,
            )
        ]
    )


def _lines(context: MapContext, record: Record) -> tuple[SalesLine, ...]:
    return tuple(_line(context, line) for line in _parts(record, "lines"))


def _line(context: MapContext, line: Mapping[str, JSON]) -> SalesLine:
    """The amount is the source's; quantity and price stand beside it only where they come to it to the cent."""
    amount = _decimal(line, "amount")
    quantity, price = _maybe(line, "quantity"), _maybe(line, "unit_price")
    whole = quantity is not None and price is not None and (quantity * price).quantize(_CENT) == amount
    described = [str(line.get(name) or "") for name in ("name", "description")]
    if not whole and quantity is not None and price is not None:
        unit = str(line.get("unit") or "")
        described.append(f"{_plain(quantity)}{' ' + unit if unit else ''} × {_plain(price)}")
    discount = _maybe(line, "discount")
    if discount:
        described.append(f"{_label(context, 'discount')} {discount:f}")
    return SalesLine(
        item=_item(line),
        amount=amount,
        description=" · ".join(part for part in described if part),
        tax_code=_tax_code(context, line),
        quantity=quantity if whole else None,
        unit_price=price if whole else None,
    )


def _item(line: Mapping[str, JSON]) -> Role:
    """Each item of the catalogue is a place of its own, the default item's until it is linked (PL-15, PL-33)."""
    item = str(line.get("item_id") or "")
    return Role("item", item) if item else Role("default_item")


def _tax_code(context: MapContext, line: Mapping[str, JSON]) -> Role | None:
    if not context.taxed:
        return None
    if line.get("taxable") is False:
        return EXEMPT
    return Role("tax_group", str(line.get("tax_group_id") or ""))


def _taxes(record: Record) -> tuple[StatedTax, ...]:
    return tuple(
        StatedTax(percent=_decimal(tax, "rate"), amount=_decimal(tax, "amount")) for tax in _parts(record, "taxes")
    )


def _tax_mode(record: Record) -> TaxMode:
    if not _parts(record, "taxes"):
        return TaxMode.NONE
    return TaxMode.INCLUSIVE if record.raw.get("prices_include_tax") is True else TaxMode.EXCLUSIVE


def _memo(context: MapContext, record: Record, text: str) -> str:
    """Flag a document with a line that no item of the catalogue stands behind (PL-15)."""
    unlinked = any(not line.get("item_id") for line in _parts(record, "lines"))
    return f"{text} · {_label(context, 'unlinked_item')}" if unlinked else text


def _contact(record: Record) -> Link:
    return Link(record_key(CONTACTS, _text(record, "contact_id")))


def _label(context: MapContext, word: str) -> str:
    term = context.terms.get(word) or TERMS.get(word)
    return term.label.get(context.language) if term else word


def _currency(record: Record) -> str:
    return _text(record, "currency") or "CAD"


def _total(record: Record) -> Decimal:
    return _decimal(record.raw, "total")


def _text(record: Record, name: str) -> str:
    return str(record.raw.get(name) or "")


def _first(record: Record, name: str) -> str:
    values = record.raw.get(name)
    return str(values[0]) if isinstance(values, list | tuple) and values else ""


def _decimal(value: Mapping[str, JSON], name: str) -> Decimal:
    return Decimal(str(value[name]))


def _maybe(value: Mapping[str, JSON], name: str) -> Decimal | None:
    return Decimal(str(value[name])) if value.get(name) is not None else None


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _parts(record: Record, name: str) -> Sequence[Mapping[str, JSON]]:
    parts = record.raw.get(name, ())
    if not isinstance(parts, list | tuple):
        raise BadRecord(name, Text("Ce n’est pas une liste.", "This is no list."))
    return [part for part in parts if isinstance(part, Mapping)]
