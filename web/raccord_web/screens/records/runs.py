"""Runs: the ones under way first, then the earlier ones; one run with its stages and counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs import requests
from raccord.jobs.every import run_every
from raccord.onboarding.access.people import Power, may, require
from raccord.overview.companies import list_companies
from raccord.overview.connections import connection_names
from raccord.overview.listing import MOST
from raccord.overview.run_log import run_log
from raccord.overview.runs import recent_runs, run_view
from raccord.overview.weighing.run_amounts import amounts_of_runs
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.live import sent_on_change
from raccord_web.pages.rendering import fragment, show
from raccord_web.screens.home import PAGE, Offset

router = APIRouter()

ERRORS = "errors"

STAGES = (("read", ("fetch", "map")), ("compare", ("recover", "books", "plan", "match")), ("post", ("post", "report")),
          ("verify", ("prove", "close")))  # fmt: skip
"""The pipeline's phases, as many as a person wants to tell apart."""


@router.get("/runs")
def runs(request: Request, connection: str = "", offset: Offset = 0) -> Response:
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        listing = recent_runs(session, connection or None, within=within, limit=PAGE, offset=offset)
        return show(
            request,
            "records/runs.html",
            session,
            listing=listing,
            amounts=amounts_of_runs(session, listing.rows),
            connection=connection,
            connections=connection_names(session, within=within),
            stages=STAGES,
        )


@router.post("/runs")
def sync_everything(request: Request, fields: Fields) -> Response:
    """Start a run of every connection that can run, in the company named or in each where the visitor may."""
    desk, reach, wanted = desk_of(request), visitor_of(request).reach, fields.get("company", "")
    with desk.workshop.database.read() as session:
        seen = list_companies(session, within=reach.within, limit=MOST).rows
    theirs = [(each.id, reach.actor_in(each.id)) for each in seen if wanted in ("", each.id)]
    allowed = [(id_, actor) for id_, actor in theirs if actor is not None and may(actor, Power.WORK)]
    if not allowed:
        require(acting(request), Power.WORK)
    for company_id, actor in allowed:
        run_every(desk.workshop.database, desk.engine, actor, company_id, clock=desk.workshop.clock)
    return RedirectResponse("/runs?done=started_all", HTTPStatus.SEE_OTHER)


@router.get("/runs/{run_id}")
def run(request: Request, run_id: str, log: str = "") -> Response:
    """Show a run; its log tells everything, or with ``log=errors`` only what went wrong."""
    with desk_of(request).workshop.database.read() as session:
        view = run_view(session, run_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(request, "records/run.html", session, view=view, stages=STAGES, **_logged(session, run_id, log))


@router.get("/runs/{run_id}/events", response_class=EventSourceResponse)
async def events(request: Request, run_id: str, log: str = "") -> AsyncIterator[ServerSentEvent]:
    """Send the page of a run each time it changes, and ``done`` once nothing changes by itself any more."""
    async for each in sent_on_change(partial(_live, request, run_id, log)):
        yield each


def _logged(session: Session, run_id: str, log: str) -> dict[str, Any]:
    errors_only = log == ERRORS
    return {"log": run_log(session, run_id, errors_only=errors_only), "errors_only": errors_only}


def _live(request: Request, run_id: str, log: str) -> tuple[str, bool]:
    with desk_of(request).workshop.database.read() as session:
        view = run_view(session, run_id)
        if view is None:
            return "", False
        logged = _logged(session, run_id, log)
        return fragment(request, "parts/run_page.html", session, view=view, stages=STAGES, **logged), view.active


@router.post("/runs/{run_id}/{deed}")
def change(request: Request, run_id: str, deed: str, fields: Fields) -> Response:
    """Pause a run, let it go on, or cancel it."""
    desk = desk_of(request)
    require(acting(request), Power.WORK)
    database = desk.workshop.database
    match deed:
        case "pause":
            requests.pause(database, run_id)
            done = "paused"
        case "resume":
            requests.resume(database, desk.engine, run_id)
            done = "resumed"
        case "cancel":
            requests.cancel(database, desk.engine, run_id, clock=desk.workshop.clock)
            done = "cancelled"
        case _:
            return explained(request, HTTPStatus.NOT_FOUND)
    return RedirectResponse(f"/runs/{run_id}?done={done}", HTTPStatus.SEE_OTHER)
