"""What people changed in QuickBooks: each document with what differs, and the three answers, one by one or together."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, require
from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.overview.drifts import open_drifts
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, admit, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 25
CHOSEN = "chosen_"
"""What the names of the boxes begin with; the drift's id follows."""


@router.get("/drift")
def drifts(request: Request, connection: str = "", offset: Offset = 0) -> Response:
    with desk_of(request).workshop.database.read() as session:
        listing = open_drifts(session, connection or None, within=within_of(request), limit=SHOWN, offset=offset)
        return show(
            request, "proof/drift.html", session, listing=listing, connection=connection, ways=list(Way),
        )  # fmt: skip


@router.post("/drift")
def settle_chosen(request: Request, fields: Fields) -> Response:
    """Settle all that were ticked the same way."""
    way = fields.get("way", "")
    ids = [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)]
    if way not in set(Way):
        return explained(request, HTTPStatus.BAD_REQUEST)
    desk, actor = desk_of(request), acting(request)
    with desk.workshop.database.read() as session:
        for drift_id in ids:
            _, actor = admit(session, visitor_of(request), "drift_id", drift_id)
            require(actor, Power.WORK)
    settle_drifts(desk.workshop, actor, ids, Way(way))
    return _back(fields)


@router.post("/drift/{drift_id}/{way}")
def settle(request: Request, drift_id: str, way: str, fields: Fields) -> Response:
    if way not in set(Way):
        return explained(request, HTTPStatus.NOT_FOUND)
    settle_drifts(desk_of(request).workshop, acting(request), [drift_id], Way(way))
    return _back(fields)


def _back(fields: Fields) -> Response:
    kept = {"connection": fields["connection"]} if fields.get("connection") else {}
    return RedirectResponse(f"/drift?{urlencode({**kept, 'done': 'settled'})}", HTTPStatus.SEE_OTHER)
