"""What the sources said, one row a record, and what became of each: its drafts, documents, problem or question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from raccord.masking import known
from raccord.overview.answers import PluginAnswer, answers_of
from raccord.overview.history import EACH_MAX, Happening, Told, history_of, undo_that_waits
from raccord.overview.lines.attached import LineFile, files_of_lines
from raccord.overview.lines.line_deciders import Decided, decided_of
from raccord.overview.listing import USUAL, Listing, Within, bounds, page_and_count, sees_all
from raccord.overview.sought import DRAFTS_OF, RECORDS_OF, Fate, Wanted, conditions_of
from raccord.overview.titles import asks_of_file, file_of
from raccord.overview.weighing.counted import count_wanted
from raccord.quickbooks import deep_link
from raccord.store.models import (
    Company,
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
from raccord.sync.environments import environment_of
from raccord.sync.fetching.keep import DECLARED
from raccord.sync.fetching.repeated import twin_in
from raccord.sync.fetching.told_as import known_as
from raccord.sync.lines.titles import Title, titles_by_id
from raccord.sync.lines.treatments import treatable
from raccord.sync.posting.removals import UNDONE

REVISIONS_MAX = 20
DRAFTS_MAX = 100


BY_DAY = (SourceRecord.day.desc(), SourceRecord.id.desc())


MATCHED = "matched"
"""Stands for a link's state where another's document holds the movement, for which the draft was left out."""


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A draft of a record, and the document it became, or that it is a double of (``matched``); ``url`` leads into
    QuickBooks where that has a page for it.
    """

    draft_id: int
    key: str
    kind: str
    state: DraftState
    reason: str
    mapped_by: str
    document_id: str = ""
    number: str = ""
    link_state: str = ""
    linked_at: datetime | None = None
    url: str = ""

    @property
    def there(self) -> bool:
        """Whether its document is in QuickBooks as far as we know."""
        return self.linked_at is not None and self.link_state == LinkState.LIVE


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record as it was last said; ``reason`` is the code of why it was left out or failed."""

    id: int
    connection_id: str
    connection: str
    connector: str
    company_id: str
    company: str
    home_currency: str
    time_zone: str
    stream: str
    source_id: str
    revision: int
    day: date
    amount: Decimal | None
    currency: str
    state: RecordState
    reason: str
    fetched_at: datetime
    run_id: str
    documents: Sequence[DocumentView] = ()
    title: Title | None = None
    """What its first draft is called; nothing where it has none."""
    file: str = ""
    """The file that it is about, where it says so."""
    dated: bool = True
    """Whether its day is the source's own; not where it asks how a file is read."""

    @property
    def fate(self) -> Fate:
        states = {each.state for each in self.documents}
        for fate, among_drafts in DRAFTS_OF.items():
            if states & set(among_drafts) or self.state in RECORDS_OF.get(fate, ()):
                return fate
        return Fate.WAITING if self.state == RecordState.NEW else Fate.LEFT_OUT


@dataclass(frozen=True, slots=True)
class RecordStory:
    """A record with everything around it: what the source said, each time, and what people decided."""

    view: RecordView
    facts: Mapping[str, str]
    raw: str
    problems: Sequence[Problem]
    """Open ones."""
    declared: Sequence[Problem]
    """Those whose record a person declared as entered by hand, without a document."""
    holds: Sequence[Hold]
    """Open ones."""
    history: Sequence[Happening] = ()
    """Everything that happened to it, the first thing first."""
    files: Sequence[LineFile] = ()
    """What people attached to it."""
    decided: Sequence[Decided] = ()
    """Who or what said what its bank lines are."""
    answers: Sequence[PluginAnswer] = ()
    """What plugins gave to its roles and how they settled its conflicts."""
    another: Sequence[int] = ()
    """Drafts that are bank lines whose documents were undone: each may get another answer."""
    twin: RecordView | None = None
    """The record of the same connection that it says it is, or may be."""
    undo_waits: str = ""
    """The plan that would take one of its documents out again and waits for approval."""


def list_records(
    session: Session, wanted: Wanted, *, within: Within = None, limit: int = USUAL, offset: int = 0
) -> Listing[RecordView]:
    """Return records in their newest revision, by day, the newest first; of one day those that came last first."""
    limit, offset = bounds(limit, offset)
    within = None if sees_all(session, within) else within
    if wanted.search:
        found = select(SourceRecord.id, SourceRecord.day).where(*conditions_of(session, wanted, within))
        shown, total = page_and_count(session, found, lambda of: (of.day.desc(), of.id.desc()), limit, offset)
    else:
        shown, total = _page(session, wanted, within, limit, offset), count_wanted(session, wanted, within)
    return Listing(_shown(session, shown), total, offset, limit)


def records_after(session: Session, wanted: Wanted, *, within: Within = None, limit: int = USUAL) -> list[RecordView]:
    """Return the next records of a list that is read to its end, after ``wanted.before``; none are counted."""
    within = None if sees_all(session, within) else within
    return _shown(session, _page(session, wanted, within, *bounds(limit, 0)))


def _page(session: Session, wanted: Wanted, within: Within, limit: int, offset: int) -> Sequence[int]:
    # Only numbers are sorted, which the indexes hold; the rows with all that their source said are read for one page.
    page = select(SourceRecord.id, SourceRecord.day).where(*conditions_of(session, wanted, within)).order_by(*BY_DAY)
    return session.scalars(page.limit(limit).offset(offset)).all()


def _shown(session: Session, ids: Sequence[int]) -> list[RecordView]:
    rows = session.execute(
        select(SourceRecord, Connection, Company)
        .join(Connection, Connection.id == SourceRecord.connection_id)
        .join(Company, Company.id == Connection.company_id)
        .where(SourceRecord.id.in_(ids))
        .order_by(*BY_DAY)
    ).all()
    return _views(session, [(row[0], row[1], row[2]) for row in rows])


_WITH_COMPANY = (
    select(SourceRecord, Connection, Company)
    .join(Connection, Connection.id == SourceRecord.connection_id)
    .join(Company, Company.id == Connection.company_id)
)


def record_story(session: Session, record_id: int) -> RecordStory | None:
    """Return a record with its story, or nothing if there is none of that number."""
    row = session.execute(_WITH_COMPANY.where(SourceRecord.id == record_id)).one_or_none()
    if row is None:
        return None
    record: SourceRecord = row[0]
    view = _views(session, [(row[0], row[1], row[2])])[0]
    revisions = session.scalars(
        select(SourceRecord.id)
        .where(
            SourceRecord.connection_id == record.connection_id,
            SourceRecord.stream == record.stream,
            SourceRecord.source_id == record.source_id,
        )
        .order_by(SourceRecord.revision.desc())
        .limit(REVISIONS_MAX)
    ).all()
    # What an earlier revision made and the newest makes no more was part of its life too.
    drafts = session.scalars(
        select(DraftRow).where(DraftRow.record_id.in_(revisions)).order_by(DraftRow.id).limit(DRAFTS_MAX)
    ).all()
    told = Told(
        record.connection_id, row[2], [each.key for each in drafts], [each.id for each in drafts], revisions,
        [f"{record.stream}/{record.source_id}"],
    )  # fmt: skip
    problems = session.scalars(
        select(Problem)
        .where(Problem.connection_id == record.connection_id, Problem.subject.in_([*told.keys, *told.subjects]))
        .order_by(Problem.opened_at.desc(), Problem.id)
        .limit(EACH_MAX)
    ).all()
    holds = session.scalars(
        select(Hold).where(Hold.draft_id.in_(told.draft_ids)).order_by(Hold.opened_at.desc()).limit(EACH_MAX)
    ).all()
    lines = [each for each in drafts if each.record_id == record.id]
    shown = {each.draft_id for each in view.documents}
    return RecordStory(
        view,
        _facts(record.raw),
        json.dumps(json.loads(record.raw, parse_float=str, parse_int=str), ensure_ascii=False, indent=1),
        [each for each in problems if each.state == ProblemState.OPEN],
        _declared(problems, lines),
        [each for each in holds if each.closed_at is None and each.draft_id in shown],
        history_of(session, told, holds, problems),
        [file for some in files_of_lines(session, lines).values() for file in some],
        decided_of(session, view.company_id, lines),
        answers_of(session, [each.draft_id for each in view.documents]),
        [each.id for each in lines if each.reason == UNDONE and treatable(load_draft(each.body)) is not None],
        _twin(session, record),
        undo_that_waits(session, told),
    )


def _twin(session: Session, record: SourceRecord) -> RecordView | None:
    said = twin_in(json.loads(record.raw, parse_float=str, parse_int=str))
    if not said:
        return None
    kept = known_as(session, [record.connection_id], [said]).get((record.connection_id, said), said)
    row = session.execute(
        _WITH_COMPANY.where(
            SourceRecord.connection_id == record.connection_id,
            SourceRecord.stream == record.stream,
            SourceRecord.source_id == kept,
            SourceRecord.state != RecordState.SUPERSEDED,
        )
    ).one_or_none()
    return None if row is None else _views(session, [(row[0], row[1], row[2])])[0]


def _declared(problems: Sequence[Problem], drafts: Sequence[DraftRow]) -> list[Problem]:
    """Return the newest problem of each draft that a person alone vouches for."""
    keys = {each.key for each in drafts if each.state == DraftState.RESOLVED and each.reason in DECLARED}
    newest: dict[str, Problem] = {}
    for each in problems:
        if each.state == ProblemState.RESOLVED and each.subject in keys:
            newest.setdefault(each.subject, each)
    return list(newest.values())


def _views(session: Session, rows: Sequence[tuple[SourceRecord, Connection, Company]]) -> list[RecordView]:
    documents: dict[int, list[DocumentView]] = {}
    companies = {record.id: company for record, _, company in rows}
    found = session.execute(
        select(DraftRow, LinkRow)
        .outerjoin(LinkRow, and_(LinkRow.connection_id == DraftRow.connection_id, LinkRow.key == DraftRow.key))
        .where(DraftRow.record_id.in_(list(companies)), DraftRow.state != DraftState.WITHDRAWN)
        .order_by(DraftRow.id)
    ).all()
    skipped = [draft.id for draft, _ in found if draft.state == DraftState.SKIPPED]
    matches = select(Match).where(Match.draft_id.in_(skipped)).order_by(Match.id)
    twins: dict[int, list[Match]] = {}
    for match in session.scalars(matches) if skipped else ():
        twins.setdefault(match.draft_id, []).append(match)
    firsts: dict[int, DraftRow] = {}
    for draft, link in found:
        if draft.record_id is not None:
            own: LinkRow | None = link
            hold_it: Sequence[LinkRow | Match | None] = twins.get(draft.id) or [None] if own is None else [own]
            firsts.setdefault(draft.record_id, draft)
            there = [_document(draft, each, companies[draft.record_id]) for each in hold_it]
            documents.setdefault(draft.record_id, []).extend(there)
    titles = titles_by_id(session, {of: (each.connection_id, each.body) for of, each in firsts.items()})
    return [
        RecordView(
            id=record.id,
            connection_id=connection.id,
            connection=connection.label,
            connector=connection.connector,
            company_id=company.id,
            company=company.name,
            home_currency=company.home_currency,
            time_zone=connection.time_zone,
            stream=record.stream,
            source_id=record.source_id,
            revision=record.revision,
            day=record.day,
            amount=record.amount,
            currency=record.currency or "",
            state=RecordState(record.state),
            reason=record.reason,
            fetched_at=record.fetched_at,
            run_id=record.run_id,
            documents=tuple(documents.get(record.id, ())),
            title=titles.get(record.id),
            file="" if record.id in titles else file_of(record.raw),
            dated=record.id in titles or not asks_of_file(record.raw),
        )
        for record, connection, company in rows
    ]


def _document(draft: DraftRow, link: LinkRow | Match | None, company: Company) -> DocumentView:
    """Return a draft with its document: its own, or where it was left out the one that holds its movement already."""
    state = DraftState(draft.state)
    if link is None:
        return DocumentView(draft.id, draft.key, draft.kind, state, draft.reason, draft.mapped_by)
    url = deep_link(environment_of(company.environment), link.kind, link.document_id, realm=company.realm) or ""
    if isinstance(link, Match):
        return DocumentView(
            draft.id, draft.key, link.kind, state, draft.reason, draft.mapped_by, link.document_id,
            link_state=MATCHED, url=url,
        )  # fmt: skip
    return DocumentView(
        draft.id, draft.key, draft.kind, state, draft.reason, draft.mapped_by, link.document_id,
        link.document_number, link.state, link.linked_at, url,
    )  # fmt: skip


def _facts(raw: str) -> dict[str, str]:
    """Return a record's own plain fields as text; where it has none that people read, those of what it wraps."""
    said: Any = json.loads(raw, parse_float=str, parse_int=str)
    if not isinstance(said, dict):
        return {}
    own = _plain(said)
    return own if any(known(value) for value in own.values()) else own | _wrapped(said)


def _wrapped(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the plain fields of the objects in a record, and by their path the names of whom and what these hold."""
    found: dict[str, str] = {}
    for inner in (each for each in said.values() if isinstance(each, dict)):
        found |= _plain(inner)
        named = {
            f"{name}.name": each["name"] for name, each in inner.items() if isinstance(each, dict) and "name" in each
        }
        found |= _plain(named)
    return dict(list(found.items())[:40])


def _plain(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the plain fields of an object as text, none of them empty."""
    # What a question of the source is worded like stands in both languages beside it, and is asked elsewhere.
    worded = {"question", "fr", "en", "code", "layout", "unnamed"} if "question" in said else set()
    plain = {name: value for name, value in said.items() if not isinstance(value, dict | list) and name not in worded}
    return {name: str(value)[:300] for name, value in list(plain.items())[:40] if value not in ("", None)}
