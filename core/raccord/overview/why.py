"""Why a document is in QuickBooks: from it back to plan, approver, run, mapping, plugin and what the source said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from raccord.overview.answers import PluginAnswer, answers_of
from raccord.overview.audit import Entry, entries_about, entries_that_tell_of
from raccord.overview.history import Happening, Told, history_of
from raccord.overview.lines.line_deciders import ByRule, rule_behind
from raccord.overview.records import record_story
from raccord.quickbooks import deep_link
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    DraftRow,
    LinkRow,
    Plan,
    PlanLine,
    Posting,
    PostingState,
    Run,
    SourceRecord,
)
from raccord.sync.environments import environment_of

FOUND_MAX = 20
"""Documents that one number may stand for: companies and kinds number independently."""
WRITES_MAX = 50


@dataclass(frozen=True, slots=True)
class Said:
    """What the source said: one revision of a record, as it was kept."""

    stream: str
    source_id: str
    revision: int
    day: date
    amount: Decimal | None
    currency: str
    content_hash: str
    fetched_at: datetime
    fetched_by_run: str
    raw: str
    newest: bool
    """Whether the source has said nothing newer of it since."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice of an account or tax that the document uses, with where it comes from."""

    role: str
    of: str
    ledger: str
    ledger_id: str
    valid_from: date
    origin: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the document: its plan, who approved it, the run that carried it out and QuickBooks' answer."""

    operation: str
    revision: int
    request_id: str
    tid: str
    attempts: int
    sent_at: datetime
    answered_at: datetime | None
    payload_hash: str
    plan_id: str
    plan_hash: str
    approved_by: str
    """A person, or ``standing`` where the connection runs by itself after its first approval."""
    approved_at: datetime | None
    run_id: str
    run_trigger: str
    run_started_by: str
    plugin: str
    """Name and version of the plugin that made the draft; empty for objects that core itself wanted."""
    mapping: int
    """The connection's revision under which the draft was mapped."""
    chosen: Sequence[Chosen]


@dataclass(frozen=True, slots=True)
class Why:
    """A linked document with everything that led to it; ``writes`` run from the first to the last."""

    company: str
    connection: str
    connector: str
    kind: str
    document_id: str
    number: str
    state: str
    origin: str
    """``created`` by Raccord or ``linked`` to what was there."""
    linked_at: datetime
    url: str
    key: str
    marker: str
    said: Said | None
    """Nothing for objects that core itself wanted, such as a default account."""
    writes: Sequence[Write]
    rule: ByRule | None
    """Of a bank line that a rule answered, or whose proposal by a rule a person accepted."""
    answers: Sequence[PluginAnswer]
    """What plugins gave to its roles and how they settled its conflicts."""
    history: Sequence[Happening]
    """Everything that happened to it, the first thing first."""
    entries: Sequence[Entry]
    """What people decided about it and by which entries runs told of it, from the audit chain."""


def why(session: Session, name: str, company_id: str | None = None) -> list[Why]:
    """Return the linked documents that ``name`` may mean: a draft's key, a mark, ``Kind 123``, a number or an id."""
    found = select(LinkRow).order_by(LinkRow.id).limit(FOUND_MAX)
    if company_id is not None:
        found = found.where(LinkRow.company_id == company_id)
    kind, _, document_id = name.replace(":", " ").partition(" ")
    if document_id:
        pair = session.scalars(found.where(LinkRow.kind == kind, LinkRow.document_id == document_id.strip())).all()
        if pair:
            return [_why(session, link) for link in pair]
    for column in (LinkRow.key, LinkRow.marker, LinkRow.document_number, LinkRow.document_id):
        links = session.scalars(found.where(column == name)).all()
        if links:
            return [_why(session, link) for link in links]
    return []


def _why(session: Session, link: LinkRow) -> Why:
    connection = session.get_one(Connection, link.connection_id)
    company = session.get_one(Company, link.company_id)
    draft = session.scalars(
        select(DraftRow).where(DraftRow.connection_id == link.connection_id, DraftRow.key == link.key)
    ).one_or_none()
    record = None if draft is None or draft.record_id is None else session.get(SourceRecord, draft.record_id)
    return Why(
        company=company.name,
        connection=connection.label,
        connector=connection.connector,
        kind=link.kind,
        document_id=link.document_id,
        number=link.document_number,
        state=link.state,
        origin=link.origin,
        linked_at=link.linked_at,
        url=deep_link(environment_of(company.environment), link.kind, link.document_id, realm=company.realm) or "",
        key=link.key,
        marker=link.marker,
        said=None if record is None else _said(session, record),
        writes=_writes(session, link),
        rule=None if draft is None else rule_behind(session, draft),
        answers=() if draft is None else answers_of(session, [draft.id]),
        history=_history(session, company, link, draft, record),
        entries=_entries(session, link),
    )


def _history(
    session: Session, company: Company, link: LinkRow, draft: DraftRow | None, record: SourceRecord | None
) -> Sequence[Happening]:
    """Return the history of the record behind a document; of one that core itself wanted its own."""
    story = None if record is None else record_story(session, record.id)
    if story is not None:
        return story.history
    told = Told(link.connection_id, company, [link.key], [] if draft is None else [draft.id])
    return history_of(session, told, (), ())


def _entries(session: Session, link: LinkRow) -> list[Entry]:
    found = [*entries_about(session, link.connection_id, [link.key]), *entries_that_tell_of(session, link)]
    return sorted(found, key=lambda entry: entry.seq)


def _said(session: Session, record: SourceRecord) -> Said:
    newer = select(SourceRecord.id).where(
        SourceRecord.connection_id == record.connection_id,
        SourceRecord.stream == record.stream,
        SourceRecord.source_id == record.source_id,
        SourceRecord.revision > record.revision,
    )
    return Said(
        stream=record.stream,
        source_id=record.source_id,
        revision=record.revision,
        day=record.day,
        amount=record.amount,
        currency=record.currency or "",
        content_hash=record.content_hash,
        fetched_at=record.fetched_at,
        fetched_by_run=record.run_id,
        raw=record.raw,
        newest=session.scalars(newer.limit(1)).first() is None,
    )


def _writes(session: Session, link: LinkRow) -> list[Write]:
    rows = session.execute(
        select(Posting, PlanLine, Plan, Run)
        .join(PlanLine, PlanLine.id == Posting.plan_line_id)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .join(Run, Run.id == Plan.run_id)
        .where(
            Posting.connection_id == link.connection_id,
            Posting.company_id == link.company_id,
            Posting.key == link.key,
            Posting.state == PostingState.DONE,
        )
        .order_by(Posting.id)
        .limit(WRITES_MAX)
    )
    return [
        Write(
            operation=posting.operation,
            revision=posting.revision,
            request_id=posting.request_id,
            tid=posting.tid,
            attempts=posting.attempts,
            sent_at=posting.created_at,
            answered_at=posting.finished_at,
            payload_hash=posting.body_hash,
            plan_id=plan.id,
            plan_hash=plan.hash,
            approved_by=plan.approved_by,
            approved_at=plan.approved_at,
            run_id=run.id,
            run_trigger=run.trigger,
            run_started_by=run.started_by,
            plugin=line.mapped_by,
            mapping=line.mapped_under,
            chosen=_chosen(session, link, line, posting.body, plan.created_at),
        )
        for posting, line, plan, run in rows
    ]


def _chosen(session: Session, link: LinkRow, line: PlanLine, body: str, planned_at: datetime) -> list[Chosen]:
    """Return the choices valid on the document's day, as they were when it was planned, that what was sent uses."""
    rows = session.scalars(
        select(Choice)
        .where(
            Choice.connection_id == link.connection_id,
            # A default that the same plan made was kept as a choice when it was posted.
            or_(Choice.chosen_at <= planned_at, Choice.origin == "default"),
        )
        .order_by(Choice.role, Choice.of, Choice.valid_from)
    )
    valid = {(row.role, row.of): row for row in rows if line.day is None or row.valid_from <= line.day}
    return [
        Chosen(
            row.role, row.of, row.ledger_name, row.ledger_id, row.valid_from, row.origin, row.chosen_by, row.chosen_at
        )
        for row in valid.values()
        if f'"value":"{row.ledger_id}"' in body
    ]
