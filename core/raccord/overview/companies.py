"""The QuickBooks companies, and whether their authorisation still stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.authority import Given, given
from raccord.overview.listing import MOST, USUAL, Listing, Within, bounds
from raccord.store.models import Company, CompanyState, Connection


@dataclass(frozen=True, slots=True)
class CompanyView:
    """One company; ``connections`` counts all of them, whatever their state."""

    id: str
    name: str
    realm: str
    environment: str
    country: str
    home_currency: str
    state: CompanyState
    connections: int
    given: Given
    """Who authorised it, and when."""
    legal_name: str
    plan: str
    """QuickBooks' own name of what is subscribed to; empty where it did not tell."""
    features: Mapping[str, bool]
    """What QuickBooks said is switched on there, and what is not."""
    books_closed_on: date | None
    blocked_by: str
    """What QuickBooks refuses it for as a whole: ``subscription``, ``rights``, ``quota`` or nothing."""
    blocked_at: datetime | None
    blocked_said: str
    """What QuickBooks said of it last."""


def list_companies(
    session: Session, *, within: Within = None, limit: int = USUAL, offset: int = 0
) -> Listing[CompanyView]:
    """Return the companies by name, all or those given."""
    limit, offset = bounds(limit, offset)
    count = select(func.count()).where(Connection.company_id == Company.id).scalar_subquery()
    mine = () if within is None else (Company.id.in_(within),)
    rows = session.execute(
        select(Company, count).where(*mine).order_by(Company.name, Company.id).limit(limit).offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(Company).where(*mine)) or 0
    return Listing([_view(row[0], row[1]) for row in rows], total, offset, limit)


def company_names(session: Session, within: Within = None) -> dict[str, str]:
    """Return the names of all companies, or those given, by id and in their order; ``MOST`` at most."""
    mine = () if within is None else (Company.id.in_(within),)
    rows = session.execute(select(Company.id, Company.name).where(*mine).order_by(Company.name, Company.id).limit(MOST))
    return {row[0]: row[1] for row in rows}


def _view(company: Company, connections: int) -> CompanyView:
    return CompanyView(
        id=company.id,
        name=company.name,
        realm=company.realm,
        environment=company.environment,
        country=company.country,
        home_currency=company.home_currency,
        state=CompanyState(company.state),
        connections=connections,
        given=given(company),
        legal_name=company.legal_name,
        plan=company.plan,
        features=company.features,
        books_closed_on=company.books_closed_on,
        blocked_by=company.blocked_by,
        blocked_at=company.blocked_at,
        blocked_said=company.blocked_said,
    )
