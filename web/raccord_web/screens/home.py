"""Home: what needs a person, the proof, and every connection; and whether the application is well."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from raccord.overview.companies import list_companies
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.overview.proofs import proof_totals
from raccord_web.desk import desk_of
from raccord_web.rendering import show

router = APIRouter()
PAGE = 50

Offset = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/")
def home(request: Request, offset: Offset = 0) -> Response:
    with desk_of(request).workshop.database.read() as session:
        listing = list_connections(session, limit=PAGE, offset=offset)
        totals = proof_totals(session, [view.id for view in listing.rows])
        by_id = {view.id: view for view in listing.rows}
        return show(
            request,
            "home.html",
            session,
            companies=list_companies(session, limit=MOST).rows,
            listing=listing,
            needing=[view for view in listing.rows if view.needs_person],
            totals=[(by_id[total.connection_id], total) for total in totals],
        )


@router.get("/health")
def health(request: Request) -> Response:
    """Say that pages and database answer, for whoever watches over the process."""
    with desk_of(request).workshop.database.read() as session:
        session.execute(text("SELECT 1"))
    return JSONResponse({"status": "ok"})
