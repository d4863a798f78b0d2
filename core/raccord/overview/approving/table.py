"""A plan as a table to take away: every line with what it does, why, and what it comes to; written as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import and_, or_, select

from raccord.onboarding.closing.export import MARK, cell_text, table_bytes
from raccord.overview.explain import Explained
from raccord.store.database import Database
from raccord.store.models import Connection, Plan, PlanLine
from raccord.sync.lines.titles import Title, titles_of

Say = Callable[[str, str, Mapping[str, Any]], Explained]
"""Says a code of a connector's, with its values."""
PAGE = 1_000
"""Lines that are read at once: a plan of any size takes the memory of so many."""
COLUMNS = (
    "day", "action", "kind", "number", "about", "amount", "currency", "state", "reason", "why", "document_id", "key",
)  # fmt: skip


def plan_table(database: Database, plan_id: str, say: Say) -> Iterator[bytes]:
    """Return a plan's lines as CSV, part by part, in the order in which they are sent; ``say`` says why.

    No cell begins as a formula of a spreadsheet does. Raises ``NoResultFound`` where there is no such plan.
    """
    with database.read() as session:
        connection = session.get_one(Connection, session.get_one(Plan, plan_id).connection_id)
        connection_id, connector = connection.id, connection.connector
    return _parts(database, plan_id, connection_id, partial(say, connector))


def _parts(
    database: Database, plan_id: str, connection_id: str, say: Callable[[str, Mapping[str, Any]], Explained]
) -> Iterator[bytes]:
    yield table_bytes([COLUMNS], mark=MARK)
    last: PlanLine | None = None
    while True:
        wanted = select(PlanLine).where(PlanLine.plan_id == plan_id)
        if last is not None:
            same = and_(PlanLine.rank == last.rank, PlanLine.id > last.id)
            wanted = wanted.where(or_(PlanLine.rank > last.rank, same))
        with database.read() as session:
            rows = session.scalars(wanted.order_by(PlanLine.rank, PlanLine.id).limit(PAGE)).all()
            titles = titles_of(session, connection_id, [row.key for row in rows])
            session.expunge_all()
        if not rows:
            return
        yield table_bytes(
            [_cells(row, titles.get(row.key), say(row.reason, row.params).what if row.reason else "") for row in rows]
        )
        last = rows[-1]


def _cells(row: PlanLine, title: Title | None, why: str) -> Sequence[str]:
    values = (
        row.day, row.action, row.kind, title.number if title else "", title.text if title else "", row.amount,
        row.currency, row.state, row.reason, why, row.document_id, row.key,
    )  # fmt: skip
    return [cell_text(value, name) for name, value in zip(COLUMNS, values, strict=True)]
