"""Column types that hold the same value on SQLite and PostgreSQL, and the declarative root."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Date, DateTime, Integer, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Exact(TypeDecorator[Decimal]):
    """A decimal kept as its own text, so that scale and value survive on every database."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept in UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """Root of all tables; text columns are unlimited unless they say otherwise."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        date: Date,
        datetime: Moment,
        Decimal: Exact,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


RowId = BigInteger().with_variant(Integer, "sqlite")
"""Type of the running numbers of large tables (SQLite counts only plain integers)."""


class _Ids:
    """Makes ids of the layout of UUID version 7 that grow strictly within this process.

    Within one millisecond, or when the clock goes back, the random tail of the last id is raised by a random step
    (RFC 9562, section 6.2, method 2), so that rows written one after another are read in that order.
    """

    _STEP = 1 << 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._tail = 0

    def next(self, millisecond: int) -> str:
        with self._lock:
            if millisecond > self._millisecond:
                self._millisecond, self._tail = millisecond, secrets.randbits(73)
            else:
                self._tail += 1 + secrets.randbelow(self._STEP)
            when, tail = self._millisecond, self._tail
        # 12 of the 74 random bits stand before the variant; the highest begins as 0, so that no step overflows.
        value = when << 80 | 0x7 << 76 | tail >> 62 << 64 | 0x2 << 62 | tail & ((1 << 62) - 1)
        return f"{value:032x}"


_ids = _Ids()


def new_id() -> str:
    """Return a random id whose text order is the order of creation (the layout of UUID version 7), 32 hex digits."""
    return _ids.next(time.time_ns() // 1_000_000)
