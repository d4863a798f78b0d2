"""What failed, by cause: how many, since when, and which ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from raccord.overview.explain import ASKED_OF_FILES, QUESTIONS_OF_FILES
from raccord.overview.listing import MOST, USUAL, Listing, Within, among, bounds
from raccord.overview.titles import asks_of_file, file_of
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    Problem,
    ProblemState,
    RecordState,
    SourceFile,
    SourceRecord,
)
from raccord.sync.fetching.told_as import known_as
from raccord.sync.lines.titles import Title, titles_by_id
from raccord.sync.problems import ANSWERS, APART, CAUSE, WHOLE_RUNS, of_cause, which_cause

EXAMPLES = 3
EXPENSES = "expenses"
"""The kind of problems with the fees that records bring along, beside the streams that have problems of their own."""


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One open problem; day, amount and currency are its record's where it is about one.

    One that asks how a file is read has no day: which one it is may be what is asked.
    """

    id: str
    connection_id: str
    connection: str
    code: str
    subject: str
    stream: str
    params: Mapping[str, Any]
    run_id: str
    opened_at: datetime
    draft_state: DraftState | None
    day: date | None
    amount: Decimal | None
    currency: str
    record_id: int | None = None
    """The record that it is about, or that the draft is of."""
    title: Title | None = None
    """What the draft that it is about is called."""
    connector: str = ""
    like: tuple[int, Title] | None = None
    """The record that its question compares it with, where it asks one."""
    file: str = ""
    """The file that a record without a draft is about, where it says so; or of which something could not be read."""

    @property
    def unread(self) -> bool:
        """Whether it is about what of a file could not be read, so that there is no record of it."""
        return bool(self.file) and self.record_id is None


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Problems of one connection with one cause; ``examples`` are the oldest few."""

    connection_id: str
    connection: str
    code: str
    cause: str
    """The code, and which of its causes where it has several: what is said of the examples is true of all."""
    count: int
    since: datetime
    examples: Sequence[ProblemView]


def problem_kinds(session: Session, connection_id: str) -> dict[str, int]:
    """Return how many open problems of a connection are of which kind: a stream's name, ``expenses``, or nothing for
    the run as a whole.
    """
    kind = case((_of_expense(), EXPENSES), else_=Problem.stream)
    rows = session.execute(select(kind, func.count()).where(*_open(connection_id, None)).group_by(kind))
    return {str(name): count for name, count in rows}


def problem_groups(
    session: Session,
    connection_id: str | None = None,
    *,
    within: Within = None,
    kind: str | None = None,
    limit: int = USUAL,
    offset: int = 0,
    examples: int = EXAMPLES,
) -> Listing[ProblemGroup]:
    """Return open problems by connection and cause, the most frequent cause first."""
    limit, offset = bounds(limit, offset)
    wanted = _open(connection_id, within)
    if kind is not None:
        wanted.append(_of_expense() if kind == EXPENSES else and_(Problem.stream == kind, not_(_of_expense())))
    each = (
        select(Problem.connection_id, Problem.code, which_cause().label("within"), Problem.opened_at)
        .where(*wanted)
        .subquery()
    )
    cause = (each.c.connection_id, each.c.code, each.c.within)
    grouped = (
        select(*cause, func.count().label("count"), func.min(each.c.opened_at))
        .group_by(*cause)
        .order_by(func.count().desc(), each.c.code, each.c.connection_id, each.c.within)
    )
    rows = session.execute(grouped.limit(limit).offset(offset)).all()
    total = session.scalar(select(func.count()).select_from(grouped.order_by(None).subquery())) or 0
    place = func.row_number().over(
        partition_by=(Problem.connection_id, Problem.code, which_cause()), order_by=Problem.id
    )
    numbered = select(Problem.id, place.label("place")).where(
        *wanted,
        Problem.code.in_({row[1] for row in rows}),
        Problem.connection_id.in_({row[0] for row in rows}),
        which_cause().in_({row[2] for row in rows}),
    )
    inner = numbered.subquery()
    shown: dict[tuple[str, str, str], list[ProblemView]] = {}
    ids = select(inner.c.id).where(inner.c.place <= examples)
    for view in _views(session, [Problem.id.in_(ids)], min(MOST, limit) * examples, 0):
        shown.setdefault((view.connection_id, view.code, str(view.params.get(CAUSE, ""))), []).append(view)
    labels = _labels(session, {row[0] for row in rows})
    groups = [
        ProblemGroup(
            connection,
            labels.get(connection, ""),
            code,
            APART.join(filter(None, (code, within))),
            count,
            since,
            shown.get((connection, code, within), []),
        )
        for connection, code, within, count, since in rows
    ]
    return Listing(groups, total, offset, limit)


def open_problems(
    session: Session,
    connection_id: str | None = None,
    *,
    within: Within = None,
    code: str = "",
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[ProblemView]:
    """Return open problems, of one code or one group's cause if given, the oldest first."""
    limit, offset = bounds(limit, offset)
    wanted = _open(connection_id, within)
    if code:
        wanted += of_cause(code)
    total = session.scalar(select(func.count()).select_from(Problem).where(*wanted)) or 0
    return Listing(_views(session, wanted, limit, offset), total, offset, limit)


def problem_view(session: Session, problem_id: str) -> ProblemView | None:
    """Return one problem, open or not."""
    return next(iter(_views(session, [Problem.id == problem_id], 1, 0)), None)


def gravest_problems(session: Session, connection_ids: Sequence[str]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return, by connection, code and values of its gravest open problem: what stops whole runs before what concerns
    one record, that before what is asked about files, and of several alike the one that is open for the longest.
    """
    if not connection_ids:
        return {}
    weight = case((Problem.subject.in_(WHOLE_RUNS), 0), (_of_files(), 2), else_=1)
    by = weight, Problem.opened_at, Problem.id
    place = func.row_number().over(partition_by=Problem.connection_id, order_by=by)
    mine = (Problem.state == ProblemState.OPEN, Problem.connection_id.in_(connection_ids))
    inner = select(Problem.id, place.label("place")).where(*mine).subquery()
    first = select(Problem.connection_id, Problem.code, Problem.params).join(inner, inner.c.id == Problem.id)
    return {row[0]: (row[1], row[2]) for row in session.execute(first.where(inner.c.place == 1))}


def files_that_ask(session: Session, connection_id: str = "", *, within: Within = None) -> list[tuple[str, str]]:
    """Return id and label of the connections of whose files something is asked that a run has read."""
    of = select(Problem.connection_id).where(_of_files(), *_open(connection_id or None, within))
    rows = session.execute(
        select(Connection.id, Connection.label).where(Connection.id.in_(of)).order_by(Connection.label).limit(USUAL)
    )
    return [(row[0], row[1]) for row in rows]


def _of_files() -> ColumnElement[bool]:
    """Tell a problem that asks how a file is to be read, or whose it is."""
    return or_(*(Problem.code.endswith(end) for end in (*ASKED_OF_FILES, *QUESTIONS_OF_FILES)))


def _open(connection_id: str | None, within: Within) -> list[Any]:
    wanted: list[Any] = [Problem.state == ProblemState.OPEN, *among(Problem.connection_id, within)]
    if connection_id is not None:
        wanted.append(Problem.connection_id == connection_id)
    return wanted


def _of_expense() -> ColumnElement[bool]:
    """Tell a problem with an expense that a record of another kind brings along, such as the fee of a payment."""
    draft = exists().where(
        DraftRow.connection_id == Problem.connection_id, DraftRow.key == Problem.subject, DraftRow.kind == "Purchase"
    )
    return and_(Problem.subject.contains("#"), draft)


def _labels(session: Session, ids: set[str]) -> dict[str, str]:
    rows = session.execute(select(Connection.id, Connection.label).where(Connection.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def _views(session: Session, wanted: Sequence[Any], limit: int, offset: int) -> list[ProblemView]:
    of_day = func.coalesce(DraftRow.day, SourceRecord.day)
    rows = session.execute(
        select(Problem, Connection, DraftRow, SourceRecord)
        .join(Connection, Connection.id == Problem.connection_id)
        .outerjoin(DraftRow, and_(DraftRow.connection_id == Problem.connection_id, DraftRow.key == Problem.subject))
        .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(*wanted)
        .order_by(of_day.is_(None), of_day, Problem.id)
        .limit(limit)
        .offset(offset)
    ).all()
    found: list[tuple[Problem, Connection, DraftRow | None, SourceRecord | None]] = [
        (row[0], row[1], row[2], row[3]) for row in rows
    ]
    drafts = [draft for _, _, draft, _ in found if draft is not None]
    titles = titles_by_id(session, {each.id: (each.connection_id, each.body) for each in drafts})
    records = _records(session, [problem for problem, _, draft, _ in found if draft is None])
    like = _compared(session, [problem for problem, _, _, _ in found])
    alone = [
        each.id for each, _, draft, _ in found
        if draft is None and each.stream and (each.connection_id, each.subject) not in records
    ]  # fmt: skip
    unread = files_named(session, alone)
    views = []
    for problem, connection, draft, record in found:
        of = record or records.get((problem.connection_id, problem.subject))
        view = _view(problem, connection, draft, of, None if draft is None else titles[draft.id])
        views.append(replace(view, like=like.get(problem.id), file=view.file or unread.get(problem.id, "")))
    return views


def files_named(session: Session, problem_ids: Sequence[str]) -> dict[str, str]:
    """Return by problem the name of the file that it names, of those that its connection received."""
    if not problem_ids:
        return {}
    rows = session.execute(
        select(Problem.id, SourceFile.name)
        .join(SourceFile, SourceFile.connection_id == Problem.connection_id)
        .where(Problem.id.in_(problem_ids), Problem.subject.contains(SourceFile.name))
        .order_by(func.length(SourceFile.name))
    )
    return {row[0]: row[1] for row in rows}


def _compared(session: Session, problems: Sequence[Problem]) -> dict[str, tuple[int, Title]]:
    """Return by problem the record that it may be the same as, with what that is called."""
    some = [(each, like) for each in problems if (like := str((each.params.get(ANSWERS) or {}).get("like", "")))]
    if not some:
        return {}
    names = known_as(session, {each.connection_id for each, _ in some}, {like for _, like in some})
    asked = {
        (each.connection_id, f"{each.stream}/{names.get((each.connection_id, like), like)}"): each.id
        for each, like in some
    }
    of, keys = {connection for connection, _ in asked}, {key for _, key in asked}
    rows = session.scalars(select(DraftRow).where(DraftRow.connection_id.in_(of), DraftRow.key.in_(keys))).all()
    titles = titles_by_id(session, {each.id: (each.connection_id, each.body) for each in rows})
    found = {(each.connection_id, each.key): (each.record_id, titles[each.id]) for each in rows}
    return {asked[place]: (at[0], at[1]) for place, at in found.items() if place in asked and at[0] is not None}


def _records(session: Session, problems: Sequence[Problem]) -> dict[tuple[str, str], SourceRecord]:
    """Return, by connection and subject, the newest revision of the records that problems without a draft are about."""
    named = [each for each in problems if each.subject.startswith(f"{each.stream}/")]
    if not named:
        return {}
    found = session.scalars(
        select(SourceRecord).where(
            SourceRecord.connection_id.in_({each.connection_id for each in named}),
            SourceRecord.stream.in_({each.stream for each in named}),
            SourceRecord.source_id.in_({each.subject.removeprefix(f"{each.stream}/") for each in named}),
            SourceRecord.state != RecordState.SUPERSEDED,
        )
    )
    return {(each.connection_id, f"{each.stream}/{each.source_id}"): each for each in found}


def _view(
    problem: Problem, connection: Connection, draft: DraftRow | None, record: SourceRecord | None, title: Title | None
) -> ProblemView:
    asks = record is not None and draft is None and asks_of_file(record.raw)
    said = None if asks else problem.params.get("day")
    amount = None if draft is None or record is None else record.amount
    return ProblemView(
        id=problem.id,
        connection_id=problem.connection_id,
        connection=connection.label,
        code=problem.code,
        subject=problem.subject,
        stream=problem.stream,
        params=problem.params,
        run_id=problem.run_id,
        opened_at=problem.opened_at,
        draft_state=None if draft is None else DraftState(draft.state),
        day=(draft and draft.day) or (date.fromisoformat(said) if said else None),
        amount=amount if amount is not None else _amount(problem.params.get("amount")),
        currency="" if record is None else record.currency or "",
        record_id=None if record is None else record.id,
        title=title,
        connector=connection.connector,
        file=file_of(record.raw) if record is not None and draft is None else "",
    )


def _amount(said: object) -> Decimal | None:
    """Read the amount that a problem about a record without a draft carries as text."""
    try:
        return None if said is None else Decimal(str(said))
    except InvalidOperation:
        return None
