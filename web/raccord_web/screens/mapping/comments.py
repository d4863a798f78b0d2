"""What people say about a connection's mapping: read and written by everybody who sees it (CH-21)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.deciding.comments import CHARS_MAX, SHOWN_MAX, CommentError, comment, comments_of
from raccord.overview.connections import connection_head
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show
from raccord_web.parts.held import connection_of

router = APIRouter()


@router.get("/connections/{connection_id}/mapping/comments")
def comments(request: Request, connection_id: str, about: str = "") -> Response:
    """Show the comments; ``about`` names the line that the next one is on."""
    return _page(request, connection_id, about=about[:200])


@router.post("/connections/{connection_id}/mapping/comments")
def write(request: Request, connection_id: str, fields: Fields) -> Response:
    """Keep a comment."""
    about, text = fields.get("about", "")[:200], fields.get("text", "")
    try:
        comment(desk_of(request).workshop, acting(request), connection_id, about, text)
    except CommentError as error:
        return _page(request, connection_id, about=about, text=text, error=error)
    return RedirectResponse(f"/connections/{connection_id}/mapping/comments?done=commented", HTTPStatus.SEE_OTHER)


def _page(
    request: Request, connection_id: str, *, about: str, text: str = "", error: CommentError | None = None
) -> Response:
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    with workshop.database.read() as session:
        return show(
            request,
            "mapping/comments.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            view=connection_head(session, connection_id),
            info=info,
            terms={each.word for each in info.terms},
            comments=comments_of(session, connection),
            shown_max=SHOWN_MAX,
            chars_max=CHARS_MAX,
            about=about,
            text=text,
            wrong=None if error is None else said_by(error, request),
        )
