"""Runs: the ones under way first, then the earlier ones; one run with its stages and counts."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs import requests
from raccord.onboarding.people import Power, require
from raccord.overview.runs import recent_runs, run_view
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.rendering import show
from raccord_web.screens.home import PAGE, Offset
from raccord_web.visitors import acting, within_of

router = APIRouter()

STAGES = (("read", ("fetch", "map")), ("compare", ("recover", "books", "plan", "match")), ("post", ("post", "report")),
          ("verify", ("prove", "close")))  # fmt: skip
"""The pipeline's phases, as many as a person wants to tell apart."""


@router.get("/runs")
def runs(request: Request, connection: str = "", offset: Offset = 0) -> Response:
    with desk_of(request).workshop.database.read() as session:
        listing = recent_runs(session, connection or None, within=within_of(request), limit=PAGE, offset=offset)
        return show(request, "runs.html", session, listing=listing, connection=connection, stages=STAGES)


@router.get("/runs/{run_id}")
def run(request: Request, run_id: str) -> Response:
    with desk_of(request).workshop.database.read() as session:
        view = run_view(session, run_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(request, "run.html", session, view=view, stages=STAGES)


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
