"""The audit chain: who did what, each entry's hash covering the one before, so that a change anywhere shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from raccord.store.canonical import canonical, exact
from raccord.store.models import Event, EventHead
from raccord.store.origins import origin_now

BEGINNING = "0" * 64
"""Stands for the hash before the first entry."""

EXPORTED, EXPORT_FINISHED = "company.exported", "company.export_finished"
"""Entries of an export that somebody asked for, and of one whose last byte was taken."""

_WRITER = 0x5261_0002
"""Key of the PostgreSQL lock under which one transaction at a time writes to the chain."""

_HEAD = 1


def append(
    session: Session,
    actor: str,
    action: str,
    subject: str = "",
    company_id: str = "",
    connection_id: str = "",
    *,
    now: datetime,
    body: Mapping[str, object] | None = None,
) -> Event:
    """Add an entry in the caller's transaction; it stands or falls with what it tells of.

    From here to the end of the transaction nobody else can write to the chain: append last. ``body`` holds JSON
    values and decimals, never a secret; floats raise ``TypeError``.
    """
    # First whatever rows the transaction writes, then the chain: two that took them the other way round would wait for
    # each other.
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})
    head = session.get(EventHead, _HEAD, populate_existing=True)
    if head is None:
        head = EventHead(id=_HEAD, seq=0, hash=BEGINNING)
        session.add(head)
    kept = exact(canonical(dict(body or {})))
    if not isinstance(kept, dict):
        raise TypeError("the body of an entry is a mapping")
    origin = origin_now()
    event = Event(
        seq=head.seq + 1,
        at=now.astimezone(UTC),
        company_id=company_id,
        connection_id=connection_id,
        actor=actor,
        action=action,
        subject=subject,
        body=kept,
        address=origin.address,
        device=origin.device,
        token_name=origin.token,
        previous_hash=head.hash,
    )
    event.hash = _hash(event)
    session.add(event)
    head.seq, head.hash = event.seq, event.hash
    session.flush()
    return event


def verify(session: Session) -> int | None:
    """Return the number of the first entry that was altered, removed, added or moved, or nothing when all stand.

    Reads the chain once from its beginning, a bounded number of entries in memory.
    """
    seq, previous = 0, BEGINNING
    with session.scalars(select(Event).order_by(Event.seq).execution_options(yield_per=500)) as chain:
        for event in chain:
            seq += 1
            if event.seq != seq or event.previous_hash != previous or event.hash != _hash(event):
                return seq
            previous = event.hash
            session.expunge(event)
    head = session.get(EventHead, _HEAD, populate_existing=True)
    ends = (0, BEGINNING) if head is None else (head.seq, head.hash)
    if ends == (seq, previous):
        return None
    return min(seq, ends[0]) + 1


def _hash(event: Event) -> str:
    row: dict[str, object] = {
        "seq": event.seq,
        "at": event.at.isoformat(timespec="microseconds"),
        "company_id": event.company_id,
        "connection_id": event.connection_id,
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "body": event.body,
    }
    # Entries from before it was noted have the hash that they were written with.
    origin = {"address": event.address, "device": event.device, "token": event.token_name}
    if any(origin.values()):
        row["origin"] = origin
    return hashlib.sha256(f"{event.previous_hash}{canonical(row)}".encode()).hexdigest()
