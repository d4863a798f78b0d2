"""Documents that are no longer as we wrote them, for the page and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import USUAL, Listing, Within, among, bounds
from raccord.overview.pointing.differences import Property, entries_named
from raccord.plugin.texts import Text
from raccord.quickbooks.fields import field_named
from raccord.store.models import Connection, Drift, DriftState, LinkRow


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field before and after, as text; empty for none. Of what it points to the names are given beside the ids."""

    field: str
    before: str
    after: str
    name: Text
    before_name: str = ""
    after_name: str = ""


@dataclass(frozen=True, slots=True)
class DriftView:
    """One drift; amount and day are what we wrote."""

    id: str
    connection_id: str
    connection: str
    key: str
    kind: str
    document_id: str
    number: str
    day: date | None
    amount: Decimal | None
    currency: str
    change: str
    differences: Sequence[FieldDifference]
    found_at: datetime


def open_drifts(
    session: Session,
    connection_id: str | None = None,
    *,
    within: Within = None,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[DriftView]:
    """Return the drifts that wait for a decision, the oldest first."""
    limit, offset = bounds(limit, offset)
    wanted = [Drift.state == DriftState.OPEN, *among(Drift.connection_id, within)]
    if connection_id is not None:
        wanted.append(Drift.connection_id == connection_id)
    rows = session.execute(
        select(Drift, LinkRow, Connection.label)
        .join(LinkRow, LinkRow.id == Drift.link_id)
        .join(Connection, Connection.id == Drift.connection_id)
        .where(*wanted)
        .order_by(Drift.found_at, Drift.id)
        .limit(limit)
        .offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(Drift).where(*wanted)) or 0
    found = [(drift, link, label) for drift, link, label in rows]
    entries = _entries(session, [drift for drift, _, _ in found])
    return Listing([_view(*row, entries) for row in found], total, offset, limit)


def differences_of(session: Session, drifts: Sequence[Drift]) -> list[tuple[Drift, Sequence[FieldDifference]]]:
    """Return what some drifts changed, with the names of what it points to."""
    entries = _entries(session, drifts)
    return [(drift, [_difference(drift.connection_id, each, entries) for each in drift.fields]) for drift in drifts]


def _entries(session: Session, drifts: Sequence[Drift]) -> Mapping[Property, str]:
    return entries_named(
        session,
        [
            (drift.connection_id, each["field"], each[side])
            for drift in drifts
            for each in drift.fields
            for side in ("before", "after")
        ],
    )


def _view(drift: Drift, link: LinkRow, label: str, entries: Mapping[Property, str]) -> DriftView:
    return DriftView(
        id=drift.id,
        connection_id=drift.connection_id,
        connection=label,
        key=link.key,
        kind=link.kind,
        document_id=link.document_id,
        number=link.document_number,
        day=link.day,
        amount=link.amount,
        currency=link.currency,
        change=drift.change,
        differences=[_difference(drift.connection_id, each, entries) for each in drift.fields],
        found_at=drift.found_at,
    )


def _difference(connection_id: str, said: Mapping[str, str], entries: Mapping[Property, str]) -> FieldDifference:
    path, before, after = said["field"], said["before"], said["after"]
    names = [entries.get((connection_id, path, each), "") for each in (before, after)]
    return FieldDifference(path, before, after, field_named(path), *names)
