"""Opening and closing problems: one open row for each cause and subject of a connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Select, Update, func, select, update
from sqlalchemy.orm import Session

from raccord.plugin.errors import BAD_RECORD, Answers
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.quickbooks.causes import Cause
from raccord.store.made_once import made_once
from raccord.store.models import Company, Connection, DraftRow, Problem, ProblemState, RecordState, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.environments import is_local
from raccord.sync.facts import fact_named
from raccord.sync.phases import LISTS, PROOF
from raccord.sync.storable import short_subject

COMPUTED_OTHERWISE = "posting.amount_differs"
"""The problem of a document whose total QuickBooks computed otherwise than the source."""
AWAY = "source.later"
"""The problem of a source that puts its run off, open until it answers."""

CAUSE = "cause"
"""Under this name a problem's params keep which of the causes of its code it is, where the code has several."""
ANSWERS = "answers"
"""Under this name they keep what a person may answer: setting, key and words."""
APART = "/"
"""Between a code and which of its causes is meant."""
_DIGITS = re.compile(r"\d+")


def cause_within(code: str, field: str, reason: str) -> str:
    """Return which of a code's causes a record was refused for: its field, and what was said of it but for figures.

    A code that a connector gave names the reason by itself, and its sentence may name the one record.
    """
    said = _DIGITS.sub("0", reason) if code == BAD_RECORD else ""
    return sha256(f"{field}\n{said}".encode()).hexdigest()[:12]


def wrong_field_named(info: ConnectorInfo, field: str) -> Text:
    """Return what a field is called in which a record went wrong: one of its own, or a setting that must say more."""
    setting = info.settings.model_fields.get(field)
    if field in info.facts or setting is None:
        return fact_named(info, field)
    more = setting.json_schema_extra if isinstance(setting.json_schema_extra, dict) else {}
    return Text(str(more.get("fr") or setting.title or field), setting.title or field)


def offered(answers: Answers | None) -> dict[str, object]:
    """Return what a problem's params keep of the answers that its connector offers."""
    if answers is None:
        return {}
    words = [{"word": word, "fr": said.fr, "en": said.en} for word, said in answers.words]
    return {ANSWERS: {"setting": answers.setting, "key": answers.key, "like": answers.like, "words": words}}


def of_cause(cause: str) -> list[ColumnElement[bool]]:
    """Return what the problems of a cause have in common: a code, or a code and one of its causes."""
    code, _, within = cause.partition(APART)
    return [Problem.code == code, *([which_cause() == within] if within else [])]


def which_cause() -> ColumnElement[str]:
    """Return the column that says which of its code's causes a problem has, nothing where the code has one."""
    return func.coalesce(Problem.params[CAUSE].as_string(), "")


def open_problem(
    session: Session,
    *,
    connection_id: str,
    code: str,
    subject: str,
    now: datetime,
    run_id: str = "",
    stream: str = "",
    params: Mapping[str, object] | None = None,
) -> Problem:
    """Return the open problem of this cause and subject, made or brought up to date."""
    subject = short_subject(subject)
    found = session.scalars(
        select(Problem).where(
            Problem.connection_id == connection_id,
            Problem.code == code,
            Problem.subject == subject,
            Problem.state == ProblemState.OPEN,
        )
    ).one_or_none()
    if found is None:
        found = Problem(
            connection_id=connection_id,
            code=code,
            subject=subject,
            opened_at=now,
            state=ProblemState.OPEN,
            closed_by="",
        )
        session.add(found)
    said = dict(params or {})
    if code == Cause.UNAVAILABLE:
        company = session.get_one(Company, session.get_one(Connection, connection_id).company_id)
        # Intuit's status page tells nothing of a sandbox of one's own.
        said |= {"case": "local"} if is_local(company) else {}
    found.run_id, found.stream, found.params = run_id, stream, said
    return found


WHOLE_RUNS = RUN, PROVING, SENDING = "run", "proof", "lists"
"""The subjects of what goes wrong with a whole run: one that brings something over, one that only proves, and one that
only brings lists to the source."""


def subject_of(trigger: str) -> str:
    """Return the subject of what goes wrong with a whole run: one that does only a part does not mend the others."""
    return {PROOF: PROVING, LISTS: SENDING}.get(trigger, RUN)


@made_once
def _open_among(connection_id: str, subjects: Sequence[str]) -> Select[str]:
    return select(Problem.subject).where(
        Problem.connection_id == connection_id, Problem.subject.in_(subjects), Problem.state == ProblemState.OPEN
    )


def troubled(session: Session, connection_id: str, subjects: Iterable[str]) -> set[str]:
    """Return those of the subjects that have an open problem: one question instead of one for each."""
    found: set[str] = set()
    for some in chunks(sorted({short_subject(each) for each in subjects}), CHUNK):
        found.update(session.scalars(*_open_among(connection_id, some)))
    return found


def close_problems(
    session: Session, connection_id: str, subject: str, now: datetime, code: str = "", *, but: Iterable[str] = ()
) -> None:
    """Mark a subject's open problems as gone, those of one ``code`` or all ``but`` some: they no longer stand."""
    if not (code or but):
        session.execute(*_close_all(connection_id, short_subject(subject), now))
        return
    statement = update(Problem).where(
        Problem.connection_id == connection_id,
        Problem.subject == short_subject(subject),
        Problem.state == ProblemState.OPEN,
    )
    if code:
        statement = statement.where(Problem.code == code)
    if but:
        statement = statement.where(Problem.code.not_in(list(but)))
    session.execute(statement.values(state=ProblemState.GONE, closed_at=now, closed_by="raccord"))


@made_once
def _close_all(connection_id: str, subject: str, now: datetime) -> Update:
    return (
        update(Problem)
        .where(Problem.connection_id == connection_id, Problem.subject == subject, Problem.state == ProblemState.OPEN)
        .values(state=ProblemState.GONE, closed_at=now, closed_by="raccord")
    )


def close_settled(session: Session, draft: DraftRow, now: datetime) -> None:
    """Mark a draft's open problems as gone; that its source took the record back stays told while it is emptied."""
    record = None if draft.record_id is None else session.get(SourceRecord, draft.record_id)
    told = [] if record is None or record.state != RecordState.SKIPPED else [record.reason]
    close_problems(session, draft.connection_id, draft.key, now, but=told)


def close_each(session: Session, connection_id: str, subjects: Iterable[str], code: str, now: datetime) -> None:
    """Mark the open problems of one code and any of these subjects as gone."""
    for some in chunks(sorted({short_subject(each) for each in subjects}), CHUNK):
        session.execute(
            update(Problem)
            .where(
                Problem.connection_id == connection_id,
                Problem.code == code,
                Problem.subject.in_(some),
                Problem.state == ProblemState.OPEN,
            )
            .values(state=ProblemState.GONE, closed_at=now, closed_by="raccord")
        )
