"""The documentation in the application: its rooms, its chapters, and a search of both."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.manual import ROOMS, chapter, chapters, search
from raccord_web.rendering import language_of, show

router = APIRouter()


@router.get("/help/docs")
def contents(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """List the chapters room by room; ``q`` keeps those that hold its words."""
    language = language_of(request)
    kept = search(q, language) if q.strip() else chapters(language)
    rooms = [(room, held) for room in ROOMS if (held := [each for each in kept if each.room == room])]
    with desk_of(request).workshop.database.read() as session:
        return show(request, "manual.html", session, q=q, rooms=rooms)


@router.get("/help/docs/{room}/{page}")
def read(request: Request, room: str, page: str) -> Response:
    """Show one chapter, in the reader's language where it is written in it."""
    found = chapter(room, page, language_of(request))
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    with desk_of(request).workshop.database.read() as session:
        return show(request, "chapter.html", session, chapter=found)
