"""Exact sums made by the database: amounts are kept as text, which neither database adds up without losing cents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    String,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session


def dialect_of(session: Session) -> str:
    """Return the name of the database that a session asks."""
    return session.get_bind().dialect.name


def scale_of(dialect: str, amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the number of decimals that an amount is written with; group by it beside :func:`units_of`."""
    text = type_coerce(amount, String)
    # One function under two names; both take the text first and answer 0 where the point is missing.
    find = func.instr if dialect == "sqlite" else func.strpos
    point = find(text, literal("."))
    return case((point == 0, 0), else_=func.length(text) - point)


def units_of(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """Return the sum of amounts of one scale in units of their last decimal: whole numbers, so nothing is rounded."""
    return func.sum(_units(amount))


def in_and_out(
    session: Session, amount: SQLColumnExpression[Any], of: Sequence[Any], where: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[tuple[Any, ...], int, Decimal, Decimal]]:
    """Return for each value of ``of`` how many amounts there are, what comes in by them and what goes out.

    Nearly all are written with two decimals. Where all of a value are, one pass, which an index that begins with ``of``
    has in order, adds them up as whole numbers of cents. The others are asked for again, and sorted by how they are
    written.
    """
    written, out, came, went = _in_cents(dialect_of(session), amount)
    asked = select(
        *of,
        func.count(),
        func.count(case((written, 1))),
        func.sum(case((out, 0), else_=came)),
        func.sum(case((out, went))),
    )
    mixed: dict[tuple[Any, ...], tuple[int, Decimal, Decimal]] = {}
    for *values, rows, two_decimals, came_in, went_out in session.execute(asked.where(*where).group_by(*of)).all():
        if two_decimals == rows:
            yield tuple(values), rows, exact(came_in, 2), exact(went_out, 2)
        else:
            mixed[tuple(values)] = rows, Decimal(0), Decimal(0)
    if mixed:
        by = *of, out.label("out"), scale_of(dialect_of(session), amount).label("scale")
        for *values, is_out, scale, units in session.execute(
            select(*by, units_of(amount)).where(*where).group_by(*of, "out", "scale")
        ).all():
            if tuple(values) in mixed:
                rows, came_in, went_out = mixed[tuple(values)]
                moved = exact(units, scale)
                mixed[tuple(values)] = (
                    (rows, came_in, went_out - moved) if is_out else (rows, came_in + moved, went_out)
                )
    for place, (rows, came_in, went_out) in mixed.items():
        yield place, rows, came_in, went_out


def is_something(amount: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return whether an amount is anything but zero, however it is written."""
    return _units(amount) != 0


def _in_cents(
    dialect: str, amount: SQLColumnExpression[Any]
) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[int], ColumnElement[int]]:
    """Return whether an amount is written with two decimals, whether it goes out, and if so how many cents come or go.

    SQLite reads the number that a text begins with, which takes it half as long as writing the text anew without point.
    """
    text = type_coerce(amount, String)
    if dialect == "sqlite":
        whole, last = cast(text, Integer), cast(func.substr(text, -2), Integer)
        # Among the signs that amounts are written with only the minus sorts before the point.
        return func.substr(text, -3, 1) == ".", text < ".", 100 * whole + last, last - 100 * whole
    return text.like("%.__"), text.like("-%"), _units(amount), -_units(amount)


def _units(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    return cast(func.replace(type_coerce(amount, String), ".", ""), BigInteger)


def exact(units: int | Decimal | None, scale: int) -> Decimal:
    """Return the amount that so many units of the last decimal are."""
    return Decimal(units or 0).scaleb(-scale)
