"""Exact sums made by the database: amounts are kept as text, which neither database adds up without losing cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, String, case, cast, func, literal, type_coerce
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


def is_something(amount: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return whether an amount is anything but zero, however it is written."""
    return _units(amount) != 0


def _units(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    return cast(func.replace(type_coerce(amount, String), ".", ""), BigInteger)


def exact(units: int | Decimal | None, scale: int) -> Decimal:
    """Return the amount that so many units of the last decimal are."""
    return Decimal(units or 0).scaleb(-scale)
