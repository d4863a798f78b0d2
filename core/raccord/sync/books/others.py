"""Documents by others on the accounts that the proof watches: entered, changed or removed by hand since the last one.

They are nobody's mistake by themselves, a bank account has many, so no day is unequal for them. But a cent that comes,
changes or goes there is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.quickbooks import Changes
from raccord.quickbooks.codec import MONEY_KINDS, Told, told_of
from raccord.store.made_once import made_once
from raccord.store.models import Connection, LinkRow, OtherChange, OtherDocument, ProofMonth
from raccord.sync.chunks import CHUNK, chunks

Documents = Mapping[tuple[str, str], Told]
"""Documents by kind and id."""
Place = tuple[str, str, str]
"""Kind, id and account."""


@dataclass(frozen=True, slots=True)
class Move:
    """How a document moves one account: the day, by how much, and the document's number."""

    day: date
    amount: Decimal
    number: str


def watched_accounts(session: Session, connection_id: str) -> list[str]:
    """Return the ledger accounts on which a connection's documents are proven."""
    return list(session.scalars(*_watched(connection_id)))


@made_once
def _watched(connection_id: str) -> Select[str]:
    return (
        select(LinkRow.money_account)
        .where(LinkRow.connection_id == connection_id, LinkRow.money_account != "", LinkRow.amount.is_not(None))
        .distinct()
        .order_by(LinkRow.money_account)
    )


def note_month(
    session: Session,
    company_id: str,
    others: Mapping[Place, Move],
    first: date,
    last: date,
    accounts: Iterable[str],
    known: Iterable[str],
    now: datetime,
) -> None:
    """Keep what others have in a month that was read whole; ``known`` are the accounts that were watched when it was
    read before, on which a difference is a change and not the first look.
    """
    wanted = set(accounts)
    after = {place: move for place, move in others.items() if first <= move.day <= last}
    stored = {
        (row.kind, row.document_id, row.account_id): row
        for row in session.scalars(
            select(OtherDocument).where(
                OtherDocument.company_id == company_id,
                OtherDocument.day >= first,
                OtherDocument.day <= last,
                OtherDocument.account_id.in_(sorted(wanted)),
            )
        )
    }
    elsewhere = _stored(session, company_id, [(kind, document_id) for kind, document_id, _ in after])
    stored |= {place: row for place, row in elsewhere.items() if place in after}
    _keep(session, company_id, stored, after, set(known), now)


def note_changes(session: Session, company_id: str, changes: Changes, now: datetime) -> None:
    """Keep what QuickBooks told of documents by others on watched accounts, in the months that were read before."""
    documents = {
        (kind, str(row["Id"])): told_of(kind, row)
        for kind, rows in changes.changed.items()
        if kind in MONEY_KINDS
        for row in rows
    }
    gone = [(kind, document_id) for kind, ids in changes.deleted.items() for document_id in ids]
    stored = _stored(session, company_id, [*documents, *gone])
    months = _accounts_by_month(session, company_id)
    here: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, document_id, account in stored:
        here[kind, document_id].add(account)
    accounts: dict[tuple[str, str], set[str]] = {}
    for place, row in documents.items():
        accounts[place] = months.get(row.day.replace(day=1), set()) | here.get(place, set())
    after = _moves(session, company_id, documents, accounts)
    known = {account for found in accounts.values() for account in found} | {account for *_, account in stored}
    _keep(session, company_id, stored, after, known, now)


def _keep(
    session: Session,
    company_id: str,
    stored: Mapping[Place, OtherDocument],
    after: Mapping[Place, Move],
    known: set[str],
    now: datetime,
) -> None:
    """Bring the table to what was seen, and note each change on the accounts that were known."""
    ours = _linked(session, company_id, [(kind, document_id) for kind, document_id, _ in stored])
    for place in sorted({*stored, *after}):
        row, move = stored.get(place), after.get(place)
        if row is not None and move is not None and (row.day, row.amount) == (move.day, move.amount):
            continue
        kind, document_id, account = place
        # What was linked since became ours to prove; nobody changed it.
        if account in known and (kind, document_id) not in ours:
            session.add(
                OtherChange(
                    company_id=company_id,
                    kind=kind,
                    document_id=document_id,
                    account_id=account,
                    number=move.number if move is not None else row.number if row is not None else "",
                    day_before=None if row is None else row.day,
                    amount_before=None if row is None else row.amount,
                    day_after=None if move is None else move.day,
                    amount_after=None if move is None else move.amount,
                    found_at=now,
                )
            )
        if move is None:
            session.delete(row)
        elif row is None:
            session.add(
                OtherDocument(
                    company_id=company_id, kind=kind, document_id=document_id, account_id=account,
                    number=move.number, day=move.day, amount=move.amount,
                )
            )  # fmt: skip
        else:
            row.day, row.amount, row.number = move.day, move.amount, move.number


def moves_of_others(session: Session, company_id: str, documents: Documents, accounts: set[str]) -> dict[Place, Move]:
    """Return how documents that are not ours and bear no mark of ours move the accounts that are watched."""
    return _moves(session, company_id, documents, dict.fromkeys(documents, accounts))


def _moves(
    session: Session, company_id: str, documents: Documents, accounts: Mapping[tuple[str, str], set[str]]
) -> dict[Place, Move]:
    """Return how documents that are not ours and bear no mark of ours move these accounts."""
    ours = _linked(session, company_id, documents)
    found: dict[Place, Move] = {}
    for (kind, document_id), row in documents.items():
        if (kind, document_id) in ours or row.code:
            continue
        for account in accounts.get((kind, document_id), ()):
            amount = row.moved(account)
            if amount:
                found[kind, document_id, account] = Move(row.day, amount, row.number)
    return found


def _linked(session: Session, company_id: str, documents: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those documents that have a link of any connection, in whatever state."""
    wanted = set(documents)
    found: set[tuple[str, str]] = set()
    for some in chunks(sorted({document_id for _, document_id in wanted}), CHUNK):
        rows = session.execute(
            select(LinkRow.kind, LinkRow.document_id).where(
                LinkRow.company_id == company_id, LinkRow.document_id.in_(some)
            )
        )
        found.update((kind, document_id) for kind, document_id in rows)
    return found & wanted


def _stored(session: Session, company_id: str, documents: Iterable[tuple[str, str]]) -> dict[Place, OtherDocument]:
    wanted = set(documents)
    found: dict[Place, OtherDocument] = {}
    for some in chunks(sorted({document_id for _, document_id in wanted}), CHUNK):
        rows = session.scalars(
            select(OtherDocument).where(OtherDocument.company_id == company_id, OtherDocument.document_id.in_(some))
        )
        found.update(
            {(row.kind, row.document_id, row.account_id): row for row in rows if (row.kind, row.document_id) in wanted}
        )
    return found


def _accounts_by_month(session: Session, company_id: str) -> dict[date, set[str]]:
    found: dict[date, set[str]] = defaultdict(set)
    for month, accounts in session.execute(*_months(company_id)):
        found[month].update(accounts)
    return found


@made_once
def _months(company_id: str) -> Select[date, list[str]]:
    return (
        select(ProofMonth.month, ProofMonth.accounts)
        .join(Connection, Connection.id == ProofMonth.connection_id)
        .where(Connection.company_id == company_id)
    )
