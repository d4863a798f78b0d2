"""Objects of the contract become records: which day they are of, what they move, and whether they are in scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from raccord.plugin import JSON, FetchContext, Money, Record
from raccord.plugin.contract import ContractObject
from raccord_plannit.contract import CONTRACT, Credit, Invoice, Payment, Payout, Refund
from raccord_plannit.settings import PlannitSettings

_LEFT_ASIDE = {"updated_at", "schema_version"}


def maker(context: FetchContext, settings: PlannitSettings) -> Callable[[str, ContractObject], Record]:
    """Return what turns an object of a kind into its record."""

    def make(kind: str, value: ContractObject) -> Record:
        info = CONTRACT.named(kind)
        if info is None:
            raise LookupError(kind)
        raw: dict[str, JSON] = value.model_dump(mode="json", exclude=_LEFT_ASIDE, exclude_defaults=True)
        day, begins = _day(context, value), None
        if isinstance(value, Invoice):
            begins = _begins_on(context, settings, value)
        return Record(
            stream=info.stream,
            source_id=value.id,
            day=day,
            raw=raw,
            amount=_amount(value),
            as_of=value.updated_at,
            begins_on=begins,
        )

    return make


def _day(context: FetchContext, value: ContractObject) -> date:
    """Return a document's own day; what has none is of the first day, so that it is in scope."""
    return value.date if isinstance(value, Invoice | Credit | Refund | Payment | Payout) else context.starts_on


def _begins_on(context: FetchContext, settings: PlannitSettings, value: Invoice) -> date:
    """Return the day on which an invoice got its number, which tells whether it is in scope, even if it is dated back.

    One that got it before the moment of the cut-over belongs to the days before the first one (K16).
    """
    moment, cut_over = value.numbered_at or value.created_at, settings.cut_over_moment()
    if moment is None:
        return value.date
    day = context.days.day_of(moment)
    return min(day, context.starts_on - timedelta(days=1)) if cut_over is not None and moment < cut_over else day


def _amount(value: ContractObject) -> Money | None:
    """Return what an object moves; a draft, a deleted object and a voided payment move nothing."""
    if value.deleted:
        return None
    match value:
        case Invoice() if value.number:
            return Money(value.total, value.currency)
        case Credit() | Refund():
            return Money(-value.total, value.currency)
        case Payment() if value.voided_at is None:
            return Money(value.amount, value.currency)
        case Payout() if value.fee:
            return Money(-value.fee, value.currency)
        case _:
            return None
