"""Connections as home page and command line show them: state, last and next run, what waits, money, proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import USUAL, Listing, Within, bounds
from raccord.overview.money import at_the_bank
from raccord.overview.runs import RunView, last_runs
from raccord.overview.sums import exact, scale_of, units_of
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Hold,
    LinkRow,
    LinkState,
    Plan,
    PlanState,
    Problem,
    ProblemState,
    Proof,
    Schedule,
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What posted documents moved at the bank or on a card, in one currency; both amounts are positive or zero."""

    currency: str
    moved_in: Decimal
    moved_out: Decimal


@dataclass(frozen=True, slots=True)
class Proven:
    """How many cells (stream, currency, day) were proven and how many of them differ; days are first and last."""

    cells: int
    unequal: int
    first_day: date
    last_day: date
    proven_at: datetime

    @property
    def equal(self) -> bool:
        return self.unequal == 0


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection with everything that a line or a card about it shows."""

    id: str
    label: str
    connector: str
    company_id: str
    company: str
    company_state: CompanyState
    home_currency: str
    state: ConnectionState
    mode: str
    time_zone: str
    cut_off: str
    """The hour at which the source's days end."""
    starts_on: date
    review_each: bool
    closed_policy: str
    """What is done with documents of a closed period."""
    books_closed_on: date | None
    approved_at: datetime | None
    source_identity: str
    plugin_version: str
    last_run: RunView | None
    next_run: datetime | None
    questions: int
    problems: int
    documents: int
    moved: Sequence[Moved]
    proven: Proven | None
    """Nothing was proven yet where this is empty."""
    waiting_plan: str
    """Id of the plan that waits for approval, if one does."""

    @property
    def needs_person(self) -> bool:
        signed_in = self.state != ConnectionState.REAUTHORISE and self.company_state == CompanyState.CONNECTED
        unequal = self.proven is not None and not self.proven.equal
        return bool(self.questions or self.problems or self.waiting_plan or unequal or not signed_in)


def list_connections(
    session: Session,
    company_id: str | None = None,
    *,
    within: Within = None,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[ConnectionView]:
    """Return the connections of a company, or of all, by company and label."""
    limit, offset = bounds(limit, offset)
    mine = [] if company_id is None else [Connection.company_id == company_id]
    mine += [] if within is None else [Connection.company_id.in_(within)]
    rows = session.execute(
        select(Connection, Company)
        .join(Company, Company.id == Connection.company_id)
        .where(*mine)
        .order_by(Company.name, Connection.label, Connection.id)
        .limit(limit)
        .offset(offset)
    ).all()
    total = session.scalar(select(func.count()).select_from(Connection).where(*mine)) or 0
    return Listing(_views(session, [(row[0], row[1]) for row in rows]), total, offset, limit)


def connection_view(session: Session, connection_id: str) -> ConnectionView | None:
    """Return one connection, or nothing if there is none of that id."""
    connection = session.get(Connection, connection_id)
    if connection is None:
        return None
    return _views(session, [(connection, session.get_one(Company, connection.company_id))])[0]


def _views(session: Session, rows: Sequence[tuple[Connection, Company]]) -> list[ConnectionView]:
    ids = [connection.id for connection, _ in rows]
    if not ids:
        return []
    runs, questions, problems = last_runs(session, ids), _questions(session, ids), _problems(session, ids)
    documents, moved, proven = _documents(session, ids), _moved(session, ids), _proven(session, ids)
    due, waiting = _due(session, ids), _waiting(session, ids)
    return [
        ConnectionView(
            id=connection.id,
            label=connection.label,
            connector=connection.connector,
            company_id=company.id,
            company=company.name,
            company_state=CompanyState(company.state),
            home_currency=company.home_currency,
            state=ConnectionState(connection.state),
            mode=connection.mode,
            time_zone=connection.time_zone,
            cut_off=connection.cut_off,
            starts_on=connection.starts_on,
            review_each=connection.review_each,
            closed_policy=connection.closed_policy,
            books_closed_on=company.books_closed_on,
            approved_at=connection.approved_at,
            source_identity=connection.source_identity,
            plugin_version=connection.plugin_version,
            last_run=runs.get(connection.id),
            next_run=due.get(connection.id) if connection.state == ConnectionState.CONNECTED else None,
            questions=questions.get(connection.id, 0),
            problems=problems.get(connection.id, 0),
            documents=documents.get(connection.id, 0),
            moved=moved.get(connection.id, ()),
            proven=proven.get(connection.id),
            waiting_plan=waiting.get(connection.id, ""),
        )
        for connection, company in rows
    ]


def _questions(session: Session, ids: Sequence[str]) -> Mapping[str, int]:
    rows = session.execute(
        select(Hold.connection_id, func.count())
        .where(Hold.connection_id.in_(ids), Hold.closed_at.is_(None))
        .group_by(Hold.connection_id)
    )
    return {row[0]: row[1] for row in rows}


def _problems(session: Session, ids: Sequence[str]) -> Mapping[str, int]:
    rows = session.execute(
        select(Problem.connection_id, func.count())
        .where(Problem.connection_id.in_(ids), Problem.state == ProblemState.OPEN)
        .group_by(Problem.connection_id)
    )
    return {row[0]: row[1] for row in rows}


def _documents(session: Session, ids: Sequence[str]) -> Mapping[str, int]:
    rows = session.execute(
        select(LinkRow.connection_id, func.count())
        .where(LinkRow.connection_id.in_(ids), LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None))
        .group_by(LinkRow.connection_id)
    )
    return {row[0]: row[1] for row in rows}


def _moved(session: Session, ids: Sequence[str]) -> Mapping[str, Sequence[Moved]]:
    out, scale = func.substr(LinkRow.amount, 1, 1) == "-", scale_of(session, LinkRow.amount)
    rows = session.execute(
        select(
            LinkRow.connection_id, LinkRow.currency, out.label("out"), scale.label("scale"), units_of(LinkRow.amount)
        )
        .where(
            LinkRow.connection_id.in_(ids),
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
            at_the_bank(LinkRow.company_id, LinkRow.money_account),
        )
        .group_by("connection_id", "currency", "out", "scale")
    )
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for connection_id, currency, is_out, places, units in rows:
        pair = sums.setdefault((connection_id, currency), [Decimal(0), Decimal(0)])
        pair[1 if is_out else 0] += abs(exact(units, places))
    found: dict[str, list[Moved]] = {}
    for (connection_id, currency), (moved_in, moved_out) in sorted(sums.items()):
        found.setdefault(connection_id, []).append(Moved(currency, moved_in, moved_out))
    return found


def _proven(session: Session, ids: Sequence[str]) -> Mapping[str, Proven]:
    rows = session.execute(
        select(
            Proof.connection_id,
            func.count(),
            func.sum(cast(case((Proof.equal, 0), else_=1), Integer)),
            func.min(Proof.day),
            func.max(Proof.day),
            func.max(Proof.proven_at),
        )
        .where(Proof.connection_id.in_(ids))
        .group_by(Proof.connection_id)
    )
    return {row[0]: Proven(row[1], int(row[2]), row[3], row[4], row[5]) for row in rows}


def _due(session: Session, ids: Sequence[str]) -> Mapping[str, datetime | None]:
    rows = session.execute(
        select(Schedule.connection_id, Schedule.next_at).where(
            Schedule.connection_id.in_(ids), Schedule.enabled.is_(True)
        )
    )
    return {row[0]: row[1] for row in rows}


def _waiting(session: Session, ids: Sequence[str]) -> Mapping[str, str]:
    rows = session.execute(
        select(Plan.connection_id, func.max(Plan.id))
        .where(Plan.connection_id.in_(ids), Plan.state == PlanState.WAITING)
        .group_by(Plan.connection_id)
    )
    return {row[0]: row[1] for row in rows}
