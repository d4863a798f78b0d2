"""What Chase tells of, whichever way it came: transactions, chargebacks, charges, settlements, and their records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from raccord.plugin import JSON, Money, Record
from raccord_chase.manifest import CHARGEBACKS, CHARGES, REFUNDS, REPORTS, SALES, SETTLEMENTS
from raccord_chase.masking import mask_excerpt

_NEVER_KEPT = frozenset({"expiry"})
"""A card's expiry date is of no use to the books, so it is not kept beside the card's number."""


class LineType(StrEnum):
    """What a line of a settlement is made of."""

    SALE = "sale"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    FEE = "fee"

    @property
    def stream(self) -> str:
        """The stream of the record that a linked line points to; empty for fees."""
        return {"sale": SALES, "refund": REFUNDS, "chargeback": CHARGEBACKS, "fee": ""}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A card sale or refund; ``amount`` is positive.

    ``source`` holds the row's fields with card numbers masked, ``extra`` what newer versions append to a row.
    """

    id: str
    refund: bool
    day: date
    currency: str
    amount: Decimal
    method: str = ""
    entity: str = ""
    order: str = ""
    card: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def record(self) -> Record:
        source: dict[str, JSON] = {name: value for name, value in self.source.items() if name not in _NEVER_KEPT}
        if self.extra:
            source["extra"] = [mask_excerpt(cell) for cell in self.extra]
        raw: dict[str, JSON] = {
            "kind": "refund" if self.refund else "sale",
            "amount": str(self.amount),
            "currency": self.currency,
            "method": self.method,
            "entity": self.entity,
            "order": self.order,
            "card": self.card,
            "source": source,
        }
        signed = -self.amount if self.refund else self.amount
        stream = REFUNDS if self.refund else SALES
        return Record(stream, self.id, self.day, raw, Money(signed, self.currency))

    def core(self) -> tuple[object, ...]:
        """Return what two rows under one id must agree on."""
        return (self.refund, self.day, self.currency, self.amount, self.method, self.entity, self.order, self.card)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """Money taken for a dispute, or given back; ``dispute`` is the same over the dispute's life, ``id`` is not."""

    id: str
    dispute: str
    returned: bool
    day: date
    currency: str
    amount: Decimal
    entity: str = ""
    order: str = ""
    card: str = ""
    reason: str = ""
    category: str = ""

    def record(self) -> Record:
        raw: dict[str, JSON] = {
            "kind": "chargeback_returned" if self.returned else "chargeback_taken",
            "amount": str(self.amount),
            "currency": self.currency,
            "dispute": self.dispute,
            "entity": self.entity,
            "order": self.order,
            "card": self.card,
            "reason": self.reason,
            "category": self.category,
        }
        return Record(CHARGEBACKS, self.id, self.day, raw, Money(self.signed, self.currency))

    @property
    def signed(self) -> Decimal:
        return self.amount if self.returned else -self.amount

    def core(self) -> tuple[object, ...]:
        """Return what two rows under one id must agree on; the reports differ in the rest."""
        return (self.dispute, self.returned, self.day, self.currency, self.amount, self.entity)


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A fee by its category; ``amount`` is negative for money taken."""

    category: str
    description: str
    amount: Decimal

    def raw(self) -> Mapping[str, JSON]:
        return {"category": self.category, "description": self.description, "amount": str(self.amount)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Fees debited from the bank account apart from any settlement, on ``day``; negative for money taken."""

    id: str
    day: date
    currency: str
    lines: tuple[FeeLine, ...]

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    def record(self) -> Record:
        raw: dict[str, JSON] = {
            "kind": "charge",
            "amount": str(self.amount),
            "currency": self.currency,
            "lines": [line.raw() for line in self.lines],
        }
        return Record(CHARGES, self.id, self.day, raw, Money(self.amount, self.currency))

    def core(self) -> tuple[object, ...]:
        return (self.day, self.currency, self.lines)


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """A member or a fee of a settlement; ``ref`` is a source id or a fee's category, ``amount`` has its sign."""

    type: LineType
    ref: str
    amount: Decimal
    description: str = ""

    def raw(self) -> Mapping[str, JSON]:
        raw = {"type": self.type.value, "ref": self.ref, "amount": str(self.amount)}
        return {**raw, "description": self.description} if self.description else raw


def in_order(lines: Iterable[SettlementLine]) -> tuple[SettlementLine, ...]:
    """Return lines in the one order they are kept in, however they arrived: sales, refunds, chargebacks, fees."""
    types = list(LineType)
    return tuple(sorted(lines, key=lambda line: (types.index(line.type), line.ref, line.description, line.amount)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What reached the bank on ``day``: ``net`` is the sum of the lines, negative where Chase took money."""

    id: str
    day: date
    currency: str
    net: Decimal
    lines: tuple[SettlementLine, ...]
    period: tuple[date, date] | None = None

    def record(self) -> Record:
        raw: dict[str, JSON] = {
            "kind": "settlement",
            "net": str(self.net),
            "currency": self.currency,
            "period": [day.isoformat() for day in self.period] if self.period else None,
            "lines": [line.raw() for line in self.lines],
        }
        return Record(SETTLEMENTS, self.id, self.day, raw, Money(self.net, self.currency))

    def core(self) -> tuple[object, ...]:
        return (self.day, self.currency, self.net, self.lines)


@dataclass(frozen=True, slots=True)
class Deleted:
    """An object that the source says it deleted; it posts nothing and is shown."""

    stream: str
    id: str
    day: date
    kind: str

    def record(self) -> Record:
        return Record(self.stream, self.id, self.day, {"kind": self.kind, "deleted": True})

    def core(self) -> tuple[object, ...]:
        return (self.day, self.kind)


@dataclass(frozen=True, slots=True)
class Report:
    """Which days a report tells of, whether anything happened on them or not; posts nothing."""

    first: date
    last: date

    def record(self) -> Record:
        raw: dict[str, JSON] = {"kind": "report", "first": self.first.isoformat(), "last": self.last.isoformat()}
        return Record(REPORTS, f"{self.first:%Y%m%d}-{self.last:%Y%m%d}", self.last, raw)


Fact = Transaction | Chargeback | Charge | Settlement | Deleted
"""One thing Chase said, before it becomes a record."""


def stream_of(fact: Fact) -> str:
    """Return the stream a fact belongs to."""
    match fact:
        case Transaction():
            return REFUNDS if fact.refund else SALES
        case Chargeback():
            return CHARGEBACKS
        case Charge():
            return CHARGES
        case Settlement():
            return SETTLEMENTS
        case Deleted():
            return fact.stream
