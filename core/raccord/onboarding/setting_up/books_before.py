"""How many documents a company's books hold that a source's own would look like: whether it was running before."""

from __future__ import annotations

from sqlalchemy import func, select

from raccord.plugin.info import ConnectorInfo, Mode
from raccord.quickbooks import Lane
from raccord.store.models import Company, LinkRow, LinkState
from raccord.sync.workshop import Workshop

SOLD = ("Invoice", "SalesReceipt")
LINES = ("Deposit", "Purchase")


def books_before(workshop: Workshop, company_id: str, info: ConnectorInfo) -> dict[str, int]:
    """Return how many documents of each kind the books hold that nobody made through Raccord; asks QuickBooks.

    Kinds are those that tell a source: what it sells, where it sells; else what moves at the bank. Empty where the
    connector knows one way of starting, or there are none.
    """
    if len(info.modes) < len(Mode):
        return {}
    with workshop.database.read() as session:
        company = session.get_one(Company, company_id)
        rows = session.execute(
            select(LinkRow.kind, func.count())
            .where(LinkRow.company_id == company_id, LinkRow.state == LinkState.LIVE, LinkRow.origin == "created")
            .group_by(LinkRow.kind)
        )
        ours = {row[0]: row[1] for row in rows}
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    counted = ((kind, client.count(kind) - ours.get(kind, 0)) for kind in _kinds(info))
    return {kind: count for kind, count in counted if count > 0}


def _kinds(info: ConnectorInfo) -> tuple[str, ...]:
    becomes = {each.ledger for each in info.terms}
    return tuple(kind for kind in SOLD if kind in becomes) or (LINES if info.validates_each else (*SOLD, *LINES))
