"""What was kept back from deposits before they reached the bank, such as a card processor's fees, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Draft
from raccord.plugin.lines import DirectLine
from raccord.store.canonical import exact
from raccord.store.models import DraftRow, LinkRow, LinkState

DEPOSITS_MAX = 2_000
"""Deposits that are read at once, of as many days as are shown."""


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Deposits of one stream, day and currency: what was kept back from them, positive, and what reached the bank."""

    fees: Decimal
    net: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.fees


KeptOnDays = Mapping[tuple[date, str, str], KeptBack]


def kept_back(session: Session, connection_id: str, first: date, last: date) -> KeptOnDays | None:
    """Return by day, stream and currency what posted deposits lack; nothing where they are too many to be read."""
    mine = (
        LinkRow.connection_id == connection_id,
        LinkRow.kind == "Deposit",
        LinkRow.state == LinkState.LIVE,
        LinkRow.day.between(first, last),
        LinkRow.amount.is_not(None),
    )
    own = (DraftRow.connection_id == LinkRow.connection_id) & (DraftRow.key == LinkRow.key)
    asked = select(LinkRow.day, LinkRow.stream, LinkRow.currency, LinkRow.amount, DraftRow.body).join(DraftRow, own)
    rows = session.execute(asked.where(*mine).limit(DEPOSITS_MAX + 1)).all()
    if len(rows) > DEPOSITS_MAX:
        return None
    fees: dict[tuple[date, str, str], Decimal] = {}
    net: dict[tuple[date, str, str], Decimal] = {}
    for day, stream, currency, amount, body in rows:
        if day is None or amount is None:
            raise TypeError(stream)
        place = day, stream, currency
        net[place] = net.get(place, Decimal(0)) + amount
        fees[place] = fees.get(place, Decimal(0)) + _kept_of_body(body)
    return {place: KeptBack(kept, net[place]) for place, kept in fees.items()}


def in_all(days: KeptOnDays) -> Mapping[tuple[str, str], KeptBack]:
    """Return what was kept back on all of these days, by stream and currency; without those that lack nothing."""
    sums: dict[tuple[str, str], KeptBack] = {}
    for (_, stream, currency), each in sorted(days.items()):
        so_far = sums.get((stream, currency), KeptBack(Decimal(0), Decimal(0)))
        sums[stream, currency] = KeptBack(so_far.fees + each.fees, so_far.net + each.net)
    return {place: each for place, each in sums.items() if each.fees}


def kept_of(draft: Draft) -> Decimal:
    """Return what a deposit of other documents lacks of them, positive; nothing of any other document."""
    if not isinstance(draft, Deposit):
        return Decimal(0)
    own = [each.amount for each in draft.lines if isinstance(each, DirectLine)]
    return -sum(own, Decimal(0)) if len(own) < len(draft.lines) else Decimal(0)


def _kept_of_body(body: str) -> Decimal:
    """Return the same of a draft as it is stored: to load a thousand of them as drafts takes a second."""
    said: Any = exact(body)
    own = [Decimal(each["amount"]) for each in said["lines"] if each["type"] == "direct"]
    return -sum(own, Decimal(0)) if len(own) < len(said["lines"]) else Decimal(0)
