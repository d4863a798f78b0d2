"""A part of a list, with how long the whole is; no question about the tables answers without a limit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection

USUAL = 50
MOST = 500

Row = TypeVar("Row")

Within = Collection[str] | None
"""The companies that somebody sees, by id; nothing stands for all of them."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """Some rows of a list: ``total`` counts the whole list, ``offset`` says where these rows begin."""

    rows: Sequence[Row]
    total: int
    offset: int = 0
    limit: int = USUAL

    @property
    def more(self) -> bool:
        """Whether rows follow after these."""
        return self.offset + len(self.rows) < self.total


def bounds(limit: int, offset: int) -> tuple[int, int]:
    """Return a limit between 1 and ``MOST`` and an offset that is not negative."""
    return max(1, min(limit, MOST)), max(0, offset)


def among(connection_id: Any, within: Within) -> list[ColumnElement[bool]]:
    """Return the condition that a row's connection belongs to one of the companies, if they are limited."""
    if within is None:
        return []
    return [connection_id.in_(select(Connection.id).where(Connection.company_id.in_(within)))]


def sees_all(session: Session, within: Within) -> bool:
    """Tell whether somebody sees every connection there is, so that nothing need be asked of each row."""
    if within is None:
        return True
    return session.scalar(select(Connection.id).where(Connection.company_id.not_in(within)).limit(1)) is None


def count_of(session: Session, statement: Select[Any]) -> int:
    """Return how many rows a statement gives without limit."""
    return session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
