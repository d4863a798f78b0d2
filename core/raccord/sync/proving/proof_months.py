"""Which months a proof reads from QuickBooks again, and which stand because nothing in them can have changed.

A month stands when its stored proof is equal, was read within ``FULL_READ``, our side says the same as then, and
QuickBooks' list of changes named none of its documents. Everything else is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Update, select, update
from sqlalchemy.orm import Session

from raccord.quickbooks import Changes
from raccord.quickbooks.codec import MONEY_KINDS, money_of, read_marker
from raccord.store.made_once import made_once
from raccord.store.models import Connection, LinkRow, LinkState, ProofMonth
from raccord.sync.chunks import CHUNK, chunks

FULL_READ = timedelta(days=7)
"""How old a reading may be before the month is read whole again, whatever the list of changes says. Far within the
30 days that QuickBooks looks back.
"""


def stands(row: ProofMonth | None, fingerprint: str, accounts: Iterable[str], now: datetime) -> bool:
    """Tell whether the stored proof of a month needs no reading."""
    return (
        row is not None
        and not row.unequal
        and not row.touched
        and row.fingerprint == fingerprint
        and set(accounts) <= set(row.accounts)
        and timedelta(0) <= now - row.read_at < FULL_READ
    )


def proven_before(session: Session, connection_id: str) -> bool:
    """Tell whether any month of a connection was proven, so that knowing what changed can spare a reading."""
    return session.scalar(*_any_month(connection_id)) is not None


@made_once
def _any_month(connection_id: str) -> Select[date]:
    return select(ProofMonth.month).where(ProofMonth.connection_id == connection_id).limit(1)


def keep_reading(
    session: Session,
    connection_id: str,
    month: date,
    *,
    fingerprint: str,
    accounts: list[str],
    unequal: int,
    now: datetime,
) -> None:
    """Note that a month was read whole."""
    session.merge(
        ProofMonth(
            connection_id=connection_id, month=month, read_at=now, confirmed_at=now, unequal=unequal,
            fingerprint=fingerprint, accounts=accounts, touched=False,
        )
    )  # fmt: skip


def confirm(session: Session, connection_id: str, months: Iterable[date], now: datetime) -> None:
    """Note that months stand as they were read."""
    for some in chunks(months, CHUNK):
        session.execute(*_confirmed(connection_id, some, now))


@made_once
def _confirmed(connection_id: str, months: Sequence[date], now: datetime) -> Update:
    read = update(ProofMonth).where(ProofMonth.connection_id == connection_id, ProofMonth.month.in_(months))
    return read.values(confirmed_at=now)


def touch(session: Session, company_id: str, changes: Changes, *, whole: bool) -> None:
    """Mark the months whose proof a change may concern; all of them when the list may have left some out."""
    mine = select(Connection.id).where(Connection.company_id == company_id)
    if not whole:
        session.execute(update(ProofMonth).where(ProofMonth.connection_id.in_(mine)).values(touched=True))
        return
    changed = {(kind, str(row["Id"])): row for kind, rows in changes.changed.items() for row in rows}
    gone = {(kind, document_id) for kind, ids in changes.deleted.items() for document_id in ids}
    links = _links(session, company_id, {*changed, *gone})
    months: dict[str, set[date]] = defaultdict(set)
    anywhere: set[date] = set()
    for place, document in changed.items():
        if place in links:
            months[links[place].connection_id] |= _concerned(links[place], document)
        elif read_marker(document):
            # A copy of one of ours; whose, its mark does not tell without looking.
            anywhere.add(_month(_day(document)))
    for place in gone & links.keys():
        months[links[place].connection_id] |= _concerned(links[place], None)
    for connection_id, some in months.items():
        _mark(session, [connection_id], some)
    if anywhere:
        _mark(session, list(session.scalars(mine)), anywhere)


def _concerned(link: LinkRow, document: Mapping[str, Any] | None) -> set[date]:
    """Return the months in which a document of ours is not what was proven of it."""
    if link.day is None or link.amount is None:
        return set()
    if document is None:
        return {_month(link.day)}
    day = _day(document)
    same = link.kind in MONEY_KINDS and money_of(link.kind, document, link.money_account) == link.amount
    return set() if same and day == link.day else {_month(link.day), _month(day)}


def _mark(session: Session, connection_ids: Iterable[str], months: set[date]) -> None:
    for some in chunks(connection_ids, CHUNK):
        session.execute(
            update(ProofMonth)
            .where(ProofMonth.connection_id.in_(some), ProofMonth.month.in_(sorted(months)))
            .values(touched=True)
        )


def _links(session: Session, company_id: str, documents: set[tuple[str, str]]) -> dict[tuple[str, str], LinkRow]:
    found: dict[tuple[str, str], LinkRow] = {}
    for some in chunks(sorted({document_id for _, document_id in documents}), CHUNK):
        rows = session.scalars(
            select(LinkRow).where(
                LinkRow.company_id == company_id, LinkRow.document_id.in_(some), LinkRow.state == LinkState.LIVE
            )
        )
        found.update({(row.kind, row.document_id): row for row in rows if (row.kind, row.document_id) in documents})
    return found


def _day(document: Mapping[str, Any]) -> date:
    return date.fromisoformat(str(document["TxnDate"]))


def _month(day: date) -> date:
    return day.replace(day=1)
