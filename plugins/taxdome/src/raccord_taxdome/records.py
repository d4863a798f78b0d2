"""Objects of the contract become records: which day they are of, and what they move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from raccord.plugin import JSON, FetchContext, Money, Record
from raccord.plugin.contract import ContractObject
from raccord_taxdome.contract import CONTRACT, FEES, INVOICES, PAYMENTS, Credit, Fee, Invoice, Payment, Payout, Refund
from raccord_taxdome.settings import Landing, TaxDomeSettings, TaxPolicy

_LEFT_ASIDE = {"updated_at", "schema_version"}
_OF_A_PAYMENT = ("source", "provider", "sync")
_ZERO = Decimal(0)
Raw = dict[str, JSON]


def maker(context: FetchContext, settings: TaxDomeSettings) -> Callable[[str, ContractObject], Record]:
    """Return what turns an object of a kind into its record."""

    def make(kind: str, value: ContractObject) -> Record:
        info = CONTRACT.named(kind)
        if info is None:
            raise LookupError(kind)
        raw: Raw = value.model_dump(mode="json", exclude=_LEFT_ASIDE, exclude_defaults=True)
        raw |= _around(context, settings, value)
        return Record(
            stream=info.stream,
            source_id=_fee_of(value.payment_id) if isinstance(value, Fee) and value.payment_id else value.id,
            day=_day(context, value),
            raw=raw,
            amount=_amount(settings, value, raw),
            as_of=value.updated_at,
        )

    return make


def _around(context: FetchContext, settings: TaxDomeSettings, value: ContractObject) -> Raw:
    """Return what other records say of an object: mapping sees one record at a time."""
    match value:
        case Refund():
            return _payment_of(context, settings, value.payment_id)
        case Fee() if value.payment_id:
            payment = _payment_of(context, settings, value.payment_id)
            paid = context.kept(PAYMENTS, value.payment_id) or {}
            account: Raw = {} if value.account_id else {"account_id": paid.get("account_id", "")}
            stated: Raw = {"in_payment": True} if _said(paid, "fee") and not paid.get("fee_apart") else {}
            return {**payment, **account, **stated}
        case Payment():
            apart = context.kept(FEES, _fee_of(value.id)) if value.fee else None
            found: Raw = {"fee_apart": True} if apart is not None and not apart.get("in_payment") else {}
            return found | _invoice_days(context, value)
        case Payout() if value.payments:
            own = _own_fee(context, value) if value.fee else _ZERO
            landed = _landed(context, settings, value)
            return ({"waits": True} if own is None else {"own_fee": str(own)} if own else {}) | landed
        case _:
            return {}


def _invoice_days(context: FetchContext, payment: Payment) -> Raw:
    """Return the days of the invoices whose tax a payment pays: what became of it goes by their day."""
    days: Raw = {}
    for each in payment.invoice_applications:
        billed = context.kept(INVOICES, each.invoice_id) if each.tax else None
        if billed is not None:
            days[each.invoice_id] = billed["posted"]
    return {"invoice_days": days} if days else {}


def _payment_of(context: FetchContext, settings: TaxDomeSettings, payment_id: str) -> Raw:
    """Return what tells whether a payment goes, for what comes of it, and where it landed if that changed."""
    paid = context.kept(PAYMENTS, payment_id)
    names = (*_OF_A_PAYMENT, "date") if settings.landing_before else _OF_A_PAYMENT
    return {} if paid is None else {"payment": {name: paid[name] for name in names if name in paid}}


def _own_fee(context: FetchContext, payout: Payout) -> Decimal | None:
    """Return what of a payout's fee is in none of its payments; nothing while one of them has not come."""
    known = _ZERO
    for each in payout.payments:
        if not each.payment_id:
            continue
        paid, apart = context.kept(PAYMENTS, each.payment_id), context.kept(FEES, _fee_of(each.payment_id))
        if paid is None:
            return None
        known += _ZERO if paid.get("fee_apart") else _said(paid, "fee")
        known += _ZERO if apart is None or apart.get("in_payment") else _said(apart, "amount")
    return payout.fee - known


def _landed(context: FetchContext, settings: TaxDomeSettings, payout: Payout) -> Raw:
    """Return the days of a payout's payments where these tell from which account it is paid."""
    if not settings.landing_before:
        return {}
    paid = [context.kept(PAYMENTS, each.payment_id) for each in payout.payments if each.payment_id]
    days: list[JSON] = [*sorted({str(each["date"]) for each in paid if each is not None})]
    return {"paid_days": days} if days else {}


def landing_of(settings: TaxDomeSettings, record: Record) -> Landing:
    """Return where the money lies that an object moves: where its payment landed, else where one of its day does."""
    payment = record.raw.get("payment")
    said = payment.get("date") if isinstance(payment, Mapping) else None
    return settings.landing_on(date.fromisoformat(str(said)) if said else record.day)


def landed_at(settings: TaxDomeSettings, raw: Mapping[str, JSON], day: date) -> set[Landing]:
    """Return the places where a payout's payments landed, by their days; those of its own where none is known."""
    days = raw.get("paid_days")
    known = [date.fromisoformat(str(each)) for each in days] if isinstance(days, list) else [day]
    return {settings.landing_on(each) for each in known}


def _fee_of(payment_id: str) -> str:
    return f"payment:{payment_id}"


def _said(raw: Mapping[str, JSON], name: str) -> Decimal:
    return Decimal(str(raw.get(name) or 0))


def _day(context: FetchContext, value: ContractObject) -> date:
    """Return a document's own day; an account is never kept out by its age (K2)."""
    match value:
        case Invoice():
            return value.posted
        case Payment() | Fee() | Refund() | Credit() | Payout():
            return value.date
        case _:
            return context.starts_on


def _amount(settings: TaxDomeSettings, value: ContractObject, raw: Raw) -> Money | None:
    """Return what an object moves once it is posted; what moves nothing is none."""
    if value.deleted:
        return None
    match value:
        case Invoice(status="draft" | "voided"):
            return None
        case Invoice():
            left_out = settings.tax_on(value.posted) is TaxPolicy.LEFT_OUT
            taxes = sum((tax.amount for tax in value.taxes), value.total * 0) if left_out else value.total * 0
            return Money(value.total - taxes, value.currency)
        case Payment(source="promotional_credit"):
            return Money(-value.amount, value.currency)
        case Payment(status="succeeded") if value.source != "client_credit":
            fee = _ZERO if raw.get("fee_apart") else value.fee
            return Money(value.amount - fee, value.currency)
        case Fee():
            return None if raw.get("in_payment") else Money(-value.amount, value.currency)
        case Refund():
            return Money(-value.amount, value.currency)
        case Payout():
            return _paid_out(landed_at(settings, raw, value.date), value, _said(raw, "own_fee"))
        case _:
            return None


def _paid_out(places: set[Landing], value: Payout, own_fee: Decimal) -> Money | None:
    """Return what a payout moves: its documents' effects in the way that payments land (see ``payouts``)."""
    if not value.payments and (value.provider == "cpacharge" or value.total == -value.fee):
        return Money(-value.fee, value.currency) if value.fee else None
    if places == {Landing.CLEARING}:
        moved = -abs(value.total) - own_fee
    elif value.payments:
        moved = sum((each.amount for each in value.payments), value.total * 0) - own_fee
    else:
        return None
    return Money(moved, value.currency) if moved or value.payments else None
