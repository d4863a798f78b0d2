"""How everything stands without asking anybody: authorisations, readings, nights, sources, what owners were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.arriving.arrivals import Freshness, freshness_of_each
from raccord.onboarding.arriving.freshness import DayStatus, Lateness
from raccord.overview.listing import MOST, Listing, Within, bounds, count_of
from raccord.overview.others import NightView, nights
from raccord.plugin.texts import Text
from raccord.quickbooks import Tokens
from raccord.store.models import (
    ApiUse,
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Incident,
    Notice,
    Problem,
    ProblemState,
    Run,
    RunState,
)
from raccord.store.tokens import tokens_handle
from raccord.store.vault import VaultSession
from raccord.sync.books.meter import Use, use_of_month
from raccord.sync.phases import LISTS, PROOF
from raccord.sync.problems import AWAY
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zones_of

OVERDUE = (Lateness.LATE, Lateness.MISSING)


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
    away: Text | None = None
    """What it said, or failed to say, while it puts off the run that goes on."""
    overdue: Text | None = None
    """Since when its data is late or missing, and what to do."""
    due: DayStatus | None = None
    """How the day stands whose data comes next."""
    connector: str = ""


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
    blocked_by: str = ""
    """What QuickBooks refuses it for as a whole: ``subscription``, ``rights``, ``quota`` or nothing."""
    blocked_at: datetime | None = None
    blocked_said: str = ""


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
    place: str
    """Its company's id, by whose clocks its hours are read, or nothing."""
    time_zone: str
    told: int
    telling: int


@dataclass(frozen=True, slots=True)
class Status:
    use: Use
    companies: Listing[CompanyStatus]
    incidents: Sequence[IncidentView]


def status(workshop: Workshop, within: Within = None, *, limit: int = MOST, offset: int = 0) -> Status:
    """Return how everything stands, or the companies that somebody sees, from our own tables and the vault.

    Companies come in parts; it asks as often for many of them as for one.
    """
    workshop.keep_counts()
    now = workshop.clock.now()
    limit, offset = bounds(limit, offset)
    with workshop.database.read() as session:
        use = use_of_month(session, workshop.settings.quickbooks_reads_per_month, now)
        seen = select(Company).where(Company.state != CompanyState.DISCONNECTED)
        seen = seen if within is None else seen.where(Company.id.in_(within))
        total = count_of(session, seen)
        companies = session.scalars(seen.order_by(Company.name, Company.id).limit(limit).offset(offset)).all()
        views = _companies(workshop, session, companies, use.month)
        return Status(use, Listing(views, total, offset, limit), open_incidents(session, within))


def open_incidents(session: Session, within: Within = None) -> list[IncidentView]:
    """Return what stands, the gravest and oldest first; what is the installation's own only to who sees all of it."""
    sent = {
        incident_id: (told or 0, telling)
        for incident_id, told, telling in session.execute(
            select(Notice.incident_id, func.count(Notice.sent_at), func.count())
            .where(Notice.incident_id.in_(select(Incident.id).where(Incident.closed_at.is_(None))))
            .group_by(Notice.incident_id)
        )
    }
    zones = zones_of(session)
    rows = session.execute(
        select(Incident, Company.name, Connection.label)
        .outerjoin(Company, Company.id == Incident.company_id)
        .outerjoin(Connection, Connection.id == Incident.connection_id)
        .where(Incident.closed_at.is_(None), *([] if within is None else [Incident.company_id.in_(within)]))
        .order_by(Incident.grave.desc(), Incident.opened_at, Incident.id)
        .limit(MOST)
    )
    return [
        IncidentView(
            row.id, row.code, row.grave, company or "", connection or "", row.text_fr, row.text_en, row.fix_fr,
            row.fix_en, row.opened_at, row.company_id or "", zones.of(row.company_id or ""), *sent.get(row.id, (0, 0)),
        )
        for row, company, connection in rows
    ]  # fmt: skip


def _companies(workshop: Workshop, session: Session, companies: Sequence[Company], month: date) -> list[CompanyStatus]:
    ids = [each.id for each in companies]
    counted: dict[str, list[tuple[str, int, int]]] = {}
    for company_id, purpose, reads, writes in session.execute(
        select(ApiUse.company_id, ApiUse.purpose, func.sum(ApiUse.reads), func.sum(ApiUse.writes))
        .where(ApiUse.company_id.in_(ids), ApiUse.day >= month)
        .group_by(ApiUse.company_id, ApiUse.purpose)
        .order_by(ApiUse.purpose)
    ):
        counted.setdefault(company_id, []).append((purpose, int(reads), int(writes)))
    vault = workshop.vault.within(session)
    vault.look_up([tokens_handle(each) for each in ids])
    by_company = {each.company_id: each for each in nights(session, ids)}
    sources = _sources(workshop, session, ids)
    return [
        CompanyStatus(
            each.id,
            each.name,
            each.state,
            _authorised_until(vault, each.id),
            {purpose: reads for purpose, reads, _ in counted.get(each.id, ()) if reads},
            sum(writes for *_, writes in counted.get(each.id, ())),
            by_company.get(each.id),
            sources.get(each.id, []),
            each.blocked_by,
            each.blocked_at,
            each.blocked_said,
        )
        for each in companies
    ]


def _authorised_until(vault: VaultSession, company_id: str) -> datetime | None:
    try:
        held = vault.get(tokens_handle(company_id), missing_ok=True)
    except RaccordError:
        # Sealed with another key: as good as none.
        return None
    return None if held is None else Tokens.from_vault(held).refresh_ends


def _sources(workshop: Workshop, session: Session, company_ids: Sequence[str]) -> dict[str, list[SourceStatus]]:
    """Return the sources of companies, by the name of the connection."""
    ended = (
        select(func.max(Run.finished_at))
        .where(Run.connection_id == Connection.id, Run.state == RunState.DONE, Run.trigger.not_in((PROOF, LISTS)))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Connection, ended)
        .where(
            Connection.company_id.in_(company_ids),
            Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
        )
        .order_by(Connection.label)
    ).all()
    fresh = freshness_of_each(workshop, session, [connection for connection, _ in rows])
    puts_off = select(Problem.connection_id, Problem.params).where(
        Problem.connection_id.in_([connection.id for connection, _ in rows]),
        Problem.code == AWAY,
        Problem.state == ProblemState.OPEN,
    )
    away = {id_: Text(str(said.get("fr", "")), str(said.get("en", ""))) for id_, said in session.execute(puts_off)}
    found: dict[str, list[SourceStatus]] = {}
    for connection, last in rows:
        one = replace(_source(connection, fresh[connection.id], last), away=away.get(connection.id))
        found.setdefault(connection.company_id, []).append(one)
    return found


def _source(connection: Connection, fresh: Freshness | RaccordError | None, last: datetime | None) -> SourceStatus:
    if isinstance(fresh, RaccordError):
        return SourceStatus(connection.id, connection.label, connection.state, fresh.code, None, None, last)
    return SourceStatus(
        connection.id,
        connection.label,
        connection.state,
        "" if fresh is None else str(fresh.status.state),
        None if fresh is None else fresh.newest,
        None if fresh is None else fresh.status.expected_by,
        last,
        overdue=fresh.status.text if fresh is not None and fresh.status.state in OVERDUE else None,
        due=None if fresh is None else fresh.status,
        connector=connection.connector,
    )
