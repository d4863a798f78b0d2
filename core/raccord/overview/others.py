"""What others entered, changed or removed on the accounts that the proof watches, and when the proofs are made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from raccord.overview.listing import USUAL, Listing, bounds
from raccord.store.models import Company, Connection, LedgerEntry, Night, OtherChange, ProofMonth

SHOWN_FOR = timedelta(days=30)
"""How long after it was found a change by others is shown."""


@dataclass(frozen=True, slots=True)
class OtherView:
    """One change by others; what was before is empty for a new document, what is after for one that is gone."""

    company_id: str
    kind: str
    document_id: str
    number: str
    account: str
    day_before: date | None
    amount_before: Decimal | None
    day_after: date | None
    amount_after: Decimal | None
    found_at: datetime

    @property
    def deed(self) -> str:
        """``added``, ``changed`` or ``removed``."""
        if self.amount_before is None:
            return "added"
        return "changed" if self.amount_after is not None else "removed"


@dataclass(frozen=True, slots=True)
class NightView:
    """When a company's proof is made by itself, and how old its oldest confirmation is."""

    company_id: str
    company: str
    time_zone: str
    enabled: bool
    at: str
    """By the clocks of the time zone, HH:MM."""
    next_at: datetime
    last_at: datetime | None
    confirmed_at: datetime | None
    """Since when, at least, every proven month is known as it was in QuickBooks."""
    unequal: int
    """Proven months that are not equal."""


def other_changes(
    session: Session, company_ids: Sequence[str], now: datetime, *, limit: int = USUAL, offset: int = 0
) -> Listing[OtherView]:
    """Return what others did on watched accounts as found in the last 30 days, the newest first."""
    limit, offset = bounds(limit, offset)
    wanted = OtherChange.company_id.in_(company_ids), OtherChange.found_at >= now - SHOWN_FOR
    account = aliased(LedgerEntry)
    rows = session.execute(
        select(OtherChange, account.name)
        .outerjoin(
            account,
            (account.company_id == OtherChange.company_id)
            & (account.kind == "Account")
            & (account.object_id == OtherChange.account_id),
        )
        .where(*wanted)
        .order_by(OtherChange.id.desc())
        .limit(limit)
        .offset(offset)
    )
    views = [
        OtherView(
            row.company_id, row.kind, row.document_id, row.number, name or row.account_id, row.day_before,
            row.amount_before, row.day_after, row.amount_after, row.found_at,
        )
        for row, name in rows
    ]  # fmt: skip
    total = session.scalar(select(func.count()).select_from(OtherChange).where(*wanted)) or 0
    return Listing(views, total, offset, limit)


def nights(session: Session, company_ids: Collection[str] | None = None) -> list[NightView]:
    """Return each company's night, or those of some companies, by the company's name."""
    mine = () if company_ids is None else (Connection.company_id.in_(company_ids),)
    own = () if company_ids is None else (Night.company_id.in_(company_ids),)
    months = {
        company_id: (confirmed, unequal)
        for company_id, confirmed, unequal in session.execute(
            select(
                Connection.company_id,
                func.min(ProofMonth.confirmed_at),
                func.count(ProofMonth.month).filter(ProofMonth.unequal > 0),
            )
            .join(Connection, Connection.id == ProofMonth.connection_id)
            .where(*mine)
            .group_by(Connection.company_id)
        )
    }
    rows = session.execute(select(Night, Company.name).join(Company).where(*own).order_by(Company.name, Company.id))
    return [
        NightView(
            night.company_id, name, night.time_zone, night.enabled, f"{night.minute // 60:02}:{night.minute % 60:02}",
            night.next_at, night.last_at, *months.get(night.company_id, (None, 0)),
        )
        for night, name in rows
    ]  # fmt: skip
