"""How records stand at sources that hear what became of them, as what they heard tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select
from sqlalchemy.orm import Session

from raccord.catalog import Catalog
from raccord.plugin.info import AtSource
from raccord.plugin.records import record_key
from raccord.store.models import Connection, DraftState, Problem, ProblemState, SourceRecord, ToldOutcome
from raccord.sync.telling.report import TOO_LATE


@dataclass(frozen=True, slots=True)
class Staged:
    """Streams of connectors whose sources say how records stand there, and which of the records are wanted."""

    stage: AtSource
    streams: tuple[tuple[str, str], ...]


def staged_streams(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """Return the connectors and streams whose sources say how records stand there."""
    admitted = catalog.admitted.values()
    return tuple((each.name, stream.name) for each in admitted for stream in each.info.streams if stream.at_source)


def stands(wanted: Staged) -> ColumnElement[bool]:
    """Return the condition that a record stands so at its source; what it heard is looked at once, not for each."""
    theirs = _connections(each for each, _ in wanted.streams)
    heard = select(ToldOutcome.record_id).where(ToldOutcome.connection_id.in_(theirs))
    late = select(Problem.subject).where(
        Problem.connection_id.in_(theirs), Problem.code == TOO_LATE, Problem.state == ProblemState.OPEN
    )
    free = or_(
        SourceRecord.id.in_(heard.where(ToldOutcome.state != DraftState.POSTED)),
        (SourceRecord.stream + "/" + SourceRecord.source_id).in_(late),
    )
    mine = (
        SourceRecord.connection_id.in_(theirs),
        SourceRecord.stream.in_({stream for _, stream in wanted.streams}),
        SourceRecord.amount.is_not(None),
    )
    match wanted.stage:
        case AtSource.FREE:
            return and_(*mine, free)
        case AtSource.TAKEN:
            return and_(*mine, SourceRecord.id.in_(heard.where(ToldOutcome.state == DraftState.POSTED)), not_(free))
        case AtSource.QUEUED:
            return and_(*mine, SourceRecord.id.not_in(heard), not_(free))


def stage_of(session: Session, connection_id: str, stream: str, source_id: str, record_id: int) -> AtSource:
    """Return how one record stands at its source."""
    heard = set(
        session.scalars(
            select(ToldOutcome.state).where(
                ToldOutcome.connection_id == connection_id, ToldOutcome.record_id == record_id
            )
        )
    )
    late = exists().where(
        Problem.connection_id == connection_id,
        Problem.code == TOO_LATE,
        Problem.subject == record_key(stream, source_id),
        Problem.state == ProblemState.OPEN,
    )
    if heard - {DraftState.POSTED} or session.scalar(select(late)):
        return AtSource.FREE
    return AtSource.TAKEN if heard else AtSource.QUEUED


def _connections(connectors: Iterable[str]) -> Select[str]:
    return select(Connection.id).where(Connection.connector.in_(set(connectors)))
