"""Whether everything is ready: the installation, each company, each connection; reads everywhere, changes no choice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from raccord.onboarding.doctor_company import check_company
from raccord.onboarding.doctor_connection import check_connection
from raccord.onboarding.doctor_house import check_house
from raccord.onboarding.findings import Finding
from raccord.store.models import Company, CompanyState, Connection, ConnectionState
from raccord.sync.workshop import Workshop

__all__ = ["check_all", "check_companies", "check_house"]


def check_all(workshop: Workshop) -> Iterator[Finding]:
    """Yield the findings of everything, as they are made; companies are asked over the network."""
    yield from check_house(workshop.settings, workshop.database, workshop.scopes.catalog)
    yield from check_companies(workshop)


def check_companies(workshop: Workshop) -> Iterator[Finding]:
    """Yield the findings of each company that is connected, and of its connections."""
    with workshop.database.read() as session:
        companies = session.scalars(
            select(Company).where(Company.state != CompanyState.DISCONNECTED).order_by(Company.name)
        ).all()
    for company in companies:
        yield from check_company(workshop, company)
        with workshop.database.read() as session:
            connections = session.scalars(
                select(Connection)
                .where(
                    Connection.company_id == company.id,
                    Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
                )
                .order_by(Connection.label)
            ).all()
        for connection in connections:
            yield from check_connection(workshop, connection)
