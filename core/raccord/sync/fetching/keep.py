"""Keeping what a source said: records with their revisions, rejects as problems, the cursor; one transaction a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from raccord.plugin.records import Page, Record, Reject
from raccord.store.database import Dialect
from raccord.store.made_once import made_once
from raccord.store.models import (
    Connection,
    Gap,
    RecordState,
    Run,
    RunCount,
    SourceRecord,
    StreamCursor,
)
from raccord.sync.bodies import digest, dump_raw, record_hash
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.repeated import note
from raccord.sync.fetching.told_as import kept_as
from raccord.sync.problems import open_problem
from raccord.sync.storable import cleaned, why_not

BEFORE_START = "scope.before_start"
PAUSED = "scope.paused"
DISCONNECTED = "scope.disconnected"
REASONS = {"paused": PAUSED, "disconnected": DISCONNECTED, "before_start": BEFORE_START}
"""Reasons of gaps that the normal flow never fills, and what their records are left out with."""
LEFT_OUT = frozenset(REASONS.values())
RESOLVED_BY_HAND = "person.resolved"
"""A person entered the record in QuickBooks; no later revision of it is sent either (CH-58)."""
DECLARED = ("", RESOLVED_BY_HAND)
"""Reasons of resolved drafts that a person alone vouches for; before there was one of its own, it was empty."""
READ_OTHERWISE = "files.read_otherwise"
"""Its file is read otherwise since a person said how: the line is not what it says."""
FILE_TAKEN_BACK = "files.taken_back"
"""The only file that said it was taken back by a person."""
UNSAID = frozenset({READ_OTHERWISE, FILE_TAKEN_BACK})
"""Reasons of records that no file says any more: they are kept to be looked at, and count nowhere."""
UNSTORABLE = "record.unstorable"
_AS_NEW = LEFT_OUT | {FILE_TAKEN_BACK}
"""Reasons of records that are judged by the days of the connection as if they came for the first time."""
_NONE_ELSE = {"posted": 0, "skipped": 0, "held": 0}


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one page's records."""

    new: int
    unchanged: int
    rejected: int


@dataclass(slots=True)
class _Newest:
    id: int | None
    revision: int
    content_hash: str
    reason: str
    as_of: datetime | None


@made_once
def cursor_of(connection_id: str, stream: str) -> Select[str | None]:
    """Find how far a stream was read."""
    of = StreamCursor.connection_id == connection_id, StreamCursor.stream == stream
    return select(StreamCursor.cursor).where(*of)


def keep_page(session: Session, run: Run, connection: Connection, stream: str, page: Page, now: datetime) -> Kept:
    """Store the page's records, rejects and cursor, and count them for the run."""
    refused = [(record, why) for record in page.records if (why := why_not(record)) is not None]
    records = [record for record in page.records if why_not(record) is None] if refused else page.records
    records, no_news = kept_as(session, connection.id, stream, records, UNSAID) if records else (records, {})
    new, again = _keep_records(session, run, connection, stream, replace(page, records=records), now, no_news)
    note(run, stream, records, again, page.delivery)
    rejects = [*page.rejects, *(Reject(stream, record.key(), UNSTORABLE, why) for record, why in refused)]
    for reject in rejects:
        _keep_reject(session, run, connection, reject, now)
    kept = Kept(new, len(again), len(rejects))
    dialect: Dialect = "postgresql" if session.get_bind().dialect.name == "postgresql" else "sqlite"
    here = {"connection_id": connection.id, "stream": stream, "cursor": page.cursor, "updated_at": now}
    session.execute(_moved_on(dialect), here)
    fetched = kept.new + kept.unchanged + kept.rejected
    counted = {"fetched": fetched, "unchanged": kept.unchanged, "failed": kept.rejected}
    session.execute(_counted(dialect), {"run_id": run.id, "stream": stream, **_NONE_ELSE, **counted})
    if kept.rejected:
        rejected = dict(run.progress.get("rejected", {}))
        rejected[stream] = int(rejected.get(stream, 0)) + kept.rejected
        run.progress = {**run.progress, "rejected": rejected}
    return kept


@cache
def _moved_on(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Return what notes how far a stream was read."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(StreamCursor)
    place = {"cursor": new.excluded.cursor, "updated_at": new.excluded.updated_at}
    return new.on_conflict_do_update(index_elements=["connection_id", "stream"], set_=place)


@cache
def _counted(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Return what adds to the counts of a stream in a run."""
    more = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(RunCount)
    sums = {name: getattr(RunCount, name) + getattr(more.excluded, name) for name in ("fetched", "unchanged", "failed")}
    return more.on_conflict_do_update(index_elements=["run_id", "stream"], set_=sums)


def _keep_records(
    session: Session, run: Run, connection: Connection, stream: str, page: Page, now: datetime,
    no_news: Mapping[str, str],
) -> tuple[int, list[str]]:  # fmt: skip
    """Keep what is new, which ``no_news`` by id is not; return how many that is, and the ids of the others."""
    records = page.records
    newest = _newest_revisions(session, connection.id, stream, {record.source_id for record in records})
    holes = _Holes.of(session, connection)
    fresh: dict[tuple[str, int], dict[str, object]] = {}
    superseded: list[dict[str, object]] = []
    confirmed: list[dict[str, object]] = []
    unchanged: list[str] = []
    for record in records:
        raw = dump_raw(record.raw)
        hashed = record_hash(record, raw)
        known = newest.get(record.source_id)
        if known is not None and (_is_known(record, known, hashed, no_news) or _is_older(record, known)):
            if _is_newer(record, known):
                confirmed.append({"record_id": known.id, "said_at": record.as_of})
                known.as_of = record.as_of
            unchanged.append(record.source_id)
            continue
        revision = 1 if known is None else known.revision + 1
        if known is not None and known.id is not None:
            superseded.append({"record_id": known.id})
        elif known is not None:
            fresh[record.source_id, known.revision]["state"] = RecordState.SUPERSEDED
        # What was taken before the hole began stays ours to bring up to date.
        reason = holes.reason(record.begins_on or record.day) if known is None or known.reason in _AS_NEW else ""
        if known is not None and known.reason == RESOLVED_BY_HAND:
            reason = RESOLVED_BY_HAND
        fresh[record.source_id, revision] = {
            "connection_id": connection.id,
            "stream": stream,
            "source_id": record.source_id,
            "revision": revision,
            "content_hash": hashed,
            "day": record.day,
            "amount": None if record.amount is None else record.amount.amount,
            "currency": None if record.amount is None else record.amount.currency,
            "raw": raw,
            "state": RecordState.SKIPPED if reason else RecordState.NEW,
            "reason": reason,
            "run_id": run.id,
            "fetched_at": now,
            "as_of": record.as_of,
            "delivery": page.delivery,
        }
        newest[record.source_id] = _Newest(None, revision, hashed, reason, record.as_of)
    if superseded:
        session.connection().execute(
            update(SourceRecord.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
            .where(SourceRecord.__table__.c.id == bindparam("record_id"))
            .values(state=RecordState.SUPERSEDED),
            superseded,
        )
    if fresh:
        session.execute(insert(SourceRecord), list(fresh.values()))
    if confirmed:
        session.connection().execute(
            update(SourceRecord.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
            .where(SourceRecord.__table__.c.id == bindparam("record_id"))
            .values(as_of=bindparam("said_at")),
            confirmed,
        )
    return len(fresh), unchanged


def _is_known(record: Record, known: _Newest, hashed: str, no_news: Mapping[str, str]) -> bool:
    """Tell whether a source says what is kept, or what another file says of the same and is no news."""
    said_otherwise = known.reason not in UNSAID and no_news.get(record.source_id) == hashed
    return known.content_hash == hashed or said_otherwise


def _is_older(record: Record, known: _Newest) -> bool:
    """Tell whether a source's word is older than the one kept, which then stands."""
    return record.as_of is not None and known.as_of is not None and record.as_of < known.as_of


def _is_newer(record: Record, known: _Newest) -> bool:
    """Tell whether a source says the same as kept, later: a word from in between must not replace it."""
    return known.id is not None and record.as_of is not None and (known.as_of is None or record.as_of > known.as_of)


def _newest_revisions(session: Session, connection_id: str, stream: str, ids: set[str]) -> dict[str, _Newest]:
    found: dict[str, _Newest] = {}
    for some in chunks(sorted(ids), CHUNK):
        rows = session.execute(*_newest(connection_id, stream, some))
        for source_id, row_id, revision, content_hash, reason, as_of in rows:
            found[source_id] = _Newest(row_id, revision, content_hash, reason, as_of)
    return found


@made_once
def _newest(connection_id: str, stream: str, ids: Sequence[str]) -> Select[str, int, int, str, str, datetime | None]:
    return select(
        SourceRecord.source_id,
        SourceRecord.id,
        SourceRecord.revision,
        SourceRecord.content_hash,
        SourceRecord.reason,
        SourceRecord.as_of,
    ).where(
        SourceRecord.connection_id == connection_id,
        SourceRecord.stream == stream,
        SourceRecord.source_id.in_(ids),
        SourceRecord.state != RecordState.SUPERSEDED,
    )


def _keep_reject(session: Session, run: Run, connection: Connection, reject: Reject, now: datetime) -> None:
    open_problem(
        session,
        connection_id=connection.id,
        run_id=run.id,
        stream=reject.stream,
        code=cleaned(reject.code),
        subject=_told_under(session, connection, reject),
        params={"fr": cleaned(reject.reason.fr), "en": cleaned(reject.reason.en), "raw": cleaned(reject.raw[:300])},
        now=now,
    )


def _told_under(session: Session, connection: Connection, reject: Reject) -> str:
    """Return under what an unreadable row is told: by its text too where its record was read well before and is not
    mapped yet, since mapping that reading mends nothing.
    """
    stream, _, source_id = cleaned(reject.where).partition("/")
    waiting = select(SourceRecord.id).where(
        SourceRecord.connection_id == connection.id,
        SourceRecord.stream == stream,
        SourceRecord.source_id == source_id,
        SourceRecord.state == RecordState.NEW,
    )
    if not source_id or session.scalars(waiting.limit(1)).first() is None:
        return reject.where
    return f"{reject.where} [{digest(cleaned(reject.raw))[:12]}]"


# Asked for each page of each run, so made once.
_GAPS = select(Gap.reason, Gap.first_day, Gap.last_day).where(
    Gap.connection_id == bindparam("which", type_=Gap.connection_id.type), Gap.reason.in_(REASONS)
)


@dataclass(frozen=True, slots=True)
class _Holes:
    """The days of a connection that the normal flow never fills (K17)."""

    starts_on: date
    gaps: tuple[tuple[str, date, date | None], ...]

    @classmethod
    def of(cls, session: Session, connection: Connection) -> _Holes:
        rows = session.execute(_GAPS, {"which": connection.id})
        return cls(
            connection.starts_on,
            tuple((REASONS[reason], first, last) for reason, first, last in rows if first is not None),
        )

    def reason(self, day: date) -> str:
        if day < self.starts_on:
            return BEFORE_START
        for reason, first, last in self.gaps:
            if first <= day and (last is None or day <= last):
                return reason
        return ""
