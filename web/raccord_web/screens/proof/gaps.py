"""Gaps: days that were not brought over, why, what is known to lie in them, and the owner's way to bring them over."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.connecting.backfill import backfill
from raccord.overview.connections import list_connections
from raccord.overview.coverage import coverage_of
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.bars import coverage_bar
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.home import Offset

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
        rows = []
        for view in listing.rows:
            intervals = coverage_of(session, session.get_one(Connection, view.id), desk.workshop.clock)
            rows.append((view, coverage_bar(intervals), holes_of(session, view.id)))
        return show(request, "proof/gaps.html", session, listing=listing, rows=rows)


@router.post("/connections/{connection_id}/backfill")
def take_up(request: Request, connection_id: str, fields: Fields) -> Response:
    """Have days of a gap brought over by a plan that waits for the owner."""
    try:
        first, last = date.fromisoformat(fields.get("first", "")), date.fromisoformat(fields.get("last", ""))
    except ValueError:
        return explained(request, HTTPStatus.BAD_REQUEST)
    backfill(desk_of(request).workshop, acting(request), connection_id, first, last)
    return RedirectResponse("/gaps?done=backfill", HTTPStatus.SEE_OTHER)
