"""How many records lists show; what indexes of drafts alone tell is counted there, without looking at the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, func, literal, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from raccord.overview.listing import Within, among
from raccord.overview.sought import DRAFTS_OF, RECORDS_OF, Fate, Wanted, conditions_of
from raccord.store.models import Connection, DraftRow, DraftState, RecordState, SourceRecord

COUNTED = 10_000
"""How far lists of records are counted that are not shown: beyond, each says that it has more."""


def count_wanted(session: Session, wanted: Wanted, within: Within) -> int:
    """Return how many records a list shows."""
    told = _told(wanted, within)
    if told is None:
        every = conditions_of(session, wanted, within, whole=True)
        told = select(func.count()).select_from(SourceRecord).where(*every).scalar_subquery()
    return session.scalar(select(told)) or 0


def count_by_fate(
    session: Session, connection_id: str, fates: Sequence[Fate], *, within: Within = None
) -> dict[Fate, int]:
    """Return how many records of a connection, or without one of all, the list of each fate shows."""
    counts = [_of_drafts(Wanted(connection_id, fate), within) for fate in fates]
    return dict(zip(fates, session.execute(select(*counts)).one(), strict=True))


def count_reports(session: Session, connection_id: str) -> int:
    """Return how many of the records that a connection leaves out are of kinds that never move money: balances and
    other reports. A line that is left out as one that came before is none.
    """
    moving = (
        select(SourceRecord.stream)
        .where(SourceRecord.connection_id == connection_id, SourceRecord.amount.is_not(None))
        .distinct()
    )
    mine = (
        SourceRecord.connection_id == connection_id,
        SourceRecord.state.in_(RECORDS_OF[Fate.LEFT_OUT]),
        SourceRecord.amount.is_(None),
        SourceRecord.stream.not_in(moving),
    )
    return session.scalar(select(func.count()).select_from(SourceRecord).where(*mine)) or 0


def count_each_fate(session: Session, wanted: Wanted, *, within: Within = None) -> dict[Fate | None, int]:
    """Return how many records the list of each fate, and of all, has under the other filters, in one question.

    None is counted further than one beyond ``COUNTED``, and that of ``wanted`` is left out, since its list is read;
    while something is searched, or one kind is shown, nothing is counted at all, since each count would look again.
    """
    if wanted.search or wanted.kind or wanted.staged:
        return {}
    fates = [fate for fate in (None, *Fate) if fate != wanted.fate]
    counts: list[ColumnElement[int]] = []
    for fate in fates:
        # Most records are posted: the first of them are soon walked, and no more are asked for.
        told = None if fate == Fate.POSTED else _told(replace(wanted, fate=fate), within)
        few = select(literal(1)).where(*conditions_of(session, replace(wanted, fate=fate), within)).limit(COUNTED + 1)
        counts.append(select(func.count()).select_from(few.subquery()).scalar_subquery() if told is None else told)
    row = session.execute(select(*counts)).one()
    return {fate: min(count, COUNTED + 1) for fate, count in zip(fates, row, strict=True)}


def _told(wanted: Wanted, within: Within) -> ColumnElement[int] | None:
    """Return how many records a list shows as drafts alone tell it, or nothing where they do not."""
    more = wanted.staged or wanted.search or wanted.first or wanted.last or wanted.before
    return None if more or (wanted.fate is None) == (wanted.kind is None) else _of_drafts(wanted, within)


def _of_drafts(wanted: Wanted, within: Within) -> ColumnElement[int]:
    """Return how many records have drafts of a fate or of a kind, or are of that fate themselves.

    Those of earlier revisions, which few drafts are still of, are counted with them and taken off.
    """
    its = [DraftRow.state.in_(DRAFTS_OF[wanted.fate])] if wanted.fate is not None else [
        DraftRow.kind == wanted.kind, DraftRow.state != DraftState.WITHDRAWN,
    ]  # fmt: skip
    drafts = select(DraftRow.record_id).where(
        *its, DraftRow.record_id.is_not(None), *_mine(DraftRow.connection_id, wanted, within)
    )
    # By connection, which their index begins with.
    records = _mine(SourceRecord.connection_id, wanted, within) or [
        SourceRecord.connection_id.in_(select(Connection.id))
    ]
    own = RECORDS_OF.get(wanted.fate, ()) if wanted.fate is not None else ()
    ids = union(drafts, select(SourceRecord.id).where(*records, SourceRecord.state.in_(own))) if own else (
        drafts.distinct()
    )  # fmt: skip
    every = select(func.count()).select_from(ids.subquery()).scalar_subquery()
    earlier = (
        select(func.count())
        .select_from(SourceRecord)
        .where(
            *records,
            SourceRecord.state == RecordState.SUPERSEDED,
            select(DraftRow.id).where(DraftRow.record_id == SourceRecord.id, *its).exists(),
        )
    )
    return every - earlier.scalar_subquery()


def _mine(connection_id: InstrumentedAttribute[str], wanted: Wanted, within: Within) -> list[ColumnElement[bool]]:
    named = [connection_id == wanted.connection_id] if wanted.connection_id else []
    return [*named, *among(connection_id, within)]
