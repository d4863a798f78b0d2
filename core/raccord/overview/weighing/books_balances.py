"""QuickBooks' own balance of a bank's account beside the one that the bank says, and what makes the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from raccord.overview.books import balances
from raccord.overview.weighing.balances import BankBalance
from raccord.quickbooks import Lane
from raccord.store.models import Company, Connection, DraftRow, DraftState, Match, PlanLine, RecordState, SourceRecord
from raccord.store.sums import dialect_of, in_and_out, sums_of
from raccord.sync.lines.attached import BY_HAND
from raccord.sync.lines.treatments import OTHER_SIDE
from raccord.sync.workshop import Workshop

DAYS_MAX = 3
"""Days that QuickBooks is asked about for one page; accounts mostly end their month on the same one."""
_WAITS = (DraftState.WAITING, DraftState.PLANNED, DraftState.READY, DraftState.HELD, DraftState.FAILED)


@dataclass(frozen=True, slots=True)
class Unposted:
    """How many lines are in no document, and what they come to; money out is negative."""

    lines: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BooksBalance:
    """What QuickBooks holds on an account at the end of a bank's day, and what of the difference has a reason."""

    bank: Decimal
    quickbooks: Decimal
    waits: Unposted
    """Lines up to that day that wait for an answer or a run."""
    left_out: Unposted
    """Lines that were left out and that no document holds."""

    @property
    def difference(self) -> Decimal:
        """By how much the bank has more."""
        return self.bank - self.quickbooks

    @property
    def rest(self) -> Decimal:
        """What lines do not explain: documents that are not from here, and what the bank held before its first line."""
        return self.difference - self.waits.amount - self.left_out.amount


def comparable(rows: Sequence[BankBalance], home_currency: str) -> list[BankBalance]:
    """Return the accounts that QuickBooks can be asked about: chosen ones, in the currency of its trial balance."""
    return [each for each in rows if each.ledger_id and each.currency == home_currency]


def read_days(
    workshop: Workshop, company: Company, rows: Sequence[BankBalance]
) -> Mapping[date, Mapping[str, Decimal]]:
    """Ask QuickBooks for its balances at the ends of these accounts' days, one request a day and the latest
    ``DAYS_MAX`` of them; raises what QuickBooks answers otherwise.
    """
    days = sorted({each.closing.day for each in rows}, reverse=True)[:DAYS_MAX]
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    return {day: balances(client, day) for day in days}


def compared(
    session: Session,
    connection: Connection,
    rows: Sequence[BankBalance],
    books: Mapping[date, Mapping[str, Decimal]],
) -> dict[str, BooksBalance]:
    """Return by ledger id what QuickBooks was read to hold beside what the bank says, with what lines explain."""
    found = {}
    for each in rows:
        if each.ledger_id and each.closing.day in books:
            states = _unposted(session, connection, each.ledger_id, each.closing.day)
            waits = [states[state] for state in _WAITS if state in states]
            found[each.ledger_id] = BooksBalance(
                bank=each.closing.amount,
                # An account without a balance is not in the report.
                quickbooks=books[each.closing.day].get(each.ledger_id, Decimal(0)),
                waits=Unposted(sum(one.lines for one in waits), sum((one.amount for one in waits), Decimal(0))),
                left_out=states.get(DraftState.SKIPPED, Unposted()),
            )
    return found


def _unposted(session: Session, connection: Connection, ledger_id: str, day: date) -> dict[str, Unposted]:
    """Return what the lines on an account up to a day come to that are in no document, by their drafts' states."""
    last = select(PlanLine.money_account).where(PlanLine.draft_id == DraftRow.id).order_by(PlanLine.id.desc()).limit(1)
    other_side: ColumnElement[Any] = DraftRow.decisions[OTHER_SIDE].as_string()
    where = [
        DraftRow.connection_id == connection.id,
        DraftRow.state.in_((*_WAITS, DraftState.SKIPPED)),
        DraftRow.mapped_by != BY_HAND,
        SourceRecord.id == DraftRow.record_id,
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.amount.is_not(None),
        SourceRecord.day <= day,
        last.correlate(DraftRow).scalar_subquery() == ledger_id,
        # What a document of the books or the transfer of another line holds is there.
        other_side.is_(None),
        ~exists().where(Match.draft_id == DraftRow.id),
    ]
    asked = sums_of(dialect_of(session), SourceRecord.amount, [DraftRow.state], where, each_way=True)
    found: dict[str, Unposted] = {}
    for each in in_and_out(session, asked, {}):
        # Where amounts are written with other decimals, both directions come apart.
        state, before = str(each.of[0]), found.get(str(each.of[0]), Unposted())
        found[state] = Unposted(before.lines + each.rows, before.amount + each.came_in - each.went_out)
    return found
