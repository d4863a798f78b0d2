"""Objects of the published contract become facts; every fault names the object, the field and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from raccord.plugin import Days
from raccord_chase.facts import (
    Charge,
    Chargeback,
    Deleted,
    Fact,
    FeeLine,
    LineType,
    Settlement,
    SettlementLine,
    Transaction,
    in_order,
)
from raccord_chase.manifest import CHARGEBACKS, CHARGES, REFUNDS, SALES, SETTLEMENTS
from raccord_chase.masking import mask_number
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.amounts import ID_LENGTH_MAX, parse_amount
from raccord_chase.readers.dfr import same_number
from raccord_chase.settling import LINES_MAX

OBJECTS = {
    "sale": SALES,
    "refund": REFUNDS,
    "chargeback": CHARGEBACKS,
    "charge": CHARGES,
    "settlement": SETTLEMENTS,
}
GROUPED = frozenset({"charge", "settlement"})
"""The objects with lines: several CSV rows each."""

SCHEMA_VERSIONS = frozenset({"", "1"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What the objects of a connection must agree with, and the days their moments belong to."""

    merchant_id: str
    currency: str
    days: Days


class _Wrong(Exception):  # noqa: N818 - carries a problem to the one place that reports it
    def __init__(self, code: str, **values: str | int | Decimal) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def read_object(kind: str, value: Mapping[str, object], line: int, expected: Expected) -> Fact | Problem:
    """Read one object of the kind ``kind``; ``line`` is where it stands."""
    try:
        return _read(kind, value, expected)
    except _Wrong as wrong:
        return problem(wrong.code, line=line, raw=_excerpt(value), **wrong.values)


def text_of(value: object) -> str:
    """Return a field as text: numbers as they were written, booleans in JSON's words, nothing for null."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _read(kind: str, value: Mapping[str, object], expected: Expected) -> Fact:
    version = text_of(value.get("schema_version"))
    if version not in SCHEMA_VERSIONS:
        raise _Wrong("bad_value", value=version, field="schema_version")
    merchant = _required(value, "merchant_id")
    if not same_number(merchant, expected.merchant_id):
        raise _Wrong("other_merchant", found=merchant, expected=expected.merchant_id)
    id_, day = _required(value, "id"), _day(value, expected.days)
    deleted = text_of(value.get("deleted")).lower()
    if deleted not in ("", "false", "0", "true", "1"):
        raise _Wrong("bad_value", value=deleted, field="deleted")
    if deleted in ("true", "1"):
        return Deleted(OBJECTS[kind], id_, day, kind)
    currency = _required(value, "currency")
    if currency != expected.currency:
        raise _Wrong("other_currency", found=currency, expected=expected.currency)
    match kind:
        case "sale" | "refund":
            return _transaction(kind, id_, day, currency, value)
        case "chargeback":
            return _chargeback(id_, day, currency, value)
        case "charge":
            return _charge(id_, day, currency, value)
        case _:
            return _settlement(id_, day, currency, value)


def _transaction(kind: str, id_: str, day: date, currency: str, value: Mapping[str, object]) -> Transaction:
    card = mask_number(text_of(value.get("card")))
    source = {name: text_of(value[name]) for name in sorted(value) if name != "card"}
    return Transaction(
        id=id_,
        refund=kind == "refund",
        day=day,
        currency=currency,
        amount=_positive(value, currency),
        method=text_of(value.get("method")),
        order=text_of(value.get("order")),
        card=card,
        source=source,
    )


def _chargeback(id_: str, day: date, currency: str, value: Mapping[str, object]) -> Chargeback:
    direction = _required(value, "direction")
    if direction not in ("taken", "returned"):
        raise _Wrong("bad_value", value=direction, field="direction")
    return Chargeback(
        id=id_,
        dispute=_required(value, "dispute"),
        returned=direction == "returned",
        day=day,
        currency=currency,
        amount=_positive(value, currency),
        order=text_of(value.get("order")),
        card=mask_number(text_of(value.get("card"))),
        reason=text_of(value.get("reason")),
    )


def _charge(id_: str, day: date, currency: str, value: Mapping[str, object]) -> Charge:
    lines = _lines(value, currency)
    if any(line.type is not LineType.FEE for line in lines):
        raise _Wrong("bad_value", value=next(line.type for line in lines if line.type != LineType.FEE), field="type")
    _check_net(id_, value, currency, lines)
    return Charge(
        id=id_,
        day=day,
        currency=currency,
        lines=tuple(FeeLine(line.ref, line.description, line.amount) for line in lines),
    )


def _settlement(id_: str, day: date, currency: str, value: Mapping[str, object]) -> Settlement:
    lines = _lines(value, currency)
    net = _check_net(id_, value, currency, lines)
    return Settlement(id=id_, day=day, currency=currency, net=net, lines=lines)


def _lines(value: Mapping[str, object], currency: str) -> tuple[SettlementLine, ...]:
    rows = value.get("lines")
    if not isinstance(rows, list) or len(rows) > LINES_MAX:
        raise _Wrong("missing_value", field="lines")
    lines = []
    for row in rows:
        if not isinstance(row, dict):
            raise _Wrong("bad_value", value=str(row)[:60], field="lines")
        type_ = text_of(row.get("type"))
        if type_ not in {each.value for each in LineType}:
            raise _Wrong("bad_value", value=type_, field="type")
        amount = _amount(row, "amount", currency)
        if amount:
            described = text_of(row.get("description"))
            lines.append(SettlementLine(LineType(type_), _required(row, "ref"), amount, described))
    return in_order(lines)


def _check_net(id_: str, value: Mapping[str, object], currency: str, lines: tuple[SettlementLine, ...]) -> Decimal:
    net = _amount(value, "net", currency)
    found = sum((line.amount for line in lines), Decimal(0))
    if found != net:
        raise _Wrong("settlement_net", id=id_, found=found, said=net, difference=found - net, currency=currency)
    return net


def _required(value: Mapping[str, object], name: str) -> str:
    text = text_of(value.get(name))
    if not text or len(text) > ID_LENGTH_MAX:
        raise _Wrong("missing_value", field=name)
    return text


def _amount(value: Mapping[str, object], name: str, currency: str) -> Decimal:
    text = text_of(value.get(name))
    amount = parse_amount(text, currency)
    if amount is None:
        raise _Wrong("bad_amount", value=text[:60], field=name)
    return amount


def _positive(value: Mapping[str, object], currency: str) -> Decimal:
    amount = _amount(value, "amount", currency)
    if amount < 0:
        raise _Wrong("bad_amount", value=str(amount), field="amount")
    return amount


def _day(value: Mapping[str, object], days: Days) -> date:
    """Return ``day`` as it is, else the merchant's day of the moment ``occurred_at`` (RFC 3339 with offset)."""
    day, moment = text_of(value.get("day")), text_of(value.get("occurred_at"))
    try:
        if day:
            return date.fromisoformat(day)
        if moment:
            read = datetime.fromisoformat(moment)
            if read.tzinfo is None:
                raise _Wrong("bad_date", value=moment[:60], field="occurred_at")
            return days.day_of(read)
    except (ValueError, OverflowError):
        raise _Wrong("bad_date", value=(day or moment)[:60], field="day" if day else "occurred_at") from None
    raise _Wrong("missing_value", field="day")


def _excerpt(value: Mapping[str, object]) -> str:
    return json.dumps({name: text_of(each)[:80] for name, each in list(value.items())[:20]}, ensure_ascii=False)
