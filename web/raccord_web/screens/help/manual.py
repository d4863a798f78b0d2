"""The documentation in the application: its rooms, its chapters, and a search of both."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.store import events
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.manual import ROOMS, chapter, chapters, search
from raccord_web.pages.rendering import language_of, show

router = APIRouter()
ANSWERS = ("yes", "no")
WHY_CHARACTERS_MAX = 1000


@router.get("/help/docs")
def contents(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """List the chapters room by room; ``q`` keeps those that hold its words."""
    language = language_of(request)
    kept = search(q, language) if q.strip() else chapters(language)
    rooms = [(room, held) for room in ROOMS if (held := [each for each in kept if each.room == room])]
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/manual.html", session, q=q, rooms=rooms)


@router.get("/help/docs/{room}/{page}")
def read(request: Request, room: str, page: str) -> Response:
    """Show one chapter, in the reader's language where it is written in it."""
    return _chapter(request, room, page)


@router.post("/help/docs/{room}/{page}")
def rate(request: Request, room: str, page: str, fields: Fields) -> Response:
    """Take note in the audit log whether a chapter gave its reader the answer (PL-36), then why not (PO-17)."""
    answer, why, workshop = fields.get("answer", ""), fields.get("why"), desk_of(request).workshop
    if answer not in (("no",) if why else ANSWERS) or chapter(room, page, language_of(request)) is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if why == "":
        # Sent without a word: it is asked again, and nothing is counted twice.
        return _chapter(request, room, page, answer)
    action, body = ("help.why", {"why": why[:WHY_CHARACTERS_MAX]}) if why else ("help.rated", {"answer": answer})
    with workshop.database.begin() as session:
        events.append(session, acting(request).name, action, f"{room}/{page}", now=workshop.clock.now(), body=body)
    return _chapter(request, room, page, "why" if why else answer)


def _chapter(request: Request, room: str, page: str, said: str = "") -> Response:
    found = chapter(room, page, language_of(request))
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        contact = workshop.settings.contact_url or "/help/contacts"
        return show(
            request, "help/chapter.html", session, chapter=found, said=said, contact=contact, why_max=WHY_CHARACTERS_MAX
        )
