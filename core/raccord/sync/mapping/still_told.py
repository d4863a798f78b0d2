"""Which documents lines tell of that a source says still: those they posted, those they were said to be, and those they
would be known by, were another line not.

Several lines can be said to be one document. It is known by one of them (``Match``); of the others the plan says it
that left them out. When that one goes, the next takes its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from raccord.store.models import (
    Action,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    Match,
    PlanLine,
    RecordState,
    SourceRecord,
)
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS

Place = tuple[str, str]
"""Stream and id of a record."""


class Held(NamedTuple):
    """A document of the books, as it moves one account."""

    kind: str
    document_id: str
    account: str


class Heir(NamedTuple):
    """A line that was said to be a document by which another line is known, and that is told still."""

    draft_id: int
    place: Place
    """Of its record."""
    names: frozenset[tuple[str, str]]
    """What it was said to be: a document by kind and id, or the line that posts it, by its key."""
    account: str
    amount: Decimal
    currency: str
    day: date
    """The document's."""

    def match(self, company_id: str, connection_id: str, held: Held, now: datetime) -> Match:
        """Return by what the document is known as this line."""
        return Match(
            company_id=company_id, connection_id=connection_id, draft_id=self.draft_id, kind=held.kind,
            document_id=held.document_id, money_account=held.account, amount=self.amount, currency=self.currency,
            day=self.day, matched_at=now,
        )  # fmt: skip


_newest = aliased(SourceRecord)
_NAMED_DOCUMENT, _NAMED_KEY = PlanLine.params["id"].as_string(), PlanLine.params["owner_key"].as_string()


def posted_by_others(
    session: Session, company_id: str, connection_id: str, ids: Collection[str], going: Collection[Place] = ()
) -> set[Held]:
    """Return the documents of ours, of some ids, whose own line is told still and none of a connection's ``going``."""
    found: set[Held] = set()
    for some in chunks(sorted(set(ids)), CHUNK):
        posted = select(LinkRow.kind, LinkRow.document_id, LinkRow.money_account, *_LINE).join(
            DraftRow, and_(DraftRow.connection_id == LinkRow.connection_id, DraftRow.key == LinkRow.key)
        )
        of = (LinkRow.company_id == company_id, LinkRow.state == LinkState.LIVE, LinkRow.document_id.in_(some))
        found |= _stay(session, _told_still(posted).where(*of), connection_id, going)
    return found


def matched_by_others(
    session: Session, company_id: str, connection_id: str, ids: Collection[str], going: Collection[Place] = ()
) -> set[Held]:
    """Return likewise the documents that such a line was said to be whole, and is known by."""
    found: set[Held] = set()
    for some in chunks(sorted(set(ids)), CHUNK):
        said = select(Match.kind, Match.document_id, Match.money_account, *_LINE).join(
            DraftRow, DraftRow.id == Match.draft_id
        )
        of = (Match.company_id == company_id, Match.part == 0, Match.document_id.in_(some))
        found |= _stay(session, _told_still(said).where(*of), connection_id, going)
    return found


def heirs(
    session: Session, connection_id: str, documents: Mapping[Held, Collection[str]], going: Collection[Place] = ()
) -> dict[Held, Heir]:
    """Return for some documents the first of a connection's lines that was said to be it, is known by nothing, and is
    told still.

    With each document stand the keys of lines that it is known by: one may have been said to be one of these.
    """
    by_name = {(held.account, *name): held for held, keys in documents.items() for name in _names(held, keys)}
    said = or_(
        _NAMED_DOCUMENT.in_({held.document_id for held in documents}),
        _NAMED_KEY.in_({key for keys in documents.values() for key in keys}),
    )
    found: dict[Held, Heir] = {}
    for heir in _said_to_be(session, connection_id, said) if documents else ():
        if heir.place in going:
            continue
        for name in heir.names:
            if (held := by_name.get((heir.account, *name))) is not None:
                found.setdefault(held, heir)
    return found


def said_to_be(session: Session, connection_id: str, drafts: Sequence[int]) -> list[Heir]:
    """Return those of some drafts that were said to be a document, and are known by nothing."""
    found: list[Heir] = []
    for some in chunks(drafts, CHUNK):
        found += _said_to_be(session, connection_id, DraftRow.id.in_(some))
    return found


_LINE = (_newest.connection_id.label("connection"), _newest.stream, _newest.source_id)


def _told_still(lines: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return those of some drafts whose record says in its newest revision that money moved."""
    return (
        lines.join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .join(
            _newest,
            and_(
                _newest.connection_id == SourceRecord.connection_id,
                _newest.stream == SourceRecord.stream,
                _newest.source_id == SourceRecord.source_id,
            ),
        )
        .where(_newest.state != RecordState.SUPERSEDED, _newest.reason.not_in(UNSAID), _newest.amount.is_not(None))
    )


def _stay(session: Session, told: Select[*tuple[Any, ...]], connection_id: str, going: Collection[Place]) -> set[Held]:
    return {
        Held(kind, id_, account)
        for kind, id_, account, of, stream, source_id in session.execute(told)
        if of != connection_id or (stream, source_id) not in going
    }


def _said_to_be(session: Session, connection_id: str, wanted: ColumnElement[bool]) -> Iterator[Heir]:
    later = aliased(PlanLine)
    left_out = (
        select(func.max(later.id))
        .where(later.draft_id == DraftRow.id, later.action == Action.SKIP, later.reason == ALREADY_EXISTS)
        .correlate(DraftRow)
        .scalar_subquery()
    )
    rows = session.execute(
        _told_still(
            select(DraftRow.id, *_LINE, PlanLine.params, PlanLine.money_account, PlanLine.amount, PlanLine.currency)
            .select_from(DraftRow)
            .join(PlanLine, PlanLine.id == left_out)
        )
        .where(
            DraftRow.connection_id == connection_id, DraftRow.state == DraftState.SKIPPED,
            DraftRow.reason == ALREADY_EXISTS, ~exists().where(Match.draft_id == DraftRow.id),
            PlanLine.amount.is_not(None), wanted,
        )
        .order_by(DraftRow.id)
    )  # fmt: skip
    for id_, _, stream, source_id, said, account, amount, currency in rows:
        names = {(str(said.get("kind", "")), str(said.get("id", ""))), ("", str(said.get("owner_key", "")))}
        named = frozenset((kind, name) for kind, name in names if name)
        yield Heir(id_, (stream, source_id), named, account, amount, currency, date.fromisoformat(said["day"]))


def _names(held: Held, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    yield held.kind, held.document_id
    for key in keys:
        yield "", key
