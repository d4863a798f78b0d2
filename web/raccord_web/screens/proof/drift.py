"""What people changed in QuickBooks: each document with what differs, and the three answers, one by one or together."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.deciding.drifts import ALL_MAX, DriftError, Way, settle_all, settle_drifts
from raccord.overview.drifts import open_drifts
from raccord.overview.explain import Explained
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, admit, may_everywhere, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 25
CHOSEN = "chosen_"
"""What the names of the boxes begin with; the drift's id follows."""


@router.get("/drift")
def drifts(request: Request, connection: str = "", offset: Offset = 0) -> Response:
    with desk_of(request).workshop.database.read() as session:
        return _page(request, session, connection, offset)


@router.post("/drift")
def settle_chosen(request: Request, fields: Fields) -> Response:
    """Settle all that were ticked the same way, or all that wait where somebody says so and how many they saw."""
    way = fields.get("way", "")
    if way in set(Way) and "all" in fields:
        return _settle_all(request, fields, Way(way))
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


def _settle_all(request: Request, fields: Fields, way: Way) -> Response:
    connection, seen = fields.get("connection", ""), fields["all"]
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        return explained(request, HTTPStatus.BAD_REQUEST)
    if not connection and not may_everywhere(visitor_of(request).reach, Power.WORK):
        # Of several companies each has its own say in who may do this.
        return explained(request, HTTPStatus.FORBIDDEN)
    workshop = desk_of(request).workshop
    try:
        settle_all(workshop, acting(request), way, connection or None, seen=int(seen))
    except DriftError as error:
        if error.code != "drift.others_now":
            raise
        with workshop.database.read() as session:
            return _page(request, session, connection, 0, said_by(error, request))
    return _back(fields)


def _page(
    request: Request, session: Session, connection: str, offset: int, changed: Explained | None = None
) -> Response:
    listing = open_drifts(session, connection or None, within=within_of(request), limit=SHOWN, offset=offset)
    power = Power.WORK
    together = may(acting(request), power) if connection else may_everywhere(visitor_of(request).reach, power)
    return show(
        request, "proof/drift.html", session, status=HTTPStatus.OK if changed is None else HTTPStatus.CONFLICT,
        listing=listing, connection=connection, together=min(listing.total, ALL_MAX) if together else 0,
        changed=changed,
    )  # fmt: skip


def _back(fields: Fields) -> Response:
    kept = {"connection": fields["connection"]} if fields.get("connection") else {}
    return RedirectResponse(f"/drift?{urlencode({**kept, 'done': 'settled'})}", HTTPStatus.SEE_OTHER)
