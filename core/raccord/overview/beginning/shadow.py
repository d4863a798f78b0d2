"""Shadow days: how a waiting first plan compares with what others put into the books in the same days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import USUAL, Listing, bounds
from raccord.quickbooks.codec.placeholders import key_in
from raccord.store.canonical import exact
from raccord.store.models import (
    Connection,
    LedgerEntry,
    PlanLine,
    ShadowCause,
    ShadowComparison,
    ShadowOutcome,
    ShadowRow,
)
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.titles import Title, titles_of


@dataclass(frozen=True, slots=True)
class ShadowGroup:
    """Documents of one outcome, cause and currency, and what each side comes to; money in is positive."""

    outcome: ShadowOutcome
    cause: ShadowCause
    currency: str
    count: int
    ours: Decimal
    theirs: Decimal


@dataclass(frozen=True, slots=True)
class ShadowSummary:
    """The newest comparison; ``cut`` where there was more than is compared at once."""

    plan_id: str
    made_at: datetime
    first_day: date
    last_day: date
    cut: bool
    groups: Sequence[ShadowGroup]

    def of(self, outcome: ShadowOutcome) -> Sequence[ShadowGroup]:
        """Return the groups of one outcome."""
        return [each for each in self.groups if each.outcome == outcome]

    def count(self, outcome: ShadowOutcome) -> int:
        """Return how many documents have an outcome."""
        return sum(each.count for each in self.of(outcome))

    def totals(self, outcome: ShadowOutcome) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Return by currency what both sides of an outcome come to."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for each in self.of(outcome):
            ours, theirs = found.get(each.currency, (Decimal(0), Decimal(0)))
            found[each.currency] = (ours + each.ours, theirs + each.theirs)
        return found


@dataclass(frozen=True, slots=True)
class ShadowValue:
    """What one side says: of accounts the name, of what is owed ``receivable`` or ``payable``, else text."""

    text: str
    amount: Decimal | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class ShadowField:
    """One thing in which two documents differ."""

    cause: ShadowCause
    ours: Sequence[ShadowValue]
    theirs: Sequence[ShadowValue]


@dataclass(frozen=True, slots=True)
class ShadowView:
    """One document of the plan, of the books, or both; what one side lacks is empty."""

    outcome: ShadowOutcome
    cause: ShadowCause
    key: str
    title: Title | None
    kind: str
    reason: str
    """The code of why ours waits or is blocked, or of why the record of theirs is left out."""
    params: Mapping[str, Any]
    """What the sentence of that code names, where the plan says it."""
    day: date | None
    amount: Decimal | None
    currency: str
    document_kind: str
    document_id: str
    document_number: str
    document_party: str
    document_day: date | None
    document_amount: Decimal | None
    fields: Sequence[ShadowField]


def shadow_summary(session: Session, connection_id: str) -> ShadowSummary | None:
    """Return what the newest run of a connection compared; nothing where none had anything to compare."""
    kept = session.get(ShadowComparison, connection_id)
    if kept is None:
        return None
    groups = [
        ShadowGroup(ShadowOutcome(outcome), ShadowCause(cause), currency, count, Decimal(ours), Decimal(theirs))
        for outcome, cause, currency, count, ours, theirs in kept.counts
    ]
    order, causes = list(ShadowOutcome), list(ShadowCause)
    groups.sort(key=lambda each: (order.index(each.outcome), causes.index(each.cause), each.currency))
    return ShadowSummary(kept.plan_id, kept.made_at, kept.first_day, kept.last_day, kept.cut, groups)


def shadow_rows(
    session: Session,
    connection_id: str,
    *,
    outcome: ShadowOutcome | None = None,
    cause: ShadowCause | None = None,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[ShadowView]:
    """Return the compared documents, by day within each outcome and cause."""
    limit, offset = bounds(limit, offset)
    wanted = [ShadowRow.connection_id == connection_id]
    if outcome is not None:
        wanted.append(ShadowRow.outcome == outcome)
    if cause is not None:
        wanted.append(ShadowRow.cause == cause)
    order = (ShadowRow.outcome, ShadowRow.cause, ShadowRow.id)
    rows = session.scalars(select(ShadowRow).where(*wanted).order_by(*order).limit(limit).offset(offset)).all()
    total = session.scalar(select(func.count()).select_from(ShadowRow).where(*wanted)) or 0
    titles = titles_of(session, connection_id, [row.key for row in rows if row.key])
    named, params = _named(session, connection_id, rows), _params(session, connection_id, rows)
    views = [_view(row, titles.get(row.key), named, params.get(row.key, {})) for row in rows]
    return Listing(views, total, offset, limit)


def _view(row: ShadowRow, title: Title | None, named: Mapping[str, str], params: Mapping[str, Any]) -> ShadowView:
    fields = [
        ShadowField(ShadowCause(cause), *([_value(ShadowCause(cause), each, named) for each in side] for side in both))
        for cause, both in row.fields.items()
        if cause != ShadowCause.PARTS
    ]
    return ShadowView(
        ShadowOutcome(row.outcome), ShadowCause(row.cause), row.key, title, row.kind, row.reason, params, row.day,
        row.amount, row.currency, row.document_kind, row.document_id, row.document_number, row.document_party,
        row.document_day, row.document_amount, fields,
    )  # fmt: skip


def _value(cause: ShadowCause, text: str, named: Mapping[str, str]) -> ShadowValue:
    match cause:
        case ShadowCause.AMOUNT | ShadowCause.TAX:
            return ShadowValue(text, amount=Decimal(text))
        case ShadowCause.DAY:
            return ShadowValue(text, day=date.fromisoformat(text))
        case ShadowCause.ACCOUNT | ShadowCause.CATEGORY:
            return ShadowValue(named.get(text, text))
        case _:
            return ShadowValue(text)


_ACCOUNTS = (ShadowCause.ACCOUNT, ShadowCause.CATEGORY)


def _named(session: Session, connection_id: str, rows: Iterable[ShadowRow]) -> dict[str, str]:
    """Return the names of the accounts that rows speak of, by id; of one that the plan makes, by its placeholder."""
    ids = {each for row in rows for cause in _ACCOUNTS for side in row.fields.get(cause, ()) for each in side}
    made = {key: each for each in ids if (key := key_in(each)) is not None}
    company = select(Connection.company_id).where(Connection.id == connection_id).scalar_subquery()
    found: dict[str, str] = {}
    for some in chunks(sorted(ids - set(made.values())), CHUNK):
        known = select(LedgerEntry.object_id, LedgerEntry.name).where(
            LedgerEntry.company_id == company, LedgerEntry.kind == "Account", LedgerEntry.object_id.in_(some)
        )
        found.update((row.object_id, row.name) for row in session.execute(known))
    if made:
        plan = _plan(connection_id)
        lines = select(PlanLine.key, PlanLine.payload).where(
            PlanLine.plan_id == plan, PlanLine.key.in_(sorted(made)), PlanLine.payload != ""
        )
        for key, payload in session.execute(lines):
            body = exact(payload)
            found[made[key]] = str(body.get("Name", "")) if isinstance(body, dict) else ""
    return found


def _params(session: Session, connection_id: str, rows: Iterable[ShadowRow]) -> dict[str, dict[str, Any]]:
    """Return what the plan's lines say of why they wait or are blocked, by key."""
    keys = sorted({row.key for row in rows if row.key and row.reason})
    if not keys:
        return {}
    lines = select(PlanLine.key, PlanLine.params).where(
        PlanLine.plan_id == _plan(connection_id), PlanLine.key.in_(keys)
    )
    return {row.key: row.params for row in session.execute(lines)}


def _plan(connection_id: str) -> ScalarSelect[str]:
    return select(ShadowComparison.plan_id).where(ShadowComparison.connection_id == connection_id).scalar_subquery()
