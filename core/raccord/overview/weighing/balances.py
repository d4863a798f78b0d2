"""What a bank says that its accounts hold, from its statements: a month's balances beside the accounts of the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.closing.left_days import told_days
from raccord.overview.listing import MOST
from raccord.plugin.covering import FileBalance
from raccord.store.models import Choice, Company, Connection, LedgerEntry, RecordState, SourceRecord
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.workshop import Workshop


@dataclass(frozen=True, slots=True)
class BankBalance:
    """One account's balances as its bank says them: the first opening and the last closing of a month."""

    account: str
    """In the words of people."""
    opening: FileBalance | None
    closing: FileBalance
    currency: str
    """That of the file, else of the account in the books, else of the company."""
    ledger_id: str = ""
    ledger_name: str = ""
    """The account of the books that was chosen for it; empty where nobody did yet."""


def balances_of(
    workshop: Workshop, session: Session, connection: Connection, first: date, last: date
) -> Sequence[BankBalance]:
    """Return the balances that statements tell of the days from ``first`` to ``last``, by account."""
    admitted = workshop.scopes.catalog.get(connection.connector)
    days = None if admitted is None else admitted.info.files_cover
    if admitted is None or days is None or days.tell is None:
        return []
    rows = session.execute(
        select(SourceRecord.day, SourceRecord.raw)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream == days.stream,
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.reason.not_in(UNSAID),
            SourceRecord.day.between(first, last),
        )
        .order_by(SourceRecord.day.desc(), SourceRecord.id.desc())
        .limit(MOST)
    ).all()
    said = told_days(admitted, days, connection.settings, [(row[0], row[1]) for row in rows])
    closings: dict[str, FileBalance] = {}
    openings: dict[str, FileBalance] = {}
    names: dict[str, str] = {}
    for each in said:
        if each is not None and each.closing is not None and first <= each.closing.day <= last:
            closings.setdefault(each.account, each.closing)
            names.setdefault(each.account, each.name or each.account)
        if each is not None and each.opening is not None:
            openings[each.account] = each.opening
    chosen = _chosen(session, connection, last)
    home = session.get_one(Company, connection.company_id).home_currency
    found = []
    for account, closing in sorted(closings.items(), key=lambda each: names[each[0]]):
        entry = chosen.get(account)
        currency = closing.currency or (entry.currency if entry else "") or home
        found.append(
            BankBalance(
                names[account], openings.get(account), closing, currency,
                entry.object_id if entry else "", entry.name if entry else "",
            )
        )  # fmt: skip
    return found


def _chosen(session: Session, connection: Connection, day: date) -> dict[str, LedgerEntry]:
    """Return the account of the books that counts on a day for each account of the source."""
    choices = session.scalars(
        select(Choice)
        .where(
            Choice.connection_id == connection.id, Choice.of != "", Choice.ledger_kind == "Account",
            Choice.valid_from <= day,
        )
        .order_by(Choice.valid_from)
    )  # fmt: skip
    ids = {each.of: each.ledger_id for each in choices}
    entries = session.scalars(
        select(LedgerEntry).where(
            LedgerEntry.company_id == connection.company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.object_id.in_(set(ids.values())),
        )
    )
    by_id = {each.object_id: each for each in entries}
    return {of: by_id[ledger_id] for of, ledger_id in ids.items() if ledger_id in by_id}
