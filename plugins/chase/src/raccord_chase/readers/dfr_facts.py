"""Rows of the reports become facts; what a row lacks or contradicts becomes a problem with its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from raccord_chase.facts import Chargeback, Transaction
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.amounts import ID_LENGTH_MAX, parse_amount, parse_exact
from raccord_chase.readers.dfr import Row, parse_date, same_number
from raccord_chase.readers.layouts import Layout

SALE, REFUND, CHARGEBACKS_NET, NET = "SALE", "REF", "CB", "NET"
"""The categories of the deposit summary whose meaning is fixed."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the rows of a connection must agree with."""

    merchant_id: str
    currency: str
    layout: Layout


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What one transfer to the bank is about."""

    entity_type: str
    entity: str
    currency: str
    transfer: str


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A line of the deposit summary (FIN0010)."""

    group: GroupKey
    method: str
    category: str
    conveyed: bool
    count: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A line of the service charge detail (FIN0011); ``total`` at its own scale."""

    group: GroupKey
    category: str
    subcategory: str
    method: str
    description: str
    total: Decimal


def read_transaction(row: Row, expected: Expected) -> Transaction | Problem:
    """Read a row of ACT0010: the action code tells sale from refund, the sign is only a check."""
    if row.problem:
        return row.problem
    fields, layout = row.fields, expected.layout
    if not same_number(fields["pid"], expected.merchant_id):
        return _wrong(row, "other_merchant", found=fields["pid"], expected=expected.merchant_id)
    if wrong := _wrong_currency(row, expected):
        return wrong
    action = fields["action"]
    refund = action in layout.actions.refund
    if not refund and action not in layout.actions.sale:
        return _wrong(row, "unknown_action", value=action)
    if missing := _missing(row, "submission", "record"):
        return missing
    day = _day(row, "submission_date", layout)
    if isinstance(day, Problem):
        return day
    amount = parse_amount(fields["amount"], fields["currency"])
    if amount is None:
        return _wrong(row, "bad_amount", value=fields["amount"], field="amount")
    if amount < 0 and not refund:
        return _wrong(row, "wrong_sign", amount=amount)
    return Transaction(
        id=f"{fields['pid'].lstrip('0')}-{fields['submission']}-{fields['record']}",
        refund=refund,
        day=day,
        currency=fields["currency"],
        amount=abs(amount),
        method=fields["mop"],
        entity=fields["entity"],
        order=fields["order"],
        card=fields["account"],
        source=fields,
        extra=row.extra,
    )


def read_chargeback(row: Row, expected: Expected) -> Chargeback | Problem | None:
    """Read a row of a chargeback report; ``None`` for the categories that move no money (inventory, received)."""
    if row.problem:
        return row.problem
    fields, exceptions = row.fields, expected.layout.exceptions
    category = fields["category"]
    if category in exceptions.not_money:
        return None
    if category not in exceptions.taken | exceptions.returned | exceptions.by_sign:
        return _wrong(row, "unknown_category", value=category)
    if wrong := _wrong_currency(row, expected):
        return wrong
    if missing := _missing(row, "sequence"):
        return missing
    day = _day(row, "activity_date", expected.layout)
    if isinstance(day, Problem):
        return day
    amount = parse_amount(fields["amount"], fields["currency"])
    if amount is None:
        return _wrong(row, "bad_amount", value=fields["amount"], field="amount")
    returned = amount > 0 if category in exceptions.by_sign else category in exceptions.returned
    reversed_ = fields["status"] == "R"
    mark = "-R" if reversed_ else ""
    return Chargeback(
        id=f"{fields['sequence']}-{category}-{day:%Y%m%d}{mark}",
        dispute=fields["sequence"],
        returned=returned is not reversed_,
        day=day,
        currency=fields["currency"],
        amount=abs(amount),
        entity=fields["entity"],
        order=fields["order"],
        card=fields["account"],
        reason=fields["reason"],
        category=category,
    )


def read_deposit_row(row: Row) -> DepositRow | Problem:
    """Read a line of FIN0010; the currency is not checked here, groups are refused whole."""
    if row.problem:
        return row.problem
    fields = row.fields
    amount = parse_amount(fields["amount"], fields["currency"])
    if amount is None:
        return _wrong(row, "bad_amount", value=fields["amount"], field="amount")
    if missing := _missing(row, "entity", "currency", "category"):
        return missing
    count = fields["count"]
    return DepositRow(
        _group(row),
        fields["mop"],
        fields["category"].upper(),
        fields["settled"].upper() == "C",
        int(count) if count.isascii() and count.isdigit() else None,
        amount,
    )


def read_charge_row(row: Row) -> ChargeRow | Problem:
    """Read a line of FIN0011."""
    if row.problem:
        return row.problem
    fields = row.fields
    total = parse_exact(fields["total"])
    if total is None:
        return _wrong(row, "bad_amount", value=fields["total"], field="total")
    if missing := _missing(row, "entity", "currency", "category"):
        return missing
    return ChargeRow(
        _group(row),
        fields["category"].upper(),
        fields["subcategory"],
        fields["mop"],
        fields["description"] or fields["subcategory"],
        total,
    )


def _group(row: Row) -> GroupKey:
    fields = row.fields
    return GroupKey(fields["entity_type"], fields["entity"], fields["currency"], fields["transfer"])


def _wrong(row: Row, code: str, **values: str | Decimal) -> Problem:
    return problem(code, line=row.line, raw=row.text, **values)


def _wrong_currency(row: Row, expected: Expected) -> Problem | None:
    found = row.fields["currency"]
    if found == expected.currency:
        return None
    return _wrong(row, "other_currency", found=found or "?", expected=expected.currency)


def _missing(row: Row, *names: str) -> Problem | None:
    for name in names:
        value = row.fields[name]
        if not value or len(value) > ID_LENGTH_MAX:
            return _wrong(row, "missing_value", field=name)
    return None


def _day(row: Row, name: str, layout: Layout) -> date | Problem:
    day = parse_date(row.fields[name], layout.container.dates)
    return _wrong(row, "bad_date", value=row.fields[name], field=name) if day is None else day
