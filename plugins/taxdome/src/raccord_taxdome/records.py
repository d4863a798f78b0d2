"""Objects of the contract become records: which day they are of, and what they move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from raccord.plugin import JSON, FetchContext, Money, Record
from raccord.plugin.contract import ContractObject
from raccord_taxdome.contract import CONTRACT, PAYMENTS, Credit, Invoice, Payment, Payout, Refund
from raccord_taxdome.settings import Landing, TaxDomeSettings, TaxPolicy

_LEFT_ASIDE = {"updated_at", "schema_version"}
_OF_A_PAYMENT = ("source", "provider", "sync")


def maker(context: FetchContext, settings: TaxDomeSettings) -> Callable[[str, ContractObject], Record]:
    """Return what turns an object of a kind into its record."""

    def make(kind: str, value: ContractObject) -> Record:
        info = CONTRACT.named(kind)
        if info is None:
            raise LookupError(kind)
        raw: dict[str, JSON] = value.model_dump(mode="json", exclude=_LEFT_ASIDE, exclude_defaults=True)
        if isinstance(value, Refund) and (paid := context.kept(PAYMENTS, value.payment_id)) is not None:
            # Mapping sees one record at a time: whether the payment goes stands in its refund.
            raw["payment"] = {name: paid[name] for name in _OF_A_PAYMENT if name in paid}
        return Record(
            stream=info.stream,
            source_id=value.id,
            day=_day(context, value),
            raw=raw,
            amount=_amount(settings, value),
            as_of=value.updated_at,
        )

    return make


def _day(context: FetchContext, value: ContractObject) -> date:
    """Return a document's own day; an account is never kept out by its age (K2)."""
    match value:
        case Invoice():
            return value.posted
        case Payment() | Refund() | Credit() | Payout():
            return value.date
        case _:
            return context.starts_on


def _amount(settings: TaxDomeSettings, value: ContractObject) -> Money | None:
    """Return what an object moves once it is posted; what moves nothing is none."""
    if value.deleted:
        return None
    match value:
        case Invoice():
            left_out = settings.tax is TaxPolicy.LEFT_OUT
            taxes = sum((tax.amount for tax in value.taxes), value.total * 0) if left_out else value.total * 0
            return Money(value.total - taxes, value.currency)
        case Payment(source="promotional_credit"):
            return Money(-value.amount, value.currency)
        case Payment(status="succeeded") if value.source != "client_credit":
            return Money(value.amount - value.fee, value.currency)
        case Refund():
            return Money(-value.amount, value.currency)
        case Payout():
            return _paid_out(settings, value)
        case _:
            return None


def _paid_out(settings: TaxDomeSettings, value: Payout) -> Money | None:
    if value.provider == "cpacharge" and not value.payments:
        return Money(-value.fee, value.currency) if value.fee else None
    if settings.landing is Landing.CLEARING:
        return Money(-value.total, value.currency) if value.total > 0 else None
    gross = sum((each.amount for each in value.payments), value.total * 0)
    return Money(gross, value.currency) if value.payments else None
