"""Records become receipts, expenses and deposits. Pure: a record, the terms and whether sales are taxed, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from raccord.plugin import JSON, BadRecord, MapContext, Mapped, Record, Skipped, Text, record_key
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
from raccord_chase.facts import LineType
from raccord_chase.manifest import TERMS

CLEARING = Role("clearing")
BANK = Role("deposit_bank")
FEES = Role("fees")
CUSTOMER = Role("customer")
TAX = Role("tax")
_ZERO = Decimal("0.00")


def map_chase_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Return what ``record`` becomes; ``None`` for a stream that is not ours."""
    if record.raw.get("deleted") is True:
        return Skipped("chase.deleted", Text("Supprimé à la source.", "Deleted at the source."), report=True)
    match record.raw.get("kind"):
        case "sale" | "refund" | "chargeback_taken" | "chargeback_returned":
            return _receipt(context, record)
        case "charge":
            return _charge(context, record)
        case "settlement":
            return _settlement(context, record)
        case "report":
            return Skipped(
                "chase.report",
                Text(
                    "Un rapport dit de quels jours les fichiers parlent ; ses ventes et dépôts sont lus à part.",
                    "A report tells which days the files speak of; its sales and deposits are read apart.",
                ),
            )
        case _:
            return None


def _receipt(context: MapContext, record: Record) -> Mapped | Skipped:
    kind, amount = _text(record, "kind"), _amount(record)
    if amount == 0:
        return Skipped(
            "chase.zero_amount", Text("Montant de zéro : rien à comptabiliser.", "Zero amount: nothing to post.")
        )
    line = SalesLine(
        item=ItemFor(Role(_role(context, kind))),
        amount=abs(amount),
        description=_description(context, record, kind),
        tax_code=TAX if context.taxed else None,
    )
    # The card amount holds the tax (CH-12); a refund or a chargeback undoes the sale with its tax.
    tax_mode = TaxMode.INCLUSIVE if context.taxed else TaxMode.NONE
    dispute = _text(record, "dispute") if kind.startswith("chargeback") else ""
    reference = dispute or _text(record, "order")
    memo = f"{_label(context, kind)} · {dispute}" if dispute else f"Chase {record.source_id}"
    if amount > 0:
        return Mapped(
            [
                SalesReceipt(
                    key=record.key(),
                    day=record.day,
                    currency=_text(record, "currency"),
                    deposit_to=CLEARING,
                    lines=(line,),
                    total=amount,
                    tax_mode=tax_mode,
                    customer=CUSTOMER,
                    reference=reference,
                    memo=memo,
                )
            ]
        )
    return Mapped(
        [
            RefundReceipt(
                key=record.key(),
                day=record.day,
                currency=_text(record, "currency"),
                paid_from=CLEARING,
                lines=(line,),
                total=-amount,
                tax_mode=tax_mode,
                customer=CUSTOMER,
                reference=reference,
                memo=memo,
            )
        ]
    )


def _charge(context: MapContext, record: Record) -> Mapped | Skipped:
    amount, lines = _amount(record), _lines(record)
    memo = f"{_label(context, 'charge')} · {record.source_id}"
    if amount == 0:
        return Skipped(
            "chase.zero_amount", Text("Montant de zéro : rien à comptabiliser.", "Zero amount: nothing to post.")
        )
    if amount > 0:  # fees given back
        return Mapped(
            [
                Deposit(
                    key=record.key(),
                    day=record.day,
                    currency=_text(record, "currency"),
                    bank=BANK,
                    lines=tuple(
                        DirectLine(account=FEES, amount=_decimal(line, "amount"), description=_fee_text(context, line))
                        for line in lines
                    ),
                    total=amount,
                    memo=memo,
                )
            ]
        )
    return Mapped(
        [
            Expense(
                key=record.key(),
                day=record.day,
                currency=_text(record, "currency"),
                paid_from=BANK,
                payment_type=PaymentType.CASH,
                lines=tuple(
                    ExpenseLine(account=FEES, amount=-_decimal(line, "amount"), description=_fee_text(context, line))
                    for line in lines
                ),
                total=-amount,
                memo=memo,
            )
        ]
    )


def _settlement(context: MapContext, record: Record) -> Mapped | Skipped:
    """Map a settlement to its deposit; a negative one to a journal entry and a deposit of 0.00 (rule K6)."""
    net, currency = _amount(record), _text(record, "currency")
    memo = f"{_label(context, 'settlement')} · {record.source_id}"
    lines: list[LinkedLine | DirectLine] = [_settlement_line(context, line) for line in _lines(record)]
    if not lines:
        return Skipped("chase.empty_settlement", Text("Règlement sans aucune ligne.", "A settlement without any line."))
    if net >= 0:
        return Mapped(
            [
                Deposit(
                    key=record.key(),
                    day=record.day,
                    currency=currency,
                    bank=BANK,
                    lines=tuple(lines),
                    total=net,
                    memo=memo,
                )
            ]
        )
    journal = JournalEntry(
        key=record.key("negative"),
        day=record.day,
        currency=currency,
        lines=(
            JournalLine(account=CLEARING, side=Side.DEBIT, amount=-net, description=memo),
            JournalLine(account=BANK, side=Side.CREDIT, amount=-net, description=memo),
        ),
        money=BANK,
        memo=memo,
    )
    lines.append(LinkedLine(document=Link(journal.key), amount=-net, line=0))
    deposit = Deposit(
        key=record.key(), day=record.day, currency=currency, bank=BANK, lines=tuple(lines), total=_ZERO, memo=memo
    )
    return Mapped([journal, deposit])


def _settlement_line(context: MapContext, line: Mapping[str, JSON]) -> LinkedLine | DirectLine:
    type_, amount = LineType(str(line["type"])), _decimal(line, "amount")
    if type_ is LineType.FEE:
        described = {"category": line["ref"], "description": line.get("description", "")}
        return DirectLine(account=FEES, amount=amount, description=_fee_text(context, described))
    return LinkedLine(document=Link(record_key(type_.stream, str(line["ref"]))), amount=amount)


def _description(context: MapContext, record: Record, kind: str) -> str:
    method = _text(record, "method")
    parts = (_label(context, kind), _label(context, method) if method else "", _text(record, "card"))
    return " · ".join(part for part in parts if part)


def _fee_text(context: MapContext, line: Mapping[str, JSON]) -> str:
    label, description = _label(context, str(line["category"])), str(line.get("description", ""))
    return f"{label} · {description}" if description and description != label else label


def _label(context: MapContext, word: str) -> str:
    term = context.terms.get(word) or TERMS.get(word)
    return term.label.get(context.language) if term else word


def _role(context: MapContext, word: str) -> str:
    term = context.terms.get(word) or TERMS.get(word)
    if term is None or not term.role:
        raise BadRecord("kind", Text(f"Genre inconnu : {word}.", f"Unknown kind: {word}."))
    return term.role


def _amount(record: Record) -> Decimal:
    if record.amount is None:
        raise BadRecord("amount", Text("Le montant manque.", "The amount is missing."))
    return record.amount.amount


def _text(record: Record, name: str) -> str:
    return str(record.raw.get(name) or "")


def _decimal(line: Mapping[str, JSON], name: str) -> Decimal:
    return Decimal(str(line[name]))


def _lines(record: Record) -> Sequence[Mapping[str, JSON]]:
    lines = record.raw.get("lines")
    if not isinstance(lines, list | tuple):
        raise BadRecord("lines", Text("Les lignes manquent.", "The lines are missing."))
    return [line for line in lines if isinstance(line, Mapping)]
