"""Which days of a connection are not covered, and why: the one place that bars, gaps, certificates and lateness ask.

A source that is asked covers the days up to the last run that asked it. Files cover only what they declare or hold, of
each account by itself: a day inside with no line is covered and nothing moved; of a day outside nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from raccord.catalog import Admitted
from raccord.guard import call
from raccord.plugin.covering import CoveredDays, FileDays
from raccord.plugin.info import Webhooks
from raccord.shapes import misfit
from raccord.store.models import (
    Connection,
    ConnectionState,
    Event,
    Gap,
    RecordState,
    Run,
    RunState,
    SourceRecord,
    WebhookEndpoint,
)
from raccord.sync.days import today_of
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.phases import PROOF, UNDO
from raccord.sync.workshop import Workshop

NO_FILE = "no_file"
"""No file that was read covers these days."""
UNASKED = "unasked"
"""The source was not asked since."""
TAKEN_UP = "taken_up"
"""The owner had them taken up; the plan that brings them over is not carried out yet."""

TAKEN_UP_MAX = 100
"""The newest of them that are looked at."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LeftDays:
    """Days on end that are not covered; an open end is empty. ``account`` names the one account it is of, if one."""

    reason: str
    first: date | None
    last: date | None
    account: str = ""
    gap: Gap | None = None
    """What it stands in, where days were left out on purpose."""


def left_days(workshop: Workshop, session: Session, connection: Connection) -> list[LeftDays]:
    """Return all days to today that are not covered, in order; those left out on purpose under no second reason."""
    gaps = session.scalars(select(Gap).where(Gap.connection_id == connection.id)).all()
    found = [LeftDays(each.reason, each.first_day, each.last_day, gap=each) for each in gaps]
    if connection.state not in (ConnectionState.UNCONNECTED, ConnectionState.DRAFT):
        today = today_of(connection, workshop.clock.now())
        known = [(each.first_day or date.min, each.last_day or date.max) for each in gaps]
        found += _not_told(workshop, session, connection, today, known)
    return sorted(found, key=lambda each: (each.first or date.min, each.last or date.max, each.account))


def by_files(session: Session, connection: Connection, admitted: Admitted | None) -> FileDays | None:
    """Return how files tell the days of a connection whose data comes by them alone, else nothing."""
    days = None if admitted is None else admitted.info.files_cover
    if admitted is None or days is None:
        return None
    if not all(str(connection.settings.get(name, "")) in values for name, values in days.when.items()):
        return None
    if admitted.info.webhooks is Webhooks.RECORDS:
        # Such a source speaks by itself as soon as there is something to say.
        calls = select(exists().where(WebhookEndpoint.connection_id == connection.id))
        return None if session.scalar(calls) else days
    return days


def covered_by_files(
    session: Session, connection: Connection, admitted: Admitted, days: FileDays
) -> dict[str, list[tuple[date, date]]]:
    """Return which days the files cover, by account in the words of people; by ``""`` where there are no accounts."""
    mine = (SourceRecord.connection_id == connection.id, SourceRecord.reason.not_in(UNSAID))
    if days.tell is None:
        spans = session.execute(
            select(func.min(SourceRecord.day), func.max(SourceRecord.day))
            .where(*mine, SourceRecord.amount.is_not(None))
            .group_by(SourceRecord.run_id)
        )
        return {"": [(first, last) for first, last in spans]}
    rows = session.execute(
        select(SourceRecord.day, SourceRecord.raw, SourceRecord.run_id).where(
            *mine, SourceRecord.stream == days.stream, SourceRecord.state != RecordState.SUPERSEDED
        )
    ).all()
    said = told_days(admitted, days, connection.settings, [(day, raw) for day, raw, _ in rows])
    unknown = {row[2] for row, each in zip(rows, said, strict=True) if each is not None and each.first is None}
    begun: dict[str, date] = {}
    if unknown:
        firsts = (
            select(SourceRecord.run_id, func.min(SourceRecord.day))
            .where(*mine, SourceRecord.run_id.in_(sorted(unknown)))
            .group_by(SourceRecord.run_id)
        )
        begun = {row[0]: row[1] for row in session.execute(firsts)}
    found: dict[str, list[tuple[date, date]]] = {}
    names: dict[str, str] = {}
    for (_, _, run_id), each in zip(rows, said, strict=True):
        if each is not None:
            names[each.account] = each.name or each.account
            found.setdefault(each.account, []).append((each.first or min(begun[run_id], each.last), each.last))
    return {_named(names, account): spans for account, spans in found.items()}


def _named(names: Mapping[str, str], account: str) -> str:
    """Return what people call an account, with its key where two are called the same."""
    name = names[account]
    return f"{name} ({account})" if list(names.values()).count(name) > 1 else name


def told_days(
    admitted: Admitted, days: FileDays, settings: Mapping[str, Any], rows: Iterable[tuple[date, str]]
) -> Sequence[CoveredDays | None]:
    """Return what the records of a connection's files tell of their days, each by its day and ``raw``."""
    tell = days.tell
    found = call(
        admitted,
        "files_cover",
        lambda: [
            None if tell is None else tell(settings, day, json.loads(raw, parse_float=Decimal)) for day, raw in rows
        ],
        lambda answer: misfit(answer, Sequence[CoveredDays | None]),
    )
    return cast("list[CoveredDays | None]", found or [])


def _not_told(
    workshop: Workshop, session: Session, connection: Connection, today: date, known: list[tuple[date, date]]
) -> list[LeftDays]:
    """Return the days from the first one to today of which no source and no file told."""
    scope = (connection.starts_on, today)
    admitted = workshop.scopes.catalog.get(connection.connector)
    taken = _taken_up(session, connection)
    files = by_files(session, connection, admitted)
    if files is None or admitted is None:
        asked = _asked_to(session, connection)
        told = {"": [] if asked is None else [(connection.starts_on, asked)]}
        reason = UNASKED
    else:
        told, reason = covered_by_files(session, connection, admitted, files), NO_FILE
    found = [
        LeftDays(reason, first, last, account)
        for account, spans in (told or {"": []}).items()
        for first, last in outside(scope, [*spans, *known])
    ]
    missing = [(each.first or date.min, each.last or date.max) for each in found]
    found += [
        LeftDays(TAKEN_UP, first, last)
        for span in taken
        for first, last in outside((max(span[0], scope[0]), min(span[1], today)), [*missing, *known])
    ]
    return found


def outside(scope: tuple[date, date], spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Return the stretches of ``scope`` that lie in none of the spans."""
    found, following = list[tuple[date, date]](), scope[0]
    for first, last in sorted(spans):
        if first > following:
            found.append((following, min(first - _DAY, scope[1])))
        if last >= scope[1]:
            return [each for each in found if each[0] <= each[1]]
        following = max(following, last + _DAY)
    return [each for each in [*found, (following, scope[1])] if each[0] <= each[1]]


_ASKING = Run.trigger.not_in((PROOF, UNDO))
"""Runs that ask the source."""


def _asked_to(session: Session, connection: Connection) -> date | None:
    """Return the day on which the source was last asked to the end of what it had, if ever."""
    asked = session.scalar(
        select(func.max(Run.created_at)).where(
            Run.connection_id == connection.id, _ASKING, Run.state.in_((RunState.DONE, RunState.APPROVAL))
        )
    )
    return None if asked is None else today_of(connection, asked)


def _taken_up(session: Session, connection: Connection) -> list[tuple[date, date]]:
    """Return the days whose taking up waits for its plan to be carried out."""
    bodies = [each.body for each in backfills_asked(session, connection)]
    return [(date.fromisoformat(body["first"]), date.fromisoformat(body["last"])) for body in bodies]


def backfills_asked(session: Session, connection: Connection) -> list[Event]:
    """Return what was noted when days were asked for whose plan is not carried out yet, the newest first."""
    if not connection.review_next:
        return []
    done = (
        select(func.max(Run.created_at))
        .where(Run.connection_id == connection.id, _ASKING, Run.state == RunState.DONE)
        .scalar_subquery()
    )
    mine = (Event.company_id == connection.company_id, Event.connection_id == connection.id)
    back = select(func.max(Event.seq)).where(*mine, Event.action == "connection.backfill_back").scalar_subquery()
    found = session.scalars(
        select(Event)
        .where(
            *mine,
            Event.action == "connection.backfill",
            (Event.at >= done) | done.is_(None),
            (Event.seq > back) | back.is_(None),
        )
        .order_by(Event.seq.desc())
        .limit(TAKEN_UP_MAX)
    )
    return list(found)
