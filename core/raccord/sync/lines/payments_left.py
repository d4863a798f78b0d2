"""Customers' payments of a lump sum that are in the books without the deposit of their line: a run died between, and
what the line was to pay besides is not open any more.

They wait in Undeposited Funds, and are the line's money. Said to be anything else, the line would count it twice; so it
asks, whatever was said of it, until they are undone, another line deposits them, or their deposit is entered by hand
and the line is that document.
"""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense, Payment
from raccord.store.made_once import made_once
from raccord.store.models import DraftRow, LinkRow, LinkState, PaidDocument
from raccord.sync.bodies import load_draft
from raccord.sync.lines.lump_sums import line_of, payer_keys
from raccord.sync.lines.made_drafts import PARTY
from raccord.sync.lines.paying import PAYER, asked_in
from raccord.sync.lines.undeposited import DEPOSIT
from raccord.sync.resolving.resolve import DECISION_MISSING, Held

STANDING = "payments_standing"
"""Under this name a question says which payments of its line stand so."""
_AFTER_PAYER = f"{PAYER[:-1]}{chr(ord(PAYER[-1]) + 1)}"


@made_once
def _made_for_payers(connection_id: str) -> Select[DraftRow, LinkRow]:
    return (
        select(DraftRow, LinkRow)
        .join(LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key))
        .where(
            LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE,
            LinkRow.key >= PAYER, LinkRow.key < _AFTER_PAYER,
        )
        .order_by(LinkRow.id)
    )  # fmt: skip


def payments_left(session: Session, connection_id: str) -> dict[int, list[dict[str, str]]]:
    """Return what is told of a connection's payments that stand so, by the record of the line they were made for."""
    rows = session.execute(*_made_for_payers(connection_id)).all()
    found: dict[int, list[dict[str, str]]] = {}
    for row, link in rows:
        if row.record_id is not None and line_of(session, row) is None and not _deposited(session, link):
            found.setdefault(row.record_id, []).append(_told(row, link))
    return found


def left_if_asked(session: Session, line: DraftRow) -> list[dict[str, str]]:
    """Return what is told of the payments in the books that a line would leave if it is asked about anew."""
    links = select(LinkRow).where(
        LinkRow.connection_id == line.connection_id,
        LinkRow.key.in_(list(payer_keys(line))),
        LinkRow.state == LinkState.LIVE,
    )
    found = []
    for link in session.scalars(links.order_by(LinkRow.id)).all():
        mine = (DraftRow.connection_id == link.connection_id, DraftRow.key == link.key)
        found.append(_told(session.scalars(select(DraftRow).where(*mine)).one(), link))
    return found


def asked_about(row: DraftRow, standing: list[dict[str, str]]) -> Held | None:
    """Return the question of a line some of whose payments stand so; nothing of other drafts of its record."""
    draft = load_draft(row.body)
    asked = asked_in(draft) if isinstance(draft, Deposit | Expense) else None
    if asked is None:
        return None
    return Held(
        DECISION_MISSING,
        decision=asked.name,
        accepts=str(asked.accepts),
        suggestion=asked.suggestion,
        **{STANDING: standing},
    )


def _deposited(session: Session, link: LinkRow) -> bool:
    """Tell whether another line deposits a payment."""
    taken = select(PaidDocument.id).where(
        PaidDocument.company_id == link.company_id,
        PaidDocument.kind == DEPOSIT,
        PaidDocument.document_id == link.document_id,
    )
    return session.scalars(taken.limit(1)).first() is not None


def _told(row: DraftRow, link: LinkRow) -> dict[str, str]:
    draft = load_draft(row.body)
    if not isinstance(draft, Payment):
        raise TypeError(row.key)
    return {
        "id": link.document_id,
        "party": str(row.decisions.get(PARTY, "")),
        "amount": format(draft.total, "f"),
        "day": draft.day.isoformat(),
    }
