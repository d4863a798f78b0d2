"""The audit chain tells of every link: whoever writes one, the same transaction says so in the chain before it commits.

One entry for all links of a transaction, thus one for each batch of answers. It names each link with a digest of what
stands in its row, so that a row which the chain does not tell is found (``verify_links``).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, UOWTransaction

from raccord.clock import Clock, SystemClock
from raccord.store import events
from raccord.store.canonical import canonical
from raccord.store.keyed import KeyedSession
from raccord.store.models import Event, LinkRow

WRITTEN = "links.written"
"""The action of such an entry. Its body holds under ``links``, by the row's number, what is told of each."""
CORE = "raccord"

_CLOCK, _BY, _WHY, _ROWS = "raccord_clock", "raccord_by", "raccord_why", "raccord_rows"
GONE = ""
"""The digest of a row that was deleted."""


class TellingSession(KeyedSession):
    """A session that tells of the links it writes."""


def telling(session: Session, clock: Clock) -> None:
    """Let entries of this session bear the hour of ``clock``."""
    session.info[_CLOCK] = clock


def on_behalf_of(session: Session, subject: str, why: Mapping[str, object] | None = None) -> None:
    """Name what writes links in this session (a run), and what else the entry is to say."""
    session.info[_BY] = subject
    session.info[_WHY] = {**session.info.get(_WHY, {}), **(why or {})}


def digest(link: LinkRow) -> str:
    """Return the fingerprint of all that a link's row says."""
    amount = None if link.amount is None else format(link.amount.normalize(), "f")
    row = {
        "company": link.company_id,
        "connection": link.connection_id,
        "key": link.key,
        "kind": link.kind,
        "document": link.document_id,
        "number": link.document_number,
        "token": link.sync_token,
        "revision": link.revision,
        "marker": link.marker,
        "payload": link.payload_hash,
        "stream": link.stream,
        "day": None if link.day is None else link.day.isoformat(),
        "record_day": None if link.record_day is None else link.record_day.isoformat(),
        "amount": amount,
        "currency": link.currency,
        "account": link.money_account,
        "state": link.state,
        "origin": link.origin,
        "generation": link.generation,
        "linked_at": link.linked_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return hashlib.sha256(canonical(row).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Untold:
    """A link that does not stand as the chain tells: altered, removed, or inserted."""

    what: str
    link_id: int
    key: str
    seq: int
    """The entry that told of it last; 0 for none."""


@dataclass(frozen=True, slots=True)
class Links:
    """What the comparison of all links with the chain came to."""

    untold: tuple[Untold, ...]
    told: int
    older: int
    """Links from before the chain told of links."""


def verify_links(session: Session, most: int = 20) -> Links:
    """Compare every link with what the chain told of it last; names at most ``most`` that differ."""
    told: dict[int, tuple[str, str, int]] = {}
    since: datetime | None = None
    for entry in _chained(session):
        since = since or entry.at
        for link_id, (key, _, _, _, fingerprint) in entry.body["links"].items():
            told[int(link_id)] = (key, fingerprint, entry.seq)
    untold: list[Untold] = []
    equal = older = 0
    with session.scalars(select(LinkRow).order_by(LinkRow.id).execution_options(yield_per=500)) as rows:
        for link in rows:
            key, fingerprint, seq = told.pop(link.id, ("", None, 0))
            if fingerprint is None and (since is None or link.linked_at < since):
                older += 1
            elif fingerprint == digest(link):
                equal += 1
            else:
                untold.append(Untold("inserted" if fingerprint in (None, GONE) else "altered", link.id, link.key, seq))
            session.expunge(link)
    removed = [
        Untold("removed", link_id, key, seq) for link_id, (key, fingerprint, seq) in told.items() if fingerprint != GONE
    ]
    return Links(tuple([*untold, *removed][:most]), equal, older)


def told_of(session: Session, company_id: str, link: LinkRow) -> list[Event]:
    """Return the entries that tell of a link, the oldest first."""
    entries = select(Event).where(Event.company_id == company_id, Event.connection_id == link.connection_id)
    chain = session.scalars(entries.where(Event.action == WRITTEN).order_by(Event.seq))
    return [entry for entry in chain if str(link.id) in entry.body["links"]]


def _chained(session: Session) -> Iterator[Event]:
    chain = select(Event).where(Event.action == WRITTEN).order_by(Event.seq).execution_options(yield_per=500)
    with session.scalars(chain) as entries:
        for entry in entries:
            yield entry
            session.expunge(entry)


@event.listens_for(TellingSession, "after_flush")
def _note(session: Session, _context: UOWTransaction) -> None:
    rows: dict[LinkRow, bool] = session.info.setdefault(_ROWS, {})
    for row in (*session.new, *session.dirty):
        if isinstance(row, LinkRow):
            rows[row] = False
    for row in session.deleted:
        if isinstance(row, LinkRow):
            rows[row] = True


@event.listens_for(TellingSession, "before_commit")
def _tell(session: Session) -> None:
    session.flush()
    rows: dict[LinkRow, bool] = session.info.pop(_ROWS, {})
    told: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row, gone in rows.items():
        place = told[row.company_id, row.connection_id]
        place[str(row.id)] = [row.key, row.kind, row.document_id, row.state, GONE if gone else digest(row)]
    clock: Clock = session.info.get(_CLOCK, SystemClock())
    for (company_id, connection_id), links in sorted(told.items()):
        events.append(
            session,
            actor=CORE,
            action=WRITTEN,
            subject=session.info.get(_BY, ""),
            company_id=company_id,
            connection_id=connection_id,
            now=clock.now(),
            body={**session.info.get(_WHY, {}), "links": links},
        )


@event.listens_for(TellingSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_ROWS, None)
