"""What was posted and what it proves: documents by kind, money in and out, clearing at month ends, proof per day."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.money import MoneyMoved, Tally, money_accounts, own_transfers
from raccord.quickbooks import QuickBooks
from raccord.store.models import Connection, LinkRow, LinkState, Proof


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """How many cells (stream, currency, day) a connection's proof has, how many are equal, and its sums by stream."""

    days: int
    cells: int
    equal: int
    streams: Sequence[StreamProof]

    @property
    def all_equal(self) -> bool:
        return self.cells == self.equal


@dataclass(frozen=True, slots=True)
class StreamProof:
    stream: str
    currency: str
    source: Decimal
    left_out: Decimal
    posted: Decimal
    quickbooks: Decimal


def documents_by_kind(session: Session, connection_ids: Sequence[str]) -> dict[str, int]:
    """Count the live documents of connections by QuickBooks' kind."""
    rows = session.execute(
        select(LinkRow.kind, func.count())
        .where(LinkRow.connection_id.in_(connection_ids), LinkRow.state == LinkState.LIVE)
        .group_by(LinkRow.kind)
        .order_by(LinkRow.kind)
    )
    return {row[0]: row[1] for row in rows}


def money_moved(session: Session, connection_ids: Sequence[str]) -> list[MoneyMoved]:
    """Return what documents of connections moved at the bank and on cards, by currency."""
    of = select(Connection.id, Connection.company_id).where(Connection.id.in_(connection_ids))
    companies = {row[0]: row[1] for row in session.execute(of)}
    money = money_accounts(session, set(companies.values()))
    sums: dict[str, Tally] = {}
    rows = session.execute(
        select(LinkRow.connection_id, LinkRow.money_account, LinkRow.currency, LinkRow.amount).where(
            LinkRow.connection_id.in_(companies), LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None)
        )
    )
    for id_, account, currency, amount in rows:
        if amount is not None and (companies[id_], account) in money:
            sums.setdefault(currency, Tally()).add(max(amount, Decimal(0)), max(-amount, Decimal(0)))
    for each in own_transfers(session, companies, money):
        sums.setdefault(each.currency, Tally()).apart(*each.in_and_out)
    return [tally.of(currency) for currency, tally in sorted(sums.items())]


def proof_summary(session: Session, connection_id: str) -> ProofSummary:
    """Sum up the stored proof of a connection."""
    days: set[date] = set()
    cells = equal = 0
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for proof in session.scalars(
        select(Proof).where(Proof.connection_id == connection_id).order_by(Proof.stream, Proof.day)
    ):
        days.add(proof.day)
        cells += 1
        equal += proof.equal
        row = sums.setdefault((proof.stream, proof.currency), [Decimal(0)] * 4)
        for place, value in enumerate(
            (proof.source_total, proof.left_out_total, proof.posted_total, proof.quickbooks_total)
        ):
            row[place] += value
    streams = [StreamProof(stream, currency, *row) for (stream, currency), row in sums.items()]
    return ProofSummary(len(days), cells, equal, streams)


def month_ends(first: date, last: date) -> list[date]:
    """Return the last day of each month that the range touches; the last one is cut at ``last``."""
    ends: list[date] = []
    day = first
    while day <= last:
        end = day.replace(day=monthrange(day.year, day.month)[1])
        ends.append(min(end, last))
        day = end + timedelta(days=1)
    return ends


def balances(client: QuickBooks, day: date) -> dict[str, Decimal]:
    """Return each account's balance (debit positive) at the end of ``day`` by its id, from the trial balance."""
    report = client.report("TrialBalance", {"start_date": "1970-01-01", "end_date": day.isoformat()}).value
    rows = report.get("Rows", {}).get("Row", [])
    found: dict[str, Decimal] = {}
    for row in rows:
        cells: list[Mapping[str, Any]] = row.get("ColData", [])
        if len(cells) >= 3 and cells[0].get("id"):
            found[str(cells[0]["id"])] = Decimal(cells[1].get("value") or 0) - Decimal(cells[2].get("value") or 0)
    return found
