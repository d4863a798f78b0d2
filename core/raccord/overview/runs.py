"""Runs as people follow them: what was asked, how far each is, what it counted and why it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, not_, or_, select
from sqlalchemy.orm import Session

from raccord.overview.listing import USUAL, Listing, Within, among, bounds
from raccord.store.models import Company, Connection, LineState, PlanLine, Run, RunCount, RunState
from raccord.sync.books.acquaint import RECOGNISED
from raccord.sync.fetching.following import READING
from raccord.sync.phases import LISTS, PROOF, UNDO, Phase
from raccord.sync.telling.sending import Sent, sent_of

PHASES = tuple(str(phase) for phase in Phase if phase is not Phase.LISTS)
"""The phases of a run that brings something over in their order, as ``run.phase`` names them."""

LOOKED_THROUGH = 500
"""Runs among which the newest that brought something over is looked for."""
ACTIVE = (RunState.QUEUED, RunState.RUNNING)
"""States in which a run changes by itself."""


@dataclass(frozen=True, slots=True)
class StreamCount:
    """What a run counted of one stream; the six numbers obey conservation once the run is done."""

    stream: str
    fetched: int
    posted: int
    unchanged: int
    skipped: int
    held: int
    failed: int


@dataclass(frozen=True, slots=True)
class FileRead:
    """How far a file is read: ``at`` of its ``size`` bytes; it may be gone through more than once."""

    file: str
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class RunView:
    """One run; ``sent`` of ``to_send`` lines of its plan are settled, ``refused`` of them by QuickBooks."""

    id: str
    connection_id: str
    connection: str
    company: str
    connector: str
    time_zone: str
    """The connection's, in which its hours are shown."""
    trigger: str
    started_by: str
    state: RunState
    phase: str
    stop_after: str
    plan_id: str
    error_code: str
    error_params: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    counts: Sequence[StreamCount]
    to_send: int = 0
    sent: int = 0
    refused: int = 0
    unequal: int = 0
    """Cells of the proof that this run found unequal."""
    recognised: int = 0
    """Documents that were in QuickBooks already, forgotten by a restored backup, and that this run linked again."""
    reading: FileRead | None = None
    """The large file that is being read, where one is."""
    mapped: int = 0
    """How many of the records that were read are prepared."""
    sent_lists: Sequence[Sent] = ()
    """The lists that people asked it to bring to the source."""

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def undoable(self) -> bool:
        """Whether the run wrote something that can be asked to be undone."""
        return not self.active and self.trigger not in (UNDO, PROOF, LISTS) and self.sent > self.refused

    @property
    def undoes(self) -> bool:
        return self.trigger == UNDO

    @property
    def only_lists(self) -> bool:
        """Whether it brings lists to the source and no record over."""
        return self.trigger == LISTS

    @property
    def listed(self) -> int:
        """How many entries of lists the source took from it."""
        return sum(each.counts.pushed for each in self.sent_lists)

    @property
    def only_sends(self) -> bool:
        """Whether it read nothing and carries a plan out, so that the plan's lines are all that it counts."""
        return self.to_send > 0 and not any(each.fetched for each in self.counts)

    @property
    def posted(self) -> int:
        """What it brought over, as its page counts it: records, or lines where it only carries a plan out."""
        if self.only_sends:
            return self.sent - self.refused
        return sum(each.posted for each in self.counts) or self.read_before

    @property
    def read_before(self) -> int:
        """Lines that it wrote, once it has ended, where all are of what earlier runs read and people answered."""
        only_new = self.active or self.only_sends or any(each.posted for each in self.counts)
        return 0 if only_new else self.sent - self.refused

    @property
    def took(self) -> timedelta | None:
        """How long it ran, once it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    @property
    def steps_done(self) -> int:
        """How many of ``PHASES`` are behind it."""
        if self.state == RunState.DONE:
            return len(PHASES)
        return PHASES.index(self.phase) if self.phase in PHASES else 0


def recent_runs(
    session: Session,
    connection_id: str | None = None,
    *,
    within: Within = None,
    limit: int = USUAL,
    offset: int = 0,
    lists: bool = True,
) -> Listing[RunView]:
    """Return runs of one connection, or of all, the newest first; without ``lists`` only those that bring more over."""
    limit, offset = bounds(limit, offset)
    mine = among(Run.connection_id, within)
    mine += [] if connection_id is None else [Run.connection_id == connection_id]
    mine += [] if lists else [Run.trigger != LISTS]
    # Ids are made in the order of time, and are the key that both databases keep sorted.
    runs = session.scalars(select(Run).where(*mine).order_by(Run.id.desc()).limit(limit).offset(offset)).all()
    total = session.scalar(select(func.count()).select_from(Run).where(*mine)) or 0
    return Listing(_views(session, runs), total, offset, limit)


def run_view(session: Session, run_id: str) -> RunView | None:
    """Return one run, or nothing if there is none of that id."""
    run = session.get(Run, run_id)
    return None if run is None else _views(session, [run])[0]


def last_runs(session: Session, connection_ids: Sequence[str]) -> dict[str, RunView]:
    """Return the newest run of each connection that has one; proofs and lists alone do not count."""
    runs = session.scalars(_newest(), {"ids": list(connection_ids)}).all()
    return {view.connection_id: view for view in _views(session, runs)}


@dataclass(frozen=True, slots=True)
class Wrote:
    """A run that ended and brought something over; ``posted`` counts as ``RunView.posted`` does."""

    id: str
    connection_id: str
    connection: str
    finished_at: datetime
    posted: int


def wrote_last(session: Session, connection_ids: Sequence[str]) -> Wrote | None:
    """Return the newest run of some connections that brought something over, whatever ran there since, or nothing.

    Looks no further back than their ``LOOKED_THROUGH`` newest runs.
    """
    row = session.execute(_wrote(), {"ids": list(connection_ids)}).first()
    return None if row is None else Wrote(*row)


@cache
def _wrote() -> Select[str, str, str, datetime | None, Any]:
    mine = Run.connection_id.in_(_IDS), Run.trigger.not_in((PROOF, UNDO)), Run.finished_at.is_not(None)
    newest = select(Run.id).where(*mine).order_by(Run.id.desc()).limit(LOOKED_THROUGH)
    of_run = RunCount.run_id == Run.id
    fresh = select(RunCount.run_id).where(of_run, RunCount.posted > 0).exists()
    records = select(func.coalesce(func.sum(RunCount.posted), 0)).where(of_run).scalar_subquery()
    carried_out = PlanLine.plan_id == Run.plan_id, PlanLine.state == LineState.DONE
    lines = select(func.count()).select_from(PlanLine).where(*carried_out).scalar_subquery()
    only_sent = and_(not_(fresh), select(PlanLine.id).where(*carried_out).exists())
    wrote = or_(only_sent, fresh)
    return (
        select(Run.id, Run.connection_id, Connection.label, Run.finished_at, case((only_sent, lines), else_=records))
        .join(Connection, Connection.id == Run.connection_id)
        .where(Run.id.in_(newest), wrote)
        .order_by(Run.finished_at.desc(), Run.id.desc())
        .limit(1)
    )


_IDS: Any = bindparam("ids", expanding=True)
"""What the statements below ask about: each is made once, for that takes longer than its answer."""


@cache
def _newest() -> Select[Run]:
    mine = Run.connection_id.in_(_IDS), Run.trigger.not_in((PROOF, LISTS))
    newest = select(func.max(Run.id)).where(*mine).group_by(Run.connection_id)
    return select(Run).where(Run.id.in_(newest))


def _views(session: Session, runs: Sequence[Run]) -> list[RunView]:
    if not runs:
        return []
    of = {
        connection.id: (connection, company)
        for connection, company in session.execute(_joined(), {"ids": list({run.connection_id for run in runs})})
    }
    counts: dict[str, list[StreamCount]] = {}
    for row in session.scalars(_counted(), {"ids": [run.id for run in runs]}):
        counts.setdefault(row.run_id, []).append(
            StreamCount(row.stream, row.fetched, row.posted, row.unchanged, row.skipped, row.held, row.failed)
        )
    lines = _lines(session, [run.plan_id for run in runs if run.plan_id])
    return [_view(run, *of[run.connection_id], counts.get(run.id, []), lines) for run in runs]


@cache
def _joined() -> Select[Connection, str]:
    of = Company.id == Connection.company_id
    return select(Connection, Company.name).join(Company, of).where(Connection.id.in_(_IDS))


@cache
def _counted() -> Select[RunCount]:
    return select(RunCount).where(RunCount.run_id.in_(_IDS)).order_by(RunCount.run_id, RunCount.stream)


def _view(
    run: Run,
    of: Connection,
    company: str,
    counts: Sequence[StreamCount],
    lines: Mapping[str, Mapping[str, int]],
) -> RunView:
    states = lines.get(run.plan_id, {})
    refused = states.get(LineState.REFUSED, 0)
    settled = states.get(LineState.DONE, 0) + refused
    return RunView(
        id=run.id,
        connection_id=run.connection_id,
        connection=of.label,
        company=company,
        connector=of.connector,
        time_zone=of.time_zone,
        trigger=run.trigger,
        started_by=run.started_by,
        state=RunState(run.state),
        phase=run.phase,
        stop_after=run.stop_after,
        plan_id=run.plan_id,
        error_code=run.error_code,
        error_params=run.error_params,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts=tuple(counts),
        to_send=settled + states.get(LineState.PENDING, 0) + states.get(LineState.SENDING, 0),
        sent=settled,
        refused=refused,
        unequal=int(run.progress.get("unequal", 0)),
        recognised=int(run.progress.get(RECOGNISED, 0)),
        reading=FileRead(**run.progress[READING]) if READING in run.progress and run.state in ACTIVE else None,
        mapped=int(run.progress.get("mapped", (0,))[0]),
        sent_lists=sent_of(run.progress),
    )


def _lines(session: Session, plan_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count the lines of plans by plan and state."""
    found: dict[str, dict[str, int]] = {}
    for plan_id, state, count in session.execute(_by_state(), {"ids": list(plan_ids)}):
        found.setdefault(plan_id, {})[state] = count
    return found


@cache
def _by_state() -> Select[str, str, int]:
    return (
        select(PlanLine.plan_id, PlanLine.state, func.count())
        .where(PlanLine.plan_id.in_(_IDS))
        .group_by(PlanLine.plan_id, PlanLine.state)
    )
