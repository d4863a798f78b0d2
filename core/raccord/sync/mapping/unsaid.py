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

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from raccord.plugin.emptied import is_empty
from raccord.plugin.records import record_key
from raccord.store.models import (
    Connection,
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
from raccord.sync.mapping.still_told import (
    Heir,
    Held,
    Place,
    heirs,
    matched_by_others,
    posted_by_others,
    said_to_be,
)
from raccord.sync.mapping.vanished import ask_anew, is_matched, lose_matches
from raccord.sync.storable import short_subject

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
    held_by_others: list[Match] = field(default_factory=list)
    """The matches with documents that another line posted, which stays and tells of them, as the other side of a
    transfer does: of these nothing is asked.
    """
    inherited: list[tuple[Match | LinkRow, Heir]] = field(default_factory=list)
    """What another line takes over, which stays and was said to be the same, and is known by nothing yet."""
    told_twice: bool = False
    """Whether another line, which stays, tells the same of the same account, so that nothing of it is lost."""
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
        for link in session.scalars(live):
            owner[link.key].links[link.key] = link
    for numbers in chunks(sorted(by_id), CHUNK):
        for match in session.scalars(select(Match).where(Match.draft_id.in_(numbers)).order_by(Match.id)):
            by_id[match.draft_id].matches.setdefault(match.draft_id, []).append(match)
    return found.values()


def going(session: Session, connection_id: str, places: Collection[Place]) -> list[Standing]:
    """Return the records of some places as they go: with what of them other lines tell, which stay."""
    found = list(standing(session, connection_id, places))
    for some in chunks(found, CHUNK):
        _pass_links_on(session, connection_id, some, places)
        _pass_matches_on(session, connection_id, some, places)
        _know_same(session, connection_id, some, places)
    return found


def _pass_links_on(
    session: Session, connection_id: str, records: Sequence[Standing], places: Collection[Place]
) -> None:
    """Have the documents of ours go on that another line was said to be whole."""
    by_held = {_held(link): (each, link) for each in records for link in each.links.values()}
    if not by_held:
        return
    company_id = session.get_one(Connection, connection_id).company_id
    known = matched_by_others(session, company_id, connection_id, [held.document_id for held in by_held], places)
    rest = {held: (link.key,) for held, (_, link) in by_held.items() if held not in known}
    taken = heirs(session, connection_id, rest, places)
    for held, (each, link) in by_held.items():
        if held in taken:
            each.inherited.append((link, taken[held]))
        if held in known or held in taken:
            each.goes_on = True
            del each.links[link.key]


def _pass_matches_on(
    session: Session, connection_id: str, records: Sequence[Standing], places: Collection[Place]
) -> None:
    """Have the documents go on that a record was said to be, and that another line posted or was said to be too."""
    all_ = [(each, match) for each in records for some in each.matches.values() for match in some]
    if not all_:
        return
    company_id = session.get_one(Connection, connection_id).company_id
    posted = posted_by_others(session, company_id, connection_id, [match.document_id for _, match in all_], places)
    documents = {(held.kind, held.document_id) for held in posted}
    keys = {draft.id: draft.key for each, _ in all_ for draft in each.drafts}
    rest = {
        _held(match): (keys[match.draft_id],)
        for _, match in all_
        if not match.part and (match.kind, match.document_id) not in documents
    }
    taken = heirs(session, connection_id, rest, places)
    for each, match in all_:
        held = _held(match)
        if (match.kind, match.document_id) in documents:
            each.held_by_others.append(match)
            each.told_twice |= held in posted
        elif held in taken and not match.part:
            each.inherited.append((match, taken[held]))
            each.told_twice = True
        else:
            continue
        each.matches[match.draft_id].remove(match)
        if not each.matches[match.draft_id]:
            del each.matches[match.draft_id]


def _know_same(session: Session, connection_id: str, records: Sequence[Standing], places: Collection[Place]) -> None:
    """Mark the records that were said to be a document which is known by another line, and that one stays."""
    owner = {draft.id: each for each in records for draft in each.drafts if draft.state == DraftState.SKIPPED}
    said = said_to_be(session, connection_id, sorted(owner))
    if not said:
        return
    keys = {name for each in said for kind, name in each.names if not kind}
    links = _posted_as(session, connection_id, keys)
    ids = {name for each in said for kind, name in each.names if kind} | {held.document_id for held in links.values()}
    company_id = session.get_one(Connection, connection_id).company_id
    told = posted_by_others(session, company_id, connection_id, ids, places)
    told |= matched_by_others(session, company_id, connection_id, ids, places)
    for each in said:
        same = {Held(kind, name, each.account) for kind, name in each.names if kind}
        same |= {links[name] for kind, name in each.names if not kind and name in links}
        owner[each.draft_id].told_twice |= not told.isdisjoint(same)


def _posted_as(session: Session, connection_id: str, keys: Collection[str]) -> dict[str, Held]:
    found: dict[str, Held] = {}
    for some in chunks(sorted(keys), CHUNK):
        live = select(LinkRow).where(
            LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE, LinkRow.key.in_(some)
        )
        found.update((link.key, _held(link)) for link in session.scalars(live))
    return found


def _held(one: Match | LinkRow) -> Held:
    return Held(one.kind, one.document_id, one.money_account)


def leave_unsaid(session: Session, connection_id: str, places: Collection[Place], now: datetime) -> None:
    """Leave records out that nothing says any more, with what waits of them; one that comes again is taken as new."""
    for some in chunks(going(session, connection_id, places), CHUNK):
        keys = [draft.key for each in some for draft in each.drafts]
        subjects = [subject for each in some for subject in _subjects(each.row)]
        _close(session, connection_id, some, {*keys, *subjects}, now)
        for each in some:
            each.row.state, each.row.reason, each.row.content_hash = RecordState.SKIPPED, FILE_TAKEN_BACK, ""
            if each.held_by_others:
                session.execute(delete(Match).where(Match.id.in_([match.id for match in each.held_by_others])))
            for known, heir in each.inherited:
                _give(session, known, heir, now)
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


def _give(session: Session, known: Match | LinkRow, heir: Heir, now: datetime) -> None:
    """Have a document be known as the line that takes it over; a line that goes with it may be what it is known by."""
    held = _held(known)
    match = session.scalars(
        select(Match).where(
            Match.connection_id == known.connection_id, Match.kind == held.kind,
            Match.document_id == held.document_id, Match.money_account == held.account, Match.part == 0,
        )
    ).first()  # fmt: skip
    if match is None:
        session.add(heir.match(known.company_id, known.connection_id, held, now))
    else:
        match.draft_id = heir.draft_id
    session.flush()


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
