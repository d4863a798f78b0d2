"""Exact sums made by the database: amounts are kept as text, which neither database adds up without losing cents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
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


@dataclass(frozen=True, slots=True)
class Moved:
    """What documents of one kind came to: what comes in by them and what goes out, both positive, and how many."""

    of: tuple[Any, ...]
    came_in: Decimal
    went_out: Decimal
    in_by: int
    out_by: int

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.in_by + self.out_by


_Asked = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Sums:
    """Two statements that add amounts up, for :func:`in_and_out`; made once, for that takes longer than an answer."""

    in_cents: _Asked
    as_written: _Asked

    def __or__(self, other: Sums) -> Sums:
        """Return the statements that ask for both at once."""
        return Sums(union_all(self.in_cents, other.in_cents), union_all(self.as_written, other.as_written))


def sums_of(
    dialect: str,
    amount: SQLColumnExpression[Any],
    of: Sequence[Any],
    where: Sequence[ColumnElement[bool]],
    *,
    each_way: bool = False,
    name: str | None = None,
) -> Sums:
    """Return the statements that add amounts up for each value of ``of``, which an index best has in that order.

    A ``name`` stands before those, to tell apart what is asked at once.
    How many come in and how many go out is told apart with ``each_way`` alone, which takes a tenth more.
    """
    written, out, came, went = _in_cents(dialect, amount)
    named = [] if name is None else [literal(name)]
    in_cents = select(
        *named,
        *of,
        func.count(),
        func.count(case((written, 1))),
        func.count(case((out, 1))) if each_way else literal(0),
        func.sum(case((out, 0), else_=came)),
        func.sum(case((out, went))),
    )
    by = *of, out.label("out"), scale_of(dialect, amount).label("scale")
    as_written = select(*named, *by, units_of(amount), func.count()).where(*where).group_by(*of, "out", "scale")
    return Sums(in_cents.where(*where).group_by(*of), as_written)


def in_and_out(session: Session, asked: Sums, values: Mapping[str, Any]) -> Iterator[Moved]:
    """Return what moved, by what ``asked`` tells apart; ``values`` are those of its conditions.

    Nearly all amounts are written with two decimals. Where all are, one pass adds them up as whole numbers of cents.
    The others are asked for again, and sorted by how they are written.
    """
    mixed = set()
    for *of, rows, two_decimals, out_by, came_in, went_out in session.execute(asked.in_cents, values).all():
        if two_decimals == rows:
            yield Moved(tuple(of), exact(came_in, 2), exact(went_out, 2), rows - out_by, out_by)
        else:
            mixed.add(tuple(of))
    if mixed:
        for *of, is_out, scale, units, rows in session.execute(asked.as_written, values).all():
            if tuple(of) in mixed:
                nothing, moved = Decimal(0), abs(exact(units, scale))
                yield Moved(tuple(of), *((nothing, moved, 0, rows) if is_out else (moved, nothing, rows, 0)))


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
