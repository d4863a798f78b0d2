"""Exact sums made by the database: amounts are kept as text, which neither database adds up without losing cents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session


def scale_of(session: Session, amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the number of decimals that an amount is written with; group by it beside :func:`units_of`."""
    text = type_coerce(amount, String)
    # One function under two names; both take the text first and answer 0 where the point is missing.
    find = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
    point = find(text, literal("."))
    return case((point == 0, 0), else_=func.length(text) - point)


def units_of(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the sum of amounts of one scale in units of their last decimal: whole numbers, so nothing is rounded."""
    return func.sum(_units(amount))


def in_and_out(
    session: Session, amount: SQLColumnExpression[Any], of: Sequence[Any], where: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[tuple[Any, ...], int, Decimal, Decimal]]:
    """Return for each value of ``of`` how many amounts there are, what comes in by them and what goes out.

    Nearly all are written with two decimals. These are added up in one pass, which an index that begins with ``of`` has
    in order; the others are asked for, and sorted by how they are written, where there are any.
    """
    text = type_coerce(amount, String)
    cents, out = text.like("%.__"), text.like("-%")
    sums = [units_of(case((and_(cents, which), amount))) for which in (not_(out), out)]
    others = False
    for *values, rows, apart, came, went in session.execute(
        select(*of, func.count(), func.count(case((not_(cents), 1))), *sums).where(*where).group_by(*of)
    ).all():
        others |= apart > 0
        yield tuple(values), rows, exact(came, 2), -exact(went, 2)
    if others:
        by = *of, out.label("out"), scale_of(session, amount).label("scale")
        asked = select(*by, units_of(amount)).where(*where, not_(cents)).group_by(*of, "out", "scale")
        for *values, is_out, scale, units in session.execute(asked).all():
            moved, nothing = exact(units, scale), Decimal(0)
            yield tuple(values), 0, *((nothing, -moved) if is_out else (moved, nothing))


def is_something(amount: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return whether an amount is anything but zero, however it is written."""
    return _units(amount) != 0


def _units(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    return cast(func.replace(type_coerce(amount, String), ".", ""), BigInteger)


def exact(units: int | Decimal | None, scale: int) -> Decimal:
    """Return the amount that so many units of the last decimal are."""
    return Decimal(units or 0).scaleb(-scale)
