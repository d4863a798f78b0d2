"""What happened in a run, moment by moment, as the tables tell it: asked for, planned, written, refused, ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.problems import files_named
from raccord.store.models import DraftRow, LineState, LinkRow, Plan, PlanLine, Posting, PostingState, Problem, Run
from raccord.sync.problems import WHOLE_RUNS

SHOWN = 100
"""Entries of each kind that a log shows, the newest."""


class Level(StrEnum):
    """How much an entry asks of its reader."""

    INFO = "info"
    POST = "post"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; ``what`` names its sentence, ``code`` and ``params`` what went wrong."""

    at: datetime
    level: Level
    what: str
    by: str = ""
    kind: str = ""
    """Of the document, as QuickBooks calls it."""
    number: str = ""
    amount: Decimal | None = None
    currency: str = ""
    record_id: int | None = None
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    """When an earlier run met what is still open."""
    place: int = 0
    """Which of one moment comes first."""


def run_log(session: Session, run_id: str, *, errors_only: bool = False) -> list[Entry]:
    """Return the newest entries of a run in the order of time, or only those that say what went wrong."""
    run = session.get_one(Run, run_id)
    plan = session.get(Plan, run.plan_id) if run.plan_id else None
    problems = [each for each in _problems(session, run) if not errors_only or each.level == Level.ERROR]
    found = [*problems, *_written(session, run, LineState.REFUSED)]
    if not errors_only:
        found += [*_course(run, plan), *_written(session, run, LineState.DONE)]
    elif run.error_code and run.finished_at is not None:
        found.append(_end(run, run.finished_at))
    return sorted(found, key=lambda each: (each.at, each.place))


def _course(run: Run, plan: Plan | None) -> Iterator[Entry]:
    yield Entry(run.created_at, Level.INFO, "asked", by=run.started_by, code=run.trigger)
    if run.started_at is not None:
        yield Entry(run.started_at, Level.INFO, "began", place=1)
    if plan is not None:
        yield Entry(plan.created_at, Level.INFO, "planned", place=2)
        if plan.approved_at is not None:
            yield Entry(plan.approved_at, Level.INFO, "approved", by=plan.approved_by, place=3)
    if run.finished_at is not None:
        yield _end(run, run.finished_at)


def _end(run: Run, at: datetime) -> Entry:
    level = Level.ERROR if run.error_code else Level.INFO
    return Entry(at, level, "ended", by=run.state, code=run.error_code, params=run.error_params, place=9)


def _written(session: Session, run: Run, state: LineState) -> Iterator[Entry]:
    """Return what became of lines of the plan, the last ones of it; the index has them in this order."""
    if not run.plan_id:
        return
    lines = session.scalars(
        select(PlanLine)
        .where(PlanLine.plan_id == run.plan_id, PlanLine.state == state)
        .order_by(PlanLine.rank.desc(), PlanLine.id.desc())
        .limit(SHOWN)
    ).all()
    sent = _postings(session, [each.id for each in lines])
    records = _records(session, [each.draft_id for each in lines if each.draft_id is not None])
    numbers = _numbers(session, run.connection_id, [each.key for each in lines])
    for line in reversed(lines):
        posting = sent.get(line.id)
        if posting is None or posting.finished_at is None:
            continue
        refused = posting.state == PostingState.REFUSED
        yield Entry(
            posting.finished_at,
            Level.ERROR if refused else Level.POST,
            "refused" if refused else f"sent_{line.action}",
            kind=line.kind,
            number="" if refused else numbers.get(line.key, posting.document_id),
            amount=line.amount,
            currency=line.currency,
            record_id=records.get(line.draft_id or 0),
            code=(line.reason or posting.fault_code) if refused else "",
            params={**line.params, "detail": posting.fault_detail} if refused else {},
            place=4,
        )


def _postings(session: Session, line_ids: Sequence[int]) -> Mapping[int, Posting]:
    rows = session.scalars(select(Posting).where(Posting.plan_line_id.in_(line_ids)).order_by(Posting.id))
    return {each.plan_line_id: each for each in rows}


def _records(session: Session, draft_ids: Sequence[int]) -> Mapping[int, int | None]:
    rows = session.execute(select(DraftRow.id, DraftRow.record_id).where(DraftRow.id.in_(draft_ids)))
    return {row[0]: row[1] for row in rows}


def _numbers(session: Session, connection_id: str, keys: Sequence[str]) -> Mapping[str, str]:
    rows = session.execute(
        select(LinkRow.key, LinkRow.document_number, LinkRow.document_id).where(
            LinkRow.connection_id == connection_id, LinkRow.key.in_(keys)
        )
    )
    return {key: number or id_ for key, number, id_ in rows}


def _problems(session: Session, run: Run) -> Iterator[Entry]:
    """Return what went wrong otherwise; what QuickBooks refused stands with its document."""
    rows = session.scalars(
        select(Problem)
        .where(Problem.connection_id == run.connection_id, Problem.run_id == run.id)
        .order_by(Problem.opened_at.desc(), Problem.id)
        .limit(SHOWN)
    )
    began = run.started_at or run.created_at
    found = list(rows)
    named = files_named(session, [each.id for each in found if each.opened_at < began])
    for each in found:
        older = each.opened_at < began and each.subject not in WHOLE_RUNS
        # One that an earlier run met too is told when this one could have met it.
        yield Entry(
            max(each.opened_at, began),
            Level.INFO if older else Level.ERROR,
            "older" if older else "problem",
            by=named.get(each.id, "") if older else "",
            code=each.code,
            params=each.params,
            since=each.opened_at if older else None,
            place=5,
        )
