"""Gaps: days that were not brought over, why, what is known to lie in them, and the owner's way to bring them over."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs.requests import request_run
from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.closing.left_days import left_days
from raccord.onboarding.connecting.backfill import backfill
from raccord.onboarding.connecting.taking_back import asked_days, take_back
from raccord.overview.connections import list_connections
from raccord.overview.coverage import but_due, coverage_of, not_due
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.bars import coverage_bar
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.home import Offset, data_expected

router = APIRouter()
SHOWN = 10
"""Connections on one page; each brings its bar and its list."""


@router.get("/gaps")
def gaps(request: Request, offset: Offset = 0) -> Response:
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        listing = list_connections(
            session, within=within_of(request), since=None, joined=True, limit=SHOWN, offset=offset
        )
        expected = data_expected(desk, session, listing.rows)
        rows = []
        for view in listing.rows:
            connection = session.get_one(Connection, view.id)
            left = left_days(desk.workshop, session, connection)
            due = expected.get(view.id)
            intervals = but_due(coverage_of(desk.workshop, session, connection, left), due)
            found = holes_of(desk.workshop, session, connection, left)
            holes = [each for each in found if not not_due(each.reason, each.first_day, due)]
            rows.append((view, coverage_bar(intervals), holes, asked_days(session, connection)))
        return show(request, "proof/gaps.html", session, listing=listing, rows=rows)


@router.post("/connections/{connection_id}/backfill")
def take_up(request: Request, connection_id: str, fields: Fields) -> Response:
    """Have days of a gap brought over: start the run whose plan waits for the owner, or say that no file has them."""
    try:
        first, last = date.fromisoformat(fields.get("first", "")), date.fromisoformat(fields.get("last", ""))
    except ValueError:
        return explained(request, HTTPStatus.BAD_REQUEST)
    return take_days(request, connection_id, first, last)


def take_days(request: Request, connection_id: str, first: date, last: date) -> Response:
    """Have days brought over, and lead to the run whose plan waits for the owner."""
    desk, by = desk_of(request), acting(request)
    taken = backfill(desk.workshop, by, connection_id, first, last)
    if not taken.records and taken.without_file == ((first, last),):
        # A run would find nothing to plan; the page says what is missing.
        return RedirectResponse("/gaps?done=backfill_no_file", HTTPStatus.SEE_OTHER)
    run_id = request_run(
        desk.workshop.database, desk.engine, connection_id, trigger="person", by=by.name, clock=desk.workshop.clock
    )
    return RedirectResponse(f"/runs/{run_id}?done=backfill", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/backfill/back")
def leave_again(request: Request, connection_id: str, fields: Fields) -> Response:
    """Take back that days be brought over, and say that they stay outside."""
    take_back(desk_of(request).workshop, acting(request), connection_id)
    return RedirectResponse("/gaps?done=backfill_back", HTTPStatus.SEE_OTHER)
