"""Telling the source what became of its records, for connectors that wait for it (Pleo's export jobs).

What was told is kept. Whatever became of a record since, and whatever the source sent once more, is owed to it until it
takes note: a run that dies, a source that is away or an answer that is lost only means that it is told again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from raccord.plugin.errors import ConnectorError, SourceRefused, TooLate
from raccord.plugin.ledger import Document, Outcome, OutcomeState
from raccord.plugin.money import Money
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.quickbooks import Environment, deep_link
from raccord.store.models import (
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    Problem,
    ProblemState,
    RecordState,
    Run,
    SourceRecord,
    ToldOutcome,
)
from raccord.sync.environments import environment_of
from raccord.sync.execution import Execution
from raccord.sync.problems import close_each, close_problems, open_problem
from raccord.sync.storable import short_subject
from raccord.sync.workshop import Bench, Workshop

SLICE = 200
UNDER_WAY_EVERY = timedelta(minutes=5)
NOT_TOLD = "report.not_told"
"""The source does not take note of what became of its records."""
TOO_LATE = "report.too_late"
"""The source waited no longer for what became of a record."""
REPORT = "report"
TOLD = "told"
"""Under this name a run's progress keeps how far telling is, and nothing once it ended."""
ALIVE = "alive"
"""Under this name it keeps when the source last heard that posting goes on."""
STATES = {
    DraftState.POSTED: OutcomeState.POSTED,
    DraftState.HELD: OutcomeState.HELD,
    DraftState.SKIPPED: OutcomeState.SKIPPED,
    DraftState.RESOLVED: OutcomeState.SKIPPED,
    DraftState.WITHDRAWN: OutcomeState.SKIPPED,
    DraftState.FAILED: OutcomeState.FAILED,
}
"""Every other state passes within a run: nothing is told of it."""
_RECORD_STATES = {RecordState.SKIPPED: OutcomeState.SKIPPED, RecordState.FAILED: OutcomeState.FAILED}


@dataclass(frozen=True, slots=True)
class Place:
    """Where telling stands: the last draft that was taken, then the last record that made none."""

    draft: int = 0
    record: int = 0


@dataclass(frozen=True, slots=True)
class Owed:
    """An outcome, and what is kept of it once the source took note."""

    outcome: Outcome
    key: str
    record_id: int
    state: str
    document_id: str
    reason: str


def tell_outcomes(workshop: Workshop, execution: Execution, bench: Bench) -> bool:
    """Tell the source a slice of the outcomes that it does not know; return whether there was one.

    A source that refuses, or takes no note, is told again by the next run; this one goes on.
    """
    if not bench.scope.answers("report_outcome"):
        return False
    connection_id, now = bench.connection.id, workshop.clock.now()
    with execution.database.read() as session:
        told = session.get_one(Run, execution.run_id).progress.get(TOLD, [0, 0])
        if told is None:
            return False
        environment = environment_of(bench.company.environment)
        some, place = owed(session, connection_id, Place(*told), SLICE, environment, bench.company.realm)
    refused, late = _refused(workshop, bench, some) if some else (None, {})
    with execution.begin() as (session, run):
        if some and refused is None:
            note_told(session, connection_id, some, now)
            _note_late(session, run, some, late, now)
            run.progress = {**run.progress, TOLD: [place.draft, place.record]}
            return True
        run.progress = {**run.progress, TOLD: None}
        if refused is None:
            close_problems(session, connection_id, REPORT, now)
        else:
            open_problem(
                session,
                connection_id=connection_id,
                run_id=run.id,
                code=NOT_TOLD,
                subject=REPORT,
                params={**refused, "count": len(some)},
                now=now,
            )
    return bool(some)


def tell_under_way(workshop: Workshop, execution: Execution, bench: Bench) -> None:
    """Let a source that asks for outcomes know, every few minutes of posting, that its records are worked at."""
    if not bench.scope.answers("report_outcome"):
        return
    now = workshop.clock.now()
    with execution.database.read() as session:
        before = session.get_one(Run, execution.run_id).progress.get(ALIVE)
        if before is not None and now - datetime.fromisoformat(before) < UNDER_WAY_EVERY:
            return
        found = session.execute(
            select(DraftRow.key, SourceRecord)
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(DraftRow.connection_id == bench.connection.id, DraftRow.state == DraftState.PLANNED)
            .order_by(DraftRow.id)
            .limit(1)
        ).first()
    if before is not None and found is not None:
        key, record = found
        raw = json.loads(record.raw, parse_float=Decimal)
        outcome = Outcome(record.stream, record.source_id, key, OutcomeState.UNDER_WAY, raw=raw)
        # Whatever the source says against it, it hears of everything in the end, and what it says then is a problem.
        with suppress(ConnectorError):
            bench.scope.report(workshop.report_view(bench), [outcome])
    with execution.begin() as (_, run):
        run.progress = {**run.progress, ALIVE: now.isoformat()}


def _refused(
    workshop: Workshop, bench: Bench, some: Sequence[Owed]
) -> tuple[Mapping[str, str] | None, Mapping[tuple[str, str], Text]]:
    """Tell some outcomes; return what the source said against it, if it did, and what came too late for it."""
    try:
        taken = bench.scope.report(workshop.report_view(bench), [each.outcome for each in some])
    except TooLate as error:
        return None, error.late
    except SourceRefused as error:
        return {"fr": error.text.fr, "en": error.text.en}, {}
    return None if taken else {}, {}


def _note_late(
    session: Session, run: Run, some: Iterable[Owed], late: Mapping[tuple[str, str], Text], now: datetime
) -> None:
    """Open a problem for each record whose outcome came too late, and close those of records that were in time."""
    records = {(each.outcome.stream, each.outcome.source_id) for each in some}
    in_time = (record_key(*each) for each in records - set(late))
    close_each(session, run.connection_id, in_time, TOO_LATE, now)
    for stream, source_id in sorted(records & set(late)):
        text = late[stream, source_id]
        open_problem(
            session,
            connection_id=run.connection_id,
            run_id=run.id,
            code=TOO_LATE,
            subject=record_key(stream, source_id),
            stream=stream,
            params={"fr": text.fr, "en": text.en},
            now=now,
        )


def owed(
    session: Session, connection_id: str, place: Place, limit: int, environment: Environment, realm: str
) -> tuple[list[Owed], Place]:
    """Return the next outcomes that the source was not told as they are now, and where to go on."""
    found = _of_drafts(session, connection_id, place.draft, limit, environment, realm)
    last = found[-1][0] if found else place.draft
    if found:
        return [each for _, each in found], Place(last, place.record)
    records = _of_records(session, connection_id, place.record, limit)
    return [each for _, each in records], Place(last, records[-1][0] if records else place.record)


def note_told(session: Session, connection_id: str, told: Iterable[Owed], now: datetime) -> None:
    """Keep what the source took note of."""
    rows = [
        {
            "connection_id": connection_id,
            "key": each.key,
            "record_id": each.record_id,
            "state": each.state,
            "document_id": each.document_id,
            "reason": each.reason,
            "told_at": now,
        }
        for each in told
    ]
    keys = [str(row["key"]) for row in rows]
    session.execute(delete(ToldOutcome).where(ToldOutcome.connection_id == connection_id, ToldOutcome.key.in_(keys)))
    session.execute(insert(ToldOutcome), rows)


def _of_drafts(
    session: Session, connection_id: str, last: int, limit: int, environment: Environment, realm: str
) -> Sequence[tuple[int, Owed]]:
    """Return the next drafts whose outcome is owed, the one where to go on last."""
    asked = (
        select(DraftRow, LinkRow, SourceRecord)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .outerjoin(LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key))
        .outerjoin(
            ToldOutcome, (ToldOutcome.connection_id == DraftRow.connection_id) & (ToldOutcome.key == DraftRow.key)
        )
        .where(
            DraftRow.connection_id == connection_id,
            DraftRow.id > last,
            DraftRow.state.in_(STATES),
            _otherwise(DraftRow.record_id, DraftRow.state, func.coalesce(LinkRow.document_id, ""), DraftRow.reason),
        )
        .order_by(DraftRow.id)
    )
    rows = session.execute(asked.limit(limit)).all()
    if len(rows) == limit:
        # What became of one record is told at once: a receipt that fails is what became of its expense.
        ids = {draft.record_id for draft, _, _ in rows}
        beyond = asked.where(DraftRow.id > rows[-1][0].id, DraftRow.record_id.in_(ids))
        rows = [*session.execute(beyond), *rows]
    found = []
    for draft, linked, record in rows:
        link: LinkRow | None = linked
        state = STATES[DraftState(draft.state)]
        document = None
        if link is not None and link.state == LinkState.LIVE and state is OutcomeState.POSTED:
            total = None if link.amount is None else Money(abs(Decimal(link.amount)), link.currency)
            url = deep_link(environment, link.kind, link.document_id, realm=realm) or ""
            document = Document(link.kind, link.document_id, link.document_number, link.day, total, url)
        outcome = Outcome(
            record.stream,
            record.source_id,
            draft.key,
            state,
            document,
            draft.reason,
            raw=json.loads(record.raw, parse_float=Decimal),
        )
        document_id = "" if link is None else link.document_id
        found.append((draft.id, Owed(outcome, draft.key, record.id, draft.state, document_id, draft.reason)))
    return found


def _of_records(session: Session, connection_id: str, last: int, limit: int) -> Sequence[tuple[int, Owed]]:
    """Return the records that made nothing: left out, or not understood."""
    key = _KEPT_AS + SourceRecord.stream + "/" + SourceRecord.source_id
    rows = session.scalars(
        select(SourceRecord)
        .outerjoin(DraftRow, DraftRow.record_id == SourceRecord.id)
        .outerjoin(ToldOutcome, (ToldOutcome.connection_id == SourceRecord.connection_id) & (ToldOutcome.key == key))
        .where(
            SourceRecord.connection_id == connection_id,
            SourceRecord.id > last,
            SourceRecord.state.in_(_RECORD_STATES),
            DraftRow.id.is_(None),
            _otherwise(SourceRecord.id, SourceRecord.state, "", SourceRecord.reason),
        )
        .order_by(SourceRecord.id)
        .limit(limit)
    ).all()
    said = _said(session, connection_id, [record_key(each.stream, each.source_id) for each in rows])
    return [
        (
            record.id,
            Owed(
                Outcome(
                    record.stream,
                    record.source_id,
                    "",
                    _RECORD_STATES[RecordState(record.state)],
                    code=record.reason,
                    reason=said.get((record_key(record.stream, record.source_id), record.reason)),
                    raw=json.loads(record.raw, parse_float=Decimal),
                ),
                f"{_KEPT_AS}{record.stream}/{record.source_id}",
                record.id,
                record.state,
                "",
                record.reason,
            ),
        )
        for record in rows
    ]


def _said(session: Session, connection_id: str, subjects: Sequence[str]) -> dict[tuple[str, str], Text]:
    """Return what connectors said of records that they did not understand or left out, by subject and code."""
    rows = session.scalars(
        select(Problem).where(
            Problem.connection_id == connection_id,
            Problem.subject.in_([short_subject(each) for each in subjects]),
            Problem.state == ProblemState.OPEN,
        )
    )
    return {
        (each.subject, each.code): Text(each.params["fr"], each.params["en"])
        for each in rows
        if each.params.get("fr") and each.params.get("en")
    }


_KEPT_AS = "record "
"""Before the key of a record that made no draft: drafts may bear the record's own key."""


def _otherwise(record_id: object, state: object, document_id: object, reason: object) -> ColumnElement[bool]:
    """Tell whether something else was told, or nothing."""
    return or_(
        ToldOutcome.key.is_(None),
        ToldOutcome.record_id != record_id,
        ToldOutcome.state != state,
        ToldOutcome.document_id != document_id,
        ToldOutcome.reason != reason,
    )
