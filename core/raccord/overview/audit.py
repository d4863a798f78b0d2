"""The audit chain as people read it: who did what, when, to which subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
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
    address: str = ""
    """From where it was asked, where that is known: of what runs do by themselves, and of old entries, it is not."""
    device: str = ""
    token: str = ""
    """The name of the token that a program showed."""


@dataclass(frozen=True, slots=True)
class WantedEntries:
    """Which entries a list shows; ``action`` also names a family (``connection``)."""

    company_id: str = ""
    connection_id: str = ""
    actor: str = ""
    action: str = ""
    subject: str = ""
    origin: str = ""
    """What an address begins with, or the device or the token's name has."""
    first: date | None = None
    last: date | None = None
    """Days in UTC, as the chain keeps its moments."""


def audit_log(
    session: Session, wanted: WantedEntries, *, within: Within = None, limit: int = USUAL, offset: int = 0
) -> Listing[Entry]:
    """Return entries of the chain, the newest first.

    What runs wrote is told where it is asked for (``links``), for it would hide what people decided.
    """
    limit, offset = bounds(limit, offset)
    which = _conditions(wanted, within)
    rows = session.scalars(select(Event).where(*which).order_by(Event.seq.desc()).limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(Event).where(*which)) or 0
    return Listing([_entry(row) for row in rows], total, offset, limit)


def entries_before(
    session: Session, wanted: WantedEntries, seq: int | None, *, within: Within = None, limit: int = MOST
) -> list[Entry]:
    """Return the entries of a list that come after one in it, by its number, or the first of them."""
    which = _conditions(wanted, within) + ([] if seq is None else [Event.seq < seq])
    rows = session.scalars(select(Event).where(*which).order_by(Event.seq.desc()).limit(bounds(limit, 0)[0]))
    return [_entry(row) for row in rows]


def _conditions(wanted: WantedEntries, within: Within) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (Event.company_id, wanted.company_id), (Event.connection_id, wanted.connection_id),
            (Event.actor, wanted.actor), (Event.subject, wanted.subject),
        )
        if value
    ]  # fmt: skip
    if within is not None:
        found.append(Event.company_id.in_(within))
    if wanted.action:
        found.append((Event.action == wanted.action) | Event.action.startswith(f"{wanted.action}.", autoescape=True))
    elif not wanted.subject:
        found.append(Event.action != WRITTEN)
    if wanted.origin:
        said = [Event.device.icontains(wanted.origin, autoescape=True)]
        said.append(Event.token_name.icontains(wanted.origin, autoescape=True))
        found.append(or_(Event.address.startswith(wanted.origin, autoescape=True), *said))
    if wanted.first is not None:
        found.append(Event.at >= datetime.combine(wanted.first, time.min, UTC))
    if wanted.last is not None and wanted.last < date.max:
        found.append(Event.at < datetime.combine(wanted.last + timedelta(days=1), time.min, UTC))
    return found


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
    return Entry(
        row.seq, row.at, row.actor, row.action, row.subject, row.company_id, row.connection_id, body, row.hash,
        row.address, row.device, row.token_name,
    )  # fmt: skip
