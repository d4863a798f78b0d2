"""The audit chain as people read it: who did what, when, to which subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import MOST, USUAL, Listing, Within, bounds
from raccord.store.models import Event, LinkRow
from raccord.store.told import WRITTEN, told_of
from raccord.store.told_proofs import STORED


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the chain; ``hash`` covers it and everything before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    company_id: str
    connection_id: str
    body: Mapping[str, Any]
    hash: str


def audit_log(
    session: Session,
    *,
    company_id: str = "",
    connection_id: str = "",
    actor: str = "",
    action: str = "",
    subject: str = "",
    within: Within = None,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[Entry]:
    """Return entries of the chain, the newest first; ``action`` also names a family (``connection``).

    What runs wrote is told where it is asked for (``links``), for it would hide what people decided.
    """
    limit, offset = bounds(limit, offset)
    wanted: list[Any] = []
    for column, value in (
        (Event.company_id, company_id),
        (Event.connection_id, connection_id),
        (Event.actor, actor),
        (Event.subject, subject),
    ):
        if value:
            wanted.append(column == value)
    if within is not None:
        wanted.append(Event.company_id.in_(within))
    if action:
        wanted.append((Event.action == action) | Event.action.startswith(f"{action}.", autoescape=True))
    elif not subject:
        wanted.append(Event.action != WRITTEN)
    rows = session.scalars(select(Event).where(*wanted).order_by(Event.seq.desc()).limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(Event).where(*wanted)) or 0
    return Listing([_entry(row) for row in rows], total, offset, limit)


def entries_about(session: Session, connection_id: str, subjects: Sequence[str], limit: int = MOST) -> list[Entry]:
    """Return what the chain says of subjects of a connection, the oldest first."""
    rows = session.scalars(
        select(Event)
        .where(Event.connection_id == connection_id, Event.subject.in_(subjects))
        .order_by(Event.seq)
        .limit(bounds(limit, 0)[0])
    )
    return [_entry(row) for row in rows]


def entries_that_tell_of(session: Session, link: LinkRow) -> list[Entry]:
    """Return by which entries the chain tells of a link, the oldest first: its runs, plans and mappings."""
    found = []
    for row in told_of(session, link.company_id, link):
        _, kind, document_id, state, _ = row.body["links"][str(link.id)]
        body = {name: value for name, value in row.body.items() if name != "links"}
        found.append(replace(_entry(row), body={**body, "document": f"{kind} {document_id}", "state": state}))
    return found


def _entry(row: Event) -> Entry:
    body = row.body
    if row.action == WRITTEN:
        # A hundred documents in one line of a table tell nobody anything.
        body = {**{name: value for name, value in body.items() if name != "links"}, "documents": len(body["links"])}
    if row.action == STORED and "proofs" in body:
        body = {**body, "proofs": len(body["proofs"])}
    return Entry(row.seq, row.at, row.actor, row.action, row.subject, row.company_id, row.connection_id, body, row.hash)
