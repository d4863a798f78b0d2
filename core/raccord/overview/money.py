"""Which movements are money in and out: those at the bank or on a card, so that one sale is not counted twice.

A transfer from one of the company's own bank or card accounts to another is neither: the company has as much as before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from raccord.store.models import REMOVALS, Connection, DraftRow, LedgerEntry, LineState, LinkRow, LinkState, PlanLine

MONEY_TYPES = ("Bank", "Credit Card")
"""QuickBooks account types that hold money; a clearing account only passes it on."""


TRANSFER = "Transfer"
"""The kind of document that moves between two accounts without being a sale or a cost."""
LINK_PREFIX = "{link:"
"""How an account that does not exist yet stands in an effect: ``{link:KEY}``."""


@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """What documents moved at the bank and on cards, in a currency; ``between`` own accounts is neither in nor out."""

    currency: str
    moved_in: Decimal
    moved_out: Decimal
    between: Decimal


@dataclass(slots=True)
class Tally:
    """Adds up what moved in one currency."""

    moved_in: Decimal = Decimal(0)
    moved_out: Decimal = Decimal(0)
    between: Decimal = Decimal(0)

    def add(self, came_in: Decimal, went_out: Decimal) -> None:
        """Count what moved (both positive, negative where it is taken back)."""
        self.moved_in += came_in
        self.moved_out += went_out

    def apart(self, came_in: Decimal, went_out: Decimal) -> None:
        """Count as between own accounts what was counted as in and out."""
        self.add(-came_in, -went_out)
        self.between += came_in + went_out

    def of(self, currency: str) -> MoneyMoved:
        """Return what it came to."""
        return MoneyMoved(currency, self.moved_in, self.moved_out, self.between)


@dataclass(frozen=True, slots=True)
class OwnTransfer:
    """A posted transfer between own bank and card accounts; ``amount`` is what it moves ``account`` by."""

    connection_id: str
    currency: str
    account: str
    day: date | None
    amount: Decimal

    @property
    def in_and_out(self) -> tuple[Decimal, Decimal]:
        """What it counts as in and out, both positive or zero."""
        return max(self.amount, Decimal(0)), max(-self.amount, Decimal(0))


def money_accounts(session: Session, company_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return the bank and card accounts of companies: company and account."""
    return {(row[0], row[1]) for row in session.execute(_money_accounts(), {"companies": list(company_ids)})}


@cache
def _money_accounts() -> Select[str, str]:
    return select(LedgerEntry.company_id, LedgerEntry.object_id).where(
        LedgerEntry.company_id.in_(bindparam("companies", expanding=True)),
        LedgerEntry.kind == "Account",
        LedgerEntry.type.in_(MONEY_TYPES),
    )


def own_transfers(
    session: Session,
    companies: Mapping[str, str],
    money: Collection[tuple[str, str]],
    *,
    first: date | None = None,
    last: date | None = None,
) -> list[OwnTransfer]:
    """Return the live transfers of connections (each id to its company's) of which both sides are money accounts.

    The other account stands in what their plan said that they move; ``first`` and ``last`` bound the documents' days.
    """
    asked: dict[str, object] = {"companies": list(set(companies.values())), "first": first, "last": last}
    bounds = {name: value for name, value in asked.items() if value is not None}
    found = session.execute(_transfers(first is not None, last is not None), bounds)
    rows = [row for row in found if row[0] in companies]
    made = _made(session, {(row[0], account) for row in rows for account in row[5] if account.startswith(LINK_PREFIX)})
    return [
        OwnTransfer(id_, currency, account, day, amount)
        for id_, currency, account, day, amount, effect in rows
        if amount is not None
        and effect
        and all((companies[id_], made.get((id_, each), each)) in money for each in effect)
    ]


@cache
def _transfers(since: bool, until: bool) -> Select[str, str, str, date | None, Decimal | None, Any]:
    """Return the statement that finds transfers with what they move, made once: making it takes longer than asking."""
    written = aliased(PlanLine)
    newest = (
        select(func.max(written.id))
        .where(written.draft_id == DraftRow.id, written.state == LineState.DONE, written.action.not_in(REMOVALS))
        .correlate(DraftRow)
        .scalar_subquery()
    )
    return (
        select(
            LinkRow.connection_id, LinkRow.currency, LinkRow.money_account, LinkRow.day, LinkRow.amount, PlanLine.effect
        )
        .join(DraftRow, and_(DraftRow.connection_id == LinkRow.connection_id, DraftRow.key == LinkRow.key))
        .join(PlanLine, PlanLine.id == newest)
        .where(
            # Found by company and kind, which are few; a connection's documents are many.
            LinkRow.company_id.in_(bindparam("companies", expanding=True)),
            LinkRow.kind == TRANSFER,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
            *([LinkRow.day >= bindparam("first")] if since else []),
            *([LinkRow.day <= bindparam("last")] if until else []),
        )
    )


def own_transfers_planned(
    session: Session, line: type[PlanLine], chosen: Select[int], at_the_bank: Collection[str], made: Mapping[str, str]
) -> dict[str, tuple[Decimal, Decimal]]:
    """Return by currency what comes in and goes out by plan lines that are transfers of which both sides are money
    accounts; ``made`` has the ids of accounts that plans spoke of before they were there.
    """
    rows = session.execute(
        select(line.currency, line.amount, line.effect).where(
            line.id.in_(chosen), line.kind == TRANSFER, line.amount.is_not(None)
        )
    )
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for currency, amount, effect in rows:
        if amount is None or not effect or not all(made.get(each, each) in at_the_bank for each in effect):
            continue
        came, went = sums.get(currency, (Decimal(0), Decimal(0)))
        sums[currency] = (came + amount, went) if amount > 0 else (came, went - amount)
    return sums


def _made(session: Session, awaited: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the ids of accounts that plans spoke of before they were there, by connection and how they stood there."""
    if not awaited:
        return {}
    keys = {account[len(LINK_PREFIX) : -1] for _, account in awaited}
    rows = session.execute(
        select(LinkRow.connection_id, LinkRow.key, LinkRow.document_id)
        .join(Connection, and_(Connection.id == LinkRow.connection_id, Connection.company_id == LinkRow.company_id))
        .where(LinkRow.connection_id.in_({id_ for id_, _ in awaited}), LinkRow.key.in_(keys))
    )
    return {(id_, f"{LINK_PREFIX}{key}}}"): document_id for id_, key, document_id in rows}
