"""One connection: both ends, what waits, its runs, and the button that starts one."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.alarms.conditions import ending
from raccord.errors import RaccordError
from raccord.jobs.requests import request_run
from raccord.onboarding.access.authority import authorities_of, given
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.arriving.arrivals import contacts_of, credentials_end_of
from raccord.onboarding.arriving.freshness import first_data_expected
from raccord.onboarding.arriving.reading_ahead import takes_files
from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.pausing import pause_of
from raccord.onboarding.connecting.signing_in import signs_in
from raccord.onboarding.connecting.taking_back import asked_days
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.setting_up.instances import roles_with_instances
from raccord.onboarding.sources.feeds import fed_accounts
from raccord.overview.beginning.first_week import first_week
from raccord.overview.companies import list_companies
from raccord.overview.connections import connection_view, list_connections
from raccord.overview.coverage import but_due, coverage_of, given_from
from raccord.overview.listing import MOST
from raccord.overview.posted import posted_by_day
from raccord.overview.problems import problem_groups
from raccord.overview.proofs import proof_totals
from raccord.overview.questions import missing_choices
from raccord.overview.runs import recent_runs
from raccord.overview.sought import Fate
from raccord.overview.weighing.counted import count_by_fate
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, ConnectionState
from raccord.sync.days import today_of
from raccord_web.front.desk import Desk, desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.bars import coverage_bar
from raccord_web.pages.charts import chart_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.home import PAGE, RECENT_DAYS, Offset, data_expected, recent
from raccord_web.screens.proof.gaps import take_days
from raccord_web.steps.order import where_left
from raccord_web.words.states import FRESHNESS

router = APIRouter()
RUNS_SHOWN = 8
PROBLEMS_SHOWN = 5


@router.get("/connections")
@router.get("/quickbooks", include_in_schema=False)
def every(request: Request, offset: Offset = 0) -> Response:
    """Show all connections, each with its state and what it moved; QuickBooks in the menu leads here too (CH-35)."""
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        listing = list_connections(session, within=within, since=recent(desk_of(request)), limit=PAGE, offset=offset)
        companies = list_companies(session, within=within, limit=MOST).rows
        return show(
            request,
            "connections/connections.html",
            session,
            listing=listing,
            expected=data_expected(desk_of(request), session, listing.rows),
            fresh=FRESHNESS,
            recent_days=RECENT_DAYS,
            companies=companies,
            authorities=authorities_of(
                session, [each.given for each in companies], desk_of(request).workshop.clock.now()
            ),
        )


@router.get("/connections/{connection_id}")
def connection(request: Request, connection_id: str, ask: str = "") -> Response:
    """Show one connection; ``ask`` opens the question before a deed, as the help does for a pause that is to end."""
    with desk_of(request).workshop.database.read() as session:
        view = connection_view(session, connection_id, since=recent(desk_of(request)))
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        held = session.get_one(Connection, connection_id)
        catalog = desk_of(request).workshop.scopes.catalog
        admitted = catalog.get(held.connector)
        posted = posted_by_day(
            session, desk_of(request).workshop.clock.now().date(), RECENT_DAYS, connection_id=connection_id
        )
        due = data_expected(desk_of(request), session, [view]).get(connection_id)
        info, granted = None if admitted is None else admitted.info, held.manage_granted_at is not None
        return show(
            request,
            "connections/connection.html",
            session,
            view=view,
            ask=ask,
            authority=authorities_of(
                session, [given(session.get_one(Company, view.company_id))], desk_of(request).workshop.clock.now()
            ).get(view.company_id),
            paused=pause_of(held, desk_of(request).workshop.clock.now()),
            due=due,
            first_by=_first_by(held, info, view.documents, desk_of(request).workshop.clock.now()),
            asked=asked_days(session, held),
            given=given_from(session, held),
            fresh=FRESHNESS,
            waits_files=info is not None and takes_files(info, held.settings),
            of_accounts=info is not None and bool(roles_of_accounts(info)),
            recent_days=RECENT_DAYS,
            posted=posted,
            chart=chart_of(posted) if posted is not None and (posted.moved_in or posted.moved_out) else None,
            bar=coverage_bar(but_due(coverage_of(desk_of(request).workshop, session, held), due)),
            granted=granted,
            left_at="accounts" if info is None else where_left(held, info),
            takes_files=info is not None
            and (takes_files(info, held.settings) or (bool(info.uploads) and signs_in(info, held.settings))),
            manages=may(acting(request), Power.MANAGE, info, manage_granted=granted),
            owner_only=info is not None and info.owner_only,
            takes_lists=info is not None and bool(info.lists),
            links_one_by_one=info is not None and bool(roles_with_instances(info)),
            signs_in=info is not None and signs_in(info, held.settings),
            ends=_ends(desk_of(request), session, held),
            takes_messages=info is not None and info.webhooks is not None,
            runs=recent_runs(session, connection_id, limit=RUNS_SHOWN),
            totals=proof_totals(session, [connection_id], with_fees=False),
            missing=missing_choices(session, connection_id),
            week=first_week(session, held, desk_of(request).workshop.clock.now()),
            contacts=contacts_of(desk_of(request).workshop, session, held),
            feeds=fed_accounts(session, held, catalog, today_of(held, desk_of(request).workshop.clock.now())),
            groups=problem_groups(session, connection_id, limit=PROBLEMS_SHOWN, examples=1),
            again=count_by_fate(session, connection_id, [Fate.WAITING])[Fate.WAITING],
        )


def _ends(desk: Desk, session: Session, connection: Connection) -> Text | None:
    """Return the warning that the access to the source ends soon, as alarms say it; nothing where none can be said."""
    try:
        end = credentials_end_of(desk.workshop, session, connection)
    except RaccordError:
        # The page is for those who mend what raised this too; its own state is told there.
        return None
    found = ending(connection, end, desk.workshop.clock.now())
    return None if found is None else found.text


def _first_by(connection: Connection, info: ConnectorInfo | None, documents: int, now: datetime) -> datetime | None:
    """Return until when the first data of a new connection may still come; nothing once it is there or is late."""
    if info is None or info.delivery is None or documents or connection.state != ConnectionState.CONNECTED:
        return None
    by = first_data_expected(connection.set_up_at)
    return by if now < by else None


@router.post("/connections/{connection_id}/runs")
def start(request: Request, connection_id: str, fields: Fields) -> Response:
    """Start a run, or show the one that is open; ``stop_after=plan`` only plans."""
    desk = desk_of(request)
    require(acting(request), Power.WORK)
    run_id = request_run(
        desk.workshop.database,
        desk.engine,
        connection_id,
        trigger="person",
        by=acting(request).name,
        clock=desk.workshop.clock,
        stop_after="plan" if fields.get("stop_after") == "plan" else "",
    )
    return RedirectResponse(f"/runs/{run_id}?done=started", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/pause")
def pause(request: Request, connection_id: str, fields: Fields) -> Response:
    desk = desk_of(request)
    connections.pause(desk.workshop, acting(request), connection_id)
    return RedirectResponse(f"/connections/{connection_id}?done=paused", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/resume")
def resume(request: Request, connection_id: str, fields: Fields) -> Response:
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        held = session.get(Connection, connection_id)
        paused = None if held is None else pause_of(held, desk.workshop.clock.now())
    connections.resume(desk.workshop, acting(request), connection_id)
    if fields.get("hole") == "plan" and paused is not None and paused.days:
        return take_days(request, connection_id, paused.since, paused.last)
    return RedirectResponse(f"/connections/{connection_id}?done=resumed", HTTPStatus.SEE_OTHER)
