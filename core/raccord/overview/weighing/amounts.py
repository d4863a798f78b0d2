"""What the records come to that wait for a person, so that the most money is answered first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, select, union
from sqlalchemy.orm import Session

from raccord.overview.questions import is_line
from raccord.store.models import DraftRow, DraftState, Hold, RecordState, SourceRecord
from raccord.store.sums import Sums, dialect_of, in_and_out, sums_of


@dataclass(frozen=True, slots=True)
class Amount:
    """What records of one stream and currency come to; money in and money out are apart, and both are positive."""

    stream: str
    currency: str
    moved_in: Decimal
    moved_out: Decimal


@dataclass(frozen=True, slots=True)
class Waits:
    """The bank lines of a connection that wait for an answer, and its records that failed."""

    lines: Sequence[Amount] = ()
    failed: Sequence[Amount] = ()


def waiting_amounts(session: Session, connection_ids: Sequence[str]) -> Mapping[str, Waits]:
    """Return what waits for a person in connections; those in which nothing with an amount does are left out."""
    sums: dict[tuple[str, str, str, str], list[Decimal]] = {}
    for each in in_and_out(session, _asked(dialect_of(session)), {"ids": list(connection_ids)}):
        name, id_, stream, currency = each.of
        both = sums.setdefault((id_, name, stream, currency or ""), [Decimal(0), Decimal(0)])
        both[0] += each.came_in
        both[1] += each.went_out
    found: dict[str, dict[str, list[Amount]]] = {}
    for (id_, name, stream, currency), (came, went) in sorted(sums.items()):
        found.setdefault(id_, {}).setdefault(name, []).append(Amount(stream, currency, came, went))
    return {id_: Waits(each.get("lines", ()), each.get("failed", ())) for id_, each in found.items()}


@cache
def _asked(dialect: str) -> Sums:
    """Return the statements that add both up, made once, for making them takes long beside asking them."""
    mine: Any = bindparam("ids", expanding=True)
    lines = (
        select(DraftRow.record_id)
        .join(Hold, Hold.draft_id == DraftRow.id)
        .where(Hold.connection_id.in_(mine), Hold.closed_at.is_(None), is_line())
    )
    failed: CompoundSelect[tuple[int | None]] = union(
        select(DraftRow.record_id).where(
            DraftRow.connection_id.in_(mine),
            DraftRow.state == DraftState.FAILED,
            DraftRow.record_id.is_not(None),
        ),
        select(SourceRecord.id).where(SourceRecord.connection_id.in_(mine), SourceRecord.state == RecordState.FAILED),
    )
    of = SourceRecord.connection_id, SourceRecord.stream, SourceRecord.currency
    newest = SourceRecord.amount.is_not(None), SourceRecord.state != RecordState.SUPERSEDED
    of_lines = sums_of(dialect, SourceRecord.amount, of, [SourceRecord.id.in_(lines), *newest], name="lines")
    return of_lines | sums_of(dialect, SourceRecord.amount, of, [SourceRecord.id.in_(failed), *newest], name="failed")
