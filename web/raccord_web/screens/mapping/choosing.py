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


PARTIES = {Accepts.VENDOR: "Vendor:", Accepts.CUSTOMER: "Customer:"}
"""What a payee may be in the form of a rule, and how its value begins there."""


@router.get("/companies/{company_id}/choices")
def choices(
    request: Request, company_id: str, accepts: str = "", q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Give what fits a kind of place, or is a payee, and has the words of ``q``; nothing for a kind that is not."""
    with desk_of(request).workshop.database.read() as session:
        wanted = PARTIES if accepts == "payee" else {Accepts(accepts): ""} if accepts in set(Accepts) else {}
        found = candidates(session, company_id, list(wanted), q)
        groups = [(wanted[place], those[:FOUND_MAX]) for place, those in found.items()]
        return show(request, "mapping/choices.html", groups=groups)
