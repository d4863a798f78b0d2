"""In which order a plan takes the drafts of a connection: what others refer to comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, DraftState

PLANNABLE = (DraftState.WAITING, DraftState.READY, DraftState.HELD)
RANKS: tuple[tuple[str, ...], ...] = (
    ("Account",),
    ("Customer", "Vendor", "Item"),
    ("SalesReceipt", "Purchase", "JournalEntry", "Transfer", "Invoice", "CreditMemo", "Bill", "VendorCredit"),
    ("Payment",),
    ("RefundReceipt",),
    ("Deposit",),
    ("BillPayment",),
    ("Attachable",),
)
"""QuickBooks' entities by dependency level; a draft refers only to drafts of a lower one."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where planning stands: dependency level and last draft taken."""

    rank: int
    last: int


# Asked for each level of each plan, so made once.
_WAITING = (
    select(DraftRow)
    .where(
        DraftRow.connection_id == bindparam("connection", type_=DraftRow.connection_id.type),
        DraftRow.state.in_(PLANNABLE),
        DraftRow.kind.in_(bindparam("of", type_=DraftRow.kind.type, expanding=True)),
        DraftRow.id > bindparam("last", type_=DraftRow.id.type),
    )
    .order_by(DraftRow.id)
    .limit(bindparam("most", type_=Integer))
)
_KINDS = (
    select(DraftRow.kind)
    .where(
        DraftRow.connection_id == bindparam("connection", type_=DraftRow.connection_id.type),
        DraftRow.state.in_(PLANNABLE),
    )
    .distinct()
)


def waiting_drafts(
    session: Session, connection_id: str, position: Position, limit: int
) -> tuple[Position, Sequence[DraftRow]]:
    """Return the next drafts of one level that a plan takes, none at the end, and the position before them."""
    waiting: set[str] | None = None
    while position.rank < len(RANKS):
        if waiting is None or not waiting.isdisjoint(RANKS[position.rank]):
            asked = {"connection": connection_id, "of": RANKS[position.rank], "last": position.last, "most": limit}
            rows = session.scalars(_WAITING, asked).all()
            if rows:
                return position, rows
        if waiting is None:
            # Most levels have none: it costs less to ask which kinds there are than to ask for those of each.
            waiting = set(session.scalars(_KINDS, {"connection": connection_id}))
        position = Position(position.rank + 1, 0)
    return position, ()
