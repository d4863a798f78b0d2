"""Which days of a connection are not covered, and why: the one place that bars, gaps, certificates and lateness ask.

A source that is asked covers the days up to the last run that asked it. Files cover only what they declare or hold, of
each account by itself: a day inside with no line is covered and nothing moved; of a day outside nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from raccord.sync.phases import LISTS, PROOF, UNDO
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
    return left_days_of_each(workshop, session, [connection])[connection.id]


def left_days_of_each(
    workshop: Workshop, session: Session, connections: Collection[Connection]
) -> dict[str, list[LeftDays]]:
    """Return by connection what ``left_days`` returns, asking as often for many as for one; more only of those whose
    days were asked to be taken up, and of those that might speak by themselves.
    """
    gaps: dict[str, list[Gap]] = {each.id: [] for each in connections}
    for gap in session.scalars(select(Gap).where(Gap.connection_id.in_(gaps))):
        gaps[gap.connection_id].append(gap)
    found = {
        id_: [LeftDays(each.reason, each.first_day, each.last_day, gap=each) for each in mine]
        for id_, mine in gaps.items()
    }
    told = _told_by_each(
        workshop,
        session,
        [each for each in connections if each.state not in (ConnectionState.UNCONNECTED, ConnectionState.DRAFT)],
    )
    for each in connections:
        if each.id in told:
            known = [(gap.first_day or date.min, gap.last_day or date.max) for gap in gaps[each.id]]
            today = today_of(each, workshop.clock.now())
            found[each.id] += _not_told(session, each, today, known, *told[each.id])
        found[each.id].sort(key=lambda left: (left.first or date.min, left.last or date.max, left.account))
    return found


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


def _covered_by_files(
    session: Session, files: Mapping[str, tuple[Connection, Admitted, FileDays]]
) -> dict[str, dict[str, list[tuple[date, date]]]]:
    """Return which days the files of connections cover, by account in the words of people; by ``""`` where there are
    no accounts.
    """
    plain = [id_ for id_, (_, _, days) in files.items() if days.tell is None]
    found: dict[str, dict[str, list[tuple[date, date]]]] = {id_: {"": []} for id_ in plain}
    if plain:
        spans = session.execute(
            select(SourceRecord.connection_id, func.min(SourceRecord.day), func.max(SourceRecord.day))
            .where(
                SourceRecord.connection_id.in_(plain),
                SourceRecord.reason.not_in(UNSAID),
                SourceRecord.amount.is_not(None),
            )
            .group_by(SourceRecord.connection_id, SourceRecord.run_id)
        )
        for id_, first, last in spans:
            found[id_][""].append((first, last))
    telling = {id_: each for id_, each in files.items() if each[2].tell is not None}
    return {**found, **_told_by_files(session, telling)} if telling else found


def _told_by_files(
    session: Session, files: Mapping[str, tuple[Connection, Admitted, FileDays]]
) -> dict[str, dict[str, list[tuple[date, date]]]]:
    """Return what records of files say of the days that they cover."""
    rows: dict[str, list[tuple[date, str, str]]] = {id_: [] for id_ in files}
    for id_, stream, day, raw, run_id in session.execute(
        select(
            SourceRecord.connection_id, SourceRecord.stream, SourceRecord.day, SourceRecord.raw, SourceRecord.run_id
        ).where(
            SourceRecord.connection_id.in_(files),
            SourceRecord.reason.not_in(UNSAID),
            SourceRecord.stream.in_({days.stream for _, _, days in files.values()}),
            SourceRecord.state != RecordState.SUPERSEDED,
        )
    ):
        if stream == files[id_][2].stream:
            rows[id_].append((day, raw, run_id))
    said = {
        id_: told_days(admitted, days, connection.settings, [(day, raw) for day, raw, _ in rows[id_]])
        for id_, (connection, admitted, days) in files.items()
    }
    unknown = {
        row[2]
        for id_ in files
        for row, each in zip(rows[id_], said[id_], strict=True)
        if each is not None and each.first is None
    }
    begun: dict[tuple[str, str], date] = {}
    if unknown:
        firsts = (
            select(SourceRecord.connection_id, SourceRecord.run_id, func.min(SourceRecord.day))
            .where(
                SourceRecord.connection_id.in_(files),
                SourceRecord.reason.not_in(UNSAID),
                SourceRecord.run_id.in_(sorted(unknown)),
            )
            .group_by(SourceRecord.connection_id, SourceRecord.run_id)
        )
        begun = {(row[0], row[1]): row[2] for row in session.execute(firsts)}
    found: dict[str, dict[str, list[tuple[date, date]]]] = {}
    for id_ in files:
        spans: dict[str, list[tuple[date, date]]] = {}
        names: dict[str, str] = {}
        for (_, _, run_id), each in zip(rows[id_], said[id_], strict=True):
            if each is not None:
                names[each.account] = each.name or each.account
                first = each.first or min(begun[id_, run_id], each.last)
                spans.setdefault(each.account, []).append((first, each.last))
        found[id_] = {_named(names, account): each for account, each in spans.items()}
    return found


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


def _told_by_each(
    workshop: Workshop, session: Session, connections: Collection[Connection]
) -> dict[str, tuple[Mapping[str, list[tuple[date, date]]], str]]:
    """Return by connection the days of which its source or its files told, by account, and the reason of all others."""
    files: dict[str, tuple[Connection, Admitted, FileDays]] = {}
    for each in connections:
        admitted = workshop.scopes.catalog.get(each.connector)
        days = by_files(session, each, admitted)
        if days is not None and admitted is not None:
            files[each.id] = each, admitted, days
    asked = _asked_to(session, {each.id: each for each in connections if each.id not in files})
    covered = _covered_by_files(session, files) if files else {}
    return {
        each.id: (covered[each.id], NO_FILE)
        if each.id in files
        else ({"": [(each.starts_on, asked[each.id])] if each.id in asked else []}, UNASKED)
        for each in connections
    }


def _not_told(
    session: Session,
    connection: Connection,
    today: date,
    known: list[tuple[date, date]],
    told: Mapping[str, list[tuple[date, date]]],
    reason: str,
) -> list[LeftDays]:
    """Return the days from the first one to today of which no source and no file told."""
    scope = (connection.starts_on, today)
    taken = _taken_up(session, connection)
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


_ASKING = Run.trigger.not_in((PROOF, UNDO, LISTS))
"""Runs that ask the source."""


def _asked_to(session: Session, connections: Mapping[str, Connection]) -> dict[str, date]:
    """Return the day on which each source was last asked to the end of what it had, if ever."""
    if not connections:
        return {}
    rows = session.execute(
        select(Run.connection_id, func.max(Run.created_at))
        .where(Run.connection_id.in_(connections), _ASKING, Run.state.in_((RunState.DONE, RunState.APPROVAL)))
        .group_by(Run.connection_id)
    )
    return {id_: today_of(connections[id_], asked) for id_, asked in rows}


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
