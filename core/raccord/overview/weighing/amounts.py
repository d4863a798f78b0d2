"""What the records come to that wait for a person, so that the most money is answered first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, func, literal, select, union, union_all
from sqlalchemy.orm import Session

from raccord.overview.questions import is_line
from raccord.store.models import DraftRow, DraftState, Hold, RecordState, SourceRecord
from raccord.store.sums import dialect_of, exact, scale_of, units_of


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
    for name, id_, stream, currency, is_out, places, units in session.execute(
        _asked(dialect_of(session)), {"ids": list(connection_ids)}
    ):
        both = sums.setdefault((id_, name, stream, currency or ""), [Decimal(0), Decimal(0)])
        both[bool(is_out)] += abs(exact(units, places))
    found: dict[str, dict[str, list[Amount]]] = {}
    for (id_, name, stream, currency), (came, went) in sorted(sums.items()):
        found.setdefault(id_, {}).setdefault(name, []).append(Amount(stream, currency, came, went))
    return {id_: Waits(each.get("lines", ()), each.get("failed", ())) for id_, each in found.items()}


@cache
def _asked(dialect: str) -> CompoundSelect[*tuple[Any, ...]]:
    """Return the statement that adds both up, made once, for making it takes long beside asking it."""
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
    scale, out = scale_of(dialect, SourceRecord.amount), func.substr(SourceRecord.amount, 1, 1) == "-"
    of = SourceRecord.connection_id, SourceRecord.stream, SourceRecord.currency
    asked = [
        select(literal(name), *of, out.label("out"), scale.label("scale"), units_of(SourceRecord.amount))
        .where(
            SourceRecord.id.in_(ids),
            SourceRecord.amount.is_not(None),
            SourceRecord.state != RecordState.SUPERSEDED,
        )
        .group_by(*of, "out", "scale")
        for name, ids in (("lines", lines), ("failed", failed))
    ]
    return union_all(*asked)
