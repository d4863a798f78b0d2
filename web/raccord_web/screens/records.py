"""Records: what the sources said, searched and filtered; one record with its documents, its story and its ways out."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.connections import connection_names
from raccord.overview.records import Fate, Wanted, list_records, record_story
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.rendering import show
from raccord_web.screens.home import PAGE, Offset
from raccord_web.visitors import within_of

router = APIRouter()

Search = Annotated[str, Query(max_length=100)]


@router.get("/records")
@router.get("/banque", include_in_schema=False)
@router.get("/operations", include_in_schema=False)
def records(
    request: Request,
    connection: str = "",
    fate: str = "",
    q: Search = "",
    first: str = "",
    last: str = "",
    offset: Offset = 0,
) -> Response:
    """Show records; the French names of the page (BF-06) lead here too."""
    chosen = Fate(fate) if fate in set(Fate) else None
    wanted = Wanted(connection, chosen, q.strip(), _day(first), _day(last))
    within = within_of(request)
    with desk_of(request).workshop.database.read() as session:
        return show(
            request,
            "records.html",
            session,
            listing=list_records(session, wanted, within=within, limit=PAGE, offset=offset),
            connections=connection_names(session, within=within),
            wanted=wanted,
            fates=list(Fate),
            kept={"connection": connection, "q": q, "first": first, "last": last},
        )


@router.get("/records/{record_id}")
def record(request: Request, record_id: str) -> Response:
    with desk_of(request).workshop.database.read() as session:
        story = record_story(session, int(record_id))
        if story is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(request, "record.html", session, story=story, view=story.view, connection="", kept_code="")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
