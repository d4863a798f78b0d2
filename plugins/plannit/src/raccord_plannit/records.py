"""Objects of the contract become records: which day they are of, what they move, and whether they are in scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from raccord.plugin import JSON, FetchContext, Money, Record
from raccord.plugin.contract import ContractObject
from raccord_plannit.contract import CONTRACT, Credit, Invoice, Payment, Payout, Refund

_LEFT_ASIDE = {"updated_at", "schema_version"}


def maker(context: FetchContext) -> Callable[[str, ContractObject], Record]:
    """Return what turns an object of a kind into its record."""

    def make(kind: str, value: ContractObject) -> Record:
        info = CONTRACT.named(kind)
        if info is None:
            raise LookupError(kind)
        raw: dict[str, JSON] = value.model_dump(mode="json", exclude=_LEFT_ASIDE, exclude_defaults=True)
        day, begins = _day(context, value), None
        if isinstance(value, Invoice):
            begins = _numbered_on(context, value)
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


def _numbered_on(context: FetchContext, value: Invoice) -> date:
    """Return the day on which an invoice got its number: it says what is in scope, also of one that is dated back."""
    moment = value.numbered_at or value.created_at
    return value.date if moment is None else context.days.day_of(moment)


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
