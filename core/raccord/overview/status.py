"""How everything stands without asking anybody: authorisations, readings, nights, sources, what owners were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.arrivals import freshness_of
from raccord.overview.listing import Within
from raccord.overview.others import NightView, nights
from raccord.store.models import (
    ApiUse,
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Incident,
    Notice,
    Run,
    RunState,
)
from raccord.sync.meter import Use, use_of_month
from raccord.sync.phases import PROOF
from raccord.sync.workshop import Workshop


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a connection's source stands; empty where its connector does not say when data comes."""

    connection_id: str
    connection: str
    state: str
    freshness: str
    newest: date | None
    expected_by: datetime | None
    last_run: datetime | None
    """When it last brought records over to the end."""


@dataclass(frozen=True, slots=True)
class CompanyStatus:
    """How a company stands; ``authorised_until`` moves on each time its authorisation is renewed."""

    company_id: str
    company: str
    state: str
    authorised_until: datetime | None
    reads: Mapping[str, int]
    """This month's metered readings, by purpose."""
    writes: int
    night: NightView | None
    sources: Sequence[SourceStatus]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Something that people were told of and that still stands; ``told`` of ``telling`` messages were sent."""

    id: str
    code: str
    grave: bool
    company: str
    connection: str
    text_fr: str
    text_en: str
    fix_fr: str
    fix_en: str
    opened_at: datetime
    told: int
    telling: int


@dataclass(frozen=True, slots=True)
class Status:
    use: Use
    companies: Sequence[CompanyStatus]
    incidents: Sequence[IncidentView]


def status(workshop: Workshop, within: Within = None) -> Status:
    """Return how everything stands, or the companies that somebody sees, from our own tables and the vault."""
    workshop.keep_counts()
    now = workshop.clock.now()
    with workshop.database.read() as session:
        use = use_of_month(session, workshop.settings.quickbooks_reads_per_month, now)
        by_company = {each.company_id: each for each in nights(session)}
        seen = [] if within is None else [Company.id.in_(within)]
        companies = session.scalars(
            select(Company).where(Company.state != CompanyState.DISCONNECTED, *seen).order_by(Company.name, Company.id)
        ).all()
        return Status(
            use,
            [_company(workshop, session, each, use.month, by_company.get(each.id)) for each in companies],
            open_incidents(session, within),
        )


def open_incidents(session: Session, within: Within = None) -> list[IncidentView]:
    """Return what stands, the gravest and oldest first; what is the installation's own only to who sees all of it."""
    sent = {
        incident_id: (told or 0, telling)
        for incident_id, told, telling in session.execute(
            select(Notice.incident_id, func.count(Notice.sent_at), func.count()).group_by(Notice.incident_id)
        )
    }
    rows = session.execute(
        select(Incident, Company.name, Connection.label)
        .outerjoin(Company, Company.id == Incident.company_id)
        .outerjoin(Connection, Connection.id == Incident.connection_id)
        .where(Incident.closed_at.is_(None), *([] if within is None else [Incident.company_id.in_(within)]))
        .order_by(Incident.grave.desc(), Incident.opened_at, Incident.id)
    )
    return [
        IncidentView(
            row.id, row.code, row.grave, company or "", connection or "", row.text_fr, row.text_en, row.fix_fr,
            row.fix_en, row.opened_at, *sent.get(row.id, (0, 0)),
        )
        for row, company, connection in rows
    ]  # fmt: skip


def _company(
    workshop: Workshop, session: Session, company: Company, month: date, night: NightView | None
) -> CompanyStatus:
    counted = session.execute(
        select(ApiUse.purpose, func.sum(ApiUse.reads), func.sum(ApiUse.writes))
        .where(ApiUse.company_id == company.id, ApiUse.day >= month)
        .group_by(ApiUse.purpose)
        .order_by(ApiUse.purpose)
    ).all()
    try:
        tokens = workshop.stored_tokens(company).load()
    except RaccordError:
        tokens = None
    connections = session.scalars(
        select(Connection)
        .where(
            Connection.company_id == company.id,
            Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
        )
        .order_by(Connection.label)
    ).all()
    return CompanyStatus(
        company.id,
        company.name,
        company.state,
        None if tokens is None else tokens.refresh_ends,
        {purpose: int(reads) for purpose, reads, _ in counted if reads},
        sum(int(writes) for *_, writes in counted),
        night,
        [_source(workshop, session, each) for each in connections],
    )


def _source(workshop: Workshop, session: Session, connection: Connection) -> SourceStatus:
    last = session.scalar(
        select(func.max(Run.finished_at)).where(
            Run.connection_id == connection.id, Run.state == RunState.DONE, Run.trigger != PROOF
        )
    )
    try:
        fresh = freshness_of(workshop, session, connection)
    except RaccordError as error:
        return SourceStatus(connection.id, connection.label, connection.state, error.code, None, None, last)
    return SourceStatus(
        connection.id,
        connection.label,
        connection.state,
        "" if fresh is None else str(fresh.status.state),
        None if fresh is None else fresh.newest,
        None if fresh is None else fresh.status.expected_by,
        last,
    )
