"""What a month's figure of what is left out or waits is made of: sums by reason, and the lines, a bounded number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, DraftRow, DraftState, RecordState, SourceRecord
from raccord.sync.fetching.keep import BEFORE_START, DECLARED, RESOLVED_BY_HAND, UNSAID

LINES_MAX = 500
"""Lines that a certificate names of one connection; the sums are of all of them."""
IN_BOOKS = "in_quickbooks"
"""The part of such lines that stands in QuickBooks already: an earlier word of it, or other documents of one record."""


def left_out_of(
    session: Session, connection: Connection, first: date, last: date, proofs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return by stream, currency and reason what the proof calls left out or waiting, and its first lines by day.

    The sums come to the figures of ``proofs`` to the cent.
    """
    waits = (
        select(DraftRow.state + " " + DraftRow.reason)
        .where(DraftRow.record_id == SourceRecord.id, DraftRow.state != DraftState.POSTED)
        .order_by(DraftRow.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            SourceRecord.stream, SourceRecord.currency, SourceRecord.day, SourceRecord.amount, SourceRecord.source_id,
            SourceRecord.state, SourceRecord.reason, waits,
        )
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.day >= first,
            SourceRecord.day <= last,
            SourceRecord.reason.not_in({BEFORE_START, *UNSAID}),
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.amount.is_not(None),
            or_(SourceRecord.state != RecordState.MAPPED, waits.is_not(None)),
        )
        .order_by(SourceRecord.day, SourceRecord.id)
        .execution_options(yield_per=1000)
    )  # fmt: skip
    sums: dict[tuple[str, str, str, str], tuple[int, Decimal]] = {}
    lines: list[dict[str, Any]] = []
    for stream, currency, day, amount, source_id, own_state, own_reason, waiting in rows:
        state, _, reason = (
            (waiting or "").partition(" ") if own_state == RecordState.MAPPED else (own_state, "", own_reason)
        )
        key = (stream, currency or "", state, reason)
        count, total = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, total + (amount or Decimal(0)))
        if len(lines) < LINES_MAX:
            lines.append(
                {
                    "day": day.isoformat(), "key": f"{stream}/{source_id}", "currency": currency or "",
                    "amount": amount, "state": state, "reason": reason,
                }
            )  # fmt: skip
    for (stream, currency), figure in figures(proofs).items():
        rest = figure - sum((total for key, (_, total) in sums.items() if key[:2] == (stream, currency)), Decimal(0))
        if rest:
            sums[stream, currency, IN_BOOKS, ""] = (0, rest)
    return {
        "reasons": [
            {"stream": key[0], "currency": key[1], "state": key[2], "reason": key[3], "records": count, "amount": total}
            for key, (count, total) in sorted(sums.items())
        ],
        "lines": lines,
    }


@dataclass(frozen=True, slots=True)
class Declared:
    """What a person alone vouches for of a stream and currency: entered by hand, without a document that was seen."""

    stream: str
    currency: str
    records: int
    amount: Decimal


def is_declared(state: str, reason: str) -> bool:
    """Tell whether a reason of what is left out is that a person declared it as entered by hand."""
    return reason == RESOLVED_BY_HAND or (state == DraftState.RESOLVED and reason in DECLARED)


def declared_in(reasons: Sequence[Mapping[str, Any]]) -> list[Declared]:
    """Return what is declared of the reasons that :func:`left_out_of` tells, by stream and currency."""
    found: dict[tuple[str, str], Declared] = {}
    for each in reasons:
        if is_declared(str(each["state"]), str(each["reason"])):
            key = str(each["stream"]), str(each["currency"])
            before = found.get(key, Declared(*key, 0, Decimal(0)))
            found[key] = Declared(
                *key, before.records + int(each["records"]), before.amount + Decimal(str(each["amount"]))
            )
    return list(found.values())


def figures(proofs: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """Return what the days of a certificate's part leave out, by stream and currency."""
    found: dict[tuple[str, str], Decimal] = {}
    for row in proofs:
        key = (str(row["stream"]), str(row["currency"]))
        found[key] = found.get(key, Decimal(0)) + Decimal(row["left_out"])
    return found


def adds_up(part: Mapping[str, Any]) -> bool:
    """Tell whether the reasons of a certificate's part come to the figure of its days."""
    said: dict[tuple[str, str], Decimal] = {}
    for each in part["left_out"]["reasons"]:
        key = (str(each["stream"]), str(each["currency"]))
        said[key] = said.get(key, Decimal(0)) + Decimal(each["amount"])
    own = figures(part["proofs"])
    return all(own.get(key, Decimal(0)) == said.get(key, Decimal(0)) for key in own.keys() | said.keys())
