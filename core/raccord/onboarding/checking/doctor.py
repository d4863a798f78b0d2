"""Whether everything is ready: the installation, each company, each connection; reads everywhere, changes no choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from raccord.onboarding.checking.company import check_company
from raccord.onboarding.checking.connection import check_connection
from raccord.onboarding.checking.findings import Finding
from raccord.onboarding.checking.house import check_house
from raccord.store.models import Company, CompanyState, Connection, ConnectionState
from raccord.sync.workshop import Workshop

__all__ = ["Checked", "check_all", "check_companies", "check_each", "check_house"]


def check_all(workshop: Workshop) -> Iterator[Finding]:
    """Yield the findings of everything, as they are made; companies are asked over the network."""
    yield from check_house(workshop.settings, workshop.database, workshop.scopes.catalog)
    yield from check_companies(workshop)


def check_companies(workshop: Workshop) -> Iterator[Finding]:
    """Yield the findings of each company that is connected, and of its connections."""
    for each in check_each(workshop, lambda _: True):
        yield each.finding


@dataclass(frozen=True, slots=True)
class Checked:
    """A finding with what it is about; the connection is empty where it is about its company."""

    finding: Finding
    company_id: str
    company: str
    connection_id: str = ""


def check_each(workshop: Workshop, wanted: Callable[[str], bool]) -> Iterator[Checked]:
    """Yield the findings of the connected companies whose id is wanted, each with what it is about."""
    with workshop.database.read() as session:
        companies = session.scalars(
            select(Company).where(Company.state != CompanyState.DISCONNECTED).order_by(Company.name)
        ).all()
    for company in companies:
        if not wanted(company.id):
            continue
        for finding in check_company(workshop, company):
            yield Checked(finding, company.id, company.name)
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
            for finding in check_connection(workshop, connection):
                yield Checked(finding, company.id, company.name, connection.id)
