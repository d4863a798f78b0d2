"""Choices of a list that is longer than a page shows of it, as options of a menu, for its search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.questions import candidates
from raccord.plugin.drafts import Accepts
from raccord_web.front.desk import desk_of
from raccord_web.pages.rendering import show

router = APIRouter()
FOUND_MAX = 100
"""As many as the search shows at once."""


@router.get("/companies/{company_id}/choices")
def choices(
    request: Request, company_id: str, accepts: str = "", q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Give what fits a kind of place and has the words of ``q``; nothing for a kind that does not exist."""
    with desk_of(request).workshop.database.read() as session:
        place = Accepts(accepts) if accepts in set(Accepts) else None
        found = () if place is None else candidates(session, company_id, [place], q)[place][:FOUND_MAX]
        return show(request, "mapping/choices.html", found=found)
