"""A part of a list, with how long the whole is; no question about the tables answers without a limit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal, select
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


def page_and_count(
    session: Session, asked: Any, order: Callable[[Any], Sequence[Any]], limit: int, offset: int
) -> tuple[Sequence[Any], int]:
    """Return the ids of a page of what is asked for (``id``, and what ``order`` says of its columns), and how long the
    whole is, in one question that looks for all of it once.
    """
    found = asked.cte("found")
    page = select(found.c.id).order_by(*order(found.c)).limit(limit).offset(offset).subquery()
    whole = select(func.count()).select_from(found).subquery()
    rows = session.execute(select(whole.c[0], page.c.id).outerjoin(page, literal(value=True))).all()
    return [row.id for row in rows if row.id is not None], rows[0][0]


def count_of(session: Session, statement: Select[Any]) -> int:
    """Return how many rows a statement gives without limit."""
    return session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
