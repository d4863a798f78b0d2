"""Drift: documents of ours that somebody edited, voided or deleted in QuickBooks, found by change data capture.

Finding it writes nothing to QuickBooks and takes nothing back. What was changed stays changed, and what was deleted
stays deleted, until a person decides otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from raccord.quickbooks import LOOK_BACK, Changes, QuickBooks, quoted
from raccord.quickbooks.codec import MONEY_KINDS, differing, money_of
from raccord.store import events
from raccord.store.database import Database
from raccord.store.made_once import made_once
from raccord.store.models import (
    Change,
    Company,
    Connection,
    Drift,
    DriftState,
    LinkRow,
    LinkState,
    Match,
    Posting,
    PostingState,
)
from raccord.sync.books.readback import CLOCKS_APART, DOCUMENTS
from raccord.sync.chunks import CHUNK, chunks

OVERLAP = timedelta(minutes=5)
"""How far QuickBooks' machines may differ in what they call now."""
MARGIN = timedelta(hours=12)
"""Kept from the look-back limit, which is told in days of another time zone."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Seen:
    """One document of ours as QuickBooks told of it; ``document`` is nothing where it was deleted."""

    kind: str
    document_id: str
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A payment whose lines, at this token, are other ones only by what we did to documents; ``because`` of these."""

    token: str
    because: Sequence[str]


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask QuickBooks; ``whole`` unless more time has passed than it looks back, so that changes are unknown."""

    kinds: Sequence[str]
    since: datetime
    whole: bool


def ask(session: Session, company: Company, now: datetime) -> Question | None:
    """Return which kinds to ask about and since when, or nothing while no document is ours or a line's."""
    linked = (LinkRow.company_id == company.id, LinkRow.kind.in_(DOCUMENTS))
    matched = Match.company_id == company.id
    ours = (select(LinkRow.id).where(*linked), select(Match.id).where(matched))
    if all(session.scalar(each.limit(1)) is None for each in ours):
        return None
    if company.changes_seen is not None:
        since = company.changes_seen - OVERLAP
    else:
        # Until QuickBooks has told us its own time, ours must do.
        first = (select(func.min(LinkRow.linked_at)).where(*linked), select(func.min(Match.matched_at)).where(matched))
        since = min(filter(None, map(session.scalar, first)), default=now) - CLOCKS_APART
    earliest = now - LOOK_BACK + MARGIN
    return Question(sorted({*DOCUMENTS, *MONEY_KINDS}), max(since, earliest), since >= earliest)


def look(database: Database, client: QuickBooks, company_id: str, kinds: Sequence[str], since: datetime) -> Changes:
    """Ask QuickBooks what changed otherwise than by our own writing, which may be most of it; what one answer cannot
    hold is queried page by page. Of deletions it may then have left some out, which the proof names as missing.
    """
    found = client.changes(kinds, since)
    changed: dict[str, Sequence[Mapping[str, Any]]] = {}
    if found.whole:
        for kind, told in found.changed.items():
            changed[kind] = list(changed_since_written(database, company_id, kind, told))
        return replace(found, changed=changed)
    time = found.time
    # What was cut is let go before the whole of it is read.
    del found
    deleted: dict[str, Sequence[str]] = {}
    for kind in kinds:
        alone = client.changes([kind], since)
        deleted[kind] = alone.deleted[kind]
        where = f"MetaData.LastUpdatedTime >= {quoted(since.isoformat(timespec='seconds'))}"
        rows: Iterable[Mapping[str, Any]] = alone.changed[kind] if alone.whole else client.query_all(kind, where)
        del alone
        changed[kind] = list(changed_since_written(database, company_id, kind, rows))
    return Changes(changed, deleted, time, whole=False)


@made_once
def _tokens(company_id: str, kind: str, ids: Sequence[str]) -> Select[str, str]:
    return select(LinkRow.document_id, LinkRow.sync_token).where(
        LinkRow.company_id == company_id,
        LinkRow.kind == kind,
        LinkRow.state == LinkState.LIVE,
        LinkRow.document_id.in_(ids),
    )


@made_once
def _matched(company_id: str, kind: str, ids: Sequence[str]) -> Select[str]:
    return select(Match.document_id).where(
        Match.company_id == company_id, Match.kind == kind, Match.document_id.in_(ids)
    )


def changed_since_written(
    database: Database, company_id: str, kind: str, rows: Iterable[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Leave out documents of ours that nobody touched since: they bear the token that they had when we wrote them.

    Those that are a line's too stay: what we wrote into them may be another amount than the line's.
    """
    waiting = iter(rows)
    while some := list(islice(waiting, CHUNK)):
        with database.read() as session:
            written = session.execute(*_tokens(company_id, kind, [str(row["Id"]) for row in some]))
            tokens = {row.document_id: row.sync_token for row in written}
            ids = [*tokens]
            matched = set(session.scalars(*_matched(company_id, kind, ids))) if ids else set()
        for row in some:
            id_ = str(row["Id"])
            if id_ in matched or tokens.get(id_) != str(row.get("SyncToken", "")):
                yield row


def note(
    session: Session,
    company: Company,
    changes: Changes,
    now: datetime,
    followed: Mapping[tuple[str, str], Followed] = MappingProxyType({}),
) -> int:
    """Note what changed of our documents; return how many of them drifted.

    ``followed`` are those whose lines our own deeds made other ones: of these only the rest is asked about.
    """
    seen = [
        Seen(kind, str(document["Id"]), document) for kind, rows in changes.changed.items() for document in rows
    ] + [Seen(kind, document_id, None) for kind, ids in changes.deleted.items() for document_id in ids]
    links = _links(session, company.id, seen)
    bodies = bodies_of(session, list(links.values()))
    known = _known(session, [link.id for link in links.values()])
    drifted = 0
    told: list[tuple[LinkRow, Followed]] = []
    for each in seen:
        link = links.get((each.kind, each.document_id))
        if link is not None:
            ours = followed.get((each.kind, each.document_id))
            before = link.sync_token
            drifted += _one(session, link, each, bodies.get(link.id, {}), known.get(link.id), now, ours)
            if ours is not None and before != link.sync_token:
                told.append((link, ours))
    if changes.time is not None:
        company.changes_seen = changes.time
    for link, ours in told:
        _tell(session, link, ours, now)
    return drifted


def _one(
    session: Session,
    link: LinkRow,
    seen: Seen,
    body: Mapping[str, Any],
    known: Drift | None,
    now: datetime,
    ours: Followed | None,
) -> bool:
    """Compare one document with what we wrote; return whether it is another now."""
    token = "" if seen.document is None else str(seen.document.get("SyncToken", ""))
    if seen.document is not None and token == link.sync_token:
        return False
    change, fields = change_of(link, seen, body)
    if ours is not None and ours.token == token and change == Change.EDITED and not _asked_about_lines(known):
        fields = [each for each in fields if not _of_lines(each)]
        change = change if fields else None
    if change is None:
        # Touched from outside, by a deposit that holds it for one: what it says is what we wrote.
        link.sync_token = token
        if known is not None and known.state == DriftState.OPEN:
            known.state, known.decided_at, known.decided_by = DriftState.GONE, now, "raccord"
        return False
    if known is not None and known.state != DriftState.OPEN and (known.change, known.sync_token) == (change, token):
        return False
    if known is None or known.state != DriftState.OPEN:
        known = Drift(
            company_id=link.company_id, connection_id=link.connection_id, link_id=link.id, state=DriftState.OPEN
        )
        known.decided_by = ""
        session.add(known)
    known.change, known.fields, known.sync_token, known.found_at = change, fields, token, now
    return True


def _of_lines(field: Mapping[str, str]) -> bool:
    return re.split(r"[.\[]", field["field"], maxsplit=1)[0] == "Line"


def _asked_about_lines(known: Drift | None) -> bool:
    """Tell whether a person did something to the lines before us, which waits for an answer or has one."""
    return known is not None and known.state in (DriftState.OPEN, DriftState.KEPT) and any(map(_of_lines, known.fields))


def _tell(session: Session, link: LinkRow, ours: Followed, now: datetime) -> None:
    events.append(
        session,
        actor="raccord",
        action="drift.followed",
        subject=link.key,
        company_id=link.company_id,
        connection_id=link.connection_id,
        now=now,
        body={"kind": link.kind, "document": link.document_id, "because": " ".join(ours.because)},
    )


def change_of(link: LinkRow, seen: Seen, body: Mapping[str, Any]) -> tuple[Change | None, list[dict[str, str]]]:
    """Return what became of a document since we wrote ``body`` into it, and which of its properties differ."""
    if seen.document is None:
        return Change.DELETED, []
    fields = [
        {"field": path, "before": value_at(body, path), "after": value_at(seen.document, path)}
        for path in differing(body, seen.document)
    ]
    day = str(seen.document.get("TxnDate", ""))
    if not body and link.day is not None and day != link.day.isoformat():
        fields.append({"field": "TxnDate", "before": link.day.isoformat(), "after": day})
    if link.amount is not None and link.money_account:
        held = money_of(link.kind, seen.document, link.money_account)
        if held != link.amount:
            total = {"field": "money", "before": format(link.amount, "f"), "after": format(held, "f")}
            if not held and str(seen.document.get("PrivateNote", "")).startswith("Voided"):
                return Change.VOIDED, [total]
            fields.append(total)
    return (Change.EDITED, fields) if fields else (None, [])


def _links(session: Session, company_id: str, seen: Sequence[Seen]) -> dict[tuple[str, str], LinkRow]:
    """Return the links, still ours to look after, of the documents that were told of."""
    found: dict[tuple[str, str], LinkRow] = {}
    for some in chunks(sorted({each.document_id for each in seen}), CHUNK):
        rows = session.scalars(
            select(LinkRow)
            .join(Connection, Connection.id == LinkRow.connection_id)
            .where(
                LinkRow.company_id == company_id,
                LinkRow.document_id.in_(some),
                LinkRow.state == LinkState.LIVE,
            )
        )
        found.update({(row.kind, row.document_id): row for row in rows})
    return found


def bodies_of(session: Session, links: Sequence[LinkRow]) -> dict[int, Mapping[str, Any]]:
    """Return what we last wrote of each link; nothing for what was linked and never written."""
    by_key = {(link.connection_id, link.key): link.id for link in links}
    found: dict[int, Mapping[str, Any]] = {}
    for some in chunks(sorted({link.key for link in links}), CHUNK):
        rows = session.scalars(
            select(Posting)
            .where(Posting.key.in_(some), Posting.state == PostingState.DONE, Posting.body != "")
            .order_by(Posting.id)
        )
        for row in rows:
            link_id = by_key.get((row.connection_id, row.key))
            if link_id is not None:
                found[link_id] = json.loads(row.body, parse_float=Decimal)
    return found


def _known(session: Session, link_ids: Sequence[int]) -> dict[int, Drift]:
    """Return the newest drift of each link."""
    found: dict[int, Drift] = {}
    for some in chunks(sorted(link_ids), CHUNK):
        for row in session.scalars(select(Drift).where(Drift.link_id.in_(some)).order_by(Drift.found_at, Drift.id)):
            found[row.link_id] = row
    return found


def value_at(document: Mapping[str, Any], path: str) -> str:
    """Return the value at a path of :func:`differing` as text; of a reference its id, of a list its length."""
    found: Any = document
    for name, place in _STEP.findall(path):
        if name:
            found = found.get(name) if isinstance(found, Mapping) else None
        else:
            found = found[int(place)] if isinstance(found, list) and int(place) < len(found) else None
    match found:
        case None:
            return ""
        case {"value": value}:
            return str(value)
        case list():
            return str(len(found))
        case _:
            return str(found)
