"""Rules on what goes back to the source: lists of the ledger and outcomes, each told twice to the same effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from raccord.plugin.contexts import Http
from raccord.plugin.days import Days
from raccord.plugin.hooks import Mapped
from raccord.plugin.ledger import Document, LedgerObject, Outcome, OutcomeState, PushResult
from raccord.plugin.testing.kit.asking import Asked, asked
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject, Where
from raccord.plugin.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class BackContext:
    """What ``push_records`` and ``report_outcome`` get."""

    settings: BaseModel
    time_zone: ZoneInfo
    days: Days
    home_currency: str
    language: Language
    starts_on: date
    http: Http
    time: datetime

    def now(self) -> datetime:
        """Return the time of the trial."""
        return self.time


@check("push.lists")
def _lists(subject: Subject) -> Iterator[str]:
    answers = hasattr(subject.plugin, "push_records")
    if answers is not bool(subject.info.lists):
        yield "push_records" if subject.info.lists else "lists"
    yield from (f"pushed[{name!r}]" for name in _unknown(subject))


def _unknown(subject: Subject) -> list[str]:
    known = {each.name for each in subject.info.lists}
    return [name for name in subject.trial.pushed if name not in known]


@check("push.told")
def _told(subject: Subject) -> Iterator[str]:
    for name, entries, first, _ in _pushed_twice(subject):
        if first.error is not None or not isinstance(first.answer, PushResult):
            yield f"{name}: {first.raised or type(first.answer).__name__}"
            continue
        told = [id_ for id_, _ in first.answer.pushed] + [id_ for id_, _ in first.answer.refused]
        if set(told) - {each.id for each in entries} or len(set(told)) != len(told) or not told:
            yield f"{name}: {', '.join(told)[:80] or '-'}"


@check("push.idempotent")
def _idempotent(subject: Subject) -> Iterator[str]:
    for name, _, first, second in _pushed_twice(subject):
        if not isinstance(first.answer, PushResult) or not isinstance(second.answer, PushResult):
            continue
        if sorted(first.answer.pushed) != sorted(second.answer.pushed):
            yield f"{name}: {sorted(first.answer.pushed)[:2]} ≠ {sorted(second.answer.pushed)[:2]}"


@check("report.told")
def _report_told(subject: Subject) -> Iterator[str]:
    """Tell of outcomes that are said to be told though nothing left."""
    outcomes = _outcomes(subject)
    if not outcomes:
        raise NotConcerned
    read = subject.read(subject.trial.told)
    before = read.http.requests
    context = _context(subject, read.http)
    told = asked(lambda: subject.plugin.report_outcome(context, outcomes))
    if told.answer is True and read.http.requests == before:
        yield f"True, 0 requests, {len(outcomes)} outcomes"


@check("report.idempotent")
def _report(subject: Subject) -> Iterator[str]:
    outcomes = _outcomes(subject)
    read = subject.read(subject.trial.told)
    context = _context(subject, read.http)
    for number in (1, 2):
        told = asked(lambda: subject.plugin.report_outcome(context, outcomes))
        if told.error is not None or told.answer not in (True, None):
            yield f"{number}: {told.raised or told.answer!r}"


def _outcomes(subject: Subject) -> list[Outcome]:
    """Return what became of the records that make documents, of a connector that is told of it."""
    if not hasattr(subject.plugin, "report_outcome"):
        raise NotConcerned
    return [
        Outcome(record.stream, record.source_id, draft.key, OutcomeState.POSTED, Document("Bill", "7"), raw=record.raw)
        for record, answer in subject.mapped
        if isinstance(answer.answer, Mapped)
        for draft in answer.answer.drafts[:1]
    ][:200]


_Twice = tuple[str, Sequence[LedgerObject], Asked[PushResult | None], Asked[PushResult | None]]


def _pushed_twice(subject: Subject) -> list[_Twice]:
    if not subject.info.lists:
        raise NotConcerned
    found = subject.once("pushed", lambda: list(_push(subject)))
    assert isinstance(found, list)  # noqa: S101 - for the type checker
    return found


def _push(subject: Subject) -> Iterator[_Twice]:
    read = subject.open(subject.trial.told, Where())
    context = _context(subject, read.http)
    for each in subject.info.lists:
        entries = subject.trial.pushed.get(each.name, ())
        first, second = (
            asked(lambda name=each.name, told=entries: subject.plugin.push_records(context, name, told))  # type: ignore[misc]
            for _ in range(2)
        )
        yield each.name, entries, first, second


def _context(subject: Subject, http: Http) -> BackContext:
    return BackContext(
        settings=subject.settings,
        time_zone=subject.trial.time_zone,
        days=Days.of(subject.trial.time_zone),
        home_currency=subject.trial.home_currency,
        language="en",
        starts_on=subject.trial.starts_on,
        http=http,
        time=subject.trial.now,
    )
