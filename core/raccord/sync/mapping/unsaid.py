"""What no file says any more, since the one that said it was taken back: left out, and asked about where it is in the
books.

Nothing in QuickBooks is touched. Of a document of ours, and of one that a line was said to be, it is asked what becomes
of it, as where a source takes a line back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session, aliased

from raccord.plugin.emptied import is_empty
from raccord.plugin.records import record_key
from raccord.store.models import (
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    LinkState,
    Match,
    Problem,
    ProblemState,
    RecordState,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import FILE_TAKEN_BACK, RESOLVED_BY_HAND
from raccord.sync.lines.line_answers import forget_answers
from raccord.sync.mapping.vanished import ask_anew, is_matched, lose_matches
from raccord.sync.storable import short_subject

Place = tuple[str, str]
"""Stream and id of a record."""

_MATCHED = (DraftState.SKIPPED,)
_OF_PERSONS = (DraftState.RESOLVED,)
"""Entered by hand in QuickBooks: it stays so, whatever says it again."""


@dataclass(slots=True)
class Standing:
    """A record in its newest revision, with its drafts and what of them is in QuickBooks."""

    row: SourceRecord
    drafts: list[DraftRow] = field(default_factory=list)
    links: dict[str, LinkRow] = field(default_factory=dict)
    """Documents of ours, by their draft's key."""
    matches: dict[int, list[Match]] = field(default_factory=dict)
    """Documents that a draft was said to be, by the draft's number."""
    held_by_others: list[str] = field(default_factory=list)
    """The matches with documents that another line posted, which stays and tells of them, as the other side of a
    transfer does: of these nothing is asked.
    """
    told_twice: bool = False
    """Whether one of these was posted for the same account: the other line tells the same of it."""
    goes_on: bool = False
    """Whether another line, which stays, was said to be its document, so that nothing is asked of that."""

    @property
    def in_books(self) -> bool:
        return bool(self.links or self.matches)

    @property
    def answered(self) -> bool:
        """Whether something was answered of it that is not in the books yet."""
        return any(each.decisions and each.state != DraftState.HELD for each in self.drafts)


def standing(session: Session, connection_id: str, places: Collection[Place]) -> Iterator[Standing]:
    """Yield the records of some places that something still says, some at a time."""
    by_stream: dict[str, set[str]] = defaultdict(set)
    for stream, source_id in places:
        by_stream[stream].add(source_id)
    for stream in sorted(by_stream):
        for some in chunks(sorted(by_stream[stream]), CHUNK):
            yield from _of_some(session, connection_id, stream, some, places)


def _of_some(
    session: Session, connection_id: str, stream: str, ids: Collection[str], places: Collection[Place]
) -> Iterable[Standing]:
    of = (
        SourceRecord.connection_id == connection_id,
        SourceRecord.stream == stream,
        SourceRecord.source_id.in_(ids),
    )
    newest = select(SourceRecord).where(
        *of,
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.reason.not_in({FILE_TAKEN_BACK, RESOLVED_BY_HAND}),
    )
    found = {row.source_id: Standing(row) for row in session.scalars(newest.order_by(SourceRecord.id))}
    owner: dict[str, Standing] = {}
    by_id: dict[int, Standing] = {}
    # What is posted may still be of an earlier revision.
    rows = select(DraftRow, SourceRecord.source_id).join(SourceRecord, SourceRecord.id == DraftRow.record_id).where(*of)
    for draft, source_id in session.execute(rows.order_by(DraftRow.id)):
        if source_id in found:
            found[source_id].drafts.append(draft)
            owner[draft.key] = by_id[draft.id] = found[source_id]
    for keys in chunks(sorted(owner), CHUNK):
        live = select(LinkRow).where(
            LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE, LinkRow.key.in_(keys)
        )
        links = session.scalars(live).all()
        of_others = _matched_by_others(session, links, places)
        for link in links:
            if link.id in of_others:
                owner[link.key].goes_on = True
            else:
                owner[link.key].links[link.key] = link
    for numbers in chunks(sorted(by_id), CHUNK):
        matches = session.scalars(select(Match).where(Match.draft_id.in_(numbers)).order_by(Match.id)).all()
        held = _held_by_others(session, connection_id, matches, places)
        for match in matches:
            if (match.kind, match.document_id) in held:
                by_id[match.draft_id].held_by_others.append(match.id)
                by_id[match.draft_id].told_twice |= match.money_account in held[match.kind, match.document_id]
            else:
                by_id[match.draft_id].matches.setdefault(match.draft_id, []).append(match)
    return found.values()


def _held_by_others(
    session: Session, connection_id: str, matches: Sequence[Match], places: Collection[Place]
) -> dict[tuple[str, str], set[str]]:
    """Return kind and id of the documents of ours whose own line is none of some places, and is said still, with the
    accounts that it moved.
    """
    if not matches:
        return {}
    newest = aliased(SourceRecord)
    rows = (
        select(
            LinkRow.kind,
            LinkRow.document_id,
            LinkRow.money_account,
            newest.connection_id,
            newest.stream,
            newest.source_id,
        )
        .join(DraftRow, and_(DraftRow.connection_id == LinkRow.connection_id, DraftRow.key == LinkRow.key))
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .join(
            newest,
            and_(
                newest.connection_id == SourceRecord.connection_id,
                newest.stream == SourceRecord.stream,
                newest.source_id == SourceRecord.source_id,
            ),
        )
        .where(
            LinkRow.company_id == matches[0].company_id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.document_id.in_({each.document_id for each in matches}),
            newest.state != RecordState.SUPERSEDED,
            newest.reason != FILE_TAKEN_BACK,
            newest.amount.is_not(None),
        )
    )
    held: dict[tuple[str, str], set[str]] = {}
    for row in session.execute(rows):
        if row.connection_id != connection_id or (row.stream, row.source_id) not in places:
            held.setdefault((row.kind, row.document_id), set()).add(row.money_account)
    return held


def _matched_by_others(session: Session, links: Sequence[LinkRow], places: Collection[Place]) -> set[int]:
    """Return which links' documents another line, none of some places and said still, was said to be whole."""
    if not links:
        return set()
    newest = aliased(SourceRecord)
    rows = (
        select(LinkRow.id, LinkRow.connection_id, newest.connection_id, newest.stream, newest.source_id)
        .join(
            Match,
            and_(
                Match.company_id == LinkRow.company_id,
                Match.kind == LinkRow.kind,
                Match.document_id == LinkRow.document_id,
                Match.money_account == LinkRow.money_account,
                Match.part == 0,
            ),
        )
        .join(DraftRow, DraftRow.id == Match.draft_id)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .join(
            newest,
            and_(
                newest.connection_id == SourceRecord.connection_id,
                newest.stream == SourceRecord.stream,
                newest.source_id == SourceRecord.source_id,
            ),
        )
        .where(
            LinkRow.id.in_([each.id for each in links]),
            newest.state != RecordState.SUPERSEDED,
            newest.reason != FILE_TAKEN_BACK,
            newest.amount.is_not(None),
        )
    )
    return {
        link_id
        for link_id, mine, other, stream, source_id in session.execute(rows)
        if mine != other or (stream, source_id) not in places
    }


def leave_unsaid(session: Session, connection_id: str, places: Collection[Place], now: datetime) -> None:
    """Leave records out that nothing says any more, with what waits of them; one that comes again is taken as new."""
    for some in chunks(list(standing(session, connection_id, places)), CHUNK):
        keys = [draft.key for each in some for draft in each.drafts]
        subjects = [subject for each in some for subject in _subjects(each.row)]
        _close(session, connection_id, some, {*keys, *subjects}, now)
        for each in some:
            each.row.state, each.row.reason, each.row.content_hash = RecordState.SKIPPED, FILE_TAKEN_BACK, ""
            if each.held_by_others:
                session.execute(delete(Match).where(Match.id.in_(each.held_by_others)))
            for draft in each.drafts:
                _leave(session, each, draft, now)


def _leave(session: Session, record: Standing, draft: DraftRow, now: datetime) -> None:
    if draft.key in record.links and not is_empty(load_draft(draft.body)):
        ask_anew(session, record.row, draft, "", now)
    if draft.state == DraftState.POSTED or draft.state in _OF_PERSONS:
        return
    if is_matched(draft, _MATCHED):
        lose_matches(session, record.row, draft, "", now)
    forget_answers(session, draft)
    draft.state, draft.reason = DraftState.WITHDRAWN, FILE_TAKEN_BACK


def _subjects(row: SourceRecord) -> tuple[str, str]:
    own = record_key(row.stream, row.source_id)
    return own, f"record {own}"


def _close(
    session: Session, connection_id: str, records: Iterable[Standing], subjects: Collection[str], now: datetime
) -> None:
    """Close what is asked and what is wrong of records; it stands no longer."""
    ids = [draft.id for each in records for draft in each.drafts]
    closed = {"closed_at": now, "closed_by": "raccord"}
    for some in chunks(ids, CHUNK):
        asked = update(Hold).where(Hold.draft_id.in_(some), Hold.closed_at.is_(None))
        session.execute(asked.values(**closed).execution_options(synchronize_session="fetch"))
    close_told(session, connection_id, subjects, now)


def close_told(session: Session, connection_id: str, subjects: Collection[str], now: datetime) -> None:
    """Mark the open problems of some subjects as gone."""
    for names in chunks(sorted({short_subject(each) for each in subjects}), CHUNK):
        wrong = update(Problem).where(
            Problem.connection_id == connection_id, Problem.state == ProblemState.OPEN, Problem.subject.in_(names)
        )
        gone: Mapping[str, object] = {"state": ProblemState.GONE, "closed_at": now, "closed_by": "raccord"}
        session.execute(wrong.values(**gone).execution_options(synchronize_session="fetch"))


def say_anew(session: Session, connection_id: str, places: Collection[Place]) -> None:
    """Have records that other files say otherwise be what these say, once they are read again.

    What counts nothing and became nothing, as what is told of a file or of a series of files, is told from its
    beginning.
    """
    for each in standing(session, connection_id, places):
        each.row.as_of = None
        if each.row.amount is None and not each.drafts:
            each.row.state, each.row.reason, each.row.content_hash = RecordState.SKIPPED, FILE_TAKEN_BACK, ""
