"""Home: what needs a person, the proof, and every connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.alarms.endings import endings_of_each
from raccord.keeping.standing import troubles_of
from raccord.onboarding.access.authority import authorities_of
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.arriving.arrivals import Freshness, freshness_of_each
from raccord.onboarding.arriving.freshness import DayStatus
from raccord.overview.companies import list_companies
from raccord.overview.connections import ConnectionView, list_connections
from raccord.overview.listing import MOST
from raccord.overview.posted import posted_by_day
from raccord.overview.problems import gravest_problems
from raccord.overview.proofs import proof_totals
from raccord.overview.runs import wrote_last
from raccord.overview.weighing.amounts import Waits, waiting_amounts
from raccord.store.models import CompanyState, Connection
from raccord.store.tokens import tokens_handle
from raccord.store.vault import VaultSession
from raccord.sync.workshop import settings_handle
from raccord_web.front.desk import Desk, desk_of
from raccord_web.front.visitors import visitor_of, within_of
from raccord_web.pages.charts import chart_of
from raccord_web.pages.rendering import show
from raccord_web.steps.order import where_left
from raccord_web.words.states import FRESHNESS

router = APIRouter()
PAGE = 50
RECENT_DAYS = 30
CHART_DAYS = (30, 90)

Currency = Annotated[str, Query(max_length=3)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


def recent(desk: Desk) -> date:
    """Return the first of the last ``RECENT_DAYS`` days, which pages add up."""
    return desk.workshop.clock.now().date() - timedelta(days=RECENT_DAYS - 1)


def data_expected(desk: Desk, session: Session, views: Sequence[ConnectionView]) -> dict[str, DayStatus]:
    """Return how the day stands whose data comes next, by connection; nothing where nothing is or can be expected."""
    return expected_of(desk, session, rows_of(session, views))


def rows_of(session: Session, views: Sequence[ConnectionView]) -> Sequence[Connection]:
    """Return the rows of the connections that a list shows."""
    return session.scalars(select(Connection).where(Connection.id.in_([view.id for view in views]))).all()


def expected_of(
    desk: Desk, session: Session, connections: Sequence[Connection], vault: VaultSession | None = None
) -> dict[str, DayStatus]:
    """Return what ``data_expected`` does, of rows that were read already, in a vault that looked their settings up."""
    found = freshness_of_each(desk.workshop, session, connections, vault)
    return {connection: each.status for connection, each in found.items() if isinstance(each, Freshness)}


def _left_at(desk: Desk, session: Session, views: Sequence[ConnectionView]) -> dict[str, str]:
    """Return the step at which each unfinished set-up goes on whose plan does not wait already, by connection."""
    admitted = desk.workshop.scopes.catalog.admitted
    left = [view.id for view in views if view.unfinished and not view.waiting_plan and view.connector in admitted]
    if not left:
        return {}
    rows = session.scalars(select(Connection).where(Connection.id.in_(left)))
    return {row.id: where_left(row, admitted[row.connector].info) for row in rows}


def operates(request: Request) -> bool:
    """Tell whether the visitor runs the installation, and can see to its backups."""
    return may(visitor_of(request).reach.actor, Power.OPERATE)


@router.get("/")
def home(
    request: Request, offset: Offset = 0, currency: Currency = "", company: str = "", days: int = RECENT_DAYS
) -> Response:
    """Show home, of one company where that is named; ``currency`` and ``days`` are the chart's."""
    desk, within = desk_of(request), within_of(request)
    now = desk.workshop.clock.now()
    with desk.workshop.database.read() as session:
        listing = list_connections(
            session, company or None, within=within, since=recent(desk), joined=True, limit=PAGE, offset=offset
        )
        # What did not move in the company that is chosen is not shown of another.
        asked = [company] if company else within
        totals = proof_totals(session, [view.id for view in listing.rows])
        span = days if days in CHART_DAYS else RECENT_DAYS
        posted = posted_by_day(session, now.date(), span, currency, company, within=asked)
        companies = list_companies(session, within=within, limit=MOST).rows
        authorities = authorities_of(session, [each.given for each in companies], now)
        left = {id_: each for id_, each in authorities.items() if each.left and company in ("", id_)}
        rows = rows_of(session, listing.rows)
        signed = [each.id for each in companies if each.state == CompanyState.CONNECTED]
        vault = desk.workshop.vault.within(session)
        vault.look_up([*map(tokens_handle, signed), *(settings_handle(each.id) for each in rows)])
        expected = expected_of(desk, session, rows, vault)
        ending = endings_of_each(desk.workshop, vault, signed, rows, now)
        ends = {each.connection_id: each for each in ending if each.connection_id}
        missing = {connection: due for connection, due in expected.items() if due.alarming}
        needing = [view for view in listing.rows if view.needs_person or view.id in missing or view.id in ends]
        by_id = {view.id: view for view in listing.rows}
        return show(
            request,
            "home.html",
            session,
            companies=companies,
            left=left,
            ends=ends,
            company_ends={
                each.company_id: each for each in ending if not each.connection_id and company in ("", each.company_id)
            },
            listing=listing,
            expected=expected,
            missing=missing,
            fresh=FRESHNESS,
            recent_days=RECENT_DAYS,
            needing=needing,
            working=sum(1 for view in listing.rows if view.works and view.id not in missing and view.id not in ends),
            begun=_left_at(desk, session, needing),
            amounts=waiting_amounts(session, [view.id for view in needing]) if needing else {},
            no_amounts=Waits(),
            failed=gravest_problems(session, [view.id for view in needing if view.problems]),
            chosen=company,
            posted=posted,
            chart=chart_of(posted) if posted is not None and (posted.moved_in or posted.moved_out) else None,
            chart_days=CHART_DAYS,
            span=span,
            wrote=wrote_last(session, [view.id for view in listing.rows]),
            by_id=by_id,
            totals=totals,
            house=troubles_of(session, desk.workshop.settings, desk.workshop.clock.now()) if operates(request) else [],
        )
