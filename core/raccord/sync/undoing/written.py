"""What we wrote last of each document, by how much that moved which account, and whether something of ours held it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from raccord.store.canonical import exact
from raccord.store.models import REMOVALS, Connection, LedgerEntry, LinkRow, PlanLine, Posting, PostingState
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.undoing.selection import FILE, links_of

HOLDING = ("Deposit", "Payment", "BillPayment")
"""Documents that hold or pay others."""


@dataclass(slots=True)
class Written:
    """By key of the draft."""

    effects: dict[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """By how much the document moves each account, debit positive."""
    bodies: dict[str, Any] = field(default_factory=dict)
    """What was sent; nothing for what was linked and never written."""


def read_written(session: Session, connection: Connection, keys: Sequence[str]) -> Written:
    """Read what was written last under these keys, with the accounts and items that it created by their ids."""
    rows = _last_lines(session, connection, keys)
    wanted = {key for effect, _ in rows.values() for key in map(_link_in, effect) if key}
    ids = {link.key: link.document_id for link in links_of(session, connection, wanted)}
    items = _income_accounts(session, connection)
    found = Written()
    for key, (effect, body) in rows.items():
        moved: dict[str, Decimal] = {}
        for said, value in effect.items():
            account = _resolved(said, ids)
            account = items.get(account.removeprefix("item:"), account) if account.startswith("item:") else account
            moved[account] = moved.get(account, Decimal(0)) + Decimal(value)
        found.effects[key] = moved
        found.bodies[key] = exact(body) if body else None
    return found


def held_once(session: Session, link: LinkRow) -> bool:
    """Tell whether a deposit, payment or file of ours held a document once, which changes its token."""
    in_it = Posting.body.contains(f'"TxnId":"{link.document_id}"', autoescape=True)
    on_it = Posting.body.contains(f'"value":"{link.document_id}"', autoescape=True)
    held = select(Posting.id).where(
        Posting.company_id == link.company_id,
        Posting.state == PostingState.DONE,
        or_(and_(Posting.kind.in_(HOLDING), in_it), and_(Posting.kind == FILE, on_it)),
    )
    return session.scalars(held.limit(1)).first() is not None


def _last_lines(
    session: Session, connection: Connection, keys: Sequence[str]
) -> dict[str, tuple[Mapping[str, str], str]]:
    found: dict[str, tuple[Mapping[str, str], str]] = {}
    for some in chunks(sorted(keys), CHUNK):
        rows = session.execute(
            select(Posting.key, PlanLine.effect, Posting.body)
            .join(PlanLine, PlanLine.id == Posting.plan_line_id)
            .where(
                Posting.connection_id == connection.id,
                Posting.key.in_(some),
                Posting.state == PostingState.DONE,
                Posting.operation.not_in(REMOVALS),
            )
            .order_by(Posting.id)
        )
        found.update({key: (effect, body) for key, effect, body in rows})
    return found


def _income_accounts(session: Session, connection: Connection) -> dict[str, str]:
    """Return the income account of each item of the company."""
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.account_id).where(
            LedgerEntry.company_id == connection.company_id,
            LedgerEntry.kind == "Item",
            LedgerEntry.account_id != "",
        )
    )
    return {row.object_id: row.account_id for row in rows}


def _link_in(account: str) -> str:
    """Return the key of the account or item that an effect names before it existed; empty for an id."""
    return account.partition("{link:")[2].removesuffix("}")


def _resolved(account: str, ids: Mapping[str, str]) -> str:
    key = _link_in(account)
    return account.replace(f"{{link:{key}}}", ids[key]) if key in ids else account
