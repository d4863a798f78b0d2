"""In which order a plan takes the drafts of a connection: what others refer to comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, DraftState

PLANNABLE = (DraftState.WAITING, DraftState.READY, DraftState.HELD)
RANKS: tuple[tuple[str, ...], ...] = (
    ("Account",),
    ("Customer", "Vendor", "Item"),
    ("SalesReceipt", "Purchase", "JournalEntry", "Transfer", "Invoice", "CreditMemo", "Bill", "VendorCredit"),
    ("Payment", "BillPayment"),
    ("RefundReceipt",),
    ("Deposit",),
    ("Attachable",),
)
"""QuickBooks' entities by dependency level; a draft refers only to drafts of a lower one."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where planning stands: dependency level and last draft taken."""

    rank: int
    last: int


def waiting_drafts(
    session: Session, connection_id: str, position: Position, limit: int
) -> tuple[Position, Sequence[DraftRow]]:
    """Return the next drafts of one level that a plan takes, none at the end, and the position before them."""
    while position.rank < len(RANKS):
        rows = session.scalars(
            select(DraftRow)
            .where(
                DraftRow.connection_id == connection_id,
                DraftRow.state.in_(PLANNABLE),
                DraftRow.kind.in_(RANKS[position.rank]),
                DraftRow.id > position.last,
            )
            .order_by(DraftRow.id)
            .limit(limit)
        ).all()
        if rows:
            return position, rows
        position = Position(position.rank + 1, 0)
    return position, ()
