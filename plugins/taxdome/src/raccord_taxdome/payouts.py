"""What a provider paid out to the bank, or took from it: a deposit of the payments, a transfer, a fee of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from raccord.plugin import JSON, BadRecord, MapContext, Mapped, Record, Skipped, Text, record_key
from raccord.plugin.drafts import (
    Deposit,
    Expense,
    ExpenseLine,
    JournalEntry,
    JournalLine,
    Link,
    LinkedLine,
    MoneyDraft,
    PaymentType,
    Role,
    Side,
    Transfer,
)
from raccord_taxdome.contract import FEES, PAYMENTS, REFUNDS
from raccord_taxdome.reading import currency, decimal, label, landing, maybe, parts, text
from raccord_taxdome.records import landed_at
from raccord_taxdome.settings import Landing, TaxDomeSettings

BANK = Role("payout_bank")
FEE_ACCOUNT = Role("fees")
_ZERO = Decimal("0.00")
WAITS = Skipped(
    "taxdome.payout_waits",
    Text(
        "Un de ses paiements n’est pas encore venu : écrit dès qu’il est là.",
        "One of its payments has not come yet: posted as soon as it is here.",
    ),
    report=True,
)


def map_payout(context: MapContext, settings: TaxDomeSettings, record: Record) -> Mapped | Skipped:
    """Return the payout's documents.

    Each payment's own fee is an expense already (K13), so the payments go to the bank whole, or what is left of them
    leaves the clearing account; what of the payout's fee is in none of them is an expense of the payout. CPACharge
    takes one fee a month for all payments, which is a payout without any.
    """
    paid, total, fee = parts(record, "payments"), decimal(record.raw, "total"), maybe(record.raw, "fee") or _ZERO
    if record.raw.get("waits"):
        return WAITS
    if not paid and (text(record, "provider") == "cpacharge" or total == -fee):
        place = settings.landing_on(record.day)
        return Mapped([expense_of(context, place, record, record.key(), fee)]) if fee else _nothing()
    own = maybe(record.raw, "own_fee") or _ZERO
    if own < 0:
        raise BadRecord(
            "fee",
            Text(
                f"les paiements disent des frais de {fee - own:f}, le versement {fee:f}",
                f"the payments say fees of {fee - own:f}, the payout {fee:f}",
            ),
        )
    places = landed_at(settings, record.raw, record.day)
    if len(places) > 1:
        raise BadRecord(
            "payments",
            Text(
                "ses paiements sont arrivés dans deux comptes, le réglage ayant changé entre eux : à écrire à la main",
                "its payments landed on two accounts, since the setting changed between them: to be posted by hand",
            ),
        )
    (place,) = places
    cleared = place is Landing.CLEARING
    drafts = _transfer(context, record, total) if cleared else _deposits(context, record, paid)
    if own:
        drafts.append(expense_of(context, place, record, record.key("fee"), own))
    return Mapped(drafts) if drafts else _nothing()


def expense_of(context: MapContext, place: Landing, record: Record, key: str, amount: Decimal) -> Expense:
    """Return what a provider kept as an expense; Undeposited Funds cannot pay one (TD-16, K13)."""
    provider = "CPACharge" if text(record, "provider") == "cpacharge" else text(record, "provider")
    words, payment = (text(record, name) if record.stream == FEES else "" for name in ("description", "payment_id"))
    said = (label(context, "fee"), provider, record.source_id, words)
    memo = " · ".join(part for part in said if part)
    return Expense(
        key=key,
        day=record.day,
        currency=currency(record),
        paid_from=landing(place, spends=True),
        payment_type=PaymentType.CASH,
        lines=(ExpenseLine(account=FEE_ACCOUNT, amount=amount, description=memo),),
        total=amount,
        after=Link(record_key(PAYMENTS, payment)) if payment else None,
        memo=memo,
    )


def _transfer(context: MapContext, record: Record, total: Decimal) -> list[MoneyDraft]:
    """What is paid out leaves the clearing account; what a provider takes back comes from the bank."""
    if not total:
        return []
    clearing = landing(Landing.CLEARING)
    return [
        Transfer(
            key=record.key(),
            day=record.day,
            currency=currency(record),
            source=clearing if total > 0 else BANK,
            target=BANK if total > 0 else clearing,
            total=abs(total),
            memo=_memo(context, record),
        )
    ]


def _deposits(context: MapContext, record: Record, paid: Sequence[Mapping[str, JSON]]) -> list[MoneyDraft]:
    """The payments go to the bank less the refunds; more refunds than payments take a journal entry (as in K6)."""
    if not paid:
        return []
    gross, memo = sum((decimal(each, "amount") for each in paid), _ZERO), _memo(context, record)
    lines = [LinkedLine(document=Link(_key_of(each)), amount=decimal(each, "amount")) for each in paid]
    drafts: list[MoneyDraft] = []
    if gross < 0:
        back = JournalEntry(
            key=record.key("negative"),
            day=record.day,
            currency=currency(record),
            lines=(
                JournalLine(account=Role("undeposited"), side=Side.DEBIT, amount=-gross, description=memo),
                JournalLine(account=BANK, side=Side.CREDIT, amount=-gross, description=memo),
            ),
            money=BANK,
            memo=memo,
        )
        drafts.append(back)
        lines.append(LinkedLine(document=Link(back.key), amount=-gross, line=0))
    drafts.append(
        Deposit(
            key=record.key(),
            day=record.day,
            currency=currency(record),
            bank=BANK,
            lines=tuple(lines),
            total=max(gross, _ZERO),
            memo=memo,
        )
    )
    return drafts


def _key_of(paid: Mapping[str, JSON]) -> str:
    refund = str(paid.get("refund_id") or "")
    return record_key(REFUNDS, refund) if refund else record_key(PAYMENTS, str(paid.get("payment_id") or ""))


def _memo(context: MapContext, record: Record) -> str:
    return " · ".join((label(context, "payout"), text(record, "provider") or "stripe", record.source_id))


def _nothing() -> Skipped:
    return Skipped(
        "taxdome.payout_of_nothing",
        Text(
            "Ce versement ne nomme aucun paiement, ou ne verse rien : à écrire à la main s’il le faut.",
            "This payout names no payment, or pays nothing out: to be posted by hand if it must.",
        ),
        report=True,
    )
