"""What a provider paid out to the bank: a deposit of the payments, a transfer out of the clearing account, or a fee."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin import MapContext, Mapped, Record, Skipped, Text, record_key
from raccord.plugin.drafts import Deposit, Expense, ExpenseLine, Link, LinkedLine, PaymentType, Role, Transfer
from raccord_taxdome.contract import PAYMENTS, REFUNDS
from raccord_taxdome.reading import currency, decimal, label, landing, maybe, parts, text
from raccord_taxdome.settings import Landing, TaxDomeSettings

BANK = Role("payout_bank")
_ZERO = Decimal("0.00")


def map_payout(context: MapContext, settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    """Return the payout's document.

    Each payment's own fee is an expense already (K13), so the payments go to the bank whole, or what is left of them
    leaves the clearing account. CPACharge takes one fee a month for all payments, which is a payout without any.
    """
    memo = " · ".join(
        part for part in (label(context, "payout"), text(record, "provider") or "stripe", record.source_id) if part
    )
    paid = parts(record, "payments")
    if text(record, "provider") == "cpacharge" and not paid:
        return _monthly_fee(context, settings, record)
    total = decimal(record.raw, "total")
    if settings.landing is Landing.CLEARING:
        if total <= 0:
            return _nothing()
        return Mapped(
            [
                Transfer(
                    key=record.key(),
                    day=record.day,
                    currency=currency(record),
                    source=landing(settings),
                    target=BANK,
                    total=total,
                    memo=memo,
                )
            ]
        )
    gross = sum((decimal(each, "amount") for each in paid), _ZERO)
    if not paid or gross <= 0:
        return _nothing()
    return Mapped(
        [
            Deposit(
                key=record.key(),
                day=record.day,
                currency=currency(record),
                bank=BANK,
                lines=tuple(
                    LinkedLine(
                        document=Link(
                            record_key(REFUNDS, str(each["refund_id"]))
                            if each.get("refund_id")
                            else record_key(PAYMENTS, str(each.get("payment_id") or ""))
                        ),
                        amount=decimal(each, "amount"),
                    )
                    for each in paid
                ),
                total=gross,
                memo=memo,
            )
        ]
    )


def _monthly_fee(context: MapContext, settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    fee = maybe(record.raw, "fee") or _ZERO
    if not fee:
        return _nothing()
    memo = f"{label(context, 'fee')} · CPACharge · {record.source_id}"
    return Mapped(
        [
            Expense(
                key=record.key(),
                day=record.day,
                currency=currency(record),
                paid_from=landing(settings, spends=True),
                payment_type=PaymentType.CASH,
                lines=(ExpenseLine(account=Role("fees"), amount=fee, description=memo),),
                total=fee,
                memo=memo,
            )
        ]
    )


def _nothing() -> Skipped:
    return Skipped(
        "taxdome.payout_of_nothing",
        Text(
            "Ce versement ne nomme aucun paiement, ou ne verse rien : à écrire à la main s’il le faut.",
            "This payout names no payment, or pays nothing out: to be posted by hand if it must.",
        ),
        report=True,
    )
