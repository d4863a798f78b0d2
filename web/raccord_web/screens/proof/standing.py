"""How everything stands: authorisations, this month's readings, the clocks of sources, nights and incidents."""

from __future__ import annotations

from datetime import time
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs.nights import set_night
from raccord.onboarding.access.people import Power, require
from raccord.overview.status import status
from raccord.overview.tables.board import board_rows
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.bars import coverage_bar
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.home import PAGE, Offset
from raccord_web.words.states import FRESHNESS, board_state

router = APIRouter()


@router.get("/status")
def overview(request: Request, offset: Offset = 0) -> Response:
    workshop, within = desk_of(request).workshop, within_of(request)
    found = status(workshop, within, limit=PAGE, offset=offset)
    sources = [(company, each) for company in found.companies.rows for each in company.sources]
    with workshop.database.read() as session:
        rows = board_rows(
            workshop, session, [each.connection_id for _, each in sources],
            {each.connection_id: each.due for _, each in sources if each.due is not None}, workshop.clock.now(),
        )  # fmt: skip
        return show(
            request,
            "proof/standing.html",
            session,
            found=found,
            companies=found.companies,
            # What all companies together use is told only to those who see all of them.
            use=found.use if within is None else None,
            fresh=FRESHNESS,
            board=[
                (
                    company,
                    each,
                    row,
                    board_state(each, row, company),
                    coverage_bar(row.intervals),
                )
                for company, each in sources
                if (row := rows.get(each.connection_id)) is not None
            ],
        )


@router.post("/companies/{company_id}/night")
def change_night(request: Request, company_id: str, fields: Fields) -> Response:
    """Prove the company each night at that hour of its own clocks, or not at all."""
    actor, workshop = acting(request), desk_of(request).workshop
    require(actor, Power.MANAGE)
    try:
        at = time.fromisoformat(fields.get("at", ""))
    except ValueError:
        return explained(request, HTTPStatus.BAD_REQUEST)
    enabled = fields.get("every_night") == "yes"
    set_night(workshop.database, company_id, enabled=enabled, at=at, by=actor.name, clock=workshop.clock)
    return RedirectResponse("/status?done=night", HTTPStatus.SEE_OTHER)
